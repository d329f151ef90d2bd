"""The report as lines for a person: what was found, gravest first, and where to begin."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from gtfsgen.faults import Severity
from gtfsgen.reports.places import other_particulars, place_text

if TYPE_CHECKING:
    from gtfsgen.validation import Report

SAMPLES = {Severity.ERROR: 3, Severity.WARNING: 3, Severity.INFO: 1}
"""Notices shown of one code."""
COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "blue"}
LONGEST_LINE = 160
COUNTED = {
    "Agencies": "agency agencies",
    "Routes": "route routes",
    "Trips": "trip trips",
    "Stops": "stop stops",
    "Shapes": "shape shapes",
}
"""What the summary counts, in the singular and the plural."""


def write(report: Report, out: BinaryIO, feed: str) -> None:
    text = "".join(f"{click.unstyle(line)}\n" for line in lines(report, feed))
    out.write(text.encode())


def lines(report: Report, feed: str) -> Iterator[str]:
    """The lines of the report, with colours that `click.echo` leaves out where nobody sees them."""
    yield click.style(feed, bold=True)
    yield from _feed_lines(report)
    for severity in Severity:
        yield from _severity_lines(report, severity)
    yield from _policy_lines(report)
    yield from _unfinished_lines(report)
    yield ""
    yield verdict(report)
    if report.found:
        code = next(iter(_codes(report, report.worst() or Severity.INFO)))
        yield click.style(f"What a notice means: gtfsgen explain {code}", dim=True)


def _feed_lines(report: Report) -> Iterator[str]:
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
        yield click.style(", ".join(said), dim=True)


def _codes(report: Report, severity: Severity) -> dict[str, int]:
    """Codes of one severity and their totals, the most frequent first."""
    found = {
        code: sum(map(len, rows))
        for (code, level), rows in report.graded().items()
        if level == severity
    }
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def _severity_lines(report: Report, severity: Severity) -> Iterator[str]:
    codes = _codes(report, severity)
    if not codes:
        return
    yield ""
    yield click.style(_number(sum(codes.values()), severity), fg=COLOURS[severity], bold=True)
    for code, total in codes.items():
        yield f"  {click.style(code, bold=True)}  {total:,}"
        if summary := summary_of(code):
            yield f"      {summary}"
        samples = report.samples(code, SAMPLES[severity], severity)
        for entry in samples:
            yield f"      {_shortened(sample_text(code, entry))}"
        if total > len(samples):
            yield click.style(f"      and {total - len(samples):,} more", dim=True)


def summary_of(code: str) -> str:
    """What a notice code says, in one sentence."""
    from gtfsgen.validation import engine

    rule = engine.rules().get(code)
    return rule.summary if rule else ""


def sample_text(code: str, entry: dict[str, Any]) -> str:
    """One notice: where it is, then its particulars."""
    said = ", ".join(
        f"{name}={value}" for name, value in other_particulars(code, entry).items() if value != ""
    )
    return "  ".join(part for part in (place_text(code, entry), said) if part)


def _shortened(text: str) -> str:
    """The text on one line of moderate length, without control characters of a hostile feed."""
    text = "".join(c if c.isprintable() else "\ufffd" for c in " ".join(text.split()))
    return text if len(text) <= LONGEST_LINE else f"{text[: LONGEST_LINE - 1]}…"


def _policy_lines(report: Report) -> Iterator[str]:
    if report.ignored:
        yield ""
        yield click.style("Ignored, as the policy says", bold=True)
        for ignored in report.ignored:
            yield f"  {ignored}"
    if report.remarks:
        yield ""
        yield click.style("The policy itself", bold=True)
        for remark in report.remarks:
            yield click.style(f"  {remark}", fg="yellow")


def _unfinished_lines(report: Report) -> Iterator[str]:
    """Rules that could not run, those with one reason together."""
    reasons: dict[str, list[str]] = {}
    for code, reason in report.skipped.items():
        reasons.setdefault(reason, []).append(code)
    if reasons:
        yield ""
        yield click.style("Rules that could not run", bold=True)
        for reason, codes in reasons.items():
            yield f"  {_shortened(reason)}"
            yield click.style(f"      {_some(codes)}", dim=True)
    for code, message in other_system_errors(report):
        yield f"{code}: {_shortened(message)}"


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
