"""What a page shows: stations, trains, through coaches and lines, from the tables of a feed.

Times are made local at each station, and trips that a reader would call the same train become one
column: K27 with and without through coaches is one K27. A train that always becomes the next one
(95 becomes 52) is one train with two numbers. A link that holds on some days only is a through
coach.
"""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property, lru_cache
from typing import Any

import polars as pl

from gtfsgen import route_types
from gtfsgen.clocks import zone_or_utc
from gtfsgen.dates import Dates
from gtfsgen.render.names import Names, names_of
from gtfsgen.render.order import order_stations
from gtfsgen.render.service import day_of, middle_day, service_dates, union
from gtfsgen.render.tables import Rows
from gtfsgen.shapes.lines import Point, distance_m

MAX_CHAIN = 12
SAME_LINE_SHARE = 0.6
"""Trains belong to one line if this share of the stations of the shorter is on the longer."""
MAX_ROUTES_TO_COMPARE = 200
"""A railway with more routes than that has a line for each: comparing all would take minutes."""
MAX_STATIONS_TO_COMPARE = 60
IN_SEAT = "4"
MINUTE, DAY_MINUTES = 60, 24 * 60
DAY_S = DAY_MINUTES * 60
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CHANGES_EVERY_S = 900
"""Since 1973 all zones put their clocks forward or back at a full quarter of an hour of UTC."""


@dataclass(frozen=True)
class Station:
    station_id: str
    name: str
    point: Point | None
    zone: str


@dataclass(frozen=True)
class Stop:
    """A call in agency time: seconds of the service day."""

    station_id: str
    arrival_s: int | None
    departure_s: int | None
    boards: bool
    alights: bool
    estimate: bool


@dataclass(frozen=True)
class Trip:
    trip_id: str
    number: str
    route_id: str
    dates: Dates
    stops: tuple[Stop, ...]
    block_id: str
    shape_id: str
    headsign: str


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


@dataclass
class Column:
    """A train, or a through coach, as a column of a printed timetable."""

    numbers: tuple[str, ...]
    calls: list[Call]
    dates: Dates
    """Local dates of departure at the first station."""
    trips: list[tuple[Trip, ...]]
    """The trips it stands for: chains of linked ones."""
    route_id: str
    through: bool = False
    handovers: list[int] = field(default_factory=list)
    """Places in `calls` where a through coach passes from one train to another."""
    every: tuple[tuple[int, int, int], ...] = ()
    """(from, until, seconds between) in minutes, where frequencies.txt has the trip repeat."""

    @property
    def label(self) -> str:
        return " › ".join(self.numbers)

    @property
    def key(self) -> str:
        return "+".join(trip.trip_id for trip in self.trips[0]) if self.trips else self.label


@dataclass
class Table:
    """One direction of a line. `stations` are (station, nth time) in order."""

    stations: list[tuple[str, int]]
    columns: list[Column]


@dataclass
class Line:
    name: str
    route_ids: list[str]
    tables: list[Table]

    @property
    def columns(self) -> list[Column]:
        return [column for table in self.tables for column in table.columns]


@dataclass
class Service:
    """All that the page's parts draw from."""

    title: str
    agencies: list[str]
    zone: str
    stations: dict[str, Station]
    names: Names
    lines: list[Line]
    shapes: dict[str, list[Point]]
    colours: dict[str, str]
    route_names: dict[str, str]
    period: tuple[date, date] | None
    feed_info: Mapping[str, str | None]
    attributions: list[str]
    trip_count: int
    station_of: dict[str, str]
    dates: dict[str, Dates]
    routes: dict[str, tuple[Any, ...]]
    """id, short name, long name, type, colour, agency, text colour."""

    @cached_property
    def shown_stations(self) -> list[Station]:
        used = {call.station_id for line in self.lines for c in line.columns for call in c.calls}
        return [station for key, station in self.stations.items() if key in used]


def instant(day: date, seconds: int, zone: str) -> datetime:
    """GTFS time: seconds since noon minus twelve hours of the service day."""
    return _noon(day, zone) + timedelta(seconds=seconds - 12 * 3600)


FIRST_MOMENT_S = (date(2, 1, 1) - EPOCH.date()).days * 86400
LAST_MOMENT_S = (date(9998, 1, 1) - EPOCH.date()).days * 86400


@lru_cache(maxsize=1 << 16)
def _offset_s(zone: str, number: int) -> int:
    """By how many seconds clocks are ahead of UTC in a quarter of an hour, counted from `EPOCH`.

    Beyond what Python has dates for, as in the first or the last years.
    """
    seconds = min(max(number * CHANGES_EVERY_S, FIRST_MOMENT_S), LAST_MOMENT_S)
    moment = EPOCH + timedelta(seconds=seconds)
    offset = moment.astimezone(zone_or_utc(zone)).utcoffset()
    assert offset is not None
    return int(offset.total_seconds())


@lru_cache(maxsize=4096)
def _noon(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(12), zone_or_utc(zone)).astimezone(UTC)


def service_of(
    tables: Mapping[str, pl.DataFrame], *, routes_in_columns: Iterable[str] | None = None
) -> Service:
    """The trains of a feed, each a column of a timetable.

    `routes_in_columns` names the routes whose trains are wanted as columns; all by default.
    """
    rows = Rows(tables)
    agencies = rows.rows("agency", "agency_name", "agency_timezone")
    zone = next((zone for _, zone in agencies if zone), "UTC") or "UTC"
    stations, station_of = _stations(rows, zone)
    routes = {
        row[0]: row
        for row in rows.rows(
            "routes",
            "route_id",
            "route_short_name",
            "route_long_name",
            "route_type",
            "route_color",
            "agency_id",
            "route_text_color",
        )
        if row[0]
    }
    dates = service_dates(rows)
    wanted = None if routes_in_columns is None else set(routes_in_columns)
    chosen = [route for route in routes if wanted is None or route in wanted]
    trips = _trips(rows, chosen, routes, dates, station_of)
    rails = {route for route in chosen if _is_rail(routes[route][3])}
    columns = _columns(trips, _links(rows, trips, rails), stations, zone, headways_of(rows))
    lines = _lines(columns, rails, stations, routes, zone)
    period = _period(rows, dates)
    shape_ids = {trip.shape_id for trip in trips.values()} - {""}
    info = rows.frame(
        "feed_info",
        "feed_publisher_name",
        "feed_publisher_url",
        "feed_lang",
        "default_lang",
        "feed_version",
    )
    names = [str(name) for name, _ in agencies if name]
    return Service(
        title=_title(lines, names),
        agencies=names,
        zone=zone,
        stations=stations,
        names=names_of(rows, stations),
        lines=lines,
        shapes=_shapes(rows, shape_ids),
        station_of=station_of,
        dates=dates,
        routes=routes,
        colours={route: row[4] or "" for route, row in routes.items()},
        route_names={r: row[1] or row[2] or str(r) for r, row in routes.items()},
        period=period,
        feed_info=info.row(0, named=True) if info.height else {},
        attributions=[
            str(row[0]) for row in rows.rows("attributions", "organization_name") if row[0]
        ],
        trip_count=rows.frame("trips", "trip_id").height,
    )


def _is_rail(kind: str | None) -> bool:
    return route_types.is_rail(kind)


def _stations(rows: Rows, zone: str) -> tuple[dict[str, Station], dict[str, str]]:
    """Stations by id, and the station of each stop: platforms stand for their station."""
    found, parents, zones = {}, {}, {}
    for stop, name, lat, lon, parent, own in rows.rows(
        "stops", "stop_id", "stop_name", "stop_lat", "stop_lon", "parent_station", "stop_timezone"
    ):
        if stop is None:
            continue
        parents[stop] = parent or ""
        zones[stop] = own or ""
        found[stop] = (name, _point(lat, lon))
    station_of: dict[str, str] = {}
    stations: dict[str, Station] = {}
    for stop, parent in parents.items():
        station = parent if parent in found and found[parent][0] else stop
        station_of[stop] = station
        name, point = found[station]
        # A stop inherits its station's zone, and a station without one the agency's.
        stations[station] = Station(
            station, name or station, point or found[stop][1], zones[station] or zone
        )
    return stations, station_of


def _point(lat: str | None, lon: str | None) -> Point | None:
    try:
        point = float(lat or "nan"), float(lon or "nan")
    except ValueError:
        return None
    usable = -90 <= point[0] <= 90 and -180 <= point[1] <= 180 and point != (0.0, 0.0)
    return point if usable else None


def _trips(
    rows: Rows,
    chosen: list[str],
    routes: Mapping[str, tuple[Any, ...]],
    dates: Mapping[str, Dates],
    station_of: Mapping[str, str],
) -> dict[str, Trip]:
    trips = (
        rows.frame(
            "trips",
            "trip_id",
            "route_id",
            "service_id",
            "trip_short_name",
            "block_id",
            "shape_id",
            "trip_headsign",
        )
        .filter(pl.col("route_id").is_in(chosen))
        .unique("trip_id", keep="first", maintain_order=True)
    )
    calls = (
        rows.frame(
            "stop_times",
            "trip_id",
            "stop_sequence",
            "stop_id",
            "arrival_time",
            "departure_time",
            "pickup_type",
            "drop_off_type",
            "timepoint",
        )
        .join(trips.select("trip_id"), on="trip_id", how="semi")
        .with_columns(pl.col("stop_sequence").cast(pl.Int64, strict=False))
        .sort("trip_id", "stop_sequence", maintain_order=True)
    )
    stops: dict[str, list[Stop]] = defaultdict(list)
    for trip, _, stop, arrival, departure, pickup, drop_off, timepoint in calls.iter_rows():
        if stop in station_of:
            stops[trip].append(
                Stop(
                    station_of[stop],
                    seconds_of(arrival),
                    seconds_of(departure),
                    pickup != "1",
                    drop_off != "1",
                    timepoint == "0",
                )
            )
    return {
        trip: Trip(
            trip,
            short or routes[route][1] or routes[route][2] or trip,
            route,
            dates.get(service, Dates()),
            tuple(stops[trip]),
            block or "",
            shape or "",
            headsign or "",
        )
        for trip, route, service, short, block, shape, headsign in trips.iter_rows()
        if len(stops.get(trip, ())) > 1 and any(s.departure_s is not None for s in stops[trip])
    }


@lru_cache(maxsize=1 << 16)
def seconds_of(text: str | None) -> int | None:
    """`41:07:00` in seconds; None for what is no time."""
    parts = (text or "").split(":")
    if len(parts) != 3 or not all(part.strip().isdigit() for part in parts):
        return None
    hours, minutes, seconds = map(int, parts)
    return hours * 3600 + minutes * 60 + seconds


def _first_s(trip: Trip) -> int:
    return next(
        s for stop in trip.stops for s in (stop.departure_s, stop.arrival_s) if s is not None
    )


def _last_s(trip: Trip) -> int:
    return next(
        s
        for stop in reversed(trip.stops)
        for s in (stop.arrival_s, stop.departure_s)
        if s is not None
    )


def _links(rows: Rows, trips: Mapping[str, Trip], rails: set[str]) -> dict[str, list[str]]:
    """Trip -> the trips its riders can stay aboard for: railway blocks, and transfers of type 4."""
    links: dict[str, list[str]] = defaultdict(list)
    for first, last, kind in rows.rows("transfers", "from_trip_id", "to_trip_id", "transfer_type"):
        if kind == IN_SEAT and first in trips and last in trips:
            links[str(first)].append(str(last))
    blocks: dict[str, list[Trip]] = defaultdict(list)
    for trip in trips.values():
        # A bus block is a vehicle's day, not a ride anyone takes.
        if trip.block_id and trip.route_id in rails:
            blocks[trip.block_id].append(trip)
    for members in blocks.values():
        members.sort(key=_first_s)
        for index, trip in enumerate(members):
            unserved = trip.dates
            for after in members[index + 1 :]:
                shared = unserved & after.dates
                meets = trip.stops[-1].station_id == after.stops[0].station_id
                if shared and meets and _first_s(after) >= _last_s(trip):
                    links[trip.trip_id].append(after.trip_id)
                    unserved = unserved - shared
    # A chain may be told twice, by its block and by its transfers.
    return {trip: list(dict.fromkeys(nexts)) for trip, nexts in links.items()}


def headways_of(rows: Rows) -> dict[str, list[tuple[int, int, int]]]:
    """trip_id -> (first minute, last minute, seconds between) for trips that repeat."""
    found: dict[str, list[tuple[int, int, int]]] = defaultdict(list)
    for trip, start, end, headway in rows.rows(
        "frequencies", "trip_id", "start_time", "end_time", "headway_secs"
    ):
        first, last = seconds_of(start), seconds_of(end)
        if trip and headway and headway.isdigit() and first is not None and last is not None:
            found[trip].append((first // 60, last // 60, int(headway)))
    return {trip: sorted(bands) for trip, bands in found.items()}


def _local_calls(
    chain: tuple[Trip, ...], stations: Mapping[str, Station], zone: str
) -> tuple[list[Call], int]:
    """The calls of linked trips on the local clocks, and by how many days the first leaves late.

    The clock is that of a day in the middle of the running dates; where summer time differs
    between zones of one train, the printed table is right for most days and the calendar tells the
    rest.
    """
    day = middle_day(chain[0].dates) or date(2026, 1, 15)
    midnight_s = (instant(day, 0, zone) - EPOCH) // timedelta(seconds=1)

    # Where all clocks are the agency's and none is changed meanwhile, one offset will do.
    here = all(stations[stop.station_id].zone == zone for trip in chain for stop in trip.stops)
    first, last = midnight_s // CHANGES_EVERY_S, (midnight_s + 3 * DAY_S) // CHANGES_EVERY_S
    steady = _offset_s(zone, first) if _offset_s(zone, first) == _offset_s(zone, last) else None

    def clock_s(seconds: int, station_id: str) -> int:
        moment = midnight_s + seconds
        if here and steady is not None:
            return moment + steady
        return moment + _offset_s(stations[station_id].zone, moment // CHANGES_EVERY_S)

    start_day = clock_s(_first_s(chain[0]), chain[0].stops[0].station_id) // DAY_S

    def minutes(seconds: int | None, station_id: str) -> int | None:
        if seconds is None:
            return None
        return clock_s(seconds, station_id) // 60 - start_day * DAY_MINUTES

    calls: list[Call] = []
    for trip in chain:
        for stop in trip.stops:
            arrival = minutes(stop.arrival_s, stop.station_id)
            departure = minutes(stop.departure_s, stop.station_id)
            call = Call(
                stop.station_id,
                arrival,
                departure,
                stop.boards,
                stop.alights,
                stop.estimate,
                stop.estimate,
                trip.number,
            )
            if calls and stop is trip.stops[0] and calls[-1].station_id == stop.station_id:
                before = calls.pop()
                call = Call(
                    stop.station_id,
                    before.arrival,
                    departure,
                    stop.boards,
                    before.alights,
                    before.arrival_estimate,
                    stop.estimate,
                    trip.number,
                )
            calls.append(call)
    calls[0] = _ends(calls[0], arrival=False)
    calls[-1] = _ends(calls[-1], arrival=True)
    return calls, start_day - (day - EPOCH.date()).days


def _ends(call: Call, arrival: bool) -> Call:
    """A train only leaves its first station and only reaches its last."""
    moment = call.arrival if arrival else call.departure
    if moment is None:
        moment = call.departure if arrival else call.arrival
    return Call(
        call.station_id,
        moment if arrival else None,
        None if arrival else moment,
        call.boards,
        call.alights,
        call.arrival_estimate,
        call.departure_estimate,
        call.number,
    )


def _columns(
    trips: Mapping[str, Trip],
    links: Mapping[str, list[str]],
    stations: Mapping[str, Station],
    zone: str,
    headways: Mapping[str, list[tuple[int, int, int]]],
) -> list[Column]:
    """Trains and through coaches: see the module's account of what is one."""
    numbers: dict[tuple[Any, ...], int] = {}
    alike: dict[str, int] = {}
    members: dict[int, list[Trip]] = defaultdict(list)
    for trip in trips.values():
        calls, _ = _local_calls((trip,), stations, zone)
        printed = (trip.number, trip.route_id, tuple(calls), tuple(headways.get(trip.trip_id, ())))
        # A number stands for what is printed: comparing whole timetables again and again is slow.
        alike[trip.trip_id] = numbers.setdefault(printed, len(numbers))
        members[alike[trip.trip_id]].append(trip)
    before: dict[str, list[str]] = defaultdict(list)
    for first, nexts in links.items():
        for last in nexts:
            before[last].append(first)

    def only_next(key: int) -> int | None:
        """The train that this one always becomes, and that comes from nowhere else."""
        nexts = [links.get(trip.trip_id, []) for trip in members[key]]
        if any(len(n) != 1 for n in nexts):
            return None
        keys = {alike[n[0]] for n in nexts}
        if len(keys) != 1:
            return None
        (after,) = keys
        origins = [before[trip.trip_id] for trip in members[after]]
        sole = all(len(o) == 1 and alike[o[0]] == key for o in origins)
        return after if sole and after != key else None

    always = {key: after for key in members if (after := only_next(key)) is not None}
    absorbed = set(always.values())
    heads = [key for key in members if key not in absorbed]
    unit_of: dict[int, int] = {}
    columns = []
    for number, head in enumerate(heads):
        keys = [head]
        while keys[-1] in always and always[keys[-1]] not in keys:
            keys.append(always[keys[-1]])
        unit_of.update(dict.fromkeys(keys, number))
        chains = []
        for trip in members[head]:
            chain = [trip]
            for _ in keys[1:]:
                chain.append(trips[links[chain[-1].trip_id][0]])
            chains.append(tuple(chain))
        columns.append(
            _column(chains, stations, zone, every=tuple(headways.get(chains[0][0].trip_id, ())))
        )
    through: dict[tuple[Any, ...], list[tuple[Trip, ...]]] = defaultdict(list)
    for trip_id in trips:
        if not before.get(trip_id) and links.get(trip_id):
            for path in _chains(trip_id, links):
                if len({unit_of.get(alike[t], -1) for t in path}) > 1:
                    through[tuple(alike[t] for t in path)].append(tuple(trips[t] for t in path))
    for ridden, rides in through.items():
        units = [unit_of.get(key, -1) for key in ridden]
        joints = [n for n in range(1, len(units)) if units[n] != units[n - 1]]
        column = _column(rides, stations, zone, through=True)
        lengths = [len(trip.stops) for trip in rides[0]]
        # Two trips that meet share the call at their joint, so each adds its stops less one.
        column.handovers = [sum(lengths[:n]) - n for n in joints]
        columns.append(column)
    return columns


def _column(
    chains: list[tuple[Trip, ...]],
    stations: Mapping[str, Station],
    zone: str,
    *,
    through: bool = False,
    every: tuple[tuple[int, int, int], ...] = (),
) -> Column:
    calls, shift = _local_calls(chains[0], stations, zone)
    dates = []
    for chain in chains:
        shared = chain[0].dates
        for trip in chain[1:]:
            shared = shared & trip.dates or shared
        dates.append(shared.shift(_local_calls(chain, stations, zone)[1] if shared else shift))
    numbers = tuple(dict.fromkeys(trip.number for trip in chains[0]))
    return Column(numbers, calls, union(dates), chains, chains[0][0].route_id, through, every=every)


def _chains(start: str, links: Mapping[str, list[str]]) -> Iterable[list[str]]:
    """All ways to stay aboard from `start` to an end."""
    paths = [[start]]
    while paths:
        path = paths.pop()
        nexts = [trip for trip in links.get(path[-1], []) if trip not in path]
        if not nexts or len(path) >= MAX_CHAIN:
            yield path
        paths += [[*path, trip] for trip in reversed(nexts)]


def _lines(
    columns: list[Column],
    rails: set[str],
    stations: Mapping[str, Station],
    routes: Mapping[str, tuple[Any, ...]],
    zone: str,
) -> list[Line]:
    """Columns gathered to lines: railways by the stations they share, others by route.

    Trains that hand coaches to each other are one line. Others join a line that serves much the
    same stations, or one of their own route: a local train is no part of the night train's table
    because it runs along a piece of its way.
    """
    by_route: dict[str, list[Column]] = defaultdict(list)
    # Home comes first: a line is named from the end that lies in the agency's zone.
    away = {key for key, station in stations.items() if station.zone != zone}
    ordered = sorted(columns, key=lambda c: (-len(c.calls), c.calls[0].station_id in away, c.label))
    rail = [column for column in ordered if column.route_id in rails]
    many = len({column.route_id for column in rail}) > MAX_ROUTES_TO_COMPARE
    for column in ordered:
        if many or column.route_id not in rails:
            by_route[column.route_id].append(column)
    groups: list[tuple[set[str], set[str], list[Column]]] = []
    for members in _linked(rail) if not many else ():
        served = {call.station_id for column in members for call in column.calls}
        own = {column.route_id for column in members}
        for known, routes_known, group in groups:
            common = len(served & known)
            least = (
                min(len(served), len(known)) if own & routes_known else max(len(served), len(known))
            )
            if common > 1 and common >= SAME_LINE_SHARE * least:
                group += members
                known |= served
                routes_known |= own
                break
        else:
            groups.append((served, own, list(members)))
    lines = [_line(members, stations, routes, True) for _, _, members in groups]
    lines += [_line(m, stations, routes, route in rails) for route, m in by_route.items()]
    lines.sort(
        key=lambda line: (-any(c.through for c in line.columns), -len(line.columns), line.name)
    )
    return lines


def _linked(columns: list[Column]) -> list[list[Column]]:
    """Columns that stand for some of the same trips, together; in their own order."""
    group_of: dict[str, int] = {}
    groups: dict[int, list[int]] = {}
    for number, column in enumerate(columns):
        trips = {trip.trip_id for chain in column.trips for trip in chain}
        joined = sorted({group_of[trip] for trip in trips if trip in group_of})
        members = sorted([number, *(n for key in joined for n in groups.pop(key))])
        groups[members[0]] = members
        for member in members:
            for chain in columns[member].trips:
                group_of.update((trip.trip_id, members[0]) for trip in chain)
    return [[columns[n] for n in groups[key]] for key in sorted(groups)]


def _line(
    columns: list[Column],
    stations: Mapping[str, Station],
    routes: Mapping[str, tuple[Any, ...]],
    rail: bool,
) -> Line:
    main = max(columns, key=lambda c: (len(c.calls), c.through))
    sides = _there_and_back(columns, main, stations)
    ends = main.calls[0].station_id, main.calls[-1].station_id
    name = " – ".join(stations[end].name for end in ends)
    row = routes[main.route_id]
    if not rail:
        name = " ".join(part for part in (row[1], row[2] or name) if part)
    tables = [_table(direction) for direction in sides if direction]
    return Line(name, sorted({column.route_id for column in columns}), tables)


def _there_and_back(
    columns: list[Column], main: Column, stations: Mapping[str, Station]
) -> tuple[list[Column], list[Column]]:
    """Two directions, by the order of stations that each side knows already; the longest first.

    A column that shares no two stations with either goes the way it lies on the map.
    """
    sides: tuple[list[Column], list[Column]] = ([], [])
    pairs: tuple[set[Any], set[Any]] = (set(), set())
    for column in [
        main,
        *(c for c in sorted(columns, key=lambda c: -len(c.calls)) if c is not main),
    ]:
        served = list(dict.fromkeys(call.station_id for call in column.calls))
        own = set(itertools.combinations(served[:MAX_STATIONS_TO_COMPARE], 2))
        turned = {(b, a) for a, b in own}
        forward = len(own & pairs[0]) + len(turned & pairs[1])
        backward = len(own & pairs[1]) + len(turned & pairs[0])
        if forward == backward:
            forward, backward = (1, 0) if _same_way(column, main, stations) else (0, 1)
        side = 0 if forward >= backward else 1
        sides[side].append(column)
        pairs[side].update(own)
    return sides


def _same_way(column: Column, main: Column, stations: Mapping[str, Station]) -> bool:
    ways = []
    for each in (column, main):
        first, last = (stations[each.calls[n].station_id].point for n in (0, -1))
        if not first or not last:
            return True
        ways.append((last[0] - first[0], last[1] - first[1]))
    (a, b), (c, d) = ways
    return a * c + b * d >= 0


def _table(columns: list[Column]) -> Table:
    """All stations in one order, and the columns in the order of setting out along it."""
    runs = Counter(tuple(occurrences(column)) for column in columns)
    stations = order_stations(runs.items())
    rank = {key: number for number, key in enumerate(stations)}

    def order(column: Column) -> tuple[Any, ...]:
        start = rank[occurrences(column)[0]]
        # Through coaches first: they are what a page of a railway is opened for.
        return (not column.through, start, column.calls[0].departure or 0, column.label)

    return Table(stations, sorted(columns, key=order))


def occurrences(column: Column) -> list[tuple[str, int]]:
    """The stations of a column with a count, so that a loop can call twice at one."""
    seen: Counter[str] = Counter()
    keys = []
    for call in column.calls:
        keys.append((call.station_id, seen[call.station_id]))
        seen[call.station_id] += 1
    return keys


def _period(rows: Rows, dates: Mapping[str, Dates]) -> tuple[date, date] | None:
    for start, end in rows.rows("feed_info", "feed_start_date", "feed_end_date"):
        first, last = day_of(start), day_of(end)
        if first and last:
            return first, last
    running = union(dates.values())
    return (running.first, running.last) if running else None


def _shapes(rows: Rows, wanted: set[str]) -> dict[str, list[Point]]:
    points = (
        rows.frame("shapes", "shape_id", "shape_pt_lat", "shape_pt_lon", "shape_pt_sequence")
        .filter(pl.col("shape_id").is_in(list(wanted)))
        .with_columns(
            pl.col("shape_pt_lat", "shape_pt_lon").cast(pl.Float64, strict=False),
            pl.col("shape_pt_sequence").cast(pl.Int64, strict=False),
        )
        .drop_nulls()
        .sort("shape_id", "shape_pt_sequence")
    )
    shapes: dict[str, list[Point]] = defaultdict(list)
    for shape_id, lat, lon, _ in points.iter_rows():
        shapes[shape_id].append((lat, lon))
    return dict(shapes)


def _title(lines: list[Line], agencies: list[str]) -> str:
    if lines and len(lines) <= 2:
        return ", ".join(line.name for line in lines)
    return ", ".join(agencies[:3]) or "Timetable"


def distances_km(table: Table, stations: Mapping[str, Station]) -> list[float]:
    """How far each station of a table is along it, as the crow flies from one to the next."""
    total, before, found = 0.0, None, []
    for station_id, _ in table.stations:
        point = stations[station_id].point
        if point and before:
            total += distance_m(before, point) / 1000
        before = point or before
        found.append(total)
    return found
