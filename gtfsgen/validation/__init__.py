"""Is this feed right? Every rule over every table, and a report of what was found."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date as Date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gtfsgen import clocks
from gtfsgen.budget import UnreadableInput
from gtfsgen.faults import Fault, Severity
from gtfsgen.findings import Rows

if TYPE_CHECKING:
    import polars as pl

    from gtfsgen.feed import Feed
    from gtfsgen.validation.policy import Ignored

__all__ = ["Report", "Severity", "validate"]

SYSTEM_ERRORS = Severity.ERROR


@dataclass
class Report:
    """What a validation found. `found` holds the rows at fault by notice code, as frames."""

    found: dict[str, list[Rows]]
    severities: dict[str, Severity]
    system_error_list: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)
    """Rules that could not run, with the reason."""
    seconds: dict[str, float] = field(default_factory=dict)
    """Time spent by file read and by rule."""
    summary: dict[str, Any] = field(default_factory=dict)
    ignored: list[Ignored] = field(default_factory=list)
    """Notices that the policy took out, with the reason; `found` does not hold them."""
    remarks: list[Fault] = field(default_factory=list)
    """What there is to say about the policy itself: entries that have ended or matched nothing."""
    stops: pl.DataFrame | None = None
    """`stop_id`, `stop_lat`, `stop_lon` of the feed's stops, for the map of faults."""
    agencies: pl.DataFrame | None = None
    """`kind` (route or trip), `id`, `agency`: whose it is; None where there is one agency."""
    fail_on: str = "ERROR"
    """The level at which whoever asked wants to fail, or `NEVER`; JUnit says so."""

    @property
    def counts(self) -> dict[str, tuple[str, int]]:
        """Notice code -> its severity and how many there are."""
        return {
            code: (str(self.severities[code]), sum(map(len, rows)))
            for code, rows in sorted(self.found.items())
        }

    @property
    def only_counted(self) -> dict[str, int]:
        """Notice code -> how many notices are counted only, beyond those that are kept in full.

        `notices`, baselines and the reports that list all notices do not have them.
        """
        more = {code: sum(part.more for part in rows) for code, rows in sorted(self.found.items())}
        return {code: number for code, number in more.items() if number}

    @property
    def system_errors(self) -> dict[str, int]:
        """System error code -> how many there are."""
        totals: dict[str, int] = {}
        for code, _ in self.system_error_list:
            totals[code] = totals.get(code, 0) + 1
        return dict(sorted(totals.items()))

    @property
    def notices(self) -> pl.DataFrame:
        """All notices: `code`, `severity`, `filename`, `csv_row_number` and the particulars as
        JSON.
        """
        from gtfsgen.reports.table import notice_table

        return notice_table(self)

    def graded(self) -> dict[tuple[str, Severity], list[Rows]]:
        """The rows at fault by code and severity, of which a policy can give a code several."""
        groups: dict[tuple[str, Severity], list[Rows]] = {}
        for code, found in sorted(self.found.items()):
            for severity in reversed(Severity):
                own = self.severities[code]
                if rows := [part for part in found if (part.severity or own) == severity]:
                    groups[code, severity] = rows
        return groups

    def samples(
        self, code: str, limit: int = 1000, severity: Severity | None = None
    ) -> list[dict[str, Any]]:
        """The first notices of a code (and severity) as dicts in the canonical report's form."""
        kept: list[dict[str, Any]] = []
        for rows in self.found.get(code, ()):
            if severity not in (None, rows.severity or self.severities[code]):
                continue
            if len(kept) >= limit:
                break
            kept += rows.particulars(limit - len(kept))
        return kept

    def to_json(self, indent: int | None = None) -> str:
        """report.json in the canonical form."""
        from gtfsgen.reports.canonical import report_json

        return report_json(self, indent)

    def worst(self) -> Severity | None:
        """The highest severity found."""
        present = {severity for _, severity in self.graded()}
        for severity in Severity:
            if severity in present:
                return severity
        return None


def validate(
    path: str | Path,
    rules: str = "gtfsgen",
    date: Date | str | None = None,
    country: str | None = None,
    policy: str | Path | None = None,
    *,
    progress: Callable[[str], None] | None = None,
) -> Report:
    """Validate a feed: a zip file, a folder or an address (http, https).

    `rules` names a rule set, `date` the day that counts as today (a date or YYYY-MM-DD), `country`
    the two-letter code for phone numbers, `policy` a policy.toml. An input that is there and cannot
    be opened as a feed, or is beyond the budget, gives a report whose only content is a system
    error `i_o_error`.

    Raises `UnreadableInput` (an OSError) for an input that is not there or cannot be fetched,
    ValueError for an unknown rule set, date or country, and PolicyError (a ValueError) for a policy
    that cannot be read.
    """
    from gtfsgen.feed.remote import check_there, is_url

    if not is_url(str(path)):
        check_there(path)
    return report_on(path, rules, date, country, policy, progress=progress)


def report_on(
    path: str | Path,
    rules: str = "gtfsgen",
    date: Date | str | None = None,
    country: str | None = None,
    policy: str | Path | None = None,
    *,
    progress: Callable[[str], None] | None = None,
) -> Report:
    """As `validate`; but that nothing is at a path is a report with `i_o_error` too.

    Commands write reports on every input that was named.
    """
    from gtfsgen.feed.remote import is_url, local_copy, told

    if is_url(str(path)):
        with local_copy(path) as local:
            report = report_on(local, rules, date, country, policy, progress=progress)
        report.summary["gtfsInput"] = told(path)
        return report
    import polars as pl

    from gtfsgen.feed import read
    from gtfsgen.validation import engine
    from gtfsgen.validation.summary import bare_summary, summary

    if rules not in engine.RULE_SETS:
        raise ValueError(f"unknown rule set {rules!r}; known are {', '.join(engine.RULE_SETS)}")
    today = _date(date)
    country = known_country(country)
    severities = {code: rule.severity for code, rule in engine.rules().items()}
    decisions = None
    if policy is not None:
        from gtfsgen.validation.policy import apply_policy, read_policy

        decisions = read_policy(Path(policy))
    started = time.perf_counter()
    facts = bare_summary(path, today, country)
    with pl.Config(engine_affinity="in-memory"):  # half the time of the streaming one on most feeds
        try:
            feed = read(path, country=country, progress=progress, tables_known=engine.tables(rules))
        except UnreadableInput as error:
            context = {"exception": error.exception, "message": error.message}
            return Report({}, severities, [("i_o_error", context)], summary=facts)
        reading = time.perf_counter() - started
        feed.strict = rules.startswith("canonical")
        feed.today = today
        outcome = engine.run(feed, rules, progress)
        severities |= outcome.milder(severities)
        report = Report(
            outcome.found,
            severities,
            feed.system_errors + outcome.system_errors,
            outcome.skipped,
            {"reading": reading, **feed.seconds, **outcome.seconds},
            summary(feed, facts),
        )
        report.stops = _stops(feed)
        report.agencies = _agencies(feed)
    report.summary["validationTimeSeconds"] = round(time.perf_counter() - started, 3)
    if decisions is not None:
        apply_policy(report, decisions, today)
    return report


def known_country(code: str | None) -> str:
    from gtfsgen.feed import values

    known = values.country(code)
    if code and known == values.UNKNOWN_COUNTRY != code.upper():
        raise ValueError(f"{code!r} is no country; write two letters, as in KR")
    return known


def _stops(feed: Feed) -> pl.DataFrame | None:
    import polars as pl

    stops = feed["stops"]
    if not {"stop_id", "stop_lat", "stop_lon"} <= set(stops.columns):
        return None
    return stops.select(pl.col("stop_id").cast(pl.String), "stop_lat", "stop_lon")


def _agencies(feed: Feed) -> pl.DataFrame | None:
    import polars as pl

    agency, routes, trips = feed["agency"], feed["routes"], feed["trips"]
    if agency.height < 2 or "agency_id" not in agency.columns or "agency_id" not in routes.columns:
        return None
    text = pl.col("agency_id", "route_id").cast(pl.String)
    names = dict(agency.select(pl.col("agency_id", "agency_name").cast(pl.String)).rows())
    by_route = routes.select(text).select(
        id="route_id", agency=pl.col("agency_id").replace_strict(names, default=None)
    )
    by_trip = (
        trips.select(pl.col("trip_id", "route_id").cast(pl.String))
        .join(by_route, left_on="route_id", right_on="id", maintain_order="left")
        .select(id="trip_id", agency="agency")
    )
    return pl.concat(
        frame.select(pl.lit(kind).alias("kind"), "id", "agency").drop_nulls()
        for kind, frame in (("route", by_route), ("trip", by_trip))
    )


def _date(day: Date | str | None) -> Date:
    if day is None:
        return clocks.today()
    return Date.fromisoformat(day) if isinstance(day, str) else day
