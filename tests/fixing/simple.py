"""What runs on which date, at what price, by the simplest means: nothing of gtfsgen is used."""

from __future__ import annotations

import collections
import csv
import io
import zipfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any

Rows = list[dict[str, str]]
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
CALL = ("pickup_type", "drop_off_type", "stop_headsign", "continuous_pickup",
        "continuous_drop_off", "location_id", "location_group_id", "pickup_booking_rule_id",
        "drop_off_booking_rule_id")  # fmt: skip
WINDOW = ("start_pickup_drop_off_window", "end_pickup_drop_off_window")
TRIP = ("trip_headsign", "trip_short_name", "direction_id", "wheelchair_accessible",
        "bikes_allowed", "cars_allowed")  # fmt: skip
ROUTE = ("route_short_name", "route_long_name", "route_type", "route_desc")
STOP = ("stop_name", "stop_code", "platform_code", "wheelchair_boarding", "zone_id")
LONGEST_DAYS = 2000


def files_of(path: Path) -> dict[str, bytes]:
    """The files of a feed by their last names."""
    if path.is_dir():
        return {p.name: p.read_bytes() for p in path.iterdir() if p.is_file()}
    with zipfile.ZipFile(path) as archive:
        return {n.rpartition("/")[2]: archive.read(n) for n in archive.namelist() if n[-1] != "/"}


def tables(files: dict[str, bytes]) -> dict[str, Rows]:
    found: dict[str, Rows] = collections.defaultdict(list)
    for name, data in files.items():
        if name.strip().lower().endswith(".txt"):
            text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig",
                               "replace").lstrip("\ufeff")  # fmt: skip
            rows = list(csv.reader(io.StringIO(text, newline="")))
            header = [plain(cell).lower() for cell in rows[0]] if rows else []
            for row in rows[1:]:
                if any(plain(cell) for cell in row):
                    cells = dict(zip(header, map(plain, row), strict=False))
                    if cells not in found[name.strip().lower()[:-4]]:
                        found[name.strip().lower()[:-4]].append(cells)
    return found


def plain(cell: str) -> str:
    return " ".join(cell.split())


def seconds(text: str) -> Any:
    parts = text.replace(" ", "").split(":")
    if len(parts) in (2, 3) and all(part.isdigit() for part in parts):
        return sum(int(part) * unit for part, unit in zip(parts, (3600, 60, 1), strict=False))
    return text or None


def number(text: str) -> Any:
    try:
        return float(text)
    except ValueError:
        return text


def day(text: str) -> date | None:
    digits = text.replace("-", "")
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        return None


def dates_of(feed: dict[str, Rows], since: date) -> dict[str, set[date]]:
    found: dict[str, set[date]] = collections.defaultdict(set)
    for row in feed["calendar"]:
        first, last = day(row.get("start_date", "")), day(row.get("end_date", ""))
        if first and last:
            for n in range(min((last - first).days + 1, LONGEST_DAYS)):
                one = first + timedelta(n)
                if row.get(WEEKDAYS[one.weekday()]) == "1":
                    found[row["service_id"]].add(one)
    for row in feed["calendar_dates"]:
        changed = day(row.get("date", ""))
        if changed:
            days = found[row.get("service_id", "")]
            (days.add if row.get("exception_type") == "1" else days.discard)(changed)
    return {name: {one for one in days if one >= since} for name, days in found.items()}


def service(path: Path, since: date = date.min) -> dict[str, Any]:
    """Every run on every date with its calls, and every fare, in a form that can be compared."""
    feed = tables(files_of(path))
    stops = {row.get("stop_id"): row for row in feed["stops"]}
    routes = {row.get("route_id"): row for row in feed["routes"]}
    calls: dict[str, list[dict[str, str]]] = collections.defaultdict(list)
    for row in feed["stop_times"]:
        calls[row.get("trip_id", "")].append(row)
    headways = collections.defaultdict(list)
    for row in feed["frequencies"]:
        kind = row.get("exact_times") or "0"
        ends = seconds(row.get("start_time", "")), seconds(row.get("end_time", ""))
        headways[row.get("trip_id", "")].append((*ends, row.get("headway_secs"), kind))
    dates = dates_of(feed, since)
    runs: dict[date, collections.Counter[Any]] = collections.defaultdict(collections.Counter)
    for trip in feed["trips"]:
        days = dates.get(trip.get("service_id", ""), set())
        trip_calls = calls[trip.get("trip_id", "")]
        if not trip_calls:
            continue  # nobody can board it
        ordered = sorted(trip_calls, key=lambda row: number(row.get("stop_sequence", "")))
        run = (
            tuple(routes.get(trip.get("route_id"), {}).get(name, "") for name in ROUTE),
            color(routes.get(trip.get("route_id"), {}).get("route_color", "")),
            tuple(trip.get(name) or "" for name in TRIP),
            tuple(called(row, stops) for row in ordered),
            tuple(sorted(headways[trip.get("trip_id", "")], key=repr)),
        )
        for one in days:
            runs[one][run] += 1
    return {"runs": dict(runs), "fares": fares(feed)}


def called(row: dict[str, str], stops: dict[str | None, dict[str, str]]) -> tuple[Any, ...]:
    stop = stops.get(row.get("stop_id"), {})
    times = seconds(row.get("arrival_time", "")), seconds(row.get("departure_time", ""))
    arrival, departure = times[0] or times[1], times[1] or times[0]
    return (
        *(stop.get(name, "") for name in STOP),
        number(stop.get("stop_lat", "")),
        number(stop.get("stop_lon", "")),
        arrival,
        departure,
        *(row.get(name) or "" for name in CALL),
        *(seconds(row.get(name, "")) for name in WINDOW),
    )


def fares(feed: dict[str, Rows]) -> dict[str, Any]:
    media = {
        row.get("fare_media_id"): (row.get("fare_media_name"), row.get("fare_media_type"))
        for row in feed["fare_media"]
    }
    return {
        "attributes": rows_of(feed["fare_attributes"], "price"),
        "rules": rows_of(feed["fare_rules"], ""),
        "products": collections.Counter(
            (
                row.get("fare_product_id"),
                number(row.get("amount", "")),
                row.get("currency", "").upper(),
                row.get("rider_category_id"),
                media.get(row.get("fare_media_id")),
            )
            for row in feed["fare_products"]
        ).keys(),
        "legs": rows_of(feed["fare_leg_rules"], ""),
    }


def rows_of(rows: Rows, amount: str) -> Any:
    def value(name: str, text: str) -> Any:
        return number(text) if name == amount else text.upper() if "currency" in name else text

    return {tuple(sorted((k, value(k, v)) for k, v in row.items() if v)) for row in rows}


def color(text: str) -> str:
    digits = text.upper().removeprefix("#")
    return digits if len(digits) != 3 else "".join(digit * 2 for digit in digits)
