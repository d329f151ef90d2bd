"""Many faults in one project take a time in line with their number."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from gtfsgen.source import read_source
from gtfsgen.source.model import Source
from gtfsgen.source.words import did_you_mean
from gtfsgen.source.workbooks import number_text
from tests.source.project import FEED, FILES, STATIONS, TIMETABLE, codes, read
from tests.torture.projects import ods, xlsx


def test_twenty_thousand_unknown_keys_are_told_each_at_its_line(tmp_path: Path) -> None:
    keys = "".join(f"unheard_{number} = 1\n" for number in range(20_000))
    began = time.process_time()
    source = read(tmp_path, {"feed.toml": keys + FEED})
    assert time.process_time() - began < 20
    told = [f.line for f in source.faults if f.code == "unknown_key"]
    assert told == list(range(1, 20_001))


def test_unknown_words_among_many_known_are_compared_with_few() -> None:
    known = [f"Station {number}" for number in range(5_000)]
    began = time.process_time()
    for number in range(200):
        did_you_mean(f"Unheard-of place {number}", known)
    assert time.process_time() - began < 10


def test_infinities_of_a_workbook_are_text() -> None:
    assert [number_text(float(each)) for each in ("inf", "-inf", "nan")] == ["inf", "-inf", "nan"]


def test_a_workbook_with_a_cell_at_the_far_corner_is_refused(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active["A1"] = "train"
    book.active["XFD1048576"] = "x"
    (tmp_path / "timetables").mkdir()
    book.save(tmp_path / "timetables" / "far.xlsx")
    source = read(tmp_path)
    told = [f.message for f in source.faults if f.code == "broken_workbook"]
    assert len(told) == 1
    assert "XFD1048576" in told[0]


def test_calendars_in_a_chain_may_stand_in_any_order(tmp_path: Path) -> None:
    rows = ["c0,Mo\n", *(f"c{n},c{n - 1}\n" for n in range(1, 1500))]
    table = "name,days\nsummer,c1499\n" + "".join(reversed(rows))
    began = time.process_time()
    source = read(tmp_path, {"calendars.csv": table})
    assert time.process_time() - began < 15
    assert codes(source) == set()
    assert source.coaches[0].days == "Mo We Th Sa not summer"
    assert {day.weekday() for day in source.coaches[0].dates} == {2, 3, 5}


def test_calendars_that_name_each_other_in_a_circle_are_each_told(tmp_path: Path) -> None:
    table = "name,days\nsummer,Sa\na,b\nb,c\nc,a\nd,a\n"
    source = read(tmp_path, {"calendars.csv": table})
    assert codes(source) == {
        ("unreadable_days", f"calendars.csv:{line}:B") for line in (3, 4, 5, 6)
    }
    assert "circle" in next(f.message for f in source.faults if f.code == "unreadable_days")


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def loop(path: Path) -> None:
    path.symlink_to(path.name)


@pytest.mark.parametrize("make", [os.mkfifo, device, loop, Path.mkdir])
@pytest.mark.parametrize(
    "name", ["notes.csv", "timetables/a.csv", "timetables/a.xlsx", "gtfs/a.txt", "gtfs/a.geojson"]
)
def test_what_is_no_file_is_told_and_not_waited_for(
    tmp_path: Path, make: Callable[[Path], None], name: str
) -> None:
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    make(file)
    changes = {"notes.csv": None} if name == "notes.csv" else {}
    source = read_source_beside(tmp_path, changes, name)
    assert ("unreadable_file", name) in codes(source)


def read_source_beside(folder: Path, changes: dict[str, None], name: str) -> Source:
    """Read the project around a file that is there already."""
    for other, text in FILES.items():
        if other != name and other not in changes:
            (folder / other).parent.mkdir(exist_ok=True)
            (folder / other).write_text(text, encoding="utf-8")
    return read_source(folder)


@pytest.mark.parametrize(
    ("encoding", "says"),
    [("gbk", "北京 in GBK"), ("euc_jp", "in "), ("utf-16", "UTF-16"), ("utf-16-le", "UTF-16"),
     ("utf-32", "UTF-32"), ("utf-8-sig", "")],
)  # fmt: skip
def test_a_table_in_another_encoding_is_told_with_how_it_would_read(
    tmp_path: Path, encoding: str, says: str
) -> None:
    stations = STATIONS.replace("沈阳", "北京").replace("丹东", "北京").replace("新义州", "北京")
    source = read(tmp_path, {"stations.csv": stations.encode(encoding)})
    told = [str(f) for f in source.faults if f.code == "bad_encoding"]
    assert len(told) == (encoding != "utf-8-sig")
    assert says in "".join(told)


def test_a_file_that_is_larger_than_the_budget_is_told_and_the_others_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GTFSGEN_MAX_TABLE", "1000")
    source = read(tmp_path, {"notes.csv": "letter,text\n" + "a,b\n" * 1000, "routes.csv": "id\n"})
    assert ("too_large", "notes.csv") in codes(source)
    assert "GTFSGEN_MAX_TABLE" in next(f.message for f in source.faults if f.code == "too_large")
    assert source.routes.is_empty()


def test_rows_and_cells_beyond_the_limits_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GTFSGEN_MAX_CELL", "2000")
    wide = "train" + "," * 100_000 + "\n"
    note = FILES["notes.csv"] + "c," + "x" * 2001 + ",\n"
    source = read(tmp_path, {"timetables/wide.csv": wide, "notes.csv": note})
    assert {("too_large", "timetables/wide.csv"), ("too_large", "notes.csv:4:B")} <= codes(source)


def packed_entities(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/worksheets/sheet1.xml", '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>')


REPEATED = (
    '<table:table-row table:number-rows-repeated="{rows}">'
    '<table:table-cell office:value-type="string" table:number-columns-repeated'
    '="{columns}"><text:p>x</text:p></table:table-cell>'
    "</table:table-row>"
)


@pytest.mark.parametrize(
    ("name", "make", "says"),
    [
        ("a.xlsx", lambda path: path.write_text(TIMETABLE, encoding="utf-8"), "text"),
        ("a.ods", lambda path: path.write_bytes(b"PK\3\4" + b"\0" * 300), "damaged"),
        ("a.xlsx", lambda path: path.write_bytes(b""), "empty"),
        ("a.xlsx", packed_entities, "entities"),
        (
            "a.xlsx",
            lambda path: path.write_bytes(
                b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le")
            ),
            "password",
        ),
        ("a.ods", ods(REPEATED.format(rows=1_048_576, columns=1024)), ""),
        ("a.ods", ods(REPEATED.format(rows=2**63 - 1, columns=2**63 - 1)), ""),
        ("a.xlsx", xlsx("<worksheet><sheetData><row>"), ""),
    ],
)
def test_a_workbook_that_cannot_be_read_is_told_and_the_next_is_read(
    tmp_path: Path, name: str, make: Callable[[Path], object], says: str
) -> None:
    (tmp_path / "timetables").mkdir()
    make(tmp_path / "timetables" / name)
    book = openpyxl.Workbook()
    for row in TIMETABLE.splitlines():
        book.active.append(row.split(","))
    book.save(tmp_path / "timetables" / "b.xlsx")
    source = read(tmp_path, {"timetables/k27.csv": None})
    told = [f for f in source.faults if f.code == "broken_workbook"]
    assert [f.path for f in told] == [f"timetables/{name}"]
    assert says in told[0].message
    assert set(source.runs) == {"K27", "95", "52"}


def test_the_process_that_reads_workbooks_ends_with_the_one_that_began_it(tmp_path: Path) -> None:
    code = (
        "import os, sys\n"
        "from gtfsgen.source.workbooks import started\n"
        "print(started().pid, flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    ends = time.monotonic() + 20
    while time.monotonic() < ends and alive(int(told.stdout)):
        time.sleep(0.05)
    assert not alive(int(told.stdout))


def alive(process: int) -> bool:
    try:
        state = (
            Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
        )
    except OSError:
        return False
    return state != "Z"
