"""What is printed is what the feed says, counted by reading its files with nothing of ours."""

from __future__ import annotations

import csv
import io
import json
import re
import sqlite3
import subprocess
import xml.etree.ElementTree as ET
from collections import Counter, defaultdict
from datetime import date, timedelta
from pathlib import Path
from zipfile import ZipFile

import pytest
import shapely
import shapely.geometry
from click.testing import CliRunner

from gtfsgen.dates import Dates
from gtfsgen.printing.drawings import SVG, drawings, place_names, plain_style, png
from gtfsgen.printing.formats import printed
from gtfsgen.printing.layers import geopackage, layers
from gtfsgen.printing.tables import Grid, Hours, Printer, weekday_kinds
from gtfsgen.render.book import Book, book_of
from gtfsgen.render.chart import line_chart
from gtfsgen.render.pages import Site
from gtfsgen.render.tables import PAGE_TABLES, flex_areas, text_tables

ROOT = Path(__file__).parents[2]
FLAGSHIP = ROOT / "feed" / "gtfs.zip"
MONDAY = date(2026, 3, 2)

CITY = {
    "agency.txt": "agency_id,agency_name,agency_url,agency_timezone\n"
    "A,City,https://a.example,Europe/Paris\n",
    "routes.txt": "route_id,agency_id,route_short_name,route_long_name,route_type\n"
    "B1,A,1,Harbour – Hill,3\n",
    "stops.txt": "stop_id,stop_name,stop_lat,stop_lon\n"
    + "".join(f"S{n},Stop {n},{48 + n / 100},{2 + n / 100}\n" for n in range(4)),
    "calendar.txt": "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,"
    "start_date,end_date\n"
    "work,1,1,1,1,1,0,0,20260302,20260628\nsat,0,0,0,0,0,1,0,20260302,20260628\n",
    "calendar_dates.txt": "service_id,date,exception_type\nwork,20260501,2\nsat,20260501,1\n",
}


def city_feed(folder: Path) -> Path:
    """A line with more trips than a grid has room for: 60 on working days, 20 on Saturdays."""
    trips = [("work", 5 * 60 + 15 * n) for n in range(60)] + [
        ("sat", 6 * 60 + 45 * n) for n in range(20)
    ]
    files = dict(CITY)
    files["trips.txt"] = "route_id,service_id,trip_id,direction_id\n" + "".join(
        f"B1,{service},T{n},0\n" for n, (service, _) in enumerate(trips)
    )
    files["stop_times.txt"] = "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
    for n, (_, start) in enumerate(trips):
        for k in range(4 if n % 5 else 3):
            clock = f"{(start + 7 * k) // 60:02d}:{(start + 7 * k) % 60:02d}:00"
            files["stop_times.txt"] += f"T{n},{clock},{clock},S{k},{k}\n"
    path = folder / "city.zip"
    with ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path


def book(feed: Path) -> Book:
    return book_of(text_tables(feed, PAGE_TABLES), flex_areas(feed))


def rows_of(feed: Path, table: str) -> list[dict[str, str]]:
    with ZipFile(feed) as archive, archive.open(f"{table}.txt") as file:
        return list(csv.DictReader(io.TextIOWrapper(file, "utf-8-sig")))


def starts_on(feed: Path, day: date) -> Counter[str]:
    """Departures of trips of a day at their first stops, as the files say."""
    weekday = day.strftime("%A").lower()
    text = day.strftime("%Y%m%d")
    on = {
        row["service_id"]
        for row in rows_of(feed, "calendar")
        if row[weekday] == "1" and row["start_date"] <= text <= row["end_date"]
    }
    for row in rows_of(feed, "calendar_dates"):
        if row["date"] == text:
            (on.add if row["exception_type"] == "1" else on.discard)(row["service_id"])
    trips = {row["trip_id"] for row in rows_of(feed, "trips") if row["service_id"] in on}
    first: dict[str, tuple[int, str]] = {}
    for row in rows_of(feed, "stop_times"):
        if row["trip_id"] in trips:
            place = int(row["stop_sequence"]), row["departure_time"][:5]
            first[row["trip_id"]] = min(first.get(row["trip_id"], place), place)
    return Counter(clock for _, clock in first.values())


@pytest.mark.parametrize("day", [MONDAY, date(2026, 5, 1), date(2026, 5, 2), date(2026, 5, 3)])
def test_the_printed_hours_of_a_day_are_its_departures(tmp_path: Path, day: date) -> None:
    feed = city_feed(tmp_path)
    made = book(feed)
    printer = Printer(made, "en", day)
    found: Counter[str] = Counter()
    for line in made.lines:
        for table in printer.tables(line):
            if isinstance(table, Hours):
                found.update(f"{m // 60:02d}:{m % 60:02d}" for m, _ in table.entries)
    assert found == starts_on(feed, day)


def test_without_a_day_every_departure_stands_in_the_table_of_its_weekday(tmp_path: Path) -> None:
    feed = city_feed(tmp_path)
    made = book(feed)
    tables = [t for t in Printer(made, "en").tables(made.lines[0]) if isinstance(t, Hours)]
    assert [table.days for table in tables] == ["Mon–Fri, not 1 May 2026", "Sat, also 1 May 2026"]
    assert [len(table.entries) for table in tables] == [60, 20]
    assert [table.legend for table in tables] == [["a only to Stop 2"]] * 2


def test_the_csv_of_a_city_has_every_call(tmp_path: Path) -> None:
    feed = city_feed(tmp_path)
    made = book(feed)
    files = printed(made, Site(made), ["csv"]).files
    cells = [
        cell
        for name, content in sorted(files.items())
        for row in list(csv.reader(content.decode().splitlines()))[2:]
        for cell in row[2:]
        if cell
    ]
    wanted = Counter(row["departure_time"][:5] for row in rows_of(feed, "stop_times"))
    assert Counter(cells) == wanted


def test_weekdays_of_the_same_trains_are_one_kind() -> None:
    first, last = date(2026, 1, 1), date(2026, 12, 31)
    work = Dates.weekdays(range(5), first, last)
    friday = Dates.weekdays([4], first, last)
    sunday = Dates.weekdays([6], first, last)
    assert weekday_kinds([work, friday, sunday]) == [[0, 1, 2, 3], [4], [6]]
    assert weekday_kinds([]) == []
    assert weekday_kinds([work, Dates.of([date(2026, 7, 2)])]) == [[0, 1, 2, 3, 4]]
    holiday = Dates.of([date(2026, 5, 1)])
    assert weekday_kinds([work, sunday | holiday]) == [[0, 1, 2, 3, 4], [6]]


def test_the_grid_of_the_flagship_says_the_local_times() -> None:
    made = book(FLAGSHIP)
    grids = [t for t in Printer(made, "en").tables(made.lines[0]) if isinstance(t, Grid)]
    assert [grid.title for grid in grids] == ["Beijing → Pyongyang", "Pyongyang → Beijing"]
    coach = grids[0].trains.index("K27 › 95 › 52")
    at: dict[str, list[str]] = defaultdict(list)
    label = ""
    for row in grids[0].rows:
        label = row.label or label
        if row.cells:
            at[label].append(str(row.cells[coach]))
    assert at["Beijing"] == ["17:26"]
    assert at["Dandong"] == ["07:35+1", "10:00+1 95"]
    assert at["Shenyang"] == ["~03:20+1", "~03:40+1"]
    assert at["Pyongyang"] == ["18:07+1"]


def pdf_text(content: bytes, folder: Path) -> str:
    path = folder / "t.pdf"
    path.write_bytes(content)
    try:
        done = subprocess.run(["pdftotext", "-layout", str(path), "-"], capture_output=True)
    except FileNotFoundError:
        pytest.skip("pdftotext is not installed")
    return done.stdout.decode()


def test_the_pdf_holds_all_times_and_repeats_its_heads(tmp_path: Path) -> None:
    feed = city_feed(tmp_path)
    made = book(feed)
    first = printed(made, Site(made), ["pdf"]).files["timetable.pdf"]
    assert first == printed(book(feed), Site(book(feed)), ["pdf"]).files["timetable.pdf"]
    text = pdf_text(first, tmp_path)
    assert "Harbour – Hill" in text
    assert "Stop 0 → Stop 3" in text
    for hour in range(5, 20):
        assert re.search(rf"\b{hour}\s+00a?\s+15a?\s+30a?\s+45", text), hour


def test_letters_that_typst_has_not_are_remarked() -> None:
    made = book(FLAGSHIP)
    remarks = printed(made, Site(made), ["pdf"]).remarks
    assert any("fonts of this machine" in remark for remark in remarks)


def test_drawings_are_files_without_what_does_not_run_that_day() -> None:
    made = book(FLAGSHIP)
    site = Site(made)
    days = [date(2026, 4, 6) + timedelta(n) for n in range(7)]
    charts = [dict(drawings(made, site, day))["beijing-pyongyang-chart.svg"] for day in days]
    assert made.lines[0].line is not None
    sheet = site._sheet({})
    whole = str(line_chart(made.lines[0].line, sheet))
    for day, text in zip(days, charts, strict=True):
        for dates, number in sheet.days.sets.items():
            shown, all_of_it = (len(re.findall(rf'thr d{number}"', t)) for t in (text, whole))
            assert shown == (all_of_it if day in dates else 0)
    assert len(set(charts)) > 1
    for text in charts:
        root = ET.fromstring(text.partition("\n")[2])
        assert root.tag == f"{{{SVG}}}svg"
        assert "var(" not in text
        assert "http://" not in text.replace(SVG, ""), "nothing is fetched"
    assert png(charts[0]).startswith(b"\x89PNG")


def test_names_on_the_map_lie_on_nothing_and_within_it() -> None:
    made = book(FLAGSHIP)
    text = dict(drawings(made, Site(made), None))["map.svg"]
    names = {name for name in ("Beijing", "Dandong", "Sinuiju", "Pyongyang") if f">{name}<" in text}
    assert names == {"Beijing", "Dandong", "Sinuiju", "Pyongyang"}
    crowd = "".join(
        f'<g class="stop" transform="translate({50 + n % 2} 50)"><circle r="3"/>'
        f'<text x="9" y="4">Name {n}</text></g>'
        for n in range(40)
    )
    root = ET.fromstring(f'<svg xmlns="{SVG}">{crowd}</svg>')
    left_out = place_names(root, 100.0, 100.0)
    assert left_out == 40 - len(list(root.iter(f"{{{SVG}}}text")))
    assert left_out > 30


def test_styles_of_the_page_are_plain_in_a_file() -> None:
    css = ":root { --a: #123; --b: var(--a); }\n@media print { p { color: red } }\n"
    css += "q { color: var(--b) }\n"
    assert plain_style(css).split() == ["q", "{", "color:", "#123", "}"]


def test_layers_hold_every_station_and_line_and_the_package_is_the_same_each_time(
    tmp_path: Path,
) -> None:
    made = book(FLAGSHIP)
    found = layers(made, Site(made))
    assert {f["properties"]["name"] for f in found["stations"]} == {
        row["stop_name"] for row in rows_of(FLAGSHIP, "stops")
    }
    lines = [shapely.geometry.shape(f["geometry"]) for f in found["lines"]]
    assert all(line.is_valid for line in lines)
    package = geopackage(found)
    assert package == geopackage(found)
    (tmp_path / "p.gpkg").write_bytes(package)
    with sqlite3.connect(tmp_path / "p.gpkg") as base:
        counts = [base.execute(f"select count(*) from {name}").fetchone()[0] for name in found]
    assert counts == [len(features) for features in found.values()]
    text = printed(made, Site(made), ["geojson"]).files["lines.geojson"]
    assert json.loads(text)["features"][0]["geometry"]["type"] == "MultiLineString"


def render(*arguments: str) -> tuple[int, str]:
    from gtfsgen.cli import main

    result = CliRunner().invoke(main, ["render", *arguments])
    return result.exit_code, result.output


def test_the_command_writes_what_is_asked_for(tmp_path: Path) -> None:
    feed = city_feed(tmp_path)
    out = tmp_path / "out"
    assert render(str(feed), "--format", "html,csv,geojson", "-o", str(out))[0] == 0
    names = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}
    assert {"index.html", "lines.geojson", "stations.geojson"} <= names
    assert {name for name in names if name.startswith("csv/")} == {"csv/1-1.csv"}
    assert render(str(feed), "--format", "pdf", "-o", str(tmp_path / "t.pdf"))[0] == 0
    assert (tmp_path / "t.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--format", "pdff"], "'pdff' is none"),
        (["--format", ","], "none is named"),
        (["--format", "pdf", "--date", "24.12.2026"], "'24.12.2026' is no date"),
        (["--date", "2026-12-24"], "the reader chooses the day"),
        (["--format", "geojson", "-o", "a.geojson"], "2 files are made"),
    ],
)
def test_wrong_options_are_said(tmp_path: Path, arguments: list[str], said: str) -> None:
    feed = city_feed(tmp_path)
    code, output = render(str(feed), *arguments)
    assert code == 2
    assert said in " ".join(output.replace("│", " ").split())
    assert [path.name for path in tmp_path.iterdir()] == ["city.zip"]


@pytest.mark.parametrize(
    ("language", "said"), [("en", "every 6 minutes"), ("de", "alle 6 Minuten")]
)
def test_headways_are_told_in_the_language_of_the_page(language: str, said: str) -> None:
    made = book(FLAGSHIP)
    assert Printer(made, language)._headway(360, 360) == said
