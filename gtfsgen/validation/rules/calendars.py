"""Calendars: on which days services run, and whether that fits the feed's period."""

from __future__ import annotations

from datetime import date as Date
from datetime import timedelta

import polars as pl

from gtfsgen.faults import Severity
from gtfsgen.feed import Feed
from gtfsgen.feed.frames import WEEKDAYS
from gtfsgen.validation.engine import ValidatorCrash, rule

MAX_GAP_DAYS = 13
FAR_FUTURE_DAYS = 730
FEED_PERIOD_TOLERANCE_DAYS = 14
NEXT_DAYS = 7
WINDOW_TABLES = ("calendar", "calendar_dates", "feed_info", "trips")


def _refuse_reversed_ranges(feed: Feed, validator: str) -> None:
    """The canonical validator cannot make dates of a period that ends before it starts."""
    if feed.strict and feed.reversed_calendar:
        raise ValidatorCrash(
            validator,
            "java.lang.IllegalArgumentException",
            "a calendar.txt row starts after it ends",
        )


@rule(Severity.INFO, "calendar", "calendar_dates", of="calendar")
def big_gap_in_service(feed: Feed) -> pl.LazyFrame:
    """A service does not run for two weeks or more between two of its days.

    Legal where a railway pauses in winter; often, though, somebody forgot the exceptions of a
    holiday period or joined two timetables in one service.
    """
    _refuse_reversed_ranges(feed, "ServiceSpreadValidator")
    return (
        _gaps(feed.service_days_in_turn.collect())
        .lazy()
        .join(feed.calendar.select("service_id"), on="service_id", maintain_order="left")
        .select(
            "service_id",
            gap_start_date=pl.col("date").dt.strftime("%Y-%m-%d"),
            gap_end_date=pl.col("next_day").dt.strftime("%Y-%m-%d"),
            gap_duration_days="gap",
        )
    )


def _gaps(days: pl.DataFrame) -> pl.DataFrame:
    """`service_id`, `date`, `next_day`, `gap`: days (sorted by date) that are followed by too many
    without service, `gap` of them. In arrays, for there may be tens of millions of days.
    """
    import numpy as np

    services = days["service_id"].to_physical().to_numpy()
    dates = days["date"].to_physical().to_numpy()
    order = np.argsort(services, kind="stable")
    services, dates = services[order], dates[order]
    gap = np.diff(dates) - 1
    found = np.flatnonzero((gap > MAX_GAP_DAYS) & (services[1:] == services[:-1]))
    found = found[np.argsort(order[found], kind="stable")]
    return days[order[found]].with_columns(
        next_day=pl.Series(dates[found + 1], dtype=pl.Int32).cast(pl.Date),
        gap=pl.Series(gap[found], dtype=pl.Int64),
    )


@rule(Severity.INFO, "calendar", "calendar_dates", of="calendar")
def service_extends_far_in_the_future(feed: Feed) -> pl.LazyFrame:
    """A service still runs in two years and more.

    Nobody plans so far ahead; consumers refuse or cut such feeds. Perhaps a year was mistyped.
    """
    _refuse_reversed_ranges(feed, "ServiceSpreadValidator")
    limit = feed.today + timedelta(days=FAR_FUTURE_DAYS)
    last_dates = feed.service_days_in_turn.group_by("service_id", maintain_order=True).agg(
        last_date=pl.col("date").max()
    )
    return (
        last_dates.join(feed.calendar.select("service_id"), on="service_id", maintain_order="left")
        .filter(pl.col("last_date") > limit)
        .select("service_id", service_window_end_date=pl.col("last_date").dt.strftime("%Y-%m-%d"))
    )


@rule(Severity.WARNING, "calendar", "calendar_dates", at="calendar")
def expired_calendar(feed: Feed) -> pl.LazyFrame:
    """All days of a service are in the past.

    Remove services that are over; a feed of nothing else will be dropped by planners. Services
    that stand only in calendar_dates.txt are named when all of them are over.
    """
    spans = feed.service_spans
    expired = spans.filter(pl.col("last_date") < feed.today)
    if feed.height("calendar"):
        rows = feed.calendar.unique("service_id", keep="first", maintain_order=True)
        return rows.join(expired, on="service_id", how="semi", maintain_order="left").select(
            "csv_row_number", "service_id"
        )
    current = spans.filter(pl.col("last_date") >= feed.today).collect().height
    first_rows = feed.calendar_dates.group_by("service_id").agg(pl.col("csv_row_number").min())
    return (
        first_rows.join(expired, on="service_id", how="semi")
        .filter(pl.lit(not current))
        .sort("csv_row_number")
        .select("csv_row_number", "service_id")
    )


@rule(Severity.WARNING, "calendar", of="calendar", at="calendar")
def service_has_no_active_day_of_the_week(feed: Feed) -> pl.LazyFrame:
    """A row of calendar.txt runs on no weekday at all.

    Its days are only those added in calendar_dates.txt. That works, but some planners take the
    weekdays for the whole truth: give the pattern that fits best.
    """
    return feed.calendar.filter(pl.all_horizontal(pl.col(WEEKDAYS) == 0)).select(
        "csv_row_number", "service_id"
    )


def _feed_period(feed: Feed) -> tuple[Date | None, Date | None]:
    rows = feed.feed_info.select("feed_start_date", "feed_end_date").head(1).collect()
    return rows.row(0) if rows.height else (None, None)


@rule(Severity.INFO, *WINDOW_TABLES)
def future_calendar(feed: Feed) -> pl.DataFrame:
    """No service of the feed runs yet.

    The first day of service is still to come. Planners show nothing until then.
    """
    _refuse_reversed_ranges(feed, "FeedServiceWindowValidator")
    first, _ = feed.service_window
    rows = []
    if first is not None and first > feed.today:
        rows.append((first.isoformat(), feed.today.isoformat()))
    return pl.DataFrame(rows, schema=["min_service_start_date", "current_date"], orient="row")


@rule(Severity.INFO, *WINDOW_TABLES, of="feed_info")
def feed_valid_beyond_total_service_window(feed: Feed) -> pl.DataFrame:
    """The period of feed_info.txt is more than two weeks longer than the days of service.

    Riders are told that nothing runs on the days in between. Cut the period to what is really
    known.
    """
    _refuse_reversed_ranges(feed, "FeedServiceWindowValidator")
    start, end = _feed_period(feed)
    first, last = feed.service_window
    rows = []
    if start and end and first and last:
        tolerance = timedelta(days=FEED_PERIOD_TOLERANCE_DAYS)
        if start < first - tolerance or end > last + tolerance:
            rows.append(tuple(day.isoformat() for day in (start, end, first, last)))
    return pl.DataFrame(
        rows,
        schema=[
            "feed_start_date",
            "feed_end_date",
            "service_window_start_date",
            "service_window_end_date",
        ],
        orient="row",
    )


@rule(Severity.INFO, *WINDOW_TABLES, of="feed_info")
def service_window_outside_feed_period(feed: Feed) -> pl.LazyFrame:
    """A service has days outside the period of feed_info.txt.

    Consumers may cut them off. Widen the period or shorten the service.
    """
    _refuse_reversed_ranges(feed, "FeedServiceWindowValidator")
    start, end = _feed_period(feed)
    before = (pl.lit(start, dtype=pl.Date) - pl.col("first_date")).dt.total_days().clip(0)
    after = (pl.col("last_date") - pl.lit(end, dtype=pl.Date)).dt.total_days().clip(0)
    spans = feed.service_windows
    if start is None or end is None:
        spans = spans.head(0)
    return (
        spans.with_columns(
            days_before_feed_start=before.cast(pl.Int64), days_after_feed_end=after.cast(pl.Int64)
        )
        .filter((pl.col("days_before_feed_start") > 0) | (pl.col("days_after_feed_end") > 0))
        .select(
            "service_id",
            pl.col("first_date").dt.strftime("%Y-%m-%d").alias("service_window_start_date"),
            pl.col("last_date").dt.strftime("%Y-%m-%d").alias("service_window_end_date"),
            "days_before_feed_start",
            "days_after_feed_end",
        )
    )


@rule(Severity.WARNING, "calendar_dates", "calendar", "trips", "frequencies")
def trip_coverage_not_active_for_next7_days(feed: Feed) -> pl.DataFrame:
    """The bulk of the trips does not run throughout the next seven days.

    The window of days with at least three quarters of the usual number of trips starts after today
    or ends within a week. Publish the next timetable in time.
    """
    counts = _trips_per_day(feed)
    schema = {
        "current_date": pl.Date,
        "service_window_start_date": pl.Date,
        "service_window_end_date": pl.Date,
    }
    if not counts.height:
        return pl.DataFrame(schema=schema)
    ordered = counts["trips"].sort()
    days = len(ordered)
    index = max(int(0.9 * days), days - 30)
    threshold = int(0.75 * ordered[index])
    window = counts.filter(pl.col("trips") >= threshold)["date"]
    first, last = window.min(), window.max()
    assert isinstance(first, Date)
    assert isinstance(last, Date)
    fires = first > feed.today or last < feed.today + timedelta(days=NEXT_DAYS)
    return pl.DataFrame([(feed.today, first, last)][: int(fires)], schema=schema, orient="row")


def _trips_per_day(feed: Feed) -> pl.DataFrame:
    """`date`, `trips`: runs of trips by date; a trip with frequencies counts as often as it
    starts.
    """
    starts = feed.frequencies.select(
        "trip_id",
        runs=1 + (pl.col("end_time") - pl.col("start_time") - 1) // pl.col("headway_secs"),
    )
    runs = starts.group_by("trip_id").agg(pl.col("runs").sum())
    by_service = (
        feed.trips.select("trip_id", "service_id")
        .join(runs, on="trip_id", how="left")
        .group_by("service_id")
        .agg(trips=pl.col("runs").fill_null(1).sum())
    )
    return _summed_by_date(feed.service_days.collect(), by_service.collect())


def _summed_by_date(days: pl.DataFrame, by_service: pl.DataFrame) -> pl.DataFrame:
    """`date`, `trips` of the services that have trips, in arrays as `_gaps`."""
    import numpy as np

    if not days.height or not by_service.height:
        return pl.DataFrame(schema={"date": pl.Date, "trips": pl.Int64})
    by_service = by_service.drop_nulls("service_id")
    known = by_service["service_id"].to_physical().to_numpy()
    services = days["service_id"].to_physical().to_numpy()
    trips = np.zeros(int(max(services.max(), known.max(initial=0))) + 1, np.int64)
    has_trips = np.zeros(len(trips), bool)
    trips[known] = by_service["trips"].to_numpy()
    has_trips[known] = True
    trips, used = trips[services], has_trips[services]
    dates = days["date"].to_physical().to_numpy()[used]
    if not len(dates):
        return pl.DataFrame(schema={"date": pl.Date, "trips": pl.Int64})
    first = int(dates.min())
    number = np.bincount(dates - first)
    total = np.bincount(dates - first, weights=trips[used]).astype(np.int64)
    found = np.flatnonzero(number)
    return pl.DataFrame(
        {"date": pl.Series((found + first).astype(np.int32)).cast(pl.Date), "trips": total[found]}
    )
