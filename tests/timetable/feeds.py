"""Feeds made by chance, and the plain account of what runs when in them, day by day."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import polars as pl

from gtfsgen.timetable import Timetable, timetable_of_tables

Row = dict[str, str]
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass
class PlainFeed:
    """Tables as rows of text."""

    tables: dict[str, list[Row]] = field(default_factory=dict)

    def timetable(self) -> Timetable:
        frames = {}
        for name, rows in self.tables.items():
            columns = list(dict.fromkeys(key for row in rows for key in row))
            frames[name] = pl.DataFrame(
                {key: [row.get(key, "") for row in rows] for key in columns},
                schema=dict.fromkeys(columns, pl.String),
            )
        return timetable_of_tables(frames)

    def dates_of(self, service_id: str) -> set[date]:
        days = set()
        for row in self.tables.get("calendar", ()):
            if row["service_id"] == service_id:
                day, last = (day_of(row[name]) for name in ("start_date", "end_date"))
                while day <= last:
                    if row[WEEKDAYS[day.weekday()]] == "1":
                        days.add(day)
                    day += timedelta(days=1)
        for row in self.tables.get("calendar_dates", ()):
            if row["service_id"] == service_id and row["exception_type"] == "1":
                days.add(day_of(row["date"]))
        for row in self.tables.get("calendar_dates", ()):
            if row["service_id"] == service_id and row["exception_type"] == "2":
                days.discard(day_of(row["date"]))
        return days

    def calls_of(self, trip_id: str) -> list[Row]:
        rows = [row for row in self.tables["stop_times"] if row["trip_id"] == trip_id]
        return sorted(rows, key=lambda row: int(row["stop_sequence"]))


def day_of(text: str) -> date:
    return date(int(text[:4]), int(text[4:6]), int(text[6:]))


def text_of(day: date) -> str:
    return f"{day:%Y%m%d}"


def seconds_of(text: str) -> int:
    hours, minutes, seconds = map(int, text.split(":"))
    return hours * 3600 + minutes * 60 + seconds


def clock(seconds: int) -> str:
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def wall(day: date, seconds: int, agency: str, zone: str) -> datetime:
    """What zoneinfo says that a clock shows, so many seconds into a service day."""
    noon = datetime.combine(day, time(12), ZoneInfo(agency)).astimezone(UTC)
    moment = noon + timedelta(seconds=seconds) - timedelta(hours=12)
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


ZONES = ("Europe/Berlin", "Europe/London", "Europe/Moscow", "Asia/Shanghai", "America/New_York")


def random_feed(seed: int) -> PlainFeed:
    """A small railway across zones about a change of clocks, with blocks and linked trips."""
    chance = random.Random(seed)
    begin = chance.choice([date(2027, 3, 20), date(2027, 10, 23), date(2027, 3, 8)])
    stops = [
        {
            "stop_id": f"s{n}",
            "stop_name": f"Stop {n}",
            "stop_lat": "50",
            "stop_lon": str(n),
            "stop_timezone": chance.choice(["", *ZONES]),
        }
        for n in range(6)
    ]
    feed = PlainFeed({"stops": stops})
    tables = feed.tables
    agency = {"agency_name": "A", "agency_url": "https://a.example"}
    tables["agency"] = [agency | {"agency_timezone": chance.choice(ZONES)}]
    tables["routes"] = [
        {"route_id": f"r{n}", "route_short_name": f"R{n}", "route_type": chance.choice("23")}
        for n in range(2)
    ]
    tables["calendar"], tables["calendar_dates"] = [], []
    for n in range(4):
        if chance.random() < 0.7:
            row = {name: chance.choice("011") for name in WEEKDAYS}
            first = begin + timedelta(days=chance.randint(0, 5))
            row |= {"service_id": f"c{n}", "start_date": text_of(first)}
            row["end_date"] = text_of(first + timedelta(days=chance.randint(0, 14)))
            tables["calendar"].append(row)
        for day in {
            begin + timedelta(days=chance.randint(0, 20)) for _ in range(chance.randint(0, 4))
        }:
            row = {
                "service_id": f"c{n}",
                "date": text_of(day),
                "exception_type": chance.choice("12"),
            }
            tables["calendar_dates"].append(row)
    tables["trips"], tables["stop_times"], tables["transfers"] = [], [], []
    for n in range(chance.randint(2, 9)):
        trip = {
            "trip_id": f"t{n}",
            "route_id": chance.choice(["r0", "r1"]),
            "service_id": f"c{chance.randint(0, 3)}",
            "trip_short_name": chance.choice(["", "7", "8", "9"]),
            "block_id": chance.choice(["", "b1", "b2"]),
        }
        tables["trips"].append(trip)
        now = chance.randint(0, 30 * 12) * 300
        way = chance.sample(range(6), chance.randint(2, 4))
        for order, stop in enumerate(way):
            arrival, departure = now, now + chance.choice([0, 0, 300, 1800])
            now = departure + chance.randint(1, 24) * 300
            row = {"trip_id": f"t{n}", "stop_id": f"s{stop}", "stop_sequence": str(order * 10)}
            if order in (0, len(way) - 1) or chance.random() < 0.8:
                row |= {"arrival_time": clock(arrival), "departure_time": clock(departure)}
            tables["stop_times"].append(row)
    chance.shuffle(tables["stop_times"])
    for _ in range(chance.randint(0, 4)):
        one, other = (chance.choice(tables["trips"])["trip_id"] for _ in range(2))
        row = {"from_trip_id": one, "to_trip_id": other, "transfer_type": chance.choice("4451")}
        if all(
            each["from_trip_id"] != one or each["to_trip_id"] != other
            for each in tables["transfers"]
        ):
            tables["transfers"].append(row)
    return feed
