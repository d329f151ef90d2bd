"""Many feeds: lists, outcomes, and that one feed never stops the others."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from click.testing import CliRunner

from gtfsgen.budget import Budget, spending
from gtfsgen.catalogue import Entry, ListError, Outcome, Settings, read_list, table, validate_all
from gtfsgen.catalogue import run as run_module
from gtfsgen.catalogue.workers import Workers
from gtfsgen.cli import main
from tests.validation.feeds import TABLES, write_feed

DAY = "2026-11-20"
DANGLING = TABLES["trips.txt"] + "X,D,T2\n"


@pytest.fixture
def feeds(tmp_path: Path) -> Path:
    """A clean feed, a wrong one, one that is no zip, and one that is not there, with a list."""
    write_feed(tmp_path / "good")
    write_feed(tmp_path / "wrong" / "good", trips=DANGLING)
    (tmp_path / "broken.zip").write_bytes(b"nothing")
    listed = tmp_path / "feeds.txt"
    listed.write_text("# our feeds\ngood\n\nwrong/good\nbroken.zip\nabsent.zip\n")
    return listed


def test_a_list_of_lines(feeds: Path) -> None:
    names = [entry.name for entry in read_list(feeds)]
    assert names == ["good", "good-2", "broken", "absent"]
    assert read_list(feeds)[0].feed == str(feeds.parent / "good")


def test_a_list_in_csv(tmp_path: Path) -> None:
    listed = tmp_path / "feeds.csv"
    listed.write_text(
        "\ufeffid,url,country\nmdb/1,https://example.com/a/gtfs.zip?k=1,FR\n"
        ",https://example.com/b/gtfs.zip,\n,,\n",
        encoding="utf-8",
    )
    assert read_list(listed) == [
        Entry("https://example.com/a/gtfs.zip?k=1", "mdb-1", "FR"),
        Entry("https://example.com/b/gtfs.zip", "gtfs"),
    ]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", b"feeds\nx\n", "a.csv:1: has no column feed, path or url; found feeds"),
        ("a.txt", b"# none\n", "names no feed"),
        ("a.txt", b"\xff", "is not UTF-8"),
        ("a.txt", None, "cannot be read"),
    ],
)
def test_lists_that_cannot_be_read(tmp_path: Path, name: Any, content: Any, said: Any) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ListError, match=said):
        read_list(path)


def test_the_command_writes_a_table_and_a_report_for_each(feeds: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    words = ["catalogue", "validate", str(feeds), "-o", str(out), "--date", DAY, "--workers", "2"]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 0, result.output
    assert "2 of 4 feeds validated" in result.output
    rows = pl.read_parquet(out / "catalogue.parquet")
    assert rows["name"].to_list() == ["absent", "broken", "good", "good-2"]
    assert rows["status"].to_list() == ["unreadable", "unreadable", "validated", "validated"]
    assert rows["errors"].to_list()[:3] == [None, None, 0]
    assert "foreign_key_violation=1" in rows["codes"][3]
    assert rows["trips"].to_list() == [None, None, 1, 2]
    assert "No such file" in rows["message"][0]
    assert pl.read_csv(out / "catalogue.csv")["name"].to_list() == rows["name"].to_list()
    for name in rows["name"]:
        summary = json.loads((out / name / "report.json").read_text())["summary"]
        assert summary["dateForValidation"] == DAY
    assert CliRunner().invoke(main, [*words, "--fail-on", "error"]).exit_code == 1


def test_a_wrong_list_exits_with_2(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["catalogue", "validate", str(tmp_path / "none.txt")])
    assert result.exit_code == 2
    assert "none.txt: The file cannot be read" in result.output


def fails_on_good(entry: Entry, settings: Settings) -> Outcome:
    """Stands in for a validation that is killed from outside, as for want of memory."""
    if entry.name == "good":
        os.kill(os.getpid(), signal.SIGKILL)
    return Outcome(entry.name, entry.feed, "validated")


def test_a_process_that_is_killed_stops_no_other_feed(
    feeds: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_module, "validate_one", fails_on_good)
    outcomes = {
        outcome.name: outcome.status
        for outcome in validate_all(read_list(feeds), Settings(), workers=2)
    }
    assert outcomes == {
        "good": "failed", "good-2": "validated", "broken": "validated", "absent": "validated",
    }  # fmt: skip


def test_a_fault_of_ours_is_an_outcome(feeds: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*_: Any) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr("gtfsgen.validation.report_on", breaks)
    outcome = run_module.validate_one(read_list(feeds)[0], Settings())
    assert (outcome.status, outcome.message) == ("failed", "a bug")


def test_the_same_on_dask(feeds: Path, tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    settings = Settings(date=DAY, output=str(tmp_path / "out"))
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, dashboard_address=None, processes=True
    ) as cluster:
        outcomes = list(
            validate_all(read_list(feeds), settings, scheduler=cluster.scheduler_address)
        )
    rows = table(outcomes)
    assert rows["status"].to_list() == ["unreadable", "unreadable", "validated", "validated"]
    assert (tmp_path / "out" / "good-2" / "report.json").exists()


def takes(entry: Entry, settings: Settings) -> Outcome:
    """Stands in for a feed that asks for too much: of time without letting go of Python's lock, of
    memory all at once.
    """
    if entry.name == "good":
        (1 << 300_000_000) % 1_000_003**999
    if entry.name == "broken":
        bytearray(b"x") * (1 << 30)
    return Outcome(entry.name, entry.feed, "validated")


@pytest.mark.skipif(sys.platform != "linux", reason="memory of others is not known elsewhere")
def test_a_feed_beyond_the_limits_is_told_and_stops_no_other(
    feeds: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_module, "validate_one", takes)
    with spending(Budget(seconds=3, memory=700 << 20)):
        found = {each.name: each for each in validate_all(read_list(feeds), Settings(), workers=2)}
    assert {name: each.status for name, each in found.items()} == {
        "good": "unreadable", "good-2": "validated", "broken": "unreadable", "absent": "validated",
    }  # fmt: skip
    assert "too many seconds; the limit is 3 " in found["good"].message
    assert "memory" in found["broken"].message


def holds(number: int) -> int:
    held = bytearray(b"x") * (200 << 20)
    time.sleep(1)
    return len(held) * 0 + number


@pytest.mark.skipif(sys.platform != "linux", reason="memory of others is not known elsewhere")
def test_processes_that_are_over_the_limit_together_are_done_again_alone() -> None:
    with spending(Budget(memory=450 << 20)):
        workers: Workers[int, int] = Workers(holds, 2)
        assert set(workers.answers([1, 2, 3])) == {1, 2, 3}
