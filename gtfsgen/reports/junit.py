"""JUnit XML, which every service that runs builds can show: a test case for each rule."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, BinaryIO

from gtfsgen.notices import kinds
from gtfsgen.reports.model import BuildReport, FindingGroup, findings_of, subject_of, summary_of

if TYPE_CHECKING:
    from gtfsgen.validation import Report

SHOWN_PER_CODE = 50
NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write(report: Report | BuildReport, out: BinaryIO, feed: str) -> None:
    """Notices at or above the level of --fail-on are failures, others are output; rules that could
    not run are skipped.
    """
    findings = findings_of(report, feed)
    by_code: dict[str, list[FindingGroup]] = {}
    for group in findings.groups:
        by_code.setdefault(group.code, []).append(group)
    ran = {code for code in findings.seconds if code in kinds()}
    suite = ET.Element("testsuite", name=_clean(feed))
    for code in sorted(ran | set(by_code) | set(findings.skipped)):
        seconds = f"{findings.seconds.get(code, 0.0):.3f}"
        case = ET.SubElement(suite, "testcase", classname=subject_of(code), name=code, time=seconds)
        if code in findings.skipped:
            ET.SubElement(case, "skipped", message=_clean(findings.skipped[code]))
        _add_notices(case, by_code.get(code, []), findings.fails)
    for code, message in findings.failures:
        case = ET.SubElement(suite, "testcase", classname="system", name=code)
        ET.SubElement(case, "error", message=_clean(message))
    for kind, name in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
        suite.set(name, str(sum(case.find(kind) is not None for case in suite)))
    suite.set("tests", str(len(suite)))
    suite.set("time", f"{sum(findings.seconds.values()):.3f}")
    root = ET.Element("testsuites")
    root.append(suite)
    ET.indent(root)
    ET.ElementTree(root).write(out, encoding="utf-8", xml_declaration=True)


def _add_notices(case: ET.Element, groups: list[FindingGroup], fails) -> None:  # type: ignore[no-untyped-def]
    """Failures first, since the format wants what was printed after them."""
    for group in sorted(groups, key=lambda group: not fails(group.severity)):
        shown = group.first(SHOWN_PER_CODE)
        told = [finding.text for finding in shown]
        if group.total > len(shown):
            told.append(f"and {group.total - len(shown):,} more")
        message = f"{group.total:,} {group.severity.lower()}: {summary_of(group.code)}"
        text = _clean("\n".join(told))
        if fails(group.severity):
            attributes = {"type": str(group.severity), "message": _clean(message)}
            ET.SubElement(case, "failure", attributes).text = text
        else:
            ET.SubElement(case, "system-out").text = f"{message}\n{text}"


def _clean(text: str) -> str:
    """Text without the characters that XML cannot hold."""
    return NOT_IN_XML.sub("\ufffd", text)
