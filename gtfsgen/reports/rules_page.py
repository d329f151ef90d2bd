"""The rules as a page or as data, made from their docstrings."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from itertools import groupby
from typing import Any

from gtfsgen.notices import NOTICES, NoticeKind
from gtfsgen.validation.engine import GROUPS, RULE_SETS, Rule

HEADINGS = {
    "canonical": "What MobilityData's gtfs-validator 8.0.1 finds",
    "gtfsgen": "What only gtfsgen finds",
    "next": "What came after 8.0.1",
}
INTRODUCTION = """\
# Rules

Made from the code by `gtfsgen rules --format markdown`; do not edit. `gtfsgen explain CODE` prints
one of them.

| rule set | groups of rules |
| --- | --- |
"""


def records(rules: Iterable[Rule]) -> list[dict[str, Any]]:
    """A dict per rule: code, severity, group, rule_sets, subject, summary, explanation."""
    return [
        {
            "code": rule.code,
            "severity": str(rule.severity),
            "group": rule.group,
            "rule_sets": [name for name, groups in RULE_SETS.items() if rule.group in groups],
            "subject": rule.subject,
            "summary": rule.summary,
            "explanation": details(rule),
        }
        for rule in rules
    ]


def details(rule: Rule) -> str:
    """What the docstring says below its first line, a line per paragraph."""
    text = (inspect.getdoc(rule.function) or "").partition("\n")[2].strip()
    return "\n\n".join(" ".join(part.split()) for part in text.split("\n\n"))


def markdown(rules: Iterable[Rule]) -> str:
    """The page: rules by group and subject, each with all that is said of it."""
    sets = "".join(f"| `{name}` | {', '.join(groups)} |\n" for name, groups in RULE_SETS.items())
    ordered = sorted(rules, key=lambda rule: (GROUPS.index(rule.group), rule.subject, rule.code))
    parts = [INTRODUCTION + sets]
    for group, of_group in groupby(ordered, key=lambda rule: rule.group):
        parts.append(f"## {HEADINGS[group]} ({group})\n")
        for subject, of_subject in groupby(of_group, key=lambda rule: rule.subject):
            parts.append(f"### {subject.replace('_', ' ').capitalize()}\n")
            parts += [_entry(rule) for rule in of_subject]
    parts.append("## What reading, compiling and drawing the tables finds\n")
    parts += [_table_entry(kind) for kind in NOTICES.values()]
    return "\n".join(parts)


def _table_entry(kind: NoticeKind) -> str:
    example = f" Example: {kind.example}" if kind.example else ""
    return f"**`{kind.code}`** ({kind.severity.lower()})  {kind.summary} {kind.fix}{example}\n"


def _entry(rule: Rule) -> str:
    text = "\n\n".join(part for part in (rule.summary, details(rule)) if part)
    return f"#### `{rule.code}`\n\n{rule.severity.capitalize()}. {text}\n"
