"""Which trips of a block overlap: in numpy and some at a time.

A block id that is but a placeholder, the same on all trips of a feed, gives pairs by the million.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from gtfsgen.validation.portions import portions

PAIRS_AT_ONCE = 1_000_000
_SPREAD = 1 << 32
"""More seconds than any time of stop_times.txt."""
_WORD = 64
NO_LIMIT = 1 << 62


def overlapping_pairs(
    trips: pl.DataFrame, service_days: pl.LazyFrame, most: int = NO_LIMIT
) -> tuple[pl.DataFrame, int]:
    """Pairs of trips, `a` before `b`, of which b starts before a has ended on a common date.

    `trips` lie by block, start and end: `csv_row_number`, `block_id`, `service_id`, and the first
    and last arrival and departure in seconds. `a` and `b` are their positions, `intersection` is
    the first common date. A pair of which b stands at its first stop just when a stands at its last
    does not count. Beyond `most` pairs, in the order of a's row, the others are only counted; their
    number is the second of what is returned.
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
        return found[0], 0
    dates = _CommonDates(trips["service_id"], service_days)
    in_turn = np.argsort(trips["csv_row_number"].to_numpy(), kind="stable")
    in_turn = in_turn[partners[in_turn] > 0]
    bounds = np.append(0, partners[in_turn].cumsum())
    left = most
    for first, last in portions(bounds, PAIRS_AT_ONCE):
        if left <= 0:
            counter = _PairCounter(block, start, end, last_arrival, first_departure, dates)
            more = counter.count(in_turn[first:], partners[in_turn[first:]])
            return pl.concat(found), more - left
        some = in_turn[first:last]
        counts = partners[some]
        a = np.repeat(some, counts)
        b = a + 1 + np.arange(len(a)) - np.repeat(counts.cumsum() - counts, counts)
        joint = (last_arrival[a] == start[b]) & (end[a] == first_departure[b])
        a, b = a[~joint], b[~joint]
        days = dates.first(a, b)
        common = ~np.isnat(days)
        columns = {"a": a[common], "b": b[common], "intersection": days[common]}
        pairs = pl.DataFrame(columns).cast(found[0].schema)
        found.append(pairs.head(left))
        left -= pairs.height
    return pl.concat(found), max(0, -left)


class _PairCounter:
    """Counts pairs without making them: what matters of b is its service and where it stands."""

    def __init__(
        self,
        block: np.ndarray,
        start: np.ndarray,
        end: np.ndarray,
        last_arrival: np.ndarray,
        first_departure: np.ndarray,
        dates: _CommonDates,
    ) -> None:
        self._width = len(start) + 1
        # The moments at which b is joint to a: one number for each pair of them in each block.
        moments = np.concatenate(
            [
                np.stack([block + last_arrival, end], axis=1),
                np.stack([block + start, first_departure], axis=1),
            ]
        )
        _, keys = np.unique(moments, axis=0, return_inverse=True)
        keys = keys.reshape(-1)
        self._wanted, self._given = keys[: len(start)], keys[len(start) :]
        self._service = dates.service
        self._meet = dates.meet

    def count(self, a: np.ndarray, partners: np.ndarray) -> int:
        """How many of the `partners` trips after each of `a` share a date with it and are not
        joint to it.
        """
        total = 0
        of_a = self._service[a]
        for service in np.unique(self._service):
            meets = self._meet(int(service))[of_a]
            some, last = a[meets], a[meets] + partners[meets]
            if not len(some):
                continue
            places = np.flatnonzero(self._service == service)
            total += int((_up_to(places, last) - _up_to(places, some)).sum())
            joint = np.sort(self._given[places] * self._width + places)
            wanted = self._wanted[some] * self._width
            total -= int((_up_to(joint, wanted + last) - _up_to(joint, wanted + some)).sum())
        return total


def _up_to(places: np.ndarray, last: np.ndarray) -> np.ndarray:
    """How many of the sorted places are not after each of `last`."""
    return np.searchsorted(places, last, side="right")


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
        self.service = of["service"].to_numpy()
        """The number of each trip's service."""

    def meet(self, service: int) -> np.ndarray:
        """Which services have a date in common with this one."""
        return (self._bits & self._bits[service]).any(axis=1)

    def first(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """For trips by their positions, the date; NaT where there is none."""
        found = np.full(len(a), np.datetime64("NaT"), dtype="datetime64[D]")
        rest = np.arange(len(a))
        for number, word in enumerate(self._bits.T):
            common = word[self.service[a[rest]]] & word[self.service[b[rest]]]
            hit = common != 0
            lowest = common[hit] & (~common[hit] + np.uint64(1))
            place = _WORD * number + np.log2(lowest).astype(np.int64)
            found[rest[hit]] = self._dates[place]
            rest = rest[~hit]
        return found


def id_set(name: str) -> pl.Expr:
    """A set of ids as one number of 64 bits, equal for equal sets and hardly ever for others.

    A sum of hashes: texts of the ids would take a hundred times as long.
    """
    return pl.col(name).to_physical().unique().hash(seed=1).sum()
