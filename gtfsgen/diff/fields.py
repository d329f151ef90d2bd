"""Which fields of GTFS matter to whom, and what a blank cell means.

Every field of `gtfsgen.schema` stands here once (a test holds the two together): under the level
at which a change of it is told, or under `NOT_TOLD` where its value is only a name for something
else (ids), an order (stop_sequence) or is told as what it makes (calendars as dates).
"""

from __future__ import annotations

from enum import StrEnum

from gtfsgen.schema import TABLES, Field, Type


class Level(StrEnum):
    """Who notices: `rider` at the stop, `planner` who plans with or answers for the feed, and
    whoever works with the `data`."""

    RIDER = "rider"
    PLANNER = "planner"
    DATA = "data"


ORDER = {Level.RIDER: 0, Level.PLANNER: 1, Level.DATA: 2}

_RIDER = """
agency: agency_name agency_url agency_phone agency_fare_url agency_email agency_timezone
agency: cemv_support
stops: stop_code stop_name tts_stop_name stop_desc stop_lat stop_lon zone_id stop_url location_type
stops: parent_station stop_timezone wheelchair_boarding level_id platform_code stop_access
routes: agency_id route_short_name route_long_name route_desc route_type route_url route_color
routes: route_text_color continuous_pickup continuous_drop_off cemv_support
trips: route_id service_id trip_headsign trip_short_name direction_id wheelchair_accessible
trips: bikes_allowed cars_allowed
stop_times: trip_id arrival_time departure_time stop_id location_group_id location_id
stop_times: stop_headsign start_pickup_drop_off_window end_pickup_drop_off_window pickup_type
stop_times: drop_off_type continuous_pickup continuous_drop_off
stop_times: pickup_booking_rule_id drop_off_booking_rule_id
calendar: monday tuesday wednesday thursday friday saturday sunday start_date end_date
calendar_dates: date exception_type
fare_attributes: price currency_type payment_method transfers agency_id transfer_duration
fare_rules: fare_id route_id origin_id destination_id contains_id
timeframes: timeframe_group_id start_time end_time service_id
rider_categories: rider_category_name is_default_fare_category eligibility_url
fare_media: fare_media_name fare_media_type
fare_products: fare_product_name rider_category_id fare_media_id amount currency
fare_leg_rules: leg_group_id network_id from_area_id to_area_id from_timeframe_group_id
fare_leg_rules: to_timeframe_group_id fare_product_id rule_priority
fare_leg_join_rules: from_network_id to_network_id from_stop_id to_stop_id
fare_transfer_rules: from_leg_group_id to_leg_group_id transfer_count duration_limit
fare_transfer_rules: duration_limit_type fare_transfer_type fare_product_id
areas: area_name
stop_areas: area_id stop_id
networks: network_name
route_networks: network_id route_id
frequencies: trip_id start_time end_time headway_secs exact_times
transfers: from_stop_id to_stop_id from_route_id to_route_id from_trip_id to_trip_id
transfers: transfer_type min_transfer_time
pathways: from_stop_id to_stop_id pathway_mode is_bidirectional length traversal_time stair_count
pathways: max_slope min_width signposted_as reversed_signposted_as
levels: level_index level_name
location_groups: location_group_name
location_group_stops: location_group_id stop_id
booking_rules: booking_type prior_notice_duration_min prior_notice_duration_max
booking_rules: prior_notice_last_day prior_notice_last_time prior_notice_start_day
booking_rules: prior_notice_start_time prior_notice_service_id message pickup_message
booking_rules: drop_off_message phone_number info_url booking_url
translations: table_name field_name language translation record_id record_sub_id field_value
attributions: agency_id route_id trip_id organization_name is_producer is_operator is_authority
attributions: attribution_url attribution_email attribution_phone
"""

_PLANNER = """
agency: agency_lang
routes: route_sort_order network_id
trips: block_id shape_id safe_duration_factor safe_duration_offset pickup_type
stop_times: timepoint
shapes: shape_pt_lat shape_pt_lon
feed_info: feed_publisher_name feed_publisher_url feed_lang default_lang feed_contact_email
feed_info: feed_contact_url
"""

_DATA = """
stop_times: shape_dist_traveled
shapes: shape_dist_traveled
feed_info: feed_start_date feed_end_date feed_version
"""

_NOT_TOLD = """
agency: agency_id
stops: stop_id
routes: route_id
trips: trip_id
stop_times: stop_sequence
calendar: service_id
calendar_dates: service_id
fare_attributes: fare_id
rider_categories: rider_category_id
fare_media: fare_media_id
fare_products: fare_product_id
areas: area_id
networks: network_id
shapes: shape_id shape_pt_sequence
pathways: pathway_id
levels: level_id
location_groups: location_group_id
booking_rules: booking_rule_id
attributions: attribution_id
"""

_DEFAULTS = """
agency: cemv_support=0
stops: location_type=0 wheelchair_boarding=0
routes: route_color=FFFFFF route_text_color=000000 continuous_pickup=1 continuous_drop_off=1
routes: cemv_support=0
trips: wheelchair_accessible=0 bikes_allowed=0 cars_allowed=0
stop_times: pickup_type=0 drop_off_type=0 timepoint=1
frequencies: exact_times=0
transfers: transfer_type=0
rider_categories: is_default_fare_category=0
fare_leg_rules: rule_priority=0
attributions: is_producer=0 is_operator=0 is_authority=0
"""


def _listed(text: str) -> list[tuple[str, str]]:
    lines = [line.split(": ", 1) for line in text.strip().splitlines()]
    return [(table, word) for table, words in lines for word in words.split()]


FIELDS: dict[tuple[str, str], Level | None] = {
    **dict.fromkeys(_listed(_RIDER), Level.RIDER),
    **dict.fromkeys(_listed(_PLANNER), Level.PLANNER),
    **dict.fromkeys(_listed(_DATA), Level.DATA),
    **dict.fromkeys(_listed(_NOT_TOLD), None),
}
"""(table, field) -> the level at which a change matters; None: it never does."""

DEFAULTS: dict[tuple[str, str], str] = {
    (table, word.split("=")[0]): word.split("=")[1] for table, word in _listed(_DEFAULTS)
}
"""What a blank cell means where the reference says so: a blank made explicit is no change.

A blank continuous_pickup in stop_times means what the route says, so it has no default here."""

SPECIAL_SPACES = {
    ("calendar", "service_id"): "service",
    ("calendar_dates", "service_id"): "service",
    ("trips", "service_id"): "service",
    ("timeframes", "service_id"): "service",
    ("booking_rules", "prior_notice_service_id"): "service",
    ("routes", "network_id"): "networks.network_id",
    ("fare_leg_rules", "network_id"): "networks.network_id",
    ("fare_leg_join_rules", "from_network_id"): "networks.network_id",
    ("fare_leg_join_rules", "to_network_id"): "networks.network_id",
    ("location_group_stops", "location_group_id"): "location_groups.location_group_id",
    ("location_group_stops", "stop_id"): "stops.stop_id",
    ("stops", "zone_id"): "stops.zone_id",
    ("locations", "id"): "locations.id",
}


def space_of(table: str, field: str) -> str | None:
    """The space of ids that a field's values belong to: equal ids of one space are one thing.

    None for a field that holds no id.
    """
    if (table, field) in SPECIAL_SPACES:
        return SPECIAL_SPACES[table, field]
    known = TABLES[table].fields.get(field) if table in TABLES else None
    if known is None:
        return None
    if known.references:
        return known.references[0]
    return f"{table}.{field}" if known.type is Type.ID else None


OWN_ID = {
    "agency": "agency_id",
    "stops": "stop_id",
    "routes": "route_id",
    "fare_attributes": "fare_id",
    "rider_categories": "rider_category_id",
    "fare_media": "fare_media_id",
    "areas": "area_id",
    "networks": "network_id",
    "pathways": "pathway_id",
    "levels": "level_id",
    "location_groups": "location_group_id",
    "booking_rules": "booking_rule_id",
    "attributions": "attribution_id",
    "locations": "id",
}
"""Tables of things: a row is a thing, and this column its id."""


def field_of(table: str, name: str) -> Field | None:
    return TABLES[table].fields.get(name) if table in TABLES else None


def level_of(table: str, field: str) -> Level | None:
    """Where a change of this field is told; columns that GTFS does not know belong to the data."""
    if table == "locations":
        return None if field == "id" else Level.RIDER
    return FIELDS.get((table, field), Level.DATA)
