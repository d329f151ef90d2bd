"""What lies behind many notices at once: one cause, told once, with what follows from it.

Nothing here finds or hides a notice. It says which notices are likely to go when others are mended,
and what a pattern of them means.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gtfsgen.faults import Severity
from gtfsgen.validation.places import place_columns

if TYPE_CHECKING:
    from gtfsgen.findings import Rows
    from gtfsgen.validation import Report

FOLLOWING: dict[str, tuple[str, ...]] = {
    "stop_times.txt": (
        "unused_trip",
        "unusable_trip",
        "stop_without_stop_time",
        "unused_station",
        "location_without_stop_times",
    ),
    "trips.txt": ("foreign_key_violation", "unused_shape", "unused_service", "unused_route"),
    "stops.txt": ("foreign_key_violation", "location_without_parent_station"),
    "routes.txt": ("foreign_key_violation", "unused_agency"),
    "calendar.txt": ("foreign_key_violation",),
    "agency.txt": ("foreign_key_violation",),
    "shapes.txt": ("foreign_key_violation", "single_shape_point"),
}
"""What is missed elsewhere when rows of a table cannot be used."""

ROW_LOST = re.compile(
    r"^(invalid_(?!pickup|prior|geometry|input)\w+|number_out_of_range|missing_required_(field|column|file)"
    r"|csv_parsing_failed|empty_file|new_line_in_value|duplicate_key|unexpected_enum_value)$"
)
"""Errors on whose account a row, or a whole table, is not used."""

LOOKED_AT = 100
"""Stops whose position is looked at for a pattern."""
MOST = 0.8
"""The part of them that must show it."""

SWAPPED = "coordinates_swapped"
OF_PLACE = (
    "stop_timezone_disagrees_with_location",
    "point_near_pole",
    "point_near_origin",
    "fast_travel_between_consecutive_stops",
    "fast_travel_between_far_stops",
    "stop_too_far_from_shape",
    "stop_too_far_from_shape_using_user_distance",
    "transfer_distance_too_large",
    "transfer_distance_above_2_km",
)
"""What a position in the wrong part of the world brings about."""


@dataclass(frozen=True)
class Reading:
    """A cause, in a sentence, and the codes that follow from it with their numbers."""

    cause: str
    """The code of the notices that are the cause; `coordinates_swapped` is told by no notice."""
    said: str
    follow: dict[str, int]


def readings(report: Report) -> list[Reading]:
    """The causes that a report shows, the one with most consequences first."""
    totals: dict[str, int] = {}
    for (code, _), parts in report.graded().items():
        totals[code] = totals.get(code, 0) + sum(map(len, parts))
    found = [*_swapped(report, totals), *_lost_rows(report, totals)]
    return sorted(found, key=lambda reading: (-sum(reading.follow.values()), reading.cause))


def _lost_rows(report: Report, totals: dict[str, int]) -> list[Reading]:
    """Tables of which rows are lost. What follows stands under the most frequent cause alone."""
    causes: dict[str, tuple[int, str]] = {}
    for (code, severity), parts in report.graded().items():
        if severity is not Severity.ERROR or not ROW_LOST.match(code):
            continue
        for filename, total in _by_file(code, parts).items():
            if filename in FOLLOWING and total > causes.get(filename, (0, ""))[0]:
                causes[filename] = (total, code)
    found = []
    taken: set[str] = set()
    for filename, (total, code) in sorted(causes.items(), key=lambda item: -item[1][0]):
        follow = {
            other: totals[other]
            for other in FOLLOWING[filename]
            if other in totals and other != code and other not in taken
        }
        if "foreign_key_violation" in follow and not _refers_to(report, filename):
            del follow["foreign_key_violation"]
        if follow:
            taken |= set(follow)
            said = (
                f"{total:,} errors {code} keep rows of {filename} from being used; these may only"
                " follow from that. Mend it first."
            )
            found.append(Reading(code, said, follow))
    return found


def _by_file(code: str, parts: list[Rows]) -> dict[str, int]:
    """How many notices speak of each file."""
    totals: dict[str, int] = {}
    for part in parts:
        here = place_columns(code, (*part.constants, *part.frame.columns))
        if not here.file_column:
            counted = {here.filename: len(part)}
        elif here.file_column in part.constants:
            counted = {str(part.constants[here.file_column]): len(part)}
        else:
            rows = part.frame[here.file_column].cast(str).value_counts(sort=True).rows()
            counted = dict(sorted(rows))
        for filename, total in counted.items():
            totals[filename] = totals.get(filename, 0) + total
    return totals


def _refers_to(report: Report, filename: str) -> bool:
    return any(
        entry.get("parentFilename") == filename
        for entry in report.samples("foreign_key_violation", LOOKED_AT)
    )


def _swapped(report: Report, totals: dict[str, int]) -> list[Reading]:
    """Latitude and longitude exchanged: with the two put right, the stops lie in their own zone."""
    from gtfsgen import clocks

    code = "stop_timezone_disagrees_with_location"
    entries = report.samples(code, LOOKED_AT)
    if not entries:
        return []
    right = 0
    for entry in entries:
        lat, lon = entry["stopLon"], entry["stopLat"]  # exchanged
        if abs(lat) <= 90 and abs(lon) <= 180:
            right += entry["zone"] in clocks.zones_within(lat, lon, 1.0)
    if right < MOST * len(entries):
        return []
    zones = sorted({entry["zone"] for entry in entries})
    said = (
        f"Latitude and longitude are swapped: with the two exchanged, {right} of {len(entries)}"
        f" stops looked at lie in {', '.join(zones[:3])}."
        " Exchange the columns stop_lat and stop_lon."
    )
    return [Reading(SWAPPED, said, {name: totals[name] for name in OF_PLACE if name in totals})]
