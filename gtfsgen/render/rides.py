"""Rides of the timetable room with their calls, on the clocks of all their days."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from gtfsgen.clocks import DAY, NOON
from gtfsgen.dates import EPOCH, Dates
from gtfsgen.timetable import Timetable
from gtfsgen.timetable.columns import ranges

if TYPE_CHECKING:
    from gtfsgen.render.trains import Route

CLOSED = 1
ON_REQUEST = (2, 3)
"""pickup_type and drop_off_type: riders telephone the agency, or speak to the driver."""
ESTIMATE = 0
CALLS_AT_ONCE = 1 << 20


@dataclass(frozen=True)
class Call:
    """A call as printed: minutes since midnight of the column's first day, on the clock there."""

    station_id: str
    arrival: int | None
    departure: int | None
    boards: bool
    alights: bool
    arrival_estimate: bool
    departure_estimate: bool
    number: str
    """The train's number when it leaves."""
    request: bool = False
    """It stops if someone asks: the driver or by telephone."""


@dataclass(frozen=True)
class Way:
    """The calls of a ride in local minutes of its service day, on some of its service dates."""

    dates: Dates
    calls: tuple[Call, ...]
    rare: bool = False
    """All of these dates are about a change of clocks, and there are others."""


@dataclass
class Ride:
    """A train on its service days: a trip, or the pieces of one number joined again."""

    ride: int
    train: int
    label: str
    route_id: str
    rail: bool
    trip_ids: tuple[str, ...]
    dates: Dates
    """Service dates."""
    own_days: int
    """Whole days after midnight of the service day at which it sets out, by the agency's clock."""
    every: tuple[tuple[int, int, int], ...]
    ways: list[Way] = field(default_factory=list)
    """The one of most days first."""


def rides_of_routes(
    timetable: Timetable,
    chosen: Sequence[str],
    routes: Mapping[str, Route],
    left_out: dict[str, int],
) -> dict[int, Ride]:
    """Ride number -> the rides of some routes; what calls at no station is counted."""
    if not chosen:
        return {}
    frame = _facts(timetable, chosen)
    if not frame.height:
        return {}
    pieces: dict[int, list[str]] = defaultdict(list)
    members = timetable.ride_trips.join(frame.select("ride"), on="ride", how="semi")
    names = timetable.trips["trip_id"].gather(members["trip"]).cast(pl.String)
    for ride, trip in zip(members["ride"].to_list(), names.to_list(), strict=True):
        pieces[ride].append(trip)
    rides: dict[int, Ride] = {}
    usual = _usual_calls(timetable, frame["course"].unique().to_list())
    steady = _steady(timetable, frame)
    unsteady = []
    for row, still in zip(frame.iter_rows(named=True), steady, strict=True):
        route = routes[row["route_id"] or ""]
        label = row["number"] or route.short_name or route.long_name or row["trip_id"]
        ride = Ride(
            row["ride"], row["train"], label, route.route_id, row["rail"],
            tuple(pieces[row["ride"]]), timetable.dates(row["service_dates"]),
            (row["own_start"] or 0) // DAY, _every(row),
        )  # fmt: skip
        if not usual[row["course"]]:
            left_out["trips_without_stations"] = left_out.get("trips_without_stations", 0) + 1
            continue
        rides[ride.ride] = ride
        start = None if row["start"] is None else row["start"] + row["local_days"] * DAY
        calls = tuple(_call(each, start, label) for each in usual[row["course"]])
        ride.ways = [Way(ride.dates, calls, not row["usual"])]
        if not still and ride.dates:
            unsteady.append(ride)
    _put_on_clocks(timetable, unsteady)
    return rides


def _facts(timetable: Timetable, chosen: Sequence[str]) -> pl.DataFrame:
    """The rides of some routes with what their trains and first trips say."""
    trips = timetable.trips.select(
        "trip", "trip_id", "number", "route_id", "rail", own_start="start", ride="trip"
    ).with_columns(pl.col("trip_id", "route_id").cast(pl.String))
    frame = timetable.rides.join(trips, on="ride", how="left", maintain_order="left")
    frame = frame.filter(pl.col("route_id").fill_null("").is_in(list(chosen)))
    trains = timetable.train_rides.select("ride", "train", "usual")
    frame = frame.join(trains, on="ride", how="left", maintain_order="left")
    every = timetable.trains.select("train", "headways")
    return frame.join(every, on="train", how="left", maintain_order="left")


def _every(row: Mapping[str, Any]) -> tuple[tuple[int, int, int], ...]:
    """Headways in minutes of the clock at the first station."""
    if not row["headways"]:
        return ()
    ahead = 0
    if row["start"] is not None and row["own_start"] is not None:
        ahead = row["start"] + row["local_days"] * DAY - row["own_start"]
    return tuple(
        ((h["start"] + ahead) // 60, (h["end"] + ahead) // 60, h["headway"])
        for h in row["headways"]
    )


RawCall = tuple[str, int | None, int | None, bool, bool, bool, bool]
"""station_id, arrival and departure in seconds, boards, alights, estimate, request."""


def _usual_calls(timetable: Timetable, courses: Iterable[int]) -> dict[int, list[RawCall]]:
    """The calls of courses, times counted from the start, without those at no station."""
    wanted = sorted(courses)
    table = timetable.courses[wanted]
    first, size = (table[name].to_numpy().astype(np.int64) for name in ("first_call", "calls"))
    rows = timetable.course_calls[ranges(first, size)]
    found: dict[int, list[RawCall]] = {course: [] for course in wanted}
    shown = _raw(
        timetable, rows.rename({"arrival_offset": "arrival", "departure_offset": "departure"})
    )
    for course, call in zip(rows["course"].to_list(), shown, strict=True):
        if call[0] is not None:
            found[course].append(call)
    return found


def _raw(timetable: Timetable, rows: pl.DataFrame) -> Iterable[RawCall]:
    stations = timetable.stops["stop_id"].cast(pl.String)
    pickup, drop_off = pl.col("pickup_type"), pl.col("drop_off_type")
    return rows.select(
        stations.gather(rows["station"]).alias("station_id"),
        "arrival",
        "departure",
        boards=pickup != CLOSED,
        alights=drop_off != CLOSED,
        estimate=pl.col("timepoint") == ESTIMATE,
        request=pickup.is_in(ON_REQUEST) | drop_off.is_in(ON_REQUEST),
    ).iter_rows()


def _call(raw: RawCall, start: int | None, number: str) -> Call:
    station, arrival, departure, boards, alights, estimate, request = raw
    return Call(
        station,
        None if arrival is None or start is None else (start + arrival) // 60,
        None if departure is None or start is None else (start + departure) // 60,
        boards, alights, estimate, estimate, number, request,
    )  # fmt: skip


def _steady(timetable: Timetable, frame: pl.DataFrame) -> list[bool]:
    """Whether the usual times of a ride hold on every date.

    They do where no clock in use changes; and at stations with the agency's clock where no change
    of it falls between the ride and noon of its day, by which its times are counted.
    """
    if timetable.spans.height == 1 and bool(timetable.spans["steady"][0]):
        return [True] * frame.height
    home = timetable.zone
    abroad = (
        timetable.course_calls.select(
            "course", away=timetable.stops["zone"].gather(timetable.course_calls["station"]) != home
        )
        .group_by("course")
        .agg(pl.col("away").any())
    )
    before, after = _change_seconds(timetable)
    ends = timetable.ride_trips.join(timetable.trips.select("trip", "end"), on="trip", how="left")
    ends = ends.group_by("ride").agg(end=(pl.col("end") + pl.col("piece_days") * DAY).max())
    rows = frame.join(abroad, on="course", how="left", maintain_order="left").join(
        ends, on="ride", how="left", maintain_order="left"
    )
    calm = (pl.col("own_start") >= before) & (pl.col("end") < after)
    return rows.select((calm & ~pl.col("away")).fill_null(True)).to_series().to_list()


def _change_seconds(timetable: Timetable) -> tuple[int, int]:
    """Seconds of the service day between which a ride meets no change of the agency's clock, which
    is counted from noon.
    """
    before, after = 0, 1 << 40
    home = timetable.clocks.home
    for change in home.changes:
        day = change.at // DAY
        for start in home.day_starts(np.array([day - 1, day, day + 1])).tolist():
            second = change.at - start
            if second <= NOON:
                before = max(before, second)
            else:
                after = min(after, second)
    return before, after


def _put_on_clocks(timetable: Timetable, rides: list[Ride]) -> None:
    """The ways of rides whose local times are not the same on all dates."""
    spans = [
        (Dates.between(first, last), steady) for first, last, steady in timetable.spans.iter_rows()
    ]
    number = {trip: n for n, trip in enumerate(timetable.trips["trip_id"].cast(pl.String))}
    days_of: dict[int, int] = dict(timetable.ride_trips.select("trip", "piece_days").iter_rows())
    parts: dict[Dates, list[tuple[Dates, bool]]] = {}
    batch: list[tuple[Ride, Dates, bool, list[int], list[int]]] = []
    size = 0
    for ride in rides:
        if ride.dates not in parts:
            cut = [(ride.dates & span, steady) for span, steady in spans]
            parts[ride.dates] = [(days, steady) for days, steady in cut if days]
        trips = [number[trip] for trip in ride.trip_ids]
        for days, steady in parts[ride.dates]:
            day = (days.first - EPOCH).days
            batch.append((ride, days, steady, trips, [day + days_of[trip] for trip in trips]))
            size += len(ride.ways[0].calls)
        if size > CALLS_AT_ONCE:
            _set_ways(timetable, batch)
            batch, size = [], 0
    if batch:
        _set_ways(timetable, batch)


def _set_ways(
    timetable: Timetable, batch: list[tuple[Ride, Dates, bool, list[int], list[int]]]
) -> None:
    """Each ride's ways by the exact clocks of a day of each stretch of its dates."""
    trips = np.array([trip for *_, trips, _ in batch for trip in trips])
    days = np.array([day for *_, days in batch for day in days])
    first = np.array([days[0] for *_, days in batch for _ in days])
    of_row = [n for n, (*_, trips, _) in enumerate(batch) for _ in trips]
    calls = timetable.calls_local(trips, days)
    since = pl.Series(first[calls["row"].to_numpy()]) * DAY
    calls = calls.with_columns(pl.col("arrival", "departure") - since)
    rows: list[list[list[RawCall]]] = [[] for _ in batch]
    before = -1
    for row, call in zip(calls["row"].to_list(), _raw(timetable, calls), strict=True):
        if row != before:
            rows[of_row[row]].append([])
            before = row
        if call[0] is not None:
            rows[of_row[row]][-1].append(call)
    found: dict[int, dict[tuple[Call, ...], tuple[Dates, bool]]] = defaultdict(dict)
    for (ride, dates, steady, *_), pieces in zip(batch, rows, strict=True):
        told = tuple(_call(each, 0, ride.label) for each in _together(pieces))
        known, odd = found[ride.ride].get(told, (Dates(), True))
        found[ride.ride][told] = (known | dates, odd and not steady)
    for ride in {each[0].ride: each[0] for each in batch}.values():
        folded = ride.ways[0].rare
        ways = sorted(found[ride.ride].items(), key=lambda way: (-len(way[1][0]), way[1][0].first))
        ride.ways = [
            Way(dates, told, folded or (n > 0 and odd))
            for n, (told, (dates, odd)) in enumerate(ways)
        ]


def _together(pieces: list[list[RawCall]]) -> list[RawCall]:
    """The calls of pieces of a train, one where two meet."""
    calls = list(pieces[0]) if pieces else []
    for piece in pieces[1:]:
        if calls and piece:
            last, first = calls.pop(), piece[0]
            calls.append(
                (last[0], last[1], first[2], first[3], last[4], last[5], last[6] or first[6])
            )
        calls += piece[1:] if calls else piece
    return calls
