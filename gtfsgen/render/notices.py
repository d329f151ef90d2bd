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
    """A table of notices with buttons to hide a grade. A mapping has severity, code, place, message."""
    rows = [_row(notice) for notice in notices]
    if not rows:
        return '<p class="clean">Nothing to report: no errors, no warnings, no notes.</p>'
    rows.sort(key=lambda row: GRADES.index(row[0]))
    counts = Counter(row[0] for row in rows)
    buttons = "".join(
        f'<button type="button" class="grade {grade.lower()}" data-grade="{grade}" aria-pressed="true">'
        f"{counts[grade]} {grade.lower()}{'s' if counts[grade] != 1 and grade != 'INFO' else ''}</button>"
        for grade in GRADES
        if counts[grade]
    )
    body = "\n".join(
        f'<tr data-grade="{grade}"><td><span class="grade {grade.lower()}">{grade.lower()}</span></td>'
        f"<td><code>{esc(code)}</code></td><td><code>{esc(place)}</code></td><td>{esc(message)}</td></tr>"
        for grade, code, place, message in rows[:MAX_NOTICES]
    )
    rest = (
        f"<p class='legend'>{len(rows) - MAX_NOTICES} more</p>" if len(rows) > MAX_NOTICES else ""
    )
    return f"""<div class="grades">{buttons}</div>
<div class="scroll" tabindex="0" role="region" aria-label="Notices, scrolls sideways"><table class="notices">
<thead><tr><th scope="col">Grade</th><th scope="col">Code</th><th scope="col">Place</th><th scope="col">What was found</th></tr></thead>
<tbody>
{body}
</tbody></table></div>{rest}"""


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
