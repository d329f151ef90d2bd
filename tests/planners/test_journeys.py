"""Reading journeys.csv, and comparing answers with it, without any planner."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner
from flagship import FIXED, flagship, pack

from gtfsgen.budget import UnreadableInput
from gtfsgen.cli import main
from gtfsgen.planners import Answers, Itinerary, Leg
from gtfsgen.planners.journeys import (
    Limit,
    instants_shown,
    read_journeys,
    read_limits,
    ride_told,
    spellings,
    verdicts,
)
from gtfsgen.planners.timetable import Timetable


@pytest.fixture
def feed(tmp_path: Path) -> Any:
    return Timetable(flagship("block", tmp_path / "gtfs.zip"))


def read(tmp_path: Path, feed: Any, text: str, encoding: str = "utf-8") -> Any:
    table = tmp_path / "journeys.csv"
    table.write_bytes(text.encode(encoding))
    return read_journeys(table, feed)


def one(tmp_path: Path, feed: Any, text: str) -> Any:
    asked = read(tmp_path, feed, text)
    assert asked.faults == []
    (journey,) = asked.journeys
    return journey


def utc(text: str) -> Any:
    return int(datetime.fromisoformat(text).timestamp())


HEADER = "name,date,from,to,depart,arrive,trains,changes,expect,note\n"
GOOD = HEADER + "a,Thu 2026-12-10,Beijing,pyongyang,17:26,18:07+1,K27 95 52,,,\n"


def test_times_are_local_at_their_station(tmp_path: Path, feed: Any) -> None:
    journey = one(tmp_path, feed, GOOD)
    assert journey.departures == (utc("2026-12-10T17:26+08:00"),)
    assert journey.arrivals == (utc("2026-12-11T18:07+09:00"),)
    assert (journey.question.earliest, journey.question.latest) == journey.departures * 2
    assert (journey.origin, journey.destination) == (("beijing",), ("pyongyang",))
    assert journey.trains == ("K27", "95", "52")
    assert journey.found
    assert journey.changes == 0


def test_without_a_time_the_whole_local_day_is_asked_about(tmp_path: Path, feed: Any) -> None:
    journey = one(tmp_path, feed, "date,from,to,expect\n2026-12-10,平壤,Beijing,none\n")
    assert journey.question.earliest == utc("2026-12-10T00:00+09:00")
    assert journey.question.latest == utc("2026-12-10T23:59+09:00")
    assert journey.name == "line 2"
    assert not journey.found


@pytest.mark.parametrize("separator", [";", "\t"])
def test_other_spreadsheets_separators(tmp_path: Path, feed: Any, separator: Any) -> None:
    text = "\ufeff" + GOOD.replace(",", separator).replace("\n", "\r\n")
    assert one(tmp_path, feed, text).trains == ("K27", "95", "52")


@pytest.mark.parametrize(
    ("old", "new", "column", "code", "hint"),
    [
        ("Thu", "Fri", "B", "wrong_weekday", ""),
        ("2026-12-10", "10/12/2026", "B", "unreadable_date", "2026-12-10"),
        ("2026-12-10", "2026-02-30", "B", "unreadable_date", "2026-12-10"),
        ("Beijing", "Bejing", "C", "unknown_stop", "did you mean 'Beijing'?"),
        ("pyongyang", "Pyongjang", "D", "unknown_stop", "did you mean 'Pyongyang'?"),
        ("pyongyang", "", "D", "unknown_stop", ""),
        ("17:26", "17.26.5", "E", "unreadable_time", "18:07"),
        ("18:07+1", "24:67", "F", "unreadable_time", "18:07+1"),
        ("18:07+1", "18:07", "F", "arrival_before_departure", None),
        ("17:26", "5:26p", "E", "unreadable_time", "6:07 pm"),
        (",,,\n", ",few,,\n", "H", "unreadable_number", "0, 1"),
        (",,,\n", ",,fuond,\n", "I", "unknown_word", "did you mean 'found'?"),
        (",,,\n", ",,not found,\n", "I", "unknown_word", "did you mean 'none'?"),
    ],
)
def test_faults_stand_at_their_cell(
    tmp_path: Path, feed: Any, old: Any, new: Any, column: Any, code: Any, hint: Any
) -> None:
    text = GOOD.replace("17:26,18:07+1", "19:26,18:07+1") if hint is None else GOOD
    asked = read(tmp_path, feed, text.replace(old, new))
    assert asked.journeys == []
    (fault,) = asked.faults
    assert (fault.path, fault.line, fault.column, fault.code) == ("journeys.csv", 2, column, code)
    assert (hint or "") in fault.hint


def test_a_row_with_faults_hides_no_other(tmp_path: Path, feed: Any) -> None:
    text = GOOD + "b,2026-12-11,Nowhere,Beijing,25:61,,,,,\n" + GOOD.splitlines()[1]
    asked = read(tmp_path, feed, text)
    assert [journey.line for journey in asked.journeys] == [2, 4]
    assert [(fault.line, fault.column) for fault in asked.faults] == [(3, "C"), (3, "E")]


def test_faults_of_the_header(tmp_path: Path, feed: Any) -> None:
    asked = read(tmp_path, feed, "date,from,deprt,to,x_mine,to\n2026-12-10,Beijing,,Dandong,,\n")
    found = [(fault.code, fault.column, fault.hint) for fault in asked.faults]
    assert found == [
        ("unknown_column", "C", "did you mean 'depart'?"),
        ("duplicated_column", "F", ""),
    ]
    asked = read(tmp_path, feed, "date,from\n2026-12-10,Beijing\n")
    assert [fault.code for fault in asked.faults] == ["missing_column"]


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing yet\n"])
def test_an_empty_file_is_a_fault(tmp_path: Path, feed: Any, text: Any) -> None:
    assert [fault.code for fault in read(tmp_path, feed, text).faults] == ["empty_table"]


def test_a_file_that_is_not_text_is_a_fault(tmp_path: Path, feed: Any) -> None:
    (tmp_path / "journeys.csv").write_bytes(b"name,date,from,to\n\xff\xfe\x00\x81,\n")
    asked = read_journeys(tmp_path / "journeys.csv", feed)
    assert "bad_encoding" in [fault.code for fault in asked.faults]


def test_clock_changes() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    twice = instants_shown(datetime(2026, 10, 25, 2, 30), berlin)
    assert [utc("2026-10-25T02:30+02:00"), utc("2026-10-25T02:30+01:00")] == list(twice)
    assert instants_shown(datetime(2026, 3, 29, 2, 30), berlin) == ()


def answer(departure: Any, arrival: Any, rides: Any, changes: Any = 0) -> Any:
    legs = tuple(Leg("beijing", "pyongyang", departure, arrival, (ride,)) for ride in rides)
    return Itinerary(legs, changes)


THROUGH = ("K27.through", "95.through", "52.through")


@pytest.mark.parametrize(
    ("rides", "minutes_late", "changes", "expect", "outcome", "reason"),
    [
        ([THROUGH], 0, 0, "found", "holds", ""),
        ([THROUGH], 0, 0, "none", "fails", "there should be none"),
        ([THROUGH], 60, 0, "found", "fails", "arrives at another time"),
        ([THROUGH], 60, 0, "none", "holds", ""),
        ([("K27",), ("95", "52")], 0, 1, "found", "fails", "1 change, no change"),
        ([("K27",), ("95", "52")], 0, 1, "none", "holds", ""),
        ([("51", "85")], 0, 0, "found", "fails", "other trains"),
        ([], 0, 0, "found", "fails", "no itinerary was found"),
        ([], 0, 0, "none", "holds", ""),
    ],
)
def test_verdicts(
    tmp_path: Path,
    feed: Any,
    rides: Any,
    minutes_late: Any,
    changes: Any,
    expect: Any,
    outcome: Any,
    reason: Any,
) -> None:
    journey = one(tmp_path, feed, GOOD.replace(",,,\n", f",,{expect},\n"))
    arrival = journey.arrivals[0] + 60 * minutes_late
    itineraries = [answer(journey.departures[0], arrival, rides, changes)] if rides else []
    (verdict,) = verdicts([journey], Answers([itineraries]), feed)
    assert (verdict.outcome, verdict.reason.split(" allowed")[0]) == (outcome, reason)


def test_a_known_limit_excuses_its_planner_only(tmp_path: Path, feed: Any) -> None:
    journey = one(tmp_path, feed, GOOD)
    limits = [Limit("otp", "a*", "the search loses it")]
    (excused,) = verdicts([journey], Answers([[]]), feed, limits, "otp")
    (failed,) = verdicts([journey], Answers([[]]), feed, limits, "motis")
    assert (excused.outcome, excused.reason) == ("known limit", "the search loses it")
    assert failed.outcome == "fails"


def test_limits_are_read_and_faulty_ones_named(tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    assert read_limits(policy) == []
    policy.write_text('[[known_limits]]\nplanner = "otp"\njourney = "x"\ncause = "y"\n')
    assert read_limits(policy) == [Limit("otp", "x", "y")]
    policy.write_text('[[known_limits]]\nplanner = "otp"\n')
    with pytest.raises(ValueError, match=r"no\. 1 needs"):
        read_limits(policy)
    policy.write_text("[[known_limits]\n")
    with pytest.raises(ValueError, match=r"policy\.toml"):
        read_limits(policy)


def test_a_through_trip_goes_by_the_numbers_of_its_stretches() -> None:
    assert spellings(["K27/95/52"])[0] == ["k27", "95", "52"]
    assert ["95", "52"] in spellings(["K27/95/52"])
    assert ["k27", "52"] not in spellings(["K27/95/52"])
    assert spellings(["NJ 421"]) == [["nj", "421"]]


# -------------------------------------------------------------------------------- the feed's trains


def test_rides_follow_blocks_and_links(tmp_path: Path) -> None:
    ride = ("beijing", utc("2026-12-10T17:26+08:00"), "pyongyang", utc("2026-12-11T18:07+09:00"))
    for variant in ("block", "type4", "both"):
        assert set(Timetable(flagship(variant, tmp_path / "f.zip")).rides(*ride)) == {THROUGH}
    assert Timetable(flagship("none", tmp_path / "f.zip")).rides(*ride) == []


def test_rides_only_on_their_days(tmp_path: Path, feed: Any) -> None:
    friday = ("beijing", utc("2026-12-11T17:26+08:00"), "pyongyang", utc("2026-12-12T18:07+09:00"))
    assert feed.rides(*friday) == []
    to_dandong = ("beijing", friday[1], "dandong", utc("2026-12-12T07:35+08:00"))
    assert feed.rides(*to_dandong) == [("K27",)]


def test_a_station_stands_for_its_platforms(tmp_path: Path) -> None:
    stops = """stop_id,stop_name,stop_timezone,location_type,parent_station
hbf,Hauptbahnhof,Europe/Vienna,1,
hbf.1,Hauptbahnhof,,0,hbf
hbf.2,Hauptbahnhof,,0,hbf
"""
    feed = Timetable(pack(FIXED | {"stops.txt": stops}, tmp_path / "f.zip"))
    assert feed.place("hauptbahnhof") == ("hbf",)
    assert feed.place("hbf.2") == ("hbf.2",)
    assert str(feed.zone_of("hbf.1")) == "Europe/Vienna"
    assert feed.stations["hbf"] == ("hbf", "hbf.1", "hbf.2")


@pytest.mark.parametrize("kind", ["absent", "text", "folder"])
def test_what_is_no_feed_is_said_and_exits_2(tmp_path: Path, kind: Any) -> None:
    path = tmp_path / kind
    if kind == "text":
        path.write_text("no zip")
    if kind == "folder":
        path.mkdir()
    with pytest.raises(UnreadableInput):
        Timetable(path)
    (tmp_path / "journeys.csv").write_text(GOOD)
    result = CliRunner().invoke(main, ["journeys", str(path), str(tmp_path / "journeys.csv")])
    assert result.exit_code == 2
    assert "Traceback" not in result.output


def test_an_unknown_zone_is_said(tmp_path: Path) -> None:
    broken = FIXED["agency.txt"].replace("Asia/Shanghai", "Asia/Beijing")
    feed = Timetable(pack(FIXED | {"agency.txt": broken}, tmp_path / "f.zip"))
    with pytest.raises(UnreadableInput, match="Asia/Beijing"):
        _ = feed.zone


def test_a_folder_is_read_as_a_zip_is(tmp_path: Path, feed: Any) -> None:
    import zipfile

    with zipfile.ZipFile(feed.path) as archive:
        archive.extractall(tmp_path / "folder")
    assert Timetable(tmp_path / "folder").trips == feed.trips


@pytest.mark.parametrize(
    ("depart", "arrive", "date"),
    [
        ("5:26 PM", "6:07 p.m. +1", "2026-12-10"),
        ("17.26", "18:07 +1", "10 Dec 2026"),
        ("1726", "42:07", "Dec 10, 2026"),
    ],
)
def test_times_and_dates_are_those_of_timetables(
    tmp_path: Path, feed: Any, depart: Any, arrive: Any, date: Any
) -> None:
    wanted = read(tmp_path, feed, GOOD).journeys[0]
    text = GOOD.replace("17:26", depart).replace("18:07+1", arrive)
    asked = read(tmp_path, feed, text.replace("Thu 2026-12-10", f'"{date}"'))
    assert [str(fault) for fault in asked.faults] == []
    assert asked.journeys[0].departures == wanted.departures
    assert asked.journeys[0].arrivals == wanted.arrivals


def test_a_train_that_had_to_be_cut_is_one_train(tmp_path: Path) -> None:
    """Three trips of number 7 in one block, cut at long halts, are train 7; then it is train 8."""
    trips = [("t1", "7"), ("t2", "7"), ("t3", "7"), ("t4", "8")]
    tables = {
        "agency.txt": "agency_name,agency_url,agency_timezone\nA,https://a.example,Europe/Berlin\n",
        "stops.txt": "stop_id,stop_name\n" + "".join(f"s{n},S{n}\n" for n in range(5)),
        "routes.txt": "route_id,route_short_name,route_type\nr,R,2\n",
        "trips.txt": "trip_id,route_id,service_id,trip_short_name,block_id\n"
        + "".join(f"{trip},r,c,{number},b\n" for trip, number in trips),
        "stop_times.txt": "trip_id,stop_sequence,stop_id,arrival_time,departure_time\n"
        + "".join(
            f"{trip},{order},s{n + order},{8 + 20 * n + order}:00:00,{8 + 20 * n + order}:00:00\n"
            for n, (trip, _) in enumerate(trips)
            for order in (0, 1)
        ),
        "calendar_dates.txt": "service_id,date,exception_type\nc,20270301,1\nc,20270304,1\n",
    }
    feed = Timetable(pack(tables, tmp_path / "f.zip"))
    whole = [("t1", "t2", "t3", "t4")]
    ride = ("s0", utc("2027-03-01T08:00+01:00"), "s4", utc("2027-03-03T21:00+01:00"))
    assert feed.rides(*ride) == whole
    assert feed.trains(whole[0]) == ["t1", "t4"]
    assert ride_told(whole, feed) == "7 > 8"
