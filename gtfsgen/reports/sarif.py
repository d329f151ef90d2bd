"""SARIF 2.1.0, the form in which code scanning services take findings.

Source: OASIS, Static Analysis Results Interchange Format (SARIF) Version 2.1.0.
"""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import quote

from gtfsgen.faults import Severity
from gtfsgen.reports.places import place
from gtfsgen.reports.terminal import sample_text, summary_of

if TYPE_CHECKING:
    from gtfsgen.validation import Report

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
SHOWN_PER_CODE = 1000
LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def write(report: Report, out: BinaryIO, feed: str) -> None:
    out.write(json.dumps(document(report, feed), ensure_ascii=False, indent=1).encode())


def document(report: Report, feed: str) -> dict[str, Any]:
    """The report as a SARIF log of one run, with the first thousand notices of each code."""
    codes = list(dict.fromkeys(code for code, _ in report.graded()))
    artifacts = _Artifacts(feed)
    results = [
        _result(code, codes.index(code), severity, entry, artifacts)
        for code, severity in report.graded()
        for entry in report.samples(code, SHOWN_PER_CODE, severity)
    ]
    failures = [
        {
            "level": "error",
            "message": {"text": f"{code}: {context.get('message', '')}"},
            "descriptor": {"id": code},
        }
        for code, context in report.system_error_list
    ]
    unreadable = any(code == "i_o_error" for code, _ in report.system_error_list)
    run = {
        "tool": {
            "driver": {
                "name": "gtfsgen",
                "version": report.summary.get("validatorVersion", ""),
                "rules": [_rule(code, report.severities[code]) for code in codes],
            }
        },
        "artifacts": artifacts.listed,
        "results": results,
        "invocations": [
            {
                "executionSuccessful": not unreadable,
                "toolExecutionNotifications": failures,
            }
        ],
        "columnKind": "unicodeCodePoints",
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


class _Artifacts:
    """The files that results point to: those of a folder, or those inside a zip."""

    def __init__(self, feed: str) -> None:
        self.folder = Path(feed).is_dir()
        uri = quote(Path(feed).as_posix() if "://" not in feed else feed, safe="/:?&=%~+#@")
        self.uri = uri.rstrip("/")
        self.listed: list[dict[str, Any]] = [{"location": {"uri": self.uri}}]
        self.indexes = {"": 0}

    def location(self, filename: str) -> dict[str, Any]:
        if filename not in self.indexes:
            self.indexes[filename] = len(self.listed)
            name = quote(filename)
            if self.folder:
                self.listed.append({"location": {"uri": f"{self.uri}/{name}"}})
            else:
                self.listed.append({"location": {"uri": f"/{name}"}, "parentIndex": 0})
        index = self.indexes[filename]
        return {"uri": self.listed[index]["location"]["uri"], "index": index}


def _rule(code: str, severity: Severity) -> dict[str, Any]:
    from gtfsgen.validation import engine

    described: dict[str, Any] = {
        "id": code,
        "defaultConfiguration": {"level": LEVELS[severity]},
    }
    if rule := engine.rules().get(code):
        described["shortDescription"] = {"text": rule.summary}
        described["fullDescription"] = {"text": inspect.getdoc(rule.function) or rule.summary}
    return described


def _result(
    code: str, index: int, severity: Severity, entry: dict[str, Any], artifacts: _Artifacts
) -> dict[str, Any]:
    filename, row = place(code, entry)
    physical: dict[str, Any] = {"artifactLocation": artifacts.location(filename)}
    if filename and row:
        physical["region"] = {"startLine": row}
    return {
        "ruleId": code,
        "ruleIndex": index,
        "level": LEVELS[severity],
        "message": {"text": f"{summary_of(code) or code} {sample_text(code, entry)}".strip()},
        "locations": [{"physicalLocation": physical}],
        "properties": entry,
    }
