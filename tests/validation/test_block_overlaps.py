"""Overlapping trips of a block against a plain comparison of every pair."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from gtfsgen.validation.scans import block_overlaps
from gtfsgen.validation.scans.block_overlaps import NO_LIMIT, overlapping_pairs

FIRST = date(2026, 11, 20)
TIMES = ("first_arrival_time", "first_departure_time", "last_arrival_time", "last_departure_time")

trips = st.lists(
    st.tuples(
        st.sampled_from("XY"),
        st.sampled_from("ABCD"),
        st.lists(st.integers(0, 9), min_size=4, max_size=4),
    ),
    max_size=12,
)
# More days than a word of the bits has, and some on which nothing runs.
days = st.dictionaries(st.sampled_from("ABC"), st.sets(st.integers(0, 150), max_size=90))


def plain(rows: list[Any], running: dict[str, set[int]]) -> list[tuple[int, int, date]]:
    found = []
    for a, (block, service, (_, _, last_arrival, end)) in enumerate(rows):
        for b in range(a + 1, len(rows)):
            other, other_service, (start, first_departure, _, _) = rows[b]
            common = running.get(service, set()) & running.get(other_service, set())
            joint = last_arrival == start and end == first_departure
            if other == block and start < end and not joint and common:
                found.append((a, b, FIRST + timedelta(days=min(common))))
    return found


@given(
    rows=trips,
    running=days,
    at_once=st.integers(1, 5),
    most=st.integers(0, 20) | st.just(NO_LIMIT),
    chance=st.randoms(use_true_random=False),
)
@settings(max_examples=200, deadline=None)
def test_pairs_are_those_of_a_plain_comparison(
    rows: Any, running: Any, at_once: int, most: int, chance: Any
) -> None:
    ordered = sorted(rows, key=lambda row: (row[0], row[2][0], row[2][3]))
    frame = pl.DataFrame(
        {
            "block_id": pl.Series([row[0] for row in ordered], dtype=pl.Categorical),
            "service_id": pl.Series([row[1] for row in ordered], dtype=pl.Categorical),
        }
        | {
            name: pl.Series([row[2][i] for row in ordered], dtype=pl.Int32)
            for i, name in enumerate(TIMES)
        }
    ).sort(pl.col("block_id").to_physical(), TIMES[0], TIMES[3], maintain_order=True)
    rows = [(row[0], row[1], list(row[2:])) for row in frame.iter_rows()]
    service_days = pl.DataFrame(
        [(service, FIRST + timedelta(days=day)) for service in running for day in running[service]],
        schema={"service_id": pl.Categorical, "date": pl.Date},
        orient="row",
    ).lazy()
    numbers = chance.sample(range(2, len(rows) + 2), len(rows))
    frame = frame.with_columns(csv_row_number=pl.Series(numbers, dtype=pl.UInt32))
    usual = block_overlaps.PAIRS_AT_ONCE
    block_overlaps.PAIRS_AT_ONCE = at_once
    try:
        found, more = overlapping_pairs(frame, service_days, most)
    finally:
        block_overlaps.PAIRS_AT_ONCE = usual
    wanted = sorted(plain(rows, running), key=lambda pair: (numbers[pair[0]], pair[1]))
    assert found.rows() == wanted[:most]
    assert more == len(wanted[most:])
