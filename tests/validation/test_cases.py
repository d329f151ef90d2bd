"""The rules against their cases: `tests/cases/<code>.md`, each a few rows put in place of a clean
feed's.

A case is a heading and its tables, as ```` ```csv transfers.txt ````; the column `expect` is no
column of the table, but names the codes at fault in that row, with spaces between. A block without
rows takes the table away. Every notice must be expected, at its row, and every expected one found.

The base's lines fit its own trips and stops: a case that has others has no lines, and that
shapes.txt is recommended is then expected too, unless the case brings its own.
"""

from __future__ import annotations

import collections
import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import gtfsgen
from gtfsgen.validation import Report

CASES = Path(__file__).parents[1] / "cases"
BASE = CASES / "base"
TODAY = "2026-11-20"
BLOCK = re.compile(r"^```csv (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

Found = collections.Counter[tuple[str, str, int | None]]
"""Code, file and row number -> how many notices."""


@dataclass(frozen=True)
class Case:
    code: str
    heading: str
    tables: dict[str, str]
    expected: Found


def cases(path: Path) -> Iterator[Case]:
    """The cases of one file."""
    title, *sections = re.split(r"^## ", path.read_text("utf-8"), flags=re.MULTILINE)
    assert title.splitlines()[0] == f"# `{path.stem}`", path
    for section in sections:
        tables: dict[str, str] = {}
        expected: collections.Counter[Any] = collections.Counter()
        for filename, text in BLOCK.findall(section):
            tables[filename], wanted = without_expectations(text)
            expected.update((code, filename, row) for row, code in wanted)
        assert tables, f"{path}: a case without a table"
        yield Case(path.stem, section.partition("\n")[0], tables, expected)


def without_expectations(text: str) -> tuple[str, list[tuple[int, str]]]:
    """The table without its column `expect`, and (row number, code) of what that says."""
    rows = list(csv.reader(io.StringIO(text)))
    if not rows or "expect" not in rows[0]:
        return text, []
    column = rows[0].index("expect")
    wanted = [(number, code) for number, row in enumerate(rows, 1) for code in row[column].split()][
        1:
    ]
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(row[:column] + row[column + 1 :] for row in rows)
    return out.getvalue(), wanted


DRAWN = {"trips.txt", "stops.txt", "stop_times.txt", "routes.txt", "shapes.txt"}
"""Tables that the base's lines fit."""
NO_LINES = ("missing_recommended_file", "shapes.txt", None)


def without_lines(tables: dict[str, str]) -> bool:
    return not DRAWN.isdisjoint(tables) and not tables.get("shapes.txt")


def write_feed(tables: dict[str, str], folder: Path) -> Path:
    files = {path.name: path.read_text("utf-8") for path in BASE.iterdir()} | tables
    if without_lines(tables):
        files["shapes.txt"] = ""
        if "trips.txt" not in tables:
            files["trips.txt"] = re.sub(r",[^,]*$", "", files["trips.txt"], flags=re.MULTILINE)
    for name, text in files.items():
        if text:
            (folder / name).write_text(text, "utf-8")
    return folder


def found(report: Report) -> Found:
    assert not report.system_errors, report.system_error_list
    return collections.Counter(
        (row["code"], row["filename"], row["csv_row_number"])
        for row in report.notices.iter_rows(named=True)
    )


def at_rows(report: Report, expected: Found) -> Found:
    """What was found; a notice that names no file stands in the file where it is expected."""
    files = {(code, row): name for code, name, row in expected}
    return collections.Counter(
        {
            (code, name or files.get((code, row), ""), row): count
            for (code, name, row), count in found(report).items()
        }
    )


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=f"{case.code}: {case.heading}")
        for path in sorted(CASES.glob("*.md"))
        for case in cases(path)
    ],
)
def test_case(case: Case, tmp_path: Path) -> None:
    report = gtfsgen.validate(write_feed(case.tables, tmp_path), "gtfsgen", TODAY)
    expected = case.expected + Found([NO_LINES] if without_lines(case.tables) else [])
    assert at_rows(report, expected) == expected
    assert not report.skipped


def test_the_base_is_clean() -> None:
    assert not found(gtfsgen.validate(BASE, "gtfsgen", TODAY))
