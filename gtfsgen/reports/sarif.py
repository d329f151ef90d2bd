"""SARIF 2.1.0, the form in which code scanning services take findings.

Sources: OASIS, Static Analysis Results Interchange Format (SARIF) Version 2.1.0; GitHub, SARIF
support for code scanning.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import quote

from gtfsgen.faults import Severity
from gtfsgen.reports.model import (
    BuildReport,
    Finding,
    FindingGroup,
    Findings,
    explanation_of,
    findings_of,
    subject_of,
    summary_of,
)

if TYPE_CHECKING:
    from gtfsgen.validation import Report

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
SHOWN_PER_CODE = 1000
SHOWN_IN_ALL = 25_000
"""What GitHub takes of one run."""
LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
GITHUB_LEVELS = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.INFO: "recommendation",
}
PASSING = re.compile(r"RowNumber(\d|[AB])?$|^(row|column|currentDate)$")
"""Particulars that change without the fault: positions and today."""
ROOT = "SRCROOT"


def write(report: Report | BuildReport, out: BinaryIO, feed: str) -> None:
    out.write(json.dumps(document(report, feed), ensure_ascii=False, indent=1).encode())


def document(report: Report | BuildReport, feed: str) -> dict[str, Any]:
    """The report as a SARIF log of one run: the first thousand notices of each code, the gravest
    first, and those that a policy ignores as suppressed.
    """
    findings = findings_of(report, feed)
    groups = [*findings.groups, *findings.ignored]
    codes = list(dict.fromkeys(group.code for group in groups))
    severities = {group.code: group.severity for group in reversed(groups)}
    artifacts: dict[str, int] = {}
    results = list(_results(groups, codes, artifacts))
    run = {
        "tool": {
            "driver": {
                "name": "gtfsgen",
                "version": version("gtfsgen"),
                "semanticVersion": version("gtfsgen"),
                "rules": [_rule(code, severities[code]) for code in codes],
            }
        },
        "automationDetails": {"id": f"gtfsgen/{_identifier(feed)}/"},
        "originalUriBaseIds": {ROOT: {"description": {"text": "The folder of the project."}}},
        "artifacts": [
            {"location": {"uri": uri, "uriBaseId": ROOT}, "roles": ["analysisTarget"]}
            for uri in artifacts
        ],
        "results": results,
        "invocations": [
            {
                "executionSuccessful": findings.readable,
                "toolExecutionNotifications": _notifications(findings, len(results)),
            }
        ],
        "columnKind": "unicodeCodePoints",
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _identifier(feed: str) -> str:
    return re.sub(r"[^\w.-]+", "-", feed).strip("-.") or "feed"


def _results(
    groups: list[FindingGroup], codes: list[str], artifacts: dict[str, int]
) -> Iterator[dict[str, Any]]:
    """Results up to what a service takes; equal fingerprints are counted, so that each is its
    own.
    """
    seen: dict[str, int] = {}
    left = SHOWN_IN_ALL
    for group in groups:
        for finding in group.first(min(SHOWN_PER_CODE, left)):
            left -= 1
            uri = quote(finding.file)
            index = artifacts.setdefault(uri, len(artifacts))
            result = _result(finding, codes.index(finding.code), uri, index)
            mark = _fingerprint(finding)
            seen[mark] = seen.get(mark, 0) + 1
            result["partialFingerprints"] = {"primaryLocationLineHash": f"{mark}:{seen[mark]}"}
            if group.reason:
                result["suppressions"] = [
                    {"kind": "external", "status": "accepted", "justification": group.reason}
                ]
            yield result


def _fingerprint(finding: Finding) -> str:
    """What stays the same when rows are put in above."""
    lasting = {
        name: value for name, value in finding.particulars.items() if not PASSING.search(name)
    }
    said = json.dumps([finding.code, finding.file, lasting], sort_keys=True, default=str)
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def _result(finding: Finding, rule: int, uri: str, artifact: int) -> dict[str, Any]:
    region: dict[str, int] = {"startLine": 1}  # of an archive or a whole file
    if finding.span:
        region = {"startLine": finding.span.line}
        if finding.span.column:
            region |= {"startColumn": finding.span.column, "endColumn": finding.span.end_column}
    location: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": {"uri": uri, "uriBaseId": ROOT, "index": artifact},
            "region": region,
        }
    }
    if finding.place:
        location["logicalLocations"] = [{"fullyQualifiedName": finding.place}]
    return {
        "ruleId": finding.code,
        "ruleIndex": rule,
        "level": LEVELS[finding.severity],
        "message": {"text": finding.text},
        "locations": [location],
        "properties": finding.particulars,
    }


def _rule(code: str, severity: Severity) -> dict[str, Any]:
    summary = summary_of(code) or f"{code.replace('_', ' ').capitalize()}."
    said = explanation_of(code) or summary
    return {
        "id": code,
        "name": "".join(part.capitalize() for part in code.split("_")),
        "shortDescription": {"text": summary},
        "fullDescription": {"text": " ".join(said.partition("\n\n")[0].split())[:1024]},
        "help": {"text": said, "markdown": said},
        "defaultConfiguration": {"level": LEVELS[severity]},
        "properties": {
            "tags": ["gtfs", subject_of(code)],
            "precision": "very-high",
            "problem.severity": GITHUB_LEVELS[severity],
        },
    }


def _notifications(findings: Findings, shown: int) -> list[dict[str, Any]]:
    """What kept the run from saying all: system errors, and notices beyond those shown."""
    told = [("error", code, f"{code}: {message}") for code, message in findings.failures]
    total = sum(group.total for group in (*findings.groups, *findings.ignored))
    if total > shown:
        told.append(("note", "notices_left_out", f"{total - shown:,} more notices are not listed."))
    return [
        {"level": level, "message": {"text": text}, "descriptor": {"id": code}}
        for level, code, text in told
    ]
