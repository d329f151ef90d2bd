"""fares.csv: what a journey costs, as railways publish it.

A row is a price from one station or zone to another, in a class, for some riders, on some days.
Nothing is worked out that no row says: no way back, no child's half, no price between.
"""

from __future__ import annotations

import re
from typing import Any

import polars as pl

from gtfsgen.dates import Dates
from gtfsgen.faults import Fault, Severity
from gtfsgen.feed.values import currency_fraction_digits
from gtfsgen.source.calendars import Calendars
from gtfsgen.source.model import Fare, Settings
from gtfsgen.source.stations import Stations, fault_at
from gtfsgen.source.words import did_you_mean, folded

VERSIONS = (1, 2)
MONEY = re.compile(
    r"(?P<before>[A-Z]{3})?\s*(?P<amount>\d{1,9}(?:[.,]\d{1,3})?)\s*(?P<behind>[A-Z]{3})?"
)
PAYMENT = {"on board": "0", "aboard": "0", "before boarding": "1", "before": "1"}
"""Words of the column `payment` -> payment_method."""


SETTINGS = ("version", "currency")


def fare_settings(settings: Settings, faults: list[Fault]) -> dict[str, Any]:
    """The table `[fares]` of feed.toml; what is wrong with it is a fault there."""
    section = settings.raw.get("fares", {})
    if not isinstance(section, dict):
        return {}
    good: dict[str, Any] = {}
    for key, value in section.items():
        message, hint = "", ""
        if key not in SETTINGS and not key.startswith("x_"):
            message = "There is no such key in [fares]."
            hint = did_you_mean(key, SETTINGS)
        elif key == "version" and (isinstance(value, bool) or value not in VERSIONS):
            message, hint = "Fares are of version 1 or 2.", "write version = 2"
        elif key == "currency" and not re.fullmatch("[A-Z]{3}", str(value)):
            message, hint = "This is no currency.", 'write currency = "CNY"'
        else:
            good[key] = value
        if message:
            faults.append(
                Fault(
                    Severity.ERROR, "invalid_option", "feed.toml", 0, "",
                    f"[fares] {key}: {message}", str(value), hint,
                )
            )  # fmt: skip
    return good


def read_fares(
    frame: pl.DataFrame,
    letters: dict[str, str],
    zones: set[str],
    stations: Stations,
    agencies: list[str],
    settings: dict[str, Any],
    calendars: Calendars,
    faults: list[Fault],
) -> list[Fare]:
    """All fares whose row can be understood.

    `zones` are the zone_ids of stations.csv, `settings` the table `[fares]` of feed.toml. What is
    wrong is added to `faults` at its cell.
    """
    fares: list[Fare] = []
    seen: dict[tuple[str, ...], int] = {}
    products: dict[str, tuple[str, ...]] = {}
    for row in frame.iter_rows(named=True):
        fare = read_fare(row, letters, zones, stations, agencies, settings, calendars, faults)
        if fare is None:
            continue
        key = (
            fare.from_place, fare.to_place, fare.accommodation or fare.name, fare.who, fare.days,
            fare.agency,
        )  # fmt: skip
        if key in seen:
            message = f"Line {seen[key]} has a price for the same journey, class, riders and days."
            hint = "tell them apart, or leave one out"
            faults.append(fault_at(row, letters, "price", "duplicate_fare", message, hint))
            continue
        seen[key] = fare.line
        product = (fare.amount, fare.currency, fare.accommodation, fare.who, fare.name)
        if fare.fare_id and products.setdefault(fare.fare_id, product) != product:
            message = "Another row with this id has another price, class, name or riders."
            faults.append(fault_at(row, letters, "fare", "duplicate_id", message))
            continue
        fares.append(fare)
    return fares


def read_fare(
    row: dict[str, Any],
    letters: dict[str, str],
    zones: set[str],
    stations: Stations,
    agencies: list[str],
    settings: dict[str, Any],
    calendars: Calendars,
    faults: list[Fault],
) -> Fare | None:
    """One row; None if a cell of it is wrong."""
    before = len(faults)

    def wrong(column: str, code: str, message: str, hint: str = "") -> None:
        faults.append(fault_at(row, letters, column, code, message, hint))

    match = MONEY.fullmatch(row["price"].strip())
    said = {
        text.upper()
        for text in (row["currency"], *(match.group("before", "behind") if match else ()))
        if text
    } or {str(settings.get("currency", ""))} - {""}
    if row["price"] and match is None:
        wrong("price", "invalid_value", "The price is not an amount.", "write 1476 or 1476 CNY")
    elif row["price"] and not said:
        wrong("price", "missing_value", "The price has no currency.", "write 1476 CNY")
    elif len(said) > 1:
        wrong("price", "invalid_value", f"The currency is {' and '.join(sorted(said))} at once.")
    amount = ""
    if match is not None and len(said) == 1:
        amount = in_minor_units(match["amount"].replace(",", "."), next(iter(said)))
        if not amount:
            message = f"{match['amount']} is no amount of {next(iter(said))}."
            hint = "write a currency of ISO 4217 such as CNY, and no more decimals than it has"
            wrong("price", "invalid_value", message, hint)
    places = {}
    for column in ("from", "to"):
        place, problem = find_place(row[column], zones, stations)
        places[column] = place
        if problem:
            wrong(column, "unknown_station", *problem)
    reading = calendars(row["days"]) if row["days"] else None
    if reading is not None and reading.wrong is not None:
        wrong("days", "unreadable_days", *reading.wrong)
    elif reading is not None and not reading.dates:
        wrong("days", "no_days", "No day of the feed period is meant.")
    payment = PAYMENT.get(folded(row["payment"] or "before boarding"))
    if payment is None:
        hint = did_you_mean(row["payment"], PAYMENT)
        wrong("payment", "invalid_value", "This does not say when one pays.", hint)
    if row["agency"] and row["agency"] not in agencies:
        hint = did_you_mean(row["agency"], agencies)
        wrong("agency", "unknown_agency", "There is no such agency.", hint)
    if len(faults) > before or match is None or not row["price"]:
        return None
    return Fare(
        fare_id=row["fare"],
        name=row["name"],
        from_place=places["from"],
        to_place=places["to"],
        accommodation=row["class"],
        amount=amount,
        currency=said.pop(),
        who=row["who"],
        days=reading.text if reading is not None and reading.text != "daily" else "",
        dates=reading.dates if reading is not None else Dates(),
        payment=payment or "1",
        agency=row["agency"],
        path=row["path"],
        line=row["line"],
        column=row["column"],
    )


def in_minor_units(amount: str, currency: str) -> str:
    """The amount with all decimals of its currency, as GTFS asks; blank if it cannot be one."""
    digits = currency_fraction_digits(pl.Series([currency]))[0]
    whole, _, decimals = amount.partition(".")
    if digits is None or len(decimals) > digits:
        return ""
    return f"{whole}.{decimals:0<{digits}}" if digits else whole


def find_place(
    text: str, zones: set[str], stations: Stations
) -> tuple[str, tuple[str, str] | None]:
    """The zone or station that a cell names, and what is wrong; blank means anywhere."""
    if not text:
        return "", None
    station, message, hint = stations.find(text)
    if text in zones and station is not None and station != text:
        return "", (
            f"{text!r} can be read in two ways: the zone, or the station {station}.",
            f"write {station}, or give the zone another name",
        )
    if text in zones:
        return text, None
    if station is None:
        return "", (message, hint)
    return station, None
