"""`gtfsgen build --fix`: hints written into cells, everything else of a file to the byte."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from gtfsgen.cli import main
from gtfsgen.fixing.projects import cell_span, mend_project
from gtfsgen.source.cells import Sheet, delimiter_of, parsed
from tests.source.project import FILES, read

COACHES = FILES["coaches.csv"]


def write(folder: Path, changes: dict[str, str]) -> Path:
    read(folder, changes)
    return folder


def files_of(folder: Path) -> dict[str, bytes]:
    found = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_one_cell_changes_and_nothing_else(tmp_path: Path, mark: str, newline: str) -> None:
    source = write(tmp_path, {})
    right = (mark + COACHES.replace("\n", newline)).encode()
    path = source / "coaches.csv"
    path.write_bytes(right.replace(b"Beijing,", b"Bejing ,"))
    before = files_of(source)
    fixes = mend_project(source)
    assert [(e.place, e.old, e.new) for e in fixes.edits] == [
        ("coaches.csv:2:E", "Bejing", "Beijing")
    ]
    assert path.read_bytes() == right.replace(b"Beijing,", b"Beijing ,")
    after = files_of(source)
    assert {n: d for n, d in after.items() if n != "coaches.csv"} == {
        n: d for n, d in before.items() if n != "coaches.csv"
    }
    assert not mend_project(source).edits


def test_two_words_that_are_equally_near_are_not_chosen_between(tmp_path: Path) -> None:
    stations = FILES["stations.csv"]
    first = stations.splitlines()[1]
    name = first.split(",")[1]
    twin = first.replace(name, "Bexjing").replace(first.split(",")[0], "bexjing", 1)
    source = write(
        tmp_path,
        {
            "stations.csv": stations.replace(name, "Beajing", 1) + twin + "\n",
            "coaches.csv": COACHES.replace("Beijing,", "Bejing,", 1),
        },
    )
    before = (source / "coaches.csv").read_bytes()
    mend_project(source)
    assert (source / "coaches.csv").read_bytes() == before


def test_the_command_shows_the_change_and_builds(tmp_path: Path) -> None:
    source = write(tmp_path, {"coaches.csv": COACHES.replace("Beijing,", "Bejing,", 1)})
    arguments = ["build", str(source), "-o", str(tmp_path / "out.zip"), "--no-validate"]
    without = CliRunner().invoke(main, arguments)
    assert without.exit_code == 1
    done = CliRunner().invoke(main, [*arguments, "--fix"])
    assert done.exit_code == 0, done.output
    assert "fixed coaches.csv:2:E: Bejing → Beijing" in done.output


CELLS = st.text(alphabet='ab ,;"\n\t', max_size=6)


@given(rows=st.lists(st.lists(CELLS, min_size=2, max_size=3), min_size=1, max_size=4))
def test_the_span_of_a_cell_is_that_cell(rows: list[list[str]]) -> None:
    import csv
    import io

    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows([["x", "y"], *rows])
    text = out.getvalue()
    table = parsed(text, Sheet("a.csv", "a", []), [])
    assert delimiter_of(text) == ","
    for number, row in enumerate(table):
        for column, cell in enumerate(row):
            span = cell_span(text, number, column)
            assert span is not None
            (again,) = next(csv.reader(io.StringIO(text[slice(*span)], newline="")))
            assert again == cell
        assert cell_span(text, number, len(row)) is None
