"""Tables typed as railways print them, built, and every local time on every date compared.

What is expected stands here as a rider reads it: a train, its days, and the clock on the wall of
each station, with the days since the first departure. The feed is asked by arithmetic of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from gtfsgen.builds import build
from gtfsgen.faults import Severity
from gtfsgen.source import read_source
from tests.projects.test_projects import calls_in_feed, in_a_night_of_change

FIRST, LAST = date(2026, 11, 20), date(2027, 11, 19)
FEED = """\
as_of = 2026-11-20
first_day = 2026-11-20
last_day = 2027-11-19
timezone = "{zone}"
languages = ["en"]

[publisher]
name = "A test"
url = "https://example.org/"
"""

Days = Callable[[date], bool]


@dataclass(frozen=True)
class Printed:
    """A table, and what it says as a rider reads it."""

    zone: str
    stations: str
    grid: str
    notes: str
    expected: dict[tuple[str, Days], str]
    """Train and days -> its calls, as `station 9:12 9:15`, +1 behind times of a later day."""
    doors: dict[tuple[str, str], tuple[str, str]]
    """Train and station -> pickup_type and drop_off_type."""


def daily(day: date) -> bool:
    return True


def weekdays(day: date) -> bool:
    return day.weekday() < 5


def saturdays(day: date) -> bool:
    return day.weekday() == 5


AMERICAN_STATIONS = """\
chi,"Chicago, IL",41.8787,-87.6393,America/Chicago
mke,"Milwaukee, WI",43.0345,-87.9170,America/Chicago
msp,"St. Paul-Minneapolis, MN",44.9480,-93.0868,America/Chicago
mot,"Minot, ND",48.2361,-101.2985,America/Chicago
hav,"Havre, MT",48.5538,-109.6785,America/Denver
wfh,"Whitefish, MT",48.4139,-114.3353,America/Denver
spk,"Spokane, WA",47.6566,-117.4154,America/Los_Angeles
sea,"Seattle, WA",47.5987,-122.3300,America/Los_Angeles
pdx,"Portland, OR",45.5287,-122.6768,America/Los_Angeles
"""

AMERICAN = Printed(
    "America/Chicago",
    AMERICAN_STATIONS,
    """\
Empire Builder,,,,,
"Chicago - Seattle/Portland",,,Effective January 12,,
Train Number,,,7,27,Symbol
Normal Days of Operation,,,Daily,Daily,
,Mile,,,,
"Chicago, IL",0,Dp,3:05 PM,,QR
"Milwaukee, WI",85,Ar,4:38 PM,,QT
"Milwaukee, WI",85,Dp,4:45 PM R,,
"St. Paul-Minneapolis, MN",418,Ar,11:01P,,
,,Dp,11:08P,,
NORTH DAKOTA,,,,,
"Minot, ND",897,Ar,9:18A,,
,,Dp,9:28 A.M.,,
"Havre, MT",1256,,2:39 p.m./3:04 p.m.,,
"Whitefish, MT",1546,Dp,9:16 PM,,
"Spokane, WA",1814,Ar,1:40 AM,,
"Spokane, WA",1814,Dp,2:15 AM,2:45 AM,
"Portland, OR",2257,Ar,↓,10:10 AM,
"Seattle, WA",2206,Ar,11:29 AM,,
,,,,,
"R Stops only to receive passengers",,,,,
""",
    "letter,text,mark\nR,Stops only to receive passengers,pickup only\n",
    {
        ("7", daily): "chi 15:05; mke 16:38 16:45; msp 23:01 23:08; mot 9:18+1 9:28+1;"
        " hav 14:39+1 15:04+1; wfh 21:16+1; spk 1:40+2 2:15+2; sea 11:29+2",
        ("27", daily): "spk 2:45; pdx 10:10",
    },
    {("7", "mke"): ("0", "1"), ("7", "msp"): ("0", "0")},
)

BRITISH = Printed(
    "Europe/London",
    """\
lpl,Liverpool,53.4075,-2.9776,Europe/London
man,Manchester,53.4774,-2.2309,Europe/London
hud,Huddersfield,53.6486,-1.7847,Europe/London
lds,Leeds,53.7951,-1.5476,Europe/London
yrk,York,53.9583,-1.0931,Europe/London
""",
    """\
Table 39: Liverpool - York,,,,,,
,,SX,SO,SX,SO,SX
Train,,1F60,1F60,1P20,1P22,1P24
Days,,SX,SO,SX,SO,FX
Liverpool,d,09 15,09 20,---,---,21s50
Manchester,a,09u55½,10u00,│,↓,22 35
Manchester,d,10 00,10 05,11 10,11 10,22 40
Huddersfield,,→,→,11 45,11 45,23x10
Leeds,a,10 59,11 03,12 20,12 20,23 59
 ,d,11 02,11 07,12 25,12 25,00 05
York,a,11 30,11 35,12 55,12 55,00 40

u - Calls only to pick up,,,,,,
""",
    "letter,text,mark\nu,Calls to take up only,pickup only\ns,,drop off only\nx,,on request\n",
    {
        ("1F60", weekdays): "lpl 9:15; man 9:55:30 10:00; lds 10:59 11:02; yrk 11:30",
        ("1F60", saturdays): "lpl 9:20; man 10:00 10:05; lds 11:03 11:07; yrk 11:35",
        ("1P20", weekdays): "man 11:10; hud 11:45; lds 12:20 12:25; yrk 12:55",
        ("1P22", saturdays): "man 11:10; hud 11:45; lds 12:20 12:25; yrk 12:55",
        ("1P24", lambda day: day.weekday() in (0, 1, 2, 3, 5)): "lpl 21:50; man 22:35 22:40;"
        " hud 23:10; lds 23:59 0:05+1; yrk 0:40+1",
    },
    {("1F60", "man"): ("0", "1"), ("1P24", "hud"): ("3", "3")},
)

GERMAN = Printed(
    "Europe/Berlin",
    """\
m,München Hbf,48.1402,11.5600,Europe/Berlin
a,Augsburg Hbf,48.3655,10.8857,Europe/Berlin
u,Ulm Hbf,48.3994,9.9829,Europe/Berlin
s,Stuttgart Hbf,48.7840,9.1829,Europe/Berlin
""",
    """\
km;Zug;;RE 5;IC 118;RE 7;RE 9
;Verkehrstage;;Mo-Fr;täglich außer 25. Dez;Sa, So;Sa
;Zuggattung;;RE;IC;RE;RE
0;München Hbf;ab;7.05;9.00;10.05;11.05
62;Augsburg Hbf;an;7.45 x;9.40;10.45;11.45
;;ab;7.47;9.42;10.47;11.47
148;Ulm Hbf;an;8.40;10.30;11.40;12.40
148;Ulm Hbf;ab;(8.45);10.32;11.45;12.45
241;Stuttgart Hbf;an;9.45;11.20;12.45;13.45
""",
    "",
    {
        ("RE 5", weekdays): "m 7:05; a 7:45 7:47; u 8:40 8:45; s 9:45",
        ("IC 118", lambda day: day != date(2026, 12, 25)): "m 9:00; a 9:40 9:42; u 10:30 10:32;"
        " s 11:20",
        ("RE 7", lambda day: day.weekday() > 4): "m 10:05; a 10:45 10:47; u 11:40 11:45; s 12:45",
        ("RE 9", saturdays): "m 11:05; a 11:45 11:47; u 12:40 12:45; s 13:45",
    },
    {("RE 5", "a"): ("3", "3"), ("RE 5", "u"): ("1", "1")},
)

CHINESE = Printed(
    "Asia/Shanghai",
    """\
bj,北京,39.9017,116.4215,Asia/Shanghai
tj,天津,39.1357,117.2037,Asia/Shanghai
jn,济南,36.6711,116.9908,Asia/Shanghai
sh,上海,31.2495,121.4560,Asia/Shanghai
""",
    """\
车次,,K27,T109,Z281
开行日,,每日,双日,除12月25日
里程,,,,
北京,发,17：26,20:03,23:10
天津,着,18:50,‖,00:40
天津,发,18:56,‖,00:46
济南,着,22:10,00:30,04:00
济南,发,22:18,00:36,04:08
上海,着,07:40,10:05,13:30
""",
    "",
    {
        ("K27", daily): "bj 17:26; tj 18:50 18:56; jn 22:10 22:18; sh 7:40+1",
        ("T109", lambda day: day.day % 2 == 0): "bj 20:03; jn 0:30+1 0:36+1; sh 10:05+1",
        ("Z281", lambda day: day != date(2026, 12, 25)): "bj 23:10; tj 0:40+1 0:46+1;"
        " jn 4:00+1 4:08+1; sh 13:30+1",
    },
    {},
)

AS_ROWS = Printed(
    "Europe/Berlin",
    GERMAN.stations,
    """\
Zug,Tage,München Hbf ab,Augsburg Hbf an,Augsburg Hbf ab,Ulm Hbf an,Ulm Hbf ab,Stuttgart Hbf an
RE 5,Mo-Fr,7.05,7.45,7.47,8.40,8.45,9.45
RE 7,Sa So,10.05,10.45,10.47,11.40,11.45,12.45
""",
    "",
    {
        ("RE 5", weekdays): "m 7:05; a 7:45 7:47; u 8:40 8:45; s 9:45",
        ("RE 7", lambda day: day.weekday() > 4): "m 10:05; a 10:45 10:47; u 11:40 11:45; s 12:45",
    },
    {},
)

TABLES = {
    "american": AMERICAN,
    "british": BRITISH,
    "german": GERMAN,
    "chinese": CHINESE,
    "trains as rows": AS_ROWS,
}


def project(folder: Path, table: Printed, *, workbook: bool = False) -> Path:
    (folder / "timetables").mkdir(parents=True)
    (folder / "feed.toml").write_text(FEED.format(zone=table.zone))
    (folder / "agencies.csv").write_text("id,name,url\nx,X,https://example.org/\n")
    (folder / "stations.csv").write_text("station_id,name,lat,lon,timezone\n" + table.stations)
    if table.notes:
        (folder / "notes.csv").write_text(table.notes)
    if not workbook:
        (folder / "timetables" / "printed.csv").write_text(table.grid, encoding="utf-8")
    return folder


def calls_expected(table: Printed) -> Counter[tuple[str, str, datetime, datetime]]:
    found: Counter[tuple[str, str, datetime, datetime]] = Counter()
    for (train, days), calls in table.expected.items():
        for back in range((LAST - FIRST).days + 1):
            day = FIRST + timedelta(days=back)
            if not days(day):
                continue
            for call in calls.split(";"):
                station, *clocks = call.split()
                both = [moment(day, clock) for clock in clocks]
                found[train, station, both[0], both[-1]] += 1
    return found


def moment(day: date, clock: str) -> datetime:
    clock, _, days = clock.partition("+")
    hour, minute, second = (*map(int, clock.split(":")), 0)[:3]
    return datetime(day.year, day.month, day.day, hour, minute, second) + timedelta(
        days=int(days or 0)
    )


def quiet(calls: Counter[Any], zones: dict[str, ZoneInfo]) -> Counter[Any]:
    """Without the calls in nights of a clock change: a time may be shown there twice or never."""
    return Counter(
        {
            key: count
            for key, count in calls.items()
            if not any(in_a_night_of_change(Moment(at), zones[key[1]]) for at in key[2:])
        }
    )


def compare(folder: Path, table: Printed, tmp_path: Path) -> None:
    source = read_source(folder)
    assert [str(f) for f in source.faults if f.severity is Severity.ERROR] == []
    made = build(folder, tmp_path / "feed.zip", draw=False, validate=False)
    zones = {s["stop_id"]: ZoneInfo(s["stop_timezone"]) for s in made.tables["stops"].to_dicts()}
    built: dict[tuple[str, str, date], list[Any]] = {}
    for call, count in calls_in_feed(made).items():
        key = (call.train, call.station_id, call.arrival.date())
        built.setdefault(key, []).extend([call] * count)
    found: Counter[tuple[str, str, datetime, datetime]] = Counter(
        (train, station, min(c.arrival for c in here), max(c.departure for c in here))
        for (train, station, _), here in built.items()
    )
    assert quiet(found, zones) == quiet(calls_expected(table), zones)
    doors = {}
    names = {t["trip_id"]: t["trip_short_name"] for t in made.tables["trips"].to_dicts()}
    for row in made.tables["stop_times"].to_dicts():
        doors[names[row["trip_id"]], row["stop_id"]] = (
            row.get("pickup_type") or "0", row.get("drop_off_type") or "0"
        )  # fmt: skip
    assert {key: doors[key] for key in table.doors} == table.doors


@dataclass(frozen=True)
class Moment:
    departure: datetime


@pytest.mark.parametrize("name", TABLES)
def test_a_table_as_printed_is_built_as_it_stands(name: str, tmp_path: Path) -> None:
    compare(project(tmp_path / "source", TABLES[name]), TABLES[name], tmp_path)


def test_a_workbook_with_merged_heads(tmp_path: Path) -> None:
    """Days over four trains, a station over its two rows, a title over all; a legend below."""
    openpyxl = pytest.importorskip("openpyxl")
    table = Printed(
        "Europe/Berlin",
        GERMAN.stations,
        "",
        "",
        {
            ("1", weekdays): "m 7:05; a 7:45 7:47; s 9:45",
            ("3", weekdays): "m 9:05; a 9:45 9:47; s 11:45",
            ("5", weekdays): "m 11:05; a 11:45 11:47; s 13:45",
            ("7", lambda day: day.weekday() > 4): "m 13:05; a 13:45 13:47; s 15:45",
        },
        {},
    )
    folder = project(tmp_path / "source", table, workbook=True)
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (
        ["München - Stuttgart"],
        ["Zug", None, 1, 3, 5, 7],
        ["Verkehrstage", None, "Mo-Fr", None, None, "Sa So"],
        ["München Hbf", "ab", "7:05", "9:05", "11:05", "13:05"],
        ["Augsburg Hbf", "an", "7:45", "9:45", "11:45", "13:45"],
        [None, "ab", "7:47", "9:47", "11:47", "13:47"],
        ["Stuttgart Hbf", "an", "9:45", "11:45", "13:45", "15:45"],
        ["Legende", "x = hält nur bei Bedarf"],
    ):
        sheet.append(row)
    for cells in ("A1:F1", "C3:E3", "A5:A6"):
        sheet.merge_cells(cells)
    book.save(folder / "timetables" / "printed.xlsx")
    compare(folder, table, tmp_path)
