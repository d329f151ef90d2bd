"""Hostile projects, a recipe a line: every command that reads one ends in words, within a minute
and its memory, and errors stand at their cells.
"""

from __future__ import annotations

import json
import os
import resource
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.source.project import FEED, FILES, STATIONS, TIMETABLE
from tests.torture import Result
from tests.torture.archives import GIGA, MEGA, Text, faults, parts, repeated, run_command

FEED_OF_OURS = Path(__file__).parents[2] / "feed" / "gtfs.zip"
ADDRESS_SPACE = 16 << 30
"""Bytes that a command may ask for at all; memory that it uses is held to less."""

Change = Text | None | Callable[[Path], object]
"""What stands in a file: its text, nothing (None), or what a function makes at its path."""


@dataclass(frozen=True)
class Recipe:
    changes: dict[str, Change]
    said: str = ""
    """What must be in the output: the place of an error, or words."""
    code: int = 1
    """The exit code of `build`."""
    command: str = "build"


def project(folder: Path, changes: dict[str, Change]) -> Path:
    """The small project with some files replaced, in `folder`/source."""
    source = folder / "source"
    for name, text in {**FILES, **changes}.items():
        if text is None:
            continue
        file = source / name
        file.parent.mkdir(parents=True, exist_ok=True)
        if callable(text):
            text(file)
        else:
            with file.open("wb") as out:
                for part in parts(text):
                    out.write(part)
    return source


# ------------------------------------------------------------------------------------------- texts


def many(count: int, row: str) -> str:
    return "".join(row.format(n=n, m=n + 1) for n in range(count))


def keyed(key: str, value: str) -> str:
    """feed.toml with one key of its first part, or of the section before the last dot, changed."""
    section, _, name = key.rpartition(".")
    rows = [row for row in FEED.splitlines() if not row.startswith(f"{name} =")]
    if not section:
        return "\n".join([f"{name} = {value}", *rows]) + "\n"
    if f"[{section}]" in rows:
        rows.insert(rows.index(f"[{section}]") + 1, f"{name} = {value}")
        return "\n".join(rows) + "\n"
    return FEED + f"\n[{section}]\n{name} = {value}\n"


def station(cell: str, column: int) -> str:
    """stations.csv with a cell of the first station replaced."""
    rows = [line.split(",") for line in STATIONS.splitlines()]
    rows[1][column] = cell
    return "\n".join(",".join(row) for row in rows) + "\n"


def many_stations(count: int) -> str:
    return STATIONS + many(count, "s{n},Place {n},地{n},30.{n:06},100.{n:06},Asia/Shanghai\n")


def long_timetable(count: int) -> str:
    rows = many(count, "Unheard-of place {n},arr,,,\n")
    return TIMETABLE + rows


def wide_timetable(count: int) -> str:
    head = "train,," + ",".join(f"T{n}" for n in range(count))
    days = "days,," + ",".join(["daily"] * count)
    calls = [
        f"{name},{kind}," + ",".join([time_] * count)
        for name, kind, time_ in (("Beijing", "dep", "08:00"), ("Tianjin", "arr", "09:00"))
    ]
    return "\n".join([head, days, *calls]) + "\n"


def track(coordinates: object, kind: str = "LineString", **properties: object) -> str:
    geometry = {"type": kind, "coordinates": coordinates}
    feature = {"type": "Feature", "properties": properties, "geometry": geometry}
    return json.dumps({"type": "FeatureCollection", "features": [feature]})


# --------------------------------------------------------------------------------------- workbooks

SHEET = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    "<sheetData>{rows}</sheetData></worksheet>"
)
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
BOOK: dict[str, Text] = {
    "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types">'
    '<Default Extension="xml" ContentType="application/xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r" '
    f'Type="{RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    f' xmlns:r="{RELATIONS}"><sheets><sheet name="K27" sheetId="1" r:id="r1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships">'
    f'<Relationship Id="r1" Type="{RELATIONS}/worksheet" Target="worksheets/sheet1.xml"/>'
    "</Relationships>",
}


def xlsx(sheet: Text, **others: Text) -> Callable[[Path], object]:
    """An .xlsx whose one sheet has this XML."""
    return lambda path: packed(path, {**BOOK, "xl/worksheets/sheet1.xml": sheet, **others})


def cells(text: str) -> Callable[[Path], object]:
    return xlsx(SHEET.replace("{rows}", text))


def ods(table: Text) -> Callable[[Path], object]:
    head = (
        '<?xml version="1.0"?><office:document-content xmlns:office="urn:oasis:names:tc:opendocument'
        ':xmlns:office:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
        'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body>'
        '<office:spreadsheet><table:table table:name="K27">'
    )
    foot = "</table:table></office:spreadsheet></office:body></office:document-content>"

    def content() -> Iterator[bytes]:
        yield head.encode()
        yield from parts(table)
        yield foot.encode()

    mime = "application/vnd.oasis.opendocument.spreadsheet"
    return lambda path: packed(path, {"mimetype": mime, "content.xml": content(),
        "META-INF/manifest.xml": '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:'
        'opendocument:xmlns:manifest:1.0"/>'})  # fmt: skip


def packed(path: Path, members: dict[str, Text]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, text in members.items():
            with archive.open(name, "w", force_zip64=isinstance(text, Iterator)) as entry:
                for part in parts(text):
                    entry.write(part)


def encrypted(path: Path) -> None:
    """What an office program writes with a password: a compound file that names its package."""
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16 + b"\x3e\0\x03\0\xfe\xff\x09\0"
    path.write_bytes(head + "EncryptedPackage".encode("utf-16-le") + b"\0" * 4096)


def cut(make: Callable[[Path], object], share: float) -> Callable[[Path], object]:
    def change(path: Path) -> None:
        make(path)
        data = path.read_bytes()
        path.write_bytes(data[: int(len(data) * share)])

    return change


def damaged(make: Callable[[Path], object]) -> Callable[[Path], object]:
    def change(path: Path) -> None:
        make(path)
        data = bytearray(path.read_bytes())
        for at in range(200, len(data) - 200, 97):
            data[at] ^= 0x55
        path.write_bytes(bytes(data))

    return change


ENTITIES = (
    '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "aaaaaaaaaa">'
    + "".join(
        f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefghi", "bcdefghij", strict=True)
    )
    + "]>"
)

CELL = '<row r="1"><c r="A1" t="inlineStr"><is><t>train</t></is></c></row>'


# ------------------------------------------------------------------------------------------- files


def link(target: str) -> Callable[[Path], object]:
    return lambda path: path.symlink_to(target)


def folder(path: Path) -> None:
    path.mkdir()


def unreadable(path: Path) -> None:
    path.write_text("x")
    path.chmod(0)


def odd_names(path: Path) -> None:
    for name in (b"\xff\xfe.csv", b"a\nb.csv", b"\x1b[31m.csv", b"caf\xe9.csv"):
        with open(os.path.join(os.fsencode(path.parent), name), "wb") as file:
            file.write(TIMETABLE.encode())


def many_tables(count: int) -> Callable[[Path], object]:
    def make(path: Path) -> None:
        for number in range(count):
            (path.parent / f"t{number:06}.csv").write_text("train,,1\n")

    return make


# ---------------------------------------------------------------------------------------- recipes

GRID = "timetables/k27.csv"
# ruff: noqa: E501  a recipe a line
RECIPES: dict[str, Recipe] = {
    # many and long
    "3,000 calendars in a chain": Recipe({"calendars.csv": "name,days\nsummer,Sa\nc0,Mo\n" + many(3000, "c{m},c{n} also Tu\n")}, code=0),
    "3,000 calendars in a chain, backwards": Recipe({"calendars.csv": "name,days\nsummer,Sa\n" + "".join(f"c{n},c{n - 1}\n" for n in range(3000, 0, -1)) + "c0,Mo\n"}, code=0),
    "3,000 calendars in a ring": Recipe({"calendars.csv": "name,days\nsummer,Sa\n" + many(3000, "c{n},c{m}\n") + "c3000,c0\n"}, "calendars.csv:3:B"),
    "20,000 calendars": Recipe({"calendars.csv": FILES["calendars.csv"] + many(20_000, "season {n},Mo-Fr,2026-06-01,2026-08-31\n")}, code=0),
    "100,000 stations": Recipe({"stations.csv": many_stations(100_000)}, code=0),
    "100,000 stations in wrong zones": Recipe({"stations.csv": STATIONS + many(100_000, "s{n},Place {n},,{n}e-4,100,Asia/Shanghai\n")}),
    "100,000 stations of one name": Recipe({"stations.csv": STATIONS + many(100_000, "s{n},Beijing,北京,40,116,Asia/Shanghai\n")}),
    "800 unknown stations": Recipe({GRID: long_timetable(800)}, f"{GRID}:11:A"),
    "800 unknown stations among 100,000": Recipe({GRID: long_timetable(800), "stations.csv": many_stations(100_000)}, f"{GRID}:11:A"),
    "100,000 unknown stations": Recipe({GRID: long_timetable(100_000)}, f"{GRID}:11:A"),
    "20,000 unknown keys": Recipe({"feed.toml": many(20_000, "unheard_{n} = 1\n") + FEED}, "feed.toml:20000:A"),
    "20,000 unknown sections": Recipe({"feed.toml": FEED + many(20_000, "[s{n}]\na = 1\n")}),
    "20,000 unknown columns": Recipe({"stations.csv": "\n".join(row + "".join(f",{'u' if not i else ''}{n}" for n in range(20_000)) for i, row in enumerate(STATIONS.splitlines()))}),
    "28 letters after a time": Recipe({GRID: TIMETABLE.replace("17:26 a", "17:26 " + "a" * 28)}, f"{GRID}:3:C"),
    "10^6 letters after a time": Recipe({GRID: TIMETABLE.replace("17:26 a", "17:26 " + "a" * 1_000_000)}, f"{GRID}:3:C"),
    "10^6 marks before a time": Recipe({GRID: TIMETABLE.replace("17:26 a", "~" * 1_000_000 + "17:26 a")}, f"{GRID}:3:C"),
    "day words of 10^6 characters": Recipe({GRID: TIMETABLE.replace("daily", "Mo " * 300_000, 1)}, f"{GRID}:2:C"),
    "day words of 10^5 dates": Recipe({GRID: TIMETABLE.replace("daily", '"' + "1 May, " * 100_000 + '"', 1)}, f"{GRID}:2:C"),
    "day words of 10^4 brackets": Recipe({GRID: TIMETABLE.replace("daily", "(" * 10_000 + "Mo" + ")" * 10_000, 1)}, f"{GRID}:2:C"),
    "day words not not not": Recipe({GRID: TIMETABLE.replace("daily", "Mo " + "not " * 10_000, 1)}, f"{GRID}:2:C"),
    "a date list of 10^4 digits": Recipe({GRID: TIMETABLE.replace("daily", "9" * 10_000, 1)}, f"{GRID}:2:C"),
    "a note of 10 MB": Recipe({"notes.csv": "letter,text\na," + "x" * 10_000_000 + "\nb,y\n"}),
    "100,000 notes": Recipe({"notes.csv": "letter,text\na,x\nb,y\n" + many(100_000, "n{n},x\n")}, code=0),
    "5,000 coaches": Recipe({"coaches.csv": FILES["coaches.csv"] + many(5000, "c{n},Coach,daily,K27 > 95 > 52,Beijing,Pyongyang,\n")}, code=0),
    "5,000 coaches of one number": Recipe({"coaches.csv": FILES["coaches.csv"] + many(5000, "2,Coach,daily,K27,Beijing,Dandong,\n")}, "coaches.csv:4:A"),
    "5,000 coaches of unknown trains": Recipe({"coaches.csv": FILES["coaches.csv"] + many(5000, "c{n},Coach,daily,X{n},Beijing,Dandong,\n")}, "coaches.csv:3:D"),
    "a chain of 5,000 trains": Recipe({"coaches.csv": FILES["coaches.csv"] + "2,Coach,daily," + " > ".join(f"T{n}" for n in range(5000)) + ",Beijing,Tianjin,\n", "timetables/wide.csv": wide_timetable(5000)}),
    "a chain of 10^5 unknown trains": Recipe({"coaches.csv": FILES["coaches.csv"] + "2,Coach,daily," + "K27 >> " * 100_000 + ",Beijing,Tianjin,\n"}),
    "20,000 trains in a grid": Recipe({"timetables/wide.csv": wide_timetable(20_000)}, code=0),
    "100,000 rows of one train": Recipe({"timetables/long.csv": "train,,1\ndays,,daily\n" + many(50_000, "Beijing,,08:00\nTianjin,,09:00\n")}),
    "5,000 agencies": Recipe({"agencies.csv": FILES["agencies.csv"] + many(5000, "a{n},Railway {n},https://example.org/\n")}, code=0),
    "10,000 unknown agencies": Recipe({"routes.csv": FILES["routes.csv"] + many(10_000, "r{n},a{n},rail\n")}, "routes.csv:5:B"),
    "10,000 unknown files": Recipe(dict.fromkeys((f"f{n}.doc" for n in range(10_000)), "x"), code=0),
    "aliases of 10 MB": Recipe({"stations.csv": STATIONS.replace("timezone\n", "timezone,aliases\n").replace("Shanghai\n", "Shanghai,\n").replace("Pyongyang\n", "Pyongyang," + ";".join(f"a{n}" for n in range(1_000_000)) + "\n", 1)}),
    # beyond the budget
    "a cell of 1 GB": Recipe({"stations.csv": repeated(b"a", GIGA, b"station_id,name\na,")}, "stations.csv"),
    "1 GB of commas in a table": Recipe({"routes.csv": repeated(b",", GIGA)}, "routes.csv"),
    "1 GB of newlines in a table": Recipe({"notes.csv": repeated(b"\n", GIGA, b"letter\n")}, "notes.csv"),
    "1 GB of zeros in a grid": Recipe({GRID: repeated(b"\0", GIGA)}, GRID),
    "300 MB of short rows": Recipe({"notes.csv": repeated(b"a\n", 300 * MEGA, b"letter\n")}, "notes.csv"),
    "300 MB of quotes": Recipe({"notes.csv": repeated(b'"', 300 * MEGA, b"letter\n")}, "notes.csv"),
    "a row of 10^6 columns": Recipe({GRID: "train" + "," * 1_000_000 + "\n"}, GRID),
    "rows of 10^5 columns": Recipe({GRID: ("x" + "," * 100_000 + "\n") * 30}, GRID),
    "a feed.toml of 1 GB": Recipe({"feed.toml": repeated(b"# x\n", GIGA)}, "feed.toml", 2),
    "a track of 1 GB": Recipe({"tracks/a.geojson": repeated(b" ", GIGA)}, "tracks/a.geojson"),
    "a passed-through file of 1 GB": Recipe({"gtfs/fare_rules.txt": repeated(b"a,b\n", GIGA)}, "gtfs/fare_rules.txt"),
    "a passed-through GeoJSON of 1 GB": Recipe({"gtfs/locations.geojson": repeated(b" ", GIGA)}, "gtfs/locations.geojson"),
    # feed.toml
    "deep lists in feed.toml": Recipe({"feed.toml": FEED + "\nx_a = " + "[" * 100_000 + "\n"}, "feed.toml:"),
    "closed deep lists in feed.toml": Recipe({"feed.toml": FEED + "\nx_a = " + "[" * 5000 + "]" * 5000 + "\n"}, "feed.toml:"),
    "lists just not too deep": Recipe({"feed.toml": "x_a = " + "[" * 200 + "]" * 200 + "\n" + FEED}, code=0),
    "deep tables in feed.toml": Recipe({"feed.toml": FEED + "\n[x_a" + ".a" * 5000 + "]\n"}, "feed.toml:"),
    "deep dotted keys in feed.toml": Recipe({"feed.toml": "x_a" + ".a" * 50_000 + " = 1\n" + FEED}, "feed.toml:"),
    "a number of 10^5 digits": Recipe({"feed.toml": "x_a = " + "9" * 100_000 + "\n" + FEED}, "feed.toml:1"),
    "a text of 10^7 characters": Recipe({"feed.toml": 'version = "' + "9" * 10_000_000 + '"\n' + FEED}),
    "nan and inf for speeds": Recipe({"feed.toml": FEED + "\n[shapes]\nmax_detour = nan\n"}, "feed.toml:"),
    "year 0001": Recipe({"feed.toml": keyed("first_day", "0001-01-01")}, "feed.toml:"),
    "all of year 0001": Recipe({"feed.toml": keyed("as_of", "0001-01-01").replace("2026-03-12", "0001-01-01")}),
    "year 9999": Recipe({"feed.toml": keyed("as_of", "9999-12-31")}),
    "all of year 9999": Recipe({"feed.toml": keyed("as_of", "9999-12-31").replace("2026-03-12", "9999-12-01")}),
    "9,999 years": Recipe({"feed.toml": keyed("last_day", "9999-12-31").replace("2026-03-12", "0001-01-01")}, "feed.toml:1"),
    "date and time for a date": Recipe({"feed.toml": keyed("as_of", "2026-11-20T08:00:00Z")}, "feed.toml:1"),
    "moved days of year 1": Recipe({"feed.toml": FEED + '\n[moved_days]\n0001-01-01 = "Sa"\n9999-12-31 = "Su"\n'}, code=0),
    "feed.toml in UTF-16": Recipe({"feed.toml": FEED.encode("utf-16")}, "feed.toml"),
    "feed.toml of zeros": Recipe({"feed.toml": b"\0" * 100}, "feed.toml:1"),
    "feed.toml with lone CRs": Recipe({"feed.toml": FEED.replace("\n", "\r")}, "feed.toml:"),
    "feed.toml in Latin-1": Recipe({"feed.toml": FEED.replace("A test", "Über").encode("latin-1")}, "feed.toml:7"),
    "a key twice": Recipe({"feed.toml": FEED.replace("timezone", 'timezone = "UTC"\ntimezone')}, "feed.toml:4"),
    "no feed.toml": Recipe({"feed.toml": None}, "feed.toml", 2),
    "feed.toml a folder": Recipe({"feed.toml": folder}, "feed.toml", 2),
    "feed.toml a pipe": Recipe({"feed.toml": os.mkfifo}, "feed.toml", 2),
    "feed.toml a device": Recipe({"feed.toml": link("/dev/zero")}, "feed.toml", 2),
    "feed.toml a link to itself": Recipe({"feed.toml": link("feed.toml")}, "feed.toml", 2),
    # positions
    **{f"a latitude of {cell[:12]}": Recipe({"stations.csv": station(cell, 3)}, "stations.csv:2:D") for cell in ("nan", "inf", "-inf", "91", "N39", "1e308", "1_0", "9" * 5000, "٣٩", "--1")},
    **{f"a longitude of {cell}": Recipe({"stations.csv": station(cell, 4)}, "stations.csv:2:E") for cell in ("181", "E116", "-1e999", "116°25'")},
    "a station at the pole": Recipe({"stations.csv": station("90", 3)}),
    "a station at the date line": Recipe({"stations.csv": station("180", 4)}),
    # workbooks
    "a cell at XFD1048576": Recipe({"timetables/a.xlsx": cells(CELL + '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')}, "timetables/a.xlsx"),
    "a cell beyond all cells": Recipe({"timetables/a.xlsx": cells(CELL + '<row r="9"><c r="ZZZZZZ99999999999"><v>1</v></c></row>')}, "timetables/a.xlsx"),
    "rows without names": Recipe({"timetables/a.xlsx": cells("<row><c><v>1</v></c></row>" * 100)}, code=0),
    "infinities": Recipe({"timetables/a.xlsx": cells(CELL + '<row r="2"><c r="A2"><v>INF</v></c><c r="B2"><v>1e999</v></c><c r="C2"><v>NaN</v></c></row>')}, "timetables/a.xlsx"),
    "a workbook's cell of 1 GB": Recipe({"timetables/a.xlsx": xlsx(repeated(b"a", GIGA, SHEET.partition("{rows}")[0].encode() + b'<row r="1"><c r="A1" t="inlineStr"><is><t>'))}, "timetables/a.xlsx"),
    "a workbook's cell of 200 MB": Recipe({"timetables/a.xlsx": xlsx(repeated(b"a", 200 * MEGA, SHEET.partition("{rows}")[0].encode() + b'<row r="1"><c r="A1" t="inlineStr"><is><t>'))}, "timetables/a.xlsx"),
    "a workbook of 240 MB of cells": Recipe({"timetables/a.xlsx": xlsx(repeated(b"<row><c><v>1</v></c></row>", 240 * MEGA, SHEET.partition("{rows}")[0].encode()))}, "timetables/a.xlsx"),
    "a dimension of all cells": Recipe({"timetables/a.xlsx": xlsx(SHEET.replace("<sheetData>", '<dimension ref="A1:XFD1048576"/><sheetData>').replace("{rows}", CELL))}),
    "merged over all cells": Recipe({"timetables/a.xlsx": xlsx(SHEET.replace("{rows}", CELL).replace("</sheetData>", '</sheetData><mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>'))}),
    "10^6 merged cells": Recipe({"timetables/a.xlsx": xlsx(SHEET.replace("{rows}", CELL).replace("</sheetData>", "</sheetData><mergeCells>" + '<mergeCell ref="A1:C3"/>' * 300_000 + "</mergeCells>"))}),
    "entities in a sheet": Recipe({"timetables/a.xlsx": xlsx(ENTITIES + SHEET.partition("?>")[2].replace("{rows}", CELL.replace("train", "&j;")))}, "timetables/a.xlsx"),
    "entities in shared strings": Recipe({"timetables/a.xlsx": xlsx(SHEET.replace("{rows}", CELL), **{"xl/sharedStrings.xml": ENTITIES + "<sst><si><t>&j;</t></si></sst>"})}),
    "a huge count of shared strings": Recipe({"timetables/a.xlsx": xlsx(SHEET.replace("{rows}", '<row r="1"><c r="A1" t="s"><v>99999999999</v></c></row>'), **{"xl/sharedStrings.xml": '<sst count="4294967295" uniqueCount="4294967295"><si><t>a</t></si></sst>'})}, "timetables/a.xlsx"),
    "shared strings of 1 GB": Recipe({"timetables/a.xlsx": xlsx(SHEET.replace("{rows}", CELL), **{"xl/sharedStrings.xml": repeated(b"<si><t>a</t></si>", GIGA, b"<sst>")})}, "timetables/a.xlsx"),
    "an unknown part of 2 GB": Recipe({"timetables/a.xlsx": xlsx(SHEET.replace("{rows}", CELL), **{"docProps/x.bin": repeated(b"\0", 2 * GIGA)})}, "timetables/a.xlsx"),
    "an encrypted workbook": Recipe({"timetables/a.xlsx": encrypted}, "timetables/a.xlsx"),
    "a workbook cut in the middle": Recipe({"timetables/a.xlsx": cut(cells(CELL), 0.5)}, "timetables/a.xlsx"),
    "a workbook with damaged bytes": Recipe({"timetables/a.xlsx": damaged(cells(CELL * 50))}, "timetables/a.xlsx"),
    "an empty workbook": Recipe({"timetables/a.xlsx": b""}, "timetables/a.xlsx"),
    "a text named .xlsx": Recipe({"timetables/a.xlsx": TIMETABLE}, "timetables/a.xlsx"),
    "a text named .xls": Recipe({"timetables/a.xls": TIMETABLE}, "timetables/a.xls"),
    "a text named .ods": Recipe({"timetables/a.ods": TIMETABLE}, "timetables/a.ods"),
    "a text named .xlsb": Recipe({"timetables/a.xlsb": TIMETABLE}, "timetables/a.xlsb"),
    "a compound file of noise": Recipe({"timetables/a.xls": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(range(256)) * 64}, "timetables/a.xls"),
    "an .ods with 10^6 columns repeated": Recipe({"timetables/a.ods": ods('<table:table-row><table:table-cell office:value-type="string" table:number-columns-repeated="1000000"><text:p>x</text:p></table:table-cell></table:table-row>')}, "timetables/a.ods"),
    "an .ods with 10^6 rows repeated": Recipe({"timetables/a.ods": ods('<table:table-row table:number-rows-repeated="1048576"><table:table-cell office:value-type="string" table:number-columns-repeated="1024"><text:p>x</text:p></table:table-cell></table:table-row>')}, "timetables/a.ods"),
    "an .ods with 2^63 rows repeated": Recipe({"timetables/a.ods": ods('<table:table-row table:number-rows-repeated="9223372036854775807"><table:table-cell office:value-type="string" table:number-columns-repeated="9223372036854775807"><text:p>x</text:p></table:table-cell></table:table-row>')}, "timetables/a.ods"),
    "an .ods with blank rows to the end": Recipe({"timetables/a.ods": ods('<table:table-row><table:table-cell office:value-type="string"><text:p>x</text:p></table:table-cell><table:table-cell office:value-type="string" table:number-columns-repeated="16383"/></table:table-row><table:table-row table:number-rows-repeated="1048575"><table:table-cell office:value-type="string" table:number-columns-repeated="16384"/></table:table-row>')}),
    "an .ods of 1 GB": Recipe({"timetables/a.ods": ods(repeated(b"<table:table-row/>", GIGA))}, "timetables/a.ods"),
    "a workbook that is a folder": Recipe({"timetables/a.xlsx": folder}, "timetables/a.xlsx"),
    "a workbook that is a pipe": Recipe({"timetables/a.xlsx": os.mkfifo}, "timetables/a.xlsx"),
    "a workbook that is a device": Recipe({"timetables/a.xlsx": link("/dev/zero")}, "timetables/a.xlsx"),
    # files
    "a pipe for a table": Recipe({"notes.csv": os.mkfifo}, "notes.csv"),
    "a pipe for a grid": Recipe({"timetables/a.csv": os.mkfifo}, "timetables/a.csv"),
    "a pipe for a lock": Recipe({"holidays.lock.csv": os.mkfifo}, "holidays.lock.csv"),
    "a pipe passed through": Recipe({"gtfs/fare_rules.txt": os.mkfifo, "gtfs/locations.geojson": os.mkfifo}, "gtfs/fare_rules.txt"),
    "a pipe for a track": Recipe({"tracks/a.geojson": os.mkfifo}, "tracks/a.geojson"),
    "a device for a table": Recipe({"notes.csv": link("/dev/zero")}, "notes.csv"),
    "a device for a track": Recipe({"tracks/a.gpx": link("/dev/zero")}, "tracks/a.gpx"),
    "a table linked to /": Recipe({"notes.csv": link("/")}, "notes.csv"),
    "timetables linked to /": Recipe({GRID: None, "timetables": link("/")}),
    "tracks linked to /": Recipe({"tracks": link("/")}),
    "tracks a file": Recipe({"tracks": "x"}, "tracks"),
    "timetables a file": Recipe({GRID: None, "timetables": "x"}, "timetables"),
    "gtfs a file": Recipe({"gtfs": "x"}, "gtfs"),
    "a folder named as a table": Recipe({"notes.csv": folder}, "notes.csv"),
    "a folder named as a grid": Recipe({"timetables/x.csv": folder}, "timetables/x.csv"),
    "a folder named as a passed-through file": Recipe({"gtfs/fare_rules.txt": folder}, "gtfs/fare_rules.txt"),
    "a folder named as a track": Recipe({"tracks/a.geojson": folder}, "tracks/a.geojson"),
    "a link that leads nowhere": Recipe({"notes.csv": link("/nowhere")}, "notes.csv"),
    "a link to itself": Recipe({"notes.csv": link("notes.csv")}, "notes.csv"),
    "a table in UTF-16": Recipe({"stations.csv": STATIONS.encode("utf-16")}, "stations.csv"),
    "a table in UTF-16 without a mark": Recipe({"stations.csv": STATIONS.encode("utf-16-le")}, "stations.csv"),
    "a table in UTF-32": Recipe({"stations.csv": STATIONS.encode("utf-32")}, "stations.csv"),
    "a table in GBK": Recipe({"stations.csv": STATIONS.encode("gbk")}, "stations.csv:2:C"),
    "a table in Shift-JIS": Recipe({"stations.csv": STATIONS.replace("沈阳", "瀋陽").replace("丹东", "丹東").replace("新义州", "新義州").encode("shift-jis")}, "stations.csv:2:C"),
    "a table in cp1252": Recipe({"stations.csv": STATIONS.replace("Beijing", "Zürich", 1).encode("cp1252", "replace")}, "stations.csv:2:B"),
    "a mark of bytes in the middle": Recipe({"stations.csv": STATIONS.replace("tianjin", "\ufefftianjin")}, "stations.csv:3:A"),
    "zeros in a table": Recipe({"stations.csv": STATIONS.replace("Tianjin", "Tian\0jin")}, "stations.csv:3:B"),
    "a grid of zeros": Recipe({GRID: b"\0" * 10_000}, GRID),
    "lone CRs": Recipe({"stations.csv": STATIONS.replace("\n", "\r")}, code=0),
    "an unclosed quote": Recipe({"stations.csv": STATIONS.replace("Tianjin", '"Tianjin')}, "stations.csv:3"),
    "heads twice": Recipe({"stations.csv": STATIONS.replace("name_zh", "name")}, "stations.csv:1:C"),
    "nothing but a head": Recipe({"stations.csv": "station_id,name,lat,lon\n"}),
    "empty files": Recipe(dict.fromkeys(FILES, "")),
    "empty tables": Recipe({**dict.fromkeys(FILES, ""), "feed.toml": FEED}),
    "a project of feed.toml alone": Recipe({**dict.fromkeys(FILES), "feed.toml": FEED}, "stations.csv"),
    "tables of cases": Recipe({"Stations.CSV": STATIONS, "NOTES.csv": FILES["notes.csv"]}, "stations.csv"),
    "grids of cases": Recipe({"timetables/K27.csv": TIMETABLE}),
    "names that are not UTF-8": Recipe({"timetables/x.csv": odd_names}),
    "10^5 tables": Recipe({"timetables/x.csv": many_tables(100_000)}),
    "control characters everywhere": Recipe({name: text.replace("a", "\x1b[31ma") for name, text in FILES.items() if name != "feed.toml"}),
    "only separators": Recipe(dict.fromkeys((name for name in FILES if name != "feed.toml"), ";;;\n" * 20)),
    "only comments": Recipe(dict.fromkeys((name for name in FILES if name != "feed.toml"), "# x\n" * 20)),
    # tracks
    "a track of nulls": Recipe({"tracks/a.geojson": track([None, None])}, "tracks/a.geojson"),
    "a track without coordinates": Recipe({"tracks/a.geojson": track(None)}, "tracks/a.geojson"),
    "a track of lists": Recipe({"tracks/a.geojson": "[[[]]]"}, "tracks/a.geojson"),
    "a deep track": Recipe({"tracks/a.geojson": "[" * 1_000_000}, "tracks/a.geojson"),
    "deep coordinates": Recipe({"tracks/a.geojson": track(0).replace("0}", "[" * 900 + "]" * 900 + "}")}, "tracks/a.geojson"),
    "features that are a number": Recipe({"tracks/a.geojson": '{"type": "FeatureCollection", "features": 5}'}, "tracks/a.geojson"),
    "properties that are a list": Recipe({"tracks/a.geojson": track([[116, 39], [117, 39]]).replace('"properties": {}', '"properties": [1]')}, "tracks/a.geojson"),
    "geometries that are null": Recipe({"tracks/a.geojson": '{"type": "GeometryCollection", "geometries": [null, 5, {"type": ["x"]}]}'}, code=0),
    "a kind that is a list": Recipe({"tracks/a.geojson": track([[116, 39]]).replace('"LineString"', "[[]]")}, code=0),
    "a detail that is a list": Recipe({"tracks/a.geojson": track([[116, 39], [117, 39]], detail=[])}, "tracks/a.geojson"),
    "a track of NaN": Recipe({"tracks/a.geojson": track([[float("nan"), 1], [1, float("inf")]])}, "tracks/a.geojson"),
    "a track of huge numbers": Recipe({"tracks/a.geojson": track([["9" * 5000, 1], [10**400, 1]])}, "tracks/a.geojson"),
    "a number of 10^5 digits in a track": Recipe({"tracks/a.geojson": track([[1, 2]]).replace("[[1", "[[" + "1" * 100_000)}, "tracks/a.geojson"),
    "a track of one point": Recipe({"tracks/a.geojson": track([[116, 39]])}),
    "a track of no points": Recipe({"tracks/a.geojson": track([])}),
    "a track of one point, twice": Recipe({"tracks/a.geojson": track([[116, 39], [116, 39]])}, code=0),
    "a track of 10^6 points": Recipe({"tracks/a.geojson": track([[116.4 + n * 1e-6, 39.9 + n % 9 * 1e-6] for n in range(1_000_000)])}, code=0),
    "10^5 tracks that cross": Recipe({"tracks/a.geojson": track([[[116 + n % 300 * 1e-3, 39], [116.3 - n % 300 * 1e-3, 40]] for n in range(20_000)], "MultiLineString")}),
    "vias of odd orders": Recipe({"tracks/a.geojson": track([116, 39], "Point", **{"from": "beijing", "to": "tianjin", "order": "x"})}, "tracks/a.geojson"),
    "vias of NaN orders": Recipe({"tracks/a.geojson": track([116, 39], "Point", **{"from": "beijing", "to": ["x"], "order": float("nan")})}),
    "a GPX with entities": Recipe({"tracks/a.gpx": ENTITIES + "<gpx>&j;</gpx>"}, "tracks/a.gpx"),
    "a deep GPX": Recipe({"tracks/a.gpx": "<a>" * 1_000_000}, "tracks/a.gpx"),
    "a GPX without positions": Recipe({"tracks/a.gpx": "<gpx><trkseg><trkpt/></trkseg></gpx>"}, "tracks/a.gpx"),
    "a GPX in UTF-16": Recipe({"tracks/a.gpx": "<gpx/>".encode("utf-16")}, "tracks/a.gpx"),
    "a GPX that says it is UTF-16": Recipe({"tracks/a.gpx": '<?xml version="1.0" encoding="UTF-16"?><gpx/>'}, code=0),
    "a GPX of an unknown encoding": Recipe({"tracks/a.gpx": '<?xml version="1.0" encoding="x-none"?><gpx/>'}, code=0),
    "an extract of noise": Recipe({"tracks/a.osm.pbf": bytes(range(256)) * 100}, code=0),
    "an extract of 10^5 open tags": Recipe({"tracks/a.osm": "<osm>" * 100_000}, code=0),
    "an extract that is no bz2": Recipe({"tracks/a.osm.bz2": b"BZh9" + b"x" * 100}, code=0),
    "an extract that is not there": Recipe({"feed.toml": FEED + '\n[shapes]\nosm = "/nowhere.osm"\n'}, code=0),
    "an extract that is a device": Recipe({"feed.toml": FEED + '\n[shapes]\nosm = "/dev/zero"\n'}, code=0),
    "an extract with a zero in its name": Recipe({"feed.toml": FEED + '\n[shapes]\nosm = "a\\u0000b.osm"\n'}, "feed.toml:"),
    # passed-through files
    "a passed-through table twice": Recipe({"gtfs/a.txt": "a,a\n1,2\n", "gtfs/A.TXT": "b\n1\n"}),
    "a deep passed-through GeoJSON": Recipe({"gtfs/locations.geojson": "[" * 1_000_000}, "gtfs/locations.geojson"),
    "a huge number in GeoJSON": Recipe({"gtfs/locations.geojson": '{"a": ' + "9" * 100_000 + "}"}, "gtfs/locations.geojson"),
    "a passed-through name with a path": Recipe({"gtfs/stops.txt.txt": "stop_id\nx\n", "gtfs/.txt": "a\n"}, code=0),
    "passed-through tables of ours": Recipe({f"gtfs/{name}.txt": "x,path,line,column\n1,2,3,4\n" for name in ("stops", "trips", "stop_times", "calendar", "shapes", "agency", "feed_info", "transfers")}),
    # policy
    "a policy of noise": Recipe({"../validation/policy.toml": b"\xff\xfe = ["}, "policy.toml", 2),
    "a policy of wrong types": Recipe({"../validation/policy.toml": "ignore = 5\nseverity = []\nlimits = 'x'\n"}, "policy.toml", 2),
    "a policy that is a folder": Recipe({"../validation/policy.toml": folder}, code=0),
    "a deep policy": Recipe({"../validation/policy.toml": "a = " + "[" * 100_000}, "policy.toml", 2),
    "a policy that is a pipe": Recipe({"../validation/policy.toml": os.mkfifo}, code=0),
    "a broken baseline": Recipe({"../validation/policy.toml": "", "../validation/baseline.json": "{"}, "baseline.json", 2),
    "a baseline of lists": Recipe({"../validation/policy.toml": "", "../validation/baseline.json": "[[1]]"}, "baseline.json", 2),
    "a deep baseline": Recipe({"../validation/policy.toml": "", "../validation/baseline.json": "[" * 1_000_000}, "baseline.json", 2),
    "a baseline that is a folder": Recipe({"../validation/policy.toml": "", "../validation/baseline.json": folder}, "baseline.json", 2),
    # other commands
    "explain without a project": Recipe({"feed.toml": None}, "feed.toml", 2, "explain"),
    "explain in a deep feed.toml": Recipe({"feed.toml": "a = " + "[" * 100_000}, "", 0, "explain"),
    "explain in a project of zeros": Recipe({GRID: b"\0" * 1000}, "", 2, "explain"),
    "stations without a project": Recipe({GRID: None, "feed.toml": None, "timetables": os.mkfifo}, "", 2, "stations"),
    "stations of a table of zeros": Recipe({"places.csv": b"\0" * 1000}, "", 2, "stations"),
    "stations of a pipe": Recipe({"places.csv": os.mkfifo}, "", 2, "stations"),
    "journeys of zeros": Recipe({"journeys.csv": b"\0" * 1000}, "journeys.csv", 1, "journeys"),
    "journeys of nothing": Recipe({"journeys.csv": ""}, "journeys.csv", 1, "journeys"),
    "journeys of a pipe": Recipe({"journeys.csv": os.mkfifo}, "journeys.csv", 1, "journeys"),
    "journeys of 1 GB": Recipe({"journeys.csv": repeated(b"a,", GIGA)}, "journeys.csv", 1, "journeys"),
    "journeys of odd days": Recipe({"journeys.csv": "name,date,from,to,depart\nx,0001-01-01,Beijing,x,99:99\ny,9999-12-31,,,\n"}, "journeys.csv", 1, "journeys"),
    "tracks of zeros for a feed": Recipe({"tracks/a.geojson": b"\0" * 1000}, "tracks/a.geojson", 0, "shapes"),
    "an extract of noise for a feed": Recipe({"tracks/a.osm.pbf": bytes(range(256)) * 100}, "", 0, "shapes"),
    # outputs
    "a file where the feed goes": Recipe({"../feed": "x"}, "feed", 2),
    "a folder where the zip goes": Recipe({"../feed/gtfs.zip": folder}, "gtfs.zip", 2),
    "a file where the reports go": Recipe({"../validation": "x"}, code=2),
}  # fmt: skip

COMMANDS: dict[str, Callable[[Path], list[str]]] = {
    "build": lambda source: ["build", str(source), "-o", str(source.parent / "feed")],
    "explain": lambda source: ["explain", "stop_times", "K27", "--source", str(source)],
    "stations": lambda source: ["stations", str(source), "--csv", str(source / "places.csv")],
    "journeys": lambda source: ["journeys", str(FEED_OF_OURS), str(source / "journeys.csv")],
    "shapes": lambda source: [
        "shapes",
        str(FEED_OF_OURS),
        "--tracks",
        str(source / "tracks"),
        "-o",
        str(source.parent / "drawn.zip"),
    ],
}


def tried(recipe: Recipe, place: Path) -> tuple[list[str], float, float]:
    """What did not hold of a recipe, its seconds and the megabytes it took."""
    source = project(place, recipe.changes)
    ended = run_command(COMMANDS[recipe.command](source), place)
    wrong = faults(ended, place)
    if "should not have happened" in ended.said:
        wrong.append("a fault of gtfsgen")
    if ended.code != recipe.code:
        wrong.append(f"exit code {ended.code}, not {recipe.code}")
    if recipe.said not in ended.said:
        wrong.append(f"{recipe.said!r} is not said")
    feed = place / "feed" / "gtfs.zip"
    if ended.code == 2 and feed.is_file():
        wrong.append("a feed was written")
    if os.environ.get("TORTURE_VERBOSE"):
        tail = ended.said.strip().splitlines()
        print(f"{ended.code} {ended.seconds:6.1f} s {ended.peak_mb:6.0f} MB "
              f"{'; '.join(wrong) or 'ok'} | {tail[0][:200] if tail else ''} | {tail[-1][:150] if tail else ''}", flush=True)  # fmt: skip
    return wrong, ended.seconds, ended.peak_mb


def run(seconds: float, only: str = "") -> list[Result]:
    """Every recipe, as many as there is time for."""
    ends = time.monotonic() + seconds
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, hard))  # children inherit it
    result = Result("hostile projects: build")
    try:
        for name, recipe in RECIPES.items():
            if only not in name or time.monotonic() > ends:
                continue
            began = time.monotonic()
            with tempfile.TemporaryDirectory(prefix="project-") as place:
                if os.environ.get("TORTURE_VERBOSE"):
                    print(name, end=": ", flush=True)
                wrong, _, peak = tried(recipe, Path(place))
            result.note(f"{name}: {', '.join(wrong)}" if wrong else None)
            result.peak_mb = max(result.peak_mb, peak)
            result.seconds += time.monotonic() - began
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
    return [result]
