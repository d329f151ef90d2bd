"""Reads workbooks in a process of its own, which may be ended by what it reads.

Run by path, not imported: it needs nothing but the reader of workbooks, so that it starts quickly.
Each line of its input is the path of a workbook, as JSON; each line of its output is what was
found there: `{"sheets": [[name, [[top, left, bottom, right], ...], [[row, column, kind, value],
...]], ...]}` with the cells that are not blank, or `{"wrong": [message, hint]}`.
"""

from __future__ import annotations

import json
import re
import sys
import zipfile
import zlib
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from typing import Any

MEMORY = 2 << 30
"""Bytes of address space; a workbook of a timetable takes a hundredth."""
MOST_BYTES = 256 << 20
"""Bytes of the parts of a workbook that are read, unpacked."""
READ_PARTS = re.compile(
    r"(?:xl/(?:workbook|sharedStrings|styles)\.(?:xml|bin)|xl/worksheets/[^/]+\.(?:xml|bin)"
    r"|content\.xml)",
    re.IGNORECASE,
)
CELL_NAME = re.compile(rb"""<(?:\w{1,20}:)?c\s[^<>]{0,200}?\br=["']([A-Za-z]{1,9})(\d{1,12})["']""")
LOCKED = "EncryptedPackage".encode("utf-16-le")
COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


class Refused(Exception):
    """A workbook that is not read: message and hint."""


def main() -> None:
    end_with_parent()
    most_cells = int(sys.argv[1])
    for line in sys.stdin:
        try:
            answer: dict[str, Any] = {"sheets": sheets_of(json.loads(line), most_cells)}
        except Refused as error:
            answer = {"wrong": list(error.args)}
        except MemoryError:
            answer = {"wrong": ["it needs more memory than a workbook may take", ""]}
        except BaseException as error:  # a panic of the reader is no Exception
            if isinstance(error, KeyboardInterrupt):
                raise
            said = " ".join(str(error).split())[:200] or type(error).__name__
            answer = {"wrong": [said, ""]}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def end_with_parent() -> None:
    with suppress(ImportError, OSError, ValueError):
        import resource

        for kind, most in ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CORE, 0)):
            _, hard = resource.getrlimit(kind)
            least = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.setrlimit(kind, (least, hard))
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            import ctypes
            import signal

            ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def sheets_of(path: str, most_cells: int) -> list[Any]:
    import python_calamine

    refuse_odd(path, most_cells)
    book = python_calamine.CalamineWorkbook.from_path(path)
    found = []
    left = most_cells
    for name in book.sheet_names:
        if name.startswith(("_", "#")):
            continue
        sheet = book.get_sheet_by_name(name)
        if sheet.height * sheet.width > most_cells:
            raise Refused(*too_many(most_cells, f"{sheet.width:,} columns, {sheet.height:,} rows"))
        cells = [
            [row, column, *plain(value)]
            for row, values in enumerate(sheet.to_python(skip_empty_area=False))
            for column, value in enumerate(values)
            if value is not None and value != ""
        ]
        left -= len(cells)
        if left < 0:
            raise Refused(*too_many(most_cells, "more than these"))
        merged = [[*start, *end] for start, end in sheet.merged_cell_ranges or ()]
        found.append([name, merged, cells])
    return found


def too_many(most: int, found: str) -> tuple[str, str]:
    return (
        f"a sheet has {found}; the limit is {most:,} cells (GTFSGEN_MAX_CELLS sets another)",
        "delete what lies far from the table",
    )


def plain(value: object) -> tuple[str, Any]:
    """A kind and a value that JSON has."""
    if isinstance(value, datetime):
        return "datetime", value.isoformat()
    if isinstance(value, date):
        return "date", value.isoformat()
    if isinstance(value, time):
        return "time", value.isoformat()
    if isinstance(value, timedelta):
        return "timedelta", value.total_seconds()
    if isinstance(value, bool | int | float):
        return "", value
    return "", str(value)


def refuse_odd(path: str, most_cells: int) -> None:
    """Raises `Refused` for what the reader would say in its own words, or need too much for."""
    with open(path, "rb") as file:
        head = file.read(4 << 20)
    lower = path.lower()
    if head.startswith(COMPOUND) and LOCKED in head:
        raise Refused("it is locked with a password", "save it without one")
    if not head:
        raise Refused("it is empty", "save it again")
    if b"\0" not in head[:4096] and not head.startswith(b"PK"):
        raise Refused("it is a text, not a workbook", "if it is CSV, let its name end in .csv")
    if not lower.endswith(".xls") and not head.startswith((b"PK", COMPOUND)):
        raise Refused("it is not a workbook, or a damaged one", "")
    if head.startswith(b"PK"):
        refuse_oversized(path, most_cells)


def refuse_oversized(path: str, most_cells: int) -> None:
    """The reader makes room for all cells up to the last one, and for all that is unpacked."""
    try:
        with zipfile.ZipFile(path) as book:
            parts = [each for each in book.infolist() if READ_PARTS.fullmatch(each.filename)]
            size = sum(part.file_size for part in parts)
            if size > MOST_BYTES:
                raise Refused(f"unpacked it has {size:,} bytes; the limit is {MOST_BYTES:,}", "")
            for part in parts:
                with book.open(part) as opened:
                    data = opened.read(MOST_BYTES + 1)
                if len(data) > MOST_BYTES:
                    raise Refused(f"unpacked it has more than {MOST_BYTES:,} bytes", "")
                if b"<!DOCTYPE" in data[:4096] or b"<!ENTITY" in data[:65536]:
                    raise Refused("it defines entities, as no office program does", "")
                if part.filename.lower().startswith("xl/worksheets/"):
                    refuse_wide(data, most_cells)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, zlib.error, EOFError) as error:
        raise Refused(f"it is a damaged zip file ({error})", "") from None


def refuse_wide(sheet: bytes, most_cells: int) -> None:
    rows = columns = 0
    last = ""
    for letters, row in CELL_NAME.findall(sheet):
        column = 0
        for character in letters.upper():
            column = column * 26 + character - 64
        if column > columns or int(row) > rows:
            columns, rows = max(columns, column), max(rows, int(row))
            last = f"{letters.decode()}{int(row)}"
    if rows * columns > most_cells:
        raise Refused(*too_many(most_cells, f"a cell at {last}"))


if __name__ == "__main__":
    main()
