"""Stops, stations, entrances: where they are, what they belong to, whether anything calls there."""

from __future__ import annotations

import polars as pl

from gtfsgen import route_types
from gtfsgen.faults import Severity
from gtfsgen.feed import Feed
from gtfsgen.findings import Rows
from gtfsgen.java.text import caseless
from gtfsgen.schema import TABLES
from gtfsgen.validation.engine import rule

STOP, STATION, ENTRANCE, NODE, BOARDING_AREA = range(5)
location_type = pl.col("location_type").fill_null(STOP)
NEAR_ORIGIN_DEGREES = 1.0
NEAR_POLE_DEGREES = 89.0


def choice_name(table: str, column: str) -> pl.Expr:
    """A choice by its name, as the canonical validator prints it; a blank is its default, 0."""
    field = TABLES[table].fields[column]
    return (
        pl.col(column)
        .fill_null(0)
        .replace_strict(
            list(field.choices), list(field.names), default="UNRECOGNIZED", return_dtype=pl.String
        )
    )


vehicle_name = (
    pl.col("route_type")
    .fill_null(0)
    .replace_strict(
        list(route_types.KINDS),
        [route_types.KIND_NAMES[kind] for kind in route_types.KINDS.values()],
        default="UNRECOGNIZED",
        return_dtype=pl.String,
    )
)
"""The kind of vehicle of a route by its name: of a long-distance train, type 102, it is RAIL."""


@rule(Severity.ERROR, at="stops")
def missing_stop_name(feed: Feed) -> pl.LazyFrame | list[Rows]:
    """A stop, station or entrance has no name.

    Only generic nodes and boarding areas may do without.
    """
    if not (feed.has("stops", "stop_name") or feed.has("stops", "location_type")):
        return []
    return feed.stops.filter(
        pl.col("stop_name").is_null(), location_type.is_in([STOP, STATION, ENTRANCE])
    ).select("csv_row_number", choice_name("stops", "location_type"), "stop_id")


@rule(Severity.ERROR, at="stops")
def stop_without_location(feed: Feed) -> pl.LazyFrame:
    """A stop, station or entrance has no position.

    Planners cannot place it. Give stop_lat and stop_lon.
    """
    without = pl.col("stop_lat").is_null() | pl.col("stop_lon").is_null()
    return feed.stops.filter(without, location_type.is_in([STOP, STATION, ENTRANCE])).select(
        "csv_row_number", choice_name("stops", "location_type"), "stop_id"
    )


@rule(Severity.ERROR, at="stops")
def location_without_parent_station(feed: Feed) -> pl.LazyFrame:
    """An entrance, generic node or boarding area belongs to no station.

    It has a meaning only within one: give parent_station.
    """
    return feed.stops.filter(
        location_type.is_in([ENTRANCE, NODE, BOARDING_AREA]), pl.col("parent_station").is_null()
    ).select("csv_row_number", "stop_id", "stop_name", "location_type")


@rule(Severity.ERROR, at="stops")
def station_with_parent_station(feed: Feed) -> pl.LazyFrame:
    """A station has a parent station.

    Stations are the top of the hierarchy.
    """
    return feed.stops.filter(
        location_type == STATION, pl.col("parent_station").is_not_null()
    ).select("csv_row_number", "stop_id", "stop_name", "parent_station")


@rule(Severity.INFO, at="stops")
def platform_without_parent_station(feed: Feed) -> pl.LazyFrame:
    """A stop has a platform code but belongs to no station.

    Platforms are numbered within a station: give parent_station.
    """
    return feed.stops.filter(
        location_type == STOP,
        pl.col("platform_code").is_not_null(),
        pl.col("parent_station").is_null(),
    ).select("csv_row_number", "stop_id", "stop_name")


@rule(Severity.WARNING, of="stops.stop_desc", at="stops")
def same_name_and_description_for_stop(feed: Feed) -> pl.LazyFrame:
    """A stop's description only repeats its name.

    A description is for what the name does not say; otherwise leave it blank.
    """
    return feed.stops.filter(caseless("stop_desc") == caseless("stop_name")).select(
        "csv_row_number", "stop_id", "stop_desc"
    )


@rule(Severity.ERROR, of="stops.stop_access", at="stops")
def stop_access_specified_for_incorrect_location(feed: Feed) -> pl.LazyFrame:
    """stop_access is given for something else than a stop.

    Only platforms of a station can be reached through pathways or past them.
    """
    return _stop_access(feed, location_type != STOP)


@rule(Severity.ERROR, of="stops.stop_access", at="stops")
def stop_access_specified_for_stop_with_no_parent_station(feed: Feed) -> pl.LazyFrame:
    """stop_access is given for a stop outside of any station.

    Give parent_station, or leave stop_access blank.
    """
    return _stop_access(feed, (location_type == STOP) & pl.col("parent_station").is_null())


def _stop_access(feed: Feed, condition: pl.Expr) -> pl.LazyFrame:
    return feed.stops.filter(pl.col("stop_access").is_not_null(), condition).select(
        "csv_row_number",
        "stop_id",
        "stop_name",
        choice_name("stops", "stop_access"),
        choice_name("stops", "location_type"),
    )


COORDINATES = {"stops": ("stop_lat", "stop_lon"), "shapes": ("shape_pt_lat", "shape_pt_lon")}


def _points(feed: Feed, near: pl.Expr) -> list[Rows]:
    """Points of stops and shapes for which a condition on `lat` and `lon` holds."""
    found = []
    for table, (lat, lon) in COORDINATES.items():
        entity = ("stop_id",) if table == "stops" else ()
        rows = feed.tables[table].rows.select(
            "csv_row_number",
            *(pl.col(name).alias("entity_id") for name in entity),
            pl.col(lat).alias("lat_field_value"),
            pl.col(lon).alias("lon_field_value"),
        )
        constants = {
            "filename": f"{table}.txt",
            "lat_field_name": lat,
            "lon_field_name": lon,
        }
        order = (
            "filename",
            "csv_row_number",
            "entity_id",
            "lat_field_name",
            "lat_field_value",
            "lon_field_name",
            "lon_field_value",
        )
        found.append(Rows(rows.filter(near), constants, order))
    return found


@rule(Severity.ERROR)
def point_near_origin(feed: Feed) -> list[Rows]:
    """A position lies within a degree of the Gulf of Guinea's 0, 0.

    Mostly a missing position that was written as zeros.
    """
    near = (pl.col("lat_field_value").abs() <= NEAR_ORIGIN_DEGREES) & (
        pl.col("lon_field_value").abs() <= NEAR_ORIGIN_DEGREES
    )
    return _points(feed, near) + feed.found_while_reading("point_near_origin")


@rule(Severity.ERROR)
def point_near_pole(feed: Feed) -> list[Rows]:
    """A position lies within a degree of a pole.

    Perhaps latitude and longitude were exchanged.
    """
    near = (pl.col("lat_field_value").abs() >= NEAR_POLE_DEGREES) & pl.col(
        "lon_field_value"
    ).is_not_null()
    return _points(feed, near) + feed.found_while_reading("point_near_pole")


@rule(Severity.INFO, "stops", at="stops")
def unused_station(feed: Feed) -> pl.LazyFrame:
    """A station has no platforms.

    No stop names it as its parent_station. Delete it or link its stops.
    """
    used = feed.stops.filter(location_type == STOP).select("parent_station").drop_nulls().unique()
    stations = feed.stops.filter(location_type == STATION).select("stop_id").unique()
    # Of an id that stands twice the first row is shown, even where another one is the station.
    return (
        feed.first_stops.join(stations, on="stop_id", how="semi", maintain_order="left")
        .join(used, left_on="stop_id", right_on="parent_station", how="anti", maintain_order="left")
        .select("csv_row_number", "stop_id", "stop_name")
    )


@rule(Severity.ERROR, "stops", at="stops")
def wrong_parent_location_type(feed: Feed) -> pl.LazyFrame:
    """A stop's parent is of the wrong kind.

    Stops, entrances and nodes belong to a station, boarding areas to a stop.
    """
    parents = feed.first_stops.select(
        parent_station="stop_id",
        parent_csv_row_number="csv_row_number",
        parent_stop_name="stop_name",
        parent_location_type=location_type,
    )
    expected = (
        pl.when(location_type.is_in([STOP, ENTRANCE, NODE]))
        .then(STATION)
        .when(location_type == BOARDING_AREA)
        .then(STOP)
    )
    return (
        feed.stops.with_columns(location_type, expected_location_type=expected)
        .join(parents, on="parent_station", how="inner", maintain_order="left")
        .filter(pl.col("parent_location_type") != pl.col("expected_location_type"))
        .select(
            "csv_row_number",
            "stop_id",
            "stop_name",
            "location_type",
            "parent_csv_row_number",
            "parent_station",
            "parent_stop_name",
            "parent_location_type",
            "expected_location_type",
        )
    )


@rule(Severity.WARNING, "stops", "stop_times", "location_group_stops", at="stops")
def stop_without_stop_time(feed: Feed) -> pl.LazyFrame:
    """Nothing ever calls at a stop.

    Delete it, or find out which trips should call there.
    """
    groups = feed.stop_times.select("location_group_id").drop_nulls().unique()
    in_groups = feed.location_group_stops.join(groups, on="location_group_id", how="semi")
    used = pl.concat([feed.called_stops.select("stop_id"), in_groups.select("stop_id")])
    return (
        feed.stops.filter(location_type == STOP)
        .join(used, on="stop_id", how="anti", maintain_order="left")
        .select("csv_row_number", "stop_id", "stop_name")
    )


@rule(Severity.ERROR, "stops", "stop_times", "location_group_stops", at="stops")
def location_with_unexpected_stop_time(feed: Feed) -> pl.LazyFrame:
    """A trip calls at something that is not a stop.

    Stations, entrances and nodes have no departures; call at one of their platforms.
    """
    return (
        feed.stops.filter(location_type != STOP)
        .join(feed.called_stops, on="stop_id", how="inner", maintain_order="left")
        .select(
            "csv_row_number",
            "stop_id",
            "stop_name",
            pl.col("first_csv_row_number").alias("stop_time_csv_row_number"),
        )
    )


@rule(
    Severity.INFO,
    "stops",
    "fare_rules",
    "stop_times",
    "trips",
    "routes",
    of="fare_rules",
    at="stops",
)
def stop_without_zone_id(feed: Feed) -> pl.LazyFrame:
    """A stop of a route with zone fares has no zone.

    The fare to or from it cannot be told. Give zone_id.
    """
    zoned = pl.any_horizontal(pl.col("origin_id", "destination_id", "contains_id").is_not_null())
    routes = feed.fare_rules.filter(zoned).select("route_id").drop_nulls().unique()
    known = feed.routes.select("route_id").join(routes, on="route_id", how="semi")
    trips = feed.trips.join(known, on="route_id", how="semi").select("trip_id")
    visited = feed.stop_times.join(trips, on="trip_id", how="semi").select("stop_id").unique()
    return (
        feed.stops.filter(location_type == STOP, pl.col("zone_id").is_null())
        .join(visited, on="stop_id", how="semi", maintain_order="left")
        .select("stop_id", "stop_name", "csv_row_number")
    )
