"""Clocks of the world: from a printed time to an instant, by the pinned tz database.

Days are counted as in `gtfsgen.dates` (day 0 is `EPOCH`), instants in seconds of UTC since
that day's midnight. The rules come from the `tzdata` package and never from the machine, so that
the same source gives the same feed everywhere. Nothing else in gtfsgen asks for a time zone, for
today or for now: ruff's TID251 sees to it.
"""

from __future__ import annotations

import calendar
import math
import struct
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo  # noqa: TID251 - the one place, and never by the machine's files

from gtfsgen.dates import EPOCH

if TYPE_CHECKING:
    import numpy as np

DAY = 86_400
NOON = 43_200
_EPOCH = datetime(EPOCH.year, EPOCH.month, EPOCH.day, tzinfo=UTC)
LAST_YEAR = 9999
EARLIEST = (date(1, 1, 3) - EPOCH).days * DAY
LATEST = (date(LAST_YEAR, 12, 29) - EPOCH).days * DAY
"""Between these instants Python can tell the time in every zone; clocks stand still beyond."""


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
    with _zone_file(name).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


def _zone_file(name: str) -> Traversable:
    if name not in zone_names():
        raise UnknownZone(name)
    return resources.files("tzdata").joinpath("zoneinfo", *name.split("/"))


def zone_or_utc(name: str | None) -> ZoneInfo:
    """The zone `name`; UTC where nobody knows it, for those who show a feed as it is."""
    return zone_info(name if name in zone_names() else "UTC")


def now() -> datetime:
    """This moment, on the machine's clock and in its zone."""
    return datetime.now().astimezone()  # noqa: TID251 - the only reader of the machine's clock


def today() -> date:
    """The machine's date."""
    return now().date()


@lru_cache(maxsize=1 << 14)
def offset_s(zone: str, day: date) -> int:
    """Seconds that a zone is ahead of UTC at noon UTC of a day. Raises `UnknownZone`."""
    return _offset(zone_info(zone), (day - EPOCH).days * DAY + NOON)


@lru_cache(maxsize=4096)
def same_clock(zone: str, other: str, first: date, last: date) -> bool:
    """Whether two zones show the same time all through `first`..`last`; False if one is unknown."""
    if zone == other:
        return True
    days = ((first - EPOCH).days, (last - EPOCH).days)
    try:
        a, b = (Zone(name, *days) for name in (zone, other))
    except UnknownZone:
        return False
    return a.offset_at(days[0] * DAY) == b.offset_at(days[0] * DAY) and [
        change for change in a.changes if days[0] <= change.at // DAY <= days[1]
    ] == [change for change in b.changes if days[0] <= change.at // DAY <= days[1]]


def breaks_of(zones: Iterable[Zone]) -> list[int]:
    """The days, in order, on which a clock of one of these zones is put forward or back."""
    return sorted({change.at // DAY for zone in zones for change in zone.changes})


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
        self.changes = _changes(name, first_day - 2, last_day + 2)
        start = (
            self.changes[0].before
            if self.changes
            else _offset(zone_info(name), (first_day - 2) * DAY)
        )
        self._offsets = [start, *(change.after for change in self.changes)]
        self._walls = [change.end_of_odd_walls for change in self.changes]
        self._instants = [change.at for change in self.changes]

    def offset_at(self, instant: int) -> int:
        """Seconds ahead of UTC at an instant."""
        return self._offsets[bisect_right(self._instants, instant)]

    def offsets_at(self, instants: np.ndarray) -> np.ndarray:
        """`offset_at` for an array of instants."""
        import numpy as np

        found = np.searchsorted(np.array(self._instants, np.int64), instants, side="right")
        return np.array(self._offsets, np.int64)[found]

    def day_starts(self, days: np.ndarray) -> np.ndarray:
        """The instants from which the times of service days count: noon minus twelve hours."""
        noons = days * DAY + NOON
        # No zone changes its clocks at noon, so the offset of noon is known from a guess.
        return noons - self.offsets_at(noons - self.offsets_at(noons)) - NOON

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


def _changes(name: str, first_day: int, last_day: int) -> list[Change]:
    """Clock changes between two days: those the database lists, then those its rule gives."""
    info = zone_info(name)
    listed = [each for each in _listed_instants(name) if each > EARLIEST]
    changes = [Change(at, _offset(info, at - 1), _offset(info, at)) for at in listed]
    end = listed[-1] if listed else EARLIEST
    years = (max(first_day * DAY, end), last_day * DAY)
    first_year, last_year = (EPOCH.year + int(each // (365.2425 * DAY)) for each in years)
    for year in range(max(first_year - 1, 1), min(last_year + 1, LAST_YEAR) + 1):
        new_year = (date(year, 1, 1) - EPOCH).days * DAY
        for at, before, after in _changes_by_rule(name, *_like(year)):
            if new_year + at > end:
                changes.append(Change(new_year + at, before, after))
    return [
        change
        for change in changes
        if first_day * DAY < change.at <= (last_day + 1) * DAY and change.before != change.after
    ]


@cache
def _listed_instants(name: str) -> tuple[int, ...]:
    """The transitions that a TZif file (RFC 8536) lists one by one, in seconds since `EPOCH`.

    They end where the last rule begins that has been in force ever since.
    """
    data = _zone_file(name).read_bytes()

    def counts(at: int) -> tuple[int, ...]:
        return struct.unpack_from(">6l", data, at + 20)

    # The first block has 32-bit instants; the second, with 64 bits, follows.
    utc, standard, leaps, times, types, letters = counts(0)
    second = 44 + times * 5 + types * 6 + letters + leaps * 8 + standard + utc
    times = counts(second)[3]
    unix = int(_EPOCH.timestamp())
    return tuple(each - unix for each in struct.unpack_from(f">{times}q", data, second + 44))


def _like(year: int) -> tuple[bool, int]:
    return (calendar.isleap(year), date(year, 1, 1).weekday())


@cache
def _changes_by_rule(name: str, leap: bool, weekday: int) -> list[tuple[int, int, int]]:
    """The changes in a year of the far future that is a leap year or not and begins on that
    weekday: seconds since its start, offsets before and after. Rules know months and weekdays, so
    years that begin and leap alike have the same.
    """
    info = zone_info(name)
    year = next(each for each in range(2400, 2800) if _like(each) == (leap, weekday))
    start = (date(year, 1, 1) - EPOCH).days
    changes = []
    before = _offset(info, start * DAY)
    for day in range(start, start + 365 + leap):
        after = _offset(info, (day + 1) * DAY)
        if after != before:
            early, late = day * DAY, (day + 1) * DAY
            while late - early > 1:
                middle = (early + late) // 2
                if _offset(info, middle) == before:
                    early = middle
                else:
                    late = middle
            changes.append((late - start * DAY, before, after))
            before = after
    return changes


def _offset(info: ZoneInfo, instant: int) -> int:
    instant = min(max(instant, EARLIEST), LATEST)
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
