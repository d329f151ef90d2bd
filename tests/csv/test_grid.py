"""Cells of plain text, read as words: the obvious way, a cell at a time, is the law."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gtfsgen.csv import raw
from gtfsgen.csv.grid import Cells, Grid

WHOLE = st.integers(0, 10**9).map(str)
NUMBER = st.builds(
    "{}{}{}".format,
    st.sampled_from(["", "-", "+"]),
    WHOLE,
    st.from_regex(r"(\.[0-9]{0,12})?", fullmatch=True),
)
CELL = st.one_of(
    NUMBER,
    st.builds("{}:{:02}:{:02}".format, st.integers(0, 120), st.integers(0, 70), st.integers(0, 70)),
    st.sampled_from(["", "A", "trip_00000001", "trip_00000002", "trip_0000000", "T\u00fcr", "1e5"]),
    st.text("0123456789.:-/ A\u00e9", max_size=18),
)
COLUMN = st.one_of(
    st.lists(CELL, min_size=1, max_size=30),
    st.lists(st.sampled_from(["0", "1", "9", ":", "/", "", "a"]), min_size=1),  # a byte each
    st.lists(
        st.from_regex(r"-?[0-9]{0,3}\.?[0-9]{0,3}", fullmatch=True), min_size=1
    ),  # a word each
)


def grid_of(cells: list[str], end: str = "\n") -> Grid:
    grid = Grid.of("".join(f"{cell},x{end}" for cell in cells).encode(), 2, 4096)
    assert grid is not None
    return grid


@settings(max_examples=200, deadline=None)
@given(column=COLUMN)
def test_numbers_are_those_of_the_careful_road(column: list[str]) -> None:
    column = [cell.replace("#", "") for cell in column]
    grid = grid_of(column)
    cells = grid.column(0)
    roads: tuple[tuple[Literal["integer", "time", "float"], Callable[[Cells], Any]], ...] = (
        ("integer", grid.integers),
        ("time", grid.times),
        ("float", grid.floats),
    )
    for kind, read in roads:
        numbers = read(cells)
        expected = raw.direct([cell.strip() or None for cell in column], kind).values.to_list()
        rest = set(numbers.rest.tolist())
        for row, value in enumerate(expected):
            if row in rest:
                assert column[row].strip()
            elif column[row].strip():
                assert numbers.values[row] == value


@settings(max_examples=100, deadline=None)
@given(column=COLUMN, end=st.sampled_from(["\n", "\r\n", " \r\n"]))
def test_texts_and_where_they_change(column: list[str], end: str) -> None:
    grid = grid_of(column, end)
    bare = [cell.strip() for cell in column]
    assert grid.texts(grid.column(0)).to_list() == bare
    assert grid.texts(grid.column(1)).to_list() == ["x"] * len(column)
    changes = [row for row, cell in enumerate(bare) if row == 0 or cell != bare[row - 1]]
    assert grid.changes(grid.column(0)).tolist() == changes


@pytest.mark.parametrize("ordinary", ["12:00:00,51.5,7", "9:05:59,-0.25,12345678"])
def test_ordinary_cells_are_all_read(ordinary: str) -> None:
    grid = Grid.of(f"{ordinary}\n".encode() * 3, 3, 4096)
    assert grid is not None
    for index, read in enumerate((grid.times, grid.floats, grid.integers)):
        assert not len(read(grid.column(index)).rest)


@pytest.mark.parametrize(
    "text",
    ["a,b", "a\nb,c,d\n", "a,b\n\n", "#a,b\n", "a,b\n#,c\n", 'a,"b"\n', "a," + "b" * 4097 + "\n"],
)
def test_text_that_is_no_plain_grid(text: str) -> None:
    assert Grid.of(text.encode(), 2, 4096) is None
    assert Grid.of(b"a,\xff\n", 2, 4096) is None
