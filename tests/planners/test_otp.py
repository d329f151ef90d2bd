"""OpenTripPlanner itself, asked about the flagship chain and about runs longer than a day."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from flagship import FIXED, TRIPS, TYPE4, flagship, long_run, pack, stop_times

from gtfsgen.planners import PlannerRefused, PlannerUnavailable, motis, otp
from gtfsgen.planners.journeys import Journey, read_journeys, verdicts
from gtfsgen.planners.timetable import Timetable

MONDAY = date(2026, 12, 7)


def journeys(folder: Path, feed: Path, rows: list[str]) -> list[Journey]:
    table = folder / "journeys.csv"
    table.write_text("\n".join(["date,from,to,depart,arrive,trains,changes,expect", *rows]))
    asked = read_journeys(table, Timetable(feed))
    assert asked.faults == []
    return asked.journeys


def outcomes(feed: Path, asked: list[Journey], planner: Any = otp) -> list[str]:
    answers = planner.ask(feed, [journey.question for journey in asked])
    return [str(each.outcome) for each in verdicts(asked, answers, Timetable(feed))]


@pytest.mark.acceptance
@pytest.mark.parametrize(
    ("variant", "changes"), [("block", "0100101"), ("type4", "0100101"), ("none", "2222222")]
)
def test_who_keeps_the_seat(tmp_path: Path, variant: Any, changes: Any) -> None:
    """OpenTripPlanner takes type 4 links of any wait; MOTIS's engine does not (see test_motis)."""
    feed = flagship(variant, tmp_path / "gtfs.zip")
    rows = []
    for ride in (
        "Beijing,Pyongyang,17:26,18:07+1,K27 95 52",
        "平壤,Beijing,10:26,08:40+1,51 85 K28",
    ):
        for ahead, number in enumerate(changes):
            day = MONDAY + timedelta(days=ahead)
            rows.append(f"{day},{ride},{number},found")
            if number != "0":
                rows.append(f"{day},{ride},{int(number) - 1},none")
    assert set(outcomes(feed, journeys(tmp_path, feed, rows))) == {"holds"}


@pytest.mark.acceptance
def test_a_long_train_that_meets_its_own_next_run(tmp_path: Path) -> None:
    """Whole it is lost to its next run; cut in a block it is found; run weekly it needs no cut."""
    row = [f"{MONDAY},Beijing,Pyongyang,10:00,11:04+1,,0,found"]
    for days, cut, outcome in (
        ("1,1,1,1,1,1,1", False, "fails"),
        ("1,1,1,1,1,1,1", True, "holds"),
        ("1,0,0,0,0,0,0", False, "holds"),
    ):
        feed = long_run(24 * 60 + 4, cut, days, tmp_path / "gtfs.zip")
        asked = journeys(tmp_path, feed, row)
        assert outcomes(feed, asked) == [outcome]
        assert outcomes(feed, asked, motis) == ["holds"]


@pytest.mark.acceptance
def test_runs_of_days(tmp_path: Path) -> None:
    """OpenTripPlanner is told to look nine days ahead; MOTIS's engine looks five."""
    feed = long_run(6 * 24 * 60, False, "1,0,0,0,0,0,0", tmp_path / "gtfs.zip")
    asked = journeys(tmp_path, feed, [f"{MONDAY},Beijing,Pyongyang,10:00,11:00+6,,0,found"])
    assert outcomes(feed, asked) == ["holds"]
    assert outcomes(feed, asked, motis) == ["fails"]


@pytest.mark.acceptance
def test_days_on_which_nothing_runs_are_no_error(tmp_path: Path) -> None:
    feed = flagship("block", tmp_path / "gtfs.zip")
    asked = journeys(tmp_path, feed, ["2020-01-01,Beijing,Pyongyang,17:26,,,9,none"])
    assert outcomes(feed, asked) == ["holds"]


@pytest.mark.acceptance
def test_a_feed_it_does_not_take_is_refused_in_its_words(tmp_path: Path) -> None:
    """A type 4 row may leave its stops out by the reference, not for OpenTripPlanner."""
    blocks = dict.fromkeys(("out", "alone", "back", "back_alone"), "")
    tables = FIXED | {"trips.txt": TRIPS.format(**blocks), "stop_times.txt": stop_times()}
    tables["transfers.txt"] = TYPE4.replace("dandong,dandong", ",")
    feed = pack(tables, tmp_path / "gtfs.zip")
    asked = journeys(tmp_path, feed, [f"{MONDAY},Beijing,Pyongyang,17:26,,,0,found"])
    with pytest.raises(PlannerRefused, match="missing required field: from_stop_id"):
        outcomes(feed, asked)


@pytest.mark.acceptance
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_is_stopped_with_us(tmp_path: Path, number: Any) -> None:
    feed = flagship("block", tmp_path / "gtfs.zip")
    table = tmp_path / "journeys.csv"
    table.write_text("date,from,to\n2026-12-10,Beijing,Pyongyang\n")
    command = [sys.executable, "-c", "from gtfsgen.cli import main; main()", "journeys"]
    process = subprocess.Popen(
        [*command, str(feed), str(table), "--planner", "otp"],
        env=os.environ | {"TMPDIR": str(tmp_path)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while not list(tmp_path.glob("gtfsgen-otp-*/otp.log")):
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(number)
    assert process.wait(60) != 0
    assert list(tmp_path.glob("gtfsgen-otp-*")) == []
    assert not running(str(tmp_path))


def running(word: str) -> bool:
    """Whether a process on this machine has the word in its command line."""
    return any(
        word.encode() in read_or_nothing(file)
        for file in Path("/proc").glob("[0-9]*/cmdline")
        if file.parent.name != str(os.getpid())
    )


def read_or_nothing(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""


def test_without_maven_the_line_to_run_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GTFSGEN_CACHE", str(tmp_path))
    monkeypatch.setenv("PATH", "")
    with pytest.raises(PlannerUnavailable, match=r"mvn .*otp-shaded:2\.8\.1:jar"):
        otp.jar_file(lambda _: None)


LOG = """10:00:00.000 ERROR [main]  (OTPMain.java:60) An uncaught error occurred inside OTP
java.lang.RuntimeException: wrapped
\tat org.example.Some.method(Some.java:1)
Caused by: java.lang.IllegalStateException: the middle
Caused by: java.lang.NumberFormatException: For input string: "x"
"""


def test_the_innermost_cause_is_told() -> None:
    assert otp.last_words(LOG) == 'java.lang.NumberFormatException: For input string: "x"'
    assert otp.last_words(LOG.split("Caused")[0]) == "java.lang.RuntimeException: wrapped"
    assert otp.last_words(LOG.splitlines()[0]) == "An uncaught error occurred inside OTP"
    assert otp.last_words("") == "it said nothing"


def test_only_unusual_import_issues_are_remarks() -> None:
    line = "10:53:16.827 INFO [main]  (DataImportIssueSummary.java:73)   - {}            {}\n"
    log = line.format("StopNotLinkedForTransfers", 9) + line.format("InvalidGtfsTransfer", 2)
    assert otp.issues(log) == ["data import issue InvalidGtfsTransfer (2)"]
