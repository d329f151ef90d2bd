"""A GTFS feed as frames of typed columns.

    >>> feed = gtfsgen.read("feed.zip")          # doctest: +SKIP
    >>> feed["stop_times"]                       # a polars DataFrame # doctest: +SKIP
    >>> feed.to_pandas("stop_times")             # doctest: +SKIP

Ids are polars Categoricals that share one code space per feed, so that equal codes are equal ids
in every table: a join is a join of integers. Times are seconds of the service day, dates are
dates, blank is null.
"""

from __future__ import annotations

import time
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from gtfsgen import clocks
from gtfsgen.budget import UnreadableInput
from gtfsgen.csv.streams import DamagedEntry
from gtfsgen.faults import Severity
from gtfsgen.feed.archive import open_archive
from gtfsgen.feed.frames import SharedFrames
from gtfsgen.feed.remote import local_copy, told
from gtfsgen.feed.table import LoadedTable, Status, absent_table, load_table
from gtfsgen.findings import Rows
from gtfsgen.schema import TABLES, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd

    from gtfsgen.feed.geojson import Locations

__all__ = ["Feed", "Severity", "Status", "UnreadableInput", "read"]


class Feed(SharedFrames):
    """All tables of a feed. `feed.stops` is a lazy frame of its good rows, `feed["stops"]` the
    frame.

    `strict` makes the feed look as the canonical validator sees it: a table with one bad row is
    withheld from every rule that needs it whole (`loaded`).
    """

    def __init__(
        self,
        tables: dict[str, LoadedTable],
        locations: Locations | None,
        files: list[str],
        categories: pl.Categories,
    ) -> None:
        self.tables = tables
        self.locations = locations
        self.files = files
        self.categories = categories
        self.strict = False
        self.found: dict[str, list[Rows]] = {}
        """What was found in the archive itself, by notice code."""
        self.system_errors: list[tuple[str, dict[str, Any]]] = []
        self.source = ""
        self.seconds: dict[str, float] = {}
        """How long each file took to read."""
        self.locations_lost = False
        self.orders = {}
        self.schema: Mapping[str, Table] = TABLES
        """The tables that were looked for, in the order of the reference."""
        self._shared: dict[Callable[[Feed], Any], Any] = {}
        self.today = clocks.today()
        """The day that counts as today for rules."""

    def shared(self, frame: Callable[[Feed], Any]) -> Any:
        """What `frame` makes of this feed, made once: for what several rules of one module need."""
        if frame not in self._shared:
            self._shared[frame] = frame(self)
        return self._shared[frame]

    def __getattr__(self, name: str) -> pl.LazyFrame:
        if name in self.__dict__.get("tables", ()):
            return self.tables[name].rows
        raise AttributeError(f"Feed has no attribute {name!r}")

    def __getitem__(self, name: str) -> pl.DataFrame:
        """The table as a frame, with the columns that the file has.

        Raises KeyError for a name that is no GTFS table.
        """
        return self.tables[name].frame

    def to_pandas(self, name: str) -> pd.DataFrame:
        """The table as a pandas frame; ids as text."""
        frame = self[name].with_columns(pl.selectors.categorical().cast(pl.String))
        return frame.to_pandas()

    def to_gtfs_kit(self, distance_units: str = "km") -> Any:
        """The feed as gtfs-kit reads it. Raises ImportError where gtfs-kit is not installed."""
        import gtfs_kit

        return gtfs_kit.read_feed(Path(self.source), dist_units=distance_units)

    def present(self, name: str) -> bool:
        """The file is in the archive, whatever state it is in."""
        if name == "locations":
            return self.locations is not None or self.locations_lost
        return self.tables[name].present

    def has(self, name: str, *columns: str) -> bool:
        """The table's header has all of these columns."""
        return all(self.tables[name].has(column) for column in columns)

    def loaded(self, *names: str) -> bool:
        """Whether rules may look at these tables.

        A strict feed withholds a table with any error; otherwise only one whose rows cannot be
        read at all.
        """
        return all(self._loaded(name) for name in names)

    def _loaded(self, name: str) -> bool:
        if name == "locations":
            return not self.locations_lost and (self.locations is None or self.locations.loaded)
        table = self.tables[name]
        if self.strict:
            return table.loaded
        return table.status in (Status.LOADED, Status.UNPARSABLE_ROWS) or (
            table.status is Status.MISSING
        )

    def height(self, name: str) -> int:
        return self.tables[name].frame.height

    def found_while_reading(self, code: str) -> list[Rows]:
        """What reading the archive and its tables found under a notice code, in the archive's
        order.
        """
        rows = list(self.found.get(code, ()))
        for table in self.tables.values():
            rows += table.found.get(code, ())
        return rows

    @cached_property
    def everything_loaded(self) -> bool:
        return self.loaded(
            *(name for name, table in self.tables.items() if table.status is not Status.LOST),
            "locations",
        )


def read(
    path: str | Path,
    *,
    country: str = "ZZ",
    progress: Callable[[str], None] | None = None,
    tables_known: Mapping[str, Table] = TABLES,
) -> Feed:
    """Read a feed from a zip file, a folder or an address (http, https); `tables_known` is the
    schema that its cells are held to.

    Raises `UnreadableInput` (an OSError) if the input cannot be had or opened, as `LimitExceeded`
    where it is beyond the budget; faults of the data never raise: they are kept on the feed's
    tables and found by `gtfsgen.validate`.
    """
    with local_copy(path) as local, open_archive(local) as archive:
        archive.know({table.filename for table in tables_known.values()})
        categories = pl.Categories.random("gtfsgen")
        tables = {}
        seconds = {}
        order = [name.removesuffix(".txt") for name in archive.tables if name.endswith(".txt")]
        for name in [*order, *(name for name in tables_known if name not in order)]:
            schema = tables_known[name]
            if schema.filename not in archive.tables:
                status = Status.LOST if schema.filename in archive.lost else Status.MISSING
                tables[name] = absent_table(schema, status, categories)
                continue
            if progress:
                progress(schema.filename)
            started = time.perf_counter()
            with archive.open(archive.tables[schema.filename]) as data:
                tables[name] = load_table(schema, data, country, categories)
            seconds[schema.filename] = time.perf_counter() - started
        archive.check_unread()
        locations = None
        if "locations.geojson" in archive.tables:
            from gtfsgen.feed.geojson import damaged_locations, read_locations

            try:
                locations = read_locations(
                    archive.read(archive.tables["locations.geojson"], "json")
                )
            except DamagedEntry as damage:
                locations = damaged_locations("" if damage.unlisted else str(damage))
        feed = Feed(tables, locations, archive.names, categories)
        feed.schema = tables_known
        feed.source = told(path)
        feed.seconds = seconds
        feed.locations_lost = "locations.geojson" in archive.lost
        feed.found = _archive_findings(archive, locations)
        feed.system_errors += archive.system_errors
        if locations is not None:
            feed.system_errors += locations.system_errors
    return feed


def _archive_findings(archive: Any, locations: Locations | None) -> dict[str, list[Rows]]:
    found: dict[str, list[Rows]] = {}
    if archive.in_subfolder:
        found["invalid_input_files_in_subfolder"] = [
            Rows(pl.DataFrame({"_": [None]}), order=("_",))
        ]
    if archive.unknown:
        found["unknown_file"] = [Rows(pl.DataFrame({"filename": archive.unknown}))]
    for code, context in locations.notices if locations is not None else ():
        found.setdefault(code, []).append(
            Rows(pl.DataFrame({"_": [None]}), context, tuple(context))
        )
    return found
