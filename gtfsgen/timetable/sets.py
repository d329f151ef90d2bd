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
        return self.number(self.sets[number].shift(days)) if days else number

    def without(self, number: int, others: Iterable[int]) -> int:
        rest = self.sets[number]
        for other in others:
            rest = rest - self.sets[other]
        return self.number(rest)

    def union(self, numbers: Iterable[int]) -> int:
        every = sorted(set(numbers))
        if len(every) == 1:
            return every[0]
        together = Dates()
        for number in every:
            together = together | self.sets[number]
        return self.number(together)

    def running(self, day: int) -> np.ndarray:
        """Which of the sets hold the day of that number: booleans, one for each set."""
        return np.fromiter((dates.has(day) for dates in self.sets), bool, len(self.sets))
