"""Trips by what they have in common: a pattern is a sequence of calls with times from the start.

Stop times stay columns all the way: they are brought in order once, trips are told apart by where
they begin, and equal sequences by marks of their rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from gtfsgen.feed import Feed
from gtfsgen.timetable.columns import (
    UNKNOWN,
    nullable,
    numbers,
    places,
    ranges,
    run_marks,
    same,
    table,
)

OPTIONAL = (
    "pickup_type",
    "drop_off_type",
    "continuous_pickup",
    "continuous_drop_off",
    "timepoint",
    "stop_headsign",
    "location_group_id",
    "location_id",
    "pickup_booking_rule_id",
    "drop_off_booking_rule_id",
)
BLANKS = {
    "pickup_type": 0,
    "drop_off_type": 0,
    "continuous_pickup": 1,
    "continuous_drop_off": 1,
    "timepoint": 1,
}
"""What a blank cell means."""
WINDOWS = ("start_pickup_drop_off_window", "end_pickup_drop_off_window")
TIMES = ("arrival_time", "departure_time", *WINDOWS)
OFFSETS = {
    name: name.replace("_time", "_offset") if "_time" in name else f"{name}_offset"
    for name in TIMES
}


@dataclass
class Patterns:
    """What stop_times.txt says, by trip and pattern."""

    trips: pl.DataFrame
    """`trip` (its row in trips), `pattern`, `start`, `end`, `calls`, `first_row`, `last_row` of
    stop_times.txt, `first_stop`, `last_stop`."""
    patterns: pl.DataFrame
    calls: pl.DataFrame
    left_out: dict[str, int]


def patterns_of(feed: Feed, trip_ids: pl.Series, stop_ids: pl.Series) -> Patterns:
    """Patterns of the trips; `trip_ids` and `stop_ids` are distinct."""
    rows = table(feed, "stop_times", "trip_id", "stop_id", "stop_sequence", *TIMES, *OPTIONAL)
    trip = places(trip_ids, rows["trip_id"])
    left_out = {"stop_times_of_unknown_trips": int((trip < 0).sum())}
    rows, trip = _in_order(rows, trip)
    begins = np.flatnonzero(np.diff(trip, prepend=-1))
    lengths = np.diff(begins, append=len(trip))
    stop = places(stop_ids, rows["stop_id"])
    times = {name: numbers(rows[name]) for name in TIMES if rows[name].null_count() < rows.height}
    start, end = _ends(times, begins, lengths)
    apart = np.repeat(start, lengths)
    offsets = {name: _apart(values, apart) for name, values in times.items()}
    said = [name for name in OPTIONAL if rows[name].null_count() < rows.height]
    rows = rows.with_columns(pl.col(n).fill_null(BLANKS[n]) for n in said if n in BLANKS)
    marks = run_marks(
        [
            stop,
            *offsets.values(),
            *(numbers(rows[name]) for name in said),
        ],
        begins,
    )
    pattern, heads = same(marks)
    chosen = ranges(begins[heads], lengths[heads])
    calls = _calls(rows, stop, offsets, chosen, lengths[heads])
    lasts = begins + lengths - 1
    return Patterns(
        pl.DataFrame(
            {
                "trip": trip[begins].astype(np.uint32),
                "pattern": pattern.astype(np.uint32),
                "start": nullable(start, pl.Int32),
                "end": nullable(end, pl.Int32),
                "calls": lengths.astype(np.uint32),
                "first_row": rows["csv_row_number"].gather(begins),
                "last_row": rows["csv_row_number"].gather(lasts),
                "first_stop": nullable(stop[begins], pl.UInt32),
                "last_stop": nullable(stop[lasts], pl.UInt32),
            }
        ),
        pl.DataFrame(
            {
                "pattern": np.arange(len(heads), dtype=np.uint32),
                "calls": lengths[heads].astype(np.uint32),
                "trips": np.bincount(pattern, minlength=len(heads)).astype(np.uint32),
                "first_call": (np.cumsum(lengths[heads]) - lengths[heads]).astype(np.uint32),
                "duration": nullable(
                    np.where(end[heads] == UNKNOWN, UNKNOWN, end[heads] - start[heads]), pl.Int32
                ),
                "first_stop": nullable(stop[begins[heads]], pl.UInt32),
                "last_stop": nullable(stop[lasts[heads]], pl.UInt32),
            }
        ),
        calls,
        left_out,
    )


def _apart(values: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Times counted from the starts of their trips, UNKNOWN where either is."""
    unknown = (values == UNKNOWN) | (starts == UNKNOWN)
    apart = values - starts
    apart[unknown] = UNKNOWN
    return apart


def _in_order(rows: pl.DataFrame, trip: np.ndarray) -> tuple[pl.DataFrame, np.ndarray]:
    """The rows of known trips, those of a trip together and by stop_sequence; rows of equal number
    in the order of the file, a row without one last.
    """
    if (trip < 0).any():
        known = trip >= 0
        rows, trip = rows.filter(pl.Series(known)), trip[known]
    sequence = numbers(rows["stop_sequence"], 2**31 - 1)
    if len(trip):
        anew = trip[1:] != trip[:-1]
        together = int(anew.sum()) + 1 == int((np.bincount(trip) > 0).sum())
        if not together or (~anew & (sequence[1:] < sequence[:-1])).any():
            order = np.argsort(trip.astype(np.int64) << 32 | sequence, kind="stable")
            rows, trip = rows[order], trip[order]
    return rows, trip


def _ends(
    times: dict[str, np.ndarray], begins: np.ndarray, lengths: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The first time known of each trip and the last: those of flexible trips are windows."""
    lasts = begins + lengths - 1
    start = _first_known(times, ("departure_time", "arrival_time", WINDOWS[0]), begins)
    end = _first_known(times, ("arrival_time", "departure_time", WINDOWS[1]), lasts)
    if (start != UNKNOWN).all() and (end != UNKNOWN).all():
        return start, end
    every = np.arange(int(lengths.sum()))
    begin = _first_known(times, ("departure_time", "arrival_time", WINDOWS[0]), every)
    finish = _first_known(times, ("arrival_time", "departure_time", WINDOWS[1]), every)
    at = np.arange(len(begin))
    first = np.minimum.reduceat(np.where(begin == UNKNOWN, len(begin), at), begins)
    last = np.maximum.reduceat(np.where(finish == UNKNOWN, -1, at), begins)
    start = np.where(first < len(begin), begin[np.minimum(first, len(begin) - 1)], UNKNOWN)
    end = np.where(last >= 0, finish[np.maximum(last, 0)], UNKNOWN)
    return start, np.where(end == UNKNOWN, start, end)


def _first_known(
    times: dict[str, np.ndarray], names: tuple[str, ...], rows: np.ndarray
) -> np.ndarray:
    """Of each row the first of these times that is known."""
    found = np.full(len(rows), UNKNOWN, np.int64)
    for name in names:
        if name in times:
            found = np.where(found == UNKNOWN, times[name][rows], found)
    return found


def _calls(
    rows: pl.DataFrame,
    stop: np.ndarray,
    offsets: dict[str, np.ndarray],
    chosen: np.ndarray,
    lengths: np.ndarray,
) -> pl.DataFrame:
    """See `Timetable.calls`."""
    count = len(lengths)
    starts = np.cumsum(lengths) - lengths
    return pl.DataFrame(
        {
            "pattern": np.repeat(np.arange(count, dtype=np.uint32), lengths),
            "order": (np.arange(len(chosen)) - np.repeat(starts, lengths)).astype(np.uint32),
            "stop": nullable(stop[chosen], pl.UInt32),
            "stop_id": rows["stop_id"].gather(chosen),
            **{
                OFFSETS[name]: nullable(offsets[name][chosen], pl.Int32)
                if name in offsets
                else pl.Series([None] * len(chosen), dtype=pl.Int32)
                for name in TIMES
            },
            **{name: _said(rows[name], chosen, BLANKS.get(name)) for name in OPTIONAL},
        }
    )


def _said(column: pl.Series, chosen: np.ndarray, blank: int | None) -> pl.Series:
    """A column at the chosen rows, with what a blank means."""
    if column.null_count() == len(column):  # as nearly always: nothing need be looked up
        return pl.repeat(blank, len(chosen), dtype=column.dtype, eager=True)
    found = column.gather(chosen)
    return found.fill_null(blank) if blank is not None else found
