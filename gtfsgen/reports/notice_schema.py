"""notice_schema.json: every notice of the canonical validator with its particulars.

Codes, particulars, their types and the files they speak of are those of gtfs-validator 8.0.1; what
is said of a notice is what our rule of the same code says.
"""

from __future__ import annotations

import json
import re
from importlib.resources import files
from typing import Any

from gtfsgen.notices import kinds

FIELDS = {
    "filename": "The file that is at fault.",
    "fieldName": "The field that is at fault.",
    "fieldValue": "What stands in the field.",
    "csvRowNumber": "The row at fault; the header is row 1.",
    "index": "The position of the column, the first being 0.",
    "exception": "The kind of failure.",
    "message": "What the failure said.",
}
"""Particulars that need more to be said than their name does."""


def notice_schema() -> dict[str, dict[str, Any]]:
    """Notice code -> its entry, as `gtfs-validator --export_notices_schema` writes it."""
    text = files(__package__).joinpath("canonical_notices.json").read_text(encoding="utf-8")
    return {code: _entry(code, facts) for code, facts in json.loads(text).items()}


def _entry(code: str, facts: dict[str, Any]) -> dict[str, Any]:
    summary, description = _said(code, facts)
    entry = {
        "code": code,
        "severityLevel": facts["severity"],
        "type": "object",
        "references": {
            "fileReferences": facts.get("files", []),
            "bestPracticesFileReferences": [],
            "sectionReferences": [],
            "urlReferences": [],
        },
        "properties": {
            name: {"fieldName": name, "description": _field(name), "type": kind}
            for name, kind in facts["fields"].items()
        },
        "shortSummary": summary,
        "description": description,
        "deprecated": "deprecated" in facts,
    }
    if "deprecated" in facts:
        entry |= {
            "deprecationReason": summary,
            "deprecationVersion": facts["deprecated"],
            "replacementNoticeCodes": facts["replacements"],
        }
    return entry


def _said(code: str, facts: dict[str, Any]) -> tuple[str, str]:
    """What the notice says in a sentence, and at length."""
    if "deprecated" in facts:
        others = ", ".join(facts["replacements"])
        instead = f"; see {others}" if others else ""
        said = f"No longer reported since {facts['deprecated']}{instead}."
        return said, said
    kind = kinds()[code]
    return kind.summary, kind.details or kind.summary


def _field(name: str) -> str:
    """A sentence on a particular, from its name: `stopTimeCsvRowNumber` is "Stop time row."."""
    if name in FIELDS:
        return FIELDS[name]
    words = re.sub(r"(?<=[a-z])(?=[A-Z0-9])", " ", name).lower().replace("csv row number", "row")
    return f"{words.capitalize()}."
