"""Keys and references: what must be unique, what must exist."""

from __future__ import annotations

from typing import Any

import polars as pl

from gtfsgen.faults import Severity
from gtfsgen.feed import Feed
from gtfsgen.findings import Rows, clock
from gtfsgen.schema import TABLES, Table, Type
from gtfsgen.validation.engine import rule


@rule(Severity.ERROR)
def duplicate_key(feed: Feed) -> list[Rows]:
    """Two rows of a file have the same key.

    Look-ups by that key find only the first row, so the later one is as good as lost. Delete one
    of them or give it a key of its own. Composite keys count blanks as values.
    """
    return [
        rows
        for table in feed.schema.values()
        if table.primary_key and feed.loaded(table.name) and feed.height(table.name) > 1
        for rows in _repeated_keys(feed, table)
    ]


FEW = 1000
"""Up to so many rows a Python set is quicker than a plan, which costs a millisecond to set up."""


def _repeated_keys(feed: Feed, table: Table) -> list[Rows]:
    key = table.primary_key
    rows = feed.tables[table.name].rows
    if len(key) == 1:
        rows = rows.filter(pl.col(key[0]).is_not_null())
    codes = [_code(table, name) for name in key]
    if not _has_duplicates(feed, table, rows, codes):
        return []
    first = pl.col("csv_row_number").first().over(codes)
    repeated = (
        rows.with_columns(first_row=first)
        .filter(pl.col("csv_row_number") != pl.col("first_row"))
        .select("csv_row_number", "first_row")
    )
    original = rows.select(
        pl.col("csv_row_number").alias("first_row"),
        *(_shown(table, name) for name in key),
    )
    joined = (
        repeated.lazy()
        .select("csv_row_number", "first_row")
        .join(original, on="first_row", how="left", maintain_order="left")
    )
    names = pl.concat_str(
        [pl.when(pl.col(name).is_not_null()).then(pl.lit(name)) for name in key],
        separator=",",
        ignore_nulls=True,
    )
    values = pl.concat_str([pl.col(name) for name in key], separator=",", ignore_nulls=True)
    frame = joined.select(
        pl.col("first_row").alias("old_csv_row_number"),
        pl.col("csv_row_number").alias("new_csv_row_number"),
        names.alias("field_name1"),
        values.alias("field_value1"),
    )
    return [Rows(frame, {"filename": table.filename})]


def _code(table: Table, name: str) -> pl.Expr:
    """The key part as a number or text to compare; a blank is its type's default."""
    column = pl.col(name)
    type_ = table.fields[name].type
    if type_ in (Type.INTEGER, Type.TIME):
        return column.fill_null(0)
    if type_ is Type.ID:
        return column.to_physical()
    return column


def _shown(table: Table, name: str) -> pl.Expr:
    type_ = table.fields[name].type
    if type_ is Type.TIME:
        return clock(name)
    if type_ is Type.DATE:
        return pl.col(name).dt.strftime("%Y%m%d")
    return pl.col(name).cast(pl.String)


def _has_duplicates(feed: Feed, table: Table, rows: pl.LazyFrame, codes: list[pl.Expr]) -> bool:
    """Whether there is any duplicate at all, asked first because there hardly ever is."""
    key = table.primary_key
    if feed.height(table.name) <= FEW:
        frame = feed.tables[table.name].good
        present = [name for name in key if name in frame.columns]
        keys = list(zip(*(_plain(table, frame[name]) for name in present), strict=True))
        return len(set(keys)) < len(keys)
    if table.name in ("stop_times", "shapes") and feed.order_of(table.name).strict:
        return False
    facts = rows.select(pl.len(), distinct=pl.struct(codes).n_unique()).collect()
    height, distinct = facts.row(0)
    return distinct < height


def _plain(table: Table, column: pl.Series) -> list[Any]:
    """A key part as Python values, blanks as the defaults that keys are compared with."""
    type_ = table.fields[column.name].type
    # Dates as numbers too: Python has no year 0.
    values = (column.to_physical() if type_ in (Type.ID, Type.DATE) else column).to_list()
    if type_ in (Type.INTEGER, Type.TIME):
        return [value or 0 for value in values]
    return values


@rule(Severity.ERROR)
def foreign_key_violation(feed: Feed) -> list[Rows]:
    """A value refers to a row that does not exist.

    A stop time of an unknown trip, a trip of an unknown route: consumers drop such rows, or the
    whole feed. Add the row that is referred to, or mend the spelling; ids are compared exactly.
    """
    found = []
    for table in feed.schema.values():
        for column in table.fields.values():
            parents = [tuple(target.split(".")) for target in column.references]
            if not parents or not feed.loaded(table.name, *(parent for parent, _ in parents)):
                continue
            if not feed.has(table.name, column.name) or not feed.height(table.name):
                continue
            if any(not feed.present(name) and name in REQUIRED for name, _ in parents):
                continue
            found += _dangling(feed, table, column.name, parents)
    return found


REQUIRED = {table.name for table in TABLES.values() if table.required}


def _has_dangling(feed: Feed, table: Table, column: str, parents: list[tuple[str, ...]]) -> bool:
    """Whether any value dangles, where that is quickly told; otherwise True."""
    if any(
        name == "locations" or feed.height(name) > FEW
        for name in (table.name, *(parent for parent, _ in parents))
    ):
        return True
    known: set[str] = set()
    for name, parent_column in parents:
        frame = feed.tables[name].frame
        if parent_column in frame.columns:
            known.update(frame[parent_column].to_list())
    used = set(feed.tables[table.name].good[column].to_list())
    return not used <= known | {None}


def _dangling(feed: Feed, table: Table, column: str, parents: list[tuple[str, ...]]) -> list[Rows]:
    if not _has_dangling(feed, table, column, parents):
        return []
    known = pl.concat([feed.known_ids(*parent) for parent in parents])
    used = feed.tables[table.name].rows.filter(pl.col(column).is_not_null())
    frame = used.join(
        known, left_on=column, right_on="id", how="anti", maintain_order="left"
    ).select(pl.col(column).alias("field_value"), "csv_row_number")
    files = " or ".join(
        "locations.geojson" if name == "locations" else f"{name}.txt" for name, _ in parents
    )
    constants = {
        "child_filename": table.filename,
        "child_field_name": column,
        "parent_filename": files,
        "parent_field_name": parents[0][1],
    }
    return [Rows(frame, constants)]


@rule(Severity.WARNING)
def more_than_one_entity(feed: Feed) -> list[Rows]:
    """A file that may have one row has several.

    Consumers take the first row of feed_info.txt. Delete the others.
    """
    return [
        Rows(
            pl.DataFrame({"filename": [table.filename], "entity_count": [feed.height(table.name)]})
        )
        for table in feed.schema.values()
        if table.single_row and feed.loaded(table.name) and feed.height(table.name) > 1
    ]
