"""Columns as arrays of whole numbers: how the frames of this room are put together."""

from __future__ import annotations

import numpy as np
import polars as pl

from gtfsgen.feed import Feed
from gtfsgen.feed.table import dtypes
from gtfsgen.schema import TABLES

UNKNOWN = -(2**31)
"""What stands for null in an array of numbers; no time or offset is so early."""
_FACTORS = tuple(np.uint64(each) for each in (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F))


def table(feed: Feed, name: str, *columns: str) -> pl.DataFrame:
    """All rows of a table, also those with a fault elsewhere, with `csv_row_number` and these
    columns; null where a cell is blank or cannot be read, or the file has no such column.
    """
    frame = feed.tables[name].frame
    kinds = dtypes(TABLES[name], feed.categories)
    wanted = ("csv_row_number", *columns)
    return (
        frame.select(
            pl.col(each) if each in frame.columns else pl.lit(None, kinds[each]).alias(each)
            for each in wanted
        )
        if frame.columns
        else pl.DataFrame(schema={each: kinds[each] for each in wanted})
    )


def numbers(column: pl.Series, null: int = UNKNOWN) -> np.ndarray:
    """A column of whole numbers, ids as their codes, as 64-bit integers."""
    if isinstance(column.dtype, pl.Categorical):
        column = column.to_physical()
    return column.cast(pl.Int64).fill_null(null).to_numpy()


def places(keys: pl.Series, wanted: pl.Series) -> np.ndarray:
    """For each wanted id its place among `keys`, which are distinct; -1 for one that is null or
    not among them.
    """
    codes, asked = numbers(keys, -1), numbers(wanted, -1)
    size = 1 + int(max(codes.max(initial=-1), asked.max(initial=-1)))
    found = np.full(size + 1, -1, np.int32)  # the last is for null, -1
    found[codes] = np.arange(len(codes), dtype=np.int32)
    found[-1] = -1
    return found[asked]


def highest(column: pl.Series) -> int:
    """The highest whole number of a column; 0 where it has none."""
    return int(numbers(column.drop_nulls()).max(initial=0)) if column.len() else 0


def nullable(values: np.ndarray, dtype: type[pl.DataType]) -> pl.Series:
    """An array as a column, null where it is UNKNOWN or, for a number without sign, below 0."""
    series = pl.Series(values)
    gone = series < 0 if dtype in (pl.UInt32, pl.UInt16) else series == UNKNOWN
    return series.to_frame("n").select(pl.when(~gone).then(pl.col("n")).cast(dtype)).to_series()


def mix(values: np.ndarray, seed: int = 0) -> np.ndarray:
    """Numbers of 64 bits as others of 64 bits, spread evenly (the finalizer of SplitMix64)."""
    z = values.astype(np.uint64) + _FACTORS[seed]
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def row_marks(columns: list[np.ndarray]) -> np.ndarray:
    """A number for each row, equal for equal rows; what differs is equal but once in 2**64."""
    marks = np.full(len(columns[0]), _FACTORS[0], np.uint64)
    for column in columns:
        marks ^= column.astype(np.int64, copy=False).view(np.uint64)
        marks *= _FACTORS[1]
        marks ^= marks >> np.uint64(29)
    return marks


def run_marks(columns: list[np.ndarray], starts: np.ndarray) -> pl.DataFrame:
    """Two numbers and a length for each run of rows (`starts`: where each begins), equal for runs
    with equal rows in equal order.
    """
    count = len(columns[0])
    lengths = np.diff(starts, append=count)
    order = np.arange(count, dtype=np.int64) - np.repeat(starts, lengths)
    rows = row_marks([order, *columns])
    marks = {
        f"mark_{seed}": np.add.reduceat(mix(rows, seed), starts)
        if count
        else np.zeros(0, np.uint64)
        for seed in (0, 1)
    }
    return pl.DataFrame({**marks, "length": lengths})


def same(frame: pl.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """For each row the number of its kind, where equal rows are of one kind and kinds are numbered
    as they first appear; and the first row of each kind.
    """
    keys = frame.columns
    rows = frame.with_row_index("row")
    kinds = (
        rows.group_by(keys, maintain_order=True).agg(pl.col("row").first()).with_row_index("kind")
    )
    found = rows.select(keys).join(
        kinds.drop("row"), on=keys, how="left", maintain_order="left", nulls_equal=True
    )
    return found["kind"].to_numpy().astype(np.int64), kinds["row"].to_numpy().astype(np.int64)


def ranges(starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """The indexes of several runs of rows, one run after another."""
    total = int(lengths.sum())
    if not total:
        return np.zeros(0, np.int64)
    before = np.cumsum(lengths) - lengths
    return np.arange(total, dtype=np.int64) + np.repeat(starts - before, lengths)
