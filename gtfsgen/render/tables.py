"""The tables of any feed as text: `gtfsgen.feed.tolerant`, by the names that pages use."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gtfsgen.budget import UnreadableInput
from gtfsgen.csv.streams import DamagedEntry
from gtfsgen.feed.tolerant import TABLES, TextTables, open_files, text_tables
from gtfsgen.feed.tolerant import TextRows as Rows

PAGE_TABLES = (*TABLES, "booking_rules", "location_groups")

__all__ = [
    "PAGE_TABLES",
    "TABLES",
    "Rows",
    "TextTables",
    "UnreadableInput",
    "flex_areas",
    "text_tables",
]


def flex_areas(path: Path) -> list[Mapping[str, Any]]:
    """The features of locations.geojson in a zip or folder; none where it cannot be read."""
    with open_files(path) as files:
        if "locations.geojson" not in files:
            return []
        try:
            found = json.loads(files.read("locations.geojson").decode("utf-8-sig"))
        except (ValueError, DamagedEntry, RecursionError):
            return []
    features = found.get("features") if isinstance(found, dict) else None
    return [f for f in features or [] if isinstance(f, dict)]
