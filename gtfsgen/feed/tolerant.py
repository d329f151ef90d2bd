"""The tolerant manner of reading a feed: tables as text, for rooms that read and do not judge.

Validation reads strictly (`gtfsgen.feed.read`), cell for cell as the canonical validator does.
Pages, differences, statistics, shapes, imports and planners take what can be read instead:

- the files may stand in a folder of the archive, and a folder may hold one zip and no tables;
- UTF-16 with a byte order mark is read; bytes that are not UTF-8 become U+FFFD;
- short rows are filled up with blanks, long ones cut;
- a file whose packed data breaks off gives the rows before the break.

What had to be passed over is told in `TextTables.remarks`. The budget (`gtfsgen.budget`) holds here
as everywhere.

    >>> tables = text_tables(Path("feed.zip"))          # doctest: +SKIP
    >>> tables["stops"]                                 # doctest: +SKIP
    >>> tables.remarks                                  # doctest: +SKIP
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import polars as pl

from gtfsgen.budget import UnreadableInput, budget, exceeded
from gtfsgen.csv import records
from gtfsgen.csv.streams import DamagedEntry, Stream
from gtfsgen.feed.archive import Archive, open_archive

TABLES = (
    "agency",
    "stops",
    "routes",
    "trips",
    "stop_times",
    "calendar",
    "calendar_dates",
    "shapes",
    "frequencies",
    "transfers",
    "feed_info",
    "translations",
    "attributions",
)
"""What pages and shapes are made from."""
REQUIRED = ("stops", "routes", "trips", "stop_times")
"""Without these there is no feed."""

_UTF_16 = ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_HEADER_BYTES = 1 << 20
_PART = 1 << 24


class TextTables(dict[str, pl.DataFrame]):
    """Tables by name without `.txt`: every column as text, null where a cell is blank or absent.

    `remarks` say what had to be passed over, a sentence each, with the file's name.
    """

    def __init__(self) -> None:
        super().__init__()
        self.remarks: list[str] = []


def text_tables(
    path: Path, stems: Iterable[str] = TABLES, *, required: Iterable[str] = REQUIRED
) -> TextTables:
    """The tables of a zip or folder.

    Raises `UnreadableInput` if `path` is neither, if one of the `required` tables is not there, and
    (as `LimitExceeded`) for a feed beyond the budget.
    """
    tables = TextTables()
    with open_files(path) as files:
        for stem in stems:
            name = f"{stem}.txt"
            if name in files:
                content = _content(files, name, tables.remarks)
                if content is not None:
                    tables[stem] = _frame(content, name, tables.remarks)
    missing = [stem for stem in required if stem not in tables]
    if missing:
        told = f" ({'; '.join(tables.remarks)})" if tables.remarks else ""
        raise UnreadableInput(f"{path} is no GTFS feed: it has no {', '.join(missing)}{told}")
    return tables


class Files:
    """The files of a feed by name, in whatever folder of an archive; the first of each name."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._places: dict[str, str] = {}
        inner = (name for name in archive.all_names if not name.endswith("/"))
        for place in sorted(inner, key=lambda name: (name.count("/"), name)):
            self._places.setdefault(place.rpartition("/")[2], place)

    def __contains__(self, name: str) -> bool:
        return name in self._places

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._places))

    def open(self, name: str) -> Stream:
        """The bytes of a file. Reading them raises `DamagedEntry` where they break off."""
        return self._archive.open_tolerantly(self._places[name])

    def size(self, name: str) -> int:
        """The bytes of a file, as the archive states it."""
        return self._archive.size(self._places[name])

    def read(self, name: str, limit: str = "unpacked") -> bytes:
        """All bytes of a file. Raises `DamagedEntry`, and `LimitExceeded` beyond the limit."""
        most = getattr(budget(), limit)
        with self.open(name) as stream:
            data = stream.read(most + 1)
        if len(data) > most:
            raise exceeded(limit, f"{name} is larger than is read")
        return data

    def __enter__(self) -> Files:
        return self

    def __exit__(self, *exception: object) -> None:
        self._archive.close()


def open_files(path: Path) -> Files:
    """The files of a zip or a folder; a folder of one zip and no tables stands for the zip.

    Raises `UnreadableInput` if there are none to be read.
    """
    try:
        archive = open_archive(path, tolerant=True)
    except UnreadableInput as error:
        said = f"{path} cannot be read as a feed: {error.message}"
        raise type(error)(said, error.exception) from None
    zips = [name for name in archive.all_names if name.lower().endswith(".zip")]
    tables = any(name.lower().endswith(".txt") for name in archive.all_names)
    if path.is_dir() and len(zips) == 1 and not tables:
        archive.close()
        return open_files(path / zips[0])
    return Files(archive)


def _content(files: Files, name: str, remarks: list[str]) -> bytes | None:
    """The bytes of a table as UTF-8, as far as they can be had; None if there are none."""
    parts: list[bytes] = []
    try:
        with files.open(name) as stream:
            while part := stream.read(_PART):
                parts.append(part)
    except DamagedEntry as damage:
        if not parts:
            remarks.append(f"{name} cannot be read: {damage}")
            return None
        remarks.append(f"{name} breaks off ({damage}); the rows before are read")
        parts[-1] = parts[-1][: parts[-1].rfind(b"\n") + 1]
    content = b"".join(parts)
    parts.clear()
    for mark, encoding in _UTF_16:
        if content.startswith(mark):
            remarks.append(f"{name} is {encoding.upper()[:-3]}, not UTF-8; it is read as that")
            return content[len(mark) :].decode(encoding, "replace").encode()
    content = content.removeprefix(codecs.BOM_UTF8)
    if not _is_utf_8(content):
        remarks.append(f"{name} has bytes that are not UTF-8; they are shown as \ufffd")
    return content


def _is_utf_8(content: bytes) -> bool:
    if content.isascii():
        return True
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for start in range(0, len(content), _PART):
            decoder.decode(content[start : start + _PART])
        decoder.decode(b"", True)
    except UnicodeDecodeError:
        return False
    return True


def _frame(content: bytes, name: str, remarks: list[str]) -> pl.DataFrame:
    if not content.strip():
        return pl.DataFrame()
    _check_header(content, name)
    frame = None
    if b"\0" not in content:
        try:
            frame = pl.read_csv(
                content,
                infer_schema=False,
                encoding="utf8-lossy",
                truncate_ragged_lines=True,
                ignore_errors=True,
            )
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
            frame = None
    if frame is None:
        frame = _patient_frame(content.decode("utf-8", "replace"), name, remarks)
    _check_cells(frame, len(content), name)
    renamed = frame.rename(_stripped(frame.columns), strict=False)
    return renamed.with_columns(pl.all().str.strip_chars().replace("", None))


def _stripped(names: list[str]) -> dict[str, str]:
    """Names without blanks at their edges, where that makes no two of them the same."""
    taken = set(names)
    changes = {}
    for name in names:
        bare = name.strip()
        if bare != name and bare not in taken:
            changes[name] = bare
            taken.add(bare)
    return changes


def _check_cells(frame: pl.DataFrame, bytes_: int, name: str) -> None:
    most = budget().cell
    if bytes_ > most and frame.height:
        longest = frame.select(pl.all().str.len_bytes().max()).row(0)
        if max(length or 0 for length in longest) > most:
            raise exceeded("cell", f"{name} has a cell of {max(n or 0 for n in longest):,} bytes")


def _check_header(content: bytes, name: str) -> None:
    """Refuse a table of so many columns, or of so long a first line, that it can be no table."""
    limits = budget()
    header = content.lstrip(b"\r\n")[:_HEADER_BYTES].partition(b"\n")[0]
    if header.count(b",") >= limits.columns:
        raise exceeded("columns", f"{name} has more than {limits.columns} columns")
    if len(header) == _HEADER_BYTES:
        raise exceeded("cell", f"the first line of {name} has no end")


def _patient_frame(text: str, name: str, remarks: list[str]) -> pl.DataFrame:
    """Text that polars does not accept, cell by cell, by the grammar that validation goes by."""
    rows: list[records.Cells] = []
    try:
        for record in records.records(text, budget().cell):
            rows.append(record.cells)
    except records.ParsingFailed as failed:
        remarks.append(
            f"{name} is read up to line {text.count(chr(10), 0, failed.at) + 1}: {failed.message}"
        )
    if not rows:
        return pl.DataFrame()
    header, *rows = rows
    places: dict[str, int] = {}
    for place, cell in enumerate(header):
        if cell:
            places.setdefault(cell, place)
    width = len(header)
    full = [[*row[:width], *[None] * (width - len(row))] for row in rows if row != [None]]
    return pl.DataFrame(
        {cell: [row[place] for row in full] for cell, place in places.items()},
        schema=dict.fromkeys(places, pl.String),
    )


class TextRows:
    """Text tables that never lack a column: what is absent is null."""

    def __init__(self, tables: Mapping[str, pl.DataFrame]) -> None:
        self.tables = tables

    def frame(self, stem: str, *columns: str) -> pl.DataFrame:
        """The columns asked for, as text, of a table that may not exist."""
        given = self.tables.get(stem)
        if given is None or not given.width:
            return pl.DataFrame(schema=dict.fromkeys(columns, pl.String))
        return given.select(
            pl.col(name).cast(pl.String).replace("", None)
            if name in given.columns
            else pl.lit(None, pl.String).alias(name)
            for name in columns
        )

    def rows(self, stem: str, *columns: str) -> list[tuple[str | None, ...]]:
        return self.frame(stem, *columns).rows()
