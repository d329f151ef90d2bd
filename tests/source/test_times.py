"""A cell of a timetable is read in a bounded time, whatever stands in it."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gtfsgen.source.times import LONGEST, Cell, TimeError, parse_cell


@pytest.mark.parametrize(
    "text",
    [
        "17:26 " + "a" * 28 + "!",
        "17:26" + " a" * 90 + "!",
        "~" + " " * 190 + "A",
        "17:26" + " x" * 90 + "!",
        "x " * 95 + "A",
        "(" * 190,
        "1" * 10_000_000,
        "17:26 " + "a," * 5_000_000 + "!",
    ],
    ids=lambda text: f"{text[:8]}_{len(text)}",
)
def test_a_hostile_cell_is_refused_at_once(text: str) -> None:
    began = time.process_time()
    with pytest.raises(TimeError):
        parse_cell(text)
    assert time.process_time() - began < 0.5


LETTERS = st.lists(st.text("abcwyz*†", min_size=1, max_size=3), max_size=4)


@settings(deadline=None)
@given(LETTERS, st.sampled_from([" ", ", ", "  "]))
def test_notes_are_the_words_after_the_time(letters: list[str], between: str) -> None:
    cell = parse_cell(f"17:26 {between.join(letters)}".strip())
    assert isinstance(cell, Cell)
    assert cell.notes == tuple(letters)


def test_a_long_text_is_no_time_and_says_how_long_it_is() -> None:
    with pytest.raises(TimeError, match=re.escape(f"{LONGEST + 1} characters")):
        parse_cell("17:26 " + "a" * (LONGEST - 5))
