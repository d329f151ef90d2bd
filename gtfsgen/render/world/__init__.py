"""Land and borders under a map: Natural Earth, packed by `pack.py`.

Natural Earth is in the public domain; the TopoJSON it was packed from is world-atlas 2.0.2,
copyright 2013-2019 Michael Bostock, ISC licence (`LICENCE`).
"""

from __future__ import annotations

import io
import lzma
import math
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

STEPS = {"50m": 0.01, "10m": 0.002}
LONG_STEP = 55.0
WIDE_DEGREES = 40.0
"""Wider views are drawn from the coarser map."""
MADE_WITH = "Land and borders: Natural Earth"
REGION = 10.0
"""Parts of the world are cut out at whole multiples of so many degrees."""


@cache
def _arrays() -> dict[str, Any]:
    import numpy as np

    packed = files("gtfsgen.render.world").joinpath("world.xz").read_bytes()
    with np.load(io.BytesIO(lzma.decompress(packed))) as arrays:
        return dict(arrays)


@cache
def _scale(scale: str) -> tuple[Any, Any, Any, list[Any], Any]:
    """Points of all arcs, where each begins, boxes of rings, rings of land, borders and boxes."""
    import numpy as np

    arrays = _arrays()
    moves = arrays[f"moves_{scale}"].astype(np.int64)
    lengths = arrays[f"lengths_{scale}"]
    ends = np.cumsum(lengths)
    starts = ends - lengths
    points = np.cumsum(moves, axis=0)
    # Each arc begins anew: take away what the arcs before it added up to.
    base = np.zeros((len(lengths), 2), np.int64)
    base[1:] = points[starts[1:] - 1]
    origins = arrays[f"origins_{scale}"].astype(np.int64)
    points = (points + np.repeat(origins - base, lengths, axis=0)) * STEPS[scale]
    low = np.minimum.reduceat(points, starts, axis=0)
    high = np.maximum.reduceat(points, starts, axis=0)
    counts = arrays[f"counts_{scale}"]
    rings = np.split(arrays[f"rings_{scale}"], np.cumsum(counts)[:-1])
    used = arrays[f"rings_{scale}"]
    used = np.where(used >= 0, used, ~used)
    first = np.cumsum(counts) - counts
    boxes = (np.minimum.reduceat(low[used], first), np.maximum.reduceat(high[used], first))
    borders = arrays[f"borders_{scale}"]
    return points, (starts, ends), boxes, rings, (borders, low[borders], high[borders])


@lru_cache(maxsize=4096)
def _ring(scale: str, number: int) -> Any:
    """The points of a ring of land."""
    import numpy as np

    points, (starts, ends), _, rings, _ = _scale(scale)
    parts = [
        points[starts[n] : ends[n]] if n >= 0 else points[starts[~n] : ends[~n]][::-1]
        for n in rings[number].tolist()
    ]
    return np.concatenate(parts)


def land_and_borders(
    west: float, south: float, east: float, north: float, least: float = 0.0
) -> tuple[Any, Any]:
    """Land and borders within a box of degrees, in degrees; no islands smaller than `least`.

    The land is a list of rings (arrays of longitude and latitude), the borders are a shapely
    geometry. Rings are to be filled by the even-odd rule: one inside another is a lake of the map
    (the Caspian Sea).
    """
    import shapely

    scale = "50m" if max(east - west, north - south) > WIDE_DEGREES else "10m"
    low = tuple(math.floor(bound / REGION) * REGION for bound in (west, south))
    high = tuple(math.ceil(bound / REGION) * REGION for bound in (east, north))
    land, borders = _region(scale, *low, *high)
    polygons = []
    for line, (x0, y0, x1, y1) in land:
        if x0 > east or x1 < west or y0 > north or y1 < south or max(x1 - x0, y1 - y0) < least:
            continue
        cut = _within(line, west, south, east, north)
        if len(cut) > 2:
            polygons.append(cut)
    return polygons, shapely.clip_by_rect(borders, west, south, east, north)


@lru_cache(maxsize=64)
def _region(
    scale: str, west: float, south: float, east: float, north: float
) -> tuple[list[tuple[Any, tuple[float, float, float, float]]], Any]:
    """Land, each ring with its box, and borders of a part of the world. The pages of a feed are of
    one part, of which a ring of all Eurasia is then cut once.
    """
    import numpy as np
    import shapely

    points, (starts, ends), boxes, _, (borders, low, high) = _scale(scale)

    def near(least: Any, most: Any) -> Any:
        return np.flatnonzero(
            (least[:, 0] <= east)
            & (most[:, 0] >= west)
            & (least[:, 1] <= north)
            & (most[:, 1] >= south)
        )

    land = []
    for number in near(*boxes).tolist():
        for ring in _copies(_ring(scale, number)):
            line = _within(ring, west, south, east, north)
            if len(line) > 2:
                land.append((line, (*line.min(axis=0).tolist(), *line.max(axis=0).tolist())))
    lines = [
        shapely.linestrings(points[starts[n] : ends[n]])
        for n in (int(each if each >= 0 else ~each) for each in borders[near(low, high)])
        if ends[n] - starts[n] > 1
    ]
    drawn = shapely.clip_by_rect(shapely.MultiLineString(lines), west, south, east, north)
    return land, drawn


def _within(line: Any, west: float, south: float, east: float, north: float) -> Any:
    """A ring cut to a box."""
    for axis, bound, sign in ((0, west, 1), (0, east, -1), (1, south, 1), (1, north, -1)):
        line = _clipped(line, axis, bound, sign)
    return line


def _copies(ring: Any) -> list[Any]:
    """The ring itself; one that crosses 180 degrees in one piece, on either side of the world.

    The packed rings go around the world there, in steps of up to `LONG_STEP` degrees. A ring around
    a pole is closed along it.
    """
    import numpy as np

    long = np.abs(np.diff(ring[:, 0], append=ring[:1, 0])) > LONG_STEP
    if not long.any():
        return [ring]
    kept = ring[~(long & np.roll(long, 1))]
    whole = np.column_stack([np.unwrap(kept[:, 0], period=360), kept[:, 1]])
    first, last = whole[0], whole[-1]
    if abs(last[0] - first[0]) > 180:
        pole = 90.0 if first[1] > 0 else -90.0
        whole = np.concatenate([whole, [[last[0], pole], [first[0], pole]]])
    return [whole + np.array([turn, 0.0]) for turn in (-360.0, 0.0, 360.0)]


def _clipped(ring: Any, axis: int, bound: float, sign: int) -> Any:
    """The ring cut off at a line of longitude or latitude; `sign` 1 keeps what is above `bound`."""
    import numpy as np

    if not len(ring):
        return ring
    height = (ring[:, axis] - bound) * sign
    inside = height >= 0
    if inside.all():
        return ring
    after = np.roll(ring, -1, axis=0)
    height_after = np.roll(height, -1)
    crosses = inside != np.roll(inside, -1)
    share = np.where(crosses, height / np.where(crosses, height - height_after, 1), 0)[:, None]
    cut = ring + (after - ring) * share
    pairs = np.stack([ring, cut], axis=1).reshape(-1, 2)
    return pairs[np.stack([inside, crosses], axis=1).reshape(-1)]
