"""Where a cell of a table stands in its text file: the line and column an editor shows.

Curators count rows as a spreadsheet does, where a cell with a line break is still one row. Services
that mark up files count lines and characters.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

SEPARATORS = ",;\t"
LARGEST = 32 << 20
"""Bytes of a table that is looked through for the sake of a column; its rows are told anyway."""


class Span(NamedTuple):
    """Line, first character and the one after the last, counted from 1; columns 0: unknown."""

    line: int
    column: int = 0
    end_column: int = 0


def cell_span(path: Path, row: int, letters: str) -> Span:
    """The place of a cell, named by its row (the header is 1) and its spreadsheet letters."""
    rows = _rows(path)
    if not 1 <= row <= len(rows):
        return Span(row)
    cells = rows[row - 1]
    column = column_number(letters)
    if not 1 <= column <= len(cells):
        return Span(cells[0].line)
    return cells[column - 1]


def column_number(letters: str) -> int:
    """`A` is 1, `AA` is 27, nothing is 0."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


@lru_cache(maxsize=64)
def _rows(path: Path) -> list[list[Span]]:
    """The span of every cell by row; nothing for a file that is no text table."""
    try:
        if path.stat().st_size > LARGEST:
            return []
        text = path.read_bytes().decode("utf-8-sig")
    except (OSError, ValueError):
        return []
    head = text.partition("\n")[0]
    separator = max(SEPARATORS, key=head.count)
    rows: list[list[Span]] = [[]]
    line, column, start, began, quoted = 1, 1, 1, 1, False
    for character in text:
        if character == '"':
            quoted = not quoted
        elif not quoted and character == separator:
            rows[-1].append(Span(began, start, column))
            start, began = column + 1, line
        elif not quoted and character == "\n":
            rows[-1].append(Span(began, start, column))
            rows.append([])
        column += 1
        if character == "\n":
            line, column = line + 1, 1
            if not quoted:
                start, began = 1, line
    rows[-1].append(Span(began, start, column))
    return rows
