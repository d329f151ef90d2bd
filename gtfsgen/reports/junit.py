"""JUnit XML, which every service that runs builds can show: a test case for each rule."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, BinaryIO

from gtfsgen.faults import Severity
from gtfsgen.reports.terminal import sample_text, summary_of

if TYPE_CHECKING:
    from gtfsgen.validation import Report

SHOWN_PER_CODE = 50
NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write(report: Report, out: BinaryIO, feed: str) -> None:
    """Errors and warnings are failures, infos are output, rules that could not run are skipped."""
    from gtfsgen.validation import engine

    codes = engine.rules()
    ran = {code for code in report.seconds if code in codes}
    shown = sorted(ran | set(report.found) | set(report.skipped))
    suite = ET.Element("testsuite", name=_clean(feed))
    for code in shown:
        subject = codes[code].subject if code in codes else "gtfsgen"
        seconds = f"{report.seconds.get(code, 0.0):.3f}"
        case = ET.SubElement(suite, "testcase", classname=subject, name=code, time=seconds)
        if code in report.skipped:
            ET.SubElement(case, "skipped", message=_clean(report.skipped[code]))
        _add_notices(case, report, code)
    for code, context in report.system_error_list:
        case = ET.SubElement(suite, "testcase", classname="system", name=code)
        ET.SubElement(case, "error", message=_clean(str(context.get("message", ""))))
    for kind, name in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
        suite.set(name, str(sum(case.find(kind) is not None for case in suite)))
    suite.set("tests", str(len(suite)))
    suite.set("time", str(report.summary.get("validationTimeSeconds", 0.0)))
    root = ET.Element("testsuites")
    root.append(suite)
    ET.indent(root)
    ET.ElementTree(root).write(out, encoding="utf-8", xml_declaration=True)


def _add_notices(case: ET.Element, report: Report, code: str) -> None:
    for (found, severity), rows in report.graded().items():
        if found != code:
            continue
        total = sum(map(len, rows))
        samples = report.samples(code, SHOWN_PER_CODE, severity)
        told = [sample_text(code, entry) for entry in samples]
        if total > len(samples):
            told.append(f"and {total - len(samples):,} more")
        text = _clean("\n".join(told))
        message = f"{total:,} {severity.lower()}: {summary_of(code)}"
        if severity is Severity.INFO:
            ET.SubElement(case, "system-out").text = f"{message}\n{text}"
        else:
            failure = ET.SubElement(case, "failure", type=str(severity), message=message)
            failure.text = text


def _clean(text: str) -> str:
    """Text without the characters that XML cannot hold."""
    return NOT_IN_XML.sub("\ufffd", text)
