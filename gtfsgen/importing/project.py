"""A project by the agency's clock: grids of the trips that they can say, all else by key."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

import polars as pl

from gtfsgen.clocks import zone_names
from gtfsgen.compile.details import SHORT_HOURS, TRIP_COLUMNS
from gtfsgen.compile.write import csv_bytes
from gtfsgen.importing.calls import Tables, Trips, read_trips, sorted_calls
from gtfsgen.importing.days import CALENDAR_COLUMNS, DayWords
from gtfsgen.importing.draft import NO_ADDRESS, quoted
from gtfsgen.importing.given import is_language
from gtfsgen.importing.reading import Read
from gtfsgen.importing.sheets import Sheet, Way, is_label, labels_of, rows_of, sheets_of, ways_of
from gtfsgen.source.details import AS_BUILT, HEADER
from gtfsgen.source.stations import number
from gtfsgen.source.tables import ADDRESS, AGENCIES, EMAIL, ROUTES, STATIONS

ANSWERS = {"1": "yes", "2": "no"}
STATION_COLUMNS = {
    "stop_code": "code", "stop_desc": "desc", "stop_url": "url", "zone_id": "zone_id",
    "platform_code": "platform_code",
}  # fmt: skip
BUILT_STOPS = ("stop_id", "stop_name", "stop_lat", "stop_lon", "stop_timezone")
OPEN_CALLS = {"pickup_type": "0", "drop_off_type": "0", "timepoint": "1"}
"""Columns of stop_times that gtfsgen fills, with what it writes where a cell has no mark."""
MOST_GRID_CALLS = 400_000
"""Calls that are put into grids; of feeds with more, the other trips stay in gtfs/."""


@dataclass
class Taken:
    """What was tried and did not come back as it was."""

    trips: dict[str, str] = field(default_factory=dict)
    """trip_id -> why."""
    stops: set[str] = field(default_factory=set)
    routes: set[str] = field(default_factory=set)
    agencies: bool = False
    """Whether agencies.csv cannot say what agency.txt does."""


class Project:
    """The files of a project for `read`, without what was `taken` out of the tables."""

    def __init__(
        self, read: Read, today: date, taken: Taken, *, most: int = MOST_GRID_CALLS
    ) -> None:
        self.tables, self.today, self.taken = read.tables, today, taken
        self.trips: Trips = read_trips(
            self.tables, set(self.usable_stops), set(self.usable_routes), taken.trips, most
        )
        self.ways: list[Way] = ways_of(self.trips)
        called = self.trips.calls["stop_id"].unique().to_list() if self.trips.calls.height else []
        names = self.usable_stops
        self.labels = labels_of({stop: names[stop]["stop_name"] for stop in sorted(called)})
        self.sheets: list[Sheet] = sheets_of(self.trips, self.ways, self.title)
        self.by_path = {f"timetables/{sheet.name}.csv": sheet for sheet in self.sheets}
        self.trip_ids: list[str] = (
            self.trips.trips["trip_id"].to_list() if self.trips.trips.height else []
        )
        self.columns: dict[str, dict[str, str]] = {
            name: dict.fromkeys(table.columns, AS_BUILT) for name, table in self.tables.items()
        }
        self.files: dict[str, bytes] = {}
        self.details: dict[str, pl.DataFrame] = {}
        self.write()
        self.files |= {f"gtfs/{name}": data for name, data in read.raw.items()}

    # ---------------------------------------------------------------------- what tables can have

    def rows(self, name: str) -> list[dict[str, str]]:
        return rows_of_table(self.tables, name)

    @cached_property
    def usable_stops(self) -> dict[str, dict[str, str]]:
        """Stops that stations.csv can have."""
        found: dict[str, dict[str, str]] = {}
        twice: set[str] = set()
        for row in self.rows("stops"):
            key = row.get("stop_id", "")
            (twice.add(key) if key in found else found.__setitem__(key, row))
        return {
            key: row
            for key, row in found.items()
            if key not in twice and key not in self.taken.stops and _is_station(key, row)
        }

    @cached_property
    def usable_routes(self) -> dict[str, dict[str, str]]:
        """Routes that routes.csv can have."""
        found: dict[str, dict[str, str]] = {}
        folded: dict[str, int] = {}
        agencies = {row.get("agency_id", "") for row in self.rows("agency")}
        for row in self.rows("routes"):
            key = row.get("route_id", "")
            found[key] = row
            folded[key.casefold()] = folded.get(key.casefold(), 0) + 1
        return {
            key: row
            for key, row in found.items()
            if is_label(key)
            and folded[key.casefold()] == 1
            and key not in self.taken.routes
            and ((row.get("agency_id") or "") in agencies - {""} or len(agencies) < 2)
        }

    def title(self, sheet: Sheet) -> str:
        """What a file is called: its route and its ends."""
        ends = [
            self.usable_stops[stop]["stop_name"] for stop, _ in (sheet.order[0], sheet.order[-1])
        ]
        route = self.usable_routes[self.trips.trips["route_id"][sheet.trips[0]]]
        name = route.get("route_short_name") or route.get("route_long_name") or ""
        return " ".join(filter(None, (name[:30], *ends)))

    # ----------------------------------------------------------------------------------- writing

    def write(self) -> None:
        """All files. Which cells are details follows from what the tables say."""
        self.days = DayWords(*self.period)
        used_routes = set(self.trips.trips["route_id"].to_list()) if self.trip_ids else set()
        used_stops = set(self.labels)
        if self.trip_ids:
            self.write_stations(used_stops)
            self.write_routes(used_routes)
            self.write_sheets()
            self.write_stop_times()
        self.write_agencies()
        self.files["feed.toml"] = feed_toml(self.tables, self.today, self.period).encode()
        if self.days.calendars:
            rows = sorted(self.days.calendars.values(), key=lambda row: row["name"])
            self.files["calendars.csv"] = sheet_bytes(_table(rows, CALENDAR_COLUMNS))
        if "feed_info" not in self.tables:
            self.columns["feed_info"] = {}
        in_grids = pl.Series(self.trip_ids, dtype=pl.String)
        kept = {
            "stops": ~pl.col("stop_id").is_in(list(used_stops)) if self.trip_ids else None,
            "routes": ~pl.col("route_id").is_in(list(used_routes)) if self.trip_ids else None,
            "trips": ~pl.col("trip_id").is_in(in_grids.implode()) if self.trip_ids else None,
            "stop_times": ~pl.col("trip_id").is_in(in_grids.implode()) if self.trip_ids else None,
        }
        for name, table in self.tables.items():
            if name == "agency" and "agencies.csv" in self.files:
                continue
            condition = kept.get(name)
            rest = table if condition is None else table.filter(condition)
            if rest.height or name not in kept or condition is None:
                self.files[f"gtfs/{name}.txt"] = csv_bytes(rest)
        for name, table in self.details.items():
            if table.height:
                self.files[f"gtfs/details/{name}.txt"] = csv_bytes(table)
        self.files["gtfs/details/columns.csv"] = columns_bytes(self.columns)

    @cached_property
    def period(self) -> tuple[date, date]:
        running = [self.trips.dates[s] for s in set(self.trips.trips["service_id"].to_list())]
        if not running:
            return self.today, self.today
        return min(dates.first for dates in running), max(dates.last for dates in running)

    def write_agencies(self) -> None:
        """agencies.csv, where it can say all; else gtfs/agency.txt stays."""
        rows = self.rows("agency")
        ids = [row.get("agency_id", "") for row in rows]
        zones = {row.get("agency_timezone", "") for row in rows}
        columns = [c for c in self.columns.get("agency", {}) if c != "agency_timezone"]
        sound = (
            rows
            and not self.taken.agencies
            and all(map(is_label, ids))
            and len(set(ids)) == len(ids)
            and zones <= zone_names()
            and len(zones) == 1
            and set(columns) <= set(AGENCIES.columns)
            and all(
                (row.get(name, "") or name not in AGENCIES.required)
                and _fits(name, row.get(name, ""), AGENCIES.forms)
                for row in rows
                for name in (*columns, *AGENCIES.required)
            )
        )
        if sound:
            self.files["agencies.csv"] = sheet_bytes(_table(rows, columns))

    def write_routes(self, used: set[str]) -> None:
        columns = [c for c in ROUTES.columns if c in self.columns["routes"]]
        rows, details = [], []
        agencies = {row.get("agency_id", "") for row in self.rows("agency")}
        for key, row in self.usable_routes.items():
            if key not in used:
                continue
            said = {
                name: text
                for name in columns
                if _fits(name, text := row[name], ROUTES.forms)
                and name != "source"
                and (name != "agency_id" or text in agencies)
            }
            rows.append(said)
            built = {name: said.get(name, "") for name in columns}
            if not (built.get("route_short_name") or built.get("route_long_name")):
                built["route_short_name"] = key
            built["route_type"] = built.get("route_type") or "2"
            built["agency_id"] = built.get("agency_id") or self.first_agency
            details.append((row, {n: t for n, t in built.items() if n in self.columns["routes"]}))
        self.files["routes.csv"] = sheet_bytes(_table(rows, columns))
        self.detail("routes", "route_id", details)

    @property
    def first_agency(self) -> str:
        agencies = self.rows("agency")
        return agencies[0].get("agency_id", "") if agencies else ""

    def write_stations(self, used: set[str]) -> None:
        rows, details = [], []
        for key, stop in self.usable_stops.items():
            if key not in used:
                continue
            row = {
                "station_id": key,
                "name": stop["stop_name"],
                "lat": stop["stop_lat"],
                "lon": stop["stop_lon"],
            }
            for column, name in STATION_COLUMNS.items():
                text = stop.get(column, "")
                if _fits(name, text, STATIONS.forms):
                    row[name] = text
            row["wheelchair"] = ANSWERS.get(stop.get("wheelchair_boarding", ""), "")
            if self.labels[key] not in (key, stop["stop_name"]):
                row["aliases"] = self.labels[key]
            rows.append(row)
            built = {
                "stop_name": row["name"], "stop_lat": row["lat"], "stop_lon": row["lon"],
                "stop_timezone": self.rows("agency")[0].get("agency_timezone", "")
                if self.rows("agency") else "",
                "wheelchair_boarding": {"yes": "1", "no": "2", "": ""}[row["wheelchair"]],
                **{column: row.get(name, "") for column, name in STATION_COLUMNS.items()},
            }  # fmt: skip
            details.append((stop, built))
        self.files["stations.csv"] = sheet_bytes(_table(rows, STATIONS.columns))
        self.detail("stops", "stop_id", details, open_=("stop_timezone",))

    def write_sheets(self) -> None:
        trips = self.trips.trips
        last = {n: way.keys[-1][0] for n, way in enumerate(self.ways)}
        rows = list(trips.iter_rows(named=True))
        heads: dict[str, list[str]] = {
            name: [] for name in ("train", "number", "days", "route", "headsign", "direction",
                                  "wheelchair", "bikes", "block")
        }  # fmt: skip
        details = []
        chosen = self.chosen_services()
        for n, row in enumerate(rows):
            end = self.usable_stops[last[n]]["stop_name"]
            sign, short = row.get("trip_headsign", ""), row.get("trip_short_name", "")
            block = row.get("block_id", "")
            said = {
                "train": row["trip_id"],
                "number": short if is_plain_cell(short) else "",
                "days": self.days(self.trips.dates[row["service_id"]], row["service_id"]),
                "route": row["route_id"],
                "headsign": sign if sign != end and is_plain_cell(sign) else "",
                "direction": row.get("direction_id", "")
                if row.get("direction_id", "") in ("0", "1") else "",
                "wheelchair": ANSWERS.get(row.get("wheelchair_accessible", ""), ""),
                "bikes": ANSWERS.get(row.get("bikes_allowed", ""), ""),
                "block": block if is_plain_cell(block) else "",
            }  # fmt: skip
            for name, text in said.items():
                heads[name].append(text)
            back = {"yes": "1", "no": "2", "": ""}
            built = {
                "route_id": row["route_id"],
                "service_id": chosen[self.trips.dates[row["service_id"]]],
                "trip_headsign": said["headsign"] or end,
                "trip_short_name": said["number"],
                "direction_id": said["direction"],
                "wheelchair_accessible": back[said["wheelchair"]],
                "bikes_allowed": back[said["bikes"]],
                "block_id": said["block"],
            }
            details.append((row, built))
        for sheet in self.sheets:
            cells = rows_of(sheet, self.ways, heads, self.labels)
            self.files[f"timetables/{sheet.name}.csv"] = sheet_bytes(cells)
        unsigned = [not heads["headsign"][n] for n in range(len(rows))]
        self.detail("trips", "trip_id", details, open_=("trip_headsign",), open_rows=unsigned)

    @cached_property
    def named_trips(self) -> set[str]:
        """Trips that other tables name: of these a detail is kept, so that they can be missed."""
        found: set[str] = set()
        for name, table in self.tables.items():
            if name not in ("trips", "stop_times"):
                for column in (*TRIP_COLUMNS, "record_id"):
                    if column in table.columns:
                        found |= set(table[column].to_list())
        return found

    def chosen_services(self) -> dict[object, str]:
        """Dates -> the service that the build finds for them."""
        found: dict[object, str] = {}
        for service, dates in self.trips.dates.items():
            found.setdefault(dates, service)
        return found

    def detail(
        self,
        name: str,
        key: str,
        pairs: Sequence[tuple[Mapping[str, str], Mapping[str, str]]],
        open_: Sequence[str] = (),
        open_rows: Sequence[bool] | None = None,
    ) -> None:
        """Details of rows of which the tables build something else: the columns that differ."""
        columns = [c for c in self.columns[name] if c not in (key, "n")]
        for column in open_:
            if column not in self.columns[name]:
                continue
            counts: dict[str, int] = {}
            for n, (row, built) in enumerate(pairs):
                if open_rows is None or open_rows[n]:
                    text = AS_BUILT if row[column] == built[column] else row[column]
                    counts[text] = counts.get(text, 0) + 1
            if counts:
                best = max(counts, key=lambda text: (counts[text], text == AS_BUILT, text))
                self.columns[name][column] = best
        needed: list[str] = []
        odd: list[int] = []
        for n, (row, built) in enumerate(pairs):
            different = [
                c for c in columns if row[c] != self.as_built(name, c, built, open_rows, n, open_)
            ]
            if different or (name == "trips" and row[key] in self.named_trips):
                odd.append(n)
                needed += [c for c in different if c not in needed]
        order = [key, *(c for c in columns if c in needed)]
        self.details[name] = pl.DataFrame(
            {c: [pairs[n][0][c] for n in odd] for c in order},
            schema=dict.fromkeys(order, pl.String),
        )

    def as_built(
        self,
        name: str,
        column: str,
        built: Mapping[str, str],
        open_rows: Sequence[bool] | None,
        n: int,
        open_: Sequence[str],
    ) -> str:
        unsaid = self.columns[name][column]
        if column in open_ and unsaid != AS_BUILT and (open_rows is None or open_rows[n]):
            return unsaid
        return built.get(column, "")

    def write_stop_times(self) -> None:
        """Details of calls: numbers that are not 1, 2, 3, and all that cells do not say."""
        given = (
            sorted_calls(self.tables["stop_times"])
            .join(self.trips.trips.select("n", "trip_id"), on="trip_id", how="inner")
            .sort("n", "place")
        )
        calls = self.trips.calls
        columns = [c for c in self.columns["stop_times"] if c not in ("trip_id", "stop_id")]
        unsaid = self.columns["stop_times"]
        first = given.group_by("n").agg(pl.col("sequence").first())["sequence"]
        start = int(first.mode().min()) if first.len() else 1  # type: ignore[arg-type]
        if start != 1 and start >= 0:
            unsaid["stop_sequence"] = str(start)
        start = start if start >= 0 else 1
        built: dict[str, pl.Series] = {
            "stop_sequence": (given["place"] + start).cast(pl.String),
        }
        for name, side in (("arrival_time", "arrival"), ("departure_time", "departure")):
            long = _clock(calls[side], 2)
            short = _clock(calls[side], 1)
            if (given[name] == short).sum() > (given[name] == long).sum():
                unsaid[name], long = SHORT_HOURS, short
            built[name] = long
        untimed = calls["arrival"].is_null()
        marks = calls["mark"].str.replace("~", "", literal=True)
        marks = pl.select(
            pl.when(untimed & (marks == "()")).then(pl.lit("")).otherwise(marks)
        ).to_series()
        doors = {
            "pickup_type": {"v": "1", "()": "1", "x ": "3", "x ^": "3", "x v": "1"},
            "drop_off_type": {"^": "1", "()": "1", "x ": "3", "x ^": "1", "x v": "3"},
        }
        estimate = calls["mark"].str.starts_with("~") & ~untimed
        for name, default in OPEN_CALLS.items():
            if name not in unsaid:
                continue
            if name == "timepoint":
                said = pl.select(
                    pl.when(estimate).then(pl.lit("0")).when(untimed).then(pl.lit("0"))
                    .otherwise(pl.lit("1"))
                ).to_series()  # fmt: skip
                open_here = ~estimate
            else:
                said = marks.replace_strict(doors[name], default="0", return_dtype=pl.String)
                open_here = said == default
            texts = given[name].filter(open_here)
            if texts.len():
                counted = texts.value_counts(sort=True).sort(
                    ["count", name], descending=[True, False]
                )
                best = counted[name][0]
                if best != default:
                    unsaid[name] = best
                    said = pl.select(
                        pl.when(open_here).then(pl.lit(best)).otherwise(said)
                    ).to_series()
            built[name] = said
        needed = [
            c for c in columns
            if not (given[c] == built.get(c, pl.Series([""]))).all()
        ]  # fmt: skip
        if not needed:
            return
        different = pl.any_horizontal(
            [given[c] != (built[c] if c in built else pl.lit("")) for c in needed]
        )
        odd = given.filter(different)["n"].unique()
        order = ["trip_id", "stop_id", *needed]
        self.details["stop_times"] = given.filter(pl.col("n").is_in(odd.implode())).select(order)


def columns_bytes(columns: Mapping[str, Mapping[str, str]]) -> bytes:
    """gtfs/details/columns.csv: the columns of each file and what stands in cells left open."""
    rows = [
        (name, column, unsaid)
        for name, own in columns.items()
        for column, unsaid in (own or {"": ""}).items()
    ]
    return sheet_bytes([HEADER, *rows])


def rows_of_table(tables: Tables, name: str) -> list[dict[str, str]]:
    table = tables.get(name)
    return [] if table is None else list(table.iter_rows(named=True))


def feed_toml(tables: Tables, today: date, period: tuple[date, date]) -> str:
    """feed.toml for a feed with these tables."""
    info = next(iter(rows_of_table(tables, "feed_info")), {})
    agency = next(iter(rows_of_table(tables, "agency")), {})
    publisher = {
        "name": _clean(info.get("feed_publisher_name", ""))
        or _clean(agency.get("agency_name", ""))
        or "Unknown",
        "url": NO_ADDRESS,
    }
    for url in (info.get("feed_publisher_url", ""), agency.get("agency_url", "")):
        if re.fullmatch(ADDRESS[0], url):
            publisher["url"] = url
            break
    if re.fullmatch(EMAIL[0], info.get("feed_contact_email", "")):
        publisher["email"] = info["feed_contact_email"]
    language = next(
        (
            text
            for text in (info.get("feed_lang", ""), agency.get("agency_lang", ""))
            if is_language(text)
        ),
        "en",
    )
    zone = agency.get("agency_timezone", "")
    lines = [
        "# Made by gtfsgen import. Every key: docs/source-tables.md",
        f"as_of = {today.isoformat()}",
        f"first_day = {period[0].isoformat()}",
        f"last_day = {period[1].isoformat()}",
        f"timezone = {quoted(zone if zone in zone_names() else 'UTC')}",
        f"languages = [{quoted(language)}]",
        "# Times are those of the feed: the agency's clock on service days, past 24:00 too.",
        'clock = "agency"',
        "",
        "[publisher]",
        *(f"{key} = {quoted(text)}" for key, text in publisher.items()),
        "",
        "[shapes]",
        "# Trips keep the shapes that they have; without this line the others are drawn too.",
        'network = "none"',
    ]
    return "\n".join(lines) + "\n"


def _clock(moments: pl.Series, digits: int) -> pl.Series:
    hours = (moments // 3600).cast(pl.String).str.zfill(digits)
    minutes = (moments // 60 % 60).cast(pl.String).str.zfill(2)
    rest = (moments % 60).cast(pl.String).str.zfill(2)
    return (hours + ":" + minutes + ":" + rest).fill_null("")


def _is_station(key: str, row: Mapping[str, str]) -> bool:
    """Whether stations.csv takes a stop: an id and a name as they are, a position."""
    name = row.get("stop_name", "")
    if not key or key.startswith("#") or not is_plain_cell(key) or not name:
        return False
    if not is_plain_cell(name) or row.get("location_type", "") not in ("", "0"):
        return False
    position = [row.get(side, "") for side in ("stop_lat", "stop_lon")]
    lat, lon = map(number, position)
    if lat is None or lon is None or "," in "".join(position):
        return False
    if any(text != text.strip() for text in position):
        return False
    return abs(lat) <= 90 and abs(lon) <= 180 and not (abs(lat) < 1 and abs(lon) < 1)


def is_plain_cell(text: str) -> bool:
    """Whether a cell of the curated tables holds the text as it is."""
    return text == text.strip() and text.isprintable() and text not in DITTO_MARKS


DITTO_MARKS = frozenset(("〃", '"', "″", "''", "do", "do.", "ditto", "dto.", "同上", "々", "仝"))


def _fits(name: str, text: str, forms: Mapping[str, tuple[str, str]]) -> bool:
    if not text or name not in forms:
        return is_plain_cell(text)
    return is_plain_cell(text) and re.fullmatch(forms[name][0], text) is not None


def _clean(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text).strip()


def _table(rows: Sequence[Mapping[str, str]], columns: Sequence[str]) -> list[Sequence[str]]:
    """A header of the columns that some row fills, and the rows."""
    used = [name for name in columns if any(row.get(name) for row in rows)]
    return [used, *([row.get(name, "") for name in used] for row in rows)]


QUOTED = re.compile(r'[",;\t\r\n]')


def sheet_bytes(rows: Sequence[Sequence[str]]) -> bytes:
    """CSV in which no other delimiter can be taken for the comma."""
    return "".join(
        ",".join(
            '"' + cell.replace('"', '""') + '"' if QUOTED.search(cell) else cell for cell in row
        )
        + "\n"
        for row in rows
    ).encode()
