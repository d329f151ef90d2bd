"""A report in many forms: for people, for programs, for other tools' pages.

To add a form, write a module here with a function `(report, out, feed) -> None` that writes bytes
to the open file `out` (`feed` is what the user called the feed), and give it a line in `FORMATS`.
A report can have millions of notices: take some of them (`report.samples`) or all of them as frames
(`table.pieces`), never a dict for each.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from gtfsgen.reports.model import BuildReport
    from gtfsgen.validation import Report

FORMATS: dict[str, dict[str, str]] = {
    "terminal": {"report.txt": "terminal.write"},
    "json": {
        "report.json": "canonical.write",
        "system_errors.json": "canonical.write_system_errors",
    },
    "html": {"report.html": "html.write"},
    "sarif": {"report.sarif": "sarif.write"},
    "junit": {"junit.xml": "junit.write"},
    "github": {"annotations.txt": "github.write"},
    "csv": {"notices.csv": "table.write_csv"},
    "parquet": {"notices.parquet": "table.write_parquet"},
    "ndjson": {"notices.ndjson": "table.write_ndjson"},
}
"""Format -> its files, the main one first -> the module and function that write each."""

BUILD_FORMATS: dict[str, dict[str, str]] = {
    "terminal": {"build.txt": "terminal.write"},
    "json": {"build.json": "build_json.write"},
    "html": {"build.html": "html.write"},
    "sarif": {"build.sarif": "sarif.write"},
    "junit": {"build-junit.xml": "junit.write"},
    "github": {"build-annotations.txt": "github.write"},
}
"""The same for builds, whose notices lead to cells of the source."""

PRINTED = frozenset({"terminal", "github"})
"""Formats that act by being printed, wherever the others are written."""


def write(report: Report | BuildReport, name: str, folder: Path, feed: str) -> list[Path]:
    """Write a report in the format `name` into a folder, made if need be; returns the files.

    Raises KeyError for an unknown format and OSError if a file cannot be written.
    """
    return write_all(report, (name,), folder, feed)


def write_all(
    report: Report | BuildReport, names: Iterable[str], folder: Path, feed: str
) -> list[Path]:
    """Write a report in several formats, all files at one moment; returns the files."""
    from gtfsgen.writing import write_files

    writers = {file: how for name in names for file, how in _formats(report)[name].items()}
    contents = {file: partial(_write_to, how, report, feed) for file, how in writers.items()}
    write_files(folder, contents)
    return [folder / file for file in writers]


def _write_to(writer: str, report: Report | BuildReport, feed: str, out: BinaryIO) -> None:
    _write(writer, report, out, feed)


def print_report(report: Report | BuildReport, name: str, out: BinaryIO, feed: str) -> None:
    """Write the main file of the format `name` to an open stream."""
    _write(next(iter(_formats(report)[name].values())), report, out, feed)


def _formats(report: Report | BuildReport) -> dict[str, dict[str, str]]:
    from gtfsgen.reports.model import BuildReport

    return BUILD_FORMATS if isinstance(report, BuildReport) else FORMATS


def _write(writer: str, report: Report | BuildReport, out: BinaryIO, feed: str) -> None:
    module, function = writer.split(".")
    getattr(importlib.import_module(f"{__name__}.{module}"), function)(report, out, feed)
