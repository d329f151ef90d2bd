"""Coaches that ride train after train: which trains hang together on which dates.

Each coach is followed from its first departure, date by date, to the train and date of every ride.
Where it changes trains the two are tied by a `Hop`; trains tied on a date form one `Chain`, and
chains alike but for their date are one, with the set of its dates. What is left of each train runs
alone.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from gtfsgen.clocks import DAY
from gtfsgen.compile.timing import Call, Moments, Train
from gtfsgen.dates import EPOCH, Dates
from gtfsgen.faults import Fault, Severity
from gtfsgen.source.model import Coach, Ride, Run

LONGEST_TACIT_WAIT_S = 20 * 3600
"""A coach that waits this long or longer has more likely been given a train that leaves before it
arrives.
"""
LONG_WAIT_S = 12 * 3600

Occurrence = tuple[str, int]
"""A run on a date: run_id and day."""


@dataclass(frozen=True, slots=True, order=True)
class Hop:
    """Coaches pass from one train to another; days are counted from the chain's first date."""

    from_run: str
    from_day: int
    leave: int
    """Position of the halt at which they leave the first train."""
    to_run: str
    to_day: int
    join: int

    def moved(self, days: int) -> Hop:
        return Hop(
            self.from_run,
            self.from_day + days,
            self.leave,
            self.to_run,
            self.to_day + days,
            self.join,
        )


@dataclass
class Chain:
    """Trains that coaches tie together, and all the dates on which they do so in this way."""

    runs: tuple[Occurrence, ...]
    """Runs with their days counted from the chain's first date."""
    hops: dict[Hop, list[Coach]]
    dates: Dates
    """Dates of the chain's first departure."""


@dataclass
class Chains:
    """All chains of a project, and the faults of its coaches."""

    chains: list[Chain]
    riding: dict[str, list[Coach]]
    """run_id -> the coaches that ever pass from or to it."""
    faults: list[Fault]


@dataclass
class _Ties:
    """Runs tied on dates, as they are found; no run is tied to itself on another date."""

    group: dict[Occurrence, Occurrence] = field(default_factory=dict)
    members: dict[Occurrence, dict[str, int]] = field(default_factory=dict)
    hops: dict[Hop, list[Coach]] = field(default_factory=dict)
    """Hops with absolute days."""

    def add(self, hop: Hop, coach: Coach) -> bool:
        """Tie two trains. False if some run would then hang together with itself on another
        date.
        """
        if hop not in self.hops:
            left = self._group((hop.from_run, hop.from_day))
            right = self._group((hop.to_run, hop.to_day))
            if left != right:
                one, other = self.members[left], self.members[right]
                if any(one.get(run, day) != day for run, day in other.items()):
                    return False
                one.update(other)
                for occurrence in self.members.pop(right).items():
                    self.group[occurrence] = left
            elif hop.from_run == hop.to_run:
                return False
            self.hops[hop] = []
        self.hops[hop].append(coach)
        return True

    def _group(self, occurrence: Occurrence) -> Occurrence:
        if occurrence not in self.group:
            self.group[occurrence] = occurrence
            self.members[occurrence] = dict([occurrence])
        return self.group[occurrence]


@dataclass(frozen=True, slots=True)
class _Ride:
    """A coach in one train on one date, between two positions of it."""

    run: str
    day: int
    board: int
    alight: int


def follow_coaches(
    coaches: Sequence[Coach],
    runs: Mapping[str, Run],
    trains: Mapping[str, Train],
    *,
    last_day: int,
) -> Chains:
    """Find the chains of all coaches. `trains` holds the halts of every run a coach rides.

    A chain may end after `last_day`, the last of the feed, by the days its trains have around the
    period.
    """
    follower = _Follower(runs, trains, last_day)
    ties = _Ties()
    riding: dict[str, dict[str, Coach]] = {}
    follower.check_cycles(coaches)
    for coach in coaches:
        untied: list[int] = []
        for day, rides in follower.journeys(coach):
            for before, after in itertools.pairwise(rides):
                hop = Hop(before.run, before.day, before.alight, after.run, after.day, after.board)
                if ties.add(hop, coach):
                    riding.setdefault(before.run, {})[coach.coach_id] = coach
                    riding.setdefault(after.run, {})[coach.coach_id] = coach
                else:
                    untied.append(day)
        if untied:
            follower.faults.append(_untied(coach, untied))
    follower.faults += _in_two_trains(coaches, follower.travels)
    return Chains(
        _chains(ties, trains),
        {run: list(by_id.values()) for run, by_id in riding.items()},
        follower.faults,
    )


def _untied(coach: Coach, days: Sequence[int]) -> Fault:
    return coach_fault(
        coach,
        "trains",
        "coach_not_tied",
        f"on {_days(days)} the trains of this coach hang together with another day's run of "
        "themselves through other coaches, which GTFS cannot say; riders will be shown a "
        "change there",
        severity=Severity.WARNING,
        hint="give coaches that wait longer than others a train number of their own",
    )


def _chains(ties: _Ties, trains: Mapping[str, Train]) -> list[Chain]:
    """Gather the tied trains of each date and put dates with the same ties together."""
    hops_of: dict[Occurrence, list[Hop]] = {}
    for hop in ties.hops:
        hops_of.setdefault(ties.group[hop.from_run, hop.from_day], []).append(hop)
    found: dict[tuple[Any, ...], Chain] = {}
    bits: dict[tuple[Any, ...], int] = {}
    for group, hops in hops_of.items():
        members = ties.members[group]
        origin = min(members, key=lambda run: (_first_departure(trains[run], members[run]), run))
        day = members[origin]
        runs = tuple(sorted((run, at - day) for run, at in members.items()))
        moved = {hop: hop.moved(-day) for hop in hops}
        key = (runs, tuple(sorted(moved.values())))
        chain = found.setdefault(key, Chain(runs, {}, Dates()))
        bits[key] = bits.get(key, 0) | 1 << day
        for hop in hops:
            known = chain.hops.setdefault(moved[hop], [])
            known += [coach for coach in ties.hops[hop] if coach not in known]
    for key, chain in found.items():
        chain.dates = Dates(bits[key])
    return sorted(found.values(), key=lambda chain: (chain.runs, chain.dates.first))


def _first_departure(train: Train, day: int) -> int:
    moments = train.moments(day)
    return day * DAY + min(time for call in moments for time in call if time is not None)


class _Follower:
    """Follows coaches from train to train and notes what does not fit."""

    def __init__(self, runs: Mapping[str, Run], trains: Mapping[str, Train], last_day: int) -> None:
        self.runs = runs
        self.trains = trains
        self.last_day = last_day
        self.faults: list[Fault] = []
        self.travels: dict[int, dict[int, tuple[int, int]]] = {}
        """Index by id() of the coach -> day -> instants of its departure and arrival."""

    def check_cycles(self, coaches: Iterable[Coach]) -> None:
        """A coach whose trains lead back to one it has ridden, alone or with coaches above it."""
        onward: dict[str, set[str]] = {}
        for coach in coaches:
            names = [ride.train for ride in coach.rides]
            for before, after in itertools.pairwise(names):
                if before == after or _reaches(onward, after, before):
                    self.faults.append(
                        coach_fault(
                            coach,
                            "trains",
                            "coach_cycle",
                            f"train {after} leads back to train {before}, so the chain has no "
                            "beginning",
                            found=" > ".join(names),
                            hint="let a coach's row end where its train's round begins anew",
                        )
                    )
                    break
                onward.setdefault(before, set()).add(after)

    def journeys(self, coach: Coach) -> list[tuple[int, list[_Ride]]]:
        """The rides of a coach for each of its dates; nothing for dates on which they do not
        fit.
        """
        if not coach.dates:
            self._fault(
                coach, "days", "coach_without_dates", "this coach runs on no date", coach.days
            )
            return []
        own = self._own_rides(coach)
        if not own:
            return []
        if not all(self._served(coach, ride) for ride in own):
            return []
        if not self._ends_served(coach, own):
            return []
        if not self._trains_meet(coach, own):
            return []
        found = []
        troubles: dict[tuple[str, str, str], list[int]] = {}
        for day in coach.dates.numbers():
            rides = self._journey(coach, own, day, troubles)
            if rides:
                found.append((day, rides))
        for (code, column, message), days in troubles.items():
            if code == "coach_train_not_running" and len(days) == len(coach.dates):
                message = message.replace("does not run", "never runs")
            self._fault(coach, column, code, f"{message} on {_days(days)}")
        self._note_waits(coach, found)
        self.travels[id(coach)] = {
            day: (self._instant(rides[0], depart=True), self._instant(rides[-1], depart=False))
            for day, rides in found
        }
        return found

    def _own_rides(self, coach: Coach) -> list[Ride]:
        """The rides in trains of this feed, up to where the coach leaves it."""
        start = next((i for i, ride in enumerate(coach.rides) if ride.runs), len(coach.rides))
        stop = next(
            (i for i, ride in enumerate(coach.rides) if i > start and not ride.runs),
            len(coach.rides),
        )
        foreign = [ride.train for ride in (*coach.rides[:start], *coach.rides[stop:])]
        if foreign:
            self.faults.append(
                coach_fault(
                    coach,
                    "trains",
                    "coach_leaves_feed",
                    f"the coach also rides {', '.join(foreign)}, which this feed does not hold; "
                    "it is not tied there",
                    severity=Severity.INFO,
                )
            )
        return list(coach.rides[start:stop])

    def _served(self, coach: Coach, ride: Ride) -> bool:
        halts = any(len(self.trains[run].calls) > 1 for run in ride.runs)
        if not halts:
            self._fault(
                coach, "trains", "coach_train_without_halts", f"train {ride.train} calls nowhere"
            )
        return halts

    def _ends_served(self, coach: Coach, own: Sequence[Ride]) -> bool:
        """Both ends are halts of the first and the last train, unless that is another feed's."""
        good = True
        if coach.rides[0].runs and not any(
            self._position(run, coach.from_station, 0) is not None for run in own[0].runs
        ):
            good = False
            self._fault(
                coach,
                "from",
                "coach_station_not_served",
                f"train {own[0].train} does not call at {coach.from_station} or ends there",
                coach.from_station,
            )
        if coach.rides[-1].runs and not any(
            self._last_position(run, coach.to_station) for run in own[-1].runs
        ):
            good = False
            self._fault(
                coach,
                "to",
                "coach_station_not_served",
                f"train {own[-1].train} does not call at {coach.to_station} or only begins there",
                coach.to_station,
            )
        return good

    def _trains_meet(self, coach: Coach, own: Sequence[Ride]) -> bool:
        for before, after in itertools.pairwise(own):
            if not any(self._meeting(one, other, 0) for one in before.runs for other in after.runs):
                self._fault(
                    coach,
                    "trains",
                    "coach_trains_do_not_meet",
                    f"trains {before.train} and {after.train} have no station where a coach could "
                    "pass from one to the other",
                    f"{before.train} > {after.train}",
                    f"{before.train} ends at {self._ends(before)[1]}, "
                    f"{after.train} begins at {self._ends(after)[0]}",
                )
                return False
        return True

    def _ends(self, ride: Ride) -> tuple[str, str]:
        calls = self.trains[ride.runs[0]].calls
        return calls[0].station_id, calls[-1].station_id

    def _position(self, run: str, station: str, after: int) -> int | None:
        """The first halt at a station from position `after` on that is not the train's last."""
        calls = self.trains[run].calls
        for position in range(after, len(calls) - 1):
            if calls[position].station_id == station:
                return position
        return None

    def _last_position(self, run: str, station: str) -> int | None:
        calls = self.trains[run].calls
        for position in range(len(calls) - 1, 0, -1):
            if calls[position].station_id == station:
                return position
        return None

    def _meeting(self, one: str, other: str, board: int) -> tuple[int, int] | None:
        """Where a coach in `one` since position `board` passes to `other`: positions in both.

        The end of the first train or else the beginning of the second, if the other calls there;
        else the last station they share.
        """
        calls, others = self.trains[one].calls, self.trains[other].calls
        at_end = self._position(other, calls[-1].station_id, 0)
        if at_end is not None and len(calls) - 1 > board:
            return len(calls) - 1, at_end
        places = list(range(len(calls) - 1, board, -1))
        for leave in places:
            if calls[leave].station_id == others[0].station_id:
                return leave, 0
        for leave in places:
            join = self._position(other, calls[leave].station_id, 0)
            if join is not None:
                return leave, join
        return None

    def _journey(
        self,
        coach: Coach,
        own: Sequence[Ride],
        day: int,
        troubles: dict[tuple[str, str, str], list[int]],
    ) -> list[_Ride]:
        first = self._first(coach, own[0], day, troubles)
        if first is None:
            return []
        rides = []
        run, run_day, board = first
        for ride, following in itertools.pairwise(own):
            onward = self._onward(coach, ride, run, run_day, board, following, troubles)
            if onward is None:
                return []
            leave, to_run, to_day, join = onward
            rides.append(_Ride(run, run_day, board, leave))
            run, run_day, board = to_run, to_day, join
        alight = self._last_position(run, coach.to_station)
        if alight is None or alight <= board:
            if coach.rides[-1].runs:
                message = (
                    f"train {own[-1].train} does not call at {coach.to_station} after the coach "
                    "has joined it"
                )
                troubles.setdefault(("coach_station_not_served", "to", message), []).append(day)
                return []
            alight = len(self.trains[run].calls) - 1
        return [*rides, _Ride(run, run_day, board, alight)]

    def _first(
        self,
        coach: Coach,
        ride: Ride,
        day: int,
        troubles: dict[tuple[str, str, str], list[int]],
    ) -> tuple[str, int, int] | None:
        """The run, its day and the position at which the coach sets out on `day`."""
        found = []
        for run in ride.runs:
            start = self._position(run, coach.from_station, 0) if coach.rides[0].runs else 0
            if start is None:
                continue
            call = self.trains[run].calls[start]
            run_day = day - (call.departs or 0) // DAY
            if self._runs(run, run_day):
                found.append((run, run_day, start))
        if len(found) == 1:
            return found[0]
        if found:
            code, message = "coach_train_ambiguous", f"train {ride.train} leaves more than once"
        else:
            code, message = "coach_train_not_running", f"train {ride.train} does not run"
        troubles.setdefault((code, "days", message), []).append(day)
        return None

    def _onward(
        self,
        coach: Coach,
        ride: Ride,
        run: str,
        run_day: int,
        board: int,
        following: Ride,
        troubles: dict[tuple[str, str, str], list[int]],
    ) -> tuple[int, str, int, int] | None:
        """Where and with which run of `following` the coach goes on, the first that leaves in
        time.
        """
        longest = _longest_wait(coach)
        best: tuple[int, tuple[int, str, int, int]] | None = None
        idle: int | None = None
        late: int | None = None
        for to_run in following.runs:
            met = self._meeting(run, to_run, board)
            if met is None:
                continue
            leave, join = met
            arrival = self._arrival(run, run_day, leave)
            if arrival is None or self._departure(to_run, run_day, join) is None:
                unclear = self._day_by_other_halts(run, run_day, leave, to_run, join)
                if unclear is None:
                    continue
                to_day = unclear
                if self._runs(to_run, to_day):
                    best = (0, (leave, to_run, to_day, join))
                else:
                    idle = to_day
                continue
            to_day = self._next_day(arrival, to_run, join)
            while True:
                departure = self._departure(to_run, to_day, join)
                assert departure is not None
                wait = departure - arrival
                if wait >= longest:
                    late = wait if late is None else min(late, wait)
                    break
                if self._runs(to_run, to_day):
                    if best is None or wait < best[0]:
                        best = (wait, (leave, to_run, to_day, join))
                    break
                idle = to_day
                to_day += 1
        if best is not None:
            return best[1]
        start = run_day
        if idle is not None:
            message = (
                f"train {following.train}, which should take the coach on from {ride.train}, "
                "does not run"
            )
            troubles.setdefault(("coach_train_not_running", "days", message), []).append(idle)
        elif late is not None:
            message = (
                f"trains {ride.train} and {following.train} do not meet: {following.train} leaves "
                f"{_duration(DAY - late % DAY)} before the coach arrives, or it waits "
                f"{_duration(late)}"
            )
            troubles.setdefault(("coach_leaves_before_it_arrives", "trains", message), []).append(
                start
            )
        else:
            message = f"the coach cannot pass from train {ride.train} to {following.train}"
            troubles.setdefault(("coach_trains_do_not_meet", "trains", message), []).append(start)
        return None

    def _runs(self, run: str, day: int) -> bool:
        """Whether a run leaves on a day; a chain may go on beyond the feed's last."""
        known = self.runs[run]
        bits = known.around.bits if day > self.last_day else known.dates.bits
        return day >= 0 and bool(bits >> day & 1)

    def _arrival(self, run: str, day: int, position: int) -> int | None:
        arrival, departure = self.trains[run].moments(day)[position]
        if arrival is None and position < len(self.trains[run].calls) - 1:
            arrival = departure
        return None if arrival is None else arrival + day * DAY

    def _departure(self, run: str, day: int, position: int) -> int | None:
        arrival, departure = self.trains[run].moments(day)[position]
        if departure is None and position > 0:
            departure = arrival
        return None if departure is None else departure + day * DAY

    def _next_day(self, instant: int, run: str, position: int) -> int:
        """The first day of a run on which it leaves a halt at an instant or later."""
        departs = self.trains[run].calls[position].departs or 0
        day = instant // DAY - departs // DAY - 2
        while True:
            departure = self._departure(run, day, position)
            if departure is None or departure >= instant:
                return day
            day += 1

    def _day_by_other_halts(
        self, run: str, day: int, leave: int, to_run: str, join: int
    ) -> int | None:
        """The day of the next train where the joint has no time, by the halts around it.

        Its first halt with a time comes after the last of the train before. None without times.
        """
        behind = _times(self.trains[run].moments(day)[: leave + 1])
        onward = self.trains[to_run].calls[join:]
        if not behind or all(call.arrives is None for call in onward):
            return None
        instant = max(behind) + day * DAY
        to_day = instant // DAY - max(call.arrives or 0 for call in onward) // DAY - 2
        while min(_times(self.trains[to_run].moments(to_day)[join:])) + to_day * DAY < instant:
            to_day += 1
        return to_day

    def _instant(self, ride: _Ride, *, depart: bool) -> int:
        if depart:
            return self._departure(ride.run, ride.day, ride.board) or ride.day * DAY
        return self._arrival(ride.run, ride.day, ride.alight) or ride.day * DAY

    def _note_waits(self, coach: Coach, journeys: Sequence[tuple[int, list[_Ride]]]) -> None:
        """Tell of waits that are long enough to be a mistake."""
        waits: dict[tuple[str, str], dict[int, int]] = {}
        for number, rides in journeys:
            for before, after in itertools.pairwise(rides):
                arrival = self._arrival(before.run, before.day, before.alight)
                departure = self._departure(after.run, after.day, after.board)
                if arrival is not None and departure is not None:
                    key = (self.runs[before.run].train, self.runs[after.run].train)
                    waits.setdefault(key, {})[number] = departure - arrival
        for (one, other), by_day in waits.items():
            wait = max(by_day.values())
            long = [day for day, each in by_day.items() if each > LONG_WAIT_S]
            if long:
                self.faults.append(
                    coach_fault(
                        coach,
                        "trains",
                        "coach_waits_long",
                        f"the coach waits {_duration(wait)} from train {one} to train {other}"
                        + _only_on(long, len(by_day)),
                        severity=Severity.WARNING,
                    )
                )

    def _fault(
        self, coach: Coach, column: str, code: str, message: str, found: str = "", hint: str = ""
    ) -> None:
        self.faults.append(coach_fault(coach, column, code, message, found=found, hint=hint))


def _only_on(days: Sequence[int], of: int) -> str:
    """`, on 2027-11-07 only`, where that is not so on most of the days."""
    if 2 * len(days) > of:
        return ""
    return f", on {_days(days)} only"


def _times(moments: Moments) -> list[int]:
    return [time for halt in moments for time in halt if time is not None]


def _in_two_trains(
    coaches: Sequence[Coach], travels: Mapping[int, Mapping[int, tuple[int, int]]]
) -> list[Fault]:
    """Rows of one coach that have it travel in two trains at once.

    A row whose own journeys overlap stands for several coaches that take turns; another row of it
    may then be under way at the same time, but not set out from the same station on the same day.
    """
    faults = []
    rows: dict[str, list[Coach]] = {}
    for coach in coaches:
        for other in rows.get(coach.coach_id, ()):
            mine, theirs = travels.get(id(coach), {}), travels.get(id(other), {})
            twice = (
                [day for day in mine if day in theirs]
                if coach.from_station == other.from_station
                else []
            )
            if not twice and not _overlaps(mine.values()) and not _overlaps(theirs.values()):
                twice = _clashing(mine, theirs)
            if twice:
                faults.append(
                    coach_fault(
                        coach,
                        "coach",
                        "coach_in_two_trains",
                        f"the coach is already in another train on {_days(twice)}, "
                        f"see line {other.line}",
                        found=coach.coach_id,
                    )
                )
        rows.setdefault(coach.coach_id, []).append(coach)
    return faults


def _overlaps(spans: Iterable[tuple[int, int]]) -> bool:
    ordered = sorted(spans)
    return any(after[0] < before[1] for before, after in itertools.pairwise(ordered))


def _clashing(
    mine: Mapping[int, tuple[int, int]], theirs: Mapping[int, tuple[int, int]]
) -> list[int]:
    """Days of `mine` whose journey overlaps one of `theirs`; neither overlaps itself."""
    marked = sorted(
        [(*span, day, True) for day, span in mine.items()]
        + [(*span, day, False) for day, span in theirs.items()]
    )
    days = []
    for before, after in itertools.pairwise(marked):
        if after[0] < before[1] and before[3] != after[3]:
            days.append(before[2] if before[3] else after[2])
    return sorted(set(days))


def _longest_wait(coach: Coach) -> int:
    """How long a coach may stand between trains: its own `wait` in days, else 20 hours."""
    days = str(coach.extra.get("wait") or coach.extra.get("x_wait") or "").split()
    if days and days[0].isdigit():
        return int(days[0]) * DAY + LONGEST_TACIT_WAIT_S
    return LONGEST_TACIT_WAIT_S


def _reaches(onward: Mapping[str, set[str]], start: str, goal: str) -> bool:
    seen: set[str] = set()
    open_ = [start]
    while open_:
        train = open_.pop()
        if train == goal:
            return True
        if train not in seen:
            seen.add(train)
            open_ += onward.get(train, ())
    return False


def coach_fault(
    coach: Coach,
    column: str,
    code: str,
    message: str,
    *,
    found: str = "",
    hint: str = "",
    severity: Severity = Severity.ERROR,
) -> Fault:
    """A fault at a cell of a coach's row."""
    letter = coach.columns.get(column, "")
    return Fault(severity, code, coach.path, coach.line, letter, message, found, hint)


def _days(days: Sequence[int]) -> str:
    """A few of the dates, and how many more there are."""
    ordered = sorted(set(days))
    words = ", ".join((EPOCH + timedelta(days=day)).isoformat() for day in ordered[:3])
    more = len(ordered) - 3
    return f"{words} and {more} more dates" if more > 0 else words


def _duration(seconds: int) -> str:
    return f"{seconds // 3600} h {seconds % 3600 // 60:02} min"


__all__ = ["Call", "Chain", "Chains", "Hop", "coach_fault", "follow_coaches"]
