"""Trips, their blocks and their use."""

from __future__ import annotations

import polars as pl

from gtfsgen import route_types
from gtfsgen.budget import budget
from gtfsgen.faults import Severity
from gtfsgen.feed import Feed
from gtfsgen.findings import Rows
from gtfsgen.java.text import caseless
from gtfsgen.validation.engine import rule
from gtfsgen.validation.rules.stops import vehicle_name


@rule(Severity.WARNING, "trips", "stop_times", at="trips")
def unused_trip(feed: Feed) -> pl.LazyFrame:
    """A trip has no stop times.

    Nobody can board it. Delete it or give it its stop times.
    """
    return feed.first_trips.join(
        feed.trip_spans, on="trip_id", how="anti", maintain_order="left"
    ).select("trip_id", "csv_row_number")


@rule(Severity.WARNING, "trips", "stop_times", at="trips")
def unusable_trip(feed: Feed) -> pl.LazyFrame:
    """A trip has fewer than two stop times.

    One must be able to board and to alight.
    """
    counts = feed.trip_spans.select("trip_id", "stop_time_count")
    return (
        feed.trips.join(counts, on="trip_id", how="left", maintain_order="left")
        .filter(pl.col("stop_time_count").fill_null(0) < 2)
        .select("csv_row_number", "trip_id")
    )


@rule(Severity.WARNING, "trips", "routes", at="trips")
def missing_bike_allowance(feed: Feed) -> pl.LazyFrame:
    """A trip of a ferry does not tell whether bicycles may come along.

    Riders with bicycles depend on ferries. Give bikes_allowed. A trip is told once for each row of
    routes.txt that makes its route a ferry's: twice, where such a row is repeated.
    """
    ferries = feed.routes.filter(pl.col("route_type").is_in(route_types.FERRIES)).select("route_id")
    return (
        feed.trips.filter(~pl.col("bikes_allowed").is_in([1, 2]).fill_null(False))
        .join(ferries, on="route_id", how="inner", maintain_order="left")
        .select("csv_row_number", "route_id", "trip_id")
    )


@rule(Severity.WARNING, "trips", "routes", of="trips.block_id")
def inconsistent_route_type_for_block_id(feed: Feed) -> pl.LazyFrame:
    """Trips of one block are of different kinds of vehicle.

    A block is one vehicle, which cannot be a bus and a ferry.
    """
    routes = feed.first_routes.select("route_id", vehicle_name)
    distinct = (
        feed.trips.filter(pl.col("block_id").is_not_null())
        .join(routes, on="route_id", how="left", maintain_order="left")
        .group_by("block_id", maintain_order=True)
        .agg(
            route_ids=pl.col("route_id").unique(maintain_order=True).cast(pl.String),
            # A route that is not there has an id to show, but no type.
            route_types=pl.col("route_type").drop_nulls().unique(maintain_order=True),
        )
    )
    return distinct.filter(pl.col("route_types").list.len() > 1).select(
        "block_id", pl.col("route_ids").list.join(", "), pl.col("route_types").list.join(", ")
    )


@rule(Severity.INFO, "trips", "stop_times", "stops", of="trips.trip_headsign", at="trips")
def trip_headsign_matches_intermediate_stop(feed: Feed) -> pl.LazyFrame:
    """A trip's headsign names a stop on the way, not its end.

    Riders take the headsign for the terminus. Where the sign changes on the way use stop_headsign.
    """
    spans = feed.trip_spans.filter(pl.col("stop_time_count") >= 2)
    trips = feed.trips.filter(pl.col("trip_headsign").is_not_null()).join(
        spans.select("trip_id", "first_stop_id", "last_stop_id"),
        on="trip_id",
        how="inner",
        maintain_order="left",
    )
    if feed.strict:
        # There the first round trip ends the whole check.
        round_trip = pl.col("first_stop_id").eq_missing(pl.col("last_stop_id"))
        trips = trips.filter(round_trip.cum_sum() == 0)
    names = feed.first_stops.select("stop_id", name=caseless("stop_name"))
    signs = trips.select("trip_headsign").unique().with_columns(name=caseless("trip_headsign"))
    signed = names.join(signs, on="name", how="semi")
    wanted = trips.join(signs.join(names, on="name", how="semi"), on="trip_headsign").select(
        "trip_id", "trip_headsign", "last_stop_id", "name", trip_row="csv_row_number"
    )
    return (
        feed.ordered_stop_times.filter(~pl.col("ends_trip"))
        .select("trip_id", "stop_id", "stop_sequence")
        .join(signed, on="stop_id", how="inner", maintain_order="left")
        .join(wanted, on=["trip_id", "name"], how="inner")
        .select(
            pl.col("trip_row").alias("csv_row_number"),
            "trip_id",
            "trip_headsign",
            pl.col("stop_id").alias("stop_id1"),
            "stop_sequence",
            pl.col("last_stop_id").alias("stop_id2"),
        )
    )


@rule(
    Severity.ERROR,
    "trips",
    "stop_times",
    "calendar",
    "calendar_dates",
    of="trips.block_id",
    at="trips",
)
def block_trips_with_overlapping_stop_times(feed: Feed) -> Rows:
    """Two trips of a block overlap in time on a common day.

    One vehicle cannot run both. Give one of them another block, or other times.
    """
    edge = ["csv_row_number", "trip_id", "service_id"]
    timed = pl.all_horizontal(
        pl.col(
            "first_arrival_time", "first_departure_time", "last_arrival_time", "last_departure_time"
        ).is_not_null()
    )
    trips = (
        feed.trips.filter(pl.col("block_id").is_not_null())
        .select("block_id", *edge)
        .join(feed.trip_spans, on="trip_id", how="inner", maintain_order="left")
        .filter(timed)
        .sort(
            pl.col("block_id").to_physical(),
            "first_arrival_time",
            "last_departure_time",
            maintain_order=True,
        )
        .collect()
    )
    from gtfsgen.validation.scans.block_overlaps import overlapping_pairs

    pairs, more = overlapping_pairs(trips, feed.service_days, budget().notices)
    rows = pl.DataFrame(
        [
            *(
                trips[name].gather(pairs[side]).alias(f"{name}_{side}")
                for side in "ab"
                for name in edge
            ),
            trips["block_id"].gather(pairs["a"]),
            pairs["intersection"],
        ]
    )
    return Rows(rows, more=more)
