"""Controlled edits of feeds: what each must tell. Used by tests, and by hand on any feed."""

from __future__ import annotations

import csv
import io
import random
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from gtfsgen.diff.fields import space_of
from gtfsgen.schema import TABLES

Rows = list[dict[str, str]]
Feed = dict[str, Rows]


def read_feed(path: Path) -> Feed:
    found: Feed = {}
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            base = name.rpartition("/")[2]
            if base.endswith(".txt"):
                text = archive.read(name).decode("utf-8-sig", "replace")
                rows = csv.DictReader(io.StringIO(text, newline=""), skipinitialspace=True)
                found[base[:-4]] = [
                    {(k or "").strip(): (v or "").strip() for k, v in row.items() if k}
                    for row in rows
                ]
    return {name: rows for name, rows in found.items() if rows}


def packed(feed: Feed, encoding: str = "utf-8", end: str = "\r\n") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, rows in feed.items():
            text = io.StringIO(newline="")
            columns = list(dict.fromkeys(column for row in rows for column in row))
            writer = csv.DictWriter(text, columns, lineterminator=end, restval="")
            writer.writeheader()
            writer.writerows(rows)
            archive.writestr(f"{name}.txt", text.getvalue().encode(encoding))
    return out.getvalue()


def copied(feed: Feed) -> Feed:
    return {name: [dict(row) for row in rows] for name, rows in feed.items()}


def renumbered(feed: Feed, seed: int = 1) -> Feed:
    """Every id of every kind is another, in another order."""
    known: dict[tuple[str, str], str] = {}
    chance = random.Random(seed)
    numbers = list(range(10**6))
    chance.shuffle(numbers)
    new = copied(feed)

    def renamed(space: str, value: str) -> str:
        key = (space, value)
        if key not in known:
            known[key] = f"r{numbers[len(known)]}"
        return known[key]

    records = {
        "agency": "agency.agency_id",
        "stops": "stops.stop_id",
        "routes": "routes.route_id",
        "trips": "trips.trip_id",
        "stop_times": "trips.trip_id",
        "levels": "levels.level_id",
        "pathways": "pathways.pathway_id",
        "attributions": "attributions.attribution_id",
    }
    for name, rows in new.items():
        spaces = {c: space_of(name, c) for c in rows[0]}
        for row in rows:
            for column, space in spaces.items():
                if space and row.get(column):
                    row[column] = renamed(space, row[column])
            if name == "translations" and row.get("record_id") and row["table_name"] in records:
                row["record_id"] = renamed(records[row["table_name"]], row["record_id"])
        if name in TABLES:
            chance.shuffle(rows)
    return new


Edit = Callable[[Feed, random.Random], Feed | None]
SAME: dict[str, Edit] = {}
ONCE: dict[str, Edit] = {}


def _same(edit: Edit) -> Edit:
    SAME[edit.__name__] = edit
    return edit


def _once(edit: Edit) -> Edit:
    ONCE[edit.__name__] = edit
    return edit


def seconds(text: str) -> int:
    h, m, s = text.split(":")
    return int(h) * 3600 + int(m) * 60 + int(s)


def text(value: int) -> str:
    return f"{value // 3600:02}:{value // 60 % 60:02}:{value % 60:02}"


def calls(feed: Feed) -> dict[str, Rows]:
    found: dict[str, Rows] = {}
    for row in feed["stop_times"]:
        found.setdefault(row["trip_id"], []).append(row)
    for rows in found.values():
        rows.sort(key=lambda row: int(row["stop_sequence"]))
    return found


def a_trip(feed: Feed, chance: random.Random, least: int = 3) -> tuple[dict[str, str], Rows] | None:
    known = calls(feed)
    running = {
        r["service_id"]
        for r in feed.get("calendar", [])
        if "1"
        in (
            r.get("monday"),
            r.get("tuesday"),
            r.get("wednesday"),
            r.get("thursday"),
            r.get("friday"),
        )
    } | {r["service_id"] for r in feed.get("calendar_dates", []) if r["exception_type"] == "1"}
    trips = [
        t
        for t in feed["trips"]
        if len(known.get(t["trip_id"], ())) >= least
        and t["service_id"] in running
        and all(r.get("arrival_time") and r.get("departure_time") for r in known[t["trip_id"]])
    ]
    if not trips:
        return None
    trip = chance.choice(trips)
    return trip, known[trip["trip_id"]]


def shift(rows: Rows, by: int) -> None:
    for row in rows:
        for column in ("arrival_time", "departure_time"):
            if row.get(column):
                row[column] = text(seconds(row[column]) + by)


@_same
def nothing(feed: Feed, chance: random.Random) -> Feed | None:
    return feed


@_same
def other_ids(feed: Feed, chance: random.Random) -> Feed | None:
    return renumbered(feed)


@_same
def other_order(feed: Feed, chance: random.Random) -> Feed | None:
    for rows in feed.values():
        chance.shuffle(rows)
    return feed


@_same
def exceptions_for_weekdays(feed: Feed, chance: random.Random) -> Feed | None:
    """calendar.txt becomes calendar_dates.txt."""
    from datetime import datetime, timedelta

    if "calendar" not in feed:
        return None
    names = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    if {*feed["calendar"][0]} - {*names, "service_id", "start_date", "end_date"}:
        return None
    known: dict[str, set[str]] = {}
    for row in feed["calendar"]:
        day = datetime.strptime(row["start_date"], "%Y%m%d")
        end = datetime.strptime(row["end_date"], "%Y%m%d")
        days = known.setdefault(row["service_id"], set())
        while day <= end:
            if row[names[day.weekday()]] == "1":
                days.add(f"{day:%Y%m%d}")
            day += timedelta(days=1)
    for row in feed.get("calendar_dates", []):
        days = known.setdefault(row["service_id"], set())
        (days.add if row["exception_type"] == "1" else days.discard)(row["date"])
    del feed["calendar"]
    feed["calendar_dates"] = [
        {"service_id": s, "date": d, "exception_type": "1"}
        for s, days in known.items()
        for d in sorted(days)
    ]
    return feed


@_same
def service_split(feed: Feed, chance: random.Random) -> Feed | None:
    """A trip is told twice, on weekdays and at the weekend."""
    chosen = a_trip(feed, chance)
    weekly = {row["service_id"]: row for row in feed.get("calendar", [])}
    if not chosen or chosen[0]["service_id"] not in weekly:
        return None
    trip, rows = chosen
    if any(
        row.get("trip_id") == trip["trip_id"]
        for t in ("frequencies", "attributions", "transfers")
        for row in feed.get(t, [])
    ):
        return None
    if any(row.get("from_trip_id") or row.get("to_trip_id") for row in feed.get("transfers", [])):
        return None
    service = weekly[trip["service_id"]]
    for name, days in (
        ("wd", ("saturday", "sunday")),
        ("we", ("monday", "tuesday", "wednesday", "thursday", "friday")),
    ):
        feed["calendar"].append(
            service | {"service_id": f"split-{name}"} | dict.fromkeys(days, "0")
        )
        feed["calendar_dates"] = [
            *feed.get("calendar_dates", []),
            *(
                row | {"service_id": f"split-{name}"}
                for row in feed.get("calendar_dates", [])
                if row["service_id"] == trip["service_id"]
                and (row["exception_type"] == "2" or name == "wd")
            ),
        ]
    if not feed["calendar_dates"]:
        del feed["calendar_dates"]
    feed["trips"].append(trip | {"trip_id": "split", "service_id": "split-we"})
    feed["stop_times"] += [row | {"trip_id": "split"} for row in rows]
    trip["service_id"] = "split-wd"
    return feed


@_same
def explicit_defaults(feed: Feed, chance: random.Random) -> Feed | None:
    for row in feed["stop_times"]:
        row["pickup_type"] = row.get("pickup_type") or "0"
    return feed


@_same
def other_spelling_of_numbers(feed: Feed, chance: random.Random) -> Feed | None:
    for row in feed["stops"]:
        if "." in row.get("stop_lat", ""):
            row["stop_lat"] += "0"
    for row in feed["stop_times"]:
        if row.get("arrival_time", "").startswith("0"):
            row["arrival_time"] = row["arrival_time"][1:]
    return feed


@_same
def cut_in_seat(feed: Feed, chance: random.Random) -> Feed | None:
    """A trip is cut at a stop, and the parts are linked by a transfer of type 4."""
    chosen = a_trip(feed, chance, 4)
    if not chosen:
        return None
    trip, rows = chosen
    if any(
        row.get("trip_id") == trip["trip_id"]
        for t in ("frequencies", "attributions")
        for row in feed.get(t, [])
    ):
        return None
    if any(row.get("from_trip_id") or row.get("to_trip_id") for row in feed.get("transfers", [])):
        return None
    at = len(rows) // 2
    feed["trips"].append(trip | {"trip_id": "cut"})
    feed["stop_times"].append(rows[at] | {"trip_id": "cut"})
    for row in rows[at + 1 :]:
        row["trip_id"] = "cut"
    transfer = {
        "from_stop_id": rows[at]["stop_id"],
        "to_stop_id": rows[at]["stop_id"],
        "from_trip_id": trip["trip_id"],
        "to_trip_id": "cut",
        "transfer_type": "4",
    }
    feed["transfers"] = [*feed.get("transfers", []), transfer]
    return feed


@_once
def minute_later(feed: Feed, chance: random.Random) -> Feed | None:
    chosen = a_trip(feed, chance)
    if chosen:
        shift(chosen[1], 60)
    return chosen and feed


@_once
def two_minutes_from_the_middle(feed: Feed, chance: random.Random) -> Feed | None:
    chosen = a_trip(feed, chance)
    if chosen:
        shift(chosen[1][len(chosen[1]) // 2 :], 120)
    return chosen and feed


@_once
def trip_deleted(feed: Feed, chance: random.Random) -> Feed | None:
    chosen = a_trip(feed, chance)
    if not chosen:
        return None
    gone = chosen[0]["trip_id"]
    for name in ("trips", "stop_times", "frequencies", "attributions"):
        if name in feed:
            feed[name] = [row for row in feed[name] if row.get("trip_id") != gone]
    if "transfers" in feed:
        feed["transfers"] = [
            r for r in feed["transfers"] if gone not in (r.get("from_trip_id"), r.get("to_trip_id"))
        ]
    return {name: rows for name, rows in feed.items() if rows}


@_once
def trip_added(feed: Feed, chance: random.Random) -> Feed | None:
    chosen = a_trip(feed, chance)
    if not chosen:
        return None
    trip, rows = chosen
    feed["trips"].append(trip | {"trip_id": "added"})
    added = [row | {"trip_id": "added"} for row in rows]
    shift(added, 61 * 13)
    feed["stop_times"] += added
    return feed


@_once
def call_dropped(feed: Feed, chance: random.Random) -> Feed | None:
    chosen = a_trip(feed, chance, 4)
    if chosen:
        feed["stop_times"].remove(chosen[1][len(chosen[1]) // 2])
    return chosen and feed


@_once
def no_boarding(feed: Feed, chance: random.Random) -> Feed | None:
    chosen = a_trip(feed, chance)
    if chosen:
        row = chosen[1][1]
        row["pickup_type"] = "1" if row.get("pickup_type", "0") in ("", "0") else "0"
    return chosen and feed


@_once
def day_off(feed: Feed, chance: random.Random) -> Feed | None:
    from datetime import datetime, timedelta

    used = Counter(t["service_id"] for t in feed["trips"])
    excepted = {(r["service_id"], r["date"]) for r in feed.get("calendar_dates", [])}
    names = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    for row in feed.get("calendar", []):
        day, end = (datetime.strptime(row[c], "%Y%m%d") for c in ("start_date", "end_date"))
        day += timedelta(days=1)
        while day < end:
            if (
                row[names[day.weekday()]] == "1"
                and used[row["service_id"]]
                and (row["service_id"], f"{day:%Y%m%d}") not in excepted
            ):
                new = {
                    "service_id": row["service_id"],
                    "date": f"{day:%Y%m%d}",
                    "exception_type": "2",
                }
                feed["calendar_dates"] = [*feed.get("calendar_dates", []), new]
                return feed
            day += timedelta(days=1)
    return None


@_once
def station_moved(feed: Feed, chance: random.Random) -> Feed | None:
    stops = [s for s in feed["stops"] if s.get("stop_lat") and not s.get("parent_station")]
    if not stops:
        return None
    stop = chance.choice(stops)
    children = [s for s in feed["stops"] if s.get("parent_station") == stop["stop_id"]]
    for row in (stop, *children):
        if row.get("stop_lat"):
            row["stop_lat"] = f"{float(row['stop_lat']) + 0.002:.6f}"
    return feed


@_once
def stop_renamed(feed: Feed, chance: random.Random) -> Feed | None:
    chance.choice(feed["stops"])["stop_name"] = "Quite Another Name"
    return feed


@_once
def route_renamed(feed: Feed, chance: random.Random) -> Feed | None:
    chance.choice(feed["routes"])["route_long_name"] = "Quite Another Line"
    return feed


@_once
def route_recoloured(feed: Feed, chance: random.Random) -> Feed | None:
    chance.choice(feed["routes"])["route_color"] = "123456"
    return feed


@_once
def headsign(feed: Feed, chance: random.Random) -> Feed | None:
    chosen = a_trip(feed, chance)
    if chosen:
        chosen[0]["trip_headsign"] = "Elsewhere"
    return chosen and feed


@_once
def wheelchair(feed: Feed, chance: random.Random) -> Feed | None:
    chosen = a_trip(feed, chance)
    if chosen:
        chosen[0]["wheelchair_accessible"] = (
            "2" if chosen[0].get("wheelchair_accessible") == "1" else "1"
        )
    return chosen and feed


@_once
def block(feed: Feed, chance: random.Random) -> Feed | None:
    chosen = a_trip(feed, chance)
    if chosen:
        chosen[0]["block_id"] = "" if chosen[0].get("block_id") else "new block"
    return chosen and feed


@_once
def headway_doubled(feed: Feed, chance: random.Random) -> Feed | None:
    if "frequencies" not in feed:
        return None
    row = chance.choice(feed["frequencies"])
    row["headway_secs"] = str(int(row["headway_secs"]) * 2)
    return feed


@_once
def fare(feed: Feed, chance: random.Random) -> Feed | None:
    if "fare_attributes" not in feed:
        return None
    chance.choice(feed["fare_attributes"])["price"] = "99"
    return feed


@_once
def fare_product(feed: Feed, chance: random.Random) -> Feed | None:
    if "fare_products" not in feed:
        return None
    chance.choice(feed["fare_products"])["amount"] = "99"
    return feed


@_once
def fare_rule_deleted(feed: Feed, chance: random.Random) -> Feed | None:
    if len(feed.get("fare_rules", [])) < 2:
        return None
    feed["fare_rules"].remove(chance.choice(feed["fare_rules"]))
    return feed


@_once
def booking(feed: Feed, chance: random.Random) -> Feed | None:
    if "booking_rules" not in feed:
        return None
    chance.choice(feed["booking_rules"])["phone_number"] = "+1 555 0100"
    return feed


@_once
def window(feed: Feed, chance: random.Random) -> Feed | None:
    rows = [r for r in feed["stop_times"] if r.get("end_pickup_drop_off_window")]
    if not rows:
        return None
    chance.choice(rows)["end_pickup_drop_off_window"] = "23:45:00"
    return feed


@_once
def transfer(feed: Feed, chance: random.Random) -> Feed | None:
    if "transfers" not in feed:
        return None
    chance.choice(feed["transfers"])["min_transfer_time"] = "777"
    return feed


@_once
def shape_point(feed: Feed, chance: random.Random) -> Feed | None:
    used = {t.get("shape_id") for t in feed["trips"]}
    rows = [r for r in feed.get("shapes", []) if r["shape_id"] in used]
    if not rows:
        return None
    row = chance.choice(rows)
    row["shape_pt_lat"] = f"{float(row['shape_pt_lat']) + 0.003:.6f}"
    return feed


@_once
def agency_phone(feed: Feed, chance: random.Random) -> Feed | None:
    chance.choice(feed["agency"])["agency_phone"] = "+1 555 0199"
    return feed


@_once
def platform(feed: Feed, chance: random.Random) -> Feed | None:
    chance.choice(feed["stops"])["platform_code"] = "9¾"
    return feed


@_once
def unknown_column(feed: Feed, chance: random.Random) -> Feed | None:
    chance.choice(feed["stops"])["x_shelter"] = "glass"
    return feed


@_once
def version(feed: Feed, chance: random.Random) -> Feed | None:
    if "feed_info" not in feed:
        return None
    feed["feed_info"][0]["feed_version"] = "another"
    return feed


@_once
def timepoint(feed: Feed, chance: random.Random) -> Feed | None:
    chosen = a_trip(feed, chance)
    if chosen:
        row = chosen[1][1]
        row["timepoint"] = "1" if row.get("timepoint") == "0" else "0"
    return chosen and feed


@_once
def service_of_a_trip(feed: Feed, chance: random.Random) -> Feed | None:
    """A trip runs on a service of its own: only on the first Saturday."""
    chosen = a_trip(feed, chance)
    if not chosen or "calendar" not in feed:
        return None
    others = [
        s["service_id"] for s in feed["calendar"] if s["service_id"] != chosen[0]["service_id"]
    ]
    days = {
        r["service_id"]: tuple(v for k, v in sorted(r.items()) if k != "service_id")
        for r in feed["calendar"]
    }
    others = [
        s
        for s in others
        if days[s] != days.get(chosen[0]["service_id"]) and "1" in days[s][:3] + days[s][4:]
    ]
    if not others:
        return None
    chosen[0]["service_id"] = others[0]
    return feed


def edits_of(feed: Feed, seed: int = 7) -> Iterator[tuple[str, Feed, bool]]:
    """(name, edited feed, whether it must be told once) for all edits that the feed admits."""
    for known, told in ((SAME, False), (ONCE, True)):
        for name, edit in known.items():
            edited = edit(copied(feed), random.Random(seed))
            if edited:
                yield name, edited, told
    for name, edit in ONCE.items():
        edited = edit(copied(feed), random.Random(seed))
        if edited:
            yield f"{name}+other_ids", renumbered(edited), True
