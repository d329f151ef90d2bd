"""The flagship's own tables, one cell wrong at a time: each is told at its cell."""

from __future__ import annotations

import csv
import io
import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gtfsgen.compile import compile_source
from gtfsgen.faults import Fault, Severity
from gtfsgen.source import read_source
from gtfsgen.source.cells import letter
from tests.source.test_corruption import (
    blank,
    elsewhere,
    far_away,
    letter_for_digit,
    lost_digit,
    minute_of_sixty,
    slip,
)

SOURCE = Path(__file__).parents[2] / "source"


@dataclass(frozen=True)
class Cell:
    """A cell that says something: where it stands and what its row and column are called."""

    path: str
    line: int
    index: int
    text: str
    row: str
    column: str

    @property
    def in_grid(self) -> bool:
        return self.path.startswith("timetables/")


def rows_of(path: Path) -> list[list[str]]:
    return list(csv.reader(path.open(encoding="utf-8")))


def cells() -> Iterator[Cell]:
    for file in sorted(SOURCE.rglob("*.csv")):
        rows = rows_of(file)
        for line, row in enumerate(rows, start=1):
            for index, text in enumerate(row):
                if text:
                    path = file.relative_to(SOURCE).as_posix()
                    yield Cell(path, line, index, text, row[0], rows[0][index])


CELLS = list(cells())


def is_time(cell: Cell) -> bool:
    return cell.in_grid and cell.line > 2 and cell.index > 1


def is_days(cell: Cell) -> bool:
    return (cell.in_grid and cell.row == "days" and cell.index > 1) or (
        cell.path == "coaches.csv" and cell.line > 1 and cell.column == "days"
    )


def is_station(cell: Cell) -> bool:
    return (cell.in_grid and cell.line > 2 and cell.index == 0) or (
        cell.path == "coaches.csv" and cell.line > 1 and cell.column in ("from", "to")
    )


def is_grid_station(cell: Cell) -> bool:
    """A coach may well begin at another station of its train; a grid has each in its place."""
    return cell.in_grid and is_station(cell)


def is_train(cell: Cell) -> bool:
    return (cell.in_grid and cell.row == "train") or (
        cell.path == "coaches.csv" and cell.line > 1 and cell.column == "trains"
    )


def is_header(cell: Cell) -> bool:
    return not cell.in_grid and cell.line == 1


def is_position(cell: Cell) -> bool:
    return cell.line > 1 and cell.column in ("lat", "lon")


def is_zone(cell: Cell) -> bool:
    return cell.line > 1 and cell.column == "timezone"


def is_key(cell: Cell) -> bool:
    return cell.line > 1 and (cell.path, cell.column) in {
        ("stations.csv", "station_id"),
        ("stations.csv", "name"),
        ("routes.csv", "route_id"),
        ("routes.csv", "agency_id"),
        ("agencies.csv", "agency_id"),
    }


def is_needed(cell: Cell) -> bool:
    if cell.in_grid:
        return cell.line < 3 or cell.index != 1
    needed = {
        "stations.csv": ("station_id", "name", "lat", "lon", "timezone"),
        "coaches.csv": ("coach", "days", "trains", "from", "to"),
        "agencies.csv": ("agency_id", "agency_name", "agency_url"),
        "routes.csv": ("route_id", "agency_id", "route_short_name", "route_long_name"),
        "notes.csv": ("letter",),
        "fares.csv": ("price",),
    }
    return cell.line > 1 and cell.column in needed[cell.path]


def is_form(cell: Cell) -> bool:
    return cell.line > 1 and cell.column in ("confidence", "agency_url", "country", "route_type")


def unknown_note(text: str, rng: random.Random) -> str:
    return text.split()[0] + " " + rng.choice("mnz")


def other_station(text: str, rng: random.Random) -> str:
    """A station that is there, but not here."""
    names = [c.text for c in CELLS if c.path == "stations.csv" and c.column == "name"][1:]
    return rng.choice([name for name in names if name != text])


CORRUPTIONS: list[tuple[Callable[[Cell], bool], Callable[[str, random.Random], str]]] = [
    (is_time, letter_for_digit),
    (is_time, minute_of_sixty),
    (is_time, lost_digit),
    (is_time, unknown_note),
    (is_time, slip),
    (is_days, slip),
    (is_days, blank),
    (is_station, slip),
    (is_grid_station, other_station),
    (is_train, slip),
    (is_header, slip),
    (is_position, slip),
    (is_position, far_away),
    (is_zone, slip),
    (is_zone, elsewhere),
    (is_key, slip),
    (is_needed, blank),
    (is_form, slip),
]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shutil.copytree(SOURCE, tmp_path_factory.mktemp("flagship") / "source")


def found_in(project: Path) -> list[Fault]:
    source = read_source(project)
    return [*source.faults, *compile_source(source).faults]


@pytest.mark.parametrize("seed", range(216))
def test_a_wrong_cell_of_the_flagship_is_told_where_it_is(project: Path, seed: int) -> None:
    rng = random.Random(seed)
    fits, spoil = CORRUPTIONS[seed % len(CORRUPTIONS)]
    cell = rng.choice([cell for cell in CELLS if fits(cell)])
    rows = rows_of(SOURCE / cell.path)
    rows[cell.line - 1][cell.index] = spoilt = spoil(cell.text, rng)
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    try:
        (project / cell.path).write_text(out.getvalue(), encoding="utf-8")
        faults = found_in(project)
    finally:
        shutil.copyfile(SOURCE / cell.path, project / cell.path)
    place = (cell.path, cell.line, letter(cell.index))
    assert place in {(f.path, f.line, f.column) for f in faults}, (cell, spoilt, faults)


def test_the_flagship_has_no_error_and_no_warning(project: Path) -> None:
    assert [str(fault) for fault in found_in(project) if fault.severity != Severity.INFO] == []
