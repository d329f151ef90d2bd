"""calendars.csv and the day words of every cell, put into dates."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import polars as pl

from gtfsgen.dates import Dates
from gtfsgen.faults import Fault, Severity
from gtfsgen.source.day_words import DaysError, UnknownDayWord
from gtfsgen.source.days import VOCABULARY, Days, Selection, parse
from gtfsgen.source.holidays_ import HolidayBook
from gtfsgen.source.model import MARGIN_DAYS, Settings
from gtfsgen.source.stations import fault_at
from gtfsgen.source.words import Words, folded

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


class NamesInText:
    """Names of calendars that stand in day words, found by the words in them."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self.by_word: dict[str, dict[str, str]] = {}
        """The first word of a name -> names in small letters -> as written."""
        for name in names:
            self.add(name)

    def add(self, name: str) -> None:
        small = folded(name)
        if small:
            self.by_word.setdefault(first_word(small), {})[small] = name

    def found_in(self, text: str) -> set[str]:
        """The names that stand in a text, whole words of it; perhaps within one another."""
        small = folded(text)
        words = dict.fromkeys(("", *WORD.findall(small)))
        return {
            name
            for word in words
            for key, name in self.by_word.get(word, {}).items()
            if key in small
        }


WORD = re.compile(r"\w+")


def first_word(text: str) -> str:
    match = WORD.search(text)
    return match[0] if match else ""


class Calendars:
    """Reads day words, knowing the project's calendars, holidays and period."""

    def __init__(self, settings: Settings, holidays: HolidayBook) -> None:
        self.first, self.last = settings.first_day, settings.last_day
        self.holidays = holidays
        self.named: dict[str, Dates] = {}
        """Calendar -> its dates around the feed period."""
        self.names = NamesInText()
        self.words: Words | None = None
        self.used: set[str] = set()
        self.readings: dict[tuple[str, bool], Reading] = {}
        self.british = settings.raw.get("days") == "gb"
        """Whether day codes of all tables are British."""
        self.moved = settings.moved_days

    def add(self, name: str, dates: Dates) -> None:
        """Let day words name a calendar."""
        self.named[name] = dates
        self.names.add(name)
        self.words = None

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
            names = sorted(self.names.found_in(words))
            days = parse(words, names, (self.first, self.last), gb=gb)
            moved = self.with_moved_days(days)
            around = moved.dates(*self.wide, self.named, self.holidays.dates)
        except UnknownDayWord as error:
            self.words = self.words or Words((*self.named, *VOCABULARY))
            return Reading(wrong=(error.message, self.words.hint(error.word, error.OTHERWISE)))
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
    rows = list(frame.iter_rows(named=True))
    named = NamesInText(row["name"] for row in rows)
    mentioned = [named.found_in(days_text(row)) - {row["name"]} for row in rows]
    free = []
    for number, row in enumerate(rows):
        if is_free(row["name"]):
            free.append(number)
            continue
        message = "This name is a word for days already."
        faults.append(fault_at(row, letters, "name", "reserved_name", message, "choose another"))
    names = {rows[number]["name"] for number in free}
    needed = {rows[number]["name"]: mentioned[number] & names for number in free}
    order = in_order(needed)
    by_name = {rows[number]["name"]: rows[number] for number in free}
    for name in order:
        calendars.readings.clear()
        calendars.add(name, dates_of(by_name[name], letters, calendars, faults))
    for name in (each for each in needed if each not in order):
        other = min(needed[name] - order.keys())
        message = f"Calendars name each other in a circle; this one needs {other!r}."
        hint = "write the dates in one of them"
        column = "days" if by_name[name]["days"] else "name"
        faults.append(fault_at(by_name[name], letters, column, "unreadable_days", message, hint))
        calendars.add(name, NO_DATES)
    calendars.readings.clear()
    calendars.used.clear()
    for found in mentioned:
        calendars.used |= found & calendars.named.keys()


def in_order(needed: Mapping[str, AbstractSet[str]]) -> dict[str, None]:
    """The names, each behind those that it needs; without those that need each other."""
    waits = {name: len(others) for name, others in needed.items()}
    waiting: dict[str, list[str]] = {}
    for name, others in needed.items():
        for other in others:
            waiting.setdefault(other, []).append(name)
    ready = deque(name for name, count in waits.items() if count == 0)
    order: dict[str, None] = {}
    while ready:
        order[name := ready.popleft()] = None
        for other in waiting.get(name, ()):
            waits[other] -= 1
            if waits[other] == 0:
                ready.append(other)
    return order


def is_free(name: str) -> bool:
    try:
        parse(name)
    except DaysError:
        return True
    return False


def days_text(row: dict[str, Any]) -> str:
    return " ".join(row[column] for column in ("days", "not", "also"))


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


def unused(frame: pl.DataFrame, letters: dict[str, str], calendars: Calendars) -> Iterator[Fault]:
    """Calendars that nothing names are doubtful: perhaps their name is misspelt."""
    for row in frame.iter_rows(named=True):
        if row["name"] in calendars.named and row["name"] not in calendars.used:
            yield fault_at(
                row,
                letters,
                "name",
                "unused_calendar",
                "Nothing runs by this calendar.",
                severity=Severity.WARNING,
            )
