"""Statistics as text for a terminal, JSON, CSV files, or a page."""

from __future__ import annotations

import io
import json
from datetime import date
from typing import Any

import polars as pl

from gtfsgen.stats.service import BUSIEST, Statistics

TABLES = {
    "days": "Service by day",
    "lines": "Lines",
    "lines_by_day": "Lines by day",
    "stops": "Stations by calls",
    "calendars": "Calendars",
}
SHOWN_DAYS = 14
LABELS = {
    "speed_kmh": "km/h",
    "headway_min": "headway min",
    "departures_a_day": "a day",
    "route_id": "route",
}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def to_json(found: Statistics) -> str:
    """`{"feed", "totals", "reference_day", "remarks", "days": [...], "lines": [...], ...}`."""
    content: dict[str, Any] = {
        "feed": found.feed,
        "totals": {name: _plain(value) for name, value in found.totals.items()},
        "reference_day": _plain(found.reference_day),
        "remarks": found.remarks,
    }
    for name in TABLES:
        rows = getattr(found, name).rows(named=True)
        content[name] = [{key: _plain(value) for key, value in row.items()} for row in rows]
    return json.dumps(content, ensure_ascii=False, indent=1)


def csv_files(found: Statistics) -> dict[str, str]:
    """A file a table, by name."""
    totals = pl.DataFrame(
        {
            "what": list(found.totals),
            "value": ["" if v is None else str(v) for v in found.totals.values()],
        },
        schema={"what": pl.String, "value": pl.String},
    )
    frames = {"totals": totals} | {name: getattr(found, name) for name in TABLES}
    return {f"{name}.csv": frame.write_csv() for name, frame in frames.items()}


def to_csv(found: Statistics) -> str:
    """The table of days: what a single CSV can hold."""
    return found.days.write_csv()


def _shown(found: Statistics) -> list[tuple[str, list[str], list[list[str]], str]]:
    """Title, columns, rows and what is left out, of the tables that people read."""
    tables = []
    for name, title in TABLES.items():
        if name == "lines_by_day":
            continue
        frame: pl.DataFrame = getattr(found, name)
        limit = {"days": SHOWN_DAYS, "stops": BUSIEST, "calendars": BUSIEST}.get(name)
        rows = frame if limit is None else frame.head(limit)
        more = frame.height - rows.height
        note = f"{more:,} more rows; --format csv and json have all" if more else ""
        if name == "stops" and found.reference_day:
            title += f", {found.reference_day:%a %Y-%m-%d}"
        texts = [["–" if v is None else _text(v) for v in row] for row in rows.iter_rows()]
        tables.append(
            (title, [LABELS.get(c, c.replace("_", " ")) for c in rows.columns], texts, note)
        )
    return tables


def _text(value: Any) -> str:
    if isinstance(value, date):
        return f"{value:%a %Y-%m-%d}"
    return f"{value:,}" if isinstance(value, int | float) else str(value)


def terminal(found: Statistics) -> str:
    """Tables in plain columns."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    out = io.StringIO()
    console = Console(file=out, width=140)
    for name, value in found.totals.items():
        shown = "–" if value is None else _text(value)
        console.print(f"{name.replace('_', ' '):18} {shown}", highlight=False, markup=False)
    for title, columns, rows, note in _shown(found):
        table = Table(title=title, title_justify="left", box=None, header_style="bold")
        words = {"line", "route", "station", "stop id", "services", "date"}
        for column in columns:
            table.add_column(column, justify="left" if column in words else "right")
        for row in rows:
            table.add_row(*map(Text, row))  # no text of a feed is markup
        console.print(table)
        if note:
            console.print(note, highlight=False, markup=False)
    for remark in found.remarks:
        console.print(remark, highlight=False, markup=False)
    return out.getvalue().rstrip("\n")


def page(found: Statistics) -> str:
    """One page without anything to load; every text of the feed is escaped."""
    from importlib.resources import files

    from jinja2 import Environment

    template = files(__package__).joinpath("stats.html").read_text(encoding="utf-8")
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    most = max(found.days["departures"].to_list(), default=1)
    return environment.from_string(template).render(
        found=found,
        totals=[
            (n.replace("_", " "), "–" if v is None else _text(v)) for n, v in found.totals.items()
        ],
        days=[
            (f"{d:%a %Y-%m-%d}", n, n / most)
            for d, n in found.days.select("date", "departures").iter_rows()
        ],
        tables=_shown(found),
    )


FORMATS = {"terminal": terminal, "json": to_json, "csv": to_csv, "html": page}
