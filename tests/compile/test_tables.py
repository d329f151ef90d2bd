"""Tables of the feed: names, routes, doors, and what source/gtfs adds."""

from __future__ import annotations

import polars as pl
import pytest

from gtfsgen.compile import compile_source
from gtfsgen.compile.tables import clock_text
from gtfsgen.faults import errors
from tests.compile.projects import coach, days, flagship, source, train


def given(**cells: str) -> pl.DataFrame:
    return pl.DataFrame([{**cells, "path": "gtfs/x.txt", "line": 2, "column": "A"}])


def test_other_files_of_gtfs_are_joined_by_key() -> None:
    project = flagship()
    project.gtfs.update(
        stops=given(stop_id="beijing", tts_stop_name="bay jing"),
        levels=given(level_id="1", level_index="0"),
        vehicles=given(vehicle_id="v"),
        transfers=given(
            from_stop_id="beijing", to_stop_id="tianjin", transfer_type="2", min_transfer_time="60"
        ),
    )
    compiled = compile_source(project)
    assert not compiled.faults
    assert compiled.tables["stops"]["tts_stop_name"].to_list() == ["bay jing", "", "", "", ""]
    assert compiled.tables["levels"].height == compiled.tables["vehicles"].height == 1
    assert compiled.tables["transfers"]["min_transfer_time"].to_list() == ["60"]


def test_a_cell_said_twice_is_an_error_there() -> None:
    project = flagship()
    project.gtfs["stops"] = given(stop_id="beijing", stop_name="Peking")
    (fault,) = errors(compile_source(project).faults)
    assert (fault.code, fault.place, fault.found) == ("said_twice", "gtfs/x.txt:2:B", "Peking")


def test_names_in_other_languages_become_translations() -> None:
    rows = compile_source(flagship()).tables["translations"]
    stops = rows.filter(table_name="stops", record_id="dandong")
    # The feed's own language first: MOTIS up to 2.10 shows the first row to everybody.
    assert stops.select("language", "translation").rows() == [
        ("en", "Dandong"),
        ("zh", "dandong站"),
    ]
    signs = rows.filter(table_name="trips", field_value="Pyongyang")
    assert signs.select("field_name", "language", "translation").rows() == [
        ("trip_headsign", "en", "Pyongyang"),
        ("trip_headsign", "zh", "pyongyang站"),
    ]


def test_every_stop_has_a_zone_and_unused_stations_are_left_out() -> None:
    project = flagship()
    extra = project.stations.tail(1).with_columns(station_id=pl.lit("unused"))
    project.stations = pl.concat([project.stations, extra])
    stops = compile_source(project).tables["stops"]
    assert "unused" not in stops["stop_id"].to_list()
    assert stops["stop_timezone"].to_list() == ["Asia/Shanghai"] * 3 + ["Asia/Pyongyang"] * 2


def test_marks_become_doors_and_timepoints() -> None:
    calls = [
        ("a", "", "08:00"), ("b", "x09:00", "x09:05"), ("c", "^10:00", "^10:05"),
        ("d", "v11:00", "v11:05"), ("e", "|11:30", ""), ("f", "~12:00", ""),
    ]  # fmt: skip
    rows = compile_source(source([train("T", calls, days("daily"))])).tables["stop_times"]
    columns = ("stop_id", "pickup_type", "drop_off_type", "timepoint")
    assert rows.select(columns).rows() == [
        ("a", "0", "0", "1"), ("b", "3", "3", "1"), ("c", "0", "1", "1"),
        ("d", "1", "0", "1"), ("f", "0", "0", "0"),
    ]  # fmt: skip


def test_a_halt_without_a_time_is_closed() -> None:
    calls = [("a", "", "08:00"), ("b", "", ""), ("c", "12:00", "")]
    rows = compile_source(source([train("T", calls, days("daily"))])).tables["stop_times"]
    assert rows.row(1, named=True)["arrival_time"] == ""
    assert [rows[column][1] for column in ("pickup_type", "drop_off_type", "timepoint")] == [
        "1", "1", "0",
    ]  # fmt: skip


def test_an_end_without_a_time_is_an_error_at_the_cell() -> None:
    calls = [("a", "", "08:00"), ("b", "", "")]
    (fault,) = errors(compile_source(source([train("T", calls, days("daily"))])).faults)
    assert fault.code == "trip_end_without_time"
    assert fault.path == "timetables/test.csv"


def test_a_train_without_any_time_is_an_error_and_no_trouble_to_its_coach() -> None:
    trains = [
        train("K", [("a", "", "08:00"), ("b", "10:00", "")], days("daily")),
        train("L", [("b", "", ""), ("c", "", "")], days("daily")),
    ]
    project = source(trains, [coach("1", days("Mo"), "K > L", "a", "c")])
    assert [fault.code for fault in compile_source(project).faults] == ["train_without_calls"]


def test_each_train_is_its_own_route_of_the_only_agency() -> None:
    routes = compile_source(flagship()).tables["routes"]
    assert routes.select(
        "route_id", "route_short_name", "route_long_name", "route_type"
    ).rows() == [
        ("K27", "K27", "Beijing – Dandong", "2"),
        ("95", "95", "Dandong – Sinuiju", "2"),
        ("52", "52", "Sinuiju – Pyongyang", "2"),
    ]


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "00:00:00"), (86_399, "23:59:59"), (148_020, "41:07:00"), (None, "")]
)
def test_clock_text(seconds: int | None, text: str) -> None:
    frame = pl.DataFrame({"s": [seconds]}, schema={"s": pl.Int32})
    assert frame.select(clock_text(pl.col("s"))).item() == text


def test_a_service_leads_to_the_cell_that_says_its_days() -> None:
    project = flagship()
    for run in project.runs.values():
        object.__setattr__(run, "days_line", 2)
        object.__setattr__(run, "days_column", "D")
    calendar = compile_source(project).tables["calendar"]
    cells = dict(calendar.select("service_id", pl.concat_str("path", "line", "column")).iter_rows())
    assert cells["Mo-We-Th-Sa"] == "coaches.csv2C"
    assert cells["Tu-Fr-Su"] == "timetables/test.csv2D"


def test_routes_always_have_a_short_name_column() -> None:
    project = flagship()
    row = {"route_id": "K27", "route_short_name": "", "route_long_name": "Beijing - Dandong"}
    origin = {"path": "routes.csv", "line": 2, "column": "A"}
    trains = ("K27", "95", "52")
    project.routes = pl.DataFrame([row | {"route_id": train} | origin for train in trains])
    routes = compile_source(project).tables["routes"]
    assert routes["route_short_name"].to_list() == ["", "", ""]
