"""Timetables by the agency's clock, as an import writes them: nothing is guessed from their look.

The first row are the trains, each further one a head or a station; the first column names them, the
second says arr or dep. Days are service days, hours go past 24, and times are those of the feed,
whatever the zone of a station or the night.
"""

from __future__ import annotations

from typing import Any

from gtfsgen.faults import Fault
from gtfsgen.source.books import Reader
from gtfsgen.source.cells import Sheet, is_comment
from gtfsgen.source.columns import calls_of, check_forms
from gtfsgen.source.grids import Column, Grid, Visit, place_row
from gtfsgen.source.heads import HEADER_WORDS
from gtfsgen.source.manners import AGENCY
from gtfsgen.source.stations import Stations
from gtfsgen.source.words import folded

HEADS = frozenset(
    ("train", "days", "route", "agency", "headsign", "name", "class", "notes", "note", "bikes",
     "wheelchair", "direction", "block", "cars", "source", "trip", "number", "clock")
)  # fmt: skip
HEADS_WITHIN = 24
"""Rows from the top in which the heads stand."""


def by_agency(sheet: Sheet, clock: str) -> bool:
    """Whether a table goes by the agency's clock: its row `clock` says so, or feed.toml does."""
    rows = sheet.rows[:HEADS_WITHIN]
    said = [row[2:] for row in rows if row and HEADER_WORDS.get(folded(row[0])) == "clock"]
    if said:
        return any(said[0]) and all(folded(cell) in ("", AGENCY) for cell in said[0])
    return clock == AGENCY and any(row and folded(row[0]) == "train" for row in rows)


def read_agency_grid(sheet: Sheet, stations: Stations, faults: list[Fault]) -> Grid:
    """What each row of the table is."""
    grid = Grid(sheet, False, [list(row) for row in sheet.rows])
    grid.by_agency = True
    grid.kind_column = 1
    building: list[dict[str, Any]] = []
    for number, row in enumerate(grid.rows):
        if is_comment(row) or folded(row[0]).startswith("x_"):
            continue
        word = HEADER_WORDS.get(folded(row[0]))
        if word in HEADS:
            if word in grid.header:
                message = f"The row {word} stands twice."
                faults.append(grid.fault("duplicate_row", number, 0, message))
            grid.header.setdefault(word, number)
            continue
        station, message, hint = stations.find(row[0])
        if station is None:
            code = "unknown_station" if row[0] else "missing_label"
            faults.append(grid.fault(code, number, 0, message, hint))
            continue
        place_row(grid, building, station, number, row[1], 1, faults)
    if "train" not in grid.header:
        message, hint = "The first row of a timetable names the trains.", "begin it with train"
        faults.append(grid.fault("missing_train_row", 0, 0, message, hint))
        grid.header["train"] = 0
    if not building:
        message = "The timetable has no stations."
        faults.append(grid.fault("no_stations", grid.header["train"], None, message))
    if "days" not in grid.header:
        message = "No row says on which days the trains run."
        hint = "add a row days with daily, Mo-Fri, ... per train"
        faults.append(grid.fault("missing_days_row", grid.header["train"], 0, message, hint))
    grid.visits = [
        Visit(each["station"], each["arr"], each["dep"], single=each["arr"] == each["dep"])
        for each in building
    ]
    return grid


def agency_columns(grid: Grid, reader: Reader, faults: list[Fault]) -> list[Column]:
    """The trains of the table, each with its calls."""
    book = reader.book("24", "", british=False)
    train_row = grid.header["train"]
    used = sorted(
        {r for v in grid.visits for r in (v.arrival_row, v.departure_row) if r is not None}
    )
    columns = []
    for index, texts in enumerate(zip(*grid.rows, strict=True)):
        train = texts[train_row]
        if index < 2 or train.lower().startswith("x_"):
            continue
        header = {name: texts[row] for name, row in grid.header.items() if texts[row]}
        check_forms(grid, index, header, faults)
        calls = calls_of(grid, texts, book)
        for row in used if book.bad else ():
            if texts[row] in book.bad:
                code, message, hint = book.bad[texts[row]]
                faults.append(grid.fault(code, row, index, message, hint))
        if train:
            columns.append(Column(grid, index, train, header.get("days", ""), calls, header))
        elif header or calls:
            message = "The column has no train number."
            faults.append(grid.fault("missing_train", train_row, index, message))
    return columns
