"""A feed as it is given: its tables, and what an import asks of them."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from gtfsgen import route_types
from gtfsgen.clocks import zone_names
from gtfsgen.dates import Dates
from gtfsgen.feed.tolerant import TextTables
from gtfsgen.render.service import service_dates
from gtfsgen.render.tables import Rows
from gtfsgen.source.tables import LANGUAGE

Row = dict[str, str]


def text_rows(table: pl.DataFrame | None) -> list[Row]:
    """The rows of a table, absent cells as blank text; none of a table that is not there."""
    if table is None:
        return []
    return list(table.with_columns(pl.all().cast(pl.String).fill_null("")).iter_rows(named=True))


@dataclass
class Given:
    """A feed's tables, and what the whole import asks of them."""

    tables: TextTables

    def rows(self, name: str) -> list[Row]:
        return text_rows(self.tables.get(name))

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
        """The agencies' zone; UTC where it is none that clocks go by."""
        zones = (row.get("agency_timezone", "") for row in self.agencies)
        return next((zone for zone in zones if zone in zone_names()), "UTC")

    @cached_property
    def stops(self) -> dict[str, Row]:
        return self.by_key("stops", "stop_id")

    @cached_property
    def routes(self) -> dict[str, Row]:
        return {key: row for key, row in self.by_key("routes", "route_id").items() if key[0] != "#"}

    @cached_property
    def rails(self) -> set[str]:
        kinds = {key: row.get("route_type", "") for key, row in self.routes.items()}
        return {key for key, kind in kinds.items() if route_types.is_rail(kind)}

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
        written = [(each or "").replace("_", "-") for each in languages]
        return next((each for each in written if is_language(each)), "en")

    @cached_property
    def names(self) -> dict[str, Row]:
        """Stop -> language -> its name there."""
        found: dict[str, Row] = defaultdict(dict)
        by_name: dict[str, list[str]] = defaultdict(list)
        for key, row in self.stops.items():
            by_name[row.get("stop_name", "")].append(key)
        for row in self.rows("translations"):
            if (row.get("table_name"), row.get("field_name")) == ("stops", "stop_name"):
                keys = (
                    [row["record_id"]]
                    if row.get("record_id")
                    else by_name.get(row.get("field_value", ""), [])
                )
                for key in keys if is_language(row.get("language", "")) else ():
                    found[key].setdefault(row["language"], row.get("translation", ""))
        return found

    def zone_of(self, stop_id: str) -> str:
        stop = self.stops[stop_id]
        parent = self.stops.get(stop.get("parent_station", ""), {})
        return parent.get("stop_timezone") or stop.get("stop_timezone") or self.zone


def is_language(text: str) -> bool:
    return bool(text) and re.fullmatch(LANGUAGE[0], text) is not None


def number(text: str) -> int:
    return int(text) if text.isdigit() else 0
