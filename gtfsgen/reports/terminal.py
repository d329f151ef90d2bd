"""The report as lines for a person: what was found, gravest first, and where to begin."""

from __future__ import annotations

import re
import shutil
import unicodedata
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from gtfsgen.faults import Severity
from gtfsgen.findings import gtfs_name
from gtfsgen.reports.model import BuildReport, Findings, findings_of, summary_of
from gtfsgen.validation.places import other_particulars, place_text

if TYPE_CHECKING:
    from gtfsgen.validation import Report

SAMPLES = {Severity.ERROR: 3, Severity.WARNING: 3, Severity.INFO: 1}
"""Notices shown of one code."""
COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "blue"}
PLACES = {Severity.ERROR: 20, Severity.WARNING: 5, Severity.INFO: 3}
"""Places shown of one code of a build, whose curator mends them one by one."""
LONGEST_TEXT = 400
"""Characters of one notice; what is longer is a whole paragraph in a cell."""
USUAL_WIDTH = 100
"""Columns where there is no terminal to ask."""
COUNTED = {
    "Agencies": "agency agencies",
    "Routes": "route routes",
    "Trips": "trip trips",
    "Stops": "stop stops",
    "Shapes": "shape shapes",
}
"""What the summary counts, in the singular and the plural."""


def write(report: Report | BuildReport, out: BinaryIO, feed: str) -> None:
    said = (
        build_lines(findings_of(report, feed), USUAL_WIDTH)
        if isinstance(report, BuildReport)
        else lines(report, feed, USUAL_WIDTH)
    )
    out.write("".join(f"{click.unstyle(line)}\n" for line in said).encode())


def terminal_width() -> int:
    return shutil.get_terminal_size((USUAL_WIDTH, 0)).columns


def lines(report: Report, feed: str, width: int | None = None) -> Iterator[str]:
    """The lines of the report, with colours that `click.echo` leaves out where nobody sees them."""
    width = width or terminal_width()
    yield click.style(feed, bold=True)
    yield from _feed_lines(report, width)
    for severity in Severity:
        yield from _severity_lines(report, severity, width)
    yield from _policy_lines(report, width)
    yield from _unfinished_lines(report, width)
    yield ""
    if report.found:
        code = next(iter(_codes(report, report.worst() or Severity.INFO)))
        yield click.style(f"What a notice means: gtfsgen explain {code}", dim=True)
    yield verdict(report)


def build_lines(findings: Findings, width: int | None = None) -> Iterator[str]:
    """What a build found, by gravity and code, with the first places of each."""
    width = width or terminal_width()
    for severity in Severity:
        groups = [group for group in findings.groups if group.severity == severity]
        if not groups:
            continue
        total = sum(group.total for group in groups)
        yield click.style(_number(total, severity), fg=COLOURS[severity], bold=True)
        for group in groups:
            yield f"  {click.style(group.code, bold=True)}  {group.total:,}"
            summary = summary_of(group.code)
            yield from wrapped(summary, 6, width)
            shown = group.first(PLACES[severity])
            for finding in shown:
                said = finding.message.removeprefix(summary).strip()
                yield from wrapped(f"{finding.place}  {said}", 6, width)
            if group.total > len(shown):
                yield click.style(f"      and {group.total - len(shown):,} more", dim=True)
        yield ""
    if findings.ignored:
        yield click.style("Ignored, as the policy says", bold=True)
        for group in findings.ignored:
            said = f"{group.code}  {group.total:,} {group.severity.lower()}: {group.reason}"
            yield from wrapped(said, 2, width)
        yield ""


def wrapped(text: str, indent: int, width: int) -> Iterator[str]:
    """The text in lines of at most `width` columns, broken between words; those after the first
    stand a little further in. A word longer than that keeps a line of its own.
    """
    line, used = " " * indent, indent
    begun = False
    for word in _shortened(text).split(" "):
        if not word:
            line, used = line + " ", used + 1
            continue
        wide = columns_of(word)
        if begun and used + wide + 1 > width:
            yield line.rstrip()
            line, used, begun = " " * (indent + 2), indent + 2, False
        line, used = (f"{line} {word}", used + wide + 1) if begun else (line + word, used + wide)
        begun = True
    if begun:
        yield line


def columns_of(text: str) -> int:
    """Columns of a terminal that a text takes: a Chinese character takes two, an accent none."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def _feed_lines(report: Report, width: int) -> Iterator[str]:
    counts = report.summary.get("counts")
    if counts is None:
        return
    said = [
        f"{counts[name]:,} {words.split()[counts[name] != 1]}"
        for name, words in COUNTED.items()
        if counts.get(name)
    ]
    info = report.summary.get("feedInfo", {})
    first, last = info.get("feedServiceWindowStart"), info.get("feedServiceWindowEnd")
    if first and last:
        said.append(f"service {first} to {last}")
    if said:
        for line in wrapped(", ".join(said), 0, width):
            yield click.style(line, dim=True)


def _codes(report: Report, severity: Severity) -> dict[str, int]:
    """Codes of one severity and their totals, the most frequent first."""
    found = {
        code: sum(map(len, rows))
        for (code, level), rows in report.graded().items()
        if level == severity
    }
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def _severity_lines(report: Report, severity: Severity, width: int) -> Iterator[str]:
    codes = _codes(report, severity)
    if not codes:
        return
    yield ""
    yield click.style(_number(sum(codes.values()), severity), fg=COLOURS[severity], bold=True)
    for code, total in codes.items():
        yield f"  {click.style(code, bold=True)}  {total:,}"
        yield from wrapped(summary_of(code), 6, width)
        samples = report.samples(code, SAMPLES[severity], severity)
        for entry in samples:
            yield from wrapped(sample_text(code, entry), 6, width)
        if total > len(samples):
            yield click.style(f"      and {total - len(samples):,} more", dim=True)


def sample_text(code: str, entry: dict[str, Any]) -> str:
    """One notice: where it is, then its particulars."""
    return "  ".join(
        part for part in (place_text(code, entry), particulars_text(code, entry)) if part
    )


def particulars_text(code: str, entry: dict[str, Any]) -> str:
    """`trip_id=T1, stop_id=S`: the particulars by the names of GTFS, without the place."""
    return ", ".join(
        f"{gtfs_name(name)}={value}"
        for name, value in other_particulars(code, entry).items()
        if value != ""
    )


def _shortened(text: str) -> str:
    """The text of moderate length, without line breaks and control characters of a hostile
    feed.
    """
    text = re.sub(r"[^\S ]+", " ", text)
    text = "".join(c if c.isprintable() else "\ufffd" for c in text)
    return text if len(text) <= LONGEST_TEXT else f"{text[: LONGEST_TEXT - 1]}…"


def _policy_lines(report: Report, width: int) -> Iterator[str]:
    if report.ignored:
        yield ""
        yield click.style("Ignored, as the policy says", bold=True)
        for ignored in report.ignored:
            yield from wrapped(str(ignored), 2, width)
    if report.remarks:
        yield ""
        yield click.style("The policy itself", bold=True)
        for remark in report.remarks:
            for line in wrapped(str(remark), 2, width):
                yield click.style(line, fg="yellow")


def _unfinished_lines(report: Report, width: int) -> Iterator[str]:
    """Rules that could not run, those with one reason together."""
    reasons: dict[str, list[str]] = {}
    for code, reason in report.skipped.items():
        reasons.setdefault(reason, []).append(code)
    if reasons:
        yield ""
        yield click.style("Rules that could not run", bold=True)
        for reason, codes in reasons.items():
            yield from wrapped(reason, 2, width)
            for line in wrapped(_some(codes), 6, width):
                yield click.style(line, dim=True)
    for code, message in other_system_errors(report):
        yield from wrapped(f"{code}: {message}", 0, width)


def other_system_errors(report: Report) -> list[tuple[str, str]]:
    """System errors with their messages, without those told as rules that could not run."""
    return [
        (code, str(context.get("message") or context.get("exception") or ""))
        for code, context in report.system_error_list
        if code != "runtime_exception_in_validator_error"
    ]


def _some(codes: list[str], shown: int = 4) -> str:
    more = len(codes) - shown
    return ", ".join(codes[:shown]) + (f" and {more} more" if more > 0 else "")


def _number(total: int, severity: Severity) -> str:
    return f"{total:,} {severity.lower()}{'' if total == 1 else 's'}"


def verdict(report: Report) -> str:
    """`2 errors, 14 warnings, 3 infos`, or that nothing was found."""
    said = []
    for severity in Severity:
        if total := sum(_codes(report, severity).values()):
            said.append(click.style(_number(total, severity), fg=COLOURS[severity], bold=True))
    if not report.summary.get("counts"):
        return "The feed could not be read."
    return ", ".join(said) or click.style("Nothing found.", fg="green", bold=True)
