"""Lines with more trains than a grid has room for: by hour and minute, in columns of a frame.

Nothing here is a Python object per stop time: a city of five million is grouped by polars, and what
is looped over are trips once, and the distinct patterns of stations.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from gtfsgen.dates import Dates
from gtfsgen.render.order import order_stations
from gtfsgen.render.tables import Rows


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

    @property
    def ends(self) -> tuple[str, str]:
        """First and last station of the pattern that most trains take."""
        counts: dict[int, int] = defaultdict(int)
        for run in self.runs:
            counts[run.pattern] += 1
        for pattern in self.patterns:
            counts[pattern] += 0
        best = min(counts, key=lambda p: (-counts[p], -len(self.patterns[p][0]), p))
        names = self.patterns[best][0]
        return names[0], names[-1]


def clock_s(name: str) -> pl.Expr:
    """`7:05:00` as seconds; null for what is no time."""
    parts = pl.col(name).str.strip_chars().str.split_exact(":", 2)
    numbers = [parts.struct.field(f"field_{n}").cast(pl.Int32, strict=False) for n in range(3)]
    return (numbers[0] * 3600 + numbers[1] * 60 + numbers[2]).alias(name)


def calls_of(rows: Rows, trips: pl.DataFrame, station_of: Mapping[str, str]) -> pl.DataFrame:
    """One row per call: `trip` (row of `trips`), `station`, `minute`, `boards`.

    A call without a time stands in between its neighbours in proportion (`guessed`).
    """
    places = pl.DataFrame(
        {"stop_id": list(station_of), "station": list(station_of.values())},
        schema={"stop_id": pl.String, "station": pl.String},
    )
    return (
        rows.frame(
            "stop_times", "trip_id", "stop_sequence", "stop_id", "arrival_time", "departure_time",
            "pickup_type",
        )
        .lazy()
        .join(trips.lazy().select("trip_id", "trip"), on="trip_id", how="inner")
        .drop("trip_id")
        .join(places.lazy(), on="stop_id", how="inner")
        .select(
            "trip",
            "station",
            pl.col("stop_sequence").cast(pl.Int32, strict=False),
            pl.coalesce(clock_s("departure_time"), clock_s("arrival_time")).alias("second"),
            boards=(pl.col("pickup_type") != "1").fill_null(True),
        )
        .sort("trip", "stop_sequence", maintain_order=True)
        .with_columns(guessed=pl.col("second").is_null(), place=pl.int_range(pl.len()).over("trip"))
        .with_columns(
            minute=(pl.col("second").interpolate().over("trip") / 60).floor().cast(pl.Int32)
        )
        .drop("second")
        .collect()
    )  # fmt: skip


def directions_of(
    calls: pl.DataFrame, trips: pl.DataFrame, headways: Mapping[str, list[tuple[int, int, int]]]
) -> dict[str, list[Direction]]:
    """route_id -> its directions.

    `trips` has trip, trip_id, route_id, direction_id, dates (bits in hexadecimal), headsign.
    """
    patterns = (
        calls.filter(pl.col("minute").is_not_null())
        .with_columns(after=pl.col("minute") - pl.col("minute").first().over("trip"))
        .group_by("trip", maintain_order=True)
        .agg("station", "after", start=pl.col("minute").first())
        .join(trips, on="trip", how="inner", maintain_order="left")
    )
    known: dict[tuple[Any, ...], int] = {}
    numbers = []
    for stations, after in patterns.select("station", "after").iter_rows():
        numbers.append(known.setdefault((tuple(stations), tuple(after)), len(known)))
    shapes = [(list(stations), list(after)) for stations, after in known]
    by_route: dict[str, dict[str, list[tuple[Any, ...]]]] = defaultdict(lambda: defaultdict(list))
    columns = ("route_id", "direction_id", "start", "trip_id", "dates", "headsign")
    for number, row in zip(numbers, patterns.select(columns).iter_rows(), strict=True):
        by_route[row[0]][row[1] or ""].append((number, *row[2:]))
    return {
        route: [
            _direction(group, shapes, headways)
            for members in sides.values()
            for group in _sides(members, shapes, told=len(sides) > 1)
        ]
        for route, sides in ((r, dict(sorted(s.items()))) for r, s in by_route.items())
    }


def _sides(
    members: list[tuple[Any, ...]], shapes: Sequence[tuple[Any, ...]], told: bool
) -> list[list[tuple[Any, ...]]]:
    """There and back, where the feed does not tell them apart."""
    if told:
        return [members]
    numbers = sorted({m[0] for m in members}, key=lambda n: (-len(shapes[n][0]), n))
    ranks: list[dict[str, int]] = [
        {s: n for n, s in reversed(list(enumerate(shapes[numbers[0]][0])))},
        {},
    ]
    side_of = {}
    for number in numbers:
        stations = shapes[number][0]
        forward = 0
        for a, b in itertools.pairwise(s for s in stations if s in ranks[0]):
            forward += 1 if ranks[0][b] > ranks[0][a] else -1
        side_of[number] = 0 if forward >= 0 else 1
    groups: list[list[tuple[Any, ...]]] = [[], []]
    for member in members:
        groups[side_of[member[0]]].append(member)
    return [group for group in groups if group]


def _direction(
    members: list[tuple[Any, ...]],
    shapes: Sequence[tuple[list[str], list[int]]],
    headways: Mapping[str, list[tuple[int, int, int]]],
) -> Direction:
    runs, bands = [], defaultdict(list)
    weights: dict[int, int] = defaultdict(int)
    for number, start, trip_id, dates, headsign in members:
        weights[number] += 1
        days = Dates(int(dates, 16))
        if trip_id in headways:
            stations = shapes[number][0]
            for first, last, every in headways[trip_id]:
                bands[stations[0], stations[-1]].append(Band(first, last, every, every, days))
        else:
            runs.append(Run(start, number, days, trip_id, headsign or ""))
    sequences = []
    for number in sorted(weights):
        counts: dict[str, int] = defaultdict(int)
        keys = []
        for station in shapes[number][0]:
            keys.append((station, counts[station]))
            counts[station] += 1
        sequences.append((keys, weights[number]))
    runs.sort(key=lambda run: (run.start, run.pattern, run.trip_id))
    return Direction(
        [station for station, _ in order_stations(sequences)],
        runs,
        [(f"{a}\n{b}", _joined(found)) for (a, b), found in sorted(bands.items())],
        {number: shapes[number] for number in sorted(weights)},
    )


def _joined(bands: list[Band]) -> list[Band]:
    """Bands that follow each other on the same days become one where headways are alike."""
    done: list[Band] = []
    for band in sorted(set(bands), key=lambda b: (b.days.bits, b.start, b.end, b.shortest_s)):
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
