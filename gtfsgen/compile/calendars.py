"""Sets of dates as calendar.txt and calendar_dates.txt, with the fewest exceptions, under readable
names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from gtfsgen.compile.ids import slug
from gtfsgen.dates import EPOCH, Dates

DAY_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
SHORT_NAMES = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")


@dataclass(frozen=True, slots=True)
class Week:
    """One row of calendar.txt and its exceptions; together exactly the dates it was made from."""

    flags: tuple[bool, ...]
    """Monday to Sunday."""
    first: date
    last: date
    added: Dates
    removed: Dates

    @property
    def exceptions(self) -> int:
        return len(self.added) + len(self.removed)

    @property
    def dates(self) -> Dates:
        return (_regular(self.flags, self.first, self.last) | self.added) - self.removed

    @property
    def words(self) -> str:
        """The weekdays in a word: `daily`, `Mo-Fr`, `Mo-We-Th-Sa`."""
        days = [index for index, runs in enumerate(self.flags) if runs]
        if len(days) == 7:
            return "daily"
        if len(days) > 2 and days[-1] - days[0] == len(days) - 1 and days[0] == 0:
            return f"{SHORT_NAMES[days[0]]}-{SHORT_NAMES[days[-1]]}"
        return "-".join(SHORT_NAMES[day] for day in days)


def _regular(flags: tuple[bool, ...], first: date, last: date) -> Dates:
    span = Dates.between(first, last)
    every_day = 0
    for index, runs in enumerate(flags):
        if runs:
            every_day |= _weekday_bits(index)
    return Dates(span.bits & every_day)


@lru_cache(maxsize=7)
def _weekday_bits(weekday: int) -> int:
    """Every such weekday from `EPOCH` on for more than three centuries."""
    every_seventh = ((1 << 7 * 17_000) - 1) // 0b1111111
    return every_seventh << (weekday - EPOCH.weekday()) % 7


@lru_cache(maxsize=65_536)
def fewest_exceptions(dates: Dates) -> Week:
    """The weekly pattern with the fewest exceptions for a set of dates that is not empty.

    Optimal over all choices of first day, last day and weekday flags: a flag set within a span
    saves an exception for each date it says and costs one for each it says wrongly, so the best
    span is the one where the savings of the weekdays, each counted only if positive, add up to
    most.
    """
    plain = _without_exceptions(dates)
    if plain is not None:
        return plain
    first, last = _best_span(dates)
    return _week(dates, first, last)


def _without_exceptions(dates: Dates) -> Week | None:
    """The pattern of a set that is perfectly weekly from its first date to its last."""
    week = _week(dates, dates.first, dates.last)
    return week if week.exceptions == 0 else None


def _week(dates: Dates, first: date, last: date) -> Week:
    span = Dates.between(first, last)
    flags = []
    for index in range(7):
        said = span.bits & _weekday_bits(index)
        flags.append(2 * (dates.bits & said).bit_count() > said.bit_count())
    regular = _regular(tuple(flags), first, last)
    return Week(tuple(flags), first, last, dates - regular, regular - dates)


def _best_span(dates: Dates) -> tuple[date, date]:
    """First and last day of the span that saves most; the earliest, then the longest, of equals."""
    import numpy as np

    start = (dates.first - EPOCH).days
    length = (dates.last - dates.first).days + 1
    runs = np.array([dates.bits >> (start + day) & 1 for day in range(length)], dtype=np.int32)
    weekday = (np.arange(length) + dates.first.weekday()) % 7
    # Savings of one weekday from the first date up to a day, with a zero before it.
    savings = np.zeros((7, length + 1), dtype=np.int32)
    for index in range(7):
        savings[index, 1:] = np.cumsum(np.where(weekday == index, 2 * runs - 1, 0))
    on = np.flatnonzero(runs)
    best = (0, 0, 0)
    for begin in on:
        totals = np.maximum(savings[:, on + 1] - savings[:, begin, None], 0).sum(axis=0)
        totals[on < begin] = 0
        end = len(totals) - 1 - int(np.argmax(totals[::-1]))
        if totals[end] > best[0]:
            best = (int(totals[end]), int(begin), int(on[end]))
    return dates.first + timedelta(days=best[1]), dates.first + timedelta(days=best[2])


def service_ids(services: Mapping[Dates, str], period: tuple[date, date]) -> dict[Dates, str]:
    """A readable id for each set of dates: the weekdays, the span where it is not the whole period.

    `services` gives each set the id of one trip that runs on it, which settles names that would
    clash; so no id depends on the order or number of the others.
    """
    names = {dates: _name(fewest_exceptions(dates), period) for dates in services}
    taken: dict[str, list[Dates]] = {}
    for dates, name in names.items():
        taken.setdefault(name, []).append(dates)
    return {
        dates: name
        if name and len(taken[name]) == 1
        else f"{name or 'dates'}.{slug(services[dates])}"
        for dates, name in names.items()
    }


def _name(week: Week, period: tuple[date, date]) -> str:
    dates = week.dates
    if len(dates) == 1:
        return dates.first.isoformat()
    if 2 * week.exceptions > len(dates):
        return ""  # days of the month and the like: weekdays would not tell them
    name = week.words
    whole = (week.first - period[0]).days < 7 and -6 <= (period[1] - week.last).days < 7
    if not whole:
        name += f".{week.first:%Y%m%d}-{week.last:%Y%m%d}"
    if week.exceptions:
        name += ".varied"
    return name


def calendar_rows(ids: Mapping[Dates, str]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Rows of calendar.txt and of calendar_dates.txt, ordered by service id and date."""
    calendar, exceptions = [], []
    for service_id, dates in sorted((name, dates) for dates, name in ids.items()):
        week = fewest_exceptions(dates)
        calendar.append(
            {"service_id": service_id}
            | {day: str(int(flag)) for day, flag in zip(DAY_NAMES, week.flags, strict=True)}
            | {"start_date": f"{week.first:%Y%m%d}", "end_date": f"{week.last:%Y%m%d}"}
        )
        odd = [(day, "1") for day in week.added] + [(day, "2") for day in week.removed]
        exceptions += [
            {"service_id": service_id, "date": f"{day:%Y%m%d}", "exception_type": kind}
            for day, kind in sorted(odd)
        ]
    return calendar, exceptions
