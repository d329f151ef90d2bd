"""The report as a page: causes first, a map, filters; small whatever the number of notices."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from gtfsgen.faults import Severity
from gtfsgen.findings import Rows
from gtfsgen.reports.fault_map import fault_map
from gtfsgen.reports.html import page
from gtfsgen.reports.readings import readings
from gtfsgen.validation import validate

from .feeds import TABLES, report, write_feed

DAY = "2026-11-20"


def feed(tmp_path: Path, **changed: str) -> Path:
    return write_feed(tmp_path / "feed", **changed)


def test_exchanged_coordinates_are_told_as_that(tmp_path: Path) -> None:
    stops = "stop_id,stop_name,stop_lat,stop_lon\nS,South,-74.1,4.6\nN,North,-74.2,4.7\n"
    agency = TABLES["agency.txt"].replace("Etc/UTC", "America/Bogota")
    made = validate(feed(tmp_path, stops=stops, agency=agency), date=DAY)
    (reading,) = [each for each in readings(made) if each.cause == "coordinates_swapped"]
    assert "100%" not in reading.said
    assert "2 of 2 stops looked at lie in America/Bogota" in reading.said
    assert reading.follow["stop_timezone_disagrees_with_location"] == 2
    assert "Latitude and longitude are swapped" in page(made, "feed")


def test_a_zone_that_is_merely_wrong_is_not_told_as_exchanged(tmp_path: Path) -> None:
    agency = TABLES["agency.txt"].replace("Etc/UTC", "America/Bogota")
    made = validate(feed(tmp_path, agency=agency), date=DAY)
    assert "stop_timezone_disagrees_with_location" in made.found
    assert readings(made) == []


def test_what_follows_from_lost_rows_stands_below_them(tmp_path: Path) -> None:
    times = TABLES["stop_times.txt"].replace("08:00:00", "8 o'clock").replace("09:00:00", "nine")
    made = validate(feed(tmp_path, stop_times=times), date=DAY)
    (reading,) = readings(made)
    assert reading.cause == "invalid_time"
    assert reading.follow == {"unused_trip": 1, "unusable_trip": 1, "stop_without_stop_time": 2}
    text = page(made, "feed")
    order = [text.index(f'id="{code}"') for code in ("invalid_time", *sorted(reading.follow))]
    assert order[0] == min(order)
    assert "follows from invalid time" in text


def test_consequences_without_a_cause_are_no_reading(tmp_path: Path) -> None:
    made = validate(feed(tmp_path, trips=TABLES["trips.txt"] + "R,D,U\n"), date=DAY)
    assert "unused_trip" in made.found
    assert readings(made) == []


def test_all_particulars_are_there_and_the_telling_one_first() -> None:
    text = page(report(), "feed.zip")
    (sample,) = re.findall(r"<li data-file=\"stop_times.txt\".*?</li>", text, re.DOTALL)
    fields = re.findall(r"<i>(.*?)</i>", sample)
    assert sorted(fields) == ["departure_time", "shape_id", "trip_id"]
    assert fields[0] == "departure_time"
    assert "stop_times.txt:7" in sample


def test_the_map_counts_every_notice_once_and_leaves_strays_out() -> None:
    made = report()
    made.stops = pl.DataFrame(
        {
            "stop_id": ["S", "N", *(f"X{n}" for n in range(98)), "stray"],
            "stop_lat": [50.0, 50.5, *[50.2] * 98, 0.0],
            "stop_lon": [10.0, 10.0, *[10.1] * 98, 0.0],
        }
    )
    drawn = fault_map(made)
    assert drawn is not None
    assert (drawn.placed, drawn.unplaced, drawn.outside) == (3, 3, 0)
    assert sum(dot.kind == "warning" for dot in drawn.dots) == 2
    made.found["stop_without_stop_time"].append(Rows(pl.DataFrame({"stop_id": ["stray"]})))
    drawn = fault_map(made)
    assert drawn is not None
    assert (drawn.placed, drawn.outside) == (4, 1)
    made.stops = None
    assert fault_map(made) is None


def test_two_million_notices_stay_small() -> None:
    made = report()
    many = 2_000_000
    ids = pl.Series("stop_id", [f"S{n}" for n in range(1000)])
    made.stops = pl.DataFrame(
        {
            "stop_id": ids,
            "stop_lat": [50 + n % 97 / 100 for n in range(1000)],
            "stop_lon": [10 + n % 89 / 100 for n in range(1000)],
        }
    )
    rows = pl.DataFrame({"csv_row_number": pl.int_range(many, eager=True)}).with_columns(
        stop_id=pl.concat_str(pl.lit("S"), pl.col("csv_row_number") % 1000)
    )
    made.found["stop_without_stop_time"] = [Rows(rows)]
    text = page(made, "feed.zip")
    assert f"{many:,}" in text
    assert len(text) < 400_000


def test_agencies_can_be_told_apart(tmp_path: Path) -> None:
    agency = TABLES["agency.txt"] + "B,Beta,https://example.com,Etc/UTC\n"
    routes = TABLES["routes.txt"] + "Q,B,2,2\n"
    trips = TABLES["trips.txt"] + "Q,D,U\nR,D,V\n"
    made = validate(feed(tmp_path, agency=agency, routes=routes, trips=trips), date=DAY)
    text = page(made, "feed")
    assert 'data-agency="Beta"' in text
    assert "<option>Beta</option>" in text


@pytest.mark.skipif(not shutil.which("chromium"), reason="there is no Chromium here")
@pytest.mark.parametrize("width", [390, 768, 1280])
def test_in_a_browser_nothing_is_loaded_or_sideways_and_filters_work(
    tmp_path: Path, width: Any
) -> None:
    from playwright.sync_api import sync_playwright

    made = report()
    made.severities["unknown_file"] = Severity.INFO
    path = tmp_path / "report.html"
    path.write_text(page(made, "a-feed-of-a-long-name" * 5), encoding="utf-8")
    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        tab = browser.new_page(viewport={"width": width, "height": 800})
        said: list[str] = []
        asked: list[str] = []
        tab.on("console", lambda message: said.append(message.text))
        tab.on("request", lambda request: asked.append(request.url))
        tab.goto(path.as_uri())
        tab.eval_on_selector_all("details", "all => all.forEach(each => { each.open = true })")
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        assert tab.locator(".cards > details:visible").count() == 4
        tab.select_option("[data-by=severity]", "ERROR")
        assert tab.locator(".cards > details:visible").count() == 1
        tab.select_option("[data-by=severity]", "")
        tab.select_option("[data-by=file]", "stops.txt")
        assert tab.locator(".cards > details:visible").get_attribute("data-code") == (
            "stop_without_stop_time"
        )
        tab.select_option("[data-by=file]", "")
        tab.select_option("[data-sort]", "total")
        first = tab.locator(".cards > details").first
        assert first.get_attribute("data-code") == "stop_without_stop_time"
        assert said == []
        assert len(asked) == 1
        browser.close()
