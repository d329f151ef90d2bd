"""The two feeds of a comparison, read as text: every file, every column, every row.

Validation keeps a feed's faults and drops what GTFS does not know. A comparison must see both, so
it reads cells as they stand and brings each distinct text of a known field to one form (`7:05:00`
is `07:05:00`, `1.50` is `1.5`, a blank is its documented default). What cannot be read so stays
as it is.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from gtfsgen.budget import UnreadableInput
from gtfsgen.csv import records
from gtfsgen.csv.raw import Column, RawTable
from gtfsgen.csv.reading import read_table
from gtfsgen.csv.streams import DamagedEntry, Stream
from gtfsgen.diff.fields import DEFAULTS, field_of, space_of
from gtfsgen.feed.archive import open_archive
from gtfsgen.feed.tolerant import Files, open_files
from gtfsgen.schema import TABLES, Type

CODECS = ("cp932", "gb18030", "euc_kr", "big5", "cp1252", "cp1250", "cp1251", "iso8859_9")
"""Encodings that feeds are met in beside UTF-8, in the order they are tried. Which of them a file
has is only decided where the other feed shows it: see `_decoded`."""
PART_BYTES = 1 << 22
LONGEST_NUMBER = 18
"""Digits; a longer number is compared as text."""
LONG = ("shapes.txt", "stop_times.txt")
LOCATIONS = "locations.geojson"

Source = str | Path | bytes


@dataclass
class Calls:
    """stop_times.txt as codes: one array a column, in the file's order.

    `codes[name]` are indexes into `texts[name]`, -1 for a blank without a default.
    """

    height: int = 0
    codes: dict[str, np.ndarray] = field(default_factory=dict)
    texts: dict[str, pl.Series] = field(default_factory=dict)


@dataclass
class Side:
    """One of the two feeds."""

    name: str
    tables: dict[str, pl.DataFrame] = field(default_factory=dict)
    """All tables but stop_times, every column as text in canonical form, by file name without
    `.txt`; with `_row`, the line in the file."""
    calls: Calls = field(default_factory=Calls)
    remarks: list[str] = field(default_factory=list)
    """What could not be read as it stands, a sentence each with the file's name."""
    meant: bool = False
    """Only what means something to riders and planners is left (`gtfsgen.diff.meaning`)."""
    since: date | None = None
    """Days before this one are not looked at."""
    others: dict[str, bytes] = field(default_factory=dict)
    """Files that GTFS does not know: the digest of their bytes, or their rows in `tables`."""

    def frame(self, name: str, *columns: str) -> pl.DataFrame:
        """The columns of a table, null where it does not have them."""
        frame = self.tables.get(name)
        if frame is None:
            return pl.DataFrame(schema=dict.fromkeys(columns, pl.String))
        absent = [pl.lit(None, pl.String).alias(c) for c in columns if c not in frame.columns]
        return frame.with_columns(absent).select(columns)


def name_of(source: Source) -> str:
    return "a feed" if isinstance(source, bytes) else str(source)


def read_sides(a: Source, b: Source) -> tuple[Side, Side] | None:
    """Both feeds; None where all their files are the same to the byte.

    Raises `UnreadableInput` where one is no feed archive.
    """
    with _Input(a, "the first feed") as old, _Input(b, "the second feed") as new:
        if _identical(old, new):
            return None
        sides = Side(old.name), Side(new.name)
        for name in sorted({*old.names, *new.names}):
            _read_file(name, old, new, sides)
        for side, files in zip(sides, (old, new), strict=True):
            side.remarks += [f"{side.name}: {name}: {said}" for name, said in files.damage.items()]
    for side in sides:
        _fill_time_zones(side)
    return sides


def _identical(old: _Input, new: _Input) -> bool:
    if {*old.names} != {*new.names}:
        return False
    # Small files first: a difference there saves reading the large ones twice.
    for name in sorted(old.names, key=lambda name: (name in LONG, name)):
        try:
            with old.open(name) as mine, new.open(name) as theirs:
                while part := mine.read(PART_BYTES):
                    if part != theirs.read(len(part)):
                        return False
                if theirs.read(1):
                    return False
        except DamagedEntry:
            return False
    return True


def _fill_time_zones(side: Side) -> None:
    """A stop without a time zone of its own has its station's, else the agency's."""
    if "stops" not in side.tables:
        return
    zones = side.frame("agency", "agency_timezone")["agency_timezone"].drop_nulls()
    known = side.frame("stops", "stop_id", "parent_station", "stop_timezone")
    own = (
        known.select(parent_station="stop_id", of_parent="stop_timezone")
        .drop_nulls()
        .unique("parent_station", keep="first")
    )
    filled = known.join(own, on="parent_station", how="left", maintain_order="left").select(
        zone=pl.coalesce(
            "of_parent", "stop_timezone", pl.lit(zones[0] if len(zones) else None, pl.String)
        )
    )
    side.tables["stops"] = side.tables["stops"].with_columns(stop_timezone=filled["zone"])


class _Input:
    """The files of one input by their plain names, GTFS's own in lower case."""

    def __init__(self, source: Source, label: str) -> None:
        self.damage: dict[str, str] = {}
        """What is wrong with a file, by its name."""
        if isinstance(source, bytes):
            self.name = label
            self._files = Files(open_archive(source, label, tolerant=True))
        else:
            self.name = str(source)
            self._files = open_files(Path(source))
        known = {f"{name}.txt" for name in TABLES} | {LOCATIONS}
        folder = not isinstance(source, bytes) and Path(source).is_dir()
        self.names = {
            name.strip().lower() if name.strip().lower() in known else name: name
            for name in self._files
            # A folder that a build has written holds more than the feed.
            if name and not name.startswith(".") and (not folder or _in_zips(name))
        }
        if not known & {*self.names}:
            self._files.__exit__()
            raise UnreadableInput(f"{self.name} is no GTFS feed: no file of GTFS is in it")

    def open(self, name: str) -> Stream:
        return self._files.open(self.names[name])

    def read(self, name: str) -> bytes:
        """The bytes as far as they can be had."""
        if name not in self.names:
            return b""
        parts = []
        try:
            with self.open(name) as stream:
                while part := stream.read(PART_BYTES):
                    parts.append(part)
        except DamagedEntry as damage:
            self.damage[name] = (
                f"breaks off ({damage}); the rows before are compared"
                if any(parts)
                else f"cannot be read ({damage}) and is not compared"
            )
        return b"".join(parts)

    def begins(self, name: str, size: int) -> bytes:
        try:
            with self.open(name) as stream:
                return stream.read(size)
        except DamagedEntry as damage:
            self.damage[name] = f"cannot be read ({damage}) and is not compared"
            return b""

    def __enter__(self) -> _Input:
        return self

    def __exit__(self, *exception: object) -> None:
        self._files.__exit__()


def _in_zips(name: str) -> bool:
    return name.lower().endswith((".txt", ".geojson"))


def _read_file(name: str, old: _Input, new: _Input, sides: tuple[Side, Side]) -> None:
    stem, dot, ending = name.rpartition(".")
    if name == LOCATIONS:
        for files, side in zip((old, new), sides, strict=True):
            if name in files.names:
                side.tables["locations"] = _locations(files.read(name))
    elif name == "stop_times.txt":
        for files, other, side in ((old, new, sides[0]), (new, old, sides[1])):
            if name in files.names:
                side.calls = _calls(_raw(name, files, other))
    elif dot and ending.lower() == "txt":
        for files, other, side in ((old, new, sides[0]), (new, old, sides[1])):
            if name in files.names:
                side.tables[stem] = _frame(stem, _raw(name, files, other))
    else:
        for files, side in zip((old, new), sides, strict=True):
            if name in files.names:
                side.others[name] = hashlib.sha256(files.read(name)).digest()


def _raw(name: str, files: _Input, other: _Input) -> RawTable:
    """All columns of a file; where the strict reader loses rows, every row by Python's csv."""
    start = files.begins(name, 256 * 1024)
    if not _looks_foreign(start):
        header = _header(start)
        try:
            with files.open(name) as stream:
                table = read_table(stream, dict.fromkeys(header, "text"), unlimited_cells=True)
        except DamagedEntry:  # the patient way reads what is before the damage, and tells of it
            return _patient(_decoded(files.read(name), lambda: other.read(name)))
        if table.failure:
            said = table.failure.get("message", "")
            files.damage[name] = f"is no CSV as GTFS has it ({said}); its rows are read as they can"
        elif odd := table.bad_lengths.height:
            rows = "1 row is" if odd == 1 else f"{odd:,} rows are"
            files.damage[name] = f"{rows} longer or shorter than the header; read as they can be"
        clean = not (table.failure or table.bad_lengths.height or table.header_failed)
        if clean and not any(
            isinstance(c, Column) and c.values.str.contains("\ufffd", literal=True).any()
            for c in table.columns.values()
        ):
            return table
    return _patient(_decoded(files.read(name), lambda: other.read(name)))


def _looks_foreign(start: bytes) -> bool:
    """UTF-16, or lines that end in CR alone: nothing for the quick reader."""
    return (
        start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        or b"\0" in start[:200]
        or (b"\r" in start and b"\n" not in start)
    )


def _header(start: bytes) -> list[str]:
    text = start.removeprefix(codecs.BOM_UTF8).removeprefix(codecs.BOM_UTF8)
    try:
        names, _, _ = records.header(text.decode("utf-8", "replace"), 0)
    except records.ParsingFailed:
        return []
    return [name for name in names or () if name]


def _decoded(data: bytes, other: Callable[[], bytes]) -> str:
    """The text of a file in whatever encoding it has.

    UTF-8 and marked UTF-16 are certain. Any other is chosen by the other feed's file: the encoding
    in which most lines are found there too; else the first in which the bytes can be read.
    """
    for mark, codec in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if data.startswith(mark):
            return data[len(mark) :].decode(codec, "replace").removeprefix("\ufeff")
    if b"\0" in data[:200]:
        return data.decode("utf-16-be" if data[:1] == b"\0" else "utf-16-le", "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    candidates = {}
    for codec in CODECS:
        try:
            candidates[codec] = data.decode(codec)
        except UnicodeDecodeError:
            continue
    theirs = other()
    try:
        there = {*theirs.decode("utf-8-sig").split()}
    except UnicodeDecodeError:
        there = set()
    if not candidates:
        return data.decode("utf-8", "replace")
    return max(candidates.values(), key=lambda text: len(there & {*text.split()}))


def _patient(text: str) -> RawTable:
    """Rows of any width: what is too short is filled with blanks, what is too long gets columns."""
    limit = csv.field_size_limit(2**31 - 1)
    try:
        clean = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
        reader = csv.reader(io.StringIO(clean, newline=""))
        rows, lines = [], []
        for row in reader:
            if any(cell.strip() for cell in row):
                rows.append([cell.strip() for cell in row])
                lines.append(reader.line_num)
    finally:
        csv.field_size_limit(limit)
    if not rows:
        return RawTable(None)
    width = max(map(len, rows))
    names = rows[0] + [f"column {n + 1}" for n in range(len(rows[0]), width)]
    table = RawTable(names, csv_row_number=pl.Series(lines[1:], dtype=pl.UInt32))
    for place, name in enumerate(names):
        if name and name not in table.columns:
            cells = [row[place] if place < len(row) else "" for row in rows[1:]]
            series = pl.Series(cells, dtype=pl.String).replace("", None)
            values = series.drop_nulls().unique(maintain_order=True)
            codes = pl.DataFrame({"v": series}).join(
                pl.DataFrame({"v": values, "c": np.arange(len(values), dtype=np.uint32)}),
                on="v",
                how="left",
                maintain_order="left",
            )["c"]
            table.columns[name] = Column(codes, values)
    return table


def _frame(stem: str, raw: RawTable) -> pl.DataFrame:
    columns = {}
    for name, column in raw.columns.items():
        assert isinstance(column, Column)
        texts = pl.Series(
            [canonical(stem, name, t) for t in column.values.to_list()], dtype=pl.String
        )
        series = texts.gather(column.codes)
        default = DEFAULTS.get((stem, name))
        columns[name] = series.fill_null(default) if default is not None else series
    columns["_row"] = raw.csv_row_number
    frame = pl.DataFrame(columns)
    missing = {f: d for (t, f), d in DEFAULTS.items() if t == stem and f not in frame.columns}
    return frame.with_columns(**{f: pl.lit(d) for f, d in missing.items()})


def _calls(raw: RawTable) -> Calls:
    found = Calls(raw.height)
    for name, column in raw.columns.items():
        assert isinstance(column, Column)
        old = column.values.to_list()
        distinct: dict[str | None, int] = {}
        texts = [canonical("stop_times", name, text) for text in old]
        default = DEFAULTS.get(("stop_times", name))
        if default is not None:
            distinct[default] = 0
        to = [
            distinct.setdefault(text, len(distinct)) if text is not None else -1 for text in texts
        ]
        blank = 0 if default is not None else -1
        to = [blank if code == -1 else code for code in to]
        table = np.array([*to, blank], np.int32)
        codes = column.codes.fill_null(len(old)).to_numpy()
        found.codes[name] = table[codes]
        found.texts[name] = pl.Series([*distinct], dtype=pl.String)
    for (table_name, name), default in DEFAULTS.items():
        if table_name == "stop_times" and name not in found.codes:
            found.codes[name] = np.zeros(raw.height, np.int32)
            found.texts[name] = pl.Series([default], dtype=pl.String)
    return found


@lru_cache(maxsize=65536)
def _number(text: str) -> str:
    try:
        number = float(text)
    except ValueError:
        return text
    if number != number or number in (float("inf"), float("-inf")):
        return text
    return str(int(number)) if number == int(number) and abs(number) < 1e15 else repr(number)


def canonical(table: str, name: str, text: str | None) -> str | None:
    """One form for all spellings of a value; None for a blank cell."""
    if text is None or not text.strip():
        return None
    known = field_of(table, name)
    if known is None:
        return text
    if space_of(table, name):
        return text.strip()
    kind = known.type
    if kind is Type.TIME:
        return _time(text.strip())
    if kind in (Type.FLOAT, Type.LATITUDE, Type.LONGITUDE, Type.AMOUNT):
        return _number(text.strip())
    if kind in (Type.INTEGER, Type.CHOICE):
        return _integer(text.strip())
    if kind is Type.COLOR:
        return text.strip().upper().removeprefix("#")
    if kind is Type.LANGUAGE:
        return text.strip().lower()
    return text


def _time(text: str) -> str:
    seconds = seconds_of(text)
    return text if seconds is None else time_text(seconds)


def seconds_of(text: str | None) -> int | None:
    """Seconds of the service day, or None for what is no time."""
    if text is None:
        return None
    parts = text.split(":")
    if len(parts) not in (2, 3) or not all(_is_short_number(part.strip()) for part in parts):
        return None
    hours, minutes, *rest = (int(part) for part in parts)
    return hours * 3600 + minutes * 60 + (rest[0] if rest else 0)


def _is_short_number(text: str) -> bool:
    return text.isdecimal() and len(text) <= LONGEST_NUMBER


def time_text(seconds: int) -> str:
    sign = "-" if seconds < 0 else ""
    seconds = abs(seconds)
    return f"{sign}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _integer(text: str) -> str:
    try:
        return str(int(text))
    except ValueError:
        return text


def _locations(data: bytes) -> pl.DataFrame:
    """locations.geojson as a table: id, geometry, and a column for each property."""
    text = data.decode("utf-8-sig", "replace")
    try:
        content = json.loads(text)
        features = content.get("features")
        rows = [_feature(feature) for feature in features]
    except (ValueError, AttributeError, TypeError, RecursionError):
        return pl.DataFrame({"id": ["?"], "content": [text], "_row": [0]})
    names = sorted({name for row in rows for name in row} - {"id"})
    found = {name: [row.get(name) for row in rows] for name in ("id", *names)}
    frame = pl.DataFrame(found, schema=dict.fromkeys(("id", *names), pl.String))
    return frame.with_columns(_row=pl.Series(range(1, len(rows) + 1), dtype=pl.UInt32))


def _feature(feature: dict[str, Any]) -> dict[str, str | None]:
    row: dict[str, str | None] = {}
    for name, value in (feature.get("properties") or {}).items():
        row[name] = (
            value if isinstance(value, str) or value is None else json.dumps(value, sort_keys=True)
        )
    row["geometry"] = json.dumps(feature.get("geometry"), sort_keys=True)
    row["id"] = None if feature.get("id") is None else str(feature["id"])
    return row
