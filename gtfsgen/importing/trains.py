"""Trips of a feed as trains of a timetable: local times, local dates, coaches.

`compile` turns trains into trips: it splits the dates of a train into those with and without
through coaches, moves chains to the service day of their origin and writes times past midnight.
Here that is undone. A trip that no grid can say keeps a reason and stays as it is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from gtfsgen.clocks import DAY, NOON, Zone
from gtfsgen.dates import Dates
from gtfsgen.render.trains import seconds_of
from gtfsgen.source.grids import EVERY
from gtfsgen.source.words import folded

MARKS = {
    ("0", "0"): "", ("1", "0"): "v", ("0", "1"): "^", ("1", "1"): "()",
    ("3", "3"): "x ", ("3", "1"): "x ^", ("1", "3"): "x v",
}  # fmt: skip
"""pickup_type and drop_off_type -> the mark of a cell."""
FLEXIBLE = (
    "location_id",
    "location_group_id",
    "start_pickup_drop_off_window",
    "end_pickup_drop_off_window",
)
MAX_CHAIN = 6
"""Longer chains of trains are a day of a vehicle, which riders do not ride: they stay blocks."""
LONGEST_RUN_S = 14 * DAY
LONGEST_WAIT_S = 20 * 3600
"""Coaches that wait longer are not tied by `compile` without being told."""


@dataclass(frozen=True)
class Halt:
    """A call. Times in seconds: of the service day in a trip, of the local date in a train."""

    stop_id: str
    arrival: int
    departure: int
    mark: str = ""
    estimate: bool = False


@dataclass
class Trip:
    """A trip of the feed that grids can say."""

    trip_id: str
    row: Mapping[str, str]
    dates: Dates
    """Service days."""
    halts: tuple[Halt, ...]

    @property
    def number(self) -> str:
        return self.row.get("trip_short_name", "")

    @property
    def starts(self) -> int:
        return self.halts[0].departure

    @property
    def ends(self) -> int:
        return self.halts[-1].arrival


@dataclass
class Train:
    """A column of a timetable: halts in local time of the first local date."""

    label: str
    """What the tables call it."""
    number: str
    """What riders are told; may be blank."""
    route_id: str
    headsign: str
    header: tuple[tuple[str, str], ...]
    """direction, wheelchair, bikes, block."""
    halts: tuple[Halt, ...]
    gaps: tuple[int, ...]
    """Seconds that truly pass before each arrival and departure in turn."""
    dates: Dates
    trips: list[str]
    service_id: str
    linked: bool = False


@dataclass
class CoachRow:
    """A row of coaches.csv: `trains` are labels, `stops` its first and last stop."""

    trains: tuple[str, ...]
    stops: tuple[str, str]
    dates: Dates


# ------------------------------------------------------------------------------------ reading trips


def read_trip(
    row: Mapping[str, str],
    calls: Sequence[Mapping[str, str]],
    dates: Dates | None,
    routes: Iterable[str],
    stations: Mapping[str, object],
) -> Trip | str:
    """The trip, or why no grid can say it."""
    if row["route_id"] not in routes or not row["trip_id"]:
        return "its route is not in routes.txt"
    if not dates:
        return "it runs on no day"
    if len(calls) < 2:
        return "it calls at fewer than two stops"
    halts: list[Halt] = []
    for call in calls:
        halt = read_halt(call, stations)
        if isinstance(halt, str):
            return halt
        if halts and halt.stop_id == halts[-1].stop_id:
            return "it calls twice running at one stop"
        if halt.arrival > halt.departure or (halts and halt.arrival < halts[-1].departure):
            return "its times go back"
        halts.append(halt)
    if halts[-1].arrival - halts[0].departure > LONGEST_RUN_S:
        return "it runs for more than a fortnight"
    return Trip(row["trip_id"], row, dates, tuple(halts))


def read_halt(call: Mapping[str, str], stations: Mapping[str, object]) -> Halt | str:
    """One row of stop_times, or why no cell can say it."""
    if any(call.get(name) for name in FLEXIBLE):
        return "it is a flexible service"
    if call["stop_id"] not in stations:
        return "a stop lacks a name, a position or the zone there"
    arrival, departure = (seconds_of(call.get(f"{side}_time")) for side in ("arrival", "departure"))
    if arrival is None and departure is None:
        return "a stop has no time of its own"
    doors = call.get("pickup_type") or "0", call.get("drop_off_type") or "0"
    if doors not in MARKS:
        return "a stop is served by arrangement, for boarding or alighting alone"
    arrival = departure if arrival is None else arrival
    departure = arrival if departure is None else departure
    assert arrival is not None
    assert departure is not None
    estimate = call.get("timepoint") == "0"
    return Halt(call["stop_id"], arrival, departure, MARKS[doors], estimate)


# ------------------------------------------------------------------------------------------- links


def links_of(
    trips: Mapping[str, Trip], rails: set[str], transfers: Iterable[Mapping[str, str]]
) -> dict[str, list[str]]:
    """Trip -> the trips its riders stay aboard for: blocks of railways, transfers of type 4."""
    links: dict[str, list[str]] = defaultdict(list)
    for row in transfers:
        first, last = row.get("from_trip_id", ""), row.get("to_trip_id", "")
        if row.get("transfer_type") != "4" or first not in trips or last not in trips:
            continue
        if meets(trips[first], trips[last]) and trips[first].dates & trips[last].dates:
            links[first].append(last)
    blocks: dict[str, list[Trip]] = defaultdict(list)
    for trip in trips.values():
        if trip.row.get("block_id") and trip.row["route_id"] in rails:
            blocks[trip.row["block_id"]].append(trip)
    for members in blocks.values():
        members.sort(key=lambda trip: trip.starts)
        for index, trip in enumerate(members):
            unserved = trip.dates
            for after in members[index + 1 :]:
                shared = unserved & after.dates
                if shared and meets(trip, after):
                    links[trip.trip_id].append(after.trip_id)
                    unserved = unserved - shared
    return {trip: list(dict.fromkeys(nexts)) for trip, nexts in links.items()}


def meets(before: Trip, after: Trip) -> bool:
    wait = after.starts - before.ends
    return before.halts[-1].stop_id == after.halts[0].stop_id and 0 <= wait < LONGEST_WAIT_S


def paths(links: Mapping[str, list[str]]) -> Iterator[tuple[str, ...]]:
    """All ways to stay aboard from a trip that none leads to, as far as they go."""
    led_to = {trip for nexts in links.values() for trip in nexts}
    open_ends: list[tuple[str, ...]] = [(trip,) for trip in links if trip not in led_to]
    while open_ends:
        path = open_ends.pop()
        nexts = [trip for trip in links.get(path[-1], ()) if trip not in path]
        if not nexts or len(path) > 2 * MAX_CHAIN:
            yield path
        else:
            open_ends += [(*path, trip) for trip in nexts]


def rideable(trips: Mapping[str, Trip], links: Mapping[str, list[str]]) -> list[tuple[str, ...]]:
    """The ways that coaches.csv can say: few trains, each with a number of its own.

    A way that it cannot say takes all with it that share a number: their trips stay as they are.
    """
    found = list(paths(links))
    bad: set[str] = set()
    for path in found:
        numbers = without_repeats(trips[trip].number for trip in path)
        if len(numbers) > MAX_CHAIN or len(set(numbers)) < len(numbers):
            bad |= set(numbers)
        bad |= {number for number in numbers if not is_label(number) or ">" in number}
    spoilt = True
    while spoilt:
        spoilt = False
        for path in found:
            named = {trips[trip].number for trip in path}
            if named & bad and not named <= bad:
                bad |= named
                spoilt = True
    return [path for path in found if not {trips[trip].number for trip in path} & bad]


def without_repeats(numbers: Iterable[str]) -> tuple[str, ...]:
    """A train that only goes on as itself is one train."""
    found: list[str] = []
    for number in numbers:
        if not found or found[-1] != number:
            found.append(number)
    return tuple(found)


def is_label(text: str) -> bool:
    """Whether a column of a grid can be headed by it."""
    known = folded(text) in ("", "note", "km", "source") or text.lower().startswith("x_")
    return not known and not EVERY.fullmatch(text) and text == " ".join(text.split())


# -------------------------------------------------------------------------------------- local times


@dataclass
class Clocks:
    """Turns service days and agency time into local dates and local times."""

    agency: str
    zone_of: Mapping[str, str]
    """Stop -> zone."""
    span: tuple[int, int]
    """First and last day, counted from the epoch of `Dates`."""
    zones: dict[str, Zone] = field(default_factory=dict)

    def zone(self, name: str) -> Zone:
        if name not in self.zones:
            self.zones[name] = Zone(name, self.span[0] - 2, self.span[1] + 16)
        return self.zones[name]

    def readings(self, halts: tuple[Halt, ...], dates: Dates) -> dict[tuple[Halt, ...], Dates]:
        """Halts in local time of the first local date -> those dates.

        Usually one; several where the zones on the way change their clocks on different days. In
        the agency's own zone a time is what it says, also in the night of a clock change.
        """
        own = all(self.zone_of[halt.stop_id] == self.agency for halt in halts)
        if own:
            return self.settled(halts, dates)
        zones = {self.zone_of[halt.stop_id] for halt in halts} | {self.agency}
        if not any(self.zone(name).changes for name in zones):
            day = next(dates.numbers())
            return self.settled(self.on(halts, day), dates)
        found: dict[tuple[Halt, ...], int] = defaultdict(int)
        for day in dates.numbers():
            found[self.on(halts, day)] |= 1 << day
        readings: dict[tuple[Halt, ...], Dates] = {}
        for local, bits in found.items():
            for settled, days in self.settled(local, Dates(bits)).items():
                readings[settled] = readings.get(settled, Dates()) | days
        return readings

    def on(self, halts: tuple[Halt, ...], day: int) -> tuple[Halt, ...]:
        """The halts by the clocks of their stations, in seconds of the service day's date."""
        start = self.zone(self.agency).readings(day * DAY + NOON)[0] - NOON

        def wall(seconds: int, stop_id: str) -> int:
            return self.zone(self.zone_of[stop_id]).wall(start + seconds) - day * DAY

        return tuple(
            Halt(
                halt.stop_id,
                wall(halt.arrival, halt.stop_id),
                wall(halt.departure, halt.stop_id),
                halt.mark,
                halt.estimate,
            )
            for halt in halts
        )

    def settled(self, halts: tuple[Halt, ...], dates: Dates) -> dict[tuple[Halt, ...], Dates]:
        """The same with a first departure between 00:00 and 24:00 of the train's own date."""
        days = halts[0].departure // DAY
        back = days * DAY
        if days:
            halts = tuple(
                Halt(h.stop_id, h.arrival - back, h.departure - back, h.mark, h.estimate)
                for h in halts
            )
        return {halts: dates.shift(days)}


def gaps_of(halts: tuple[Halt, ...]) -> tuple[int, ...]:
    """Seconds before each arrival and departure in turn, from times of one clock."""
    moments = [moment for halt in halts for moment in (halt.arrival, halt.departure)][1:]
    return (0, 0, *(b - a for a, b in pairwise(moments)))


# ------------------------------------------------------------------------------------------- trains


def trains_of(
    trips: Mapping[str, Trip], ways: Iterable[tuple[str, ...]], clocks: Clocks
) -> tuple[list[Train], list[CoachRow]]:
    """Columns for all trips, and the coaches that ride from one to the next.

    Trips of a train that carries coaches become one column where only their days differ.
    """
    ways = list(ways)
    riding = {trips[trip].number for way in ways for trip in way}
    trains: list[Train] = []
    chained: dict[tuple[Any, ...], Train] = {}
    for piece in glued(trips, ways, riding):
        for halts, dates in clocks.readings(piece.halts, piece.dates).items():
            linked = piece.number in riding
            train = Train(
                label=piece.number if linked else piece.trip_id,
                number=piece.number,
                route_id=piece.row["route_id"],
                headsign=piece.row.get("trip_headsign", ""),
                header=header_of(piece.row, linked),
                halts=halts,
                gaps=gaps_of(piece.halts),
                dates=dates,
                trips=piece.trip_id.split("\0"),
                service_id=piece.row["service_id"],
                linked=linked,
            )
            key = (train.number, train.route_id, train.header, halts)
            twin = chained.get(key) if linked else None
            if twin is not None and not twin.dates & dates:
                twin.dates |= dates
                twin.trips += train.trips
            else:
                trains.append(train)
                chained[key] = train
    name_trains(trains)
    return trains, coach_rows(trips, ways, clocks)


def glued(
    trips: Mapping[str, Trip], ways: Iterable[tuple[str, ...]], riding: set[str]
) -> Iterator[Trip]:
    """The trips, those of one train that was cut where coaches leave or join put together."""
    after: dict[str, str] = {}
    for way in ways:
        for one, other in pairwise(way):
            if trips[one].number == trips[other].number and trips[one].dates == trips[other].dates:
                after[one] = other
    inner = set(after.values())
    for trip_id, trip in trips.items():
        if trip_id in inner:
            continue
        while trip_id in after:
            trip_id = after[trip_id]
            rest = trips[trip_id]
            joint = Halt(
                trip.halts[-1].stop_id,
                trip.halts[-1].arrival,
                rest.halts[0].departure,
                "",
                trip.halts[-1].estimate or rest.halts[0].estimate,
            )
            halts = (*trip.halts[:-1], joint, *rest.halts[1:])
            ids = f"{trip.trip_id}\0{rest.trip_id}"
            trip = Trip(ids, {**rest.row, "route_id": trip.row["route_id"]}, trip.dates, halts)
        yield trip


ANSWERS = {"1": "yes", "2": "no"}


def header_of(row: Mapping[str, str], linked: bool) -> tuple[tuple[str, str], ...]:
    """The upper rows of a column; a block only where no coach says the same."""
    cells = {
        "direction": row.get("direction_id", ""),
        "wheelchair": ANSWERS.get(row.get("wheelchair_accessible", ""), ""),
        "bikes": ANSWERS.get(row.get("bikes_allowed", ""), ""),
        "block": "" if linked else row.get("block_id", ""),
    }
    return tuple((name, cell) for name, cell in cells.items() if cell)


def name_trains(trains: list[Train]) -> None:
    """Call trains by their numbers where a number runs once a day, else by their trip_id."""
    taken: dict[str, list[Train]] = defaultdict(list)
    for train in trains:
        if not train.linked:
            taken[folded(train.number)].append(train)
    linked = {folded(train.number) for train in trains if train.linked}
    for number, members in taken.items():
        dates = Dates()
        clash = number in linked or not is_label(members[0].number)
        for train in members:
            clash = clash or bool(dates & train.dates)
            dates |= train.dates
        if not clash:
            for train in members:
                train.label = train.number


def coach_rows(
    trips: Mapping[str, Trip], ways: Iterable[tuple[str, ...]], clocks: Clocks
) -> list[CoachRow]:
    """A coach per way from train to train; one that rides a part of it rides along there too."""
    rows: dict[tuple[Any, ...], CoachRow] = {}
    for way in ways:
        chain = [trips[trip] for trip in way]
        numbers = without_repeats(trip.number for trip in chain)
        shared = chain[0].dates
        for trip in chain[1:]:
            shared = shared & trip.dates
        if len(numbers) < 2 or not shared:
            continue
        stops = chain[0].halts[0].stop_id, chain[-1].halts[-1].stop_id
        for dates in clocks.readings(chain[0].halts, shared).values():
            row = rows.setdefault((numbers, stops), CoachRow(numbers, stops, Dates()))
            row.dates |= dates
    for way in ways:
        chain = [trips[trip] for trip in way]
        for row in rows.values():
            for start in range(len(chain)):
                part = chain[start : start + len(row.trains)]
                if (
                    len(part) < len(chain)
                    and tuple(trip.number for trip in part) == row.trains
                    and (part[0].halts[0].stop_id, part[-1].halts[-1].stop_id) == row.stops
                ):
                    for dates in clocks.readings(part[0].halts, part[0].dates).values():
                        row.dates |= dates
    return list(rows.values())
