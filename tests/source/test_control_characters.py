"""Control characters are told at their cell, and no id is made in two ways."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gtfsgen.compile import compile_source
from gtfsgen.compile.ids import slug, slugs
from gtfsgen.source.model import Source
from tests.source.project import FEED, FILES, TIMETABLE, at, codes, read, with_cell

CONTROLS = [chr(each) for each in (*range(32), *range(127, 160)) if chr(each) not in "\r\n"]


def timetable(folder: Path, text: str) -> Source:
    """The project with one timetable, without the tables that name its trains."""
    unused = dict.fromkeys(("coaches.csv", "routes.csv", "calendars.csv"))
    return read(folder, {**unused, "timetables/k27.csv": text})


@pytest.mark.parametrize("control", CONTROLS, ids=lambda each: f"U+{ord(each):04X}")
def test_every_control_character_in_a_cell_is_an_error_there(tmp_path: Path, control: str) -> None:
    source = timetable(tmp_path, with_cell(TIMETABLE, 1, 2, f"1{control}3"))
    assert ("control_character", "timetables/k27.csv:1:C") in codes(source)


def test_the_train_number_that_ended_as_a_fault_of_gtfsgen(tmp_path: Path) -> None:
    source = timetable(tmp_path, with_cell(TIMETABLE, 1, 2, "1\x1f3"))
    assert [f.message for f in at(source, "timetables/k27.csv", 1, "C")] == [
        "The cell holds the control character U+001F, as a damaged file does."
    ]
    compile_source(source)


def test_a_line_break_within_a_cell_is_told(tmp_path: Path) -> None:
    text = with_cell(FILES["stations.csv"], 3, 1, "Tian\njin")
    assert ("control_character", "stations.csv:3:B") in codes(
        read(tmp_path, {"stations.csv": text})
    )


def test_a_control_character_in_a_workbook_is_told_at_its_cell(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.title = "K27"
    for line in TIMETABLE.splitlines():
        book.active.append(line.split(","))
    book.active["C1"] = "1\t3"
    (tmp_path / "timetables").mkdir()
    book.save(tmp_path / "timetables" / "k27.xlsx")
    source = read(tmp_path, {"timetables/k27.csv": None, "coaches.csv": None})
    assert ("control_character", "timetables/k27.xlsx[K27]!C1") in codes(source)


def test_a_control_character_in_feed_toml_is_told_at_its_line(tmp_path: Path) -> None:
    text = FEED.replace('"A test"', r'"A \u001f test"')
    assert ("control_character", "feed.toml:7:A") in codes(read(tmp_path, {"feed.toml": text}))


@settings(deadline=None, max_examples=50)
@given(st.lists(st.text()))
def test_columns_and_words_become_ids_in_one_way(words: list[str]) -> None:
    import polars as pl

    column = pl.Series(words, dtype=pl.String)
    assert slugs(column).to_list() == [slug(word) for word in words]


def test_trains_that_become_one_id_are_told_at_both(tmp_path: Path) -> None:
    text = with_cell(with_cell(TIMETABLE, 1, 3, "9 5"), 1, 4, "9/5")
    source = timetable(tmp_path, text)
    found = {(f.code, f.place) for f in compile_source(source).faults}
    assert {
        ("id_taken_twice", "timetables/k27.csv:1:D"),
        ("id_taken_twice", "timetables/k27.csv:1:E"),
    } <= found
