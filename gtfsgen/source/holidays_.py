"""Public holidays, resolved once and then locked.

The `holidays` package knows them by rule and is mended every month, so a build that asked it anew
could differ tomorrow. The dates used therefore stand in `holidays.lock.csv`, to be reviewed and
committed; the package is asked only for regions or years that the lock does not have.
"""

from __future__ import annotations

import csv
import io
from datetime import date
from pathlib import Path

from gtfsgen.dates import Dates
from gtfsgen.faults import Fault
from gtfsgen.source.cells import Sheet, is_comment, read_csv
from gtfsgen.source.tables import HOLIDAYS, header
from gtfsgen.source.words import did_you_mean

LOCK = "holidays.lock.csv"


class HolidayBook:
    """Holidays by region, for whole years, from the lock or else from the package."""

    def __init__(self, root: Path, first: date, last: date, faults: list[Fault]) -> None:
        self.years = range(first.year, last.year + 1)
        self.locked = locked_holidays(root / LOCK, faults)
        self.used: dict[str, dict[date, str]] = {}
        self.complete = True

    def dates(self, region: str) -> Dates:
        """The holidays of a region. Raises `LookupError` with a message for regions unknown."""
        if region not in self.used:
            self.used[region] = self.resolved(region)
        return Dates.of(self.used[region])

    def resolved(self, region: str) -> dict[date, str]:
        known = self.locked.get(region, {})
        missing = [year for year in self.years if not any(day.year == year for day in known)]
        if not missing:
            return known
        self.complete = False
        return dict(sorted({**known, **asked(region, missing)}.items()))


def asked(region: str, years: list[int]) -> dict[date, str]:
    """What the package says of a region such as CN or DE-BY."""
    import holidays

    country, _, part = region.partition("-")
    countries = holidays.list_supported_countries()
    if country not in countries:
        raise LookupError(
            f"Holidays of {country!r} are not known.", did_you_mean(country, countries)
        )
    if part and part not in countries[country]:
        raise LookupError(
            f"{country} has no region {part!r}.",
            did_you_mean(part, countries[country], f"write holidays {country}"),
        )
    found = holidays.country_holidays(country, subdiv=part or None, years=years, language="en_US")
    return {day: name for day, name in sorted(found.items()) if day.year in years}


def locked_holidays(file: Path, faults: list[Fault]) -> dict[str, dict[date, str]]:
    """The lock file's holidays by region; none if there is no lock."""
    if not file.exists():
        return {}
    sheet = read_csv(file, LOCK, faults)
    if sheet is None:
        return {}
    start = next((i for i, row in enumerate(sheet.rows) if not is_comment(row)), None)
    if start is None:
        return {}
    places = header(sheet, start, HOLIDAYS, faults)
    if not {"region", "date"} <= set(places):
        return {}
    return book_of(sheet, start, places, faults)


def book_of(
    sheet: Sheet, start: int, places: dict[str, int], faults: list[Fault]
) -> dict[str, dict[date, str]]:
    book: dict[str, dict[date, str]] = {}
    for number in range(start + 1, len(sheet.rows)):
        row = sheet.rows[number]
        if is_comment(row):
            continue
        region, text = row[places["region"]], row[places["date"]]
        if not region:
            faults.append(
                sheet.fault("missing_value", number, places["region"], "The region is missing.")
            )
            continue
        try:
            day = date.fromisoformat(text)
        except ValueError:
            faults.append(
                sheet.fault(
                    "unreadable_date",
                    number,
                    places["date"],
                    "This is not a date.",
                    text,
                    "2026-10-01",
                )
            )
            continue
        book.setdefault(region, {})[day] = row[places["name"]] if "name" in places else ""
    return book


def lock_text(holidays: dict[str, dict[date, str]]) -> str:
    """The lock file for these holidays."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("region", "date", "name"))
    for region in sorted(holidays):
        writer.writerows(
            (region, day.isoformat(), holidays[region][day]) for day in sorted(holidays[region])
        )
    return out.getvalue()
