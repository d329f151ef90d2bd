"""The dates of services, as one sorted array of numbers: a thousand services of seventy years take
some hundred megabytes, where a join and a set of rows took gigabytes.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from gtfsgen.budget import exceeded

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MOST_DAYS = 60_000_000
"""Service days of a whole feed. Large feeds have a million; beyond this a year was mistyped in many
services, and the days of all would take gigabytes."""
_EPOCH_WEEKDAY = 3
"""1970-01-01 was a Thursday; Monday is 0."""


def days_of_services(
    calendar: pl.DataFrame, added: pl.DataFrame, removed: pl.DataFrame
) -> pl.DataFrame:
    """`service_id`, `date`: the days of the rows of calendar.txt and those `added`, without those
    `removed` (both `service_id`, `date`); sorted by date, then by where a service comes first.

    A flag that is not 0 counts as active; a reversed range is taken as its first day. Raises
    `LimitExceeded` for more than `MOST_DAYS`.
    """
    dtype = calendar.schema["service_id"]
    services = pl.concat([calendar["service_id"], added["service_id"]]).drop_nulls()
    services = services.unique(maintain_order=True)
    if services.is_empty():
        return pl.DataFrame(schema={"service_id": dtype, "date": pl.Date})
    place = pl.DataFrame({"service_id": services, "place": np.arange(len(services))})
    keys = _Keys(len(services))
    ranges = calendar.drop_nulls(["service_id", "start_date", "end_date"])
    kept = keys.sorted(_placed(ranges, place), _placed(added.drop_nulls(), place))
    kept = kept[~_found(kept, keys.of_days(_placed(removed.drop_nulls(), place)))]
    days, places = np.divmod(kept, keys.width)
    dates = pl.Series("date", (days + keys.first).astype(np.int32)).cast(pl.Date)
    return pl.DataFrame([services.gather(places).alias("service_id"), dates])


def _placed(rows: pl.DataFrame, place: pl.DataFrame) -> pl.DataFrame:
    return rows.join(place, on="service_id", maintain_order="left")


def _found(keys: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Which of the sorted keys are among the wanted ones."""
    found = np.zeros(len(keys), bool)
    if len(keys) and len(wanted):
        at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        found[at[keys[at] == wanted]] = True
    return found


class _Keys:
    """Days and services as one number each: days since `first` times `width`, and the service."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.first = 0

    def of_days(self, rows: pl.DataFrame) -> np.ndarray:
        days = rows["date"].to_physical().to_numpy().astype(np.int64) - self.first
        return days * self.width + rows["place"].to_numpy()

    def sorted(self, ranges: pl.DataFrame, added: pl.DataFrame) -> np.ndarray:
        starts = ranges["start_date"].to_physical().to_numpy().astype(np.int64)
        ends = np.maximum(ranges["end_date"].to_physical().to_numpy(), starts)
        flags = ranges.select(pl.col(WEEKDAYS).fill_null(0) != 0).to_numpy()
        _check_number((ends - starts + 1) * flags.sum(axis=1) // 7)
        every = [starts, added["date"].to_physical().to_numpy()]
        self.first = int(min((part.min() for part in every if len(part)), default=0))
        parts = [self.of_days(added)]
        for start, end, active, place in zip(
            starts.tolist(), ends.tolist(), flags, ranges["place"].to_list(), strict=True
        ):
            days = np.arange(start, end + 1, dtype=np.int64)
            if not active.all():
                days = days[active[(days + _EPOCH_WEEKDAY) % 7]]
            parts.append((days - self.first) * self.width + place)
        keys = np.concatenate(parts)
        parts.clear()
        keys.sort(kind="stable")  # quick where parts are sorted already, as these are
        if len(keys) > 1:
            fresh = np.append(True, keys[1:] != keys[:-1])
            if not fresh.all():
                keys = keys[fresh]
        return keys


def _check_number(days: np.ndarray) -> None:
    if (total := int(days.sum())) > MOST_DAYS:
        raise exceeded("rows", f"the calendars stand for {total:,} days of service", MOST_DAYS)
