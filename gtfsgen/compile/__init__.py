"""From curated tables to a feed. `compile_source` is a pure function; `build` touches files at both
ends.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gtfsgen.faults import Fault, Severity, errors

if TYPE_CHECKING:
    import polars as pl

    from gtfsgen.compile.chains import Chain
    from gtfsgen.compile.trips import Bundle
    from gtfsgen.source.model import Source
    from gtfsgen.validation import Report

PROFILES = ("linked", "through")


@dataclass(frozen=True)
class ChainLink:
    """How one chain of trains is told to planners, and why."""

    trains: str
    """The trains in words: `K27 > 95 > 52`, several coaches' ways apart by `; `."""
    form: str
    """`block`, `transfers` (type 4 rows) or `one trip`."""
    reason: str
    waits: tuple[tuple[str, int | None], ...]
    """Station and minutes of each handover; None where a time is not known."""
    trip_ids: tuple[str, ...]
    dates: int
    """On how many service days."""
    place: str
    """The row of coaches.csv, or the head of the train."""

    def __str__(self) -> str:
        waits = ", ".join(
            f"{station} {'time unknown' if wait is None else f'{wait} min'}"
            for station, wait in self.waits
        )
        return f"{self.trains}: {self.form} on {self.dates} days; {self.reason}" + (
            f" (waits: {waits})" if waits else ""
        )


@dataclass
class Compiled:
    """A feed in memory, with what was found on the way."""

    tables: dict[str, pl.DataFrame]
    """GTFS file stem -> text columns in the order of the reference, then `ORIGIN`; stop_times also
    has `run_id`, `order`, `departure_run`, `departure_order`, which lead to `Source.calls`.
    """
    faults: list[Fault]
    links: list[ChainLink]
    estimates: pl.DataFrame
    """Cells marked as estimates: path, line, column, train, station_id, text."""
    geojson: dict[str, Any] | None = None
    """The shapes as drawn, for shapes.geojson and the page."""
    files: dict[str, bytes] = field(default_factory=dict)
    """Files of the feed that are no tables, by name."""


@dataclass
class Build:
    """The outcome of `build`."""

    feed: Path | None
    """The zip that was written; None if errors kept it from being written."""
    notices: list[Fault]
    compiled: Compiled
    links: list[ChainLink] = field(default_factory=list)

    @property
    def tables(self) -> dict[str, pl.DataFrame]:
        return self.compiled.tables

    @property
    def ok(self) -> bool:
        return self.feed is not None


def compile_source(
    source: Source, *, profile: str | None = None, today: date | None = None
) -> Compiled:
    """Compile a source into the tables of a feed.

    `profile` is `linked` or `through`, feed.toml's by default; `today` is feed.toml's `as_of` by
    default. Pure: the same source, profile and day give the same tables. Faults are those found
    here; those of reading are in `source.faults`. With errors in either the tables may be
    incomplete.
    """
    from gtfsgen.compile.tables import make_tables
    from gtfsgen.compile.timetable import make_timetable

    profile = profile or source.settings.profile
    if profile not in PROFILES:
        raise ValueError(f"profile {profile!r} is none of {', '.join(PROFILES)}")
    timetable = make_timetable(source, profile=profile)
    tables, faults = make_tables(source, timetable, today or source.settings.as_of)
    faults = list(dict.fromkeys([*timetable.faults, *faults]))  # once for all seasons of a trip
    if "trips" not in tables and not errors([*source.faults, *faults]):
        faults.append(
            Fault(
                Severity.ERROR, "no_trips", "feed.toml", 0, "", "no train runs in the feed's period"
            )
        )
    if not errors([*source.faults, *faults]):
        faults += _every_date_once(source, tables)
    return Compiled(
        tables,
        faults,
        _links(timetable.chains_of, source),
        _estimates(source),
        files=source.files,
    )


def build(
    source: str | Path = "source",
    output: str | Path | None = None,
    *,
    profile: str | None = None,
    today: date | None = None,
    draw: bool = True,
    validate: bool = True,
    progress: Callable[[str], None] = lambda step: None,
) -> Build:
    """Read, compile, draw, validate and write. With an error in the tables nothing is written.

    `source` is the project's source folder; `output` a folder (default: `feed` beside it) or a
    .zip. What validation finds does not keep the feed from being written; it is told in the
    notices and, if the feed goes beside its source, in validation/report.json and report.html.
    Holidays that had to be resolved are locked in the source. Raises
    `gtfsgen.source.SourceUnreadable` if there is no project, `PolicyError` if its policy.toml
    cannot be understood, OSError if `output` cannot be written.
    """
    from gtfsgen.compile.notices import notices as at_their_rows
    from gtfsgen.compile.write import feed_path, table_texts, write_feed, zip_bytes
    from gtfsgen.source import read_source, write_holidays

    root = Path(source)
    progress("reading")
    read = read_source(root, today)
    progress("compiling")
    compiled = compile_source(read, profile=profile, today=today)
    notices = [*read.faults, *compiled.faults]
    extra: dict[str, bytes] = {}
    if draw and not errors(notices):
        progress("drawing")
        notices += _draw(compiled, read, extra)
    if errors(notices):
        return Build(None, notices, compiled, compiled.links)
    files = table_texts(compiled.tables) | compiled.files
    target = Path(output) if output is not None else root.resolve().parent / "feed"
    report = None
    if validate:
        progress("validating")
        report = _report(read, zip_bytes(files), today)
        notices += at_their_rows(compiled, report)
    if draw and feed_path(target) != target:
        progress("rendering")
        extra["index.html"] = _page(compiled, read, notices)
    progress("writing")
    feed = write_feed(target, files, extra)
    write_holidays(read)
    if report is not None and target.resolve().parent == root.resolve().parent:
        _write_report(report, feed, root.resolve().parent / "validation")
    return Build(feed, notices, compiled, compiled.links)


def _report(source: Source, feed: bytes, today: date | None) -> Report:
    """What the validator says of the feed before it takes the place of the last one."""
    import tempfile

    from gtfsgen.validation import validate

    policy = source.root.resolve().parent / "validation" / "policy.toml"
    with tempfile.TemporaryDirectory(prefix="gtfsgen-") as folder:
        path = Path(folder) / "gtfs.zip"
        path.write_bytes(feed)
        return validate(
            path,
            date=today or source.settings.as_of,
            policy=policy if policy.is_file() else None,
        )


def _write_report(report: Report, feed: Path, folder: Path) -> None:
    """report.json and report.html of a feed that was written into its project."""
    from gtfsgen.validation.reports import write

    name = f"{feed.parent.name}/{feed.name}"
    report.summary["gtfsInput"] = name
    for form in ("json", "html"):
        write(report, form, folder, name)


def _page(compiled: Compiled, source: Source, notices: list[Fault]) -> bytes:
    from gtfsgen.render import page

    title = str(source.settings.raw.get("title") or "")  # the page names itself after its lines
    return page(compiled.tables, notices, geojson=compiled.geojson, title=title).encode()


def _draw(compiled: Compiled, source: Source, extra: dict[str, bytes]) -> list[Fault]:
    """Shapes into the tables and shapes.geojson; returns what was found on the way."""
    import json

    from gtfsgen.shapes import draw

    drawn = draw(compiled.tables, source.root / "tracks", source.settings.raw.get("shapes", {}))
    compiled.tables = drawn.tables
    compiled.geojson = drawn.geojson
    extra["shapes.geojson"] = json.dumps(drawn.geojson, ensure_ascii=False, indent=1).encode()
    return list(drawn.faults)


def _links(chains: list[tuple[Chain, Bundle]], source: Source) -> list[ChainLink]:
    links = []
    for chain, bundle in chains:
        if bundle.form == "alone":
            continue
        first = source.runs[bundle.trips[0].run_ids[0]]
        coaches = list({id(c): c for cs in chain.hops.values() for c in cs}.values())
        ways = dict.fromkeys(" > ".join(ride.train for ride in coach.rides) for coach in coaches)
        links.append(
            ChainLink(
                trains="; ".join(ways) or first.train,
                form=bundle.form,
                reason=bundle.reason,
                waits=tuple(
                    (joint.station_id, None if joint.wait is None else joint.wait // 60)
                    for joint in bundle.joints
                ),
                trip_ids=tuple(trip.trip_id for trip in bundle.trips),
                dates=len(bundle.trips[0].service),
                place=f"{coaches[0].path}:{coaches[0].line}"
                if coaches
                else f"{first.path}:{first.line}:{first.column}",
            )
        )
    return links


def _estimates(source: Source) -> pl.DataFrame:
    import polars as pl

    trains = pl.DataFrame(
        {"run_id": list(source.runs), "train": [run.train for run in source.runs.values()]},
        schema={"run_id": pl.String, "train": pl.String},
    )
    sides = [
        source.calls.filter(f"{side}_estimate").select(
            "run_id",
            "path",
            pl.col(f"{side}_line").alias("line"),
            pl.coalesce(f"{side}_column", "column").alias("column"),
            "station_id",
            pl.col(f"{side}_text").alias("text"),
        )
        for side in ("arrival", "departure")
    ]
    return (
        pl.concat(sides)
        .filter(pl.col("line").is_not_null())
        .unique(["path", "line", "column"], maintain_order=True)
        .join(trains, on="run_id", how="left", maintain_order="left")
        .select("path", "line", "column", "train", "station_id", "text")
    )


def _every_date_once(source: Source, tables: dict[str, pl.DataFrame]) -> list[Fault]:
    """The law of the house: each date of each run is in the feed exactly once.

    Checked on the finished tables, so that a slip anywhere before is found here and not by riders.
    """
    from gtfsgen.compile.check import dates_doubled_or_lost

    return dates_doubled_or_lost(source, tables)


__all__ = ["Build", "ChainLink", "Compiled", "build", "compile_source"]
