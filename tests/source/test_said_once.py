"""Days said once: of coaches and portions by their trains, and of holidays moved for all."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from gtfsgen.source.model import Source
from tests.source.project import FEED, TIMETABLE, grid, read

COACHES = "coach,name,days,trains,from,to,class\n1,C,{},K27 > 95 > 52,Beijing,Pyongyang,s\n"
NOT_THEN = date(2026, 12, 25)


def with_coach(tmp_path: Path, days: str, timetable: str = TIMETABLE) -> Source:
    return read(tmp_path, {"coaches.csv": COACHES.format(days), "timetables/k27.csv": timetable})


def test_a_coach_runs_as_its_train(tmp_path: Path) -> None:
    cancelled = TIMETABLE.replace("days,,daily,", "days,,daily not 2026-12-25,")
    source = with_coach(tmp_path, "as train K27", cancelled)
    assert [str(f) for f in source.faults if "coaches" in f.path] == []
    coach = source.coaches[0]
    assert coach.dates == source.runs["K27"].dates
    assert NOT_THEN not in coach.dates
    assert date(2026, 12, 24) in coach.dates


def test_a_coach_runs_whenever_its_trains_do(tmp_path: Path) -> None:
    """95 takes over on the next day: if it is cancelled, the coach stays at home the day before."""
    cancelled = TIMETABLE.replace("daily,daily,daily", "Mo-Fr,daily not 2026-12-25,daily")
    source = with_coach(tmp_path, "whenever the trains run", cancelled)
    coach = source.coaches[0]
    expected = {d for d in source.runs["K27"].dates if d != date(2026, 12, 24)}
    assert set(coach.dates) == expected


def test_a_train_that_is_not_there_is_told(tmp_path: Path) -> None:
    source = with_coach(tmp_path, "as train K72")
    fault = next(f for f in source.faults if f.path == "coaches.csv")
    assert (fault.code, fault.hint) == ("unreadable_days", "did you mean 'K27'?")


def test_a_portion_has_the_days_of_the_train_it_leaves(tmp_path: Path) -> None:
    """Train 9 begins after midnight where train 7 has come by: days of 7, shifted to that night."""
    source = grid(
        tmp_path,
        "train,,7,9\ndays,,Mo not 2026-12-28,as train 7\nBeijing,dep,22:00,\n"
        "Tianjin,arr,23:30,\nTianjin,dep,23:40,\nShenyang,arr,5:00,\nShenyang,dep,5:30,6:00\n"
        "Dandong,arr,9:00,10:00\n",
    )
    assert [str(f) for f in source.faults if f.code.startswith("unreadable")] == []
    seven, nine = source.runs["7"].dates, source.runs["9"].dates
    assert {d.weekday() for d in nine} == {1}
    assert nine & source.runs["9"].around == nine
    assert date(2026, 12, 29) not in nine
    assert date(2026, 12, 28) not in seven
    assert date(2026, 12, 22) in nine


def test_a_moved_holiday_is_said_once_for_all_trains(tmp_path: Path) -> None:
    """Saturday service on Thursday 24 December: trains of weekdays stay, those of Saturdays run."""
    source = read(
        tmp_path,
        {
            "feed.toml": FEED + '\n[moved_days]\n2026-12-24 = "Sa"\n',
            "timetables/k27.csv": "train,,1,2,3\ndays,,Mo-Fr,Sa,daily\nBeijing,,9:00,10:00,11:00\n"
            "Tianjin,,10:30,11:30,12:30\n",
            "coaches.csv": "coach,days,trains,from,to\n",
        },
    )
    day = date(2026, 12, 24)
    assert [day in source.runs[train].dates for train in "123"] == [False, True, True]


def test_a_note_with_days_goes_by_the_date_at_the_station(tmp_path: Path) -> None:
    """The train leaves on Fridays and calls at Shenyang on Saturdays: `Sa` is the day there."""
    files = {
        "notes.csv": "letter,text,days,mark\ns,Saturdays only,{},{}\n",
        "timetables/k27.csv": "train,,7\ndays,,Fr Sa\nBeijing,,22:00\nShenyang,,5:00 s\n"
        "Dandong,,9:00\n",
        "coaches.csv": "coach,days,trains,from,to\n",
    }

    def weekdays_with_call(days: str, mark: str, folder: str) -> set[int]:
        notes = files["notes.csv"].format(days, mark)
        source = read(tmp_path / folder, {**files, "notes.csv": notes})
        calls = source.calls.filter(source.calls["station_id"] == "shenyang")
        return {d.weekday() for run in calls["run_id"] for d in source.runs[run].dates}

    assert weekdays_with_call("Sa", "", "a") == {4}
    assert weekdays_with_call("", "days Sa", "b") == {4}
    assert weekdays_with_call("", "not days Sa", "c") == {5}
    assert weekdays_with_call("", "days Sa of the train", "d") == {5}


def test_days_beside_a_time_are_a_restriction(tmp_path: Path) -> None:
    source = grid(
        tmp_path, "train,,7\ndays,,daily\nBeijing,,9:00\nTianjin,,10:30 SX\nShenyang,,18:00\n"
    )
    with_call = source.calls.filter(source.calls["station_id"] == "tianjin")["run_id"].to_list()
    assert {d.weekday() for run in with_call for d in source.runs[run].dates} == set(range(5))
    assert len(source.runs) == 2
