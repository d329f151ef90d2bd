"""Old and new timetable of the lines whose trains changed, side by side for the page."""

from __future__ import annotations

from collections import defaultdict

from gtfsgen.diff.entries import LineTimetable
from gtfsgen.diff.matching import Matched
from gtfsgen.diff.names import FeedNames
from gtfsgen.diff.runs import NO_TIME
from gtfsgen.diff.words import clock

MOST_TRAINS = 12
"""Columns a line and side; the entries above the timetable tell of every train."""


def timetables(old: FeedNames, new: FeedNames, matched: Matched) -> list[LineTimetable]:
    """A timetable for each line and pair of ends of which trains changed, came or went.

    Each cell is (text, whether it differs).
    """
    rows: dict[tuple[str, str], list[tuple[int | None, int | None]]] = defaultdict(list)
    for a, b in [
        *((pair.old.trip, pair.new.trip) for pair in matched.pairs),
        *((item.trip, None) for item in matched.lost if not item.partly),
        *((None, item.trip) for item in matched.gained if not item.partly),
    ]:
        names, trip = (new, b) if b is not None else (old, a)
        assert trip is not None
        calls = names.runs.calls_of(trip)
        if calls:
            ends = f"{names.call(calls[0])} – {names.call(calls[-1])}"
            rows[names.line(trip), ends].append((a, b))
    return [
        _timetable(line, ends, list(dict.fromkeys(found)), old, new)
        for (line, ends), found in sorted(rows.items())
    ]


def _timetable(
    line: str,
    ends: str,
    pairs: list[tuple[int | None, int | None]],
    old: FeedNames,
    new: FeedNames,
) -> LineTimetable:
    def start(pair: tuple[int | None, int | None]) -> tuple[int, str]:
        names, trip = (old, pair[0]) if pair[0] is not None else (new, pair[1])
        assert trip is not None
        return int(names.runs.start[trip]), names.runs.ids[trip]

    pairs = sorted(pairs, key=start)
    direction = ends
    if len(pairs) > MOST_TRAINS:
        direction += f" (the first {MOST_TRAINS} of {len(pairs)} changed trains)"
        pairs = pairs[:MOST_TRAINS]
    columns = [
        (_times(old, a) if a is not None else {}, _times(new, b) if b is not None else {})
        for a, b in pairs
    ]
    stations: list[tuple[str, int]] = []
    for both in columns:
        for times in both:
            stations = _merged(stations, list(times))
    found = LineTimetable(line, direction, [name for name, _ in stations], [], [])
    for (a, b), (was, now) in zip(pairs, columns, strict=True):
        for names, trip, mine, other, side in (
            (old, a, was, now, found.old),
            (new, b, now, was, found.new),
        ):
            if trip is not None:
                cells = [
                    (mine.get(station, ""), mine.get(station) != other.get(station))
                    for station in stations
                ]
                side.append((names.numbers[trip] or names.line(trip), cells))
    return found


def _times(names: FeedNames, trip: int) -> dict[tuple[str, int], str]:
    """(station, how many times before) -> the time there."""
    found: dict[tuple[str, int], str] = {}
    seen: dict[str, int] = defaultdict(int)
    for call in names.runs.calls_of(trip):
        station = names.call(call)
        times = [int(names.runs.seconds[n][call]) for n in ("departure_time", "arrival_time")]
        known = [time for time in times if time > NO_TIME]
        found[station, seen[station]] = clock(known[0]) if known else "·"
        seen[station] += 1
    return found


def _merged(stations: list[tuple[str, int]], more: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """The stations in one order: new ones stand after the station that they follow."""
    merged = list(stations)
    places = {station: n for n, station in enumerate(merged)}
    at = 0
    for station in more:
        if station in places:
            at = places[station] + 1
        else:
            merged.insert(at, station)
            places = {known: n for n, known in enumerate(merged)}
            at += 1
    return merged
