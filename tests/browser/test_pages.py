"""The pages in headless Chromium: opened from disk, with every request counted."""

# ruff: noqa: E501  (scripts and tables read better unbroken)
from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from gtfsgen.render import page
from gtfsgen.render.book import book_of
from gtfsgen.render.pages import Site
from tests.render.feeds import odd, table, through_coaches

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
AXE = Path(os.environ.get("GTFSGEN_CACHE", ".cache")) / "node_modules/axe-core/axe.min.js"
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
MONDAY = date(2026, 3, 2)
SERVICES = {"week": "1,1,1,1,1,0,0", "sat": "0,0,0,0,0,1,0", "sun": "0,0,0,0,0,0,1"}
TRIPS = {"week": 200, "sat": 70, "sun": 31}


def city() -> Any:
    """A tram with 301 trips there on three kinds of day, and a few back from the middle."""
    trips, times = [], []
    for service, count in TRIPS.items():
        for n in range(count):
            trips.append(f"t1,{service},{service}{n},0")
            for place in range(5):
                minute = 300 + n * 5 + place * 3
                clock = f"{minute // 60:02d}:{minute % 60:02d}:00"
                times.append(f"{service}{n},{clock},{clock},s{place},{place}")
    for n in range(7):
        trips.append(f"t1,week,back{n},1")
        for order, place in enumerate((3, 2, 1, 0)):
            clock = f"{9 + n:02d}:{order * 4:02d}:00"
            times.append(f"back{n},{clock},{clock},s{place},{order}")
    calendar = [f"{key},{flags},20260301,20260430" for key, flags in SERVICES.items()]
    return {
        "agency": table(
            "agency_id,agency_name,agency_url,agency_timezone\nc,City,https://c.example,Europe/Berlin"
        ),
        "stops": table(
            "stop_id,stop_name,stop_lat,stop_lon\n"
            + "\n".join(f"s{n},Stop {n},{52.5 + n / 90},{13.3 + n / 70}" for n in range(5))
        ),
        "routes": table("route_id,agency_id,route_short_name,route_type,route_color\nt1,c,1,0,C00000"),
        "trips": table("route_id,service_id,trip_id,direction_id\n" + "\n".join(trips)),
        "stop_times": table(
            "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n" + "\n".join(times)
        ),
        "calendar": table(
            "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
            + "\n".join(calendar)
        ),
        "calendar_dates": table(
            "service_id,date,exception_type\nweek,20260406,2\nsun,20260406,1"
        ),
    }  # fmt: skip


def trips_on(day: date) -> int:
    """The independent count: by the weekday and the one exception, Easter Monday."""
    if day == date(2026, 4, 6):
        return TRIPS["sun"]
    return {5: TRIPS["sat"], 6: TRIPS["sun"]}.get(day.weekday(), TRIPS["week"] + 7)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("pages")
    (folder / "coaches.html").write_text(page(through_coaches()), "utf-8")
    (folder / "odd.html").write_text(page(odd()), "utf-8")
    for path, text in Site(book_of(city())).pages():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text(text, "utf-8")
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as play:
        started = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def opened(browser: Any, pages: Any) -> Iterator[Any]:
    """Opens a page of the folder; at the end nothing was asked of a network or told as an error."""
    heard: list[str] = []
    tabs = []

    def open_page(path: str, width: int = 1280, scheme: str = "light") -> Any:
        tab = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        tabs.append(tab)
        tab.on("console", lambda message: heard.append(message.text))
        tab.on("pageerror", lambda error: heard.append(str(error)))
        tab.on("request", lambda r: None if r.url.startswith("file:") else heard.append(r.url))
        tab.goto((pages / path).as_uri())
        return tab

    yield open_page
    for tab in tabs:
        tab.close()
    assert heard == []


def test_every_trip_of_every_day_is_on_the_page(opened: Callable[..., Any]) -> None:
    tab = opened("lines/1.html")
    for n in range(59):
        day = date(2026, 3, 1) + timedelta(days=n)
        tab.fill("#date", str(day))
        tab.dispatch_event("#date", "change")
        assert tab.inner_text("#count") == f"{trips_on(day)} trains", day


def test_a_train_of_a_chosen_day_stands_alone(opened: Callable[..., Any]) -> None:
    """On a Tuesday K27 has no through coaches; on a Wednesday it has."""
    tab = opened("coaches.html")
    shown = "[...document.querySelectorAll('.tt thead th.through')].filter((e) => getComputedStyle(e).display !== 'none').length"
    for day, count in (("2026-11-24", 0), ("2026-11-25", 2)):
        tab.fill("#date", day)
        tab.dispatch_event("#date", "change")
        assert tab.evaluate(shown) == count
    tab.select_option("#kind", "all")
    assert tab.evaluate(shown) == 2
    assert tab.input_value("#date") == ""


def test_the_whole_page_follows_the_language(opened: Callable[..., Any]) -> None:
    tab = opened("coaches.html")
    tab.select_option("#language", "de")
    assert tab.inner_text("#h-timetables") == "Fahrplan"
    assert "täglich" in tab.inner_text(".tt")
    tab.select_option("#language", "zh")
    assert "平壤" in tab.inner_text(".tt")
    assert tab.evaluate("document.documentElement.lang") == "zh"


def test_stations_are_found_and_lead_to_departures(opened: Callable[..., Any]) -> None:
    tab = opened("index.html")
    tab.set_default_timeout(10_000)
    tab.fill("#find-stations", "stop 3")
    assert tab.locator("[data-find=stations] li:visible").all_inner_texts() == ["Stop 3"]
    tab.press("#find-stations", "Enter")
    tab.wait_for_url("**/stations/stop-3.html")
    assert "09 14 19" in tab.inner_text("#departures")


TEXTS = """() => {
  const found = [];
  for (const svg of document.querySelectorAll('figure.coach svg[role=img], figure.chart svg[role=img], figure.cal svg, .mapview')) {
    const frame = svg.getBoundingClientRect();
    const boxes = [...svg.querySelectorAll('text:not(.tn)')].filter((e) => e.textContent.trim() && e.checkVisibility({visibilityProperty: true}))
      .map((e) => [e.textContent, e.getBoundingClientRect()]);
    boxes.forEach(([a, p], n) => {
      if (p.left < frame.left - 1 || p.right > frame.right + 1 || p.top < frame.top - 1 || p.bottom > frame.bottom + 1) found.push(['clipped', a]);
      for (const [b, q] of boxes.slice(n + 1)) if (Math.min(p.right, q.right) - Math.max(p.left, q.left) > 1 && Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top) > 3) found.push([a, b]);
    });
  }
  return found;
}"""

OVERLAPS = """() => {
  const boxes = [...document.querySelectorAll('.mapview .stop text, .mapview .grat text')]
    .filter((e) => e.style.visibility !== 'hidden').map((e) => [e.textContent, e.getBoundingClientRect()]);
  const map = document.querySelector('.mapview').getBoundingClientRect();
  const buttons = [...document.querySelectorAll('.zoom button')].map((e) => ['button', e.getBoundingClientRect()]);
  const found = [];
  for (const [a, p] of boxes.filter(([t]) => !t.endsWith('°'))) {
    if (p.left < map.left || p.right > map.right || p.top < map.top || p.bottom > map.bottom) found.push(['clipped', a]);
    for (const [b, q] of [...boxes, ...buttons]) if (p !== q && p.left < q.right && q.left < p.right && p.top + 2 < q.bottom && q.top + 2 < p.bottom) found.push([a, b]);
  }
  return found;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 768, 1280])
@pytest.mark.parametrize("path", ["coaches.html", "index.html", "lines/1.html", "odd.html"])
def test_nothing_overlaps_or_sticks_out(
    opened: Callable[..., Any], path: Any, width: Any, scheme: Any
) -> None:
    tab = opened(path, width, scheme)
    assert tab.evaluate("document.documentElement.scrollWidth") == width
    assert tab.evaluate(OVERLAPS) == []
    assert tab.evaluate(TEXTS) == []
    if AXE.is_file():
        tab.evaluate(AXE.read_text("utf-8"))
        found = tab.evaluate(
            "axe.run({preload: false}).then((r) => r.violations.map((v) => [v.id, v.nodes[0].html]))"
        )
        assert found == []


def test_the_map_moves_by_keys_and_the_page_prints(opened: Callable[..., Any]) -> None:
    tab = opened("coaches.html")
    before = tab.get_attribute(".mapview", "viewBox")
    tab.focus(".mapview")
    tab.keyboard.press("+")
    assert tab.get_attribute(".mapview", "viewBox") != before
    tab.keyboard.press("0")
    assert tab.get_attribute(".mapview", "viewBox") == before
    assert tab.pdf().startswith(b"%PDF")
