"""A comparison: read both feeds, pair their ids, match their trips, tell what is left."""

from __future__ import annotations

from collections.abc import Iterable

from gtfsgen.dates import Dates
from gtfsgen.diff import words
from gtfsgen.diff.entries import Difference, Entry, ordered
from gtfsgen.diff.fields import Level
from gtfsgen.diff.matching import Matched, match
from gtfsgen.diff.names import FeedNames
from gtfsgen.diff.pairing import Keys, pair_ids
from gtfsgen.diff.paths import path_entries
from gtfsgen.diff.reading import Side, Source, read_sides
from gtfsgen.diff.runs import Runs
from gtfsgen.diff.tables import Tables
from gtfsgen.diff.trains import Trains, period_entry


def compare(a: Source, b: Source, level: Level | str = Level.DATA) -> Difference:
    """What differs from the feed `a` to the feed `b` (a path of a zip or folder, or a zip's bytes).

    `level` says who asks: `rider`, `planner` (riders' differences and their own) or `data` (all).
    Faults of the data never raise; `gtfsgen.budget.UnreadableInput` is raised where an input is
    no feed at all.
    """
    level = Level(level)
    sides = read_sides(a, b)
    found = _entries(*sides)
    return Difference(sides[0].name, sides[1].name, level, ordered(found, level))


def _entries(a: Side, b: Side) -> list[Entry]:
    runs = Runs(a, 0), Runs(b, 1)
    keys = pair_ids(a, b, (runs[0].given, runs[1].given), (runs[0].features, runs[1].features))
    for one in runs:
        one.key_columns(keys)
    bits, periods = _days(*runs)
    matched = match(*runs, bits)
    keys["trips.trip_id"] = _trip_keys(*runs, matched)
    names = FeedNames(runs[0]), FeedNames(runs[1])
    return [
        *period_entry(*runs, periods),
        *Trains(*names, matched, bits).entries(),
        *path_entries(*names, matched),
        *Tables(*names, keys).entries(),
        *_other_files(a, b),
    ]


def _days(old: Runs, new: Runs) -> tuple[tuple[list[int], list[int]], tuple[Dates, Dates]]:
    """The days of each trip that are compared: those within both feeds' periods.

    Where the feeds have no date in common, days of the week; a trip without any day has a day of
    its own (`NO_DAYS`).
    """
    periods = [Dates(), Dates()]
    for n, runs in enumerate((old, new)):
        for dates in runs.services.values():
            periods[n] |= dates
    spans = [Dates.between(p.first, p.last) if p else Dates() for p in periods]
    window = spans[0] & spans[1]
    weekly = bool(spans[0] and spans[1] and not window)
    found = []
    for runs in (old, new):
        known: dict[str | None, int] = {None: words.NO_DAYS.bits}
        for name, dates in runs.services.items():
            if not dates:
                known[name] = words.NO_DAYS.bits
            elif weekly:
                counts = dates.by_weekday()
                known[name] = sum(words.WEEK[n].bits for n in range(7) if counts[n])
            else:
                known[name] = dates.bits & window.bits if spans[0] and spans[1] else dates.bits
        found.append([known[name] for name in runs.column("service_id").to_list()])
    return (found[0], found[1]), (periods[0], periods[1])


def _trip_keys(old: Runs, new: Runs, matched: Matched) -> Keys:
    keys = Keys()
    for a, b in matched.all_pairs().iter_rows():
        if old.ids[a] not in keys.old and new.ids[b] not in keys.new:
            keys.pair(old.ids[a], new.ids[b])
    keys.close(old.ids, new.ids)
    return keys


def _other_files(a: Side, b: Side) -> Iterable[Entry]:
    for name in sorted({*a.others, *b.others}):
        was, now = a.others.get(name), b.others.get(name)
        if was == now:
            continue
        said = "is gone" if now is None else "is new" if was is None else "has other content"
        places = tuple(
            (feed, name, 0) for feed, there in (("old", was), ("new", now)) if there is not None
        )
        yield Entry(Level.DATA, "data", "", f"file {name} {said}", places=places)
