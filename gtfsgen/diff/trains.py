"""What changed about trains and their days, told once for all that it happened to."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import polars as pl

from gtfsgen.dates import Dates
from gtfsgen.diff import words
from gtfsgen.diff.calls import Facet, blank_only, call_facets, choice
from gtfsgen.diff.entries import Entry
from gtfsgen.diff.fields import Level, level_of, space_of
from gtfsgen.diff.matching import ATTRIBUTES_APART, Matched, Pair
from gtfsgen.diff.names import FeedNames
from gtfsgen.diff.reading import seconds_of
from gtfsgen.diff.runs import Item, Runs

PLACES_KEPT = 3
TRIP_KINDS = {
    "trip_headsign": "headsign",
    "trip_short_name": "number",
    "direction_id": "line",
    "wheelchair_accessible": "access",
    "bikes_allowed": "access",
    "cars_allowed": "access",
    "pickup_type": "boarding",
    "safe_duration_factor": "times",
    "safe_duration_offset": "times",
}
TRIP_WORDS = {
    "trip_headsign": "headsign",
    "trip_short_name": "number",
    "direction_id": "direction",
    "wheelchair_accessible": "wheelchairs",
    "bikes_allowed": "bikes",
    "cars_allowed": "cars",
    "pickup_type": "boarding",
}


class Trains:
    """The matched trips of two feeds, and sentences about them."""

    def __init__(
        self, old: FeedNames, new: FeedNames, matched: Matched, bits: tuple[list[int], list[int]]
    ) -> None:
        self.old, self.new = old, new
        self.matched = matched
        self.bits = bits
        self.names = (old, new)

    def entries(self) -> Iterable[Entry]:
        yield from self._changed()
        yield from self._days()
        yield from self._lines_that_came_or_went()
        yield from self._blocks()
        yield from self._lone_calls()

    # What changed about trains that run in both feeds.

    def _changed(self) -> Iterable[Entry]:
        found: dict[tuple[str, Facet, str], list[Pair]] = defaultdict(list)
        columns = sorted(
            {*self.old.runs.table.columns, *self.new.runs.table.columns} - {*ATTRIBUTES_APART}
        )
        values = {
            name: (self.old.runs.column(name).to_list(), self.new.runs.column(name).to_list())
            for name in columns
        }
        for pair in self.matched.pairs:
            days = (
                ""
                if pair.days == pair.old.whole == pair.new.whole
                else words.days(Dates(pair.days))
            )
            line = self.new.line(pair.new.trip)
            for facet in self._facets(pair, values):
                found[line, facet, days].append(pair)
        for (line, facet, days), pairs in found.items():
            trips = sorted({p.new.trip for p in pairs}, key=self._order)
            text = f"{self._who(self.new, trips)}: {facet.text}" + (f" on {days}" if days else "")
            places = [
                place
                for pair in pairs[:PLACES_KEPT]
                for place in (self.old.row(pair.old.trip), self.new.row(pair.new.trip))
            ]
            count = sum(self.new.runs.departures(trip) for trip in trips)
            yield Entry(
                facet.level, facet.kind, line, text, facet.old, facet.new, tuple(places), count
            )

    def _order(self, trip: int) -> tuple[int, str]:
        return int(self.new.runs.start[trip]), self.new.runs.ids[trip]

    def _facets(
        self, pair: Pair, values: dict[str, tuple[list[Any], list[Any]]]
    ) -> Iterable[Facet]:
        a, b = pair.old.trip, pair.new.trip
        for name, (olds, news) in values.items():
            was, now = olds[a], news[b]
            if name == "route_id":
                keys = self.old.runs.keys["routes.route_id"]
                if keys.old.get(was) != keys.new.get(now):
                    lines = self.old.line(a), self.new.line(b)
                    yield Facet(
                        "line", Level.RIDER, f"runs as {lines[1]} instead of {lines[0]}", *lines
                    )
                continue
            if was == now:
                continue
            level = level_of("trips", name)
            if level is None or space_of("trips", name):
                continue
            said = choice("trips", name, was), choice("trips", name, now)
            text = f"{TRIP_WORDS.get(name, name)} {said[0]} → {said[1]}"
            if blank_only(was, now):
                level = Level.DATA
                text = f"{TRIP_WORDS.get(name, name)} {words.quoted(was)} → {words.quoted(now)}"
            yield Facet(TRIP_KINDS.get(name, "data"), level, text, *said)
        yield from self._headways(a, b)
        yield from call_facets(self.old, self.new, a, b)

    def _headways(self, a: int, b: int) -> Iterable[Facet]:
        olds, news = self.old.runs.frequencies.get(a, []), self.new.runs.frequencies.get(b, [])
        if olds == news:
            return
        both = Counter(olds) & Counter(news)
        said = [
            words.listed([_headway(row) for row in (Counter(rows) - both).elements()]) or "none"
            for rows in (olds, news)
        ]
        yield Facet("headway", Level.RIDER, f"{said[0]} → {said[1]}", *said)

    def _who(self, names: FeedNames, trips: list[int]) -> str:
        """One train by its name, several by their line, number and first departures."""
        if len(trips) == 1:
            return names.train(trips[0])
        numbers = [names.numbers[trip] for trip in trips]
        if all(numbers):
            return words.listed(list(dict.fromkeys(str(n) for n in numbers)))
        line = names.line(trips[0])
        starts = words.listed(list(dict.fromkeys(names.start(trip) for trip in trips)), 3)
        return f"{line}, {words.count(len(trips), 'departure')} ({starts})"

    # Days on which trains run no longer or newly.

    def _folded(self, side: int, trip: int) -> str | None:
        """The route of a trip whose whole line is only in this feed."""
        names = self.names[side]
        route = names.runs.column("route_id")[trip]
        keys = names.runs.keys["routes.route_id"]
        known = route is not None and route in keys.of(side)
        if known and keys.of(side)[route] not in {*keys.of(1 - side).values()}:
            return str(route)
        return None

    def _days(self) -> Iterable[Entry]:
        """Days lost and gained, grouped by what was lost and gained."""
        self.came_or_went: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
        groups: dict[tuple[int, int, bool], list[tuple[int, int, Item]]] = defaultdict(list)
        for lost, gained, side, item in self._lost_and_gained():
            alone = not (lost and gained) and not item.partly and item.left == item.whole
            route = self._only_here(side, item.trip)
            if alone and route is not None:
                self.came_or_went[side][route] += self.names[side].runs.departures(item.trip)
                continue
            groups[lost, gained, alone].append((side, item.trip, item))
        for (lost, gained, alone), found in groups.items():
            if alone:
                yield from self._trains_that_came_or_went(found)
            else:
                yield self._one_days_entry(lost, gained, found)

    def _only_here(self, side: int, trip: int) -> str | None:
        if not hasattr(self, "_lone"):
            keys = self.old.runs.keys.get("routes.route_id")
            both = {*keys.old.values()} & {*keys.new.values()} if keys else set()
            self._lone = [
                {route for route, number in keys.of(n).items() if number not in both}
                if keys
                else set()
                for n in (0, 1)
            ]
            self._routes = [n.runs.column("route_id").to_list() for n in self.names]
        route = self._routes[side][trip]
        return route if route in self._lone[side] else None

    def _lost_and_gained(self) -> Iterable[tuple[int, int, int, Item]]:
        """(bits lost, bits gained, feed, trip): a train that lost some days and gained others is
        one."""
        full = self.matched.full
        gained: dict[int, list[Item]] = defaultdict(list)
        for item in self.matched.gained:
            gained[int(full[1][item.trip])].append(item)
        for item in self.matched.lost:
            partners = gained.get(int(full[0][item.trip]))
            partner = partners.pop(0) if partners else None
            if partner:
                item.partly = True
            yield self._told(0, item), self._told(1, partner) if partner else 0, 0, item
        for items in gained.values():
            for item in items:
                yield 0, self._told(1, item), 1, item

    def _told(self, side: int, item: Item) -> int:
        """The service days of an item: those after midnight go with the evening before."""
        shift = int(self.names[side].runs.shifts[item.trip])
        if item.left < 1 << 14:
            return item.left
        return item.left >> shift if shift >= 0 else item.left << -shift

    def _one_days_entry(self, lost: int, gained: int, found: list[tuple[int, int, Item]]) -> Entry:
        side = found[0][0]
        names = self.names[side]
        trips = sorted(
            {trip for _, trip, _ in found},
            key=lambda t: (int(names.runs.start[t]), names.runs.ids[t]),
        )
        count = sum(names.runs.departures(trip) for trip in trips)
        lines = sorted({names.line(trip) for trip in trips})
        was, now = words.days(Dates(lost)), words.days(Dates(gained))
        many = len(trips) > 1
        if lost and gained:
            said = f"run on {now} instead of {was}" if many else f"runs on {now} instead of {was}"
        elif lost:
            said = f"no longer run on {was}" if many else f"no longer runs on {was}"
        else:
            said = f"newly run on {now}" if many else f"newly runs on {now}"
        if not many:
            who = names.train(trips[0])
            if count > 1:
                who += f", {words.count(count, 'departure')}"
        elif len(lines) == 1:
            who = f"{lines[0]}, {words.count(count, 'departure')}".removeprefix(", ")
        else:
            by_line = Counter(names.line(trip) for trip in trips)
            parts = [f"{line} {by_line[line]:,}" for line in lines]
            who = f"{words.count(count, 'departure')} ({words.listed(parts)})"
        places = tuple(names.row(trip) for trip in trips[:PLACES_KEPT])
        return Entry(
            Level.DATA if lost | gained == words.NO_DAYS.bits else Level.RIDER,
            "days",
            lines[0] if len(lines) == 1 else "",
            f"{who}: {said}",
            was if lost else "",
            now if gained else "",
            places,
            count,
        )

    def _trains_that_came_or_went(self, found: list[tuple[int, int, Item]]) -> Iterable[Entry]:
        groups: dict[tuple[int, str, str, int], list[int]] = defaultdict(list)
        for side, trip, item in found:
            names = self.names[side]
            calls = names.runs.calls_of(trip)
            ends = f"{names.call(calls[0])} – {names.call(calls[-1])}" if calls else "no calls"
            groups[side, names.line(trip), ends, item.left].append(trip)
        for (side, line, ends, left), trips in groups.items():
            names = self.names[side]
            trips.sort(key=lambda t: (int(names.runs.start[t]), names.runs.ids[t]))
            verb = (
                ("no longer runs", "is new")[side]
                if len(trips) == 1
                else ("no longer run", "are new")[side]
            )
            days = words.days(Dates(left))
            count = sum(names.runs.departures(trip) for trip in trips)
            text = f"{self._who(names, trips)}: {verb} ({ends}; {days})"
            places = tuple(names.row(trip) for trip in trips[:PLACES_KEPT])
            level = Level.DATA if left == words.NO_DAYS.bits else Level.RIDER
            pair = (text, "") if side == 0 else ("", text)
            yield Entry(level, "train", line, text, *pair, places, count)

    def _lines_that_came_or_went(self) -> Iterable[Entry]:
        for side, names in enumerate(self.names):
            rows = (
                names.side.frame("routes", "route_id", "_row")
                if "routes" in names.side.tables
                else None
            )
            for route, row in rows.iter_rows() if rows is not None else ():
                self._only_here(side, 0) if names.runs.count else None
                if not self._is_lone(side, route):
                    continue
                count = self.came_or_went[side][route]
                verb = ("no longer runs", "is new")[side]
                said = words.count(count, "departure") if count else "without departures"
                line = names.routes[route]
                text = f"{line} {verb}: {said}"
                pair = (line, "") if side == 0 else ("", line)
                place = (names.feed, "routes.txt", int(row))
                yield Entry(Level.RIDER, "line", line, text, *pair, (place,), count)

    def _is_lone(self, side: int, route: str | None) -> bool:
        keys = self.old.runs.keys.get("routes.route_id")
        if keys is None or route is None or route not in keys.of(side):
            return False
        return keys.of(side)[route] not in {*keys.of(1 - side).values()}

    # Which trips one vehicle runs one after another.

    def _blocks(self) -> Iterable[Entry]:
        pairs = self.matched.all_pairs()
        blocks = pairs.select(
            pl.col("old").alias("a"),
            pl.col("new").alias("b"),
            old=self.old.runs.column("block_id").gather(pairs["old"]),
            new=self.new.runs.column("block_id").gather(pairs["new"]),
        )
        if blocks["old"].null_count() == blocks["new"].null_count() == blocks.height:
            return
        tallies = (
            blocks.drop_nulls(["old", "new"])
            .group_by("old", "new")
            .len()
            .with_columns(
                other=pl.col("old") != pl.col("new"),
                low=pl.min_horizontal("old", "new"),
                high=pl.max_horizontal("old", "new"),
            )
            .sort(
                "len", "other", "low", "high", "old", descending=[True, False, False, False, False]
            )
        )
        to: dict[str, str] = {}
        taken: set[str] = set()
        for was, now in tallies.select("old", "new").iter_rows():
            if was not in to and now not in taken:
                to[was] = now
                taken.add(now)
        mapped = pl.DataFrame(
            {"old": list(to), "to": list(to.values())}, schema={"old": pl.String, "to": pl.String}
        )
        changed = blocks.join(mapped, on="old", how="left", maintain_order="left").filter(
            ~pl.col("to").eq_missing(pl.col("new"))
            | (pl.col("old").is_null() != pl.col("new").is_null())
        )
        groups: dict[tuple[str, str | None, str | None], list[int]] = defaultdict(list)
        for _, b, was, now in changed.select("a", "b", "old", "new").iter_rows():
            groups[self.new.line(b), was, now].append(b)
        for (line, was, now), trips in groups.items():
            unique = sorted({*trips}, key=self._order)
            said = [words.quoted(block) for block in (was, now)]
            text = f"{self._who(self.new, unique)}: block {said[0]} → {said[1]}"
            places = tuple(self.new.row(trip) for trip in unique[:PLACES_KEPT])
            yield Entry(Level.PLANNER, "link", line, text, was or "", now or "", places)

    def _lone_calls(self) -> Iterable[Entry]:
        """Rows of stop_times.txt whose trip is not in trips.txt."""
        was, now = self.old.runs.orphans, self.new.runs.orphans
        if was != now:
            text = f"rows of stop_times.txt without a trip: {was:,} → {now:,}"
            yield Entry(Level.DATA, "data", "", text, str(was), str(now))


def _headway(row: tuple[str, str, str, str]) -> str:
    first, last, headway, exact = row
    every = words.shift(int(headway))[1:] if headway.isdigit() and int(headway) else headway
    between = "–".join(
        words.clock(time) if (time := seconds_of(text)) is not None else text
        for text in (first, last)
    )
    return f"every {every} {between}" + (" exactly" if exact == "1" else "")


def period_entry(old: Runs, new: Runs, periods: tuple[Dates, Dates]) -> Iterable[Entry]:
    """The span of dates for which the feeds tell a service, where it is not the same."""
    spans = [(p.first, p.last) if p else None for p in periods]
    if spans[0] == spans[1]:
        return
    was, now = (words.span(*s) if s else "no day" for s in spans)
    yield Entry(Level.RIDER, "period", "", f"service is told for {now} instead of {was}", was, now)


__all__ = ["Trains", "period_entry", "replace"]
