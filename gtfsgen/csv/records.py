"""The careful road: one record at a time, exactly as the canonical validator's parser reads it.

The grammar is that of univocity-parsers 2.9.0 with the validator's settings: records end at LF and
nowhere else, `#` opens a comment only as the first character of a line, a quote opens a quoted cell
only as a cell's first character, and text after a closing quote makes the whole cell literal,
quotes included. It was checked against the Java library on random texts;
`docs/decisions/csv-roads.md` tells how and lists the oddities.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass

BLANKS = "".join(map(chr, range(0x21)))  # what Java's trim takes off: everything up to U+0020
MAX_CELL = 4096  # UTF-16 units
MAX_CELLS = 512
MAX_NAME = 1024  # UTF-16 units; a longer column name is read as empty

_END = re.compile("[,\n]")
_STOP_IN_QUOTES = re.compile('["\0]')
_CONTROL = re.compile("[\0-\x09\x0b-\x1f]")
_QUOTED = re.compile('^"[^"\n]*"(?=[,\n]|\\Z)|(?<=,)"[^"\n]*"(?=[,\n]|\\Z)', re.MULTILINE)
_BLANK_EDGES = (" ,", ", ", " \n", "\n ")
_NOT_BLANK_IN_LINE = re.compile("[^\0-\x09\x0b-\x20]")

Cells = list[str | None]


class ParsingFailed(Exception):
    """A cell or a record beyond the parser's limits; reading of the file stops there.

    `at` is an index into the text handed in, `column` the number of cells read before.
    """

    def __init__(self, at: int, column: int, message: str) -> None:
        super().__init__(message)
        self.at = at
        self.column = column
        self.message = message


@dataclass(slots=True)
class Record:
    """Cells, the physical line on which the record ends, and its place in the text: `end` is where
    the next one starts, beyond the text's length if the text ends without a line end of the
    record's own.
    """

    cells: Cells
    line: int
    start: int
    end: int


def units(text: str) -> int:
    """Length in UTF-16 units, as Java counts."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def records(text: str, limit: int, start: int = 0, line: int = 0) -> Iterator[Record]:
    """All records of rows from `start`, where `line` lines stand before. Comments and blank lines
    are left out.
    """
    while start < len(text):
        end = text.find("\n", start)
        if end < 0:
            end = len(text)
        if text.find('"', start, end) < 0:
            if text[start] != "#":
                cells = plain_cells(text, start, end, limit)
                if cells or end == len(text):
                    # A last line of blanks without an end is a record of one empty cell.
                    yield Record(cells or [None], line + 1, start, end + 1)
            line += 1
            start = end + 1
        elif text[start] == "#":
            line += 1
            start = end + 1
        else:
            cells, end = quoted_record(text, start, limit)
            line += text.count("\n", start, end) + (end > len(text))
            yield Record(cells, line, start, end)
            start = end


def plain_rows(text: str, start: int, width: int, limit: int) -> list[list[str]] | None:
    """The cells of all rows from `start` at once, "" for a blank one; None if anything is odd.

    Odd are rows that are not `width` wide, comments, blank lines, control characters, cells beyond
    the limit, quotes that do not stand around a whole cell, and blanks at cells' edges where there
    are quotes. What is left reads the same by any grammar.
    """
    body = text[start:].replace("\r\n", "\n")
    if width < 2 or _CONTROL.search(body) or "\n#" in body or body[:1] in "#\n" or "\n\n" in body:
        return None
    lines = body.removesuffix("\n").split("\n")
    if max(map(len, lines)) * 2 > (limit or MAX_CELL):
        return None
    bare = _QUOTED.sub("", body)
    blanks = bare and (" " in (bare[0], bare[-1]) or any(edge in bare for edge in _BLANK_EDGES))
    if '"' in body:
        if blanks or '"' in bare:
            return None
        rows = list(csv.reader(lines))
    else:
        rows = [line.split(",") for line in lines]
        if blanks:
            rows = [[cell.strip(" ") for cell in row] for row in rows]
    return rows if {*map(len, rows)} == {width} else None


def plain_cells(text: str, start: int, end: int, limit: int) -> Cells:
    """The cells of a line without quotes; none for a line of blanks."""
    line = text[start:end]
    cells: Cells = [cell.strip(BLANKS) or None for cell in line.split(",")]
    if len(cells) == 1 and cells[0] is None:
        return []
    if len(line) * 2 > limit > 0:
        at = start
        for column, cell in enumerate(line.split(",")[:MAX_CELLS]):
            if units(cell.lstrip(BLANKS)) > limit:
                raise _too_long(at, column, limit)
            at += len(cell) + 1
    if len(cells) > MAX_CELLS:
        beyond = line.split(",", MAX_CELLS + 1)[: MAX_CELLS + 1]
        raise _too_many(start + len(",".join(beyond)))
    return cells


def quoted_record(text: str, at: int, limit: int, trim: bool = True) -> tuple[Cells, int]:
    """One record from its first character on: its cells and where the next one starts, the text's
    length plus one if the record ends with the text instead of a line end of its own.

    Without `trim` (the header) blanks around cells stay, so that a quote after a blank opens
    nothing.
    """
    cells: Cells = []
    size = len(text)
    while True:
        if trim and (found := _NOT_BLANK_IN_LINE.search(text, at)):
            at = found.start()
        elif trim:
            at = size
        if at == size or text[at] in ",\n":
            if at < size and text[at] == "\n" and not cells:
                return cells, at + 1
            value, end = None, at
        elif text[at] == '"':
            value, end = _quoted_cell(text, at, len(cells), limit, trim)
        else:
            found = _END.search(text, at)
            end = found.start() if found else size
            value = text[at:end]
            if limit > 0 and units(value) > limit:
                raise _too_long(at, len(cells), limit)
            if trim:
                value = value.rstrip(BLANKS)
        if len(cells) == MAX_CELLS:
            raise _too_many(end)
        cells.append(value)
        if end == size:
            return cells, size + 1
        if text[end] == "\n":
            return cells, end + 1
        at = end + 1
        if at == size or text[at] == "\n":
            if len(cells) == MAX_CELLS:
                raise _too_many(at)
            cells.append(None)
            return cells, at + 1


def _quoted_cell(text: str, at: int, column: int, limit: int, trim: bool) -> tuple[str | None, int]:
    """The cell whose opening quote stands at `at`, and where its delimiter, line end or the text's
    end is.
    """
    size = len(text)
    close = text.find('"', at + 1)
    if close > at + 1 and text[close + 1 : close + 2] in (",", "\n"):
        value = text[at + 1 : close]
        if "\n" not in value and not 0 < limit < units(value):
            return value, close + 1  # the plain case, in which a NUL is kept
    parts: list[str] = []
    pos = at + 1
    if pos == size:
        return '"', size
    while True:
        found = _STOP_IN_QUOTES.search(text, pos)
        if not found:  # never closed: the rest of the file
            parts.append(text[pos:])
            return _checked("".join(parts), at, column, limit) or None, size
        parts.append(text[pos : found.start()])
        pos = found.end()
        if found.group() == "\0":
            continue
        if text.startswith('"', pos):
            parts.append('"')
            pos += 1
            continue
        break
    content = _checked("".join(parts), at, column, limit)
    if pos == size or text[pos] in ",\n":
        return content or None, pos
    after = _NOT_BLANK_IN_LINE.search(text, pos)
    rest = after.start() if after else size
    if rest == size or text[rest] in ",\n":
        return content or None, rest
    return _literal_cell(text, at, content, pos, rest, column, limit, trim)


def _literal_cell(
    text: str, at: int, content: str, pos: int, rest: int, column: int, limit: int, trim: bool
) -> tuple[str, int]:
    """A quoted cell followed by more text: kept with its quotes, up to the next delimiter of any
    kind.
    """
    found = _END.search(text, rest + 1)
    end = found.start() if found else len(text)
    value = f'"{content}"{text[pos:end]}'
    slip = rest > pos and text[rest] != '"' and text[rest] <= "\uffff"
    if end == len(text) and slip and text.startswith('"', rest + 1):
        value += '"'  # the library's own slip, at the very end of a file only
    value = _checked(value, at, column, limit)
    return (value.rstrip(BLANKS) if trim else value), end


def _checked(value: str, at: int, column: int, limit: int) -> str:
    if 0 < limit < units(value):
        raise _too_long(at, column, limit)
    return value


def _too_long(at: int, column: int, limit: int) -> ParsingFailed:
    return ParsingFailed(
        at + limit + 1,
        column,
        f"a cell is longer than {limit} characters; often a quote that is never closed",
    )


def _too_many(at: int) -> ParsingFailed:
    return ParsingFailed(at, MAX_CELLS + 1, f"a record has more than {MAX_CELLS} cells")


def header(text: str, limit: int) -> tuple[list[str] | None, int, int]:
    """Column names ("" for an empty one), where the first row starts and how many lines stand
    before it.

    Names are None when the file has no header at all.
    """
    at = line = 0
    while at < len(text):
        if text[at] in "#\n":
            end = text.find("\n", at)
            at = len(text) if end < 0 else end + 1
            line += 1
            continue
        cells, end = quoted_record(text, at, limit, trim=False)
        line += text.count("\n", at, end) + (end > len(text))
        return column_names(cells), end, line
    return None, len(text), line


def column_names(cells: Cells) -> list[str]:
    """The names as the parser gives them: trimmed, unless two names would then differ in case or
    blanks only.

    Names in single quotes lose them and are kept as they are; a name beyond `MAX_NAME` is lost.
    """
    names: list[str] = []
    kept: list[bool] = []
    first: dict[str, int] = {}
    for index, cell in enumerate(cells):
        name = cell if cell is not None and units(cell) <= MAX_NAME else ""
        bare = name.strip(BLANKS)
        literal = len(bare) > 2 and bare[0] == bare[-1] == "'"
        names.append(name[1:-1] if literal else name)
        kept.append(literal)
        if literal or not name:
            continue
        twin = first.setdefault(bare.lower(), index)
        if names[twin] != name:
            kept[twin] = kept[index] = True
    return [name if keep else name.strip(BLANKS) for name, keep in zip(names, kept, strict=True)]
