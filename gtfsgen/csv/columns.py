"""Columns that grow a piece at a time, in arrays: codes of texts, or the numbers themselves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
import pyarrow as pa

from gtfsgen.csv import raw, records
from gtfsgen.csv.arrow import handed_over

_ARRAY_TYPES = {
    "text": np.uint32,
    "float": np.float64,
    "integer": np.int32,
    "time": np.int32,
}
_ARROW_TYPES = {kind: pa.from_numpy_dtype(dtype) for kind, dtype in _ARRAY_TYPES.items()}


@dataclass(slots=True)
class Chunk:
    """The cells of one column in one piece.

    `values` are codes (uint32) or numbers (int32, float64), meaningless where `blank` is set;
    `blank` is None if no cell is, and `values` is None if all are. `odd` are cells of a column of
    numbers that are texts, as in `raw.Direct`; they are blank too. Raises ValueError if there are
    no values for a cell that is not blank: it would be read as whatever stands first.
    """

    values: np.ndarray | None
    blank: np.ndarray | None = None
    odd: pl.DataFrame | None = None

    def __post_init__(self) -> None:
        if self.values is None and (self.blank is None or not self.blank.all()):
            raise ValueError("cells that are not blank need values")

    @classmethod
    def of_blanks(cls, rows: int) -> Chunk:
        return cls(None, np.ones(rows, np.bool_))

    def __len__(self) -> int:
        cells = self.blank if self.values is None else self.values
        return 0 if cells is None else len(cells)


class Dictionary:
    """Codes of the distinct texts of a column, the same in all its pieces. Threads may share it."""

    def __init__(self) -> None:
        self._type = pl.Categorical(pl.Categories.random("gtfsgen"))
        self._kept = pl.Series([], dtype=self._type)  # categories live while a column has them
        self.grouped = True
        """Whether equal texts have been found to stand together so far."""

    def codes(self, texts: pl.Series) -> np.ndarray:
        """The codes (uint32) of texts, none of which is null."""
        return texts.cast(self._type).to_physical().to_numpy()

    def chunk(self, texts: pl.Series) -> Chunk:
        """The codes of texts, some of which may be null."""
        if not texts.null_count():
            return Chunk(self.codes(texts))
        blank = texts.is_null().to_numpy()
        if blank.all():
            return Chunk.of_blanks(len(texts))
        codes = np.zeros(len(texts), np.uint32)
        codes[~blank] = self.codes(texts.drop_nulls())
        return Chunk(codes, blank)

    def texts(self, count: int) -> pl.Series:
        """The texts of the first codes, as many as have been given out."""
        codes = pl.Series(np.arange(count, dtype=np.uint32))
        return codes.cat.to(self._type).cast(pl.String)


class Array:
    """An array that grows in place. Parts that were skipped are 0.

    Blocks of one size per piece would leave holes in memory wherever something short-lived stood
    between them; one that grows by an eighth is moved by the operating system without a copy.
    """

    def __init__(self, dtype: np.typing.DTypeLike) -> None:
        self._items = np.empty(0, dtype)
        self._size = 0

    def put(self, start: int, items: np.ndarray) -> None:
        stop = start + len(items)
        if stop > len(self._items):
            self._items.resize(max(stop, len(self._items) * 9 // 8), refcheck=False)
        self._items[start:stop] = items
        self._size = max(self._size, stop)

    def taken(self, size: int) -> np.ndarray:
        """The first items, as many as asked for. Nothing can be put any more."""
        items = self._items
        self._items = np.empty(0, items.dtype)
        items.resize(size, refcheck=False)
        return items

    def __bool__(self) -> bool:
        return self._size > 0


class Growing:
    """A column of which pieces are still to come."""

    def __init__(self, kind: raw.Kind) -> None:
        self.kind = kind
        self.dictionary = Dictionary()
        self._height = 0
        self._codes = 0
        self._values = Array(_ARRAY_TYPES[kind])
        self._blank = Array(np.bool_)
        self._odd: list[pl.DataFrame] = []

    def add(self, chunk: Chunk) -> None:
        if chunk.values is not None:
            self._values.put(self._height, chunk.values)
            if self.kind == "text":
                self._codes = max(self._codes, int(chunk.values.max(initial=0)) + 1)
        if chunk.blank is not None:
            self._blank.put(self._height, chunk.blank)
        if chunk.odd is not None and chunk.odd.height:
            row = pl.col("row") + pl.lit(self._height, pl.UInt32)
            self._odd.append(chunk.odd.with_columns(row))
        self._height += len(chunk)

    def add_cells(self, cells: list[str | None]) -> None:
        """Cells that the careful road has read."""
        if self.kind == "text":
            self.add(self.dictionary.chunk(pl.Series(cells, dtype=pl.String)))
        else:
            found = raw.direct(cells, self.kind)
            self.add(chunk_of_numbers(found.values, found.odd))

    def finished(self, order: np.ndarray | None) -> raw.Column | raw.Direct:
        """The whole column, its rows taken in this order. Nothing can be added any more."""
        whole = self._whole()
        if order is not None:
            whole = whole.gather(order)
        if self.kind == "text":
            return raw.Column(whole, self.dictionary.texts(self._codes))
        odd = pl.concat([raw.odd_frame([], []), *self._odd])
        if order is not None:
            places = np.empty(len(order), np.uint32)
            places[order] = np.arange(len(order), dtype=np.uint32)
            odd = odd.with_columns(row=pl.Series(places[odd["row"].to_numpy()]))
        return raw.Direct(whole, odd.sort("row"))

    def _whole(self) -> pl.Series:
        dtype = pl.UInt32() if self.kind == "text" else raw.NUMBER_TYPES[self.kind]
        if not self._values:
            return pl.Series([None], dtype=dtype).new_from_index(0, self._height)
        blank = self._blank.taken(self._height) if self._blank else None
        values = self._values.taken(self._height)
        known = None if blank is None else pa.py_buffer(np.packbits(~blank, bitorder="little"))
        buffers = [known, pa.py_buffer(values)]
        return handed_over(pa.Array.from_buffers(_ARROW_TYPES[self.kind], self._height, buffers))


def chunk_of_numbers(numbers: pl.Series, odd: pl.DataFrame) -> Chunk:
    """A chunk of numbers, null where the cell is blank or odd."""
    if not numbers.null_count():
        return Chunk(numbers.to_numpy(), None, odd)
    return Chunk(numbers.fill_null(0).to_numpy(), numbers.is_null().to_numpy(), odd)


def read_numbers(texts: pl.Series, kind: raw.Kind) -> Chunk:
    """Texts as numbers where they are plainly numbers, and the others as they are."""
    texts = texts.str.strip_chars(records.BLANKS)
    texts = texts.set(texts == "", None)
    plain = texts.set(~texts.str.contains(f"^(?:{raw.PLAIN_NUMBER[kind].pattern})$"), None)
    if kind == "time":
        numbers = _seconds(plain)
    else:
        numbers = plain.cast(raw.NUMBER_TYPES[kind], strict=False)
    if kind == "float":
        numbers = numbers.set(numbers.is_infinite(), None)
    rows = (numbers.is_null() & texts.is_not_null()).arg_true()
    return chunk_of_numbers(numbers, raw.odd_frame(rows, texts.gather(rows)))


def _seconds(times: pl.Series) -> pl.Series:
    """Seconds (Int32) of H:MM:SS and HH:MM:SS."""
    hours, minutes, seconds = times.str.head(-6), times.str.slice(-5, 2), times.str.tail(2)
    return hours.cast(pl.Int32) * 3600 + minutes.cast(pl.Int32) * 60 + seconds.cast(pl.Int32)
