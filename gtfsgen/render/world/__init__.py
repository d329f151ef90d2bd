"""Land and borders under a map: Natural Earth, packed by `pack.py`.

Natural Earth is in the public domain; the TopoJSON it was packed from is world-atlas 2.0.2,
copyright 2013-2019 Michael Bostock, ISC licence (`LICENCE`).
"""

from __future__ import annotations

import io
import lzma
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

STEPS = {"50m": 0.01, "10m": 0.002}
LONG_STEP = 55.0
WIDE_DEGREES = 40.0
"""Wider views are drawn from the coarser map."""
MADE_WITH = "Land and borders: Natural Earth"


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
    import numpy as np
    import shapely

    scale = "50m" if max(east - west, north - south) > WIDE_DEGREES else "10m"
    points, (starts, ends), boxes, _, (borders, low, high) = _scale(scale)

    def arc(number: int) -> Any:
        own = number if number >= 0 else ~number
        part = points[starts[own] : ends[own]]
        return part if number >= 0 else part[::-1]

    def near(least: Any, most: Any) -> Any:
        return np.flatnonzero(
            (least[:, 0] <= east)
            & (most[:, 0] >= west)
            & (least[:, 1] <= north)
            & (most[:, 1] >= south)
        )

    polygons = []
    large = ((boxes[1] - boxes[0]) >= least).any(axis=1)
    for ring in near(*boxes):
        if not large[ring]:
            continue
        for line in _copies(_ring(scale, int(ring))):
            for axis, bound, sign in ((0, west, 1), (0, east, -1), (1, south, 1), (1, north, -1)):
                line = _clipped(line, axis, bound, sign)
            if len(line) > 2:
                polygons.append(line)
    lines = [
        shapely.LineString(arc(int(n))) for n in borders[near(low, high)] if ends[n] - starts[n] > 1
    ]
    drawn = shapely.clip_by_rect(shapely.MultiLineString(lines), west, south, east, north)
    return polygons, drawn


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
