"""The plain tables beside the timetables: which columns they have, and reading them into frames."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from gtfsgen.faults import Fault, Severity
from gtfsgen.source.cells import Sheet, is_comment, letter
from gtfsgen.source.model import ORIGIN
from gtfsgen.source.words import Words, folded


@dataclass(frozen=True)
class Table:
    """A kind of table: its columns in order, those it cannot do without, its key."""

    name: str
    columns: tuple[str, ...]
    required: tuple[str, ...] = ()
    """A cell of these may not be blank."""
    key: str = ""
    """No two rows have the same."""
    aliases: dict[str, str] = field(default_factory=dict)
    languages: tuple[str, ...] = ()
    """Columns that may be repeated per language, as `name_zh`."""
    forms: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Column -> pattern of what is not blank there, and what that is in words."""

    @property
    def bases(self) -> frozenset[str]:
        """The columns, by their own names, that may be repeated per language."""
        return frozenset(self.aliases.get(base, base) for base in self.languages)

    def column(self, header: str) -> str | None:
        """The column that a header cell names; None if there is none."""
        name = folded(header).replace(" ", "_").replace("-", "_")
        if name in self.columns:
            return name
        if name in self.aliases:
            return self.aliases[name]
        for base in self.languages:
            if re.fullmatch(rf"{base}_[a-z]{{2,3}}(_[a-z0-9]{{2,8}})*", name):
                language = header.strip()[len(base) + 1 :].replace("_", "-")
                return f"{self.aliases.get(base, base)}_{language}"
        if name.startswith("x_") or name == "note":
            return name
        return None


YES_NO = (r"(?i:yes|no|unknown|[012])", "yes or no")
COLOUR = (r"#?[0-9A-Fa-f]{6}", "a colour such as C8102E")
ADDRESS = (r"https?://[^\s.]+\.\S+", "a web address such as https://example.org/")
LANGUAGE = (r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", "a language such as en or zh-Hans")
VEHICLE = (
    r"(?i:tram|metro|subway|rail|railway|train|bus|ferry|cable tram|gondola|aerial lift|funicular"
    r"|trolleybus|monorail)|\d{1,4}",
    "a vehicle such as rail, or a route_type of GTFS",
)
EMAIL = (r"[^@\s]+@[^@\s]+\.[^@\s]+", "an e-mail address")

STATIONS = Table(
    "stations",
    (
        "station_id", "name", "lat", "lon", "timezone", "country", "code", "aliases", "url", "desc",
        "wheelchair", "zone_id", "platform_code", "source", "confidence",
    ),
    required=("station_id", "name", "lat", "lon"),
    key="station_id",
    aliases={
        "id": "station_id", "stop_id": "station_id", "station": "station_id", "stop_name": "name",
        "latitude": "lat", "longitude": "lon", "stop_lat": "lat", "stop_lon": "lon",
        "stop_timezone": "timezone", "zone": "timezone", "stop_code": "code", "alias": "aliases",
        "names": "aliases", "description": "desc",
    },
    languages=("name", "desc"),
    forms={
        "wheelchair": YES_NO,
        "url": ADDRESS,
        "country": (r"[A-Z]{2}", "a country in two capitals such as CN"),
    },
)  # fmt: skip

AGENCIES = Table(
    "agencies",
    (
        "agency_id", "agency_name", "agency_url", "agency_timezone", "agency_lang", "agency_phone",
        "agency_fare_url", "agency_email", "cemv_support", "source",
    ),
    required=("agency_id", "agency_name", "agency_url"),
    key="agency_id",
    aliases={
        "id": "agency_id", "agency": "agency_id", "name": "agency_name", "url": "agency_url",
        "timezone": "agency_timezone", "lang": "agency_lang", "language": "agency_lang",
        "phone": "agency_phone", "fare_url": "agency_fare_url", "email": "agency_email",
    },
    languages=("agency_name", "name"),
    forms={
        "agency_url": ADDRESS,
        "agency_fare_url": ADDRESS,
        "agency_lang": LANGUAGE,
        "agency_email": EMAIL,
    },
)  # fmt: skip

ROUTES = Table(
    "routes",
    (
        "route_id", "agency_id", "route_short_name", "route_long_name", "route_desc", "route_type",
        "route_url", "route_color", "route_text_color", "route_sort_order", "network_id", "source",
    ),
    required=("route_id",),
    key="route_id",
    aliases={
        "id": "route_id", "route": "route_id", "train": "route_id", "agency": "agency_id",
        "short_name": "route_short_name", "long_name": "route_long_name",
        "name": "route_long_name", "desc": "route_desc", "description": "route_desc",
        "type": "route_type", "url": "route_url", "color": "route_color", "colour": "route_color",
        "text_color": "route_text_color", "text_colour": "route_text_color",
        "sort_order": "route_sort_order", "route_name": "route_long_name",
    },
    languages=("route_long_name", "route_short_name", "route_desc", "long_name", "name"),
    forms={
        "route_url": ADDRESS,
        "route_type": VEHICLE,
        "route_color": COLOUR,
        "route_text_color": COLOUR,
        "route_sort_order": (r"\d+", "a whole number"),
    },
)  # fmt: skip

CALENDARS = Table(
    "calendars",
    ("name", "days", "from", "to", "not", "also", "source"),
    required=("name",),
    key="name",
    aliases={"calendar": "name", "until": "to", "except": "not", "id": "name"},
)

COACHES = Table(
    "coaches",
    (
        "coach", "name", "days", "trains", "from", "to", "class", "notes", "wait", "profile",
        "source",
    ),
    required=("coach", "days", "trains", "from", "to"),
    aliases={"id": "coach", "coach_id": "coach", "train": "trains"},
    languages=("name",),
    forms={
        "wait": (r"\d{1,2}( days?)?", "a number of days"),
        "profile": (r"linked|through", "linked or through"),
    },
)  # fmt: skip

NOTES = Table(
    "notes",
    (
        "letter", "kind", "text", "mark", "days", "source", "url", "date", "edition", "confidence",
        "licence", "attribution",
    ),
    required=("letter",),
    key="letter",
    aliases={"id": "letter", "license": "licence", "citation": "source", "author": "attribution"},
    languages=("text",),
    forms={
        "confidence": (r"high|medium|low|unknown", "high, medium, low or unknown"),
        "date": (r"\d{4}(-(0[1-9]|1[0-2])(-[0-3]\d)?)?", "a date, a month or a year"),
        "edition": (
            r"\d{4}(-(0[1-9]|1[0-2])(-[0-3]\d)?)?|\d{4}-\d{4}|.*[^\d-].*",
            "a date, a month, a year or words",
        ),
    },
)  # fmt: skip

FARES = Table(
    "fares",
    (
        "fare", "name", "from", "to", "class", "price", "currency", "who", "days", "payment",
        "agency", "source",
    ),
    required=("price",),
    aliases={
        "id": "fare", "fare_id": "fare", "amount": "price", "money": "price", "riders": "who",
        "rider": "who", "agency_id": "agency",
    },
    forms={"currency": (r"[A-Z]{3}", "a currency in three capitals such as CNY")},
)  # fmt: skip

HOLIDAYS = Table("holidays.lock", ("region", "date", "name"), required=("region", "date"))

TABLES = {
    table.name: table for table in (STATIONS, AGENCIES, ROUTES, CALENDARS, COACHES, NOTES, FARES)
}


def read_table(
    sheet: Sheet, table: Table, faults: list[Fault]
) -> tuple[pl.DataFrame, dict[str, str]]:
    """Text columns of `table` plus `ORIGIN`, a row per row of the sheet; and the columns' letters.

    A row with its key missing or taken is a fault and left out; other blank cells stay blank.
    """
    header_row = next((i for i, row in enumerate(sheet.rows) if not is_comment(row)), None)
    if header_row is None:
        if sheet.rows:
            faults.append(sheet.fault("empty_table", -1, None, "The table has no header row."))
        return empty(table), {}
    places = header(sheet, header_row, table, faults)
    letters = {name: letter(index) for name, index in places.items()}
    columns: dict[str, list[Any]] = {name: [] for name in (*table.columns, *places)}
    lines: list[int] = []
    seen: dict[str, int] = {}
    for number in range(header_row + 1, len(sheet.rows)):
        row = sheet.rows[number]
        if is_comment(row):
            continue
        key = row[places[table.key]] if table.key in places else ""
        for name in table.required:
            if name in places and not row[places[name]]:
                faults.append(
                    sheet.fault(
                        "missing_value", number, places[name], f"The {label(name)} is missing."
                    )
                )
        for name, (pattern, words) in table.forms.items():
            cell = row[places[name]] if name in places else ""
            if cell and not re.fullmatch(pattern, cell):
                message = f"The {label(name)} is not {words}."
                faults.append(sheet.fault("invalid_value", number, places[name], message, cell))
        if table.key in places and not key:
            continue
        if key and key in seen:
            for here, there in ((number, seen[key] - 1), (seen[key] - 1, number)):
                faults.append(
                    sheet.fault(
                        "duplicate_id",
                        here,
                        places[table.key],
                        f"Line {there + 1} has this {label(table.key)} too.",
                        key,
                        "each may stand once",
                    )
                )
            continue
        seen[key] = number + 1
        lines.append(number + 1)
        for name in columns:
            columns[name].append(row[places[name]] if name in places else "")
    frame = pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))
    first = letter(min(places.values(), default=0))
    return (
        frame.with_columns(
            pl.lit(sheet.path).alias("path"),
            pl.Series("line", lines, dtype=pl.Int32),
            pl.lit(first).alias("column"),
        ),
        letters,
    )


def header(sheet: Sheet, row: int, table: Table, faults: list[Fault]) -> dict[str, int]:
    """Column name -> index. Unknown, repeated, missing columns are faults at the header."""
    places: dict[str, int] = {}
    words = Words((*table.columns, *table.aliases))
    for index, cell in enumerate(sheet.rows[row]):
        if not cell:
            if any(line[index] for line in sheet.rows[row + 1 :] if not is_comment(line)):
                faults.append(sheet.fault("missing_header", row, index, "The column has no name."))
            continue
        name = table.column(cell)
        if name is None:
            faults.append(
                sheet.fault(
                    "unknown_column",
                    row,
                    index,
                    f"There is no such column in {table.name}.",
                    cell,
                    words.hint(cell, "x_... columns are kept"),
                )
            )
        elif name in places:
            faults.append(
                sheet.fault("duplicate_column", row, index, "The column stands twice.", cell)
            )
        else:
            places[name] = index
    if "name" in table.required and "name" not in places:
        stand_in = next((name for name in places if name.startswith("name_")), None)
        if stand_in is not None:
            places["name"] = places[stand_in]
    for name in table.required:
        if name not in places:
            faults.append(
                sheet.fault(
                    "missing_column", row, None, f"The column {name} is missing in {table.name}."
                )
            )
    return places


def label(name: str) -> str:
    """A column's name in a sentence."""
    return name.replace("_", " ")


def empty(table: Table) -> pl.DataFrame:
    schema: dict[str, pl.DataType | type] = dict.fromkeys(table.columns, pl.String)
    schema |= {"path": pl.String, "line": pl.Int32, "column": pl.String}
    return pl.DataFrame(schema=schema)


def passthrough(sheet: Sheet, faults: list[Fault]) -> pl.DataFrame:
    """A GTFS file that goes into the feed as it is: its own columns plus `ORIGIN`."""
    rows = [(i, row) for i, row in enumerate(sheet.rows) if any(row)]
    if not rows:
        return pl.DataFrame(schema={"path": pl.String, "line": pl.Int32, "column": pl.String})
    number, names = rows[0]
    for index, name in enumerate(names):
        if not name:
            faults.append(sheet.fault("missing_header", number, index, "The column has no name."))
        elif name in names[:index] or name in ORIGIN:
            faults.append(
                sheet.fault("duplicate_column", number, index, "The column stands twice.", name)
            )
    kept = {name: i for i, name in reversed(list(enumerate(names))) if name and name not in ORIGIN}
    body = rows[1:]
    return pl.DataFrame(
        {name: [row[kept[name]] for _, row in body] for name in names if name in kept},
        schema={name: pl.String for name in names if name in kept},
    ).with_columns(
        pl.lit(sheet.path).alias("path"),
        pl.Series("line", [i + 1 for i, _ in body], dtype=pl.Int32),
        pl.lit("A").alias("column"),
    )


def warning(fault: Fault) -> Fault:
    """The same fault, doubtful rather than wrong."""
    return Fault(
        Severity.WARNING,
        fault.code,
        fault.path,
        fault.line,
        fault.column,
        fault.message,
        fault.found,
        fault.hint,
    )
