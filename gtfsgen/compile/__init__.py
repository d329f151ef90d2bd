"""From curated tables to a feed. `compile_source` is a pure function; `build` touches files at both
ends.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from gtfsgen.faults import Fault, Severity, errors

if TYPE_CHECKING:
    import polars as pl

    from gtfsgen.compile.chains import Chain
    from gtfsgen.compile.trips import Bundle
    from gtfsgen.source.model import Source

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
    passed = source.details is not None  # a feed without trips may be imported, too
    if "trips" not in tables and not passed and not errors([*source.faults, *faults]):
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


__all__ = ["ChainLink", "Compiled", "compile_source"]
