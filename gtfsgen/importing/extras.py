"""What is passed on beside the tables: gtfs/*.txt, joined to the built feed by key."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from functools import cached_property
from itertools import pairwise

from gtfsgen.compile import Compiled
from gtfsgen.importing.draft import Draft, csv_text
from gtfsgen.importing.given import Given, Row, text_rows
from gtfsgen.schema import TABLES
from gtfsgen.source.cells import letter

ALWAYS_FILLED = {"stops": ("stop_timezone",), "routes": ()}
"""Columns that the tables always fill, if need be with what GTFS takes for granted."""


class Extras:
    """All of a feed that the compiled tables do not have."""

    def __init__(self, given: Given, draft: Draft, first: Compiled) -> None:
        """`first` is the feed that the tables of `draft` make alone."""
        self.given, self.draft, self.first = given, draft, first
        self.built_ids = self.matched_trips()
        """Trip of the feed -> trips made of its column."""
        self.tables = self.collected()

    def files(self, lost: set[tuple[str, int, str]]) -> dict[str, str]:
        """The files as text, without the cells that were found to contradict."""
        found = {}
        for name, (columns, rows) in self.tables.items():
            path = f"gtfs/{name}.txt"
            cells = [[row.get(column, "") for column in columns] for row in rows]
            for line, row in enumerate(cells, start=2):
                for index in range(len(columns)):
                    if (path, line, letter(index)) in lost:
                        row[index] = ""
            found[path] = csv_text([columns, *cells])
        return found

    def built(self, name: str) -> list[Row]:
        return text_rows(self.first.tables.get(name))

    def matched_trips(self) -> dict[str, list[str]]:
        """Which built trips stand for a trip of the feed: of its column, from the same stop."""
        starts: dict[str, str] = {}
        for row in self.built("stop_times"):
            starts.setdefault(row["trip_id"], row["stop_id"])
        made: dict[tuple[str, str], list[str]] = defaultdict(list)
        for row in self.built("trips"):
            made[row["path"], row["column"]].append(row["trip_id"])
        found: dict[str, list[str]] = defaultdict(list)
        for path, grid in self.draft.by_path.items():
            for index, train in enumerate(grid.trains):
                for built in made.get((path, letter(index + 2)), ()):
                    twins = [t for t in train.trips if self.first_stop(t) == starts.get(built)]
                    if twins:
                        twin = built if built in twins else twins[0]
                        found[twin].append(built)
                for trip in train.trips:
                    found.setdefault(trip, [])
        return dict(found)

    def first_stop(self, trip_id: str) -> str:
        return self.given.calls[trip_id][0]["stop_id"]

    def collected(self) -> dict[str, tuple[list[str], list[Row]]]:
        """File -> its columns and rows."""
        found: dict[str, tuple[list[str], list[Row]]] = {}
        for name in self.given.tables:
            rows = self.rows_of(name)
            columns = list(dict.fromkeys(column for row in rows for column in row))
            used = [c for c in columns if any(row.get(c) for row in rows)]
            if used:
                found[name] = (used, rows)
        return found

    def rows_of(self, name: str) -> list[Row]:
        special = {
            "trips": self.trips,
            "stop_times": self.stop_times,
            "calendar": lambda: self.services("calendar"),
            "calendar_dates": lambda: self.services("calendar_dates"),
            "agency": lambda: [],
            "feed_info": lambda: [],
            "transfers": self.transfers,
            "translations": self.translations,
        }
        if name in special:
            return special[name]()
        if name in ALWAYS_FILLED:
            return self.joined(name, self.given.rows(name), ALWAYS_FILLED[name])
        return [each for row in self.given.rows(name) for each in self.renamed(row, ("trip_id",))]

    def joined(self, name: str, rows: Iterable[Row], skip: Iterable[str]) -> list[Row]:
        """Rows that were not built whole; of the others, the cells that were not."""
        key = TABLES[name].primary_key
        built = {tuple(row.get(k, "") for k in key): row for row in self.built(name)}
        found = []
        for row in rows:
            own = built.get(tuple(row.get(k, "") for k in key))
            if own is None:
                found.append(dict(row))
                continue
            more = {
                column: cell
                for column, cell in row.items()
                if cell and column not in key and column not in skip and not own.get(column)
            }
            if more:
                found.append({k: row.get(k, "") for k in key} | more)
        return found

    @cached_property
    def whole(self) -> set[str]:
        """Trips that are passed through."""
        return {trip for trip in self.given.trips if trip not in self.built_ids}

    @cached_property
    def service_names(self) -> dict[str, str]:
        """Services of trips passed through -> their ids, apart from those of the built feed."""
        taken = {row["service_id"] for row in self.built("trips")}
        needed = {self.given.trips[trip].get("service_id", "") for trip in self.whole}
        needed |= {row.get("service_id", "") for row in self.given.rows("timeframes")}
        return {
            service: f"{service}.given" if service in taken else service
            for service in needed - {""}
        }

    def trips(self) -> list[Row]:
        found: list[Row] = []
        rows: list[Row] = []
        for trip_id, row in self.given.trips.items():
            if trip_id in self.whole:
                service = row.get("service_id", "")
                found.append({**row, "service_id": self.service_names.get(service, service)})
                continue
            rows += [{**row, "trip_id": built} for built in self.built_ids[trip_id]]
        skip = ("service_id", "route_id", "trip_headsign", "trip_short_name", "block_id")
        return self.joined("trips", rows, skip) + found

    def stop_times(self) -> list[Row]:
        lengths = Counter(row["trip_id"] for row in self.built("stop_times"))
        rows: list[Row] = []
        for trip_id, calls in self.given.calls.items():
            if trip_id not in self.given.trips or trip_id in self.whole:
                rows += calls
                continue
            for built in self.built_ids[trip_id]:
                if lengths[built] == len(calls):
                    numbered = enumerate(calls, start=1)
                    rows += [{**c, "trip_id": built, "stop_sequence": str(n)} for n, c in numbered]
        return self.joined("stop_times", rows, ("arrival_time", "departure_time"))

    def services(self, name: str) -> list[Row]:
        return [
            {**row, "service_id": self.service_names[row["service_id"]]}
            for row in self.given.rows(name)
            if row.get("service_id") in self.service_names
        ]

    def renamed(self, row: Row, columns: Iterable[str]) -> list[Row]:
        """A row for every trip that now stands for the one it names."""
        found = [dict(row)]
        for column in columns:
            trip = row.get(column, "")
            if trip in self.built_ids:
                found = [
                    {**each, column: built} for each in found for built in self.built_ids[trip]
                ]
        return found

    def transfers(self) -> list[Row]:
        """All but those that coaches say."""
        tied = {pair for way in self.draft.ways for pair in pairwise(way)}
        columns = ("from_trip_id", "to_trip_id")
        return [
            each
            for row in self.given.rows("transfers")
            if row.get("transfer_type") != "4"
            or (row.get("from_trip_id"), row.get("to_trip_id")) not in tied
            for each in self.renamed(row, columns)
        ]

    def translations(self) -> list[Row]:
        """Those that the names in stations.csv do not make."""
        key = TABLES["translations"].primary_key
        built = {tuple(row.get(k, "") for k in key) for row in self.built("translations")}
        stations = set(self.draft.stations)
        names = {self.given.stops[stop]["stop_name"] for stop in stations}
        rows: list[Row] = []
        for row in self.given.rows("translations"):
            of_stop = (row.get("table_name"), row.get("field_name")) == ("stops", "stop_name")
            own = row.get("record_id") in stations or row.get("field_value") in names
            if (of_stop and own) or row.get("table_name") == "feed_info":
                continue
            trips = row.get("table_name") in ("trips", "stop_times")
            rows += self.renamed(row, ("record_id",)) if trips else [row]
        return [row for row in rows if tuple(row.get(k, "") for k in key) not in built]
