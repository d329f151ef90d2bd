"""The small tables that ship with the package: zones, currencies, languages, countries, domains.

They hold facts of the JDK 17.0.15, and of commons-validator 1.6 and libphonenumber 8.12.13 (both
under the Apache License 2.0), because those decide what the GTFS validator accepts; see
docs/decisions/values.md.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

_DATA = Path(__file__).parent / "data"


@cache
def names(file_name: str) -> frozenset[str]:
    """Return the lines of a list, such as `time_zones.txt`."""
    return frozenset((_DATA / file_name).read_text(encoding="utf-8").split("\n")) - {""}


@cache
def rows(file_name: str) -> tuple[dict[str, str], ...]:
    """Return the rows of a table with a header, such as `currencies.csv`."""
    with (_DATA / file_name).open(encoding="utf-8", newline="") as lines:
        return tuple(csv.DictReader(lines))
