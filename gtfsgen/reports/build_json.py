"""build.json: what a build found, by code, with the cells of the source."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, BinaryIO

from gtfsgen.faults import Severity
from gtfsgen.reports.model import BuildReport, FindingGroup, findings_of

if TYPE_CHECKING:
    from gtfsgen.reports.model import Finding

SHOWN_PER_CODE = 1000


def write(report: BuildReport, out: BinaryIO, feed: str) -> None:
    out.write((json.dumps(document(report, feed), ensure_ascii=False, indent=1) + "\n").encode())


def document(report: BuildReport, feed: str) -> dict[str, Any]:
    """`summary` with the number of each severity, `notices` and `ignored` by code, as in the
    validator's report.json; each sample has the file, row, column, message and what was found.
    """
    findings = findings_of(report, feed)
    written = report.build.feed
    totals = {
        str(level): sum(group.total for group in findings.groups if group.severity == level)
        for level in Severity
    }
    return {
        "summary": {
            "source": feed,
            "feed": written.as_posix() if written else None,
            "totals": totals,
            "systemErrors": [
                {"code": code, "message": message} for code, message in findings.failures
            ],
        },
        "notices": [_entry(group) for group in findings.groups],
        "ignored": [_entry(group) | {"reason": group.reason} for group in findings.ignored],
    }


def _entry(group: FindingGroup) -> dict[str, Any]:
    return {
        "code": group.code,
        "severity": str(group.severity),
        "totalNotices": group.total,
        "sampleNotices": [_sample(finding) for finding in group.first(SHOWN_PER_CODE)],
    }


def _sample(finding: Finding) -> dict[str, Any]:
    return {"file": finding.file, **finding.particulars, "message": finding.message}
