"""Sheets of text cells, whatever they were written in.

CSV of any spreadsheet's dialect and the sheets of a workbook become the same thing: rows of text
with a known position. All that is wrong with the file itself (encoding, quotes, ragged rows) is
said here.
"""

from __future__ import annotations

import csv
import io
import math
import re
import zlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from gtfsgen.faults import Fault, Severity

WORKBOOKS = (".xlsx", ".ods", ".xls", ".xlsb", ".xlsm")
SPREADSHEET_EPOCHS = (date(1899, 12, 30), date(1899, 12, 31), date(1904, 1, 1))
DELIMITERS = (",", ";", "\t")

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
"""The control characters of Unicode, category Cc; blanks of other widths are none."""

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


def read_csv(file: Path, path: str, faults: list[Fault], *, grid: bool = False) -> Sheet | None:
    """Read one CSV file; None if it cannot be read at all. `path` is the name that faults use.

    The header sets the width of all rows; in a `grid`, which may begin with titles, most rows do.
    """
    sheet = Sheet(path, file.stem, [])
    try:
        data = file.read_bytes()
    except OSError as error:
        faults.append(
            sheet.fault("unreadable_file", -1, None, f"The file cannot be read: {error.strerror}.")
        )
        return None
    text = decoded(data, sheet, faults)
    rows = [
        [plain(cell, sheet, number, column, faults) for column, cell in enumerate(row)]
        for number, row in enumerate(parsed(text, sheet, faults))
    ]
    return replace(sheet, rows=level(rows, sheet, faults, grid=grid))


def plain(text: str, sheet: Sheet, row: int, column: int, faults: list[Fault]) -> str:
    """A cell's text without blanks and line breaks around it, and without control characters.

    GTFS takes none of them, and an id or a name with one looks like another. Each cell with any is
    a fault; a comment may have several lines.
    """
    text = text.strip(" \t\r\n")
    if text.isprintable() or (column == 0 and text.startswith("#")):
        return text.replace("\0", "").strip()
    found = sorted(set(CONTROL.findall(text)))
    if not found:
        return text.strip()
    cleaned = CONTROL.sub(lambda one: " " if one[0] in "\t\r\n" else "", text).strip()
    message, hint = control_words(found)
    faults.append(sheet.fault("control_character", row, column, message, cleaned, hint))
    return cleaned


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


def decoded(data: bytes, sheet: Sheet, faults: list[Fault]) -> str:
    """The file's text; what is not UTF-8 is a fault at its first cell."""
    for mark, encoding in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            faults.append(
                sheet.fault(
                    "bad_encoding", -1, None, "The file is UTF-16.", hint="save it as CSV UTF-8"
                )
            )
            return data.decode(encoding, errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8-sig", errors="replace")
        rows = parsed(before + "?", sheet, [])
        row, column = len(rows) - 1, len(rows[-1]) - 1
        faults.append(
            sheet.fault(
                "bad_encoding",
                row,
                column,
                f"Byte {error.start + 1} of the file, 0x{data[error.start]:02X}, is not UTF-8.",
                rows[row][column].removesuffix("?").strip(),
                "save the file as CSV UTF-8",
            )
        )
        return data.decode("utf-8-sig", errors="replace")


def delimiter_of(text: str) -> str:
    """The delimiter that stands most often outside quotes in the first line that is not blank."""
    line = next((line for line in text.splitlines() if line.strip()), "")
    bare = re.sub(r'"[^"]*"', "", line)
    return max(DELIMITERS, key=bare.count)


def parsed(text: str, sheet: Sheet, faults: list[Fault]) -> list[list[str]]:
    """Rows as a spreadsheet numbers them: a quoted line break does not start a row."""
    delimiter = delimiter_of(text)

    def reader(strict: bool) -> list[list[str]]:
        lines = io.StringIO(text, newline="")
        rows: list[list[str]] = []
        try:
            for row in csv.reader(lines, delimiter=delimiter, strict=strict):
                rows.append(row)  # one by one, as the rows read so far place a fault
        except csv.Error as error:
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


# --------------------------------------------------------------------------------------- workbooks


def read_workbook(file: Path, path: str, faults: list[Fault]) -> list[Sheet]:
    """The sheets of a workbook that are neither empty nor named with a leading `_` or `#`."""
    import python_calamine

    whole = Sheet(path, file.stem, [])
    try:
        refuse_oversized(file)
        book = python_calamine.CalamineWorkbook.from_path(str(file))
        names = [name for name in book.sheet_names if not name.startswith(("_", "#"))]
        grids = [(name, merged_filled(book.get_sheet_by_name(name))) for name in names]
    except (python_calamine.CalamineError, OSError, ValueError) as error:
        faults.append(
            whole.fault(
                "broken_workbook",
                -1,
                None,
                f"The workbook cannot be read: {error}.",
                hint="open it in a spreadsheet and save it again",
            )
        )
        return []
    sheets = [
        Sheet(f"{path}[{name}]", name, trimmed([[as_text(v) for v in row] for row in rows]))
        for name, rows in grids
        if any(value not in ("", None) for row in rows for value in row)
    ]
    for sheet in sheets:
        for number, cells in enumerate(sheet.rows):
            for column, cell in enumerate(cells):
                if not cell.isprintable():
                    cells[column] = plain(cell, sheet, number, column, faults)
    return sheets


def refuse_oversized(file: Path) -> None:
    """Raises ValueError for an .xlsx that the reader would need too much memory for, or fail on.

    It makes room for all cells up to the last one, so a single cell at XFD1048576 is enough.
    """
    import zipfile

    if not zipfile.is_zipfile(file):
        return
    try:
        with zipfile.ZipFile(file) as book:
            if sum(entry.file_size for entry in book.infolist()) > WORKBOOK_BYTES:
                raise ValueError(f"unpacked it has more than {WORKBOOK_BYTES:,} bytes")
            for name in book.namelist():
                if name.startswith("xl/worksheets/") and name.endswith(".xml"):
                    with book.open(name) as sheet:
                        refuse_wide(sheet.read(WORKBOOK_BYTES))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, zlib.error) as error:
        raise ValueError(str(error)) from None


def refuse_wide(sheet: bytes) -> None:
    rows = columns = 0
    for letters, row in CELL_NAME.findall(sheet):
        rows = max(rows, int(row))
        columns = max(columns, column_index(letters.decode()) + 1)
    if rows * columns > WORKBOOK_CELLS:
        last = f"{letter(columns - 1)}{rows}"
        raise ValueError(f"a sheet reaches to {last}, more than {WORKBOOK_CELLS:,} cells")


WORKBOOK_BYTES = 256 << 20
"""Bytes of an unpacked workbook."""
WORKBOOK_CELLS = 5_000_000
"""Cells up to the last one of a sheet; a timetable has some thousands."""
CELL_NAME = re.compile(rb"""<[\w:]*c\s[^<>]*?\br=["']([A-Z]{1,3})(\d{1,7})["']""")


def merged_filled(sheet: Any) -> list[list[object]]:
    """The values of a sheet, those of merged cells in each cell that they cover.

    `days` over four trains is of all four, a station over two rows of both. What is merged from the
    first column on over others is a title and stays one cell.
    """
    rows: list[list[object]] = sheet.to_python(skip_empty_area=False)
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or ():
        if top >= len(rows) or left >= len(rows[top]) or (left == 0 and right > left):
            continue
        value = rows[top][left]
        downwards = bottom > top and isinstance(value, str) and not re.search(r"\d", value)
        last = bottom if downwards or left < LABEL_COLUMNS else top
        for row in rows[top : last + 1]:
            for column in range(left, min(right + 1, len(row))):
                row[column] = value
    return rows


LABEL_COLUMNS = 2
"""Columns whose merged cells are filled downwards whatever they hold: stations, arr and dep."""


def trimmed(rows: list[list[str]]) -> list[list[str]]:
    """Without the blank columns and rows that a spreadsheet keeps at the right and the bottom."""
    width = max((i + 1 for row in rows for i, cell in enumerate(row) if cell), default=0)
    while rows and not any(rows[-1]):
        rows.pop()
    return [[*row[:width], *[""] * (width - len(row))] for row in rows]


def as_text(value: object) -> str:
    """A workbook's value as a curator would have typed it into CSV."""
    convert: Callable[[object], str] | None = CONVERSIONS.get(type(value))
    return convert(value) if convert else str(value).strip()


def clock(seconds: int) -> str:
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours:02}:{minutes:02}" + (f":{seconds:02}" if seconds else "")


def time_text(value: time) -> str:
    return clock(value.hour * 3600 + value.minute * 60 + value.second)


def datetime_text(value: datetime) -> str:
    """A spreadsheet keeps a time as a moment of its first day; midnight elsewhere is a date."""
    if value.date() in SPREADSHEET_EPOCHS:
        return time_text(value.time())
    if value.time() == time():
        return value.date().isoformat()
    return value.isoformat(sep=" ", timespec="minutes")


def number_text(value: float) -> str:
    """Whole numbers without a point; a fraction of a day that is whole minutes is a time."""
    if not math.isfinite(value):
        return str(value)
    if value == int(value):
        return str(int(value))
    minutes = value * 1440
    if 0 < value < 1 and abs(minutes - round(minutes)) < 1e-6:
        return clock(round(minutes) * 60)
    return repr(value)


CONVERSIONS: dict[type, Callable[..., Any]] = {
    str: lambda value: value.strip(" \t\r\n"),
    bool: lambda value: "yes" if value else "no",
    int: str,
    float: number_text,
    time: time_text,
    date: date.isoformat,
    datetime: datetime_text,
    timedelta: lambda value: clock(round(value.total_seconds())),
    type(None): lambda _value: "",
}
