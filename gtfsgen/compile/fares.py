"""Fares of the feed: fares.csv as fares v1 or v2 of GTFS.

Version 2 has areas for the places that fares name, a product for each price, class and kind of
rider, and leg rules between areas. Where coaches go through, the legs before and behind a joint are
one leg for the fare (`fare_leg_join_rules`). Version 1 has zones; it knows neither riders nor days.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from gtfsgen.compile.ids import slug
from gtfsgen.compile.trips import Bundle
from gtfsgen.dates import Dates
from gtfsgen.faults import Fault, Severity
from gtfsgen.source.model import Fare, Source
from gtfsgen.source.words import folded

Rows = dict[str, list[dict[str, Any]]]
ADULTS = frozenset(("adult", "adults", "erwachsene", "erwachsener", "成人", "everyone"))
NETWORK = "trains"
"""The network of all routes, where routes.csv names none."""


def fare_services(source: Source) -> list[tuple[str, Dates]]:
    """Names and dates of the services that fares of some days need."""
    if version(source) != 2:
        return []
    days = {fare.days: fare.dates for fare in source.fares if fare.days}
    return [(f"fares.{slug(words)}", dates) for words, dates in days.items()]


def version(source: Source) -> int:
    """1 or 2, as feed.toml says; 2 by default."""
    section = source.settings.raw.get("fares")
    return 1 if isinstance(section, dict) and section.get("version") == 1 else 2


def add_fares(
    source: Source,
    tables: dict[str, pl.DataFrame],
    bundles: Iterable[Bundle],
    services: Mapping[Dates, str],
    faults: list[Fault],
) -> None:
    """Add the tables of fares; in version 1 also the zones of stops."""
    if not source.fares:
        return
    stops = set(tables["stops"]["stop_id"]) if "stops" in tables else set()
    members = places(source, stops)
    fares = [fare for fare in source.fares if is_served(fare, members, faults)]
    if not fares:
        return
    if version(source) == 1:
        rows = first_version(source, fares, members, faults)
        add_zones(tables, rows)
    else:
        rows = second_version(source, tables, fares, members, bundles, services)
    for name, found in rows.items():
        if found:
            tables[name] = frame(found)


def places(source: Source, stops: set[str]) -> dict[str, list[str]]:
    """Station or zone -> the stops of the feed that belong to it."""
    members: dict[str, list[str]] = {}
    for row in source.stations.iter_rows(named=True):
        if row["station_id"] in stops:
            members.setdefault(row["station_id"], []).append(row["station_id"])
            if row["zone_id"]:
                members.setdefault(row["zone_id"], []).append(row["station_id"])
    return members


def is_served(fare: Fare, members: Mapping[str, list[str]], faults: list[Fault]) -> bool:
    """Whether trains call at both ends; else the fare is left out and told."""
    ends = filter(None, (fare.from_place, fare.to_place))
    lacking = [place for place in ends if place not in members]
    if lacking:
        faults.append(
            Fault(
                Severity.WARNING, "fare_without_trains", fare.path, fare.line, fare.column,
                f"No train calls at {lacking[0]}, so that the fare is left out.",
            )
        )  # fmt: skip
    return not lacking


def product_id(fare: Fare) -> str:
    """The id of a price: its own, or its class, riders and amount."""
    kind = fare.accommodation or fare.name or "fare"
    words = (kind, fare.who, fare.amount, fare.currency)
    return slug(fare.fare_id or "-".join(filter(None, words)))


def second_version(
    source: Source,
    tables: Mapping[str, pl.DataFrame],
    fares: list[Fare],
    members: Mapping[str, list[str]],
    bundles: Iterable[Bundle],
    services: Mapping[Dates, str],
) -> Rows:
    names = {row["station_id"]: row["name"] for row in source.stations.iter_rows(named=True)}
    rows: Rows = {
        name: []
        for name in (
            "rider_categories", "fare_products", "timeframes", "areas", "stop_areas",
            "fare_leg_rules", "networks", "route_networks", "fare_leg_join_rules",
        )
    }  # fmt: skip
    done: set[tuple[str, str]] = set()

    def once(table: str, key: str, row: dict[str, Any], fare: Fare) -> None:
        if (table, key) not in done:
            done.add((table, key))
            rows[table].append(row | origin(fare))

    for fare in fares:
        product, rider = product_id(fare), slug(fare.who) if fare.who else ""
        if rider:
            row = {
                "rider_category_id": rider,
                "rider_category_name": fare.who,
                "is_default_fare_category": "1" if folded(fare.who) in ADULTS else "",
            }
            once("rider_categories", rider, row, fare)
        row = {
            "fare_product_id": product,
            "fare_product_name": fare.name or fare.accommodation,
            "rider_category_id": rider,
            "amount": fare.amount,
            "currency": fare.currency,
        }
        once("fare_products", f"{product} {rider}", row, fare)
        timeframe = f"fares.{slug(fare.days)}" if fare.days else ""
        if timeframe:
            row = {"timeframe_group_id": timeframe, "service_id": services[fare.dates]}
            once("timeframes", timeframe, row, fare)
        for place in filter(None, (fare.from_place, fare.to_place)):
            once("areas", place, {"area_id": place, "area_name": names.get(place, "")}, fare)
            for stop in members[place]:
                row = {"area_id": place, "stop_id": stop}
                once("stop_areas", f"{place} {stop}", row, fare)
        row = {
            "from_area_id": fare.from_place,
            "to_area_id": fare.to_place,
            "from_timeframe_group_id": timeframe,
            "fare_product_id": product,
        }
        rows["fare_leg_rules"].append(row | origin(fare))
    add_joins(rows, tables, bundles, fares[0])
    return rows


def add_joins(
    rows: Rows, tables: Mapping[str, pl.DataFrame], bundles: Iterable[Bundle], fare: Fare
) -> None:
    """Let the trains of a through coach be one leg for the fare."""
    tied = [each for each in bundles if each.form != "one trip"]
    joints = sorted({joint.station_id for each in tied for joint in each.joints})
    if not joints:
        return
    routes = tables["routes"]
    own = "network_id" in routes.columns and bool((routes["network_id"] != "").any())
    networks = [NETWORK]
    if own:
        networks = sorted(set(routes["network_id"]) - {""})
    else:
        rows["networks"].append({"network_id": NETWORK} | origin(fare))
        for route in routes.sort("route_id").iter_rows(named=True):
            row = {"network_id": NETWORK, "route_id": route["route_id"]}
            rows["route_networks"].append(row | origin(fare))
    for one in networks:
        for other in networks:
            for station in joints:
                row = {
                    "from_network_id": one,
                    "to_network_id": other,
                    "from_stop_id": station,
                    "to_stop_id": station,
                }
                rows["fare_leg_join_rules"].append(row | origin(fare))


def first_version(
    source: Source, fares: list[Fare], members: Mapping[str, list[str]], faults: list[Fault]
) -> Rows:
    """fare_attributes and fare_rules; riders and days, which they cannot say, are errors."""
    rows: Rows = {"fare_attributes": [], "fare_rules": []}
    agencies = source.agencies["agency_id"].to_list()
    for number, fare in enumerate(fares, start=1):
        shared = shares_zone(source, fare, members)
        if fare.who or fare.days or shared:
            what = "riders" if fare.who else "days" if fare.days else f"the stations of {shared}"
            faults.append(
                Fault(
                    Severity.ERROR, "fare_needs_version_2", fare.path, fare.line, fare.column,
                    f"Fares of version 1 do not tell {what} apart.",
                    hint="write version = 2 in [fares] of feed.toml",
                )
            )  # fmt: skip
            continue
        fare_id = f"{product_id(fare)}.{number}"
        row = {
            "fare_id": fare_id,
            "price": fare.amount,
            "currency_type": fare.currency,
            "payment_method": fare.payment,
            "transfers": "",
            "agency_id": fare.agency or (agencies[0] if len(agencies) == 1 else ""),
        }
        rows["fare_attributes"].append(row | origin(fare))
        if fare.from_place or fare.to_place:
            row = {"fare_id": fare_id, "origin_id": fare.from_place}
            rows["fare_rules"].append(row | {"destination_id": fare.to_place} | origin(fare))
        if len(agencies) > 1 and not fare.agency:
            faults.append(
                Fault(
                    Severity.ERROR, "missing_value", fare.path, fare.line, fare.column,
                    "There are several agencies, and the fare does not say whose it is.",
                    hint=f"add a column agency: {', '.join(agencies[:6])}",
                )
            )  # fmt: skip
    return rows


def shares_zone(source: Source, fare: Fare, members: Mapping[str, list[str]]) -> str:
    """The zone of a station of the fare that has other stations too; blank if there is none."""
    zone_of = {row["station_id"]: row["zone_id"] for row in source.stations.iter_rows(named=True)}
    zones = [zone_of.get(place, "") for place in (fare.from_place, fare.to_place)]
    return next((zone for zone in zones if len(members.get(zone, ())) > 1), "")


def add_zones(tables: dict[str, pl.DataFrame], rows: Rows) -> None:
    """Give each stop without a zone its own, since fares of version 1 go from zone to zone."""
    if not rows["fare_rules"]:
        return
    stops = tables["stops"]
    if "zone_id" not in stops.columns:
        stops = stops.with_columns(zone_id=pl.lit(""))
    own = pl.when(pl.col("zone_id") == "").then("stop_id").otherwise("zone_id")
    tables["stops"] = stops.with_columns(zone_id=own)
    zones = {row["stop_id"]: row["zone_id"] for row in tables["stops"].iter_rows(named=True)}
    for row in rows["fare_rules"]:
        for end in ("origin_id", "destination_id"):
            row[end] = zones.get(row[end], row[end])


def origin(fare: Fare) -> dict[str, Any]:
    return {"path": fare.path, "line": fare.line, "column": fare.column}


def frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    schema = {name: pl.Int32 if name == "line" else pl.String for name in rows[0]}
    return pl.DataFrame(rows, schema=schema)
