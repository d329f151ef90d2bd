"""Plain CSV text as a grid of cells: whole columns found, compared and read at once with numpy.

Most of a big feed is plain: no quotes, no comments, as many commas on each line. Then the places of
all delimiters say where every cell starts and ends, and a cell of up to eight bytes is one word of
eight bytes, loaded from the text as it stands. A column of times or numbers is read by a dozen
operations on such words, without making a text of any cell. What is not read so (longer numbers,
exponents) is left to the caller; nothing is guessed.

Words are little-endian: the first character of a cell is the lowest byte.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
import pyarrow as pa

WORD = 8  # bytes
INLINE = 12  # bytes that a string view holds itself
_PAD = bytes(2 * WORD)  # so that words at either edge can be loaded
_LF, _CR, _SPACE, _COMMA, _MINUS = b"\n\r ,-"


def _word(bytes_: bytes) -> np.uint64:
    return np.uint64(int.from_bytes(bytes_, "little"))


_ZEROS = _word(b"00000000")
_HIGH_BITS = _word(b"\x80" * WORD)
_ONES = _word(b"\x01" * WORD)
_POINTS = _word(b"." * WORD)
_TO_NINE = _word(b"\x76" * WORD)  # added to a digit's value, this leaves the high bit clear
_CLOCK = _word(b"00:00:00")
_TO_CLOCK = _word(b"\x76\x76\x7f\x7a\x76\x7f\x7a\x76")  # the same for 99:59:59
_FIRST = np.array([(1 << (8 * n)) - 1 for n in range(WORD + 1)], np.uint64)  # the first n bytes
_LAST = ~_FIRST[::-1]  # the last n bytes
_POWERS = np.array([10**n for n in range(2 * WORD)], np.uint64)
_PAIRINGS = tuple(
    (bits, _word((b"\xff" * (bits // 8) + bytes(bits // 8)) * (WORD // (bits // 4))))
    for bits in (8, 16, 32)
)
"""Neighbours of one digit, then two, then four are joined: how far apart they are, what is kept."""
_EXACT_DIGITS = 15  # so many digits are below 2**53, and one division rounds as it should


@dataclass(slots=True)
class Cells:
    """Where the cells of a column start and end: indexes into the padded text, one for each row."""

    starts: np.ndarray
    ends: np.ndarray

    @property
    def lengths(self) -> np.ndarray:
        return self.ends - self.starts

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, rows: np.ndarray) -> Cells:
        return Cells(self.starts[rows], self.ends[rows])


@dataclass(slots=True)
class Numbers:
    """Numbers of a column. `rest` are the rows of cells that were not read and are not blank."""

    values: np.ndarray
    rest: np.ndarray


class Grid:
    """The cells of plain text; see `of`."""

    def __init__(self, text: bytes, delimiters: np.ndarray, *, padded: bool) -> None:
        self.text = text
        self.bytes = np.frombuffer(text, np.uint8)
        self.words = np.ndarray((len(text) - WORD + 1,), "<u8", text, 0, (1,))
        self.height, self.width = delimiters.shape
        self._delimiters = delimiters
        self._padded = padded
        self._has_returns = b"\r" in text

    @classmethod
    def of(cls, data: bytes, width: int, limit: int) -> Grid | None:
        """The grid of lines of `width` cells each, or None if the text is not as plain as that.

        Lines end with LF; the canonical validator's parser reads every cell as it stands, but for
        blanks at its edges. No cell has more than `limit` bytes, unless that is 0.
        """
        if width < 2 or not data.endswith(b"\n") or b'"' in data:
            return None
        if b"#" in data and (data.startswith(b"#") or b"\n#" in data):
            return None
        if not data.isascii() and not _is_utf_8(data):
            return None
        text = b"".join((_PAD, data, _PAD))
        codes = np.frombuffer(text, np.uint8)
        delimiting = codes == _COMMA
        delimiting |= codes == _LF
        delimiters = np.flatnonzero(delimiting)
        if len(delimiters) % width:
            return None
        if limit and np.diff(delimiters, prepend=len(_PAD)).max() > limit:
            return None
        rows = delimiters.reshape(-1, width)
        lines = codes[rows[:, -1]] == _LF
        if not lines.all() or np.count_nonzero(codes == _LF) != len(lines):
            return None
        return cls(text, rows, padded=_has_padding(codes, delimiting))

    def column(self, index: int) -> Cells:
        """The cells of a column without the blanks at their edges."""
        ends = self._delimiters[:, index].copy()
        if index:
            starts = self._delimiters[:, index - 1] + 1
        else:
            starts = np.empty_like(ends)
            starts[0] = len(_PAD)
            starts[1:] = self._delimiters[:-1, -1] + 1
        cells = Cells(starts, ends)
        if self._padded or (self._has_returns and index == self.width - 1):
            self._trim(cells)
        return cells

    def _trim(self, cells: Cells) -> None:
        starts, ends = cells.starts, cells.ends
        rows = np.flatnonzero((self.bytes[ends - 1] <= _SPACE) & (ends > starts))
        while len(rows):
            ends[rows] -= 1
            rows = rows[(self.bytes[ends[rows] - 1] <= _SPACE) & (ends[rows] > starts[rows])]
        rows = np.flatnonzero((self.bytes[starts] <= _SPACE) & (ends > starts))
        while len(rows):
            starts[rows] += 1
            rows = rows[(self.bytes[starts[rows]] <= _SPACE) & (ends[rows] > starts[rows])]

    def texts(self, cells: Cells) -> pl.Series:
        """The cells as texts, which share this grid's own text where they are long."""
        lengths = cells.lengths
        views = np.empty((len(cells), 2), np.uint64)
        first = self.words[cells.starts] & _FIRST[np.minimum(lengths, WORD)]
        views[:, 0] = lengths.view(np.uint64) | (first << np.uint64(32))
        second = views[:, 1]
        np.right_shift(first, np.uint64(32), out=second)
        if len(lengths) and lengths.max() > WORD:
            rest = self.words[cells.starts + WORD]
            rest &= _FIRST[np.clip(lengths - WORD, 0, WORD)]
            second |= rest << np.uint64(32)
            if lengths.max() > INLINE:
                places = cells.starts.view(np.uint64) << np.uint64(32)
                views[:, 1] = np.where(lengths > INLINE, places, second)
        buffers = [None, pa.py_buffer(views), pa.py_buffer(self.text)]
        array = pa.Array.from_buffers(pa.string_view(), len(cells), buffers)
        return pl.Series(pl.from_arrow(array))

    def changes(self, cells: Cells) -> np.ndarray:
        """Rows whose cell is not the one before, the first row among them."""
        lengths = cells.lengths
        last = self.words[cells.ends - WORD] & _LAST[np.minimum(lengths, WORD)]
        differs = last[1:] != last[:-1]
        differs |= lengths[1:] != lengths[:-1]
        for offset in range(0, int(lengths.max(initial=0)) - WORD, WORD):
            # The last word stands in for those beyond a short cell's end.
            places = np.minimum(cells.starts + offset, np.maximum(cells.ends - WORD, cells.starts))
            words = self.words[places]
            differs |= (words[1:] != words[:-1]) & (lengths[1:] > WORD)
        return np.append(0, np.flatnonzero(differs) + 1)[: len(cells)]

    def integers(self, cells: Cells) -> Numbers:
        """Digits and nothing else, at most eight of them (Int32)."""
        lengths = cells.lengths
        values, good = self._digits(cells.ends, lengths)
        good &= lengths <= WORD
        return _numbers(values.astype(np.int32), good, lengths)

    def times(self, cells: Cells) -> Numbers:
        """Seconds (Int32) of H:MM:SS and HH:MM:SS."""
        lengths = cells.lengths
        words = self.words[cells.ends - WORD]
        short = lengths == WORD - 1
        words = np.where(short, (words & _LAST[WORD - 1]) | (_ZEROS & _FIRST[1]), words)
        words ^= _CLOCK
        good = ((words + _TO_CLOCK) | words) & _HIGH_BITS == 0
        good &= short | (lengths == WORD)
        words = words * np.uint64(10) + (words >> np.uint64(8))
        hours, minutes, seconds = (
            ((words >> np.uint64(bits)) & np.uint64(0xFF)).astype(np.int32) for bits in (0, 24, 48)
        )
        return _numbers(hours * 3600 + minutes * 60 + seconds, good, lengths)

    def floats(self, cells: Cells) -> Numbers:
        """Decimal numbers without exponents (Float64), of fifteen digits at most."""
        negative = self.bytes[cells.starts] == _MINUS
        starts = cells.starts + negative if negative.any() else cells.starts
        lengths = cells.ends - starts
        decimals = self._decimals(cells.ends, lengths)
        whole_lengths = np.where(decimals >= 0, lengths - 1 - decimals, lengths)
        fraction_lengths = np.maximum(decimals, 0)
        whole, good = self._digits(cells.ends - (lengths - whole_lengths), whole_lengths)
        fraction, fraction_good = self._digits(cells.ends, np.minimum(fraction_lengths, WORD))
        good &= fraction_good & (whole_lengths <= WORD)
        if fraction_lengths.max(initial=0) > WORD:
            upper_lengths = np.maximum(fraction_lengths - WORD, 0)
            upper, upper_good = self._digits(cells.ends - WORD, upper_lengths)
            fraction += upper * _POWERS[WORD]
            good &= upper_good
        digits = whole_lengths + fraction_lengths
        good &= (digits > 0) & (digits <= _EXACT_DIGITS)
        scale = _POWERS[fraction_lengths]
        values = (whole * scale + fraction).astype(np.float64) / scale.astype(np.float64)
        np.negative(values, out=values, where=negative)
        return _numbers(values, good, cells.lengths)

    def _digits(self, ends: np.ndarray, lengths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The number that up to eight bytes before `ends` spell, and where all are digits."""
        words = self.words[ends - WORD]
        words ^= _ZEROS
        words &= _LAST[np.minimum(lengths, WORD)]
        good = ((words + _TO_NINE) | words) & _HIGH_BITS == 0
        for bits, mask in _PAIRINGS:
            words = (words * _POWERS[bits // 8] + (words >> np.uint64(bits))) & mask
        return words, good

    def _decimals(self, ends: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        """How many bytes follow a cell's first point among its last 16 bytes; -1 without."""
        decimals = _after_point(self.words[ends - WORD], lengths)
        if lengths.max(initial=0) > WORD:
            further = _after_point(self.words[ends - 2 * WORD], np.maximum(lengths - WORD, 0))
            decimals = np.where(further >= 0, further + WORD, decimals)
        return decimals


def _after_point(words: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """How many bytes follow the first point among the last `lengths` bytes of words, or -1."""
    words = words ^ _POINTS
    zeros = (words - _ONES) & ~words & _HIGH_BITS & _LAST[np.minimum(lengths, WORD)]
    first = zeros & (~zeros + np.uint64(1))
    places = np.bitwise_count(first - np.uint64(1)).astype(np.int64) >> 3  # 8 if there is none
    return WORD - 1 - places


def _numbers(values: np.ndarray, good: np.ndarray, lengths: np.ndarray) -> Numbers:
    if good.all() and lengths.min(initial=1) > 0:
        return Numbers(values, np.zeros(0, np.int64))
    return Numbers(values, np.flatnonzero(~good & (lengths > 0)))


def _has_padding(codes: np.ndarray, delimiting: np.ndarray) -> bool:
    """Whether a blank other than the CR of a CRLF stands at the edge of a cell, or may."""
    blank = codes <= _SPACE
    blank &= codes != _LF
    inside = slice(len(_PAD), len(codes) - len(_PAD))
    if not blank[inside].any():
        return False
    blank &= ~((codes == _CR) & np.append(codes[1:] == _LF, False))
    blank[: len(_PAD)] = blank[-len(_PAD) :] = False
    before, after = blank[:-1] & delimiting[1:], delimiting[:-1] & blank[1:]
    return bool(before.any() or after.any() or blank[len(_PAD)])


def _is_utf_8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
