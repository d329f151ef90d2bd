"""Stop times: order, completeness, distances, speeds."""

from __future__ import annotations

import polars as pl

from gtfsgen.faults import Severity
from gtfsgen.feed import Feed
from gtfsgen.findings import Rows, clock
from gtfsgen.validation.engine import rule
from gtfsgen.validation.scans.distances import are_numbers

arrival, departure = pl.col("arrival_time"), pl.col("departure_time")
MAX_CALLS_AT_ONE_TIME = 5


def _with_windowless_edges(feed: Feed) -> pl.LazyFrame:
    windowless = pl.all_horizontal(
        pl.col("start_pickup_drop_off_window", "end_pickup_drop_off_window").is_null()
    )
    return feed.ordered_stop_times.filter(windowless)


@rule(Severity.ERROR, "stop_times", at="stop_times")
def missing_trip_edge(feed: Feed) -> list[pl.LazyFrame]:
    """The first or last stop of a trip lacks its arrival or departure.

    Planners cannot tell when the trip starts or ends. Times in between may be left to
    interpolation; those at the ends may not. An estimate marked by timepoint 0 will do.
    """
    missing = []
    edges = _with_windowless_edges(feed)
    for end in ("starts_trip", "ends_trip"):
        for column in ("arrival_time", "departure_time"):
            missing.append(
                edges.filter(end, pl.col(column).is_null()).select(
                    "csv_row_number",
                    "stop_sequence",
                    "trip_id",
                    specified_field=pl.lit(column),
                )
            )
    return missing


@rule(Severity.ERROR, "stop_times", at="stop_times")
def stop_time_with_only_arrival_or_departure_time(feed: Feed) -> pl.LazyFrame:
    """A stop time has an arrival but no departure, or the other way round.

    Give both, equal if the vehicle hardly stops, or none. The field named is the one that is there.
    """
    present = (
        pl.when(arrival.is_null()).then(pl.lit("departure_time")).otherwise(pl.lit("arrival_time"))
    )
    return feed.stop_times.filter(arrival.is_null() != departure.is_null()).select(
        "csv_row_number", "trip_id", "stop_sequence", specified_field=present
    )


@rule(Severity.ERROR, "stop_times", at="stop_times")
def stop_time_with_arrival_before_previous_departure_time(feed: Feed) -> pl.LazyFrame:
    """A trip arrives before it has left the stop before.

    Times of a trip never go back; after midnight they count on past 24:00:00.
    """
    timed = feed.ordered_stop_times.select(
        "csv_row_number", "trip_id", "arrival_time", "departure_time"
    ).filter(arrival.is_not_null() | departure.is_not_null())
    previous_row = pl.when(departure.is_not_null()).then("csv_row_number")
    same_trip = pl.col("trip_id").to_physical() == pl.col("trip_id").to_physical().shift(1)
    plain = timed.filter(departure.is_null()).select(pl.len()).collect().item() == 0
    if plain:
        compared = timed.with_columns(
            previous=pl.when(same_trip).then(departure.shift(1)),
            prev_csv_row_number=pl.col("csv_row_number").shift(1),
        )
    else:
        compared = timed.with_columns(
            previous=departure.forward_fill().shift(1).over("trip_id"),
            prev_csv_row_number=previous_row.forward_fill().shift(1).over("trip_id"),
        )
    return compared.filter(arrival < pl.col("previous")).select(
        "csv_row_number",
        "prev_csv_row_number",
        "trip_id",
        "arrival_time",
        departure_time="previous",
    )


@rule(Severity.INFO, "stop_times", at="stop_times")
def unsorted_stop_times(feed: Feed) -> pl.LazyFrame:
    """A trip's stop times are scattered over the file or out of order.

    Legal, but slow to read, and a sign of a careless export. Sort by trip_id and stop_sequence.
    """
    if feed.order_of("stop_times").consecutive:
        return feed.stop_times.head(0).select("trip_id", "csv_row_number")
    sequence = pl.col("stop_sequence")
    return (
        feed.stop_times.with_columns(
            rising=(sequence > sequence.shift(1).over("trip_id")).fill_null(True)
        )
        .group_by("trip_id", maintain_order=True)
        .agg(
            start_csv_row_number=pl.col("csv_row_number").first(),
            end_csv_row_number=pl.col("csv_row_number").last(),
            rows=pl.len(),
            rising=pl.col("rising").all(),
        )
        .filter(
            ~pl.col("rising")
            | (pl.col("end_csv_row_number") - pl.col("start_csv_row_number") + 1 > pl.col("rows"))
        )
        .select("trip_id", "start_csv_row_number", "end_csv_row_number")
    )


@rule(Severity.ERROR, "stop_times", at="stop_times")
def decreasing_or_equal_stop_time_distance(feed: Feed) -> pl.LazyFrame | list[Rows]:
    """shape_dist_traveled does not grow from one stop to the next.

    Distances along the shape must rise, or the stops cannot be placed on it.
    """
    if not feed.has("stop_times", "stop_id", "shape_dist_traveled"):
        return []
    rows = feed.ordered_stop_times.filter(pl.col("stop_id").is_not_null())
    columns = ("csv_row_number", "shape_dist_traveled", "stop_sequence")
    same_trip = pl.col("trip_id").to_physical() == pl.col("trip_id").to_physical().shift(1)
    return (
        rows.with_columns(*(pl.col(name).shift(1).alias(f"prev_{name}") for name in columns))
        .filter(
            same_trip
            & (pl.col("prev_shape_dist_traveled") >= pl.col("shape_dist_traveled"))
            & are_numbers("prev_shape_dist_traveled", "shape_dist_traveled")
        )
        .select("trip_id", "stop_id", *columns, *(f"prev_{name}" for name in columns))
    )


@rule(Severity.WARNING, "stop_times", at="stop_times")
def missing_timepoint_value(feed: Feed) -> pl.LazyFrame | list[Rows]:
    """A stop time does not say whether its times are exact.

    Where the column timepoint is used, every time should say 1 (exact) or 0 (estimated).
    """
    if not feed.has("stop_times", "timepoint"):
        return []
    return feed.stop_times.filter(
        pl.col("timepoint").is_null(), arrival.is_not_null() | departure.is_not_null()
    ).select("csv_row_number", "trip_id", "stop_sequence")


@rule(Severity.ERROR, "stop_times", of="stop_times.timepoint", at="stop_times")
def stop_time_timepoint_without_times(feed: Feed) -> list[pl.LazyFrame]:
    """A stop time says that its times are exact, and has none.

    Give both times, or timepoint 0.
    """
    exact = feed.stop_times.filter(pl.col("timepoint") == 1)
    return [
        exact.filter(pl.col(column).is_null()).select(
            "csv_row_number", "trip_id", "stop_sequence", specified_field=pl.lit(column)
        )
        for column in ("arrival_time", "departure_time")
    ]


@rule(Severity.ERROR, "frequencies", of="frequencies", at="frequencies")
def overlapping_frequency(feed: Feed) -> pl.LazyFrame:
    """Two frequency periods of a trip overlap.

    Riders would see departures twice. End the first where the second starts.
    """
    columns = ["csv_row_number", "start_time", "end_time"]
    return (
        feed.frequencies.sort("start_time", "end_time", "headway_secs", maintain_order=True)
        .with_columns(pl.col(columns).shift(1).over("trip_id").name.prefix("prev_"))
        .filter(pl.col("start_time") < pl.col("prev_end_time"))
        .sort("csv_row_number")
        .select(
            "prev_csv_row_number",
            "prev_end_time",
            pl.col("csv_row_number").alias("curr_csv_row_number"),
            pl.col("start_time").alias("curr_start_time"),
            "trip_id",
        )
    )


@rule(Severity.INFO, "stop_times", group="gtfsgen")
def too_many_consecutive_stop_times_with_same_time(feed: Feed) -> list[Rows]:
    """A trip calls at more than five stops in a row at one time.

    No vehicle calls at six stops within a minute: perhaps times were rounded, or copied down a
    column. Stops without times in between count where the next time given is the same again. Give
    each stop its own time, or leave the times in between blank.
    """
    calls = feed.ordered_stop_times.select(
        "csv_row_number", "trip_id", "starts_trip", "arrival_time", "departure_time"
    )
    timed = arrival.is_not_null() & departure.is_not_null()
    time_before = pl.when(timed).then(departure).forward_fill().shift(1)
    goes_on = ~pl.col("starts_trip") & (
        ~timed | ((arrival == departure) & (arrival == time_before))
    )
    goes_on = goes_on.fill_null(False)
    in_a_row = goes_on.cast(pl.Int8).rolling_sum(MAX_CALLS_AT_ONE_TIME) == MAX_CALLS_AT_ONE_TIME
    if not calls.select(in_a_row.any()).collect().item():
        return []
    last_timed = (pl.int_range(pl.len()) + 1).filter(timed).max()
    runs = (
        calls.with_columns(run=(~goes_on).cum_sum(), timed=timed)
        .group_by("run", maintain_order=True)
        .agg(
            pl.col("csv_row_number", "trip_id").first(),
            entity_count=last_timed.fill_null(0),
            departure_time=departure.first(),
        )
        .filter(pl.col("entity_count") > MAX_CALLS_AT_ONE_TIME)
        .select("csv_row_number", "trip_id", "entity_count", time=clock("departure_time"))
    )
    return [Rows(runs, {"filename": "stop_times.txt"})]
