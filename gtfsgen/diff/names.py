"""What things are called in sentences: stations, lines, trains."""

from __future__ import annotations

from functools import cached_property

from gtfsgen.diff.runs import NO_TIME, Runs
from gtfsgen.diff.words import clock


class FeedNames:
    """FeedNames of one feed's things."""

    def __init__(self, runs: Runs) -> None:
        self.runs = runs
        self.side = runs.side
        self.feed = ("old", "new")[runs.place]

    @cached_property
    def stops(self) -> dict[str, str]:
        frame = self.side.frame("stops", "stop_id", "stop_name", "parent_station", "platform_code")
        own: dict[str, str] = {}
        parents: dict[str, str] = {}
        for stop, name, parent, _ in frame.iter_rows():
            if stop is not None:
                if name:
                    own[stop] = name.strip()
                if parent:
                    parents[stop] = parent
        return {
            stop: own.get(stop) or own.get(parents.get(stop, ""), stop)
            for stop in {*own, *parents, *frame["stop_id"].drop_nulls().to_list()}
        }

    @cached_property
    def platforms(self) -> dict[str, str]:
        frame = self.side.frame("stops", "stop_id", "platform_code", "stop_code", "stop_desc")
        found = {}
        for stop, platform, code, desc in frame.iter_rows():
            if stop is not None:
                found[stop] = platform or code or desc or stop
        return found

    @cached_property
    def parents(self) -> dict[str, str]:
        frame = self.side.frame("stops", "stop_id", "parent_station")
        return {stop: parent for stop, parent in frame.iter_rows() if stop and parent}

    def stop(self, stop: str | None) -> str:
        return "?" if stop is None else self.stops.get(stop, stop)

    @cached_property
    def routes(self) -> dict[str, str]:
        frame = self.side.frame("routes", "route_id", "route_short_name", "route_long_name")
        return {
            route: (short or long or route).strip()
            for route, short, long in frame.iter_rows()
            if route is not None
        }

    @cached_property
    def _route_of(self) -> list[str | None]:
        return self.runs.column("route_id").to_list()

    @cached_property
    def numbers(self) -> list[str | None]:
        return self.runs.column("trip_short_name").to_list()

    def line(self, trip: int) -> str:
        route = self._route_of[trip]
        return "" if route is None else self.routes.get(route, route)

    @cached_property
    def _places(self) -> dict[str, str]:
        """FeedNames of flex zones and groups of stops."""
        found = {}
        for table, key, name in (
            ("location_groups", "location_group_id", "location_group_name"),
            ("locations", "id", "stop_name"),
        ):
            for place, called in self.side.frame(table, key, name).iter_rows():
                if place is not None:
                    found[place] = called or place
        return found

    def call(self, call: int) -> str:
        """Where a call is: a stop, a group of stops or a zone."""
        stop = self.runs.cell("stop_id", call)
        if stop is not None:
            return self.stop(stop)
        place = self.runs.cell("location_group_id", call) or self.runs.cell("location_id", call)
        return "?" if place is None else self._places.get(place, place)

    def start(self, trip: int) -> str:
        """07:12 from Central."""
        calls = self.runs.calls_of(trip)
        if not calls:
            return "without calls"
        at = int(self.runs.start[trip])
        first = self.call(calls[0])
        return f"{clock(at)} from {first}" if at > NO_TIME else f"from {first}"

    def train(self, trip: int) -> str:
        """A train's number; where it has none its line and departure: Z1 07:12 from Central."""
        number = self.numbers[trip]
        return number or f"{self.line(trip)} {self.start(trip)}".strip()

    def row(self, trip: int) -> tuple[str, str, int]:
        return (self.feed, "trips.txt", int(self._rows[trip]))

    @cached_property
    def _rows(self) -> list[int]:
        return self.runs.table["_row"].to_list() if "_row" in self.runs.table.columns else []
