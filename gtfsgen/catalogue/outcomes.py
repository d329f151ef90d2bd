"""What became of each feed of a catalogue, as a row of a table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from gtfsgen.faults import Severity

if TYPE_CHECKING:
    import polars as pl

    from gtfsgen.validation import Report


@dataclass(frozen=True)
class Outcome:
    """One feed: how many notices, or why there is no report. Plain values, to travel by wire."""

    name: str
    feed: str
    status: str
    """`validated`, `unreadable` (no feed could be had or opened) or `failed` (a fault of ours)."""
    message: str = ""
    """Why it was not validated."""
    seconds: float = 0.0
    totals: dict[str, int] = field(default_factory=dict)
    """Severity -> number of notices."""
    codes: dict[str, int] = field(default_factory=dict)
    """Notice code -> number of notices."""
    counts: dict[str, int] = field(default_factory=dict)
    """Of the summary: stops, routes, trips, ..."""
    service: tuple[str, str] = ("", "")
    """First and last day of service, YYYY-MM-DD."""


def outcome_of(report: Report, name: str, feed: str, seconds: float) -> Outcome:
    for code, context in report.system_error_list:
        if code == "i_o_error":
            message = str(context.get("message") or context.get("exception") or code)
            return Outcome(name, feed, "unreadable", message, seconds)
    totals = dict.fromkeys(map(str, Severity), 0)
    codes: dict[str, int] = {}
    for (code, severity), rows in report.graded().items():
        number = sum(map(len, rows))
        totals[str(severity)] += number
        codes[code] = codes.get(code, 0) + number
    info = report.summary.get("feedInfo", {})
    service = info.get("feedServiceWindowStart", ""), info.get("feedServiceWindowEnd", "")
    counts = report.summary.get("counts", {})
    return Outcome(name, feed, "validated", "", seconds, totals, codes, counts, service)


def table(outcomes: Iterable[Outcome]) -> pl.DataFrame:
    """A row per feed, in the order of their names.

    Columns: name, feed, status, message, seconds, errors, warnings, infos, codes (the notice codes
    found, the most frequent first), agencies, routes, trips, stops, first_day, last_day.
    """
    import polars as pl

    rows = [_row(asdict(outcome)) for outcome in sorted(outcomes, key=lambda one: one.name)]
    text, number = pl.String, pl.Int64
    schema = {
        "name": text, "feed": text, "status": text, "message": text, "seconds": pl.Float64,
        "errors": number, "warnings": number, "infos": number, "codes": text,
        "agencies": number, "routes": number, "trips": number, "stops": number,
        "first_day": text, "last_day": text,
    }  # fmt: skip
    return pl.DataFrame(rows, schema=schema)


def _row(outcome: dict[str, Any]) -> dict[str, Any]:
    codes = sorted(outcome["codes"].items(), key=lambda item: (-item[1], item[0]))
    first, last = outcome["service"]
    return {
        **{name: outcome[name] for name in ("name", "feed", "status")},
        "message": outcome["message"] or None,
        "seconds": round(outcome["seconds"], 3),
        **{f"{level.lower()}s": outcome["totals"].get(level) for level in Severity},
        "codes": " ".join(f"{code}={number}" for code, number in codes) or None,
        **{
            name: outcome["counts"].get(name.title())
            for name in ("agencies", "routes", "trips", "stops")
        },
        "first_day": first or None,
        "last_day": last or None,
    }
