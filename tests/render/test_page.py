from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from click.testing import CliRunner

from gtfsgen.cli import main
from gtfsgen.dates import Dates
from gtfsgen.faults import Fault, Severity
from gtfsgen.render import page, report
from gtfsgen.render.service import days_text
from gtfsgen.render.trains import Column, service_of
from tests.render.feeds import bus, through_coaches

VOID = {"meta", "br", "link", "img", "input"}


class Elements(HTMLParser):
    """All elements of a page, and whether each that is opened is closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, tag
        assert self.open.pop() == tag

    def handle_data(self, data: Any) -> None:
        self.texts.append(data)


def columns() -> dict[str, Column]:
    service = service_of(through_coaches())
    return {c.label: c for line in service.lines for c in line.columns}


def local(column: Column) -> list[tuple[str, str]]:
    return [
        (c.station_id, f"{m // 1440}d{m % 1440 // 60:02d}:{m % 60:02d}")
        for c in column.calls
        for m in (c.arrival, c.departure)
        if m is not None
    ]


def test_a_linked_chain_is_told_as_trains_and_through_coaches() -> None:
    found = columns()
    assert {label: c.through for label, c in found.items()} == {
        "K27 › 95 › 52": True,
        "51 › 85 › K28": True,
        "K27": False,
        "95 › 52": False,
        "51 › 85": False,
        "K28": False,
    }
    coaches = found["K27 › 95 › 52"]
    assert [coaches.calls[n].station_id for n in coaches.handovers] == ["dandong"]


def test_a_line_has_the_routes_of_all_trains_that_its_trains_become() -> None:
    """52 is only ever the rest of 95: its route has no column of its own, but ways on the map."""
    (line,) = service_of(through_coaches()).lines
    assert line.route_ids == ["51", "52", "85", "95", "K27", "K28"]


def test_times_are_local_at_each_station() -> None:
    found = columns()
    assert local(found["K27 › 95 › 52"])[-4:] == [
        ("dandong", "1d10:00"),
        ("sinuiju", "1d11:10"),
        ("sinuiju", "1d13:10"),
        ("pyongyang", "1d18:07"),
    ]
    assert local(found["51 › 85"])[0] == ("pyongyang", "0d10:26")
    assert local(found["51 › 85 › K28"])[-1] == ("beijing", "1d08:40")


def test_days_are_those_of_departure_at_the_first_station() -> None:
    """95 with the through coaches belongs to K27's service day but leaves on the next."""
    found = columns()
    assert days_text(found["K27 › 95 › 52"].dates).startswith("Mo We Th Sa")
    assert days_text(found["95 › 52"].dates).startswith("daily")
    # On Thursday the 12th only Wednesday's coaches could have been on it, and they began that day.
    assert found["95 › 52"].dates.first == date(2026, 3, 13)
    assert len(found["K27"].dates) == len(Dates.between(date(2026, 3, 12), date(2027, 11, 20)))


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (Dates.weekdays((0, 2, 3, 5), date(2026, 1, 1), date(2026, 12, 31)), "Mo We Th Sa"),
        (Dates.weekdays(range(5), date(2026, 1, 1), date(2026, 12, 31)), "Mo–Fr"),
        (
            Dates.between(date(2026, 1, 1), date(2026, 12, 31)) - Dates.of([date(2026, 10, 1)]),
            "daily, not 1 Oct 2026",
        ),
        (
            Dates.weekdays((5,), date(2026, 1, 1), date(2026, 12, 31))
            | Dates.of([date(2026, 10, 1)]),
            "Sa, also 1 Oct 2026",
        ),
        (
            Dates.between(date(2026, 5, 1), date(2026, 9, 30)),
            "daily, 1 May – 30 Sep 2026",
        ),
        (Dates.of([date(2026, 5, 1)]), "1 May 2026"),
        (Dates(), "never"),
    ],
)  # fmt: skip
def test_days_in_words(days: Any, words: Any) -> None:
    assert days_text(days, (date(2026, 1, 1), date(2026, 12, 31))) == words


@pytest.mark.parametrize("feed", [through_coaches(), bus()])
def test_the_page_loads_nothing_and_is_well_formed(feed: Any) -> None:
    html = page(feed)
    elements = Elements(html)
    assert elements.open == []
    loaded = [
        (tag, name, value)
        for tag, attributes in elements.found
        for name, value in attributes.items()
        if name in ("src", "href", "action", "data", "srcset", "poster")
        and not (value or "").startswith("#")
    ]
    assert loaded == []
    assert "@import" not in html
    assert re.findall(r"url\((?!#)", html) == []
    ids = [attributes["id"] for _, attributes in elements.found if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = {str(a["href"])[1:] for tag, a in elements.found if tag == "a"}
    assert targets <= set(ids)


def test_the_page_shows_each_train_and_its_local_times() -> None:
    text = re.sub(r"<[^>]+>", "", page(through_coaches()))
    for number in ("K27", "K28", "95 › 52", "51 › 85"):
        assert number in text
    for time in ("17:26", "07:35", "10:00", "18:07", "10:26", "08:40"):
        assert time in text
    assert "Pyongyang time, UTC+9" in text
    assert "41:07" not in text
    assert "2 h 25 min" in text
    assert "Dandong – Pyongyang: 95 › 52 (Tue Thu Fri Sun)" in text


def test_the_same_feed_gives_the_same_page() -> None:
    assert page(through_coaches()) == page(through_coaches())


def test_texts_of_a_feed_cannot_become_markup() -> None:
    evil = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'"
    feed = bus(evil)
    feed["stops"] = feed["stops"].with_columns(stop_name=pl.lit(evil), stop_id="stop_id")
    feed["agency"] = feed["agency"].with_columns(agency_name=pl.lit(evil))
    feed["routes"] = feed["routes"].with_columns(
        route_short_name=pl.lit(evil), route_color=pl.lit('red" onload="alert(3)')
    )
    notice = Fault(Severity.ERROR, evil, evil, 1, "A", evil, found=evil, hint=evil)
    elements = Elements(page(feed, title=evil, banner=[str(notice)]))
    assert [tag for tag, _ in elements.found if tag in ("img", "script")] == ["script"] * 2
    assert not any(name.startswith("on") for _, a in elements.found for name in a)


def test_names_are_given_in_every_language() -> None:
    elements = Elements(page(through_coaches()))
    languages = [a["value"] for tag, a in elements.found if tag == "option" and "lang" in a]
    assert languages == ["en", "de", "fr", "ja", "ko", "zh"]
    assert "平壤" in "".join(elements.texts)
    assert "평양" in "".join(elements.texts)


def test_notices_are_listed_gravest_first() -> None:
    notices: list[Fault | Mapping[str, Any]] = [
        Fault(Severity.INFO, "no_route", "stations.csv", 3, "A", "drawn straight"),
        {"severity": "ERROR", "code": "bad_time", "place": "k27.csv:4:C", "message": "25h"},
    ]
    html = report(notices)
    assert html.index("bad_time") < html.index("no_route")
    assert "stations.csv:3:A" in html
    assert "k27.csv:4:C" in html
    assert "Nothing to report" in report([])
    assert "bad_time" not in page(bus())


def test_a_feed_of_almost_nothing_still_has_a_page() -> None:
    empty = {stem: frame.clear() for stem, frame in bus().items()}
    assert "no trips" in page(empty)
    bare = bus()
    bare["stops"] = bare["stops"].drop("stop_lat")
    bare["routes"] = bare["routes"].select("route_id", "route_type")
    del bare["agency"], bare["calendar_dates"]
    html = page(bare)
    assert 'id="timetables"' in html
    assert 'id="map"' not in html


def test_damaged_cells_are_passed_over() -> None:
    feed = through_coaches()
    feed["stop_times"] = feed["stop_times"].with_columns(
        arrival_time=pl.when(pl.col("stop_id") == "tianjin")
        .then(pl.lit("soon"))
        .otherwise("arrival_time")
    )
    feed["stops"] = feed["stops"].with_columns(stop_timezone=pl.lit("Mars/Olympus"))
    feed["calendar"] = feed["calendar"].with_columns(
        end_date=pl.when(pl.col("service_id") == "rest")
        .then(pl.lit("99999999"))
        .otherwise("end_date")
    )
    assert "18:07" not in page(feed)


def test_render_writes_the_page_of_a_folder(tmp_path: Path) -> None:
    for stem, frame in through_coaches().items():
        frame.write_csv(tmp_path / f"{stem}.txt")
    result = CliRunner().invoke(main, ["render", str(tmp_path), "-o", str(tmp_path / "site")])
    assert result.exit_code == 0, result.output
    assert "18:07" in (tmp_path / "site" / "index.html").read_text(encoding="utf-8")


def test_render_says_when_there_is_no_feed(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(b"no zip")
    result = CliRunner().invoke(main, ["render", str(tmp_path / "x.zip")])
    assert result.exit_code == 2
    assert "cannot be read as a feed" in result.output
    (tmp_path / "empty").mkdir()
    result = CliRunner().invoke(main, ["render", str(tmp_path / "empty")])
    assert result.exit_code == 2
    assert "it has no stops" in result.output


CHROMIUM = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)


@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
def test_the_page_runs_in_a_browser(tmp_path: Path) -> None:
    """Its script ran to the end: the scale bar has a length, every label has found its place."""
    (tmp_path / "index.html").write_text(page(through_coaches()), encoding="utf-8")
    result = subprocess.run(
        [
            str(CHROMIUM),
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--enable-logging=stderr",
            f"--user-data-dir={tmp_path / 'profile'}",
            "--dump-dom",
            (tmp_path / "index.html").as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "CONSOLE" not in result.stderr
    assert re.search(r'class="scale"[^>]*><span style="width: [\d.]+px', result.stdout)
    assert "<tspan" in result.stdout


def test_an_estimate_is_marked_where_it_is_one() -> None:
    """At Dandong the arrival of K27 is known; 95's departure there too; Sinuiju's times are not."""
    calls = {call.station_id: call for call in columns()["K27 › 95 › 52"].calls}
    dandong, sinuiju = calls["dandong"], calls["sinuiju"]
    assert (dandong.arrival_estimate, dandong.departure_estimate) == (False, False)
    assert (sinuiju.arrival_estimate, sinuiju.departure_estimate) == (True, True)
    feed = through_coaches()
    feed["stop_times"] = feed["stop_times"].with_columns(
        timepoint=pl.when(pl.col("arrival_time") == "31:35:00")
        .then(pl.lit("0"))
        .otherwise("timepoint")
    )
    html = page(feed)
    assert "~07:35 – 10:00" in html
    assert "~10:00" not in re.sub(r"<[^>]+>", "", html)


def test_a_station_that_fast_trains_pass_stands_on_the_axis_where_it_lies() -> None:
    """Only where trains take another way is there a panel of its own."""
    from gtfsgen.render.chart import String, _panels
    from gtfsgen.render.trains import Station

    places = {"a": 0.0, "b": 0.1, "c": 0.2, "d": 0.3, "e": 0.4}
    stations = {k: Station(k, k, (50.0, lon), "UTC") for k, lon in places.items()}
    stations["far"] = Station("far", "far", (51.5, 0.25), "UTC")
    service = service_of(bus())
    service.stations = stations

    def axes(*ways: str) -> list[list[str]]:
        strings = [
            String(tuple((s, n) for n, s in enumerate(way.split())), Dates(1), way) for way in ways
        ]
        return [list(panel.heights) for panel in _panels(strings, service)]

    assert axes("a b d e", "a c d", "e c a") == [["a", "b", "c", "d", "e"]]
    assert axes("a b d", "d e", "c b a") == [["a", "b", "c", "d", "e"]]
    assert axes("a b d e", "a far d") == [["a", "b", "d", "e"], ["a", "far", "d"]]
