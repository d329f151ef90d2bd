"""Coaches over trains: the forms of their links, and what does not fit."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from gtfsgen.compile import Compiled, compile_source
from gtfsgen.dates import Dates
from gtfsgen.faults import Severity, errors
from gtfsgen.source.model import Source
from tests.compile.projects import FIRST, LAST, coach, days, flagship, source, train


def trips(compiled: Compiled) -> dict[str, dict[str, Any]]:
    return {row["trip_id"]: row for row in compiled.tables["trips"].iter_rows(named=True)}


def times(compiled: Compiled, trip_id: str) -> list[tuple[str, str, str]]:
    rows = compiled.tables["stop_times"].filter(trip_id=trip_id)
    return list(rows.select("stop_id", "arrival_time", "departure_time").iter_rows())


def codes(compiled: Compiled) -> list[str]:
    return [fault.code for fault in compiled.faults]


def test_the_flagship_is_a_block_on_the_service_day_of_its_origin() -> None:
    compiled = compile_source(flagship())
    assert not compiled.faults
    assert times(compiled, "52.through") == [
        ("sinuiju", "36:10:00", "36:10:00"),
        ("pyongyang", "41:07:00", "41:07:00"),
    ]
    assert times(compiled, "52")[-1] == ("pyongyang", "17:07:00", "17:07:00")
    through = [trips(compiled)[name] for name in ("K27.through", "95.through", "52.through")]
    assert {row["block_id"] for row in through} == {"K27-95-52"}
    assert {row["service_id"] for row in through} == {"Mo-We-Th-Sa"}
    assert {row["trip_headsign"] for row in through} == {"Pyongyang"}
    assert trips(compiled)["K27"]["trip_headsign"] == "Dandong"
    assert trips(compiled)["K27"]["block_id"] == ""
    assert "transfers" not in compiled.tables
    assert [link.waits for link in compiled.links] == [(("dandong", 145), ("sinuiju", 120))]


def test_through_makes_one_trip_instead_of_the_parts() -> None:
    compiled = compile_source(flagship(), profile="through")
    trip = trips(compiled)["K27-95-52"]
    assert trip["trip_short_name"] == "K27/95/52"
    assert times(compiled, "K27-95-52")[2] == ("dandong", "31:35:00", "34:00:00")
    assert set(trips(compiled)) == {"K27-95-52", "K27", "95", "52"}
    assert "block_id" not in compiled.tables["trips"].columns


def test_a_coach_of_the_last_evening_finds_its_train_beyond_the_period() -> None:
    project = flagship(last=FIRST + timedelta(days=7))  # a Thursday
    week = Dates.between(FIRST, project.settings.last_day)
    for name, run in project.runs.items():
        project.runs[name] = type(run)(**{**vars(run), "dates": run.dates & week})
    coaches = [type(c)(**{**vars(c), "dates": c.dates & week}) for c in project.coaches]
    compiled = compile_source(Source(**{**vars(project), "coaches": coaches}))
    assert not compiled.faults
    assert compiled.links[0].dates == 5


def nuremberg(wait: int = 45) -> Source:
    """Three trains in, two out; `wait` minutes from the last arrival to the first departure."""
    leaves = f"{(57 + wait) // 60:02}:{(57 + wait) % 60:02}"
    later = f"{(61 + wait) // 60:02}:{(61 + wait) % 60:02}"
    every = days("daily")
    return source(
        [
            train("420", [("innsbruck", "", "20:46"), ("nuremberg", "00:34+1", "")], every),
            train("40490", [("wien", "", "18:36"), ("nuremberg", "00:50+1", "")], every),
            train("498", [("wien", "", "19:36"), ("nuremberg", "00:57+1", "")], every),
            train("A", [("nuremberg", "", leaves), ("amsterdam", "09:59", "")], every),
            train("H", [("nuremberg", "", later), ("hamburg", "09:08", "")], every),
        ],
        [
            coach("ia", every, "420 > A", "innsbruck", "amsterdam", line=2),
            coach("ih", every, "420 > H", "innsbruck", "hamburg", line=3),
            coach("wa", every, "40490 > A", "wien", "amsterdam", line=4),
            coach("wh", every, "498 > H", "wien", "hamburg", line=5),
        ],
        agency_timezone="Asia/Shanghai",
        last=date(2026, 3, 20),
    )


def within(project: Source) -> Source:
    """The project with all dates cut to its period."""
    period = Dates.between(project.settings.first_day, project.settings.last_day)
    runs = {
        name: type(run)(**{**vars(run), "dates": run.dates & period})
        for name, run in project.runs.items()
    }
    coaches = [type(c)(**{**vars(c), "dates": c.dates & period}) for c in project.coaches]
    return Source(**{**vars(project), "runs": runs, "coaches": coaches})


@pytest.mark.parametrize("profile", ["linked", "through"])
def test_splits_and_joins_are_type_4_rows_between_whole_trains(profile: str) -> None:
    compiled = compile_source(within(nuremberg()), profile=profile)
    assert not compiled.faults
    transfers = compiled.tables["transfers"]
    linked = {
        (row["from_trip_id"].split(".")[0], row["to_trip_id"].split(".")[0])
        for row in transfers.iter_rows(named=True)
    }
    assert linked == {("420", "A"), ("420", "H"), ("40490", "A"), ("498", "H")}
    assert set(transfers["from_stop_id"]) == set(transfers["to_stop_id"]) == {"nuremberg"}
    assert "min_transfer_time" in transfers.columns
    rows = trips(compiled)
    assert {rows[name]["service_id"] for name in rows if ".through" in name} == {"daily"}
    assert rows["420.through"]["trip_headsign"] == "Amsterdam / Hamburg"
    assert "block_id" not in compiled.tables["trips"].columns


def test_a_split_with_a_long_wait_is_told_at_the_coach() -> None:
    compiled = compile_source(within(nuremberg(wait=130)))
    assert {fault.code for fault in compiled.faults} == {"split_with_long_wait"}
    assert {fault.severity for fault in compiled.faults} == {Severity.WARNING}
    assert {fault.place for fault in compiled.faults} == {
        f"coaches.csv:{line}:D" for line in (2, 3, 4, 5)
    }


def test_a_train_is_split_where_a_coach_leaves_it_on_the_way() -> None:
    every = days("daily")
    compiled = compile_source(
        source(
            [
                train(
                    "T", [("a", "", "08:00"), ("b", "09:00", "09:20"), ("c", "10:00", "")], every
                ),
                train("U", [("b", "", "09:30"), ("d", "11:00", "")], every),
            ],
            [coach("1", days("Mo"), "T > U", "a", "d")],
        )
    )
    assert not compiled.faults
    assert set(trips(compiled)) == {"T", "T.through", "T.through.from-b", "U", "U.through"}
    assert times(compiled, "T.through")[-1] == ("b", "09:00:00", "09:00:00")
    assert times(compiled, "T.through.from-b")[0] == ("b", "09:20:00", "09:20:00")
    assert trips(compiled)["T.through"]["trip_headsign"] == "C / D"
    links = compiled.tables["transfers"].select("from_trip_id", "to_trip_id").rows()
    assert set(links) == {("T.through", "T.through.from-b"), ("T.through", "U.through")}


def test_an_unknown_time_at_the_joint_makes_one_trip() -> None:
    every = days("daily")
    compiled = compile_source(
        source(
            [
                train("95", [("dandong", "", "10:00"), ("sinuiju", "", "")], every),
                train("52", [("sinuiju", "", ""), ("pyongyang", "18:07", "")], every),
            ],
            [coach("1", every, "95 > 52", "dandong", "pyongyang")],
        )
    )
    assert not compiled.faults
    assert trips(compiled)["95-52"]["trip_short_name"] == "95/52"
    rows = compiled.tables["stop_times"].to_dicts()
    assert (rows[1]["arrival_time"], rows[1]["pickup_type"], rows[1]["timepoint"]) == ("", "1", "0")


def test_a_trip_longer_than_a_day_is_cut_only_if_its_next_run_overtakes_it() -> None:
    calls = [("a", "", "08:00"), ("b", "20:00", "21:00"), ("c", "09:00+1", "")]
    daily = compile_source(source([train("L", calls, days("daily"))]))
    assert codes(daily) == ["trip_of_a_day_cut"]
    assert set(trips(daily)) == {"L", "L.from-b"}
    assert {row["block_id"] for row in trips(daily).values()} == {"L"}
    assert {row["trip_headsign"] for row in trips(daily).values()} == {"C"}
    weekly = compile_source(source([train("L", calls, days("Sa"))]))
    assert not weekly.faults
    assert set(trips(weekly)) == {"L"}


def two_trains(**fields: Any) -> list[tuple[Any, ...]]:
    return [
        train("K", [("a", "", "17:00"), ("b", "07:35+1", "")], fields.get("k", days("daily"))),
        train("L", [("b", "", fields.get("leaves", "10:00")), ("c", "12:00", "")],
              fields.get("l", days("daily"))),
        train("M", [("d", "", "10:00"), ("e", "12:00", "")], days("daily")),
    ]  # fmt: skip


WRONG = [
    ("coach_trains_do_not_meet", "D", {}, ("1", days("Mo"), "K > M", "a", "e")),
    ("coach_leaves_before_it_arrives", "D", {"leaves": "07:00"},
     ("1", days("Mo"), "K > L", "a", "c")),
    ("coach_train_not_running", "C", {"k": days("Tu")}, ("1", days("Mo"), "K > L", "a", "c")),
    ("coach_train_not_running", "C", {"l": days("Mo")}, ("1", days("Mo We"), "K > L", "a", "c")),
    ("coach_station_not_served", "E", {}, ("1", days("Mo"), "K > L", "b", "c")),
    ("coach_station_not_served", "F", {}, ("1", days("Mo"), "K > L", "a", "b")),
    ("coach_without_dates", "C", {}, ("1", Dates(), "K > L", "a", "c")),
    ("coach_cycle", "D", {}, ("1", days("Mo"), "K > L > K", "a", "b")),
]  # fmt: skip


@pytest.mark.parametrize(("code", "column", "trains", "row"), WRONG)
def test_a_wrong_coach_is_an_error_at_its_cell(
    code: str, column: str, trains: dict[str, Any], row: tuple[Any, ...]
) -> None:
    compiled = compile_source(source(two_trains(**trains), [coach(*row, line=7)]))
    found = [fault for fault in errors(compiled.faults) if fault.code == code]
    assert found
    assert {fault.place for fault in found} == {f"coaches.csv:7:{column}"}


def test_a_coach_in_two_trains_at_once_is_an_error() -> None:
    coaches = [
        coach("1", days("Mo"), "K > L", "a", "c", line=2),
        coach("1", days("Tu"), "M", "d", "e", line=3),
    ]
    compiled = compile_source(source(two_trains(), coaches))
    assert [(fault.code, fault.place) for fault in compiled.faults] == [
        ("coach_in_two_trains", "coaches.csv:3:A")
    ]


def test_cycles_over_several_coaches_are_found() -> None:
    coaches = [
        coach("1", days("Mo"), "K > L", "a", "c", line=2),
        coach("2", days("Mo"), "L > K", "b", "b", line=3),
    ]
    compiled = compile_source(source(two_trains(), coaches))
    assert "coaches.csv:3:D" in [f.place for f in compiled.faults if f.code == "coach_cycle"]


def test_a_coach_may_wait_overnight_and_longer_if_it_says_so() -> None:
    trains = [
        train("K", [("a", "", "08:00"), ("b", "20:00", "")], days("Mo")),
        train("L", [("b", "", "09:00"), ("c", "12:00", "")], days("We"),
              around=days("We", FIRST, LAST + timedelta(days=9))),
    ]  # fmt: skip
    row = ("1", days("Mo"), "K > L", "a", "c")
    assert codes(compile_source(source(trains, [coach(*row)]))) == ["coach_train_not_running"]
    waits = compile_source(source(trains, [coach(*row, extra={"x_wait": "2 days"})]))
    assert codes(waits) == ["coach_waits_long"]
    assert times(waits, "L")[0][2] == "57:00:00"
    assert trips(waits)["L"]["service_id"] == trips(waits)["K"]["service_id"]


def test_a_coach_to_another_feed_is_left_untied_and_told() -> None:
    compiled = compile_source(
        source(two_trains(), [coach("1", days("Mo"), "K > EN", "a", "z", runs={"EN": ()})])
    )
    assert [(f.code, f.severity) for f in compiled.faults] == [("coach_leaves_feed", Severity.INFO)]
    assert set(trips(compiled)) == {"K", "L", "M"}


def test_doors_at_a_joint_are_open_and_it_is_told() -> None:
    trains = [
        train("K", [("a", "", "08:00"), ("b", "^10:00", "")], days("daily")),
        train("L", [("b", "", "v11:00"), ("c", "12:00", "")], days("daily")),
    ]
    compiled = compile_source(source(trains, [coach("1", days("Mo"), "K > L", "a", "c")]))
    assert set(codes(compiled)) == {"door_opened_at_joint"}
    rows = compiled.tables["stop_times"].filter(stop_id="b")
    doors = {
        row["trip_id"]: (row["pickup_type"], row["drop_off_type"])
        for row in rows.iter_rows(named=True)
    }
    assert doors["K.through"] == doors["L.through"] == ("0", "0")
    assert doors["K"] == ("0", "1")
    assert doors["L"] == ("1", "0")


def test_each_combination_of_coaches_is_a_trip_of_its_own() -> None:
    trains = [
        train("K", [("a", "", "08:00"), ("b", "10:00", "")], days("daily")),
        train("L", [("b", "", "11:00"), ("c", "12:00", "")], days("daily")),
        train("M", [("b", "", "11:10"), ("d", "12:00", "")], days("daily")),
    ]
    coaches = [
        coach("x", days("Mo We"), "K > L", "a", "c", line=2),
        coach("y", days("We Fr"), "K > M", "a", "d", line=3),
    ]
    rows = trips(compile_source(source(trains, coaches)))
    of_k = {name: row["service_id"] for name, row in rows.items() if row["trip_short_name"] == "K"}
    assert of_k == {
        "K": "Tu-Th-Sa-Su", "K.through-x": "Mo", "K.through-y": "Fr", "K.through": "We",
    }  # fmt: skip


def test_a_summer_only_shift_splits_only_the_trains_it_touches() -> None:
    zones = {"wien": "Europe/Vienna", "istanbul": "Europe/Istanbul"}
    first, last = date(2026, 3, 1), date(2026, 11, 30)
    every = days("daily", first, last)
    compiled = compile_source(
        source(
            [
                train("O", [("wien", "", "10:00"), ("istanbul", "09:00+1", "")], every),
                train("D", [("wien", "", "10:00"), ("graz", "12:30", "")], every),
            ],
            zones={**zones, "graz": "Europe/Vienna"},
            agency_timezone="Europe/Vienna",
            first=first,
            last=last,
        )
    )
    assert not compiled.faults
    assert set(trips(compiled)) == {"O.summer", "O.winter", "D"}
    assert times(compiled, "O.winter")[-1][1] == "31:00:00"
    assert times(compiled, "O.summer")[-1][1] == "32:00:00"
