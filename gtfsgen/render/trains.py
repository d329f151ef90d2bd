"""What a page shows in columns: trains, through coaches and lines, from the timetable room.

A ride of the room (`gtfsgen.timetable`) is a train on a day, cut pieces joined again. What always
becomes the next one (95 becomes 52) is one train with two numbers; a link that holds on some days
only is a through coach. Times are those of the station's clock on the day: where clocks of one
train change on different days it has a column for each stretch of the year, and in a night of
change one of its own, which the page shows when that date is chosen.
"""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cached_property
from typing import NamedTuple

import polars as pl

from gtfsgen import route_types
from gtfsgen.dates import EPOCH, Dates
from gtfsgen.render.names import Names, names_of
from gtfsgen.render.rides import Call, Ride, Way, rides_of_routes
from gtfsgen.render.tables import PageTables, page_tables
from gtfsgen.shapes.lines import Point, distance_m
from gtfsgen.timetable import Timetable
from gtfsgen.timetable.lines import station_order

__all__ = ["Call", "Column", "Line", "Route", "Service", "Station", "Table", "service_of"]

MAX_CHAIN = 12
MAX_WAYS = 2000
"""So many ways to stay aboard are looked for from one train; what is left is counted."""
SAME_LINE_SHARE = 0.6
"""Trains belong to one line if this share of the stations of the shorter is on the longer."""
MAX_ROUTES_TO_COMPARE = 200
"""A railway with more routes than that has a line for each: comparing all would take minutes."""
MAX_STATIONS_TO_COMPARE = 60
DAY_MINUTES = 24 * 60


class Route(NamedTuple):
    """A row of routes.txt; blank where it says nothing."""

    route_id: str
    short_name: str = ""
    long_name: str = ""
    kind: str = ""
    ink: str = ""
    agency_id: str = ""
    text_ink: str = ""


@dataclass(frozen=True)
class Station:
    station_id: str
    name: str
    point: Point | None
    zone: str


@dataclass
class Column:
    """A train, or a through coach, as a column of a printed timetable."""

    numbers: tuple[str, ...]
    calls: list[Call]
    dates: Dates
    """Dates of departure at the first station; see `_first_day`."""
    trip_ids: list[tuple[str, ...]]
    """The trips it stands for: chains of linked ones."""
    route_id: str
    through: bool = False
    handovers: list[int] = field(default_factory=list)
    """Places in `calls` where a through coach passes from one train to another."""
    every: tuple[tuple[int, int, int], ...] = ()
    """(from, until, seconds between) in minutes, where frequencies.txt has the trip repeat."""
    rare: bool = False
    """Other times of a train that has a column, in nights about a change of clocks."""
    route_ids: list[str] = field(default_factory=list)
    """Of all its trips: a train may go on as one of another route."""
    trip_days: dict[str, Dates] = field(default_factory=dict)
    """trip_id -> the dates of the column on which it is that trip that runs."""

    @property
    def label(self) -> str:
        return " › ".join(self.numbers)

    @property
    def key(self) -> str:
        return "+".join(self.trip_ids[0]) if self.trip_ids else self.label


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
    route_names: dict[str, str]
    period: tuple[date, date] | None
    """First and last day on which any trip runs."""
    feed_info: Mapping[str, str | None]
    attributions: list[str]
    trip_count: int
    station_of: dict[str, str]
    routes: dict[str, Route]
    left_out: dict[str, int] = field(default_factory=dict)

    @cached_property
    def shown_stations(self) -> list[Station]:
        used = {call.station_id for line in self.lines for c in line.columns for call in c.calls}
        return [station for key, station in self.stations.items() if key in used]


def service_of(
    tables: Mapping[str, pl.DataFrame] | PageTables,
    *,
    routes_in_columns: Iterable[str] | None = None,
) -> Service:
    """The trains of a feed, each a column of a timetable.

    `routes_in_columns` names the routes whose trains are wanted as columns; all by default.
    """
    known = tables if isinstance(tables, PageTables) else page_tables(tables)
    timetable, rows = known.timetable, known.rows
    stations, station_of = _stations(timetable)
    routes = _routes(known)
    wanted = None if routes_in_columns is None else set(routes_in_columns)
    chosen = [route for route in routes if wanted is None or route in wanted]
    left_out: dict[str, int] = {}
    columns = _columns(timetable, chosen, routes, left_out)
    rails = {route for route in chosen if is_rail(routes[route].kind)}
    lines = _lines(columns, rails, stations, routes, timetable.zone)
    info = rows.frame(
        "feed_info",
        "feed_publisher_name",
        "feed_publisher_url",
        "feed_lang",
        "default_lang",
        "feed_version",
    )
    names = [str(name) for (name,) in rows.rows("agency", "agency_name") if name]
    first, last = timetable.period
    runs = any(timetable.trips["dates"].unique().to_list()) if timetable.trips.height else False
    return Service(
        title=_title(lines, names),
        agencies=names,
        zone=timetable.zone,
        stations=stations,
        names=names_of(rows, stations),
        lines=lines,
        station_of=station_of,
        routes=routes,
        route_names={r: row.short_name or row.long_name or r for r, row in routes.items()},
        period=(EPOCH + timedelta(days=first), EPOCH + timedelta(days=last)) if runs else None,
        feed_info=info.row(0, named=True) if info.height else {},
        attributions=[
            str(row[0]) for row in rows.rows("attributions", "organization_name") if row[0]
        ],
        trip_count=timetable.trips.height,
        left_out=left_out,
    )


def is_rail(kind: str | None) -> bool:
    return route_types.is_rail(kind)


def _routes(tables: PageTables) -> dict[str, Route]:
    """The rows of routes.txt, and one of its id alone for each route that trips name in vain."""
    fields = (
        "route_id", "route_short_name", "route_long_name", "route_type", "route_color",
        "agency_id", "route_text_color",
    )  # fmt: skip
    routes: dict[str, Route] = {}
    for row in tables.rows.rows("routes", *fields):
        if row[0] is not None:
            routes.setdefault(row[0], Route(*(cell or "" for cell in row)))
    named = tables.timetable.trips["route_id"].cast(pl.String).unique(maintain_order=True)
    for route in named.to_list():
        routes.setdefault(route or "", Route(route or ""))
    return routes


def _stations(timetable: Timetable) -> tuple[dict[str, Station], dict[str, str]]:
    """Stations by id, and the station of each stop: platforms stand for their station."""
    stops = timetable.stops.with_columns(pl.col("stop_id", "station_id").cast(pl.String))
    station_of: dict[str, str] = {}
    stations: dict[str, Station] = {}
    columns = ("stop_id", "station", "station_id", "station_name", "zone", "lat", "lon")
    places = [_point(*place) for place in stops.select("lat", "lon").iter_rows()]
    for (stop, row, station, name, zone, *_), own in zip(
        stops.select(columns).iter_rows(), places, strict=True
    ):
        station_of[stop] = station
        known = stations.get(station)
        if known is None:
            stations[station] = Station(station, name or station, places[row] or own, zone)
        elif known.point is None and own:
            stations[station] = replace(known, point=own)
    return stations, station_of


def _point(lat: float | None, lon: float | None) -> Point | None:
    if lat is None or lon is None:
        return None
    usable = -90 <= lat <= 90 and -180 <= lon <= 180 and (lat, lon) != (0.0, 0.0)
    return (lat, lon) if usable else None


def seconds_of(text: str | None) -> int | None:
    """`41:07:00` in seconds; None for what is no time."""
    parts = (text or "").split(":")
    if len(parts) != 3 or not all(part.strip().isdigit() for part in parts):
        return None
    hours, minutes, seconds = map(int, parts)
    return hours * 3600 + minutes * 60 + seconds


class Onward(NamedTuple):
    """A ride goes on as another, `later` service days on, on these service dates of the first."""

    ride: int
    later: int
    dates: Dates


Chain = tuple[tuple[Ride, int], ...]
"""Rides one after another, each with how many service days it is after the first."""


def _links(timetable: Timetable, rides: Mapping[int, Ride]) -> dict[int, list[Onward]]:
    """Ride -> the rides that its riders can stay aboard for.

    That is what transfers of type 4 say, and of railways a block whose next train leads on: a
    railcar that turns round is the same vehicle, but nobody's journey.
    """
    if not rides:
        return {}
    in_ride = timetable.ride_trips
    links = timetable.links.filter(pl.col("in_seat"), pl.col("dates") > 0)
    for side in ("from", "to"):
        links = links.join(
            in_ride.select(pl.all().name.prefix(f"{side}_")), on=f"{side}_trip", how="inner"
        )
    links = links.filter(pl.col("from_ride") != pl.col("to_ride")).sort(
        "from_trip", "by", "to_trip", descending=[False, True, False]
    )
    found: dict[int, list[Onward]] = defaultdict(list)
    wanted = (
        "from_ride", "to_ride", "from_piece_days", "to_piece_days", "days_later", "dates", "by",
        "meets",
    )  # fmt: skip
    for before, after, late, early, later, dates, by, meets in links.select(wanted).iter_rows():
        one, other = rides.get(before), rides.get(after)
        if one is None or other is None or any(each.ride == after for each in found[before]):
            continue
        if by == "block" and not (one.rail and other.rail and meets and _leads_on(one, other)):
            continue
        days = timetable.dates(dates).shift(-late)
        found[before].append(Onward(after, (later or 0) + late - early, days))
    return {ride: nexts for ride, nexts in found.items() if nexts}


def _leads_on(one: Ride, other: Ride) -> bool:
    served = {call.station_id for call in one.ways[0].calls}
    return not any(call.station_id in served for call in other.ways[0].calls[1:])


def _columns(
    timetable: Timetable,
    chosen: list[str],
    routes: Mapping[str, Route],
    left_out: dict[str, int],
) -> list[Column]:
    """Trains and through coaches: see the module's account of what is one."""
    rides = rides_of_routes(timetable, chosen, routes, left_out)
    links = _links(timetable, rides)
    members: dict[int, list[Ride]] = defaultdict(list)
    for ride in rides.values():
        members[ride.train].append(ride)
    always = _always(rides, members, links)
    absorbed = set(always.values())
    unit_of: dict[int, int] = {}
    linked = set(links) | {n.ride for nexts in links.values() for n in nexts}
    made = _Columns(linked)
    for number, head in enumerate(key for key in members if key not in absorbed):
        keys = [head]
        while keys[-1] in always and always[keys[-1]] not in keys:
            keys.append(always[keys[-1]])
        unit_of.update(dict.fromkeys(keys, number))
        for ride in members[head]:
            chain: list[tuple[Ride, int]] = [(ride, 0)]
            for _ in keys[1:]:
                onward = links[chain[-1][0].ride][0]
                chain.append((rides[onward.ride], chain[-1][1] + onward.later))
            made.add(tuple(chain), ride.dates)
    for chain_, dates in _ways_aboard(rides, links, left_out):
        units = [unit_of.get(ride.train, -1) for ride, _ in chain_]
        joints = [n for n in range(1, len(units)) if units[n] != units[n - 1]]
        if joints:
            made.add(chain_, dates, joints)
    return made.columns()


def _always(
    rides: Mapping[int, Ride],
    members: Mapping[int, list[Ride]],
    links: Mapping[int, list[Onward]],
) -> dict[int, int]:
    """Train -> the train that it becomes on all its days, and that comes from nowhere else."""
    before: dict[int, list[tuple[int, Dates]]] = defaultdict(list)
    for first, nexts in links.items():
        for onward in nexts:
            days = onward.dates.shift(onward.later)
            before[onward.ride].append((rides[first].train, days))
    found = {}
    for key, trains in members.items():
        ways = [links.get(ride.ride, []) for ride in trains]
        if any(len(each) != 1 for each in ways):
            continue
        sole = [each[0] for each in ways]
        if any(not (r.dates and r.dates == n.dates) for r, n in zip(trains, sole, strict=True)):
            continue
        after = {rides[each.ride].train for each in sole}
        if len(after) != 1 or after == {key}:
            continue
        (only,) = after
        origins = [(before[ride.ride], ride.dates) for ride in members[only]]
        if all(len(o) == 1 and o[0] == (key, dates) for o, dates in origins):
            found[key] = only
    return found


def _ways_aboard(
    rides: Mapping[int, Ride], links: Mapping[int, list[Onward]], left_out: dict[str, int]
) -> Iterator[tuple[Chain, Dates]]:
    """All ways to stay aboard from where a coach sets out to where it stays, with the service
    dates of the first ride.
    """
    comes: dict[int, Dates] = defaultdict(Dates)
    for nexts in links.values():
        for onward in nexts:
            comes[onward.ride] = comes[onward.ride] | onward.dates.shift(onward.later)
    for start in links:
        dates = rides[start].dates - comes[start]
        open_: list[tuple[Chain, Dates]] = [(((rides[start], 0),), dates)] if dates else []
        told = 0
        while open_:
            chain, dates = open_.pop()
            told += 1
            if told > MAX_WAYS:
                left_out["ways_of_coaches"] = left_out.get("ways_of_coaches", 0) + len(open_) + 1
                break
            rest, further = dates, []
            last, late = chain[-1]
            been = {ride.ride for ride, _ in chain}
            for onward in links.get(last.ride, ()) if len(chain) < MAX_CHAIN else ():
                days = dates & onward.dates.shift(-late)
                if days and onward.ride not in been:
                    further.append(((*chain, (rides[onward.ride], late + onward.later)), days))
                    rest = rest - days
            if rest and len(chain) > 1:
                yield chain, rest
            open_ += reversed(further)


class _Columns:
    """Columns as they are found: what is printed alike is one, with the dates of all."""

    def __init__(self, linked: set[int]) -> None:
        self._linked = linked
        """Rides that come from another or go on as one."""
        self._found: dict[tuple[object, ...], Column] = {}

    def add(self, chain: Chain, dates: Dates, joints: Sequence[int] = ()) -> None:
        """A chain of rides on service dates of the first; `joints` are the places in it where a
        coach passes to another train.
        """
        for days, ways, rare in _on_the_clocks(chain, dates):
            calls, seams = _join([(way, late) for way, (_, late) in zip(ways, chain, strict=True)])
            first = self._first_day(chain, calls)
            calls = [_move(call, -first * DAY_MINUTES) for call in calls] if first else calls
            calls[0] = _end(calls[0], arrival=False)
            calls[-1] = _end(calls[-1], arrival=True)
            numbers = tuple(dict.fromkeys(ride.label for ride, _ in chain))
            handovers = [seams[joint - 1] for joint in joints]
            head = chain[0][0]
            every = tuple(
                (a - first * DAY_MINUTES, b - first * DAY_MINUTES, s) for a, b, s in head.every
            )
            key = (numbers, head.route_id, tuple(calls), every, tuple(handovers))
            shown = days.shift(first)
            trip_ids = tuple(trip for ride, _ in chain for trip in ride.trip_ids)
            known = self._found.get(key)
            if known is None:
                known = self._found[key] = Column(
                    numbers, calls, Dates(), [], head.route_id, bool(joints), handovers, every, rare
                )
            known.dates = known.dates | shown
            known.rare = known.rare and rare
            known.route_ids = list(
                dict.fromkeys([*known.route_ids, *(ride.route_id for ride, _ in chain)])
            )
            if trip_ids not in known.trip_ids:
                known.trip_ids.append(trip_ids)
            for trip in trip_ids:
                known.trip_days[trip] = known.trip_days.get(trip, Dates()) | shown

    def _first_day(self, chain: Chain, calls: list[Call]) -> int:
        """Days from the service date to the date a column is found by: the local date at its first
        station; but trains after midnight of a service day stay with it, as 0:30 +1.
        """
        moment = next((m for c in calls for m in (c.departure, c.arrival) if m is not None), 0)
        local = moment // DAY_MINUTES
        own = chain[0][0].own_days
        return (
            local - own if own > 0 and not any(r.ride in self._linked for r, _ in chain) else local
        )

    def columns(self) -> list[Column]:
        """Rare times are those of a train that has a column for its other days."""
        usual = {(c.numbers, c.route_id, c.through) for c in self._found.values() if not c.rare}
        for column in self._found.values():
            column.rare = column.rare and (column.numbers, column.route_id, column.through) in usual
        return list(self._found.values())


def _on_the_clocks(chain: Chain, dates: Dates) -> Iterator[tuple[Dates, list[Way], bool]]:
    """Service dates of the first ride, the way of each ride on them, whether they are rare."""
    found: list[tuple[Dates, list[Way], bool]] = [(dates, [], False)]
    for ride, late in chain:
        if len(ride.ways) == 1:
            found = [(d, [*w, ride.ways[0]], r or ride.ways[0].rare) for d, w, r in found]
            continue
        found = [
            (shared, [*ways, way], rare or way.rare)
            for days, ways, rare in found
            for way in ride.ways
            if (shared := days & way.dates.shift(-late))
        ]
    yield from found


def _join(ways: list[tuple[Way, int]]) -> tuple[list[Call], list[int]]:
    """The calls of rides one after another, in minutes of the first one's service day; and the
    places of the calls where they meet.
    """
    calls: list[Call] = []
    seams = []
    for way, late in ways:
        own = [_move(call, late * DAY_MINUTES) for call in way.calls] if late else list(way.calls)
        if calls and own and calls[-1].station_id == own[0].station_id:
            before, after = calls.pop(), own.pop(0)
            calls.append(
                replace(
                    after,
                    arrival=before.arrival,
                    alights=before.alights,
                    arrival_estimate=before.arrival_estimate,
                )
            )
            seams.append(len(calls) - 1)
        elif calls:
            seams.append(len(calls))
        calls += own
    return calls, seams


def _move(call: Call, minutes: int) -> Call:
    return replace(
        call,
        arrival=None if call.arrival is None else call.arrival + minutes,
        departure=None if call.departure is None else call.departure + minutes,
    )


def _end(call: Call, arrival: bool) -> Call:
    """A train only leaves its first station and only reaches its last."""
    moment = call.arrival if arrival else call.departure
    if moment is None:
        moment = call.departure if arrival else call.arrival
    return replace(call, arrival=moment if arrival else None, departure=None if arrival else moment)


def _lines(
    columns: list[Column],
    rails: set[str],
    stations: Mapping[str, Station],
    routes: Mapping[str, Route],
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
    alike: dict[tuple[frozenset[str], frozenset[str]], list[Column]] = {}
    for members in _linked(rail) if not many else ():
        served = {call.station_id for column in members for call in column.calls}
        own = {column.route_id for column in members}
        kind = frozenset(served), frozenset(own)
        if kind in alike:
            alike[kind] += members
            continue
        for known, routes_known, group in groups:
            common = len(served & known)
            least = (
                min(len(served), len(known)) if own & routes_known else max(len(served), len(known))
            )
            if common > 1 and common >= SAME_LINE_SHARE * least:
                group += members
                known |= served
                routes_known |= own
                alike[kind] = group
                break
        else:
            groups.append((served, own, list(members)))
            alike[kind] = groups[-1][2]
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
        trips = {trip for chain in column.trip_ids for trip in chain}
        joined = sorted({group_of[trip] for trip in trips if trip in group_of})
        members = sorted([number, *(n for key in joined for n in groups.pop(key))])
        groups[members[0]] = members
        for member in members:
            for chain in columns[member].trip_ids:
                group_of.update((trip, members[0]) for trip in chain)
    return [[columns[n] for n in groups[key]] for key in sorted(groups)]


def _line(
    columns: list[Column],
    stations: Mapping[str, Station],
    routes: Mapping[str, Route],
    rail: bool,
) -> Line:
    main = max(columns, key=lambda c: (len(c.calls), c.through))
    sides = _there_and_back(columns, main, stations)
    ends = main.calls[0].station_id, main.calls[-1].station_id
    name = " – ".join(stations[end].name for end in ends)
    row = routes[main.route_id]
    if not rail:
        name = " ".join(part for part in (row.short_name, row.long_name or name) if part)
    tables = [_table(direction) for direction in sides if direction]
    return Line(name, sorted({route for c in columns for route in c.route_ids}), tables)


def _there_and_back(
    columns: list[Column], main: Column, stations: Mapping[str, Station]
) -> tuple[list[Column], list[Column]]:
    """Two directions, by the order of stations that each side knows already; the longest first.

    A column that shares no two stations with either goes the way it lies on the map.
    """
    if len(columns) == 1:
        return columns, []
    by_way: dict[tuple[str, ...], list[Column]] = {}
    for column in sorted(columns, key=lambda c: (c is not main, -len(c.calls))):
        way = tuple(dict.fromkeys(call.station_id for call in column.calls))
        by_way.setdefault(way, []).append(column)
    sides: tuple[list[Column], list[Column]] = ([], [])
    pairs: tuple[set[tuple[str, str]], set[tuple[str, str]]] = (set(), set())
    for way, members in by_way.items():
        own = set(itertools.combinations(way[:MAX_STATIONS_TO_COMPARE], 2))
        turned = {(b, a) for a, b in own}
        forward = len(own & pairs[0]) + len(turned & pairs[1])
        backward = len(own & pairs[1]) + len(turned & pairs[0])
        if forward == backward:
            forward, backward = (1, 0) if _same_way(members[0], main, stations) else (0, 1)
        side = 0 if forward >= backward else 1
        sides[side].extend(members)
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
    stations = order_of_stations(
        Counter(tuple(call.station_id for call in column.calls) for column in columns)
    )
    rank = {key: number for number, key in enumerate(stations)}

    def order(column: Column) -> tuple[bool, int, int, str]:
        start = rank[occurrences(column)[0]]
        # Through coaches first: they are what a page of a railway is opened for.
        return (not column.through, start, column.calls[0].departure or 0, column.label)

    return Table(stations, sorted(columns, key=order))


def order_of_stations(ways: Mapping[tuple[str, ...], int]) -> list[tuple[str, int]]:
    """Stations, each with the how many-eth time it is called at, in the order of the room."""
    numbers = {key: n for n, key in enumerate(dict.fromkeys(s for way in ways for s in way))}
    names = list(numbers)
    coded = [([numbers[station] for station in way], trains) for way, trains in ways.items()]
    return [(names[station], nth) for (station, nth), _ in station_order(coded)]


def occurrences(column: Column) -> list[tuple[str, int]]:
    """The stations of a column with a count, so that a loop can call twice at one."""
    seen: Counter[str] = Counter()
    keys = []
    for call in column.calls:
        keys.append((call.station_id, seen[call.station_id]))
        seen[call.station_id] += 1
    return keys


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
