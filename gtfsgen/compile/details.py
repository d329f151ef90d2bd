"""The tables as a feed that was imported writes them: its services, its numbers, its columns.

What gtfs/details/ says of a row stands where the curated tables leave a cell open, and where both
say the same in other letters (`8:00:00` for 08:00). Where the curated tables say something else,
they have been edited and are right: the detail is passed over, and one remark tells how many are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import lru_cache

import polars as pl

from gtfsgen.compile.calendars import DAY_NAMES
from gtfsgen.dates import Dates
from gtfsgen.faults import Fault, Severity
from gtfsgen.schema import TABLES
from gtfsgen.source.details import AS_BUILT, Details
from gtfsgen.source.model import ORIGIN

Tables = dict[str, pl.DataFrame]
Open = Mapping[tuple[str, str], pl.Expr]
"""File and column -> whether the curated tables leave the cell open."""

TIMES = ("arrival_time", "departure_time")
SHORT_HOURS = "h:mm:ss"
"""`unsaid` of a time: hours below ten have one digit."""
NUMBERS = frozenset(("stop_lat", "stop_lon", "route_type", "stop_sequence"))
KEYS = {"stop_times": ("trip_id", "stop_sequence")}
MAX_NAMED = 5


def apply_details(tables: Tables, details: Details, open_: Open, faults: list[Fault]) -> None:
    """Put the details into the built tables, before those of gtfs/ are added."""
    for name in list(tables):
        tables[name] = _with_defaults(name, tables[name], details, open_)
    for name, given in sorted(details.tables.items()):
        if name == "stop_times":
            tables[name] = _stop_times(tables.get(name), given, open_, faults)
        elif name in tables:
            key = [k for k in TABLES[name].primary_key if k in given.columns]
            tables[name] = _joined(name, tables[name], given, key, open_, faults)
        else:
            _tell_hanging(name, given, given.columns[0], faults)


def _with_defaults(name: str, table: pl.DataFrame, details: Details, open_: Open) -> pl.DataFrame:
    """What the feed writes in cells that are left open."""
    changes = []
    for column, text in details.columns.get(name, {}).items():
        if text == AS_BUILT or column not in table.columns:
            continue
        built = pl.col(column)
        if column in TIMES:
            if text == SHORT_HOURS:
                changes.append(built.str.replace("^0", "").alias(column))
        elif name == "stop_times" and column == "stop_sequence":
            changes.append((built.cast(pl.Int64) - 1 + int(text)).cast(pl.String).alias(column))
        elif (name, column) in open_:
            changes.append(
                pl.when(open_[name, column]).then(pl.lit(text)).otherwise(built).alias(column)
            )
    return table.with_columns(changes) if changes else table


def _joined(
    name: str,
    built: pl.DataFrame,
    given: pl.DataFrame,
    key: list[str],
    open_: Open,
    faults: list[Fault],
) -> pl.DataFrame:
    """`built` with the cells of `given` for the same key."""
    first = given.unique(key, keep="first", maintain_order=True)
    _tell_hanging(
        name, first.join(built, on=key, how="anti", maintain_order="left"), key[0], faults
    )
    marked = first.drop(*ORIGIN).with_columns(pl.lit(True).alias("has_detail"))
    joined = built.join(marked, on=key, how="left", suffix="_detail", maintain_order="left")
    columns = [c for c in given.columns if c not in key and c not in ORIGIN]
    return _chosen(name, joined, built.columns, columns, open_, faults)


def _chosen(
    name: str,
    joined: pl.DataFrame,
    own: list[str],
    columns: list[str],
    open_: Open,
    faults: list[Fault],
) -> pl.DataFrame:
    """Of each pair of cells the one that stands."""
    has = pl.col("has_detail").fill_null(False)
    for column in columns:
        if column not in own:
            joined = joined.with_columns(pl.col(column).fill_null("").alias(column))
            continue
        built, detail = pl.col(column).fill_null(""), pl.col(f"{column}_detail").fill_null("")
        open_here = (built == "") | open_.get((name, column), pl.lit(False))
        same = _same(name, column, built, detail)
        state = joined.select(
            take=has & (open_here | same), other=has & ~open_here & ~same & (detail != "")
        )
        overruled = int(state["other"].sum())
        if overruled:
            faults.append(
                Fault(
                    Severity.INFO,
                    "detail_passed_over",
                    f"gtfs/details/{name}.txt",
                    0,
                    "",
                    f"The tables say another {column} than {overruled} of these rows; they are "
                    "right.",
                )
            )
        joined = joined.with_columns(
            pl.when(state["take"]).then(detail).otherwise(built).alias(column)
        )
    return joined.select(*own, *(c for c in columns if c not in own))


def _same(name: str, column: str, built: pl.Expr, detail: pl.Expr) -> pl.Expr:
    """Whether two cells mean the same."""
    if name == "stop_times" and column in TIMES:
        one, other = (
            pl.col(f"{c}").fill_null("") for c in (column, TIMES[1 - TIMES.index(column)])
        )
        blank = (detail == "") & (_seconds(one) == _seconds(other)).fill_null(True)
        return blank | (_seconds(built) == _seconds(detail)).fill_null(False)
    if column in NUMBERS:
        equal = built.cast(pl.Float64, strict=False) == detail.cast(pl.Float64, strict=False)
        return equal.fill_null(False)
    return _plain(built) == _plain(detail)


def _seconds(text: pl.Expr) -> pl.Expr:
    parts = text.str.strip_chars().str.split(":")
    hours, minutes, seconds = (
        parts.list.get(n, null_on_oob=True).str.strip_chars().cast(pl.Int64, strict=False)
        for n in range(3)
    )
    return hours * 3600 + minutes * 60 + seconds


def _plain(text: pl.Expr) -> pl.Expr:
    return text.str.replace_all(r"\s+", " ").str.strip_chars()


TRIP_COLUMNS = ("trip_id", "from_trip_id", "to_trip_id")


def gone_trips(tables: Mapping[str, pl.DataFrame], details: Details) -> set[str]:
    """Trips of which there are details, but which neither the tables nor gtfs/ have any more."""
    known = set(tables["trips"]["trip_id"].to_list()) if "trips" in tables else set()
    found: set[str] = set()
    for table in details.tables.values():
        if "trip_id" in table.columns:
            found |= set(table["trip_id"].to_list()) - known
    return found


def names_gone(table: pl.DataFrame, gone: set[str]) -> pl.Expr:
    """Whether a row of gtfs/ names one of the trips that are gone."""
    ids = list(gone)
    columns = [pl.col(c).is_in(ids) for c in TRIP_COLUMNS if c in table.columns]
    if {"table_name", "record_id"} <= set(table.columns):
        columns.append(
            pl.col("table_name").is_in(["trips", "stop_times"]) & pl.col("record_id").is_in(ids)
        )
    return pl.any_horizontal(columns) if columns else pl.lit(False)


def tell_what_hangs(
    tables: Tables, gtfs: Mapping[str, pl.DataFrame], details: Details, faults: list[Fault]
) -> None:
    """One error for all rows of gtfs/ that name trains which have been deleted."""
    gone = gone_trips(tables, details)
    if not gone:
        return
    told = []
    trains: set[str] = set()
    for name, table in sorted(gtfs.items()):
        rows = table.filter(names_gone(table, gone))
        if rows.height:
            told.append((f"{name}.txt", int(rows["line"][0]), rows.height))
            for column in (*TRIP_COLUMNS, "record_id"):
                if column in rows.columns:
                    trains |= gone & set(rows[column].to_list())
    if told:
        where = ", ".join(f"{count} of {name}" for name, _, count in told)
        shown = ", ".join(sorted(trains)[:MAX_NAMED]) + (" ..." if len(trains) > MAX_NAMED else "")
        faults.append(
            Fault(
                Severity.ERROR,
                "hangs_on_deleted_train",
                f"gtfs/{told[0][0]}",
                told[0][1],
                "",
                f"Rows of gtfs/ name trains that the tables no longer have ({where}): {shown}.",
                hint="gtfsgen tidy SOURCE takes them out",
            )
        )


# -------------------------------------------------------------------------------------- stop times


def _stop_times(
    built: pl.DataFrame | None, given: pl.DataFrame, open_: Open, faults: list[Fault]
) -> pl.DataFrame:
    """Details of calls by place along the trip where it calls at the same stops, else by stop."""
    if built is None:
        _tell_hanging("stop_times", given, "trip_id", faults)
        return pl.DataFrame()
    given = given.with_columns(
        place=pl.int_range(pl.len()).over("trip_id"),
        visit=pl.int_range(pl.len()).over("trip_id", "stop_id"),
        has_detail=pl.lit(True),
    )
    table = built.with_columns(
        place=pl.int_range(pl.len()).over("trip_id"),
        visit=pl.int_range(pl.len()).over("trip_id", "stop_id"),
    )
    _tell_hanging(
        "stop_times",
        given.unique("trip_id", keep="first", maintain_order=True).join(
            built, on="trip_id", how="anti"
        ),
        "trip_id",
        faults,
    )
    ways = (frame.group_by("trip_id").agg(way=pl.col("stop_id")) for frame in (table, given))
    one, other = ways
    same = one.join(other, on="trip_id").filter(pl.col("way") == pl.col("way_right"))["trip_id"]
    columns = [
        c for c in given.columns
        if c not in ("trip_id", "stop_id", "place", "visit", "has_detail", *ORIGIN)
    ]  # fmt: skip
    whole = table["trip_id"].is_in(same.implode())
    by_place = table.filter(whole).join(
        given.drop(*ORIGIN, "stop_id", "visit"),
        on=["trip_id", "place"],
        how="left",
        suffix="_detail",
        maintain_order="left",
    )
    edited = table.filter(~whole).join(
        given.drop(*ORIGIN, "place", "stop_sequence", strict=False),
        on=["trip_id", "stop_id", "visit"],
        how="left",
        suffix="_detail",
        maintain_order="left",
    )
    own = built.columns
    renumbered = [c for c in columns if c != "stop_sequence"]
    parts = [
        _chosen("stop_times", part, own, some, open_, faults)
        for part, some in ((by_place, columns), (edited, renumbered))
        if part.height
    ]
    return pl.concat(parts, how="diagonal_relaxed") if parts else built


def _tell_hanging(name: str, rows: pl.DataFrame, key: str, faults: list[Fault]) -> None:
    """Details of trains or stations that the tables no longer have: passed over, and told."""
    if not rows.height:
        return
    shown = ", ".join(rows[key].unique(maintain_order=True).head(MAX_NAMED).to_list())
    more = " ..." if rows[key].n_unique() > MAX_NAMED else ""
    faults.append(
        Fault(
            Severity.INFO,
            "detail_without_row",
            f"gtfs/details/{name}.txt",
            int(rows["line"][0]),
            "A",
            f"{rows.height} rows are of what the tables no longer have: {shown}{more}.",
            hint="gtfsgen tidy SOURCE takes them out",
        )
    )


# ---------------------------------------------------------------------------------------- services


@lru_cache(maxsize=1 << 16)
def _day(text: str) -> date | None:
    text = text.strip()
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:])) if len(text) == 8 else None
    except ValueError:
        return None


def given_services(gtfs: Mapping[str, pl.DataFrame]) -> dict[str, Dates]:
    """The dates of the services in gtfs/calendar.txt and gtfs/calendar_dates.txt."""
    found: dict[str, Dates] = {}
    regular: dict[tuple[object, ...], Dates] = {}
    wanted = ("service_id", *DAY_NAMES, "start_date", "end_date")
    for service, *cells in _rows(gtfs.get("calendar"), wanted):
        key = tuple(cells)
        if key not in regular:
            flags = [n for n, cell in enumerate(cells[:7]) if cell.strip() == "1"]
            first, last = _day(cells[7]), _day(cells[8])
            regular[key] = Dates.weekdays(flags, first, last) if first and last else Dates()
        found[service] = regular[key]
    added: dict[str, list[date]] = {}
    removed: dict[str, list[date]] = {}
    exceptions = ("service_id", "date", "exception_type")
    for service, text, kind in _rows(gtfs.get("calendar_dates"), exceptions):
        day = _day(text)
        if day is not None and kind.strip() in ("1", "2"):
            (added if kind.strip() == "1" else removed).setdefault(service, []).append(day)
    for service, days in added.items():
        found[service] = found.get(service, Dates()) | Dates.of(days)
    for service, days in removed.items():
        found[service] = found.get(service, Dates()) - Dates.of(days)
    return found


def _rows(table: pl.DataFrame | None, columns: tuple[str, ...]) -> list[tuple[str, ...]]:
    if table is None:
        return []
    return table.select(
        pl.col(c) if c in table.columns else pl.lit("").alias(c) for c in columns
    ).rows()


def service_chooser(
    details: Details, gtfs: Mapping[str, pl.DataFrame]
) -> Callable[[str, Dates], str | None]:
    """Trip and dates -> the service of gtfs/ that it runs by: the one that the details name, else
    the first with these dates; None if there is none, and one has to be made.
    """
    services = given_services(gtfs)
    first: dict[Dates, str] = {}
    for service, dates in services.items():
        first.setdefault(dates, service)
    named: dict[str, str] = {}
    trips = details.tables.get("trips")
    if trips is not None and "service_id" in trips.columns:
        named = dict(trips.select("trip_id", "service_id").iter_rows())

    def choose(trip_id: str, dates: Dates) -> str | None:
        wanted = named.get(trip_id, "")
        if wanted and services.get(wanted) == dates:
            return wanted
        return first.get(dates)

    return choose
