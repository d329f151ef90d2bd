"""Service in numbers, held to a count trip by trip and day by day."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from click.testing import CliRunner

from gtfsgen.cli import main
from gtfsgen.stats import statistics
from tests.diff.test_compare import written
from tests.render.feeds import bus, through_coaches


@pytest.fixture
def feed(tmp_path: Path) -> Any:
    return written(through_coaches(), tmp_path / "feed")


def test_departures_by_day_are_trips_counted_day_by_day(feed: Path) -> None:
    from gtfsgen.diff.reading import read_sides
    from gtfsgen.diff.runs import services_of

    sides = read_sides(feed, written(bus(), feed.parent / "another"))
    assert sides
    side = sides[0]
    services = services_of(side)
    counted: Counter[date] = Counter()
    for (service,) in side.frame("trips", "service_id").iter_rows():
        counted.update(services[service])
    found = statistics(feed)
    assert dict(found.days.select("date", "departures").iter_rows()) == dict(counted)
    assert found.totals["departures"] == sum(counted.values())
    assert found.lines["departures"].sum() == sum(counted.values())
    assert found.lines_by_day["departures"].sum() == sum(counted.values())


def test_headways_count_as_departures(tmp_path: Path) -> None:
    tables = bus()
    tables.pop("frequencies", None)
    once = statistics(written(tables, tmp_path / "once"))
    trip = tables["trips"]["trip_id"][0]
    tables["frequencies"] = pl.DataFrame(
        {
            "trip_id": [trip],
            "start_time": ["08:00:00"],
            "end_time": ["10:00:00"],
            "headway_secs": ["1200"],
        }
    )
    often = statistics(written(tables, tmp_path / "often"))
    more = often.days["departures"] - once.days["departures"]
    assert set(more.to_list()) <= {0, 5}
    assert 5 in more.to_list()


def test_days_can_be_chosen(feed: Path) -> None:
    whole = statistics(feed)
    first = whole.days["date"][3]
    some = statistics(feed, first, 4)
    assert some.days["date"].min() == first
    assert some.days.height <= 4


def test_kilometres_are_geodesic(tmp_path: Path) -> None:
    from pyproj import Geod

    tables = bus()
    tables.pop("frequencies", None)
    tables["trips"] = tables["trips"].select(pl.exclude("shape_id"))
    found = statistics(written(tables, tmp_path / "straight"))
    places = {
        s: (lat, lon)
        for s, lat, lon in tables["stops"].select("stop_id", "stop_lat", "stop_lon").iter_rows()
    }
    rows: dict[str, list[tuple[int, str]]] = {}
    for trip, stop, order in (
        tables["stop_times"].select("trip_id", "stop_id", "stop_sequence").iter_rows()
    ):
        rows.setdefault(trip, []).append((int(order), stop))
    geod, km = Geod(ellps="WGS84"), {}
    for trip, calls in rows.items():
        points = [places[stop] for _, stop in sorted(calls)]
        legs = [(float(a[1]), float(a[0]), float(b[1]), float(b[0])) for a, b in pairwise(points)]
        km[trip] = sum(geod.inv(*leg)[2] for leg in legs) / 1000
    assert len({*tables["trips"]["service_id"]}) == 1
    expected = sum(km.values()) * found.totals["days_with_service"]
    assert found.totals["km"] == pytest.approx(expected, abs=0.051)


def test_the_command_prints_and_writes(feed: Path, tmp_path: Path) -> None:
    printed = CliRunner().invoke(main, ["stats", str(feed)])
    assert printed.exit_code == 0, printed.output
    assert "Service by day" in printed.output
    args = ["stats", str(feed), "--format", "json,csv,html", "-o", str(tmp_path / "out")]
    assert CliRunner().invoke(main, args).exit_code == 0
    content = json.loads((tmp_path / "out" / "stats.json").read_text("utf-8"))
    assert content["totals"]["departures"] == sum(day["departures"] for day in content["days"])
    assert (tmp_path / "out" / "days.csv").read_text("utf-8").startswith("date,departures")
    assert "<h1>" in (tmp_path / "out" / "stats.html").read_text("utf-8")
    lost = CliRunner().invoke(main, ["stats", str(tmp_path / "none.zip")])
    assert lost.exit_code == 2


def test_a_week_by_day(feed: Path) -> None:
    args = ["stats", str(feed), "--date", "2026-03-16", "--days", "7", "--format", "json"]
    result = CliRunner().invoke(main, args)
    assert result.exit_code == 0, result.output
    found = json.loads(result.output)
    # K27, 95, 52, 51, 85, K28 on every service day; 95 and 52 twice where the coaches' and the
    # next morning's trains belong to one day, and not at all on the day between.
    assert [row["departures"] for row in found["days"]] == [8, 4, 8, 6, 4, 8, 4]


def test_no_day_of_service_is_no_failure(feed: Path) -> None:
    result = CliRunner().invoke(main, ["stats", str(feed), "--date", "1999-01-01", "--days", "1"])
    assert result.exit_code == 0, result.output
    assert "departures         0" in result.output
