"""Sets of service days, as one integer each.

A set of dates under union, difference and shift is what a curated railway is made of: the days of
a train, those of its coaches, the split into with and without. One Python integer per set (bit k =
day k after `EPOCH`) keeps all of that exact, immutable and quick.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

EPOCH = date(1900, 1, 1)


@dataclass(frozen=True, slots=True)
class Dates:
    """An immutable set of dates from `EPOCH` on."""

    bits: int = 0

    @classmethod
    def of(cls, days: Iterable[date]) -> Dates:
        bits = 0
        for day in days:
            bits |= 1 << (day - EPOCH).days
        return cls(bits)

    @classmethod
    def between(cls, first: date, last: date) -> Dates:
        """Every day from `first` to `last`, both included; empty if they are reversed."""
        length = (last - first).days + 1
        return cls(((1 << length) - 1) << (first - EPOCH).days) if length > 0 else cls()

    @classmethod
    def weekdays(cls, flags: Iterable[int], first: date, last: date) -> Dates:
        """The days of `first`..`last` whose weekday (Monday is 0) is in `flags`."""
        span = cls.between(first, last).bits
        return cls(sum(_every(flag, span.bit_length()) & span for flag in set(flags)))

    def __or__(self, other: Dates) -> Dates:
        return Dates(self.bits | other.bits)

    def __and__(self, other: Dates) -> Dates:
        return Dates(self.bits & other.bits)

    def __sub__(self, other: Dates) -> Dates:
        return Dates(self.bits & ~other.bits)

    def shift(self, days: int) -> Dates:
        """The same dates, `days` later (or earlier)."""
        return Dates(self.bits << days if days >= 0 else self.bits >> -days)

    def by_weekday(self) -> list[int]:
        """How many Mondays, Tuesdays, ... there are."""
        return [(_every(flag, self.bits.bit_length()) & self.bits).bit_count() for flag in range(7)]

    def __contains__(self, day: date) -> bool:
        offset = (day - EPOCH).days
        return offset >= 0 and bool(self.bits >> offset & 1)

    def __iter__(self) -> Iterator[date]:
        return (EPOCH + timedelta(days=day) for day in self.numbers())

    def numbers(self) -> Iterator[int]:
        """The dates as days since `EPOCH`, in order."""
        if not self.bits:
            return
        first = (self.bits & -self.bits).bit_length() - 1
        bits = self.bits >> first  # short integers: a span of years, not everything since EPOCH
        while bits:
            low = bits & -bits
            yield first + low.bit_length() - 1
            bits ^= low

    def __repr__(self) -> str:
        if not self:
            return "Dates()"
        return f"<Dates {self.first}..{self.last}, {len(self)} days>"

    def __len__(self) -> int:
        return self.bits.bit_count()

    def __bool__(self) -> bool:
        return self.bits != 0

    @property
    def first(self) -> date:
        return EPOCH + timedelta(days=(self.bits & -self.bits).bit_length() - 1)

    @property
    def last(self) -> date:
        return EPOCH + timedelta(days=self.bits.bit_length() - 1)


@lru_cache(maxsize=256)
def _every(weekday: int, length: int) -> int:
    """Every such weekday since `EPOCH`, itself a Monday, for `length` days or a little more."""
    weeks = length // 7 + 1
    return ((1 << 7 * weeks) - 1) // 127 << weekday
