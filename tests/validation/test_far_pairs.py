"""Stops of a trip that are far apart and too fast, against a plain walk over all of them."""

from __future__ import annotations

from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from gtfsgen.validation.scans.speeds import far_pairs

FAR_KM = 10.0

calls = st.tuples(
    st.sampled_from([0.0, 0.0, 0.5, 4.0, 6.0, 11.0]),
    st.none() | st.integers(0, 8),
    st.none() | st.integers(0, 8),
    st.sampled_from([True, True, True, False]),
)
trips = st.lists(
    st.tuples(st.sampled_from([30.0, 100.0, 400.0]), st.lists(calls, min_size=1, max_size=8)),
    min_size=1,
    max_size=5,
)
UNIT_S = 45


def plain(rows: list[dict[str, Any]]) -> tuple[int, int] | None:
    """The first pair of a trip, by row."""
    for end in range(1, len(rows)):
        if rows[end]["arrival_time"] is None:
            continue
        if not rows[end]["known"]:
            return None
        distance = 0.0
        for start in range(end - 1, -1, -1):
            distance += rows[start + 1]["leg"]
            departure = rows[start]["departure_time"]
            if departure is None:
                continue
            arrival = rows[end]["arrival_time"]
            elapsed = arrival - departure + 60 * (arrival % 60 == 0 and departure % 60 == 0)
            speed = distance * 3600 / (elapsed if elapsed > 0 else 60)
            far = distance > FAR_KM or not rows[start]["known"]
            if speed > rows[end]["limit_kmh"] and far:
                return (start, end) if rows[start]["known"] else None
    return None


@given(made=trips)
@settings(max_examples=400, deadline=None)
def test_pairs_are_those_of_a_plain_walk(made: Any) -> None:
    rows: list[dict[str, Any]] = []
    wanted: list[tuple[int, int]] = []
    for limit, each in made:
        trip = [
            {
                "leg": leg if place else 0.0,
                "arrival_time": None if arrival is None else arrival * UNIT_S,
                "departure_time": None if departure is None else departure * UNIT_S,
                "known": known,
                "limit_kmh": limit,
                "starts_trip": not place,
            }
            for place, (leg, arrival, departure, known) in enumerate(each)
        ]
        pair = plain(trip)
        if pair:
            wanted.append((len(rows) + pair[0], len(rows) + pair[1]))
        rows += trip
    frame = pl.DataFrame(rows, infer_schema_length=None).with_columns(
        pl.col("arrival_time", "departure_time").cast(pl.Int32)
    )
    found = far_pairs(frame.drop("leg"), frame["leg"], FAR_KM)
    assert found.select("start", "end").rows() == wanted
