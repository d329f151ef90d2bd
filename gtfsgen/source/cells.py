"""Sheets of text cells, whatever they were written in.

CSV of any spreadsheet's dialect and the sheets of a workbook become the same thing: rows of text
with a known position. All that is wrong with the file itself (encoding, quotes, ragged rows) is
said here.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from gtfsgen.budget import budget, exceeded
from gtfsgen.faults import Fault, Severity
from gtfsgen.files import UnreadableFile, read_bytes, too_large

DELIMITERS = (",", ";", "\t")

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")
"""The control characters of Unicode, category Cc, and what ends lines or begins files there; blanks
of other widths are none."""

COLUMNS = 16_384
"""Of a table, as in spreadsheets."""
LINES = 250_000
"""Of a table that is kept by hand."""
NAMED_ENCODINGS = {
    "gb18030": "GBK",
    "big5": "Big5",
    "shift_jis": "Shift-JIS",
    "euc_kr": "EUC-KR",
    "cp1251": "Windows-1251",
    "cp1252": "Windows-1252",
}
"""What a text that is not UTF-8 may be, and what people call it."""

csv.field_size_limit(1 << 30)


@cache
def letter(index: int) -> str:
    """The spreadsheet's name of a column: 0 is A, 26 is AA."""
    name = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        name = chr(65 + rest) + name
    return name


def column_index(letters: str) -> int:
    """The column that a spreadsheet calls by these letters: A is 0, AA is 26."""
    number = 0
    for character in letters:
        number = number * 26 + ord(character) - 64
    return number - 1


@dataclass(frozen=True)
class Sheet:
    """A table of text cells. Row 0 is line 1; all rows have the same width; cells are stripped."""

    path: str
    """Relative to the source folder; a workbook's sheet is `timetable.xlsx[K27]`."""
    name: str
    """The file's name without suffix, or the sheet's."""
    rows: list[list[str]]

    def fault(
        self,
        code: str,
        row: int,
        column: int | None,
        message: str,
        found: str = "",
        hint: str = "",
        severity: Severity = Severity.ERROR,
    ) -> Fault:
        """A fault at a cell, both from 0; at a row (`column` None); or at the file (row -1)."""
        place = "" if column is None else letter(column)
        return Fault(severity, code, self.path, row + 1, place, message, found, hint)


def is_comment(row: list[str]) -> bool:
    """Blank rows and rows that start with `#` are for the eye alone."""
    return not any(row) or row[0].startswith("#")


# --------------------------------------------------------------------------------------------- CSV


def read_csv(
    file: Path, path: str, faults: list[Fault], *, grid: bool = False, lines: int = LINES
) -> Sheet | None:
    """Read one CSV file; None if it cannot be read at all. `path` is the name that faults use.

    The header sets the width of all rows; in a `grid`, which may begin with titles, most rows do.
    What is larger than the budget allows, or has more than so many lines, is not read.
    """
    sheet = Sheet(path, file.stem, [])
    try:
        text = decoded(read_bytes(file), sheet, faults)
        rows = parsed(text, sheet, faults)
        within_limits(rows, sheet, lines)
    except UnreadableFile as error:
        faults.append(error.fault(path))
        return None
    rows = [
        [plain(cell, sheet, number, column, faults) for column, cell in enumerate(row)]
        for number, row in enumerate(rows)
    ]
    return replace(sheet, rows=level(rows, sheet, faults, grid=grid))


def within_limits(rows: list[list[str]], sheet: Sheet, lines: int) -> None:
    """Raises `UnreadableFile` for more lines, columns or cells than a table may have."""
    width = max(map(len, rows), default=0)
    if len(rows) > lines:
        raise UnreadableFile(f"The table has more than {lines:,} lines.", code="too_large")
    if width > COLUMNS:
        message = f"A row of the table has {width:,} cells; {COLUMNS:,} can be."
        raise UnreadableFile(message, code="too_large")
    if width * len(rows) > budget().cells:  # all rows become as wide
        raise too_large(exceeded("cells", f"the table has {width * len(rows):,} cells"))


def plain(text: str, sheet: Sheet, row: int, column: int, faults: list[Fault]) -> str:
    """A cell's text without blanks and line breaks around it, and without control characters.

    GTFS takes none of them, and an id or a name with one looks like another. Each cell with any is
    a fault; a comment may have several lines.
    """
    text = text.strip(" \t\r\n")
    if len(text) > MOST_SURELY and len(text) > budget().cell:
        limit = exceeded("cell", f"the cell has {len(text):,} characters")
        message = limit.message[:1].upper() + limit.message[1:] + "."
        faults.append(sheet.fault("too_large", row, column, message, text[:MOST_SHOWN]))
        return ""
    if text.isprintable() or (column == 0 and text.startswith("#")):
        return text.replace("\0", "").strip()
    found = sorted(set(CONTROL.findall(text)))
    if not found:
        return text.strip()
    cleaned = CONTROL.sub(lambda one: " " if one[0] in "\t\r\n" else "", text).strip()
    message, hint = control_words(found)
    faults.append(sheet.fault("control_character", row, column, message, cleaned, hint))
    return cleaned


MOST_SURELY = 1000
"""Characters that a cell may have whatever the budget is."""
MOST_SHOWN = 200


def control_words(found: list[str]) -> tuple[str, str]:
    """What a cell with these control characters has to be told, and how it is mended."""
    if set(found) <= set("\r\n"):
        return "The cell holds a line break.", "write it in one line"
    if found == ["\t"]:
        return "The cell holds a tab.", "write a blank instead"
    names = [f"U+{ord(each):04X}" for each in found]
    several = "s" if len(names) > 1 else ""
    return (
        f"The cell holds the control character{several} {', '.join(names)}, "
        "as a damaged file does.",
        "retype the cell",
    )


MARKS = (
    (b"\xff\xfe\0\0", "utf-32", "UTF-32"),
    (b"\0\0\xfe\xff", "utf-32", "UTF-32"),
    (b"\xff\xfe", "utf-16", "UTF-16"),
    (b"\xfe\xff", "utf-16", "UTF-16"),
)
"""First bytes of a file, how it is decoded, and what people call that."""


def decoded(data: bytes, sheet: Sheet, faults: list[Fault]) -> str:
    """The file's text; what is not UTF-8 is a fault at its first cell."""
    for mark, encoding, name in MARKS:
        if data.startswith(mark):
            return wide_text(data, encoding, f"The file is {name}.", sheet, faults)
    for first, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        zeros = data[first:4096:2]
        if (
            len(zeros) > 3
            and 10 * zeros.count(0) > 7 * len(zeros)
            and any(data[1 - first : 4096 : 2])
        ):
            return wide_text(data, encoding, "The file looks like UTF-16.", sheet, faults)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        faults.append(undecoded(data, error.start, sheet))
        return data.decode("utf-8-sig", errors="replace")


def wide_text(data: bytes, encoding: str, message: str, sheet: Sheet, faults: list[Fault]) -> str:
    faults.append(sheet.fault("bad_encoding", -1, None, message, hint="save it as CSV UTF-8"))
    return data.decode(encoding, errors="replace").removeprefix("\ufeff")


def undecoded(data: bytes, at: int, sheet: Sheet) -> Fault:
    """The fault at the cell whose bytes, from `at` on, are not UTF-8; it shows how other encodings
    would read that cell.
    """
    before = data[:at].decode("utf-8-sig", errors="replace")
    rows = parsed(before + "?", sheet, [])
    row, column = len(rows) - 1, len(rows[-1]) - 1
    found = rows[row][column].removesuffix("?").strip()
    start = at - len(rows[row][column][:-1].encode("utf-8", errors="replace"))
    ends = [end for mark in b',;\t\r\n"' if (end := data.find(mark, at, at + 200)) >= 0]
    cell = data[max(start, 0) : min(ends, default=at + 60)]
    readings = [f"{text} in {name}" for name, text in other_readings(data, cell)]
    shown = f"; the cell reads {', '.join(readings)}" if readings else ""
    message = f"Byte {at + 1} of the file, 0x{data[at]:02X}, is not UTF-8."
    return sheet.fault(
        "bad_encoding", row, column, message, found, f"save the file as CSV UTF-8{shown}"
    )


def other_readings(data: bytes, cell: bytes) -> Iterator[tuple[str, str]]:
    """How a cell reads in the encodings in which all of the file can be read."""
    for encoding, name in NAMED_ENCODINGS.items():
        try:
            data.decode(encoding)
            text = cell.decode(encoding).strip()
        except UnicodeDecodeError:
            continue
        if text.isprintable():
            yield name, text


def delimiter_of(text: str) -> str:
    """The delimiter that stands most often outside quotes in the first line that is not blank."""
    lines = (line[0] for line in re.finditer(r"[^\r\n]+", text))
    line = next((line for line in lines if line.strip()), "")
    bare = re.sub(r'"[^"]*"', "", line)
    return max(DELIMITERS, key=bare.count)


def parsed(text: str, sheet: Sheet, faults: list[Fault]) -> list[list[str]]:
    """Rows as a spreadsheet numbers them: a quoted line break does not start a row.

    Raises `UnreadableFile` for more cells than the budget allows.
    """
    delimiter = delimiter_of(text)
    most = budget().cells

    def reader(strict: bool) -> list[list[str]]:
        lines = io.StringIO(text, newline="")
        rows: list[list[str]] = []
        cells = 0
        try:
            for row in csv.reader(lines, delimiter=delimiter, strict=strict):
                rows.append(row)  # one by one, as the rows read so far place a fault
                cells += len(row) or 1
                if cells > most:
                    raise too_large(exceeded("cells", f"the table has more than {most:,} cells"))
        except csv.Error as error:
            if not strict:
                return rows
            faults.append(
                sheet.fault(
                    "broken_quotes",
                    len(rows),
                    None,
                    f"The quotation marks of this row do not close ({error}).",
                    hint='a " inside a quoted cell is written ""',
                )
            )
            return reader(strict=False)
        return rows

    return reader(strict=True)


def level(
    rows: list[list[str]], sheet: Sheet, faults: list[Fault], *, grid: bool
) -> list[list[str]]:
    """Give all rows one width; a row of another width is a fault."""
    header = next((row for row in rows if not is_comment(row)), [])
    while header and not header[-1] and not grid:
        header = header[:-1]
    width = len(header)
    if grid:
        widths = Counter(len(row) for row in rows if not is_comment(row))
        width = max(widths, key=lambda each: (widths[each], each), default=0)
    for number, row in enumerate(rows):
        if len(row) == width:
            continue
        if is_comment(row) or (grid and not any(row[1:])):
            row[:] = [*row[:1], *[""] * width][:width]
            continue
        if len(row) > width:
            extra = next((i for i in range(width, len(row)) if row[i]), None)
            if extra is not None:
                faults.append(
                    sheet.fault(
                        "ragged_row",
                        number,
                        extra,
                        f"The row has {len(row)} cells, the header {width}.",
                        row[extra],
                        "quote a cell that holds the separator, or delete the extra one",
                    )
                )
            del row[width:]
        else:
            faults.append(
                sheet.fault(
                    "ragged_row",
                    number,
                    len(row),
                    f"The row has {len(row)} cells, the header {width}.",
                    hint="add the separators that are missing",
                )
            )
            row.extend([""] * (width - len(row)))
    return rows


def clock(seconds: int) -> str:
    """A time of day as it is typed: 07:35, 24:10, 07:35:30."""
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours:02}:{minutes:02}" + (f":{seconds:02}" if seconds else "")
