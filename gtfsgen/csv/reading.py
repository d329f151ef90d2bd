"""CSV text to dictionary-coded columns, cell for cell as the canonical validator's parser reads it.

Every distinct text of a column is kept once and rows hold codes, so that later rooms parse and
check each distinct value once. Two roads give the same result: `gtfsgen.csv.records`, careful and
in Python, reads small files without loading a heavy library; `gtfsgen.csv.pieces` reads big ones a
piece at a time with numpy and sends only the odd lines down the careful road. What both give is in
`gtfsgen.csv.raw`. See `docs/decisions/csv-roads.md`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import IO, Any

import polars as pl

from gtfsgen.budget import budget
from gtfsgen.csv import records
from gtfsgen.csv.raw import (
    BOM,
    CarefulRows,
    Kind,
    RawTable,
    bad_length_frame,
    coded,
    decode,
    direct,
    failure,
    unreadable,
    without_bom,
)
from gtfsgen.csv.streams import DamagedEntry, Stream

Bytes = bytes | bytearray | memoryview

SMALL_BYTES = 256 * 1024  # up to here the careful road is quicker than importing numpy
PIECE_BYTES = 2 * 1024 * 1024  # what numpy makes of it mostly stays in the processor's cache


def read_table(
    data: Bytes | IO[bytes] | Stream,
    wanted: Collection[str] | Mapping[str, Kind],
    *,
    unlimited_cells: bool = False,
    small_bytes: int = SMALL_BYTES,
    piece_bytes: int = PIECE_BYTES,
) -> RawTable:
    """Read a CSV file: bytes, or a binary stream read a piece at a time.

    `wanted` names the columns to keep; as a mapping it tells their kind, and those of kind "float"
    and "integer" become `Direct`. Of two columns with one name the first is kept. `unlimited_cells`
    lifts the limit of 4,096 characters a cell, as the canonical validator does for areas.txt.

    Text that is not UTF-8 is no error here: bad bytes become U+FFFD, as in the canonical validator.
    A stream that breaks off with `DamagedEntry` gives a `failure`; any other exception of the
    stream passes through.
    """
    kinds: dict[str, Kind] = (
        dict(wanted) if isinstance(wanted, Mapping) else dict.fromkeys(wanted, "text")
    )
    limit = budget().cell if unlimited_cells else records.MAX_CELL
    source = _Source(data)
    try:
        start = source.take(max(small_bytes, 2 * len(BOM)) + 1)
    except DamagedEntry as damage:
        return RawTable([], failure=unreadable(damage), header_failed=True)
    if len(start) <= small_bytes:
        return _read_carefully(decode(without_bom(start)), kinds, limit)
    from gtfsgen.csv import pieces

    return pieces.read(start, source, kinds, limit, piece_bytes)


class _Source:
    """Bytes or a stream, taken in parts of a wanted size."""

    def __init__(self, data: Bytes | IO[bytes] | Stream) -> None:
        self._view = None if hasattr(data, "read") else memoryview(data)
        self._stream: Any = data
        self._at = 0

    def take(self, size: int) -> bytes:
        """The next `size` bytes, fewer only at the end."""
        if self._view is not None:
            part = bytes(self._view[self._at : self._at + size])
            self._at += len(part)
            return part
        parts = []
        while size > 0 and (part := self._stream.read(size)):
            parts.append(part)
            size -= len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)


def _read_carefully(text: str, kinds: dict[str, Kind], limit: int) -> RawTable:
    try:
        names, start, line = records.header(text, limit)
    except records.ParsingFailed as failed:
        return RawTable([], failure=failure(failed, text), header_failed=True)
    if names is None:
        return RawTable(None)
    quick = records.plain_rows(text, start, len(names), limit)
    if quick is not None:
        return _plain_table(names, quick, line, kinds)
    rows = CarefulRows(names)
    table = RawTable(names)
    try:
        for record in records.records(text, limit, start, line):
            rows.add(record)
    except records.ParsingFailed as failed:
        table.failure = failure(failed, text)
        rows.forget_last()
    table.csv_row_number = pl.Series(rows.lines, dtype=pl.UInt32)
    table.bad_lengths = bad_length_frame(rows.bad_lines, rows.bad_lengths)
    table.empty_rows = pl.Series(rows.empty_lines, dtype=pl.UInt32)
    for name, kind in kinds.items():
        if name in names:
            cells = rows.column(names.index(name))
            table.columns[name] = coded(cells) if kind == "text" else direct(cells, kind)
    return table


def _plain_table(
    names: list[str], rows: list[list[str]], line: int, kinds: dict[str, Kind]
) -> RawTable:
    """The table of rows that follow each other from the line after `line`."""
    lines = pl.Series(range(line + 1, line + 1 + len(rows)), dtype=pl.UInt32)
    table = RawTable(names, csv_row_number=lines)
    cells = list(zip(*rows, strict=True))
    for name, kind in kinds.items():
        if name in names:
            column = [cell or None for cell in cells[names.index(name)]]
            table.columns[name] = coded(column) if kind == "text" else direct(column, kind)
    return table
