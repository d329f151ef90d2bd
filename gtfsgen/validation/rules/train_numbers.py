"""Train numbers (trip_short_name): one train of a number a day."""

from __future__ import annotations

import polars as pl

from gtfsgen.faults import Severity
from gtfsgen.feed import Feed
from gtfsgen.findings import Rows
from gtfsgen.validation.engine import rule

PAIR = ["other_trip_id", "trip_id"]
RUN = ["service_id", "day"]
"""When a trip departs: on the dates of its service, so many days later."""
DAY_S = 86_400
MANY_DATES, MANY_DAYS = 1 << 24, 1 << 6


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
    the other. Trips that follow each other by transfers of types 4 and 5, or in one block, may
    share their number. Two trips for two groups of coaches of one train may not: describe the train
    once. A trip whose first departure is past 24:00:00, and so on another date, is not held against
    one before. One notice for each later trip, `date` being the first service date of both.
    """
    trips = feed.shared(_namesakes)
    within = _within_services(feed, trips)
    rest = trips.join(within, on="trip_id", how="anti").collect().lazy()
    between = _between_services(feed, rest)
    dates = feed.service_spans.select("service_id", date="first_date")
    found = pl.concat(
        [
            within.join(trips.select("trip_id", *RUN), on="trip_id")
            .join(dates, on="service_id")
            .select(*PAIR, "date"),
            between.select(*PAIR, "date"),
        ]
    )
    names = trips.select("csv_row_number", "trip_id", "trip_short_name")
    others = trips.select(other_csv_row_number="csv_row_number", other_trip_id="trip_id")
    return Rows(
        found.join(names, on="trip_id")
        .join(others, on="other_trip_id")
        .sort("csv_row_number", "date")
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
    """Running trips whose agency has another trip of their name, in the order of their starts.

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
        .with_columns(day=pl.col("start_s") // DAY_S, start_s=pl.col("start_s") % DAY_S)
    )
    groups = trips.group_by(name).len().filter(pl.col("len") > 1).with_row_index("group")
    return (
        trips.join(groups.select(*name, "group"), on=name)
        .sort("group", "start_s", "csv_row_number")
        .collect()
        .lazy()
    )


def _within_services(feed: Feed, trips: pl.LazyFrame) -> pl.LazyFrame:
    """Pairs of one name and one service, each trip with the one that starts before it that day."""
    key = ["group", *RUN]
    pairs = trips.with_columns(
        other_trip_id=pl.col("trip_id").shift(1).over(key),
        other_block_id=pl.col("block_id").shift(1).over(key),
    ).filter(pl.col("other_trip_id").is_not_null())
    return _not_consecutive(feed, pairs).select(PAIR).collect().lazy()


def _between_services(feed: Feed, trips: pl.LazyFrame) -> pl.LazyFrame:
    """Pairs of one name and of different services, with the first service `date` of both."""
    runs = trips.select("group", *RUN).unique()
    # One number for group, date and day sorts and compares many times faster than the three.
    number = (
        pl.col("group").cast(pl.Int64) * MANY_DATES + pl.col("date").to_physical()
    ) * MANY_DAYS
    same = pl.col("number") == pl.col("number").shift(1)
    meeting = (
        runs.filter(pl.len().over("group") > 1)
        .join(feed.service_days, on="service_id")
        .with_columns(number=number + pl.col("day").clip(0, MANY_DAYS - 1))
        .sort("number", pl.col("service_id").to_physical())
        .with_columns(pl.col(RUN).shift(1).name.prefix("other_"), met=same)
        .filter("met")
        .group_by("group", *RUN, *(f"other_{name}" for name in RUN))
        .agg(pl.col("date").min())
    )
    sides = trips.select("group", *RUN, "trip_id", "block_id", "csv_row_number", "start_s")
    pairs = meeting.join(sides, on=["group", *RUN]).join(
        sides.rename({name: f"other_{name}" for name in sides.collect_schema().names()[1:]}),
        on=["group", *(f"other_{name}" for name in RUN)],
    )
    return _not_consecutive(feed, _later_first(pairs))


def _later_first(pairs: pl.LazyFrame) -> pl.LazyFrame:
    """Pairs turned so that `trip_id` is the one that starts later."""
    columns = ["csv_row_number", "trip_id", "block_id", "start_s"]
    start, other_start = pl.col("start_s"), pl.col("other_start_s")
    earlier = (start < other_start) | (
        (start == other_start) & (pl.col("csv_row_number") < pl.col("other_csv_row_number"))
    )
    swapped = {name: f"other_{name}" for name in columns} | {
        f"other_{name}": name for name in columns
    }
    order = pairs.collect_schema().names()
    return pl.concat([pairs.filter(~earlier), pairs.filter(earlier).rename(swapped).select(order)])


def _not_consecutive(feed: Feed, pairs: pl.LazyFrame) -> pl.LazyFrame:
    """Without pairs of one block, or of which links lead from the first trip to the second."""
    apart = pairs.filter((pl.col("block_id") != pl.col("other_block_id")).fill_null(True))
    if not feed.has_links:
        return apart
    return apart.join(feed.shared(_followers), on=PAIR, how="anti")


def _followers(feed: Feed) -> pl.LazyFrame:
    """Pairs of trips of one name of which the second follows by links, perhaps over others of that
    name."""
    names = feed.first_trips.select("trip_id", "trip_short_name")
    steps = (
        feed.links.select(other_trip_id="from_trip_id", trip_id="to_trip_id")
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
