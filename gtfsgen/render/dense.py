"""Lines with more trains than a grid has room for: by hour and minute.

A line is made when its page is, from arrays of the timetable room: a city of five million stop
times never stands in memory as objects.
"""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import polars as pl

from gtfsgen.dates import Dates
from gtfsgen.render.trains import order_of_stations
from gtfsgen.timetable import Timetable
from gtfsgen.timetable.columns import UNKNOWN, numbers, ranges

CLOSED = 1


@dataclass(frozen=True)
class Band:
    """A train that repeats: from `start` to `end` (minutes) every `shortest` to `longest` s."""

    start: int
    end: int
    shortest_s: int
    longest_s: int
    days: Dates


@dataclass(frozen=True)
class Run:
    """A trip: minutes of its service day at its first station, and what it calls at."""

    start: int
    pattern: int
    days: Dates
    trip_id: str
    headsign: str


@dataclass
class Direction:
    stations: list[str]
    runs: list[Run]
    bands: list[tuple[str, list[Band]]]
    """By first and last station, in words of station ids."""
    patterns: dict[int, tuple[list[str], list[int]]] = field(default_factory=dict)
    """Stations and minutes after the start, of each pattern that runs."""
    timeless: list[Run] = field(default_factory=list)
    """Trips of which no time is known; their start is 0."""
    repeated: list[Run] = field(default_factory=list)
    """The trips that the bands stand for."""

    @property
    def all_runs(self) -> list[Run]:
        return [*self.runs, *self.repeated, *self.timeless]

    @cached_property
    def ends(self) -> tuple[str, str]:
        """First and last station of the way that most trains take."""
        counts: Counter[tuple[str, ...]] = Counter()
        for run in self.all_runs:
            counts[tuple(self.patterns[run.pattern][0])] += 1
        names = min(counts, key=lambda way: (-counts[way], -len(way), way))
        return names[0], names[-1]


class DenseTrips:
    """The trips of lines by hour, and their calls by station. Times are those of the agency's clock
    at noon of the day; calls without a time stand between their neighbours in proportion.
    """

    def __init__(self, timetable: Timetable, routes: Sequence[str]) -> None:
        self.timetable = timetable
        trips = timetable.trips.filter(pl.col("pattern").is_not_null()).with_columns(
            pl.col("route_id").cast(pl.String).fill_null("")
        )
        trips = trips.filter(pl.col("route_id").is_in(list(routes)))
        self.trips = trips.select(
            "trip", pl.col("trip_id").cast(pl.String), "route_id", "direction_id", "headsign",
            "dates", "pattern", "start",
        ).sort("route_id", "direction_id", "start", "trip", nulls_last=True)  # fmt: skip
        runs = self.trips["route_id"].rle().struct.unnest()
        ends = np.cumsum(runs["len"].to_numpy()) if runs.height else np.zeros(0, int)
        self._place = {
            route: (int(end - length), int(length))
            for route, length, end in zip(
                runs["value"].to_list(), runs["len"].to_list(), ends, strict=True
            )
        }
        self.station_ids = timetable.stops["stop_id"].cast(pl.String)

    def of_route(self, route: str) -> pl.DataFrame:
        return self.trips.slice(*self._place.get(route, (0, 0)))

    def count(self, route: str) -> int:
        return self._place.get(route, (0, 0))[1]

    @cached_property
    def routes(self) -> list[str]:
        return list(self._place)

    @cached_property
    def headways(self) -> dict[int, list[tuple[int, int, int]]]:
        """trip -> (first minute, last minute, seconds between) for trips that repeat."""
        found: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
        for trip, start, end, headway in self.timetable.headways.select(
            "trip", "start", "end", "headway"
        ).iter_rows():
            found[trip].append((start // 60, end // 60, headway))
        return found

    def stations(self, route: str) -> list[str]:
        """All stations of a line, those of the longest way first."""
        return list(dict.fromkeys(station for way in self.ways(route) for station in way))

    def ways(self, route: str) -> list[list[str]]:
        """The distinct sequences of stations of a line, the longest first."""
        wanted = self.of_route(route)["pattern"].unique().to_numpy()
        rows = {rows.tobytes(): rows for rows, _ in self.patterns(np.sort(wanted)).values()}
        ordered = sorted(rows.values(), key=lambda way: (-len(way), way.tolist()))
        return [self.station_ids.gather(way).to_list() for way in ordered if len(way)]

    def dates(self, route: str) -> Dates:
        """All service days of a line."""
        sets = self.timetable.sets
        return sets[sets.union(self.of_route(route)["dates"].unique().sort().to_list())]

    def days_of_trips(self, route: str) -> dict[str, Dates]:
        """trip_id -> its service days, of one line."""
        sets = self.timetable.sets
        rows = self.of_route(route).select("trip_id", "dates").iter_rows()
        return {trip: sets[dates] for trip, dates in rows}

    def repeats(self, route: str) -> bool:
        """Whether the line has trips that frequencies.txt repeats."""
        trips = self.of_route(route)["trip"]
        return bool(self.headways) and any(trip in self.headways for trip in trips.to_list())

    def patterns(self, wanted: np.ndarray) -> dict[int, tuple[np.ndarray, np.ndarray]]:
        """pattern -> rows of its stations in `stops`, and whole minutes from its start; calls at no
        station are left out.
        """
        table = self.timetable.patterns
        first = table["first_call"].to_numpy()[wanted].astype(np.int64)
        size = table["calls"].to_numpy()[wanted].astype(np.int64)
        calls = self.timetable.calls[ranges(first, size)]
        station = numbers(self.timetable.stops["station"].gather(calls["stop"]), -1)
        after = numbers(calls.select(pl.coalesce("departure_offset", "arrival_offset")).to_series())
        found = {}
        at = 0
        for pattern, length in zip(wanted.tolist(), size.tolist(), strict=True):
            own, seconds = station[at : at + length], after[at : at + length]
            at += length
            if (own < 0).any():
                own, seconds = own[own >= 0], seconds[own >= 0]
            found[pattern] = own, _minutes(seconds)
        return found

    def directions(self, route: str) -> list[Direction]:
        """A line's directions: as the feed tells them apart, or by the order of stations."""
        trips = self.of_route(route)
        wanted = np.unique(trips["pattern"].to_numpy())
        rows = self.patterns(wanted)
        names: dict[bytes, list[str]] = {}
        shapes: dict[int, tuple[list[str], list[int]]] = {}
        for pattern, (stations, minutes) in rows.items():
            key = stations.tobytes()
            if key not in names:
                names[key] = self.station_ids.gather(stations).to_list()
            if names[key]:
                shapes[pattern] = names[key], minutes.tolist()
        sides: dict[int | None, list[Run]] = defaultdict(list)
        repeats: dict[str, list[tuple[int, int, int]]] = {}
        timeless = set()
        sets = self.timetable.sets
        for trip, trip_id, direction, headsign, dates, pattern, start in trips.select(
            "trip", "trip_id", "direction_id", "headsign", "dates", "pattern", "start"
        ).iter_rows():
            if pattern not in shapes:
                continue
            if start is None:
                timeless.add(trip_id)
            if trip in self.headways:
                repeats[trip_id] = self.headways[trip]
            run = Run((start or 0) // 60, pattern, sets[dates], trip_id, headsign or "")
            sides[direction].append(run)
        ordered = sorted(sides.items(), key=lambda side: (side[0] is None, side[0] or 0))
        return [
            _direction(group, shapes, repeats, timeless)
            for _, members in ordered
            for group in _sides(members, shapes, told=len(sides) > 1)
        ]


def _minutes(seconds: np.ndarray) -> np.ndarray:
    """Whole minutes from the start; an unknown time in proportion between its neighbours."""
    known = np.flatnonzero(seconds != UNKNOWN)
    if len(known) < len(seconds):
        given = seconds[known] if len(known) else np.zeros(1, np.int64)
        at = known if len(known) else np.zeros(1, np.int64)
        seconds = np.interp(np.arange(len(seconds)), at, given).astype(np.int64)
    return seconds // 60


def _sides(
    members: list[Run], shapes: dict[int, tuple[list[str], list[int]]], told: bool
) -> list[list[Run]]:
    """There and back, where the feed does not tell them apart."""
    if told:
        return [members]
    ways = {run.pattern: tuple(shapes[run.pattern][0]) for run in members}
    longest = min(set(ways.values()), key=lambda way: (-len(way), way))
    rank = {station: n for n, station in reversed(list(enumerate(longest)))}
    side_of = {}
    for way in set(ways.values()):
        forward = sum(
            1 if rank[b] > rank[a] else -1
            for a, b in itertools.pairwise(s for s in way if s in rank)
        )
        side_of[way] = 0 if forward >= 0 else 1
    groups: list[list[Run]] = [[], []]
    for run in members:
        groups[side_of[ways[run.pattern]]].append(run)
    return [group for group in groups if group]


def _direction(
    members: list[Run],
    shapes: dict[int, tuple[list[str], list[int]]],
    repeats: dict[str, list[tuple[int, int, int]]],
    timeless: set[str],
) -> Direction:
    runs, repeated, untimed = [], [], []
    bands: dict[tuple[str, str], list[Band]] = defaultdict(list)
    ways: Counter[tuple[str, ...]] = Counter()
    for run in members:
        stations = shapes[run.pattern][0]
        ways[tuple(stations)] += 1
        if run.trip_id in repeats:
            for first, last, every in repeats[run.trip_id]:
                bands[stations[0], stations[-1]].append(Band(first, last, every, every, run.days))
            repeated.append(run)
        elif run.trip_id in timeless:
            untimed.append(run)
        else:
            runs.append(run)
    runs.sort(key=lambda run: (run.start, run.pattern, run.trip_id))
    return Direction(
        list(dict.fromkeys(station for station, _ in order_of_stations(ways))),
        runs,
        [(f"{a}\n{b}", _joined(found)) for (a, b), found in sorted(bands.items())],
        {number: shapes[number] for number in sorted({run.pattern for run in members})},
        untimed,
        repeated,
    )


def _joined(bands: list[Band]) -> list[Band]:
    """Bands that follow each other on the same days become one where headways are alike."""
    done: list[Band] = []
    for band in sorted(
        set(bands), key=lambda b: (b.days.bits, b.start, b.end, b.shortest_s, b.longest_s)
    ):
        last = done[-1] if done else None
        if (
            last
            and last.days == band.days
            and last.end == band.start
            and band.longest_s - last.shortest_s < 60
            and last.longest_s - band.shortest_s < 60
        ):
            shortest = min(last.shortest_s, band.shortest_s)
            longest = max(last.longest_s, band.longest_s)
            done[-1] = Band(last.start, band.end, shortest, longest, band.days)
        else:
            done.append(band)
    return done


def _named(names: pl.Series, to: pl.Series, station: pl.Series) -> pl.Series:
    """Where a trip ends at no station it is said to go where it is."""
    return names.gather(pl.select(pl.coalesce(to, station)).to_series())


class DenseStations:
    """The departures of all dense lines, some stations at a time."""

    def __init__(self, dense: DenseTrips) -> None:
        self._dense = dense
        timetable = dense.timetable
        repeated = list(dense.headways)
        trips = dense.trips.filter(
            pl.col("start").is_not_null(), ~pl.col("trip").is_in(repeated)
        ).select("pattern", "start", "dates", "route_id")
        self._trips = trips.sort("pattern", maintain_order=True)
        used = np.zeros(timetable.patterns.height, bool)
        used[self._trips["pattern"].to_numpy()] = True
        calls = timetable.calls
        size = timetable.patterns["calls"].to_numpy().astype(np.int64)
        last_place = np.repeat(size - 1, size)
        station = numbers(timetable.stops["station"].gather(calls["stop"]), -1)
        keep = np.repeat(used, size) & (station >= 0)
        keep &= numbers(calls["pickup_type"]) != CLOSED
        keep &= calls["order"].to_numpy() < last_place
        chosen = np.flatnonzero(keep)
        order = chosen[np.argsort(station[chosen], kind="stable")]
        self._calls = order.astype(np.uint32)
        self._stations, self._begin = np.unique(station[order], return_index=True)
        self._ends = np.append(self._begin[1:], len(order))

    def batches(self, wanted: Sequence[str], at_once: int) -> list[list[str]]:
        """The wanted stations in their order, so many at a time that `at_once` calls or a few more
        are looked at together.
        """
        place = {key: n for n, key in enumerate(self._dense.station_ids.to_list())}
        found: list[list[str]] = [[]]
        size = 0
        for key in wanted:
            n = int(np.searchsorted(self._stations, place[key]))
            own = n < len(self._stations) and self._stations[n] == place[key]
            size += int(self._ends[n] - self._begin[n]) if own else 0
            found[-1].append(key)
            if size > at_once or len(found[-1]) >= at_once // 100:
                found.append([])
                size = 0
        return [batch for batch in found if batch]

    def departures(self, wanted: Sequence[str]) -> pl.DataFrame:
        """`station_id`, `route_id`, `to`, `minute` of the service day, `dates`, `guessed` of all
        departures from some stations, by time.
        """
        names = self._dense.station_ids
        asked = pl.Series(list(wanted), dtype=pl.String)
        rows = pl.DataFrame({"id": names}).with_row_index("row")
        numbers_ = asked.to_frame("id").join(rows, on="id", how="inner")["row"].to_numpy()
        at = np.searchsorted(self._stations, numbers_)
        known = at < len(self._stations)
        known[known] = self._stations[at[known]] == numbers_[known]
        begin, end = self._begin[at[known]], self._ends[at[known]]
        chosen = self._calls[ranges(begin, end - begin)]
        timetable = self._dense.timetable
        calls = timetable.calls[chosen]
        offset = calls.select(pl.coalesce("departure_offset", "arrival_offset")).to_series()
        station = timetable.stops["station"].gather(calls["stop"])
        last = timetable.patterns["last_stop"].gather(calls["pattern"])
        to = timetable.stops["station"].gather(last)
        frame = pl.DataFrame(
            {
                "station_id": names.gather(station),
                "to": _named(names, to, station),
                "pattern": calls["pattern"],
                "offset": offset if not offset.null_count() else self._guess(calls, offset),
                "guessed": offset.is_null(),
            }
        )
        frame = frame.join(self._trips, on="pattern", how="inner")
        return frame.select(
            "station_id", "route_id", "to", "dates", "guessed",
            minute=(pl.col("start") + pl.col("offset")) // 60,
        ).sort("station_id", "route_id", "to", "minute", "dates", "guessed")  # fmt: skip

    def _guess(self, calls: pl.DataFrame, offset: pl.Series) -> pl.Series:
        """Offsets with those that are not known in proportion between their neighbours."""
        gaps = calls.filter(offset.is_null())["pattern"].unique().to_numpy()
        table = self._dense.timetable.patterns
        first = table["first_call"].to_numpy()[gaps].astype(np.int64)
        size = table["calls"].to_numpy()[gaps].astype(np.int64)
        rows = self._dense.timetable.calls[ranges(first, size)]
        given = numbers(rows.select(pl.coalesce("departure_offset", "arrival_offset")).to_series())
        minutes = np.concatenate(
            [_minutes(part) for part in np.split(given, np.cumsum(size)[:-1])] or [given]
        )
        guesses = rows.select("pattern", "order", guess=pl.Series(minutes * 60, dtype=pl.Int32))
        found = calls.select("pattern", "order").join(
            guesses, on=["pattern", "order"], how="left", maintain_order="left"
        )["guess"]
        return pl.select(pl.coalesce(offset, found)).to_series()
