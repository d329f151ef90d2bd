"""The frames of one feed, and questions about them: see `gtfsgen.timetable`."""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import date, timedelta
from functools import cached_property

import numpy as np
import polars as pl

from gtfsgen.clocks import DAY
from gtfsgen.dates import EPOCH, Dates
from gtfsgen.feed import Feed
from gtfsgen.route_types import RAILS
from gtfsgen.timetable import lines as line_frames
from gtfsgen.timetable.columns import highest, nullable, numbers, places, ranges, table
from gtfsgen.timetable.links import links_of, vehicles_of
from gtfsgen.timetable.local import LocalClocks, clock_text
from gtfsgen.timetable.patterns import Patterns, patterns_of
from gtfsgen.timetable.services import services
from gtfsgen.timetable.sets import DateSets
from gtfsgen.timetable.stops import agency_zone, stops
from gtfsgen.timetable.trains import Courses, courses_of, rides_of, trains_of

__all__ = ["Timetable", "timetable_of", "timetable_of_tables"]


def timetable_of(feed: Feed) -> Timetable:
    """The timetable of a feed that has been read."""
    return Timetable(feed)


def timetable_of_tables(tables: Mapping[str, pl.DataFrame]) -> Timetable:
    """The timetable of tables of text by name without `.txt`, as the compiler makes them, by the
    same typed reading as a file's.
    """
    from gtfsgen.feed.table import Status, absent_table, load_table
    from gtfsgen.schema import TABLES

    categories = pl.Categories.random("gtfsgen")
    loaded = {}
    for name, schema in TABLES.items():
        if name not in tables or not tables[name].width:
            loaded[name] = absent_table(schema, Status.MISSING, categories)
            continue
        known = [column for column in tables[name].columns if column in schema.fields]
        data = io.BytesIO()
        tables[name].select(known).write_csv(data)
        data.seek(0)
        loaded[name] = load_table(schema, data, "ZZ", categories)
    return Timetable(Feed(loaded, None, [], categories))


class Timetable:
    """The frames of one feed (see the module), and questions about them."""

    def __init__(self, feed: Feed) -> None:
        self.feed = feed
        self.sets = DateSets()
        self.left_out: dict[str, int] = {}
        """How many rows could not be understood, or go by a rule of thumb, by what they are: filled
        as the frames are made that they would be in."""

    def dates(self, number: int) -> Dates:
        """The set of dates of that number."""
        return self.sets[number]

    # ------------------------------------------------------------------- stops, patterns and trips

    @cached_property
    def zone(self) -> str:
        """The agency's time zone, in which stop_times.txt is written."""
        zone, unknown = agency_zone(self.feed)
        self._leave_out("agencies_of_unknown_zones", unknown)
        return zone

    @cached_property
    def stops(self) -> pl.DataFrame:
        found, unknown = stops(self.feed, self.zone)
        self._leave_out("stops_of_unknown_zones", unknown)
        return found

    @cached_property
    def _trip_rows(self) -> pl.DataFrame:
        rows = table(
            self.feed,
            "trips",
            "trip_id",
            "trip_short_name",
            "route_id",
            "direction_id",
            "trip_headsign",
            "service_id",
            "block_id",
            "shape_id",
        )
        known = rows.drop_nulls("trip_id")
        self._leave_out("trips_without_id", rows.height - known.height)
        first = known.unique("trip_id", keep="first", maintain_order=True)
        self._leave_out("trips_of_a_repeated_id", known.height - first.height)
        return first

    @cached_property
    def _patterns(self) -> Patterns:
        found = patterns_of(self.feed, self._trip_rows["trip_id"], self.stops["stop_id"])
        for what, count in found.left_out.items():
            self._leave_out(what, count)
        return found

    def _leave_out(self, what: str, count: int) -> None:
        if count:
            self.left_out[what] = count

    @property
    def patterns(self) -> pl.DataFrame:
        return self._patterns.patterns

    @property
    def calls(self) -> pl.DataFrame:
        return self._patterns.calls

    @cached_property
    def services(self) -> pl.DataFrame:
        return services(self.feed, self.sets)

    @property
    def date_sets(self) -> pl.DataFrame:
        """The sets of dates that services have: `dates`, `first`, `last`, `days`."""
        used = self.services["dates"].unique().sort()
        found = [self.sets[number] for number in used.to_list()]
        return pl.DataFrame(
            {
                "dates": used,
                "first": pl.Series([each.first if each else None for each in found], dtype=pl.Date),
                "last": pl.Series([each.last if each else None for each in found], dtype=pl.Date),
                "days": pl.Series([len(each) for each in found], dtype=pl.UInt32),
            }
        )

    @cached_property
    def routes(self) -> pl.DataFrame:
        """routes.txt, the first row of each id: `route_id`, `route_short_name`, `route_long_name`,
        `route_type`, `rail`.
        """
        rows = table(
            self.feed, "routes", "route_id", "route_short_name", "route_long_name", "route_type"
        )
        kind = pl.col("route_type")
        return (
            rows.drop_nulls("route_id")
            .unique("route_id", keep="first", maintain_order=True)
            .with_columns(rail=kind.is_in(RAILS).fill_null(False))
        )

    @cached_property
    def trips(self) -> pl.DataFrame:
        rows = self._trip_rows.with_row_index("trip").rename(
            {"trip_short_name": "number", "trip_headsign": "headsign"}
        )
        services = self.services
        at = places(services["service_id"], rows["service_id"])
        held = np.append(services["dates"].to_numpy(), 0)[at]
        self._leave_out("trips_of_unknown_services", int((at < 0).sum()))
        kinds = self.routes.select("route_id", "route_type", "rail")
        joined = (
            rows.with_columns(dates=pl.Series(held.astype(np.uint32)))
            .join(kinds, on="route_id", how="left", maintain_order="left")
            .join(self._patterns.trips, on="trip", how="left", maintain_order="left")
            .with_columns(pl.col("rail").fill_null(False))
        )
        station = self.stops["station"]
        self._leave_out("trips_without_calls", joined["pattern"].null_count())
        return joined.with_columns(
            first_station=station.gather(joined["first_stop"]),
            last_station=station.gather(joined["last_stop"]),
        )

    @cached_property
    def headways(self) -> pl.DataFrame:
        rows = table(
            self.feed,
            "frequencies",
            "trip_id",
            "start_time",
            "end_time",
            "headway_secs",
            "exact_times",
        )
        at = places(self._trip_rows["trip_id"], rows["trip_id"])
        rows = rows.select(
            trip=pl.Series(np.maximum(at, 0).astype(np.uint32)),
            start="start_time",
            end="end_time",
            headway="headway_secs",
            exact=(pl.col("exact_times") == 1).fill_null(False),
        ).filter(pl.Series(at >= 0, dtype=pl.Boolean))
        return rows.drop_nulls(["start", "end", "headway"]).sort("trip", "start", "end", "headway")

    # -------------------------------------------------------------------------- links and vehicles

    @cached_property
    def links(self) -> pl.DataFrame:
        return links_of(self.feed, self.trips, self.sets)

    @cached_property
    def vehicles(self) -> pl.DataFrame:
        found, left_out = vehicles_of(self.links, self.trips, self.sets)
        self._leave_out("ways_of_vehicles", left_out)
        return found

    # -------------------------------------------------------------------------------------- clocks

    @cached_property
    def period(self) -> tuple[int, int]:
        """The first and last day on which a trip runs, as days since `gtfsgen.dates.EPOCH`; days of
        a calendar that nothing runs by do not count. (0, 0) where nothing runs.
        """
        used = [self.sets[number] for number in self.trips["dates"].unique().to_list() if number]
        if not used:
            return 0, 0
        return (
            min((each.first - EPOCH).days for each in used),
            max((each.last - EPOCH).days for each in used),
        )

    @cached_property
    def clocks(self) -> LocalClocks:
        called = self.calls["stop"].drop_nulls().unique()
        zones = self.stops["zone"].gather(self.stops["station"].gather(called)).unique().to_list()
        others = sorted(set(self.stops["zone"].unique().to_list()) - set(zones))
        return LocalClocks(self.zone, sorted(zones) + others or [self.zone], *self.period)

    @cached_property
    def _zone_numbers(self) -> np.ndarray:
        number = {zone: place for place, zone in enumerate(self.clocks.zones)}
        return np.array([number[zone] for zone in self.stops["zone"].to_list()], np.int64)

    @cached_property
    def spans(self) -> pl.DataFrame:
        first, last = self.period
        reach = highest(self.trips["end"]) // DAY + 1
        odd = np.zeros(last - first + 1, bool)
        for change in self.clocks.breaks():
            odd[max(change - reach - first, 0) : max(change + 2 - first, 0)] = True
        # A steady span is as long as it can be; of the others each day is one of its own.
        begins = np.flatnonzero(odd | np.diff(odd, prepend=True))
        cuts = (begins + first).tolist()
        ends = [each - 1 for each in cuts[1:]] + [last]
        return pl.DataFrame(
            {
                "first": pl.Series([EPOCH + timedelta(days=each) for each in cuts], dtype=pl.Date),
                "last": pl.Series([EPOCH + timedelta(days=each) for each in ends], dtype=pl.Date),
                "steady": ~odd[begins],
            }
        )

    # -------------------------------------------------------------------------------------- trains

    @cached_property
    def ride_trips(self) -> pl.DataFrame:
        found = rides_of(self.trips, self.links, self.patterns, self.calls)
        return found.select("ride", "piece", "trip", "piece_days").sort("ride", "piece")

    @cached_property
    def _courses(self) -> Courses:
        trips = self.trips.join(self.ride_trips, on="trip", how="left", maintain_order="left")
        return courses_of(trips, self.stops, self.patterns, self.calls, self.sets, self.clocks)

    @property
    def courses(self) -> pl.DataFrame:
        return self._courses.courses

    @property
    def course_calls(self) -> pl.DataFrame:
        return self._courses.calls

    @property
    def rides(self) -> pl.DataFrame:
        return self._courses.rides

    @cached_property
    def _trains(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        return trains_of(self.trips, self._courses, self.headways, self.sets, self.clocks)

    @cached_property
    def _lines(self) -> tuple[pl.DataFrame, np.ndarray, np.ndarray]:
        frame, line, direction, by_route = line_frames.lines_of(
            self._trains[0], self.courses, self.course_calls, self.stops, self.routes
        )
        self._leave_out("trains_put_to_lines_by_route", by_route)
        return frame, line, direction

    @cached_property
    def trains(self) -> pl.DataFrame:
        _, line, direction = self._lines
        return (
            self._trains[0]
            .with_columns(
                line=pl.Series(line, dtype=pl.UInt32),
                direction=pl.Series(direction, dtype=pl.UInt8),
            )
            .select(
                "train",
                "number",
                "route_id",
                "line",
                "direction",
                "headsign",
                "rail",
                "course",
                "start",
                "first_station",
                "last_station",
                "calls",
                "headways",
                "ride",
                "rides",
                "dates",
                "exceptions",
            )
        )

    @property
    def train_rides(self) -> pl.DataFrame:
        return self._trains[1]

    @property
    def lines(self) -> pl.DataFrame:
        return self._lines[0]

    @cached_property
    def directions(self) -> pl.DataFrame:
        frames = [self.stations_of(line) for line in self.lines["line"].to_list()]
        return pl.concat(frames) if frames else self.stations_of(0)

    def stations_of(self, line: int) -> pl.DataFrame:
        """The rows of `directions` of one line, without those of all others being made."""
        parts = []
        calls, courses = self.course_calls["station"], self.courses
        own = self.trains.filter(pl.col("line") == line)
        for (direction,), trains in own.group_by("direction", maintain_order=True):
            used = trains.group_by("course", maintain_order=True).agg(pl.len())
            ways = []
            for course, count in used.iter_rows():
                way = calls.slice(courses["first_call"][course], courses["calls"][course])
                ways.append((way.drop_nulls().to_list(), count))
            for order, ((station, nth), branch) in enumerate(line_frames.station_order(ways)):
                served = sum(count for way, count in ways if way.count(station) > nth)
                parts.append((line, direction, order, station, nth, branch, served))
        schema = {
            "line": pl.UInt32,
            "direction": pl.UInt8,
            "order": pl.UInt32,
            "station": pl.UInt32,
            "occurrence": pl.UInt32,
            "branch": pl.UInt32,
            "trains": pl.UInt32,
        }
        frame = pl.DataFrame(parts, schema=schema, orient="row")
        return frame.sort("direction", "order")

    # ----------------------------------------------------------------------------------- questions

    def calls_local(
        self, trips: np.ndarray, days: np.ndarray, starts: np.ndarray | None = None
    ) -> pl.DataFrame:
        """The calls of trips on service days (numbers, of equal length), on the clocks of their
        stations: exact on every date, also in the nights when clocks change. `starts` are seconds
        of the service day at which they set out, where it is not at their own: a trip of
        frequencies.txt.

        `row` (which of the trips given), `trip`, `order`, `stop`, `station`, `zone`, `arrival`,
        `departure` (seconds since midnight of the first of January 1900 on the local calendar, so
        that // 86400 is a day as in `gtfsgen.dates` and the rest is the clock), `pickup_type`,
        `drop_off_type`, `timepoint`. Null where no time is known.
        """
        trips, days = np.asarray(trips, np.int64), np.asarray(days, np.int64)
        chosen = self.trips[trips] if len(trips) else self.trips.head(0)
        has = chosen["pattern"].is_not_null().to_numpy()
        row = np.flatnonzero(has)
        pattern = chosen["pattern"].drop_nulls().to_numpy().astype(np.int64)
        size = self.patterns["calls"].to_numpy().astype(np.int64)[pattern]
        first = self.patterns["first_call"].to_numpy().astype(np.int64)[pattern]
        calls = self.calls[ranges(first, size)]
        of_row = np.repeat(row, size)
        stop = calls["stop"]
        zone = np.zeros(calls.height, np.int64)
        known = stop.is_not_null().to_numpy()
        zone[known] = self._zone_numbers[stop.drop_nulls().to_numpy()]
        begin = chosen["start"] if starts is None else pl.Series(np.asarray(starts, np.int64))
        start = begin.gather(of_row)
        return calls.select(
            pl.Series("row", of_row, pl.UInt32),
            pl.Series("trip", trips[of_row], pl.UInt32),
            "order",
            "stop",
            station=self.stops["station"].gather(stop),
            zone=pl.Series(np.array(self.clocks.zones)[zone], dtype=pl.String),
            arrival=self._wall(start + calls["arrival_offset"], days[of_row], zone),
            departure=self._wall(start + calls["departure_offset"], days[of_row], zone),
            pickup_type="pickup_type",
            drop_off_type="drop_off_type",
            timepoint="timepoint",
        )

    def _wall(self, seconds: pl.Series, days: np.ndarray, zone: np.ndarray) -> pl.Series:
        return nullable(self.clocks.walls(days, numbers(seconds), zone), pl.Int64)

    def _days_about(self, trips: pl.DataFrame, day: int) -> pl.DataFrame:
        """The runs of trips that may be met on a local date: `trip` and `day`, the service day."""
        # Hours have three digits at most, so this is 41 days and no more.
        longest = highest(trips["end"]) // DAY
        earliest = -highest(-trips["start"]) // DAY
        found = []
        timed = trips.drop_nulls("start").select("trip", "dates", "start", "end")
        for service_day in range(day - longest - 1, day + 2 - earliest):
            behind = day - service_day
            active = self._running(service_day)
            near = timed.filter(
                pl.Series(active[timed["dates"].to_numpy()]),
                pl.col("start") < (behind + 2) * DAY,
                pl.col("end") >= (behind - 1) * DAY,
            )
            found.append(near.select("trip", day=pl.lit(service_day, pl.Int64)))
        return pl.concat(found)

    def _runs_about(self, trips: pl.DataFrame, day: int) -> pl.DataFrame:
        """As `_days_about`, with `start`, the seconds of the service day at which each run sets
        out, and `headway` where frequencies.txt repeats it.
        """
        plain = trips.join(self.headways, on="trip", how="anti", maintain_order="left")
        runs = self._days_about(plain, day)
        runs = runs.join(plain.select("trip", "start"), on="trip", maintain_order="left")
        runs = runs.with_columns(pl.col("start").cast(pl.Int64), headway=pl.lit(None, pl.Int32))
        own = trips.select("trip", "dates", lasts=pl.col("end") - pl.col("start"))
        windows = (
            self.headways.filter(pl.col("headway") > 0, pl.col("end") > pl.col("start"))
            .join(own.drop_nulls(), on="trip", maintain_order="left")
            .with_row_index("window")
        )
        near = self._days_about(
            windows.select(
                "dates", "start", trip="window", end=pl.col("end") + pl.col("lasts").clip(0)
            ),
            day,
        )
        chosen = windows[near["trip"]] if near.height else windows.head(0)
        first, end, headway, lasts = (
            chosen[name].to_numpy().astype(np.int64)
            for name in ("start", "end", "headway", "lasts")
        )
        behind = (day - near["day"].to_numpy()) * DAY
        count = -(-(end - first) // headway)
        low = np.clip(-(-(behind - DAY - lasts - first) // headway), 0, count)
        high = np.clip(-(-(behind + 2 * DAY - first) // headway), low, count)
        row = np.repeat(np.arange(len(low)), high - low)
        step = ranges(low, high - low)
        repeated = pl.DataFrame(
            {
                "trip": chosen["trip"].gather(row),
                "day": near["day"].gather(row),
                "start": first[row] + step * headway[row],
                "headway": chosen["headway"].gather(row),
            }
        ).cast({"headway": pl.Int32})
        return pl.concat([runs, repeated])

    def _running(self, day: int) -> np.ndarray:
        return self.sets.running(day)

    def trains_on(self, line: int, day: date) -> pl.DataFrame:
        """The trains of a line that set out on a date of the clock at their first station, with
        their calls and the seat they keep, by direction and time of departure.

        `train`, `number`, `direction`, `headsign`, `trip_ids` (a list: the pieces),
        `service_date`, `calls` (a list of `stop_id`, `stop_name`, `zone`, `arrival`,
        `arrival_day`, `departure`, `departure_day`: the local clock as text, and how many days
        after `day`), `goes_on_as` and `comes_from` (lists of `trip_id`, `number`, `service_date`,
        `wait`, `by`: where one may stay in one's seat), `headways`.
        """
        number = (day - EPOCH).days
        own = self.trains.filter(pl.col("line") == line)
        rides = self.train_rides.join(own.select("train"), on="train", how="semi")
        heads = self.trips[rides["ride"]] if rides.height else self.trips.head(0)
        runs = self._days_about(heads, number)
        first = self.calls_local(runs["trip"].to_numpy(), runs["day"].to_numpy())
        moment = pl.coalesce("departure", "arrival")
        first = first.filter(moment.is_not_null()).group_by("row", maintain_order=True).first()
        first = first.filter(moment // DAY == number)
        runs = runs[first["row"]] if first.height else runs.head(0)
        runs = runs.with_columns(moment=first.select(moment).to_series()).join(
            rides.select("train", trip="ride"), on="trip", how="left", maintain_order="left"
        )
        runs = runs.with_row_index("run")
        pieces = runs.join(self.ride_trips, left_on="trip", right_on="ride", maintain_order="left")
        pieces = pieces.select(
            "run", "piece", trip="trip_right", day=pl.col("day") + pl.col("piece_days")
        )
        calls = self._calls_of_runs(pieces, number)
        facts = own.select("train", "number", "direction", "headsign", "headways")
        names = self.trips["trip_id"]
        trip_ids = (
            pieces.select("run", trip_ids=names.gather(pieces["trip"]).cast(pl.String))
            .group_by("run", maintain_order=True)
            .agg("trip_ids")
        )
        seats = [self._seats(pieces, side) for side in ("from", "to")]
        frame = runs.join(facts, on="train", how="left", maintain_order="left")
        frame = frame.with_columns(
            service_date=(pl.lit(EPOCH) + pl.duration(days=pl.col("day"))).cast(pl.Date)
        )
        for other in (trip_ids, calls, *seats):
            frame = frame.join(other, on="run", how="left", maintain_order="left")
        return frame.sort("direction", "moment", "train", "trip").select(
            "train",
            "number",
            "direction",
            "headsign",
            "trip_ids",
            "service_date",
            "calls",
            "goes_on_as",
            "comes_from",
            "headways",
        )

    def _calls_of_runs(self, pieces: pl.DataFrame, day: int) -> pl.DataFrame:
        """`run`, `calls`: local calls of the pieces of runs, joints as one call."""
        calls = self.calls_local(pieces["trip"].to_numpy(), pieces["day"].to_numpy())
        calls = calls.with_columns(
            run=pieces["run"].gather(calls["row"]), piece=pieces["piece"].gather(calls["row"])
        )
        joint = (pl.col("order") == 0) & (pl.col("piece") > 0)
        after = (pl.col("run") == pl.col("run").shift(-1)) & joint.shift(-1).fill_null(False)
        calls = calls.with_columns(
            departure=pl.when(after).then(pl.col("departure").shift(-1)).otherwise("departure")
        ).filter(~joint)
        names = self.stops.select("stop_id", "stop_name")
        shown = calls.select(
            "run",
            "zone",
            *(
                part
                for name in ("arrival", "departure")
                for part in (
                    (pl.col(name) % DAY)
                    .map_elements(clock_text, return_dtype=pl.String, skip_nulls=True)
                    .alias(name),
                    (pl.col(name) // DAY - day).cast(pl.Int32).alias(f"{name}_day"),
                )
            ),
            stop_id=names["stop_id"].gather(calls["stop"]).cast(pl.String),
            stop_name=names["stop_name"].gather(calls["stop"]),
        )
        return shown.group_by("run", maintain_order=True).agg(
            calls=pl.struct(
                "stop_id",
                "stop_name",
                "zone",
                "arrival",
                "arrival_day",
                "departure",
                "departure_day",
            )
        )

    def _seats(self, pieces: pl.DataFrame, side: str) -> pl.DataFrame:
        """`run` and the in-seat links that lead away from its pieces to other trains (`from`), or
        to them from others (`to`).
        """
        other = "to" if side == "from" else "from"
        links = self.links.filter(
            pl.col("in_seat")
            & (pl.col("dates") > 0)
            & (pl.col("meets") | (pl.col("by") == "transfer"))
        )
        inner = self.ride_trips.select("trip", "ride")
        rows = pieces.join(links, left_on="trip", right_on=f"{side}_trip", maintain_order="left")
        before = pl.col("day") if side == "from" else pl.col("day") - pl.col("days_later")
        rows = rows.with_columns(before=before)
        holds = [
            self.sets[dates].has(day) for dates, day in rows.select("dates", "before").iter_rows()
        ]
        rows = rows.filter(pl.Series(holds, dtype=pl.Boolean))
        for name, key in (("own_ride", "trip"), ("other_ride", f"{other}_trip")):
            rows = rows.join(
                inner.select(pl.col("trip").alias(key), pl.col("ride").alias(name)),
                on=key,
                how="left",
                maintain_order="left",
            )
        rows = rows.filter(pl.col("own_ride").ne_missing(pl.col("other_ride")))
        later = pl.col("days_later") if side == "from" else -pl.col("days_later")
        name = "goes_on_as" if side == "from" else "comes_from"
        date_of = pl.lit(EPOCH) + pl.duration(days=pl.col("day") + later)
        return (
            rows.select(
                "run",
                trip_id=self.trips["trip_id"].gather(rows[f"{other}_trip"]).cast(pl.String),
                number=f"{other}_number",
                service_date=date_of.cast(pl.Date),
                wait="wait",
                by="by",
            )
            .group_by("run", maintain_order=True)
            .agg(pl.struct("trip_id", "number", "service_date", "wait", "by").alias(name))
        )

    def departures(self, station: int, day: date) -> pl.DataFrame:
        """All calls of trains at a station, or one of its platforms, on a local date, by time.

        `trip`, `number`, `route_id`, `headsign`, `stop`, `service_day`, `order`, `arrival`,
        `departure` (as in `calls_local`), `pickup_type`, `drop_off_type`, `headway`. A trip of
        frequencies.txt is told at each of its departures, with the seconds between them: where
        `exact_times` is 0 they are meant as "about every so many minutes".
        """
        number = (day - EPOCH).days
        members = self.stops.filter(pl.col("station") == station)["stop"]
        patterns = self.calls.filter(pl.col("stop").is_in(members.implode()))["pattern"].unique()
        trips = self.trips.filter(pl.col("pattern").is_in(patterns.implode()))
        runs = self._runs_about(trips, number)
        calls = self.calls_local(*(runs[name].to_numpy() for name in ("trip", "day", "start")))
        moment = pl.coalesce("departure", "arrival")
        calls = calls.filter(pl.col("stop").is_in(members.implode()), moment // DAY == number)
        found = calls.with_columns(
            service_day=runs["day"].gather(calls["row"]),
            headway=runs["headway"].gather(calls["row"]),
        )
        facts = self.trips.select("trip", "number", "route_id", "headsign")
        return (
            found.join(facts, on="trip", how="left", maintain_order="left")
            .sort(moment, "trip", "order")
            .select(
                "trip",
                "number",
                "route_id",
                "headsign",
                "stop",
                "service_day",
                "order",
                "arrival",
                "departure",
                "pickup_type",
                "drop_off_type",
                "headway",
            )
        )
