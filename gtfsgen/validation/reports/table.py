"""All notices of a report as one frame."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from gtfsgen.validation import Report


def notice_table(report: Report) -> pl.DataFrame:
    """One row per notice: `code`, `severity`, `filename`, `csv_row_number`, `particulars` (JSON)."""
    parts = []
    for code, found in sorted(report.found.items()):
        for rows in found:
            particulars = rows.particulars()
            parts.append(
                pl.DataFrame(
                    {
                        "code": [code] * len(rows),
                        "severity": [str(report.severities[code])] * len(rows),
                        "filename": [entry.get("filename") for entry in particulars],
                        "csv_row_number": [entry.get("csvRowNumber") for entry in particulars],
                        "particulars": [
                            json.dumps(entry, ensure_ascii=False) for entry in particulars
                        ],
                    },
                    schema=SCHEMA,
                )
            )
    return pl.concat(parts) if parts else pl.DataFrame(schema=SCHEMA)


SCHEMA = {
    "code": pl.String,
    "severity": pl.String,
    "filename": pl.String,
    "csv_row_number": pl.Int64,
    "particulars": pl.String,
}
