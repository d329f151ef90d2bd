"""What real trip planners find in a feed: questions asked of them, and their answers compared.

`motis` and `otp` each have one function, `ask(feed, questions, progress) -> Answers`; `journeys`
reads what a rider must find and judges the answers; `timetable` knows the trains of a ride.
Instants are whole seconds since 1970 (UTC); places are tuples of stop ids of the feed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field


class PlannerUnavailable(Exception):
    """The planner is not on this machine; the text says how to get it."""


class PlannerRefused(Exception):
    """The planner started, and could not load the feed; the text has its own words."""


@dataclass(frozen=True)
class Question:
    """From one place to another, leaving at `earliest` or later but not after `latest`."""

    origin: tuple[str, ...]
    destination: tuple[str, ...]
    earliest: int
    latest: int


@dataclass(frozen=True)
class Leg:
    """A ride in one seat, or one train of it: planners differ in what they call a leg."""

    from_stop: str
    to_stop: str
    departure: int
    arrival: int
    rides: tuple[tuple[str, ...], ...] = ()
    """Trip ids in order; several readings where the times leave a choice, or none."""


@dataclass(frozen=True)
class Itinerary:
    """Rides in order; walks are left out."""

    legs: tuple[Leg, ...]
    changes: int
    """How often the rider gets up: not for a through coach, whatever the number of trains."""
    pushed_out: bool = False
    """Only a search of that one minute finds it; the usual one loses it to a later departure."""

    @property
    def departure(self) -> int:
        return self.legs[0].departure

    @property
    def arrival(self) -> int:
        return self.legs[-1].arrival


@dataclass(frozen=True)
class Answers:
    itineraries: list[list[Itinerary]]
    """One list per question, in the order of the questions; empty where nothing was found."""
    remarks: list[str] = field(default_factory=list)
    """What the planner complained of while it loaded the feed."""


Progress = Callable[[str], None]
"""Told in a few words what a planner is at."""
