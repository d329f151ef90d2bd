"""From any feed to curated tables, of which building makes the very same feed.

Trips become timetable grids, days become words; what grids cannot say stays in gtfs/, to the
letter. A feed whose trains ride on with one another, or whose stations go by clocks of their own,
becomes the tables of a railway (`railway.py`) if those give the same feed; every other one becomes
a project by the agency's clock (`project.py`). The tables are built before they are handed over:
what does not come back as it was is taken out of the grids and stays in gtfs/, in the last resort
all of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import polars as pl

from gtfsgen.budget import UnreadableInput
from gtfsgen.compile import Compiled, compile_source
from gtfsgen.compile.details import given_services
from gtfsgen.compile.write import table_texts, zip_bytes
from gtfsgen.faults import Fault, errors
from gtfsgen.importing.comparing import Unlike, compare_tables
from gtfsgen.importing.project import Project, Taken, columns_bytes, feed_toml
from gtfsgen.importing.reading import Read, read_feed
from gtfsgen.source import read_source
from gtfsgen.source.cells import column_index
from gtfsgen.source.details import AS_BUILT
from gtfsgen.writing import scratch_folder

MAX_ROUNDS = 6
"""How often tables are read again after trips were taken out of them."""
NOT_UNDERSTOOD = "the tables do not read it as it is"
MOST_RAILWAY_DAYS = 6_000
"""Trips on dates of a feed that is tried as a railway, whose local times are looked at one by one;
a city's buses are none."""


@dataclass
class Imported:
    """What became of a feed."""

    files: dict[str, bytes]
    """Path below the source folder -> content."""
    trains: int = 0
    """Trips, or trains of a railway, that have a column."""
    timetables: int = 0
    coaches: int = 0
    passed: Counter[str] = field(default_factory=Counter)
    """Why trips are passed through whole -> how many."""
    remarks: list[str] = field(default_factory=list)
    """What was not kept, or kept otherwise than by cell, in words."""
    differences: list[str] = field(default_factory=list)
    """What a feed built from the files has otherwise; nothing if all its files, columns and cells
    are the same."""


def import_feed(feed: Path, today: date) -> Imported:
    """The curated tables of a feed, a zip or a folder of .txt files.

    `today` becomes as_of of feed.toml. Raises `UnreadableInput` where there is no feed, or one in
    an encoding that is not known.
    """
    read = read_feed(feed)
    if read.as_text:
        names = ", ".join(sorted(f"{name}" for name in read.as_text))
        return _as_it_is(read, today, f"the cells of {names} cannot be told apart as they stand")
    made = _railway(read, today) if _may_be_railway(read) else None
    made = made or _by_agency(read, today)
    made.remarks = list(dict.fromkeys([*read.remarks, *made.remarks]))
    return made


# ------------------------------------------------------------------------------ by agency's clock


def _by_agency(read: Read, today: date) -> Imported:
    taken = Taken()
    with scratch_folder() as folder:
        for number in range(MAX_ROUNDS):
            project = Project(read, today, taken)
            root = _written(project.files, folder / f"round-{number}")
            faults, built = _built(root)
            unlike = compare_tables(read.tables, _without_origin(built, read))
            if not errors(faults) and not unlike:
                return _handed_over(project)
            if not _take_out(project, taken, faults, unlike):
                break
        project = Project(read, today, taken, most=0)
        root = _written(project.files, folder / "without-grids")
        faults, built = _built(root)
        if not errors(faults) and not compare_tables(read.tables, _without_origin(built, read)):
            made = _handed_over(project)
            made.passed = Counter({NOT_UNDERSTOOD: read.tables["trips"].height})
            return made
    return _as_it_is(read, today, "the tables cannot say it as it is")


def _handed_over(project: Project) -> Imported:
    return Imported(
        files=project.files,
        trains=len(project.trip_ids),
        timetables=len(project.sheets),
        passed=Counter(project.trips.passed.values()),
    )


def _written(files: Mapping[str, bytes], root: Path) -> Path:
    for path, content in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return root


def _built(root: Path) -> tuple[list[Fault], Compiled]:
    source = read_source(root)
    compiled = compile_source(source)
    return [*source.faults, *compiled.faults], compiled


def _without_origin(built: Compiled, read: Read) -> dict[str, pl.DataFrame]:
    """The built tables; their columns of origin are left out by the names that the feed has."""
    found = {}
    for name, table in built.tables.items():
        own = read.tables.get(name)
        beyond = {"path", "line", "column", "run_id", "order", "departure_run", "departure_order"}
        kept = [
            c for c in table.columns if c not in beyond or (own is not None and c in own.columns)
        ]
        found[name] = table.select(kept)
    return found


def _take_out(project: Project, taken: Taken, faults: Iterable[Fault], unlike: Unlike) -> bool:
    """Take out of the grids what the tables refuse or say otherwise; whether anything was."""
    before = (len(taken.trips), len(taken.stops), len(taken.routes), taken.agencies)
    for fault in errors(faults):
        if fault.path == "stations.csv" and fault.line > 1:
            _take_row(project, "stations.csv", fault.line, taken.stops)
        elif fault.path == "routes.csv" and fault.line > 1:
            _take_row(project, "routes.csv", fault.line, taken.routes)
        elif fault.path == "agencies.csv":
            taken.agencies = True
        elif fault.path in project.by_path:
            sheet = project.by_path[fault.path]
            place = column_index(fault.column) - 2 if fault.column else -1
            numbers = sheet.trips[place : place + 1] if place >= 0 else sheet.trips
            for n in numbers:
                taken.trips[project.trip_ids[n]] = NOT_UNDERSTOOD
    if "agency" in unlike.rows or any(each.startswith("agency.txt") for each in unlike.files):
        taken.agencies = True
    own = set(project.trip_ids)
    for name in ("trips", "stop_times"):
        if name in unlike.rows:
            odd = set(unlike.rows[name]["trip_id"].to_list()) & own
            taken.trips |= dict.fromkeys(odd, NOT_UNDERSTOOD)
    if "stops" in unlike.rows:
        taken.stops |= set(unlike.rows["stops"]["stop_id"].to_list()) & set(project.labels)
    if "routes" in unlike.rows:
        taken.routes |= set(unlike.rows["routes"]["route_id"].to_list())
    return before != (len(taken.trips), len(taken.stops), len(taken.routes), taken.agencies)


def _take_row(project: Project, path: str, line: int, taken: set[str]) -> None:
    """The first cell of a line of a table that was written a line a row."""
    rows = project.files[path].decode().split("\n")
    if line <= len(rows):
        taken.add(rows[line - 1].split(",")[0].strip('"'))


def _as_it_is(read: Read, today: date, why: str) -> Imported:
    """A project that holds the files of the feed as they are."""
    files = {f"gtfs/{name}": data for name, data in {**read.raw, **read.as_text}.items()}
    files |= {f"gtfs/{name}": text for name, text in table_texts(read.tables).items()}
    files["feed.toml"] = feed_toml(read.tables, today, (today, today)).encode()
    columns = {name: dict.fromkeys(table.columns, AS_BUILT) for name, table in read.tables.items()}
    if "feed_info" not in read.tables:
        columns["feed_info"] = {}
    files["gtfs/details/columns.csv"] = columns_bytes(columns)
    with scratch_folder() as folder:
        faults, built = _built(_written(files, folder))
    unlike = compare_tables(read.tables, _without_origin(built, read))
    other = {**read.raw, **read.as_text} != built.files
    return Imported(
        files=files,
        remarks=[*read.remarks, f"the whole feed stays in gtfs/: {why}"],
        differences=[
            *map(str, errors(faults)),
            *unlike.files,
            *(f"{rows.height} rows of {name}.txt" for name, rows in unlike.rows.items()),
            *(["files that are no tables"] if other else []),
        ],
    )


# ----------------------------------------------------------------------------------- as a railway


def _may_be_railway(read: Read) -> bool:
    """Whether trains ride on with one another, or stations go by clocks of their own."""
    zones = _values(read, "agency", "agency_timezone")
    own = _values(read, "stops", "stop_timezone") - {""}
    linked = "4" in _values(read, "transfers", "transfer_type")
    if not (own - zones or linked) or "service_id" not in read.tables["trips"].columns:
        return False
    days = given_services(read.tables)
    services = read.tables["trips"]["service_id"].to_list()
    return sum(len(days[each]) for each in services if each in days) <= MOST_RAILWAY_DAYS


def _values(read: Read, name: str, column: str) -> set[str]:
    table = read.tables.get(name)
    return set() if table is None or column not in table.columns else set(table[column].to_list())


def _railway(read: Read, today: date) -> Imported | None:
    """The tables of a railway, in local time and with coaches; None if they give another feed."""
    from gtfsgen.importing.given import Given
    from gtfsgen.importing.railway import Importer

    given = Given(read.text_tables())
    with scratch_folder() as folder:
        try:
            made = Importer(given, today, folder / "source", []).run()
        except (ValueError, KeyError, IndexError, OverflowError):
            return None  # it is no railway that these tables know; the agency's clock says it
        files = {path: text.encode() for path, text in made.files.items()}
        files |= {
            f"gtfs/{name}": data for name, data in read.raw.items() if name.endswith("geojson")
        }
        faults, built = _built(_written(files, folder / "again"))
    if (
        errors(faults)
        or made.passed
        or set(read.raw) - {n for n in read.raw if n.endswith("geojson")}
    ):
        return None
    if compare_tables(read.tables, _without_origin(built, read)):
        return None
    return Imported(
        files=files,
        trains=made.trains,
        timetables=made.timetables,
        coaches=made.coaches,
        remarks=made.remarks,
    )


def feed_of(made: Imported, folder: Path) -> bytes:
    """The feed that the tables make, as a zip."""
    _, built = _built(_written(made.files, folder))
    return zip_bytes(table_texts(built.tables) | built.files)


__all__ = ["Imported", "UnreadableInput", "feed_of", "import_feed"]
