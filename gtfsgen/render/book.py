"""A feed as a book of timetables: its lines, each in columns or by the hour, and its stations."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import polars as pl

from gtfsgen import route_types
from gtfsgen.dates import Dates
from gtfsgen.render.dense import DenseTrips, Direction
from gtfsgen.render.markup import colour
from gtfsgen.render.service import union
from gtfsgen.render.tables import PageTables, Rows, page_tables
from gtfsgen.render.trains import Line, Route, Service, is_rail, service_of
from gtfsgen.timetable import Timetable

MAX_RAIL_COLUMNS = 400
"""A railway's route with more trips than this is told by hour and minute."""
MAX_COLUMNS = 40
"""The same for a bus or a metro, which nobody knows by train number."""
MAX_COLUMNS_ABROAD = 4000
"""The same for routes with through coaches or in several time zones, which only columns tell."""
MAX_TRIPS_IN_COLUMNS = 12_000
"""Columns are made one by one; a feed with more trips than this has its busiest routes by hour."""
MAX_CALLS_ON_ONE_PAGE = 3000


@dataclass
class BookLine:
    """A line with a page of its own. Either `line` holds its trains, or `dense` does."""

    key: str
    """Name of its page, without .html."""
    short: str
    long: str
    ink: str
    text_ink: str
    kind: str
    agency: str
    route_ids: list[str]
    trips: int
    line: Line | None = None
    dense: DenseTrips | None = None

    @property
    def name(self) -> str:
        return " ".join(part for part in (self.short, self.long) if part)

    @property
    def directions(self) -> list[Direction]:
        """Of a line by the hour, made anew each time: keep it for as long as it is needed."""
        return self.dense.directions(self.route_ids[0]) if self.dense else []

    @cached_property
    def station_ids(self) -> list[str]:
        """All stations of the line in order."""
        if self.dense:
            return self.dense.stations(self.route_ids[0])
        tables = self.line.tables if self.line else ()
        return list(dict.fromkeys(station for table in tables for station, _ in table.stations))

    @cached_property
    def dates(self) -> Dates:
        """All days on which one of its trains runs."""
        if self.dense:
            return self.dense.dates(self.route_ids[0])
        return union({column.dates for column in self.line.columns} if self.line else ())


@dataclass
class Book:
    service: Service
    tables: PageTables
    lines: list[BookLine]
    dense: DenseTrips
    station_keys: dict[str, str]
    """Stations of the lines -> name of their page, without .html."""
    trips_without_days: int
    left_out: dict[str, int]
    """How many trips are on no line's page, by why."""

    @property
    def rows(self) -> Rows:
        return self.tables.rows

    @property
    def flex_areas(self) -> Sequence[Mapping[str, Any]]:
        """Features of locations.geojson."""
        return self.tables.areas

    @cached_property
    def small(self) -> bool:
        """Whether all of it fits on one page that one reads to the end."""
        columns = sum(len(line.line.columns) for line in self.lines if line.line)
        calls = self.dense.trips.join(
            self.tables.timetable.patterns.select("pattern", "calls"), on="pattern", how="left"
        )["calls"].sum()
        return (
            calls < MAX_CALLS_ON_ONE_PAGE
            and columns <= 120
            and len(self.lines) <= 12
            and len(self.station_keys) <= 150
        )


def book_of(
    tables: Mapping[str, pl.DataFrame] | PageTables, flex_areas: Sequence[Mapping[str, Any]] = ()
) -> Book:
    """All lines of a feed.

    `tables` are frames of text by name without .txt; missing ones are empty. `flex_areas` are the
    features of locations.geojson.
    """
    known = tables if isinstance(tables, PageTables) else page_tables(tables, flex_areas)
    in_columns = _routes_in_columns(known)
    service = service_of(known, routes_in_columns=in_columns)
    dense = DenseTrips(known.timetable, sorted(set(service.routes) - set(in_columns)))
    agencies = {a or "": n or "" for a, n in known.rows.rows("agency", "agency_id", "agency_name")}
    place = {route: n for n, route in enumerate(sorted(service.routes))}
    lines = [_line_of_columns(line, service, agencies, place) for line in service.lines]
    lines += [_line_of_route(route, dense, service, agencies) for route in dense.routes]
    lines = [line for line in lines if line.station_ids]
    kinds = list(route_types.WORDS.values())
    lines.sort(
        key=lambda line: (line.agency, kinds.index(line.kind) if line.kind in kinds else 99,
                          _natural(line.short), _natural(line.long), line.route_ids)
    )  # fmt: skip
    _name_pages([line.short or line.long for line in lines], lines)
    used = dict.fromkeys(station for line in lines for station in line.station_ids)
    names = _slugs([service.stations[station].name for station in used])
    dateless = known.timetable.trips.filter(pl.col("dates") == 0).height
    stations = dict(zip(used, names, strict=True))
    return Book(
        service, known, lines, dense, stations, dateless, _left_out(known.timetable, lines, service)
    )


def _left_out(timetable: Timetable, lines: list[BookLine], service: Service) -> dict[str, int]:
    """Trips that are on no page of a line: without stop times, or at no station."""
    without = timetable.left_out.get("trips_without_calls", 0)
    at_none = timetable.trips.height - without - sum(line.trips for line in lines)
    found = {"trips_without_stop_times": without, "trips_at_no_station": at_none}
    ways = service.left_out.get("ways_of_coaches", 0)
    return {what: count for what, count in {**found, "ways_of_coaches": ways}.items() if count > 0}


def _natural(text: str) -> list[tuple[int, int, str]]:
    """`9` before `10`, and both before `A`."""
    parts = re.findall(r"\d+|\D+", text)
    return [(0, int(p), "") if p.isdigit() and p.isascii() else (1, 0, p) for p in parts]


def _routes_in_columns(tables: PageTables) -> list[str]:
    """The routes whose trains stand each in a column, the least busy first as far as it goes."""
    timetable = tables.timetable
    kinds = {str(r): kind for r, kind in tables.rows.rows("routes", "route_id", "route_type")}
    trips = timetable.trips.filter(pl.col("pattern").is_not_null()).select(
        "trip", pl.col("route_id").cast(pl.String).fill_null(""), "pattern"
    )
    counts = dict(trips.group_by("route_id", maintain_order=True).len().iter_rows())
    repeated = timetable.headways["trip"].unique()
    dense = set(trips.filter(pl.col("trip").is_in(repeated.implode()))["route_id"])
    kept = _linked_routes(timetable, trips) | _routes_abroad(timetable, trips)
    chosen, total = [], 0
    for route, count in sorted(counts.items(), key=lambda item: (item[1], item[0])):
        most = MAX_RAIL_COLUMNS if is_rail(kinds.get(route)) else MAX_COLUMNS
        if route in kept:
            most = MAX_COLUMNS_ABROAD
        if (route in dense and route not in kept) or count > most:
            continue
        if total + count > MAX_TRIPS_IN_COLUMNS:
            break
        total += count
        chosen.append(route)
    return chosen


def _linked_routes(timetable: Timetable, trips: pl.DataFrame) -> set[str]:
    """Routes with trips whose riders stay seated into another: these are told in columns."""
    links = timetable.links.filter(pl.col("in_seat"), pl.col("by") == "transfer")
    ends = pl.concat([links["from_trip"], links["to_trip"]]).unique()
    return set(trips.filter(pl.col("trip").is_in(ends.implode()))["route_id"])


def _routes_abroad(timetable: Timetable, trips: pl.DataFrame) -> set[str]:
    """Routes with stations that have another clock than the agency: only columns tell their times
    on every date.
    """
    away = timetable.stops.select((pl.col("zone") != timetable.zone).alias("away"))["away"]
    if not away.any():
        return set()
    calls = timetable.calls.select("pattern", away=away.gather(timetable.calls["stop"]))
    patterns = calls.filter("away")["pattern"].unique()
    return set(trips.filter(pl.col("pattern").is_in(patterns.implode()))["route_id"])


def _ink(routes: Mapping[str, Route], route: str, number: int) -> tuple[str, str]:
    """The line's colour and one that can be read on it."""
    ink = colour(routes[route].ink, number)
    red, green, blue = (int(ink[n : n + 2], 16) / 255 for n in (1, 3, 5))
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (red, green, blue)
    ]
    light = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return ink, "#000" if light > 0.179 else "#fff"


def _kind(text: str) -> str:
    return route_types.word_of(text or str(route_types.BUS))


def _agency(service: Service, route: str, agencies: Mapping[str, str]) -> str:
    return agencies.get(service.routes[route].agency_id) or next(iter(agencies.values()), "")


def _line_of_columns(
    line: Line, service: Service, agencies: Mapping[str, str], place: Mapping[str, int]
) -> BookLine:
    routes = service.routes
    main = line.columns[0].route_id
    trips = {trip for c in line.columns for chain in c.trip_ids for trip in chain}
    ink, text = _ink(routes, main, place[main])
    short, long = "", line.name
    if len(line.route_ids) == 1 and routes[main].short_name:
        short = routes[main].short_name
        long = line.name.removeprefix(short).strip()
    return BookLine(
        "", short, long, ink, text, _kind(routes[main].kind), _agency(service, main, agencies),
        line.route_ids, len(trips), line=line,
    )  # fmt: skip


def _line_of_route(
    route: str, dense: DenseTrips, service: Service, agencies: Mapping[str, str]
) -> BookLine:
    row = service.routes[route]
    ink, text = _ink(service.routes, route, sum(map(ord, route)))
    found = BookLine(
        "", row.short_name, row.long_name, ink, text, _kind(row.kind),
        _agency(service, route, agencies), [route], dense.count(route), dense=dense,
    )  # fmt: skip
    if not found.long and found.station_ids:
        ends = " – ".join(service.stations[key].name for key in found.directions[0].ends)
        found.long = ends if ends != found.short else ""
    return found


def _name_pages(names: list[str], lines: list[BookLine]) -> None:
    for line, slug in zip(lines, _slugs(names), strict=True):
        line.key = slug


def _slugs(names: list[str]) -> list[str]:
    """File names that every system takes, each once whatever the case."""
    seen: dict[str, int] = defaultdict(int)
    found = []
    for name in names:
        slug = re.sub(r"[^0-9a-z]+", "-", name.lower()).strip("-")[:48] or "x"
        seen[slug] += 1
        candidate = slug if seen[slug] == 1 else f"{slug}-{seen[slug]}"
        while candidate != slug and seen[candidate]:
            seen[slug] += 1
            candidate = f"{slug}-{seen[slug]}"
        if candidate != slug:
            seen[candidate] += 1
        found.append(candidate)
    return found
