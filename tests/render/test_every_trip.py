"""Every trip of a chosen day of every line is on its page: pages counted against the feed.

The count of the feed knows nothing of gtfsgen: rows of csv, calendars by `datetime`. The pages are
read as text: the classes of days, the trains in columns, the minutes of the hours.
"""

from __future__ import annotations

import csv
import json
import os
import re
import zipfile
from collections import Counter, defaultdict
from datetime import date, timedelta
from html import unescape as html_text
from pathlib import Path
from typing import Any

import pytest

from gtfsgen.render import site
from gtfsgen.render.book import book_of
from gtfsgen.render.pages import Site
from gtfsgen.render.tables import read_page_tables
from tests.browser.test_pages import city
from tests.render.feeds import bus, odd, through_coaches

Tables = dict[str, list[dict[str, str]]]
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
SMALL = (
    "blantyre", "brown-county-flex", "google-sample-feed", "kuala-lumpur-rail", "manila-pnr",
    "minsk-metro", "moose-jaw", "otp-test-galicia", "path-nj", "sri-lanka-rail",
    "subte-buenos-aires", "swarzedz", "uk-rail-mini",
)  # fmt: skip
CORPUS = Path(os.environ.get("GTFSGEN_CORPUS", "no such folder"))
EPOCH = date(1900, 1, 1)


def days_of_services(tables: Tables) -> dict[str, set[date]]:
    found: dict[str, set[date]] = defaultdict(set)
    for row in tables.get("calendar", []):
        day, last = (date.fromisoformat(row[name]) for name in ("start_date", "end_date"))
        while day <= last:
            if row[WEEKDAYS[day.weekday()]] == "1":
                found[row["service_id"]].add(day)
            day += timedelta(days=1)
    for row in tables.get("calendar_dates", []):
        own = found[row["service_id"]]
        day = date.fromisoformat(row["date"])
        own.add(day) if row["exception_type"] == "1" else own.discard(day)
    return found


def days_of_trips(tables: Tables) -> dict[str, set[date]]:
    """The days of each trip that calls at a station."""
    calling = {row["trip_id"] for row in tables["stop_times"] if row.get("stop_id")}
    services = days_of_services(tables)
    trips = {row["trip_id"]: row for row in reversed(tables["trips"])}
    return {t: services[row["service_id"]] for t, row in trips.items() if t in calling}


class Page:
    """What a page shows, by its own text."""

    def __init__(self, html: str) -> None:
        found = re.search(r'<script type="application/json" id="data">(.*?)</script>', html)
        self.data: dict[str, Any] = json.loads(found[1]) if found else {}
        self.hours = Counter(re.findall(r'<i class="d(\d+)">', _part(html, "timetables")))
        heads = re.findall(r'<th scope="col" class="([^"]*)" data-trips="([^"]*)"', html)
        self.columns = [
            (re.findall(r"\bd(\d+)\b", kind), html_text(trips).split("\n")) for kind, trips in heads
        ]
        self.bands = '<table class="bands">' in html

    def runs(self, number: str | int, day: date) -> bool:
        first, digits = self.data["days"][str(number)]
        bit = (day - EPOCH).days - first
        return 0 <= bit < len(digits) * 4 and bool(int(digits[bit // 4], 16) >> bit % 4 & 1)

    def days(self, number: str | int) -> set[date]:
        first, digits = self.data["days"][str(number)]
        return {
            EPOCH + timedelta(days=first + n)
            for n in range(len(digits) * 4)
            if int(digits[n // 4], 16) >> n % 4 & 1
        }

    def trips_on(self, day: date) -> set[str]:
        return {
            trip
            for number, trips in self.data.get("trips", {}).items()
            if self.runs(number, day)
            for trip in trips
        }


def _part(html: str, section: str) -> str:
    begin = html.find(f'<section id="{section}"')
    rest = html[begin + 1 :] if begin >= 0 else ""
    return rest.partition('<section id="')[0]


def count(pages: dict[str, str], tables: Tables, *, moved: bool = False) -> int:
    """Compares all pages with the feed; returns how many trips run on the two days looked at."""
    lines = [Page(html) for path, html in pages.items() if path.startswith(("lines/", "index"))]
    wanted = days_of_trips(tables)
    repeated = {row["trip_id"] for row in tables.get("frequencies", [])}
    per_day = Counter(day for days in wanted.values() for day in days)
    told: dict[str, set[date]] = defaultdict(set)
    for page in lines:
        for number, trips in page.data.get("trips", {}).items():
            days = page.days(number)
            for trip in trips:
                told[trip] |= days
    assert set(told) == set(wanted)
    others_told = r"([\d,]+) trips? (?:that calls? at no station|without stop times)<"
    left_out = sum(int(n.replace(",", "")) for n in re.findall(others_told, pages["index.html"]))
    assert left_out == len({row["trip_id"] for row in tables["trips"]}) - len(wanted)
    if moved:  # trains are found by the date at their station: as many days, but others
        assert {t: len(d) for t, d in told.items()} == {t: len(d) for t, d in wanted.items()}
    else:
        assert told == wanted
    seen = 0
    for day in [d for d, _ in per_day.most_common(1)] + [d for d, _ in per_day.most_common()[-1:]]:
        for page in lines:
            on = page.trips_on(day)
            in_columns = {
                trip
                for numbers, trips in page.columns
                if any(page.runs(n, day) for n in numbers)
                for trip in trips
            }
            by_hour = sum(n for number, n in page.hours.items() if page.runs(number, day))
            others = {trip for trip in on if not any(trip in t for _, t in page.columns)}
            assert on - others <= in_columns
            assert by_hour == len(others - repeated), day
            assert not others & repeated or page.bands
            seen += len(on)
    return seen


def of_frames(frames: dict[str, Any]) -> Tables:
    return {
        name: [{k: v or "" for k, v in row.items()} for row in frame.to_dicts()]
        for name, frame in frames.items()
    }


@pytest.mark.parametrize("feed", [city, bus, odd])
@pytest.mark.parametrize("large", [False, True])
def test_every_trip_of_a_day_is_on_the_page_of_its_line(feed: Any, large: bool) -> None:
    frames = feed()
    pages = dict(Site(book_of(frames)).pages() if large else site(frames))
    assert count(pages, of_frames(frames)) > 0


def test_trains_that_set_out_on_a_later_date_keep_the_number_of_their_days() -> None:
    frames = through_coaches()
    assert count(dict(site(frames)), of_frames(frames), moved=True) > 0


def test_what_is_on_no_page_is_counted() -> None:
    html = dict(site(odd()))["index.html"]
    assert "1 trip without stop times" in html
    assert "1 trip without a day to run on" in html


@pytest.mark.parametrize("name", SMALL)
def test_every_trip_of_a_real_feed_is_on_a_page(name: str) -> None:
    path = CORPUS / f"{name}.zip"
    if not path.is_file():
        pytest.skip("needs GTFSGEN_CORPUS")
    tables: Tables = {}
    with zipfile.ZipFile(path) as archive:
        for entry in archive.namelist():
            if entry.endswith(".txt") and "shapes" not in entry:
                text = archive.read(entry).decode("utf-8-sig", "replace")
                rows = csv.DictReader(re.split(r"[\r\n]+", text), skipinitialspace=True)
                tables[entry.rpartition("/")[2][:-4]] = [
                    {(k or "").strip(): (v or "").strip() for k, v in row.items() if k}
                    for row in rows
                ]
    count(dict(site(read_page_tables(path))), tables)
