"""Fixes as text for a terminal, Markdown, JSON, or the lines that change."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gtfsgen.fixing import Fixes
    from gtfsgen.fixing.engine import State

SHOWN = 5
"""So many edits of a code are shown on a terminal; the JSON has all."""
SHOWN_LINES = 200
LONGEST = 60


def terminal(fixes: Fixes) -> str:
    """A paragraph a code: how many edits, why they may be made, the first of them."""
    lines: list[str] = []
    for (code, safe), number in fixes.by_code().items():
        groups = [e for e in fixes.changes if (e.code, e.safe) == (code, safe)]
        word = "" if safe else " [unsafe]"
        lines.append(f"{code}{word}: {_edits(number)}. {groups[0].why}")
        shown = [row for edits in groups for row in edits.frame.head(SHOWN).iter_rows()][:SHOWN]
        lines += [f"  {_edit(*row)}" for row in shown]
        if number > len(shown):
            lines.append(f"  ... and {number - len(shown):,} more")
    for one in fixes.taken_back:
        lines.append(f"{one.code}: taken back ({_edits(one.edits)}): {one.reason}")
        lines += [f"  {example}" for example in one.examples]
    lines += _offers(fixes)
    lines.append(_outcome(fixes))
    return "\n".join(lines)


def _offers(fixes: Fixes) -> list[str]:
    if not fixes.offered:
        return []
    told = ", ".join(f"{code} ({number:,})" for code, number in fixes.offered.items())
    return [f"With --unsafe, to be looked at one by one (--select CODE): {told}"]


def _outcome(fixes: Fixes) -> str:
    was, now = sum(fixes.before.values()), sum(fixes.after.values())
    if not fixes:
        return f"Nothing to fix{f'; written to {fixes.output}' if fixes.output else ''}."
    told = f"{_edits(len(fixes))}; notices: {was:,} before, {now:,} after"
    if fixes.output:
        return f"{told}; written to {fixes.output}."
    return f"{told}. Nothing was written; -o FIXED writes the mended feed."


def _edits(number: int) -> str:
    return f"{number:,} edit{'' if number == 1 else 's'}"


def _edit(file: str, row: int, column: str, old: str, new: str) -> str:
    place = f"{file}:{row}" if row else file
    if not column and not new:
        return f"{place} left out: {_short(old)}"
    name = f" {column}" if column else ""
    return f"{place}{name}: {_short(old) or 'blank'} → {_short(new) or 'blank'}"


def _short(text: str) -> str:
    shown = text if text == text.strip() and "\n" not in text else repr(text)
    return shown if len(shown) <= LONGEST else f"{shown[: LONGEST - 1]}…"


def markdown(fixes: Fixes) -> str:
    """A table of codes, and the first edits of each."""
    lines = [f"## Fixes of {fixes.feed}", "", _outcome(fixes), ""]
    if fixes:
        lines += ["| code | | edits | notices before | after | why |", "|---|---|--:|--:|--:|---|"]
        for (code, safe), number in fixes.by_code().items():
            why = next(e.why for e in fixes.changes if (e.code, e.safe) == (code, safe))
            kind = "safe" if safe else "unsafe"
            was, now = fixes.before.get(code, 0), fixes.after.get(code, 0)
            lines.append(f"| `{code}` | {kind} | {number:,} | {was:,} | {now:,} | {why} |")
        lines += ["", "| file | row | column | old | new | code |", "|---|--:|---|---|---|---|"]
        for (code, safe), number in fixes.by_code().items():
            groups = [e for e in fixes.changes if (e.code, e.safe) == (code, safe)]
            rows = [row for edits in groups for row in edits.frame.head(SHOWN).iter_rows()][:SHOWN]
            for file, row, column, old, new in rows:
                cells = (file, row or "", column, _cell(old), _cell(new), f"`{code}`")
                lines.append(f"| {' | '.join(map(str, cells))} |")
            if number > len(rows):
                lines.append(f"| | | | | {number - len(rows):,} more | `{code}` |")
    for one in fixes.taken_back:
        lines += ["", f"Taken back: `{one.code}` ({_edits(one.edits)}): {one.reason}."]
        lines += [f"- {example}" for example in one.examples]
    lines += ["", *_offers(fixes)] if fixes.offered else []
    return "\n".join(lines)


def _cell(text: str) -> str:
    return _short(text).replace("|", "\\|").replace("\n", " ")


def json_report(fixes: Fixes, indent: int | None = None) -> str:
    """Everything; see docs/fix.md."""
    content: dict[str, Any] = {
        "feed": fixes.feed,
        "output": fixes.output,
        "edits": fixes.edits.to_dicts(),
        "takenBack": [
            {
                "code": one.code,
                "safe": one.safe,
                "edits": one.edits,
                "reason": one.reason,
                "examples": list(one.examples),
            }
            for one in fixes.taken_back
        ],
        "offered": fixes.offered,
        "noticesBefore": fixes.before,
        "noticesAfter": fixes.after,
    }
    return json.dumps(content, ensure_ascii=False, indent=indent)


def line_changes(states: tuple[State, State]) -> dict[str, list[tuple[int, str, str]]]:
    """File -> (row as it was, old row, new row; blank for none) for every row that differs."""
    first, last = states
    found: dict[str, list[tuple[int, str, str]]] = {}
    former = {last.origins.name(name): name for name in last.document.files}
    for name, old in first.document.files.items():
        now = former.get(name)
        new = last.document.files.get(now, b"") if now is not None else b""
        if old == new:
            continue
        lines = last.origins.lines.get(now) if now is not None else None
        was, is_ = _lines(old), _lines(new)
        came = range(1, len(is_) + 1) if lines is None else [int(n) for n in lines[1:]]
        kept = dict(zip(came, is_, strict=False))
        changes = [
            (n, line, kept.get(n, ""))
            for n, line in enumerate(was, 1)
            if line.rstrip("\r") != kept.get(n, "").rstrip("\r")
        ]
        if changes:
            found[name] = changes
    return found


def _lines(data: bytes) -> list[str]:
    text = data.decode("utf-8", "replace")
    return text.removesuffix("\n").split("\n") if text else []


def diff_lines(fixes: Fixes) -> Iterator[str]:
    """The rows that change, as a unified diff shows lines."""
    for file, changes in fixes.line_changes().items():
        yield f"--- {file}"
        yield f"+++ {file}"
        for row, old, new in changes[:SHOWN_LINES]:
            yield f"@@ row {row} @@"
            if old:
                yield f"-{old}"
            if new:
                yield f"+{new}"
        if len(changes) > SHOWN_LINES:
            yield f"... and {len(changes) - SHOWN_LINES:,} more rows of {file}"


FORMATS: dict[str, Callable[[Fixes], str]] = {
    "terminal": terminal,
    "json": lambda fixes: json_report(fixes, 1),
    "markdown": markdown,
}
