"""The fast road: big CSV files a piece at a time with pyarrow, odd lines apart.

Only the text of one piece is held. A piece without oddities goes to pyarrow whole. Otherwise its
lines are sorted: comments and blank lines are dropped, lines that pyarrow might read otherwise than
the canonical validator's parser go down the careful road (`gtfsgen.feed.records`), the rest to
pyarrow. Lines of a wrong length are looked for only when pyarrow stumbles over one.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from gtfsgen.feed import csv, records
from gtfsgen.feed.archive import DamagedEntry

BLOCK_BYTES = 4 * 1024 * 1024  # what one thread of pyarrow reads at a time
_BLANKS = records.BLANKS.encode()
_NUL, _LF, _CR, _SPACE, _QUOTE, _HASH, _COMMA = b'\0\n\r "#,'

_TEXT = pa.dictionary(pa.int32(), pa.string())
_NUMBERS = {"float": pa.float64(), "integer": pa.int32()}


def _memory_pool() -> pa.MemoryPool:
    """The allocator that leaves the fewest holes with many small pieces, where it is built in."""
    try:
        return pa.jemalloc_memory_pool()
    except NotImplementedError:
        return pa.default_memory_pool()


_POOL = _memory_pool()
Effort = Literal["quick", "lengths", "careful"]


def read(
    start: bytes, source: Any, kinds: dict[str, csv.Kind], limit: int, piece_bytes: int
) -> csv.RawTable:
    """A table from its first bytes and the source of the others; see `csv.read_table`."""
    start = csv.without_bom(start)
    ended = False
    while True:
        text = csv.decode(start)
        try:
            names, end, lines = records.header(text, limit)
        except records.ParsingFailed as failed:
            return csv.RawTable([], failure=csv.failure(failed, text), header_failed=True)
        if ended or (names is not None and end <= len(text)):
            break
        more = source.take(max(len(start), piece_bytes))
        ended = not more
        start += more
    if names is None:
        return csv.RawTable(None)
    table = _Table(names, kinds, limit, lines)
    _read_rows(table, start[_line_start(start, lines) :], source, piece_bytes)
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
    final = False
    while not final and table.failure is None:
        try:
            more = source.take(max(piece_bytes - len(carry), piece_bytes // 2, 1))
        except DamagedEntry as damage:
            table.failure = csv.unreadable(damage)
            return
        final = not more
        data = carry + more if carry else more
        cut = len(data) if final else data.rfind(b"\n") + 1
        rest = table.add(data[:cut], final) if cut else b""
        carry = rest + data[cut:]


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

    rows: csv.CarefulRows
    used: int
    failure: dict[str, Any] | None = None


@dataclass(slots=True)
class _Table:
    """What has been read so far."""

    names: list[str]
    kinds: dict[str, csv.Kind]
    limit: int
    lines: int  # physical lines before the current piece
    chars: int = 0
    height: int = 0
    failure: dict[str, Any] | None = None
    row_lines: list[np.ndarray] = field(default_factory=list)
    chunks: dict[str, list[Any]] = field(default_factory=dict)
    odd_cells: dict[str, list[pl.DataFrame]] = field(default_factory=dict)
    bad_lines: list[np.ndarray] = field(default_factory=list)
    bad_lengths: list[np.ndarray] = field(default_factory=list)
    empty_lines: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.kinds = {name: kind for name, kind in self.kinds.items() if name in self.names}
        self.chunks = {name: [] for name in self.kinds}
        self.odd_cells = {name: [] for name in self.kinds}

    def add(self, data: bytes, final: bool) -> bytes:
        """Take in whole lines, or the end of the file; returns the bytes not used.

        Bytes are left over when a quoted cell runs on into the next piece.
        """
        if len(self.names) > 1 and _looks_plain(data, self.limit):
            rows = data.count(b"\n")
            plain = self._converted(data, rows)
            if plain is not None:
                first = self.lines + 1
                self._add_rows(np.arange(first, first + rows, dtype=np.uint32), plain)
                self.lines += rows
                return b""
        data = _valid(data)
        efforts: tuple[Effort, ...] = ("quick", "lengths", "careful")
        for effort in efforts if len(self.names) > 1 else efforts[2:]:
            lines = _sorted_lines(data, effort, len(self.names), self.limit)
            odd = self._read_odd(data, lines, final)
            good = np.flatnonzero(lines.good)
            plain = self._converted(_joined(data, lines, good), len(good))
            if plain is not None:
                self._add_sorted(lines, good, plain, odd)
                break
        self.lines += data.count(b"\n", 0, odd.used)
        return data[odd.used :]

    def _read_odd(self, data: bytes, lines: _Lines, final: bool) -> _OddLines:
        """Read odd lines, each with the lines that its quoted cells run on into."""
        found = _OddLines(csv.CarefulRows(self.names), len(data))
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
                    found.failure = csv.failure(failed, text, self.lines + line, 0)
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
            found.failure = csv.failure(failed, text, before, 0)

    def _converted(self, data: bytes, rows: int) -> dict[str, _Cells] | None:
        """The wanted columns of plain lines, or None if they are not as plain as they look."""
        if not rows:
            return {}
        if data.startswith(codecs.BOM_UTF8):
            data = (
                codecs.BOM_UTF8 + data
            )  # pyarrow takes one off, wherever in the file the piece is
        numbers = {
            name: _NUMBERS[kind]
            for name, kind in self.kinds.items()
            if kind != "text" and not (kind == "integer" and _may_hold_hexadecimals(data))
        }
        for types in [numbers, {}] if numbers else [{}]:
            try:
                table = self._parsed(data, types)
            except pa.ArrowInvalid:
                continue
            if table.num_rows != rows:
                return None
            columns = {name: self._cells(name, table) for name in self.kinds}
            if all(column is not None for column in columns.values()):
                return columns  # type: ignore[return-value]
        return None

    def _parsed(self, data: bytes, numbers: dict[str, pa.DataType]) -> pa.Table:
        """Parse with pyarrow; columns of a kind of number that are not in `numbers` stay texts."""
        positions = {name: str(self.names.index(name)) for name in self.kinds} or {"": "0"}
        types = {
            position: numbers.get(name, pa.string() if self.kinds.get(name) in _NUMBERS else _TEXT)
            for name, position in positions.items()
        }
        return pacsv.read_csv(
            pa.BufferReader(data),
            read_options=pacsv.ReadOptions(
                column_names=[str(index) for index in range(len(self.names))],
                block_size=BLOCK_BYTES,
            ),
            convert_options=pacsv.ConvertOptions(
                column_types=types,
                include_columns=list(positions.values()),
                null_values=[""],
                strings_can_be_null=True,
            ),
            memory_pool=_POOL,
        )

    def _cells(self, name: str, table: pa.Table) -> _Cells | None:
        column = table.column(str(self.names.index(name)))
        kind = self.kinds[name]
        if kind == "text":
            return _Cells([_trimmed(chunk) for chunk in column.chunks])
        if column.type == pa.string():
            return _numbers_and_odd(column, kind)
        if kind == "float" and pc.all(pc.is_finite(column)).as_py() is False:
            return None  # "nan" and "inf" are numbers to pyarrow
        return _Cells(column.chunks)

    def _add_rows(self, row_lines: np.ndarray, columns: dict[str, _Cells]) -> None:
        if not len(row_lines):
            return
        for name, cells in columns.items():
            self.chunks[name].extend(cells.chunks)
            if cells.odd is not None and cells.odd.height:
                self.odd_cells[name].append(
                    cells.odd.with_columns(pl.col("row") + pl.lit(self.height, pl.UInt32))
                )
        self.row_lines.append(row_lines)
        self.height += len(row_lines)

    def _add_sorted(
        self, lines: _Lines, good: np.ndarray, plain: dict[str, _Cells], odd: _OddLines
    ) -> None:
        self._add_rows((good + (self.lines + 1)).astype(np.uint32), plain)
        ragged = np.flatnonzero(lines.ragged)
        rows = odd.rows
        self.bad_lines += [ragged + (self.lines + 1), np.array(rows.bad_lines, np.int64)]
        self.bad_lengths += [lines.cells[ragged], np.array(rows.bad_lengths, np.int64)]
        self.empty_lines += rows.empty_lines
        careful = {}
        for name, kind in self.kinds.items():
            cells = rows.column(self.names.index(name))
            if kind == "text":
                careful[name] = _Cells([pa.array(cells, pa.string()).dictionary_encode()])
            else:
                found = csv.direct(cells, kind)
                careful[name] = _Cells([found.values.to_arrow()], found.odd)
        self._add_rows(np.array(rows.lines, np.uint32), careful)
        self.failure = odd.failure

    def finished(self) -> csv.RawTable:
        row_lines = np.concatenate([np.zeros(0, np.uint32), *self.row_lines])
        order = None
        if len(row_lines) and not (row_lines[1:] > row_lines[:-1]).all():
            order = np.argsort(row_lines, kind="stable")
            row_lines = row_lines[order]
        table = csv.RawTable(self.names, failure=self.failure)
        _POOL.release_unused()
        for name, kind in self.kinds.items():
            chunks = self.chunks.pop(name)
            if kind == "text":
                table.columns[name] = _column(chunks, order)
            else:
                table.columns[name] = _direct(chunks, self.odd_cells[name], kind, order)
        table.csv_row_number = pl.Series(row_lines)
        none = np.zeros(0, np.int64)
        table.bad_lengths = csv.bad_length_frame(
            np.concatenate([none, *self.bad_lines]), np.concatenate([none, *self.bad_lengths])
        ).sort("csv_row_number")
        table.empty_rows = pl.Series(sorted(self.empty_lines), dtype=pl.UInt32)
        if self.failure is not None:
            _forget_last(table)
        return table


@dataclass(slots=True)
class _Cells:
    """Cells of one column of a piece; `odd` are those of a column of numbers that are texts."""

    chunks: list[Any]
    odd: pl.DataFrame | None = None


def _looks_plain(data: bytes, limit: int) -> bool:
    """Whether pyarrow may be given the text as it is. It then still counts cells and lines."""
    return (
        data.endswith(b"\n")
        and b'"' not in data
        and b"\0" not in data
        and (b"\r" not in data or data.count(b"\r") == data.count(b"\r\n"))
        and not (b"#" in data and (data.startswith(b"#") or b"\n#" in data))
        and not (limit and _has_long_cell(data, limit))
    )


def _has_long_cell(data: bytes, limit: int) -> bool:
    """Whether more than `limit` bytes may stand between two delimiters. Looks at few of them."""
    at = -1
    while at + limit + 1 < len(data):
        stop = at + 1 + limit + 1
        following = data.rfind(b",", at + 1, stop)
        if following < 0:
            following = data.rfind(b"\n", at + 1, stop)
        if following < 0:
            return True
        at = following
    return False


def _may_hold_hexadecimals(data: bytes) -> bool:
    """pyarrow takes 0x1F for an integer."""
    return (b"x" in data and b"0x" in data) or (b"X" in data and b"0X" in data)


def _valid(data: bytes) -> bytes:
    """The text as valid UTF-8."""
    if not data.isascii():
        try:
            data.decode()
        except UnicodeDecodeError:
            return csv.decode(data).encode()
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
    for line in np.flatnonzero(text[starts] <= _SPACE):
        lines.skipped[line] = not data[starts[line] : ends[line]].strip(_BLANKS)
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


def _trimmed(chunk: pa.DictionaryArray) -> pa.DictionaryArray:
    """Cells without surrounding blanks, null where nothing is left."""
    values = chunk.dictionary
    trimmed = pc.ascii_trim(values, records.BLANKS)
    if values.equals(trimmed):
        return chunk
    trimmed = pc.if_else(pc.equal(trimmed, ""), pa.scalar(None, pa.string()), trimmed)
    return pc.dictionary_encode(pc.take(trimmed, chunk.indices))


def _numbers_and_odd(column: pa.ChunkedArray, kind: csv.Kind) -> _Cells:
    """Texts as numbers where they are plainly numbers, and the others as they are."""
    texts = pl.Series(pl.from_arrow(column)).str.strip_chars(records.BLANKS)
    texts = texts.set(texts == "", None)
    plain = texts.str.contains(f"^(?:{csv.PLAIN_NUMBER[kind].pattern})$")
    numbers = texts.set(~plain, None).cast(csv.NUMBER_TYPES[kind], strict=False)
    if kind == "float":
        numbers = numbers.set(numbers.is_infinite(), None)
    odd = numbers.is_null() & texts.is_not_null()
    rows = odd.arg_true()
    return _Cells([numbers.to_arrow()], csv.odd_frame(rows, texts.gather(rows)))


def _column(chunks: list[Any], order: np.ndarray | None) -> csv.Column:
    """Chunks with a dictionary each as one column. Empties `chunks`, which may be big."""
    unified = pa.chunked_array(chunks, _TEXT).unify_dictionaries(_POOL).chunks
    chunks.clear()
    if not unified:
        return csv.coded([])
    values = pl.Series(pl.from_arrow(unified[0].dictionary), dtype=pl.String)
    indexes = pa.chunked_array([chunk.indices.view(pa.uint32()) for chunk in unified])
    del unified
    codes = pl.Series(pl.from_arrow(indexes)).rechunk()
    return csv.Column(codes if order is None else codes.gather(order), values)


def _direct(
    chunks: list[Any], odd: list[pl.DataFrame], kind: csv.Kind, order: np.ndarray | None
) -> csv.Direct:
    values = pl.Series(pl.from_arrow(pa.chunked_array(chunks, _NUMBERS[kind]))).rechunk()
    cells = pl.concat([csv.odd_frame([], []), *odd])
    if order is not None:
        values = values.gather(order)
        places = np.empty(len(order), np.uint32)
        places[order] = np.arange(len(order), dtype=np.uint32)
        cells = cells.with_columns(row=pl.Series(places[cells["row"].to_numpy()]))
    return csv.Direct(values, cells.sort("row"))


def _forget_last(table: csv.RawTable) -> None:
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
            if isinstance(column, csv.Column):
                table.columns[name] = csv.Column(column.codes.head(height), column.values)
            else:
                odd = column.odd.filter(pl.col("row") < height)
                table.columns[name] = csv.Direct(column.values.head(height), odd)
