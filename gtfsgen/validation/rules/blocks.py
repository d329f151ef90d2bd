"""Blocks: trips that one vehicle runs one after another on a day."""

from __future__ import annotations

import polars as pl

from gtfsgen.faults import Severity
from gtfsgen.feed import Feed
from gtfsgen.findings import Rows
from gtfsgen.timetable.joints import block_steps, block_trips, service_dates
from gtfsgen.validation.engine import rule
from gtfsgen.validation.scans.distances import point_distance_m

FAR_AWAY_M = 2_000
DATED = ("trips", "stop_times", "calendar", "calendar_dates")


def in_trips(frame: pl.LazyFrame) -> Rows:
    return Rows(frame, {"filename": "trips.txt"})


@rule(Severity.WARNING, *DATED, group="gtfsgen", of="trips.block_id")
def block_without_shared_service_day(feed: Feed) -> Rows:
    """The trips of a block never run on one date.

    A block is what a vehicle does on one service day; the same id on days that never meet means
    different blocks, and nobody stays aboard. Mostly it is a chain into the next morning: write its
    later trips on the first trip's service day, with times past 24:00:00. Otherwise delete the
    block_id, which says nothing here.
    """
    blocks = (
        block_trips(feed)
        .group_by("block_id", maintain_order=True)
        .agg(
            pl.col("csv_row_number", "trip_id").first(),
            other_csv_row_number=pl.col("csv_row_number").get(1),
            other_trip_id=pl.col("trip_id").get(1),
            trip_count=pl.len(),
            services=pl.col("service_id").n_unique(),
            dates=pl.col("dates").sort(),
        )
    )
    # Two trips of one service share its dates; so only blocks with a service per trip are in doubt.
    doubtful = blocks.filter(pl.col("services") == pl.col("trip_count"))
    sharing = service_dates(feed).sets.shared(doubtful["dates"]).list.any()
    return in_trips(
        doubtful.filter(~sharing)
        .lazy()
        .select(
            "csv_row_number",
            "block_id",
            "trip_id",
            "other_csv_row_number",
            "other_trip_id",
            "trip_count",
        )
    )


@rule(Severity.WARNING, *DATED, "stops", group="gtfsgen", of="trips.block_id")
def block_successor_far_away(feed: Feed) -> Rows:
    """A trip of a block starts more than 2 km from where the trip before it ends.

    The vehicle runs empty in between, and riders whom a planner leaves aboard would not. Check the
    block_id and the stops; where the empty run is real, end the block there. `date` is the first
    date on which it happens.
    """
    steps = block_steps(feed).lazy().rename({"other_first_stop_id": "first_stop_id"})
    for end in ("last", "first"):
        steps = steps.join(
            feed.stop_positions.select(pl.all().name.prefix(f"{end}_")), on=f"{end}_stop_id"
        )
    distance = point_distance_m("last_lat", "last_lon", "first_lat", "first_lon")
    return in_trips(
        steps.with_columns(distance_m=distance)
        .filter(pl.col("distance_m") > FAR_AWAY_M)
        .sort("csv_row_number", "other_csv_row_number")
        .select(
            "csv_row_number",
            "block_id",
            "trip_id",
            "last_stop_id",
            "other_csv_row_number",
            "other_trip_id",
            "first_stop_id",
            "date",
            distance_km=(pl.col("distance_m") / 1000).round(3),
        )
    )
