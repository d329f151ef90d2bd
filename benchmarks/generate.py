"""Make feeds of any size for measuring: plain, without faults, the same bytes each time.

    python -m benchmarks.generate 5000000 feed.zip [--flood]

A route runs to and fro along its own line of stops, on five services, with vehicles that stay with
it (`block_id`). Per 5,000,000 stop times there are 1,000 routes, 25,000 stops, 200,000 trips and
194,000 shape points. No two trips take the same time between stops, which is more than a compressor
finds in most real feeds. `--flood` breaks two rules on almost every row: `timepoint` is blank, and
buses fly.

Rows are made a few hundred routes at a time, so memory does not grow with the feed.
"""

from __future__ import annotations

import math
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import click
import numpy as np
import polars as pl

STOPS_PER_ROUTE = 25
TRIPS_PER_SERVICE = 40
SERVICES = {
    "weekday": "1111100",
    "saturday": "0000010",
    "sunday": "0000001",
    "night": "0000110",
    "school": "1111100",
}
TRIPS_PER_ROUTE = TRIPS_PER_SERVICE * len(SERVICES)
ROWS_PER_ROUTE = TRIPS_PER_ROUTE * STOPS_PER_ROUTE
ROUTES_AT_ONCE = 200

FIRST_DEPARTURE_S = 4 * 3600 + 1800
HEADWAY_S = 1800
VEHICLES = 3
"""A run takes less than VEHICLES headways, so that a vehicle is back before it leaves again."""
HOP_S = (70, 150)
FLOOD_HOP_S = (5, 8)
DWELL_S = 20
LONGEST_RUN_S = (STOPS_PER_ROUTE - 1) * (HOP_S[1] + DWELL_S)

ROUTES_PER_ROW = 100
SOUTH, WEST = 47.0, 5.0
ROW_DEG = 0.005
ROUTE_DEG = 0.15
STOP_DEG = 0.005
"""Longitude between neighbouring stops: 380 m here."""
SHAPE_POINTS_PER_HOP = 4
EARTH_M_PER_DEG = 6_371_010 * math.pi / 180
FIRST_DAY, LAST_DAY = "20261101", "20271031"

TREES = ("Alder", "Beech", "Cedar", "Elm", "Fir", "Hazel", "Larch", "Maple", "Oak", "Willow")
PLACES = ("Bridge", "Court", "Garden", "Hill", "Market", "Park", "Square", "Station", "Street")


def write_feed(rows: int, target: Path, *, flood: bool = False, seed: int = 1) -> int:
    """Write a feed with about `rows` stop times; return how many (a whole number of routes)."""
    routes = max(1, round(rows / ROWS_PER_ROUTE))
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f"{target.name}.part")
    with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        write_member(archive, "agency.txt", [agency()])
        write_member(archive, "feed_info.txt", [feed_info()])
        write_member(archive, "calendar.txt", [calendar()])
        write_member(archive, "calendar_dates.txt", [calendar_dates()])
        for name, make in (
            ("routes.txt", route_rows),
            ("stops.txt", stop_rows),
            ("trips.txt", trip_rows),
            ("shapes.txt", shape_rows),
        ):
            write_member(archive, name, (make(part) for part in parts(routes)))
        calls = (stop_time_rows(part, seed, flood) for part in parts(routes))
        write_member(archive, "stop_times.txt", calls)
    unfinished.replace(target)
    return routes * ROWS_PER_ROUTE


def parts(routes: int) -> Iterator[np.ndarray]:
    """The routes' numbers, a few hundred at a time."""
    for first in range(0, routes, ROUTES_AT_ONCE):
        yield np.arange(first, min(first + ROUTES_AT_ONCE, routes))


def write_member(archive: zipfile.ZipFile, name: str, frames: Iterator[Any] | list[Any]) -> None:
    info = zipfile.ZipInfo(name, (2026, 11, 1, 0, 0, 0))
    info.compress_type = zipfile.ZIP_DEFLATED
    with archive.open(info, "w", force_zip64=True) as member:
        for number, frame in enumerate(frames):
            write_csv(frame, member, header=number == 0)


def write_csv(frame: pl.DataFrame, member: IO[bytes], *, header: bool) -> None:
    member.write(frame.write_csv(include_header=header).encode())


# ------------------------------------------------------------------------------------ small tables


def agency() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "agency_id": ["measured"],
            "agency_name": ["Measured Transit"],
            "agency_url": ["https://example.org/transit"],
            "agency_timezone": ["Europe/Berlin"],
            "agency_lang": ["en"],
        }
    )


def feed_info() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "feed_publisher_name": ["Measured Transit"],
            "feed_publisher_url": ["https://example.org/feed"],
            "feed_lang": ["en"],
            "feed_start_date": [FIRST_DAY],
            "feed_end_date": [LAST_DAY],
            "feed_version": ["1"],
            "feed_contact_email": ["feed@example.org"],
        }
    )


def calendar() -> pl.DataFrame:
    days = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    weeks = SERVICES.values()
    return pl.DataFrame(
        {
            "service_id": list(SERVICES),
            **{day: [week[number] for week in weeks] for number, day in enumerate(days)},
            "start_date": FIRST_DAY,
            "end_date": LAST_DAY,
        }
    )


def calendar_dates() -> pl.DataFrame:
    """Christmas is a Sunday, in both services concerned."""
    return pl.DataFrame(
        {
            "service_id": ["weekday", "sunday"],
            "date": ["20261225", "20261225"],
            "exception_type": [2, 1],
        }
    )


# -------------------------------------------------------------------- tables that grow with routes


def numbered(prefix: str, numbers: np.ndarray, width: int = 5) -> pl.Series:
    return prefix + pl.Series(numbers).cast(pl.String).str.zfill(width)


def words(values: tuple[str, ...], numbers: np.ndarray) -> pl.Series:
    return pl.Series(values).gather(numbers % len(values))


def stop_names(routes: np.ndarray, stops: np.ndarray) -> pl.Series:
    """Each name occurs once: "Larch Market 123 Hill 07"."""
    district = words(TREES, routes) + " " + words(PLACES, routes // 10)
    spot = words(PLACES, stops) + " " + pl.Series(stops + 1).cast(pl.String)
    return district + " " + pl.Series(routes + 1).cast(pl.String) + " " + spot


def stop_ids(routes: np.ndarray, stops: np.ndarray) -> pl.Series:
    return numbered("S", routes) + "-" + pl.Series(stops).cast(pl.String).str.zfill(2)


def position(routes: np.ndarray, along: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Latitude and longitude on a route's line, `along` it in stops: a gentle wave eastwards."""
    lat = SOUTH + (routes // ROUTES_PER_ROW) * ROW_DEG + 0.001 * np.sin(along / 2)
    lon = WEST + (routes % ROUTES_PER_ROW) * ROUTE_DEG + along * STOP_DEG
    return lat.round(6), lon.round(6)


def line() -> tuple[np.ndarray, np.ndarray]:
    """The points of a shape, in stops along it, and their distance from its start in metres.

    All routes have the same form; distances are taken at the southernmost, near enough elsewhere.
    """
    along = np.arange((STOPS_PER_ROUTE - 1) * SHAPE_POINTS_PER_HOP + 1) / SHAPE_POINTS_PER_HOP
    lat, lon = position(np.zeros(len(along), int), along)
    north = np.diff(lat) * EARTH_M_PER_DEG
    east = np.diff(lon) * EARTH_M_PER_DEG * math.cos(math.radians(SOUTH))
    return along, np.concatenate([[0], np.cumsum(np.hypot(north, east))]).round(1)


def route_rows(routes: np.ndarray) -> pl.DataFrame:
    first = stop_names(routes, np.zeros_like(routes))
    last = stop_names(routes, np.full_like(routes, STOPS_PER_ROUTE - 1))
    return pl.DataFrame(
        {
            "route_id": numbered("R", routes),
            "agency_id": pl.repeat("measured", len(routes), eager=True),
            "route_short_name": numbered("L", routes),
            "route_long_name": first + " to " + last,
            "route_type": np.full(len(routes), 3),
        }
    )


def stop_rows(routes: np.ndarray) -> pl.DataFrame:
    of, stops = np.repeat(routes, STOPS_PER_ROUTE), np.tile(range(STOPS_PER_ROUTE), len(routes))
    lat, lon = position(of, stops)
    return pl.DataFrame(
        {
            "stop_id": stop_ids(of, stops),
            "stop_name": stop_names(of, stops),
            "stop_lat": lat,
            "stop_lon": lon,
        }
    )


def shape_rows(routes: np.ndarray) -> pl.DataFrame:
    """Both ways of each route."""
    along, distance_m = line()
    there = pl.DataFrame({"along": along, "shape_dist_traveled": distance_m})
    back = there.reverse().with_columns(distance_m[-1] - pl.col("shape_dist_traveled"))
    both = pl.concat(
        [
            way.with_row_index("shape_pt_sequence").with_columns(way=pl.lit(name))
            for name, way in (("there", there), ("back", back))
        ]
    )
    of = np.repeat(routes, both.height)
    tiled = pl.concat([both] * len(routes))
    lat, lon = position(of, tiled["along"].to_numpy())
    return pl.DataFrame(
        {
            "shape_id": numbered("R", of) + "-" + tiled["way"],
            "shape_pt_lat": lat,
            "shape_pt_lon": lon,
            "shape_pt_sequence": tiled["shape_pt_sequence"],
            "shape_dist_traveled": tiled["shape_dist_traveled"].round(1),
        }
    )


def trips(routes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Route, service, number in the service and way (0 there, 1 back) of each trip."""
    of = np.repeat(routes, TRIPS_PER_ROUTE)
    service = np.tile(np.repeat(range(len(SERVICES)), TRIPS_PER_SERVICE), len(routes))
    number = np.tile(range(TRIPS_PER_SERVICE), len(routes) * len(SERVICES))
    return of, service, number, number // VEHICLES % 2


def trip_ids(of: np.ndarray, service: np.ndarray, number: np.ndarray) -> pl.Series:
    letters = pl.Series([name[:2] for name in SERVICES]).gather(service)
    return numbered("R", of) + "-" + letters + "-" + pl.Series(number).cast(pl.String).str.zfill(2)


def trip_rows(routes: np.ndarray) -> pl.DataFrame:
    of, service, number, way = trips(routes)
    services = pl.Series(list(SERVICES)).gather(service)
    vehicle = pl.Series(number % VEHICLES).cast(pl.String)
    return pl.DataFrame(
        {
            "route_id": numbered("R", of),
            "service_id": services,
            "trip_id": trip_ids(of, service, number),
            "trip_headsign": stop_names(of, np.where(way == 0, STOPS_PER_ROUTE - 1, 0)),
            "direction_id": way,
            "block_id": numbered("R", of) + "-" + services + "-" + vehicle,
            "shape_id": numbered("R", of) + "-" + words(("there", "back"), way),
        }
    )


def clock_texts() -> pl.Series:
    """Second of the service day -> HH:MM:SS."""
    last = FIRST_DEPARTURE_S + HEADWAY_S * (TRIPS_PER_SERVICE + 1) + LONGEST_RUN_S + 1
    seconds = pl.Series(range(last))
    hours, minutes = seconds // 3600, seconds // 60 % 60
    texts = [part.cast(pl.String).str.zfill(2) for part in (hours, minutes, seconds % 60)]
    return texts[0] + ":" + texts[1] + ":" + texts[2]


def stop_time_rows(routes: np.ndarray, seed: int, flood: bool) -> pl.DataFrame:
    """Every call of every trip of these routes, trip after trip in the order of the calls."""
    chance = np.random.default_rng([seed, routes[0]])
    offset_s = chance.integers(0, HEADWAY_S, len(routes))
    dwell_s = DWELL_S * (np.arange(STOPS_PER_ROUTE) % 3 == 0) * (not flood)
    dwell_s[[0, -1]] = 0

    of, service, number, way = trips(routes)
    hop_s = chance.integers(*(FLOOD_HOP_S if flood else HOP_S), (len(of), STOPS_PER_ROUTE - 1))
    start_s = FIRST_DEPARTURE_S + offset_s[of - routes[0]] + number * HEADWAY_S
    run_s = np.cumsum(hop_s + dwell_s[:-1], axis=1)
    arrival_s = np.concatenate([start_s[:, None], start_s[:, None] + run_s], axis=1).ravel()
    departure_s = arrival_s + np.tile(dwell_s, len(of))

    sequence = np.tile(range(STOPS_PER_ROUTE), len(of))
    backwards = np.repeat(way, STOPS_PER_ROUTE) == 1
    stops = np.where(backwards, STOPS_PER_ROUTE - 1 - sequence, sequence)
    at_stop_m = line()[1][::SHAPE_POINTS_PER_HOP]
    distance_m = np.where(backwards, at_stop_m[-1] - at_stop_m[stops], at_stop_m[stops])

    clock = clock_texts()
    calls = len(sequence)
    trip = np.repeat(np.arange(len(of)), STOPS_PER_ROUTE)
    return pl.DataFrame(
        {
            "trip_id": trip_ids(of, service, number).gather(trip),
            "arrival_time": clock.gather(arrival_s),
            "departure_time": clock.gather(departure_s),
            "stop_id": all_stop_ids(routes).gather(
                (of - routes[0])[trip] * STOPS_PER_ROUTE + stops
            ),
            "stop_sequence": sequence + 1,
            "shape_dist_traveled": distance_m.round(1),
            "timepoint": pl.repeat("" if flood else "1", calls, eager=True),
        }
    ).with_columns(pl.col("timepoint").replace({"": None}))


def all_stop_ids(routes: np.ndarray) -> pl.Series:
    stops = np.tile(range(STOPS_PER_ROUTE), len(routes))
    return stop_ids(np.repeat(routes, STOPS_PER_ROUTE), stops)


@click.command()
@click.argument("rows", type=click.IntRange(min=1))
@click.argument("target", type=click.Path(path_type=Path))
@click.option("--flood", is_flag=True, help="Break two rules on almost every row.")
@click.option("--seed", default=1, show_default=True)
def main(rows: int, target: Path, flood: bool, seed: int) -> None:
    """Write a feed of about ROWS stop times to TARGET."""
    made = write_feed(rows, target, flood=flood, seed=seed)
    click.echo(f"{target}: {made:,} stop times, {target.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
