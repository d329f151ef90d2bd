"""A feed for each fixer: one edit away from a clean one, with a notice that the fixer mends."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from tests.parity.cases import HERE, load_cases, write_feed
from tests.validation.test_cases import BASE as OWN_BASE
from tests.validation.test_cases import CASES as OWN_CASES
from tests.validation.test_cases import cases as own_cases

OWN = ("transfer_", "linked_trips_", "block_without", "stop_timezone_on")
UNFIT = {
    "decreasing_shape_distance--by-sequence",
    "duplicate_key--trimmed",
    "fare_transfer_rule_without_transfer_count--column-absent",
    "foreign_key_violation--network-without-any",
    "geo_json_duplicated_element--feature",
    "inconsistent_agency_lang--second",
    "invalid_input_files_in_subfolder--deep",
    "invalid_pickup_drop_off_window--equal",
    "location_without_parent_station--type3",
    "missing_stop_name--stop",
    "missing_trip_edge--first-both",
    "more_than_one_entity--three",
    "route_both_short_and_long_name_missing--columns-absent",
    "start_and_end_range_out_of_order--calendar",
    "stop_time_timepoint_without_times--arrival",
    "stop_time_with_arrival_before_previous_departure_time--one",
    "stop_without_location--B1-stop_lat",
    "transfer_with_invalid_trip_and_route--both",
}
"""Cases of the canonical validator of which there is nothing to mend without knowing more."""


@dataclass(frozen=True)
class Example:
    """A feed and what is asked of it."""

    files: dict[str, bytes | None] = field(default_factory=dict)
    """File -> its bytes in place of the base's."""
    base: str = "base"
    case: Any = None
    date: str = "2026-11-20"
    country: str = "ZZ"

    def write(self, folder: Path) -> Path:
        if self.case is not None:
            return write_feed(self.case, folder / self.case.get("file_name", "case.zip"))
        changes = dict(self.files)
        if self.base == "own":
            # The canonical base without its files, and those of our own cases in their place.
            own = {p.name: p.read_bytes() for p in sorted(OWN_BASE.iterdir())}
            without = dict.fromkeys(p.name for p in (HERE / "bases" / "base").iterdir())
            filled = {name: data for name, data in {**own, **changes}.items() if data}
            changes = {**without, **filled}
        base = "base" if self.base == "own" else self.base
        return write_feed({"base": base, "changes": changes}, folder / "feed.zip")


def changed(*edits: tuple[str, str, str], base: str = "base", **more: Any) -> Example:
    """The base with texts replaced, each once: (file, old, new)."""
    files: dict[str, bytes | None] = {}
    for name, old, new in edits:
        root = HERE / "bases" / base
        text = files.get(name) or (root / name).read_bytes()
        assert old.encode() in text, (name, old)
        files[name] = text.replace(old.encode(), new.encode(), 1)
    return Example(files, base, **more)


def renamed(old: str, new: str) -> Example:
    return Example({old: None, new: (HERE / "bases" / "base" / old).read_bytes()})


STOP_P2 = "48.0102,2.0102,ZB,,0,ST,,1,L1,2,"

BOOKING = (HERE / "bases/base/booking_rules.txt").read_text().splitlines(keepends=True)[1:]
FEED_INFO = (HERE / "bases/base/feed_info.txt").read_text().splitlines()[1]

OLD_CALLS = """\
T9,07:00:00,07:00:00,B1,,,1,,,,,,,,,1,,
T9,07:10:00,07:10:00,B4,,,2,,,,,,,,,1,,
"""

EXAMPLES: dict[tuple[str, bool], Example] = {
    ("invalid_character", False): Example(
        {
            "stops.txt": (HERE / "bases/base/stops.txt")
            .read_bytes()
            .replace(b"Beside the old mill", b"Beside the caf\xe9")
        }
    ),
    ("invalid_currency", True): changed(("fare_attributes.txt", "2.00,EUR", "2.00,eur")),
    ("invalid_currency", False): changed(("fare_attributes.txt", "2.00,EUR", "2.00,€")),
    ("invalid_date", True): changed(("calendar.txt", "20261005", "2026-10-05")),
    ("invalid_date", False): changed(("calendar.txt", "20270326", "26/03/2027")),
    ("invalid_email", True): changed(("agency.txt", "info@harb", "mailto:info@harb")),
    ("invalid_float", True): changed(("pathways.txt", "12.5", "12. 5")),
    ("invalid_float", False): changed(("pathways.txt", "12.5", '"12,5"')),
    ("invalid_integer", True): changed(("transfers.txt", "300", "300.0")),
    ("invalid_language_code", True): changed(("translations.txt", "name,fr,", "name,fr_FR,")),
    ("invalid_row_length", True): changed(("levels.txt", "Street", "Street,")),
    ("invalid_row_length", False): changed(("levels.txt", "L1,-1.5,Platforms", "L1,-1.5")),
    ("invalid_time", True): changed(("stop_times.txt", "08:03:00", "8:03")),
    ("invalid_time", False): changed(("stop_times.txt", "08:03:00", "8:03 AM")),
    ("invalid_timezone", True): changed(("stops.txt", ",1,,Europe/Paris", ",1,,europe/paris")),
    ("invalid_url", True): changed(("routes.txt", "lines/1,", "lines/1 a,")),
    ("invalid_url", False): changed(
        ("routes.txt", "https://harbour.example.com/lines", "harbour.example.com/lines")
    ),
    ("missing_feed_contact_email_and_url", False): changed(
        ("feed_info.txt", "https://rail.example.org/contact", ""), base="base-rail"
    ),
    ("missing_pickup_drop_off_booking_rule_id", False): changed(
        ("booking_rules.txt", BOOKING[0], ""),
        ("booking_rules.txt", BOOKING[2], ""),
        ("stop_times.txt", "18:00:00,2,1,,,,,BR1,", "18:00:00,2,1,,,,,,"),
        ("stop_times.txt", "BR0", "BR1"),
        ("stop_times.txt", "BR2", "BR1"),
        ("stop_times.txt", "BR2", "BR1"),
    ),
    ("unknown_column", False): changed(("stops.txt", "stop_desc", "Stop_Desc")),
    ("missing_recommended_field", True): changed(("feed_info.txt", "20261003,20270328", ",")),
    ("missing_recommended_field", False): changed(
        ("routes.txt", "K,RW,K27", "K,,K27"), base="base-rail"
    ),
    ("duplicate_key", True): changed(("levels.txt", "L0,0,Street", "L0,0,Street\nL0,0,Street")),
    ("duplicate_key", False): changed(("levels.txt", "L0,0,Street", "L0,0,Street\nL0,2,Roof")),
    ("foreign_key_violation", False): changed(("transfers.txt", "B3,ST", "B3,SX")),
    ("more_than_one_entity", True): changed(
        *(("feed_info.txt", row, f"{row}\n{row}") for row in [FEED_INFO])
    ),
    ("more_than_one_entity", False): changed(
        ("feed_info.txt", FEED_INFO, f"{FEED_INFO}\n{FEED_INFO.replace('Harbour', 'Other')}")
    ),
    ("start_and_end_range_out_of_order", True): changed(
        ("feed_info.txt", "20261003,20270328", "20270328,20261003")
    ),
    ("start_and_end_range_out_of_order", False): changed(
        ("calendar.txt", "20261005,20270326", "20270326,20261005")
    ),
    ("missing_required_file", True): renamed("agency.txt", " agency.txt"),
    ("new_line_in_value", True): changed(
        ("stops.txt", "Beside the old mill", '"Beside\nthe old mill"')
    ),
    ("non_ascii_or_non_printable_char", False): changed(
        ("booking_rules.txt", "BR0", "BR\u200b0"), ("stop_times.txt", "BR0", "BR\u200b0")
    ),
    ("number_out_of_range", False): changed(("pathways.txt", "1.2,", "-1.2,")),
    ("platform_without_parent_station", False): changed(
        ("stops.txt", "Quay Bay One", "Quay Interchange"),
        ("stops.txt", "ZB,,0,SQ,,0,,1,1", "ZB,,0,,,0,,1,"),
    ),
    ("point_near_origin", False): changed(("stops.txt", STOP_P2, "0,0,ZB,,0,ST,,1,L1,2,")),
    ("route_short_name_too_long", False): changed(
        ("routes.txt", "Flex,Valley Call Bus", "Valley Call Bus,")
    ),
    ("forbidden_drop_off_type", False): changed(
        ("stop_times.txt", "Z2,2,,08:00:00,18:00:00,1,2", "Z2,2,,08:00:00,18:00:00,1,0")
    ),
    ("empty_file", True): Example({"frequencies.txt": b""}),
    ("expired_calendar", True): changed(
        ("calendar.txt", "WE,0", "OLD,1,1,1,1,1,0,0,20261005,20261030\nWE,0"),
        ("trips.txt", "R2,WK,M1", "R1,OLD,T9,North Gate,109,0,,SH1,1,1,2,,\nR2,WK,M1"),
        ("stop_times.txt", "M1,08:00:00,08:00:00", OLD_CALLS + "M1,08:00:00,08:00:00"),
    ),
    ("foreign_key_violation", True): changed(("trips.txt", "103,0,,SH1", "103,0,,SHX")),
    ("unknown_file", True): Example({"Thumbs.db": b"\0"}),
}


@cache
def _canonical() -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for case in load_cases():
        code = case["name"].partition("--")[0]
        if code in case["expect"] and case.get("input") != "absent":
            found.setdefault(code, []).append(case)
    return found


def example(code: str, safe: bool) -> Example:
    if (code, safe) in EXAMPLES:
        return EXAMPLES[code, safe]
    if code.startswith(OWN) and (OWN_CASES / f"{code}.md").is_file():
        one = next(own_cases(OWN_CASES / f"{code}.md"))
        return Example({n: t.encode() for n, t in one.tables.items()}, "own")
    fit = [case for case in _canonical()[code] if case["name"] not in UNFIT]
    case = fit[0]
    return Example(case=case, date=case["date"], country=case["country"])


__all__ = ["EXAMPLES", "Example", "example"]
