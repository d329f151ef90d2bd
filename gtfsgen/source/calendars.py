"""calendars.csv and the day words of every cell, put into dates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import polars as pl

from gtfsgen.dates import Dates
from gtfsgen.faults import Fault, Severity
from gtfsgen.source.day_words import DaysError
from gtfsgen.source.days import Days, Selection, parse
from gtfsgen.source.holidays_ import HolidayBook
from gtfsgen.source.model import MARGIN_DAYS, Settings
from gtfsgen.source.stations import fault_at
from gtfsgen.source.words import folded

NO_DATES = Dates()


@dataclass(frozen=True)
class Reading:
    """What day words come to; without `text` if they are wrong."""

    text: str = ""
    """Their canonical form."""
    dates: Dates = NO_DATES
    """In the feed period."""
    around: Dates = NO_DATES
    """In the feed period and `MARGIN_DAYS` on either side."""
    wrong: tuple[str, str] | None = None
    """Message and hint."""


class Calendars:
    """Reads day words, knowing the project's calendars, holidays and period."""

    def __init__(self, settings: Settings, holidays: HolidayBook) -> None:
        self.first, self.last = settings.first_day, settings.last_day
        self.holidays = holidays
        self.named: dict[str, Dates] = {}
        """Calendar -> its dates around the feed period."""
        self.used: set[str] = set()
        self.readings: dict[tuple[str, bool], Reading] = {}
        self.british = settings.raw.get("days") == "gb"
        """Whether day codes of all tables are British."""
        self.moved = settings.moved_days

    @property
    def wide(self) -> tuple[date, date]:
        margin = timedelta(days=MARGIN_DAYS)
        return self.first - margin, self.last + margin

    def __call__(self, words: str, gb: bool = False) -> Reading:
        """What day words come to; with `gb`, those of a table of British codes."""
        key = (words, gb or self.british)
        if key not in self.readings:
            self.readings[key] = self.read(*key)
        return self.readings[key]

    def read(self, words: str, gb: bool) -> Reading:
        if not words:
            return Reading(wrong=("The days are missing.", "write daily, Mo-Fri, ..."))
        try:
            days = parse(words, tuple(self.named), (self.first, self.last), gb=gb)
            moved = self.with_moved_days(days)
            around = moved.dates(*self.wide, self.named, self.holidays.dates)
        except DaysError as error:
            return Reading(wrong=(error.message, error.hint))
        except LookupError as error:
            message, hint = error.args
            return Reading(wrong=(message, hint))
        self.used |= days.names
        return Reading(str(days), around & Dates.between(self.first, self.last), around)

    def with_moved_days(self, days: Days) -> Days:
        """With the service of another weekday on the dates of [moved_days], if weekdays are meant.

        What the cell itself says of such a date comes after and so is stronger.
        """
        if not self.moved or not any(each.weekdays for each in days.selections):
            return days
        by_day: dict[str, set[date]] = {}
        for day, weekday in self.moved.items():
            by_day.setdefault(f"as {weekday} on", set()).add(day)
        moved = tuple((word, Selection(singles=frozenset(d))) for word, d in by_day.items())
        return Days(days.base, (*moved, *days.changes))


def read_calendars(
    frame: pl.DataFrame, letters: dict[str, str], calendars: Calendars, faults: list[Fault]
) -> None:
    """Add the rows of calendars.csv in an order in which each knows those it names."""
    waiting = list(frame.iter_rows(named=True))
    names = {folded(row["name"]) for row in waiting}
    for row in list(waiting):
        if not is_free(row["name"]):
            faults.append(
                fault_at(
                    row,
                    letters,
                    "name",
                    "reserved_name",
                    "This name is a word for days already.",
                    "choose another",
                )
            )
            waiting.remove(row)
    while waiting:
        ready = [row for row in waiting if not mentions(row, names - known(calendars), calendars)]
        batch = ready or waiting
        for row in batch:
            calendars.readings.clear()
            calendars.named[row["name"]] = dates_of(row, letters, calendars, faults)
        waiting = [row for row in waiting if row not in batch]
    calendars.readings.clear()
    calendars.used.clear()
    for row in frame.iter_rows(named=True):
        text = " ".join(row[c] for c in ("days", "not", "also"))
        calendars.used |= {
            n for n in calendars.named if n != row["name"] and folded(n) in folded(text)
        }


def is_free(name: str) -> bool:
    try:
        parse(name)
    except DaysError:
        return True
    return False


def known(calendars: Calendars) -> set[str]:
    return {folded(name) for name in calendars.named}


def mentions(row: dict[str, Any], names: set[str], calendars: Calendars) -> bool:
    """Whether a row speaks of calendars that are not there yet."""
    text = folded(" ".join(row[c] for c in ("days", "not", "also")))
    return any(name in text for name in names if name != folded(row["name"]))


def dates_of(
    row: dict[str, Any], letters: dict[str, str], calendars: Calendars, faults: list[Fault]
) -> Dates:
    """days within from..to, less `not`, with `also`; a wrong cell is a fault and does not count."""

    def part(column: str, default: Dates) -> Dates:
        if not row[column]:
            return default
        reading = calendars(row[column])
        if reading.wrong is not None:
            faults.append(fault_at(row, letters, column, "unreadable_days", *reading.wrong))
            return default
        return reading.around

    first, last = calendars.wide
    span = Dates.between(
        day_in(row, "from", letters, faults) or first, day_in(row, "to", letters, faults) or last
    )
    if not span:
        faults.append(
            fault_at(row, letters, "to", "empty_period", "The calendar ends before it begins.")
        )
    dates = part("days", Dates.between(first, last)) & span & Dates.between(first, last)
    dates = (dates - part("not", Dates())) | part("also", Dates())
    if not dates:
        faults.append(
            fault_at(
                row,
                letters,
                "name",
                "no_days",
                "The calendar has no day in the feed period.",
                severity=Severity.WARNING,
            )
        )
    return dates


def day_in(
    row: dict[str, Any], column: str, letters: dict[str, str], faults: list[Fault]
) -> date | None:
    if not row[column]:
        return None
    try:
        return date.fromisoformat(row[column])
    except ValueError:
        faults.append(
            fault_at(
                row, letters, column, "unreadable_date", "This is not a date.", "write 2026-05-01"
            )
        )
        return None


def unused(
    frame: pl.DataFrame, letters: dict[str, str], calendars: Calendars, faults: list[Fault]
) -> None:
    """Calendars that nothing names are doubtful: perhaps their name is misspelt."""
    for row in frame.iter_rows(named=True):
        if row["name"] in calendars.named and row["name"] not in calendars.used:
            faults.append(
                fault_at(
                    row,
                    letters,
                    "name",
                    "unused_calendar",
                    "Nothing runs by this calendar.",
                    severity=Severity.WARNING,
                )
            )
