"""Which trips of a block overlap: in numpy and some at a time.

A block id that is but a placeholder, the same on all trips of a feed, gives pairs by the million.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from gtfsgen.feed.vehicles import id_set
from gtfsgen.validation.portions import portions

PAIRS_AT_ONCE = 1_000_000
_SPREAD = 1 << 32
"""More seconds than any time of stop_times.txt."""
_WORD = 64


def overlapping_pairs(trips: pl.DataFrame, service_days: pl.LazyFrame) -> pl.DataFrame:
    """Pairs of trips, `a` before `b`, of which b starts before a has ended on a common date.

    `trips` lie by block, start and end: `block_id`, `service_id`, and the first and last arrival
    and departure in seconds. `a` and `b` are their positions, `intersection` is the first common
    date. A pair of which b stands at its first stop just when a stands at its last does not count.
    """
    block = trips["block_id"].to_physical().to_numpy().astype(np.int64) * _SPREAD
    start = trips["first_arrival_time"].to_numpy()
    end = trips["last_departure_time"].to_numpy()
    last_arrival = trips["last_arrival_time"].to_numpy()
    first_departure = trips["first_departure_time"].to_numpy()
    # Those that a overlaps follow it at once: they are the ones that start before it has ended.
    ahead = np.searchsorted(block + start, block + end) - np.arange(trips.height) - 1
    partners = ahead.clip(0)
    found = [pl.DataFrame(schema={"a": pl.UInt32, "b": pl.UInt32, "intersection": pl.Date})]
    if not partners.any():
        return found[0]
    dates = _CommonDates(trips["service_id"], service_days)
    bounds = np.append(0, partners.cumsum())
    for first, last in portions(bounds, PAIRS_AT_ONCE):
        counts = partners[first:last]
        a = np.repeat(np.arange(first, last), counts)
        b = a + 1 + np.arange(len(a)) - np.repeat(counts.cumsum() - counts, counts)
        joint = (last_arrival[a] == start[b]) & (end[a] == first_departure[b])
        a, b = a[~joint], b[~joint]
        days = dates.first(a, b)
        common = ~np.isnat(days)
        columns = {"a": a[common], "b": b[common], "intersection": days[common]}
        found.append(pl.DataFrame(columns).cast(found[0].schema))
    return pl.concat(found)


class _CommonDates:
    """The first date on which the services of two trips both run, for many pairs at once.

    Dates on which the same services run are of one kind. A service is a row of bits, one for each
    kind, in the order of the first dates of the kinds.
    """

    def __init__(self, of_trips: pl.Series, service_days: pl.LazyFrame) -> None:
        services = pl.DataFrame({"service_id": of_trips.unique()}).with_row_index("service")
        days = service_days.join(services.lazy(), on="service_id").collect()
        kinds = (
            days.group_by("date")
            .agg(kind=id_set("service_id"))
            .group_by("kind")
            .agg(pl.col("date").min())
            .sort("date")
            .with_row_index("place")
        )
        running = days.join(kinds, on="date")
        words = kinds.height // _WORD + 1
        bits = np.zeros((services.height, words * _WORD), dtype=bool)
        bits[running["service"].to_numpy(), running["place"].to_numpy()] = True
        self._bits = np.packbits(bits, axis=1, bitorder="little").view("<u8")
        self._dates = kinds["date"].to_numpy().astype("datetime64[D]")
        of = of_trips.to_frame().join(services, on="service_id", maintain_order="left")
        self._service = of["service"].to_numpy()

    def first(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """For trips by their positions, the date; NaT where there is none."""
        found = np.full(len(a), np.datetime64("NaT"), dtype="datetime64[D]")
        rest = np.arange(len(a))
        for number, word in enumerate(self._bits.T):
            common = word[self._service[a[rest]]] & word[self._service[b[rest]]]
            hit = common != 0
            lowest = common[hit] & (~common[hit] + np.uint64(1))
            place = _WORD * number + np.log2(lowest).astype(np.int64)
            found[rest[hit]] = self._dates[place]
            rest = rest[~hit]
        return found
