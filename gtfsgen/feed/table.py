"""A file of a feed, from bytes to typed rows: every distinct value is read and checked once.

The rules that follow from the schema alone (missing, malformed, out of range, odd characters) are
found here, on the way, because here a column is still a dictionary of its distinct values.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import IO

import polars as pl

from gtfsgen.budget import budget
from gtfsgen.csv import reading
from gtfsgen.csv.raw import Column, Direct, RawTable
from gtfsgen.csv.streams import Stream
from gtfsgen.feed import values
from gtfsgen.findings import Rows
from gtfsgen.schema import Bound, Field, Table, Type


class Status(StrEnum):
    """Whether a table can be relied on, in the words of the canonical validator."""

    LOADED = "LOADED"
    MISSING = "MISSING"
    EMPTY_FILE = "EMPTY_FILE"
    INVALID_HEADERS = "INVALID_HEADERS"
    UNPARSABLE_ROWS = "UNPARSABLE_ROWS"
    LOST = "LOST"
    """Listed in the archive, but nobody can open it."""


ID_TABLES_OF_TEXT = {"stop_headsign"}
"""Text columns of the longest tables, kept as codes like ids."""


@dataclass
class LoadedTable:
    """A table as read: `csv_row_number` and the columns of the header that the schema knows."""

    schema: Table
    status: Status
    header: tuple[str, ...] = ()
    frame: pl.DataFrame = field(default_factory=pl.DataFrame)
    bad: pl.Series | None = None
    """Rows of `frame` with an ERROR in one of their cells; None if there are none."""
    found: dict[str, list[Rows]] = field(default_factory=lambda: defaultdict(list))
    """What was found while reading, by notice code."""

    @property
    def present(self) -> bool:
        return self.status is not Status.MISSING

    @property
    def loaded(self) -> bool:
        """The canonical validator would let other rules see this table."""
        return self.status is Status.LOADED or (
            self.status is Status.MISSING and not self.schema.required
        )

    @cached_property
    def good(self) -> pl.DataFrame:
        return self.frame if self.bad is None else self.frame.filter(~self.bad)

    def has(self, column: str) -> bool:
        return column in self.header

    @cached_property
    def rows(self) -> pl.LazyFrame:
        """The good rows, with every column of the schema: absent ones are null."""
        absent = [
            pl.lit(None, dtype=dtype).alias(name)
            for name, dtype in dtypes(self.schema, self.categories).items()
            if name not in self.frame.columns
        ]
        if self.good.height <= FEW:
            return self.good.with_columns(absent).lazy()  # once, not in every rule's plan
        return self.good.lazy().with_columns(absent)

    categories: pl.Categories = field(default_factory=lambda: pl.Categories.random("gtfsgen"))


DTYPES = {
    Type.LATITUDE: pl.Float64,
    Type.LONGITUDE: pl.Float64,
    Type.FLOAT: pl.Float64,
    Type.INTEGER: pl.Int32,
    Type.CHOICE: pl.Int16,
    Type.COLOR: pl.Int32,
    Type.DATE: pl.Date,
    Type.TIME: pl.Int32,
}
UNRECOGNIZED = -1
"""Value of a choice that the schema does not know."""


def dtype_of(column: Field, categories: pl.Categories) -> pl.DataType | type[pl.DataType]:
    if column.type is Type.ID or column.references or column.name in ID_TABLES_OF_TEXT:
        return pl.Categorical(categories)
    return DTYPES.get(column.type, pl.String)


def dtypes(schema: Table, categories: pl.Categories) -> dict[str, pl.DataType | type[pl.DataType]]:
    return {
        "csv_row_number": pl.UInt32,
        **{name: dtype_of(column, categories) for name, column in schema.fields.items()},
    }


PARSERS: dict[Type, Callable[[pl.Series], values.Parsed]] = {
    Type.URL: values.urls,
    Type.EMAIL: values.emails,
    Type.LANGUAGE: values.languages,
    Type.TIMEZONE: values.time_zones,
    Type.COLOR: values.colors,
    Type.CURRENCY: values.currencies,
    Type.LATITUDE: values.floats,
    Type.LONGITUDE: values.floats,
    Type.FLOAT: values.floats,
    Type.INTEGER: values.integers,
    Type.CHOICE: values.integers,
    Type.DATE: values.dates,
    Type.TIME: values.times,
}
REFUSED_CODE = {
    Type.URL: "invalid_url",
    Type.EMAIL: "invalid_email",
    Type.PHONE: "invalid_phone_number",
    Type.LANGUAGE: "invalid_language_code",
    Type.TIMEZONE: "invalid_timezone",
    Type.COLOR: "invalid_color",
    Type.CURRENCY: "invalid_currency",
    Type.AMOUNT: "invalid_float",
    Type.LATITUDE: "invalid_float",
    Type.LONGITUDE: "invalid_float",
    Type.FLOAT: "invalid_float",
    Type.INTEGER: "invalid_integer",
    Type.CHOICE: "invalid_integer",
    Type.DATE: "invalid_date",
    Type.TIME: "invalid_time",
}
DIRECT_KINDS = {
    Type.LATITUDE: "float",
    Type.LONGITUDE: "float",
    Type.FLOAT: "float",
    Type.INTEGER: "integer",
    Type.CHOICE: "integer",
    Type.TIME: "time",
}
LIMIT = {Type.LATITUDE: 90.0, Type.LONGITUDE: 180.0}


def absent_table(schema: Table, status: Status, categories: pl.Categories) -> LoadedTable:
    """A table of which nothing was read: it is missing or lost."""
    return _empty(schema, status, (), categories)


def _empty(
    schema: Table, status: Status, header: tuple[str, ...], categories: pl.Categories
) -> LoadedTable:
    frame = pl.DataFrame(schema=dtypes(schema, categories))
    return LoadedTable(schema, status, header, frame, categories=categories)


def load_table(
    schema: Table, data: bytes | IO[bytes] | Stream, country: str, categories: pl.Categories
) -> LoadedTable:
    """Read a file (bytes or a stream) into typed rows, collecting what is wrong on the way."""
    wanted = {name: DIRECT_KINDS.get(column.type, "text") for name, column in schema.fields.items()}
    raw = reading.read_table(data, wanted, unlimited_cells=schema.name == "areas")
    filename = schema.filename
    if raw.header is None and not raw.failure:
        table = _empty(schema, Status.EMPTY_FILE, (), categories)
        table.found["empty_file"].append(Rows(pl.DataFrame({"filename": [filename]})))
        return table
    header = tuple(raw.header or ())
    found = defaultdict(list) if raw.header_failed else _header_faults(schema, header)
    bad_header = any(code != "unknown_column" for code in found)
    # The rows below a bad header are not read, so no fault of theirs is known.
    if raw.failure is not None and not bad_header:
        found["csv_parsing_failed"].append(
            Rows(pl.DataFrame([{"filename": filename, **raw.failure}]))
        )
    if raw.header_failed or bad_header:
        table = _empty(schema, Status.INVALID_HEADERS, header, categories)
        table.found.update(found)
        return table
    table = _Reading(schema, raw, country, categories, found).table()
    if raw.failure is not None:
        table.status = Status.UNPARSABLE_ROWS
    return table


def _header_faults(schema: Table, header: tuple[str, ...]) -> dict[str, list[Rows]]:
    """What is wrong with the header: empty, repeated, unknown and missing names."""
    found: dict[str, list[Rows]] = defaultdict(list)
    constants = {"filename": schema.filename}
    first: dict[str, int] = {}
    empty, repeated, unknown = [], [], []
    for index, name in enumerate(header, start=1):
        if not name:
            empty.append({"index": index})
            continue
        if name in first:
            repeated.append({"field_name": name, "first_index": first[name], "second_index": index})
        else:
            first[name] = index
        if name not in schema.fields:
            unknown.append({"field_name": name, "index": index})
    required = sorted(
        name for name, column in schema.fields.items() if column.required or column.column_required
    )
    missing = [{"field_name": name} for name in required if name not in first]
    for code, rows in (
        ("empty_column_name", empty),
        ("duplicated_column", repeated),
        ("unknown_column", unknown),
        ("missing_required_column", missing),
    ):
        if rows:
            found[code].append(Rows(pl.DataFrame(rows), constants))
    return found


class _Reading:
    """The columns of one raw table on their way to typed rows."""

    def __init__(
        self,
        schema: Table,
        raw: RawTable,
        country: str,
        categories: pl.Categories,
        found: dict[str, list[Rows]],
    ) -> None:
        self.schema = schema
        self.raw = raw
        self.country = country
        self.categories = categories
        self.found = found
        self.bad: pl.Series | None = None
        self.mixed_case: list[tuple[Field, Column]] = []

    def table(self) -> LoadedTable:
        filename = {"filename": self.schema.filename}
        columns: dict[str, pl.Series] = {"csv_row_number": self.raw.csv_row_number}
        for name, column in self.schema.fields.items():
            cells = self.raw.columns.pop(name, None)
            if cells is None:
                if column.recommended and self.raw.height:
                    self._report("missing_recommended_field", column, self._every_row())
                continue
            columns[name] = (
                self._direct(column, cells)
                if isinstance(cells, Direct)
                else self._coded(column, cells)
            ).alias(name)
        self._report_mixed_case()
        if self.raw.bad_lengths.height:
            self.found["invalid_row_length"].append(
                Rows(
                    self.raw.bad_lengths,
                    filename | {"header_count": self.raw.header_length},
                    ("filename", "csv_row_number", "row_length", "header_count"),
                )
            )
        if len(self.raw.empty_rows):
            rows = self.raw.empty_rows.alias("csv_row_number").to_frame()
            self.found["empty_row"].append(Rows(rows, filename))
        unparsable = self.bad is not None or self.raw.bad_lengths.height
        return LoadedTable(
            self.schema,
            Status.UNPARSABLE_ROWS if unparsable else Status.LOADED,
            tuple(self.raw.header or ()),
            pl.DataFrame(columns),
            self.bad,
            self.found,
            self.categories,
        )

    def _coded(self, column: Field, cells: Column) -> pl.Series:
        """Check a column's distinct values, then gather the typed ones."""
        texts = self._check_texts(column, cells)
        typed = self._parse(column, cells, texts)
        if cells.codes.null_count() and (column.required or column.recommended):
            self._report_blank(column, cells.codes.is_null())
        return gathered(typed, cells.codes)

    def _direct(self, column: Field, cells: Direct) -> pl.Series:
        """Check a column of numbers that was read without a dictionary, but for its odd cells."""
        numbers = cells.values
        blank = numbers.is_null() if numbers.null_count() else None
        outside = _outside(column, numbers)
        if outside is not None and outside.any():
            self._report_range(column, outside.fill_null(False), numbers)
        if column.type is Type.CHOICE:
            numbers = self._recognized_rows(column, numbers)
        if cells.odd.height:
            numbers, blank = self._with_odd(column, numbers, cells.odd)
        if blank is not None and blank.any():
            self._report_blank(column, blank)
        return numbers

    def _with_odd(
        self, column: Field, numbers: pl.Series, odd: pl.DataFrame
    ) -> tuple[pl.Series, pl.Series]:
        """The numbers with the odd cells read as other texts are, and which rows are blank."""
        texts = odd["text"].unique(maintain_order=True)
        code = pl.Series(range(len(texts)), dtype=pl.UInt32)
        codes = pl.select(
            pl.lit(None, dtype=pl.UInt32).repeat_by(len(numbers)).explode()
        ).to_series()
        codes = codes.scatter(odd["row"], odd["text"].replace_strict(texts, code))
        chosen = Column(codes, texts)
        typed = self._parse(column, chosen, self._check_texts(column, chosen)).gather(codes)
        return numbers.zip_with(codes.is_null(), typed), numbers.is_null() & codes.is_null()

    def _report_blank(self, column: Field, blank: pl.Series) -> None:
        if column.required:
            self._report("missing_required_field", column, blank, error=True)
        elif column.recommended:
            self._report("missing_recommended_field", column, blank)

    def _check_texts(self, column: Field, cells: Column) -> pl.Series:
        texts = cells.values
        if column.mixed_case:
            self.mixed_case.append((column, cells))
        if _all_clean(texts):
            return texts
        for code, mask in (
            ("invalid_character", texts.str.contains("\ufffd", literal=True)),
            ("new_line_in_value", texts.str.contains("[\r\n]")),
        ):
            if mask.any():
                self._report(code, column, gathered(mask, cells.codes), cells, texts, error=True)
        padded = values.has_edge_whitespace(texts)
        if padded.any():
            code = "leading_or_trailing_whitespaces"
            self._report(code, column, gathered(padded, cells.codes), cells, texts)
            texts = values.java_trim(texts)
        if column.type is Type.ID:
            odd = values.non_printable(texts)
            if odd.any():
                code = "non_ascii_or_non_printable_char"
                rows = gathered(odd, cells.codes)
                self._report(code, column, rows, cells, texts, name="column_name")
        return texts

    def _parse(self, column: Field, cells: Column, texts: pl.Series) -> pl.Series:
        if dtype_of(column, self.categories) == pl.Categorical(self.categories):
            return texts.cast(pl.Categorical(self.categories))
        if column.type is Type.TEXT:
            return texts
        if column.type is Type.PHONE:
            parsed = values.phones(texts, self.country)
        elif column.type is Type.AMOUNT:
            parsed = values.decimals(texts)
        else:
            parsed = PARSERS[column.type](texts)
        if parsed.refused is not None:
            rows = gathered(parsed.refused, cells.codes)
            self._report(REFUSED_CODE[column.type], column, rows, cells, texts, error=True)
        if column.type is Type.CHOICE:
            return self._recognized(column, cells, parsed.values)
        outside = _outside(column, parsed.values)
        if outside is not None and outside.any():
            rows = gathered(outside, cells.codes).fill_null(False)
            self._report_range(column, rows, gathered(parsed.values, cells.codes))
        return texts if column.type is Type.AMOUNT else parsed.values

    def _recognized(self, column: Field, cells: Column, numbers: pl.Series) -> pl.Series:
        unknown = pl.Series(
            [number is not None and number not in column.choices for number in numbers],
            dtype=pl.Boolean,
        )
        if unknown.any():
            rows = gathered(unknown, cells.codes)
            self._report("unexpected_enum_value", column, rows, cells, numbers)
            numbers = numbers.set(unknown, UNRECOGNIZED)
        return numbers.cast(pl.Int16)

    def _recognized_rows(self, column: Field, numbers: pl.Series) -> pl.Series:
        """Choices read without a dictionary, those that the schema does not know set apart."""
        known = column.choices
        if len(numbers) > FEW:
            least, most = numbers.min(), numbers.max()
            if least is None or (least in known and most in known and _without_gaps(known)):
                return numbers.cast(pl.Int16)
            unknown = ~numbers.is_in(known) & numbers.is_not_null()
        else:
            unknown = pl.Series(
                [number is not None and number not in known for number in numbers.to_list()],
                dtype=pl.Boolean,
            )
        places = unknown.arg_true()
        if len(places):
            places, more = _kept(places)
            particulars = {
                "csv_row_number": self.raw.csv_row_number.gather(places),
                "field_value": numbers.gather(places),
            }
            constants = {"filename": self.schema.filename, "field_name": column.name}
            order = ("filename", "csv_row_number", "field_name", "field_value")
            rows = Rows(pl.DataFrame(particulars), constants, order, more=more)
            self.found["unexpected_enum_value"].append(rows)
            numbers = numbers.set(unknown, UNRECOGNIZED)
        return numbers.cast(pl.Int16)

    def _report_mixed_case(self) -> None:
        """A row with an error in any cell is not judged for style, so this comes last."""
        for column, cells in self.mixed_case:
            texts = cells.values if _all_clean(cells.values) else values.java_trim(cells.values)
            faults = values.mixed_case_faults(texts)
            if not faults.any():
                continue
            rows = gathered(faults, cells.codes).fill_null(False)
            if self.bad is not None:
                rows &= ~self.bad
            self._report(
                "mixed_case_recommended_field",
                column,
                rows,
                cells,
                texts,
                order=("filename", "field_name", "field_value", "csv_row_number"),
            )

    def _report_range(self, column: Field, rows: pl.Series, numbers: pl.Series) -> None:
        if column.type in LIMIT:
            limit = LIMIT[column.type]
            kind = f"{column.type} within [-{limit:.0f}, {limit:.0f}]"
        else:
            noun = {Type.INTEGER: "integer", Type.AMOUNT: "decimal"}.get(column.type, "float")
            kind = f"{column.bound} {noun}"
        places, more = _kept(rows.arg_true())
        frame = pl.DataFrame(
            {
                "csv_row_number": self.raw.csv_row_number.gather(places),
                "field_value": numbers.gather(places),
            }
        )
        constants = {
            "filename": self.schema.filename,
            "field_name": column.name,
            "field_type": kind,
        }
        order = ("filename", "csv_row_number", "field_name", "field_type", "field_value")
        self.found["number_out_of_range"].append(Rows(frame, constants, order, more=more))
        self._spoil(rows)

    def _report(
        self,
        code: str,
        column: Field,
        rows: pl.Series,
        cells: Column | None = None,
        shown: pl.Series | None = None,
        *,
        error: bool = False,
        name: str = "field_name",
        order: tuple[str, ...] = (),
    ) -> None:
        """Note a fault in the cells of `column` at `rows`; `shown` are the distinct values."""
        places, more = _kept(rows.arg_true())
        if not len(places):
            return
        particulars = {"csv_row_number": self.raw.csv_row_number.gather(places)}
        if cells is not None and shown is not None:
            particulars["field_value"] = shown.gather(cells.codes.gather(places))
        constants = {"filename": self.schema.filename, name: column.name}
        order = order or ("filename", "csv_row_number", name, "field_value")
        self.found[code].append(Rows(pl.DataFrame(particulars), constants, order, more=more))
        if error:
            self._spoil(rows)

    def _spoil(self, rows: pl.Series) -> None:
        rows = rows.fill_null(False)
        self.bad = rows if self.bad is None else self.bad | rows

    def _every_row(self) -> pl.Series:
        return pl.repeat(True, self.raw.height, eager=True)


def _kept(places: pl.Series) -> tuple[pl.Series, int]:
    """The places of faults that are kept in full, and how many more there are."""
    most = budget().notices
    return places.head(most), max(0, len(places) - most)


FEW = 1000
"""Up to so many rows a Python loop is quicker than a column expression (0.2 ms to set up)."""

CLEAN = r"^[!-~](?:[ -~]*[!-~])?$"
"""Printable ASCII without white space at its ends: no check of characters finds fault with it."""


def gathered(distinct: pl.Series, codes: pl.Series) -> pl.Series:
    """The values of the rows that `codes` point at, null for null."""
    if len(codes) > FEW or len(distinct) > FEW:
        return distinct.gather(codes)
    # Days as numbers: Python has no year 0, but Java has.
    dates = distinct.dtype == pl.Date
    known = (distinct.to_physical() if dates else distinct).to_list()
    rows = [None if code is None else known[code] for code in codes.to_list()]
    return (
        pl.Series(rows, dtype=pl.Int32).cast(pl.Date)
        if dates
        else pl.Series(rows, dtype=distinct.dtype)
    )


def _all_clean(texts: pl.Series) -> bool:
    if len(texts) > FEW:
        return bool(texts.str.contains(CLEAN).all())
    return all(
        text.isascii() and text.isprintable() and text and text[0] != " " and text[-1] != " "
        for text in texts.to_list()
    )


def _without_gaps(choices: Collection[int]) -> bool:
    return max(choices) - min(choices) + 1 == len(choices)


def _below_zero(numbers: pl.Series) -> pl.Series:
    """Which floats are below 0 in the order of Java's Double.compare, where -0.0 is below 0.0."""
    below = numbers < 0
    zeros = numbers == 0
    return below | (zeros & (1 / numbers < 0)) if zeros.any() else below


def _outside(column: Field, numbers: pl.Series) -> pl.Series | None:
    """Which numbers break the field's bound. NaN breaks that of latitudes and longitudes only."""
    if column.type in LIMIT:
        limit = LIMIT[column.type]
        return ~numbers.is_between(-limit, limit) | numbers.is_nan()
    if column.bound is Bound.NON_NEGATIVE:
        # A decimal has no negative zero.
        signed_zero = numbers.dtype.is_float() and column.type is not Type.AMOUNT
        return _below_zero(numbers) if signed_zero else numbers < 0
    if column.bound is Bound.POSITIVE:
        return (numbers <= 0) & (numbers.is_nan().not_() if numbers.dtype.is_float() else True)
    if column.bound is Bound.NON_ZERO:
        return numbers == 0
    return None
