"""From a grid to its trains: each column with what the upper rows say of it and its calls."""

from __future__ import annotations

import re
from collections.abc import Iterable

from gtfsgen.faults import Fault, Severity
from gtfsgen.source.books import Book, Reader
from gtfsgen.source.british import is_british
from gtfsgen.source.grids import (
    EVERY,
    Call,
    Column,
    Grid,
    top,
)
from gtfsgen.source.heads import KINDS, LEFT_OUT, NO_TRAIN_WORDS, folded_label
from gtfsgen.source.manners import AGENCY, CLOCK_WORDS, HALF_WORDS, clock_of, is_open
from gtfsgen.source.repeats import parted, repeat, step_of
from gtfsgen.source.tables import YES_NO
from gtfsgen.source.times import DAY, NOTHING, Cell, TimeError, parse_clock
from gtfsgen.source.upper_rows import header_of, settle_upper_rows
from gtfsgen.source.words import folded, nearest

CLOCKS = {"clock": {**CLOCK_WORDS, **HALF_WORDS, AGENCY: AGENCY}}
FORMS = {
    "bikes": YES_NO,
    "wheelchair": YES_NO,
    "reservation": (
        r"(?i:required|recommended|possible|no)",
        "required, recommended, possible or no",
    ),
    "direction": (r"[01]", "0 or 1"),
}
"""Header rows whose cells have a form."""


def columns_of(grid: Grid, reader: Reader, faults: list[Fault]) -> list[Column]:
    """The trains of a grid, each with its calls."""
    train_row = grid.header["train"]
    columns: list[Column] = []
    used_rows = sorted(
        {r for v in grid.visits for r in (v.arrival_row, v.departure_row) if r is not None}
    )
    texts_of = list(zip(*grid.rows, strict=True))
    candidates = [i for i in range(len(texts_of)) if is_candidate(grid, i, train_row, faults)]
    heads = grid.rows[train_row]
    steps = {i: step_of(texts_of[i]) for i in candidates if not DIGIT.search(heads[i])}
    settle_upper_rows(grid, [i for i in candidates if not steps.get(i)], reader, faults)
    grid.british = is_british(row_cells(grid, "days", candidates))
    clock = reader.clock or clock_of(
        (texts_of[i][row] for i in candidates for row in used_rows), reader.letters
    )
    before: dict[str, str] = {}
    between: list[tuple[int, int, int]] = []
    for index in candidates:
        texts = texts_of[index]
        train = texts[train_row]
        if step := steps.get(index):
            between.append((len(columns), index, step))
            continue
        header = header_of(grid, texts, before, reader, index, faults)
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
    cells = (texts_of[i][row] for i in candidates for row in used_rows)
    if not reader.clock and "clock" not in grid.header and is_open(cells):
        check_halves(columns, faults)
    repeat(columns, between, train_row, faults)
    return [each for column in columns for each in parted(column, faults)]


DIGIT = re.compile(r"\d")


BACK_S = 4 * 3600
"""Clocks that go back by so much do not do so at a border."""


def check_halves(columns: list[Column], faults: list[Fault]) -> None:
    """Times from 1:00 to 12:59 alone that go back: bold print, which is not read, may say p.m."""
    for column in columns:
        before = 0
        for call in column.calls:
            visit = column.grid.visits[call.visit]
            for cell, row in (
                (call.arrival, visit.arrival_row),
                (call.departure, visit.departure_row),
            ):
                if cell is None or cell.clock is None or row is None:
                    continue
                if cell.day is None and before - cell.clock > BACK_S:
                    faults.append(
                        column.fault(
                            "ambiguous_half",
                            row,
                            "All times of this table are from 1:00 to 12:59, and here they go back:"
                            " it can be read in two ways, p.m., or the next day.",
                            "write am and pm (bold print is not read), or a row clock with 24",
                        )
                    )
                    return
                before = cell.clock


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
    if index == grid.label_column or (index == 0 and (grid.has_own_heads or not train)):
        return False
    first = min((top(visit) for visit in grid.visits), default=0)
    if not train and any(folded_label(row[index]) in NO_TRAIN_WORDS for row in grid.rows[:first]):
        return False
    return folded_label(train) not in NO_TRAIN_WORDS and not train.lower().startswith("x_")


def row_cells(grid: Grid, name: str, candidates: Iterable[int]) -> list[str]:
    row = grid.header.get(name)
    return [] if row is None else [grid.rows[row][i] for i in candidates if grid.rows[row][i]]


def check_forms(grid: Grid, index: int, header: dict[str, str], faults: list[Fault]) -> None:
    for name in FORMS.keys() & header.keys():
        pattern, words = FORMS[name]
        if not re.fullmatch(pattern, header[name]):
            row = grid.header[name]
            faults.append(grid.fault("invalid_value", row, index, f"This is not {words}."))
    if "clock" in header and folded(header["clock"]) not in CLOCKS["clock"]:
        row = grid.header["clock"]
        message = "This does not say by which clock the train's times are."
        faults.append(
            grid.fault("invalid_value", row, index, message, "write 24, 12, am, pm or agency")
        )


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
