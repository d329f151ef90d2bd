"""Every file and field of GTFS, a line per field.

Reading, writing and the commonest rules (missing, malformed, out of range, duplicate, dangling)
follow from these lines; a fact about a field is said here and nowhere else. Source: the GTFS
Schedule reference as revised on 2026-04-27, and which of it MobilityData's gtfs-validator 8.0.1
checks (`references`, `required`). `TABLES` is today's specification with what most consumers read
beside it; `canonical_tables`, `next_tables` and `experimental_tables` say in what other rule sets
differ from it.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache

from gtfsgen import route_types


class Type(StrEnum):
    ID = "id"
    TEXT = "text"
    URL = "url"
    EMAIL = "email"
    PHONE = "phone"
    LANGUAGE = "language"
    TIMEZONE = "timezone"
    COLOR = "color"
    CURRENCY = "currency"
    AMOUNT = "amount"
    LATITUDE = "latitude"
    LONGITUDE = "longitude"
    FLOAT = "float"
    INTEGER = "integer"
    CHOICE = "choice"
    DATE = "date"
    TIME = "time"


class Bound(StrEnum):
    NON_NEGATIVE = "non-negative"
    POSITIVE = "positive"
    NON_ZERO = "non-zero"


@dataclass(frozen=True)
class Field:
    """A column. `name` and `table` are filled in by its `Table`."""

    type: Type
    required: bool = False
    """The column must be in the header and no cell may be blank."""
    column_required: bool = False
    """The column must be in the header, but cells may be blank."""
    recommended: bool = False
    references: tuple[str, ...] = ()
    """`table.column`s of which one must have the value; several: any of them."""
    bound: Bound | None = None
    choices: tuple[int, ...] = ()
    names: tuple[str, ...] = ()
    """Names of the choices, as notices print them."""
    mixed_case: bool = False
    name: str = ""
    table: str = ""


@dataclass(frozen=True)
class Range:
    """Two columns of which the first must not come after the second."""

    start: str
    end: str
    may_be_equal: bool = True
    entity: str = ""


class Table:
    """A file: its fields in the order of the reference, its primary key, its ranges."""

    def __init__(
        self,
        filename: str,
        primary_key: tuple[str, ...] = (),
        required: bool = False,
        single_row: bool = False,
        ranges: tuple[Range, ...] = (),
        **fields: Field,
    ) -> None:
        self.filename = filename
        self.name = filename.removesuffix(".txt")
        self.primary_key = primary_key
        self.required = required
        self.single_row = single_row
        self.ranges = ranges
        self.fields = {
            name: replace(field, name=name, table=self.name) for name, field in fields.items()
        }

    def __repr__(self) -> str:
        return f"Table({self.filename!r})"


def Id(references: str | tuple[str, ...] = (), required: bool = False) -> Field:
    targets = (references,) if isinstance(references, str) else references
    return Field(Type.ID, required=required, references=targets)


def Text(required: bool = False, mixed_case: bool = False, recommended: bool = False) -> Field:
    return Field(Type.TEXT, required=required, mixed_case=mixed_case, recommended=recommended)


def TextKey(references: str | tuple[str, ...] = (), required: bool = False) -> Field:
    """A key that the canonical validator declares as plain text: no ASCII check."""
    targets = (references,) if isinstance(references, str) else references
    return Field(Type.TEXT, required=required, references=targets)


def Choice(
    *names: str, start: int = 0, required: bool = False, column_required: bool = False
) -> Field:
    values = tuple(range(start, start + len(names)))
    return Field(
        Type.CHOICE,
        required=required,
        column_required=column_required,
        choices=values,
        names=names,
    )


def Integer(bound: Bound | None = None, required: bool = False) -> Field:
    return Field(Type.INTEGER, bound=bound, required=required)


def Float(bound: Bound | None = None, required: bool = False) -> Field:
    return Field(Type.FLOAT, bound=bound, required=required)


def _plain(type_: Type) -> Callable[..., Field]:
    def field(required: bool = False, recommended: bool = False) -> Field:
        return Field(type_, required=required, recommended=recommended)

    return field


Url = _plain(Type.URL)
Email = _plain(Type.EMAIL)
Phone = _plain(Type.PHONE)
Language = _plain(Type.LANGUAGE)
Timezone = _plain(Type.TIMEZONE)
Color = _plain(Type.COLOR)
Currency = _plain(Type.CURRENCY)
Latitude = _plain(Type.LATITUDE)
Longitude = _plain(Type.LONGITUDE)
Date = _plain(Type.DATE)
Time = _plain(Type.TIME)


def Amount(bound: Bound | None = None, required: bool = False) -> Field:
    """A decimal number: its digits count, so it is kept as text beside its value."""
    return Field(Type.AMOUNT, bound=bound, required=required)


NON_NEGATIVE, POSITIVE, NON_ZERO = Bound.NON_NEGATIVE, Bound.POSITIVE, Bound.NON_ZERO

CEMV = ("NO_CEMV_INFORMATION", "CEMVS_SUPPORTED", "CEMVS_NOT_SUPPORTED")
CONTINUOUS = ("ALLOWED", "NOT_AVAILABLE", "MUST_PHONE", "ON_REQUEST_TO_DRIVER")
PICKUP_DROP_OFF = CONTINUOUS
UNKNOWN_ALLOWED = ("UNKNOWN", "ALLOWED", "NOT_ALLOWED")
WEEKDAY = ("NOT_AVAILABLE", "AVAILABLE")


def RouteType(known: dict[int, str]) -> Field:
    return Field(Type.CHOICE, required=True, choices=tuple(known), names=tuple(known.values()))


_TABLES = (
    Table(
        "agency.txt",
        primary_key=("agency_id",),
        required=True,
        agency_id=Id(),
        agency_name=Text(required=True, mixed_case=True),
        agency_url=Url(required=True),
        agency_timezone=Timezone(required=True),
        agency_lang=Language(),
        agency_phone=Phone(),
        agency_fare_url=Url(),
        agency_email=Email(),
        cemv_support=Choice(*CEMV),
    ),
    Table(
        "stops.txt",
        primary_key=("stop_id",),
        stop_id=Id(required=True),
        stop_code=Text(),
        stop_name=Text(mixed_case=True),
        tts_stop_name=Text(),
        stop_desc=Text(),
        stop_lat=Latitude(),
        stop_lon=Longitude(),
        zone_id=Id(),
        stop_url=Url(),
        location_type=Choice("STOP", "STATION", "ENTRANCE", "GENERIC_NODE", "BOARDING_AREA"),
        parent_station=Id(references="stops.stop_id"),
        stop_timezone=Timezone(),
        wheelchair_boarding=Choice("UNKNOWN", "ACCESSIBLE", "NOT_ACCESSIBLE"),
        level_id=Id(references="levels.level_id"),
        platform_code=Text(),
        stop_access=Choice("ACCESSIBLE_VIA_PATHWAYS", "NOT_ACCESSIBLE_VIA_PATHWAYS"),
    ),
    Table(
        "routes.txt",
        primary_key=("route_id",),
        required=True,
        route_id=Id(required=True),
        agency_id=Id(references="agency.agency_id"),
        route_short_name=Text(mixed_case=True),
        route_long_name=Text(mixed_case=True),
        route_desc=Text(mixed_case=True),
        route_type=RouteType(route_types.NAMES),
        route_url=Url(),
        route_color=Color(),
        route_text_color=Color(),
        route_sort_order=Integer(NON_NEGATIVE),
        continuous_pickup=Choice(*CONTINUOUS),
        continuous_drop_off=Choice(*CONTINUOUS),
        network_id=Id(),
        cemv_support=Choice(*CEMV),
    ),
    Table(
        "trips.txt",
        primary_key=("trip_id",),
        required=True,
        route_id=Id(references="routes.route_id", required=True),
        service_id=Id(
            references=("calendar.service_id", "calendar_dates.service_id"), required=True
        ),
        trip_id=Id(required=True),
        trip_headsign=Text(mixed_case=True),
        trip_short_name=Text(mixed_case=True),
        direction_id=Choice("OUTBOUND", "INBOUND"),
        block_id=Id(),
        shape_id=Id(references="shapes.shape_id"),
        wheelchair_accessible=Choice("UNKNOWN", "ACCESSIBLE", "NOT_ACCESSIBLE"),
        bikes_allowed=Choice(*UNKNOWN_ALLOWED),
        cars_allowed=Choice(*UNKNOWN_ALLOWED),
        safe_duration_factor=Float(),
        safe_duration_offset=Float(),
        pickup_type=Choice(*PICKUP_DROP_OFF),
    ),
    Table(
        "stop_times.txt",
        primary_key=("trip_id", "stop_sequence"),
        required=True,
        ranges=(Range("arrival_time", "departure_time"),),
        trip_id=Id(references="trips.trip_id", required=True),
        arrival_time=Time(),
        departure_time=Time(),
        stop_id=Id(references="stops.stop_id"),
        location_group_id=Id(references="location_groups.location_group_id"),
        location_id=Id(references="locations.id"),
        stop_sequence=Integer(NON_NEGATIVE, required=True),
        stop_headsign=Text(),
        start_pickup_drop_off_window=Time(),
        end_pickup_drop_off_window=Time(),
        pickup_type=Choice(*PICKUP_DROP_OFF),
        drop_off_type=Choice(*PICKUP_DROP_OFF),
        continuous_pickup=Choice(*CONTINUOUS),
        continuous_drop_off=Choice(*CONTINUOUS),
        shape_dist_traveled=Float(NON_NEGATIVE),
        timepoint=Choice("APPROXIMATE", "EXACT"),
        pickup_booking_rule_id=Id(references="booking_rules.booking_rule_id"),
        drop_off_booking_rule_id=Id(references="booking_rules.booking_rule_id"),
    ),
    Table(
        "calendar.txt",
        primary_key=("service_id",),
        ranges=(Range("start_date", "end_date", entity="service_id"),),
        service_id=Id(required=True),
        monday=Choice(*WEEKDAY, required=True),
        tuesday=Choice(*WEEKDAY, required=True),
        wednesday=Choice(*WEEKDAY, required=True),
        thursday=Choice(*WEEKDAY, required=True),
        friday=Choice(*WEEKDAY, required=True),
        saturday=Choice(*WEEKDAY, required=True),
        sunday=Choice(*WEEKDAY, required=True),
        start_date=Date(required=True),
        end_date=Date(required=True),
    ),
    Table(
        "calendar_dates.txt",
        primary_key=("service_id", "date"),
        service_id=Id(required=True),
        date=Date(required=True),
        exception_type=Choice("SERVICE_ADDED", "SERVICE_REMOVED", start=1, required=True),
    ),
    Table(
        "fare_attributes.txt",
        primary_key=("fare_id",),
        fare_id=Id(required=True),
        price=Amount(NON_NEGATIVE, required=True),
        currency_type=Currency(required=True),
        payment_method=Choice("ON_BOARD", "BEFORE_BOARDING", required=True),
        transfers=Choice("NO_TRANSFERS", "ONE_TRANSFER", "TWO_TRANSFERS"),
        agency_id=Id(references="agency.agency_id"),
        transfer_duration=Integer(NON_NEGATIVE),
    ),
    Table(
        "fare_rules.txt",
        primary_key=("fare_id", "route_id", "origin_id", "destination_id", "contains_id"),
        fare_id=Id(references="fare_attributes.fare_id", required=True),
        route_id=Id(references="routes.route_id"),
        origin_id=Id(references="stops.zone_id"),
        destination_id=Id(references="stops.zone_id"),
        contains_id=Id(references="stops.zone_id"),
    ),
    Table(
        "timeframes.txt",
        primary_key=("timeframe_group_id", "start_time", "end_time", "service_id"),
        ranges=(Range("start_time", "end_time", may_be_equal=False),),
        timeframe_group_id=Id(),
        start_time=Time(),
        end_time=Time(),
        service_id=TextKey(
            references=("calendar.service_id", "calendar_dates.service_id"), required=True
        ),
    ),
    Table(
        "rider_categories.txt",
        primary_key=("rider_category_id",),
        rider_category_id=Id(required=True),
        rider_category_name=Text(required=True),
        is_default_fare_category=Choice("NOT_DEFAULT", "IS_DEFAULT", column_required=True),
        eligibility_url=Url(),
    ),
    Table(
        "fare_media.txt",
        primary_key=("fare_media_id",),
        fare_media_id=Id(required=True),
        fare_media_name=Text(),
        fare_media_type=Choice(
            "NONE", "PAPER_TICKET", "TRANSIT_CARD", "CONTACTLESS_EMV", "MOBILE_APP", required=True
        ),
    ),
    Table(
        "fare_products.txt",
        primary_key=("fare_product_id", "fare_media_id", "rider_category_id"),
        fare_product_id=Id(required=True),
        fare_product_name=Text(),
        rider_category_id=Id(references="rider_categories.rider_category_id"),
        fare_media_id=Id(references="fare_media.fare_media_id"),
        amount=Amount(required=True),
        currency=Currency(required=True),
    ),
    Table(
        "fare_leg_rules.txt",
        primary_key=(
            "network_id",
            "from_area_id",
            "to_area_id",
            "from_timeframe_group_id",
            "to_timeframe_group_id",
            "fare_product_id",
        ),
        leg_group_id=Id(),
        network_id=Id(references=("routes.network_id", "networks.network_id")),
        from_area_id=Id(references="areas.area_id"),
        to_area_id=Id(references="areas.area_id"),
        from_timeframe_group_id=Id(references="timeframes.timeframe_group_id"),
        to_timeframe_group_id=Id(references="timeframes.timeframe_group_id"),
        fare_product_id=Id(references="fare_products.fare_product_id", required=True),
        rule_priority=Integer(NON_NEGATIVE),
    ),
    Table(
        "fare_leg_join_rules.txt",
        from_network_id=Id(references=("routes.network_id", "networks.network_id"), required=True),
        to_network_id=Id(references=("routes.network_id", "networks.network_id"), required=True),
        from_stop_id=Id(references="stops.stop_id"),
        to_stop_id=Id(references="stops.stop_id"),
    ),
    Table(
        "fare_transfer_rules.txt",
        primary_key=(
            "from_leg_group_id",
            "to_leg_group_id",
            "duration_limit",
            "transfer_count",
            "fare_product_id",
        ),
        from_leg_group_id=Id(references="fare_leg_rules.leg_group_id"),
        to_leg_group_id=Id(references="fare_leg_rules.leg_group_id"),
        transfer_count=Integer(),
        duration_limit=Integer(POSITIVE),
        duration_limit_type=Choice(
            "DEPARTURE_TO_ARRIVAL",
            "DEPARTURE_TO_DEPARTURE",
            "ARRIVAL_TO_DEPARTURE",
            "ARRIVAL_TO_ARRIVAL",
        ),
        fare_transfer_type=Choice("A_PLUS_AB", "A_PLUS_AB_PLUS_B", "AB", required=True),
        fare_product_id=Id(references="fare_products.fare_product_id"),
    ),
    Table(
        "areas.txt",
        primary_key=("area_id",),
        area_id=Id(required=True),
        area_name=Text(),
    ),
    Table(
        "stop_areas.txt",
        primary_key=("area_id", "stop_id"),
        area_id=Id(references="areas.area_id", required=True),
        stop_id=Id(references="stops.stop_id", required=True),
    ),
    Table(
        "networks.txt",
        primary_key=("network_id",),
        network_id=Id(required=True),
        network_name=Text(mixed_case=True),
    ),
    Table(
        "route_networks.txt",
        primary_key=("route_id",),
        network_id=Id(references="networks.network_id", required=True),
        route_id=Id(references="routes.route_id", required=True),
    ),
    Table(
        "shapes.txt",
        primary_key=("shape_id", "shape_pt_sequence"),
        shape_id=Id(required=True),
        shape_pt_lat=Latitude(required=True),
        shape_pt_lon=Longitude(required=True),
        shape_pt_sequence=Integer(NON_NEGATIVE, required=True),
        shape_dist_traveled=Float(NON_NEGATIVE),
    ),
    Table(
        "frequencies.txt",
        primary_key=("trip_id", "start_time"),
        ranges=(Range("start_time", "end_time", may_be_equal=False),),
        trip_id=TextKey(references="trips.trip_id", required=True),
        start_time=Time(required=True),
        end_time=Time(required=True),
        headway_secs=Integer(POSITIVE, required=True),
        exact_times=Choice("FREQUENCY_BASED", "SCHEDULE_BASED"),
    ),
    Table(
        "transfers.txt",
        primary_key=(
            "from_stop_id",
            "to_stop_id",
            "from_trip_id",
            "to_trip_id",
            "from_route_id",
            "to_route_id",
        ),
        from_stop_id=Id(references="stops.stop_id"),
        to_stop_id=Id(references="stops.stop_id"),
        from_route_id=Id(references="routes.route_id"),
        to_route_id=Id(references="routes.route_id"),
        from_trip_id=Id(references="trips.trip_id"),
        to_trip_id=Id(references="trips.trip_id"),
        transfer_type=Choice(
            "RECOMMENDED",
            "TIMED",
            "MINIMUM_TIME",
            "IMPOSSIBLE",
            "IN_SEAT_TRANSFER_ALLOWED",
            "IN_SEAT_TRANSFER_NOT_ALLOWED",
            column_required=True,
        ),
        min_transfer_time=Integer(NON_NEGATIVE),
    ),
    Table(
        "pathways.txt",
        primary_key=("pathway_id",),
        pathway_id=Id(required=True),
        from_stop_id=Id(references="stops.stop_id", required=True),
        to_stop_id=Id(references="stops.stop_id", required=True),
        pathway_mode=Choice(
            "WALKWAY",
            "STAIRS",
            "MOVING_SIDEWALK",
            "ESCALATOR",
            "ELEVATOR",
            "FARE_GATE",
            "EXIT_GATE",
            start=1,
            required=True,
        ),
        is_bidirectional=Choice("UNIDIRECTIONAL", "BIDIRECTIONAL", required=True),
        length=Float(NON_NEGATIVE),
        traversal_time=Integer(POSITIVE),
        stair_count=Integer(NON_ZERO),
        max_slope=Float(),
        min_width=Float(POSITIVE),
        signposted_as=Text(mixed_case=True),
        reversed_signposted_as=Text(mixed_case=True),
    ),
    Table(
        "levels.txt",
        primary_key=("level_id",),
        level_id=Id(required=True),
        level_index=Float(required=True),
        level_name=Text(mixed_case=True),
    ),
    Table(
        "location_groups.txt",
        primary_key=("location_group_id",),
        location_group_id=Id(required=True),
        location_group_name=Text(mixed_case=True),
    ),
    Table(
        "location_group_stops.txt",
        location_group_id=Id(required=True),
        stop_id=Id(required=True),
    ),
    Table(
        "booking_rules.txt",
        primary_key=("booking_rule_id",),
        booking_rule_id=Id(required=True),
        booking_type=Choice("REALTIME", "SAMEDAY", "PRIORDAY", required=True),
        prior_notice_duration_min=Integer(),
        prior_notice_duration_max=Integer(),
        prior_notice_last_day=Integer(),
        prior_notice_last_time=Time(),
        prior_notice_start_day=Integer(),
        prior_notice_start_time=Time(),
        prior_notice_service_id=Text(),
        message=Text(mixed_case=True),
        pickup_message=Text(mixed_case=True),
        drop_off_message=Text(mixed_case=True),
        phone_number=Phone(),
        info_url=Url(),
        booking_url=Url(),
    ),
    Table(
        "translations.txt",
        primary_key=(
            "table_name",
            "field_name",
            "language",
            "record_id",
            "record_sub_id",
            "field_value",
        ),
        table_name=Text(required=True),
        field_name=Text(required=True),
        language=Language(required=True),
        translation=Text(required=True),
        record_id=Text(),
        record_sub_id=Text(),
        field_value=Text(),
    ),
    Table(
        "feed_info.txt",
        single_row=True,
        ranges=(Range("feed_start_date", "feed_end_date"),),
        feed_publisher_name=Text(required=True),
        feed_publisher_url=Url(required=True),
        feed_lang=Language(required=True),
        default_lang=Language(),
        feed_start_date=Date(recommended=True),
        feed_end_date=Date(recommended=True),
        feed_version=Text(recommended=True),
        feed_contact_email=Email(),
        feed_contact_url=Url(),
    ),
    Table(
        "attributions.txt",
        primary_key=("attribution_id",),
        attribution_id=Id(),
        agency_id=Id(references="agency.agency_id"),
        route_id=Id(references="routes.route_id"),
        trip_id=Id(references="trips.trip_id"),
        organization_name=Text(required=True),
        is_producer=Choice("NOT_ASSIGNED", "ASSIGNED"),
        is_operator=Choice("NOT_ASSIGNED", "ASSIGNED"),
        is_authority=Choice("NOT_ASSIGNED", "ASSIGNED"),
        attribution_url=Url(),
        attribution_email=Email(),
        attribution_phone=Phone(),
    ),
)

TABLES: dict[str, Table] = {table.name: table for table in _TABLES}
"""Table name (file name without .txt) -> Table. locations.geojson is read apart, as `locations`."""

IN_SEAT, MUST_ALIGHT = 4, 5
"""transfer_type of linked trips: riders may stay aboard, or must get off and board again."""
LINKED_TRIPS = (IN_SEAT, MUST_ALIGHT)


def _changed(table: Table, without: tuple[str, ...] = (), **fields: Field) -> Table:
    """A table without some fields and with others put in place of its own, or at its end."""
    changed = copy(table)
    named = {name: replace(field, name=name, table=table.name) for name, field in fields.items()}
    kept = {name: field for name, field in table.fields.items() if name not in without}
    changed.fields = kept | named
    return changed


@cache
def next_tables() -> dict[str, Table]:
    """The tables as the canonical validator has them after 8.0.1.

    It knows no extended route types, and no pickup_type of trips, which only MOTIS reads.
    """
    return TABLES | {
        "routes": _changed(TABLES["routes"], route_type=RouteType(route_types.BASIC)),
        "trips": _changed(TABLES["trips"], without=("pickup_type",)),
    }


@cache
def canonical_tables() -> dict[str, Table]:
    """The tables as the canonical validator 8.0.1 has them: no fare product costs less than 0."""
    return next_tables() | {
        "fare_products": _changed(
            TABLES["fare_products"], amount=Amount(NON_NEGATIVE, required=True)
        )
    }


_PROPOSED = (
    Table(
        "notices.txt",
        primary_key=("notice_id",),
        notice_id=Id(required=True),
        notice_group_id=Id(),
        display_text=Text(required=True),
    ),
    Table(
        "notice_assignments.txt",
        primary_key=("notice_id", "notice_group_id", "table_name", "record_id"),
        notice_id=Id(references="notices.notice_id"),
        notice_group_id=Id(references="notices.notice_group_id"),
        table_name=Text(required=True),
        record_id=TextKey(required=True),
    ),
    Table(
        "trip_segments.txt",
        primary_key=("trip_segment_id",),
        trip_segment_id=Id(required=True),
        trip_id=Id(references="trips.trip_id", required=True),
        from_stop_sequence=Integer(NON_NEGATIVE, required=True),
        to_stop_sequence=Integer(NON_NEGATIVE, required=True),
    ),
    Table(
        "vehicles.txt",
        primary_key=("label",),
        label=Text(required=True),
        high_label=Text(),
        vehicle_class=Id(),
        depot=Text(),
        vehicle_type=Text(),
        manufacturer=Text(),
        model=Text(),
        year_manufactured=Integer(POSITIVE),
        fuel_type=Text(),
        length=Float(POSITIVE),
        articulated_sections=Integer(POSITIVE),
        levels=Integer(POSITIVE),
        seating=Integer(NON_NEGATIVE),
        full_load=Integer(NON_NEGATIVE),
        wheelchairs=Integer(NON_NEGATIVE),
        strollers=Integer(NON_NEGATIVE),
        bicycles=Integer(NON_NEGATIVE),
        bicycle_notes=Text(),
        luggage=Choice("NONE", "ABOVE_SEATS", "IN_CABIN", "ACCESSED_EXTERNALLY"),
        luggage_notes=Text(),
        restrooms=Integer(NON_NEGATIVE),
        air_conditioned=Choice("NOT_AIR_CONDITIONED", "AIR_CONDITIONED"),
        ac_plugs=Integer(NON_NEGATIVE),
        usb_plugs=Integer(NON_NEGATIVE),
        wifi=Choice("NONE", "FREE", "FREE_WITH_ACCOUNT", "FOR_A_FEE"),
        wifi_notes=Text(),
        doors=Integer(NON_NEGATIVE),
        boarding_type=Choice("HIGH_PLATFORM", "LOW_PLATFORM", "STEPS", "LEVEL_AT_SOME", start=1),
        boarding_steps=Integer(NON_NEGATIVE),
        accessable_boarding=Choice("NOT_ACCESSIBLE", "LEVEL", "RAMP", "LIFT"),
        accessability_notes=Text(),
        next_stop_announcement=Choice("AUTOMATIC", "BY_STAFF", start=1),
        next_stop_display=Choice("NEXT_STOP", "SEVERAL_STOPS", start=1),
        decoration=Text(),
        cab=Choice("NO_CAB", "CAB"),
        image_url=Url(),
        image_photographer=Text(),
        image_details=Url(),
        vehicle_notes=Text(),
        capacity_seated=Integer(NON_NEGATIVE),
    ),
)


@cache
def experimental_tables() -> dict[str, Table]:
    """The tables with what is only proposed, in the words of the pull requests to google/transit.

    transfers.service_id (#659), notices with their assignments and segments of trips (#638) and
    vehicles (#636). Of vehicles.txt the text read was an earlier draft; fields that the review of
    August 2026 shows beside it stand at its end.
    """
    services = ("calendar.service_id", "calendar_dates.service_id")
    changed = {
        "transfers": _changed(TABLES["transfers"], service_id=Id(references=services)),
        "routes": _changed(TABLES["routes"], vehicle_class=Id()),
        "trips": _changed(TABLES["trips"], vehicle_class=Id()),
    }
    return TABLES | changed | {table.name: table for table in _PROPOSED}
