"""Rows that stand twice, and references that lead nowhere."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import polars as pl

from gtfsgen.fixing.changes import Change
from gtfsgen.fixing.documents import cell_text, cells_of
from gtfsgen.fixing.looking import Look
from gtfsgen.fixing.registry import fixer
from gtfsgen.schema import TABLES

UNREACHABLE = {
    ("stop_times", "trip_id"),
    ("frequencies", "trip_id"),
}
"""References without which a row is of no use to anybody: there is no such trip to ride on."""
DECORATION = {("trips", "shape_id"), ("stops", "level_id")}
"""References that only add to what stands without them, where they lead somewhere."""

RULES = ("transfers", "fare_rules", "fare_leg_rules", "stop_areas")
"""Tables of rules: without one of what they are about they mean nothing."""
PLACES = ("stop_id", "location_id", "location_group_id")


@fixer(safe=True)
def duplicate_key(look: Look) -> Iterator[Change]:
    """A row that repeats an earlier one cell for cell is left out."""
    for table, pairs in _pairs(look):
        cells = look.csv(table).cells
        rows = [later for first, later in pairs if cells(first) == cells(later)]
        yield from look.rows_out(table, rows)


@fixer(safe=False, code="duplicate_key")
def later_row_of_a_key(look: Look) -> Iterator[Change]:
    """Of rows of one key the first stays, which is the one that readers find."""
    for table, pairs in _pairs(look):
        cells = look.csv(table).cells
        rows = [later for first, later in pairs if cells(first) != cells(later)]
        yield from look.rows_out(table, rows)


def _pairs(look: Look) -> Iterator[tuple[str, list[tuple[int, int]]]]:
    notices = look.notices("duplicate_key")
    if notices.height:
        for (file,), rows in notices.group_by("filename", maintain_order=True):
            columns = ("old_csv_row_number", "new_csv_row_number")
            yield str(file).removesuffix(".txt"), list(rows.select(columns).iter_rows())


@fixer(safe=True)
def more_than_one_entity(look: Look) -> Iterator[Change]:
    """A second row of feed_info.txt that says the same as the first is left out."""
    yield from look.rows_out("feed_info", [row for row, same in _later(look) if same])


@fixer(safe=False, code="more_than_one_entity")
def later_entity(look: Look) -> Iterator[Change]:
    """Only the first row of feed_info.txt stays, which is the one that readers take."""
    yield from look.rows_out("feed_info", [row for row, same in _later(look) if not same])


def _later(look: Look) -> Iterator[tuple[int, bool]]:
    text = look.csv("feed_info")
    first: list[str] | None = None
    for place in range(text.header_place + 1, len(text.lines)):
        if not text.row(place).strip(b"\r\n"):
            continue
        cells = [cell_text(raw) for raw in cells_of(text.row(place))[0]]
        if first is None:
            first = cells
        else:
            yield int(text.lines[place]), cells == first


@fixer(safe=True)
def foreign_key_violation(look: Look) -> Iterator[Change]:
    """A stop time or headway of a trip that does not exist is left out; a reference to a shape or
    level that does not exist becomes blank."""
    for table, column, rows in _dangling(look):
        if (table, column) in UNREACHABLE:
            yield from look.rows_out(table, rows)
        elif (table, column) in DECORATION:
            yield from look.set_cells(table, column, dict.fromkeys(rows, ""))


@fixer(safe=False, code="foreign_key_violation")
def row_without_what_it_refers_to(look: Look) -> Iterator[Change]:
    """A rule for something that does not exist is left out, any other optional reference becomes
    blank."""
    out: dict[str, set[int]] = defaultdict(set)
    for table, column, rows in _dangling(look):
        if (table, column) in UNREACHABLE | DECORATION:
            continue
        required = TABLES[table].fields[column].required
        if table in RULES or (required and table not in ("trips", "stop_times")):
            out[table] |= {*rows}
        elif not required and column not in PLACES:
            yield from look.set_cells(table, column, dict.fromkeys(rows, ""))
    for table, numbers in out.items():
        yield from look.rows_out(table, sorted(numbers))


def _dangling(look: Look) -> Iterator[tuple[str, str, list[int]]]:
    notices = look.notices("foreign_key_violation")
    if notices.height:
        keys = ("child_filename", "child_field_name")
        for (file, column), rows in notices.group_by(*keys, maintain_order=True):
            table = str(file).removesuffix(".txt")
            yield table, str(column), rows["csv_row_number"].unique().sort().to_list()


@fixer(safe=True)
def translation_foreign_key_violation(look: Look) -> Iterator[Change]:
    """A translation for a row that does not exist is left out: nobody ever sees it."""
    code = "translation_foreign_key_violation"
    yield from look.rows_out("translations", look.rows_at_fault(code))


@fixer(safe=True)
def translation_unknown_table_name(look: Look) -> Iterator[Change]:
    """A translation for a table that the feed does not have is left out: nobody ever sees it."""
    code = "translation_unknown_table_name"
    yield from look.rows_out("translations", look.rows_at_fault(code))


@fixer(safe=False)
def translation_unexpected_value(look: Look) -> Iterator[Change]:
    """A value that must be blank for this kind of translation becomes blank."""
    notices = look.notices("translation_unexpected_value")
    if notices.height:
        for (column,), rows in notices.group_by("field_name", maintain_order=True):
            numbers = rows["csv_row_number"].to_list()
            yield from look.set_cells("translations", str(column), dict.fromkeys(numbers, ""))


def references_to(look: Look, target: str, without: tuple[str, ...] = ()) -> set[str]:
    """All values of columns that refer to a column, but for those of some tables."""
    found: set[str] = set()
    for table in TABLES.values():
        for field in table.fields.values():
            referring = target in field.references and table.name not in without
            if referring and look.has(table.name, field.name):
                cells = look.text(table.name, field.name)[field.name]
                found |= {*cells.drop_nulls().unique().to_list()}
    return found


def translated(look: Look, table: str) -> set[str]:
    """The ids of a table's rows that have translations of their own."""
    rows = look.text("translations", "table_name", "record_id")
    mine = rows.filter(pl.col("table_name").str.to_lowercase() == table)
    return {*mine["record_id"].drop_nulls().to_list()}
