from __future__ import annotations

import json
import zipfile
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

from gtfsgen.cli import main
from tests.shapes.test_shapes import BENT, ON_BENT, RAILS, feed, write_lines


def write_feed(folder: Path, tables: dict[str, pl.DataFrame]) -> Path:
    target = folder / "feed.zip"
    with zipfile.ZipFile(target, "w") as archive:
        for stem, frame in tables.items():
            archive.writestr(f"{stem}.txt", frame.write_csv())
        archive.writestr("fares.txt", "kept,as,it,is\r\n")
    return target


def shape_ids(path: Path) -> list[str | None]:
    with zipfile.ZipFile(path) as archive:
        return pl.read_csv(archive.read("trips.txt"), infer_schema=False)["shape_id"].to_list()


def test_shapes_are_drawn_on_an_extract_and_the_rest_is_kept(tmp_path: Path) -> None:
    pytest.importorskip("routx")
    stops = {"schaanwald": (47.2115810, 9.5615129), "schaan": (47.1685925, 9.5081562)}
    given = write_feed(tmp_path, feed(stops, "schaanwald schaan", "schaan schaanwald"))
    target = tmp_path / "drawn.zip"
    result = CliRunner().invoke(
        main, ["shapes", str(given), "--osm", str(RAILS), "-o", str(target)]
    )
    assert result.exit_code == 0, result.output
    assert "2 legs drawn, 0 of them straight" in result.output
    with zipfile.ZipFile(target) as archive:
        assert archive.read("fares.txt") == b"kept,as,it,is\r\n"
        shapes = pl.read_csv(archive.read("shapes.txt"))
    assert min(shapes.group_by("shape_id").len()["len"].to_list()) > 20
    assert shapes["shape_dist_traveled"].max() == pytest.approx(6441, rel=0.002)
    legs = json.loads(target.with_suffix(".geojson").read_text())
    assert [leg["properties"]["reason"] for leg in legs["features"]] == [None, None]


def test_shapes_of_trips_are_kept_unless_they_shall_be_replaced(tmp_path: Path) -> None:
    tables = feed(ON_BENT, "a b", "b c")
    tables["trips"] = tables["trips"].with_columns(shape_id=pl.Series(["mine", None]))
    tables["shapes"] = pl.DataFrame(
        {
            "shape_id": ["mine", "mine"],
            "shape_pt_lat": [50.0, 50.0],
            "shape_pt_lon": [10.0, 10.1],
            "shape_pt_sequence": [1, 2],
        }
    )
    given = write_feed(tmp_path, tables)
    tracks = str(write_lines(tmp_path / "tracks", ("LineString", BENT, {})))
    kept, anew = tmp_path / "kept.zip", tmp_path / "anew.zip"
    arguments = ["shapes", str(given), "--tracks", tracks, "-o"]
    assert CliRunner().invoke(main, [*arguments, str(kept)]).exit_code == 0
    assert shape_ids(kept)[0] == "mine"
    assert CliRunner().invoke(main, [*arguments, str(anew), "--replace"]).exit_code == 0
    assert all(str(name)[1] == "-" for name in shape_ids(anew))


def test_wrong_commands_are_told(tmp_path: Path) -> None:
    given = write_feed(tmp_path, feed(ON_BENT, "a b"))
    neither = CliRunner().invoke(main, ["shapes", str(given)])
    assert neither.exit_code == 2
    assert "one of --osm EXTRACT, --tracks FOLDER and --network world" in neither.output
    pytest.importorskip("routx")
    (tmp_path / "bad.osm.pbf").write_bytes(b"not an extract")
    bad = CliRunner().invoke(main, ["shapes", str(given), "--osm", str(tmp_path / "bad.osm.pbf")])
    assert bad.exit_code == 2
    assert "bad.osm.pbf cannot be read as OpenStreetMap" in bad.output
    assert "Traceback" not in bad.output
