"""The feeds we measure with are what they claim to be."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import pytest

import gtfsgen
from benchmarks.generate import ROWS_PER_ROUTE, write_feed
from benchmarks.measure import replace_section, run

TODAY = "2026-11-20"


def test_a_generated_feed_breaks_no_rule(tmp_path: Path) -> None:
    rows = write_feed(2 * ROWS_PER_ROUTE, tmp_path / "feed.zip")
    report = gtfsgen.validate(tmp_path / "feed.zip", "canonical-8.0.1", TODAY)
    assert (rows, report.counts, report.system_errors) == (2 * ROWS_PER_ROUTE, {}, {})
    assert gtfsgen.read(tmp_path / "feed.zip")["stop_times"].height == rows


def test_the_same_arguments_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one.zip", "other.zip"):
        write_feed(ROWS_PER_ROUTE, tmp_path / name)
    write_feed(ROWS_PER_ROUTE, tmp_path / "seeded.zip", seed=2)
    one, other, seeded = (
        (tmp_path / name).read_bytes() for name in ("one.zip", "other.zip", "seeded.zip")
    )
    assert one == other
    assert one != seeded


def test_a_flood_breaks_two_rules_on_almost_every_row(tmp_path: Path) -> None:
    rows = write_feed(ROWS_PER_ROUTE, tmp_path / "flood.zip", flood=True)
    report = gtfsgen.validate(tmp_path / "flood.zip", "canonical-8.0.1", TODAY)
    trips = gtfsgen.read(tmp_path / "flood.zip")["trips"].height
    assert report.counts == {
        "fast_travel_between_consecutive_stops": ("WARNING", rows - trips),
        "missing_timepoint_value": ("WARNING", rows),
    }


def test_an_unfinished_feed_is_not_taken_for_a_whole_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("benchmarks.generate.stop_time_rows", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_feed(ROWS_PER_ROUTE, tmp_path / "feed.zip")
    assert not (tmp_path / "feed.zip").exists()


def test_a_process_is_measured_and_ended_at_its_limit() -> None:
    ended = run([sys.executable, "-c", "import time; print('on', flush=True); time.sleep(60)"], 3)
    assert ended.timed_out
    assert ended.failed
    told = run([sys.executable, "-c", "print('done'); raise SystemExit(1)"])
    assert (told.output, told.exit_code, told.failed) == ("done\n", 1, False)
    assert told.peak_mb > 1


def test_a_section_of_a_page_is_replaced(tmp_path: Path) -> None:
    page: Path = tmp_path / "page.md"
    page.write_text("before\n<!-- t -->\nold\n<!-- end of t -->\nafter\n", encoding="utf-8")
    replace_section(page, "t", ["new"])
    assert page.read_text(encoding="utf-8") == (
        "before\n<!-- t -->\n\nnew\n\n<!-- end of t -->\nafter\n"
    )
    with pytest.raises(ValueError, match="no section 'u'"):
        replace_section(page, "u", [])


def test_the_floor_reads_every_row(tmp_path: Path) -> None:
    write_feed(ROWS_PER_ROUTE, tmp_path / "feed.zip")
    with zipfile.ZipFile(tmp_path / "feed.zip") as archive:
        rows = sum(archive.read(name).count(b"\n") - 1 for name in archive.namelist())
    told = run([sys.executable, "-m", "benchmarks.floor", tmp_path / "feed.zip"])
    assert told.output == f"{rows:,} rows\n"
