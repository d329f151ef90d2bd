"""Linked trips: transfers of types 4 and 5, by which one vehicle goes on as another trip.

How a link finds its date is told in `gtfsgen/timetable/links.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

import polars as pl

from gtfsgen.clocks import DAY
from gtfsgen.faults import Severity
from gtfsgen.feed import Feed
from gtfsgen.findings import Rows
from gtfsgen.schema import IN_SEAT, LINKED_TRIPS
from gtfsgen.timetable.joints import (
    SIDES,
    block_trips,
    dated_joints,
    has_links,
    joints,
    service_dates,
)
from gtfsgen.validation.engine import Result, rule
from gtfsgen.validation.rules.stops import vehicle_name
from gtfsgen.validation.scans.distances import point_distance_m

LONG_WAIT_S = 120 * 60
FAR_APART_M = 2_000
NONE_AVAILABLE = 1
"""pickup_type and drop_off_type: riders may not board or alight."""
Check = Callable[[Feed], Result]


def link_rule(severity: Severity, *needs: str) -> Callable[[Check], Check]:
    """A rule about links, which costs nothing in a feed that has none."""

    def register(function: Check) -> Check:
        @wraps(function)
        def guarded(feed: Feed) -> Result:
            return function(feed) if has_links(feed) else []

        tables = ("transfers", "trips", "stop_times", *needs)
        return rule(severity, *tables, group="gtfsgen")(guarded)

    return register


def in_transfers(frame: pl.LazyFrame, severity: Severity | None = None) -> Rows:
    return Rows(frame, {"filename": "transfers.txt"}, severity=severity)


def _sides(rows: pl.LazyFrame) -> pl.LazyFrame:
    """A row per link and side: `trip_id`, the `stop_id` given, and the `joint_stop_id` where the
    trips meet."""
    joints = {"from": "last_stop_id", "to": "first_stop_id"}
    return pl.concat(
        [
            rows.select(
                "csv_row_number",
                trip_id_field_name=pl.lit(f"{side}_trip_id"),
                trip_id=f"{side}_trip_id",
                stop_id_field_name=pl.lit(f"{side}_stop_id"),
                stop_id=f"{side}_stop_id",
                joint_stop_id=joint,
            )
            for side, joint in joints.items()
        ]
    )


# Dates


@link_rule(Severity.ERROR, "calendar", "calendar_dates")
def linked_trips_dates_never_meet(feed: Feed) -> Rows:
    """Two linked trips never run one after the other.

    The second trip must run on the service day of the first, or `daysLater` service days after it
    where its first departure is the smaller number. There is no such pair of dates, so nobody can
    stay aboard. Mend the calendars, or the times: a chain that passes midnight is safest on the
    first trip's service day, with times past 24:00:00. Services without any date are left to other
    rules.
    """
    running = (pl.col("from_dates") > 0) & (pl.col("to_dates") > 0)
    return in_transfers(
        dated_joints(feed)
        .lazy()
        .filter(running, pl.col("dates") == 0)
        .select(
            "csv_row_number",
            "from_trip_id",
            "from_service_id",
            "to_trip_id",
            "to_service_id",
            "days_later",
        )
    )


def _uncovered(feed: Feed, side: str) -> Rows:
    """Trips of a side that have links, with the days on which none of these resolves.

    A trip none of whose links ever resolves is not among them.
    """
    service, trip = f"{side}_service_id", f"{side}_trip_id"
    held = {"from": "dates", "to": "later_dates"}[side]
    trips = (
        dated_joints(feed)
        .group_by(trip, maintain_order=True)
        .agg(
            pl.col("csv_row_number", service).first(),
            own=pl.col(f"{side}_dates").first(),
            held=pl.col(held).filter(pl.col(held) > 0).unique().sort(),
        )
        .filter(pl.col("held").list.len() > 0)
    )
    dates = service_dates(feed)
    rest = dates.sets.withouts(trips["own"], trips["held"])
    return in_transfers(
        trips.select("csv_row_number", trip, service)
        .with_columns(
            uncovered_dates=dates.count_of(rest), first_uncovered_date=dates.first_of(rest)
        )
        .filter(pl.col("uncovered_dates") > 0)
        .lazy()
    )


@link_rule(Severity.WARNING, "calendar", "calendar_dates")
def linked_trips_from_date_uncovered(feed: Feed) -> Rows:
    """A trip that goes on as another one runs on dates on which it does not.

    Its links hold on some of its dates only. OpenTripPlanner then takes the next run of the second
    trip, of whatever day, and seats a Tuesday's rider in Wednesday's coach. Make two trips of it:
    one for the days with the through coach, one for the others. Links that never hold are left to
    `linked_trips_dates_never_meet`.
    """
    return _uncovered(feed, "from")


@link_rule(Severity.INFO, "calendar", "calendar_dates")
def linked_trips_to_date_uncovered(feed: Feed) -> Rows:
    """A trip that continues another one runs also on dates on which nothing comes before it.

    Legal, and often right: the second train runs daily, the through coach does not. Look whether a
    feeder was forgotten on these dates.
    """
    return _uncovered(feed, "to")


def _service_conflicts(feed: Feed, side: str) -> Rows:
    """Links of one trip whose trips on the other side are of services that share a date with an
    earlier row's."""
    other = "to" if side == "from" else "from"
    trip, service = f"{side}_trip_id", f"{other}_service_id"
    columns = ["csv_row_number", trip, f"{other}_trip_id", service]
    firsts = (
        joints(feed)
        .filter(pl.col(service).n_unique().over(trip) > 1)
        .unique([trip, service], keep="first", maintain_order=True)
        .select(columns)
    )
    earlier = firsts.select(trip, pl.all().exclude(trip).name.prefix("other_"))
    pairs = firsts.join(earlier, on=trip).filter(
        pl.col("other_csv_row_number") < pl.col("csv_row_number")
    )
    dates = service_dates(feed)
    known = dates.services.lazy()
    met = (
        pairs.select(service, f"other_{service}")
        .unique(maintain_order=True)
        .join(known.rename({"service_id": service, "dates": "one"}), on=service)
        .join(
            known.rename({"service_id": f"other_{service}", "dates": "another"}),
            on=f"other_{service}",
        )
        .collect()
    )
    same_day = pl.repeat(0, met.height, dtype=pl.Int32, eager=True)
    both = dates.sets.meets(met["one"], met["another"], same_day)
    shared = (
        met.select(service, f"other_{service}")
        .with_columns(first_shared_date=dates.first_of(both))
        .drop_nulls("first_shared_date")
        .lazy()
    )
    conflicts = (
        pairs.join(shared, on=[service, f"other_{service}"])
        .sort("csv_row_number", "other_csv_row_number")
        .unique([trip, service], keep="first", maintain_order=True)
        .drop("csv_row_number", f"{other}_trip_id")
    )
    return in_transfers(
        joints(feed)
        .join(conflicts, on=[trip, service], maintain_order="left")
        .select(
            *columns,
            "other_csv_row_number",
            f"other_{other}_trip_id",
            f"other_{service}",
            "first_shared_date",
        )
    )


@link_rule(Severity.ERROR, "calendar", "calendar_dates")
def linked_trips_split_service_conflict(feed: Feed) -> Rows:
    """A trip splits into trips of different services that share a date.

    Where a train is split on one day, the parts that go on must have the identical service_id;
    continuations of different days must be of services that never share a date. Otherwise nobody
    can tell whether the parts run together or instead of each other.
    """
    return _service_conflicts(feed, "from")


@link_rule(Severity.ERROR, "calendar", "calendar_dates")
def linked_trips_join_service_conflict(feed: Feed) -> Rows:
    """Trips of different services that share a date join into one trip.

    Where parts are joined to one train on one day, all of them must have the identical service_id;
    feeders of different days must be of services that never share a date. A part that started the
    day before is written on the earliest service day, with times past 24:00:00.
    """
    return _service_conflicts(feed, "to")


@link_rule(Severity.INFO)
def linked_trips_next_service_day(feed: Feed) -> Rows:
    """A trip goes on as a trip of the next service day.

    Legal: the second trip's first departure is the smaller number, so it is that of the day after.
    Listed for review, because planners differ in what they make of it; times past 24:00:00 on one
    service day are read alike by all.
    """
    return in_transfers(_shifted(feed, pl.col("days_later") == 1))


@link_rule(Severity.WARNING)
def linked_trips_multi_day_shift(feed: Feed) -> Rows:
    """A trip goes on as a trip two or more service days later.

    The first trip arrives more than a day after the second departs, each counted on its own service
    day. Whether planners follow so far is not known. Write both on one service day, with times past
    24:00:00.
    """
    return in_transfers(_shifted(feed, pl.col("days_later") > 1))


def _shifted(feed: Feed, condition: pl.Expr) -> pl.LazyFrame:
    return (
        joints(feed)
        .filter(condition)
        .select(
            "csv_row_number",
            "from_trip_id",
            "arrival_time",
            "to_trip_id",
            "departure_time",
            "days_later",
        )
    )


@link_rule(Severity.WARNING)
def linked_trips_long_wait(feed: Feed) -> Rows:
    """Two hours or more pass between a trip and the one it goes on as.

    MOTIS drops links with waits of 120 minutes or more, so that the through coach is lost there. A
    block_id without transfers of type 4 keeps it. A very long wait may also mean that the wrong
    trips are linked.
    """
    return in_transfers(
        joints(feed)
        .filter(pl.col("wait_s") >= LONG_WAIT_S)
        .select(
            "csv_row_number",
            "from_trip_id",
            "arrival_time",
            "to_trip_id",
            "departure_time",
            "days_later",
            wait_minutes=pl.col("wait_s") // 60,
        )
    )


# Places


@link_rule(Severity.WARNING, "stops")
def linked_trips_stops_far_apart(feed: Feed) -> Rows:
    """Linked trips meet at stops more than 2 km apart.

    One vehicle runs both trips, so the first must end where the second starts. Probably one of the
    trips is the wrong one, or a stop is misplaced.
    """
    rows = joints(feed)
    for end in ("last", "first"):
        rows = rows.join(
            feed.stop_positions.select(pl.all().name.prefix(f"{end}_")),
            on=f"{end}_stop_id",
            how="left",
            maintain_order="left",
        )
    distance = point_distance_m("last_lat", "last_lon", "first_lat", "first_lon")
    return in_transfers(
        rows.with_columns(distance_m=distance)
        .filter(pl.col("distance_m") > FAR_APART_M)
        .select(
            "csv_row_number",
            "from_trip_id",
            "last_stop_id",
            "to_trip_id",
            "first_stop_id",
            distance_km=(pl.col("distance_m") / 1000).round(3),
        )
    )


@link_rule(Severity.INFO, "stops")
def linked_trips_stops_differ(feed: Feed) -> Rows:
    """Linked trips meet at different stops that do not belong to one station.

    Planners and people follow a through coach best where both trips call at the same stop. Use one
    stop_id, or give both stops the same parent_station.
    """
    rows = joints(feed).filter(pl.col("last_stop_id") != pl.col("first_stop_id"))
    for end in ("last", "first"):
        rows = rows.join(
            feed.first_stops.select(
                pl.col("stop_id").alias(f"{end}_stop_id"),
                pl.col("parent_station").alias(f"{end}_parent_station"),
            ),
            on=f"{end}_stop_id",
            how="left",
            maintain_order="left",
        )
    same = (pl.col("last_parent_station") == pl.col("first_parent_station")).fill_null(False)
    return in_transfers(
        rows.filter(~same).select(
            "csv_row_number", "from_trip_id", "last_stop_id", "to_trip_id", "first_stop_id"
        )
    )


@rule(Severity.WARNING, "transfers", group="gtfsgen", of="transfers")
def linked_trips_without_stop_ids(feed: Feed) -> Rows:
    """A link of trips lacks from_stop_id or to_stop_id.

    Legal for types 4 and 5, but OpenTripPlanner cannot do without them. Name the last stop of the
    first trip and the first stop of the second.
    """
    linked = pl.col("transfer_type").is_in(LINKED_TRIPS)
    without = pl.col("from_stop_id").is_null() | pl.col("to_stop_id").is_null()
    return in_transfers(
        feed.transfers.filter(linked, without).select(
            "csv_row_number", "from_trip_id", "from_stop_id", "to_trip_id", "to_stop_id"
        )
    )


@link_rule(Severity.ERROR)
def linked_trips_stop_not_trip_end(feed: Feed) -> Rows:
    """A link names a stop that is not where the first trip ends or the second starts.

    Planners disagree then: MOTIS joins the trips at their ends, OpenTripPlanner at the stops named.
    Where coaches leave a train on its way, split the train's trip at that station.
    """
    return in_transfers(
        _sides(joints(feed))
        .filter(pl.col("stop_id") != pl.col("joint_stop_id"))
        .select(
            "csv_row_number",
            "trip_id_field_name",
            "trip_id",
            "stop_id_field_name",
            "stop_id",
            expected_stop_id="joint_stop_id",
        )
        .sort("csv_row_number", maintain_order=True)
    )


def _ends_of_joints(feed: Feed) -> pl.LazyFrame:
    """Links of type 4 with `last_` and `first_` `pickup_type` and `drop_off_type` of the ends."""
    rows = joints(feed).filter(pl.col("transfer_type") == IN_SEAT)
    ends = rows.select(pl.concat_list("last_row", "first_row").explode().unique()).collect()
    calls = feed.stop_times.filter(
        pl.col("csv_row_number").is_in(ends.to_series().drop_nulls().implode())
    ).select("csv_row_number", "pickup_type", "drop_off_type")
    for end in ("last", "first"):
        rows = rows.join(
            calls.select(
                pl.col("csv_row_number").alias(f"{end}_row"),
                pl.col("pickup_type", "drop_off_type").fill_null(0).name.prefix(f"{end}_"),
            ),
            on=f"{end}_row",
            maintain_order="left",
        )
    return rows


@link_rule(Severity.WARNING)
def linked_trips_joint_not_routable(feed: Feed) -> Rows:
    """Riders stay aboard at a joint where they may not alight, or where they may not board.

    OpenTripPlanner drops a link of type 4 when the first trip ends with drop_off_type 1 or the
    second starts with pickup_type 1. Set both to 0.
    """
    closed = (pl.col("last_drop_off_type") == NONE_AVAILABLE) | (
        pl.col("first_pickup_type") == NONE_AVAILABLE
    )
    return in_transfers(
        _ends_of_joints(feed)
        .filter(closed)
        .select(
            "csv_row_number",
            "from_trip_id",
            "to_trip_id",
            drop_off_type="last_drop_off_type",
            pickup_type="first_pickup_type",
        )
    )


@link_rule(Severity.INFO)
def linked_trips_joint_boarding_lost(feed: Feed) -> Rows:
    """The first trip ends with pickup_type 1, though riders may board the second there.

    MOTIS makes one journey of trips linked by type 4; boarding at the joint then follows the last
    stop time of the first trip. Set its pickup_type to 0.
    """
    lost = (pl.col("last_pickup_type") == NONE_AVAILABLE) & (
        pl.col("first_pickup_type") != NONE_AVAILABLE
    )
    return in_transfers(
        _ends_of_joints(feed).filter(lost).select("csv_row_number", "from_trip_id", "to_trip_id")
    )


# What is linked


@link_rule(Severity.ERROR)
def linked_trips_self_link(feed: Feed) -> list[Rows]:
    """A trip goes on as itself.

    On the same service day that cannot be. On a later one it can, but is rarely meant; then this is
    a warning.
    """
    itself = joints(feed).filter(pl.col("from_trip_id") == pl.col("to_trip_id"))
    columns = ["csv_row_number", pl.col("from_trip_id").alias("trip_id"), "days_later"]
    later = pl.col("days_later") >= 1
    return [
        in_transfers(itself.filter(~later.fill_null(False)).select(columns)),
        in_transfers(itself.filter(later).select(columns), Severity.WARNING),
    ]


@link_rule(Severity.ERROR, "calendar", "calendar_dates")
def linked_trips_cycle(feed: Feed) -> Rows | list[Rows]:
    """Following links of one service day leads back to a trip that has run already.

    A vehicle cannot start a trip of a day twice. One of the links is wrong. Trips that take time
    and go forward in it cannot form such a ring; look at their times too.
    """
    spans = feed.trip_spans.select(
        "trip_id",
        duration_s=pl.coalesce("last_arrival_time", "last_departure_time")
        - pl.coalesce("first_departure_time", "first_arrival_time"),
    )
    same_day = joints(feed).filter(pl.col("days_later") == 0)
    # Times around a ring add up to nothing and no wait is negative: some trip takes no time.
    instant = spans.filter(pl.col("duration_s") <= 0).join(
        same_day, left_on="trip_id", right_on="from_trip_id", how="semi"
    )
    if not instant.collect().height:
        return []
    sets = service_dates(feed).sets
    linked = dated_joints(feed).filter(pl.col("days_later") == 0, pl.col("dates") > 0)
    used = linked["dates"].unique()
    days = pl.Series([list(sets[each]) for each in used.to_list()], dtype=pl.List(pl.Date))
    edges = (
        linked.join(pl.DataFrame({"dates": used, "date": days}), on="dates", maintain_order="left")
        .select("csv_row_number", "from_trip_id", "to_trip_id", "date")
        .explode("date")
    )
    height = -1
    while edges.height != height:
        height = edges.height
        edges = edges.join(
            edges, left_on=["from_trip_id", "date"], right_on=["to_trip_id", "date"], how="semi"
        )
        edges = edges.join(
            edges, left_on=["to_trip_id", "date"], right_on=["from_trip_id", "date"], how="semi"
        )
    found = edges.group_by("csv_row_number", "from_trip_id", "to_trip_id").agg(pl.col("date").min())
    return in_transfers(found.lazy().sort("csv_row_number"))


@rule(Severity.ERROR, "transfers", group="gtfsgen", of="transfers")
def linked_trips_type_conflict(feed: Feed) -> Rows:
    """A pair of trips is linked in two ways, or linked in one row and a plain transfer in another.

    Riders either stay aboard (type 4), or get off and board again (5), or change (0 to 3). Keep one
    row. Told at every row that differs from the pair's first link.
    """
    pair = ["from_trip_id", "to_trip_id"]
    kind = pl.col("transfer_type").fill_null(0)
    rows = feed.transfers.filter(
        pl.col("from_trip_id").is_not_null(), pl.col("to_trip_id").is_not_null(), kind >= 0
    ).select("csv_row_number", *pair, transfer_type=kind)
    links = rows.filter(pl.col("transfer_type").is_in(LINKED_TRIPS)).unique(
        pair, keep="first", maintain_order=True
    )
    others = links.select(
        *pair, other_csv_row_number="csv_row_number", other_transfer_type="transfer_type"
    )
    return in_transfers(
        rows.join(others, on=pair, maintain_order="left")
        .filter(pl.col("transfer_type") != pl.col("other_transfer_type"))
        .select(
            "csv_row_number", *pair, "transfer_type", "other_csv_row_number", "other_transfer_type"
        )
    )


@link_rule(Severity.WARNING, "routes")
def linked_trips_route_type_mismatch(feed: Feed) -> Rows:
    """Linked trips are of different kinds of vehicle.

    One vehicle runs both, and it cannot be a bus and a train. Looks at the routes of the trips;
    `inconsistent_route_type_for_in_seat_transfer` sees only rows that name routes.
    """
    rows = joints(feed)
    for side in SIDES:
        rows = rows.join(
            feed.first_routes.select(
                pl.col("route_id").alias(f"{side}_route_id"),
                vehicle_name.alias(f"{side}_route_type"),
            ),
            on=f"{side}_route_id",
            maintain_order="left",
        )
    return in_transfers(
        rows.filter(pl.col("from_route_type") != pl.col("to_route_type")).select(
            "csv_row_number", "from_trip_id", "from_route_type", "to_trip_id", "to_route_type"
        )
    )


@link_rule(Severity.WARNING, "calendar", "calendar_dates")
def linked_trips_block_conflict(feed: Feed) -> list[Rows]:
    """Links and blocks disagree about what a vehicle does next.

    Either the two trips are not of one block, or the block has another trip between them on a date
    on which they are linked. Planners take the link; give linked trips one block_id, or none.
    """
    blocks = [pl.col("from_block_id"), pl.col("to_block_id")]
    shown = ["csv_row_number", "from_trip_id", "from_block_id", "to_trip_id", "to_block_id"]
    others = block_trips(feed).lazy()
    between = (
        dated_joints(feed)
        .lazy()
        .filter(blocks[0] == blocks[1])
        .join(
            others.select(
                "start", other_dates="dates", from_block_id="block_id", other_trip_id="trip_id"
            ),
            on="from_block_id",
            maintain_order="left",
        )
        .filter(
            pl.col("other_trip_id") != pl.col("from_trip_id"),
            pl.col("other_trip_id") != pl.col("to_trip_id"),
            pl.col("start") >= pl.col("arrival_time"),
            pl.col("start") < pl.col("departure_time") + pl.col("days_later") * DAY,
        )
        .collect()
    )
    dates = service_dates(feed)
    same_day = pl.repeat(0, between.height, dtype=pl.Int32, eager=True)
    met = dates.sets.meets(between["dates"], between["other_dates"], same_day)
    between = between.with_columns(date=dates.first_of(met)).drop_nulls("date")
    return [
        in_transfers(joints(feed).filter(blocks[0].ne_missing(blocks[1])).select(shown)),
        in_transfers(
            between.lazy()
            .unique("csv_row_number", keep="first", maintain_order=True)
            .select(*shown, "other_trip_id", "date")
        ),
    ]


@link_rule(Severity.ERROR, "frequencies")
def linked_trips_frequency_based(feed: Feed) -> Rows:
    """A linked trip is run by headway.

    frequencies.txt makes many runs of it, and nothing says which of them goes on. Write the runs as
    trips of their own.
    """
    runs = feed.frequencies.group_by("trip_id").agg(
        other_csv_row_number=pl.col("csv_row_number").min()
    )
    return in_transfers(
        _sides(joints(feed))
        .join(runs, on="trip_id", maintain_order="left")
        .select("csv_row_number", "trip_id_field_name", "trip_id", "other_csv_row_number")
        .sort("csv_row_number", maintain_order=True)
    )


@link_rule(
    Severity.INFO,
    "fare_leg_rules",
    "fare_leg_join_rules",
    "networks",
    "route_networks",
    "routes",
    "stops",
)
def linked_trips_fare_legs_not_joined(feed: Feed) -> Rows | list[Rows]:
    """A ride over linked trips counts as two fare legs.

    A leg is a ride in one trip, so a through coach is two of them unless fare_leg_join_rules.txt
    joins the networks of the two trips, everywhere or at the stops where they meet. Asked only of
    feeds with fare_leg_rules.txt.
    """
    if not feed.height("fare_leg_rules"):
        return []
    networks = pl.concat(
        [
            feed.route_networks.select("route_id", "network_id"),
            feed.routes.select("route_id", "network_id"),
        ]
    ).drop_nulls()
    parents = feed.first_stops.select("stop_id", "parent_station")
    rows = joints(feed)
    for side, stop in (("from", "last_stop_id"), ("to", "first_stop_id")):
        rows = rows.join(
            networks.rename({"route_id": f"{side}_route_id", "network_id": f"{side}_network_id"}),
            on=f"{side}_route_id",
            how="left",
            maintain_order="left",
        ).join(
            parents.rename({"stop_id": stop, "parent_station": f"{side}_station"}),
            on=stop,
            how="left",
            maintain_order="left",
        )
    joins = feed.fare_leg_join_rules.select(
        "from_network_id", "to_network_id", from_place="from_stop_id", to_place="to_stop_id"
    )

    def at(place: str, stop: str, station: str) -> pl.Expr:
        blank = pl.col(place).is_null()
        return blank | (pl.col(place) == pl.col(stop)) | (pl.col(place) == pl.col(station))

    joined = rows.join(joins, on=["from_network_id", "to_network_id"]).filter(
        at("from_place", "last_stop_id", "from_station"),
        at("to_place", "first_stop_id", "to_station"),
    )
    return in_transfers(
        rows.join(joined, on="csv_row_number", how="anti", maintain_order="left")
        .unique("csv_row_number", keep="first", maintain_order=True)
        .select("csv_row_number", "from_trip_id", "from_network_id", "to_trip_id", "to_network_id")
    )
