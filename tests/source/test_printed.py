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
,,SX,SO,SX,SO,FX
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

COAST = Printed(
    "America/Los_Angeles",
    """\
lax,"Los Angeles, CA",34.0560,-118.2368,America/Los_Angeles
bbk,"Burbank Airport, CA",34.1925,-118.3538,America/Los_Angeles
sba,"Santa Barbara, CA",34.4139,-119.6927,America/Los_Angeles
slo,"San Luis Obispo, CA",35.2763,-120.6546,America/Los_Angeles
okj,"Oakland, CA",37.7936,-122.2717,America/Los_Angeles
""",
    """\
Coast Starlight,,,,,,,
,11,,◄ Train Number 4 ►,,,14,774
,Daily,,◄ Normal Days of Operation 4 ►,,,Daily,SaSu
,,,Will Not Operate,,,12/25,
Mile,READ DOWN,,Station,Symbol,,READ UP,READ UP
0,10 10A,Dp,"Los Angeles, CA (PT)",l QT,Ar,9 00P,11 45P
15,10 46A,,"Burbank Airport, CA",,,8 20P,11 05P
103,12 30P,Ar,"Santa Barbara, CA",,Dp,6 17P,9 20P
,12 40P,Dp,,,Ar,6 05P,9 15P
222,3 27P,,"San Luis Obispo, CA ♿",l,Dp,3 20P,R 6 50P
464,9 24P,Ar,"Oakland, CA",l,Dp,8 50A,
,,,Thruway Bus Connection,,,4911,
""",
    "letter,text,mark\nR,Stops only to receive passengers,pickup only\n",
    {
        ("11", daily): "lax 10:10; bbk 10:46; sba 12:30 12:40; slo 15:27; okj 21:24",
        ("14", lambda day: (day.month, day.day) != (12, 25)): "okj 8:50; slo 15:20;"
        " sba 18:05 18:17; bbk 20:20; lax 21:00",
        ("774", lambda day: day.weekday() > 4): "slo 18:50; sba 21:15 21:20; bbk 23:05; lax 23:45",
    },
    {("774", "slo"): ("0", "1")},
)

PORTIONS = Printed(
    "America/Chicago",
    AMERICAN_STATIONS,
    """\
Train,,,7/27
Days,,,MoWe
,Mile,,
"Chicago, IL",0,Dp,3:05 PM
"Milwaukee, WI",86,Ar,4:38 PM
"Minot, ND",920,,8:29 AM
"Havre, MT",1337,,2:39 PM
"Whitefish, MT",1599,,8:56 PM
"Spokane, WA",1877,,1:40 AM/2:15 AM
Seattle Section (Train 7),,,
"Seattle, WA",2206,Ar,10:25 AM
Portland Section (Train 27),,,
"Portland, OR",2257,Ar,10:10 AM
""",
    "",
    {
        ("7", lambda day: day.weekday() in (0, 2)): "chi 15:05; mke 16:38; mot 8:29+1; hav 14:39+1;"
        " wfh 20:56+1; spk 1:40+2 2:15+2; sea 10:25+2",
        ("27", lambda day: day.weekday() in (2, 4) and day > FIRST): "spk 2:15; pdx 10:10",
    },
    {},
)

KURSBUCH = Printed(
    "Europe/Berlin",
    """\
m,München Hbf,48.1402,11.5600,Europe/Berlin
p,München-Pasing,48.1500,11.4614,Europe/Berlin
a,Augsburg Hbf,48.3655,10.8857,Europe/Berlin
u,Ulm Hbf,48.3994,9.9829,Europe/Berlin
s,Stuttgart Hbf,48.7840,9.1829,Europe/Berlin
""",
    """\
980 München - Augsburg - Ulm - Stuttgart,,,,,,
von München Hbf,,,,,,
km,Zug,,RE 4711,IC 2266,RB 57011,ICE 612
,Verkehrstage,,Mo-Fr,täglich nicht 25.XII.,Sa+So,tgl. außer Sa
,,,2.,♿,②,
,von,,,,,Salzburg
0,München Hbf,ab,4.48,6.46,x7.05,|
7,München-Pasing,│,4.55,|,7.12,|
62,Augsburg Hbf,an,5.36,7.15,7.52,
62,Augsburg Hbf,ab,5.38,7.17,x 7.54,8.02
148,Ulm Hbf,an,6.30,8.03,8.50,8.45
148,Ulm Hbf,ab,,8.05,8.55,8.47
241,Stuttgart Hbf,an,,9.03,10.02,9.42
,nach,,,Karlsruhe,,Köln
② = nicht 24. Dez,,,,,,
""",
    "letter,text,mark\n②,nicht 24. Dez,not days 24 Dec\n",
    {
        ("RE 4711", weekdays): "m 4:48; p 4:55; a 5:36 5:38; u 6:30",
        ("IC 2266", lambda day: day != date(2026, 12, 25)): "m 6:46; a 7:15 7:17; u 8:03 8:05;"
        " s 9:03",
        ("RB 57011", lambda day: day.weekday() > 4): "m 7:05; p 7:12; a 7:52 7:54; u 8:50 8:55;"
        " s 10:02",
        ("ICE 612", lambda day: day.weekday() != 5): "a 8:02; u 8:45 8:47; s 9:42",
    },
    {("RB 57011", "m"): ("3", "3"), ("RB 57011", "a"): ("3", "3")},
)

JINGGUANG = """\
bj,北京西,39.8949,116.3220,Asia/Shanghai
sjz,石家庄,38.0097,114.4836,Asia/Shanghai
zz,郑州,34.7463,113.6568,Asia/Shanghai
gz,广州,23.1489,113.2578,Asia/Shanghai
"""
CHINESE_ROWS = Printed(
    "Asia/Shanghai",
    JINGGUANG,
    """\
车次,开行日期,类型,始发站,北京西发,石家庄到,石家庄发,郑州到,郑州发,广州到,终到站,备注
T15,每日,特快,北京西,11:00,13:25,13:31,16:50,16:56,次日08:00,广州,
K599,周一至周五,快速,北京西,21:05,23:57,00:05,04:20(第2日),04:30,21:50,广州,空调
Z35/Z36,双日,直达,北京西,20:06,--,--,01:21,01:27,15:55,广州,
""",
    "",
    {
        ("T15", daily): "bj 11:00; sjz 13:25 13:31; zz 16:50 16:56; gz 8:00+1",
        ("K599", weekdays): "bj 21:05; sjz 23:57 0:05+1; zz 4:20+1 4:30+1; gz 21:50+1",
        ("Z35/Z36", lambda day: day.day % 2 == 0): "bj 20:06; zz 1:21+1 1:27+1; gz 15:55+1",
    },
    {},
)

CHINESE_PAGES = Printed(
    "Asia/Shanghai",
    JINGGUANG,
    """\
京广线,,,,
里程,站名,,T15,K599
,开行日,,每日,每日
0,北京西,到,始发,——
,,开,11:00,21:05
281,石家庄,到,13:25,23:57
,,开,13:31,00:05
689,郑州,到,16:50,04:20
,,开,16:56,04:30
2294,广州,到,08:00,21:50
,,开,终到,——
""",
    "",
    {
        ("T15", daily): "bj 11:00; sjz 13:25 13:31; zz 16:50 16:56; gz 8:00+1",
        ("K599", daily): "bj 21:05; sjz 23:57 0:05+1; zz 4:20+1 4:30+1; gz 21:50+1",
    },
    {},
)

JAPANESE = Printed(
    "Asia/Tokyo",
    """\
tyo,東京,35.6812,139.7671,Asia/Tokyo
szo,静岡,34.9719,138.3889,Asia/Tokyo
ngo,名古屋,35.1709,136.8815,Asia/Tokyo
kyo,京都,34.9858,135.7588,Asia/Tokyo
osk,大阪,34.7025,135.4959,Asia/Tokyo
""",
    """\
列車番号,,321M,3001M,5031M,725M
列車名,,,こだま1号,サンライズ,
運転日,,毎日,毎日,毎日,1-5
東京,発,520,600,2150,===
静岡,着,832,レ,020,
静岡,発,840,レ,028,641
名古屋,着,1130,756,||,930
,発,…,758,||,935
京都,発,,835,‖,1140
大阪,着,,850,628,1225
""",
    "",
    {
        ("321M", daily): "tyo 5:20; szo 8:32 8:40; ngo 11:30",
        ("3001M", daily): "tyo 6:00; ngo 7:56 7:58; kyo 8:35; osk 8:50",
        ("5031M", daily): "tyo 21:50; szo 0:20+1 0:28+1; osk 6:28+1",
        ("725M", weekdays): "szo 6:41; ngo 9:30 9:35; kyo 11:40; osk 12:25",
    },
    {},
)

TABLES = {
    "american, both ways": COAST,
    "american portions": PORTIONS,
    "kursbuch": KURSBUCH,
    "chinese rows": CHINESE_ROWS,
    "chinese pages": CHINESE_PAGES,
    "japanese": JAPANESE,
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


KINGS_CROSS = """\
kgx,London Kings Cross,51.5308,-0.1238,Europe/London
svg,Stevenage,51.9017,-0.2070,Europe/London
pbo,Peterborough,52.5750,-0.2500,Europe/London
yrk,York,53.9583,-1.0931,Europe/London
"""
SAME_MINUTES = """\
Mondays to Fridays,,,,,,,,
,,,,and at,,,FO,FX
Train,,1S05,1E01,the same,1S25,1E21,1N30,1N31
London Kings Cross,d,06 00,06 30,minutes,17 00,17 30,18 03,18 04
Stevenage,d,.,06 50,past,.,17 50,18 24,18 24
Peterborough,a,.,07 15,each,.,18 15,18 52,18 52
,d,.,.,hour,.,.,18 53,18 53
York,a,08 03,,until,19 03,.,20 10,20 10
"""


def british_project(folder: Path, grid: str) -> Path:
    return project(folder, Printed("Europe/London", KINGS_CROSS, grid, "", {}, {}))


def test_trains_of_the_same_minutes_repeat_until_the_next_column(tmp_path: Path) -> None:
    source = read_source(british_project(tmp_path / "source", SAME_MINUTES))
    assert [str(f) for f in source.faults if f.severity is Severity.ERROR] == []
    assert {"days_from_title", "row_taken_as_days"} <= {f.code for f in source.faults}
    starts = {
        run: source.calls.filter(run_id=run, order=0)["departure_s"].item() // 60
        for run in source.runs
    }
    hourly = [60 * hour for hour in range(6, 18)]
    assert sorted(m for run, m in starts.items() if run.startswith("1S")) == hourly
    half_past = [m + 30 for m in hourly]
    assert sorted(m for run, m in starts.items() if run.startswith("1E")) == half_past
    days = {name: run.days for name, run in source.runs.items() if name.startswith("1N")}
    assert days == {"1N30": "Fr", "1N31": "Mo-Th"}


def test_a_pattern_whose_end_is_another_train_is_an_error(tmp_path: Path) -> None:
    other = SAME_MINUTES.replace("17 00", "17 01").replace("17 30", "17 31")
    faults = read_source(british_project(tmp_path / "source", other)).faults
    assert [(f.code, f.line, f.column) for f in faults if f.severity is Severity.ERROR] == [
        ("pattern_without_end", 3, "E")
    ]


def test_days_in_a_row_without_label_must_agree_with_the_row_days(tmp_path: Path) -> None:
    grid = ",,SX,SO\nTrain,,1,3\nDays,,SX,FO\nStevenage,d,9:00,10:00\nYork,a,11:00,12:00\n"
    faults = read_source(british_project(tmp_path / "source", grid)).faults
    assert [(f.code, f.line, f.column) for f in faults if f.severity is Severity.ERROR] == [
        ("days_said_twice", 1, "D")
    ]


def test_a_train_that_reads_upward_unmarked_is_one_error(tmp_path: Path) -> None:
    grid = (
        "Train,,1,2\nDays,,daily,daily\nLondon Kings Cross,,9:00,13:00\nStevenage,,9:20,12:40\n"
        "Peterborough,,9:50,12:10\nYork,,11:00,11:00\n"
    )
    faults = read_source(british_project(tmp_path / "source", grid)).faults
    assert [(f.code, f.line, f.column) for f in faults] == [("train_reads_upward", 1, "D")]


def test_times_of_twelve_hours_that_go_back_ask_for_am_and_pm(tmp_path: Path) -> None:
    """As where bold print says p.m., which no CSV has."""
    grid = (
        "Train,,1\nDays,,daily\nLondon Kings Cross,,11:10\nStevenage,,11:30\n"
        "Peterborough,,12:05\nYork,,1:40\n"
    )
    folder = british_project(tmp_path / "source", grid)
    faults = [f for f in read_source(folder).faults if f.severity is Severity.ERROR]
    assert [(f.code, f.line, f.column) for f in faults] == [("ambiguous_half", 6, "C")]
    table = folder / "timetables" / "printed.csv"
    table.write_text(grid.replace("Days", "clock,,24\nDays"))
    assert [f for f in read_source(folder).faults if f.severity is Severity.ERROR] == []
    table.write_text(
        grid.replace("1:40", "1:40 pm")
        .replace("11:", "11:")
        .replace(":10", ":10 am")
        .replace(":30", ":30 am")
        .replace(":05", ":05 pm")
    )
    assert [f for f in read_source(folder).faults if f.severity is Severity.ERROR] == []
