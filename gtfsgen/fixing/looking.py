"""A feed as fixers see it: its notices, its tables as text and with types, its files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date as Date
from typing import Any

import polars as pl

from gtfsgen.csv.raw import Column
from gtfsgen.csv.reading import read_table
from gtfsgen.feed import Feed
from gtfsgen.findings import Rows
from gtfsgen.fixing.changes import CellChanges, RowsOut
from gtfsgen.fixing.documents import CsvText, Document

Mend = Callable[[str], str | None]


@dataclass
class Look:
    """A feed before it is mended. `date` is None unless whoever asked has named a day."""

    document: Document
    feed: Feed
    found: dict[str, list[Rows]]
    date: Date | None = None
    _tables: dict[tuple[str, str], pl.Series] = field(default_factory=dict)
    _shared: dict[Any, Any] = field(default_factory=dict)

    def shared(self, make: Callable[[Look], Any]) -> Any:
        """What `make` makes of this feed, made once."""
        if make not in self._shared:
            self._shared[make] = make(self)
        return self._shared[make]

    def file_of(self, table: str) -> str:
        """The name of a table's file as the feed writes it; "" where there is none."""
        wanted = f"{table}.txt"
        if wanted in self.document.files:
            return wanted
        return next((name for name in self.document.files if name.lower() == wanted), "")

    def csv(self, table: str) -> CsvText:
        return self.document.text(self.file_of(table))

    def has(self, table: str, *columns: str) -> bool:
        """The table is there and its header has all of these columns."""
        file = self.file_of(table)
        return bool(file) and {*columns} <= {*self.csv(table).header}

    def notices(self, code: str) -> pl.DataFrame:
        """The notices of a code: a row each, particulars in snake case, texts as text."""
        frames = []
        for rows in self.found.get(code, ()):
            frame = rows.frame.drop("_", strict=False)
            frame = frame.with_columns(
                pl.selectors.by_dtype(pl.Categorical, pl.Enum).cast(pl.String)
            )
            constants = [pl.lit(v).alias(n) for n, v in rows.constants.items()]
            frames.append(frame.with_columns(constants) if constants else frame)
        return pl.concat(frames, how="diagonal_relaxed") if frames else pl.DataFrame()

    def rows_at_fault(self, code: str, column: str = "csv_row_number") -> list[int]:
        """The row numbers of a code's notices, each once, in order."""
        found = self.notices(code)
        if column not in found.columns:
            return []
        return found[column].drop_nulls().unique().sort().to_list()

    def text(self, table: str, *columns: str) -> pl.DataFrame:
        """Columns of a table as text, with `row`; blank and absent cells are null. Rows that are
        too short or too long are not in it."""
        file = self.file_of(table)
        names = ("row", *columns)
        if not file:
            return pl.DataFrame(schema={n: pl.UInt32 if n == "row" else pl.String for n in names})
        missing = [name for name in names if (table, name) not in self._tables]
        if missing:
            header = self.csv(table).header
            wanted = dict.fromkeys((n for n in missing if n in header), "text")
            raw = read_table(self.document.files[file], wanted, unlimited_cells=True)
            self._tables[table, "row"] = raw.csv_row_number
            for name in missing:
                column = raw.columns.get(name)
                if isinstance(column, Column):
                    series = column.values.gather(column.codes)
                elif name != "row":
                    series = pl.Series([None] * raw.height, dtype=pl.String)
                else:
                    continue
                self._tables[table, name] = series
        return pl.DataFrame({name: self._tables[table, name] for name in names})

    # What most fixers do.

    def mend_cells(
        self, code: str, mend: Mend, *, field_name: str = "field_name"
    ) -> Iterator[CellChanges]:
        """Changes of the cells that notices with file, row, field and value name, by value."""
        notices = self.notices(code)
        if not notices.height:
            return
        values = notices["field_value"].unique().drop_nulls().to_list()
        new = {value: mend(value) for value in values}
        kept = {v: n for v, n in new.items() if n is not None and n != v and "\ufffd" not in n}
        if not kept:
            return
        part = notices.filter(pl.col("field_value").is_in([*kept]))
        for (file, column), rows in part.group_by("filename", field_name, maintain_order=True):
            yield CellChanges(
                self.file_of(str(file).removesuffix(".txt")),
                str(column),
                rows.select(
                    row=pl.col("csv_row_number").cast(pl.UInt32),
                    old="field_value",
                    new=pl.col("field_value").replace_strict(kept),
                ),
            )

    def set_cells(
        self, table: str, column: str, new: dict[int, str], *, blank_too: bool = False
    ) -> Iterator[CellChanges]:
        """Write texts into cells of a column by row; of blank ones only if `blank_too`."""
        if not new or not self.has(table, column):
            return
        rows = pl.DataFrame(
            {"row": [*new], "new": [*new.values()]}, schema={"row": pl.UInt32, "new": pl.String}
        )
        frame = self.text(table, column).rename({column: "old"}).join(rows, on="row")
        if not blank_too:
            frame = frame.filter(pl.col("old").is_not_null())
        frame = frame.with_columns(pl.col("old").fill_null("")).filter(
            pl.col("old") != pl.col("new")
        )
        if frame.height:
            yield CellChanges(self.file_of(table), column, frame.select("row", "old", "new"))

    def blank_cells(self, table: str, columns: str, rows: list[int]) -> Iterator[CellChanges]:
        """Blank cells of some columns (a list in one text) in some rows."""
        for column in columns.split():
            yield from self.set_cells(table, column, dict.fromkeys(rows, ""))

    def fill_cells(self, table: str, column: str, new: dict[int, str]) -> Iterator[CellChanges]:
        """Write texts into cells of a column, of which those that are not blank stay."""
        if not new or not self.has(table, column):
            return
        blank = self.text(table, column).filter(pl.col(column).is_null())["row"].to_list()
        yield from self.set_cells(
            table, column, {r: new[r] for r in {*blank} & {*new}}, blank_too=True
        )

    def rows_out(self, table: str, rows: list[int]) -> Iterator[RowsOut]:
        """Leave rows out."""
        if rows and self.file_of(table):
            yield RowsOut(self.file_of(table), rows)
