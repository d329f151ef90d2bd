"""Trips of the old feed beside those of the new: which train is which, on which days.

A trip is a set of days on which something runs. What is equal in everything is taken off both
feeds first, day by day, so that a service split over other ids leaves nothing. What remains is
paired by less and less: the same train at the same times, the same number, the same stops at the
nearest time. Days that remain of a trip whose other days are found are days lost or gained.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from gtfsgen.diff.hashes import combined, mixed, of_name, summed
from gtfsgen.diff.joining import take_joined
from gtfsgen.diff.runs import Item, Runs, numbered

FARTHEST = 4 * 3600
"""Departures of one line that lie further apart are two, unless number or id say otherwise."""
ALL_PAIRS = 20_000
NEIGHBOURS = 8
"""In a large group of candidates each trip looks at so many departures before and after its own."""


@dataclass
class Pair:
    """A train that runs on `days` (bits) in both feeds, with something changed."""

    old: Item
    new: Item
    days: int


@dataclass
class Matched:
    same: pl.DataFrame = field(
        default_factory=lambda: pl.DataFrame(schema={"old": pl.Int64, "new": pl.Int64})
    )
    """Pairs of trips that are equal, days included."""
    split: list[tuple[int, int]] = field(default_factory=list)
    """Pairs that are equal on some of their days."""
    joined: list[tuple[int, int]] = field(default_factory=list)
    """A trip of one feed and the first of the parts of which it consists in the other, and trips
    that are the same on other days."""
    pairs: list[Pair] = field(default_factory=list)
    lost: list[Item] = field(default_factory=list)
    gained: list[Item] = field(default_factory=list)
    full: tuple[np.ndarray, np.ndarray] = (np.array([]), np.array([]))

    def all_pairs(self) -> pl.DataFrame:
        more = [*self.split, *((pair.old.trip, pair.new.trip) for pair in self.pairs)]
        frame = pl.DataFrame(more, schema={"old": pl.Int64, "new": pl.Int64}, orient="row")
        return pl.concat([self.same, frame])


CALLS_APART = ("calls.timepoint", "calls.shape_dist_traveled")
ATTRIBUTES_APART = ("trip_id", "service_id", "block_id", "shape_id", "_row")


def match(old: Runs, new: Runs, bits: tuple[list[int], list[int]]) -> Matched:
    """Match the trips of two feeds; `bits[side][trip]` are the days to compare, 0 for none."""
    marks = sorted(
        {*old.call_hash, *new.call_hash} - {"stop_id", "location_group_id", "location_id"}
    )
    columns = sorted({*old.table.columns, *new.table.columns} - {*ATTRIBUTES_APART, "route_id"})
    places = ("calls.stop_id", "calls.location_group_id", "calls.location_id")
    everything = ("route_id", *places, "times", "every", *columns, *(f"calls.{m}" for m in marks))
    found = Matched(full=(old.fingerprint(*everything), new.fingerprint(*everything)))
    left = _cancel(found, old, new, bits)
    items = [
        [
            Item(trip, int(runs.start[trip]), days[trip], days[trip])
            for trip in left[side]
            if days[trip]
        ]
        for side, (runs, days) in enumerate(zip((old, new), bits, strict=True))
    ]
    sides = [_Side(runs, items[n], found.full[n]) for n, runs in enumerate((old, new))]
    for a, b in _taken(sides, "full", Condition(partial=True)):
        _meet(found, a, b, equal=True)
    attributes = ("route_id", *columns)
    for n in (0, 1):
        wholes, pieces = (sides[n], sides[1 - n])
        left_over = ([i for i in s.items if i.left] for s in (wholes, pieces))
        for trip, part in take_joined(
            wholes.runs, next(left_over), pieces.runs, next(left_over), attributes
        ):
            found.joined.append((trip, part) if n == 0 else (part, trip))
    hours = [name for name in marks if "window" in name]
    for names, rule in (
        (
            (
                "route_id",
                *places,
                "times",
                "every",
                "trip_short_name",
                *(f"calls.{h}" for h in hours),
            ),
            Condition(),
        ),
        (("trip_id", "route_id", "trip_short_name"), Condition(alike=True)),
        (("route_id", "trip_short_name", *places), Condition(named="trip_short_name")),
        (("route_id", *places, "times"), Condition()),
        (("trip_id",), Condition(alike=True)),
        (("route_id", "trip_short_name"), Condition(named="trip_short_name")),
        ((*places, "times"), Condition()),
        (("route_id", *places), Condition(farthest=FARTHEST)),
        (("route_id", "direction_id"), Condition(farthest=1800, alike=True)),
        (("trip_short_name",), Condition(named="trip_short_name", alike=True)),
    ):
        for side in sides:
            side.by(names)
        for a, b in _taken(sides, "key", rule):
            _meet(found, a, b, equal=False)
    found.lost = [item for item in sides[0].items if item.left]
    found.gained = [item for item in sides[1].items if item.left]
    waiting: dict[int, list[int]] = defaultdict(list)
    for item in found.gained:
        waiting[int(found.full[1][item.trip])].append(item.trip)
    for item in found.lost:
        if partners := waiting.get(int(found.full[0][item.trip])):
            found.joined.append((item.trip, partners.pop(0)))
    return found


def _cancel(
    found: Matched, old: Runs, new: Runs, bits: tuple[list[int], list[int]]
) -> tuple[list[int], list[int]]:
    """Take off trips that are equal with all their days; what is left of both sides, by trip.

    Of several that are equal, those of one id go together, then those whose blocks are equal.
    """
    frames = []
    for runs, days, full in zip((old, new), bits, found.full, strict=True):
        distinct = {value: n for n, value in enumerate(dict.fromkeys(days))}
        keyed = np.array([of_name(f"{value:x}") for value in distinct], np.uint64)
        dates = keyed[[distinct[value] for value in days]] if days else np.array([], np.uint64)
        frame = pl.DataFrame(
            {
                "trip": np.arange(runs.count),
                "full": full,
                "dates": dates,
                "id": pl.Series(runs.ids, dtype=pl.String),
                "block": _blocks(runs, combined(full, dates)),
                "runs": np.array([value != 0 for value in days], bool),
            }
        )
        frames.append(frame.filter("runs"))
    same = []
    for keys in (("full", "dates", "id"), ("full", "dates", "block"), ("full", "dates")):
        ranked = [
            frame.sort("id").with_columns(rank=pl.int_range(pl.len()).over(keys))
            for frame in frames
        ]
        met = ranked[0].join(ranked[1], on=[*keys, "rank"], suffix="_new", how="inner")
        same.append(
            met.select(old=pl.col("trip").cast(pl.Int64), new=pl.col("trip_new").cast(pl.Int64))
        )
        frames = [
            frame.filter(~pl.col("trip").is_in(met[column].implode()))
            for frame, column in zip(frames, ("trip", "trip_new"), strict=True)
        ]
    found.same = pl.concat(same)
    return frames[0]["trip"].to_list(), frames[1]["trip"].to_list()


def _blocks(runs: Runs, trips: np.ndarray) -> np.ndarray:
    """For each trip what its whole block does, whatever the block is called."""
    names, numbers = numbered(runs.column("block_id"))
    if not names:
        return np.zeros(runs.count, np.uint64)
    sums = np.append(summed(mixed(trips), numbers, len(names)), np.uint64(0))
    return sums[numbers]


class _Side:
    def __init__(self, runs: Runs, items: list[Item], full: np.ndarray) -> None:
        self.runs = runs
        self.items = sorted(items, key=lambda item: (item.start, runs.ids[item.trip]))
        self.full = full
        self.key = full
        self._stops: dict[int, frozenset[tuple[int, ...]]] = {}

    def by(self, names: Sequence[str]) -> None:
        """Group by these from now on."""
        self.key = (
            self.runs.fingerprint(*names) if any(item.left for item in self.items) else self.full
        )

    def named(self, column: str) -> list[str | None]:
        return self.runs.column(column).to_list()

    def stops(self, trip: int) -> frozenset[tuple[int, ...]]:
        if trip not in self._stops:
            self._stops[trip] = frozenset(map(self.runs.place_key, self.runs.calls_of(trip)))
        return self._stops[trip]


@dataclass(frozen=True)
class Condition:
    """What two trips of one group must fulfil to be one train."""

    partial: bool = False
    """Days left of two trips that are both found on other days may meet."""
    named: str = ""
    """The column must not be blank."""
    farthest: int = 0
    """At most so many seconds apart."""
    alike: bool = False
    """At least half of their stops are the same."""


def _taken(sides: list[_Side], by: str, rule: Condition) -> Iterable[tuple[Item, Item]]:
    """Pairs of one group that share days, nearest first; each pair may still have lost its days."""
    groups: dict[int, tuple[list[Item], list[Item]]] = defaultdict(lambda: ([], []))
    for place, side in enumerate(sides):
        keys = getattr(side, by)
        names = side.named(rule.named) if rule.named else None
        for item in side.items:
            if item.left and (names is None or names[item.trip] is not None):
                groups[int(keys[item.trip])][place].append(item)
    for olds, news in groups.values():
        if not olds or not news:
            continue
        for a, b in _ranked(olds, news):
            if not a.left & b.left:
                continue
            if a.partly and b.partly and not rule.partial:
                continue
            if rule.farthest and abs(a.start - b.start) > rule.farthest:
                continue
            if rule.alike and not _alike(sides[0].stops(a.trip), sides[1].stops(b.trip)):
                continue
            yield a, b


def _ranked(olds: list[Item], news: list[Item]) -> list[tuple[Item, Item]]:
    """Candidates, those of equal days first, then by how near they start; the same order seen from
    both sides."""
    if len(olds) * len(news) <= ALL_PAIRS:
        near = [(i, j) for i in range(len(olds)) for j in range(len(news))]
    else:
        starts = [item.start for item in news], [item.start for item in olds]
        chosen = set()
        for i, a in enumerate(olds):
            at = bisect_left(starts[0], a.start)
            chosen |= {
                (i, j) for j in range(max(0, at - NEIGHBOURS), min(len(news), at + NEIGHBOURS))
            }
        for j, b in enumerate(news):
            at = bisect_left(starts[1], b.start)
            chosen |= {
                (i, j) for i in range(max(0, at - NEIGHBOURS), min(len(olds), at + NEIGHBOURS))
            }
        near = list(chosen)
    scored = sorted(
        (olds[i].left != news[j].left, abs(olds[i].start - news[j].start), i + j, abs(i - j), i, j)
        for i, j in near
    )
    return [(olds[i], news[j]) for *_, i, j in scored]


def _alike(a: frozenset[object], b: frozenset[object]) -> bool:
    return 2 * len(a & b) >= max(1, min(len(a), len(b)))


def _meet(found: Matched, a: Item, b: Item, equal: bool) -> None:
    days = a.left & b.left
    a.left &= ~days
    b.left &= ~days
    if equal:
        a.partly = b.partly = True
        found.split.append((a.trip, b.trip))
    else:
        found.pairs.append(Pair(a, b, days))
