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

from gtfsgen.csv.arrow import handed_over

WORD = 8  # bytes
INLINE = 12  # bytes that a string view holds itself
_PAD = bytes(2 * WORD)  # so that words at either edge can be loaded
_LF, _CR, _SPACE, _COMMA, _MINUS, _ZERO = b"\n\r ,-0"


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
_BEFORE_POINT = _FIRST[WORD - 1 :: -1]  # all but the last n bytes and the one before them
_POWERS = np.array([10**n for n in range(2 * WORD)], np.uint64)
_POWERS_AS_FLOATS = _POWERS.astype(np.float64)
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
        delimiting = codes == _LF
        height = int(np.count_nonzero(delimiting))
        delimiting |= codes == _COMMA
        places = np.flatnonzero(delimiting)
        if len(places) != height * width:
            return None
        delimiters = places.reshape(height, width)
        ends = delimiters[:, -1]
        if not (codes[ends] == _LF).all():
            return None
        if limit and _farthest(ends) > limit and _farthest(places) > limit:
            return None
        blanks = int(np.count_nonzero(codes <= _SPACE)) - 2 * len(_PAD) - height
        only_returns = blanks == height and (codes[ends - 1] == _CR).all()
        padded = blanks > 0 and not only_returns and _has_padding(codes, delimiting)
        return cls(text, delimiters, padded=padded)

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
        return handed_over(array)

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
        longest = lengths.max(initial=0)
        if longest == 1:
            digits = self.bytes[cells.ends - 1] - _ZERO  # other bytes wrap round to more than 9
            return _numbers(digits.astype(np.int32), digits <= 9, lengths)
        values, good = _number(self._before(cells.ends, lengths))
        if longest > WORD:
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
        has_negative = negative.any()
        starts = cells.starts + negative if has_negative else cells.starts
        lengths = cells.ends - starts
        short = lengths.max(initial=0) <= WORD
        read = self._short_decimals if short else self._long_decimals
        digits, scale, good = read(cells.ends, lengths)
        values = digits.astype(np.float64) / _POWERS_AS_FLOATS[scale]
        if has_negative:
            np.negative(values, out=values, where=negative)
        return _numbers(values, good, cells.lengths)

    def _short_decimals(
        self, ends: np.ndarray, lengths: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Decimal numbers of up to eight bytes: digits, how many stand after the point, where good.

        The digits before the point move up by a byte, into the place of the point.
        """
        words = self.words[ends - WORD]
        decimals = _after_point(words, lengths)
        has_point = decimals >= 0
        scale = np.maximum(decimals, 0)
        moved = (words & _BEFORE_POINT[scale]) << np.uint64(8)
        words = np.where(has_point, (words & _LAST[scale]) | moved, words)
        count = lengths - has_point
        words = (words ^ _ZEROS) & _LAST[count]
        digits, good = _number(words)
        return digits, scale, good & (count > 0)

    def _long_decimals(
        self, ends: np.ndarray, lengths: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The same for up to sixteen bytes, before and after the point apart."""
        decimals = _after_point(self.words[ends - WORD], lengths)
        further = _after_point(self.words[ends - 2 * WORD], np.maximum(lengths - WORD, 0))
        decimals = np.where(further >= 0, further + WORD, decimals)
        scale = np.maximum(decimals, 0)
        whole_lengths = np.where(decimals >= 0, lengths - 1 - decimals, lengths)
        whole, good = _number(self._before(ends - (lengths - whole_lengths), whole_lengths))
        fraction, fraction_good = _number(self._before(ends, scale))
        good &= fraction_good & (whole_lengths <= WORD)
        if scale.max(initial=0) > WORD:
            upper, upper_good = _number(self._before(ends - WORD, np.maximum(scale - WORD, 0)))
            fraction += upper * _POWERS[WORD]
            good &= upper_good
        count = whole_lengths + scale
        good &= (count > 0) & (count <= _EXACT_DIGITS)
        return whole * _POWERS[scale] + fraction, scale, good

    def _before(self, ends: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        """Up to eight bytes before `ends`, each less the character 0, and 0 before them."""
        words = self.words[ends - WORD]
        words ^= _ZEROS
        words &= _LAST[np.minimum(lengths, WORD)]
        return words


def _number(words: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The numbers that words of eight digits make, and where all of them are digits."""
    good = ((words + _TO_NINE) | words) & _HIGH_BITS == 0
    for bits, mask in _PAIRINGS:
        words = (words * _POWERS[bits // 8] + (words >> np.uint64(bits))) & mask
    return words, good


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


def _farthest(places: np.ndarray) -> int:
    """The greatest distance between neighbours, the text's start among them."""
    return int(np.diff(places, prepend=len(_PAD)).max(initial=0))


def _has_padding(codes: np.ndarray, delimiting: np.ndarray) -> bool:
    """Whether a blank stands at the edge of a cell, but for the CR of a CRLF."""
    blank = codes <= _SPACE
    blank &= codes != _LF
    blank[:-1] &= ~((codes[:-1] == _CR) & (codes[1:] == _LF))
    inside = slice(len(_PAD), -len(_PAD))
    after = blank[inside] & (delimiting[len(_PAD) - 1 : -len(_PAD) - 1])
    before = blank[inside] & (delimiting[len(_PAD) + 1 : 1 - len(_PAD)])
    return bool(after.any() or before.any() or blank[len(_PAD)])


def _is_utf_8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
