"""Damage that told gtfsgen apart from the canonical validator, found by mutating feeds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import gtfsgen
from tests.parity.cases import HERE
from tests.validation.feeds import write_feed

DATE = "2026-11-20"


def counts(folder: Path, **changed: str) -> dict[str, int]:
    """What is said of the base feed with some tables replaced: code -> number of notices."""
    folder.mkdir(exist_ok=True)
    for path in (HERE / "bases" / "base").iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    for name, text in changed.items():
        (folder / f"{name}.txt").write_text(text, encoding="utf-8")
    document = json.loads(gtfsgen.validate(folder, "canonical-8.0.1", DATE, "ZZ").to_json())
    return {notice["code"]: notice["totalNotices"] for notice in document["notices"]}


def base(name: str) -> list[str]:
    return (HERE / "bases" / "base" / f"{name}.txt").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize(("last", "expired"), [("2027", False), ("2025", True)])
def test_of_two_rows_for_a_service_the_last_decides_whether_it_is_over(
    tmp_path: Path, last: Any, expired: Any
) -> None:
    years = [year for year in ("2025", "2027") if year != last] + [last]
    rows = [f"G,1,1,1,1,1,1,1,{year}0101,{year}0110" for year in years]
    found = counts(tmp_path / "feed", calendar="\n".join([*base("calendar"), *rows]) + "\n")
    assert found["duplicate_key"] == 1
    assert ("expired_calendar" in found) == expired


def test_rows_below_a_bad_header_are_not_read(tmp_path: Path) -> None:
    found = counts(tmp_path / "feed", levels="level_id,level_name\n" + "a" * 4097 + ",x\n")
    assert found["missing_required_column"] == 1
    assert "csv_parsing_failed" not in found


def test_a_header_that_cannot_be_read_has_no_missing_columns(tmp_path: Path) -> None:
    found = counts(tmp_path / "feed", levels="a" * 4097 + ",level_name\nL1,x\n")
    assert found["csv_parsing_failed"] == 1
    assert "missing_required_column" not in found


def test_minus_zero_is_below_zero(tmp_path: Path) -> None:
    rows = [line.split(",") for line in base("pathways")]
    rows[1][rows[0].index("length")] = "-0.0"
    found = counts(tmp_path / "feed", pathways="\n".join(map(",".join, rows)) + "\n")
    assert found["number_out_of_range"] == 1


def test_a_date_in_the_year_0_is_no_crash(tmp_path: Path) -> None:
    rows = [*base("calendar"), "G,1,1,1,1,1,1,1,00000101,00000110"]
    found = counts(tmp_path / "feed", calendar="\n".join(rows) + "\n")
    assert "expired_calendar" in found


def test_a_route_that_is_not_there_is_shown_among_those_of_a_block(tmp_path: Path) -> None:
    feed = write_feed(
        tmp_path / "feed",
        routes="route_id,agency_id,route_short_name,route_type\nR,A,1,2\nB,A,2,3\n",
        trips="route_id,service_id,trip_id,block_id\nR,D,T,X\nNONE,D,U,X\nB,D,V,X\n",
    )
    document = json.loads(gtfsgen.validate(feed, "canonical-8.0.1", DATE).to_json())
    samples = {notice["code"]: notice["sampleNotices"] for notice in document["notices"]}
    assert samples["inconsistent_route_type_for_block_id"] == [
        {"blockId": "X", "routeIds": "R, NONE, B", "routeTypes": "RAIL, BUS"}
    ]


@pytest.mark.parametrize("name", ["İzmir", "IZMİR", "ızmir"])
def test_a_headsign_is_compared_a_letter_at_a_time(tmp_path: Path, name: Any) -> None:
    feed = write_feed(
        tmp_path / "feed",
        stops=f"stop_id,stop_name,stop_lat,stop_lon\nS,{name},50,10\nN,North,50.5,10\n",
        trips="route_id,service_id,trip_id,trip_headsign\nR,D,T,izmir\n",
    )
    report = gtfsgen.validate(feed, "canonical-8.0.1", DATE)
    assert report.counts["trip_headsign_matches_intermediate_stop"] == ("INFO", 1)


def table(lines: list[str]) -> str:
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(("copies", "told"), [(0, 1), (1, 2), (2, 3)])
def test_a_trip_is_told_for_each_row_that_makes_its_route_a_ferry(
    tmp_path: Path, copies: Any, told: Any
) -> None:
    ferry = "F,A1,F1,,4"
    header = "route_id,agency_id,route_short_name,route_long_name,route_type"
    trips = base("trips")
    trip = dict(zip(trips[0].split(","), trips[1].split(","), strict=True))
    trip |= {"trip_id": "FT", "route_id": "F", "bikes_allowed": ""}
    rows = [",".join(trip.get(name, "") for name in trips[0].split(","))]
    routes = [header, *([ferry] * (copies + 1)), "F,A1,F1,,3"]
    found = counts(tmp_path / "feed", routes=table(routes), trips=table([trips[0], *rows]))
    assert found["missing_bike_allowance"] == told


@pytest.mark.parametrize(
    ("distances", "decreasing"),
    [
        (("0", "NaN", "0"), 0),
        (("5", "NaN", "4", "3"), 1),
        (("NaN", "NaN"), 0),
        (("2", "1"), 1),
        (("0", "0", "0.0"), 2),
        (("Infinity", "Infinity", "1e400"), 2),
    ],
)
def test_nan_is_neither_above_nor_below_nor_equal(
    tmp_path: Path, distances: Any, decreasing: Any
) -> None:
    rows = [f"T,S{n},{n},{distance},08:0{n}:00,08:0{n}:00" for n, distance in enumerate(distances)]
    header = "trip_id,stop_id,stop_sequence,shape_dist_traveled,arrival_time,departure_time"
    points = [f"P,50,{10 + n},{n},{distance}" for n, distance in enumerate(distances)]
    shape = "shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence,shape_dist_traveled"
    found = counts(
        tmp_path / "feed",
        stop_times=table([header, *rows]),
        shapes=table([shape, *points]),
    )
    assert found.get("decreasing_or_equal_stop_time_distance", 0) == decreasing
    falls = found.get("decreasing_shape_distance", 0)
    equal = found.get("equal_shape_distance_diff_coordinates", 0)
    assert falls + equal == decreasing


def test_a_crash_over_translations_keeps_what_was_found_before(tmp_path: Path) -> None:
    header = "table_name,field_name,language,translation,record_id,record_sub_id,field_value"
    rows = [
        "stops,stop_name,fr,x,no_such_stop,,",
        "no_such_table,stop_name,fr,x,a,,",
        "stops,stop_name,fr,x,B1,2,",
        "calendar_dates,date,fr,x,WK,no_date,",  # here the canonical validator crashes
        "stops,stop_name,fr,x,no_such_stop_either,,",
        "no_such_table_either,stop_name,fr,x,a,,",
        "stops,stop_name,fr,x,B1,2,",
    ]
    found = counts(tmp_path / "feed", translations=table([header, *rows]))
    codes = (
        "translation_foreign_key_violation",
        "translation_unknown_table_name",
        "translation_unexpected_value",
    )
    assert [found.get(code) for code in codes] == [1, 1, 1]
