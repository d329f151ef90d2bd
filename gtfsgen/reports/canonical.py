"""report.json and system_errors.json as MobilityData's gtfs-validator 8.0.1 writes them."""

from __future__ import annotations

import re
from json.encoder import encode_basestring
from typing import TYPE_CHECKING, Any, BinaryIO

from gtfsgen.feed.values import java_double

if TYPE_CHECKING:
    from gtfsgen.validation import Report

SAMPLES = 1000
"""Notices of one code that a report shows."""

HTML_SAFE = str.maketrans(
    {
        "<": "\\u003c",
        ">": "\\u003e",
        "&": "\\u0026",
        "=": "\\u003d",
        "'": "\\u0027",
        "\u2028": "\\u2028",
        "\u2029": "\\u2029",
    }
)
UNSAFE = re.compile(f"[{''.join(map(chr, HTML_SAFE))}]")


def write(report: Report, out: BinaryIO, feed: str) -> None:
    out.write(report_json(report).encode())


def write_system_errors(report: Report, out: BinaryIO, feed: str) -> None:
    out.write(system_errors_json(report).encode())


def report_json(report: Report, indent: int | None = None) -> str:
    """The report as JSON text; `indent` (2 in the canonical tool) makes it readable."""
    document = {"summary": report.summary, "notices": notice_groups(report)}
    return encode(document, indent)


def notice_groups(report: Report) -> list[dict[str, Any]]:
    """One entry per code, sorted by code and then severity."""
    return [
        {
            "code": code,
            "severity": str(severity),
            "totalNotices": sum(map(len, rows)),
            "sampleNotices": report.samples(code, SAMPLES, severity),
        }
        for (code, severity), rows in report.graded().items()
    ]


def system_errors_json(report: Report, indent: int | None = None) -> str:
    contexts: dict[str, list[dict[str, Any]]] = {}
    for code, context in report.system_error_list:
        contexts.setdefault(code, []).append(context)
    notices = [
        {
            "code": code,
            "severity": "ERROR",
            "totalNotices": len(samples),
            "sampleNotices": samples[:SAMPLES],
        }
        for code, samples in sorted(contexts.items())
    ]
    return encode({"notices": notices}, indent)


def encode(value: Any, indent: int | None = None, level: int = 0) -> str:
    """JSON as Gson writes it: html-safe escapes, no spaces, Java's doubles, no nulls."""
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, dict):
        separator = ": " if indent else ":"
        items = [
            f"{_text(name)}{separator}{encode(member, indent, level + 1)}"
            for name, member in value.items()
            if member is not None
        ]
        return _wrapped("{", items, "}", indent, level)
    if isinstance(value, list | tuple):
        return _wrapped(
            "[", [encode(item, indent, level + 1) for item in value], "]", indent, level
        )
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return java_double(value)
    if isinstance(value, int):
        return str(value)
    if value is None:
        return "null"
    return _text(str(value))


def _text(text: str) -> str:
    quoted = encode_basestring(text)
    return quoted.translate(HTML_SAFE) if UNSAFE.search(quoted) else quoted


def _wrapped(start: str, items: list[str], end: str, indent: int | None, level: int) -> str:
    if not indent or not items:
        return start + ",".join(items) + end
    inner, outer = "\n" + " " * indent * (level + 1), "\n" + " " * indent * level
    return start + inner + ("," + inner).join(items) + outer + end
