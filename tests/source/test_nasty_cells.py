"""Whatever a cell holds, reading and compiling end: with a notice at that cell, or with a feed."""

from __future__ import annotations

import csv
import io
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from gtfsgen.compile import compile_source
from gtfsgen.faults import errors
from gtfsgen.source import read_source
from gtfsgen.source.cells import letter
from tests.source.project import FILES, read, with_cell

NASTY = (
    "", " ", "x", "-", "?", "0", "-1", "1e308", "-1e999", "nan", "inf", "9" * 400, "٣", "½", "1_0",
    "2026-02-30", "0001-01-01", "9999-12-31", "10000-01-01", "2026-05-01..9999-12-31",
    "from 0001-01-01 to 9999-12-31", "every 0 days from 2026-05-01", "every 99999999999 days from "
    "2026-05-01", "every 2 days from 9999-12-31", "as Sa on 0001-01-01", "not", "also not", "daily "
    "daily", "Mo-", "holidays", "holidays XX", "holidays DE-XX", "summer", "not summer", "24:00",
    "99:99", "999:59", "00:00", "17:26 +99", "17:26 -1", "7:05 pm am", "(17:26", "[", "[[]]",
    "17:26 [" + "9" * 300 + "]", "17:26 " + "a" * 28, "17:26 a b c d", "~~~<>^v| 17:26", "+1",
    "noon",
    "K27 > K27", "K27 > ", "> K27", ">>", "K27 >> K27 > K27", "95 > K27", "as train K27",
    "as train",
    "http://", "https://\u202e.example", "a@b", "🚂" * 50, "\u200b", "\ufeff", "\u2028", "\x00",
    "\x1b[31m", "a\nb", '"', "=1+1", "=HYPERLINK(1)", "{{7*7}}", "<script>", "[/]", "%s%n", "\\",
    "../../x", "#", "x_", "a;b|c", "Beijing", "beijing", "Asia/Pyongyang", "train", "days",
    "ＡＢＣ",
    "é", "e\u0301", "ß", "İ", "\U0010ffff",
)  # fmt: skip
WHOLE = bool(os.environ.get("GTFSGEN_TORTURE"))
STEP = 1 if WHOLE else 127
"""Of all pairs of a cell and a text, each so many-th is tried."""
TABLES = [name for name in FILES if name.endswith(".csv")]


def trials(text: str) -> Iterator[tuple[int, int, str]]:
    """Line, column and new text of a cell: every cell and every text, evenly thinned out."""
    rows = list(csv.reader(io.StringIO(text)))
    cells = [(line, column) for line, row in enumerate(rows, start=1) for column in range(len(row))]
    pairs = [(cell, nasty) for cell in cells for nasty in NASTY]
    for (line, column), nasty in pairs[::STEP]:
        yield line, column, nasty


@pytest.mark.parametrize("name", TABLES)
def test_a_nasty_cell_is_told_or_leads_to_a_feed(tmp_path: Path, name: str) -> None:
    failed = []
    for number, (line, column, nasty) in enumerate(trials(FILES[name])):
        folder = tmp_path / str(number)
        try:
            source = read(folder, {name: with_cell(FILES[name], line, column, nasty)})
            compiled = compile_source(source)
        except Exception as error:
            failed.append((line, letter(column), nasty, repr(error)))
            continue
        finally:
            shutil.rmtree(folder)
        wrong = errors([*source.faults, *compiled.faults])
        if not wrong and not compiled.tables["stop_times"].height:
            failed.append((line, letter(column), nasty, "neither error nor feed"))
    assert failed == []


PROJECTS = Path(__file__).parents[1] / "projects"


@pytest.mark.parametrize("project", ["pyongyang-moscow", "nightjet-nuremberg"])
def test_a_nasty_cell_of_a_real_project_is_told_or_leads_to_a_feed(
    tmp_path: Path, project: str
) -> None:
    root = shutil.copytree(PROJECTS / project / "source", tmp_path / "source")
    files = sorted(root.rglob("*.csv"))
    failed = []
    for file in files:
        text = file.read_text(encoding="utf-8")
        for line, column, nasty in list(trials(text))[:: 1 if WHOLE else 2003]:
            file.write_text(with_cell(text, line, column, nasty), encoding="utf-8")
            try:
                compile_source(read_source(root))
            except Exception as error:
                failed.append((file.name, line, letter(column), nasty, repr(error)))
        file.write_text(text, encoding="utf-8")
    assert failed == []
