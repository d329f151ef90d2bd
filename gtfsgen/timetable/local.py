"""Local clocks of trips: seconds of the service day to what the clock at the station shows."""

from __future__ import annotations

import numpy as np

from gtfsgen.clocks import DAY, Zone
from gtfsgen.timetable.columns import UNKNOWN

MARGIN_DAYS = 40
"""Trips last some days longer than their calendars; a longer one is given clocks of its own."""


class LocalClocks:
    """The clocks of all zones of a feed, for service days between two days and a little longer."""

    def __init__(self, home: str, zones: list[str], first_day: int, last_day: int) -> None:
        self.zones = zones
        self._span = (first_day - MARGIN_DAYS, last_day + MARGIN_DAYS)
        self.home = Zone(home, *self._span)
        self._clocks: dict[str, Zone] = {}

    def clock(self, zone: str) -> Zone:
        if zone not in self._clocks:
            self._clocks[zone] = Zone(zone, *self._span)
        return self._clocks[zone]

    def walls(self, days: np.ndarray, seconds: np.ndarray, zones: np.ndarray) -> np.ndarray:
        """What clocks show, in seconds since `EPOCH` of the local calendar; UNKNOWN where the
        seconds are. `days` are service days, `zones` indexes of `self.zones`.
        """
        instants = self.home.day_starts(days) + seconds
        walls = np.full(len(instants), UNKNOWN, np.int64)
        for number in np.unique(zones).tolist():
            here = (zones == number) & (seconds != UNKNOWN)
            if here.any():
                clock = self.clock(self.zones[number])
                walls[here] = instants[here] + clock.offsets_at(instants[here])
        return walls

    def ahead(self, days: np.ndarray) -> np.ndarray:
        """By how many seconds each zone is ahead of the agency's at noon of service days: an array
        of days by zones.
        """
        noons = self.home.day_starts(days) + DAY // 2
        home = self.home.offsets_at(noons)
        return np.stack([self.clock(zone).offsets_at(noons) - home for zone in self.zones], axis=1)

    def breaks(self) -> list[int]:
        """The days, in order, on which a clock in use is changed."""
        every = [self.home, *(self.clock(zone) for zone in self.zones)]
        low, high = self._span[0] + MARGIN_DAYS - 1, self._span[1]
        return sorted(
            {
                change.at // DAY
                for zone in every
                for change in zone.changes
                if low <= change.at // DAY <= high
            }
        )


def clock_text(seconds: int | None) -> str:
    """`07:05`, with the seconds where there are any; nothing for no time."""
    if seconds is None:
        return ""
    hours, rest = divmod(seconds, 3600)
    text = f"{hours:02}:{rest // 60:02}"
    return f"{text}:{rest % 60:02}" if rest % 60 else text
