"""The tables of the feed, each row with the cell a curator would edit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import polars as pl

from gtfsgen.compile.calendars import calendar_rows, service_ids
from gtfsgen.compile.details import apply_details, service_chooser, tell_what_hangs
from gtfsgen.compile.fares import add_fares, fare_services
from gtfsgen.compile.ids import slug
from gtfsgen.compile.timetable import Timetable
from gtfsgen.compile.trips import Bundle, Trip
from gtfsgen.dates import Dates
from gtfsgen.faults import Fault, Severity
from gtfsgen.schema import TABLES
from gtfsgen.source.cells import letter
from gtfsgen.source.details import Details
from gtfsgen.source.model import ORIGIN, Coach, Run, Source

Tables = dict[str, pl.DataFrame]

ROUTE_TYPES = {
    "tram": "0", "metro": "1", "subway": "1", "rail": "2", "railway": "2", "train": "2", "bus": "3",
    "ferry": "4", "cable tram": "5", "gondola": "6", "aerial lift": "6", "funicular": "7",
    "trolleybus": "11", "monorail": "12",
}  # fmt: skip
"""Words of routes.csv for route_type. Trains are 2 for every planner; not all know 102."""
DEFAULT_ROUTE_TYPE = "2"

ALLOWED = {"yes": "1", "1": "1", "y": "1", "no": "2", "2": "2", "n": "2"}

KEPT_IF_BLANK = {"transfers": {"min_transfer_time"}, "routes": {"route_short_name"}}
"""Columns written although blank; some importers read these without asking whether they are
there.
"""


def make_tables(source: Source, timetable: Timetable, today: date) -> tuple[Tables, list[Fault]]:
    """All tables of the feed as text with `ORIGIN`, in the order of the reference."""
    faults: list[Fault] = []
    names = Names(source)
    plain = timetable.plain_runs["run_id"].to_list()
    plain_dates = _plain_dates(source, plain)
    trips = [trip for bundle in timetable.bundles for trip in bundle.trips]
    services: dict[Dates, str] = {}
    for trip_id, dates in [
        *((_trip_id(source, run), dates) for run, dates in plain_dates.items()),
        *((trip.trip_id, trip.service) for trip in trips),
    ]:
        known = services.get(dates)
        services[dates] = trip_id if known is None else min(known, trip_id)
    for name, dates in fare_services(source):
        services.setdefault(dates, name)
    period = (source.settings.first_day, source.settings.last_day)
    ids = service_ids(services, period)
    trip_rows = _trip_rows(source, timetable, plain_dates, ids, names)
    if source.details is not None:
        ids = _given_services(source, source.details, trip_rows, ids)
    calendar, exceptions = calendar_rows(ids)
    stop_times = _stop_times(source, timetable, trips, faults)
    faults += _ids_taken_twice(trip_rows)
    tables: Tables = {
        "agency": _agency(source),
        "stops": _stops(source, stop_times),
        "routes": _routes(source, trip_rows, timetable, plain, names, faults),
        "trips": _frame(trip_rows),
        "stop_times": stop_times,
        "calendar": _frame(calendar),
        "calendar_dates": _frame(exceptions),
        "transfers": _transfers(timetable.bundles),
        "feed_info": _feed_info(source, services, today),
        "attributions": _attributions(source),
    }
    tables = {name: table for name, table in tables.items() if table.height}
    add_fares(source, tables, timetable.bundles, ids, faults)
    calendar_origin = _calendar_origins(source, trips, plain_dates, ids)
    for name in ("calendar", "calendar_dates"):
        if name in tables:
            tables[name] = tables[name].join(
                calendar_origin, on="service_id", how="left", maintain_order="left"
            )
    tables["translations"] = _translations(source, tables, names)
    details = source.details
    if details is not None:
        if "feed_info" in source.gtfs or details.columns.get("feed_info") == {}:
            tables.pop("feed_info", None)
        if "agency" in source.gtfs:
            tables.pop("agency", None)
        apply_details(tables, details, _open_cells(source), faults)
        _append(tables, source.gtfs)
        tell_what_hangs(tables, source.gtfs, details, faults)
    else:
        merge_passthrough(tables, source.gtfs, faults)
    if details is None:
        return {
            name: _tidy(name, tables[name]) for name in _file_order(tables) if tables[name].height
        }, faults
    wanted = {
        name: _listed(name, tables[name], details)
        for name in _file_order(tables)
        if tables[name].height or name in source.gtfs
    }
    return {name: table for name, table in wanted.items() if table.width > len(ORIGIN)}, faults


def _given_services(
    source: Source, details: Details, trip_rows: list[dict[str, Any]], ids: dict[Dates, str]
) -> dict[Dates, str]:
    """Trips on services of gtfs/ that have their dates; the sets of dates that have none there."""
    choose = service_chooser(details, source.gtfs)
    dates_of = {name: dates for dates, name in ids.items()}
    taken = {service for service, *_ in details_rows(source.gtfs, "service_id")}
    left: dict[Dates, str] = {}
    for row in trip_rows:
        dates = dates_of[row["service_id"]]
        given = choose(row["trip_id"], dates)
        if given is None:
            name = row["service_id"]
            left[dates] = row["service_id"] = f"{name}.own" if name in taken else name
        else:
            row["service_id"] = given
    return left


def details_rows(gtfs: Mapping[str, pl.DataFrame], column: str) -> Iterable[tuple[str, ...]]:
    """The values of a column in the calendars of gtfs/."""
    for name in ("calendar", "calendar_dates"):
        if name in gtfs and column in gtfs[name].columns:
            yield from gtfs[name].select(pl.col(column).unique()).iter_rows()


def _open_cells(source: Source) -> dict[tuple[str, str], pl.Expr]:
    """Cells that the curated tables leave open, as conditions on the built tables."""
    signed = [run.run_id for run in source.runs.values() if run.headsign]
    said: dict[str, list[str]] = {}
    for column in ("agency_id", "route_short_name", "route_long_name", "route_type"):
        routes = source.routes.filter(pl.col(column) != "")
        said[column] = routes["route_id"].to_list()
    plain = {"pickup_type": "0", "drop_off_type": "0"}
    return {
        ("stops", "stop_timezone"): pl.lit(True),
        ("agency", "agency_timezone"): pl.lit(True),
        ("trips", "trip_headsign"): ~pl.col("trip_id").is_in(signed),
        ("trips", "service_id"): pl.lit(False),
        ("stop_times", "stop_sequence"): pl.lit(True),
        ("stop_times", "timepoint"): (pl.col("timepoint") == "1") | (pl.col("arrival_time") == ""),
        **{("stop_times", column): pl.col(column) == text for column, text in plain.items()},
        **{("routes", column): ~pl.col("route_id").is_in(ids) for column, ids in said.items()},
    }


def _listed(name: str, table: pl.DataFrame, details: Details) -> pl.DataFrame:
    """The columns that the feed has; of a file that it does not list, those that are filled."""
    if name not in details.columns:
        return _tidy(name, table)
    columns = details.columns[name]
    beyond = [c for c in table.columns if c in (*CELL_COLUMNS, *ORIGIN)]
    return table.select(
        *(pl.col(c).fill_null("") if c in table.columns else pl.lit("").alias(c) for c in columns),
        *beyond,
    )


class Names:
    """Station names in the feed's language and in the others."""

    def __init__(self, source: Source) -> None:
        self.languages = [
            name.removeprefix("name_")
            for name in source.stations.columns
            if name.startswith("name_") and name != f"name_{source.settings.lang}"
        ]
        self.rows = {row["station_id"]: row for row in source.stations.iter_rows(named=True)}

    def __call__(self, station_id: str, language: str = "") -> str:
        row = self.rows.get(station_id)
        if row is None:
            return station_id
        return (row.get(f"name_{language}") if language else None) or row["name"] or station_id


def _plain_dates(source: Source, plain: Iterable[str]) -> dict[str, Dates]:
    """The dates of plain runs up to the end of the feed; equal sets are looked at once."""
    cut = (1 << ((source.settings.last_day - date(1900, 1, 1)).days + 1)) - 1
    clipped: dict[int, Dates] = {}
    found = {}
    for run in plain:
        dates = source.runs[run].dates
        if id(dates) not in clipped:
            clipped[id(dates)] = Dates(dates.bits & cut)
        found[run] = clipped[id(dates)]
    return found


def _ids_taken_twice(trip_rows: Iterable[Mapping[str, Any]]) -> list[Fault]:
    """Trips whose trains are different words, but the same id once blanks and slashes are gone."""
    by_id: dict[str, list[Mapping[str, Any]]] = {}
    for row in trip_rows:
        by_id.setdefault(row["trip_id"], []).append(row)
    return [
        Fault(
            Severity.ERROR,
            "id_taken_twice",
            row["path"],
            row["line"],
            row["column"],
            f"Another train becomes trip_id {trip_id!r} too.",
            hint="name them so that more than blanks and slashes tell them apart",
        )
        for trip_id, rows in by_id.items()
        if len(rows) > 1
        for row in rows
    ]


def _trip_rows(
    source: Source,
    timetable: Timetable,
    plain_dates: Mapping[str, Dates],
    ids: Mapping[Dates, str],
    names: Names,
) -> list[dict[str, Any]]:
    calls = timetable.plain_calls
    ends = dict(
        calls.group_by("run_id").agg(pl.col("station_id").last()).iter_rows()
        if calls.height
        else ()
    )
    by_object = {id(dates): ids[dates] for dates in plain_dates.values()}
    rows = []
    for run_id, dates in plain_dates.items():
        run = source.runs[run_id]
        rows.append(
            _trip_row(source, run, _trip_id(source, run_id), by_object[id(dates)])
            | {
                "trip_headsign": run.headsign or names(ends[run_id]),
                "block_id": run.extra.get("block", ""),
            }
        )
    for bundle in timetable.bundles:
        for trip in bundle.trips:
            rows.append(_linked_trip_row(source, trip, ids[trip.service], names))
    return rows


MUST_PHONE = "2"
"""pickup_type that MOTIS 2.11 and later takes for a compulsory reservation."""


def _pickup_type(source: Source, *runs: Run) -> str:
    """`MUST_PHONE` where feed.toml wants it and all of these trains can only be reserved."""
    said = [str(run.extra.get("reservation", "")).lower() for run in runs]
    wanted = source.settings.motis_reservation and all(each == "required" for each in said)
    return MUST_PHONE if wanted else ""


def _trip_id(source: Source, run_id: str) -> str:
    """By the agency's clock, the id as it is written: a feed has given it."""
    return run_id if source.runs[run_id].by_agency else slug(run_id)


def _trip_row(source: Source, run: Run, trip_id: str, service_id: str) -> dict[str, Any]:
    extra = run.extra
    return {
        "route_id": run.route_id,
        "service_id": service_id,
        "trip_id": trip_id,
        "trip_short_name": public_number(run),
        "direction_id": str(extra.get("direction", "")),
        "wheelchair_accessible": ALLOWED.get(str(extra.get("wheelchair", "")).lower(), ""),
        "bikes_allowed": ALLOWED.get(str(extra.get("bikes", "")).lower(), ""),
        "pickup_type": _pickup_type(source, run),
        "path": run.path,
        "line": run.line,
        "column": run.column,
    }


def public_number(run: Run) -> str:
    """The number that riders are told: the train's, unless a row `number` says another or none."""
    return str(run.extra.get("number", run.train))


def _linked_trip_row(source: Source, trip: Trip, service_id: str, names: Names) -> dict[str, Any]:
    runs = [source.runs[run] for run in trip.run_ids]
    row = _trip_row(source, runs[0], trip.trip_id, service_id)
    row["trip_headsign"] = " / ".join(headsign_stations(source, trip, names))
    row["block_id"] = trip.block_id or ("" if trip.linked else str(runs[0].extra.get("block", "")))
    if len(runs) > 1:
        numbers = dict.fromkeys(public_number(run) for run in runs)
        row["trip_short_name"] = "/".join(filter(None, numbers))
        row["pickup_type"] = row["pickup_type"] and _pickup_type(source, *runs)
        row["route_id"] = joined_route(runs)
    return row


def joined_route(runs: Sequence[Run]) -> str:
    """The route of one trip made of several runs: theirs if they share one."""
    routes = list(dict.fromkeys(run.route_id for run in runs))
    return "-".join(slug(route) for route in routes) if len(routes) > 1 else routes[0]


def headsign_stations(source: Source, trip: Trip, names: Names, language: str = "") -> list[str]:
    """Where a trip goes: to the end of the run for riders who stay aboard, also in other trips."""
    if not trip.after:
        stretch = trip.stretches[-1]
        run = source.runs[stretch.run_id]
        plain = names(stretch.calls[-1].station_id)
        if run.headsign and run.headsign != plain:
            return [run.headsign]
        return [names(stretch.calls[-1].station_id, language)]
    found: dict[str, None] = {}
    for link in trip.after:
        if link.coaches:
            for coach in link.coaches:
                found[names(coach.to_station, language)] = None
        else:
            found |= dict.fromkeys(headsign_stations(source, link.to_trip, names, language))
    return list(found)


def _stop_times(
    source: Source, timetable: Timetable, trips: Sequence[Trip], faults: list[Fault]
) -> pl.DataFrame:
    columns = (
        "run_id", "order", "arrival_s", "departure_s", "arrival_estimate", "departure_estimate",
        "on_request", "boards_only", "alights_only", "path", "arrival_line", "departure_line",
        "column", "arrival_column", "departure_column", "station_id",
    )  # fmt: skip
    cells = source.calls.select(columns)
    rows = pl.concat([_plain_rows(source, timetable), _linked_rows(trips)])
    arrivals = cells.drop("departure_s", "departure_estimate")
    departures = cells.select(
        pl.col("run_id").alias("departure_run"),
        pl.col("order").alias("departure_order"),
        pl.col("departure_estimate"),
        pl.col("arrival_estimate").alias("arrival_estimate_there"),
        pl.col("departure_s").is_null().alias("departure_unwritten"),
        pl.col("boards_only").alias("boards_only_there"),
        pl.col("alights_only").alias("alights_only_there"),
        pl.col("on_request").alias("on_request_there"),
    )
    joined = rows.join(arrivals, on=["run_id", "order"], how="left", maintain_order="left").join(
        departures, on=["departure_run", "departure_order"], how="left", maintain_order="left"
    )
    faults += _opened_doors(joined, source)
    arrives, departs = pl.col("arrival"), pl.col("departure")
    arrival_doubt = (
        pl.when(pl.col("arrival_s").is_null())
        .then("departure_estimate")
        .otherwise("arrival_estimate")
    )
    departure_doubt = (
        pl.when("departure_unwritten")
        .then("arrival_estimate_there")
        .otherwise("departure_estimate")
    )
    doubt = (
        pl.when("is_first").then(departure_doubt)
        .when("is_last").then(arrival_doubt)
        .otherwise(arrival_doubt | departure_doubt)
    )  # fmt: skip
    cell = pl.when(pl.col("is_first") | pl.col("arrival_line").is_null())
    return joined.select(
        "trip_id",
        clock_text(arrives).alias("arrival_time"),
        clock_text(departs).alias("departure_time"),
        pl.col("station_id").alias("stop_id"),
        pl.col("stop_sequence").cast(pl.String),
        _door("joint", "closed_in", "alights_only_there", "on_request_there").alias("pickup_type"),
        _door("joint", "closed_out", "boards_only", "on_request").alias("drop_off_type"),
        pl.when(doubt | arrives.is_null())
        .then(pl.lit("0"))
        .otherwise(pl.lit("1"))
        .alias("timepoint"),
        "path",
        cell.then(pl.coalesce("departure_line", "arrival_line"))
        .otherwise("arrival_line")
        .alias("line"),
        cell.then(pl.coalesce("departure_column", "column"))
        .otherwise(pl.coalesce("arrival_column", "column"))
        .alias("column"),
        "run_id",
        "order",
        "departure_run",
        "departure_order",
    )


def _door(joint: str, closed: str, barred: str, on_request: str) -> pl.Expr:
    """pickup_type or drop_off_type. Doors at a joint are open, or planners lose the link."""
    return (
        pl.when(pl.col(closed))
        .then(pl.lit("1"))
        .when(pl.col(joint))
        .then(pl.lit("0"))
        .when(pl.col(barred))
        .then(pl.lit("1"))
        .when(pl.col(on_request))
        .then(pl.lit("3"))
        .otherwise(pl.lit("0"))
    )


def _opened_doors(joined: pl.DataFrame, source: Source) -> list[Fault]:
    """Marks at a joint that would bar riders from a door which planners need open."""
    barred = joined.filter(
        pl.col("joint") & (pl.col("boards_only") | pl.col("alights_only_there"))
    ).unique(["run_id", "order"], maintain_order=True)
    return [
        Fault(
            Severity.WARNING,
            "door_opened_at_joint",
            row["path"],
            row["arrival_line"] or row["departure_line"] or 0,
            row["arrival_column"] or row["column"] or "",
            "coaches go on to another train here; boarding and alighting are written as open, "
            "because planners drop the link at a closed door",
        )
        for row in barred.iter_rows(named=True)
    ]


def clock_text(seconds: pl.Expr) -> pl.Expr:
    """Seconds of the service day as HH:MM:SS with hours past 24; blank where null."""
    return pl.concat_str(
        (seconds // 3600).cast(pl.String).str.zfill(2),
        pl.lit(":"),
        (seconds // 60 % 60).cast(pl.String).str.zfill(2),
        pl.lit(":"),
        (seconds % 60).cast(pl.String).str.zfill(2),
    ).fill_null("")


ROW_SCHEMA = {
    "trip_id": pl.String,
    "stop_sequence": pl.Int32,
    "run_id": pl.String,
    "order": pl.Int32,
    "departure_run": pl.String,
    "departure_order": pl.Int32,
    "arrival": pl.Int32,
    "departure": pl.Int32,
    "is_first": pl.Boolean,
    "is_last": pl.Boolean,
    "joint": pl.Boolean,
    "closed_in": pl.Boolean,
    "closed_out": pl.Boolean,
}


def _plain_rows(source: Source, timetable: Timetable) -> pl.DataFrame:
    calls = timetable.plain_calls.join(
        timetable.plain_runs, on="run_id", how="semi", maintain_order="left"
    )
    arrives = pl.coalesce("arrival_s", "departure_s") + pl.col("shift_s")
    departs = pl.coalesce("departure_s", "arrival_s") + pl.col("shift_s")
    sequence = pl.int_range(1, pl.len() + 1).over("run_id")
    count = pl.len().over("run_id")
    rows = calls.with_columns(stop_sequence=sequence, count=count).with_columns(
        is_first=pl.col("stop_sequence") == 1, is_last=pl.col("stop_sequence") == pl.col("count")
    )
    names = rows["run_id"].unique(maintain_order=True).to_list()
    ids = [_trip_id(source, name) for name in names]
    own_ends = pl.col("run_id").is_in([name for name in names if source.runs[name].by_agency])
    return rows.select(
        rows["run_id"].replace_strict(names, ids, return_dtype=pl.String).alias("trip_id"),
        pl.col("stop_sequence").cast(pl.Int32),
        "run_id",
        "order",
        pl.col("run_id").alias("departure_run"),
        pl.col("order").alias("departure_order"),
        pl.when(pl.col("is_first") & ~own_ends)
        .then(departs)
        .otherwise(arrives)
        .cast(pl.Int32)
        .alias("arrival"),
        pl.when(pl.col("is_last") & ~own_ends)
        .then(arrives)
        .otherwise(departs)
        .cast(pl.Int32)
        .alias("departure"),
        "is_first",
        "is_last",
        pl.lit(False).alias("joint"),
        pl.lit(False).alias("closed_in"),
        pl.lit(False).alias("closed_out"),
    )


def _linked_rows(trips: Sequence[Trip]) -> pl.DataFrame:
    rows = [row for trip in trips for row in _rows_of(trip)]
    return pl.DataFrame(rows, schema=ROW_SCHEMA, orient="row")


def _rows_of(trip: Trip) -> list[tuple[Any, ...]]:
    """The calls of one trip; where runs were joined, both cells of the joint make one call."""
    cells: list[
        list[Any]
    ] = []  # run, order, departure run, departure order, arrival, departure, joint
    for stretch in trip.stretches:
        for index, (call, (arrival, departure)) in enumerate(
            zip(stretch.calls, stretch.moments, strict=True)
        ):
            if index == 0 and cells:
                cells[-1][2:4] = [stretch.run_id, call.order]
                cells[-1][5] = arrival if departure is None else departure
                cells[-1][6] = True
            else:
                at_end = index == len(stretch.moments) - 1 and stretch is not trip.stretches[-1]
                leaves = None if at_end else departure
                cells.append(
                    [stretch.run_id, call.order, stretch.run_id, call.order, arrival, leaves, False]
                )
    last = len(cells) - 1
    rows = []
    for number, (run, order, to_run, to_order, arrival, departure, joint) in enumerate(cells):
        first_call, last_call = number == 0, number == last
        arrives = departure if arrival is None else arrival
        departs = arrival if departure is None else departure
        if first_call:
            arrives = departs
        if last_call:
            departs = arrives
        tied = joint or bool(first_call and trip.before) or bool(last_call and trip.after)
        unknown = arrival is None and departure is None
        rows.append(
            (
                trip.trip_id,
                number + 1,
                run,
                order,
                to_run,
                to_order,
                arrives,
                departs,
                first_call,
                last_call,
                tied,
                unknown or (joint and departure is None),
                unknown or (joint and arrival is None),
            )
        )
    return rows


def _agency(source: Source) -> pl.DataFrame:
    agencies = source.agencies
    known = [name for name in TABLES["agency"].fields if name in agencies.columns]
    return agencies.select(*known, *ORIGIN).with_columns(
        pl.lit(source.settings.agency_timezone).alias("agency_timezone")
    )


STOP_COLUMNS = {
    "station_id": "stop_id",
    "code": "stop_code",
    "name": "stop_name",
    "desc": "stop_desc",
    "lat": "stop_lat",
    "lon": "stop_lon",
    "zone_id": "zone_id",
    "url": "stop_url",
    "timezone": "stop_timezone",
    "wheelchair": "wheelchair_boarding",
    "platform_code": "platform_code",
}


def _stops(source: Source, stop_times: pl.DataFrame) -> pl.DataFrame:
    stations = source.stations
    if source.details is None:  # elsewhere gtfs/ may speak of stations that trains have left
        stations = stations.join(
            stop_times.select(pl.col("stop_id").unique().alias("station_id")),
            on="station_id",
            how="semi",
            maintain_order="left",
        )
    present = {name: to for name, to in STOP_COLUMNS.items() if name in stations.columns}
    zone = pl.col("stop_timezone")
    if "lat_text" in stations.columns:
        stations = stations.with_columns(lat=pl.col("lat_text"), lon=pl.col("lon_text"))
    table = stations.select(
        *(pl.col(name).cast(pl.String).fill_null("").alias(to) for name, to in present.items()),
        *ORIGIN,
    )
    if "stop_timezone" not in table.columns:
        table = table.with_columns(pl.lit("").alias("stop_timezone"))
    table = table.with_columns(
        pl.when(zone == "")
        .then(pl.lit(source.settings.agency_timezone))
        .otherwise(zone)
        .alias("stop_timezone")
    )
    if "wheelchair_boarding" in table.columns:
        table = table.with_columns(
            pl.col("wheelchair_boarding").str.to_lowercase().replace_strict(ALLOWED, default="")
        )
    return table


def _routes(
    source: Source,
    trip_rows: Sequence[Mapping[str, Any]],
    timetable: Timetable,
    plain: Iterable[str],
    names: Names,
    faults: list[Fault],
) -> pl.DataFrame:
    """A route per train number, or as routes.csv says; only those that have trips."""
    written = {row["route_id"]: row for row in source.routes.iter_rows(named=True)}
    ends = _route_ends(source, timetable)
    runs_of: dict[str, list[Run]] = {}
    for run_id in plain:
        runs_of.setdefault(source.runs[run_id].route_id, [source.runs[run_id]])
    for bundle in timetable.bundles:
        for trip in bundle.trips:
            runs = [source.runs[run] for run in trip.run_ids]
            runs_of.setdefault(joined_route(runs), runs)
    rows = []
    for route_id in dict.fromkeys(row["route_id"] for row in trip_rows):
        runs = runs_of[route_id]
        if route_id in written:
            given = written[route_id]
            fields = [name for name in TABLES["routes"].fields if name in given]
            row = {name: given[name] or "" for name in (*fields, *ORIGIN)}
        else:
            row = {"route_id": route_id} | {name: getattr(runs[0], name) for name in ORIGIN}
            if route_id in ends:
                row["route_long_name"] = " – ".join(names(station) for station in ends[route_id])
        if route_id not in written or not (row["route_short_name"] or row["route_long_name"]):
            joined = joined_route(runs) == route_id != runs[0].route_id
            trains = dict.fromkeys(run.train for run in runs)
            row["route_short_name"] = "/".join(trains) if joined else route_id
        row.setdefault("route_short_name", "")
        word = str(row.get("route_type") or "").strip().lower()
        row["route_type"] = ROUTE_TYPES.get(word, word or DEFAULT_ROUTE_TYPE)
        row["agency_id"] = row.get("agency_id") or _agency_of(source, runs[0], written, faults)
        rows.append(row)
    return _frame(rows)


def _agency_of(
    source: Source, run: Run, written: Mapping[str, Mapping[str, Any]], faults: list[Fault]
) -> str:
    """The agency of a route that names none: its run's, its first train's route's, or the only
    one.
    """
    named = str(run.extra.get("agency") or "") or (
        written.get(run.route_id, {}).get("agency_id") or ""
    )
    if named:
        return named
    agencies = source.agencies["agency_id"].to_list() if source.agencies.height else [""]
    if len(agencies) > 1:
        faults.append(
            Fault(
                Severity.ERROR,
                "route_without_agency",
                run.path,
                run.line,
                run.column,
                f"route {run.route_id} names no agency and there are several",
                hint=f"name it in routes.csv: {', '.join(agencies)}",
            )
        )
    return agencies[0]


def _route_ends(source: Source, timetable: Timetable) -> dict[str, tuple[str, str]]:
    """First and last station of each route, by its train with the most dates."""
    station = pl.col("station_id")
    ends = {
        run: (first, last)
        for run, first, last in source.calls.filter(~pl.col("passes"))
        .group_by("run_id")
        .agg(first=station.first(), last=station.last())
        .iter_rows()
    }
    best: dict[str, tuple[int, str]] = {}
    for run_id, run in source.runs.items():
        if run_id in ends:
            weight = (len(run.dates), run_id)
            best[run.route_id] = max(best.get(run.route_id, weight), weight)
    found = {route: ends[run_id] for route, (_, run_id) in best.items()}
    for bundle in timetable.bundles:
        for trip in bundle.trips:
            if len(trip.run_ids) > 1:
                route = joined_route([source.runs[run] for run in trip.run_ids])
                first, last = trip.stretches[0].calls[0], trip.stretches[-1].calls[-1]
                found.setdefault(route, (first.station_id, last.station_id))
    return found


def _transfers(bundles: Iterable[Bundle]) -> pl.DataFrame:
    rows = []
    for bundle in bundles:
        if bundle.form != "transfers":
            continue
        for link in bundle.links:
            coach = _row_to_edit(link.coaches, bundle)
            rows.append(
                {
                    "from_stop_id": link.station_id,
                    "to_stop_id": link.station_id,
                    "from_trip_id": link.from_trip.trip_id,
                    "to_trip_id": link.to_trip.trip_id,
                    "transfer_type": "4",
                    "min_transfer_time": "",
                    "path": coach.path,
                    "line": coach.line,
                    "column": coach.columns.get("trains", ""),
                }
            )
    return _frame(rows)


def _row_to_edit(coaches: Sequence[Coach], bundle: Bundle) -> Coach:
    """The coach a link is made for; a train's link to itself is made for those that change
    there.
    """
    if coaches:
        return coaches[0]
    return next(joint.coaches[0] for joint in bundle.joints if joint.coaches)


def _feed_info(source: Source, services: Mapping[Dates, str], today: date) -> pl.DataFrame:
    settings = source.settings
    first = min((dates.first for dates in services if dates), default=settings.first_day)
    row = {
        "feed_publisher_name": settings.publisher_name,
        "feed_publisher_url": settings.publisher_url,
        "feed_lang": settings.lang,
        "default_lang": settings.default_lang,
        "feed_start_date": f"{min(first, settings.first_day):%Y%m%d}",
        "feed_end_date": f"{settings.last_day:%Y%m%d}",
        "feed_version": settings.version or today.isoformat(),
        "feed_contact_email": settings.contact_email,
        "feed_contact_url": settings.contact_url,
    }
    return _frame([row | {"path": "feed.toml", "line": 0, "column": ""}])


def _attributions(source: Source) -> pl.DataFrame:
    """Whom the licences of the sources want named: notes with an `attribution`, and feed.toml's
    own.
    """
    rows: dict[str, dict[str, Any]] = {}
    given = source.settings.raw.get("attribution", {})
    for name, url in given.items() if isinstance(given, dict) else ():
        rows[name] = {"attribution_url": str(url), "path": "feed.toml", "line": 0, "column": ""}
    cell = source.columns.get("notes", {}).get("attribution", "")
    for note in source.notes.iter_rows(named=True):
        name = note.get("attribution")
        if name and name not in rows:
            url = note.get("url") or note.get("source") or ""
            rows[name] = {
                "attribution_url": url if str(url).startswith(("http://", "https://")) else "",
                "path": note["path"],
                "line": note["line"],
                "column": cell,
            }
    return _frame(
        [
            {
                "attribution_id": slug(name).lower(),
                "organization_name": name,
                "is_producer": "1",
            }
            | row
            for name, row in rows.items()
        ]
    )


def _translations(source: Source, tables: Tables, names: Names) -> pl.DataFrame:
    """translations.txt: of every text that has a translation first the text itself, in the feed's
    language. MOTIS up to 2.10 shows the first row of a text to whoever has another language.
    """
    lang = source.settings.lang
    rows: dict[tuple[Any, ...], dict[str, Any]] = {}

    def original(table: str, field: str, record_id: str = "", field_value: str = "") -> str:
        return field_value or texts[table][record_id][field]

    texts = {
        table: {row[key]: row for row in tables[table].iter_rows(named=True)}
        for table, key in (("stops", "stop_id"), ("agency", "agency_id"), ("routes", "route_id"))
        if table in tables
    }

    def add(
        table: str, field: str, language: str, text: str, row: Mapping[str, Any], **key: str
    ) -> None:
        if text:
            origin = {name: row[name] for name in ORIGIN}
            for each, said in ((lang, original(table, field, **key)), (language, text)):
                record = {"table_name": table, "field_name": field, "language": each}
                rows.setdefault(
                    (*record.values(), *key.values()),
                    record | {"translation": said} | key | origin,
                )

    for stop in tables["stops"].iter_rows(named=True) if "stops" in tables else ():
        station = names.rows[stop["stop_id"]]
        for language in names.languages:
            text = station.get(f"name_{language}") or ""
            add("stops", "stop_name", language, text, stop, record_id=stop["stop_id"])
    for table, key, own in (
        ("agency", "agency_id", source.agencies),
        ("routes", "route_id", source.routes),
    ):
        kept = set(tables[table][key].to_list()) if table in tables else set()
        for row in own.iter_rows(named=True):
            if row[key] in kept:
                for field, language, text in _named_in(row, table, source.settings.lang):
                    add(table, field, language, text, row, record_id=row[key])
    by_name = {row["name"]: row for row in names.rows.values()}
    signs = (
        tables["trips"].unique("trip_headsign", maintain_order=True)
        if "trips" in tables
        else pl.DataFrame()
    )
    for trip in signs.iter_rows(named=True):
        places = [by_name.get(name) for name in trip["trip_headsign"].split(" / ")]
        if not all(places):
            continue
        for language in names.languages:
            parts = [place.get(f"name_{language}") or "" for place in places if place]
            if all(parts):
                sign = {"field_value": trip["trip_headsign"]}
                add("trips", "trip_headsign", language, " / ".join(parts), trip, **sign)
    return _frame(list(rows.values()))


def _named_in(row: Mapping[str, Any], table: str, lang: str) -> Iterable[tuple[str, str, str]]:
    """Field, language and text of the cells of a row that say a name in another language."""
    bases = {
        "agency": {"agency_name": "agency_name", "name": "agency_name"},
        "routes": {
            "route_long_name": "route_long_name",
            "long_name": "route_long_name",
            "name": "route_long_name",
            "route_short_name": "route_short_name",
            "route_desc": "route_desc",
        },
    }[table]
    fields = TABLES[table].fields
    for column, text in row.items():
        base, _, language = column.rpartition("_")
        if base in bases and column not in fields and language != lang and text:
            yield bases[base], language, text


def _calendar_origins(
    source: Source,
    trips: Sequence[Trip],
    plain_dates: Mapping[str, Dates],
    ids: Mapping[Dates, str],
) -> pl.DataFrame:
    """service_id -> the cell that says the days of the first train on it: of its coach, if it has
    one.
    """
    cells: dict[str, tuple[str, int, str]] = {}
    for run_id, dates in plain_dates.items():
        if dates in ids:  # those of gtfs/ have a place there
            cells.setdefault(ids[dates], days_cell(source.runs[run_id]))
    for trip in trips:
        coach = next((c for link in (*trip.before, *trip.after) for c in link.coaches), None)
        cell = (
            days_cell(source.runs[trip.run_ids[0]])
            if coach is None
            else (coach.path, coach.line, coach.columns.get("days", ""))
        )
        if trip.service in ids:
            cells.setdefault(ids[trip.service], cell)
    for fare in source.fares:
        if fare.dates in ids:
            cells.setdefault(ids[fare.dates], (fare.path, fare.line, fare.column))
    return pl.DataFrame(
        [(service, *cell) for service, cell in cells.items()],
        schema={"service_id": pl.String, "path": pl.String, "line": pl.Int32, "column": pl.String},
        orient="row",
    )


def days_cell(run: Run) -> tuple[str, int, str]:
    """Path, line and column of the cell that says a train's days, or of its head."""
    if run.days_line:
        return run.path, run.days_line, run.days_column
    return run.path, run.line, run.column


def _append(tables: Tables, extra: Mapping[str, pl.DataFrame]) -> None:
    """The rows of gtfs/ of a feed that was imported: beside those that the tables make."""
    for name, given in sorted(extra.items()):
        own = tables.get(name)
        tables[name] = (
            given
            if own is None or not own.width
            else pl.concat([own, given], how="diagonal_relaxed")
        )


def merge_passthrough(
    tables: Tables, extra: Mapping[str, pl.DataFrame], faults: list[Fault]
) -> None:
    """Join source/gtfs/*.txt into the tables by their keys: new rows, new columns, blank cells.

    A cell that says something else than the compiled table is an error; the curated tables are the
    place to say it. A file without a key adds its rows; feed_info's one row is joined as is.
    """
    for name, given in sorted(extra.items()):
        schema = TABLES.get(name)
        if name not in tables or not tables[name].height:
            tables[name] = given
        elif schema is None or not (schema.primary_key or schema.single_row):
            tables[name] = pl.concat([tables[name], given], how="diagonal_relaxed")
        else:
            tables[name] = _merged(name, tables[name], given, schema.primary_key, faults)


def _merged(
    name: str,
    own: pl.DataFrame,
    given: pl.DataFrame,
    primary_key: Sequence[str],
    faults: list[Fault],
) -> pl.DataFrame:
    key = [field for field in primary_key if field in own.columns or field in given.columns]
    fields = [field for field in given.columns if field not in (*ORIGIN, *key)]
    letters = {field: letter(index) for index, field in enumerate(given.columns)}
    if not key:  # a table of one row
        key = ["_"]
    own, given = (
        table.with_columns(pl.lit("").alias(f) for f in key if f not in table.columns)
        for table in (own, given)
    )
    joined = own.join(given, on=key, how="left", suffix="_given", maintain_order="left")
    for field in fields:
        if field in own.columns:
            said, own_said = pl.col(f"{field}_given"), pl.col(field).fill_null("")
            clash = joined.filter((said != "") & (own_said != "") & (said != own_said))
            faults += [
                Fault(
                    Severity.ERROR,
                    "said_twice",
                    row["path_given"],
                    row["line_given"],
                    letters[field],
                    f"the tables say {field} {row[field]!r} already",
                    row[f"{field}_given"],
                    "say it in one place",
                )
                for row in clash.iter_rows(named=True)
            ]
            joined = joined.with_columns(
                pl.when(own_said == "").then(said).otherwise(own_said).alias(field)
            )
    joined = joined.select(*own.columns, *(f for f in fields if f not in own.columns))
    new = given.join(own, on=key, how="anti", maintain_order="left")
    return pl.concat([joined, new], how="diagonal_relaxed").drop("_", strict=False)


def _frame(rows: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    if not rows:
        return pl.DataFrame()
    columns = dict.fromkeys(name for row in rows for name in row)
    schema = {name: pl.Int32 if name == "line" else pl.String for name in columns}
    return pl.DataFrame([{name: row.get(name) for name in columns} for row in rows], schema=schema)


def _tidy(name: str, table: pl.DataFrame) -> pl.DataFrame:
    """Columns in the order of the reference; blank ones that are not required left out."""
    schema = TABLES.get(name)
    fields = list(schema.fields) if schema else []
    extension = [
        column
        for column in table.columns
        if column not in fields and column not in ORIGIN and column not in CELL_COLUMNS
    ]
    kept = []
    for column in [*(field for field in fields if field in table.columns), *extension]:
        required = (
            schema
            and column in schema.fields
            and (schema.fields[column].required or schema.fields[column].column_required)
        )
        if (
            required
            or column in KEPT_IF_BLANK.get(name, ())
            or (table[column].fill_null("") != "").any()
        ):
            kept.append(column)
    cells = [column for column in CELL_COLUMNS if column in table.columns]
    origin = [column for column in ORIGIN if column in table.columns]
    return table.select(*(pl.col(column).fill_null("") for column in kept), *origin, *cells)


CELL_COLUMNS = ("run_id", "order", "departure_run", "departure_order")
"""What leads from a row of stop_times to its calls in `Source.calls`; never written."""


def _file_order(tables: Mapping[str, pl.DataFrame]) -> list[str]:
    known = [name for name in TABLES if name in tables]
    return known + sorted(name for name in tables if name not in TABLES)
