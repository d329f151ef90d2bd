"""Where a notice points: a file of the feed and a row in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

ROW = "csv_row_number"
FILES = {
    "agency.txt": "inconsistent_agency_lang inconsistent_agency_timezone",
    "attributions.txt": "attribution_without_role",
    "booking_rules.txt": """
        forbidden_prior_day_booking_field_value forbidden_prior_notice_start_day
        forbidden_prior_notice_start_time forbidden_real_time_booking_field_value
        forbidden_same_day_booking_field_value invalid_prior_notice_duration_min
        missing_prior_notice_duration_min missing_prior_notice_last_day
        missing_prior_notice_last_time missing_prior_notice_start_time
        prior_notice_last_day_after_start_day""",
    "calendar.txt": "expired_calendar service_has_no_active_day_of_the_week",
    "fare_media.txt": "duplicate_fare_media",
    "fare_products.txt": "fare_product_with_multiple_default_rider_categories",
    "fare_transfer_rules.txt": """
        fare_transfer_rule_duration_limit_type_without_duration_limit
        fare_transfer_rule_duration_limit_without_type fare_transfer_rule_invalid_transfer_count
        fare_transfer_rule_with_forbidden_transfer_count
        fare_transfer_rule_without_transfer_count""",
    "feed_info.txt": """
        feed_expiration_date30_days feed_expiration_date7_days
        feed_info_lang_and_agency_lang_mismatch future_feed missing_feed_contact_email_and_url
        missing_feed_info_date""",
    "frequencies.txt": "overlapping_frequency",
    "locations.geojson": """
        duplicate_geo_json_key invalid_geometry missing_required_element
        unsupported_feature_type unsupported_geo_json_type unsupported_geometry_type""",
    "pathways.txt": """
        bidirectional_exit_gate pathway_loop pathway_to_platform_with_boarding_areas
        pathway_to_stop_with_access_outside_of_station_pathways
        pathway_to_wrong_location_type""",
    "routes.txt": """
        duplicate_route_name route_both_short_and_long_name_missing route_color_contrast
        route_long_name_contains_short_name route_short_name_too_long
        same_name_and_description_for_route""",
    "shapes.txt": """
        decreasing_shape_distance equal_shape_distance_diff_coordinates
        equal_shape_distance_diff_coordinates_distance_below_threshold
        equal_shape_distance_same_coordinates single_shape_point unused_shape""",
    "stop_times.txt": """
        decreasing_or_equal_stop_time_distance fast_travel_between_consecutive_stops
        fast_travel_between_far_stops forbidden_arrival_or_departure_time
        forbidden_drop_off_type forbidden_geography_id forbidden_pickup_type
        forbidden_shape_dist_traveled invalid_pickup_drop_off_window
        missing_pickup_drop_off_booking_rule_id missing_pickup_or_drop_off_window
        missing_stop_times_record missing_timepoint_value missing_trip_edge
        stop_time_timepoint_without_times stop_time_with_arrival_before_previous_departure_time
        stop_time_with_only_arrival_or_departure_time unsorted_stop_times""",
    "stops.txt": """
        location_with_unexpected_stop_time location_without_parent_station missing_level_id
        missing_stop_name pathway_dangling_generic_node pathway_unreachable_location
        platform_without_parent_station same_name_and_description_for_stop
        station_with_parent_station stop_access_specified_for_incorrect_location
        stop_access_specified_for_stop_with_no_parent_station stop_without_location
        stop_without_stop_time stop_without_zone_id unused_station wrong_parent_location_type""",
    "timeframes.txt": """
        timeframe_only_start_or_end_time_specified timeframe_overlap
        timeframe_start_or_end_time_greater_than_twenty_four_hours""",
    "transfers.txt": """
        inconsistent_route_type_for_in_seat_transfer transfer_distance_above_2_km
        transfer_distance_too_large transfer_with_invalid_stop_location_type
        transfer_with_invalid_trip_and_route transfer_with_invalid_trip_and_stop
        transfer_with_suspicious_mid_trip_in_seat""",
    "translations.txt": """
        translation_foreign_key_violation translation_unexpected_value
        translation_unknown_table_name""",
    "trips.txt": """
        block_trips_with_overlapping_stop_times missing_bike_allowance
        trip_headsign_matches_intermediate_stop unusable_trip unused_trip""",
}
"""Codes whose particulars, fixed by the canonical report, give a row without naming its file."""

FILE_OF_CODE = {code: filename for filename, codes in FILES.items() for code in codes.split()}
FILE_COLUMNS = ("filename", "child_filename", "file_name_a")
ROW_COLUMNS = {
    ROW: "",
    "row_number": "",
    "curr_csv_row_number": "",
    "new_csv_row_number": "",
    "end_csv_row_number": "",
    "csv_row_number2": "",
    "csv_row_number_b": "",
    "stop_time_csv_row_number": "stop_times.txt",
    "stop_time_csv_row_number2": "stop_times.txt",
    "stop_csv_row_number": "stops.txt",
    "route_csv_row_number": "routes.txt",
    "trip_csv_row_number": "trips.txt",
    "agency_csv_row_number": "agency.txt",
}
"""Particulars that give a row, the most telling first, and its file ("": the notice's own)."""


class Place(NamedTuple):
    """Names of the columns that hold the file and the row, or the file itself."""

    file_column: str
    filename: str
    row_column: str


def place_columns(code: str, columns: tuple[str, ...]) -> Place:
    """Where notices of a code with these particulars (in snake case) point."""
    file_column = next((name for name in FILE_COLUMNS if name in columns), "")
    row_column = next((name for name in ROW_COLUMNS if name in columns), "")
    filename = "" if file_column else ROW_COLUMNS.get(row_column) or FILE_OF_CODE.get(code, "")
    return Place(file_column, filename, row_column if file_column or filename else "")


def place(code: str, entry: Mapping[str, Any]) -> tuple[str, int | None]:
    """File and row of one notice in canonical form; "" and None where it points nowhere."""
    from gtfsgen.findings import camel

    columns = {camel(name): name for name in (*FILE_COLUMNS, *ROW_COLUMNS)}
    here = place_columns(code, tuple(columns[name] for name in entry if name in columns))
    filename = entry[camel(here.file_column)] if here.file_column else here.filename
    row = entry[camel(here.row_column)] if here.row_column else None
    return str(filename), int(row) if row is not None else None


def place_text(code: str, entry: Mapping[str, Any]) -> str:
    """`stops.txt:7`, `stops.txt`, or nothing."""
    filename, row = place(code, entry)
    return f"{filename}:{row}" if filename and row else filename


def other_particulars(code: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    """The particulars of a notice without those that `place_text` says."""
    filename, row = place(code, entry)
    said = {"filename", "csvRowNumber", "rowNumber"}
    return {
        name: value
        for name, value in entry.items()
        if not (name in said and value in (filename, row))
    }
