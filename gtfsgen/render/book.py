"""A feed as a book of timetables: its lines, each in columns or by the hour, and its stations."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from gtfsgen import route_types
from gtfsgen.dates import Dates
from gtfsgen.render.dense import Direction, calls_of, directions_of
from gtfsgen.render.markup import colour
from gtfsgen.render.tables import Rows
from gtfsgen.render.trains import Line, Service, headways_of, service_of

MAX_RAIL_COLUMNS = 400
"""A railway's route with more trips than this is told by hour and minute."""
MAX_COLUMNS = 40
"""The same for a bus or a metro, which nobody knows by train number."""
MAX_TRIPS_IN_COLUMNS = 12_000
"""Columns are made one by one; a feed with more trips than this has its busiest routes by hour."""


@dataclass
class BookLine:
    """A line with a page of its own. Either `line` or `directions` holds its trains."""

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
    directions: list[Direction] = field(default_factory=list)

    @property
    def name(self) -> str:
        return " ".join(part for part in (self.short, self.long) if part)

    def stations(self) -> list[str]:
        """All stations of the line in order."""
        found: dict[str, None] = {}
        if self.line:
            for table in self.line.tables:
                found.update((station, None) for station, _ in table.stations)
        for direction in self.directions:
            found.update((station, None) for station in direction.stations)
        return list(found)


@dataclass
class Book:
    service: Service
    rows: Rows
    lines: list[BookLine]
    calls: pl.DataFrame
    """Calls of the lines by the hour; empty if there are none."""
    trips: pl.DataFrame
    station_keys: dict[str, str]
    trips_without_days: int
    flex_areas: Sequence[Mapping[str, Any]] = ()
    """Features of locations.geojson."""

    @property
    def small(self) -> bool:
        """Whether all of it fits on one page that one reads to the end."""
        columns = sum(len(line.line.columns) for line in self.lines if line.line)
        return (
            self.calls.height < 3000
            and columns <= 120
            and len(self.lines) <= 12
            and len(self.station_keys) <= 150
        )


def book_of(
    tables: Mapping[str, pl.DataFrame], flex_areas: Sequence[Mapping[str, Any]] = ()
) -> Book:
    """All lines of a feed.

    `tables` are frames of text by name without .txt; missing ones are empty. `flex_areas` are the
    features of locations.geojson.
    """
    rows = Rows(tables)
    in_columns = _routes_in_columns(rows)
    service = service_of(tables, routes_in_columns=in_columns)
    headways = headways_of(rows)
    trips = _dense_trips(rows, service, set(in_columns))
    calls = calls_of(rows, trips, service.station_of)
    directions = directions_of(calls, trips, headways)
    agencies = {a or "": n or "" for a, n in rows.rows("agency", "agency_id", "agency_name")}
    lines = [_line_of_columns(line, service, agencies) for line in service.lines]
    counts = Counter(trips["route_id"].to_list())
    lines += [
        _line_of_route(route, found, service, agencies, counts[route])
        for route, found in directions.items()
    ]
    lines = [line for line in lines if line.trips]
    kinds = list(route_types.WORDS.values())
    lines.sort(
        key=lambda line: (line.agency, kinds.index(line.kind) if line.kind in kinds else 99,
                          _natural(line.short), _natural(line.long), line.route_ids)
    )  # fmt: skip
    _name_pages([line.short or line.long for line in lines], lines)
    used = dict.fromkeys(station for line in lines for station in line.stations())
    names = _slugs([service.stations[station].name for station in used])
    dateless = sum(
        1 for (s,) in rows.rows("trips", "service_id") if not service.dates.get(s or "", Dates())
    )
    stations = dict(zip(used, names, strict=True))
    return Book(service, rows, lines, calls, trips, stations, dateless, flex_areas)


def _natural(text: str) -> list[tuple[int, int, str]]:
    """`9` before `10`, and both before `A`."""
    parts = re.findall(r"\d+|\D+", text)
    return [(0, int(p), "") if p.isdigit() and p.isascii() else (1, 0, p) for p in parts]


def is_rail(kind: str | None) -> bool:
    return route_types.is_rail(kind)


def _routes_in_columns(rows: Rows) -> list[str]:
    """The routes whose trains stand each in a column, the least busy first as far as it goes."""
    kinds = {str(r): kind for r, kind in rows.rows("routes", "route_id", "route_type")}
    counts = Counter(str(route) for (route,) in rows.rows("trips", "route_id") if route in kinds)
    repeated = {t for (t,) in rows.rows("frequencies", "trip_id")}
    linked = _linked_routes(rows)
    dense = set()
    if repeated:
        trips = rows.frame("trips", "route_id", "trip_id")
        dense = set(trips.filter(pl.col("trip_id").is_in(list(repeated)))["route_id"].to_list())
    chosen, total = [], 0
    for route, count in sorted(counts.items(), key=lambda item: (item[1], item[0])):
        most = MAX_RAIL_COLUMNS if is_rail(kinds[route]) else MAX_COLUMNS
        if route in dense or (count > most and route not in linked):
            continue
        if total + count > MAX_TRIPS_IN_COLUMNS:
            break
        total += count
        chosen.append(route)
    return chosen


def _linked_routes(rows: Rows) -> set[str]:
    """Routes with trips whose riders stay seated into another: these are told in columns."""
    ends = {
        trip
        for first, last, kind in rows.rows(
            "transfers", "from_trip_id", "to_trip_id", "transfer_type"
        )
        if kind == "4"
        for trip in (first, last)
    }
    if not ends:
        return set()
    trips = rows.frame("trips", "trip_id", "route_id")
    return set(trips.filter(pl.col("trip_id").is_in(list(ends)))["route_id"].to_list())


def _dense_trips(rows: Rows, service: Service, in_columns: set[str]) -> pl.DataFrame:
    """Trips told by hour: `trip` (number), ids, direction, `dates` (bits in hexadecimal)."""
    dates = {key: f"{days.bits:x}" for key, days in service.dates.items()}
    known = pl.DataFrame(
        {"service_id": list(dates), "dates": list(dates.values())},
        schema={"service_id": pl.String, "dates": pl.String},
    )
    routes = [route for route in service.routes if route not in in_columns]
    return (
        rows.frame(
            "trips",
            "trip_id",
            "route_id",
            "service_id",
            "direction_id",
            "trip_headsign",
            "shape_id",
        )
        .rename({"trip_headsign": "headsign"})
        .filter(pl.col("route_id").is_in(routes))
        .unique("trip_id", keep="first", maintain_order=True)
        .join(known, on="service_id", how="left", maintain_order="left")
        .with_columns(pl.col("dates").fill_null("0"))
        .with_row_index("trip")
    )


def _ink(routes: Mapping[str, tuple[Any, ...]], route: str, number: int) -> tuple[str, str]:
    """The line's colour and one that can be read on it."""
    ink = colour(routes[route][4] or "", number)
    red, green, blue = (int(ink[n : n + 2], 16) / 255 for n in (1, 3, 5))
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (red, green, blue)
    ]
    light = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return ink, "#000" if light > 0.179 else "#fff"


def _kind(text: str | None) -> str:
    return route_types.word_of(text or str(route_types.BUS))


def _agency(service: Service, route: str, agencies: Mapping[str, str]) -> str:
    own = service.routes[route][5] or ""
    return agencies.get(own) or next(iter(agencies.values()), "")


def _line_of_columns(line: Line, service: Service, agencies: Mapping[str, str]) -> BookLine:
    routes = service.routes
    main = line.columns[0].route_id
    trips = {trip.trip_id for c in line.columns for chain in c.trips for trip in chain}
    ink, text = _ink(routes, main, sorted(routes).index(main) if len(routes) < 500 else 0)
    short, long = "", line.name
    if len(line.route_ids) == 1 and routes[main][1]:
        short = routes[main][1]
        long = line.name.removeprefix(short).strip()
    return BookLine(
        "", short, long, ink, text, _kind(routes[main][3]), _agency(service, main, agencies),
        line.route_ids, len(trips), line=line,
    )  # fmt: skip


def _line_of_route(
    route: str,
    directions: list[Direction],
    service: Service,
    agencies: Mapping[str, str],
    trips: int,
) -> BookLine:
    row = service.routes[route]
    ink, text = _ink(service.routes, route, sum(map(ord, route)))
    ends = " – ".join(service.stations[key].name for key in directions[0].ends)
    return BookLine(
        "", row[1] or "", row[2] or (ends if row[1] != ends else ""), ink, text, _kind(row[3]),
        _agency(service, route, agencies), [route], trips, directions=directions,
    )  # fmt: skip


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
