"""MOTIS's engine itself, asked about the flagship chain tied together in each way."""

from __future__ import annotations

import importlib.util
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flagship import FIXED, flagship, pack

from gtfsgen.cli import main
from gtfsgen.planners import PlannerRefused, motis
from gtfsgen.planners.journeys import read_journeys, told, verdicts
from gtfsgen.planners.timetable import Timetable

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("pynigiri") is None,
    reason="pynigiri has wheels for Python 3.11 on Linux x86-64 only",
)

MONDAY = date(2026, 12, 7)
THERE = "Beijing,Pyongyang,17:26,18:07+1"
BACK = "Pyongyang,Beijing,10:26,08:40+1"
KOREA = "Dandong,Pyongyang,10:00,18:07"


def week(folder: Path, variant: str, ride: str) -> str:
    """Changes of seat on the journeys that leave on Monday to Sunday, `-` where there is none."""
    feed = Timetable(flagship(variant, folder / "gtfs.zip"))
    rows = [f"{MONDAY + timedelta(days=ahead)},{ride},9" for ahead in range(7)]
    table = folder / "journeys.csv"
    table.write_text("\n".join(["date,from,to,depart,arrive,changes", *rows]))
    asked = read_journeys(table, feed)
    assert asked.faults == []
    answers = motis.ask(feed.path, [journey.question for journey in asked.journeys])
    assert answers.remarks == []
    return "".join(
        next(
            (
                str(each.changes)
                for each in found
                if each.departure in journey.departures and each.arrival in journey.arrivals
            ),
            "-",
        )
        for journey, found in zip(asked.journeys, answers.itineraries, strict=True)
    )


@pytest.mark.parametrize(
    ("variant", "there", "back", "korea"),
    [
        ("block", "0100101", "0100101", "0000000"),
        ("type4", "1111111", "0100101", "0000000"),
        ("both", "1111111", "0100101", "0000000"),
        ("none", "2222222", "2222222", "1111111"),
    ],
)
def test_who_keeps_the_seat(
    tmp_path: Path, variant: Any, there: Any, back: Any, korea: Any
) -> None:
    """A type 4 link over a wait of 120 min or more (Dandong, 145) is dropped, a block is not."""
    assert week(tmp_path, variant, THERE) == there
    assert week(tmp_path, variant, BACK) == back
    assert week(tmp_path, variant, KOREA) == korea


def test_trains_of_a_seat_are_looked_up_in_the_feed(tmp_path: Path) -> None:
    feed = Timetable(flagship("block", tmp_path / "gtfs.zip"))
    table = tmp_path / "journeys.csv"
    table.write_text("date,from,to,depart\n2026-12-10,beijing,pyongyang,17:26\n")
    (journey,) = read_journeys(table, feed).journeys
    ((itinerary,),) = motis.ask(feed.path, [journey.question]).itineraries
    assert told(itinerary, feed, journey.day) == "17:26 K27 > 95 > 52 18:07+1, no change"
    assert itinerary.legs[0].rides == (("K27.through", "95.through", "52.through"),)


def test_questions_months_apart_are_asked_of_several_timetables(tmp_path: Path) -> None:
    feed = Timetable(flagship("block", tmp_path / "gtfs.zip"))
    table = tmp_path / "journeys.csv"
    days = ("2026-03-12", "2027-11-18", "2026-12-10")
    rows = [f"{day},Beijing,Pyongyang,17:26,18:07+1,K27 95 52" for day in days]
    table.write_text("\n".join(["date,from,to,depart,arrive,trains", *rows]))
    asked = read_journeys(table, feed)
    questions = [journey.question for journey in asked.journeys]
    assert len(list(motis.windows(questions))) == 2
    found = verdicts(asked.journeys, motis.ask(feed.path, questions), feed)
    assert [verdict.outcome for verdict in found] == ["holds"] * 3


def test_a_feed_the_engine_cannot_load_is_refused_with_its_words(tmp_path: Path) -> None:
    feed = pack(
        {"agency.txt": FIXED["agency.txt"], "stops.txt": FIXED["stops.txt"]}, tmp_path / "g.zip"
    )
    timetable = Timetable(feed)
    table = tmp_path / "journeys.csv"
    table.write_text("date,from,to\n2026-12-10,Beijing,Pyongyang\n")
    questions = [journey.question for journey in read_journeys(table, timetable).journeys]
    with pytest.raises(PlannerRefused, match="could not load the feed"):
        motis.ask(feed, questions)


JOURNEYS = """name,date,from,to,depart,arrive,trains,changes,expect
through,Thu 2026-12-10,Beijing,Pyongyang,17:26,18:07+1,K27 95 52,0,
no seat on Friday,2026-12-11,Beijing,Pyongyang,17:26,18:07+1,,0,none
change on Friday,2026-12-11,Beijing,Pyongyang,17:26,18:07+1,K27 95 52,1,
home,2026-12-12,Pyongyang,Beijing,10:26,08:40+1,51 85 K28,0,
no way on a day before the feed,2026-03-01,Beijing,Pyongyang,,,,2,none
"""


def run(folder: Path, variant: str, journeys: str) -> Any:
    feed = flagship(variant, folder / "gtfs.zip")
    (folder / "journeys.csv").write_text(journeys)
    return CliRunner().invoke(main, ["journeys", str(feed), str(folder / "journeys.csv")])


def test_the_command_is_content_when_all_hold(tmp_path: Path) -> None:
    result = run(tmp_path, "block", JOURNEYS)
    assert result.exit_code == 0, result.output
    assert "5 holds." in result.output


def test_the_command_says_what_was_found_instead(tmp_path: Path) -> None:
    result = run(tmp_path, "type4", JOURNEYS)
    assert result.exit_code == 1
    assert "17:26 K27 / 95 > 52 18:07+1, 1 change" in result.output
    assert "4 holds, 1 fails." in result.output


def test_a_known_limit_is_named_and_does_not_fail(tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text(
        '[[known_limits]]\nplanner = "motis"\njourney = "through*"\ncause = "waits too long"\n'
    )
    result = run(tmp_path, "type4", JOURNEYS)
    assert result.exit_code == 0, result.output
    assert "known limit: waits too long" in result.output
