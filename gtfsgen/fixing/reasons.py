"""Why no machine should mend the notices of some codes, in one line each."""

from __future__ import annotations

from functools import cache

TEXT = """
attribution_without_role Only the publisher knows what the organization did.
big_gap_in_service The gap may be meant, as school holidays are.
block_successor_far_away Whether the vehicle runs empty or the block is wrong cannot be seen.
csv_parsing_failed Where the rows were meant to end cannot be seen behind a quote that never closes.
duplicate_geography_id One of the two needs another id, and which references mean which is not said.
duplicate_route_name They may be one line or two; only the publisher knows.
fare_product_with_multiple_default_rider_categories Which of them is the usual rider is not said.
fare_transfer_rule_duration_limit_without_type From when to when the time counts decides on prices.
fare_transfer_rule_invalid_transfer_count How many changes are allowed decides on prices.
fast_travel_between_consecutive_stops A time or a position is wrong, and which cannot be seen.
fast_travel_between_far_stops A time or a position is wrong, and which cannot be seen.
feed_expiration_date30_days It takes a new feed, not another date.
feed_expiration_date7_days It takes a new feed, not another date.
forbidden_continuous_pickup_drop_off Which of the two services is offered is not said.
forbidden_geography_id Which of the places is meant is not said.
future_calendar It settles itself when the first day comes.
future_feed It settles itself when the first day comes.
geo_json_unknown_element It may be an extension that somebody reads.
inconsistent_agency_timezone Every time of the feed would have to be shifted with it.
inconsistent_route_type_for_block_id Whether the block or a route's type is wrong cannot be seen.
inconsistent_route_type_for_in_seat_transfer Whether the link or a type is wrong is not said.
invalid_phone_number Which digits are wrong or missing cannot be seen.
linked_trips_block_conflict Which of the two is the vehicle's way is not said.
linked_trips_cycle Which link of the circle is wrong is not said.
linked_trips_dates_never_meet Whether the link or a calendar is wrong cannot be seen.
linked_trips_fare_legs_not_joined Whether a ride through is one fare is for the fare table to say.
linked_trips_frequency_based A headway gives no departures that could be linked.
linked_trips_from_date_uncovered Where riders end on those dates is not said.
linked_trips_join_service_conflict Which of the services is meant is not said.
linked_trips_joint_boarding_lost Whether riders may board there is for the timetable to say.
linked_trips_joint_not_routable Whether riders may board or alight there is not said.
linked_trips_long_wait The wait may be meant.
linked_trips_multi_day_shift The link may be meant.
linked_trips_next_service_day It tells of a link, not of a fault.
linked_trips_route_type_mismatch Whether the link or a route's type is wrong is not said.
linked_trips_split_service_conflict Which of the services is meant is not said.
linked_trips_stops_differ Whether the vehicle moves on between them cannot be seen.
linked_trips_stops_far_apart Whether the link or a position is wrong cannot be seen.
linked_trips_to_date_uncovered It may be meant: on those dates the trip starts there.
linked_trips_type_conflict Which of the two kinds of link is meant is not said.
location_with_unexpected_stop_time At which of its platforms the trip calls is not said.
malformed_json What the broken text was to say cannot be seen.
missing_bike_allowance Whether the ferry takes bicycles only its crew knows.
missing_calendar_and_calendar_date_files On which days trips run is not said.
missing_level_id On which level the elevator stops is not said.
missing_pickup_or_drop_off_window Until when, or from when, riders are served is not said.
missing_prior_notice_duration_min How early riders must book is not said.
missing_prior_notice_last_day How early riders must book is not said.
missing_prior_notice_last_time Until when riders must book is not said.
missing_prior_notice_start_time From when riders may book is not said.
missing_recommended_file Who publishes the feed, and which edition it is, it does not say.
missing_required_agency_id Which of the agencies runs it is not said.
missing_required_element What the missing part was to be is not said.
missing_required_field What the blank cell was to say is not known.
missing_stop_times_record Where riders are let off is not said.
overlapping_zone_and_pickup_drop_off_window Where one zone ends and the other begins is not said.
pathway_dangling_generic_node Whether the node or a pathway is missing cannot be seen.
pathway_to_platform_with_boarding_areas Which of the boarding areas is reached is not said.
pathway_to_wrong_location_type Which place in the station is meant is not said.
pathway_unreachable_location The missing pathway must be measured at the place.
point_near_pole Where the stop or the line really lies is not said.
route_networks_specified_in_more_than_one_file Which of the two counts decides on prices.
service_date_differs_from_local_date It tells of a night train, not of a fault.
service_extends_far_in_the_future The service may really be planned so far.
stop_has_too_many_matches_for_shape A line that winds through one place may be real.
stop_time_suspected_local_time Whether the times or the zone are wrong cannot be seen.
stop_timezone_disagrees_with_location Times shown to riders would change with the zone.
stop_too_far_from_shape Whether the stop or the line lies wrong cannot be seen.
stop_without_zone_id In which fare zone the stop lies is not said.
stops_match_shape_out_of_order Whether the stops or the line are in the wrong order cannot be seen.
timeframe_overlap Which of the two prices counts is not said.
too_many_consecutive_stop_times_with_same_time When the vehicle is at each of them is not said.
transfer_distance_above_2_km The transfer may be real, by another vehicle.
transfer_distance_too_large Whether a position or an id is wrong cannot be seen.
transfer_specificity_tie Which of the two transfers is meant is not said.
transfer_with_invalid_stop_location_type Which stop of it is meant is not said.
transfer_with_invalid_trip_and_stop Whether the trip or the stop is wrong is not said.
transfer_with_suspicious_mid_trip_in_seat Whether the stop or the trip is wrong is not said.
translation_language_not_looked_up Which other spelling of the language is asked for is not said.
trip_coverage_not_active_for_next7_days It takes a newer feed.
trip_short_name_not_unique_per_day Which train has which number the railway knows.
unsupported_feature_type What the feature was to be cannot be seen.
unsupported_geo_json_type What the file was to be cannot be seen.
unsupported_geometry_type An area cannot be made of a line or a point.
notice_assignment_foreign_key_violation Whether the id or the row it names is wrong cannot be seen.
notice_assignment_unknown_table Which table was meant is not said.
notice_assignment_without_one_notice Which notice was meant is not said.
notice_text_with_markup What of the marks is text cannot be seen.
trip_segment_out_of_order Which end of the segment is wrong is not said.
trip_segment_stop_sequence_unknown Which call was meant is not said.
unused_notice To what the notice belongs is not said.
vehicle_class_without_vehicles Which vehicles belong to the class is not said.
vehicle_labels_no_range Which labels were meant is not said.
"""


def _read(text: str) -> dict[str, str]:
    pairs = (line.partition(" ") for line in text.strip().splitlines() if line)
    return {code: reason for code, _, reason in pairs}


REASONS: dict[str, str] = _read(TEXT)


@cache
def every_code() -> dict[str, str]:
    """All notice codes of feeds -> what they say; those of system errors are none."""
    from gtfsgen.validation.engine import rules

    return {code: rule.summary for code, rule in rules().items()}
