"""Every fixer mends its example; a safe one leaves all that runs and costs as it was."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

import gtfsgen
from gtfsgen.fixing.documents import CsvText
from gtfsgen.fixing.registry import fixers
from tests.fixing.examples import example
from tests.fixing.simple import files_of, service


@pytest.mark.parametrize(
    ("code", "safe"), fixers(), ids=[f"{c}-{'safe' if s else 'unsafe'}" for c, s in fixers()]
)
def test_a_fixer_mends_its_example(code: str, safe: bool, tmp_path: Path) -> None:
    given = example(code, safe)
    path = given.write(tmp_path)
    out = tmp_path / "fixed.zip"
    asked: dict[str, Any] = {
        "unsafe": not safe,
        "date": given.date,
        "country": given.country,
        "select": [code],
    }
    fixes = gtfsgen.fix(path, out, **asked)
    assert (code, safe) in fixes.by_code(), fixes.taken_back
    assert not fixes.taken_back
    assert fixes.before.get(code, 0) > fixes.after.get(code, 0)
    if safe:
        since = date.fromisoformat(given.date) if code == "expired_calendar" else date.min
        assert service(out, since) == service(path, since)
    only_what_was_told_changed(path, out, fixes)
    again = gtfsgen.fix(out, **asked)
    assert not again.changes


def only_what_was_told_changed(path: Path, out: Path, fixes: gtfsgen.Fixes) -> None:
    """Files without edits keep their bytes; of others rows without edits do."""
    before, after = files_of(path), files_of(out)
    edits = fixes.edits
    touched = {name.rpartition("/")[2] for name in edits["file"].to_list()}
    assert {n: d for n, d in before.items() if n not in touched} == {
        n: d for n, d in after.items() if n not in touched and n in before
    }
    for name in touched & {*before} & {*after}:
        rows = {*edits.filter(edits["file"] == name)["row"].to_list()}
        if rows & {0, 1}:
            continue  # the file as a whole, or a column
        kept = lines(before[name], rows)
        assert [line for line in lines(after[name], set()) if line in kept] == kept


def lines(data: bytes, without: set[int]) -> list[bytes]:
    text = CsvText(data)
    rows = zip(text.lines.tolist(), range(len(text.lines)), strict=True)
    return [text.row(place) for line, place in rows if line not in without]
