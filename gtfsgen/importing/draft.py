"""The curated tables as text: feed.toml, agencies, stations, routes, days, coaches, timetables."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from gtfsgen.importing.days import CALENDAR_COLUMNS, DayWords
from gtfsgen.importing.given import Given, Row
from gtfsgen.importing.layout import Grid, grids_of, rows_of
from gtfsgen.importing.trains import CoachRow, Train
from gtfsgen.source.tables import ADDRESS, AGENCIES, EMAIL, ROUTES, STATIONS
from gtfsgen.source.words import folded

NO_ADDRESS = "https://example.org/"
"""For agencies and publishers whose feed has none; the tables want one."""


class Draft:
    """A version of the tables, with what leads from them back to the feed."""

    def __init__(
        self,
        given: Given,
        today: date,
        trains: list[Train],
        coaches: list[CoachRow],
        ways: Sequence[tuple[str, ...]],
        labels: Mapping[str, str],
        period: tuple[date, date],
    ) -> None:
        self.given, self.today = given, today
        self.trains, self.coaches, self.period = trains, coaches, period
        self.ways = ways
        self.labels = labels
        self.grids: list[Grid] = grids_of(trains, coaches, self.given.rails, self.title)
        self.by_path = {f"timetables/{grid.name}.csv": grid for grid in self.grids}
        called = {halt.stop_id for train in trains for halt in train.halts}
        self.stations = [key for key in self.given.stops if key in called]
        self.days = DayWords(*period)
        self.files = self.written()

    def title(self, grid: Grid) -> str:
        """What a timetable is called: its route where that has a name of its own, and its ends."""
        ends = [self.given.stops[stop]["stop_name"] for stop, _ in (grid.order[0], grid.order[-1])]
        names = {self.line_name(train) for train in grid.trains}
        return " ".join(filter(None, (*(names if len(names) == 1 else ()), *ends)))

    def line_name(self, train: Train) -> str:
        """The short name of a train's route, unless it is but the train's number."""
        name = self.given.routes[train.route_id].get("route_short_name", "")
        return "" if train.linked or name == train.number else name

    def written(self) -> dict[str, str]:
        given = self.given
        files = {"feed.toml": self.feed_toml()}
        files["agencies.csv"] = table_text(
            [self.agency(row) for row in given.agencies],
            AGENCIES.columns,
            forms=AGENCIES.forms,
            leave=("agency_timezone",),
        )
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

    def agency(self, row: Row) -> Row:
        """An agency with what agencies.csv cannot do without."""
        name = row.get("agency_name") or row["agency_id"]
        address = row.get("agency_url", "")
        if not re.fullmatch(ADDRESS[0], address):
            address = NO_ADDRESS
        return {**row, "agency_name": name, "agency_url": address}

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
        for key, form, otherwise in (
            ("url", ADDRESS, NO_ADDRESS),
            ("contact_url", ADDRESS, ""),
            ("email", EMAIL, ""),
        ):
            if not re.fullmatch(form[0], publisher[key]):
                publisher[key] = otherwise
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
            if self.labels[key] not in (key, stop["stop_name"]):
                row["aliases"] = self.labels[key]
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
