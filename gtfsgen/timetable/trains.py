"""Trains as riders and curators mean them, made of the trips of a feed.

A ride is a train on a service day: a trip, or the trips of one number that a long train was cut
into, joined again. A course is what a column of a printed timetable says: stations and local times
from the start. Rides with one number, route, course and time of the day are one train, however
many trips they are in the feed: with and without coaches, in winter and in summer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from gtfsgen.clocks import DAY
from gtfsgen.timetable.columns import UNKNOWN, nullable, numbers, ranges, run_marks, same
from gtfsgen.timetable.local import LocalClocks
from gtfsgen.timetable.sets import DateSets

SHOWN = ("pickup_type", "drop_off_type", "timepoint")


def rides_of(
    trips: pl.DataFrame, links: pl.DataFrame, patterns: pl.DataFrame, calls: pl.DataFrame
) -> pl.DataFrame:
    """`trip`, `ride`, `piece`, `piece_days`: which ride each trip with calls is a piece of.

    A ride is called by its first trip. Trips are joined where one vehicle goes on under the same
    number and route from the same station on all dates of both, by a block of a railway or a
    transfer of type 4, and does not come back to where it has been.
    """
    usable = links.filter(
        pl.col("in_seat"),
        pl.col("meets"),
        pl.col("from_number").is_not_null(),
        pl.col("from_number") == pl.col("to_number"),
        ~pl.col("splits"),
        ~pl.col("joins"),
        pl.col("dates") > 0,
    ).select("from_trip", "to_trip", "days_later", "dates", "by")
    facts = trips.select("trip", "route_id", "rail", "dates", "pattern")
    for side in ("from", "to"):
        usable = usable.join(
            facts.select(pl.all().name.prefix(f"{side}_")), on=f"{side}_trip", how="left"
        )
    usable = (
        usable.filter(
            pl.col("from_route_id") == pl.col("to_route_id"),
            pl.col("from_rail") | (pl.col("by") == "transfer"),
            pl.col("dates") == pl.col("from_dates"),
            (pl.col("days_later") > 0) | (pl.col("dates") == pl.col("to_dates")),
        )
        .filter(pl.len().over("from_trip") == 1, pl.len().over("to_trip") == 1)
        .sort("from_trip")
    )
    kinds, first_of = same(usable.select("from_pattern", "to_pattern"))
    pairs = usable.select("from_pattern", "to_pattern")[first_of].rows()
    goes_on = pl.Series(
        [_goes_on(one, other, patterns, calls) for one, other in pairs], dtype=pl.Boolean
    )
    joined = usable.filter(goes_on.gather(kinds))
    nexts = {
        before: (after, later)
        for before, after, later in joined.select("from_trip", "to_trip", "days_later").iter_rows()
    }
    ride, piece, days = (
        trips["trip"].to_numpy().astype(np.int64),
        np.zeros(trips.height, np.int64),
        np.zeros(trips.height, np.int64),
    )
    for head in sorted(set(nexts) - {after for after, _ in nexts.values()}):
        trip, seen = head, {head}
        while trip in nexts and nexts[trip][0] not in seen:
            before = trip
            trip, later = nexts[before]
            seen.add(trip)
            ride[trip], piece[trip], days[trip] = head, piece[before] + 1, days[before] + later
    return pl.DataFrame(
        {
            "trip": trips["trip"],
            "ride": ride.astype(np.uint32),
            "piece": piece.astype(np.uint32),
            "piece_days": days.astype(np.int32),
        }
    ).filter(trips["pattern"].is_not_null())


def _goes_on(one: int, other: int, patterns: pl.DataFrame, calls: pl.DataFrame) -> bool:
    """Whether a pattern begins where another ends, and calls nowhere the other has called."""
    first, second = (
        calls["stop"].slice(patterns["first_call"][each], patterns["calls"][each]).to_list()
        for each in (one, other)
    )
    return first[-1] == second[0] and not set(first) & set(second[1:])


@dataclass
class Courses:
    """See `Timetable.courses`, `Timetable.course_calls` and `Timetable.rides`."""

    courses: pl.DataFrame
    calls: pl.DataFrame
    rides: pl.DataFrame


def courses_of(
    trips: pl.DataFrame,
    stops: pl.DataFrame,
    patterns: pl.DataFrame,
    calls: pl.DataFrame,
    sets: DateSets,
    clocks: LocalClocks,
) -> Courses:
    """The local times of all rides on most of their days, each distinct sequence once."""
    pieces = trips.filter(pl.col("ride").is_not_null()).sort("ride", "piece")
    head = pieces["piece"].to_numpy() == 0
    begins = np.flatnonzero(head)
    start = numbers(pieces["start"])
    base = np.repeat(start[begins], np.diff(begins, append=len(start)))
    known = (start != UNKNOWN) & (base != UNKNOWN)
    delta = np.where(known, start + numbers(pieces["piece_days"]) * DAY - base, UNKNOWN)
    sequences = (
        run_marks([numbers(pieces["pattern"]), delta], begins) if len(begins) else _no_marks()
    )
    rides = pieces.filter(pl.Series(head, dtype=pl.Boolean))
    mood, ahead = _moods(rides["dates"], sets, clocks)
    if not ahead.any():
        mood[:] = 0
    kind, heads = same(sequences.with_columns(mood=pl.Series(mood)))
    rows = _rows(pieces, begins, delta, heads, patterns, calls)
    local = ahead[mood[heads]]
    first = np.zeros(len(heads), np.int64)
    if local.any():
        first = _to_local_times(rows, local, _zone_numbers(stops, clocks))
    station = stops["station"].gather(rows.calls["stop"])
    rows.calls = rows.calls.with_columns(station=station)
    marks = (
        run_marks(
            [
                numbers(rows.calls[name])
                for name in ("station", "arrival_offset", "departure_offset", *SHOWN)
                if name not in SHOWN or rows.calls[name].min() != rows.calls[name].max()
            ],
            rows.begins,
        )
        if len(heads)
        else _no_marks()
    )
    course, chosen = same(marks)
    table = rows.calls[ranges(rows.begins[chosen], rows.lengths[chosen])]
    count = rows.lengths[chosen]
    starts = np.cumsum(count) - count
    table = table.with_columns(
        course=pl.Series(np.repeat(np.arange(len(chosen), dtype=np.uint32), count)),
        order=pl.Series((np.arange(int(count.sum())) - np.repeat(starts, count)).astype(np.uint32)),
    ).select("course", "order", "station", "stop", "arrival_offset", "departure_offset", *SHOWN)
    begin = numbers(rides["start"])
    begin = np.where(begin == UNKNOWN, UNKNOWN, begin + (first[kind] if len(kind) else 0))
    days = np.where(begin == UNKNOWN, 0, begin // DAY)
    frame = rides.select(
        ride="trip",
        course=pl.Series(course[kind].astype(np.uint32) if len(kind) else [], dtype=pl.UInt32),
        start=nullable(np.where(begin == UNKNOWN, UNKNOWN, begin - days * DAY), pl.Int32),
        local_days=pl.Series(days.astype(np.int32)),
        service_dates="dates",
    )
    shifted = {
        key: sets.shift(*key) for key in frame.select("service_dates", "local_days").unique().rows()
    }
    pairs = frame.select("service_dates", "local_days").iter_rows()
    frame = frame.with_columns(dates=pl.Series([shifted[pair] for pair in pairs], dtype=pl.UInt32))
    courses = pl.DataFrame(
        {
            "course": np.arange(len(chosen), dtype=np.uint32),
            "calls": count.astype(np.uint32),
            "first_call": starts.astype(np.uint32),
            "first_station": table["station"].gather(starts),
            "last_station": table["station"].gather(starts + count - 1),
        }
    )
    return Courses(courses, table, frame)


def _no_marks() -> pl.DataFrame:
    return pl.DataFrame(schema={"mark_0": pl.UInt64, "mark_1": pl.UInt64, "length": pl.Int64})


def _moods(dates: pl.Series, sets: DateSets, clocks: LocalClocks) -> tuple[np.ndarray, np.ndarray]:
    """For each ride a number for how the zones differ on most of its days, and those differences:
    an array of such numbers by zones, in seconds ahead of the agency's.
    """
    if len(clocks.zones) == 1 and clocks.zones[0] == clocks.home.name:
        return np.zeros(len(dates), np.int64), np.zeros((1, 1), np.int64)
    # Between two changes of a clock nothing differs, so dates are only counted by such stretches.
    changes = np.array(clocks.breaks(), np.int64)
    cuts = np.unique(np.concatenate([changes, changes + 1]))
    vectors = clocks.ahead(np.append(cuts[0] - 1, cuts) if len(cuts) else np.zeros(1, np.int64))
    _, first, kind = np.unique(vectors, axis=0, return_index=True, return_inverse=True)
    kind = kind.ravel()
    of_set: dict[int, int] = {}
    for number in dates.unique().sort().to_list():
        days = sets[number].array() if number else np.zeros(1, np.int64)
        stretch = np.bincount(np.searchsorted(cuts, days, side="right"), minlength=len(kind))
        of_set[number] = int(np.argmax(np.bincount(kind, weights=stretch)))
    mood = np.array([of_set[number] for number in dates.to_list()], np.int64)
    return mood, vectors[first]


def _zone_numbers(stops: pl.DataFrame, clocks: LocalClocks) -> np.ndarray:
    number = {zone: place for place, zone in enumerate(clocks.zones)}
    return np.array([number[zone] for zone in stops["zone"].to_list()] or [0], np.int64)


@dataclass
class _Rows:
    """Calls of several sequences of trips, one after another."""

    calls: pl.DataFrame
    begins: np.ndarray
    lengths: np.ndarray


def _rows(
    pieces: pl.DataFrame,
    begins: np.ndarray,
    delta: np.ndarray,
    heads: np.ndarray,
    patterns: pl.DataFrame,
    calls: pl.DataFrame,
) -> _Rows:
    """The calls of rides (`heads`), times counted from their start; where two pieces meet, one call
    with the arrival of the first and the departure of the second.
    """
    count = np.diff(begins, append=len(delta))
    piece = ranges(begins[heads], count[heads])
    pattern = numbers(pieces["pattern"])[piece]
    size = patterns["calls"].to_numpy().astype(np.int64)[pattern]
    taken = ranges(patterns["first_call"].to_numpy().astype(np.int64)[pattern], size)
    rows = calls.select("stop", "arrival_offset", "departure_offset", *SHOWN)[taken]
    of_piece = np.repeat(np.arange(len(piece)), size)
    apart = delta[piece][of_piece]
    begin_of = np.cumsum(count[heads]) - count[heads]
    inner_start = np.ones(len(piece), bool)
    inner_start[begin_of] = False
    if not inner_start.any():
        return _Rows(rows, np.cumsum(size) - size, size)
    moved = {
        name: np.where(
            (numbers(rows[name]) == UNKNOWN) | (apart == UNKNOWN),
            UNKNOWN,
            numbers(rows[name]) + apart,
        )
        for name in ("arrival_offset", "departure_offset")
    }
    first_rows = np.cumsum(size) - size
    joints = first_rows[inner_start]
    pickup = numbers(rows["pickup_type"]).copy()
    moved["departure_offset"][joints - 1] = moved["departure_offset"][joints]
    pickup[joints - 1] = pickup[joints]
    keep = np.ones(len(taken), bool)
    keep[joints] = False
    rows = rows.with_columns(
        pl.Series("pickup_type", pickup, pl.Int16),
        *(nullable(values, pl.Int32).alias(name) for name, values in moved.items()),
    ).filter(pl.Series(keep))
    of_ride = np.repeat(np.arange(len(heads)), count[heads])
    lengths = np.bincount(of_ride, weights=size - inner_start, minlength=len(heads)).astype(
        np.int64
    )
    return _Rows(rows, np.cumsum(lengths) - lengths, lengths)


def _to_local_times(rows: _Rows, local: np.ndarray, zone: np.ndarray) -> np.ndarray:
    """Change the offsets of calls to those of the clocks there; by how much the first clock of each
    sequence is ahead. `local` has a row for each sequence, `zone` the number of each stop's.
    """
    of_row = np.repeat(np.arange(len(local)), rows.lengths)
    stop = numbers(rows.calls["stop"], -1)
    shift = np.where(stop >= 0, local[of_row, zone[stop]], 0)
    first = _first_shift(rows, shift)
    for name in ("arrival_offset", "departure_offset"):
        offset = numbers(rows.calls[name])
        moved = np.where(offset == UNKNOWN, UNKNOWN, offset + shift - first[of_row])
        rows.calls = rows.calls.with_columns(nullable(moved, pl.Int32).alias(name))
    return first


def _first_shift(rows: _Rows, shift: np.ndarray) -> np.ndarray:
    """By how much the clock at the first timed call of each sequence is ahead of the agency's."""
    if not len(rows.lengths):
        return np.zeros(0, np.int64)
    timed = (
        rows.calls.select(
            pl.any_horizontal(pl.col("arrival_offset", "departure_offset").is_not_null())
        )
        .to_series()
        .to_numpy()
    )
    at = np.where(timed, np.arange(len(timed)), len(timed))
    first = np.minimum.reduceat(at, rows.begins)
    return np.where(first < len(timed), shift[np.minimum(first, len(timed) - 1)], 0)


def trains_of(
    trips: pl.DataFrame,
    courses: Courses,
    headways: pl.DataFrame,
    sets: DateSets,
    clocks: LocalClocks,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """See `Timetable.trains` and `Timetable.train_rides`."""
    facts = trips.select(
        "number", "route_id", "direction_id", "headsign", "rail", "end", ride="trip"
    )
    rides = courses.rides.join(facts, on="ride", how="left", maintain_order="left")
    repeat = headways.group_by("trip", maintain_order=True).agg(
        headways=pl.struct("start", "end", "headway", "exact").sort_by("start", "end", "headway")
    )
    rides = rides.join(
        repeat.select(ride="trip", headways="headways"),
        on="ride",
        how="left",
        maintain_order="left",
    ).with_columns(every=pl.col("headways").hash(1))
    rides = rides.with_columns(every=pl.when(pl.col("headways").is_not_null()).then("every"))
    kind, heads = same(rides.select("number", "route_id", "course", "start", "every"))
    kind, usual = _fold_nights(rides, kind, heads, courses, sets, clocks)
    rides = rides.with_columns(train=pl.Series(kind.astype(np.uint32)), usual=pl.Series(usual))
    together = rides.group_by("train", maintain_order=True).agg(
        pl.col("dates").filter("usual").unique().alias("usual_dates"),
        pl.col("dates").filter(~pl.col("usual")).unique().alias("odd_dates"),
        pl.len().alias("rides"),
        *(
            pl.col(name).filter("usual").first()
            for name in (
                "ride",
                "number",
                "route_id",
                "direction_id",
                "headsign",
                "rail",
                "course",
                "start",
                "headways",
            )
        ),
    )
    trains = together.with_columns(
        *(
            sets.unions(together[source]).alias(name)
            for name, source in (("dates", "usual_dates"), ("exceptions", "odd_dates"))
        )
    ).sort("train")
    ends = courses.courses.select("course", "first_station", "last_station", "calls")
    trains = trains.join(ends, on="course", how="left", maintain_order="left")
    return trains, rides.select(
        "train", "ride", "usual", "local_days", "service_dates", "dates"
    ).sort("train", "ride")


def _fold_nights(
    rides: pl.DataFrame,
    kind: np.ndarray,
    heads: np.ndarray,
    courses: Courses,
    sets: DateSets,
    clocks: LocalClocks,
) -> tuple[np.ndarray, np.ndarray]:
    """Trains that run only about a change of the clocks are exceptions of the train with their
    number and stations that runs most. Returns the train of each ride, numbered anew, and whether
    the ride goes by the train's own times.
    """
    usual = np.ones(len(kind), bool)
    breaks = np.array(clocks.breaks(), np.int64)
    several = rides.with_columns(kind=pl.Series(kind)).filter(pl.col("number").is_not_null())
    several = several.filter(pl.col("kind").n_unique().over("number", "route_id") > 1)
    if not len(breaks) or not several.height:
        return kind, usual
    near: dict[tuple[int, int], bool] = {}

    def at_night(number: int, reach: int) -> bool:
        """Whether trains of these dates, under way for so many days, all meet a change."""
        if (number, reach) not in near:
            days = sets[number].array()
            at = np.searchsorted(breaks, days - reach)
            after = breaks[np.minimum(at, len(breaks) - 1)]
            near[number, reach] = bool(len(days)) and bool(
                ((after - days <= reach) & (at < len(breaks))).all()
            )
        return near[number, reach]

    into: dict[int, int] = {}
    for _, group in several.group_by("number", "route_id", maintain_order=True):
        found = group.group_by("kind", maintain_order=True).agg(
            "dates", pl.col("course").first(), reach=pl.col("end").max().fill_null(0) // DAY + 2
        )
        by_way: dict[tuple[int, ...], list[tuple[int, int]]] = {}
        odd: list[tuple[tuple[int, ...], int]] = []
        for number, dates, course, reach in found.iter_rows():
            first, count = courses.courses["first_call"][course], courses.courses["calls"][course]
            way = tuple(courses.calls["station"].slice(first, count).to_list())
            if all(at_night(each, reach) for each in dates):
                odd.append((way, number))
            else:
                days = sum(len(sets[each]) for each in set(dates))
                by_way.setdefault(way, []).append((-days, number))
        for way, number in odd:
            if way in by_way:
                into[number] = min(by_way[way])[1]
    if into:
        usual = ~np.isin(kind, list(into))
        kind = np.array([into.get(each, each) for each in kind.tolist()], np.int64)
        _, kind = np.unique(kind, return_inverse=True)
    return kind, usual
