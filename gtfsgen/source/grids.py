"""Timetable grids: from rows of printed cells to columns of calls.

A grid has the trains as columns (or as rows: then it is turned round first). Its upper rows say
train, days, route and so on; the others are stations. A station has one row, or one for arrivals
and one for departures. What a train does at a station is a `visit` of the grid; blank cells mean it
does nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from gtfsgen.faults import Fault, Severity
from gtfsgen.source.cells import Sheet, column_index, is_comment, letter
from gtfsgen.source.heads import (
    ARRIVAL_WORDS,
    BOTH_WORDS,
    CONNECTION_ROW,
    DEPARTURE_WORDS,
    HEADER_WORDS,
    KINDS,
    LEFT_OUT,
    NO_TRAIN_WORDS,
    PLATFORM_ROWS,
    STAND_IN_FOR_TRAIN,
    folded_label,
    header_word,
    without_kind,
)
from gtfsgen.source.manners import HALF_WORDS
from gtfsgen.source.stations import Stations
from gtfsgen.source.times import (
    DITTO,
    NOTHING,
    PASSING,
    Cell,
)
from gtfsgen.source.words import Words, folded

TIME_LIKE = re.compile(r"\d\s?[:.hH：]\s?\d\d|(?<!\d)\d{3,4}(?!\d)|\d\d \d\d")
EVERY = re.compile(
    r"(?:and\s+|then\s+)*(?:every\s+|alle\s+)?(\d+)\s*(min|minutes|minuten|mins|h|hours?)\.?\s+"
    r"(?:until|till|to|bis)\s+(\S.*)",
    re.IGNORECASE,
)
MAX_REPEATS = 24 * 60


@dataclass(frozen=True, slots=True)
class Visit:
    """A station's place in a grid. Rows are counted from 0 in the grid with trains as columns."""

    station_id: str
    arrival_row: int | None
    departure_row: int | None
    single: bool = False
    """One row for both times."""
    platform_row: int | None = None

    @property
    def rows(self) -> list[int]:
        """The rows of its times."""
        return [row for row in (self.arrival_row, self.departure_row) if row is not None]


@dataclass
class Grid:
    """A grid with trains as columns."""

    sheet: Sheet
    transposed: bool
    rows: list[list[str]]
    header: dict[str, int] = field(default_factory=dict)
    """What a row says of each train -> row."""
    visits: list[Visit] = field(default_factory=list)
    kind_column: int | None = None
    """The column of `arr` and `dep`."""
    above: int = 0
    """Rows of the sheet above a grid that was turned round: titles and comments."""
    label_column: int = 0
    """The column of the stations' names."""
    british: bool = False
    """Whether its day cells are British day codes."""
    by_agency: bool = False
    """Whether its times are by the agency's clock (`agency_grids`)."""
    start: int = 0
    """The first row that is no title."""
    left_out: list[int] = field(default_factory=list)
    """Rows that are neither stations nor heads: titles, legends, connections."""
    kinds: Words = field(default_factory=lambda: Words(sorted(KINDS)))
    no_trains: Words = field(default_factory=lambda: Words(sorted(NO_TRAIN_WORDS)))
    order: list[int] = field(default_factory=list)
    """The row of the sheet that each row is, where they are not the same: trains that read up."""
    title_days: str = ""
    """Days that a title above the grid gives to its trains, as `Mondays to Fridays`."""

    def label(self, row: int) -> str:
        """What a row is named: in the column of the stations, or left of it for heads."""
        cells = self.rows[row]
        if self.label_column and header_word(cells[0]) is not None:
            return cells[0]
        return cells[self.label_column]

    @property
    def has_own_heads(self) -> bool:
        """Whether the first column names rows although the stations stand in another one."""
        return self.label_column > 0 and any(header_word(row[0]) is not None for row in self.rows)

    def fault(
        self,
        code: str,
        row: int,
        column: int | None,
        message: str,
        hint: str = "",
        severity: Severity = Severity.ERROR,
    ) -> Fault:
        """A fault at a cell of the grid, told as the cell of the sheet."""
        found = self.rows[row][column] if column is not None else ""
        row = self.order[row] if self.order else row
        if self.transposed:
            line = self.above + (column or 0)
            return self.sheet.fault(code, line, row, message, found, hint, severity)
        return self.sheet.fault(code, row, column, message, found, hint, severity)

    def place(self, row: int, column: int) -> tuple[int, str]:
        """Line and spreadsheet letter of a cell."""
        row = self.order[row] if self.order else row
        if self.transposed:
            return self.above + column + 1, letter(row)
        return row + 1, letter(column)

    def index_of(self, line: int, letters: str) -> int:
        """The column of a cell, or the row of a grid with trains as rows, by its place."""
        return line - 1 - self.above if self.transposed else column_index(letters)


@dataclass(slots=True)
class Call:
    """What one train does at one visit; either cell may be None."""

    visit: int
    arrival: Cell | None
    departure: Cell | None
    single: bool = False
    """One cell for both times."""
    platform: str = ""


@dataclass
class Column:
    """A printed train: a column of a grid, before its times are put in order."""

    grid: Grid
    index: int
    train: str
    days: str
    calls: list[Call]
    header: dict[str, str]
    every: tuple[int, int] | None = None
    """Seconds between departures, and the last departure's seconds after midnight."""

    def fault(
        self, code: str, row: int, message: str, hint: str = "", severity: Severity = Severity.ERROR
    ) -> Fault:
        return self.grid.fault(code, row, self.index, message, hint, severity)


# ---------------------------------------------------------------------------------- reading a grid


def lay_out(sheet: Sheet, stations: Stations) -> Grid | None:
    """The rows of a sheet with trains as columns; None if it is empty."""
    rows = sheet.rows
    start = next(
        (i for i, row in enumerate(rows) if not is_comment(row) and not is_title(row)), None
    )
    if start is None:
        return None
    if lies_down(rows, start, stations):
        turned = [list(row) for row in zip(*rows[start:], strict=True)]
        grid = Grid(sheet, True, turned, above=start)
        blank_comments(grid, rows[start:])
    else:
        grid = Grid(sheet, False, [list(row) for row in rows])
    grid.start = 0 if grid.transposed else start
    grid.label_column = label_column(grid, stations)
    return grid


def find_rows(grid: Grid, stations: Stations, faults: list[Fault]) -> Grid:
    """The same grid, knowing what each of its rows is."""
    grid.kind_column = kind_column(grid, stations)
    train_row = find_train_row(grid, stations)
    if train_row is None:
        train_row = grid.start
        faults.append(
            grid.fault(
                "missing_train_row",
                train_row,
                0,
                "The first row of a timetable names the trains.",
                "begin it with the word train",
            )
        )
    grid.header["train"] = train_row
    take_halves(grid, train_row)
    read_rows(grid, train_row, stations, faults)
    if not grid.visits:
        faults.append(grid.fault("no_stations", train_row, None, "The timetable has no stations."))
    return grid


def find_train_row(grid: Grid, stations: Stations) -> int | None:
    """The row headed `train`; without one, a row headed `station` or the like that names them."""
    labels = [grid.label(i) for i in range(len(grid.rows))]
    for i, label in enumerate(labels):
        if header_word(label) == "train":
            return i
    for i in range(first_station_row(grid, stations)):
        if folded_label(labels[i]) in STAND_IN_FOR_TRAIN and sum(map(bool, grid.rows[i])) > 1:
            return i
    return None


def is_title(row: list[str]) -> bool:
    """A heading above the grid: words in one cell and nothing else."""
    filled = [cell for cell in row if cell]
    alone = len(filled) == 1 or (row[0] != "" and len(set(filled)) == 1)
    return alone and bool(filled) and header_word(filled[0]) is None


LABELS_WITHIN = 6
"""Columns, from the left, in which the stations' names are looked for."""


def label_column(grid: Grid, stations: Stations) -> int:
    """The column in which most stations stand; the first, unless another has more of them."""
    width = min(len(grid.rows[0]) if grid.rows else 0, LABELS_WITHIN)
    counts = [
        sum(
            folded(without_kind(row[index], stations)[0]) in stations.by_name
            for row in grid.rows
            if row[index]
        )
        for index in range(width)
    ]
    best = max(counts, default=0)
    return counts.index(best) if best > (counts[0] if counts else 0) else 0


def take_halves(grid: Grid, train_row: int) -> None:
    """Columns of nothing but am and pm belong to the train on their left; they become blank."""
    for index in range(1, len(grid.rows[0])):
        cells = [row[index] for row in grid.rows if row[index]]
        if not cells or not all(folded(cell) in HALF_WORDS for cell in cells):
            continue
        if grid.rows[train_row][index] or index in (grid.label_column, grid.kind_column):
            continue
        for number, row in enumerate(grid.rows):
            half = HALF_WORDS.get(folded(row[index]))
            if half and number > train_row and row[index - 1]:
                row[index - 1] = f"{row[index - 1]} {half}m"
            row[index] = ""


def lies_down(rows: list[list[str]], start: int, stations: Stations) -> bool:
    """Whether trains are rows: then stations and header words stand side by side."""

    def known(cell: str) -> bool:
        name, _ = without_kind(cell, stations)
        return header_word(cell) is not None or folded(name) in stations.by_name

    width = min(len(rows[start]), LABELS_WITHIN)
    across = max(sum(map(known, row[1:])) for row in rows[start : start + 2])
    down = max(sum(known(row[index]) for row in rows[start + 1 :]) for index in range(width))
    return across > down


def blank_comments(grid: Grid, rows: list[list[str]]) -> None:
    for number, row in enumerate(rows):
        if row and row[0].startswith("#"):
            for line in grid.rows:
                line[number] = ""


def kind_column(grid: Grid, stations: Stations) -> int | None:
    """The column of `arr` and `dep`: the second, if it holds them or nothing; else another one."""
    if not grid.rows or len(grid.rows[0]) < 2:
        return None

    def counts(index: int) -> tuple[int, int]:
        cells = [
            folded_label(row[index])
            for row in grid.rows
            if row[index] and not says_nothing(row[index])
        ]
        return sum(cell in KINDS for cell in cells), len(cells)

    second = 1 if grid.label_column == 0 else 0
    blank = None
    for index in dict.fromkeys((second, *range(min(len(grid.rows[0]), 8)))):
        if index == grid.label_column:
            continue
        kinds, cells = counts(index)
        if kinds and 2 * kinds >= cells:
            return index
        if not cells and index == second == 1:
            blank = index
    return blank


def read_rows(grid: Grid, train_row: int, stations: Stations, faults: list[Fault]) -> None:
    """Sort the rows into header rows and visits."""
    building: list[dict[str, Any]] = []
    last_label = unknown = ""
    ends = first_station_row(grid, stations), last_station_row(grid, stations)
    unlabelled: list[Fault] = []
    labelled = False
    place = grid.label_column
    for number, row in enumerate(grid.rows):
        if number == train_row or is_comment(row):
            continue
        label = grid.label(number)
        word = word_of_row(grid, number, label, stations)
        if word is None and is_left_out(grid, number, train_row, ends, stations):
            grid.left_out.append(number)
            continue
        if folded_label(label) in PLATFORM_ROWS and building:
            building[-1]["platform"] = number
            continue
        if word is not None:
            if word in grid.header and word in LEFT_OUT:
                grid.left_out.append(number)
            elif word in grid.header and word != "reading":
                faults.append(
                    grid.fault("duplicate_row", number, place, f"The row {word} stands twice.")
                )
            grid.header.setdefault(word, number)
            continue
        name, kind = without_kind(label, stations)
        if folded(name) in DITTO and last_label:
            name = last_label
        kind_place = place
        if grid.kind_column is not None:
            kind, kind_place = kind or row[grid.kind_column], grid.kind_column
        if (
            not label
            and (last_label or unknown)
            and folded_label(kind) in DEPARTURE_WORDS
            and follows_arrival(building)
        ):
            name = last_label or unknown
            unlabelled.append(
                grid.fault(
                    "missing_label",
                    number,
                    place,
                    f"The row does not say which station it is; {last_label} is taken.",
                    "write the station in both rows",
                    Severity.WARNING,
                )
            )
        elif not name:
            faults.append(
                grid.fault(
                    "missing_label", number, place, "The row does not say which station it is."
                )
            )
            continue
        station, message, hint = stations.find(name)
        if station is None:
            if not building and folded(name) not in stations.by_name:
                hint = stations.hint_among(name, HEADER_WORDS, hint)
            if name != unknown:
                faults.append(grid.fault("unknown_station", number, place, message, hint))
            unknown = name
            station = stations.guess(name)
            if station is None:
                continue
        else_first = not (building and building[-1]["station"] == station)
        labelled |= bool(label) and not else_first and folded(label) not in DITTO
        last_label = name
        place_row(grid, building, station, number, kind, kind_place, faults)
    if labelled:  # elsewhere both rows name their station, so that a blank one may be a slip
        faults += unlabelled
    grid.visits = [
        Visit(
            each["station"],
            each["arr"],
            each["dep"],
            single=each["arr"] == each["dep"],
            platform_row=each.get("platform"),
        )
        for each in building
    ]


def word_of_row(grid: Grid, number: int, label: str, stations: Stations) -> str | None:
    """What a row says of each train; None if it may be a station.

    A station may be called `To` or `Line`: it is one where times stand in its row.
    """
    if label.lower().startswith("x_"):
        return label.lower()
    word = header_word(label)
    if word is None or folded(label) not in stations.by_name:
        return word
    return None if any(TIME_LIKE.search(cell) for cell in grid.rows[number]) else word


def last_station_row(grid: Grid, stations: Stations) -> int:
    """The last row that names a station or holds two cells like times; -1 if there is none."""
    last = -1
    for number, row in enumerate(grid.rows):
        name, _ = without_kind(grid.label(number), stations)
        times = sum(bool(TIME_LIKE.search(cell)) and len(cell) < 16 for cell in row[1:])
        if folded(name) in stations.by_name or times > 1 or (times and len(row) < 5):
            last = number
    return last


def first_station_row(grid: Grid, stations: Stations) -> int:
    """The first row that names a station; the number of rows if none does."""
    for number in range(len(grid.rows)):
        name, _ = without_kind(grid.label(number), stations)
        if folded(name) in stations.by_name:
            return number
    return len(grid.rows)


def is_left_out(
    grid: Grid, number: int, train_row: int, ends: tuple[int, int], stations: Stations
) -> bool:
    """Titles above the heads or between stations, legends below, and rows of connections."""
    first, last = ends  # rows of stations
    row = grid.rows[number]
    label = grid.label(number)
    name, _ = without_kind(label, stations)
    if folded(name) in stations.by_name or folded(name) in DITTO:
        return False
    if CONNECTION_ROW.fullmatch(label):
        return True
    if folded_label(label) in STAND_IN_FOR_TRAIN:
        return True
    lone = sum(map(bool, row)) == 1
    if not label and number < first:
        return lone or not any(TIME_LIKE.search(cell) for cell in row)
    if number < train_row:
        return lone or not any(TIME_LIKE.search(cell) for cell in row)
    if number > last > train_row:
        return True
    return lone and bool(label) and stations.words.nearest(name) is None


def says_nothing(kind: str) -> bool:
    """Whether a line or dashes fill the cell in which `arr` or `dep` would stand."""
    return bool(NOTHING.fullmatch(kind)) or all(sign in PASSING for sign in kind)


def follows_arrival(building: list[dict[str, Any]]) -> bool:
    return bool(building) and building[-1]["dep"] is None


def place_row(
    grid: Grid,
    building: list[dict[str, Any]],
    station: str,
    row: int,
    kind: str,
    kind_place: int,
    faults: list[Fault],
) -> None:
    """Add a station's row to the visits: to the one before if it is that one's departure."""
    before = building[-1] if building and building[-1]["station"] == station else None
    word = folded_label("" if says_nothing(kind) else kind)
    if word in ARRIVAL_WORDS:
        role = "arr"
    elif word in DEPARTURE_WORDS:
        role = "dep"
    else:
        role = "both"
        if word and word not in BOTH_WORDS:
            faults.append(
                grid.fault(
                    "unknown_kind",
                    row,
                    kind_place,
                    "This column says arr or dep.",
                    grid.kinds.hint(kind, "write arr or dep"),
                )
            )
            role = "dep" if before is not None and before["dep"] is None else "both"
    if before is None:
        building.append(
            {
                "station": station,
                "arr": row if role != "dep" else None,
                "dep": row if role != "arr" else None,
                "word": word,
                "kind_place": kind_place,
            }
        )
        return
    first_row = before["arr"] if before["arr"] is not None else before["dep"]
    if before["arr"] == before["dep"]:
        before["dep"] = None  # the first of two rows can only be the arrivals
        if not before["word"]:
            faults.append(
                grid.fault(
                    "duplicate_station_row",
                    first_row,
                    before["kind_place"],
                    "The station has two rows; this one does not say which it is.",
                    "write arr here and dep below",
                )
            )
        if role == "dep" and before["arr"] is not None:
            before["dep"] = row
            return
    if role == "dep" and before["dep"] is None:
        before["dep"] = row
    elif role == "both" and before["dep"] is None:
        before["dep"] = row
        faults.append(
            grid.fault(
                "duplicate_station_row",
                row,
                kind_place,
                "The station has two rows; this one does not say which it is.",
                "write dep",
            )
        )
    else:
        for each in (first_row, row):
            for column in dict.fromkeys((0, kind_place)):
                faults.append(
                    grid.fault(
                        "duplicate_station_row",
                        each,
                        column,
                        "A station stands twice in succession, or its rows are in the wrong order.",
                        "a station has one row, or arr and then dep",
                    )
                )
        if before["dep"] is None:
            before["dep"] = row


def top(visit: Visit) -> int:
    """The first row of a visit."""
    return next(row for row in (visit.arrival_row, visit.departure_row) if row is not None)
