"""Many faults in one project take a time in line with their number."""

from __future__ import annotations

import time
from pathlib import Path

import openpyxl

from gtfsgen.source.cells import number_text
from gtfsgen.source.words import did_you_mean
from tests.source.project import FEED, read


def test_twenty_thousand_unknown_keys_are_told_each_at_its_line(tmp_path: Path) -> None:
    keys = "".join(f"unheard_{number} = 1\n" for number in range(20_000))
    began = time.process_time()
    source = read(tmp_path, {"feed.toml": keys + FEED})
    assert time.process_time() - began < 20
    told = [f.line for f in source.faults if f.code == "unknown_key"]
    assert told == list(range(1, 20_001))


def test_unknown_words_among_many_known_are_compared_with_few() -> None:
    known = [f"Station {number}" for number in range(5_000)]
    began = time.process_time()
    for number in range(200):
        did_you_mean(f"Unheard-of place {number}", known)
    assert time.process_time() - began < 10


def test_infinities_of_a_workbook_are_text() -> None:
    assert [number_text(float(each)) for each in ("inf", "-inf", "nan")] == ["inf", "-inf", "nan"]


def test_a_workbook_with_a_cell_at_the_far_corner_is_refused(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active["A1"] = "train"
    book.active["XFD1048576"] = "x"
    (tmp_path / "timetables").mkdir()
    book.save(tmp_path / "timetables" / "far.xlsx")
    source = read(tmp_path)
    told = [f.message for f in source.faults if f.code == "broken_workbook"]
    assert len(told) == 1
    assert "XFD1048576" in told[0]
