"""Sets of dates in the words that a curator would write, and calendars for those too long for it.

The opposite of `gtfsgen.source.days`: what is written here is read there as the same dates.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta

from gtfsgen.compile.calendars import fewest_exceptions
from gtfsgen.dates import Dates
from gtfsgen.source.calendars import is_free
from gtfsgen.source.day_words import WEEKDAYS, DaysError
from gtfsgen.source.days import parse, runs

MAX_WORDS = 48
"""Longer than this, days get a name and a row of calendars.csv."""
CALENDAR_COLUMNS = ("name", "days", "from", "to", "not", "also")


@dataclass
class DayWords:
    """Writes sets of dates of the feed period `first`..`last`."""

    first: date
    last: date
    calendars: dict[str, dict[str, str]] = field(default_factory=dict)
    """Rows of calendars.csv by name."""
    said: dict[Dates, str] = field(default_factory=dict)

    def __call__(self, dates: Dates, name: str) -> str:
        """The words for `dates`; `name` is what a calendar of them may be called."""
        if dates not in self.said:
            row = self.parts(dates)
            words = phrase(row)
            if len(words) > MAX_WORDS:
                words = self.name_for(name, words)
                self.calendars[words] = {"name": words, **row}
            self.said[dates] = words
        return self.said[dates]

    def parts(self, dates: Dates) -> dict[str, str]:
        """Cells of calendars.csv that say `dates`, without its name."""
        singly = dict.fromkeys(CALENDAR_COLUMNS[1:], "") | {"days": in_words(dates)}
        week = fewest_exceptions(dates)
        flags = [number for number, runs_then in enumerate(week.flags) if runs_then]
        if not flags:
            return singly
        before = Dates.weekdays(flags, self.first, week.first - timedelta(days=1))
        after = Dates.weekdays(flags, week.last + timedelta(days=1), self.last)
        weekly = {
            "days": "daily" if len(flags) == 7 else runs(flags, lambda day: WEEKDAYS[day]),
            "from": week.first.isoformat() if before or after else "",
            "to": week.last.isoformat() if before or after else "",
            "not": in_words(week.removed),
            "also": in_words(week.added),
        }
        return min(singly, weekly, key=lambda row: len(phrase(row)))

    def name_for(self, name: str, words: str) -> str:
        """A name that is free and can be read among the others, from `name` if that will do."""
        plain = re.sub(r"[^\w.-]+", "-", name).strip("-.")
        tag = hashlib.sha1(words.encode()).hexdigest()[:6]
        for candidate in (plain, f"service-{plain}", f"service-{plain}-{tag}"):
            if self.is_usable(candidate):
                return candidate
        return f"dates-{tag}"

    def is_usable(self, name: str) -> bool:
        if not name or name.startswith("#") or not is_free(name):
            return False
        names = (*self.calendars, name)
        if any(name.casefold() == other.casefold() for other in self.calendars):
            return False
        try:
            return all(parse(each, names).names == {each} for each in names)
        except DaysError:
            return False


def phrase(row: dict[str, str]) -> str:
    """The cells of a calendar as words for a cell `days`."""
    words = [row["days"]]
    if row["from"]:
        words.append(f"{row['from']}..{row['to']}")
    words += [f"{word} {row[word]}" for word in ("not", "also") if row[word]]
    return " ".join(words)


def in_words(dates: Iterable[date]) -> str:
    return " ".join(day.isoformat() for day in dates)
