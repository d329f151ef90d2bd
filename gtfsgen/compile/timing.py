"""Clock times of trains as seconds of a service day, for sets of dates at once.

A train's printed times are the same every day; what differs between dates is how the clocks of its
stations stand to each other and to the agency's. They differ only from a clock change to the next,
so each train is looked at once per such span, not once per date.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from gtfsgen.clocks import DAY, NOON, Zone
from gtfsgen.dates import Dates

Moments = tuple[tuple[int | None, int | None], ...]
"""Arrival and departure of each call in seconds; None where the cell is blank."""


@dataclass(frozen=True, slots=True)
class Call:
    """A halt of a train; `order` finds its row in `Source.calls`."""

    order: int
    station_id: str
    zone: Zone
    """The zone its times are printed in: the station's, or the agency's for railway time."""
    arrival: int | None
    departure: int | None
    """Clock times, plus 24 hours per day since the train's first date."""

    @property
    def arrives(self) -> int | None:
        return self.departure if self.arrival is None else self.arrival

    @property
    def departs(self) -> int | None:
        return self.arrival if self.departure is None else self.departure


@dataclass
class Train:
    """The halts of one run and what they mean on each day."""

    run_id: str
    calls: list[Call]
    breaks: tuple[int, ...] = field(init=False)
    """Days of departure from which its clock times are read another way."""
    _spans: dict[int, Moments] = field(default_factory=dict, init=False)
    skipped: dict[int, int] = field(default_factory=dict, init=False)
    """Halts whose time does not exist on some night of a clock change: position -> such a day."""
    backward: dict[int, int] = field(default_factory=dict, init=False)
    """Halts reached, on some day, before the one in front of them: position -> such a day."""

    def __post_init__(self) -> None:
        days: set[int] = set()
        for call in self.calls:
            for clock in (call.arrival, call.departure):
                if clock is not None:
                    days.update(call.zone.breaks(clock))
        self.breaks = tuple(sorted(days))

    def moments(self, day: int) -> Moments:
        """Instants of all halts of the train leaving on `day`, in seconds since that midnight
        UTC.
        """
        span = bisect_right(self.breaks, day)
        if span not in self._spans:
            self._spans[span] = self._read(day)
        return self._spans[span]

    def _read(self, day: int) -> Moments:
        """Read each clock so that time never runs back, where a reading allows it.

        A time that comes twice in a night is the first unless that lies before the halt in front. A
        time that is skipped is one change late, but never later than the next that exists.
        """
        midnight = day * DAY
        instants: list[int | None] = []
        skipped: list[int] = []
        previous: int | None = None
        for position, call in enumerate(self.calls):
            for clock in (call.arrival, call.departure):
                if clock is None:
                    instants.append(None)
                    continue
                first, last, exists = call.zone.readings(midnight + clock)
                instant = first if previous is None or first >= previous else max(first, last)
                if not exists:
                    skipped.append(len(instants))
                    self.skipped.setdefault(position, day)
                instants.append(instant)
                previous = instant
        self._hold_back(instants, skipped)
        self._note_backward(instants, day)
        relative = [None if instant is None else instant - midnight for instant in instants]
        return tuple(zip(relative[::2], relative[1::2], strict=True))

    @staticmethod
    def _hold_back(instants: list[int | None], skipped: Sequence[int]) -> None:
        for index in reversed(skipped):
            later = next((value for value in instants[index + 1 :] if value is not None), None)
            current = instants[index]
            if later is not None and current is not None:
                instants[index] = min(current, later)

    def _note_backward(self, instants: list[int | None], day: int) -> None:
        previous: int | None = None
        for index, instant in enumerate(instants):
            if instant is None:
                continue
            if previous is not None and instant < previous:
                self.backward.setdefault(index // 2, day)
            previous = instant


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a train in a chain: from its call `first` to its call `last`, both included."""

    train: Train
    day: int
    """Days from the chain's first date to this train's."""
    first: int
    last: int

    @property
    def key(self) -> tuple[str, int, int, int]:
        return (self.train.run_id, self.day, self.first, self.last)


@dataclass(frozen=True, slots=True)
class Timing:
    """One reading of a chain's times, and the service days it holds on."""

    dates: Dates
    """Service days."""
    shift: int
    """Service day minus the printed date of the chain's first departure: 0, or -1 where that is
    still the day before in the agency's zone.
    """
    moments: tuple[Moments, ...]
    """Seconds of the service day for each part."""


def service_day_start(agency: Zone, day: int) -> int:
    """The instant GTFS counts the times of a service day from: noon minus twelve hours."""
    return agency.readings(day * DAY + NOON)[0] - NOON


def timings(parts: Sequence[Part], dates: Dates, agency: Zone) -> list[Timing]:
    """Group the dates of a chain by identical seconds of the service day, the earliest first."""
    groups: dict[tuple[int, tuple[Moments, ...]], int] = {}
    for day, bits in _spans(dates, _breaks(parts, agency)):
        instants = [_stretch(part, day) for part in parts]
        first = min(
            time for calls in instants for call in calls for time in call if time is not None
        )
        shift = 0 if first >= service_day_start(agency, day) - day * DAY else -1
        start = service_day_start(agency, day + shift) - day * DAY
        moments = tuple(_moved(calls, -start) for calls in instants)
        key = (shift, moments)
        groups[key] = groups.get(key, 0) | bits
    found = [Timing(Dates(bits).shift(key[0]), key[0], key[1]) for key, bits in groups.items()]
    return sorted(found, key=lambda timing: timing.dates.first)


def _stretch(part: Part, day: int) -> Moments:
    return _moved(part.train.moments(day + part.day)[part.first : part.last + 1], part.day * DAY)


def _moved(moments: Moments, seconds: int) -> Moments:
    return tuple(
        (
            None if arrival is None else arrival + seconds,
            None if departure is None else departure + seconds,
        )
        for arrival, departure in moments
    )


def _breaks(parts: Iterable[Part], agency: Zone) -> list[int]:
    days = {day - part.day for part in parts for day in part.train.breaks}
    for day in agency.breaks(NOON):
        days.update((day, day + 1))  # + 1: a chain may belong to the service day before
    return sorted(days)


def _spans(dates: Dates, breaks: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Cut a set of dates at `breaks`: the first day and the bits of each part that is not empty."""
    bits = dates.bits
    for day in breaks:
        early = bits & ((1 << day) - 1) if day > 0 else 0
        if early:
            yield (early & -early).bit_length() - 1, early
            bits ^= early
    if bits:
        yield (bits & -bits).bit_length() - 1, bits
