"""Plain lines with whole cells in quotes, read with pyarrow."""

from __future__ import annotations

import codecs

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from gtfsgen.csv import raw, records
from gtfsgen.csv.columns import Chunk, Dictionary, Growing, chunk_of_numbers, read_numbers

BLOCK_BYTES = 1024 * 1024  # what one thread of pyarrow reads at a time
_TEXT = pa.dictionary(pa.int32(), pa.string())
_NUMBERS = {"float": pa.float64(), "integer": pa.int32()}


def read(
    data: bytes, rows: int, names: list[str], columns: dict[str, Growing]
) -> dict[str, Chunk] | None:
    """The columns of lines, or None if they are not as plain as they look."""
    if data.startswith(codecs.BOM_UTF8):
        # pyarrow takes one off, wherever in the file the piece is
        data = codecs.BOM_UTF8 + data
    numbers = {
        name: _NUMBERS[column.kind]
        for name, column in columns.items()
        if column.kind in _NUMBERS
        and not (column.kind == "integer" and _may_hold_hexadecimals(data))
    }
    for types in [numbers, {}] if numbers else [{}]:
        try:
            table = _parsed(data, names, columns, types)
        except pa.ArrowInvalid:
            continue
        if table.num_rows != rows:
            return None
        chunks = {
            name: _chunk(table.column(str(names.index(name))), column)
            for name, column in columns.items()
        }
        found = {name: chunk for name, chunk in chunks.items() if chunk is not None}
        if len(found) == len(columns):
            return found
    return None


def _may_hold_hexadecimals(data: bytes) -> bool:
    """pyarrow takes 0x1F for an integer."""
    return (b"x" in data and b"0x" in data) or (b"X" in data and b"0X" in data)


def _parsed(
    data: bytes,
    names: list[str],
    columns: dict[str, Growing],
    numbers: dict[str, pa.DataType],
) -> pa.Table:
    """Parse with pyarrow; columns of a kind of number that are not in `numbers` stay texts."""
    types = {
        str(names.index(name)): numbers.get(name, _TEXT if column.kind == "text" else pa.string())
        for name, column in columns.items()
    } or {"0": _TEXT}
    return pacsv.read_csv(
        pa.BufferReader(data),
        read_options=pacsv.ReadOptions(
            column_names=[str(index) for index in range(len(names))],
            block_size=BLOCK_BYTES,
        ),
        convert_options=pacsv.ConvertOptions(
            column_types=types,
            include_columns=list(types),
            null_values=[""],
            strings_can_be_null=True,
        ),
    )


def _chunk(column: pa.ChunkedArray, growing: Growing) -> Chunk | None:
    if growing.kind == "text":
        return _codes(column, growing.dictionary)
    if column.type == pa.string():
        return read_numbers(pl.Series(pl.from_arrow(column)), growing.kind)
    if growing.kind == "float" and pc.all(pc.is_finite(column)).as_py() is False:
        return None  # "nan" and "inf" are numbers to pyarrow
    return chunk_of_numbers(pl.Series(pl.from_arrow(column)), raw.odd_frame([], []))


def _codes(column: pa.ChunkedArray, dictionary: Dictionary) -> Chunk:
    """Cells without surrounding blanks, blank where nothing is left."""
    unified = column.unify_dictionaries()
    texts = unified.chunk(0).dictionary if unified.num_chunks else pa.array([], pa.string())
    found = dictionary.chunk(_trimmed(pl.Series(pl.from_arrow(texts), dtype=pl.String)))
    indexes = pa.chunked_array([chunk.indices for chunk in unified.chunks], pa.int32())
    places = pl.Series(pl.from_arrow(indexes))
    blank = places.is_null().to_numpy()
    if blank.all() or found.values is None:
        return Chunk.of_blanks(len(places))
    rows = places.fill_null(0).to_numpy()
    if found.blank is not None:
        blank |= found.blank[rows]
    return Chunk(found.values[rows], blank if blank.any() else None)


def _trimmed(texts: pl.Series) -> pl.Series:
    texts = texts.str.strip_chars(records.BLANKS)
    return texts.set(texts == "", None)
