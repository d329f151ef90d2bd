"""Clocks of the world: from a printed time to an instant, by the pinned tz database.

Days are counted as in `gtfsgen.dates` (day 0 is `EPOCH`), instants in seconds of UTC since
that day's midnight. The rules come from the `tzdata` package and never from the machine, so that
the same source gives the same feed everywhere.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from importlib import resources
from zoneinfo import ZoneInfo

from gtfsgen.dates import EPOCH

DAY = 86_400
NOON = 43_200
_EPOCH = datetime(EPOCH.year, EPOCH.month, EPOCH.day, tzinfo=UTC)


class UnknownZone(KeyError):
    """No zone of this name in the tz database."""


@cache
def zone_names() -> frozenset[str]:
    """All names the pinned tz database knows."""
    listing = resources.files("tzdata").joinpath("zones").read_text("utf-8")
    return frozenset(listing.split())


@cache
def zone_info(name: str) -> ZoneInfo:
    """The zone `name` of the pinned database. Raises `UnknownZone`."""
    if name not in zone_names():
        raise UnknownZone(name)
    with resources.files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


@dataclass(frozen=True, slots=True)
class Change:
    """The clocks of a zone are changed at the instant `at`."""

    at: int
    before: int
    """Offset from UTC in seconds until then."""
    after: int

    @property
    def first_odd_wall(self) -> int:
        """The first clock reading that does not exist (forward) or comes twice (backward)."""
        return self.at + min(self.before, self.after)

    @property
    def end_of_odd_walls(self) -> int:
        return self.at + max(self.before, self.after)


class Zone:
    """A zone within a span of days: its changes and what a clock on the wall means."""

    def __init__(self, name: str, first_day: int, last_day: int) -> None:
        self.name = name
        info = zone_info(name)
        self.changes = _changes(info, first_day - 2, last_day + 2)
        start = self.changes[0].before if self.changes else _offset(info, (first_day - 2) * DAY)
        self._offsets = [start, *(change.after for change in self.changes)]
        self._walls = [change.end_of_odd_walls for change in self.changes]
        self._instants = [change.at for change in self.changes]

    def offset_at(self, instant: int) -> int:
        """Seconds ahead of UTC at an instant."""
        return self._offsets[bisect_right(self._instants, instant)]

    def wall(self, instant: int) -> int:
        """What the clock shows at an instant, in seconds since `EPOCH`."""
        return instant + self.offset_at(instant)

    def readings(self, wall: int) -> tuple[int, int, bool]:
        """First and last instant at which the clock shows `wall`, and whether it ever does.

        A time that comes twice has two readings. One that is skipped is read with the offset from
        before the change: a train is that much late then, as railways run it.
        """
        index = bisect_right(self._walls, wall)
        before = self._offsets[index]
        if index == len(self.changes) or wall < self.changes[index].first_odd_wall:
            return wall - before, wall - before, True
        change = self.changes[index]
        if change.after > change.before:
            return wall - before, wall - before, False
        return wall - before, wall - change.after, True

    @lru_cache(maxsize=4096)  # noqa: B019 - a zone lives as long as one build
    def breaks(self, clock: int) -> tuple[int, ...]:
        """The days from which a clock time (seconds since the day's midnight) is read another
        way.
        """
        days = set()
        for change in self.changes:
            for wall in (change.first_odd_wall, change.end_of_odd_walls):
                days.add(-((clock - wall) // DAY))
        return tuple(sorted(days))


def _changes(info: ZoneInfo, first_day: int, last_day: int) -> list[Change]:
    """Clock changes between two days, by looking once a day and halving where the offset
    differs.
    """
    changes = []
    before = _offset(info, first_day * DAY)
    for day in range(first_day, last_day + 1):
        after = _offset(info, (day + 1) * DAY)
        if after != before:
            early, late = day * DAY, (day + 1) * DAY
            while late - early > 1:
                middle = (early + late) // 2
                if _offset(info, middle) == before:
                    early = middle
                else:
                    late = middle
            changes.append(Change(late, before, after))
            before = after
    return changes


def _offset(info: ZoneInfo, instant: int) -> int:
    moment = (_EPOCH + timedelta(seconds=instant)).astimezone(info)
    offset = moment.utcoffset()
    assert offset is not None
    return int(offset.total_seconds())


def zones_within(lat: float, lon: float, radius_km: float) -> list[str]:
    """The zones at a position and, in eight directions, `radius_km` away from it."""
    from tzfpy import get_tzs

    north = radius_km / 111.2
    east = north / max(0.01, math.cos(math.radians(lat)))
    steps = [(0, 0)] if not radius_km else [(y, x) for y in (0, 1, -1) for x in (0, 1, -1)]
    found: dict[str, None] = {}
    for up, right in steps:
        a = min(90.0, max(-90.0, lat + up * north))
        b = min(180.0, max(-180.0, lon + right * east))
        found |= dict.fromkeys(get_tzs(b, a))
    return list(found)
