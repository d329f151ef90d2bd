"""Lengths and neighbours of lines on the Earth, in metres, on the ellipsoid WGS84.

A point is `(latitude, longitude)` in degrees. Lengths are geodesics (pyproj's `Geod`); what lies
near what is asked on a plane around the place in question (an azimuthal equidistant projection of
pyproj, and shapely).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Point = tuple[float, float]


@cache
def geod() -> Any:
    """The ellipsoid WGS84, on which positions of GTFS and GeoJSON are given."""
    from pyproj import Geod

    return Geod(ellps="WGS84")


def distance_m(first: Point, second: Point) -> float:
    """Length of the geodesic between two points."""
    return float(geod().inv(first[1], first[0], second[1], second[0])[2])


def distances_m(points: Sequence[Point]) -> list[float]:
    """Lengths from each point to the next; one fewer than there are points."""
    if len(points) < 2:
        return []
    lats, lons = zip(*points, strict=True)
    return [float(step) for step in geod().line_lengths(lons, lats)]


def length_m(points: Sequence[Point]) -> float:
    return sum(distances_m(points))


class Plane:
    """The surroundings of a place as a plane: metres east and north of it.

    Distances from the place are exact, others true to a part in a thousand for some 250 km.
    """

    def __init__(self, latitude: float, longitude: float) -> None:
        from pyproj import Proj

        self._proj = Proj(proj="aeqd", lat_0=latitude, lon_0=longitude, ellps="WGS84")

    def flat(self, lats: Any, lons: Any) -> tuple[Any, Any]:
        """Metres east and north, of the kind that was given: numbers or arrays of them."""
        return self._proj(lons, lats)

    def place(self, east_m: float, north_m: float) -> Point:
        longitude, latitude = self._proj(east_m, north_m, inverse=True)
        return latitude, longitude


@lru_cache(maxsize=64)
def plane_around(point: Point) -> Plane:
    return Plane(*point)


def nearest_on_segments(
    point: Point, starts: NDArray[np.float64], ends: NDArray[np.float64]
) -> list[tuple[Point, float, float]]:
    """For each segment the place on it nearest to `point`, its share of the way (0..1), and how far
    off it is in metres.

    `starts` and `ends` have a row of latitude and longitude for each segment.
    """
    import shapely

    plane = plane_around(point)
    first = plane.flat(starts[:, 0], starts[:, 1])
    last = plane.flat(ends[:, 0], ends[:, 1])
    pairs = [[(x, y), (u, v)] for x, y, u, v in zip(*first, *last, strict=True)]
    segments = shapely.linestrings(pairs)
    here = shapely.Point(0.0, 0.0)
    shares = shapely.line_locate_point(segments, here, normalized=True)
    nearest = shapely.line_interpolate_point(segments, shares, normalized=True)
    places = shapely.get_coordinates(nearest)
    offsets = shapely.distance(segments, here)
    return [
        (plane.place(*place), float(share), float(offset))
        for place, share, offset in zip(places, shares, offsets, strict=True)
    ]


def nearest_on_segment(point: Point, start: Point, end: Point) -> tuple[Point, float, float]:
    """The same for one segment."""
    import numpy as np

    return nearest_on_segments(point, np.array([start]), np.array([end]))[0]


def simplify(points: Sequence[Point], tolerance_m: float) -> list[Point]:
    """Without the vertices that stray less than `tolerance_m` from the line of the others
    (Douglas-Peucker, by shapely, on a plane around the middle vertex).
    """
    import shapely

    plane = plane_around(points[len(points) // 2])
    flat = list(zip(*plane.flat(*map(list, zip(*points, strict=True))), strict=True))
    line = shapely.simplify(shapely.LineString(flat), tolerance_m, preserve_topology=False)
    kept = [tuple(vertex) for vertex in shapely.get_coordinates(line)]
    chosen: list[Point] = []
    for vertex, point in zip(flat, points, strict=True):
        if len(chosen) < len(kept) and vertex == kept[len(chosen)]:
            chosen.append(point)
    return chosen
