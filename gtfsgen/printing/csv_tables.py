"""Printed timetables as CSV files: what stands on paper, one table a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from gtfsgen.printing.tables import Grid, Printer, Repeats, Untimed
from gtfsgen.render.book import Book


def csv_files(book: Book, printer: Printer) -> Iterator[tuple[str, str]]:
    """(name, text) of a CSV file for each direction of each line, every train a column.

    The first rows are the trains, what stands above them, and their days; then two columns are the
    station and whether it is the arrival, and one for each train. A day later is `+1`, an estimate
    has `~` before it.
    """
    for line in book.lines:
        tables = [*printer.grids(line)]
        others = [t for t in printer.tables(line) if isinstance(t, Repeats | Untimed)]
        for number, grid in enumerate(tables, start=1):
            yield f"{line.key}-{number}.csv", _grid_text(grid, printer)
        for number, table in enumerate(others, start=len(tables) + 1):
            head = ["Way", "From", "Until", "A train", "Days"]
            rows = [head if isinstance(table, Repeats) else [table.title], *map(list, table.rows)]
            yield f"{line.key}-{number}.csv", _text(rows)


def _grid_text(grid: Grid, printer: Printer) -> str:
    rows = [[printer.say("Train"), "", *grid.trains]]
    if any(grid.kinds):
        rows.append(["", "", *grid.kinds])
    rows.append([printer.say("Days"), "", *grid.days])
    label = ""
    for row in grid.rows:
        label = row.label or label
        cells = ["" if cell is None else str(cell) for cell in row.cells]
        rows.append([label, "" if row.kind == "zone" else row.kind, *cells])
    return _text(rows + [[text] for text in grid.legend])


def _text(rows: list[list[str]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()
