"""Timetable grids: from rows of printed cells to columns of calls.

A grid has the trains as columns (or as rows: then it is turned round first). Its upper rows say
train, days, route and so on; the others are stations. A station has one row, or one for arrivals
and one for departures. What a train does at a station is a `visit` of the grid; blank cells mean it
does nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from gtfsgen.faults import Fault, Severity
from gtfsgen.source.bindings import Binding
from gtfsgen.source.british import is_british
from gtfsgen.source.calendars import Reading
from gtfsgen.source.cells import Sheet, column_index, is_comment, letter
from gtfsgen.source.manners import CLOCK_WORDS, HALF_WORDS, clock_of
from gtfsgen.source.stations import Stations
from gtfsgen.source.tables import YES_NO
from gtfsgen.source.times import (
    DAY,
    DITTO,
    NOTHING,
    Cell,
    Manner,
    TimeError,
    parse_cell,
    parse_clock,
)
from gtfsgen.source.words import Words, folded, nearest

HEADER_WORDS = {
    "train": "train", "trains": "train", "train number": "train", "train no": "train",
    "train no.": "train", "train nr": "train", "zug": "train", "zug nr": "train",
    "zug-nr": "train", "zugnr": "train", "zugnummer": "train", "车次": "train", "列车": "train",
    "車次": "train", "列車番号": "train", "train #": "train", "#": "train",
    "days": "days", "day": "days", "runs": "days", "verkehrstage": "days", "tage": "days",
    "days of operation": "days", "normal days of operation": "days", "operates": "days",
    "days operated": "days", "days run": "days", "runs on": "days", "verkehrt": "days",
    "service days": "days", "开行日": "days", "开行日期": "days", "运行日": "days",
    "route": "route", "line": "route", "headsign": "headsign", "name": "name",
    "train name": "name", "class": "class", "note": "note", "notes": "notes", "bikes": "bikes",
    "remarks": "note", "bemerkungen": "note", "备注": "note", "hinweise": "note",
    "wheelchair": "wheelchair", "block": "block", "direction": "direction", "every": "every",
    "then every": "every", "cars": "cars", "source": "source",
    "agency": "agency", "trip": "trip", "trip id": "trip", "number": "number",
    "clock": "clock", "am/pm": "clock", "a.m./p.m.": "clock", "am pm": "clock",
    "category": "category", "type": "category", "gattung": "category", "zuggattung": "category",
    "列车种类": "category", "车种": "category", "symbols": "symbols", "symbol": "symbols",
    "facilities": "symbols", "services": "symbols", "on board service": "symbols",
    "connections": "connections", "connection": "connections", "connects with": "connections",
    "anschluss": "connections", "anschlüsse": "connections", "接续": "connections",
}  # fmt: skip
"""First cells of rows that are no stations -> what they say of each train."""
LEFT_OUT = ("category", "symbols", "connections")
"""Rows that are read but have no place in the feed."""

ARRIVAL_WORDS = frozenset(
    (
        "arr", "arrival", "arrives", "arrive", "arriving", "a", "ar", "an", "ank", "ankunft", "到",
        "到达", "着", "到着", "到達", "arrivée", "arrivo", "llegada", "chegada", "прибытие",
    )
)  # fmt: skip
DEPARTURE_WORDS = frozenset(
    (
        "dep", "departure", "departs", "depart", "departing", "d", "dp", "lv", "leave", "leaves",
        "ab", "abf", "abfahrt", "开", "发", "出发", "開", "発", "發", "départ", "partenza",
        "salida", "partida", "отправление",
    )
)  # fmt: skip
BOTH_WORDS = frozenset(
    ("arr/dep", "ar/dp", "a/d", "an/ab", "ar/lv", "arr/lv", "到/发", "到发", "着/发", "着発")
)
KINDS = ARRIVAL_WORDS | DEPARTURE_WORDS | BOTH_WORDS

NO_TRAIN_WORDS = frozenset(
    (
        "note", "notes", "km", "source", "mile", "miles", "mi", "milepost", "distance", "dist",
        "entfernung", "里程", "公里", "symbol", "symbols", "code", "codes", "station code", "zone",
        "zones", "time zone", "timezone", "tz", "platform", "platforms", "plat", "track", "gleis",
        "facilities", "services", "station services", "state", "province", "country", "tarif",
        "station type", "no.", "nr", "站序", "站台", "备注", "remarks", "bemerkungen", "営業キロ",
    )
)  # fmt: skip
"""Heads of columns that are no trains."""
PLATFORM_ROWS = frozenset(("platform", "platforms", "plat", "track", "gleis", "站台", "股道"))
CONNECTION_ROW = re.compile(
    r"(?:connect(?:s|ion|ions|ing)?|conn|anschlu(?:ss|ß)|correspondances?|接续)\b.*",
    re.IGNORECASE,
)
TIME_LIKE = re.compile(r"\d\s?[:.hH：]\s?\d\d|(?<!\d)\d{3,4}(?!\d)|\d\d \d\d")
EVERY = re.compile(
    r"(?:and\s+|then\s+)*(?:every\s+|alle\s+)?(\d+)\s*(min|minutes|minuten|mins|h|hours?)\.?\s+"
    r"(?:until|till|to|bis)\s+(\S.*)",
    re.IGNORECASE,
)
MAX_REPEATS = 24 * 60
CLOCKS = {"clock": {**CLOCK_WORDS, **HALF_WORDS}}
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
    platform_row: int | None = None


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
    left_out: list[int] = field(default_factory=list)
    """Rows that are neither stations nor heads: titles, legends, connections."""
    kinds: Words = field(default_factory=lambda: Words(sorted(KINDS)))
    no_trains: Words = field(default_factory=lambda: Words(sorted(NO_TRAIN_WORDS)))

    def label(self, row: int) -> str:
        """What a row is named: in the column of the stations, or left of it for heads."""
        cells = self.rows[row]
        if self.label_column and folded_label(cells[0]) in HEADER_WORDS:
            return cells[0]
        return cells[self.label_column]

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
        grid = Grid(sheet, False, [list(row) for row in rows])
    grid.label_column = label_column(grid, stations)
    grid.kind_column = kind_column(grid, stations)
    train_row = next(
        (i for i in range(len(grid.rows)) if header_word(grid.label(i)) == "train"), None
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
    take_halves(grid, train_row)
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


def folded_label(text: str) -> str:
    """A label without the colon, point or arrow that may stand behind it."""
    return folded(text).rstrip(" :.▸►▶→▼")


def header_word(label: str) -> str | None:
    """What a row of this label says of each train; None if it may be a station."""
    return HEADER_WORDS.get(folded(label)) or HEADER_WORDS.get(folded_label(label))


def is_title(row: list[str]) -> bool:
    """A heading above the grid: words in one cell and nothing else."""
    filled = [cell for cell in row if cell]
    return len(filled) == 1 and header_word(filled[0]) is None


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


def without_kind(label: str, stations: Stations) -> tuple[str, str]:
    """A station's label and the `arr` or `dep` behind it, if that is not part of its name."""
    if folded(label) in stations.by_name or " " not in label.strip():
        return label, ""
    name, _, last = label.strip().rpartition(" ")
    if folded_label(last) in KINDS:
        return name, last
    return label, ""


def kind_column(grid: Grid, stations: Stations) -> int | None:
    """The column of `arr` and `dep`: the second, if it holds them or nothing; else another one."""
    if not grid.rows or len(grid.rows[0]) < 2:
        return None

    def counts(index: int) -> tuple[int, int]:
        cells = [folded_label(row[index]) for row in grid.rows if row[index]]
        return sum(cell in KINDS for cell in cells), len(cells)

    second = 1 if grid.label_column == 0 else 0
    for index in dict.fromkeys((second, *range(min(len(grid.rows[0]), 8)))):
        if index == grid.label_column:
            continue
        kinds, cells = counts(index)
        if 2 * kinds >= cells and (kinds or (index == second == 1)):
            return index
    return None


def read_rows(grid: Grid, train_row: int, stations: Stations, faults: list[Fault]) -> None:
    """Sort the rows into header rows and visits."""
    building: list[dict[str, Any]] = []
    last_label = ""
    last = last_station_row(grid, stations)
    unlabelled: list[Fault] = []
    labelled = False
    place = grid.label_column
    for number, row in enumerate(grid.rows):
        if number == train_row or is_comment(row):
            continue
        label = grid.label(number)
        word = header_word(label) or (label.lower() if label.lower().startswith("x_") else None)
        if word is None and is_left_out(grid, number, train_row, last, stations):
            grid.left_out.append(number)
            continue
        if folded_label(label) in PLATFORM_ROWS and building:
            building[-1]["platform"] = number
            continue
        if word is not None:
            if word in grid.header:
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
            and last_label
            and folded_label(kind) in DEPARTURE_WORDS
            and follows_arrival(building)
        ):
            name = last_label
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
            faults.append(grid.fault("unknown_station", number, place, message, hint))
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


def is_left_out(grid: Grid, number: int, train_row: int, last: int, stations: Stations) -> bool:
    """Titles above the heads or between stations, legends below, and rows of connections."""
    row = grid.rows[number]
    label = grid.label(number)
    name, _ = without_kind(label, stations)
    if folded(name) in stations.by_name or folded(name) in DITTO:
        return False
    if CONNECTION_ROW.fullmatch(label):
        return True
    if not label and number < first_station_row(grid, stations):
        return not any(TIME_LIKE.search(cell) for cell in row)
    lone = sum(map(bool, row)) == 1
    if number < train_row:
        return lone or not any(TIME_LIKE.search(cell) for cell in row)
    if number > last > train_row:
        return True
    return lone and bool(label) and stations.words.nearest(name) is None


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
    word = folded_label(kind)
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


# --------------------------------------------------------------------------------- reading columns


@dataclass
class Book:
    """Cells parsed so far in one manner: timetables repeat few texts many times."""

    manner: Manner
    reader: Reader
    cells: dict[str, Cell | None] = field(default_factory=lambda: {"": None})
    bad: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    """Cell text -> code, message, hint."""

    def cell(self, text: str) -> Cell | None:
        try:
            return self.cells[text]
        except KeyError:
            self.cells[text] = cell = self.parsed(text)
            return cell

    def parsed(self, text: str) -> Cell | None:
        try:
            cell = parse_cell(text, self.manner)
        except TimeError as error:
            self.bad[text] = (error.code, error.message, error.hint)
            return Cell(clock=None, text=text)
        if cell is None:
            return None
        if cell.platform:
            self.reader.platforms += 1
        if not cell.notes:
            return cell
        notes, unknown = self.reader.notes(cell.notes)
        if unknown:
            self.bad[text] = ("unknown_note", *unknown)
            return replace(cell, notes=notes)
        return self.marked(replace(cell, notes=notes), text)

    def marked(self, cell: Cell, text: str) -> Cell:
        """The cell with what its notes are bound to, also where two letters stand as one word."""
        marks = {mark: True for note in cell.notes for mark in self.manner.marks.get(note, ())}
        whole = replace(cell, **marks)  # type: ignore[arg-type]
        if (
            whole.boards_only
            and whole.alights_only
            and not (cell.boards_only and cell.alights_only)
        ):
            self.bad[text] = (
                "unreadable_time",
                "The notes of this time say boards only and alights only at once.",
                "leave one out",
            )
            return cell
        return whole


@dataclass
class Reader:
    """What all grids of a project share: the letters of notes.csv, and cells parsed so far."""

    letters: frozenset[str]
    """The letters of notes.csv."""
    days_of: dict[str, str] = field(default_factory=dict)
    """Letter -> the days to which it restricts a train or call."""
    bindings: dict[str, Binding] = field(default_factory=dict)
    calendar: Callable[..., Reading] | None = None
    clock: str = ""
    """By which all tables go, if feed.toml says so."""
    books: dict[tuple[Manner, bool], Book] = field(default_factory=dict)
    used: Counter[str] = field(default_factory=Counter)
    """Note letters seen."""
    lacking: bool = False
    """Whether a time bears a note that notes.csv does not have."""
    platforms: int = 0
    """Distinct cells that name a platform."""

    def __post_init__(self) -> None:
        self.words = Words(sorted(self.letters))

    def book(self, clock: str, half: str, british: bool) -> Book:
        """The cells of tables, or columns, of one manner."""
        marks = {letter: each.marks for letter, each in self.bindings.items() if each.marks}
        manner = Manner(
            clock, half, self.letters, marks, lambda words: self.means_days(words, british)
        )
        return self.books.setdefault((manner, british), Book(manner, self))

    def means_days(self, words: str, british: bool) -> bool:
        return self.calendar is not None and self.calendar(words, british).wrong is None

    def notes(self, words: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, str] | None]:
        """Known letters (`bc` is b and c unless there is a note bc), and what is wrong."""
        found: list[str] = []
        for word in words:
            split = word not in self.letters and len(set(word)) == len(word)
            parts = list(word) if split else [word]
            missing = next((part for part in parts if part not in self.letters), None)
            if missing is not None:
                self.lacking = True
                hint = self.words.hint(missing, "add it to notes.csv")
                return tuple(found), (f"notes.csv has no note {missing!r}.", hint)
            found += parts
        self.used.update(found)
        return tuple(dict.fromkeys(found)), None


def columns_of(grid: Grid, reader: Reader, faults: list[Fault]) -> list[Column]:
    """The trains of a grid, each with its calls."""
    train_row = grid.header["train"]
    columns: list[Column] = []
    used_rows = sorted(
        {r for v in grid.visits for r in (v.arrival_row, v.departure_row) if r is not None}
    )
    texts_of = list(zip(*grid.rows, strict=True))
    candidates = [i for i in range(len(texts_of)) if is_candidate(grid, i, train_row, faults)]
    grid.british = is_british(row_cells(grid, "days", candidates))
    clock = reader.clock or clock_of(
        (texts_of[i][row] for i in candidates for row in used_rows), reader.letters
    )
    before: dict[str, str] = {}
    for index in candidates:
        texts = texts_of[index]
        train = texts[train_row]
        header = header_of(grid, texts, before)
        before = header
        check_forms(grid, index, header, faults)
        repeats = EVERY.fullmatch(train)
        if repeats is not None and columns:
            columns[-1].every = interval(grid, train_row, index, repeats, faults)
            continue
        book = book_of(reader, header, clock, grid.british)
        calls = calls_of(grid, texts, book)
        wrong = [row for row in used_rows if texts[row] in book.bad] if book.bad else []
        if is_no_train(texts, wrong, used_rows, train):
            faults.append(no_train(grid, index, train_row, train))
            continue
        for row in wrong:
            code, message, hint = book.bad[texts[row]]
            faults.append(grid.fault(code, row, index, message, hint))
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


def is_candidate(grid: Grid, index: int, train_row: int, faults: list[Fault]) -> bool:
    """Whether a column may be a train: not the labels, the kinds, or a column known to be none."""
    train = grid.rows[train_row][index]
    if index == grid.kind_column:
        if train and folded_label(train) not in KINDS and folded(train) not in NO_TRAIN_WORDS:
            faults.append(
                grid.fault(
                    "train_above_kinds",
                    train_row,
                    index,
                    "This column says arr or dep; it has no train.",
                )
            )
        return False
    if index in (0, grid.label_column):
        return False
    first = min((top(visit) for visit in grid.visits), default=0)
    if not train and any(folded_label(row[index]) in NO_TRAIN_WORDS for row in grid.rows[:first]):
        return False
    return folded_label(train) not in NO_TRAIN_WORDS and not train.lower().startswith("x_")


def row_cells(grid: Grid, name: str, candidates: Iterable[int]) -> list[str]:
    row = grid.header.get(name)
    return [] if row is None else [grid.rows[row][i] for i in candidates if grid.rows[row][i]]


def header_of(grid: Grid, texts: tuple[str, ...], before: dict[str, str]) -> dict[str, str]:
    """What the upper rows say of a train; a ditto mark repeats what they say of the one before."""
    header = {}
    for name, row in grid.header.items():
        text = texts[row]
        if text in DITTO and name not in ("train", "trip", "number"):
            text = before.get(name, "")
        if text:
            header[name] = text
    return header


def check_forms(grid: Grid, index: int, header: dict[str, str], faults: list[Fault]) -> None:
    for name in FORMS.keys() & header.keys():
        pattern, words = FORMS[name]
        if not re.fullmatch(pattern, header[name]):
            row = grid.header[name]
            faults.append(grid.fault("invalid_value", row, index, f"This is not {words}."))
    if "clock" in header and folded(header["clock"]) not in CLOCKS["clock"]:
        row = grid.header["clock"]
        message = "This does not say by which clock the train's times are."
        faults.append(grid.fault("invalid_value", row, index, message, "write 24, 12, am or pm"))


def book_of(reader: Reader, header: dict[str, str], clock: str, british: bool) -> Book:
    """The cells of a column, in the manner of its table unless its row `clock` has another."""
    said = folded(header.get("clock", ""))
    clock = CLOCK_WORDS.get(said, "12" if said in HALF_WORDS else clock)
    return reader.book(clock, HALF_WORDS.get(said, ""), british)


def calls_of(grid: Grid, texts: tuple[str, ...], book: Book) -> list[Call]:
    """What a train does at each visit at which it has a cell."""
    calls = []
    cell = book.cell
    for visit, each in enumerate(grid.visits):
        arrival_row, departure_row = each.arrival_row, each.departure_row
        departure = cell(texts[departure_row]) if departure_row is not None else None
        if arrival_row == departure_row:
            arrival = departure
            if departure is not None and departure_row is not None:
                arrival, departure = both_times(texts[departure_row], departure, book)
        else:
            arrival = cell(texts[arrival_row]) if arrival_row is not None else None
        arrival, departure = without_line(arrival, departure)
        if arrival is not None or departure is not None:
            single = each.single and arrival is departure
            platform = texts[each.platform_row] if each.platform_row is not None else ""
            if platform:
                book.reader.platforms += 1
            calls.append(Call(visit, arrival, departure, single, platform))
    while calls and is_line(calls[0]):
        del calls[0]
    while calls and is_line(calls[-1]):
        del calls[-1]
    return calls


def without_line(arrival: Cell | None, departure: Cell | None) -> tuple[Cell | None, Cell | None]:
    """A line or arrow beside a time of the same station fills the cell and says nothing."""
    if arrival is None or departure is None or arrival is departure:
        return arrival, departure
    if is_bare_line(arrival) and not departure.passes:
        return None, departure
    if is_bare_line(departure) and not arrival.passes:
        return arrival, None
    return arrival, departure


def is_bare_line(cell: Cell) -> bool:
    return cell.passes and cell.clock is None


def is_line(call: Call) -> bool:
    """Whether nothing but a line or arrow stands at a station."""
    cells = [cell for cell in (call.arrival, call.departure) if cell is not None]
    return all(map(is_bare_line, cells))


TWO_TIMES = re.compile(r"\s*[/\n\u2044\u2215]\s*")


def both_times(text: str, cell: Cell, book: Book) -> tuple[Cell | None, Cell | None]:
    """`7:10/7:15` in the one row of a station: arrival and departure."""
    if text not in book.bad:
        return cell, cell
    pieces = TWO_TIMES.split(text)
    if len(pieces) != 2:
        return cell, cell
    both = [book.cell(piece) for piece in pieces]
    if any(piece in book.bad for piece in pieces):
        return cell, cell
    del book.bad[text]
    del book.cells[text]
    return both[0], both[1]


def is_no_train(texts: tuple[str, ...], wrong: list[int], used_rows: list[int], train: str) -> bool:
    """Whether most cells of a column are no times, so that the column itself is the fault."""
    filled = [row for row in used_rows if texts[row] and not NOTHING.fullmatch(texts[row])]
    if len(wrong) > 1 and 2 * len(wrong) > len(filled):
        return True
    if not wrong or len(filled) < 2 or len(train) <= 3 or not train.isalpha():
        return False
    return nearest(train, NO_TRAIN_WORDS) is not None


def no_train(grid: Grid, index: int, train_row: int, train: str) -> Fault:
    return grid.fault(
        "column_without_times",
        train_row,
        index,
        "Most cells of this column are no times: is it a train?",
        grid.no_trains.hint(train, "head a column that is none with km, note or x_...")
        if train
        else "head it with km, note or x_... if it is none",
    )


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
    bad = {text for book in reader.books.values() for text in book.bad}
    if bad:
        check_cells_are_times(grid, bad, faults)
    check_left_out(grid, faults)
    check_notes(grid, columns, faults)


def top(visit: Visit) -> int:
    """The first row of a visit."""
    return next(row for row in (visit.arrival_row, visit.departure_row) if row is not None)


def check_left_out(grid: Grid, faults: list[Fault]) -> None:
    """One remark for all rows that have no place in the feed."""
    heads = [grid.header[name] for name in LEFT_OUT if name in grid.header]
    train_row = grid.header["train"]
    rows = sorted(row for row in (*grid.left_out, *heads) if row > train_row)
    if rows:
        shown = ", ".join(repr(grid.label(row)[:24]) for row in rows[:3])
        faults.append(
            grid.fault(
                "rows_left_out",
                rows[0],
                grid.label_column,
                f"{len(rows)} row{'s are' if len(rows) > 1 else ' is'} no station and not in the"
                f" feed: {shown}{' ...' if len(rows) > 3 else ''}.",
                "begin such rows with #",
                Severity.INFO,
            )
        )


def check_cells_are_times(grid: Grid, bad: set[str], faults: list[Fault]) -> None:
    """A row none of whose cells is a time is perhaps no station at all."""
    for visit in grid.visits:
        for row in {visit.arrival_row, visit.departure_row} - {None}:
            assert row is not None
            first = 1 if grid.kind_column is None else 2
            cells = [cell for cell in grid.rows[row][first:] if cell]
            if len(cells) > 1 and all(cell in bad for cell in cells):
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
