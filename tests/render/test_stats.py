from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from gtfsgen.cli import main
from gtfsgen.shapes import draw
from tests.render.feeds import through_coaches

pytest.importorskip("gtfs_kit")


@pytest.fixture
def feed(tmp_path):
    folder = tmp_path / "feed"
    folder.mkdir()
    for stem, frame in draw(through_coaches(), tmp_path / "no tracks", {}).tables.items():
        frame.write_csv(folder / f"{stem}.txt")
    return str(folder)


def test_stats_count_trips_and_kilometres_per_day(feed, tmp_path):
    result = CliRunner().invoke(main, ["stats", feed, "--date", "2026-03-16", "--format", "json"])
    assert result.exit_code == 0, result.output
    stats = json.loads(result.output)
    # K27, 95, 52, 51, 85, K28 on every service day; 95 and 52 twice where the coaches' and the
    # next morning's trains belong to one day, and not at all on the day between.
    assert [row["trips"] for row in stats["days"]] == [8, 4, 8, 6, 4, 8, 4]
    k27 = next(row for row in stats["routes"] if row["route"] == "K27")
    assert k27["days"] == 7
    assert k27["trips"] == 1
    drawn = draw(through_coaches(), tmp_path / "no tracks", {}).geojson["features"]
    legs = {("beijing", "tianjin"), ("tianjin", "shenyang"), ("shenyang", "dandong")}
    expected_m = sum(
        leg["properties"]["distance_m"]
        for leg in drawn
        if (leg["properties"]["from"], leg["properties"]["to"]) in legs
    )
    # gtfs-kit measures on a flat map.
    assert k27["km"] == pytest.approx(expected_m / 1000, rel=0.03)


def test_stats_are_printed_as_tables(feed):
    result = CliRunner().invoke(main, ["stats", feed])
    assert result.exit_code == 0, result.output
    assert "Mon 2026-03-16" in result.output
    assert "Service by day" in result.output


def test_stats_say_when_there_is_nothing(feed, tmp_path):
    result = CliRunner().invoke(main, ["stats", feed, "--date", "1999-01-01"])
    assert result.exit_code == 2
    assert "no service in those days" in result.output
    (tmp_path / "empty").mkdir()
    result = CliRunner().invoke(main, ["stats", str(tmp_path / "empty")])
    assert result.exit_code == 2
    assert "Traceback" not in result.output


def test_stats_of_what_is_no_zip_or_has_dangling_stops_is_exit_code_2(feed, tmp_path):
    (tmp_path / "text.zip").write_text("no zip")
    result = CliRunner().invoke(main, ["stats", str(tmp_path / "text.zip")])
    assert (result.exit_code, result.exception.__class__) == (2, SystemExit)
    stops = tmp_path / "feed" / "stops.txt"
    stops.write_text(stops.read_text().replace("dandong", "elsewhere"))
    result = CliRunner().invoke(main, ["stats", feed])
    assert result.exit_code == 2
    assert "gtfsgen validate tells them" in " ".join(result.output.split())
