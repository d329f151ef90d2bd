"""From any feed back to curated tables, of which building makes the same feed for riders.

Trains become timetable grids in local time, days become words, tied trips become coaches. What
grids cannot say goes to gtfs/*.txt, which the build passes through: whole trips, or single columns.
The tables are read and built again before they are handed over; a trip that its own cells do not
survive is passed through instead, and what riders would still notice is told.
"""

from __future__ import annotations

import csv
import io
import shutil
import tempfile
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path

import polars as pl

from gtfsgen.compile import Compiled, compile_source
from gtfsgen.faults import Fault, Severity, errors
from gtfsgen.importing.days import CALENDAR_COLUMNS, DayWords
from gtfsgen.importing.layout import Grid, grids_of, rows_of
from gtfsgen.importing.trains import (
    Clocks,
    CoachRow,
    Train,
    Trip,
    links_of,
    read_trip,
    rideable,
    trains_of,
)
from gtfsgen.render.changes import Change, changes
from gtfsgen.render.service import day_of, service_dates, union
from gtfsgen.render.tables import FeedUnreadable, Rows, text_tables
from gtfsgen.schema import TABLES
from gtfsgen.service_days import EPOCH, Dates
from gtfsgen.source import read_source
from gtfsgen.source.cells import is_comment, letter
from gtfsgen.source.grids import HEADER_WORDS
from gtfsgen.source.model import ORIGIN, Source
from gtfsgen.source.stations import zone_faults
from gtfsgen.source.tables import AGENCIES, ROUTES, STATIONS
from gtfsgen.source.words import folded

MAX_ROUNDS = 6
"""How often the tables are read again after trips were taken out of them."""
MAX_PERIOD_DAYS = 3660
"""The longest period that feed.toml may have."""
NOT_UNDERSTOOD = "the tables do not read it as it is"

Row = dict[str, str]


@dataclass
class Imported:
    """What became of a feed."""

    files: dict[str, str]
    """Path below the source folder -> text."""
    trains: int
    timetables: int
    coaches: int
    passed: Counter[str]
    """Why trips are passed through whole -> how many."""
    remarks: list[str]
    """What could not be kept, in words."""
    changes: list[Change]
    """What riders would notice in a feed built from the files."""


def import_feed(feed: Path, today: date) -> Imported:
    """The curated tables of a feed, a zip or a folder of .txt files.

    `today` becomes as_of of feed.toml. Raises `FeedUnreadable` where there is no feed.
    """
    given = Given(text_tables(feed, stems_of(feed)))
    remarks = [
        f"{name} cannot be passed through by the tables; it is left out"
        for name in other_files(feed)
    ]
    with tempfile.TemporaryDirectory(prefix="gtfsgen-") as folder:
        return Importer(given, today, Path(folder), remarks).run()


def stems_of(feed: Path) -> list[str]:
    return [name.removesuffix(".txt") for name in names_in(feed) if name.endswith(".txt")]


def other_files(feed: Path) -> list[str]:
    """Files of the feed that are no tables: locations.geojson."""
    return [name for name in names_in(feed) if name.endswith(".geojson") and name[:5] == "locat"]


def names_in(feed: Path) -> list[str]:
    """The names of the files in a feed; raises `FeedUnreadable`."""
    try:
        if feed.is_dir():
            names = sorted(path.name for path in feed.iterdir())
            zips = [name for name in names if name.endswith(".zip")]
            if not any(name.endswith(".txt") for name in names) and len(zips) == 1:
                return names_in(feed / zips[0])
            return names
        with zipfile.ZipFile(feed) as archive:
            return sorted({name.rpartition("/")[2] for name in archive.namelist()})
    except (OSError, zipfile.BadZipFile) as error:
        raise FeedUnreadable(f"{feed} cannot be read as a feed: {error}") from error


# --------------------------------------------------------------------------------- the feed as given


@dataclass
class Given:
    """A feed's tables, and what the whole import asks of them."""

    tables: dict[str, pl.DataFrame]

    def rows(self, name: str) -> list[Row]:
        if name not in self.tables:
            return []
        table = self.tables[name]
        return table.with_columns(pl.all().cast(pl.String).fill_null("")).rows(named=True)  # type: ignore[return-value]

    def by_key(self, name: str, key: str) -> dict[str, Row]:
        """Rows by a column, the first of each; rows without it are left out."""
        found: dict[str, Row] = {}
        for row in self.rows(name):
            if row.get(key):
                found.setdefault(row[key], row)
        return found

    @cached_property
    def agencies(self) -> list[Row]:
        """Agencies with an id; GTFS lets a lone one have none."""
        rows = self.rows("agency") or [{}]
        return [{**row, "agency_id": row.get("agency_id") or "agency"} for row in rows]

    @cached_property
    def zone(self) -> str:
        return next((row["agency_timezone"] for row in self.agencies if row.get("agency_timezone")), "UTC")

    @cached_property
    def stops(self) -> dict[str, Row]:
        return self.by_key("stops", "stop_id")

    @cached_property
    def routes(self) -> dict[str, Row]:
        return {key: row for key, row in self.by_key("routes", "route_id").items() if key[0] != "#"}

    @cached_property
    def rails(self) -> set[str]:
        kinds = {key: row.get("route_type", "") for key, row in self.routes.items()}
        return {
            key
            for key, kind in kinds.items()
            if kind == "2" or (kind.isdigit() and 100 <= int(kind) < 200)
        }

    @cached_property
    def trips(self) -> dict[str, Row]:
        return self.by_key("trips", "trip_id")

    @cached_property
    def services(self) -> dict[str, Dates]:
        return service_dates(Rows(self.tables))

    @cached_property
    def calls(self) -> dict[str, list[Row]]:
        """Rows of stop_times by trip, in order of their numbers."""
        found: dict[str, list[Row]] = defaultdict(list)
        for row in self.rows("stop_times"):
            found[row.get("trip_id", "")].append(row)
        for rows in found.values():
            rows.sort(key=lambda row: number(row.get("stop_sequence", "")))
        return found

    @cached_property
    def info(self) -> Row:
        return next(iter(self.rows("feed_info")), {})

    @cached_property
    def language(self) -> str:
        languages = (self.info.get("feed_lang"), *(row.get("agency_lang") for row in self.agencies))
        return next((each for each in languages if each), "en")

    @cached_property
    def names(self) -> dict[str, Row]:
        """Stop -> language -> its name there."""
        found: dict[str, Row] = defaultdict(dict)
        by_name: dict[str, list[str]] = defaultdict(list)
        for key, row in self.stops.items():
            by_name[row.get("stop_name", "")].append(key)
        for row in self.rows("translations"):
            if (row.get("table_name"), row.get("field_name")) == ("stops", "stop_name"):
                keys = [row["record_id"]] if row.get("record_id") else by_name.get(row.get("field_value", ""), [])
                for key in keys:
                    found[key].setdefault(row.get("language", ""), row.get("translation", ""))
        return found

    def zone_of(self, stop_id: str) -> str:
        stop = self.stops[stop_id]
        parent = self.stops.get(stop.get("parent_station", ""), {})
        return parent.get("stop_timezone") or stop.get("stop_timezone") or self.zone


def number(text: str) -> int:
    return int(text) if text.isdigit() else 0


# ------------------------------------------------------------------------------------------ the work


class Importer:
    """One import: tables are written into `root`, read, compiled, and mended until they hold."""

    def __init__(self, given: Given, today: date, root: Path, remarks: list[str]) -> None:
        self.given, self.today, self.root, self.remarks = given, today, root, remarks
        self.passed: dict[str, str] = {}
        """Trips that are passed through whole -> why."""
        self.bad_stops: set[str] = set()
        self.lost_cells: set[tuple[str, int, str]] = set()
        """File, line and column of cells that the built tables contradict."""

    def run(self) -> Imported:
        for _ in range(MAX_ROUNDS):
            draft = self.draft()
            faults = self.compiled(draft, {})
            if not self.took_out(draft, faults):
                break
        extra = Extras(self, draft, self.built)
        for _ in range(MAX_ROUNDS):
            gtfs = extra.files(self.lost_cells)
            faults = self.compiled(draft, gtfs)
            clashes = {(f.path, f.line, f.column) for f in errors(faults) if f.code == "said_twice"}
            if clashes <= self.lost_cells:
                break
            self.lost_cells |= clashes
        self.remarks += [f"{fault} (the tables need mending)" for fault in errors(faults)[:5]]
        if self.lost_cells:
            files = Counter(path for path, _, _ in self.lost_cells)
            told = ", ".join(f"{count} of {path}" for path, count in sorted(files.items()))
            self.remarks.append(f"cells that the timetables say otherwise are left out: {told}")
        built = {name: table.drop(*ORIGIN, strict=False) for name, table in self.built.tables.items()}
        return Imported(
            files={**draft.files, **gtfs},
            trains=sum(len(grid.trains) for grid in draft.grids),
            timetables=len(draft.grids),
            coaches=len(draft.coaches),
            passed=Counter(self.passed.values()),
            remarks=self.remarks,
            changes=[] if errors(faults) else changes(self.given.tables, built),
        )

    # ------------------------------------------------------------------------------ a first version

    def draft(self) -> Draft:
        """Tables of all trips that have not been found to be beyond them."""
        given = self.given
        labels = self.labels()
        frequent = {row.get("trip_id") for row in given.rows("frequencies")}
        trips: dict[str, Trip] = {}
        for trip_id, row in given.trips.items():
            if trip_id in self.passed:
                continue
            dates = given.services.get(row.get("service_id", ""))
            if trip_id in frequent:
                found: Trip | str = "it repeats by frequencies.txt"
            else:
                found = read_trip(row, given.calls.get(trip_id, []), dates, given.routes, labels)
            if isinstance(found, str):
                self.passed[trip_id] = found
            else:
                trips[trip_id] = found
        period = self.period(trips)
        links = links_of(trips, given.rails, given.rows("transfers"))
        ways = rideable(trips, links)
        zones = {stop: given.zone_of(stop) for stop in labels}
        clocks = Clocks(given.zone, zones, tuple((day - EPOCH).days for day in period))  # type: ignore[arg-type]
        self.leave_late_blocks(trips, {trip for way in ways for trip in way})
        trains, coaches = trains_of(trips, ways, clocks)
        trains = self.headed(trains)
        return Draft(self, trains, coaches, ways, labels, self.widened(period, trains))

    def labels(self) -> dict[str, str]:
        """Stops that tables can have -> what grids call them: the name if it is the only one."""
        usable = {key: row for key, row in self.given.stops.items() if self.is_station(key, row)}
        named: Counter[str] = Counter()
        for key, row in usable.items():
            own = {row["stop_name"], key, *self.given.names.get(key, {}).values()}
            named.update({folded(name) for name in own})
        found: dict[str, str] = {}
        for key, row in usable.items():
            name = row["stop_name"]
            plain = named[folded(name)] == 1 and folded(name) not in HEADER_WORDS
            label = name if plain and not name.lower().startswith(("#", "x_")) else key
            if folded(label) not in HEADER_WORDS and not label.lower().startswith("x_"):
                found[key] = label
        return found

    def is_station(self, stop_id: str, row: Row) -> bool:
        """Whether stations.csv takes a stop: a name, a position, the zone that is there."""
        if stop_id in self.bad_stops or stop_id[0] == "#" or not row.get("stop_name"):
            return False
        if row.get("location_type", "") not in ("", "0"):
            return False
        try:
            lat, lon = float(row.get("stop_lat", "")), float(row.get("stop_lon", ""))
        except ValueError:
            return False
        if not (abs(lat) <= 90 and abs(lon) <= 180) or (abs(lat) < 1 and abs(lon) < 1):
            return False
        place = {"lat": lat, "lon": lon, "path": "", "line": 0}
        try:
            found = zone_faults(place, self.given.zone_of(stop_id), {}, *self.zone_days)
        except (KeyError, ValueError, OSError):
            return False
        return not errors(found)

    @cached_property
    def zone_days(self) -> tuple[date, date]:
        """A year of the feed in which zones are compared."""
        running = union(self.given.services.values())
        first = running.first if running else self.today
        return first, min(running.last if running else first, first + timedelta(days=366))

    def period(self, trips: Mapping[str, Trip]) -> tuple[date, date]:
        """The days of feed_info, and all on which a trip of the tables runs."""
        running = union(trip.dates for trip in trips.values())
        days = [day_of(self.given.info.get(f"feed_{end}_date")) for end in ("start", "end")]
        days += [running.first, running.last] if running else []
        known = [day for day in days if day]
        first, last = (min(known), max(known)) if known else (self.today, self.today)
        return first, min(last, first + timedelta(days=MAX_PERIOD_DAYS))

    def widened(self, period: tuple[date, date], trains: Iterable[Train]) -> tuple[date, date]:
        """The period with the local dates of trains that leave after midnight of its last day."""
        running = union(train.dates for train in trains if not train.linked)
        if not running:
            return period
        first = min(period[0], running.first)
        last = max(period[1], running.last)
        if (last - first).days > MAX_PERIOD_DAYS:
            last = first + timedelta(days=MAX_PERIOD_DAYS)
            self.remark(f"the feed runs for more than ten years; the tables end on {last}")
        return first, last

    def remark(self, text: str) -> None:
        if text not in self.remarks:
            self.remarks.append(text)

    def leave_late_blocks(self, trips: dict[str, Trip], riding: set[str]) -> None:
        """A block's trip after midnight would get the next date in a grid, and leave its block."""
        late = [
            trip_id
            for trip_id, trip in trips.items()
            if trip_id not in riding and trip.row.get("block_id") and trip.starts >= 86_400
        ]
        for trip_id in late:
            self.passed[trip_id] = "it belongs to a block and leaves after midnight"
            del trips[trip_id]

    def headed(self, trains: list[Train]) -> list[Train]:
        """Trains that two of one heading do not name; the others stay whole."""
        return [train for train in trains if train.label]

    # --------------------------------------------------------------------------------- trying it out

    def compiled(self, draft: Draft, gtfs: Mapping[str, str]) -> list[Fault]:
        """Write, read and compile the tables; all faults. The feed is in `built`."""
        shutil.rmtree(self.root, ignore_errors=True)
        for path, text in {**draft.files, **gtfs}.items():
            file = self.root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8", newline="")
        self.source: Source = read_source(self.root)
        self.built: Compiled = compile_source(self.source)
        return [*self.source.faults, *self.built.faults]

    def took_out(self, draft: Draft, faults: Iterable[Fault]) -> bool:
        """Pass through what the tables do not take: the trips of a column, those of a station."""
        before = len(self.passed), len(self.bad_stops)
        for fault in errors(faults):
            if fault.path == "stations.csv" and fault.line > 1:
                self.bad_stops.add(draft.stations[fault.line - 2])
            elif fault.path in draft.by_path:
                grid = draft.by_path[fault.path]
                index = column_number(fault.column) - 2
                columns = grid.trains[index : index + 1] if index >= 0 else grid.trains
                for train in columns:
                    self.passed |= dict.fromkeys(train.trips, NOT_UNDERSTOOD)
            elif fault.path == "coaches.csv" and 2 <= fault.line <= len(draft.coaches) + 1:
                riding = set(draft.coaches[fault.line - 2].trains)
                for train in draft.trains:
                    if train.linked and train.label in riding:
                        self.passed |= dict.fromkeys(train.trips, NOT_UNDERSTOOD)
        return before != (len(self.passed), len(self.bad_stops))


def column_number(letters: str) -> int:
    """A spreadsheet's column from 0; -1 for none."""
    value = 0
    for character in letters:
        value = value * 26 + ord(character) - 64
    return value - 1


# --------------------------------------------------------------------------------------- the tables


class Draft:
    """A version of the tables, with what leads from them back to the feed."""

    def __init__(
        self,
        importer: Importer,
        trains: list[Train],
        coaches: list[CoachRow],
        ways: Sequence[tuple[str, ...]],
        labels: Mapping[str, str],
        period: tuple[date, date],
    ) -> None:
        self.given, self.today = importer.given, importer.today
        self.trains, self.coaches, self.period = trains, coaches, period
        self.ways = ways
        self.labels = labels
        self.grids: list[Grid] = grids_of(trains, coaches, self.title)
        self.by_path = {f"timetables/{grid.name}.csv": grid for grid in self.grids}
        called = {halt.stop_id for train in trains for halt in train.halts}
        self.stations = [key for key in self.given.stops if key in called]
        self.days = DayWords(*period)
        self.files = self.written()

    def title(self, train: Train) -> str:
        """What a timetable is called: its route where that has a name of its own, and its ends."""
        ends = [self.given.stops[h.stop_id]["stop_name"] for h in (train.halts[0], train.halts[-1])]
        route = self.given.routes[train.route_id].get("route_short_name", "")
        if train.route_id in self.given.rails and (train.linked or route == train.number):
            route = ""
        return " ".join(filter(None, (route, *ends)))

    def written(self) -> dict[str, str]:
        given = self.given
        files = {"feed.toml": self.feed_toml()}
        plain = given.rows("agency") or [{}]
        files["agencies.csv"] = table_text(
            [row | {"agency_url": row.get("agency_url") or "https://example.org/"}
             if any(plain) else
             {"agency_id": "agency", "agency_name": "Agency", "agency_url": "https://example.org/"}
             for row in given.agencies],
            AGENCIES.columns, forms=AGENCIES.forms, leave=("agency_timezone",),
        )  # fmt: skip
        files["stations.csv"] = self.stations_text()
        used = {train.route_id for train in self.trains}
        only = given.agencies[0]["agency_id"] if len(given.agencies) == 1 else ""
        routes = [
            {**row, "agency_id": row.get("agency_id") or only}
            for key, row in given.routes.items()
            if key in used
        ]
        files["routes.csv"] = table_text(routes, ROUTES.columns, forms=ROUTES.forms)
        for grid in self.grids:
            files[f"timetables/{grid.name}.csv"] = csv_text(self.grid_rows(grid))
        if self.coaches:
            files["coaches.csv"] = self.coaches_text()
        if self.days.calendars:
            files["calendars.csv"] = table_text(
                sorted(self.days.calendars.values(), key=lambda row: row["name"]), CALENDAR_COLUMNS
            )
        return {path: text for path, text in files.items() if text}

    def feed_toml(self) -> str:
        info, agency = self.given.info, self.given.agencies[0]
        languages = [self.given.language]
        languages += sorted({lang for names in self.given.names.values() for lang in names})
        publisher = {
            "name": info.get("feed_publisher_name") or agency.get("agency_name") or "Unknown",
            "url": info.get("feed_publisher_url") or agency.get("agency_url") or "",
            "email": info.get("feed_contact_email", ""),
            "contact_url": info.get("feed_contact_url", ""),
        }
        if not publisher["url"].startswith(("http://", "https://")):
            publisher["url"] = "https://example.org/"
        lines = [
            "# Made by gtfsgen import. Every key: docs/source-tables.md",
            f"as_of = {self.today.isoformat()}",
            f"first_day = {self.period[0].isoformat()}",
            f"last_day = {self.period[1].isoformat()}",
            f"timezone = {quoted(self.given.zone)}",
            f"languages = [{', '.join(map(quoted, dict.fromkeys(filter(None, languages))))}]",
        ]
        if info.get("feed_version"):
            lines.append(f"version = {quoted(info['feed_version'])}")
        lines += ["", "[publisher]"]
        lines += [f"{key} = {quoted(text)}" for key, text in publisher.items() if text]
        return "\n".join(lines) + "\n"

    def stations_text(self) -> str:
        rows = []
        for key in self.stations:
            stop = self.given.stops[key]
            names = self.given.names.get(key, {})
            row = {
                "station_id": key,
                "name": stop["stop_name"],
                "lat": stop["stop_lat"],
                "lon": stop["stop_lon"],
                "timezone": self.given.zone_of(key),
                "code": stop.get("stop_code", ""),
                "desc": stop.get("stop_desc", ""),
                "url": stop.get("stop_url", ""),
                "zone_id": stop.get("zone_id", ""),
                "platform_code": stop.get("platform_code", ""),
                "wheelchair": {"1": "yes", "2": "no"}.get(stop.get("wheelchair_boarding", ""), ""),
            }
            own = self.given.language
            row |= {f"name_{language}": text for language, text in names.items() if language != own}
            rows.append(row)
        translated = sorted({name for row in rows for name in row if name.startswith("name_")})
        columns = ("station_id", "name", *translated, *STATIONS.columns[2:])
        return table_text(rows, columns, forms=STATIONS.forms)

    def grid_rows(self, grid: Grid) -> list[list[str]]:
        counts = Counter(folded(train.label) for train in self.trains)
        pieces = Counter(trip for train in self.trains for trip in train.trips)
        days, trip_ids, headsigns = {}, {}, {}
        for train in grid.trains:
            days[id(train)] = self.days(train.dates, train.service_id)
            alone = len(train.trips) == 1 and pieces[train.trips[0]] == 1 and not train.linked
            if alone and (counts[folded(train.label)] > 1 or train.trips[0] != train.label):
                trip_ids[id(train)] = train.trips[0]
            last = self.given.stops[train.halts[-1].stop_id]["stop_name"]
            if train.headsign != last and not train.linked:
                headsigns[id(train)] = train.headsign
        return rows_of(grid, self.labels, days, trip_ids, headsigns)

    def coaches_text(self) -> str:
        rows = []
        for coach in self.coaches:
            ends = [self.given.stops[stop]["stop_name"] for stop in coach.stops]
            rows.append(
                {
                    "coach": "-".join(coach.stops),
                    "name": " - ".join(ends),
                    "days": self.days(coach.dates, "coach " + "-".join(coach.stops)),
                    "trains": " > ".join(coach.trains),
                    "from": self.labels[coach.stops[0]],
                    "to": self.labels[coach.stops[1]],
                }
            )
        return table_text(rows, ("coach", "name", "days", "trains", "from", "to"))


def quoted(text: str) -> str:
    """A TOML string."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
    return f'"{escaped}"'


def table_text(
    rows: Sequence[Row],
    columns: Iterable[str],
    *,
    forms: Mapping[str, tuple[str, str]] | None = None,
    leave: Iterable[str] = (),
) -> str:
    """CSV of the columns that some row fills; cells that the tables would refuse stay blank."""
    import re

    def kept(name: str, cell: str) -> str:
        if cell and forms and name in forms and not re.fullmatch(forms[name][0], cell):
            return ""
        return " ".join(cell.split())

    cells = [{name: kept(name, row.get(name) or "") for name in columns} for row in rows]
    used = [n for n in columns if n not in leave and any(row[n] for row in cells)]
    return csv_text([used, *([row[n] for n in used] for row in cells)]) if used else ""


def csv_text(rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


# -------------------------------------------------------------------------------- what is passed on


@dataclass
class Extras:
    """gtfs/*.txt: all of the feed that the compiled tables do not have."""

    importer: Importer
    draft: Draft
    first: Compiled
    """The feed that the tables alone make."""
    built_ids: dict[str, list[str]] = field(default_factory=dict)
    """Trip of the feed -> trips made of its column."""

    def __post_init__(self) -> None:
        self.given = self.importer.given
        self.built_ids = self.matched_trips()
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
        table = self.first.tables.get(name)
        if table is None:
            return []
        return table.with_columns(pl.all().cast(pl.String).fill_null("")).rows(named=True)  # type: ignore[return-value]

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
        if name in ("stops", "routes"):
            return self.joined(name, self.given.rows(name), self.skipped.get(name, ()))
        return [each for row in self.given.rows(name) for each in self.renamed(row, ("trip_id",))]

    skipped = {"stops": ("stop_timezone",), "routes": ()}
    """Columns that the tables always fill, if need be with what GTFS takes for granted."""

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
                found = [{**each, column: built} for each in found for built in self.built_ids[trip]]
        return found

    def transfers(self) -> list[Row]:
        """All but those that coaches say."""
        tied = {pair for way in self.draft.ways for pair in zip(way, way[1:], strict=False)}
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
            if (row.get("table_name"), row.get("field_name")) == ("stops", "stop_name"):
                if row.get("record_id") in stations or row.get("field_value") in names:
                    continue
            if row.get("table_name") == "feed_info":
                continue
            trips = row.get("table_name") in ("trips", "stop_times")
            rows += self.renamed(row, ("record_id",)) if trips else [row]
        return [row for row in rows if tuple(row.get(k, "") for k in key) not in built]


__all__ = ["FeedUnreadable", "Imported", "import_feed"]
