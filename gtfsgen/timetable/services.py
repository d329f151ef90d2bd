"""The dates of services, each distinct set once.

A set is known by the sum of a mark for each of its days. Sums over a span of weeks stand in a
table, so the marks of a calendar row cost the same for a week as for eight thousand years, and sets
are written out once for all services that have them.
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl

from gtfsgen.dates import EPOCH, Dates
from gtfsgen.feed import Feed
from gtfsgen.feed.frames import WEEKDAYS
from gtfsgen.timetable.columns import mix, same, table
from gtfsgen.timetable.sets import DateSets

POLARS_EPOCH = (date(1970, 1, 1) - EPOCH).days
ADDED = 1


def services(feed: Feed, sets: DateSets) -> pl.DataFrame:
    """`service_id`, `dates` (a number in `sets`), in the order in which the files name them.

    As the canonical validator has it: of two rows of calendar.txt for one service the last counts,
    a removal is stronger than an addition on the same date, and a range that ends before it starts
    is its first day.
    """
    calendar = table(feed, "calendar", "service_id", *WEEKDAYS, "start_date", "end_date")
    calendar = calendar.drop_nulls("service_id").unique(
        "service_id", keep="last", maintain_order=True
    )
    exceptions = _exceptions(feed)
    ids = pl.concat([calendar["service_id"], exceptions["service_id"]]).unique(maintain_order=True)
    rows = ids.to_frame().join(calendar, on="service_id", how="left", maintain_order="left")
    if not rows.height:
        return pl.DataFrame(
            schema={"service_id": pl.Categorical(feed.categories), "dates": pl.UInt32}
        )
    first, last, flags = _ranges(rows)
    changes = _changes(exceptions, rows, first, last, flags)
    marks = _marks(first, last, flags, changes, rows.height)
    kinds, heads = same(marks)
    found = []
    days, adds = (changes[name].to_numpy() for name in ("day", "added"))
    begins = np.searchsorted(changes["row"].to_numpy(), heads, side="left")
    ends = np.searchsorted(changes["row"].to_numpy(), heads, side="right")
    for head, begin, end in zip(heads.tolist(), begins.tolist(), ends.tolist(), strict=True):
        dates = Dates()
        if first[head] <= last[head]:
            span = (EPOCH + timedelta(days=int(each)) for each in (first[head], last[head]))
            dates = Dates.weekdays(np.flatnonzero(flags[head]).tolist(), *span)
        own, added = days[begin:end], adds[begin:end]
        if end > begin:
            dates = (dates | Dates.of_numbers(own[added].tolist())) - Dates.of_numbers(
                own[~added].tolist()
            )
        found.append(sets.number(dates))
    numbers = np.array(found, np.uint32)[kinds]
    return rows.select("service_id", pl.Series("dates", numbers))


def _exceptions(feed: Feed) -> pl.DataFrame:
    """`service_id`, `day`, `added`: one row for each service and date."""
    rows = table(feed, "calendar_dates", "service_id", "date", "exception_type")
    return (
        rows.drop_nulls(["service_id", "date", "exception_type"])
        .select(
            "service_id",
            day=pl.col("date").to_physical().cast(pl.Int64) + POLARS_EPOCH,
            added=pl.col("exception_type") == ADDED,
        )
        .group_by("service_id", "day", maintain_order=True)
        .agg(pl.col("added").all())
    )


def _ranges(rows: pl.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """First day, last day and the weekdays on which each row of calendar.txt is active. Where a
    date is not known the range is empty.
    """
    days = [
        (pl.col(name).to_physical().cast(pl.Int64) + POLARS_EPOCH)
        for name in ("start_date", "end_date")
    ]
    known = days[0].is_not_null() & days[1].is_not_null()
    first, last = (
        rows.select(pl.when(known).then(day).otherwise(empty)).to_series().to_numpy()
        for day, empty in ((days[0], 1), (pl.max_horizontal(days), 0))
    )
    flags = rows.select((pl.col(name).fill_null(0) != 0) for name in WEEKDAYS).to_numpy()
    return first, last, flags


def _changes(
    exceptions: pl.DataFrame,
    rows: pl.DataFrame,
    first: np.ndarray,
    last: np.ndarray,
    flags: np.ndarray,
) -> pl.DataFrame:
    """The exceptions that change something: `row` of `rows`, `day`, `added`, by row and day."""
    at = exceptions.join(
        rows.select("service_id", row=pl.int_range(pl.len(), dtype=pl.Int64)),
        on="service_id",
        how="left",
        maintain_order="left",
    )
    row, day, added = (at[name].to_numpy() for name in ("row", "day", "added"))
    active = (first[row] <= day) & (day <= last[row]) & flags[row, day % 7]
    return at.select("row", "day", "added").filter(pl.Series(active != added)).sort("row", "day")


def _marks(
    first: np.ndarray, last: np.ndarray, flags: np.ndarray, changes: pl.DataFrame, count: int
) -> pl.DataFrame:
    """Two numbers for the set of days of each row, equal for equal sets."""
    ranged = first <= last
    low = int(first[ranged].min()) // 7 if ranged.any() else 0
    high = int(last[ranged].max()) // 7 + 1 if ranged.any() else 0
    found = {}
    weekdays = np.arange(7)
    for seed in (0, 1):
        days = np.arange(low * 7, high * 7, dtype=np.int64)
        sums = np.zeros((high - low + 1, 7), np.uint64)
        np.cumsum(mix(days.view(np.uint64), seed).reshape(-1, 7), axis=0, out=sums[1:])
        marks = np.zeros(count, np.uint64)
        # Of each weekday, the weeks whose day is not before `first` and not after `last`.
        begin = -(-(first[ranged, None] - weekdays) // 7) - low
        end = (last[ranged, None] - weekdays) // 7 + 1 - low
        parts = sums[np.maximum(begin, end), weekdays] - sums[begin, weekdays]
        marks[ranged] = (parts * flags[ranged]).sum(axis=1, dtype=np.uint64)
        own = mix(changes["day"].to_numpy().astype(np.int64).view(np.uint64), seed)
        signed = np.where(changes["added"].to_numpy(), own, -own)
        np.add.at(marks, changes["row"].to_numpy(), signed)
        found[f"mark_{seed}"] = marks
    return pl.DataFrame(found)
