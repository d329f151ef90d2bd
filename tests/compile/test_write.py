"""Feeds on disk: the same bytes, all or nothing; and the command around it."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

from gtfsgen import writing
from gtfsgen.cli import main
from gtfsgen.compile import compile_source
from gtfsgen.compile.explain import NothingFound, explain
from gtfsgen.compile.notices import origin_of, row_of
from gtfsgen.compile.write import csv_bytes, table_texts, write_feed, zip_bytes
from tests.compile.projects import flagship


def test_two_builds_give_equal_bytes() -> None:
    first, second = (zip_bytes(table_texts(compile_source(flagship()).tables)) for _ in range(2))
    assert first == second


def test_tables_are_plain_csv_without_origin(tmp_path: Path) -> None:
    texts = table_texts(compile_source(flagship()).tables)
    assert texts["feed_info.txt"].startswith(b"feed_publisher_name,feed_publisher_url,feed_lang,")
    assert b"path" not in texts["stop_times.txt"].splitlines()[0]
    assert b'""' not in b"".join(texts.values())
    feed = write_feed(tmp_path / "feed", texts, {"index.html": b"<p>"})
    with zipfile.ZipFile(feed) as archive:
        assert archive.read("trips.txt") == (tmp_path / "feed" / "trips.txt").read_bytes()
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {entry.compress_type for entry in archive.infolist()} == {zipfile.ZIP_STORED}


def test_a_new_feed_replaces_its_own_files_only(tmp_path: Path) -> None:
    feed = tmp_path / "feed"
    write_feed(feed, {"stops.txt": b"old", "levels.txt": b"old"}, {})
    (feed / "README").write_text("mine")
    write_feed(feed, {"stops.txt": b"new"}, {})
    assert (feed / "stops.txt").read_bytes() == b"new"
    assert sorted(os.listdir(feed)) == ["README", "gtfs.zip", "stops.txt"]
    assert os.listdir(tmp_path) == ["feed"]


def test_an_interruption_leaves_the_last_feed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed = tmp_path / "feed"
    write_feed(feed, {"stops.txt": b"old"}, {})
    before = {path.name: path.read_bytes() for path in feed.iterdir()}

    def interrupted(first: Path, second: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(writing, "_rename_exchange", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_feed(feed, {"routes.txt": b"new", "stops.txt": b"new"}, {})
    assert {path.name: path.read_bytes() for path in feed.iterdir()} == before
    assert os.listdir(tmp_path) == ["feed"]


def test_explain_leads_to_cell_and_clock() -> None:
    source = flagship()
    lines = explain(source, compile_source(source), "stop_times", ["K27.through", "Dandong"])
    assert lines == [
        "K27.through dandong: timetables/test.csv row 7, column C, arrival 07:35 local"
        " = 31:35 agency time"
    ]
    with pytest.raises(NothingFound, match="no row of trips has 'K99'"):
        explain(source, compile_source(source), "trips", ["K99"])


def test_a_row_of_the_feed_leads_back_to_its_cell() -> None:
    compiled = compile_source(flagship())
    rows = compiled.tables["stop_times"]
    number = rows["trip_id"].to_list().index("52.through") + 2
    assert origin_of(compiled, "stop_times.txt", number) == ("timetables/test.csv", 4, "C")
    assert row_of(compiled, {"tripId": "52.through", "stopSequence": 1}) == (
        "stop_times.txt",
        number,
    )
    assert origin_of(compiled, "stop_times.txt", 10_000) is None


PROJECT = {
    "feed.toml": (
        "as_of = 2026-03-01\nfirst_day = 2026-03-12\nlast_day = 2026-06-30\n"
        'timezone = "Asia/Shanghai"\nlanguages = ["en"]\n'
        '[publisher]\nname = "P"\nurl = "https://example.org"\n'
    ),
    "agencies.csv": "agency_id,name,url\na,A,https://example.org\n",
    "stations.csv": (
        "station_id,name,lat,lon,timezone,country\n"
        "beijing,Beijing,39.9011,116.4210,Asia/Shanghai,CN\n"
        "dandong,Dandong,40.1229,124.3818,Asia/Shanghai,CN\n"
    ),
    "timetables/k27.csv": "train,,K27\ndays,,daily\nBeijing,dep,17:26\nDandong,arr,07:35\n",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in PROJECT.items():
        path = tmp_path / "source" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path / "source"


def test_the_command_builds_beside_the_source(project: Path) -> None:
    result = CliRunner().invoke(main, ["build", str(project), "--no-validate"])
    assert result.exit_code == 0, result.output
    assert "1 trips, 2 stop times" in result.output
    assert (project.parent / "feed" / "gtfs.zip").is_file()


def test_a_build_into_the_project_reports_and_locks(project: Path) -> None:
    table = project / "timetables" / "k27.csv"
    table.write_text(table.read_text().replace("daily", "daily not holidays CN"))
    (project / "gtfs").mkdir()
    (project / "gtfs" / "locations.geojson").write_text(
        '{"type": "FeatureCollection", "features": []}'
    )
    assert CliRunner().invoke(main, ["build", str(project)]).exit_code == 0
    report = json.loads((project.parent / "validation" / "report.json").read_text())
    assert report["summary"]["gtfsInput"] == "feed/gtfs.zip"
    assert (project.parent / "validation" / "report.html").is_file()
    assert "CN,2026-05-01," in (project / "holidays.lock.csv").read_text(encoding="utf-8")
    with zipfile.ZipFile(project.parent / "feed" / "gtfs.zip") as archive:
        assert "locations.geojson" in archive.namelist()


def test_a_build_elsewhere_leaves_the_project_alone(project: Path, tmp_path: Path) -> None:
    before = sorted(os.listdir(project.parent))
    target = tmp_path / "out" / "feed"
    assert CliRunner().invoke(main, ["build", str(project), "-o", str(target)]).exit_code == 0
    assert sorted(os.listdir(project.parent)) == sorted([*before, "out"])
    assert os.listdir(tmp_path / "out") == ["feed"]


def test_an_error_keeps_the_last_feed(project: Path) -> None:
    run = CliRunner().invoke
    assert run(main, ["build", str(project), "--no-validate"]).exit_code == 0
    feed = project.parent / "feed"
    before = {path.name: path.read_bytes() for path in feed.iterdir()}
    table = project / "timetables" / "k27.csv"
    table.write_text(table.read_text().replace("17:26", "17:66"))
    result = run(main, ["build", str(project)])
    assert result.exit_code == 1
    assert "timetables/k27.csv:3:C  There is no minute 66" in result.output
    assert {path.name: path.read_bytes() for path in feed.iterdir()} == before


@pytest.mark.parametrize(
    "arguments", [["nowhere"], ["--profile", "twins"], ["--today", "12.3.2026"]]
)
def test_a_wrong_command_is_exit_2(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(main, ["build", *arguments]).exit_code == 2


def test_blanks_around_a_cell_are_kept_in_quotation_marks() -> None:
    table = pl.DataFrame({"stop_id": ["a", "b"], "stop_name": ["Hall ", ""]})
    assert csv_bytes(table) == b'"stop_id","stop_name"\n"a","Hall "\n"b",""\n'
    assert csv_bytes(table.with_columns(stop_name=pl.lit("x"))) == b"stop_id,stop_name\na,x\nb,x\n"
