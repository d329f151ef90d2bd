"""Frames that several rules need: computed once, when the first rule asks."""

from __future__ import annotations

from datetime import date as Date
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from gtfsgen.feed import service_days
from gtfsgen.schema import TABLES, Type

if TYPE_CHECKING:
    from gtfsgen.feed.geojson import Locations
    from gtfsgen.feed.table import LoadedTable


class Order(NamedTuple):
    """How a table lies in its file. Each holds where the ones before do."""

    grouped: bool
    """The rows of a trip or shape stand together, their sequence never falling."""
    strict: bool
    """And it always rises."""
    consecutive: bool
    """And they stand on consecutive lines."""


class SharedFrames:
    """What a feed knows beyond its tables. Mixed into `Feed`."""

    tables: dict[str, LoadedTable]
    locations: Locations | None
    categories: pl.Categories
    orders: dict[str, Order]

    def loaded(self, *names: str) -> bool:
        """Whether rules may look at these tables."""
        raise NotImplementedError

    @cached_property
    def ordered_stop_times(self) -> pl.LazyFrame:
        """stop_times by trip and stop_sequence, with `starts_trip` and `ends_trip`.

        Rows of equal stop_sequence keep the order of the file. Trips come in the order of their
        first row where the file is sorted already, which is checked, not assumed.
        """
        rows = self.tables["stop_times"].rows
        trip = pl.col("trip_id").to_physical()
        if not self.order_of("stop_times").grouped:
            rows = rows.sort(trip, "stop_sequence", maintain_order=True)
        ordered = rows.with_columns(
            starts_trip=(trip != trip.shift(1)).fill_null(True),
            ends_trip=(trip != trip.shift(-1)).fill_null(True),
        )
        return ordered.collect().lazy()

    def order_of(self, table: str) -> Order:
        """In which order the file has the rows of stop_times or shapes."""
        if table not in self.orders:  # no functools.cache, which would keep every feed for ever
            self.orders[table] = self._found_order(table)
        return self.orders[table]

    def _found_order(self, table: str) -> Order:
        group, sequence = (pl.col(name) for name in TABLES[table].primary_key)
        group, number = group.to_physical(), pl.col("csv_row_number")
        same_group = group == group.shift(1)
        facts = self.tables[table].rows.select(
            runs=(~same_group).fill_null(True).sum(),
            groups=group.n_unique(),
            falls=(same_group & (sequence < sequence.shift(1))).sum(),
            not_rising=(same_group & (sequence <= sequence.shift(1))).sum(),
            jumps=(same_group & (number != number.shift(1) + 1)).sum(),
        )
        runs, groups, falls, not_rising, jumps = facts.collect().row(0)
        together = runs == groups
        return Order(
            grouped=together and not falls,
            strict=together and not not_rising,
            consecutive=together and not not_rising and not jumps,
        )

    @cached_property
    def trip_spans(self) -> pl.LazyFrame:
        """One row per trip_id of stop_times: its ends and the number of its stop times.

        `first_*` and `last_*` are the values of the first and last row by stop_sequence, null
        included.
        """
        columns = ("csv_row_number", "stop_id", "arrival_time", "departure_time", "stop_sequence")
        rows = self.ordered_stop_times
        first = rows.filter("starts_trip").select(
            "trip_id", *(pl.col(name).alias(f"first_{name}") for name in columns)
        )
        last = rows.filter("ends_trip").select(
            "trip_id", *(pl.col(name).alias(f"last_{name}") for name in columns)
        )
        counts = rows.group_by("trip_id").agg(stop_time_count=pl.len())
        spans = first.join(last, on="trip_id", how="left", maintain_order="left").join(
            counts, on="trip_id", how="left", maintain_order="left"
        )
        return spans.collect().lazy()

    @cached_property
    def first_trips(self) -> pl.LazyFrame:
        """trips without the later rows of a repeated trip_id: what a look-up by key sees."""
        return self.tables["trips"].rows.unique("trip_id", keep="first", maintain_order=True)

    @cached_property
    def first_stops(self) -> pl.LazyFrame:
        """stops without the later rows of a repeated stop_id: what a look-up by key sees."""
        return self.tables["stops"].rows.unique("stop_id", keep="first", maintain_order=True)

    @cached_property
    def first_routes(self) -> pl.LazyFrame:
        """routes without the later rows of a repeated route_id: what a look-up by key sees."""
        return self.tables["routes"].rows.unique("route_id", keep="first", maintain_order=True)

    @cached_property
    def ordered_shapes(self) -> pl.LazyFrame:
        """shapes by shape and sequence; rows of equal sequence keep the order of the file."""
        rows = self.tables["shapes"].rows
        if self.order_of("shapes").grouped:
            return rows
        shape = pl.col("shape_id").to_physical()
        return rows.sort(shape, "shape_pt_sequence", maintain_order=True).collect().lazy()

    @cached_property
    def shape_spans(self) -> pl.LazyFrame:
        """One row per shape_id: `csv_row_number` of its first row, `points`,
        `points_without_distance`.
        """
        spans = (
            self.tables["shapes"]
            .rows.group_by("shape_id")
            .agg(
                pl.col("csv_row_number").min(),
                points=pl.len(),
                points_without_distance=pl.col("shape_dist_traveled").null_count(),
            )
        )
        return spans.collect().lazy()

    @cached_property
    def location_ids(self) -> pl.LazyFrame:
        """`feature_id`, `feature_index` of locations.geojson."""
        schema: dict[str, Any] = {
            "feature_id": pl.Categorical(self.categories),
            "feature_index": pl.Int32,
        }
        if self.locations is None:
            return pl.LazyFrame(schema=schema)
        return self.locations.features.lazy().select(
            pl.col(name).cast(dtype) for name, dtype in schema.items()
        )

    @cached_property
    def called_stops(self) -> pl.LazyFrame:
        """`stop_id` of every stop that stop_times names, and the `first_csv_row_number`."""
        rows = self.tables["stop_times"].rows.filter(pl.col("stop_id").is_not_null())
        used = rows.group_by("stop_id").agg(first_csv_row_number=pl.col("csv_row_number").min())
        return used.collect().lazy()

    @cached_property
    def stop_positions(self) -> pl.LazyFrame:
        """stop_id -> `lat`, `lon` in degrees: its own, else its parent's, else its grandparent's,
        else null.

        One row per stop_id. A stop with only one of the two coordinates has none.
        """
        stops = (
            self.first_stops.select(
                "stop_id",
                "parent_station",
                lat=pl.when(pl.col("stop_lon").is_not_null()).then("stop_lat"),
                lon=pl.when(pl.col("stop_lat").is_not_null()).then("stop_lon"),
            )
            .collect()
            .lazy()
        )
        for _ in range(2):
            parent = stops.select(
                pl.col("stop_id").alias("parent_station"),
                pl.col("parent_station").alias("next"),
                pl.col("lat").alias("parent_lat"),
                pl.col("lon").alias("parent_lon"),
            )
            stops = stops.join(
                parent, on="parent_station", how="left", maintain_order="left"
            ).select(
                "stop_id",
                pl.col("next").alias("parent_station"),
                lat=pl.col("lat").fill_null(pl.col("parent_lat")),
                lon=pl.col("lon").fill_null(pl.col("parent_lon")),
            )
        return stops.select("stop_id", "lat", "lon").collect().lazy()

    def known_ids(self, table: str, column: str) -> pl.LazyFrame:
        """The distinct values of a column that others refer to, as `id`.

        Rows with an error elsewhere still count: one bad cell must not make a hundred references
        dangle.
        """
        if table == "locations":
            ids: Any = self.locations.features["feature_id"] if self.locations is not None else []
            values = pl.Series("id", ids, dtype=pl.String).cast(pl.Categorical(self.categories))
            return values.to_frame().lazy()
        frame = self.tables[table].frame
        if column not in frame.columns:
            return pl.LazyFrame(schema={"id": pl.Categorical(self.categories)})
        text = self.tables[table].schema.fields[column].type is not Type.ID
        values = frame[column].cast(pl.Categorical(self.categories)) if text else frame[column]
        return values.alias("id").to_frame().lazy().unique()

    def _relied_on(self, name: str) -> pl.LazyFrame:
        """The rows of a table, none if it is withheld."""
        rows = self.tables[name].rows
        return rows if self.loaded(name) else rows.head(0)

    @cached_property
    def service_days(self) -> pl.LazyFrame:
        """All active dates of each service: `service_id`, `date`, exceptions applied, sorted by
        date.

        Of two rows of calendar.txt for one service the last counts. A removal is stronger than an
        addition on the same date, and every exception_type but 1 removes. So the canonical
        validator has it for most rules; see `service_days_in_turn` for the others.
        """
        rows = self._relied_on("calendar").unique("service_id", keep="last", maintain_order=True)
        exceptions = self._relied_on("calendar_dates")
        added = exceptions.filter(pl.col("exception_type") == 1).select("service_id", "date")
        removed = exceptions.filter(pl.col("exception_type") != 1).select("service_id", "date")
        return service_days.days_of_services(
            rows.collect(), added.collect(), removed.collect()
        ).lazy()

    @cached_property
    def service_days_in_turn(self) -> pl.LazyFrame:
        """Like `service_days`, but row by row: as the canonical rules of spread-out services and of
        the feed's period see it.

        A service has the days of all its rows of calendar.txt, of several exceptions on one date
        the last counts, and only types 1 and 2 act.
        """
        if not self._service_days_clash:
            return self.service_days
        exceptions = (
            self._relied_on("calendar_dates")
            .filter(pl.col("exception_type").is_in((1, 2)))
            .unique(("service_id", "date"), keep="last", maintain_order=True)
            .select("service_id", "date", "exception_type")
        )
        rows = self._relied_on("calendar").collect()
        added = exceptions.filter(pl.col("exception_type") == 1).select("service_id", "date")
        removed = exceptions.filter(pl.col("exception_type") == 2).select("service_id", "date")
        return service_days.days_of_services(rows, added.collect(), removed.collect()).lazy()

    @property
    def _service_days_clash(self) -> bool:
        """The calendars say something twice, or know another exception than the two."""
        calendar = self._relied_on("calendar").select(pl.col("service_id").is_duplicated().any())
        # As one number, for the rows of a struct take ten times as long to compare.
        service, day = pl.col("service_id").to_physical(), pl.col("date").to_physical()
        on_a_date = service.cast(pl.Int64) * 2**32 + day
        exceptions = self._relied_on("calendar_dates").select(
            (on_a_date.n_unique() < pl.len()) | (~pl.col("exception_type").is_in((1, 2))).any()
        )
        return any(frame.collect().item() is True for frame in (calendar, exceptions))

    @cached_property
    def reversed_calendar(self) -> bool:
        """Some row of calendar.txt starts after it ends."""
        rows = self.tables["calendar"].rows
        return rows.filter(pl.col("start_date") > pl.col("end_date")).collect().height > 0

    @cached_property
    def service_spans(self) -> pl.LazyFrame:
        """`service_id`, `first_date`, `last_date` of services that have any active date."""
        spans = self.service_days.group_by("service_id", maintain_order=True).agg(
            first_date=pl.col("date").min(), last_date=pl.col("date").max()
        )
        return spans.collect().lazy()

    @cached_property
    def service_windows(self) -> pl.LazyFrame:
        """`service_id`, `first_date`, `last_date` of services that trips use, of their
        `service_days_in_turn`.
        """
        used = self.tables["trips"].rows.select("service_id").unique()
        return (
            self.service_days_in_turn.join(used, on="service_id", how="semi", maintain_order="left")
            .group_by("service_id", maintain_order=True)
            .agg(first_date=pl.col("date").min(), last_date=pl.col("date").max())
            .collect()
            .lazy()
        )

    @cached_property
    def service_window(self) -> tuple[Date | None, Date | None]:
        """First and last of the `service_windows`; (None, None) if there are none."""
        window = self.service_windows.select(
            first=pl.col("first_date").min(), last=pl.col("last_date").max()
        )
        return window.collect().row(0)


WEEKDAYS = service_days.WEEKDAYS
