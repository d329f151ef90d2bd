"""Annotations of GitHub's workflows: `::error file=feed/stops.txt,line=7,title=...::...`.

GitHub shows ten errors, ten warnings and ten notices of a step and drops the others; so the ten
that say most are written, and how many more there are is said in the log.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

from gtfsgen.faults import Severity
from gtfsgen.reports.model import BuildReport, Finding, FindingGroup, findings_of

if TYPE_CHECKING:
    from gtfsgen.validation import Report

SHOWN_PER_LEVEL = 10
"""GitHub shows ten annotations of each level for a step."""

COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def write(report: Report | BuildReport, out: BinaryIO, feed: str) -> None:
    """The gravest first. A table inside a zip is named in the message, for the file is the zip."""
    findings = findings_of(report, feed)
    shown = SHOWN_PER_LEVEL
    for code, message in findings.failures[:shown]:
        where = "" if "://" in feed else feed
        out.write(_annotation(Severity.ERROR, code, {"file": where} if where else {}, message))
    for severity in Severity:
        groups = [group for group in findings.groups if group.severity == severity]
        room = shown - (len(findings.failures[:shown]) if severity is Severity.ERROR else 0)
        chosen = list(_chosen(groups, room))
        for finding in chosen:
            out.write(_of_finding(finding, "://" in feed))
        more = sum(group.total for group in groups) - len(chosen)
        if more > 0:
            codes = ", ".join(f"{group.code} {group.total:,}" for group in groups)
            out.write(f"{more:,} more of level {severity.lower()}; in all {codes}\n".encode())


def _chosen(groups: list[FindingGroup], room: int) -> Iterator[Finding]:
    """One of each code, then a second of each, and so on while there is room."""
    firsts = [group.first(room) for group in groups]
    for nth in range(room):
        for found in firsts:
            if nth < len(found) and room:
                room -= 1
                yield found[nth]


def _of_finding(finding: Finding, from_web: bool) -> bytes:
    where = {} if from_web else {"file": finding.file}
    if finding.span and not from_web:
        where["line"] = str(finding.span.line)
        if finding.span.column:
            where["col"] = str(finding.span.column)
            where["endColumn"] = str(finding.span.end_column)
    return _annotation(finding.severity, finding.code, where, finding.text)


def _annotation(severity: Severity, code: str, where: dict[str, str], message: str) -> bytes:
    properties = {**where, "title": code}
    said = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{COMMANDS[severity]} {said}::{_data(message)}\n".encode()


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
