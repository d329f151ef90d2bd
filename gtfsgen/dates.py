"""Sets of service days, as two integers each.

A set of dates under union, difference and shift is what a curated railway is made of: the days of
a train, those of its coaches, the split into with and without. The first day and one Python integer
(bit k = k days later) keep all of that exact, immutable and quick; what a set costs goes by the
time from its first day to its last, wherever in the years 1 to 9999 that is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

EPOCH = date(1900, 1, 1)
FIRST_YEAR, LAST_YEAR = 1800, 2999
"""Of days that a curated timetable is for."""
FIRST_DAY = (date.min - EPOCH).days
LAST_DAY = (date.max - EPOCH).days
FEW_BITS = 4096
"""Up to this length, bit by bit is quicker than by way of numpy."""


class Dates:
    """An immutable set of dates. Days are numbered from `EPOCH`, those before it negatively."""

    __slots__ = ("_start", "_tail")

    def __init__(self, bits: int = 0, start: int = 0) -> None:
        """The days `start` + k for the bits k of `bits`."""
        if bits and not bits & 1:
            zeros = (bits & -bits).bit_length() - 1
            bits >>= zeros
            start += zeros
        self._tail = bits
        self._start = start if bits else 0

    @classmethod
    def of(cls, days: Iterable[date]) -> Dates:
        return cls.of_numbers((day - EPOCH).days for day in days)

    @classmethod
    def of_numbers(cls, days: Iterable[int]) -> Dates:
        """The set of these days since `EPOCH`."""
        ordered = sorted(set(days))
        if not ordered:
            return cls()
        start = ordered[0]
        flags = bytearray((ordered[-1] - start) // 8 + 1)
        for day in ordered:
            flags[(day - start) >> 3] |= 1 << ((day - start) & 7)
        return cls(int.from_bytes(flags, "little"), start)

    @classmethod
    def between(cls, first: date, last: date) -> Dates:
        """Every day from `first` to `last`, both included; empty if they are reversed."""
        length = (last - first).days + 1
        return cls((1 << length) - 1, (first - EPOCH).days) if length > 0 else cls()

    @classmethod
    def weekdays(cls, flags: Iterable[int], first: date, last: date) -> Dates:
        """The days of `first`..`last` whose weekday (Monday is 0) is in `flags`."""
        length, start = (last - first).days + 1, (first - EPOCH).days
        if length <= 0:
            return cls()
        every = sum(_every((flag - start) % 7, length) for flag in set(flags))
        return cls(every & ((1 << length) - 1), start)

    @property
    def bits(self) -> int:
        """The days from `EPOCH` on as one integer: bit k is k days later. Earlier days are not
        in it.
        """
        return self._tail << self._start if self._start >= 0 else self._tail >> -self._start

    def _aligned(self, other: Dates) -> tuple[int, int, int]:
        """Both as bits from one start."""
        start = min(self._start, other._start)
        return self._tail << self._start - start, other._tail << other._start - start, start

    def __or__(self, other: Dates) -> Dates:
        if not self or not other:
            return self or other
        one, two, start = self._aligned(other)
        return Dates(one | two, start)

    def __and__(self, other: Dates) -> Dates:
        if self._start > other._start:
            self, other = other, self
        return Dates((self._tail >> other._start - self._start) & other._tail, other._start)

    def __sub__(self, other: Dates) -> Dates:
        shared = self & other
        return Dates(self._tail ^ shared._tail << shared._start - self._start, self._start) if (
            shared
        ) else self  # fmt: skip

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Dates):
            return NotImplemented
        return self._start == other._start and self._tail == other._tail

    def __hash__(self) -> int:
        return hash((self._start, self._tail))

    def shift(self, days: int) -> Dates:
        """The same dates, `days` later (or earlier); without those beyond the years 1 to 9999."""
        if not days or not self:
            return self
        start, tail = self._start + days, self._tail
        if start < FIRST_DAY:
            tail >>= FIRST_DAY - start
            start = FIRST_DAY
        if start + tail.bit_length() - 1 > LAST_DAY:
            tail &= (1 << max(0, LAST_DAY + 1 - start)) - 1
        return Dates(tail, start)

    def by_weekday(self) -> list[int]:
        """How many Mondays, Tuesdays, ... there are."""
        length = self._tail.bit_length()
        return [
            (_every((flag - self._start) % 7, length) & self._tail).bit_count() for flag in range(7)
        ]

    def __contains__(self, day: date) -> bool:
        return self.has((day - EPOCH).days)

    def has(self, day: int) -> bool:
        """Whether the day of that number is in the set."""
        offset = day - self._start
        return offset >= 0 and bool(self._tail >> offset & 1)

    def __iter__(self) -> Iterator[date]:
        return (EPOCH + timedelta(days=day) for day in self.numbers())

    def numbers(self) -> Iterator[int]:
        """The dates as days since `EPOCH`, in order."""
        bits, first = self._tail, self._start
        if bits.bit_length() > FEW_BITS:
            yield from self.array().tolist()
            return
        while bits:
            low = bits & -bits
            yield first + low.bit_length() - 1
            bits ^= low

    def array(self) -> np.ndarray:
        """The dates as days since `EPOCH`, in order: an array of 64-bit integers."""
        import numpy as np

        data = self._tail.to_bytes(self._tail.bit_length() // 8 + 1, "little")
        flags = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")
        return np.flatnonzero(flags) + self._start

    def __repr__(self) -> str:
        if not self:
            return "Dates()"
        return f"<Dates {self.first}..{self.last}, {len(self)} days>"

    def __len__(self) -> int:
        return self._tail.bit_count()

    def __bool__(self) -> bool:
        return self._tail != 0

    @property
    def first(self) -> date:
        return EPOCH + timedelta(days=self._start if self else -1)

    @property
    def last(self) -> date:
        return EPOCH + timedelta(days=self._start + self._tail.bit_length() - 1)


@lru_cache(maxsize=256)
def _every(first: int, length: int) -> int:
    """Every seventh bit from bit `first` on, for `length` bits or a little more."""
    weeks = length // 7 + 1
    return ((1 << 7 * weeks) - 1) // 127 << first
