"""Great-circle geometry on arrays, formula by formula as in Google's S2 library.

A point is a column of an array of shape (3, n): a unit vector from the centre of the Earth.
Distances are metres on a sphere of 6371.01 km. The formulas keep S2's order of operations, because
equal distances decide between neighbouring segments of a shape.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

EARTH_RADIUS_M = 6371010.0
SAME_POINT_RADIANS = 1e-15

Floats = NDArray[np.float64]
Ints = NDArray[np.integer[Any]]

# Where both ends of a segment are one point, S2 takes a vector across from one of these.
_ACROSS = np.array([(1.0, 0.0053, 0.00457), (0.012, 1.0, 0.00457), (0.012, 0.0053, 1.0)]).T


def vectors(lat: Floats, lon: Floats) -> Floats:
    """Unit vectors of positions in degrees."""
    phi, theta = np.radians(lat), np.radians(lon)
    cos_phi = np.cos(phi)
    return np.stack((np.cos(theta) * cos_phi, np.sin(theta) * cos_phi, np.sin(phi)))


def degrees(points: Floats) -> tuple[Floats, Floats]:
    """Latitudes and longitudes of vectors, which need not be of length one."""
    x, y, z = points
    lat = np.arctan2(z + 0.0, np.sqrt(x * x + y * y))
    return np.degrees(lat), np.degrees(np.arctan2(y + 0.0, x + 0.0))


def dot(a: Floats, b: Floats) -> Floats:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def cross(a: Floats, b: Floats) -> Floats:
    return np.stack(
        (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])
    )


def normalized(a: Floats) -> Floats:
    """The vectors at length one; a zero vector stays."""
    norm = np.sqrt(dot(a, a))
    return a * np.divide(1.0, norm, out=np.zeros_like(norm), where=norm != 0)


def angle(a: Floats, b: Floats) -> Floats:
    """Angles between vectors in radians, exact for tiny ones."""
    across = cross(a, b)
    return np.arctan2(np.sqrt(dot(across, across)), dot(a, b))


def distance_m(a: Floats, b: Floats) -> Floats:
    return angle(a, b) * EARTH_RADIUS_M


def haversine_m(lat: Floats, lon: Floats, other_lat: Floats, other_lon: Floats) -> Floats:
    """Distances between positions in degrees, by the formula S2 uses for latitude and longitude."""
    phi, other_phi = np.radians(lat), np.radians(other_lat)
    d_lat = np.sin(0.5 * (other_phi - phi))
    d_lon = np.sin(0.5 * (np.radians(other_lon) - np.radians(lon)))
    x = d_lat * d_lat + d_lon * d_lon * np.cos(phi) * np.cos(other_phi)
    return 2.0 * np.arcsin(np.sqrt(np.minimum(1.0, x))) * EARTH_RADIUS_M


def normals(starts: Floats, ends: Floats) -> Floats:
    """Vectors across the great circles through pairs of points; never zero, any length."""
    found = cross(ends + starts, ends - starts)
    (degenerate,) = np.nonzero(~found.any(axis=0))
    if degenerate.size:
        found[:, degenerate] = _orthogonal(starts[:, degenerate])
    return found


def _orthogonal(points: Floats) -> Floats:
    x, y, z = np.abs(points)
    largest = np.where(x > y, np.where(x > z, 0, 2), np.where(y > z, 1, 2))
    return normalized(cross(points, _ACROSS[:, largest - 1]))


def closest_points(points: Floats, starts: Floats, ends: Floats, normals: Floats) -> Floats:
    """The point of each segment that is closest to each point.

    An end is returned as it is, so that its distance equals the one from the neighbouring segment.
    """
    foot = points - normals * (dot(points, normals) / dot(normals, normals))
    inside = (dot(starts, cross(foot, normals)) > 0) & (dot(ends, cross(normals, foot)) > 0)
    from_start, from_end = points - starts, points - ends
    start_is_nearer = dot(from_start, from_start) <= dot(from_end, from_end)
    return np.where(inside, normalized(foot), np.where(start_is_nearer, starts, ends))


def interpolated(fractions: Floats, starts: Floats, ends: Floats) -> Floats:
    """The points a fraction of the way along segments; the ends themselves at 0 and 1."""
    whole = angle(starts, ends)
    part = fractions * whole
    with np.errstate(divide="ignore", invalid="ignore"):
        f = np.sin(part) / np.sin(whole)
    between = normalized(starts * (np.cos(part) - f * np.cos(whole)) + ends * f)
    at_start = (fractions == 0) | (whole <= SAME_POINT_RADIANS)
    return np.where(at_start, starts, np.where(fractions == 1, ends, between))
