"""From chains on their service days to trips, and the form in which planners are told of the links.

The rules were found by running trip planners (docs/decisions/handover.md): a linear chain is tied
by block_id alone; type 4 rows only where trains split or join; a joint without a known time, or the
profile `through`, makes one trip of the parts; no trip of a day or longer that its own next run
overtakes.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from gtfsgen.clocks import DAY
from gtfsgen.compile.timing import Call, Moments, Part
from gtfsgen.dates import Dates
from gtfsgen.source.model import Coach

LONG_LINK_WAIT_S = 120 * 60
"""MOTIS drops a type 4 link with a wait of this length or longer."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Consecutive calls of one run within a trip."""

    part: Part
    moments: Moments
    """Seconds of the service day, for calls `part.first`..`part.last`."""

    @property
    def run_id(self) -> str:
        return self.part.train.run_id

    @property
    def calls(self) -> Sequence[Call]:
        return self.part.train.calls[self.part.first : self.part.last + 1]

    @property
    def starts(self) -> int | None:
        arrival, departure = self.moments[0]
        return arrival if departure is None else departure

    @property
    def ends(self) -> int | None:
        arrival, departure = self.moments[-1]
        return departure if arrival is None else arrival

    def between(self, first: int, last: int) -> Stretch:
        """The calls `first`..`last`, counted within this stretch."""
        part = Part(self.part.train, self.part.day, self.part.first + first, self.part.first + last)
        return Stretch(part, self.moments[first : last + 1])


@dataclass(eq=False)
class Trip:
    """One trip of the feed: usually a run, or runs joined end to end, or a piece of a run."""

    stretches: list[Stretch]
    trip_id: str = ""
    service: Dates = field(default_factory=Dates)
    block_id: str = ""
    linked: bool = False
    headsign: str = ""
    before: list[Link] = field(default_factory=list)
    after: list[Link] = field(default_factory=list)

    @property
    def run_ids(self) -> list[str]:
        """Runs in order, each once."""
        return list(dict.fromkeys(stretch.run_id for stretch in self.stretches))

    @property
    def starts(self) -> int | None:
        return self.stretches[0].starts

    @property
    def ends(self) -> int | None:
        return self.stretches[-1].ends

    @property
    def duration(self) -> int:
        times = [t for s in self.stretches for call in s.moments for t in call if t is not None]
        return max(times) - min(times) if times else 0


@dataclass(eq=False)
class Link:
    """Coaches stay together from the end of one trip to the beginning of another."""

    from_trip: Trip
    to_trip: Trip
    coaches: list[Coach]
    """Empty where it is the train itself that goes on."""

    @property
    def wait(self) -> int | None:
        """Seconds at the joint, None if a time is not known."""
        ends, starts = _arrival(self.from_trip), _departure(self.to_trip)
        return None if ends is None or starts is None else starts - ends

    @property
    def station_id(self) -> str:
        return self.to_trip.stretches[0].calls[0].station_id


def _arrival(trip: Trip) -> int | None:
    arrival, departure = trip.stretches[-1].moments[-1]
    at_end = trip.stretches[-1].part.last == len(trip.stretches[-1].part.train.calls) - 1
    return departure if arrival is None and not at_end else arrival


def _departure(trip: Trip) -> int | None:
    arrival, departure = trip.stretches[0].moments[0]
    return arrival if departure is None and trip.stretches[0].part.first > 0 else departure


Form = Literal["alone", "block", "transfers", "one trip"]


@dataclass
class Bundle:
    """The trips of one chain on one set of service days, tied in one form."""

    trips: list[Trip]
    links: list[Link]
    form: Form
    reason: str
    joints: list[Joint]
    """Every handover of the chain, also those inside a joined trip."""
    cuts: list[str] = field(default_factory=list)
    """Stations at which a trip of a day or longer was cut."""
    overlong: list[Trip] = field(default_factory=list)
    """Trips of a day or longer that could not be cut."""


@dataclass(frozen=True, slots=True)
class Joint:
    """A handover as the curator knows it, for the report."""

    station_id: str
    from_run: str
    to_run: str
    wait: int | None
    coaches: tuple[Coach, ...]


class JointWithoutTime(Exception):
    """A split or join at a station where a time is not known; it cannot be one trip."""

    def __init__(self, link: Link) -> None:
        self.link = link
        super().__init__(link.station_id)


def bundle(
    trips: list[Trip], links: list[Link], *, profile: str, gap_days: Mapping[str, int]
) -> Bundle:
    """Join, cut and tie the trips of a chain.

    `gap_days` holds, by run_id, the fewest days between two runs of that train. Raises
    `JointWithoutTime` for a split or join without a time.
    """
    joints = [
        Joint(
            link.station_id,
            link.from_trip.run_ids[-1],
            link.to_trip.run_ids[0],
            link.wait,
            tuple(link.coaches),
        )
        for link in links
    ]
    links, joined_unknown = _join(trips, links, [link for link in links if link.wait is None])
    linear = _is_linear(links)
    joined_through = False
    if profile == "through" and links and linear:
        wanted = _joints_within_a_day(links, gap_days)
        links, joined_through = _join(trips, links, wanted)
    trips = _distinct(trips)
    cuts: list[str] = []
    overlong = []
    for trip in list(trips):
        if _overtaken(trip, gap_days):
            pieces, places = _cut(trip)
            cuts += places
            overlong += [piece for piece in pieces if piece.duration >= DAY]
            _replace(trips, links, trip, pieces)
    form, reason = _form(links, linear, profile, joined_unknown, joined_through, bool(cuts))
    for link in links:
        link.from_trip.linked = link.to_trip.linked = True
        link.from_trip.after.append(link)
        link.to_trip.before.append(link)
    return Bundle(trips, links, form, reason, joints, cuts, overlong)


def _is_linear(links: Iterable[Link]) -> bool:
    links = list(links)
    sources = [id(link.from_trip) for link in links]
    goals = [id(link.to_trip) for link in links]
    return len(set(sources)) == len(sources) and len(set(goals)) == len(goals)


def _distinct(trips: Iterable[Trip]) -> list[Trip]:
    return [trip for trip in trips if trip.stretches]


def _join(trips: list[Trip], links: list[Link], wanted: Sequence[Link]) -> tuple[list[Link], bool]:
    """Make one trip of both sides of each wanted link."""
    for link in wanted:
        first, second = link.from_trip, link.to_trip
        if (
            sum(other.from_trip is first for other in links) > 1
            or sum(other.to_trip is second for other in links) > 1
        ):
            raise JointWithoutTime(link)
        first.stretches += second.stretches
        second.stretches = []
        links = [other for other in links if other is not link]
        for other in links:
            if other.from_trip is second:
                other.from_trip = first
        trips[:] = [trip for trip in trips if trip is not second]
    return links, bool(wanted)


def _joints_within_a_day(links: Sequence[Link], gap_days: Mapping[str, int]) -> list[Link]:
    """The joints of a linear chain to join so that each trip stays under a day.

    The whole chain if its next run does not overtake it; else the fewest trips, parted at the
    longest waits.
    """
    ordered = _in_order(links)
    chain = [ordered[0].from_trip, *(link.to_trip for link in ordered)]
    starts = [trip.starts or 0 for trip in chain]
    ends = [trip.ends or 0 for trip in chain]
    gap = min(gap_days[run] for trip in chain for run in trip.run_ids)
    if ends[-1] - starts[0] < DAY or ends[-1] - starts[0] < gap * DAY:
        return list(ordered)
    waits = [link.wait or 0 for link in ordered]
    parted = set(_partition(starts, ends, waits))
    return [link for index, link in enumerate(ordered) if index not in parted]


def _in_order(links: Sequence[Link]) -> list[Link]:
    by_source = {id(link.from_trip): link for link in links}
    goals = {id(link.to_trip) for link in links}
    current = next(link for link in links if id(link.from_trip) not in goals)
    ordered = [current]
    while id(current.to_trip) in by_source:
        current = by_source[id(current.to_trip)]
        ordered.append(current)
    return ordered


def _partition(starts: Sequence[int], ends: Sequence[int], waits: Sequence[int]) -> list[int]:
    """Where to part a row of pieces (`waits` between them) so that each group lasts under a day.

    Fewest parts, then the longest waits at the partings. A piece that is a day long by itself
    stays.
    """
    count = len(starts)
    best: list[tuple[int, int, list[int]]] = [(0, 0, [])]
    for last in range(count):
        options = []
        for first in range(last, -1, -1):
            if first < last and ends[last] - starts[first] >= DAY:
                break
            parts, waited, partings = best[first]
            if first == 0:
                options.append((parts + 1, waited, partings))
            else:
                options.append((parts + 1, waited - waits[first - 1], [*partings, first - 1]))
        best.append(min(options, key=lambda option: option[:2]))
    return best[-1][2]


def _overtaken(trip: Trip, gap_days: Mapping[str, int]) -> bool:
    """A trip of a day or longer whose next run leaves before it has arrived."""
    duration = trip.duration
    return duration >= DAY and min(gap_days[run] for run in trip.run_ids) * DAY <= duration


def _cut(trip: Trip) -> tuple[list[Trip], list[str]]:
    """Cut a trip at its joints or long halts into pieces that last under a day."""
    halts: list[tuple[int, int]] = []
    starts, ends, waits = [trip.starts or 0], [], []
    for number, stretch in enumerate(trip.stretches):
        for index, (arrival, departure) in enumerate(stretch.moments):
            inner = 0 < index < len(stretch.moments) - 1
            if inner and arrival is not None and departure is not None:
                halts.append((number, index))
                ends.append(arrival)
                starts.append(departure)
                waits.append(departure - arrival)
        if number < len(trip.stretches) - 1:
            arrival, departure = stretch.ends, trip.stretches[number + 1].starts
            if arrival is not None and departure is not None:
                halts.append((number, len(stretch.moments) - 1))
                ends.append(arrival)
                starts.append(departure)
                waits.append(departure - arrival)
    ends.append(trip.ends or 0)
    pieces: list[Trip] = []
    places: list[str] = []
    begin = (0, 0)
    for parting in _partition(starts, ends, waits):
        number, index = halts[parting]
        pieces.append(Trip(_slice(trip.stretches, begin, (number, index))))
        places.append(trip.stretches[number].calls[index].station_id)
        inner = index < len(trip.stretches[number].moments) - 1
        begin = (number, index) if inner else (number + 1, 0)
    last = len(trip.stretches) - 1
    pieces.append(
        Trip(_slice(trip.stretches, begin, (last, len(trip.stretches[last].moments) - 1)))
    )
    return pieces, places


def _slice(
    stretches: Sequence[Stretch], begin: tuple[int, int], end: tuple[int, int]
) -> list[Stretch]:
    found = []
    for number in range(begin[0], end[0] + 1):
        first = begin[1] if number == begin[0] else 0
        last = end[1] if number == end[0] else len(stretches[number].moments) - 1
        found.append(stretches[number].between(first, last))
    return found


def _replace(trips: list[Trip], links: list[Link], trip: Trip, pieces: list[Trip]) -> None:
    index = next(i for i, known in enumerate(trips) if known is trip)
    trips[index : index + 1] = pieces
    for link in links:
        if link.to_trip is trip:
            link.to_trip = pieces[0]
        if link.from_trip is trip:
            link.from_trip = pieces[-1]
    links += [Link(one, other, []) for one, other in itertools.pairwise(pieces)]


def _form(
    links: Sequence[Link],
    linear: bool,
    profile: str,
    joined_unknown: bool,
    joined_through: bool,
    cut: bool,
) -> tuple[Form, str]:
    if not links:
        if joined_through:
            return "one trip", "profile through: one trip instead of its parts"
        if joined_unknown:
            return "one trip", "no time is known at the joint, so the trains are one trip"
        return "alone", ""
    if linear:
        if joined_through:
            return (
                "block",
                "profile through, but the whole would last a day or longer: parts tied by block_id",
            )
        if cut:
            return "block", "a trip of a day or longer is cut at a long halt and tied by block_id"
        return "block", "a linear chain: block_id alone keeps the seat at any wait"
    waits = [link.wait or 0 for link in links]
    reason = "trains split or join: type 4 rows, which block_id cannot replace"
    if profile == "through":
        reason += "; as one trip some train would appear twice on a date"
    if max(waits) >= LONG_LINK_WAIT_S:
        reason += "; a wait of 120 min or more, so MOTIS will show a change there"
    return "transfers", reason
