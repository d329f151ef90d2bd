from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from gtfsgen.compile import compile_source
from gtfsgen.faults import Severity
from gtfsgen.source.times import TimeError, parse_cell
from tests.source.project import TIMETABLE, codes, grid, hm, read, times

WARNING = Severity.WARNING


@pytest.mark.parametrize(
    ("text", "clock"),
    [
        ("17:26", "17:26"), ("7:05", "7:05"), ("07.05", "7:05"), ("0705", "7:05"), ("705", "7:05"),
        ("7h05", "7:05"), ("5:26 pm", "17:26"), ("12:10 am", "0:10"), ("24:35", "0:35"),
    ],
)  # fmt: skip
def test_printed_forms_of_a_time(text: str, clock: str) -> None:
    cell = parse_cell(text)
    assert cell is not None
    assert cell.clock == hm(clock)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("~19:03 b c", {"estimate": True, "notes": ("b", "c")}),
        ("19:03b", {"notes": ("b",)}),
        ("x 17:26", {"on_request": True}),
        ("17:26x", {"on_request": True}),
        ("| 17:26", {"passes": True}),
        ("^17:26", {"boards_only": True}),
        ("v17:26", {"alights_only": True}),
        ("<17:26", {"railway": True}),
        ("07:35 +1", {"day": 1}),
        ("07:35+2!", {"day": 2, "insists": True}),
        ("24:35", {"day": 1}),
        ("58:11 d", {"day": 2, "notes": ("d",)}),
        ("|", {"passes": True, "clock": None}),
        ("?", {"clock": None}),
    ],
)
def test_marks(text: str, expected: dict[str, Any]) -> None:
    cell = parse_cell(text)
    assert cell is not None
    assert {name: getattr(cell, name) for name in expected} == expected


@pytest.mark.parametrize("text", ["", "-", "–", "..."])
def test_a_blank_cell_is_no_call(text: str) -> None:
    assert parse_cell(text) is None


@pytest.mark.parametrize(
    "text",
    ["17:2", "17:66", "1726x7", "l7:26", "17;26", "17:26 B", "~", "x", "+1", "^v17:26", "? 17:26",
     "13:00 pm", "24:10 +2", "999:00", "~~17:26"],
)  # fmt: skip
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(TimeError):
        parse_cell(text)


def test_the_printed_timetable(tmp_path: Path) -> None:
    source = read(tmp_path)
    assert source.faults == []
    assert list(source.runs) == ["K27", "95", "52"]
    assert times(source, "K27") == [
        ("beijing", None, hm("17:26")),
        ("tianjin", hm("19:03"), hm("19:09")),
        ("shenyang", hm("27:20"), hm("27:40")),
        ("dandong", hm("31:35"), None),
    ]
    assert times(source, "95") == [
        ("dandong", None, hm("10:00")),
        ("sinuiju", hm("11:10"), None),
    ]
    first = source.calls.row(1, named=True)
    assert first["arrival_estimate"]
    assert first["notes"] == ["b"]
    assert (first["arrival_line"], first["departure_line"], first["column"]) == (4, 5, "C")
    assert (first["arrival_text"], first["departure_text"]) == ("~19:03 b", "~19:09 b")


def test_trains_as_rows_are_the_same(tmp_path: Path) -> None:
    lines = [line.split(",") for line in TIMETABLE.splitlines()]
    turned = "\n".join(",".join(row) for row in zip(*lines, strict=True))
    source = read(tmp_path, {"timetables/k27.csv": turned})
    assert source.faults == []
    assert times(source, "K27")[-1] == ("dandong", hm("31:35"), None)
    call = source.calls.row(1, named=True)
    assert (call["arrival_line"], call["arrival_column"]) == (3, "D")
    assert (call["departure_line"], call["departure_column"]) == (3, "E")


def test_trains_as_rows_with_arr_and_dep_in_the_heads(tmp_path: Path) -> None:
    source = grid(
        tmp_path,
        "train,days,Beijing,Tianjin arr,Tianjin dep,Shenyang\nK1,daily,22:00,23:30,23:40,07:00\n",
    )
    assert source.faults == []
    assert times(source, "K1") == [
        ("beijing", hm("22:00"), hm("22:00")),
        ("tianjin", hm("23:30"), hm("23:40")),
        ("shenyang", hm("31:00"), hm("31:00")),
    ]


def test_the_clock_goes_back_at_a_border_but_the_train_does_not(tmp_path: Path) -> None:
    source = grid(
        tmp_path, "train,,85\ndays,,daily\nSinuiju,,16:40\nDandong,,15:55\nShenyang,,20:00\n"
    )
    assert source.faults == []
    assert [a for _, a, _ in times(source, "85")] == [hm("16:40"), hm("15:55"), hm("20:00")]


def test_railway_time_is_the_agency_clock(tmp_path: Path) -> None:
    source = grid(tmp_path, "train,,95\ndays,,daily\nDandong,,10:00\nSinuiju,,<10:10\n")
    assert source.faults == []
    assert source.calls["railway_time"].to_list() == [False, True]


def test_a_first_time_after_midnight_moves_the_dates(tmp_path: Path) -> None:
    source = grid(tmp_path, "train,,9\ndays,,2026-05-01\nBeijing,,24:35\nTianjin,,25:50\n")
    assert list(source.runs["9"].dates) == [date(2026, 5, 2)]
    assert [a for _, a, _ in times(source, "9")] == [hm("0:35"), hm("1:50")]


def test_dates_reach_beyond_the_period_for_those_who_take_over(tmp_path: Path) -> None:
    run = read(tmp_path).runs["95"]
    assert run.dates.last == date(2027, 11, 20)
    assert run.around.last == date(2027, 12, 21)
    assert run.around & run.dates == run.dates


def test_then_every_twenty_minutes(tmp_path: Path) -> None:
    source = grid(
        tmp_path,
        "train,,S1,every 20 min until 23:40\ndays,,Mo-Fri,\nBeijing,,22:50,\nTianjin,,23:55,\n",
    )
    assert source.faults == []
    assert list(source.runs) == ["S1.2250", "S1.2310", "S1.2330"]
    assert {run.train for run in source.runs.values()} == {"S1"}
    assert times(source, "S1.2330")[1] == ("tianjin", hm("24:35"), hm("24:35"))


def test_repeats_after_midnight_are_of_the_next_date(tmp_path: Path) -> None:
    source = grid(
        tmp_path,
        "train,,S1\ndays,,2026-05-01\nevery,,1 h until 00:30\nBeijing,,23:30\nTianjin,,23:58\n",
    )
    assert source.faults == []
    late = source.runs["S1.0030"]
    assert list(late.dates) == [date(2026, 5, 2)]
    assert times(source, "S1.0030")[0][2] == hm("0:30")


def test_one_number_in_several_columns(tmp_path: Path) -> None:
    both = "train,,7,7\ndays,,{},{}\nBeijing,,10:00,11:00\nTianjin,,11:10,12:10\n"
    source = grid(tmp_path, both.format("Mo-Fri", "Sa Su"))
    assert source.faults == []
    assert list(source.runs) == ["7.Mo-Fr", "7.Sa-Su"]
    turned = grid(tmp_path, both.format("Sa Su", "Mo-Fri"))
    assert set(turned.runs) == set(source.runs)
    shared = grid(tmp_path, both.format("Mo-Fri", "Fr Sa"))
    assert codes(shared) == {
        ("duplicate_train", "timetables/k27.csv:1:C"),
        ("duplicate_train", "timetables/k27.csv:1:D"),
    }


def test_a_note_with_days_splits_the_run(tmp_path: Path) -> None:
    source = grid(
        tmp_path,
        "train,,7\ndays,,daily\nBeijing,,10:00\nTianjin,,11:10 s\nShenyang,,17:00\n",
        **{"notes.csv": "letter,text,days\ns,Calls on Sundays only.,Su\n"},
    )
    assert source.faults == []
    by_calls = {len(times(source, run.run_id)): run for run in source.runs.values()}
    assert {day.weekday() for day in by_calls[3].dates} == {6}
    assert {day.weekday() for day in by_calls[2].dates} == {0, 1, 2, 3, 4, 5}
    assert not by_calls[2].dates & by_calls[3].dates


def test_platforms_that_are_not_written_are_told_with_their_number(tmp_path: Path) -> None:
    table = "train,,7\ndays,,daily\nBeijing,,10:00 [3]\nTianjin,,11:10\nShenyang,,17:00 [12a]\n"
    source = grid(tmp_path, table)
    assert [(fault.code, fault.severity) for fault in source.faults] == [
        ("platforms_left_out", Severity.INFO)
    ]
    assert source.faults[0].message.startswith("2 cells name a platform")


def test_unknown_times_and_passing(tmp_path: Path) -> None:
    source = grid(
        tmp_path, "train,,7\ndays,,daily\nBeijing,,10:00\nTianjin,,|\nShenyang,,?\nDandong,,19:00\n"
    )
    assert source.faults == []
    assert times(source, "7")[1:3] == [("tianjin", None, None), ("shenyang", None, None)]
    assert source.calls["passes"].to_list() == [False, True, False, False]


GRID = "train,,7\ndays,,daily\nBeijing,dep,{}\nTianjin,arr,{}\nTianjin,dep,{}\nShenyang,arr,{}\n"


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (
            ("10:00", "11:10", "11:05", "17:00"),
            {("departure_before_arrival", 4), ("departure_before_arrival", 5)},
        ),
        (("10:00", "11:10", "11:15", "10:30"), {("ambiguous_midnight", 6)}),
        (("10:00", "11:10 +1", "11:15", "17:00"), {("day_mark_disagrees", 4)}),
        (("22:00", "23:10 +1", "23:15", "05:00"), {("day_mark_disagrees", 4)}),
        (("22:00 +1", "21:00 +1", "21:05 +1", "23:50"), {("time_goes_back", 4)}),
        (("10:00", "10:05", "11:15", "17:00"), {("impossible_speed", 3), ("impossible_speed", 4)}),
        (("10:00", "", "11:15", "17:00"), {("missing_arrival", 4)}),
        (("10:00", "11:10", "", "17:00"), {("missing_departure", 5)}),
        (("", "", "", "17:00"), {("missing_call", 5)}),
        (("10:00", "11:1O", "11:15", "17:00"), {("unreadable_time", 4)}),
        (("10:00", "11:10 q", "11:15", "17:00"), {("unknown_note", 4)}),
        (("50:00", "51:10", "51:15", "57:00"), {("day_mark_disagrees", 3)}),
        (("| 9:00", "11:10", "11:15", "17:00"), {("passes_at_end", 3)}),
        (("10:00", "11:10", "<11:15", "17:00"), {("mixed_clocks", 5)}),
    ],
)
def test_wrong_times_are_told_at_their_cell(
    tmp_path: Path, cells: tuple[Any, ...], expected: set[Any]
) -> None:
    source = grid(tmp_path, GRID.format(*cells))
    found = {(code, int(place.split(":")[1])) for code, place in codes(source)}
    assert found == expected


@pytest.mark.parametrize(
    "cells",
    [
        ("22:00", "23:10", "23:15", "05:00"),
        ("22:00", "23:10", "23:15", "05:00 +1"),
        ("22:00", "23:10", "23:15", "29:00"),
        ("22:00", "23:10", "23:15 +1!", "05:00"),
        ("10:00", "11:10", "11:15", "10:30 +1"),
    ],
)
def test_a_written_day_that_agrees_or_settles_is_good(
    tmp_path: Path, cells: tuple[Any, ...]
) -> None:
    assert codes(grid(tmp_path, GRID.format(*cells))) == set()


def test_a_week_on_the_train_needs_its_mark(tmp_path: Path) -> None:
    stations = (
        "id,name,lat,lon,timezone\nv,Vladivostok,43.1113,131.8818,Asia/Vladivostok\n"
        "m,Moscow,55.7765,37.6573,Europe/Moscow\n"
    )
    table = "train,,1\ndays,,daily\nVladivostok,,04:25\nMoscow,,{}\n"
    good = grid(tmp_path, table.format("12:13 +6"), **{"stations.csv": stations})
    assert good.faults == []
    bare = grid(tmp_path, table.format("12:13"), **{"stations.csv": stations})
    assert ("impossible_speed", "timetables/k27.csv:4:C") in codes(bare)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("train,,7", "trian,,7"), ("missing_train_row", 1, "A")),
        (("days,", "dais,"), ("unknown_station", 2, "A")),
        (("days,,daily\n", ""), ("missing_days_row", 1, "A")),
        (("daily", "dayly"), ("unreadable_days", 2, "C")),
        (("daily", ""), ("missing_days", 2, "C")),
        (("train,,7", "train,,"), ("missing_train", 1, "C")),
        (("Shenyang,arr", "Shenyangg,arr"), ("unknown_station", 6, "A")),
        (("Shenyang,arr", ",arr"), ("missing_label", 6, "A")),
        (("Tianjin,arr", "Tianjin,dep"), ("duplicate_station_row", 4, "B")),
        (("Tianjin,dep", "Tianjin,arr"), ("duplicate_station_row", 5, "B")),
        (("Tianjin,dep", "Tianjin,"), ("duplicate_station_row", 5, "B")),
        (("Tianjin,arr", "Tianjin,"), ("duplicate_station_row", 4, "B")),
        (("Tianjin,dep", "Tianjin,depp"), ("unknown_kind", 5, "B")),
        (("Tianjin,arr,11:10", "Tianjin,arr,11:10,12"), ("ragged_row", 4, "D")),
        (("Tianjin,arr,11:10", "Tianjin,arr"), ("ragged_row", 4, "C")),
    ],
)  # fmt: skip
def test_wrong_rows_are_told_at_their_cell(
    tmp_path: Path, change: tuple[Any, ...], expected: tuple[Any, ...]
) -> None:
    text = GRID.format("10:00", "11:10", "11:15", "17:00").replace(*change)
    faults = {(f.code, f.line, f.column) for f in grid(tmp_path, text).faults}
    assert expected in faults


def test_a_route_row_names_a_route(tmp_path: Path) -> None:
    text = GRID.format("10:00", "11:10", "11:15", "17:00").replace("days,", "route,,{}\ndays,")
    routes = "id,agency,long_name\nnorth,cr,Northern line\n"
    source = grid(tmp_path, text.format("Northern Line"), **{"routes.csv": routes})
    assert source.runs["7"].route_id == "north"
    assert source.faults == []
    wrong = grid(tmp_path, text.format("Northen Line"), **{"routes.csv": routes})
    assert ("unknown_route", "timetables/k27.csv:2:C") in codes(wrong)


def test_the_id_of_a_route_wins_over_the_name_of_another(tmp_path: Path) -> None:
    text = GRID.format("10:00", "11:10", "11:15", "17:00").replace("days,", "route,,1\ndays,")
    routes = "id,agency,short_name\n1,cr,7\n7,cr,1\n"
    source = grid(tmp_path, text, **{"routes.csv": routes})
    assert source.runs["7"].route_id == "1"


def test_a_trip_row_gives_ids_and_a_number_row_what_riders_are_told(tmp_path: Path) -> None:
    source = grid(
        tmp_path,
        "train,,a,b\ntrip,,T 1,\nnumber,,K7,\ndays,,Mo,Tu\n"
        "Beijing,,8:00,9:00\nTianjin,,9:10,10:10\n",
    )
    assert codes(source) == set()
    assert {run: each.extra["number"] for run, each in source.runs.items()} == {
        "T 1": "K7",
        "b": "",
    }
    trips = compile_source(source).tables["trips"]
    assert trips.select("trip_id", "trip_short_name").rows() == [("T-1", "K7"), ("b", "")]


def test_a_station_visited_twice_is_doubtful(tmp_path: Path) -> None:
    source = grid(
        tmp_path,
        "train,,7\ndays,,daily\nBeijing,,8:00\nTianjin,,9:10\nBeijing,,10:30\nShenyang,,17:00\n",
    )
    assert codes(source) == set()
    assert codes(source, WARNING) == {
        ("station_twice", "timetables/k27.csv:3:A"),
        ("station_twice", "timetables/k27.csv:5:A"),
    }


def test_trains_as_rows_with_a_second_head(tmp_path: Path) -> None:
    source = grid(
        tmp_path,
        "train,days,Beijing,Tianjin,Tianjin,Shenyang\n,,dep,arr,dep,arr\n"
        "K1,daily,22:00,23:30,23:40,07:00\nK2,Sa,23:00,00:30,00:40,08:00\n",
    )
    assert source.faults == []
    assert times(source, "K2")[1:] == [
        ("tianjin", hm("24:30"), hm("24:40")),
        ("shenyang", hm("32:00"), None),
    ]


def test_titles_stand_above_trains_as_rows(tmp_path: Path) -> None:
    source = grid(
        tmp_path,
        "Beijing - Shenyang,,,\n# a remark,,,\ntrain,days,Beijing,Shenyang\n"
        "K1,daily,22:00,07:00\nK3,Sa,23:00,08:61\n",
    )
    assert codes(source) == {("unreadable_time", "timetables/k27.csv:5:D")}
    run = source.runs["K1"]
    assert (run.line, run.column, run.days_line, run.days_column) == (4, "A", 4, "B")
    assert times(source, "K1")[-1] == ("shenyang", hm("31:00"), hm("31:00"))


def test_titles_stand_above_a_grid(tmp_path: Path) -> None:
    source = grid(
        tmp_path,
        "Beijing - Tianjin,,\nvalid from March,,\n\n"
        "train,,7\ndays,,daily\nBeijing,,8:00\nTianjin,,9:10\n",
    )
    assert source.faults == []
    assert source.runs["7"].line == 4


def test_titles_need_no_separators(tmp_path: Path) -> None:
    source = grid(
        tmp_path, "Beijing - Tianjin\ntrain,,7\ndays,,daily\nBeijing,,8:00\nTianjin,,9:10\n"
    )
    assert source.faults == []


def test_an_agency_row_names_an_agency(tmp_path: Path) -> None:
    text = "train,,7\nagency,,{}\ndays,,daily\nBeijing,,8:00\nTianjin,,9:10\n"
    assert grid(tmp_path, text.format("cr")).faults == []
    assert codes(grid(tmp_path, text.format("rc"))) == {
        ("unknown_agency", "timetables/k27.csv:2:C")
    }


def test_one_time_lacks_its_note(tmp_path: Path) -> None:
    rows = "".join(f"Station {i},,{8 + i}:00 a\n" for i in range(12))
    stations = "id,name,lat,lon,timezone\n" + "".join(
        f"s{i},Station {i},{30 + i * 0.5},105.0,Asia/Shanghai\n" for i in range(12)
    )
    files = {"stations.csv": stations, "notes.csv": "letter,text\na,Printed.\n"}
    text = "train,,7\ndays,,daily\n" + rows
    assert grid(tmp_path, text, **files).faults == []
    bare = grid(tmp_path, text.replace("12:00 a", "12:00"), **files)
    assert codes(bare, Severity.INFO) == {("time_without_note", "timetables/k27.csv:7:C")}


def test_a_station_in_two_places_of_a_table_is_remarked(tmp_path: Path) -> None:
    text = TIMETABLE.replace("Dandong,arr", "Sinuiju,arr")
    source = read(tmp_path, {"timetables/k27.csv": text})
    assert codes(source, Severity.INFO) == {
        ("station_again", "timetables/k27.csv:8:A"),
        ("station_again", "timetables/k27.csv:10:A"),
    }
