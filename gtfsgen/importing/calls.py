"""The trips of a feed in columns: which of them a grid can say, and why not the others.

Times stay those of the feed: the agency's clock, counted on service days, past 24:00 where need be.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from gtfsgen.compile.calendars import DAY_NAMES
from gtfsgen.compile.details import given_services
from gtfsgen.dates import Dates

Tables = Mapping[str, pl.DataFrame]

TIME = r"^(\d{1,3}):([0-5]\d):([0-5]\d)$"
LONGEST_S = 14 * 86_400
MARKS = {
    "1 0": "v", "0 1": "^", "1 1": "()", "3 3": "x ", "3 1": "x ^", "1 3": "x v", "0 0": "",
}  # fmt: skip
"""pickup_type and drop_off_type -> the mark of a cell."""
FLEXIBLE = (
    "location_id", "location_group_id", "start_pickup_drop_off_window",
    "end_pickup_drop_off_window",
)  # fmt: skip

TWICE = "its trip_id stands twice, or cannot head a column"
NO_ROUTE = "its route is not one that routes.csv can have"
NO_DAYS = "it runs on no day"
SHORT = "it calls at fewer than two stops"
FLEX = "it is a flexible service"
STOP = "a stop lacks a name or a position"
TIMES = "it begins or ends without a time, or a time cannot be read"
BACK = "its times go back"
AGAIN = "it calls twice running at one stop"
NUMBERS = "its stop_sequence is not in order"
MANY = "the feed has more calls than are put into grids"


@dataclass
class Trips:
    """Trips and their calls."""

    trips: pl.DataFrame
    """Those of grids: columns of trips.txt and `n`, their number from 0."""
    calls: pl.DataFrame
    """Their calls in order: n, place, stop_id, arrival and departure in seconds, null where they
    are not known, and the mark of the cell."""
    dates: dict[str, Dates]
    """By service."""
    passed: dict[str, str]
    """trip_id -> why no grid says it."""


def column(table: pl.DataFrame, name: str) -> pl.Expr:
    return pl.col(name) if name in table.columns else pl.lit("").alias(name)


def is_plain(text: pl.Expr) -> pl.Expr:
    """Whether a cell of the curated tables can hold the text as it is."""
    return (text == text.str.strip_chars()) & ~text.str.contains(r"[\p{C}\p{Zl}\p{Zp}]")


def seconds(text: pl.Expr) -> pl.Expr:
    parts = [text.str.extract(TIME, n).cast(pl.Int32, strict=False) for n in (1, 2, 3)]
    return parts[0] * 3600 + parts[1] * 60 + parts[2]


def sorted_calls(stop_times: pl.DataFrame) -> pl.DataFrame:
    """stop_times in order along each trip, with the number of the row, `row`, and `sequence`."""
    return (
        stop_times.with_row_index("row")
        .with_columns(sequence=pl.col("stop_sequence").cast(pl.Int64, strict=False))
        .sort("trip_id", "sequence", "row")
        .with_columns(place=pl.int_range(pl.len()).over("trip_id"))
    )


def read_trips(
    tables: Tables, stations: set[str], routes: set[str], taken_out: Mapping[str, str], most: int
) -> Trips:
    """Sort the trips into those of grids and those that stay as they are.

    `taken_out` are trips that were tried and did not come back, `most` the calls that grids may
    have; trips beyond it stay as they are, in the order of the file.
    """
    trips, times = tables["trips"], tables["stop_times"]
    services = given_services(tables)
    if not {"trip_id", "route_id", "service_id"} <= set(trips.columns) or not {
        "trip_id", "stop_id", "stop_sequence", "arrival_time", "departure_time",
    } <= set(times.columns):  # fmt: skip
        return Trips(
            trips.clear().with_columns(n=pl.lit(0)),
            pl.DataFrame(),
            services,
            dict.fromkeys(trips["trip_id"].to_list() if "trip_id" in trips.columns else (), TIMES),
        )
    calls = _calls(times, stations)
    by_trip = _by_trip(calls)
    running = [service for service, dates in services.items() if dates]
    trip_id = pl.col("trip_id")
    folded = trip_id.str.to_lowercase()
    usable = (
        is_plain(trip_id)
        & (trip_id != "")
        & (trip_id.len().over(folded) == 1)
        & (trip_id.str.len_chars() < 200)
        & ~folded.str.contains(r"^(x_|#)|^(do|do\.|ditto|dto\.)$")
        & ~trip_id.is_in(['"', "''", "〃", "″", "同上", "々", "仝"])
    )
    judged = trips.select(trip_id, "route_id", "service_id", usable=usable).join(
        by_trip, on="trip_id", how="left", maintain_order="left"
    )
    missing = pl.col("length").is_null()
    judged = judged.with_columns(
        why=pl.when(trip_id.is_in(list(taken_out)))
        .then(trip_id.replace_strict(dict(taken_out), default="", return_dtype=pl.String))
        .when(~pl.col("usable")).then(pl.lit(TWICE))
        .when(~pl.col("route_id").is_in(list(routes))).then(pl.lit(NO_ROUTE))
        .when(~pl.col("service_id").is_in(running)).then(pl.lit(NO_DAYS))
        .when(missing | (pl.col("length") < 2)).then(pl.lit(SHORT))
        .when("flexible").then(pl.lit(FLEX))
        .when("lost").then(pl.lit(STOP))
        .when("unnumbered").then(pl.lit(NUMBERS))
        .when("untimed").then(pl.lit(TIMES))
        .when("back").then(pl.lit(BACK))
        .when("again").then(pl.lit(AGAIN))
    )  # fmt: skip
    fits = pl.when(pl.col("why").is_null()).then("length").otherwise(0).cum_sum() <= most
    judged = judged.with_columns(
        why=pl.when(pl.col("why").is_null() & ~fits).then(pl.lit(MANY)).otherwise("why")
    )
    passed = dict(judged.filter(pl.col("why").is_not_null()).select("trip_id", "why").iter_rows())
    chosen = trips.filter(judged["why"].is_null()).with_row_index("n")
    own = calls.join(chosen.select("n", "trip_id"), on="trip_id", how="inner").sort("n", "place")
    return Trips(
        chosen,
        own.select("n", "place", "stop_id", "arrival", "departure", "mark"),
        services,
        passed,
    )


def _calls(times: pl.DataFrame, stations: set[str]) -> pl.DataFrame:
    ordered = sorted_calls(times)
    arrival, departure = pl.col("arrival_time"), pl.col("departure_time")
    pickup, drop_off = column(times, "pickup_type"), column(times, "drop_off_type")
    doors = pl.concat_str(
        pickup.replace("", "0"), pl.lit(" "), drop_off.replace("", "0")
    ).replace_strict(MARKS, default="", return_dtype=pl.String)
    flexible = [pl.col(name) != "" for name in FLEXIBLE if name in times.columns]
    read = ordered.select(
        "trip_id",
        "place",
        "stop_id",
        "sequence",
        a=seconds(arrival),
        d=seconds(departure),
        bad=((arrival != "") & seconds(arrival).is_null())
        | ((departure != "") & seconds(departure).is_null()),
        mark=pl.when(column(times, "timepoint") == "0").then(pl.lit("~")).otherwise(pl.lit(""))
        + doors,
        flexible=pl.any_horizontal(flexible) if flexible else pl.lit(False),
        lost=~pl.col("stop_id").is_in(list(stations)),
    )
    return read.with_columns(arrival=pl.coalesce("a", "d"), departure=pl.coalesce("d", "a"))


def _by_trip(calls: pl.DataFrame) -> pl.DataFrame:
    """What keeps trips out of grids."""
    before = pl.col("departure").forward_fill().shift(1).over("trip_id")
    found = calls.with_columns(
        back=(pl.col("arrival") < before) | (pl.col("arrival") > pl.col("departure")),
        again=pl.col("stop_id") == pl.col("stop_id").shift(1).over("trip_id"),
        unnumbered=pl.col("sequence").is_null()
        | (pl.col("sequence") == pl.col("sequence").shift(1).over("trip_id")).fill_null(False),
    )
    untimed = pl.col("arrival").is_null()
    return found.group_by("trip_id").agg(
        length=pl.len(),
        flexible=pl.col("flexible").any(),
        lost=pl.col("lost").any(),
        unnumbered=pl.col("unnumbered").any(),
        untimed=pl.col("bad").any()
        | untimed.first()
        | untimed.last()
        | (pl.col("departure").max() > LONGEST_S),
        back=pl.col("back").any(),
        again=pl.col("again").any(),
    )


__all__ = ["DAY_NAMES", "Trips", "read_trips", "sorted_calls"]
