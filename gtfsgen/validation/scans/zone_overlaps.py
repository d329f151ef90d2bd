"""Which calls of a trip are at zones that overlap: some pairs at a time, each two zones once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from gtfsgen.validation.portions import portions

PAIRS_AT_ONCE = 1_000_000
MOST_REMEMBERED = 5_000
"""Zones of which it is remembered which ones overlap: a byte for each two of them."""
FEW_PAIRS = 10_000
"""Up to so many pairs of zones nothing is gained by preparing them."""
_UNKNOWN, _APART, _OVERLAPPING = range(3)


def overlapping_calls(
    calls: pl.DataFrame, zones: Mapping[str, Any], most: int
) -> tuple[np.ndarray, np.ndarray, int]:
    """Pairs of calls of a trip at different zones that overlap, of one type, at one time.

    `calls` lie by trip: `trip_id`, `location_id`, pickup and drop-off type, start and end of the
    window. `zones` are polygons by location id. Returns the positions of the first and the second
    of each pair, no more than `most`, and how many pairs there are beyond.
    """
    trip = calls["trip_id"].to_physical().to_numpy()
    location = calls["location_id"].to_physical().to_numpy()
    pickup, drop_off = calls["pickup_type"].to_numpy(), calls["drop_off_type"].to_numpy()
    start = calls["start_pickup_drop_off_window"].to_numpy()
    end = calls["end_pickup_drop_off_window"].to_numpy()
    overlaps = _Overlaps(calls["location_id"], zones)
    last = np.append(np.flatnonzero(np.diff(trip)) + 1, len(trip))
    ends = last[np.searchsorted(last, np.arange(len(trip)), side="right")]
    partners = ends - np.arange(len(trip)) - 1
    found: list[tuple[np.ndarray, np.ndarray]] = []
    kept = more = 0
    for first, beyond in portions(np.append(0, partners.cumsum()), PAIRS_AT_ONCE):
        counts = partners[first:beyond]
        a = np.repeat(np.arange(first, beyond), counts)
        b = a + 1 + np.arange(len(a)) - np.repeat(counts.cumsum() - counts, counts)
        alike = (pickup[a] == pickup[b]) | (drop_off[a] == drop_off[b])
        together = (start[a] < end[b]) & (end[a] > start[b]) & (location[a] != location[b])
        chosen = np.flatnonzero(alike & together)
        chosen = chosen[overlaps.of(a[chosen], b[chosen])]
        more += max(0, len(chosen) - (most - kept))
        chosen = chosen[: most - kept]
        kept += len(chosen)
        found.append((a[chosen], b[chosen]))
    none = np.zeros(0, np.int64)
    firsts, seconds = zip(*found, strict=True) if found else ((none,), (none,))
    return np.concatenate(firsts), np.concatenate(seconds), more


class _Overlaps:
    """Whether the zones of two calls overlap, for many pairs; each two zones are looked at once."""

    def __init__(self, of_calls: pl.Series, zones: Mapping[str, Any]) -> None:
        distinct = of_calls.unique(maintain_order=True)
        numbers = pl.DataFrame({"id": distinct}).with_row_index("zone")
        of = of_calls.alias("id").to_frame().join(numbers, on="id", maintain_order="left")
        self._zone = of["zone"].to_numpy().astype(np.int64)
        self._shapes = np.array([zones.get(key) for key in distinct.cast(pl.String)], dtype=object)
        count = len(distinct)
        self._known = (
            np.zeros(count * count, np.uint8) if count <= MOST_REMEMBERED else np.zeros(0, np.uint8)
        )

    def of(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        count = len(self._shapes)
        keys = np.minimum(self._zone[a], self._zone[b]) * count + np.maximum(
            self._zone[a], self._zone[b]
        )
        if not len(self._known):
            distinct, inverse = np.unique(keys, return_inverse=True)
            return self._looked_at(distinct)[inverse]
        fresh = _distinct(keys[self._known[keys] == _UNKNOWN])
        self._known[fresh] = np.where(self._looked_at(fresh), _OVERLAPPING, _APART)
        return self._known[keys] == _OVERLAPPING

    def _looked_at(self, keys: np.ndarray) -> np.ndarray:
        first, second = np.divmod(keys, len(self._shapes))
        return overlapping(self._shapes, first, second)


def _distinct(numbers: np.ndarray) -> np.ndarray:
    """Sorted; `np.unique` hashes, which takes ten times as long where nearly all are distinct."""
    ordered = np.sort(numbers)
    return ordered[np.append(True, ordered[1:] != ordered[:-1])] if len(ordered) else ordered


def overlapping(shapes: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """As `shapely.overlaps` of the shapes at two positions, quicker for very many pairs.

    Two valid polygons of which one has a point of the other inside overlap where neither covers the
    other. That is asked of prepared polygons in a tenth of the time; only where it does not tell
    the whole question is asked.
    """
    import shapely

    if len(first) <= FEW_PAIRS:
        return np.asarray(shapely.overlaps(shapes[first], shapes[second]))
    plain = shapely.is_valid(shapes) & (shapely.get_type_id(shapes) == shapely.GeometryType.POLYGON)
    shapely.prepare(shapes)
    points = shapely.point_on_surface(shapes)
    met = plain[first] & plain[second]
    met &= shapely.contains_properly(shapes[first], points[second]) | (
        shapely.contains_properly(shapes[second], points[first])
    )
    found = np.zeros(len(first), bool)
    found[met] = ~(
        shapely.covers(shapes[first[met]], shapes[second[met]])
        | shapely.covers(shapes[second[met]], shapes[first[met]])
    )
    found[~met] = shapely.overlaps(shapes[first[~met]], shapes[second[~met]])
    return found
