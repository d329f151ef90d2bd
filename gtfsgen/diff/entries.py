"""What a comparison gives: entries, each told once."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from gtfsgen.diff.fields import ORDER, Level

KINDS = (
    "period", "days", "line", "train", "times", "stops", "boarding", "headway", "booking", "number",
    "headsign", "access", "link", "station", "shape", "fare", "transfer", "pathway", "zone",
    "agency", "translation", "attribution", "feed", "data",
)  # fmt: skip
"""Kinds of entries in the order in which they are told."""


@dataclass(frozen=True)
class Entry:
    """One difference.

    `line` is the line's name, or empty for what belongs to no line; `text` the whole sentence;
    `old` and `new` the two values in words, empty where there is none; `places` where it stands:
    (`old` or `new`, file, row number) for some of the rows concerned; `departures` how many of
    them it concerns, 0 where it is not about departures.
    """

    level: Level
    kind: str
    line: str
    text: str
    old: str = ""
    new: str = ""
    places: tuple[tuple[str, str, int], ...] = ()
    departures: int = 0

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        found = asdict(self)
        found["places"] = [dict(zip(("feed", "file", "row"), p, strict=True)) for p in self.places]
        return found


@dataclass
class LineTimetable:
    """A line's departures in both feeds, for a page: stations, and a row for each in either.

    `old` and `new` hold a column a train: its name, and at each station its time as text and
    whether that differs.
    """

    line: str
    direction: str
    stations: list[str]
    old: list[tuple[str, list[tuple[str, bool]]]]
    new: list[tuple[str, list[tuple[str, bool]]]]


@dataclass
class Difference:
    """All entries down to a level, in order; empty if the feeds say the same."""

    old: str
    new: str
    level: Level
    entries: list[Entry] = field(default_factory=list)
    timetables: list[LineTimetable] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    """What could not be read as it stands and is compared as far as it could."""

    def __bool__(self) -> bool:
        return bool(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def by_line(self) -> list[tuple[str, list[Entry]]]:
        """Entries of the feed as a whole first, then each line's."""
        found: dict[str, list[Entry]] = {}
        for entry in self.entries:
            found.setdefault(entry.line, []).append(entry)
        return list(found.items())

    def counts(self) -> dict[str, int]:
        """How many entries there are at each level."""
        return {level.value: sum(e.level is level for e in self.entries) for level in Level}


def ordered(entries: list[Entry], level: Level) -> list[Entry]:
    """Entries that matter at the level or above, the feed's own first, then by line and kind."""
    kept = [entry for entry in entries if ORDER[entry.level] <= ORDER[level]]
    return sorted(
        kept,
        key=lambda e: (
            e.line != "",
            natural(e.line),
            KINDS.index(e.kind),
            natural(e.text),
            e.old,
            e.new,
        ),
    )


def natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """A sort key in which 9 comes before 10."""
    parts: list[tuple[int, int, str]] = []
    for part in _split(text):
        parts.append((0, int(part), part) if part.isdecimal() and len(part) < 18 else (1, 0, part))
    return tuple(parts)


def _split(text: str) -> list[str]:
    import re

    return [part for part in re.split(r"([0-9]+)", text) if part]
