"""A difference as text for a terminal, Markdown for a pull request, JSON, or a page."""

from __future__ import annotations

import json
from typing import Any

from gtfsgen.diff.entries import Difference, Entry
from gtfsgen.diff.fields import Level

NOTHING = {
    Level.RIDER: "Nothing that riders would notice.",
    Level.PLANNER: "Nothing that riders or planners would notice.",
    Level.DATA: "No difference.",
}
WHOLE = "The feed"
MARKDOWN_LIMIT = 60_000
"""Characters; a comment on GitHub may have 65,536."""
MARKDOWN_OPEN = 12
"""Up to so many entries a line's list stands open."""


def terminal(difference: Difference) -> str:
    """Grouped by line, one entry a line, and the numbers at the end."""
    if not difference:
        return NOTHING[difference.level]
    rows = []
    for line, entries in difference.by_line():
        rows.append(line or WHOLE)
        rows += [f"  {entry.text}{_mark(entry)}" for entry in entries]
    rows.append("")
    rows.append(summary(difference))
    return "\n".join(rows)


def _mark(entry: Entry) -> str:
    return "" if entry.level is Level.RIDER else f"  [{entry.level}]"


def summary(difference: Difference) -> str:
    """12 differences: 10 for riders, 2 for planners."""
    names = {"rider": "for riders", "planner": "for planners", "data": "in the data only"}
    counts = [f"{n:,} {names[level]}" for level, n in difference.counts().items() if n]
    total = len(difference)
    return f"{total:,} difference{'' if total == 1 else 's'}: {', '.join(counts)}"


def to_json(difference: Difference) -> str:
    """`{"old", "new", "level", "counts", "differences": [...]}`; see docs/diff.md."""
    content: dict[str, Any] = {
        "old": difference.old,
        "new": difference.new,
        "level": difference.level.value,
        "counts": difference.counts(),
        "remarks": difference.remarks,
        "differences": [entry.as_dict() for entry in difference.entries],
    }
    return json.dumps(content, ensure_ascii=False, indent=1)


def markdown(difference: Difference) -> str:
    """A comment for a pull request: a summary, then a list for each line, folded where it is long.

    What does not fit into a comment is left out, with its number.
    """
    if not difference:
        return f"**{NOTHING[difference.level]}**\n"
    parts = [f"**{summary(difference)}**\n"]
    size = len(parts[0])
    left_out = 0
    for line, entries in difference.by_line():
        rows = [f"- {_escaped(entry.text)}{_markdown_mark(entry)}" for entry in entries]
        title = _escaped(line or WHOLE)
        if len(rows) > MARKDOWN_OPEN:
            head = f"<details><summary>{title}: {len(rows)} differences</summary>\n"
            tail = "\n</details>\n"
        else:
            head, tail = f"### {title}\n", ""
        room = MARKDOWN_LIMIT - size - len(head) - len(tail) - 100
        kept = 0
        while kept < len(rows) and room >= len(rows[kept]) + 1:
            room -= len(rows[kept]) + 1
            kept += 1
        left_out += len(rows) - kept
        if kept:
            part = "\n".join([head, *rows[:kept], tail])
            parts.append(part)
            size += len(part) + 1
    if left_out:
        parts.append(
            f"\n{left_out:,} more differences are left out here; `gtfsgen diff` tells all.\n"
        )
    return "\n".join(parts)


def _markdown_mark(entry: Entry) -> str:
    return "" if entry.level is Level.RIDER else f" _({entry.level})_"


def _escaped(text: str) -> str:
    for mark in "\\`*_{}[]<>#|":
        text = text.replace(mark, f"\\{mark}")
    return text.replace("\n", " ")


def page(difference: Difference) -> str:
    """One page without anything to load; every text of the feeds is escaped."""
    from importlib.resources import files

    from jinja2 import Environment

    template = files(__package__).joinpath("diff.html").read_text(encoding="utf-8")
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(template).render(
        difference=difference,
        lines=difference.by_line(),
        timetables=difference.timetables,
        summary=summary(difference) if difference else NOTHING[difference.level],
        whole=WHOLE,
    )


FORMATS = {"terminal": terminal, "markdown": markdown, "json": to_json, "html": page}
ENDINGS = {"terminal": "txt", "markdown": "md", "json": "json", "html": "html"}
