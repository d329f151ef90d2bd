"""A report in many forms: for people, for programs, for other tools' pages.

To add a form, write a module here with a function `(report, out, feed) -> None` that writes bytes to the
open file `out` (`feed` is what the user called the feed), and give it a line in `FORMATS`. Large reports
have millions of notices: take frames (`table.tables`), not a dict for each notice.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from gtfsgen.validation import Report

FORMATS: dict[str, dict[str, str]] = {
    "terminal": {"report.txt": "terminal.write"},
    "json": {
        "report.json": "canonical.write",
        "system_errors.json": "canonical.write_system_errors",
    },
}
"""Format -> the files it consists of -> module and function that write each. The first is the main one."""

PRINTED = frozenset({"terminal", "github"})
"""Formats that act by being printed, wherever the others are written."""


def write(report: Report, name: str, folder: Path, feed: str) -> list[Path]:
    """Write a report in the format `name` into a folder, made if need be; returns the files.

    Raises KeyError for an unknown format and OSError if a file cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for filename, writer in FORMATS[name].items():
        path = folder / filename
        with path.open("wb") as out:
            _write(writer, report, out, feed)
        paths.append(path)
    return paths


def print_report(report: Report, name: str, out: BinaryIO, feed: str) -> None:
    """Write the main file of the format `name` to an open stream."""
    _write(next(iter(FORMATS[name].values())), report, out, feed)


def _write(writer: str, report: Report, out: BinaryIO, feed: str) -> None:
    module, function = writer.split(".")
    getattr(importlib.import_module(f"{__name__}.{module}"), function)(report, out, feed)
