"""Days, times and numbers in words, short enough for one line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from gtfsgen.dates import Dates

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MAX_DAYS_NAMED = 6
MAX_NAMED = 5
NO_DAYS = Dates(1)
"""Stands for a service without a day, so that its trips are compared too."""
WEEK = [Dates(1 << (7 + n)) for n in range(7)]
"""Stand for the days of the week where two feeds have no date in common."""


def clock(seconds: int | None) -> str:
    """A time of the service day: 07:12, 07:12:30, 00:40 +1."""
    if seconds is None:
        return "no time"
    days, rest = divmod(seconds, 86400)
    text = f"{rest // 3600:02}:{rest // 60 % 60:02}"
    if rest % 60:
        text += f":{rest % 60:02}"
    return text + (f" {days:+d}" if days else "")


def shift(seconds: int) -> str:
    """+2 min, −1 min 30 s."""
    sign = "+" if seconds > 0 else "−"
    minutes, rest = divmod(abs(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [f"{n} {unit}" for n, unit in ((hours, "h"), (minutes, "min"), (rest, "s")) if n]
    return sign + " ".join(parts)


def day(value: date) -> str:
    return f"{value.day} {value:%b %Y}"


def span(first: date, last: date) -> str:
    return day(first) if first == last else f"{day(first)} – {day(last)}"


def days(dates: Dates) -> str:
    """A set of dates: each named where they are few, weekdays where they are regular."""
    if not dates:
        return "no day"
    if dates == NO_DAYS:
        return "no day"
    if dates.bits < 1 << 14:
        return weekdays([n for n in range(7) if dates.bits & WEEK[n].bits])
    if len(dates) <= MAX_DAYS_NAMED:
        return ", ".join(map(day, dates))
    counts = dates.by_weekday()
    on = [n for n in range(7) if counts[n]]
    whole = Dates.weekdays(on, dates.first, dates.last)
    missing = len(whole) - len(dates)
    text = f"{weekdays(on)}, {span(dates.first, dates.last)}"
    if not missing:
        return text
    left_out = whole - dates
    if missing <= MAX_DAYS_NAMED and missing * 3 < len(whole):
        return f"{text} but not {', '.join(map(day, left_out))}"
    return f"{len(dates)} days, {span(dates.first, dates.last)}"


def weekdays(on: Sequence[int]) -> str:
    if len(on) == 7:
        return "daily"
    parts, at = [], 0
    while at < len(on):
        end = at
        while end + 1 < len(on) and on[end + 1] == on[end] + 1:
            end += 1
        if end - at >= 2:
            parts.append(f"{WEEKDAYS[on[at]]}–{WEEKDAYS[on[end]]}")
        else:
            parts += [WEEKDAYS[n] for n in on[at : end + 1]]
        at = end + 1
    return ", ".join(parts)


def count(number: int, noun: str) -> str:
    """1 departure, 2 departures."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def listed(names: Sequence[str], limit: int = MAX_NAMED) -> str:
    """Some names, and how many more there are."""
    if len(names) <= limit:
        return ", ".join(names)
    return f"{', '.join(names[:limit])} and {len(names) - limit:,} more"


def quoted(value: str | None) -> str:
    return "none" if value is None else f"“{value}”"
