"""A quick look for speeds that may be too high, over all stop times of a feed.

Distances are rough and never too short, so that what passes here is really slow enough; what does
not is looked at exactly by the rules. A piece of some 10^5 rows at a time stays in the processor's
cache.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, cast

import polars as pl

from gtfsgen.validation.portions import portions
from gtfsgen.validation.scans.distances import EARTH_RADIUS_M

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PIECE_ROWS = 200_000
FEW = 1000
"""Up to so many stop times a scan does not pay, nor the import of numpy."""
SLACK = 1.001
APART_KM = 1e8
"""Added between trips, so that a running minimum over a piece is one over each of its trips."""
TOLERANCE_KM = 1e-3


class Scan(NamedTuple):
    """What to look at closely."""

    pairs: pl.Series
    """Rows (of the ordered stop times) that may come too soon after the row before."""
    trips: pl.DataFrame
    """`trip_id` of trips that may be too fast over several stops."""
    patchy_trips: pl.DataFrame
    """`trip_id` of trips that lack some time or position, which are not judged here."""


def scan(calls: pl.DataFrame, limits: pl.DataFrame, positions: pl.DataFrame) -> Scan:
    """Scan ordered stop times (`trip_id`, `stop_id`, both times, `starts_trip`).

    `limits` has `trip_id` and `limit_kmh`, `positions` has `stop_id`, `lat`, `lon` in degrees.
    """
    nothing = calls.select("trip_id").head(0)
    if calls.height <= FEW or not limits.height:
        trips = calls.select("trip_id").unique(maintain_order=True)
        return Scan(pl.Series([], dtype=pl.Int64), nothing, trips)
    import numpy as np

    phi, stop = _by_code(calls, positions, "stop_id", np.radians(_floats(positions["lat"])))
    theta, _ = _by_code(calls, positions, "stop_id", np.radians(_floats(positions["lon"])))
    km_per_s, trip = _by_code(calls, limits, "trip_id", _floats(limits["limit_kmh"]) / 3600)
    starts = np.append(calls["starts_trip"].arg_true().to_numpy().astype(np.int64), calls.height)
    pairs: list[NDArray[np.int64]] = []
    fast: list[NDArray[np.int64]] = []
    patchy: list[NDArray[np.int64]] = []
    for first_trip, last_trip in portions(starts, PIECE_ROWS):
        bounds = starts[first_trip : last_trip + 1]
        rows = slice(int(bounds[0]), int(bounds[-1]))
        part = calls[rows]
        found = _scan_piece(
            phi[stop[rows]],
            theta[stop[rows]],
            km_per_s[trip[rows]],
            _floats(part["arrival_time"]),
            _floats(part["departure_time"]),
            bounds - bounds[0],
        )
        for kept, rows_found in zip((pairs, fast, patchy), found, strict=True):
            kept.append(rows_found + rows.start)
    rows_of = [np.concatenate(kept) for kept in (pairs, fast, patchy)]
    fast_trips, patchy_trips = (calls[rows].select("trip_id") for rows in rows_of[1:])
    return Scan(pl.Series(rows_of[0]), fast_trips, patchy_trips)


def _scan_piece(
    phi: NDArray[np.float64],
    theta: NDArray[np.float64],
    km_per_s: NDArray[np.float64],
    arrival: NDArray[np.float64],
    departure: NDArray[np.float64],
    bounds: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Rows of suspected pairs, and the first rows of fast and of patchy trips."""
    import numpy as np

    starts, sizes = bounds[:-1], np.diff(bounds)
    known = ~np.isnan(km_per_s[starts])
    gaps = np.isnan(phi + theta + arrival + departure)
    patchy = known & np.logical_or.reduceat(gaps, starts)
    judged = np.repeat(known & ~patchy, sizes)
    judged[starts] = False  # from here on: rows that have a row of their trip before them
    north, east = np.diff(phi), np.diff(theta)
    step = np.zeros_like(phi)
    step[1:] = np.sqrt(north * north + east * east) * (EARTH_RADIUS_M / 1000 * SLACK)
    step[~judged] = 0.0
    least = np.ones_like(arrival)  # no rule counts less than a second
    np.maximum(arrival[1:] - departure[:-1], 1.0, out=least[1:])
    pairs = np.flatnonzero(judged & (step > km_per_s * least))
    start, end = departure[pairs - 1], arrival[pairs]
    elapsed = _elapsed_s(start, end, (start % 60 == 0) & (end % 60 == 0))
    pairs = pairs[step[pairs] > km_per_s[pairs] * elapsed]
    fast = judged & _too_far(step, km_per_s, arrival, departure, starts)
    fast_trips = np.logical_or.reduceat(fast, starts)
    return pairs, starts[fast_trips], starts[patchy]


def _too_far(
    step: NDArray[np.float64],
    km_per_s: NDArray[np.float64],
    arrival: NDArray[np.float64],
    departure: NDArray[np.float64],
    starts: NDArray[np.int64],
) -> NDArray[np.bool_]:
    """Rows that come too soon after some row before them in their trip, or nearly so.

    `step` is the distance in km from the row before, 0 where a trip starts.
    """
    import numpy as np

    sizes = np.diff(np.append(starts, len(step)))
    along = np.cumsum(step)
    along -= np.repeat(along[starts] + APART_KM * np.arange(len(starts)), sizes)
    behind = along - km_per_s * departure
    behind[np.isnan(behind)] = np.inf
    lowest = np.minimum.accumulate(behind)
    ahead = along - km_per_s * arrival
    found = np.zeros(len(step), np.bool_)
    found[1:] = ahead[1:] - lowest[:-1] > -TOLERANCE_KM
    return found


def _elapsed_s(
    start: NDArray[np.float64], end: NDArray[np.float64], rounded: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Seconds for a leg. Where both times are given to the minute (`rounded`), they may hide almost
    another one.
    """
    import numpy as np

    elapsed = end - start + 60.0 * rounded
    return np.where(elapsed > 0, elapsed, 60.0)


def _floats(numbers: pl.Series) -> NDArray[np.float64]:
    """Numbers as doubles, NaN for null."""
    import numpy as np

    return numbers.cast(pl.Float64).fill_null(np.nan).to_numpy()


def _by_code(
    calls: pl.DataFrame, table: pl.DataFrame, key: str, values: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.uint32]]:
    """The values of a table by the code of its key, and the codes of the calls to look them up
    with.

    NaN stands for codes that the table does not have, and for null.
    """
    import numpy as np

    keys, used = table[key].to_physical(), calls[key].to_physical()
    unknown = max(cast(int, codes.max() or 0) for codes in (keys, used)) + 1
    looked_up = np.full(unknown + 1, np.nan)
    looked_up[keys.fill_null(unknown).to_numpy()] = values
    looked_up[unknown] = np.nan
    return looked_up, used.fill_null(unknown).to_numpy()


PAIR_SCHEMA: dict[str, Any] = {
    "speed_kph": pl.Float64,
    "distance_km": pl.Float64,
    "start": pl.UInt32,
    "end": pl.UInt32,
}


def far_pairs(calls: pl.DataFrame, legs: pl.Series, far_km: float) -> pl.DataFrame:
    """The first pair of each trip that is more than `far_km` apart and too fast, as `PAIR_SCHEMA`.

    `calls` are the stop times of trips with `limit_kmh` and whether their stop's position is
    `known`; `legs` the distance of each from the one before. All ends look one stop farther back at
    a time, until each has its pair or its trip has an earlier end. As in the canonical validator a
    trip is given up at the first end, and at the first start that would be too fast, without a
    position.
    """
    if not calls.height:
        return pl.DataFrame(schema=PAIR_SCHEMA)
    import numpy as np

    starts = calls["starts_trip"].arg_true().to_numpy().astype(np.int64)
    sizes = np.diff(np.append(starts, calls.height))
    trip = np.repeat(np.arange(len(starts)), sizes)
    place = np.arange(calls.height) - starts[trip]
    leg_km, limit = legs.to_numpy(), calls["limit_kmh"].to_numpy()
    arrival, departure = _floats(calls["arrival_time"]), _floats(calls["departure_time"])
    known = calls["known"].fill_null(False).to_numpy()
    left = ~np.isnan(departure)
    to_the_minute = arrival % 60 == 0, departure % 60 == 0
    speed, distance = np.zeros(calls.height), np.zeros(calls.height)
    back_of = np.zeros(calls.height, np.int64)
    ends = np.flatnonzero((place > 0) & ~np.isnan(arrival))
    first_end = np.full(len(starts), calls.height)
    given_up = ends[~known[ends]]
    np.minimum.at(first_end, trip[given_up], given_up)
    ends = ends[_too_far(leg_km, limit / 3600, arrival, departure, starts)[ends]]
    along = np.cumsum(np.where(place > 0, np.nan_to_num(leg_km), 0.0))
    along -= along[starts][trip]
    lines = _Lines(along, limit / 3600, arrival, departure, trip, starts)
    ends = ends[lines.may_hit(ends, known & left, ~known & left, far_km)]
    for back in range(1, int(sizes.max())):
        ends = ends[(place[ends] >= back) & (ends < first_end[trip[ends]])]
        if not len(ends):
            break
        start = ends - back
        distance[ends] += leg_km[start + 1]
        rounded = to_the_minute[0][ends] & to_the_minute[1][start]
        elapsed = _elapsed_s(departure[start], arrival[ends], rounded)
        speed[ends] = distance[ends] * 3600 / elapsed
        hit = left[start] & (speed[ends] > limit[ends])
        hit &= (distance[ends] > far_km) | ~known[start]
        back_of[ends[hit]] = np.where(known[start[hit]], back, 0)
        np.minimum.at(first_end, trip[ends[hit]], ends[hit])
        ends = ends[~hit]
    found = first_end[first_end < calls.height]
    found = found[back_of[found] > 0]
    return pl.DataFrame(
        {
            "speed_kph": speed[found],
            "distance_km": distance[found],
            "start": found - back_of[found],
            "end": found,
        },
        schema=PAIR_SCHEMA,
    )


class _Lines:
    """Where the trips are at each call, in km along them, against the limit's line through it."""

    def __init__(
        self,
        along: NDArray[np.float64],
        km_per_s: NDArray[np.float64],
        arrival: NDArray[np.float64],
        departure: NDArray[np.float64],
        trip: NDArray[np.int64],
        starts: NDArray[np.int64],
    ) -> None:
        # Of a later trip everything is lower, so that a running minimum is one over each trip.
        self._ahead = along - km_per_s * arrival - APART_KM * trip
        self._behind = along - km_per_s * departure - APART_KM * trip
        self._along = along + trip * (along.max() + 1.0)
        self._first = starts[trip]

    def may_hit(
        self,
        ends: NDArray[np.int64],
        far: NDArray[np.bool_],
        near: NDArray[np.bool_],
        far_km: float,
    ) -> NDArray[np.bool_]:
        """Which ends may come too soon after a start before them.

        A start of those in `far` counts only where it is `far_km` away, one in `near` always. In a
        trip that stands still no end is looked at stop by stop for nothing.
        """
        import numpy as np

        wanted = self._along[ends] - far_km + TOLERANCE_KM
        at = np.searchsorted(self._along, wanted, side="right") - 1
        reached = at >= self._first[ends]
        lowest = self._lowest(far)[np.maximum(at, 0)]
        found = reached & (self._ahead[ends] - lowest > -TOLERANCE_KM)
        found |= self._ahead[ends] - self._lowest(near)[ends - 1] > -TOLERANCE_KM
        return found

    def _lowest(self, chosen: NDArray[np.bool_]) -> NDArray[np.float64]:
        import numpy as np

        return np.minimum.accumulate(np.where(chosen, self._behind, np.inf))


def fingerprints(calls: pl.DataFrame, starts: pl.Series) -> pl.Series:
    """64 bits per trip that tell its stops and times, in order."""
    import numpy as np

    first = starts.to_numpy().astype(np.int64)
    place = np.arange(calls.height) - np.repeat(first, np.diff(np.append(first, calls.height)))
    row = calls.select(
        pl.struct(
            pl.Series("place", place),
            pl.col("stop_id").to_physical(),
            "arrival_time",
            "departure_time",
        ).hash()
    )
    return pl.Series(np.add.reduceat(row.to_series().to_numpy(), first))
