"""The notices on the page: what was found, where, gravest first."""

# ruff: noqa: E501  (markup reads better unbroken)
from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from gtfsgen.faults import Fault
from gtfsgen.render.markup import esc

GRADES = ("ERROR", "WARNING", "INFO")
MAX_NOTICES = 500

Notice = Fault | Mapping[str, Any]


def notices_html(notices: Iterable[Notice]) -> str:
    """A table of notices. A mapping has severity, code, place, message."""
    rows = [_row(notice) for notice in notices]
    if not rows:
        return '<p class="clean">Nothing to report: no errors, no warnings, no notes.</p>'
    rows.sort(key=lambda row: GRADES.index(row[0]))
    counts = Counter(row[0] for row in rows)
    said = ", ".join(f"{counts[grade]} {grade.lower()}" for grade in GRADES if counts[grade])
    body = "\n".join(
        f'<tr data-grade="{grade}"><td><span class="grade {grade.lower()}">{grade.lower()}</span></td>'
        f"<td><code>{esc(code)}</code></td><td><code>{esc(place)}</code></td><td>{esc(message)}</td></tr>"
        for grade, code, place, message in rows[:MAX_NOTICES]
    )
    rest = (
        f"<p class='legend'>{len(rows) - MAX_NOTICES} more</p>" if len(rows) > MAX_NOTICES else ""
    )
    return f"""<p class="sub">{said}</p>
<div class="scroll" tabindex="0" role="group" aria-label="Notices, scrolls sideways"><table class="notices">
<thead><tr><th scope="col">Grade</th><th scope="col">Code</th><th scope="col">Place</th><th scope="col">What was found</th></tr></thead>
<tbody>
{body}
</tbody></table></div>{rest}"""


def report_html(notices: Iterable[Notice]) -> str:
    """The notices of a build as a page of their own, beside the public one."""
    from gtfsgen.render.pages import own_file

    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>What the build found</title><style>
{own_file("page.css")}
</style></head><body><header><h1>What the build found</h1></header>
<main>{notices_html(notices)}</main></body></html>
"""


def _row(notice: Notice) -> tuple[str, str, str, str]:
    if isinstance(notice, Fault):
        message = "; ".join(part for part in (notice.message, notice.hint) if part)
        return notice.severity.value, notice.code, notice.place, message
    grade = str(notice.get("severity", "INFO")).upper()
    place = notice.get("place") or ":".join(
        str(notice[key]) for key in ("path", "line", "column") if notice.get(key)
    )
    return (
        grade if grade in GRADES else "INFO",
        str(notice.get("code", "")),
        str(place),
        str(notice.get("message", "")),
    )
