"""A feed to the letter: every file, every column, every cell, in the encoding that it has.

A file that cannot be kept cell by cell (two columns of one name, rows longer than the header,
blanks in its head) is kept byte by byte; `Read.raw` has those.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from gtfsgen.budget import UnreadableInput
from gtfsgen.csv.streams import DamagedEntry
from gtfsgen.feed.tolerant import Files, TextTables, open_files

CORE = ("agency", "stops", "routes", "trips", "stop_times", "calendar", "calendar_dates")
"""Tables that grids are made from."""
REQUIRED = ("stops", "routes", "trips", "stop_times")
BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)  # fmt: skip
ENCODINGS = {
    "Asia/Tokyo": (("cp932", "Shift-JIS"), ("euc_jp", "EUC-JP")),
    "Asia/Shanghai": (("gb18030", "GB 18030"),),
    "Asia/Taipei": (("cp950", "Big5"),),
    "Asia/Hong_Kong": (("cp950", "Big5"),),
    "Asia/Seoul": (("cp949", "EUC-KR"),),
    "Europe/Moscow": (("cp1251", "Windows-1251"),),
    "Europe/Kiev": (("cp1251", "Windows-1251"),),
    "Europe/Kyiv": (("cp1251", "Windows-1251"),),
    "Europe/Sofia": (("cp1251", "Windows-1251"),),
    "Europe/Athens": (("cp1253", "Windows-1253"),),
    "Europe/Istanbul": (("cp1254", "Windows-1254"),),
    "Europe/Warsaw": (("cp1250", "Windows-1250"),),
    "Europe/Prague": (("cp1250", "Windows-1250"),),
    "Europe/Bratislava": (("cp1250", "Windows-1250"),),
    "Europe/Budapest": (("cp1250", "Windows-1250"),),
    "Europe/Bucharest": (("cp1250", "Windows-1250"),),
    "Europe/Zagreb": (("cp1250", "Windows-1250"),),
    "Europe/Ljubljana": (("cp1250", "Windows-1250"),),
    "Asia/Jerusalem": (("cp1255", "Windows-1255"),),
}
"""What a feed that is not UTF-8 is written in where its agency is at home; elsewhere
Windows-1252."""
UNASSIGNED = re.compile("[\x80-\x9f\ue000-\uf8ff]")
"""What decoders make of bytes that an encoding does not use."""
HALF_WIDTH = re.compile("[\uff61-\uff9f]")
WESTERN = (("cp1252", "Windows-1252"),)
LEFT_OUT = ("__MACOSX", ".DS_Store", "desktop.ini", "Thumbs.db")
"""What operating systems put into archives; no part of a feed."""


@dataclass
class Read:
    """A feed as it is."""

    tables: dict[str, pl.DataFrame] = field(default_factory=dict)
    """Text columns, no nulls: a blank cell is ""."""
    raw: dict[str, bytes] = field(default_factory=dict)
    """Files that are no tables to be kept by cell, with their whole name."""
    remarks: list[str] = field(default_factory=list)
    as_text: dict[str, bytes] = field(default_factory=dict)
    """Core files whose cells cannot be kept: the whole feed then stays as it is."""

    def text_tables(self) -> TextTables:
        found = TextTables()
        found.update(self.tables)
        return found


def read_feed(feed: Path) -> Read:
    """A zip or a folder.

    Raises `UnreadableInput` where there is no feed, or one in an encoding that is not known.
    """
    read = Read()
    with open_files(feed) as files:
        contents = dict(_contents(files, read.remarks))
    missing = [f"{stem}.txt" for stem in REQUIRED if f"{stem}.txt" not in contents]
    if missing:
        told = f" ({'; '.join(read.remarks)})" if read.remarks else ""
        raise UnreadableInput(f"{feed} is no GTFS feed: it has no {', '.join(missing)}{told}")
    encoding = _encoding_for(contents)
    for name, data in contents.items():
        if not name.endswith(".txt"):
            read.raw[name] = data
            continue
        text = _decoded(name, data, encoding, read.remarks)
        if (table := table_of(text, name, read.remarks)) is not None:
            read.tables[name.removesuffix(".txt")] = table
        elif name.removesuffix(".txt") in CORE and text.strip():
            read.as_text[name] = text
        else:
            read.raw[name] = text
    return read


def _contents(files: Files, remarks: list[str]) -> Iterable[tuple[str, bytes]]:
    for name in files:
        if name in LEFT_OUT or name.startswith("._"):
            continue
        if name.startswith((".", "_", "~")) or not name:
            remarks.append(f"{name} is left out: its name begins with {name[:1]!r}")
            continue
        try:
            yield name, files.read(name)
        except DamagedEntry as damage:
            if name.removesuffix(".txt") in REQUIRED:
                raise UnreadableInput(f"{name} is damaged: {damage}") from damage
            remarks.append(f"{name} is left out: it is damaged ({damage})")


def _encoding_for(contents: dict[str, bytes]) -> tuple[str, str]:
    """What all files that are not UTF-8 are written in. Raises `UnreadableInput` if in nothing."""
    odd = {name: data for name, data in contents.items() if name.endswith(".txt") and _bad_at(data)}
    if not odd:
        return ("utf-8", "UTF-8")
    agency = contents.get("agency.txt", b"").decode("ascii", "replace")
    choices = next((c for zone, c in ENCODINGS.items() if zone in agency), WESTERN)
    found: list[tuple[int, int, str, str]] = []
    for codec, words in choices:
        try:
            text = "".join(data.decode(codec) for data in odd.values())
        except UnicodeDecodeError:
            continue
        if not UNASSIGNED.search(text):
            found.append((len(HALF_WIDTH.findall(text)), len(found), codec, words))
    if found:  # EUC-JP taken for Shift-JIS is all katakana of half width
        _, _, codec, words = min(found)
        return codec, words
    name, data = next(iter(odd.items()))
    at = _bad_at(data)
    tried = " or ".join(words for _, words in choices)
    raise UnreadableInput(
        f"{name} is neither UTF-8 nor {tried}: byte {at:,}, 0x{data[at - 1]:02X}. "
        "Save it as UTF-8 first, so that no name is lost"
    )


def _bad_at(data: bytes) -> int:
    """The first byte, from 1, that is not UTF-8; 0 if all is, or a mark says another encoding."""
    if any(data.startswith(mark) for mark, _ in BYTE_ORDER_MARKS[1:]):
        return 0
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start + 1
    return 0


def _decoded(name: str, data: bytes, encoding: tuple[str, str], remarks: list[str]) -> bytes:
    """The file in UTF-8."""
    for mark, codec in BYTE_ORDER_MARKS:
        if data.startswith(mark):
            data = data[len(mark) :]
            if codec != "utf-8":
                remarks.append(f"{name} is {codec[:6].upper()} and becomes UTF-8")
                return data.decode(codec, "replace").encode()
    if _bad_at(data):
        remarks.append(f"{name} is {encoding[1]} and becomes UTF-8")
        return data.decode(encoding[0]).encode()
    return data


def table_of(data: bytes, name: str, remarks: list[str]) -> pl.DataFrame | None:
    """The cells of a CSV file as they are; None where they cannot all be kept by column."""
    if not data.strip() or b"\0" in data:
        return None
    start = io.StringIO(data[: 1 << 20].decode("utf-8", "replace"), newline="")
    try:
        header = next(csv.reader(start, strict=True), [])
    except csv.Error:
        return None
    bare = [column.strip() for column in header]
    odd = {"path", "line", "column", "run_id", "order", "departure_run", "departure_order"}
    if len(set(header)) < len(header) or bare != header or "" in bare or odd & set(bare):
        return None
    try:
        table = pl.read_csv(data, infer_schema=False)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        return _patient_table(data, header)
    if table.columns != header:
        return _patient_table(data, header)
    table = table.with_columns(pl.all().fill_null(""))
    if data.count(b"\n\n") or data.count(b"\n\r\n"):  # blank lines are no rows
        table = table.filter(pl.any_horizontal(pl.all() != ""))
    return table


def _patient_table(data: bytes, header: list[str]) -> pl.DataFrame | None:
    """The same row by row; None if a row has more cells than the header."""
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(data.decode(), newline="")):
            if len(row) > len(header):
                return None
            if row:
                rows.append(row + [""] * (len(header) - len(row)))
    except csv.Error:
        return None
    columns = zip(*rows[1:], strict=True) if rows[1:] else ([] for _ in header)
    return pl.DataFrame(
        dict(zip(header, map(list, columns), strict=True)),
        schema=dict.fromkeys(header, pl.String),
    )
