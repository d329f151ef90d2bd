"""What reading a CSV file gives, whichever road it takes: see `gtfsgen.csv.reading`."""

from __future__ import annotations

import codecs
import math
import re
from dataclasses import dataclass, field
from typing import Any, Literal

import polars as pl

from gtfsgen.csv import records
from gtfsgen.csv.streams import DamagedEntry

Kind = Literal["text", "float", "integer", "time"]

# What both pyarrow and Java read as one number; whether it fits is seen apart.
PLAIN_NUMBER = {
    "float": re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?"),
    "integer": re.compile("-?[0-9]+"),
    "time": re.compile("[0-9]{1,2}:[0-5][0-9]:[0-5][0-9]"),
}
NUMBER_TYPES = {"float": pl.Float64(), "integer": pl.Int32(), "time": pl.Int32()}
BOM = codecs.BOM_UTF8


@dataclass(slots=True)
class Column:
    """A column of texts: `codes` (UInt32, null for a blank cell) are indexes into `values` (String,
    distinct).

    Texts are as the parser yields them: unquoted ones without surrounding blanks, quoted ones
    whole. The order of `values` means nothing, and a value may have lost its last row.
    """

    codes: pl.Series
    values: pl.Series


@dataclass(slots=True)
class Direct:
    """A column of plain numbers, read without going through text.

    `values` is Float64 or Int32, null for a blank cell and for a cell that is not plainly a decimal
    number. The latter are in `odd`: row (UInt32, index into `values`), text (String). `1e5` is one:
    what it is worth is for the reader of typed values to say.
    """

    values: pl.Series
    odd: pl.DataFrame


@dataclass(slots=True)
class RawTable:
    """What a CSV file holds, and the faults of its lines.

    Lines are counted as `csvRowNumber` is: physical lines, the header's being 1, and a record has
    the number of the line on which it ends. Rows of a wrong length and empty ones are in no column.
    """

    header: list[str] | None
    columns: dict[str, Column | Direct] = field(default_factory=dict)
    csv_row_number: pl.Series = field(default_factory=lambda: pl.Series([], dtype=pl.UInt32))
    bad_lengths: pl.DataFrame = field(default_factory=lambda: bad_length_frame([], []))
    empty_rows: pl.Series = field(default_factory=lambda: pl.Series([], dtype=pl.UInt32))
    failure: dict[str, Any] | None = None
    header_failed: bool = False

    @property
    def header_length(self) -> int:
        return len(self.header or ())

    @property
    def height(self) -> int:
        return len(self.csv_row_number)


class CarefulRows:
    """Records sorted into rows of the table, rows of a wrong length and empty rows."""

    def __init__(self, names: list[str]) -> None:
        self.width = len(names)
        self.rows: list[records.Cells] = []
        self.lines: list[int] = []
        self.bad_lines: list[int] = []
        self.bad_lengths: list[int] = []
        self.empty_lines: list[int] = []
        self._last: tuple[list[Any], ...] = ()

    def add(self, record: records.Record) -> None:
        if record.cells == [None]:
            self.empty_lines.append(record.line)
            self._last = (self.empty_lines,)
        elif len(record.cells) != self.width:
            self.bad_lines.append(record.line)
            self.bad_lengths.append(len(record.cells))
            self._last = (self.bad_lines, self.bad_lengths)
        else:
            self.rows.append(record.cells)
            self.lines.append(record.line)
            self._last = (self.rows, self.lines)

    def forget_last(self) -> None:
        """The canonical reader is one record ahead and loses the one before a failing one."""
        for kept in self._last:
            kept.pop()

    def column(self, index: int) -> list[str | None]:
        return [row[index] for row in self.rows]


def coded(cells: list[str | None]) -> Column:
    """Cells as codes and distinct values, in order of first occurrence."""
    values = dict.fromkeys(cells)
    values.pop(None, None)
    index = {text: code for code, text in enumerate(values)}
    codes = pl.Series([*map(index.get, cells)], dtype=pl.UInt32)
    return Column(codes, pl.Series([*index], dtype=pl.String))


def direct(cells: list[str | None], kind: Kind) -> Direct:
    """Cells as numbers where they are plainly numbers, and the others as text."""
    known = {cell: None if cell is None else _plain_number(cell, kind) for cell in {*cells}}
    values = pl.Series([*map(known.get, cells)], dtype=NUMBER_TYPES[kind])
    odd = {cell for cell, value in known.items() if cell is not None and value is None}
    rows = [row for row, cell in enumerate(cells) if cell in odd] if odd else []
    return Direct(values, odd_frame(rows, [cells[row] for row in rows]))


def _plain_number(cell: str, kind: Kind) -> float | int | None:
    if not PLAIN_NUMBER[kind].fullmatch(cell):
        return None
    if kind == "time":
        hours, minutes, seconds = cell.split(":")
        return int(hours) * 3600 + int(minutes) * 60 + int(seconds)
    if kind == "float":
        number = float(cell)
        return number if math.isfinite(number) else None
    return int(cell) if len(cell) < 20 and -(2**31) <= int(cell) < 2**31 else None


def odd_frame(rows: Any, texts: Any) -> pl.DataFrame:
    return pl.DataFrame({"row": rows, "text": texts}, schema={"row": pl.UInt32, "text": pl.String})


def bad_length_frame(lines: Any, lengths: Any) -> pl.DataFrame:
    return pl.DataFrame(
        {"csv_row_number": lines, "row_length": lengths},
        schema={"csv_row_number": pl.UInt32, "row_length": pl.UInt32},
    )


def without_bom(data: bytes) -> bytes:
    """Both the canonical validator and its parser take off a byte order mark, so two of them go."""
    for _ in range(2):
        data = data.removeprefix(BOM)
    return data


def decode(data: bytes) -> str:
    """UTF-8 with U+FFFD for bad bytes, one for each faulty sequence as Java counts them."""
    return data.decode("utf-8", "gtfsgen_java")


def _replace_as_java(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    at, data = error.start, error.object
    if data[at] == 0xED and _is_continuation(data, at + 1):
        # An encoded surrogate, even one cut short, is one fault, where Python sees two or three.
        return "\ufffd", at + 2 + _is_continuation(data, at + 2)
    return "\ufffd", error.end


def _is_continuation(data: bytes, at: int) -> bool:
    return at < len(data) and data[at] & 0xC0 == 0x80


codecs.register_error("gtfsgen_java", _replace_as_java)


def failure(
    failed: records.ParsingFailed, text: str, lines: int = 0, chars: int = 0
) -> dict[str, Any]:
    """The particulars of csv_parsing_failed. `lines` and `chars` were read before `text`."""
    at = min(failed.at, len(text))
    begin = max(text.rfind("\n", 0, at) + 1, at - 1000)
    return {
        "charIndex": chars + records.units(text[:at]),
        "columnIndex": failed.column,
        "lineIndex": lines + text.count("\n", 0, at),
        "message": failed.message,
        "parsedContent": text[begin:at],
    }


def unreadable(damage: DamagedEntry) -> dict[str, Any]:
    return {
        "charIndex": 0,
        "columnIndex": -1,
        "lineIndex": -1,
        "message": str(damage),
        "parsedContent": "",
    }
