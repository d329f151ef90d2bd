"""Transfers as rules: which of them applies, whether any can, and what they say twice.

For an arriving and a departing trip the most specific row is taken. A row's rank is 1 with both
trips; 2 with a trip on one side and a route on the other; 3 with one trip; 4 with both routes; 5
with one route; 6 with stops only.
"""

from __future__ import annotations

import polars as pl

from gtfsgen.clocks import DAY
from gtfsgen.faults import Severity
from gtfsgen.feed import Feed
from gtfsgen.findings import Rows
from gtfsgen.schema import LINKED_TRIPS
from gtfsgen.validation.engine import rule
from gtfsgen.validation.rules.stops import STATION

SIDES = ("from", "to")
KEY = [f"{side}_{what}" for side in SIDES for what in ("stop_id", "trip_id", "route_id")]
PLACE = ["from_stop_id", "to_stop_id"]
WHO = ["from_trip_id", "from_route", "to_trip_id", "to_route"]
"""Whom a row is for; a route counts only beside no trip."""


def in_transfers(frame: pl.LazyFrame) -> Rows:
    return Rows(frame, {"filename": "transfers.txt"})


def _plain_rows(feed: Feed) -> pl.LazyFrame:
    """Transfers that are no links and name both stops, with `rank`, and for each side: the `route`
    that counts, the `line` (the route, be it through a trip), the `station` of the stop, and
    whether it `is_station`."""
    rows = feed.transfers.filter(
        ~pl.col("transfer_type").fill_null(0).is_in(LINKED_TRIPS),
        pl.col("from_stop_id").is_not_null(),
        pl.col("to_stop_id").is_not_null(),
    ).select("csv_row_number", *KEY)
    for side in SIDES:
        trip, route = pl.col(f"{side}_trip_id"), pl.col(f"{side}_route_id")
        rows = (
            rows.join(
                feed.first_trips.select(
                    pl.col("trip_id").alias(f"{side}_trip_id"),
                    pl.col("route_id").alias(f"{side}_trips_route"),
                ),
                on=f"{side}_trip_id",
                how="left",
                maintain_order="left",
            )
            .join(
                feed.first_stops.select(
                    pl.col("stop_id").alias(f"{side}_stop_id"),
                    pl.col("parent_station").alias(f"{side}_station"),
                    (pl.col("location_type").fill_null(0) == STATION).alias(f"{side}_is_station"),
                ),
                on=f"{side}_stop_id",
                maintain_order="left",
            )
            .with_columns(
                pl.when(trip.is_null()).then(route).alias(f"{side}_route"),
                pl.coalesce(f"{side}_trips_route", route).alias(f"{side}_line"),
                pl.when(trip.is_not_null()).then(2).when(route.is_not_null()).then(1).otherwise(0)
                .alias(f"{side}_weight"),
            )
        )  # fmt: skip
    weights = pl.struct(
        most=pl.max_horizontal("from_weight", "to_weight"),
        least=pl.min_horizontal("from_weight", "to_weight"),
    )
    ranks = {(2, 2): 1, (2, 1): 2, (2, 0): 3, (1, 1): 4, (1, 0): 5, (0, 0): 6}
    most, least = weights.struct.field("most"), weights.struct.field("least")
    rank = pl.coalesce(
        pl.when((most == high) & (least == low)).then(number)
        for (high, low), number in ranks.items()
    )
    return rows.with_columns(rank=rank).collect().lazy()


@rule(Severity.WARNING, "transfers", "trips", "routes", "stops", group="gtfsgen", of="transfers")
def transfer_specificity_tie(feed: Feed) -> Rows | list[Rows]:
    """Two transfers of equal rank apply to one pair of trips, and none of a higher rank does.

    The most specific row counts: both trips, then trip and route, one trip, both routes, one route,
    stops only. Which of two equal ones counts nobody says, so planners differ. Typical are a row
    for the arriving trip and one for the departing trip at the same stops, or a row for a stop and
    one for its station. Delete one, or add a row that names both sides.
    """
    if feed.height("transfers") < 2:
        return []
    rows = feed.shared(_plain_rows)
    pairs = pl.concat([_ties_of_places(rows), _ties_of_sides(rows)])
    return in_transfers(
        pairs.select(
            csv_row_number=pl.max_horizontal("a", "b"),
            other_csv_row_number=pl.min_horizontal("a", "b"),
            rank="rank",
        )
        .sort("csv_row_number", "other_csv_row_number")
        .unique("csv_row_number", keep="first", maintain_order=True)
        .join(rows.select("csv_row_number", *KEY), on="csv_row_number", maintain_order="left")
        .select("csv_row_number", "other_csv_row_number", "rank", *KEY)
    )


def _wider(rows: pl.LazyFrame, from_station: bool, to_station: bool) -> pl.LazyFrame:
    """The rows with the stop of one side, or of both, replaced by its station where it has one."""
    return rows.with_columns(
        pl.col(f"{side}_station").alias(f"{side}_stop_id")
        for side, wide in zip(SIDES, (from_station, to_station), strict=True)
        if wide
    ).drop_nulls(PLACE)


def _overlaps(
    rows: pl.LazyFrame, others: pl.LazyFrame, on: list[str], nulls_equal: bool = False
) -> pl.LazyFrame:
    """Pairs `a` of rows and `b` of others, equal in `on`, that apply at a common pair of stops."""
    others = others.select(
        pl.col("csv_row_number").alias("b"), pl.exclude("csv_row_number").name.suffix("_b")
    )

    def joined(wide: tuple[bool, bool], wide_b: tuple[bool, bool]) -> pl.LazyFrame:
        left = _wider(rows.rename({"csv_row_number": "a"}), *wide)
        right = others.with_columns(
            pl.col(f"{side}_station_b").alias(f"{side}_stop_id_b")
            for side, is_wide in zip(SIDES, wide_b, strict=True)
            if is_wide
        ).drop_nulls([f"{name}_b" for name in PLACE])
        keys = [*PLACE, *on]
        return left.join(
            right,
            left_on=keys,
            right_on=[f"{name}_b" for name in keys],
            nulls_equal=nulls_equal,
        ).select(
            "a", "b", "rank", *(f"{side}_{name}" for side in SIDES for name in ("stop_id", "line"))
        )

    none, one, other, both = (False, False), (True, False), (False, True), (True, True)
    return pl.concat(
        [joined(wide, none) for wide in (none, one, other, both)]
        + [joined(none, wide) for wide in (one, other, both)]
        + [joined(one, other), joined(other, one)]
    )


def _ties_of_places(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Pairs for the same trips or routes: a stop and its station, or a route too many."""
    repeated = pl.len().over([*PLACE, *WHO]) > 1
    suspects = rows.filter(repeated | pl.col("from_is_station") | pl.col("to_is_station"))
    same_key = pl.all_horizontal(pl.col(name).eq_missing(pl.col(f"{name}_b")) for name in KEY)
    keys = rows.select("csv_row_number", *KEY)
    return (
        _overlaps(rows, suspects, WHO, nulls_equal=True)
        .filter(pl.col("a") != pl.col("b"))
        .select("a", "b", "rank")
        .join(keys.rename({"csv_row_number": "a"}), on="a")
        .join(keys.select(b="csv_row_number", **{f"{name}_b": name for name in KEY}), on="b")
        .filter(~same_key)
        .select("a", "b", "rank")
    )


def _ties_of_sides(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Pairs of which one names the arriving side and the other the departing side more closely."""
    from_trip, to_trip = (pl.col(f"{side}_trip_id").is_not_null() for side in SIDES)
    from_route, to_route = (pl.col(f"{side}_route").is_not_null() for side in SIDES)

    def of(rank: int, side: pl.Expr) -> pl.LazyFrame:
        return rows.filter(pl.col("rank") == rank, side)

    ends = ["from_station", "to_station"]
    stations = [pl.coalesce(f"{side}_station", f"{side}_stop_id") for side in SIDES]

    def uncovered(pairs: pl.LazyFrame, ranks: tuple[int, ...], on: list[str]) -> pl.LazyFrame:
        """Without pairs that a row of a higher rank settles between the same stations."""
        named = pairs.select("a", "b", "rank", *PLACE)
        for letter, side in (("a", "from"), ("b", "to")):
            columns = ("trip_id", "line", "station")
            named = named.join(
                rows.select(
                    pl.col("csv_row_number").alias(letter),
                    *(pl.col(f"{side}_{column}") for column in columns),
                ),
                on=letter,
            )
        covers = rows.filter(pl.col("rank").is_in(ranks))
        keys = [*on, *ends]
        return named.with_columns(
            pl.coalesce(f"{side}_station", f"{side}_stop_id").alias(f"{side}_station")
            for side in SIDES
        ).join(
            covers.with_columns(
                expression.alias(end) for expression, end in zip(stations, ends, strict=True)
            ).select(keys),
            on=keys,
            how="anti",
        )

    trips, lines = ["from_trip_id", "to_trip_id"], ["from_line", "to_line"]
    second = _overlaps(of(2, from_trip), of(2, to_trip), lines)
    third = uncovered(_overlaps(of(3, from_trip), of(3, to_trip), []), (2,), lines)
    fifth = _overlaps(of(5, from_route), of(5, to_route), [])
    return pl.concat(
        [
            uncovered(second, (1,), trips).select("a", "b", "rank"),
            uncovered(third, (1,), trips).select("a", "b", "rank"),
            uncovered(fifth, (4,), lines).select("a", "b", "rank"),
        ]
    )


@rule(
    Severity.WARNING,
    "transfers",
    "trips",
    "routes",
    "stops",
    "stop_times",
    "calendar",
    "calendar_dates",
    group="gtfsgen",
    of="transfers",
)
def transfer_rule_never_applies(feed: Feed) -> list[Rows]:
    """A transfer names trips or routes that cannot use it.

    `no_arrival`: the arriving trip, or any of the arriving route, calls nowhere at the from stop,
    or only where it starts. `no_departure`: the departing one never calls at the to stop, or only
    where it ends. `departure_before_arrival`: the departing trip has left for the last time before
    the arriving one first comes. Mend the ids, or delete the row. Links of trips (types 4 and 5)
    have rules of their own.
    """
    rows = feed.transfers.filter(
        ~pl.col("transfer_type").fill_null(0).is_in(LINKED_TRIPS),
        pl.any_horizontal(
            pl.col(f"{side}_{what}").is_not_null()
            for side in SIDES
            for what in ("trip_id", "route_id")
        ),
    ).select("csv_row_number", *KEY)
    rows = rows.collect().lazy()
    if not rows.select(pl.len()).collect().item():
        return []
    calls = _calls(feed, rows)
    sides = {
        "from": (calls.filter(~pl.col("starts_trip")), "no_arrival"),
        "to": (calls.filter(~pl.col("ends_trip")), "no_departure"),
    }
    found = []
    usable = []
    for side, (served, reason) in sides.items():
        wanted = _side(feed, rows, side)
        used = pl.concat(
            [
                wanted.drop_nulls("trip_id").join(served, on=["called", "trip_id"]),
                wanted.filter(pl.col("trip_id").is_null())
                .drop("trip_id")
                .join(served, on=["called", "route_id"]),
            ],
            how="diagonal",
        )
        usable.append(used)
        idle = (
            wanted.join(used, on="csv_row_number", how="anti", maintain_order="left")
            .select("csv_row_number")
            .unique()
        )
        found.append(
            in_transfers(
                rows.join(idle, on="csv_row_number", how="semi", maintain_order="left").select(
                    "csv_row_number",
                    *(f"{side}_{what}" for what in ("stop_id", "trip_id", "route_id")),
                    reason=pl.lit(reason),
                )
            )
        )
    return [*found, _too_late(feed, rows, *usable)]


def _side(feed: Feed, rows: pl.LazyFrame, side: str) -> pl.LazyFrame:
    """A row per transfer that names a trip or route on this side and a stop, and per stop that is
    meant: `csv_row_number`, `trip_id`, `route_id` where no trip is named, `called`."""
    trip, route = pl.col(f"{side}_trip_id"), pl.col(f"{side}_route_id")
    named = rows.filter(trip.is_not_null() | route.is_not_null()).select(
        "csv_row_number",
        trip_id=trip,
        route_id=pl.when(trip.is_null()).then(route),
        stop_id=pl.col(f"{side}_stop_id"),
    )
    places = pl.concat(
        [
            feed.first_stops.select("stop_id", called="stop_id"),
            feed.first_stops.select(stop_id="parent_station", called="stop_id").drop_nulls(),
        ]
    )
    trips = feed.first_trips.select("trip_id")
    routes = feed.first_routes.select("route_id")
    known = pl.concat(
        [named.join(trips, on="trip_id", how="semi"), named.join(routes, on="route_id", how="semi")]
    )
    return known.join(places, on="stop_id")


def _calls(feed: Feed, rows: pl.LazyFrame) -> pl.LazyFrame:
    """The calls of trips and routes that transfers name.

    `trip_id`, `route_id`, the `called` stop, `arrival_s`,
    `departure_s`, and whether the call starts or ends the trip."""
    trips = feed.first_trips.select("trip_id", "route_id")
    named = pl.concat(
        [
            trips.join(
                rows.select(pl.col(f"{side}_{what}").alias(what)).drop_nulls().unique(),
                on=what,
                how="semi",
            )
            for side in SIDES
            for what in ("trip_id", "route_id")
        ]
    ).unique()
    return (
        feed.ordered_stop_times.join(named, on="trip_id")
        .select(
            "trip_id",
            "route_id",
            "starts_trip",
            "ends_trip",
            called="stop_id",
            arrival_s=pl.coalesce("arrival_time", "departure_time"),
            departure_s=pl.coalesce("departure_time", "arrival_time"),
        )
        .collect()
        .lazy()
    )


def _too_late(
    feed: Feed, rows: pl.LazyFrame, arriving: pl.LazyFrame, departing: pl.LazyFrame
) -> Rows:
    """Transfers between two trips of which the second runs for the last time before the first one
    comes."""
    services = feed.first_trips.select("trip_id", "service_id").join(
        feed.service_spans, on="service_id"
    )
    epoch_s = (pl.col("first_date", "last_date").cast(pl.Int64) * DAY).name.keep()
    first = (
        arriving.drop_nulls("trip_id")
        .join(services.with_columns(epoch_s), on="trip_id")
        .group_by("csv_row_number")
        .agg(first_arrival_s=(pl.col("first_date") + pl.col("arrival_s")).min())
    )
    last = (
        departing.drop_nulls("trip_id")
        .join(services.with_columns(epoch_s), on="trip_id")
        .group_by("csv_row_number")
        .agg(last_departure_s=(pl.col("last_date") + pl.col("departure_s")).max())
    )
    return in_transfers(
        rows.filter(pl.col("from_trip_id").is_not_null(), pl.col("to_trip_id").is_not_null())
        .join(first, on="csv_row_number", maintain_order="left")
        .join(last, on="csv_row_number", maintain_order="left")
        .filter(pl.col("last_departure_s") < pl.col("first_arrival_s"))
        .select(
            "csv_row_number",
            "from_stop_id",
            "from_trip_id",
            "to_stop_id",
            "to_trip_id",
            reason=pl.lit("departure_before_arrival"),
        )
    )


@rule(Severity.INFO, "transfers", group="gtfsgen", of="transfers")
def transfer_redundant_route_id(feed: Feed) -> Rows:
    """A transfer names a route beside a trip.

    The trip alone says it all: its route can only be the one it is of. Leave the route blank.
    """
    sides = [
        feed.transfers.filter(
            pl.col(f"{side}_trip_id").is_not_null(), pl.col(f"{side}_route_id").is_not_null()
        ).select(
            "csv_row_number",
            trip_field_name=pl.lit(f"{side}_trip_id"),
            trip_id=f"{side}_trip_id",
            route_field_name=pl.lit(f"{side}_route_id"),
            route_id=f"{side}_route_id",
        )
        for side in SIDES
    ]
    return in_transfers(pl.concat(sides).sort("csv_row_number", maintain_order=True))
