"""report.html: one page without anything to load, for reading, searching and sending on."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING, Any, BinaryIO

from gtfsgen.faults import Severity
from gtfsgen.reports.places import other_particulars, place_text
from gtfsgen.reports.terminal import other_system_errors

if TYPE_CHECKING:
    from gtfsgen.findings import Rows
    from gtfsgen.validation import Report

SHOWN_PER_CODE = 50
FACTS = {
    "publisherName": "Publisher",
    "feedLanguage": "Language",
    "feedStartDate": "Valid from",
    "feedEndDate": "Valid until",
    "feedServiceWindowStart": "First day of service",
    "feedServiceWindowEnd": "Last day of service",
}


def write(report: Report, out: BinaryIO, feed: str) -> None:
    out.write(page(report, feed).encode())


def page(report: Report, feed: str) -> str:
    """The whole page. Every text of the feed is escaped; there is no script."""
    name = escape(feed)
    style = files(__package__).joinpath("report.css").read_text(encoding="utf-8")
    body = "\n".join(_body(report, name))
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{name}: validation report</title>
<style>{style}</style>
</head>
<body>
{body}
</body>
</html>
"""


def _body(report: Report, name: str) -> Iterator[str]:
    summary = report.summary
    yield f"<header><p class=kind>Validation report</p><h1>{name}</h1>{_verdict(report)}</header>"
    yield "<main>"
    yield from _system_errors(report)
    for severity in Severity:
        groups = {
            code: rows for (code, level), rows in report.graded().items() if level == severity
        }
        if groups:
            yield f'<section id="{severity.lower()}"><h2>{HEADINGS[severity]}</h2>'
            ordered = sorted(groups.items(), key=lambda item: -sum(map(len, item[1])))
            for code, rows in ordered:
                yield from _code(report, code, severity, rows)
            yield "</section>"
    yield from _policy(report)
    yield from _unfinished(report)
    yield from _feed(summary)
    yield "</main>"
    yield (
        f"<footer>gtfsgen {escape(str(summary.get('validatorVersion', '')))},"
        f" {escape(str(summary.get('validatedAt', '')))}; dates as of"
        f" {escape(str(summary.get('dateForValidation', '')))}</footer>"
    )


HEADINGS = {Severity.ERROR: "Errors", Severity.WARNING: "Warnings", Severity.INFO: "Infos"}


def _verdict(report: Report) -> str:
    totals = dict.fromkeys(Severity, 0)
    for (_, severity), rows in report.graded().items():
        totals[severity] += sum(map(len, rows))
    if "counts" not in report.summary:
        return "<p class=lead>The feed could not be read.</p>"
    cards = "".join(
        f'<a class="card {severity.lower()}" href="#{severity.lower()}">'
        f"<b>{total:,}</b> {(HEADINGS[severity] if total != 1 else severity.title()).lower()}</a>"
        for severity, total in totals.items()
        if total
    )
    return (
        f"<nav>{cards}</nav>"
        if cards
        else '<nav><span class="card good">Nothing found</span></nav>'
    )


def _system_errors(report: Report) -> Iterator[str]:
    if others := other_system_errors(report):
        yield "<section><h2>System errors</h2><dl>"
        for code, said in others:
            yield f"<dt><code>{escape(code)}</code></dt><dd>{escape(said)}</dd>"
        yield "</dl></section>"


def _code(report: Report, code: str, severity: Severity, rows: list[Rows]) -> Iterator[str]:
    from gtfsgen.validation import engine

    rule = engine.rules().get(code)
    total = sum(map(len, rows))
    samples = report.samples(code, SHOWN_PER_CODE, severity)
    summary = f"<span class=summary>{_prose(rule.summary)}</span>" if rule else ""
    yield f'<details class="{severity.lower()}" id="{severity.lower()}-{escape(code)}">'
    yield f"<summary><code>{escape(code)}</code><b>{total:,}</b>{summary}</summary>"
    if rule:
        yield from _explanation(inspect.getdoc(rule.function) or "")
    yield _table(code, samples)
    if total > len(samples):
        yield f"<p class=more>and {total - len(samples):,} more</p>"
    yield "</details>"


def _explanation(text: str) -> Iterator[str]:
    """The paragraphs of a rule's text after its first line."""
    for paragraph in text.partition("\n")[2].strip().split("\n\n"):
        if paragraph:
            yield f"<p>{_prose(paragraph)}</p>"


def _prose(text: str) -> str:
    return re.sub(r"`+([^`]+)`+", r"<code>\1</code>", escape(text))


def _table(code: str, samples: list[dict[str, Any]]) -> str:
    places = [place_text(code, entry) for entry in samples]
    others = [other_particulars(code, entry) for entry in samples]
    names = list(dict.fromkeys(name for entry in others for name in entry))
    head = ["where"] if any(places) else []
    rows = []
    for where, entry in zip(places, others, strict=True):
        cells = [f"<td class=where>{escape(where)}</td>"] if head else []
        cells += [_cell(entry.get(name)) for name in names]
        rows.append(f"<tr>{''.join(cells)}</tr>")
    if not head and not names:
        return ""
    heads = "".join(f"<th>{escape(_words(name))}</th>" for name in [*head, *names])
    return f"<div class=scroll><table><tr>{heads}</tr>{''.join(rows)}</table></div>"


def _cell(value: Any) -> str:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    text = "" if value is None else str(round(value, 6) if isinstance(value, float) else value)
    return f"<td{' class=number' if number else ''}>{escape(text)}</td>"


def _words(name: str) -> str:
    """`stopTimeCsvRowNumber` as `stop time row`."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).lower()
    return words.replace("csv row number", "row")


def _policy(report: Report) -> Iterator[str]:
    if not report.ignored and not report.remarks:
        return
    yield "<section><h2>Policy</h2>"
    if report.ignored:
        yield "<p>These notices were found and are ignored.</p><div class=scroll><table>"
        yield "<tr><th>notice</th><th>number</th><th>reason</th><th>until</th></tr>"
        for entry in report.ignored:
            yield (
                f"<tr><td><code>{escape(entry.code)}</code></td>{_cell(entry.total)}"
                f"<td class=text>{escape(entry.reason)}</td><td>{entry.until or ''}</td></tr>"
            )
        yield "</table></div>"
    for remark in report.remarks:
        yield f"<p>{escape(str(remark))}</p>"
    yield "</section>"


def _unfinished(report: Report) -> Iterator[str]:
    reasons: dict[str, list[str]] = {}
    for code, reason in report.skipped.items():
        reasons.setdefault(reason, []).append(code)
    if reasons:
        yield "<section><h2>Rules that could not run</h2><dl>"
        for reason, codes in reasons.items():
            told = ", ".join(f"<code>{escape(code)}</code>" for code in codes)
            yield f"<dt>{escape(reason)}</dt><dd>{told}</dd>"
        yield "</dl></section>"


def _feed(summary: Mapping[str, Any]) -> Iterator[str]:
    if "counts" not in summary:
        return
    info = summary.get("feedInfo", {})
    facts = {title: info[key] for key, title in FACTS.items() if info.get(key)}
    agencies = [agency["name"] for agency in summary.get("agencies", []) if agency["name"]]
    facts["Agencies"] = ", ".join(agencies[:20]) + (" and others" if len(agencies) > 20 else "")
    facts |= {
        name: f"{number:,}"
        for name, number in summary["counts"].items()
        if number and name != "Agencies"
    }
    facts["Files"] = ", ".join(summary.get("files", []))
    facts["Features"] = ", ".join(summary.get("gtfsFeatures", []))
    yield "<section><h2>The feed</h2><dl class=facts>"
    for title, said in facts.items():
        if said:
            yield f"<dt>{escape(title)}</dt><dd>{escape(str(said))}</dd>"
    yield "</dl></section>"
