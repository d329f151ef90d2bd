"""Sets of dates by number: each distinct set once, so that frames hold a number for it."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from gtfsgen.dates import Dates


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

    def running(self, day: int) -> np.ndarray:
        """Which of the sets hold the day of that number: booleans, one for each set."""
        return np.fromiter((dates.has(day) for dates in self.sets), bool, len(self.sets))
