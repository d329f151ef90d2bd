"""Overlapping zones against a plain comparison of every pair."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import polars as pl
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gtfsgen.validation.scans import zone_overlaps
from gtfsgen.validation.scans.zone_overlaps import overlapping, overlapping_calls

# On a small grid much touches, is equal, or shares an edge.
corners = st.tuples(st.integers(0, 5), st.integers(0, 5))
polygons = st.lists(corners, min_size=3, max_size=6, unique=True).map(
    lambda ring: shapely.Polygon(ring)
)
IDS = "ABCDE"
calls = st.lists(
    st.tuples(
        st.sampled_from("XYZ"),
        st.sampled_from([*IDS, "absent"]),
        st.integers(0, 2),
        st.integers(0, 2),
        st.integers(0, 5),
        st.integers(0, 5),
    ),
    max_size=14,
)


@given(shapes=st.lists(polygons | st.none(), min_size=2, max_size=8))
@settings(max_examples=300, deadline=None)
def test_the_quick_way_is_the_plain_way(shapes: Any) -> None:
    array = np.array(shapes, dtype=object)
    first, second = np.triu_indices(len(array), 1)
    usual, zone_overlaps.FEW_PAIRS = zone_overlaps.FEW_PAIRS, 0
    try:
        found = overlapping(array, first, second)
    finally:
        zone_overlaps.FEW_PAIRS = usual
    assert found.tolist() == shapely.overlaps(array[first], array[second]).tolist()


@given(rows=calls, shapes=st.lists(polygons, min_size=5, max_size=5), most=st.integers(0, 20))
@settings(max_examples=200, deadline=None)
@pytest.mark.parametrize("remembered", [0, 100])
def test_pairs_are_those_of_a_plain_comparison(
    remembered: int, rows: Any, shapes: Any, most: int
) -> None:
    rows = sorted(rows, key=lambda row: row[0])
    zones = dict(zip(IDS, shapes, strict=True))
    names = ["trip_id", "location_id", "pickup_type", "drop_off_type"]
    windows = ["start_pickup_drop_off_window", "end_pickup_drop_off_window"]
    types = [pl.Categorical, pl.Categorical, *[pl.Int64] * 4]
    schema = dict(zip(names + windows, types, strict=True))
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    wanted = [
        (a, b)
        for (a, one), (b, two) in itertools.combinations(enumerate(rows), 2)
        if one[0] == two[0]
        and one[1] != two[1]
        and (one[2] == two[2] or one[3] == two[3])
        and one[4] < two[5]
        and one[5] > two[4]
        and one[1] in zones
        and two[1] in zones
        and shapely.overlaps(zones[one[1]], zones[two[1]])
    ]
    usual = zone_overlaps.PAIRS_AT_ONCE, zone_overlaps.MOST_REMEMBERED
    zone_overlaps.PAIRS_AT_ONCE, zone_overlaps.MOST_REMEMBERED = 3, remembered
    try:
        first, second, more = overlapping_calls(frame, zones, most)
    finally:
        zone_overlaps.PAIRS_AT_ONCE, zone_overlaps.MOST_REMEMBERED = usual
    assert list(zip(first.tolist(), second.tolist(), strict=True)) == wanted[:most]
    assert more == len(wanted[most:])
