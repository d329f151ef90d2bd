"""Distances on the sphere as column expressions, in metres, from degrees.

The radius and both formulas are those of Google's S2 library, in its order of operations:
thresholds are compared with the last bit.
"""

from __future__ import annotations

import polars as pl

EARTH_RADIUS_M = 6371010.0


def point_distance_m(lat1: str, lon1: str, lat2: str, lon2: str) -> pl.Expr:
    """The angle between two unit vectors, as `S2Point.angle`: accurate for any two points."""
    ax, ay, az = _unit_vector(lat1, lon1)
    bx, by, bz = _unit_vector(lat2, lon2)
    cx, cy, cz = ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx
    cross = (cx * cx + cy * cy + cz * cz).sqrt()
    return pl.arctan2(cross, ax * bx + ay * by + az * bz) * EARTH_RADIUS_M


def _unit_vector(lat: str, lon: str) -> tuple[pl.Expr, pl.Expr, pl.Expr]:
    phi, theta = pl.col(lat).radians(), pl.col(lon).radians()
    return theta.cos() * phi.cos(), theta.sin() * phi.cos(), phi.sin()


def haversine_m(lat1: str, lon1: str, lat2: str, lon2: str) -> pl.Expr:
    """The haversine formula, as `S2LatLng.getDistance`: good for small distances."""
    phi1, phi2 = pl.col(lat1).radians(), pl.col(lat2).radians()
    dlat = (0.5 * (phi2 - phi1)).sin()
    dlon = (0.5 * (pl.col(lon2).radians() - pl.col(lon1).radians())).sin()
    x = dlat * dlat + dlon * dlon * phi1.cos() * phi2.cos()
    below = pl.max_horizontal(1.0 - x, pl.lit(0.0))
    return 2 * pl.arctan2(x.sqrt(), below.sqrt()) * EARTH_RADIUS_M


def are_numbers(*columns: str) -> pl.Expr:
    """Where none of the columns is NaN.

    NaN, which is a distance to the canonical validator, is neither above nor below nor equal to
    anything there. For polars it is equal to itself and above all numbers.
    """
    return pl.all_horizontal(pl.col(columns).is_not_nan())
