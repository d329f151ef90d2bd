"""Sets of dates by number: each distinct set once, so that frames hold a number for it."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import polars as pl

from gtfsgen.dates import Dates
from gtfsgen.timetable.columns import same


class DateSets:
    """Distinct sets of dates, numbered in the order in which they were asked for. 0 is the empty
    set. Operations on numbers are remembered, for frames ask the same of many rows.
    """

    def __init__(self) -> None:
        self.sets: list[Dates] = [Dates()]
        self._number: dict[Dates, int] = {Dates(): 0}
        self._meet: dict[tuple[int, int, int], int] = {}
        self._without: dict[tuple[int, ...], int] = {}
        self._union: dict[tuple[int, ...], int] = {}
        self._shift: dict[tuple[int, int], int] = {}

    def __getitem__(self, number: int) -> Dates:
        return self.sets[number]

    def number(self, dates: Dates) -> int:
        known = self._number.get(dates)
        if known is None:
            known = self._number[dates] = len(self.sets)
            self.sets.append(dates)
        return known

    def meet(self, one: int, other: int, later: int = 0) -> int:
        """The dates of `one` that, `later` days on, are in `other`."""
        if not one or not other:
            return 0
        key = (one, other, later)
        if key not in self._meet:
            self._meet[key] = self.number(self.sets[one] & self.sets[other].shift(-later))
        return self._meet[key]

    def shift(self, number: int, days: int) -> int:
        if not days:
            return number
        if (number, days) not in self._shift:
            self._shift[number, days] = self.number(self.sets[number].shift(days))
        return self._shift[number, days]

    def without(self, number: int, others: Iterable[int]) -> int:
        key = (number, *sorted(others))
        if key not in self._without:
            rest = self.sets[number]
            for other in key[1:]:
                rest = rest - self.sets[other]
            self._without[key] = self.number(rest)
        return self._without[key]

    def union(self, numbers: Iterable[int]) -> int:
        every = tuple(sorted(set(numbers)))
        if len(every) == 1:
            return every[0]
        if every not in self._union:
            together = Dates()
            for number in every:
                together = together | self.sets[number]
            self._union[every] = self.number(together)
        return self._union[every]

    # The same for columns: what is distinct is worked out once, the rest is looked up.

    def meets(self, one: pl.Series, other: pl.Series, later: pl.Series) -> pl.Series:
        """`meet` of each row; the empty set where `later` is null."""
        kinds, heads = same(pl.DataFrame({"one": one, "other": other, "later": later}))
        found = [
            self.meet(one[row], other[row], later[row]) if later[row] is not None else 0
            for row in heads.tolist()
        ]
        return pl.Series(np.array(found, np.uint32)[kinds])

    def shifts(self, numbers: pl.Series, days: pl.Series) -> pl.Series:
        """`shift` of each row."""
        kinds, heads = same(pl.DataFrame({"number": numbers, "days": days}))
        found = [self.shift(numbers[row], days[row]) for row in heads.tolist()]
        return pl.Series(np.array(found, np.uint32)[kinds])

    def unions(self, lists: pl.Series) -> pl.Series:
        """`union` of each list of sets."""
        single = lists.list.len() == 1
        found = lists.list.get(0, null_on_oob=True).fill_null(0).cast(pl.UInt32).to_numpy().copy()
        several = np.flatnonzero(~single.to_numpy())
        kinds, heads = same(_texts(lists.gather(several)).to_frame("list"))
        each = [self.union(lists[int(several[row])].to_list()) for row in heads.tolist()]
        found[several] = np.array(each, np.uint32)[kinds]
        return pl.Series(found)

    def withouts(self, numbers: pl.Series, lists: pl.Series) -> pl.Series:
        """`without` of each row: a set less all sets of a list, which can be null."""
        kinds, heads = same(pl.DataFrame({"number": numbers, "list": _texts(lists)}))
        found = [
            self.without(numbers[row], lists[row].to_list()) if lists[row] is not None else number
            for row, number in zip(heads.tolist(), numbers.gather(heads).to_list(), strict=True)
        ]
        return pl.Series(np.array(found, np.uint32)[kinds])

    def shared(self, lists: pl.Series) -> pl.Series:
        """For each list of sets, which of them have a date in common with another of the list."""
        kinds, heads = same(_texts(lists).to_frame("list"))
        found = [self._shared(lists[row].to_list()) for row in heads.tolist()]
        return pl.Series(found, dtype=pl.List(pl.Boolean)).gather(kinds)

    def _shared(self, numbers: list[int]) -> list[bool]:
        once, twice = Dates(), Dates()
        for number in numbers:
            twice = twice | (once & self.sets[number])
            once = once | self.sets[number]
        return [bool(self.sets[number] & twice) for number in numbers]

    def running(self, day: int) -> np.ndarray:
        """Which of the sets hold the day of that number: booleans, one for each set."""
        return np.fromiter((dates.has(day) for dates in self.sets), bool, len(self.sets))


def _texts(lists: pl.Series) -> pl.Series:
    """Lists of numbers as texts, which can be compared in a group-by."""
    return lists.cast(pl.List(pl.String)).list.join(" ")
