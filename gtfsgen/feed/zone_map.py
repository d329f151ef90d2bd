"""Time zones by position."""

from __future__ import annotations

import math


def zones_within(lat: float, lon: float, radius_km: float) -> list[str]:
    """The zones at a position and, in eight directions, `radius_km` away from it."""
    from tzfpy import get_tzs

    north = radius_km / 111.2
    east = north / max(0.01, math.cos(math.radians(lat)))
    steps = [(0, 0)] if not radius_km else [(y, x) for y in (0, 1, -1) for x in (0, 1, -1)]
    found: dict[str, None] = {}
    for up, right in steps:
        a = min(90.0, max(-90.0, lat + up * north))
        b = min(180.0, max(-180.0, lon + right * east))
        found |= dict.fromkeys(get_tzs(b, a))
    return list(found)
