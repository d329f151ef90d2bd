"""Workbooks: their sheets as tables of text, read by a process that they may bring down.

A workbook of some kilobytes can ask for any memory and time, and the reader of workbooks is a
library that ends its process where it cannot go on. So it has a process of its own, started at the
first workbook, which ends with this one; what becomes of it is told at the workbook.
"""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
import threading
import time as clocks
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from gtfsgen.budget import budget
from gtfsgen.faults import Fault, Severity
from gtfsgen.files import UnreadableFile, read_bytes
from gtfsgen.source.cells import MOST_SURELY, Sheet, clock, plain

WORKBOOKS = (".xlsx", ".ods", ".xls", ".xlsb", ".xlsm")
SPREADSHEET_EPOCHS = (date(1899, 12, 30), date(1899, 12, 31), date(1904, 1, 1))
SECONDS = 25.0
"""For all workbooks of a project together. A large timetable takes a tenth of a second."""
PROGRAM = Path(__file__).with_name("workbook_process.py")


class Workbooks:
    """Reads the workbooks of a project. To be used in a `with` block."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._left = SECONDS

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    def read(self, file: Path, path: str) -> tuple[list[Sheet], list[Fault]]:
        """The sheets that are neither empty nor named with a leading `_` or `#`, and faults.

        `path` is the name that faults use.
        """
        try:
            read_bytes(file)
            found = self._ask(file)
        except UnreadableFile as error:
            return [], [error.fault(path)]
        if "wrong" in found:
            message, hint = found["wrong"]
            message = f"The workbook cannot be read: {message.removesuffix('.')}."
            hint = hint or "open it in a spreadsheet and save it again"
            return [], [Fault(Severity.ERROR, "broken_workbook", path, 0, "", message, "", hint)]
        sheets: list[Sheet] = []
        faults: list[Fault] = []
        for name, merged, cells in found["sheets"]:
            if cells:
                sheet = Sheet(f"{path}[{name}]", name, text_rows(merged, cells))
                faults += clean(sheet)
                sheets.append(sheet)
        return sheets, faults

    def _ask(self, file: Path) -> dict[str, Any]:
        """The answer of the process about a file, or what became of it there."""
        if self._left <= 0:
            return {"wrong": [f"all workbooks together took more than {SECONDS:.0f} seconds", ""]}
        process = self._process = self._process or started()
        assert process.stdin is not None
        assert process.stdout is not None
        late = threading.Event()

        def end() -> None:
            late.set()
            process.kill()

        began = clocks.monotonic()
        timer = threading.Timer(self._left, end)
        timer.start()
        try:
            process.stdin.write(json.dumps(str(file)) + "\n")
            process.stdin.flush()
            answer = process.stdout.readline()
        except OSError:
            answer = ""
        finally:
            timer.cancel()
            self._left -= clocks.monotonic() - began
        if answer.endswith("\n"):
            told: dict[str, Any] = json.loads(answer)
            return told
        self._end()
        if late.is_set():
            return {"wrong": [f"it takes more than {SECONDS:.0f} seconds", ""]}
        return {"wrong": ["it is damaged, or needs more memory than a workbook may take", ""]}

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()


def started() -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-P", str(PROGRAM), str(budget().cells)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
    )


def clean(sheet: Sheet) -> list[Fault]:
    """Take control characters and what is beyond the limits out of the cells; each is a fault."""
    faults: list[Fault] = []
    for number, cells in enumerate(sheet.rows):
        for column, cell in enumerate(cells):
            if not cell.isprintable() or len(cell) > MOST_SURELY:
                cells[column] = plain(cell, sheet, number, column, faults)
    return faults


LABEL_COLUMNS = 2
"""Columns whose merged cells are filled downwards whatever they hold: stations, arr and dep."""


def text_rows(merged: list[list[int]], cells: list[list[Any]]) -> list[list[str]]:
    """Rows of text as wide as the last cell of any; merged cells have their text in each."""
    texts = {(row, column): as_text(typed(kind, value)) for row, column, kind, value in cells}
    numbers = {(row, column) for row, column, _, value in cells if not isinstance(value, str)}
    height = max(row for row, _ in texts) + 1
    width = max(column for _, column in texts) + 1
    rows = [[""] * width for _ in range(height)]
    for (row, column), text in texts.items():
        rows[row][column] = text
    left = budget().cells
    for top, first, bottom, last in merged:
        if top >= height or first >= width or (first == 0 and last > first):
            continue  # what is merged from the first column on over others is a title
        value = rows[top][first]
        words = (top, first) not in numbers and not re.search(r"\d", value)
        end = bottom if (bottom > top and words) or first < LABEL_COLUMNS else top
        area = rows[top : end + 1]
        left -= len(area) * (min(last + 1, width) - first)
        if left < 0:  # the same cells over and over
            break
        for each in area:
            each[first : last + 1] = [value] * (min(last + 1, width) - first)
    return trimmed(rows)


def trimmed(rows: list[list[str]]) -> list[list[str]]:
    """Without the blank columns and rows that a spreadsheet keeps at the right and the bottom."""
    width = max((i + 1 for row in rows for i, cell in enumerate(row) if cell), default=0)
    while rows and not any(rows[-1]):
        rows.pop()
    return [row[:width] for row in rows]


TYPES: dict[str, Callable[[Any], object]] = {
    "": lambda value: value,
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
    "time": time.fromisoformat,
    "timedelta": lambda value: timedelta(seconds=value),
}


def typed(kind: str, value: Any) -> object:
    return TYPES[kind](value)


def as_text(value: object) -> str:
    """A workbook's value as a curator would have typed it into CSV."""
    convert: Callable[[Any], str] | None = CONVERSIONS.get(type(value))
    return convert(value) if convert else str(value).strip()


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
        return str(int(value)) if abs(value) < 1e15 else repr(value)
    minutes = value * 1440
    if 0 < value < 1 and abs(minutes - round(minutes)) < 1e-6:
        return clock(round(minutes) * 60)
    return repr(value)


CONVERSIONS: dict[type, Callable[[Any], str]] = {
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
