"""Train numbers (trip_short_name): one train of a number a day."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from gtfsgen.clocks import DAY
from gtfsgen.faults import Severity
from gtfsgen.feed import Feed
from gtfsgen.findings import Rows
from gtfsgen.timetable.joints import has_links, joints
from gtfsgen.validation.engine import rule
from gtfsgen.validation.portions import portions

PAIR = ["other_trip_id", "trip_id"]
RUNS_AT_ONCE = 4_000_000
"""Departures, a trip on a date each, that are compared in one go."""


@rule(
    Severity.WARNING,
    "trips",
    "stop_times",
    "routes",
    "calendar",
    "calendar_dates",
    "transfers",
    group="gtfsgen",
    of="trips.trip_short_name",
)
def trip_short_name_not_unique_per_day(feed: Feed) -> Rows:
    """Two trips of one agency have one trip_short_name on one date.

    A train number should name one train on a service day, or riders and realtime feeds take one for
    the other. On each service date the trips of one number and agency stand in the order in which
    they start, and of those that start at one time in the order of trips.txt; each is compared with
    the one just before it. Trips that follow each other by transfers of types 4 and 5, or in one
    block, may share their number. Two trips for two groups of coaches of one train may not:
    describe the train once. Trips whose first departures are past 24:00:00, and so on another date,
    are compared among themselves. One notice for each later trip: `date` is the first service date
    on which it comes just after a trip that it must not, and `other_trip_id` is that trip.
    """
    trips = feed.shared(_namesakes)
    found = _not_consecutive(feed, _neighbours(feed, trips.collect()).lazy())
    names = trips.select("csv_row_number", "trip_id", "trip_short_name")
    others = trips.select(other_csv_row_number="csv_row_number", other_trip_id="trip_id")
    return Rows(
        found.join(names, on="trip_id")
        .join(others, on="other_trip_id")
        .sort("csv_row_number", "date", "other_csv_row_number")
        .unique("csv_row_number", keep="first", maintain_order=True)
        .select(
            "csv_row_number",
            "trip_id",
            "trip_short_name",
            "other_csv_row_number",
            "other_trip_id",
            "date",
        ),
        {"filename": "trips.txt"},
    )


def _namesakes(feed: Feed) -> pl.LazyFrame:
    """Running trips whose agency has another trip of their name, by group, day and start.

    `group` numbers agency and name. A route without an agency is the first agency's. `start_s` is
    the time of the first departure on the date of it, `day` days after the service date.
    """
    agencies = feed.agency.select("agency_id").head(1).collect()
    only = pl.lit(agencies.item() if agencies.height else None, dtype=pl.String)
    agency = feed.first_routes.select(
        "route_id", agency=pl.col("agency_id").cast(pl.String).fill_null(only).fill_null("")
    )
    name = ["agency", "trip_short_name"]
    trips = (
        feed.first_trips.filter(pl.col("trip_short_name").is_not_null())
        .select(
            "csv_row_number", "trip_id", "trip_short_name", "route_id", "service_id", "block_id"
        )
        .join(agency, on="route_id", maintain_order="left")
        .join(feed.service_spans, on="service_id", how="semi", maintain_order="left")
        .join(
            feed.trip_spans.select(
                "trip_id",
                start_s=pl.coalesce("first_departure_time", "first_arrival_time").fill_null(0),
            ),
            on="trip_id",
            maintain_order="left",
        )
        .with_columns(day=pl.col("start_s") // DAY, start_s=pl.col("start_s") % DAY)
    )
    groups = (
        trips.group_by(name, maintain_order=True)
        .len()
        .filter(pl.col("len") > 1)
        .with_row_index("group")
    )
    return (
        trips.join(groups.select(*name, "group"), on=name)
        .sort("group", "day", "start_s", "csv_row_number")
        .collect()
        .lazy()
    )


def _neighbours(feed: Feed, trips: pl.DataFrame) -> pl.DataFrame:
    """Pairs of trips of one name that start one after the other on some `date`, the first such.

    `trips` are `_namesakes`. Dates on which the same services run are of one kind and are looked at
    once; and so are all dates of trips whose namesakes are of one service.
    """
    services = trips["service_id"].unique()
    days = feed.service_days.join(services.to_frame().lazy(), on="service_id", how="semi").collect()
    kinds = _kinds_of_dates(days)
    trips = trips.with_columns(
        alone=pl.col("service_id").n_unique().over("group") == 1
    ).with_row_index("place")
    first_dates = feed.service_spans.select("service_id", date="first_date").collect()
    found = [_adjacent(trips.filter("alone"), first_dates)]
    rest = trips.filter(~pl.col("alone"))
    running = days.join(kinds, on="date", how="semi")
    for part in _portions(rest, running):
        found.append(_adjacent(part, running))
    return pl.concat(found)


def _portions(trips: pl.DataFrame, running: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Trips of whole groups, with about `RUNS_AT_ONCE` departures together."""
    counts = running.group_by("service_id").len()
    departures = trips.join(counts, on="service_id", how="left", maintain_order="left")["len"]
    before = np.append(0, departures.cum_sum().to_numpy()).astype(np.int64)
    firsts = np.flatnonzero(np.diff(trips["group"].to_numpy().astype(np.int64), prepend=-1))
    bounds = np.append(firsts, trips.height)
    for first, last in portions(before[bounds], RUNS_AT_ONCE):
        yield trips[int(bounds[first]) : int(bounds[last])]


def _kinds_of_dates(days: pl.DataFrame) -> pl.DataFrame:
    """The first `date` of each set of services that run together."""
    sets = (
        days.sort("date", pl.col("service_id").to_physical())
        .group_by("date", maintain_order=True)
        .agg("service_id")
    )
    return sets.unique("service_id", keep="first", maintain_order=True).select("date")


def _adjacent(trips: pl.DataFrame, running: pl.DataFrame) -> pl.DataFrame:
    """Pairs of trips that follow each other on one of the dates given, the first of these dates."""
    columns = ("group", "day", "trip_id", "block_id", "csv_row_number", "place")
    before = [pl.col(name).shift(1).alias(f"other_{name}") for name in columns]
    return (
        trips.select("service_id", *columns)
        .join(running, on="service_id")
        .sort("date", "place")
        .with_columns(*before, same_date=pl.col("date") == pl.col("date").shift(1))
        .filter(
            "same_date",
            pl.col("group") == pl.col("other_group"),
            pl.col("day") == pl.col("other_day"),
        )
        .unique(("place", "other_place"), keep="first", maintain_order=True)
        .select(*PAIR, "block_id", "other_block_id", "date")
    )


def _not_consecutive(feed: Feed, pairs: pl.LazyFrame) -> pl.LazyFrame:
    """Without pairs of one block, or of which links lead from the first trip to the second."""
    apart = pairs.filter((pl.col("block_id") != pl.col("other_block_id")).fill_null(True))
    if not has_links(feed):
        return apart
    return apart.join(feed.shared(_followers), on=PAIR, how="anti")


def _followers(feed: Feed) -> pl.LazyFrame:
    """Pairs of trips of one name of which the second follows by links, perhaps over others of that
    name."""
    names = feed.first_trips.select("trip_id", "trip_short_name")
    steps = (
        joints(feed)
        .select(other_trip_id="from_trip_id", trip_id="to_trip_id")
        .join(names, on="trip_id")
        .join(names.select(pl.all().name.prefix("other_")), on="other_trip_id")
        .filter(pl.col("trip_short_name") == pl.col("other_trip_short_name"))
        .select(PAIR)
        .unique()
        .collect()
    )
    known, longer = steps, steps
    while longer.height:
        longer = (
            longer.join(steps.rename({"other_trip_id": "trip_id", "trip_id": "next"}), on="trip_id")
            .select("other_trip_id", trip_id="next")
            .unique()
            .join(known, on=PAIR, how="anti")
        )
        known = pl.concat([known, longer])
    return known.lazy()
