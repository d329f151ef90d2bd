"""Translations: what they translate must exist."""

from __future__ import annotations

from typing import NamedTuple

import polars as pl

from gtfsgen.faults import Severity
from gtfsgen.feed import Feed, Status
from gtfsgen.feed import values as readers
from gtfsgen.findings import Rows
from gtfsgen.schema import TABLES, Type
from gtfsgen.validation.engine import ValidatorCrash, rule

RECORD_KEYS = {
    "calendar_dates": ("service_id", "date"),
    "frequencies": ("trip_id", "start_time"),
    "shapes": ("shape_id", "shape_pt_sequence"),
    "stop_times": ("trip_id", "stop_sequence"),
    "transfers": ("from_stop_id", "to_stop_id"),
}
"""Tables of which record_id and record_sub_id together name a row."""

VALIDATOR = "TranslationFieldAndReferenceValidator"


def _known_tables(feed: Feed) -> list[str]:
    return [
        name
        for name, table in feed.tables.items()
        if table.status not in (Status.MISSING, Status.LOST)
    ]


def _references(feed: Feed) -> pl.LazyFrame:
    """Translations that name a record, with `table` and its number of `keys`; empty where a file
    is unread.
    """
    return _with_tables(feed, _read(feed))


def _with_tables(feed: Feed, rows: pl.LazyFrame) -> pl.LazyFrame:
    rows = rows.filter(pl.col("field_value").is_null())
    if not feed.everything_loaded and feed.strict:
        return rows.head(0).with_columns(table=pl.lit(""), keys=pl.lit(0))
    tables = _known_tables(feed)
    return rows.with_columns(table=pl.col("table_name").str.to_lowercase()).with_columns(
        keys=pl.col("table").replace_strict(
            tables,
            [len(feed.schema[table].primary_key) for table in tables],
            default=None,
            return_dtype=pl.Int8,
        )
    )


@rule(Severity.WARNING, "translations", of="translations", at="translations")
def translation_unknown_table_name(feed: Feed) -> pl.LazyFrame | list[Rows]:
    """A translation is for a table that the feed does not have.

    table_name is a file name without .txt.
    """
    if feed.strict and not feed.everything_loaded:
        return []
    known = pl.col("table_name").str.to_lowercase().is_in(_known_tables(feed))
    return _read(feed).filter(~known).select("csv_row_number", "table_name")


@rule(Severity.WARNING, "translations", group="gtfsgen", of="translations.language")
def translation_language_not_looked_up(feed: Feed) -> Rows:
    """A language of translations.txt has a script or a country, by which not all planners look up.

    OpenTripPlanner takes only the language of who asks, `zh` of `zh-Hans-CN`, and finds nothing
    under `zh-Hans`: riders then see the feed's own names. Write `zh`, or rows of both. Told once
    for each language that has no rows without script and country, at its first row.
    """
    language = pl.col("language").str.replace_all("_", "-").str.to_lowercase()
    rows = feed.translations.select("csv_row_number", "language", whole=language).with_columns(
        base=pl.col("whole").str.extract("^([^-]*)")
    )
    plain = rows.filter(pl.col("whole") == pl.col("base")).select("base").unique()
    found = (
        rows.filter(pl.col("whole") != pl.col("base"))
        .join(plain, on="base", how="anti", maintain_order="left")
        .group_by("whole", maintain_order=True)
        .agg(pl.col("csv_row_number", "language").first(), entity_count=pl.len())
        .select("csv_row_number", "language", "entity_count")
    )
    return Rows(found, {"filename": "translations.txt"})


@rule(Severity.ERROR, "translations", of="translations", at="translations")
def translation_unexpected_value(feed: Feed) -> list[Rows]:
    """A translation has a value in a field that must be blank there.

    A translation is found either by field_value or by the record it belongs to, not by both; and
    record_sub_id is only for tables with a second key column.
    """
    if feed.strict and not feed.everything_loaded:
        return []
    by_value = _read(feed).filter(pl.col("field_value").is_not_null())
    by_record = _references(feed)
    record, sub = pl.col("record_id"), pl.col("record_sub_id")
    keyless = pl.col("keys") == 0
    cases = (
        (by_value.filter(record.is_not_null()), "record_id"),
        (by_value.filter(sub.is_not_null()), "record_sub_id"),
        (by_record.filter(keyless, record.is_not_null()), "record_id"),
        (
            by_record.filter(
                ~(keyless & record.is_not_null()),
                pl.col("keys") < 2,
                sub.is_not_null(),
                keyless | record.is_not_null(),
            ),
            "record_sub_id",
        ),
    )
    order = ("csv_row_number", "field_name", "field_value")
    return [
        Rows(
            rows.select("csv_row_number", pl.col(field).alias("field_value")),
            {"field_name": field},
            order,
        )
        for rows, field in cases
    ]


def missing_record_fields(feed: Feed) -> list[Rows]:
    """Translations without a field_value that do not name their record either."""
    if not feed.loaded("translations") or (feed.strict and not feed.everything_loaded):
        return []
    rows = _references(feed)
    without_id = rows.filter(pl.col("keys") >= 1, pl.col("record_id").is_null())
    without_sub = rows.filter(
        pl.col("keys") >= 2, pl.col("record_id").is_not_null(), pl.col("record_sub_id").is_null()
    )
    order = ("filename", "csv_row_number", "field_name")
    return [
        Rows(
            frame.select("csv_row_number"),
            {"filename": "translations.txt", "field_name": field},
            order,
        )
        for frame, field in ((without_id, "record_id"), (without_sub, "record_sub_id"))
    ]


@rule(Severity.ERROR, "translations", of="translations", at="translations")
def translation_foreign_key_violation(feed: Feed) -> list[Rows]:
    """A translation is for a row that does not exist.

    record_id (and record_sub_id, where the table has a second key column) must be the key of a row.
    """
    if feed.strict and not feed.everything_loaded:
        return []
    found = []
    groups = _fitting(_references(feed)).partition_by("table", as_dict=True, maintain_order=True)
    for (table,), rows in groups.items():
        dangling = _dangling(feed, str(table), rows)
        found.append(
            Rows(dangling.select("csv_row_number", "table_name", "record_id", "record_sub_id"))
        )
    crash = feed.shared(_crash)
    if crash is not None:
        raise ValidatorCrash(
            VALIDATOR,
            "java.lang.IllegalArgumentException",
            f"row {crash.row}: the record_sub_id of {crash.table} is no {crash.kind}",
            found=found,
        )
    return found


def _fitting(references: pl.LazyFrame) -> pl.DataFrame:
    """Those with just the parts of a key that their table has."""
    record, sub, keys = pl.col("record_id"), pl.col("record_sub_id"), pl.col("keys")
    return references.filter(
        record.is_not_null() == (keys >= 1), sub.is_not_null() == (keys >= 2)
    ).collect()


class _CrashingRow(NamedTuple):
    """The translation at which the canonical validator crashes."""

    row: int
    table: str
    kind: str


def _crash(feed: Feed) -> _CrashingRow | None:
    """The first translation whose record_sub_id is not of the kind of a date or time column."""
    if not feed.strict:
        return None
    found = []
    naming = _fitting(_with_tables(feed, feed.translations))
    for table, (_, second) in RECORD_KEYS.items():
        kind = TABLES[table].fields[second].type
        if kind not in (Type.DATE, Type.TIME):
            continue
        rows = naming.filter(pl.col("table") == table)
        refused = _typed(kind, rows["record_sub_id"]).refused
        if refused is not None:
            rows = rows.filter(refused)
            found += [_CrashingRow(row, table, str(kind)) for row in rows["csv_row_number"]]
    return min(found, default=None)


def _read(feed: Feed) -> pl.LazyFrame:
    """The translations that the canonical validator comes to look at: those before its crash."""
    crash = feed.shared(_crash)
    return (
        feed.translations
        if crash is None
        else feed.translations.filter(pl.col("csv_row_number") < crash.row)
    )


def _dangling(feed: Feed, table: str, rows: pl.DataFrame) -> pl.DataFrame:
    """The translations of one table whose record is not there."""
    key = feed.schema[table].primary_key
    if feed.schema[table].single_row:
        return rows.head(0) if feed.height(table) else rows
    if len(key) == 1:
        known = feed.tables[table].rows.select(pl.col(key[0]).cast(pl.String)).collect()
        return rows.join(
            known, left_on="record_id", right_on=key[0], how="anti", maintain_order="left"
        )
    if table not in RECORD_KEYS:
        return rows
    first, second = RECORD_KEYS[table]
    records = feed.tables[table].rows
    if table == "transfers":
        rest = [name for name in key if name not in (first, second)]
        records = records.filter(pl.all_horizontal(pl.col(rest).is_null()))
    typed = rows.with_columns(_sub_id(table, second, rows["record_sub_id"]).alias("sub"))
    known = records.select(pl.col(first).cast(pl.String), _comparable(table, second)).collect()
    return typed.join(
        known,
        left_on=["record_id", "sub"],
        right_on=[first, second],
        how="anti",
        maintain_order="left",
    )


def _comparable(table: str, column: str) -> pl.Expr:
    if TABLES[table].fields[column].type is Type.ID:
        return pl.col(column).cast(pl.String)
    return pl.col(column)


def _sub_id(table: str, column: str, texts: pl.Series) -> pl.Series:
    """record_sub_id read as the column it is compared with."""
    kind = TABLES[table].fields[column].type
    return texts if kind is Type.ID else _typed(kind, texts).values


def _typed(kind: Type, texts: pl.Series) -> readers.Parsed:
    if kind is Type.INTEGER:
        return readers.integers(texts)
    return readers.dates(texts) if kind is Type.DATE else readers.times(texts)
