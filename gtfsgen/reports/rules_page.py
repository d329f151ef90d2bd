"""The rules as a page or as data, made from their docstrings."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import groupby
from typing import Any

from gtfsgen.notices import GROUPS, NoticeKind, registered
from gtfsgen.validation.engine import RULE_SETS, Rule

HEADINGS = {
    "canonical": "What MobilityData's gtfs-validator 8.0.1 finds",
    "gtfsgen": "What only gtfsgen finds",
    "next": "What came into that validator after 8.0.1",
    "adopted": "What the specification has adopted since, and that validator does not check yet",
    "experimental": "What is only proposed (--experimental)",
    "tables": "What reading, compiling and drawing the tables finds",
    "policy": "What there is to say about a policy",
    "run": "What ends a run or a part of it",
}
INTRODUCTION = """\
# Rules

Made from the code by `gtfsgen rules --format markdown`; do not edit. `gtfsgen explain CODE` prints
one of them.

| rule set | groups of rules |
| --- | --- |
"""


FixOf = Callable[[str], str]
"""What the page of a code says about mending it (`gtfsgen.fixing`), "" for nothing."""


def _no_fix(code: str) -> str:
    return ""


def records(rules: Iterable[Rule], fix_of: FixOf = _no_fix) -> list[dict[str, Any]]:
    """A dict per rule: code, severity, group, rule_sets, subject, summary, explanation, fix."""
    return [
        {
            "code": rule.code,
            "severity": str(rule.severity),
            "group": rule.group,
            "rule_sets": [name for name, groups in RULE_SETS.items() if rule.group in groups],
            "subject": rule.subject,
            "summary": rule.summary,
            "explanation": rule.details,
            "fix": fix_of(rule.code),
        }
        for rule in rules
    ]


def markdown(rules: Iterable[Rule], fix_of: FixOf = _no_fix) -> str:
    """The page: these rules and all other notices by group and subject."""
    sets = "".join(f"| `{name}` | {', '.join(groups)} |\n" for name, groups in RULE_SETS.items())
    others = [kind for kind in registered() if not isinstance(kind, Rule)]
    ordered = sorted(
        [*rules, *others], key=lambda kind: (GROUPS.index(kind.group), kind.subject, kind.code)
    )
    parts = [INTRODUCTION + sets]
    for group, of_group in groupby(ordered, key=lambda rule: rule.group):
        parts.append(f"## {HEADINGS[group]} ({group})\n")
        for subject, of_subject in groupby(of_group, key=lambda rule: rule.subject):
            parts.append(f"### {subject.replace('_', ' ').capitalize()}\n")
            parts += [_entry(rule, fix_of(rule.code)) for rule in of_subject]
    return "\n".join(parts)


def _entry(kind: NoticeKind, fix: str) -> str:
    example = f"Example: {kind.example}" if kind.example else ""
    parts = (kind.summary, kind.details, fix.replace("\n", "\n\n"), example)
    text = "\n\n".join(part for part in parts if part)
    severity = " or ".join(severity.lower() for severity in kind.severities).capitalize()
    return f"#### `{kind.code}`\n\n{severity}. {text}\n"
