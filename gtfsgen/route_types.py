"""Kinds of vehicle: the route types of GTFS, and the extended ones that many feeds use.

The extended numbers are Google's table of "Extended GTFS Route Types" (the Hierarchical Vehicle
Type codes of TPEG), with those of TPEG's ferries and flights that MOTIS and OpenTripPlanner read
too. Rules, pages, shapes and differences ask here what a number means.
"""

from __future__ import annotations

RAIL, BUS, FERRY = 2, 3, 4
FIRST_COACH = 200

BASIC = {
    0: "LIGHT_RAIL",
    1: "SUBWAY",
    2: "RAIL",
    3: "BUS",
    4: "FERRY",
    5: "CABLE_TRAM",
    6: "AERIAL_LIFT",
    7: "FUNICULAR",
    11: "TROLLEYBUS",
    12: "MONORAIL",
}
"""The route types of the reference and their names, as the canonical validator prints them."""

OTHER_KINDS = {1100: "AIRCRAFT", 1500: "TAXI", 1600: "SELF_DRIVE", 1700: "MISCELLANEOUS"}
"""Kinds of vehicle that no basic route type stands for, by the first number of their family."""

FAMILIES = {
    100: (RAIL, "RAILWAY_SERVICE HIGH_SPEED_RAIL LONG_DISTANCE_TRAIN INTER_REGIONAL_RAIL "
          "CAR_TRANSPORT_RAIL SLEEPER_RAIL REGIONAL_RAIL TOURIST_RAILWAY RAIL_SHUTTLE "
          "SUBURBAN_RAILWAY REPLACEMENT_RAIL SPECIAL_RAIL LORRY_TRANSPORT_RAIL ALL_RAIL "
          "CROSS_COUNTRY_RAIL VEHICLE_TRANSPORT_RAIL RACK_RAILWAY ADDITIONAL_RAIL"),
    200: (BUS, "COACH_SERVICE INTERNATIONAL_COACH NATIONAL_COACH SHUTTLE_COACH REGIONAL_COACH "
          "SPECIAL_COACH SIGHTSEEING_COACH TOURIST_COACH COMMUTER_COACH ALL_COACH"),
    300: (RAIL, "SUBURBAN_RAILWAY_SERVICE"),
    400: (1, "URBAN_RAILWAY_SERVICE METRO UNDERGROUND URBAN_RAILWAY ALL_URBAN_RAILWAY"),
    405: (12, "MONORAIL_SERVICE"),
    500: (1, "METRO_SERVICE"),
    600: (1, "UNDERGROUND_SERVICE"),
    700: (BUS, "BUS_SERVICE REGIONAL_BUS EXPRESS_BUS STOPPING_BUS LOCAL_BUS NIGHT_BUS POST_BUS "
          "SPECIAL_NEEDS_BUS MOBILITY_BUS MOBILITY_BUS_FOR_REGISTERED_DISABLED SIGHTSEEING_BUS "
          "SHUTTLE_BUS SCHOOL_BUS SCHOOL_AND_PUBLIC_BUS RAIL_REPLACEMENT_BUS DEMAND_RESPONSE_BUS "
          "ALL_BUS SHARE_TAXI"),
    800: (11, "TROLLEYBUS_SERVICE"),
    900: (0, "TRAM_SERVICE CITY_TRAM LOCAL_TRAM REGIONAL_TRAM SIGHTSEEING_TRAM SHUTTLE_TRAM "
          "ALL_TRAM"),
    1000: (FERRY, "WATER_TRANSPORT INTERNATIONAL_CAR_FERRY NATIONAL_CAR_FERRY REGIONAL_CAR_FERRY "
           "LOCAL_CAR_FERRY INTERNATIONAL_PASSENGER_FERRY NATIONAL_PASSENGER_FERRY "
           "REGIONAL_PASSENGER_FERRY LOCAL_PASSENGER_FERRY POST_BOAT TRAIN_FERRY ROAD_LINK_FERRY "
           "AIRPORT_LINK_FERRY CAR_HIGH_SPEED_FERRY PASSENGER_HIGH_SPEED_FERRY SIGHTSEEING_BOAT "
           "SCHOOL_BOAT CABLE_DRAWN_BOAT RIVER_BUS SCHEDULED_FERRY SHUTTLE_FERRY ALL_WATER"),
    1100: (1100, "AIR_SERVICE INTERNATIONAL_AIR DOMESTIC_AIR INTERCONTINENTAL_AIR "
           "DOMESTIC_SCHEDULED_AIR SHUTTLE_AIR INTERCONTINENTAL_CHARTER_AIR "
           "INTERNATIONAL_CHARTER_AIR ROUND_TRIP_CHARTER_AIR SIGHTSEEING_AIR HELICOPTER "
           "DOMESTIC_CHARTER_AIR SCHENGEN_AREA_AIR AIRSHIP ALL_AIR"),
    1200: (FERRY, "FERRY_SERVICE"),
    1300: (6, "AERIAL_LIFT_SERVICE TELECABIN CABLE_CAR ELEVATOR CHAIR_LIFT DRAG_LIFT "
           "SMALL_TELECABIN ALL_TELECABIN"),
    1400: (7, "FUNICULAR_SERVICE FUNICULAR_RAILWAY ALL_FUNICULAR"),
    1500: (1500, "TAXI_SERVICE COMMUNAL_TAXI WATER_TAXI RAIL_TAXI BIKE_TAXI LICENSED_TAXI "
           "PRIVATE_HIRE_TAXI ALL_TAXI"),
    1600: (1600, "SELF_DRIVE_SERVICE HIRE_CAR HIRE_VAN HIRE_MOTORBIKE HIRE_CYCLE"),
    1700: (1700, "MISCELLANEOUS_SERVICE CABLE_CAR_SERVICE HORSE_DRAWN_CARRIAGE"),
}  # fmt: skip
"""Of each family of extended route types its first number: the kind of vehicle that it is (a basic
route type, or a number of `OTHER_KINDS`), and the names of its numbers in turn.
"""

EXTENDED = {
    first + offset: name
    for first, (_, names) in FAMILIES.items()
    for offset, name in enumerate(names.split())
}
"""The extended route types and their names."""

NAMES = BASIC | EXTENDED

KINDS = {number: number for number in BASIC} | {
    first + offset: kind
    for first, (kind, names) in FAMILIES.items()
    for offset in range(len(names.split()))
}
"""Every route type -> the basic one that is the same kind of vehicle, or a number of
`OTHER_KINDS`."""

KIND_NAMES = BASIC | OTHER_KINDS

RAILS = tuple(number for number, kind in KINDS.items() if kind == RAIL)
FERRIES = tuple(number for number, kind in KINDS.items() if kind == FERRY)


WORDS = {
    0: "Tram", 1: "Metro", 2: "Rail", 3: "Bus", 4: "Ferry", 5: "Cable tram", 6: "Aerial lift",
    7: "Funicular", 11: "Trolleybus", 12: "Monorail", 200: "Coach", 1100: "Air", 1500: "Taxi",
}  # fmt: skip
"""What riders call them, by kind; coaches, which are buses to rules, have a word of their own."""
OTHER = "Other"


def word_of(text: str | None) -> str:
    """What riders call a route_type as it stands in routes.txt."""
    kind = kind_of(text)
    if kind == BUS and FIRST_COACH <= int(text or 0) < FIRST_COACH + 100:
        kind = FIRST_COACH
    return WORDS.get(kind, OTHER) if kind is not None else OTHER


def kind_of(text: str | None) -> int | None:
    """The kind of vehicle of a route_type as it stands in routes.txt; None if it is unknown."""
    number = (text or "").strip()
    return KINDS.get(int(number)) if number.isascii() and number.isdigit() else None


def is_rail(text: str | None) -> bool:
    """Whether a route_type as it stands in routes.txt is a railway's."""
    return kind_of(text) == RAIL
