"""A small project of two railways, written to a folder cell by cell."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path

from gtfsgen.faults import Fault, Severity
from gtfsgen.source import read_source
from gtfsgen.source.model import Source

FEED = """\
as_of = 2026-11-20
first_day = 2026-03-12
timezone = "Asia/Shanghai"
languages = ["en", "zh"]

[publisher]
name = "A test"
url = "https://example.org/test"
"""

STATIONS = """\
station_id,name,name_zh,lat,lon,timezone
beijing,Beijing,北京,39.9011168,116.4210134,Asia/Shanghai
tianjin,Tianjin,天津,39.1357517,117.2036841,Asia/Shanghai
shenyang,Shenyang,沈阳,41.7924481,123.3879307,Asia/Shanghai
dandong,Dandong,丹东,40.1228859,124.3817595,Asia/Shanghai
sinuiju,Sinuiju,新义州,40.1070,124.4018,Asia/Pyongyang
pyongyang,Pyongyang,平壤,39.00472,125.73639,Asia/Pyongyang
"""

TIMETABLE = """\
train,,K27,95,52
days,,daily,daily,daily
Beijing,dep,17:26 a,,
Tianjin,arr,~19:03 b,,
Tianjin,dep,~19:09 b,,
Shenyang,arr,~03:20 b,,
Shenyang,dep,~03:40 b,,
Dandong,arr,07:35 a,,
Dandong,dep,,10:00 a,
Sinuiju,arr,,~11:10 b,
Sinuiju,dep,,,~13:10 b
Pyongyang,arr,,,18:07 a
"""

FILES: dict[str, str] = {
    "feed.toml": FEED,
    "agencies.csv": "id,name,url\ncr,China Railway,https://www.12306.cn/\n",
    "routes.csv": "id,agency,type\nK27,cr,rail\n95,cr,rail\n52,cr,rail\n",
    "stations.csv": STATIONS,
    "calendars.csv": "name,days,from,to\nsummer,daily,2026-06-01,2026-08-31\n",
    "coaches.csv": (
        "coach,name,days,trains,from,to,class\n"
        "1,Through coach,Mo We Th Sa not summer,K27 > 95 > 52,Beijing,Pyongyang,sleeper\n"
    ),
    "notes.csv": "letter,text,source\na,Printed.,Notice of 2026\nb,Estimated.,Table of 2021\n",
    "timetables/k27.csv": TIMETABLE,
}


def read(folder: Path, changes: Mapping[str, str | bytes | None] | None = None) -> Source:
    """The project with some files replaced (or left out: None), as read."""
    for name, text in {**FILES, **(changes or {})}.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        if text is None:
            file.unlink(missing_ok=True)
        elif isinstance(text, bytes):
            file.write_bytes(text)
        else:
            file.write_text(text, encoding="utf-8")
    return read_source(folder)


def grid(folder: Path, text: str, **files: str | None) -> Source:
    """The project with one timetable, and without the tables that name its trains."""
    alone = {"coaches.csv": None, "routes.csv": None, "calendars.csv": None, "notes.csv": None}
    return read(folder, {**alone, **files, "timetables/k27.csv": text})


def codes(source: Source, severity: Severity | None = Severity.ERROR) -> set[tuple[str, str]]:
    """Code and place of the faults."""
    return {(f.code, f.place) for f in source.faults if severity in (None, f.severity)}


def times(source: Source, run: str) -> list[tuple[str, int | None, int | None]]:
    """Station, arrival and departure in seconds of one run."""
    calls = source.calls.filter(run_id=run)
    return list(calls.select("station_id", "arrival_s", "departure_s").iter_rows())


def with_cell(text: str, line: int, column: int, cell: str) -> str:
    """CSV with one cell replaced; `line` from 1, `column` from 0."""
    rows = list(csv.reader(io.StringIO(text)))
    rows[line - 1][column] = cell
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


def at(source: Source, path: str, line: int, letter: str) -> list[Fault]:
    return [f for f in source.faults if (f.path, f.line, f.column) == (path, line, letter)]


def hm(text: str) -> int:
    """Seconds of `31:35`."""
    hours, minutes = text.split(":")
    return int(hours) * 3600 + int(minutes) * 60
