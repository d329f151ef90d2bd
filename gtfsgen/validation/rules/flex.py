"""Demand-responsive service: pickup and drop-off windows, location groups, booking rules."""

from __future__ import annotations

import polars as pl

from gtfsgen.faults import Severity
from gtfsgen.feed import Feed
from gtfsgen.findings import Rows
from gtfsgen.schema import TABLES
from gtfsgen.validation.engine import rule

START, END = "start_pickup_drop_off_window", "end_pickup_drop_off_window"
REAL_TIME, SAME_DAY, PRIOR_DAY = range(3)
has_start, has_end = pl.col(START).is_not_null(), pl.col(END).is_not_null()
has_window = has_start | has_end
GEOGRAPHIES = ("stop_id", "location_group_id", "location_id")


def _windowed(feed: Feed) -> pl.LazyFrame:
    """Stop times with a window, none at all where the file has no such column."""
    if feed.has("stop_times", START) or feed.has("stop_times", END):
        return feed.stop_times.filter(has_window)
    return feed.stop_times.head(0)


@rule(Severity.ERROR, at="stop_times")
def forbidden_arrival_or_departure_time(feed: Feed) -> pl.LazyFrame:
    """A stop time has both a time and a pickup/drop-off window.

    It is one or the other: a fixed call, or service on demand within a window.
    """
    times = pl.col("arrival_time").is_not_null() | pl.col("departure_time").is_not_null()
    return (
        _windowed(feed)
        .filter(times)
        .select("csv_row_number", "arrival_time", "departure_time", START, END)
    )


@rule(Severity.ERROR, at="stop_times")
def missing_pickup_or_drop_off_window(feed: Feed) -> pl.LazyFrame:
    """Only one end of a pickup/drop-off window is given.

    Give both, or none.
    """
    return _windowed(feed).filter(has_start != has_end).select("csv_row_number", START, END)


@rule(Severity.ERROR, at="stop_times")
def invalid_pickup_drop_off_window(feed: Feed) -> pl.LazyFrame:
    """A pickup/drop-off window ends before it starts, or at once.

    After midnight times count on past 24:00:00.
    """
    return _windowed(feed).filter(pl.col(START) >= pl.col(END)).select("csv_row_number", START, END)


@rule(Severity.ERROR, at="stop_times")
def forbidden_pickup_type(feed: Feed) -> pl.LazyFrame:
    """A stop time with a window has a pickup type that goes with fixed times only.

    Within a window riders book (2) or cannot board (1). Blank counts as 0.
    """
    regular = pl.col("pickup_type").fill_null(0).is_in([0, 3])
    return _windowed(feed).filter(regular).select("csv_row_number", *_windows())


@rule(Severity.ERROR, at="stop_times")
def forbidden_drop_off_type(feed: Feed) -> pl.LazyFrame:
    """A stop time with a window has regular drop-off.

    Within a window drop-off is booked (2), asked of the driver (3) or impossible (1). Blank counts
    as 0.
    """
    regular = pl.col("drop_off_type").fill_null(0) == 0
    return _windowed(feed).filter(regular).select("csv_row_number", *_windows())


def _windows() -> list[pl.Expr]:
    """Both windows; the canonical report shows an absent one as midnight."""
    return [pl.col(START).fill_null(0), pl.col(END).fill_null(0)]


@rule(Severity.ERROR, at="stop_times")
def forbidden_geography_id(feed: Feed) -> Rows:
    """A stop time names more than one of a stop, a location group and a location.

    It happens in one place only.
    """
    given = pl.sum_horizontal(pl.col(name).is_not_null().cast(pl.Int8) for name in GEOGRAPHIES)
    rows = feed.stop_times.filter(given > 1).select("csv_row_number", *GEOGRAPHIES)
    return Rows(rows, nullable=GEOGRAPHIES)


@rule(Severity.ERROR, at="stop_times")
def forbidden_shape_dist_traveled(feed: Feed) -> pl.LazyFrame:
    """A stop time at a location or group of stops has a distance along the shape.

    An area has no place on a line.
    """
    return feed.stop_times.filter(
        pl.col("stop_id").is_null(),
        pl.col("location_group_id").is_not_null() | pl.col("location_id").is_not_null(),
        pl.col("shape_dist_traveled").is_not_null(),
    ).select("csv_row_number", "trip_id", "location_group_id", "location_id", "shape_dist_traveled")


@rule(Severity.ERROR, "stop_times", at="stop_times")
def missing_stop_times_record(feed: Feed) -> pl.LazyFrame | list[Rows]:
    """A trip on demand has a single stop time.

    A rider is picked up and dropped off: it takes two stop times, perhaps of the same zone.
    """
    if not feed.has("stop_times", START, END, "pickup_type", "drop_off_type"):
        return []
    return feed.ordered_stop_times.filter(
        pl.col("starts_trip"),
        pl.col("ends_trip"),
        has_start,
        has_end,
        pl.col("pickup_type") == 2,
        pl.col("drop_off_type") == 2,
    ).select("csv_row_number", "trip_id", "location_group_id", "location_id")


@rule(Severity.ERROR, "routes", "trips", "stop_times")
def forbidden_continuous_pickup_drop_off(feed: Feed) -> pl.LazyFrame | list[Rows]:
    """A route with continuous pickup or drop-off has trips with windows.

    Boarding anywhere along the way and booking within a window exclude each other.
    """
    window_columns = feed.has("stop_times", START) or feed.has("stop_times", END)
    if not (
        feed.has("routes", "continuous_pickup")
        or (feed.has("routes", "continuous_drop_off") and window_columns)
    ):
        return []
    continuous = pl.any_horizontal(
        pl.col("continuous_pickup", "continuous_drop_off").is_in([0, 2, 3])
    )
    routes = feed.routes.filter(continuous).select(
        "route_id", pl.col("csv_row_number").alias("route_csv_row_number")
    )
    trips = feed.trips.join(routes, on="route_id", how="inner").select(
        "trip_id", "route_csv_row_number"
    )
    return (
        feed.stop_times.filter(has_window)
        .join(trips, on="trip_id", how="inner", maintain_order="left")
        .select(
            "route_csv_row_number",
            "trip_id",
            pl.col("csv_row_number").alias("stop_time_csv_row_number"),
            *_windows(),
        )
    )


@rule(Severity.WARNING, "stop_times", "booking_rules", at="stop_times")
def missing_pickup_drop_off_booking_rule_id(feed: Feed) -> list[Rows]:
    """Riders must book, and nothing says how.

    Stop times with windows whose pickup or drop-off must be arranged should name a booking rule.
    """
    if not feed.present("booking_rules"):
        return []
    names = TABLES["stop_times"].fields["pickup_type"].names
    shown = [
        pl.col(name).replace_strict(
            range(4), list(names), default="UNRECOGNIZED", return_dtype=pl.String
        )
        for name in ("pickup_type", "drop_off_type")
    ]
    cases = (
        ("pickup_type", START, "pickup_booking_rule_id"),
        ("drop_off_type", END, "drop_off_booking_rule_id"),
    )
    return [
        Rows(
            feed.stop_times.filter(
                pl.col(kind) == 2, pl.col(window).is_not_null(), pl.col(booking).is_null()
            ).select("csv_row_number", *shown),
            nullable=("pickup_type", "drop_off_type"),
        )
        for kind, window, booking in cases
    ]


def _forbidden_fields(feed: Feed, booking_type: int, fields: tuple[str, ...]) -> pl.LazyFrame:
    """Booking rules of a type with a value in any of the fields, and which."""
    names = pl.concat_str(
        [pl.when(pl.col(name).is_not_null()).then(pl.lit(name)) for name in fields],
        separator=", ",
        ignore_nulls=True,
    )
    return (
        feed.booking_rules.filter(pl.col("booking_type") == booking_type)
        .with_columns(field_names=names)
        .filter(pl.col("field_names") != "")
        .select("csv_row_number", "booking_rule_id", "field_names")
    )


@rule(Severity.ERROR, of="booking_rules", at="booking_rules")
def forbidden_real_time_booking_field_value(feed: Feed) -> pl.LazyFrame:
    """A rule for booking in real time asks for notice in advance.

    With booking_type 0 all prior_notice fields must be blank.
    """
    return _forbidden_fields(
        feed,
        REAL_TIME,
        (
            "prior_notice_duration_min",
            "prior_notice_duration_max",
            "prior_notice_last_day",
            "prior_notice_last_time",
            "prior_notice_start_day",
            "prior_notice_start_time",
            "prior_notice_service_id",
        ),
    )


@rule(Severity.ERROR, of="booking_rules", at="booking_rules")
def forbidden_same_day_booking_field_value(feed: Feed) -> pl.LazyFrame:
    """A rule for booking on the same day counts in days.

    With booking_type 1 prior_notice_last_day, prior_notice_last_time and prior_notice_service_id
    must be blank.
    """
    return _forbidden_fields(
        feed,
        SAME_DAY,
        ("prior_notice_last_day", "prior_notice_last_time", "prior_notice_service_id"),
    )


@rule(Severity.ERROR, of="booking_rules", at="booking_rules")
def forbidden_prior_day_booking_field_value(feed: Feed) -> pl.LazyFrame:
    """A rule for booking on days before counts in minutes.

    With booking_type 2 prior_notice_duration_min and prior_notice_duration_max must be blank.
    """
    return _forbidden_fields(
        feed, PRIOR_DAY, ("prior_notice_duration_min", "prior_notice_duration_max")
    )


@rule(Severity.ERROR, of="booking_rules", at="booking_rules")
def forbidden_prior_notice_start_day(feed: Feed) -> pl.LazyFrame:
    """A booking rule tells the earliest booking twice, in days and in minutes.

    With prior_notice_duration_max leave prior_notice_start_day blank.
    """
    return feed.booking_rules.filter(
        pl.col("prior_notice_duration_max").is_not_null(),
        pl.col("prior_notice_start_day").is_not_null(),
    ).select(
        "csv_row_number", "booking_rule_id", "prior_notice_start_day", "prior_notice_duration_max"
    )


@rule(Severity.ERROR, of="booking_rules", at="booking_rules")
def forbidden_prior_notice_start_time(feed: Feed) -> pl.LazyFrame:
    """A booking rule has an earliest time of booking, but no day for it.

    Give prior_notice_start_day too, or neither.
    """
    return feed.booking_rules.filter(
        pl.col("prior_notice_start_time").is_not_null(), pl.col("prior_notice_start_day").is_null()
    ).select("csv_row_number", "booking_rule_id", "prior_notice_start_time")


@rule(Severity.ERROR, of="booking_rules", at="booking_rules")
def missing_prior_notice_start_time(feed: Feed) -> pl.LazyFrame:
    """A booking rule has an earliest day of booking, but no time.

    Give prior_notice_start_time too, or neither.
    """
    return feed.booking_rules.filter(
        pl.col("prior_notice_start_day").is_not_null(), pl.col("prior_notice_start_time").is_null()
    ).select("csv_row_number", "booking_rule_id", "prior_notice_start_day")


@rule(Severity.ERROR, of="booking_rules", at="booking_rules")
def invalid_prior_notice_duration_min(feed: Feed) -> pl.LazyFrame:
    """A booking rule's latest booking comes before its earliest.

    prior_notice_duration_max must not be less than prior_notice_duration_min.
    """
    return feed.booking_rules.filter(
        pl.col("prior_notice_duration_max") < pl.col("prior_notice_duration_min")
    ).select(
        "csv_row_number",
        "booking_rule_id",
        "prior_notice_duration_min",
        "prior_notice_duration_max",
    )


@rule(Severity.ERROR, of="booking_rules", at="booking_rules")
def prior_notice_last_day_after_start_day(feed: Feed) -> pl.LazyFrame:
    """A booking rule's last day of booking comes before its first.

    Days count backwards from the journey: prior_notice_last_day must not exceed
    prior_notice_start_day.
    """
    return feed.booking_rules.filter(
        pl.col("prior_notice_last_day") > pl.col("prior_notice_start_day")
    ).select("csv_row_number", "prior_notice_last_day", "prior_notice_start_day")


def _booking_without(feed: Feed, booking_type: int, field: str) -> pl.LazyFrame:
    return feed.booking_rules.filter(
        pl.col("booking_type") == booking_type, pl.col(field).is_null()
    ).select("csv_row_number", "booking_rule_id")


@rule(Severity.ERROR, of="booking_rules", at="booking_rules")
def missing_prior_notice_duration_min(feed: Feed) -> pl.LazyFrame:
    """A rule for booking on the same day does not tell how many minutes before.

    With booking_type 1 prior_notice_duration_min is required.
    """
    return _booking_without(feed, SAME_DAY, "prior_notice_duration_min")


@rule(Severity.ERROR, of="booking_rules", at="booking_rules")
def missing_prior_notice_last_day(feed: Feed) -> pl.LazyFrame:
    """A rule for booking on days before does not tell how many.

    With booking_type 2 prior_notice_last_day is required.
    """
    return _booking_without(feed, PRIOR_DAY, "prior_notice_last_day")


@rule(Severity.ERROR, of="booking_rules", at="booking_rules")
def missing_prior_notice_last_time(feed: Feed) -> pl.LazyFrame:
    """A rule for booking on days before does not tell until what time.

    With booking_type 2 prior_notice_last_time is required.
    """
    return _booking_without(feed, PRIOR_DAY, "prior_notice_last_time")
