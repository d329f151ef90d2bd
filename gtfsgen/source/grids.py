"""Timetable grids: from rows of printed cells to columns of calls.

A grid has the trains as columns (or as rows: then it is turned round first). Its upper rows say
train, days, route and so on; the others are stations. A station has one row, or one for arrivals
and one for departures. What a train does at a station is a `visit` of the grid; blank cells mean it
does nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field, replace

from gtfsgen.faults import Fault, Severity
from gtfsgen.source.cells import Sheet, column_index, is_comment, letter
from gtfsgen.source.stations import Stations
from gtfsgen.source.tables import YES_NO
from gtfsgen.source.times import BLANK, DAY, Cell, TimeError, parse_cell, parse_clock
from gtfsgen.source.words import did_you_mean, folded

HEADER_WORDS = {
    "train": "train", "trains": "train", "train number": "train", "train no": "train",
    "train no.": "train", "zug": "train", "zugnummer": "train", "车次": "train",
    "days": "days", "day": "days", "runs": "days", "verkehrstage": "days", "tage": "days",
    "开行日": "days", "route": "route", "line": "route", "headsign": "headsign", "name": "name",
    "class": "class", "note": "note", "notes": "notes", "bikes": "bikes",
    "wheelchair": "wheelchair", "block": "block", "direction": "direction", "every": "every",
    "then every": "every", "cars": "cars", "source": "source",
    "agency": "agency", "trip": "trip", "trip id": "trip", "number": "number",
}  # fmt: skip
"""First cells of rows that are no stations -> what they say of each train."""

ARRIVAL_WORDS = frozenset(("arr", "arr.", "arrival", "arrives", "arrive", "a", "an", "到", "到达"))
DEPARTURE_WORDS = frozenset(
    ("dep", "dep.", "departure", "departs", "depart", "d", "ab", "开", "发", "出发")
)
EVERY = re.compile(
    r"(?:and\s+|then\s+)*(?:every\s+|alle\s+)?(\d+)\s*(min|minutes|minuten|mins|h|hours?)\.?\s+"
    r"(?:until|till|to|bis)\s+(\S.*)",
    re.IGNORECASE,
)
MAX_REPEATS = 24 * 60
FORMS = {
    "bikes": YES_NO,
    "wheelchair": YES_NO,
    "direction": (r"[01]", "0 or 1"),
}
"""Header rows whose cells have a form."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A station's place in a grid. Rows are counted from 0 in the grid with trains as columns."""

    station_id: str
    arrival_row: int | None
    departure_row: int | None
    single: bool = False
    """One row for both times."""


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
        if self.transposed:
            line = self.above + (column or 0)
            return self.sheet.fault(code, line, row, message, found, hint, severity)
        return self.sheet.fault(code, row, column, message, found, hint, severity)

    def place(self, row: int, column: int) -> tuple[int, str]:
        """Line and spreadsheet letter of a cell."""
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


def read_grid(sheet: Sheet, stations: Stations, faults: list[Fault]) -> Grid | None:
    """Find what each row of the grid is; None if it is empty."""
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
        grid = Grid(sheet, False, rows)
    grid.kind_column = kind_column(grid, stations)
    train_row = next(
        (i for i, row in enumerate(grid.rows) if HEADER_WORDS.get(folded(row[0])) == "train"), None
    )
    if train_row is None:
        train_row = 0 if grid.transposed else start
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
    read_rows(grid, train_row, stations, faults)
    if not grid.visits:
        faults.append(grid.fault("no_stations", train_row, None, "The timetable has no stations."))
    if "days" not in grid.header:
        faults.append(
            grid.fault(
                "missing_days_row",
                train_row,
                0,
                "No row says on which days the trains run.",
                "add a row days with daily, Mo-Fri, ... per train",
            )
        )
    return grid


def is_title(row: list[str]) -> bool:
    """A heading above the grid: words in the first cell and nothing else."""
    return bool(row[0]) and not any(row[1:]) and folded(row[0]) not in HEADER_WORDS


def lies_down(rows: list[list[str]], start: int, stations: Stations) -> bool:
    """Whether trains are rows: then stations and header words stand side by side."""

    def known(cell: str) -> bool:
        name, _ = without_kind(cell, stations)
        return folded(cell) in HEADER_WORDS or folded(name) in stations.by_name

    across = sum(known(cell) for cell in rows[start][1:])
    down = sum(known(row[0]) for row in rows[start + 1 :])
    return across > down


def blank_comments(grid: Grid, rows: list[list[str]]) -> None:
    for number, row in enumerate(rows):
        if row and row[0].startswith("#"):
            for line in grid.rows:
                line[number] = ""


def without_kind(label: str, stations: Stations) -> tuple[str, str]:
    """A station's label and the `arr` or `dep` behind it, if that is not part of its name."""
    if folded(label) in stations.by_name or " " not in label.strip():
        return label, ""
    name, _, last = label.strip().rpartition(" ")
    if folded(last) in ARRIVAL_WORDS | DEPARTURE_WORDS:
        return name, last
    return label, ""


def kind_column(grid: Grid, stations: Stations) -> int | None:
    """The second column, if it holds `arr` and `dep` (or nothing at all) rather than a train."""
    if not grid.rows or len(grid.rows[0]) < 2:
        return None
    cells = [folded(row[1]) for row in grid.rows if row[1]]
    kinds = sum(cell in ARRIVAL_WORDS or cell in DEPARTURE_WORDS for cell in cells)
    return 1 if 2 * kinds >= len(cells) else None


def read_rows(grid: Grid, train_row: int, stations: Stations, faults: list[Fault]) -> None:
    """Sort the rows into header rows and visits."""
    building: list[dict] = []
    last_label = ""
    for number, row in enumerate(grid.rows):
        if number == train_row or is_comment(row) or (number < train_row and is_title(row)):
            continue
        label = row[0]
        word = HEADER_WORDS.get(folded(label)) or (
            label.lower() if label.lower().startswith("x_") else None
        )
        if word is not None:
            if word in grid.header:
                faults.append(
                    grid.fault("duplicate_row", number, 0, f"The row {word} stands twice.")
                )
            grid.header.setdefault(word, number)
            continue
        name, kind = without_kind(label, stations)
        kind_place = 0
        if grid.kind_column is not None:
            kind, kind_place = kind or row[grid.kind_column], grid.kind_column
        if (
            not label
            and last_label
            and folded(kind) in DEPARTURE_WORDS
            and follows_arrival(building)
        ):
            name = last_label
            faults.append(
                grid.fault(
                    "missing_label",
                    number,
                    0,
                    f"The row does not say which station it is; {last_label} is taken.",
                    "write the station in both rows",
                    Severity.WARNING,
                )
            )
        elif not name:
            faults.append(
                grid.fault("missing_label", number, 0, "The row does not say which station it is.")
            )
            continue
        station, message, hint = stations.find(name)
        if station is None:
            if not building and folded(name) not in stations.by_name:
                hint = did_you_mean(name, [*stations.spelling.values(), *HEADER_WORDS], hint)
            faults.append(grid.fault("unknown_station", number, 0, message, hint))
            station = stations.guess(name)
            if station is None:
                continue
        last_label = name
        place_row(grid, building, station, number, kind, kind_place, faults)
    grid.visits = [
        Visit(each["station"], each["arr"], each["dep"], single=each["arr"] == each["dep"])
        for each in building
    ]


def follows_arrival(building: list[dict]) -> bool:
    return bool(building) and building[-1]["dep"] is None


def place_row(
    grid: Grid,
    building: list[dict],
    station: str,
    row: int,
    kind: str,
    kind_place: int,
    faults: list[Fault],
) -> None:
    """Add a station's row to the visits: to the one before if it is that one's departure."""
    before = building[-1] if building and building[-1]["station"] == station else None
    word = folded(kind)
    if word in ARRIVAL_WORDS:
        role = "arr"
    elif word in DEPARTURE_WORDS:
        role = "dep"
    else:
        role = "both"
        if word:
            faults.append(
                grid.fault(
                    "unknown_kind",
                    row,
                    kind_place,
                    "This column says arr or dep.",
                    did_you_mean(kind, ("arr", "dep")),
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


# --------------------------------------------------------------------------------- reading columns


@dataclass
class Reader:
    """Cells parsed so far: timetables repeat few texts many times."""

    letters: frozenset[str]
    """The letters of notes.csv."""
    days_of: dict[str, str] = field(default_factory=dict)
    """Letter -> the days to which it restricts a train or call."""
    cells: dict[str, Cell | None] = field(default_factory=lambda: dict.fromkeys(BLANK))
    bad: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    """Cell text -> code, message, hint."""
    used: Counter[str] = field(default_factory=Counter)
    """Note letters seen."""
    lacking: bool = False
    """Whether a time bears a note that notes.csv does not have."""

    def cell(self, text: str) -> Cell | None:
        try:
            return self.cells[text]
        except KeyError:
            self.cells[text] = cell = self.parsed(text)
            return cell

    def parsed(self, text: str) -> Cell | None:
        try:
            cell = parse_cell(text)
        except TimeError as error:
            self.bad[text] = ("unreadable_time", error.message, error.hint)
            return Cell(clock=None, text=text)
        if cell is None or not cell.notes:
            return cell
        notes, unknown = self.notes(cell.notes)
        if unknown:
            self.bad[text] = ("unknown_note", *unknown)
        return replace(cell, notes=notes)

    def notes(self, words: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, str] | None]:
        """Known letters (`bc` is b and c unless there is a note bc), and what is wrong."""
        found: list[str] = []
        for word in words:
            split = word not in self.letters and len(set(word)) == len(word)
            parts = list(word) if split else [word]
            missing = next((part for part in parts if part not in self.letters), None)
            if missing is not None:
                self.lacking = True
                hint = did_you_mean(missing, self.letters, "add it to notes.csv")
                return tuple(found), (f"notes.csv has no note {missing!r}.", hint)
            found += parts
        self.used.update(found)
        return tuple(dict.fromkeys(found)), None


def columns_of(grid: Grid, reader: Reader, faults: list[Fault]) -> list[Column]:
    """The trains of a grid, each with its calls."""
    train_row = grid.header["train"]
    columns: list[Column] = []
    visit_rows = [(i, v.arrival_row, v.departure_row) for i, v in enumerate(grid.visits)]
    used_rows = sorted({r for _, a, d in visit_rows for r in (a, d) if r is not None})
    for index, texts in enumerate(zip(*grid.rows, strict=True)):
        if index == 0:
            continue
        train = texts[train_row]
        if index == grid.kind_column:
            if train:
                faults.append(
                    grid.fault(
                        "train_above_kinds",
                        train_row,
                        index,
                        "This column says arr or dep; it has no train.",
                    )
                )
            continue
        if folded(train) in ("note", "km", "source") or train.lower().startswith("x_"):
            continue
        header = {name: texts[row] for name, row in grid.header.items() if texts[row]}
        for name in FORMS.keys() & header.keys():
            pattern, words = FORMS[name]
            if not re.fullmatch(pattern, header[name]):
                row = grid.header[name]
                faults.append(grid.fault("invalid_value", row, index, f"This is not {words}."))
        repeats = EVERY.fullmatch(train)
        if repeats is not None and columns:
            columns[-1].every = interval(grid, train_row, index, repeats, faults)
            continue
        calls = []
        cell = reader.cell
        for visit, arrival_row, departure_row in visit_rows:
            departure = cell(texts[departure_row]) if departure_row is not None else None
            if arrival_row == departure_row:
                arrival = departure
            else:
                arrival = cell(texts[arrival_row]) if arrival_row is not None else None
            if arrival is not None or departure is not None:
                calls.append(Call(visit, arrival, departure))
        if reader.bad:
            for row in used_rows:
                if texts[row] in reader.bad:
                    faults.append(
                        grid.fault(
                            reader.bad[texts[row]][0], row, index, *reader.bad[texts[row]][1:]
                        )
                    )
        if not train:
            if header or calls:
                faults.append(
                    grid.fault("missing_train", train_row, index, "The column has no train number.")
                )
            continue
        column = Column(grid, index, train, header.get("days", ""), calls, header)
        if "every" in header:
            row = grid.header["every"]
            match = EVERY.fullmatch(header["every"])
            if match is None:
                faults.append(
                    grid.fault(
                        "unreadable_interval",
                        row,
                        index,
                        "This is not an interval.",
                        "write 20 min until 22:00",
                    )
                )
            else:
                column.every = interval(grid, row, index, match, faults)
        columns.append(column)
    return columns


def check_rows(grid: Grid, columns: list[Column], reader: Reader, faults: list[Fault]) -> None:
    """Stations that are probably the wrong ones, seen from all trains together."""
    labels: dict[tuple[int, str], str] = {}
    returned_to: set[str] = set()
    for column in columns:
        seen: dict[str, int] = {}
        for i, call in enumerate(column.calls):
            visit = grid.visits[call.visit]
            following = column.calls[i + 1 : i + 2]
            for after in following:
                other = grid.visits[after.visit]
                if visit.departure_row is None and other.arrival_row is None and i:
                    for row in (visit.arrival_row, other.departure_row):
                        labels[row or 0, "rows_do_not_match"] = (
                            "Trains arrive at one station and depart from another."
                        )
            earlier = seen.get(visit.station_id)
            round_trip = earlier == column.calls[0].visit and not following
            if earlier is not None:
                returned_to.add(visit.station_id)
            if earlier is not None and not round_trip:
                for each in (earlier, call.visit):
                    labels[top(grid.visits[each]), "station_twice"] = (
                        f"Train {column.train} calls at this station twice."
                    )
            seen[visit.station_id] = call.visit
    rows_of: dict[str, list[int]] = {}
    for visit in grid.visits:
        rows_of.setdefault(visit.station_id, []).append(top(visit))
    for station, rows in rows_of.items():
        if len(rows) > 1 and station not in returned_to:
            for row in rows:
                message = "The station stands in another place of this table too."
                hint = "is it the right station?"
                faults.append(grid.fault("station_again", row, 0, message, hint, Severity.INFO))
    for (row, code), message in labels.items():
        faults.append(
            grid.fault(code, row, 0, message, "is it the right station?", Severity.WARNING)
        )
    if reader.bad:
        check_cells_are_times(grid, reader, faults)
    check_notes(grid, columns, faults)


def top(visit: Visit) -> int:
    """The first row of a visit."""
    return next(row for row in (visit.arrival_row, visit.departure_row) if row is not None)


def check_cells_are_times(grid: Grid, reader: Reader, faults: list[Fault]) -> None:
    """A row none of whose cells is a time is perhaps no station at all."""
    for visit in grid.visits:
        for row in {visit.arrival_row, visit.departure_row} - {None}:
            assert row is not None
            first = 1 if grid.kind_column is None else 2
            cells = [cell for cell in grid.rows[row][first:] if cell]
            if len(cells) > 1 and all(cell in reader.bad for cell in cells):
                faults.append(
                    grid.fault(
                        "row_without_times", row, 0, "This names a station, but no times follow."
                    )
                )


MOSTLY = 0.9
"""Where so many of a grid's times bear notes, one without has probably lost its own."""


def check_notes(grid: Grid, columns: list[Column], faults: list[Fault]) -> None:
    """In a table whose times all say where they come from, one that does not."""
    bare: list[tuple[Column, int]] = []
    count = 0
    for column in columns:
        if "notes" in column.header:
            return
        for call in column.calls:
            visit = grid.visits[call.visit]
            for row, cell in (
                (visit.arrival_row, call.arrival),
                (visit.departure_row, call.departure),
            ):
                if cell is None or cell.clock is None or row is None:
                    continue
                count += 1
                if not cell.notes:
                    bare.append((column, row))
        if len(bare) > (1 - MOSTLY) * count + 2:
            return
    if bare and len(bare) <= (1 - MOSTLY) * count:
        for column, row in bare:
            faults.append(
                column.fault(
                    "time_without_note",
                    row,
                    "All other times of this table bear a note.",
                    "has it been lost?",
                    Severity.INFO,
                )
            )


def interval(
    grid: Grid, row: int, column: int, match: re.Match[str], faults: list[Fault]
) -> tuple[int, int] | None:
    """Seconds between departures and the time of the last."""
    step = int(match[1]) * (3600 if match[2].lower().startswith("h") else 60)
    try:
        until = parse_clock(match[3])
    except TimeError as error:
        faults.append(grid.fault("unreadable_time", row, column, error.message, error.hint))
        return None
    if not 60 <= step < DAY:
        faults.append(
            grid.fault(
                "unreadable_interval",
                row,
                column,
                "The interval is not between a minute and a day.",
            )
        )
        return None
    return step, until
