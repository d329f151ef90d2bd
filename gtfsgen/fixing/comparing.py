"""Which notices there are after a fix that were not there before."""

from __future__ import annotations

from collections import Counter

import numpy as np
import polars as pl

from gtfsgen.findings import Rows
from gtfsgen.fixing.applying import Origins
from gtfsgen.validation.places import place_columns

Found = dict[str, list[Rows]]
EXAMPLES = 3
NAMING = ("_id", "_ids", "filename", "field_name", "_name", "element")
"""Ends of the names of particulars that say which thing a notice without a row is about."""


def new_notices(
    before: Found, old: Origins, after: Found, new: Origins
) -> list[tuple[str, list[str], str]]:
    """Codes of new notices, each with some of them in words and a file concerned.

    A notice is the same if it points to the same row of the feed as it was, whatever that row says
    now; one that points to no row is the same if it is about the same things.
    """
    found = []
    for code in sorted(after):
        here = _signatures(code, after[code], new)
        there = _signatures(code, before.get(code, []), old)
        more = here - there
        if more:
            shown = sorted(more)[:EXAMPLES]
            found.append((code, [_in_words(code, one) for one in shown], str(shown[0][0])))
    return found


def _in_words(code: str, signature: tuple[str, ...]) -> str:
    file, row, *rest = signature
    return " ".join(part for part in (code, f"{file}:{row}" if row else file, *rest) if part)


def _signatures(code: str, parts: list[Rows], origins: Origins) -> Counter[tuple[str, ...]]:
    total: Counter[tuple[str, ...]] = Counter()
    for rows in parts:
        names = (*rows.constants, *rows.frame.columns)
        place = place_columns(code, names)
        frame = rows.frame
        files = _column(rows, place.file_column) or [place.filename] * frame.height
        if place.row_column:
            numbers = frame[place.row_column].fill_null(0).to_list()
            known = _mapped(files, numbers, origins)
            field = _column(rows, "field_name") or [""] * frame.height
            total.update(zip(known[0], map(str, known[1]), field, strict=True))
            continue
        named = [name for name in names if name.endswith(NAMING) and "row_number" not in name]
        texts = [_column(rows, name) or [] for name in named]
        for cells in zip(*texts, strict=True) if texts else [()] * frame.height:
            total[("", "", *cells)] += 1
    return total


def _column(rows: Rows, name: str) -> list[str] | None:
    if not name:
        return None
    if name in rows.constants:
        return [str(rows.constants[name])] * rows.frame.height
    if name not in rows.frame.columns:
        return None
    return list(rows.frame[name].cast(pl.String).fill_null("").to_list())


def _mapped(files: list[str], numbers: list[int], origins: Origins) -> tuple[list[str], list[int]]:
    names = [origins.name(file) for file in files]
    if not origins.lines:
        return names, numbers
    rows = list(numbers)
    array = np.array(numbers, np.int64)
    for file in {*files} & {*origins.lines}:
        lines = origins.lines[file]
        at = np.array([n for n, one in enumerate(files) if one == file], np.int64)
        mapped = lines[np.minimum(array[at], len(lines) - 1)]
        for n, row in zip(at.tolist(), mapped.tolist(), strict=True):
            rows[n] = row
    return names, rows
