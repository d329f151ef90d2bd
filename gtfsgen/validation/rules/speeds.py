"""Speeds between stops that no vehicle reaches."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from gtfsgen.faults import Severity
from gtfsgen.feed import Feed
from gtfsgen.java.hash_order import bucket
from gtfsgen.route_types import KINDS
from gtfsgen.validation.engine import rule
from gtfsgen.validation.scans import speeds as speed_scan
from gtfsgen.validation.scans.distances import EARTH_RADIUS_M, haversine_m

MAX_SPEED_KMH = {0: 100, 1: 150, 2: 500, 3: 150, 4: 80, 5: 30, 6: 50, 7: 50, 11: 150, 12: 150}
MAX_SPEED_KMH |= {1100: 1_200, 1500: 150, 1600: 150}
"""By kind of vehicle; those from 1100 on are no kinds of the canonical validator."""
OTHER_MAX_SPEED_KMH = 200
FAR_KM = 10.0
TABLES = ("routes", "trips", "stop_times", "stops")
SLACK = 1.001
"""Rough distances are this much too long, so that no pair is passed over for a rounding error."""

TIME = ("departure_time", "arrival_time")
CALL = ("csv_row_number", "trip_id", "stop_id", "stop_sequence", *TIME, "starts_trip")


def speed_limit(limits: Mapping[int, int]) -> pl.Expr:
    """A route's limit in km/h by the kind of vehicle that its type is."""
    by_type = {number: limits.get(kind, OTHER_MAX_SPEED_KMH) for number, kind in KINDS.items()}
    return pl.col("route_type").replace_strict(
        list(by_type), list(by_type.values()), default=OTHER_MAX_SPEED_KMH, return_dtype=pl.Int32
    )


def _speed_limits(feed: Feed) -> pl.LazyFrame:
    """trip_id -> `trip_csv_row_number`, `route_id`, `limit_kmh`, for trips whose route is known."""
    limits = feed.first_routes.select(
        "route_id",
        limit_kmh=speed_limit(MAX_SPEED_KMH).cast(pl.Float64),
    )
    return (
        feed.first_trips.select(
            "trip_id", "route_id", pl.col("csv_row_number").alias("trip_csv_row_number")
        )
        .join(limits, on="route_id", how="inner", maintain_order="left")
        .collect()
        .lazy()
    )


def _scan(feed: Feed) -> speed_scan.Scan:
    """Which pairs of neighbouring stop times, and which trips, may be too fast."""
    calls = feed.ordered_stop_times.select("trip_id", "stop_id", *TIME, "starts_trip").collect()
    return speed_scan.scan(
        calls, feed.shared(_speed_limits).collect(), feed.stop_positions.collect()
    )


def _patchy_calls(feed: Feed) -> pl.LazyFrame:
    """Stop times of trips that lack some times or positions, with the trip's limit and rough
    positions.

    Positions are radians, null if there is none.
    """
    limits = feed.shared(_speed_limits).select("trip_id", "limit_kmh")
    positions = feed.stop_positions.select(
        "stop_id", phi=pl.col("lat").radians(), theta=pl.col("lon").radians()
    )
    return (
        feed.ordered_stop_times.join(
            feed.shared(_scan).patchy_trips.lazy(), on="trip_id", how="semi", maintain_order="left"
        )
        .select(*CALL, "ends_trip")
        .join(limits, on="trip_id", how="inner", maintain_order="left")
        .join(positions, on="stop_id", how="left", maintain_order="left")
        .collect()
        .lazy()
    )


def _rough_km(phi: pl.Expr, theta: pl.Expr) -> pl.Expr:
    """A distance from differences of latitude and longitude in radians, never shorter than the
    true one.
    """
    return (phi * phi + theta * theta).sqrt() * (EARTH_RADIUS_M / 1000 * SLACK)


def _elapsed_s(start: pl.Expr, end: pl.Expr) -> pl.Expr:
    """Seconds for a leg: times given to the minute may hide almost another minute."""
    elapsed = end - start + 60 * ((end % 60 == 0) & (start % 60 == 0)).cast(pl.Int32)
    return pl.when(elapsed > 0).then(elapsed).otherwise(60)


@rule(Severity.WARNING, *TABLES, at="stop_times")
def fast_travel_between_consecutive_stops(feed: Feed) -> pl.LazyFrame:
    """A trip is too fast from one stop to the next.

    As the crow flies and with a minute to spare it is still faster than vehicles of its kind can
    be: 500 km/h for trains, 150 for buses and metros, 100 for trams, less for ferries and cable
    cars. A position or a time is wrong.
    """
    pairs = pl.concat([_plain_pairs(feed), _patchy_pairs(feed)], how="diagonal")
    exact = _with_exact_distance(feed, pairs).filter(pl.col("speed_kph") > pl.col("limit_kmh"))
    return _particulars(feed, exact, as_first_alike=feed.strict)


START = ("csv_row_number", "stop_sequence", "stop_id", "departure_time")


def _plain_pairs(feed: Feed) -> pl.LazyFrame:
    """The pairs of neighbouring stop times that the scan suspects."""
    ends = feed.shared(_scan).pairs
    calls = feed.ordered_stop_times.select(CALL).collect()
    limits = feed.shared(_speed_limits).select("trip_id", "limit_kmh")
    starts = calls[ends - 1].select(pl.col(START).name.prefix("start_"))
    return (
        calls[ends]
        .hstack(starts)
        .lazy()
        .join(limits, on="trip_id", how="left", maintain_order="left")
    )


def _patchy_pairs(feed: Feed) -> pl.LazyFrame:
    """Pairs of stop times to compare where some lack a time or a position.

    Stops without position or arrival are stepped over; a start without departure is never left.
    """
    located = pl.col("phi").is_not_null()
    kept = feed.shared(_patchy_calls).filter(
        pl.col("starts_trip") | (located & pl.col("arrival_time").is_not_null())
    )
    stuck = pl.col("departure_time").is_null() | ~located
    columns = (*START, "phi", "theta")
    rough = _rough_km(pl.col("phi") - pl.col("start_phi"), pl.col("theta") - pl.col("start_theta"))
    elapsed = _elapsed_s(pl.col("start_departure_time"), pl.col("arrival_time"))
    return (
        kept.with_columns(
            pl.col(columns).shift(1).name.prefix("start_"),
            stuck=(stuck.cum_sum().over("trip_id").shift(1) > 0).fill_null(False),
        )
        .filter(~pl.col("starts_trip"), ~pl.col("stuck"))
        .filter(rough * 3600 > pl.col("limit_kmh") * elapsed)
    )


def _with_exact_distance(feed: Feed, pairs: pl.LazyFrame) -> pl.LazyFrame:
    positions = feed.stop_positions
    start = positions.select(start_stop_id="stop_id", start_lat="lat", start_lon="lon")
    seconds = _elapsed_s(pl.col("start_departure_time"), pl.col("arrival_time"))
    return (
        pairs.join(positions, on="stop_id", how="left", maintain_order="left")
        .join(start, on="start_stop_id", how="left", maintain_order="left")
        .with_columns(distance_km=haversine_m("start_lat", "start_lon", "lat", "lon") / 1000)
        .with_columns(speed_kph=pl.col("distance_km") * 3600 / seconds)
    )


def _particulars(feed: Feed, pairs: pl.LazyFrame, *, as_first_alike: bool) -> pl.LazyFrame:
    """The notices of pairs of stop times."""
    names = feed.first_stops.select("stop_id", "stop_name")
    trips = feed.shared(_speed_limits).select("trip_id", "trip_csv_row_number", "route_id")
    found = pairs.select(
        "trip_id",
        "speed_kph",
        "distance_km",
        pl.col("start_csv_row_number").alias("csv_row_number1"),
        pl.col("start_stop_sequence").alias("stop_sequence1"),
        pl.col("start_stop_id").alias("stop_id1"),
        pl.col("start_departure_time").alias("departure_time1"),
        pl.col("csv_row_number").alias("csv_row_number2"),
        pl.col("stop_sequence").alias("stop_sequence2"),
        pl.col("stop_id").alias("stop_id2"),
        pl.col("arrival_time").alias("arrival_time2"),
    ).collect()
    if as_first_alike and found.height:
        found = _as_in_first_alike(feed, found)
    return (
        found.lazy()
        .join(trips, on="trip_id", how="left", maintain_order="left")
        .join(
            names.rename({"stop_id": "stop_id1", "stop_name": "stop_name1"}),
            on="stop_id1",
            how="left",
            maintain_order="left",
        )
        .join(
            names.rename({"stop_id": "stop_id2", "stop_name": "stop_name2"}),
            on="stop_id2",
            how="left",
            maintain_order="left",
        )
        .select(
            "trip_csv_row_number",
            "trip_id",
            "route_id",
            "speed_kph",
            "distance_km",
            "csv_row_number1",
            "stop_sequence1",
            "stop_id1",
            "stop_name1",
            "departure_time1",
            "csv_row_number2",
            "stop_sequence2",
            "stop_id2",
            "stop_name2",
            "arrival_time2",
        )
    )


def _as_in_first_alike(feed: Feed, found: pl.DataFrame) -> pl.DataFrame:
    """Replace rows and sequences by those of the first trip with the same calls and route."""
    trips = found.select("trip_id").unique()
    routes = feed.shared(_speed_limits).select("trip_id", "route_id", "trip_csv_row_number")
    calls = (
        feed.ordered_stop_times.select(
            "trip_id", "stop_id", *TIME, "csv_row_number", "stop_sequence"
        )
        .join(trips.lazy(), on="trip_id", how="semi", maintain_order="left")
        .collect()
    )
    starts = (calls["trip_id"] != calls["trip_id"].shift(1)).fill_null(True).arg_true()
    alike = (
        calls[starts]
        .select("trip_id", "csv_row_number", calls=speed_scan.fingerprints(calls, starts))
        .join(routes.collect(), on="trip_id", how="left", maintain_order="left")
        .filter(pl.len().over("calls", "route_id") > 1)
    )
    if not alike.height:
        return found
    trips_of_feed = feed.trip_spans.select(pl.len()).collect().item()
    buckets = [bucket(trip_id, trips_of_feed) for trip_id in alike["trip_id"].cast(pl.String)]
    models = (
        alike.with_columns(bucket=pl.Series(buckets, dtype=pl.UInt32))
        .sort("bucket", "csv_row_number")
        .select("trip_id", first=pl.col("trip_id").first().over("calls", "route_id"))
        .filter(pl.col("trip_id") != pl.col("first"))
    )
    calls = calls.filter(
        pl.col("trip_id").is_in(models["trip_id"].implode())
        | pl.col("trip_id").is_in(models["first"].implode())
    )
    place = calls.with_columns(place=pl.int_range(pl.len()).over("trip_id"))
    own = place.select("trip_id", "csv_row_number", "place")
    model = place.select(
        first="trip_id", place="place", model_row="csv_row_number", model_sequence="stop_sequence"
    )
    found = found.join(models, on="trip_id", how="left", maintain_order="left")
    for end in ("1", "2"):
        found = (
            found.join(
                own.rename({"csv_row_number": f"csv_row_number{end}"}),
                on=["trip_id", f"csv_row_number{end}"],
                how="left",
                maintain_order="left",
            )
            .join(model, on=["first", "place"], how="left", maintain_order="left")
            .with_columns(
                pl.col("model_row")
                .fill_null(pl.col(f"csv_row_number{end}"))
                .alias(f"csv_row_number{end}"),
                pl.col("model_sequence")
                .fill_null(pl.col(f"stop_sequence{end}"))
                .alias(f"stop_sequence{end}"),
            )
            .drop("place", "model_row", "model_sequence")
        )
    return found


@rule(Severity.WARNING, *TABLES, at="stop_times")
def fast_travel_between_far_stops(feed: Feed) -> pl.LazyFrame:
    """A trip covers more than 10 km too fast, over several stops.

    Single legs may pass for rounding; over 10 km and more no rounding explains it. One pair of
    stops is named per trip.
    """
    pairs = pl.concat(
        [
            _far_pairs(feed, feed.shared(_scan).trips),
            _far_pairs(feed, _patchy_suspects(feed)),
        ]
    )
    return _particulars(feed, pairs.lazy(), as_first_alike=False)


def _patchy_suspects(feed: Feed) -> pl.DataFrame:
    """Of the trips with gaps, those with a pair of stop times that may be too fast."""
    calls = feed.shared(_patchy_calls).with_columns(
        pl.col("phi", "theta").forward_fill().over("trip_id").fill_null(0.0)
    )
    step = _rough_km(
        pl.col("phi") - pl.col("phi").shift(1), pl.col("theta") - pl.col("theta").shift(1)
    )
    along = calls.with_columns(
        along_km=pl.when(pl.col("starts_trip")).then(0.0).otherwise(step).fill_null(0.0).cum_sum()
    )
    per_second = pl.col("limit_kmh") / 3600
    ahead = pl.col("along_km") - per_second * pl.col("arrival_time")
    behind = pl.col("along_km") - per_second * pl.col("departure_time")
    lowest = behind.cum_min().forward_fill().shift(1).over("trip_id")
    return along.filter((ahead - lowest) > -1e-6).select("trip_id").unique().collect()


def _far_pairs(feed: Feed, suspects: pl.DataFrame) -> pl.DataFrame:
    """The first pair of stop times more than 10 km apart that is too fast, for each suspected
    trip.
    """
    limits = feed.shared(_speed_limits).select("trip_id", "limit_kmh")
    positions = feed.stop_positions.with_columns(known=pl.lit(value=True))
    calls = (
        feed.ordered_stop_times.select(CALL)
        .join(suspects.lazy(), on="trip_id", how="semi", maintain_order="left")
        .join(limits, on="trip_id", how="inner", maintain_order="left")
        .join(positions, on="stop_id", how="left", maintain_order="left")
        .with_row_index("place")
        .collect()
    )
    pairs = speed_scan.far_pairs(calls, _leg_km(calls), FAR_KM)
    first_ends = calls.select(
        start="place",
        start_csv_row_number="csv_row_number",
        start_stop_sequence="stop_sequence",
        start_stop_id="stop_id",
        start_departure_time="departure_time",
    )
    return pairs.join(first_ends, on="start", how="left", maintain_order="left").join(
        calls.rename({"place": "end"}), on="end", how="left", maintain_order="left"
    )


def _leg_km(calls: pl.DataFrame) -> pl.Series:
    """Distance of each stop time from the one before, over stops without a position."""
    filled = calls.select(
        pl.when("starts_trip")
        .then(pl.col("lat").fill_null(0.0))
        .otherwise("lat")
        .forward_fill()
        .alias("lat"),
        pl.when("starts_trip")
        .then(pl.col("lon").fill_null(0.0))
        .otherwise("lon")
        .forward_fill()
        .alias("lon"),
        "starts_trip",
    ).with_columns(pl.col("lat", "lon").shift(1).name.prefix("start_"))
    legs = filled.select(
        pl.when("starts_trip")
        .then(0.0)
        .otherwise(haversine_m("start_lat", "start_lon", "lat", "lon") / 1000)
    )
    return legs.to_series()
