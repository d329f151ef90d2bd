"""Trains that are read upward.

Railways print both directions of a line beside one list of stations. A row above the stations says
`READ DOWN` and `READ UP`, or has arrows. The trains that read up become a grid of their own, whose
stations stand the other way round; each cell keeps its place in the sheet.
"""

from __future__ import annotations

from dataclasses import replace

from gtfsgen.faults import Fault
from gtfsgen.source.cells import Sheet
from gtfsgen.source.grids import Grid, find_rows, first_station_row, last_station_row, lay_out
from gtfsgen.source.heads import ARRIVAL_WORDS, DEPARTURE_WORDS, KINDS, folded_label, without_kind
from gtfsgen.source.stations import Stations
from gtfsgen.source.words import folded

UP_WORDS = frozenset(
    ("read up", "reads up", "read upward", "read upwards", "up", "aufwärts", "nach oben lesen")
)
DOWN_WORDS = frozenset(("read down", "reads down", "read downward", "down", "abwärts"))
UP_ARROWS, DOWN_ARROWS = frozenset("▲↑⬆⇑⇧△"), frozenset("▼↓⬇⇓⇩▽")


def read_grids(sheet: Sheet, stations: Stations, faults: list[Fault]) -> list[Grid]:
    """The grid of a sheet, or two if some of its trains read up; none if the sheet is empty."""
    grid = lay_out(sheet, stations)
    if grid is None:
        return []
    first, last = first_station_row(grid, stations), last_station_row(grid, stations)
    up = upward_columns(grid, first)
    if not up or first > last:
        return [find_rows(grid, stations, faults)]
    kinds = kind_columns(grid, first, last)
    down = set(range(len(grid.rows[0]))) - up - {grid.label_column} - kinds.keys()
    away = {index for index, leaves in kinds.items() if not leaves}
    shared = not away  # one column for both ways says of the first station that trains leave it
    back = set() if shared else kinds.keys() - away
    grids = [without_columns(grid, up | away)]
    turned = without_columns(grid, down | back)
    turn(turned, first, last, stations, shared=shared)
    return [find_rows(each, stations, faults) for each in (*grids, turned)]


def upward_columns(grid: Grid, first: int) -> set[int]:
    """The columns under a mark that says they read up; a mark holds until the next one."""
    for row in grid.rows[:first]:
        marks = {i: mark for i, cell in enumerate(row) if (mark := way_of(cell))}
        if "up" not in marks.values():
            continue
        found, way = set(), ""
        for index in range(len(row)):
            way = marks.get(index, way)
            if way == "up":
                found.add(index)
        return found
    return set()


def way_of(cell: str) -> str:
    if folded_label(cell) in UP_WORDS or (cell and set(cell) <= UP_ARROWS):
        return "up"
    if folded_label(cell) in DOWN_WORDS or (cell and set(cell) <= DOWN_ARROWS):
        return "down"
    return ""


def kind_columns(grid: Grid, first: int, last: int) -> dict[int, bool]:
    """Columns of arr and dep -> whether trains leave from the first station by them."""
    found: dict[int, bool] = {}
    for index in range(len(grid.rows[0])):
        cells = [folded_label(row[index]) for row in grid.rows[first : last + 1] if row[index]]
        if index != grid.label_column and cells and all(cell in KINDS for cell in cells):
            found[index] = cells[0] in DEPARTURE_WORDS
    return found


def without_columns(grid: Grid, blank: set[int]) -> Grid:
    rows = [["" if i in blank else cell for i, cell in enumerate(row)] for row in grid.rows]
    return replace(grid, rows=rows, header={}, visits=[], left_out=[])


def turn(grid: Grid, first: int, last: int, stations: Stations, *, shared: bool) -> None:
    """Put the stations the other way round, each with its arrival before its departure.

    Where the table has one column of arr and dep for both directions it says nothing of stations
    with one row: trains that go down leave from the first of them, those that go up end there.
    """
    groups: list[list[int]] = []
    before = ""
    for number in range(first, last + 1):
        row = grid.rows[number]
        name, _ = without_kind(row[grid.label_column], stations)
        if groups and (not name or folded(name) == before):
            groups[-1].append(number)
        else:
            groups.append([number])
            before = folded(name)
        if not name:
            row[grid.label_column] = grid.rows[groups[-1][0]][grid.label_column]
    kinds = kind_columns(grid, first, last)
    for group in groups:
        if shared and len(group) == 1:
            for index in kinds:
                grid.rows[group[0]][index] = ""
        elif kinds:
            group.sort(key=lambda number: not is_arrival(grid.rows[number], kinds))
    order = [number for group in reversed(groups) for number in group]
    places = [*range(first), *order, *range(last + 1, len(grid.rows))]
    grid.rows = [grid.rows[number] for number in places]
    grid.order = places


def is_arrival(row: list[str], kinds: dict[int, bool]) -> bool:
    return any(folded_label(row[index]) in ARRIVAL_WORDS for index in kinds)
