"""Transfers: between which stops, routes and trips, and whether that can be."""

from __future__ import annotations

import polars as pl

from gtfsgen.faults import Severity
from gtfsgen.feed import Feed
from gtfsgen.findings import Rows
from gtfsgen.schema import IN_SEAT, LINKED_TRIPS
from gtfsgen.validation.engine import rule
from gtfsgen.validation.rules.stops import STATION, STOP, choice_name, location_type, vehicle_name
from gtfsgen.validation.scans.distances import point_distance_m

ABOVE_M = 2_000
TOO_LARGE_M = 10_000
SIDES = ("from", "to")


def _distances(feed: Feed) -> pl.LazyFrame:
    """Transfers between two stops, with `distance_km` as the crow flies."""
    positions = feed.stop_positions
    rows = feed.transfers.filter(
        pl.col("from_stop_id").is_not_null(), pl.col("to_stop_id").is_not_null()
    )
    for side in SIDES:
        rows = rows.join(
            positions.select(
                pl.col("stop_id").alias(f"{side}_stop_id"),
                pl.col("lat").alias(f"{side}_lat"),
                pl.col("lon").alias(f"{side}_lon"),
            ),
            on=f"{side}_stop_id",
            how="left",
            maintain_order="left",
        )
    corners = [f"{side}_{axis}" for side in SIDES for axis in ("lat", "lon")]
    return rows.with_columns(pl.col(corners).fill_null(0.0)).with_columns(
        distance_m=point_distance_m(*corners)
    )


def _far(feed: Feed, condition: pl.Expr) -> pl.LazyFrame | list[Rows]:
    if not feed.has("transfers", "from_stop_id", "to_stop_id"):
        return []
    return (
        _distances(feed)
        .filter(condition)
        .select(
            "csv_row_number", "from_stop_id", "to_stop_id", distance_km=pl.col("distance_m") / 1000
        )
    )


@rule(Severity.INFO, "transfers", "stops", of="transfers", at="transfers")
def transfer_distance_above_2_km(feed: Feed) -> pl.LazyFrame | list[Rows]:
    """The two stops of a transfer are more than 2 km apart.

    Few riders walk that far. Check that these are the stops that were meant.
    """
    return _far(feed, (pl.col("distance_m") > ABOVE_M) & (pl.col("distance_m") <= TOO_LARGE_M))


@rule(Severity.WARNING, "transfers", "stops", of="transfers", at="transfers")
def transfer_distance_too_large(feed: Feed) -> pl.LazyFrame | list[Rows]:
    """The two stops of a transfer are more than 10 km apart.

    Nobody walks that. Probably one id or one position is wrong.
    """
    return _far(feed, pl.col("distance_m") > TOO_LARGE_M)


def _ends(feed: Feed) -> pl.LazyFrame:
    """A row per transfer and side: `stop_id`, `trip_id`, `route_id` of that side, and the field
    names.
    """
    return pl.concat(
        [
            feed.transfers.select(
                "csv_row_number",
                "transfer_type",
                side=pl.lit(side),
                stop_id=f"{side}_stop_id",
                trip_id=f"{side}_trip_id",
                route_id=f"{side}_route_id",
                stop_id_field_name=pl.lit(f"{side}_stop_id"),
                trip_id_field_name=pl.lit(f"{side}_trip_id"),
                route_field_name=pl.lit(f"{side}_route_id"),
            )
            for side in SIDES
        ]
    )


@rule(Severity.ERROR, "transfers", "stops", of="transfers", at="transfers")
def transfer_with_invalid_stop_location_type(feed: Feed) -> list[pl.LazyFrame]:
    """A transfer begins or ends at something that is neither a stop nor a station.

    Linked trips (types 4 and 5) must name stops; other transfers may name stations too.
    """
    stops = feed.first_stops.select(
        "stop_id",
        location_type_value=location_type,
        location_type_name=choice_name("stops", "location_type"),
    )
    ends = _ends(feed).join(stops, on="stop_id", how="inner", maintain_order="left")
    kind = pl.col("location_type_value")
    conditions = [~kind.is_in([STOP, STATION])]
    if feed.loaded("stop_times"):
        conditions.append((kind == STATION) & pl.col("transfer_type").is_in(LINKED_TRIPS))
    return [
        ends.filter(condition).select(
            "csv_row_number",
            "stop_id_field_name",
            "stop_id",
            "location_type_value",
            "location_type_name",
        )
        for condition in conditions
    ]


@rule(Severity.ERROR, "transfers", "trips", "stop_times", "stops", of="transfers", at="transfers")
def transfer_with_invalid_trip_and_route(feed: Feed) -> pl.LazyFrame:
    """A transfer names a trip and a route that the trip is not of.

    The trip alone says it all; leave the route blank or name the trip's.
    """
    routes = feed.first_trips.select("trip_id", expected_route_id="route_id")
    return (
        _ends(feed)
        .join(routes, on="trip_id", how="inner", maintain_order="left")
        .filter(pl.col("route_id") != pl.col("expected_route_id"))
        .select(
            "csv_row_number",
            pl.col("trip_id_field_name").alias("trip_field_name"),
            "trip_id",
            "route_field_name",
            "route_id",
            "expected_route_id",
        )
    )


@rule(Severity.ERROR, "transfers", "trips", "stop_times", "stops", of="transfers", at="transfers")
def transfer_with_invalid_trip_and_stop(feed: Feed) -> pl.LazyFrame:
    """A transfer names a trip and a stop where the trip does not call.

    For a station the trip must call at one of its stops.
    """
    kinds = feed.first_stops.select("stop_id", kind=location_type)
    trips = feed.first_trips.select("trip_id")
    ends = (
        _ends(feed)
        .join(trips, on="trip_id", how="semi", maintain_order="left")
        .join(kinds, on="stop_id", how="inner", maintain_order="left")
    )
    children = feed.stops.select(called="stop_id", stop_id="parent_station").drop_nulls()
    itself = feed.first_stops.select(called="stop_id", stop_id="stop_id")
    served = (
        pl.concat(
            [
                ends.filter(pl.col("kind") == STOP).join(itself, on="stop_id"),
                ends.filter(pl.col("kind") == STATION).join(children, on="stop_id"),
            ]
        )
        .join(
            _calls_of_transfers(feed),
            left_on=["trip_id", "called"],
            right_on=["trip_id", "stop_id"],
            how="semi",
        )
        .select("csv_row_number", "side")
    )
    return ends.join(
        served, on=["csv_row_number", "side"], how="anti", maintain_order="left"
    ).select(
        "csv_row_number",
        pl.col("trip_id_field_name").alias("trip_field_name"),
        "trip_id",
        pl.col("stop_id_field_name").alias("stop_field_name"),
        "stop_id",
    )


def _calls_of_transfers(feed: Feed) -> pl.LazyFrame:
    """`trip_id`, `stop_id` of the stop times of trips that transfers name."""
    named = _ends(feed).select("trip_id").drop_nulls().unique()
    return feed.stop_times.select("trip_id", "stop_id").join(named, on="trip_id", how="semi")


@rule(Severity.WARNING, "transfers", "stops", "stop_times", of="transfers", at="transfers")
def transfer_with_suspicious_mid_trip_in_seat(feed: Feed) -> pl.LazyFrame:
    """A transfer between linked trips leaves the first before its end, or joins the second late.

    One vehicle runs both trips, so riders stay aboard from the last stop of the first to the first
    stop of the second. Move the transfer to those stops, or split the trip.
    """
    known = feed.first_stops.select("stop_id")
    ends = feed.trip_spans.select("trip_id", "first_stop_id", "last_stop_id")
    joint = pl.when(pl.col("side") == "from").then("last_stop_id").otherwise("first_stop_id")
    return (
        _ends(feed)
        .filter(pl.col("transfer_type").is_in(LINKED_TRIPS))
        .join(known, on="stop_id", how="semi", maintain_order="left")
        .join(
            _calls_of_transfers(feed).unique(),
            on=["trip_id", "stop_id"],
            how="semi",
            maintain_order="left",
        )
        .join(ends, on="trip_id", how="inner", maintain_order="left")
        .filter((pl.col("stop_id") != joint).fill_null(True))
        .select("csv_row_number", "trip_id_field_name", "trip_id", "stop_id_field_name", "stop_id")
    )


@rule(Severity.WARNING, "transfers", "routes", of="transfers", at="transfers")
def inconsistent_route_type_for_in_seat_transfer(feed: Feed) -> pl.LazyFrame | list[Rows]:
    """An in-seat transfer leads from one kind of vehicle to another.

    Riders stay in one vehicle, which cannot be a bus and a train. Looks only at rows that name
    both routes.
    """
    if not feed.has("transfers", "from_route_id", "to_route_id", "transfer_type"):
        return []
    rows = feed.transfers.filter(pl.col("transfer_type") == IN_SEAT)
    for side in SIDES:
        routes = feed.first_routes.select(
            pl.col("route_id").alias(f"{side}_route_id"),
            vehicle_name.alias(f"{side}_route_type"),
        )
        rows = rows.join(routes, on=f"{side}_route_id", how="inner", maintain_order="left")
    return rows.filter(pl.col("from_route_type") != pl.col("to_route_type")).select(
        "csv_row_number", "from_route_id", "to_route_id", "from_route_type", "to_route_type"
    )
