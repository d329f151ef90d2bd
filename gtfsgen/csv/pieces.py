"""The fast road: big CSV files a piece at a time, odd lines apart.

Only the text of one piece is held. A plain piece is read whole with numpy (`gtfsgen.csv.grid`).
Otherwise its lines are sorted: comments and blank lines are dropped, lines with oddities go down
the careful road (`gtfsgen.csv.records`), and the rest is read with numpy again or, if there are
quotes in it, with pyarrow (`gtfsgen.csv.quoted`). Lines of a wrong length are looked for only when
the rest proves not to be a grid.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import polars as pl

from gtfsgen.csv import raw, records
from gtfsgen.csv.columns import Chunk, Dictionary, Growing, read_numbers
from gtfsgen.csv.grid import Cells, Grid
from gtfsgen.csv.streams import DamagedEntry

_NUL, _LF, _CR, _SPACE, _QUOTE, _HASH, _COMMA = b'\0\n\r "#,'

WORKERS = 2
LONGEST_RECORD = 8 << 20
"""Bytes: more than 512 cells of 4,096 characters have."""
TOO_LONG = "a record is longer than 8 MiB; perhaps the line ends are missing"
SHORTEST_RUN = 4
"""Rows to a run, on the average, from which looking for runs pays."""
Effort = Literal["quick", "lengths", "careful"]


def read(
    start: bytes, source: Any, kinds: dict[str, raw.Kind], limit: int, piece_bytes: int
) -> raw.RawTable:
    """A table from its first bytes and the source of the others; see `csv.read_table`."""
    start = raw.without_bom(start)
    ended = False
    while True:
        text = raw.decode(start)
        try:
            names, end, lines = records.header(text, limit)
        except records.ParsingFailed as failed:
            return raw.RawTable([], failure=raw.failure(failed, text), header_failed=True)
        if ended or (names is not None and (end <= len(text) or len(start) > LONGEST_RECORD)):
            break
        more = source.take(max(len(start), piece_bytes))
        ended = not more
        start += more
    if names is None:
        return raw.RawTable(None)
    rows_at = _line_start(start, lines)
    table = _Table(names, kinds, limit, lines, records.units(raw.decode(start[:rows_at])))
    _read_rows(table, start[rows_at:], source, piece_bytes)
    return table.finished()


def _line_start(data: bytes, line: int) -> int:
    """Where the line with this index, counted from 0, starts. A bad byte never hides a line end."""
    at = 0
    for _ in range(line):
        at = data.find(b"\n", at) + 1
        if at == 0:
            return len(data)
    return at


def _read_rows(table: _Table, carry: bytes, source: Any, piece_bytes: int) -> None:
    """Read all pieces, plain ones on other threads while the next ones are inflated.

    Every piece is taken for plain at first, so that it is known where the next one starts. If one
    turns out to end within a quoted cell, the rest of it is put before the next.
    """
    pieces = _pieces(carry, source, piece_bytes)
    pending: deque[tuple[bytes, bool, Future[_Rows | None]]] = deque()
    rest = b""
    damage: DamagedEntry | None = None
    ended = False
    with ThreadPoolExecutor(WORKERS) as pool:
        while table.failure is None:
            while not ended and len(pending) <= WORKERS:
                try:
                    piece, final = next(pieces)
                except DamagedEntry as error:
                    damage, ended = error, True
                    break
                ended = final
                pending.append((piece, final, pool.submit(table.plain_rows, piece)))
            if not pending:
                break
            piece, final, found = pending.popleft()
            if rest:
                piece = rest + piece
                # Some cell of so long a record is beyond the limit; taken for the file's end, it
                # says so, where looking for its end would take the square of the file's length.
                cut = len(piece) > LONGEST_RECORD
                rest = table.add(piece, table.plain_rows(piece), final or cut)
                if cut and table.failure is None:
                    damage = damage or DamagedEntry(TOO_LONG)
                    break
            else:
                rest = table.add(piece, found.result(), final)
    if damage and table.failure is None:
        table.failure = raw.unreadable(damage)


def _pieces(carry: bytes, source: Any, piece_bytes: int) -> Iterator[tuple[bytes, bool]]:
    """Whole lines, and whether they are the last ones; these may lack their end, or be none."""
    final = False
    while not final:
        more = source.take(max(piece_bytes - len(carry), piece_bytes // 2, 1))
        final = not more
        data = carry + more
        cut = len(data) if final else data.rfind(b"\n") + 1
        carry = data[cut:]
        if cut or final:
            yield data[:cut], final
        if len(carry) > LONGEST_RECORD:
            raise DamagedEntry(TOO_LONG)


@dataclass(slots=True)
class _Rows:
    """The rows of a plain piece."""

    height: int
    chunks: dict[str, Chunk]


@dataclass(slots=True)
class _Lines:
    """The lines of a piece that end within it, sorted; arrays have an item for each of them."""

    starts: np.ndarray
    ends: np.ndarray  # where the LF stands
    odd: np.ndarray  # for the careful road
    skipped: np.ndarray  # comments and blank lines
    ragged: np.ndarray  # of a wrong length, and nothing else odd about them
    cells: np.ndarray  # how many cells a ragged line has

    def done(self, first: int, last: int) -> None:
        """Take lines from `first` up to `last` out of all sorts but the odd one."""
        self.odd[first:last] = True
        self.skipped[first:last] = self.ragged[first:last] = False

    @property
    def good(self) -> np.ndarray:
        return ~(self.odd | self.skipped | self.ragged)


@dataclass(slots=True)
class _OddLines:
    """What the careful road found: rows with their lines, and how much of the piece is used up."""

    rows: raw.CarefulRows
    used: int
    failure: dict[str, Any] | None = None


@dataclass(slots=True)
class _Table:
    """What has been read so far."""

    names: list[str]
    kinds: dict[str, raw.Kind]
    limit: int
    lines: int  # physical lines before the current piece
    units: int  # and UTF-16 units
    failure: dict[str, Any] | None = None
    row_lines: list[np.ndarray] = field(default_factory=list)
    columns: dict[str, Growing] = field(init=False)
    bad_lines: list[np.ndarray] = field(default_factory=list)
    bad_lengths: list[np.ndarray] = field(default_factory=list)
    empty_lines: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.columns = {
            name: Growing(kind) for name, kind in self.kinds.items() if name in self.names
        }

    def plain_rows(self, data: bytes) -> _Rows | None:
        """The rows of lines that are plain, else None. Threads may do this in any order."""
        grid = Grid.of(data, len(self.names), self.limit)
        if grid is None:
            return None
        chunks = {
            name: _chunk(grid, self.names.index(name), column)
            for name, column in self.columns.items()
        }
        return _Rows(grid.height, chunks)

    def add(self, data: bytes, plain: _Rows | None, final: bool) -> bytes:
        """Take in whole lines, or the end of the file, plain or not; returns the bytes not used.

        Bytes are left over when a quoted cell runs on into the next piece.
        """
        if plain is not None:
            first = self.lines + 1
            row_lines = np.arange(first, first + plain.height, dtype=np.uint32)
            self._add_rows(row_lines, plain.chunks)
            self.lines += plain.height
            self.units += _units(data)
            return b""
        if not data:
            return b""
        data = _valid(data)
        efforts: tuple[Effort, ...] = ("quick", "lengths", "careful")
        for effort in efforts if len(self.names) > 1 else efforts[2:]:
            lines = _sorted_lines(data, effort, len(self.names), self.limit)
            odd = self._read_odd(data, lines, final)
            good = np.flatnonzero(lines.good)
            chunks = self._converted(_joined(data, lines, good), len(good))
            if chunks is not None:
                self._add_sorted(lines, good, chunks, odd)
                break
        self.lines += data.count(b"\n", 0, odd.used)
        self.units += _units(data[: odd.used])
        return data[odd.used :]

    def _read_odd(self, data: bytes, lines: _Lines, final: bool) -> _OddLines:
        """Read odd lines, each with the lines that its quoted cells run on into."""
        found = _OddLines(raw.CarefulRows(self.names), len(data))
        count = len(lines.starts)
        after = 0  # the first line that no record has used
        for line in np.flatnonzero(lines.odd).tolist():
            if line < after:
                continue
            at = int(lines.starts[line])
            span = 1
            while True:
                whole = line + span >= count
                text = data[at : None if whole else lines.starts[line + span]].decode()
                try:
                    cells, end = records.quoted_record(text, 0, self.limit)
                except records.ParsingFailed as failed:
                    units = self.units + _units(data[:at])
                    found.failure = raw.failure(failed, text, self.lines + line, units)
                    lines.done(line, count)
                    return found
                if end <= len(text) or whole:
                    break
                span *= 2
            if end > len(text) and not final:
                lines.done(line, count)
                found.used = at
                return found
            used = text.count("\n", 0, end)
            after = line + used
            lines.done(line, after)
            if cells:
                number = self.lines + after + (end > len(text))
                found.rows.add(records.Record(cells, number, at, at))
            if end > len(text):
                return found
        if final:
            self._read_unfinished_line(data, lines, found)
        return found

    def _read_unfinished_line(self, data: bytes, lines: _Lines, found: _OddLines) -> None:
        """The file's last line, if it lacks its line end."""
        start = int(lines.ends[-1]) + 1 if len(lines.ends) else 0
        before = self.lines + len(lines.ends)
        text = data[start:].decode()
        try:
            for record in records.records(text, self.limit, 0, before):
                found.rows.add(record)
        except records.ParsingFailed as failed:
            found.failure = raw.failure(failed, text, before, self.units + _units(data[:start]))

    def _converted(self, data: bytes, rows: int) -> dict[str, Chunk] | None:
        """The wanted columns of plain lines, or None if they are not as plain as they look."""
        if not rows:
            return {}
        if found := self.plain_rows(data):
            return found.chunks if found.height == rows else None
        from gtfsgen.csv import quoted  # pyarrow's parser, which plain files can do without

        return quoted.read(data, rows, self.names, self.columns)

    def _add_rows(self, row_lines: np.ndarray, chunks: dict[str, Chunk]) -> None:
        if not len(row_lines):
            return
        for name, chunk in chunks.items():
            self.columns[name].add(chunk)
        self.row_lines.append(row_lines)

    def _add_sorted(
        self, lines: _Lines, good: np.ndarray, plain: dict[str, Chunk], odd: _OddLines
    ) -> None:
        self._add_rows((good + (self.lines + 1)).astype(np.uint32), plain)
        ragged = np.flatnonzero(lines.ragged)
        rows = odd.rows
        self.bad_lines += [ragged + (self.lines + 1), np.array(rows.bad_lines, np.int64)]
        self.bad_lengths += [lines.cells[ragged], np.array(rows.bad_lengths, np.int64)]
        self.empty_lines += rows.empty_lines
        if rows.lines:
            for name, column in self.columns.items():
                column.add_cells(rows.column(self.names.index(name)))
            self.row_lines.append(np.array(rows.lines, np.uint32))
        self.failure = odd.failure

    def finished(self) -> raw.RawTable:
        row_lines = np.concatenate([np.zeros(0, np.uint32), *self.row_lines])
        order = None
        if len(row_lines) and not (row_lines[1:] > row_lines[:-1]).all():
            order = np.argsort(row_lines, kind="stable")
            row_lines = row_lines[order]
        table = raw.RawTable(self.names, failure=self.failure)
        for name in list(self.columns):
            table.columns[name] = self.columns.pop(name).finished(order)
        table.csv_row_number = pl.Series(row_lines)
        none = np.zeros(0, np.int64)
        table.bad_lengths = raw.bad_length_frame(
            np.concatenate([none, *self.bad_lines]), np.concatenate([none, *self.bad_lengths])
        ).sort("csv_row_number")
        table.empty_rows = pl.Series(sorted(self.empty_lines), dtype=pl.UInt32)
        if self.failure is not None:
            _forget_last(table)
        return table


def _chunk(grid: Grid, index: int, column: Growing) -> Chunk:
    cells = grid.column(index)
    blank = cells.starts == cells.ends
    if blank.all():
        return Chunk.of_blanks(len(blank))
    if column.kind == "text":
        return _codes(grid, cells, blank, column.dictionary)
    return _numbers(grid, cells, blank, column.kind)


def _codes(grid: Grid, cells: Cells, blank: np.ndarray, dictionary: Dictionary) -> Chunk:
    if not blank.any():
        return Chunk(_codes_of_filled(grid, cells, dictionary))
    filled = np.flatnonzero(~blank)
    codes = np.zeros(len(cells), np.uint32)
    codes[filled] = _codes_of_filled(grid, cells[filled], dictionary)
    return Chunk(codes, blank)


def _codes_of_filled(grid: Grid, cells: Cells, dictionary: Dictionary) -> np.ndarray:
    """Where equal ids stand together, as they nearly always do, one of each run is looked up."""
    if dictionary.grouped:
        firsts = grid.changes(cells)
        if len(firsts) * SHORTEST_RUN <= len(cells):
            codes = dictionary.codes(grid.texts(cells[firsts]))
            return np.repeat(codes, np.diff(firsts, append=len(cells)))
        dictionary.grouped = False
    return dictionary.codes(grid.texts(cells))


def _numbers(grid: Grid, cells: Cells, blank: np.ndarray, kind: raw.Kind) -> Chunk:
    read = {"float": grid.floats, "integer": grid.integers, "time": grid.times}[kind]
    numbers = read(cells)
    rest = numbers.rest
    if not len(rest):
        return Chunk(numbers.values, blank if blank.any() else None)
    further = read_numbers(grid.texts(cells[rest]), kind)
    numbers.values[rest] = further.values
    if further.blank is not None:
        blank[rest] = further.blank
    odd = further.odd
    if odd is not None and odd.height:
        odd = raw.odd_frame(rest[odd["row"].to_numpy()], odd["text"])
    return Chunk(numbers.values, blank if blank.any() else None, odd)


def _units(data: bytes) -> int:
    """Length in UTF-16 units of valid UTF-8: one for each character, two for those above U+FFFF."""
    if data.isascii():
        return len(data)
    octets = np.frombuffer(data, np.uint8)
    return int(np.count_nonzero(octets & 0xC0 != 0x80) + np.count_nonzero(octets >= 0xF0))


def _valid(data: bytes) -> bytes:
    """The text as valid UTF-8."""
    if not data.isascii():
        try:
            data.decode()
        except UnicodeDecodeError:
            return raw.decode(data).encode()
    return data


def _sorted_lines(data: bytes, effort: Effort, width: int, limit: int) -> _Lines:
    text = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero(text == _LF)
    starts = np.concatenate([np.zeros(min(len(ends), 1), np.int64), ends[:-1] + 1])
    none = np.zeros(len(ends), bool)
    lines = _Lines(starts, ends, none.copy(), none.copy(), none.copy(), np.zeros(len(ends)))
    if not len(ends):
        return lines
    text = text[: ends[-1] + 1]
    quotes = np.flatnonzero(text == _QUOTE)
    quote_lines = np.searchsorted(ends, quotes)
    if effort == "careful":
        lines.odd[:] = True
    else:
        _mark_odd(lines, text, quotes, quote_lines, limit)
    lines.skipped |= text[starts] == _HASH
    blank_starts = np.flatnonzero(text[starts] <= _SPACE)
    if len(blank_starts):
        filled = np.append(np.flatnonzero(text > _SPACE), len(text))
        first = filled[np.searchsorted(filled, starts[blank_starts])]
        lines.skipped[blank_starts] = first >= ends[blank_starts]
    lines.odd &= ~lines.skipped
    if effort == "lengths":
        lines.cells = _cell_counts(lines, text, quotes, quote_lines)
        lines.ragged = (lines.cells != width) & lines.good
        # A line of one quoted cell may be an empty row, and too many cells are the end of the file.
        again = lines.ragged & (lines.cells > records.MAX_CELLS)
        again[quote_lines] |= lines.ragged[quote_lines]
        lines.odd |= again
        lines.ragged &= ~again
    return lines


def _mark_odd(
    lines: _Lines, text: np.ndarray, quotes: np.ndarray, quote_lines: np.ndarray, limit: int
) -> None:
    """Mark what only the careful road reads rightly."""
    ends = lines.ends
    if limit:
        lines.odd |= ends - lines.starts > limit
    returns = np.flatnonzero(text[:-1] == _CR)
    lone = returns[text[returns + 1] != _LF]
    nuls = np.flatnonzero(text == _NUL)
    strays = np.concatenate([lone, nuls])
    lines.odd[np.searchsorted(ends, strays)] = True
    if len(quotes):
        lines.odd[quote_lines[~_regular(text, quotes, quote_lines, limit)]] = True


def _regular(
    text: np.ndarray, quotes: np.ndarray, quote_lines: np.ndarray, limit: int
) -> np.ndarray:
    """Which quotes of a line open and close whole cells in turn, with no blanks at either edge.

    pyarrow does not tell quoted cells from others, and only others lose the blanks at their edges.
    """
    opening = _rank(quote_lines) & 1 == 0
    before = np.where(quotes > 0, text[quotes - 1], _LF)
    after = text[quotes + 1]
    closes_line = (after == _LF) | (
        (after == _CR) & (text[np.minimum(quotes + 2, len(text) - 1)] == _LF)
    )
    same_line = np.append(quote_lines[1:] == quote_lines[:-1], False)
    opens = ((before == _COMMA) | (before == _LF)) & (after > _SPACE) & same_line
    if limit:
        opens &= np.append(np.diff(quotes) <= limit, False)
    closes = ((after == _COMMA) | closes_line) & (before > _SPACE)
    return np.where(opening, opens, closes)


def _rank(groups: np.ndarray) -> np.ndarray:
    """The place of each item within its run of equal items, from 0."""
    index = np.arange(len(groups))
    starts = np.append(True, groups[1:] != groups[:-1])
    return index - np.maximum.accumulate(np.where(starts, index, 0))


def _cell_counts(
    lines: _Lines, text: np.ndarray, quotes: np.ndarray, quote_lines: np.ndarray
) -> np.ndarray:
    """Cells of each line, rightly counted where its quotes are regular."""
    commas = np.flatnonzero(text == _COMMA)
    if len(quotes):
        last_quote = np.searchsorted(quotes, commas) - 1
        ranks = _rank(quote_lines)
        found = np.maximum(last_quote, 0)
        comma_lines = np.searchsorted(lines.ends, commas)
        inside = (last_quote >= 0) & (quote_lines[found] == comma_lines) & (ranks[found] & 1 == 0)
        commas = commas[~inside]
    return np.diff(np.searchsorted(commas, lines.ends), prepend=0) + 1


def _joined(data: bytes, lines: _Lines, good: np.ndarray) -> bytes:
    """The text of good lines."""
    if len(good) == len(lines.starts):
        return data[: lines.ends[-1] + 1] if len(good) else b""
    if not len(good):
        return b""
    breaks = np.flatnonzero(np.diff(good) != 1)
    firsts = lines.starts[good[np.append(0, breaks + 1)]].tolist()
    lasts = lines.ends[good[np.append(breaks, len(good) - 1)]].tolist()
    return b"".join(data[first : last + 1] for first, last in zip(firsts, lasts, strict=True))


def _forget_last(table: raw.RawTable) -> None:
    """The canonical reader is one record ahead, and loses the one before a record that fails."""
    last = max(
        (
            lines[-1]
            for lines in (
                table.csv_row_number,
                table.bad_lengths["csv_row_number"],
                table.empty_rows,
            )
            if len(lines)
        ),
        default=0,
    )
    table.bad_lengths = table.bad_lengths.filter(pl.col("csv_row_number") != last)
    table.empty_rows = table.empty_rows.filter(table.empty_rows != last)
    if table.height and table.csv_row_number[-1] == last:
        height = table.height - 1
        table.csv_row_number = table.csv_row_number.head(height)
        for name, column in table.columns.items():
            if isinstance(column, raw.Column):
                table.columns[name] = raw.Column(column.codes.head(height), column.values)
            else:
                odd = column.odd.filter(pl.col("row") < height)
                table.columns[name] = raw.Direct(column.values.head(height), odd)
