"""Service ids as sets of dates, and sets of dates in words."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from functools import lru_cache

from gtfsgen.dates import Dates
from gtfsgen.render.tables import Rows

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
SHORT = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MAX_EXCEPTIONS = 6
"""More single days than this are left to the calendar drawing."""
MAX_YEARS = 20
"""A calendar that claims to run longer is cut there: no page shows it."""


def day_of(text: str | None) -> date | None:
    """`20260312` as a date; None for anything else."""
    if not text or len(text) != 8:
        return None
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None


def service_dates(rows: Rows) -> dict[str, Dates]:
    """service_id -> the days it runs, from calendar and calendar_dates."""
    services: dict[str, Dates] = {}
    for service, start, end, *flags in rows.rows(
        "calendar", "service_id", "start_date", "end_date", *WEEKDAYS
    ):
        first, last = day_of(start), day_of(end)
        if service and first and last:
            if (last - first).days > 366 * MAX_YEARS:
                last = first + timedelta(days=366 * MAX_YEARS)
            running = [number for number, flag in enumerate(flags) if flag == "1"]
            days = Dates.weekdays(running, first, last)
            services[service] = services.get(service, Dates()) | days
    added: dict[str, list[date]] = {}
    removed: dict[str, list[date]] = {}
    for service, text, kind in rows.rows("calendar_dates", "service_id", "date", "exception_type"):
        day = day_of(text)
        if service and day:
            (removed if kind == "2" else added).setdefault(service, []).append(day)
    for service in {*added, *removed}:
        days = services.get(service, Dates()) | Dates.of(added.get(service, ()))
        services[service] = days - Dates.of(removed.get(service, ()))
    return services


def union(sets: Iterable[Dates]) -> Dates:
    together = Dates()
    for dates in sets:
        together = together | dates
    return together


def day_text(day: date, year: bool = True) -> str:
    return f"{day.day} {MONTHS[day.month - 1]}" + (f" {day.year}" if year else "")


@lru_cache(maxsize=4096)
def middle_day(dates: Dates) -> date | None:
    """A day for which the set is typical: as many running days before it as after."""
    days = list(dates)
    return days[len(days) // 2] if days else None


def span_text(first: date, last: date) -> str:
    return f"{day_text(first, first.year != last.year)} – {day_text(last)}"


def weekday_text(flags: Iterable[int]) -> str:
    """`daily`, `Mo–Fr`, `Mo We Th Sa`."""
    numbers = sorted(set(flags))
    if len(numbers) == 7:
        return "daily"
    if len(numbers) > 2 and numbers == list(range(numbers[0], numbers[-1] + 1)):
        return f"{SHORT[numbers[0]]}–{SHORT[numbers[-1]]}"
    return " ".join(SHORT[number] for number in numbers)


@lru_cache(maxsize=4096)
def days_text(dates: Dates, period: tuple[date, date] | None = None) -> str:
    """The set in the words people print: `Mo We Th Sa, not 1 Oct 2026`.

    The span is left out where it is that of `period` to within a week; a set that has no weekly
    pattern is counted instead.
    """
    if not dates:
        return "never"
    days = list(dates)
    if len(days) <= 3:
        return ", ".join(map(day_text, days))
    total = Dates.between(days[0], days[-1]).by_weekday()
    flags = [n for n, count in enumerate(dates.by_weekday()) if count * 2 > total[n]]
    pattern = Dates.weekdays(flags, days[0], days[-1])
    missing, extra = list(pattern - dates), list(dates - pattern)
    words = weekday_text(flags)
    if not flags or len(missing) + len(extra) > MAX_EXCEPTIONS:
        words = f"{len(days)} days" + (f", mostly {words}" if len(flags) in range(1, 7) else "")
    else:
        if missing:
            words += ", not " + ", ".join(map(day_text, missing))
        if extra:
            words += ", also " + ", ".join(map(day_text, extra))
    whole = period and all(
        abs((a - b).days) <= 7 for a, b in zip(period, (days[0], days[-1]), strict=True)
    )
    return words if whole else f"{words}, {span_text(days[0], days[-1])}"
