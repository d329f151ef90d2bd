"""One cell of a good project goes wrong: it is told at that cell, and nothing falls over."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gtfsgen.source.cells import letter
from tests.source.project import FILES, at, read, with_cell

Cell = tuple[str, int, int, str]
"""File, line from 1, column from 0, text."""


def cells() -> Iterator[Cell]:
    for name, text in FILES.items():
        if name.endswith(".csv"):
            for line, row in enumerate(csv.reader(io.StringIO(text)), start=1):
                for column, cell in enumerate(row):
                    if cell:
                        yield name, line, column, cell


CELLS = list(cells())
GRID = "timetables/k27.csv"


def is_time(cell: Cell) -> bool:
    return cell[0] == GRID and cell[1] > 2 and cell[2] > 1


def is_station(cell: Cell) -> bool:
    name, line, column, _ = cell
    return (name == GRID and line > 2 and column == 0) or (
        name == "coaches.csv" and line > 1 and column in (4, 5)
    )


def is_days(cell: Cell) -> bool:
    name, line, column, _ = cell
    places = {
        GRID: line == 2 and column > 1,
        "coaches.csv": column == 2,
        "calendars.csv": column == 1,
    }
    return line > 1 and places.get(name, False)


def is_header(cell: Cell) -> bool:
    """Heads of columns that a table cannot do without or does not know any more."""
    return cell[0] != GRID and cell[1] == 1


def is_position(cell: Cell) -> bool:
    return cell[0] == "stations.csv" and cell[1] > 1 and cell[2] in (3, 4)


def is_zone(cell: Cell) -> bool:
    return cell[0] == "stations.csv" and cell[1] > 1 and cell[2] == 5


def is_train(cell: Cell) -> bool:
    name, line, column, _ = cell
    return (name == GRID and line == 1) or (name == "coaches.csv" and line > 1 and column == 3)


def is_kind(cell: Cell) -> bool:
    """`arr` or `dep` of a station that has both rows; alone, a row is as good without."""
    name, line, column, _ = cell
    return name == GRID and line in range(4, 12) and column == 1


def is_required(cell: Cell) -> bool:
    name, line, column, _ = cell
    if name == GRID:
        return line < 3 or column in (0, 2, 3, 4)
    needed = {
        "stations.csv": (0, 1, 3, 4),  # a blank zone is that of the position
        "coaches.csv": (0, 2, 3, 4, 5),
        "agencies.csv": (0, 1, 2),
    }
    return line > 1 and column in needed.get(name, ())


def slip(text: str, rng: random.Random) -> str:
    """A letter that no word here has, in the middle of a word."""
    place = rng.randrange(1, len(text))
    return text[:place] + "ŧ" + text[place:]


def letter_for_digit(text: str, rng: random.Random) -> str:
    place = rng.choice([i for i, c in enumerate(text) if c.isdigit()])
    return text[:place] + {"0": "O", "1": "l"}.get(text[place], "S") + text[place + 1 :]


def minute_of_sixty(text: str, rng: random.Random) -> str:
    place = text.index(":")
    return text[: place + 1] + str(rng.randrange(60, 100)) + text[place + 3 :]


def lost_digit(text: str, rng: random.Random) -> str:
    return text[: text.index(":") + 2] + text[text.index(":") + 3 :]


def unknown_note(text: str, rng: random.Random) -> str:
    return text.split()[0] + " " + rng.choice("cdefghz")


def wrong_mark(text: str, rng: random.Random) -> str:
    return text.split()[0] + f" +{rng.randrange(2, 9)}"


def blank(text: str, rng: random.Random) -> str:
    return ""


def far_away(text: str, rng: random.Random) -> str:
    return f"{float(text) + rng.choice((-1, 1)) * rng.randrange(20, 60):.5f}"


def elsewhere(text: str, rng: random.Random) -> str:
    zones = {"Europe/Paris", "America/Lima", "Asia/Kolkata", "Asia/Seoul", "Asia/Shanghai"}
    same_clock = {"Asia/Pyongyang": "Asia/Seoul", "Asia/Shanghai": "Asia/Shanghai"}
    return rng.choice(sorted(zones - {same_clock[text]}))


def other_kind(text: str, rng: random.Random) -> str:
    return {"arr": "dep", "dep": "arr"}[text]


CORRUPTIONS: list[tuple[Callable[[Cell], bool], Callable[[str, random.Random], str]]] = [
    (is_time, letter_for_digit),
    (is_time, minute_of_sixty),
    (is_time, lost_digit),
    (is_time, unknown_note),
    (is_time, wrong_mark),
    (is_time, slip),
    (is_station, slip),
    (is_days, slip),
    (is_header, slip),
    (is_train, slip),
    (is_position, far_away),
    (is_position, slip),
    (is_zone, slip),
    (is_zone, elsewhere),
    (is_kind, slip),
    (is_kind, other_kind),
    (is_required, blank),
]


@pytest.mark.parametrize("seed", range(220))
def test_a_wrong_cell_is_told_where_it_is(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    fits, spoil = CORRUPTIONS[seed % len(CORRUPTIONS)]
    name, line, column, text = rng.choice([cell for cell in CELLS if fits(cell)])
    spoilt = spoil(text, rng)
    source = read(tmp_path, {name: with_cell(FILES[name], line, column, spoilt)})
    assert at(source, name, line, letter(column)), (
        f"{name}:{line}:{letter(column)} {text!r} -> {spoilt!r}",
        [str(fault) for fault in source.faults],
    )


@pytest.mark.parametrize("seed", range(60))
def test_no_garbage_falls_over(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    name = rng.choice(list(FILES))
    data = bytearray(FILES[name].encode())
    for _ in range(rng.randrange(1, 12)):
        place = rng.randrange(len(data))
        data[place : place + rng.randrange(3)] = bytes(
            rng.randrange(256) for _ in range(rng.randrange(3))
        )
    source = read(tmp_path, {name: bytes(data)})
    for fault in source.faults:
        assert fault.line >= 0
        assert fault.message


def test_the_project_itself_has_no_fault(tmp_path: Path) -> None:
    assert read(tmp_path).faults == []
