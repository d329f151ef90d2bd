"""How vehicles go on, for rules: links and blocks of a feed at the ends of its trips.

The same answers as those of `Timetable.links` (how a link finds its date is told in `links.py`),
but row by row of transfers.txt and trips.txt, and without patterns being made of all stop times: a
validation asks every feed. A rule runs only where the tables that it needs are whole, so that
nothing is left out here but links whose trips do not exist.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from gtfsgen.feed import Feed
from gtfsgen.schema import LINKED_TRIPS
from gtfsgen.timetable.links import days_between, on_kinds_of_day, wait_between
from gtfsgen.timetable.services import services
from gtfsgen.timetable.sets import DateSets

SIDES = ("from", "to")


class ServiceDates:
    """The dates of services, as numbers of sets."""

    def __init__(self, feed: Feed) -> None:
        self.sets = DateSets()
        self.services = services(feed, self.sets)
        """`service_id`, `dates`."""

    def first_of(self, numbers: pl.Series) -> pl.Series:
        """The first date of each set; null for the empty one."""
        known = numbers.unique()
        first = [self.sets[each].first if each else None for each in known.to_list()]
        return (
            numbers.replace_strict(known, pl.Series(first, dtype=pl.Date), return_dtype=pl.Date)
            if known.len()
            else pl.Series([], dtype=pl.Date)
        )

    def count_of(self, numbers: pl.Series) -> pl.Series:
        """How many dates each set has."""
        known = numbers.unique()
        count = [len(self.sets[each]) for each in known.to_list()]
        return (
            numbers.replace_strict(known, pl.Series(count, dtype=pl.UInt32), return_dtype=pl.UInt32)
            if known.len()
            else pl.Series([], dtype=pl.UInt32)
        )


def service_dates(feed: Feed) -> ServiceDates:
    """The dates of a feed's services, found once for all rules."""
    return feed.shared(ServiceDates)


def has_links(feed: Feed) -> bool:
    """Whether some transfer of type 4 or 5 has both trips: only then is there work with links."""
    return feed.shared(_has_links)


def _has_links(feed: Feed) -> bool:
    linked = pl.col("transfer_type").is_in(LINKED_TRIPS)
    both = pl.all_horizontal(pl.col("from_trip_id", "to_trip_id").is_not_null())
    return feed.tables["transfers"].rows.filter(linked, both).head(1).collect().height > 0


def joints(feed: Feed) -> pl.LazyFrame:
    """One row per transfer of type 4 or 5 whose two trips both exist, in the order of the file.

    `csv_row_number`, `transfer_type`, `from_stop_id` and `to_stop_id` are those of transfers.txt;
    `from_`/`to_` `trip_id`, `service_id`, `route_id` and `block_id` those of the trips.
    `last_stop_id`, `last_row`, `arrival_time` are the end of the from trip, `first_stop_id`,
    `first_row`, `departure_time` the start of the to trip (rows of stop_times.txt, seconds of the
    service day). `days_later` is k and `wait_s` the wait in seconds; both are null where a time is
    unknown.
    """
    return feed.shared(_joints)


def _joints(feed: Feed) -> pl.LazyFrame:
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
    for side in SIDES:
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
        .with_columns(days_later=days_between(gap_s), wait_s=wait_between(gap_s))
        .collect()
        .lazy()
    )


def dated_joints(feed: Feed) -> pl.DataFrame:
    """The rows of `joints` whose `days_later` is known, with `from_dates` and `to_dates`, the sets
    of service days of their trips, and `dates` and `later_dates`, those on which the link holds:
    service days of the from trip and of the to trip.
    """
    return feed.shared(_dated_joints)


def _dated_joints(feed: Feed) -> pl.DataFrame:
    dates = service_dates(feed)
    rows = joints(feed).filter(pl.col("days_later").is_not_null())
    for side in SIDES:
        own = dates.services.lazy().rename(
            {"service_id": f"{side}_service_id", "dates": f"{side}_dates"}
        )
        rows = rows.join(own, on=f"{side}_service_id", how="left", maintain_order="left")
    found = rows.with_columns(pl.col("from_dates", "to_dates").fill_null(0)).collect()
    held = dates.sets.meets(found["from_dates"], found["to_dates"], found["days_later"])
    return found.with_columns(dates=held, later_dates=dates.sets.shifts(held, found["days_later"]))


def block_trips(feed: Feed) -> pl.DataFrame:
    """Trips that share their block_id with another one and have stop times and a running day.

    `csv_row_number`, `trip_id`, `service_id`, `block_id` of trips.txt, `dates` (a set),
    `first_stop_id`, `last_stop_id`, and `start`, `end` in seconds of the service day.
    """
    return feed.shared(_block_trips)


def _block_trips(feed: Feed) -> pl.DataFrame:
    trips = feed.first_trips.filter(pl.col("block_id").is_not_null())
    spans = feed.trip_spans.select(
        "trip_id",
        "first_stop_id",
        "last_stop_id",
        start=pl.coalesce("first_departure_time", "first_arrival_time"),
        end=pl.coalesce("last_arrival_time", "last_departure_time"),
    )
    running = service_dates(feed).services.lazy().filter(pl.col("dates") > 0)
    return (
        trips.select("csv_row_number", "trip_id", "service_id", "block_id")
        .join(running, on="service_id", maintain_order="left")
        .join(spans, on="trip_id", maintain_order="left")
        .filter(pl.len().over("block_id") > 1)
        .collect()
    )


def block_steps(feed: Feed) -> pl.DataFrame:
    """Each trip of `block_trips` with the next that begins in its block on some day, its values as
    `other_`, and the first `date` on which it is so.
    """
    dates = service_dates(feed)
    running = on_kinds_of_day(block_trips(feed), dates.sets).with_columns(
        date=pl.lit(None, pl.Date)
    )
    running = running.with_columns(date=dates.first_of(running["days"]))
    running = running.sort("block", "kind", "start", "end", "csv_row_number")
    same = np.ones(running.height, bool)
    for name in ("block", "kind"):
        values = running[name].to_numpy()
        same[-1:] = False
        same[:-1] &= values[:-1] == values[1:]
    shown = ("csv_row_number", "trip_id", "first_stop_id")
    return (
        running.with_columns(pl.col(name).shift(-1).alias(f"other_{name}") for name in shown)
        .filter(pl.Series(same, dtype=pl.Boolean))
        .group_by("block", "trip_id", "other_trip_id", maintain_order=True)
        .agg(
            pl.col("date").min(),
            pl.col("block_id", "csv_row_number", "last_stop_id").first(),
            pl.col("other_csv_row_number", "other_first_stop_id").first(),
        )
    )
