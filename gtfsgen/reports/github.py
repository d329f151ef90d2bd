"""Annotations of GitHub's workflows: `::error file=feed/stops.txt,line=7,title=...::...`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from gtfsgen.faults import Severity
from gtfsgen.reports.places import place
from gtfsgen.reports.terminal import sample_text, summary_of

if TYPE_CHECKING:
    from gtfsgen.validation import Report

SHOWN_PER_CODE = 10
"""GitHub shows ten annotations of each level for a step."""

COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def write(report: Report, out: BinaryIO, feed: str) -> None:
    """One line per notice, the gravest first. A file inside a zip is named in the message."""
    folder = Path(feed).is_dir()
    for severity in Severity:
        for (code, level), rows in report.graded().items():
            if level != severity:
                continue
            samples = report.samples(code, SHOWN_PER_CODE, severity)
            more = sum(map(len, rows)) - len(samples)
            for entry in samples:
                filename, row = place(code, entry)
                where = {"file": feed}
                if folder and filename:
                    where = {"file": (Path(feed) / filename).as_posix()}
                    if row:
                        where["line"] = str(row)
                said = f"{summary_of(code)} {sample_text(code, entry)}"
                out.write(_annotation(severity, code, where, said.strip()))
            if more > 0:
                out.write(_annotation(severity, code, {"file": feed}, f"and {more:,} more"))
    for code, context in report.system_error_list:
        message = str(context.get("message", code))
        out.write(_annotation(Severity.ERROR, code, {"file": feed}, message))


def _annotation(severity: Severity, code: str, where: dict[str, str], message: str) -> bytes:
    properties = {**where, "title": code}
    said = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{COMMANDS[severity]} {said}::{_data(message)}\n".encode()


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
