"""A comparison: read both feeds, pair their ids, match their trips, tell what is left."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date as Date

from gtfsgen.clocks import NOON, UnknownZone, Zone
from gtfsgen.dates import EPOCH, Dates
from gtfsgen.diff import words
from gtfsgen.diff.entries import Difference, Entry, LineTimetable, ordered
from gtfsgen.diff.fields import Level
from gtfsgen.diff.matching import Matched, match
from gtfsgen.diff.meaning import keep_what_is_meant
from gtfsgen.diff.names import FeedNames
from gtfsgen.diff.pairing import Keys, pair_ids
from gtfsgen.diff.paths import path_entries
from gtfsgen.diff.reading import Side, Source, name_of, read_sides
from gtfsgen.diff.runs import Runs
from gtfsgen.diff.tables import Tables
from gtfsgen.diff.timetables import timetables
from gtfsgen.diff.trains import Trains, period_entry


def compare(
    a: Source, b: Source, level: Level | str = Level.DATA, *, since: Date | None = None
) -> Difference:
    """What differs from the feed `a` to the feed `b` (a path of a zip or folder, or a zip's bytes).

    `level` says who asks: `rider`, `planner` (riders' differences and their own) or `data` (all).
    Before riders and planners are told, what means nothing to them is taken off both feeds (see
    `gtfsgen.diff.meaning`). With `since` what ran before that day is not looked at.
    Faults of the data never raise; `gtfsgen.budget.UnreadableInput` is raised where an input is
    no feed at all.
    """
    level = Level(level)
    sides = read_sides(a, b)
    if sides is None:
        return Difference(name_of(a), name_of(b), level)
    if level is not Level.DATA:
        for side in sides:
            keep_what_is_meant(side, since)
    found, shown = _entries(*sides)
    remarks = [said for side in sides for said in side.remarks]
    return Difference(sides[0].name, sides[1].name, level, ordered(found, level), shown, remarks)


def _entries(a: Side, b: Side) -> tuple[list[Entry], list[LineTimetable]]:
    runs = Runs(a, 0), Runs(b, 1)
    keys = pair_ids(a, b, (runs[0].given, runs[1].given), (runs[0].features, runs[1].features))
    for one in runs:
        one.key_columns(keys)
    bits, periods = _days(*runs)
    matched = match(*runs, bits)
    keys["trips.trip_id"] = _trip_keys(*runs, matched)
    names = FeedNames(runs[0]), FeedNames(runs[1])
    entries = [
        *period_entry(*runs, periods),
        *Trains(*names, matched, bits).entries(),
        *path_entries(*names, matched),
        *Tables(*names, keys).entries(),
        *_other_files(a, b),
    ]
    return entries, timetables(*names, matched)


def _days(old: Runs, new: Runs) -> tuple[tuple[list[int], list[int]], tuple[Dates, Dates]]:
    """The days of each trip that are compared: those within both feeds' periods.

    Where the feeds have no date in common, days of the week; a trip without any day has a day of
    its own (`NO_DAYS`).
    """
    dates = [_dates_of_trips(runs) for runs in (old, new)]
    periods = [Dates(), Dates()]
    for n, runs in enumerate((old, new)):
        used = {*runs.column("service_id").to_list()}
        for days in {*dates[n], *(d for s, d in runs.services.items() if s not in used)}:
            periods[n] |= days
    spans = [Dates.between(p.first, p.last) if p else Dates() for p in periods]
    window = spans[0] & spans[1]
    weekly = bool(spans[0] and spans[1] and not window)
    found = []
    for some in dates:
        known: dict[Dates, int] = {}
        for days in {*some}:
            if not days:
                known[days] = words.NO_DAYS.bits
            elif weekly:
                counts = days.by_weekday()
                known[days] = sum(words.WEEK[n].bits for n in range(7) if counts[n])
            else:
                known[days] = days.bits & window.bits if spans[0] and spans[1] else days.bits
        found.append([known[days] for days in some])
    return (found[0], found[1]), (periods[0], periods[1])


def _dates_of_trips(runs: Runs) -> list[Dates]:
    """The dates on which each trip starts, by the clock of its feed.

    A trip of 24:50 runs at 0:50 of the next date; not so between two days whose noons have other
    clocks, for GTFS counts from noon: there it keeps the date, and a feed that says 0:50 differs.
    """
    known: dict[tuple[str | None, int], Dates] = {}
    services = runs.column("service_id").to_list()
    shifts = runs.shifts.tolist()
    for service, shift in {*zip(services, shifts, strict=True)}:
        dates = runs.services.get(service, Dates()) if service is not None else Dates()
        if shift and dates:
            odd = dates & _unequal_noons(runs, shift, dates)
            dates = (dates - odd).shift(shift) | odd
        known[service, shift] = dates
    return [known[key] for key in zip(services, shifts, strict=True)]


def _unequal_noons(runs: Runs, shift: int, dates: Dates) -> Dates:
    """The dates between whose noon and that of `shift` days later clocks are changed."""
    zones = runs.side.frame("agency", "agency_timezone")["agency_timezone"].drop_nulls().to_list()
    first, last = (dates.first - EPOCH).days, (dates.last - EPOCH).days
    try:
        zone = Zone(zones[0], first - 2, last + abs(shift) + 2)
    except (IndexError, UnknownZone):
        return Dates()
    odd = 0
    for change in zone.changes:
        day = (change.at + change.before - NOON) // 86_400
        for date in range(day - abs(shift), day + abs(shift) + 2):
            early, late = sorted((date, date + shift))
            noons = [d * 86_400 + NOON - change.before for d in (early, late)]
            if date >= 0 and noons[0] < change.at <= noons[1]:
                odd |= 1 << date
    return Dates(odd)


def _trip_keys(old: Runs, new: Runs, matched: Matched) -> Keys:
    keys = Keys()
    for a, b in [*matched.all_pairs().iter_rows(), *matched.joined]:
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
