"""Land under the maps is where land is."""

from __future__ import annotations

import numpy as np
import pytest

from gtfsgen.render.world import land_and_borders

LAND = {
    "inland of Cairns, at the latitude of Fiji": (145.3, -16.9),
    "Vanua Levu, Fiji": (179.2, -16.6),
    "Chukotka, east of 180": (-175.0, 67.0),
    "Chukotka, west of 180": (178.0, 68.0),
    "Antarctica": (30.0, -80.0),
    "Beijing": (116.4, 39.9),
}
SEA = {
    "off Cairns": (146.4, -16.9),
    "between Fiji and Samoa": (-176.0, -16.0),
    "Bay of Bengal": (88.0, 15.0),
    "Bering Sea": (-178.0, 60.0),
}


def on_land(lon: float, lat: float, wide: float) -> bool:
    """By counting the edges of all rings that a ray to the east crosses."""
    rings, _ = land_and_borders(lon - wide, lat - wide, lon + wide, lat + wide)
    crossings = 0
    for ring in rings:
        after = np.roll(ring, -1, axis=0)
        for (x, y), (x2, y2) in zip(ring.tolist(), after.tolist(), strict=True):
            if (y > lat) != (y2 > lat) and lon < x + (lat - y) / (y2 - y) * (x2 - x):
                crossings += 1
    return crossings % 2 == 1


@pytest.mark.parametrize("wide", [1.0, 9.0])
@pytest.mark.parametrize("place", LAND)
def test_land_is_land(place: str, wide: float) -> None:
    assert on_land(*LAND[place], wide)


@pytest.mark.parametrize("wide", [1.0, 9.0])
@pytest.mark.parametrize("place", SEA)
def test_sea_is_sea(place: str, wide: float) -> None:
    assert not on_land(*SEA[place], wide)
