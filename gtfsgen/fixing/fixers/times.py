"""Stop times and headways: order, completeness, times that run back."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from gtfsgen.diff.reading import seconds_of, time_text
from gtfsgen.fixing.changes import Change, RowOrder
from gtfsgen.fixing.fixers.cells import swap
from gtfsgen.fixing.looking import Look
from gtfsgen.fixing.registry import fixer

HALF_DAY_S = 12 * 3600
LONGEST_RIDE_S = 12 * 3600
"""A jump of half a day or a day is meant only if the ride is shorter than this afterwards."""


@fixer(safe=True)
def unsorted_stop_times(look: Look) -> Iterator[Change]:
    """The rows of stop_times.txt are put in the order of trips, as they first come, and of
    stop_sequence."""
    table = look.text("stop_times", "trip_id", "stop_sequence")
    first = pl.col("row").min().over("trip_id")
    ordered = table.select(
        "row", trip=first, sequence=pl.col("stop_sequence").cast(pl.Int64, strict=False)
    ).sort("trip", "sequence", "row", nulls_last=True)
    if not ordered["row"].is_sorted():
        yield RowOrder(look.file_of("stop_times"), ordered["row"].to_list())


@fixer(safe=True)
def missing_timepoint_value(look: Look) -> Iterator[Change]:
    """timepoint becomes 1, which is what a blank means beside times."""
    rows = look.rows_at_fault("missing_timepoint_value")
    yield from look.fill_cells("stop_times", "timepoint", dict.fromkeys(rows, "1"))


@fixer(safe=True)
def stop_time_timepoint_without_times(look: Look) -> Iterator[Change]:
    """timepoint 1 of a stop time without any time becomes 0: there is nothing to be exact about."""
    rows = {*look.rows_at_fault("stop_time_timepoint_without_times")}
    times = look.text("stop_times", "arrival_time", "departure_time")
    blank = times.filter(
        pl.col("arrival_time").is_null(),
        pl.col("departure_time").is_null(),
        pl.col("row").is_in(rows),
    )["row"]
    yield from look.set_cells("stop_times", "timepoint", dict.fromkeys(blank.to_list(), "0"))


@fixer(safe=True)
def stop_time_with_only_arrival_or_departure_time(look: Look) -> Iterator[Change]:
    """The time that is missing becomes the one that is given: readers take it for both."""
    yield from _both_times(look, "stop_time_with_only_arrival_or_departure_time")


@fixer(safe=True)
def missing_trip_edge(look: Look) -> Iterator[Change]:
    """At the first or last stop the time that is missing becomes the other one, where that is
    given."""
    yield from _both_times(look, "missing_trip_edge")


def _both_times(look: Look, code: str) -> Iterator[Change]:
    rows = {*look.rows_at_fault(code)}
    times = look.text("stop_times", "arrival_time", "departure_time")
    for missing, given in (("arrival_time", "departure_time"), ("departure_time", "arrival_time")):
        part = times.filter(
            pl.col(missing).is_null(), pl.col(given).is_not_null(), pl.col("row").is_in(rows)
        )
        yield from look.fill_cells(
            "stop_times", missing, dict(part.select("row", given).iter_rows())
        )


@fixer(safe=False)
def stop_time_with_arrival_before_previous_departure_time(look: Look) -> Iterator[Change]:
    """From a stop on at which a trip's times run back they become later by twelve hours or a day,
    whichever makes a ride of it."""
    notices = look.notices("stop_time_with_arrival_before_previous_departure_time")
    if not notices.height:
        return
    trips = notices["trip_id"].unique().to_list()
    columns = ("trip_id", "stop_sequence", "arrival_time", "departure_time")
    part = look.text("stop_times", *columns).filter(pl.col("trip_id").is_in(trips))
    ordered = part.with_columns(pl.col("stop_sequence").cast(pl.Int64, strict=False)).sort(
        "trip_id", "stop_sequence", nulls_last=True
    )
    new: tuple[dict[int, str], dict[int, str]] = ({}, {})
    for _, calls in ordered.group_by("trip_id", maintain_order=True):
        found = _forward(calls.select("row", "arrival_time", "departure_time").rows())
        for row, *times in found or []:
            for column, time in zip(new, times, strict=True):
                if time is not None:
                    column[row] = time_text(time)
    yield from look.set_cells("stop_times", "arrival_time", new[0])
    yield from look.set_cells("stop_times", "departure_time", new[1])


def _forward(
    calls: list[tuple[int, str | None, str | None]],
) -> list[tuple[int, int | None, int | None]] | None:
    """The calls with times that only go forward, or None where no half days make it so."""
    added = 0
    last: int | None = None
    found: list[tuple[int, int | None, int | None]] = []
    for row, *texts in calls:
        times: list[int | None] = []
        for text in texts:
            time = seconds_of(text)
            if time is None:
                times.append(None)
                continue
            if last is not None and time + added < last:
                for step in (HALF_DAY_S, 2 * HALF_DAY_S):
                    if last <= time + added + step <= last + LONGEST_RIDE_S:
                        added += step
                        break
                else:
                    return None
            last = time + added
            times.append(last)
        found.append((row, times[0], times[1]))
    return found


@fixer(safe=False)
def overlapping_frequency(look: Look) -> Iterator[Change]:
    """A period with headways ends where the next of its trip begins."""
    notices = look.notices("overlapping_frequency")
    starts = dict(look.text("frequencies", "start_time").iter_rows())
    new = {}
    if notices.height:
        columns = ("prev_csv_row_number", "curr_csv_row_number")
        for before, after in notices.select(columns).iter_rows():
            if starts.get(after) != starts.get(before) and starts.get(after):
                new[before] = str(starts[after])
    yield from look.set_cells("frequencies", "end_time", new)


@fixer(safe=True)
def timeframe_only_start_or_end_time_specified(look: Look) -> Iterator[Change]:
    """The end of a timeframe that is missing becomes that of the day, which is what a blank
    means."""
    rows = look.rows_at_fault("timeframe_only_start_or_end_time_specified")
    yield from look.fill_cells("timeframes", "start_time", dict.fromkeys(rows, "00:00:00"))
    yield from look.fill_cells("timeframes", "end_time", dict.fromkeys(rows, "24:00:00"))


@fixer(safe=False)
def timeframe_start_or_end_time_greater_than_twenty_four_hours(look: Look) -> Iterator[Change]:
    """A timeframe that reaches past the day ends with it."""
    code = "timeframe_start_or_end_time_greater_than_twenty_four_hours"
    notices = look.notices(code)
    if notices.height:
        rows = notices.filter(pl.col("field_name") == "end_time")["csv_row_number"].to_list()
        yield from look.set_cells("timeframes", "end_time", dict.fromkeys(rows, "24:00:00"))


# Windows and booking.

WINDOW = ("start_pickup_drop_off_window", "end_pickup_drop_off_window")


@fixer(safe=False)
def forbidden_arrival_or_departure_time(look: Look) -> Iterator[Change]:
    """Times beside a window become blank: the window stays."""
    rows = look.rows_at_fault("forbidden_arrival_or_departure_time")
    yield from look.blank_cells("stop_times", "arrival_time departure_time", rows)


@fixer(safe=False)
def forbidden_pickup_type(look: Look) -> Iterator[Change]:
    """Pickup within a window becomes 2, to be booked."""
    yield from _booked(look, "forbidden_pickup_type", "pickup_type")


@fixer(safe=False)
def forbidden_drop_off_type(look: Look) -> Iterator[Change]:
    """Drop-off within a window becomes 2, to be booked."""
    yield from _booked(look, "forbidden_drop_off_type", "drop_off_type")


def _booked(look: Look, code: str, column: str) -> Iterator[Change]:
    rows = look.rows_at_fault(code)
    yield from look.set_cells("stop_times", column, dict.fromkeys(rows, "2"), blank_too=True)


@fixer(safe=False)
def invalid_pickup_drop_off_window(look: Look) -> Iterator[Change]:
    """The two ends of a window that are the wrong way round are exchanged."""
    yield from swap(
        look, "stop_times", *WINDOW, look.rows_at_fault("invalid_pickup_drop_off_window")
    )


@fixer(safe=True)
def forbidden_shape_dist_traveled(look: Look) -> Iterator[Change]:
    """A distance along the shape at an area becomes blank: an area has no place on a line."""
    rows = look.rows_at_fault("forbidden_shape_dist_traveled")
    yield from look.blank_cells("stop_times", "shape_dist_traveled", rows)


@fixer(safe=False)
def missing_pickup_drop_off_booking_rule_id(look: Look) -> Iterator[Change]:
    """Stop times that must be booked get the only booking rule of the feed."""
    rules = look.text("booking_rules", "booking_rule_id")["booking_rule_id"].to_list()
    rows = {*look.rows_at_fault("missing_pickup_drop_off_booking_rule_id")}
    if len(rules) != 1 or not rules[0]:
        return
    for kind, window, column in (
        ("pickup_type", WINDOW[0], "pickup_booking_rule_id"),
        ("drop_off_type", WINDOW[1], "drop_off_booking_rule_id"),
    ):
        part = look.text("stop_times", kind, window).filter(
            pl.col(kind) == "2", pl.col(window).is_not_null(), pl.col("row").is_in(rows)
        )
        yield from look.fill_cells("stop_times", column, dict.fromkeys(part["row"], rules[0]))


def _blank_named(look: Look, code: str) -> Iterator[Change]:
    notices = look.notices(code)
    if notices.height:
        for (names,), rows in notices.group_by("field_names", maintain_order=True):
            columns = " ".join(part.strip() for part in str(names).split(","))
            yield from look.blank_cells("booking_rules", columns, rows["csv_row_number"].to_list())


@fixer(safe=True)
def forbidden_real_time_booking_field_value(look: Look) -> Iterator[Change]:
    """Fields that have no meaning for booking in real time become blank."""
    yield from _blank_named(look, "forbidden_real_time_booking_field_value")


@fixer(safe=True)
def forbidden_same_day_booking_field_value(look: Look) -> Iterator[Change]:
    """Fields that have no meaning for booking on the same day become blank."""
    yield from _blank_named(look, "forbidden_same_day_booking_field_value")


@fixer(safe=True)
def forbidden_prior_day_booking_field_value(look: Look) -> Iterator[Change]:
    """Fields that have no meaning for booking on days before become blank."""
    yield from _blank_named(look, "forbidden_prior_day_booking_field_value")


@fixer(safe=True)
def forbidden_prior_notice_start_time(look: Look) -> Iterator[Change]:
    """A first time of booking without a day becomes blank: it has no meaning alone."""
    rows = look.rows_at_fault("forbidden_prior_notice_start_time")
    yield from look.blank_cells("booking_rules", "prior_notice_start_time", rows)


@fixer(safe=False)
def forbidden_prior_notice_start_day(look: Look) -> Iterator[Change]:
    """Of two ways to say when booking begins the one in minutes stays."""
    rows = look.rows_at_fault("forbidden_prior_notice_start_day")
    yield from look.blank_cells(
        "booking_rules", "prior_notice_start_day prior_notice_start_time", rows
    )


@fixer(safe=False)
def invalid_prior_notice_duration_min(look: Look) -> Iterator[Change]:
    """The shortest and the longest notice that are the wrong way round are exchanged."""
    names = ("prior_notice_duration_min", "prior_notice_duration_max")
    rows = look.rows_at_fault("invalid_prior_notice_duration_min")
    yield from swap(look, "booking_rules", *names, rows)


@fixer(safe=False)
def prior_notice_last_day_after_start_day(look: Look) -> Iterator[Change]:
    """The first and the last day of booking that are the wrong way round are exchanged."""
    names = ("prior_notice_last_day", "prior_notice_start_day")
    rows = look.rows_at_fault("prior_notice_last_day_after_start_day")
    yield from swap(look, "booking_rules", *names, rows)
