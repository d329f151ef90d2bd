"""What one vehicle runs one after another: linked trips (transfers of types 4 and 5) and blocks.

A link resolves so: A is the last arrival of the from trip and B the first departure of the to trip,
each in seconds of its own service day; k is the smallest whole number, zero or more, for which B
plus k days is not before A. The from trip of date d goes on as the to trip of date d + k, after B +
k days - A seconds. This is how MOTIS resolves them; the GTFS reference only says that the to trip
may be of a subsequent service day.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from gtfsgen.clocks import DAY
from gtfsgen.schema import LINKED_TRIPS

if TYPE_CHECKING:
    from gtfsgen.feed.frames import SharedFrames


def has_links(feed: SharedFrames) -> bool:
    linked = pl.col("transfer_type").is_in(LINKED_TRIPS)
    both = pl.all_horizontal(pl.col("from_trip_id", "to_trip_id").is_not_null())
    return feed.tables["transfers"].rows.filter(linked, both).head(1).collect().height > 0


def links(feed: SharedFrames) -> pl.LazyFrame:
    """One row per transfer of type 4 or 5 whose two trips both exist, in the order of the file.

    `csv_row_number`, `transfer_type`, `from_stop_id` and `to_stop_id` are those of transfers.txt;
    `from_`/`to_` `trip_id`, `service_id`, `route_id` and `block_id` those of the trips.
    `last_stop_id`, `last_row`, `arrival_time` are the end of the from trip, `first_stop_id`,
    `first_row`, `departure_time` the start of the to trip (rows of stop_times.txt, seconds of the
    service day). `days_later` is k and `wait_s` the wait in seconds; both are null where a time is
    unknown.
    """
    rows = (
        feed.tables["transfers"]
        .rows.filter(pl.col("transfer_type").is_in(LINKED_TRIPS))
        .select(
            "csv_row_number",
            "transfer_type",
            "from_trip_id",
            "to_trip_id",
            "from_stop_id",
            "to_stop_id",
        )
    )
    for side in ("from", "to"):
        rows = rows.join(
            feed.first_trips.select(
                pl.col("trip_id", "service_id", "route_id", "block_id").name.prefix(f"{side}_")
            ),
            on=f"{side}_trip_id",
            how="inner",
            maintain_order="left",
        )
    end = feed.trip_spans.select(
        "last_stop_id",
        from_trip_id="trip_id",
        last_row="last_csv_row_number",
        arrival_time=pl.coalesce("last_arrival_time", "last_departure_time"),
    )
    start = feed.trip_spans.select(
        "first_stop_id",
        to_trip_id="trip_id",
        first_row="first_csv_row_number",
        departure_time=pl.coalesce("first_departure_time", "first_arrival_time"),
    )
    gap_s = pl.col("departure_time") - pl.col("arrival_time")
    return (
        rows.join(end, on="from_trip_id", how="left", maintain_order="left")
        .join(start, on="to_trip_id", how="left", maintain_order="left")
        .with_columns(days_later=(-(gap_s // DAY)).clip(0))
        .with_columns(wait_s=gap_s + pl.col("days_later") * DAY)
        .collect()
        .lazy()
    )


def link_dates(feed: SharedFrames) -> pl.LazyFrame:
    """The dates on which links resolve: `from_service_id`, `to_service_id`, `days_later`, `date`,
    `to_date`.

    `date` is the service day of the from trip and `to_date`, `days_later` days on, that of the to
    trip. The dates depend on the services alone, so links with the same services and k share their
    rows.
    """
    days = feed.service_days
    pairs = feed.links.select("from_service_id", "to_service_id", "days_later").drop_nulls()
    return (
        pairs.unique(maintain_order=True)
        .join(days.rename({"service_id": "from_service_id"}), on="from_service_id")
        .with_columns(to_date=pl.col("date") + pl.duration(days="days_later"))
        .join(
            days.select(to_service_id="service_id", to_date="date"),
            on=["to_service_id", "to_date"],
            how="semi",
        )
        .collect()
        .lazy()
    )


def block_trips(feed: SharedFrames) -> pl.LazyFrame:
    """Trips that share their block_id with another one and have stop times and a running day.

    `csv_row_number`, `trip_id`, `service_id`, `block_id` of trips.txt, `first_stop_id`,
    `last_stop_id`, and `start_time`, `end_time` in seconds of the service day.
    """
    trips = feed.first_trips.filter(pl.col("block_id").is_not_null())
    return (
        trips.select("csv_row_number", "trip_id", "service_id", "block_id")
        .join(feed.service_spans, on="service_id", how="semi", maintain_order="left")
        .join(
            feed.trip_spans.select(
                "trip_id",
                "first_stop_id",
                "last_stop_id",
                start_time=pl.coalesce("first_departure_time", "first_arrival_time"),
                end_time=pl.coalesce("last_arrival_time", "last_departure_time"),
            ),
            on="trip_id",
            maintain_order="left",
        )
        .filter(pl.len().over("block_id") > 1)
        .collect()
        .lazy()
    )


def block_days(feed: SharedFrames) -> pl.LazyFrame:
    """The trips of each block on each kind of day: `block_id`, `date`, `trip_id`.

    Days on which the same services of a block run are of one kind, which stands under its first
    date. A block whose trips are all of one service has one kind of day, so a year costs no more
    than a day.
    """
    trips = feed.block_trips
    services = trips.select("block_id", "service_id").unique()
    blocks = services.group_by("block_id").agg(services=id_set("service_id"))
    sets = (
        services.join(blocks, on="block_id")
        .select("services", "service_id")
        .unique()
        .collect()
        .lazy()
    )
    kinds = (
        sets.with_columns(part=pl.col("service_id").to_physical().hash(seed=1))
        .join(feed.service_days, on="service_id")
        .group_by("services", "date")
        .agg(active=pl.col("part").sum())
        .group_by("services", "active")
        .agg(date=pl.col("date").min())
        .drop("active")
    )
    running = (
        kinds.join(sets, on="services")
        .join(feed.service_days, on=["service_id", "date"], how="semi")
        .select("services", "service_id", "date")
    )
    return (
        trips.select("block_id", "service_id", "trip_id")
        .join(blocks, on="block_id")
        .join(running, on=["services", "service_id"])
        .select("block_id", "date", "trip_id")
        .collect()
        .lazy()
    )


def id_set(name: str) -> pl.Expr:
    """A set of ids as one number of 64 bits, equal for equal sets and hardly ever for others.

    A sum of hashes: texts of the ids would take a hundred times as long.
    """
    return pl.col(name).to_physical().unique().hash(seed=1).sum()
