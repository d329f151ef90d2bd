"""Reading a project: every table as text with positions, checked, all faults collected."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

import polars as pl

from gtfsgen.budget import budget
from gtfsgen.faults import Fault, Severity
from gtfsgen.files import UnreadableFile, files_in, read_bytes
from gtfsgen.source.agency_grids import by_agency, read_agency_grid
from gtfsgen.source.bindings import TELLING, Binding, read_binding
from gtfsgen.source.bindings import WORDS as MARK_WORDS
from gtfsgen.source.books import Reader
from gtfsgen.source.calendars import Calendars, read_calendars, unused
from gtfsgen.source.cells import Sheet, is_comment, read_csv
from gtfsgen.source.coaches import read_coaches
from gtfsgen.source.details import FOLDER as DETAILS
from gtfsgen.source.details import read_details, read_to_the_letter
from gtfsgen.source.fares import fare_settings, read_fares
from gtfsgen.source.grids import Grid
from gtfsgen.source.habits import remarks
from gtfsgen.source.holidays_ import LOCK, HolidayBook, lock_text
from gtfsgen.source.manners import AGENCY
from gtfsgen.source.model import ORIGIN, Run, Settings, Source
from gtfsgen.source.settings import PATH as FEED_TOML
from gtfsgen.source.settings import read_settings
from gtfsgen.source.stations import (
    Stations,
    check_names,
    check_way,
    check_zones,
    fault_at,
    with_positions,
)
from gtfsgen.source.tables import TABLES, Table, empty, passthrough, read_table
from gtfsgen.source.timetables import check_routes, read_runs
from gtfsgen.source.upward import read_grids
from gtfsgen.source.words import Words, did_you_mean, folded, some
from gtfsgen.source.workbooks import WORKBOOKS, Workbooks

FOLDERS = ("timetables", "tracks", "gtfs")
RESERVED_LETTERS = frozenset("xv")


def read_source(path: Path | str, today: date | None = None) -> Source:
    """Read the project in the folder `path`.

    Whatever is wrong with the data is in `Source.faults`, and reading goes on. `today` stands in
    for the `as_of` of feed.toml. Raises `SourceUnreadable` if there is no project at all: no
    folder, no feed.toml.
    """
    root = Path(path)
    settings, faults = read_settings(root, today)
    sheets, timetables = find_sheets(root, faults)
    languages = settings.raw.get("languages")
    frames: dict[str, pl.DataFrame] = {}
    columns: dict[str, dict[str, str]] = {}
    for name, table in TABLES.items():
        frames[name], columns[name] = one_table(sheets.get(name, []), table, languages, faults)
    frames["stations"] = read_stations(frames["stations"], columns["stations"], settings, faults)
    details = read_details(root / "gtfs" / DETAILS, faults)
    imported = details is not None
    gtfs, files = read_passthrough(root / "gtfs", faults, to_the_letter=imported)
    if not sheets.get("agencies") and "agency" in gtfs:
        frames["agencies"] = agencies_of(gtfs["agency"])
    # whole trips are passed through, or the very file
    without_grids = not timetables and ("trips" in gtfs or imported)
    if not sheets.get("stations") and not without_grids:
        faults.append(whole("missing_table", "stations.csv", "The project has no stations."))
    if not timetables and not without_grids:
        faults.append(whole("missing_table", "timetables", "The project has no timetables."))
    faults += check_agencies(frames, columns, settings.agency_timezone, imported=imported)
    stations = Stations(frames["stations"])
    book = HolidayBook(root, settings.first_day, settings.last_day, faults)
    calendars = Calendars(settings, book)
    read_calendars(frames["calendars"], columns["calendars"], calendars, faults)
    clock = str(settings.raw.get("clock", ""))
    bindings = note_bindings(frames["notes"], columns["notes"], calendars, faults)
    reader = Reader(
        note_letters(frames["notes"], columns["notes"], bindings, faults),
        restrictions(frames["notes"], columns["notes"], calendars, faults)
        | {letter: each.days for letter, each in bindings.items() if each.days},
        bindings,
        calendars,
        "24" if clock == AGENCY else clock,
    )
    grids = [
        grid
        for sheet in timetables
        for grid in (
            [read_agency_grid(sheet, stations, faults)]
            if by_agency(sheet, clock)
            else read_grids(sheet, stations, faults)
        )
    ]
    runs, calls = read_runs(grids, stations, settings, reader, calendars, faults)
    runs = check_routes(runs, grids, frames["routes"], columns["routes"], faults)
    faults += check_run_agencies(runs, grids, frames, columns)
    faults += check_way(frames["stations"], columns["stations"], calls, stations)
    coaches = read_coaches(
        frames["coaches"], columns["coaches"], runs, calls, stations, calendars, reader, faults
    )
    fares = read_fares(
        frames["fares"],
        columns["fares"],
        set(frames["stations"]["zone_id"]) - {""},
        stations,
        frames["agencies"]["agency_id"].to_list(),
        fare_settings(settings, faults),
        calendars,
        faults,
    )
    faults += unused(frames["calendars"], columns["calendars"], calendars)
    faults += unused_notes(frames["notes"], columns["notes"], reader)
    tell_platforms(reader, faults)
    faults += remarks(frames, columns)
    return Source(
        root=root,
        settings=settings,
        agencies=frames["agencies"],
        stations=frames["stations"],
        routes=frames["routes"],
        notes=frames["notes"],
        runs=runs,
        calls=calls,
        coaches=coaches,
        gtfs=gtfs,
        columns=columns,
        faults=sorted(
            dict.fromkeys(faults), key=lambda f: (f.path, f.line, len(f.column), f.column)
        ),
        holidays=book.used,
        holidays_locked=book.complete,
        files=files,
        fares=fares,
        details=details,
    )


def write_holidays(source: Source) -> Path | None:
    """Lock the holidays that a reading resolved; the file, or None if all were locked."""
    if source.holidays_locked:
        return None
    from gtfsgen.writing import write_file

    return write_file(source.root / LOCK, lock_text(source.holidays))


# ------------------------------------------------------------------------------------------- files


def find_sheets(root: Path, faults: list[Fault]) -> tuple[dict[str, list[Sheet]], list[Sheet]]:
    """The sheets of each plain table, and those of timetables. Files of no use are told."""
    tables: dict[str, list[Sheet]] = {}
    timetables: list[Sheet] = []
    with Workbooks() as books:
        for file in listed(root, "", faults):
            kind = file.suffix.lower()
            if kind in WORKBOOKS:
                sheets = read_book(books, file, file.name, faults)
                for sheet in sheets:
                    name = folded(sheet.name)
                    (tables.setdefault(name, []) if name in TABLES else timetables).append(sheet)
            elif kind in (".csv", ".tsv") and file.stem.lower() in TABLES:
                if (table := read_csv(file, file.name, faults)) is not None:
                    tables.setdefault(file.stem.lower(), []).append(table)
            elif file.name in FOLDERS and not file.is_dir():
                faults.append(whole("unreadable_file", file.name, "A folder is expected here."))
            elif not is_known(file):
                known = FOLDERS if file.is_dir() else [f"{name}.csv" for name in TABLES]
                faults.append(unknown_file(file.name, known))
        for file in listed(root / "timetables", "timetables/", faults):
            path = f"timetables/{file.name}"
            kind = file.suffix.lower()
            if kind in WORKBOOKS:
                timetables += read_book(books, file, path, faults)
            elif kind in (".csv", ".tsv"):
                if (grid := read_csv(file, path, faults, grid=True)) is not None:
                    timetables.append(grid)
            elif kind != ".md":
                faults.append(unknown_file(path, ()))
    return tables, timetables


def is_known(file: Path) -> bool:
    """Whether a file is read elsewhere, or is for people."""
    named = file.name in (FEED_TOML, LOCK, *FOLDERS)
    return named or (file.suffix.lower() in (".md", ".txt") and not file.is_dir())


def read_book(books: Workbooks, file: Path, path: str, faults: list[Fault]) -> list[Sheet]:
    sheets, found = books.read(file, path)
    faults += found
    return sheets


def listed(folder: Path, prefix: str, faults: list[Fault]) -> list[Path]:
    """The files of a folder of the project; `prefix` stands before their names in faults."""
    files, found = files_in(folder, prefix) if folder.is_dir() else ([], [])
    faults += found
    return files


def unknown_file(path: str, known: Iterable[str]) -> Fault:
    hint = did_you_mean(path, known, "move it out of the source, or begin its name with _")
    return Fault(Severity.WARNING, "unknown_file", path, 0, "", "The file is not read.", "", hint)


def whole(code: str, path: str, message: str, hint: str = "") -> Fault:
    return Fault(Severity.ERROR, code, path, 0, "", message, "", hint)


def one_table(
    sheets: list[Sheet], table: Table, languages: object, faults: list[Fault]
) -> tuple[pl.DataFrame, dict[str, str]]:
    """The table of the first sheet; a second of the same name is a fault.

    `languages` is what feed.toml lists; a column in another language is doubtful.
    """
    if not sheets:
        return empty(table), {}
    for sheet in sheets[1:]:
        faults.append(
            whole(
                "duplicate_table",
                sheet.path,
                f"{sheets[0].path} is the table {table.name} already.",
            )
        )
    frame, letters = read_table(sheets[0], table, faults)
    for name, place in letters.items():
        base, _, language = name.rpartition("_")
        listed = isinstance(languages, list) and language in languages
        if base in table.bases and name not in table.columns and not listed:
            line = next(i for i, row in enumerate(sheets[0].rows) if not is_comment(row)) + 1
            message = f"feed.toml does not list the language {language!r} of this column."
            hint = (
                did_you_mean(language, map(str, languages)) if isinstance(languages, list) else ""
            )
            faults.append(
                Fault(
                    Severity.WARNING, "unlisted_language", sheets[0].path, line, place, message,
                    name, hint or "add it to languages",
                )
            )  # fmt: skip
    return frame, letters


def agencies_of(table: pl.DataFrame) -> pl.DataFrame:
    """The agencies of gtfs/agency.txt, for a project without agencies.csv."""
    kind = TABLES["agencies"]
    return table.select(
        *(
            pl.col(name) if name in table.columns else pl.lit("").alias(name)
            for name in kind.columns
        ),
        *ORIGIN,
    ).with_columns(agency_timezone=pl.lit(""))


def read_passthrough(
    folder: Path, faults: list[Fault], *, to_the_letter: bool = False
) -> tuple[dict[str, pl.DataFrame], dict[str, bytes]]:
    """gtfs/*.txt by name without .txt, and gtfs/*.geojson by name.

    `to_the_letter`, as for a feed that was imported, tables keep every blank, and files that are no
    tables are passed through as they are.
    """
    tables: dict[str, pl.DataFrame] = {}
    files: dict[str, bytes] = {}
    for file in listed(folder, "gtfs/", faults):
        path = f"gtfs/{file.name}"
        if to_the_letter and file.name == DETAILS:
            continue
        if to_the_letter and file.is_file():
            table = read_to_the_letter(file, path) if file.suffix == ".txt" else None
            if table is not None:
                tables[file.stem] = table
            else:
                files[file.name] = file.read_bytes()
            continue
        if file.suffix.lower() == ".geojson":
            if (content := read_geojson(file, path, faults)) is not None:
                files[file.name] = content
        elif file.suffix.lower() != ".txt":
            faults.append(unknown_file(path, ()))
        elif (sheet := read_csv(file, path, faults, lines=budget().cells)) is not None:
            tables[file.stem] = passthrough(sheet, faults)
    return tables, files


def read_geojson(file: Path, path: str, faults: list[Fault]) -> bytes | None:
    """The file as it is, if it holds JSON at all; what it says is left to validation."""
    try:
        content = read_bytes(file, "json")
        json.loads(content.decode("utf-8-sig"))
    except UnreadableFile as error:
        faults.append(error.fault(path))
    except UnicodeDecodeError:
        faults.append(whole("bad_encoding", path, "The file is not UTF-8.", "save it as UTF-8"))
    except RecursionError:
        faults.append(whole("broken_json", path, "The file is nested too deeply."))
    except ValueError as error:
        faults.append(whole("broken_json", path, f"The file is not JSON ({error})."))
    else:
        return content
    return None


# ------------------------------------------------------------------------------------------ tables


def read_stations(
    frame: pl.DataFrame, letters: dict[str, str], settings: Settings, faults: list[Fault]
) -> pl.DataFrame:
    """Stations with numbers for positions, zones that exist, and a name."""
    own = f"name_{settings.lang}"
    if own in frame.columns:
        blank = pl.col("name") == ""
        frame = frame.with_columns(name=pl.when(blank).then(own).otherwise("name"))
    if settings.raw.get("clock") == AGENCY:  # a feed writes its positions in its own way
        texts = frame.select(lat_text="lat", lon_text="lon")
        zone, other = pl.col("timezone"), pl.lit(settings.agency_timezone)
        frame = with_positions(frame, letters, faults).with_columns(texts)
        return frame.with_columns(timezone=pl.when(zone == "").then(other).otherwise(zone))
    frame = with_positions(frame, letters, faults)
    frame = check_zones(frame, letters, settings.first_day, settings.last_day, faults)
    faults += check_names(frame, letters)
    return frame


def check_agencies(
    frames: dict[str, pl.DataFrame],
    columns: dict[str, dict[str, str]],
    zone: str,
    *,
    imported: bool = False,
) -> Iterator[Fault]:
    """All agencies keep the feed's zone, and routes name agencies that are there."""
    known = dict.fromkeys(frames["agencies"]["agency_id"])
    words = Words(known)
    if not known and not imported:
        yield whole("missing_table", "agencies.csv", "The project has no agency.")
    for row in frames["agencies"].iter_rows(named=True):
        if row["agency_timezone"] not in ("", zone):
            yield fault_at(
                row,
                columns["agencies"],
                "agency_timezone",
                "agency_zone_differs",
                f"All agencies of a feed keep one zone; feed.toml says {zone}.",
                "leave it blank",
            )
    named = set(frames["routes"]["agency_id"])
    lacking = Words(sorted(named - known.keys()))
    for row in frames["agencies"].iter_rows(named=True):
        if named - {""} and row["agency_id"] not in named:
            yield fault_at(
                row,
                columns["agencies"],
                "agency_id",
                "unused_agency",
                "No route is this agency's.",
                lacking.hint(row["agency_id"], " "),
                Severity.WARNING,
            )
    for row in frames["routes"].iter_rows(named=True):
        if row["agency_id"] and row["agency_id"] not in known:
            yield fault_at(
                row,
                columns["routes"],
                "agency_id",
                "unknown_agency",
                "There is no such agency.",
                words.hint(row["agency_id"]),
            )


def check_run_agencies(
    runs: dict[str, Run],
    grids: list[Grid],
    frames: dict[str, pl.DataFrame],
    columns: dict[str, dict[str, str]],
) -> Iterator[Fault]:
    """Agencies named in timetables are there; a route of trains that name none names its own."""
    known = dict.fromkeys(frames["agencies"]["agency_id"])
    words = Words(known)
    for grid in grids:
        row = grid.header.get("agency")
        for index, cell in enumerate(grid.rows[row] if row is not None else ()):
            if index and row is not None and cell and cell not in known:
                hint = words.hint(cell)
                yield grid.fault("unknown_agency", row, index, "There is no such agency.", hint)
    named = {run.route_id for run in runs.values() if run.extra.get("agency")}
    for route in frames["routes"].iter_rows(named=True):
        if not route["agency_id"] and len(known) > 1 and route["route_id"] not in named:
            yield fault_at(
                route,
                columns["routes"],
                "agency_id",
                "missing_value",
                "There are several agencies, and the route does not say whose it is.",
                f"write one of {some(list(known))}",
            )


def note_bindings(
    frame: pl.DataFrame, letters: dict[str, str], calendars: Calendars, faults: list[Fault]
) -> dict[str, Binding]:
    """Letter -> what it is bound to; a text that says it, without a mark, is doubtful."""
    found: dict[str, Binding] = {}
    words = Words(MARK_WORDS)
    for row in frame.iter_rows(named=True):
        binding = read_binding(row["mark"]) if row["mark"] else None
        if row["mark"] and binding is None:
            hint = words.hint(row["mark"], "pickup only, days Sa, not days Sa ...")
            message = "This is no mark that a letter can be bound to."
            faults.append(fault_at(row, letters, "mark", "unknown_mark", message, hint))
        elif binding is not None and binding.days and row["days"]:
            message = "The days stand in the column days as well."
            faults.append(fault_at(row, letters, "mark", "unknown_mark", message, "leave one out"))
        elif binding is not None and binding.days and (wrong := calendars(binding.days).wrong):
            faults.append(fault_at(row, letters, "mark", "unreadable_days", *wrong))
        elif binding is not None:
            found[row["letter"]] = binding
        elif not row["days"] and len(row["letter"]) < 3 and TELLING.search(row["text"]):
            faults.append(
                fault_at(
                    row,
                    letters,
                    "text",
                    "note_binds_nothing",
                    "The text says how the train stops, but planners are told nothing.",
                    "write pickup only, drop off only, on request ... in a column mark",
                    Severity.WARNING,
                )
            )
    return found


def note_letters(
    frame: pl.DataFrame,
    letters: dict[str, str],
    bindings: dict[str, Binding],
    faults: list[Fault],
) -> frozenset[str]:
    """The letters of notes.csv that a time can bear; longer words name notes about the whole."""
    for row in frame.iter_rows(named=True):
        word = row["letter"]
        if word in RESERVED_LETTERS - bindings.keys():
            faults.append(
                fault_at(
                    row,
                    letters,
                    "letter",
                    "unusable_letter",
                    "x and v are marks of their own.",
                    "bind the letter to another meaning in a column mark, or take another",
                )
            )
    return frozenset(frame["letter"].to_list()) - (RESERVED_LETTERS - bindings.keys())


def restrictions(
    frame: pl.DataFrame, letters: dict[str, str], calendars: Calendars, faults: list[Fault]
) -> dict[str, str]:
    """Letter -> days, for notes that have any."""
    found: dict[str, str] = {}
    for row in frame.iter_rows(named=True):
        if row["days"] and (wrong := calendars(row["days"]).wrong) is not None:
            faults.append(fault_at(row, letters, "days", "unreadable_days", *wrong))
        elif row["days"]:
            found[row["letter"]] = row["days"]
    return found


def tell_platforms(reader: Reader, faults: list[Fault]) -> None:
    """Platforms of calls are read, so that a table may have them, but not written to the feed."""
    if reader.platforms:
        cells = "1 cell names" if reader.platforms == 1 else f"{reader.platforms} cells name"
        faults.append(
            Fault(
                Severity.INFO,
                "platforms_left_out",
                "timetables",
                0,
                "",
                f"{cells} a platform, which is not in the feed.",
            )
        )


def unused_notes(frame: pl.DataFrame, letters: dict[str, str], reader: Reader) -> Iterator[Fault]:
    """Letters that nothing bears. Words are notes about the whole, unless a note is missing."""
    for row in frame.iter_rows(named=True):
        if row["letter"] not in reader.used and (len(row["letter"]) < 3 or reader.lacking):
            yield fault_at(
                row,
                letters,
                "letter",
                "unused_note",
                "No time or train bears this note.",
                severity=Severity.INFO,
            )
