"""All notices of a report as tables: a frame in Python, CSV, Parquet, lines of JSON.

A feed can have millions of notices, so that everything here works on whole columns, a piece of a
table at a time.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

import polars as pl

from gtfsgen.findings import Rows, camel
from gtfsgen.validation.places import place_columns

if TYPE_CHECKING:
    from gtfsgen.faults import Severity
    from gtfsgen.validation import Report

PIECE = 100_000
"""Notices that are turned into text at a time."""

SCHEMA = {
    "code": pl.String,
    "severity": pl.String,
    "filename": pl.String,
    "csv_row_number": pl.Int64,
    "particulars": pl.String,
}


def notice_table(report: Report) -> pl.DataFrame:
    """One row per notice, with the columns of `SCHEMA`; `particulars` is a JSON object.

    `filename` and `csv_row_number` say where the notice points and are null where it points
    nowhere; they are not repeated among the particulars.
    """
    return pl.concat([pl.DataFrame(schema=SCHEMA), *pieces(report)])


def pieces(report: Report) -> Iterator[pl.DataFrame]:
    """The rows of `notice_table` by code and severity, at most `PIECE` in a frame."""
    for (code, severity), found in report.graded().items():
        for rows in found:
            shown = rows.shown()
            for piece in shown.iter_slices(PIECE):
                yield _table(code, severity, rows, piece)


def _table(code: str, severity: Severity, rows: Rows, piece: pl.DataFrame) -> pl.DataFrame:
    order = tuple(name for name in rows.order or (*rows.constants, *piece.columns) if name != "_")
    here = place_columns(code, order)

    def value(name: str, dtype: type[pl.DataType]) -> pl.Expr:
        if not name:
            return pl.lit(None, dtype=dtype)
        given = pl.lit(rows.constants[name]) if name in rows.constants else pl.col(name)
        return given.cast(dtype)

    filename = value(here.file_column, pl.String) if here.file_column else pl.lit(here.filename)
    others = [name for name in order if name not in (here.file_column, here.row_column)]
    members = [
        pl.lit(_member(name, rows.constants[name]))
        if name in rows.constants
        else _members(name, piece.schema[name])
        for name in others
        if name in rows.constants or name in piece.columns
    ]
    joined = pl.concat_str(members, separator=",", ignore_nulls=True) if members else pl.lit("")
    return piece.select(
        pl.lit(code).alias("code"),
        pl.lit(str(severity)).alias("severity"),
        pl.when(filename != "").then(filename).cast(pl.String).alias("filename"),
        value(here.row_column, pl.Int64).alias("csv_row_number"),
        pl.concat_str(pl.lit("{"), joined, pl.lit("}")).alias("particulars"),
        _=pl.int_range(pl.len()),  # as many rows as the piece, also where all else is constant
    ).drop("_")


def _member(name: str, constant: object) -> str | None:
    if constant is None:
        return None
    return f"{json.dumps(camel(name))}:{json.dumps(constant, ensure_ascii=False)}"


def _members(name: str, dtype: pl.DataType) -> pl.Expr:
    """`"tripId":"T1"` for each row, null where there is no value."""
    column = pl.col(name)
    text = column.cast(pl.String) if dtype in (pl.Categorical, pl.Enum) else column
    encoded = pl.struct(text.alias(camel(name))).struct.json_encode()
    return pl.when(column.is_not_null()).then(encoded.str.slice(1, encoded.str.len_chars() - 2))


def write_csv(report: Report, out: BinaryIO, feed: str) -> None:
    pl.DataFrame(schema=SCHEMA).write_csv(out)
    for piece in pieces(report):
        piece.write_csv(out, include_header=False)


def write_ndjson(report: Report, out: BinaryIO, feed: str) -> None:
    for piece in pieces(report):
        place = pl.struct("code", "severity", "filename", "csv_row_number").struct.json_encode()
        line = pl.concat_str(
            place.str.slice(0, place.str.len_chars() - 1),
            pl.lit(',"particulars":'),
            "particulars",
            pl.lit("}\n"),
        )
        out.write(piece.select(line.str.join()).item().encode())


def write_parquet(report: Report, out: BinaryIO, feed: str) -> None:
    import pyarrow.parquet

    oldest = pl.CompatLevel.oldest()
    schema = pl.DataFrame(schema=SCHEMA).to_arrow(compat_level=oldest).schema
    with pyarrow.parquet.ParquetWriter(out, schema, compression="zstd") as writer:
        for piece in pieces(report):
            writer.write_table(piece.to_arrow(compat_level=oldest))
