"""Where a row of the feed comes from: the cell, its local time, the agency's time, the citation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from gtfsgen.compile import Compiled, compile_source
from gtfsgen.compile.timetable import cell_in
from gtfsgen.schema import TABLES
from gtfsgen.source.model import ORIGIN, Source


class NothingFound(LookupError):
    """No row of the feed has these keys; the message says which there are."""


def explain_row(
    source: str | Path,
    table: str,
    keys: Sequence[str],
    *,
    profile: str | None = None,
    today: date | None = None,
) -> list[str]:
    """A line for each row of `table` that has all `keys`, from the project in the folder `source`.

    The rows are compiled anew; nothing but the tables is needed. Raises `NothingFound` where there
    is no such table or row, and `gtfsgen.source.SourceUnreadable`.
    """
    from gtfsgen.source import read_source

    read = read_source(Path(source), today)
    return explain(read, compile_source(read, profile=profile, today=today), table, keys)


def explain(source: Source, compiled: Compiled, table: str, keys: Sequence[str]) -> list[str]:
    """A line for each row of `table` that has all `keys`: ids, train numbers or station names."""
    name = table.removesuffix(".txt")
    if name not in compiled.tables:
        known = ", ".join(compiled.tables)
        raise NothingFound(f"the feed has no table {name!r}; it has {known}")
    rows = compiled.tables[name]
    for key in keys:
        found = rows.filter(_has(source, rows, key))
        if not found.height:
            raise NothingFound(f"no row of {name} has {key!r}{_near(rows, name)}")
        rows = found
    if name == "stop_times":
        return _calls(source, rows)
    return [_row(row, name) for row in rows.iter_rows(named=True)]


def _has(source: Source, rows: pl.DataFrame, key: str) -> pl.Expr:
    """Rows with a cell that is `key`; a trip may be named by its train, a stop by any of its
    names.
    """
    text = key.casefold()
    wanted = {text}
    if source.stations.height:
        names = [c for c in source.stations.columns if c == "name" or c.startswith("name_")]
        same = pl.any_horizontal(pl.col(c).str.to_lowercase() == text for c in names)
        wanted |= {s.casefold() for s in source.stations.filter(same)["station_id"]}
    texts = [c for c, kind in rows.schema.items() if kind == pl.String and c not in ORIGIN]
    cells = [pl.col(c).str.to_lowercase().is_in(list(wanted)) for c in texts]
    if "trip_id" in texts:
        cells.append(pl.col("trip_id").str.to_lowercase().str.starts_with(f"{text}."))
    return pl.any_horizontal(cells)


def _near(rows: pl.DataFrame, table: str) -> str:
    key = TABLES[table].primary_key[:1] if table in TABLES else ()
    if not key or key[0] not in rows.columns:
        return ""
    ids = rows[key[0]].unique(maintain_order=True).to_list()
    return f"; there is {', '.join(ids[:12])}{' ...' if len(ids) > 12 else ''}"


def _row(row: Mapping[str, Any], table: str) -> str:
    schema = TABLES.get(table)
    key = [row[field] for field in (schema.primary_key if schema else ()) if row.get(field)]
    what = " ".join(key) or table
    if not row["line"]:
        return f"{what}: {row['path']}"
    return f"{what}: {row['path']} row {row['line']}, column {row['column']}"


def _calls(source: Source, rows: pl.DataFrame) -> list[str]:
    """Both cells of each call, with local and agency time and what they rest on."""
    wanted = {(r["run_id"], r["order"]) for r in rows.iter_rows(named=True)}
    wanted |= {(r["departure_run"], r["departure_order"]) for r in rows.iter_rows(named=True)}
    places = pl.DataFrame(
        sorted(wanted), schema={"run_id": pl.String, "order": pl.Int32}, orient="row"
    )
    cells = {
        (row["run_id"], row["order"]): row
        for row in source.calls.join(places, on=["run_id", "order"], how="semi").iter_rows(
            named=True
        )
    }
    lines = []
    for row in rows.iter_rows(named=True):
        said = []
        arrival = cells[row["run_id"], row["order"]]
        departure = cells[row["departure_run"], row["departure_order"]]
        for cell, side in ((arrival, "arrival"), (departure, "departure")):
            if cell[f"{side}_s"] is not None and row[f"{side}_time"]:
                said.append(_cell(source, cell, side, row[f"{side}_time"]))
        text = (
            "; ".join(said)
            or f"{row['path']} row {row['line']}, column {row['column']}, time unknown"
        )
        lines.append(f"{row['trip_id']} {row['stop_id']}: {text}")
    return lines


def _cell(source: Source, cell: Mapping[str, Any], side: str, agency_time: str) -> str:
    path, line, column = cell_in(cell, side)
    clock = cell[f"{side}_s"] % 86_400
    kind = "railway time" if cell["railway_time"] else "local"
    text = (
        f"{path} row {line}, column {column}, {side} {clock // 3600:02}:{clock % 3600 // 60:02}"
        f" {kind} = {agency_time[:-3] if agency_time.endswith(':00') else agency_time} agency time"
    )
    if cell[f"{side}_estimate"]:
        text += ", an estimate"
    notes = "; ".join(filter(None, (_citation(source, letter) for letter in cell["notes"] or ())))
    return f"{text}, {notes}" if notes else text


def _citation(source: Source, letter: str) -> str:
    """What a note rests on: its source and the date or edition of that."""
    if "letter" not in source.notes.columns:
        return ""
    for note in source.notes.filter(pl.col("letter") == letter).iter_rows(named=True):
        cited = note.get("source") or note.get("url") or note.get("text") or ""
        edition = note.get("edition") or note.get("date") or ""
        return f"from {cited}" + (f" ({edition})" if edition else "")
    return ""
