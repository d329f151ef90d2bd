"""Distances on the sphere and small flat maps, in metres. A point is `(latitude, longitude)` in
degrees.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

Point = tuple[float, float]

EARTH_RADIUS_M = 6_371_008.8
"""Mean radius of WGS84 (IUGG)."""


def distance_m(first: Point, second: Point) -> float:
    """Length of the great circle between two points (haversine)."""
    first_lat, second_lat = math.radians(first[0]), math.radians(second[0])
    half_lat = (second_lat - first_lat) / 2
    half_lon = math.radians(second[1] - first[1]) / 2
    chord = (
        math.sin(half_lat) ** 2
        + math.cos(first_lat) * math.cos(second_lat) * math.sin(half_lon) ** 2
    )
    return 2 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(chord)))


def length_m(points: Sequence[Point]) -> float:
    return sum(distance_m(a, b) for a, b in itertools.pairwise(points))


def flat(point: Point, origin: Point) -> tuple[float, float]:
    """Metres east and north of `origin`; good to a part in a thousand for some 50 km."""
    east = (point[1] - origin[1] + 180) % 360 - 180
    return (
        math.radians(east) * EARTH_RADIUS_M * math.cos(math.radians(origin[0])),
        math.radians(point[0] - origin[0]) * EARTH_RADIUS_M,
    )


def nearest_on_segment(point: Point, start: Point, end: Point) -> tuple[Point, float, float]:
    """The point of a segment nearest to `point`, its share of the way (0..1), and how far off it
    is.
    """
    (ax, ay), (bx, by) = flat(start, point), flat(end, point)
    dx, dy = bx - ax, by - ay
    squared = dx * dx + dy * dy
    share = 0.0 if squared == 0 else min(1.0, max(0.0, -(ax * dx + ay * dy) / squared))
    nearest = (start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1]))
    return nearest, share, distance_m(point, nearest)


def simplified(points: Sequence[Point], tolerance_m: float) -> list[Point]:
    """Without the vertices that stray less than `tolerance_m` from the line of the others
    (Douglas-Peucker).
    """
    keep = [False] * len(points)
    keep[0] = keep[-1] = True
    spans = [(0, len(points) - 1)]
    while spans:
        first, last = spans.pop()
        farthest, offset = 0, tolerance_m
        for index in range(first + 1, last):
            off = nearest_on_segment(points[index], points[first], points[last])[2]
            if off > offset:
                farthest, offset = index, off
        if farthest:
            keep[farthest] = True
            spans += [(first, farthest), (farthest, last)]
    return [point for point, kept in zip(points, keep, strict=True) if kept]
