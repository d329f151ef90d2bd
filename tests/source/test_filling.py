"""`gtfsgen stations`: names, positions and zones filled, nothing overwritten, nothing guessed."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from gtfsgen.cli import main
from gtfsgen.source import read_source
from tests.source.project import FEED

PLACES = """\
id,name,lat,lon,code
1,Beijing,39.9011168,116.4210134,BJP
2,Tianjin,39.1357517,117.2036841,TJP
3,Sinuiju,40.1070,124.4018,
4,Springfield,39.80,-89.64,
5,Springfield,42.10,-72.59,
6,Springfield,42.101,-72.591,
"""
OSM = """\
<osm version="0.6">
 <node id="7" lat="48.1402" lon="11.5600"><tag k="railway" v="station"/>
  <tag k="name" v="München Hbf"/><tag k="railway:ref" v="MH"/></node>
 <node id="8" lat="48.1" lon="11.5"><tag k="highway" v="crossing"/></node>
</osm>
"""


def project(folder: Path, timetable: str, stations: str | None = None) -> Path:
    source = folder / "source"
    (source / "timetables").mkdir(parents=True)
    (source / "feed.toml").write_text(FEED)
    (source / "agencies.csv").write_text("id,name,url\nx,X,https://example.org/\n")
    (source / "timetables" / "t.csv").write_text(timetable, encoding="utf-8")
    if stations:
        (source / "stations.csv").write_text(stations, encoding="utf-8")
    (folder / "places.csv").write_text(PLACES)
    (folder / "places.osm").write_text(OSM, encoding="utf-8")
    return source


def run(source: Path, *options: str):  # type: ignore[no-untyped-def]
    return CliRunner().invoke(main, ["stations", str(source), *options])


TABLE = (
    "train,,7\ndays,,daily\nBeijing,dep,9:00\nTianjin,arr,10:30\nTianjin,dep,10:35\n"
    "Sinuiju,arr,23:00\n"
)


def test_a_table_without_stations_builds_after_one_command(tmp_path: Path) -> None:
    source = project(tmp_path, TABLE)
    said = run(source, "--csv", str(tmp_path / "places.csv"))
    assert said.exit_code == 0, said.output
    read = read_source(source)
    assert [str(f) for f in read.faults] == []
    rows = {row["station_id"]: row for row in read.stations.to_dicts()}
    assert set(rows) == {"beijing", "tianjin", "sinuiju"}
    assert rows["sinuiju"]["timezone"] == "Asia/Pyongyang"
    assert (rows["beijing"]["code"], rows["beijing"]["source"]) == ("BJP", "places.csv, 1")
    before = (source / "stations.csv").read_bytes()
    assert run(source, "--csv", str(tmp_path / "places.csv")).exit_code == 0
    assert (source / "stations.csv").read_bytes() == before


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    mine = "station_id,name,lat,lon,timezone,note\nbj,Beijing,39.9,116.4,,mine\n"
    source = project(tmp_path, TABLE, mine)
    run(source, "--csv", str(tmp_path / "places.csv"))
    lines = (source / "stations.csv").read_text(encoding="utf-8").splitlines()
    assert lines[1].startswith("bj,Beijing,39.9,116.4,Asia/Shanghai,mine")


def test_two_places_of_a_name_are_asked_for(tmp_path: Path) -> None:
    source = project(tmp_path, TABLE.replace("Sinuiju", "Springfield"))
    said = run(source, "--csv", str(tmp_path / "places.csv"))
    assert said.exit_code == 1
    assert "Springfield: 2 places fit: 4 at 39.8000, -89.6400; 5 at" in said.output
    assert "springfield,Springfield,,," in (source / "stations.csv").read_text()
    chosen = run(source, "--csv", str(tmp_path / "places.csv"), "--choose", "Springfield=5")
    assert chosen.exit_code == 0
    assert "42.100000,-72.590000,America/New_York" in (source / "stations.csv").read_text()


def test_openstreetmap_and_feeds_are_sources_too(tmp_path: Path) -> None:
    source = project(tmp_path, TABLE.replace("Beijing", "Munchen Hbf"))
    said = run(source, "--osm", str(tmp_path / "places.osm"))
    assert said.exit_code == 1
    assert "munchen-hbf,Munchen Hbf,48.140200,11.560000,Europe/Berlin,MH" in (
        source / "stations.csv"
    ).read_text(encoding="utf-8")
    feed = tmp_path / "feed"
    feed.mkdir()
    (feed / "stops.txt").write_text(
        "stop_id,stop_name,stop_lat,stop_lon,location_type\nT,Tianjin,39.1357517,117.2036841,1\n"
    )
    run(source, "--gtfs", str(feed))
    assert "tianjin,Tianjin,39.135752,117.203684,Asia/Shanghai" in (
        source / "stations.csv"
    ).read_text(encoding="utf-8")


def test_a_blank_zone_is_that_of_the_position(tmp_path: Path) -> None:
    source = project(
        tmp_path, "train,7\ndays,daily\nA,9:00\nB,11:00\n",
        "station_id,name,lat,lon,timezone\na,A,39.9,116.4,\nb,B,40.1070,124.4018,\n",
    )  # fmt: skip
    zones = read_source(source).stations["timezone"].to_list()
    assert zones == ["Asia/Shanghai", "Asia/Pyongyang"]
