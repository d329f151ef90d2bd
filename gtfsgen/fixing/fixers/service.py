"""Calendars, the feed's period, agencies and publishers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date as Date

import polars as pl

from gtfsgen.fixing.changes import Change
from gtfsgen.fixing.fixers.layout import add_column
from gtfsgen.fixing.looking import Look
from gtfsgen.fixing.registry import fixer

PERIOD = ("feed_start_date", "feed_end_date")


def _window(look: Look) -> dict[str, str]:
    """The first and last day of service as feed_info.txt writes them, by column; {} if none."""
    try:
        window = look.feed.service_window
    except Exception:  # calendars that no window can be made of
        return {}
    if not all(isinstance(day, Date) for day in window):
        return {}
    return {
        column: day.strftime("%Y%m%d") for column, day in zip(PERIOD, window, strict=True) if day
    }


def _first_row(look: Look) -> int | None:
    rows = look.text("feed_info", "feed_lang")["row"]
    return int(rows[0]) if len(rows) else None


@fixer(safe=True)
def missing_recommended_field(look: Look) -> Iterator[Change]:
    """The period of feed_info.txt becomes that of the services."""
    notices = look.notices("missing_recommended_field")
    missing = set()
    if notices.height:
        missing = {*notices.filter(pl.col("filename") == "feed_info.txt")["field_name"].to_list()}
    yield from _fill_period(look, [column for column in PERIOD if column in missing])


@fixer(safe=False, code="missing_recommended_field")
def agency_of_the_feed(look: Look) -> Iterator[Change]:
    """Where there is one agency, routes and fares get its id."""
    notices = look.notices("missing_recommended_field")
    agencies = look.text("agency", "agency_id")["agency_id"].to_list()
    if not notices.height or len(agencies) != 1 or not agencies[0]:
        return
    part = notices.filter(pl.col("field_name") == "agency_id")
    for (file,), rows in part.group_by("filename", maintain_order=True):
        table = str(file).removesuffix(".txt")
        numbers = rows["csv_row_number"].to_list()
        if look.has(table, "agency_id"):
            yield from look.fill_cells(table, "agency_id", dict.fromkeys(numbers, agencies[0]))
        elif table != "agency":
            yield add_column(look.file_of(table), look.csv(table), "agency_id", agencies[0])


@fixer(safe=True)
def missing_feed_info_date(look: Look) -> Iterator[Change]:
    """The end of the feed's period that is missing becomes that of the services."""
    notices = look.notices("missing_feed_info_date")
    yield from _fill_period(look, notices["field_name"].to_list() if notices.height else [])


def _fill_period(look: Look, columns: list[str]) -> Iterator[Change]:
    window, row = _window(look), _first_row(look)
    if row is None:
        return
    for column in columns:
        if column not in window:
            continue
        if look.has("feed_info", column):
            yield from look.fill_cells("feed_info", column, {row: window[column]})
        else:
            file = look.file_of("feed_info")
            yield add_column(file, look.csv("feed_info"), column, window[column])
            return


def _set_period(look: Look) -> Iterator[Change]:
    window, row = _window(look), _first_row(look)
    if row is not None:
        for column, day in window.items():
            yield from look.set_cells("feed_info", column, {row: day}, blank_too=True)


@fixer(safe=True)
def feed_valid_beyond_total_service_window(look: Look) -> Iterator[Change]:
    """The period of feed_info.txt becomes that of the services."""
    yield from _set_period(look)


@fixer(safe=True)
def service_window_outside_feed_period(look: Look) -> Iterator[Change]:
    """The period of feed_info.txt becomes that of the services."""
    yield from _set_period(look)


@fixer(safe=True)
def start_and_end_range_out_of_order(look: Look) -> Iterator[Change]:
    """A period of feed_info.txt that ends before it starts becomes that of the services."""
    notices = look.notices("start_and_end_range_out_of_order")
    if notices.height and notices.filter(pl.col("filename") == "feed_info.txt").height:
        yield from _set_period(look)


@fixer(safe=False, code="start_and_end_range_out_of_order")
def exchanged_ends(look: Look) -> Iterator[Change]:
    """The two ends of a period or of a time that are the wrong way round are exchanged."""
    from gtfsgen.fixing.fixers.cells import swap

    notices = look.notices("start_and_end_range_out_of_order")
    if notices.height:
        keys = ("filename", "start_field_name", "end_field_name")
        for (file, start, end), rows in notices.group_by(*keys, maintain_order=True):
            table = str(file).removesuffix(".txt")
            if table != "feed_info":
                numbers = rows["csv_row_number"].to_list()
                yield from swap(look, table, str(start), str(end), numbers)


@fixer(safe=False)
def start_and_end_range_equal(look: Look) -> Iterator[Change]:
    """A row of frequencies.txt or timeframes.txt whose time is of no length is left out."""
    notices = look.notices("start_and_end_range_equal")
    if notices.height:
        for (file,), rows in notices.group_by("filename", maintain_order=True):
            table = str(file).removesuffix(".txt")
            if table in ("frequencies", "timeframes"):
                yield from look.rows_out(table, rows["csv_row_number"].to_list())


@fixer(safe=True)
def service_has_no_active_day_of_the_week(look: Look) -> Iterator[Change]:
    """A row of calendar.txt without any weekday is left out where calendar_dates.txt names the
    service: the same dates remain."""
    rows = look.rows_at_fault("service_has_no_active_day_of_the_week")
    dated = {*look.text("calendar_dates", "service_id")["service_id"].drop_nulls().to_list()}
    used = {*look.text("trips", "service_id")["service_id"].drop_nulls().to_list()}
    names = dict(look.text("calendar", "service_id").iter_rows())
    out = [row for row in rows if names.get(row) in dated or names.get(row) not in used]
    if look.has("calendar_dates", "service_id") or len(out) < len(names):
        yield from look.rows_out("calendar", out)


@fixer(safe=True)
def expired_calendar(look: Look) -> Iterator[Change]:
    """With --date: services that have ended before that day are left out with their trips; from
    that day on everything runs as before."""
    if look.date is None:
        return
    spans = look.feed.service_spans.collect()
    last = pl.col("last_date")
    gone = {*spans.filter(last < look.date)["service_id"].cast(pl.String).to_list()}
    if not gone or len(gone) == spans.height:
        return
    used = look.text("timeframes", "service_id")["service_id"].drop_nulls().to_list()
    used += (
        look.text("booking_rules", "prior_notice_service_id")["prior_notice_service_id"]
        .drop_nulls()
        .to_list()
    )
    gone -= {*used}
    for table in ("calendar", "calendar_dates"):
        yield from _rows_of(look, table, "service_id", gone)
    trips = look.text("trips", "trip_id", "service_id")
    mine = {*trips.filter(pl.col("service_id").is_in(gone))["trip_id"].drop_nulls().to_list()}
    yield from _rows_of(look, "trips", "service_id", gone)
    for table, columns in (
        ("stop_times", ["trip_id"]),
        ("frequencies", ["trip_id"]),
        ("transfers", ["from_trip_id", "to_trip_id"]),
        ("attributions", ["trip_id"]),
    ):
        for column in columns:
            yield from _rows_of(look, table, column, mine)
    rows = look.text("translations", "table_name", "record_id")
    part = rows.filter(
        pl.col("table_name").str.to_lowercase().is_in(["trips", "stop_times"]),
        pl.col("record_id").is_in(mine),
    )
    yield from look.rows_out("translations", part["row"].to_list())


def _rows_of(look: Look, table: str, column: str, values: set[str]) -> Iterator[Change]:
    if look.has(table, column) and values:
        rows = look.text(table, column).filter(pl.col(column).is_in(values))["row"]
        yield from look.rows_out(table, rows.to_list())


@fixer(safe=False)
def missing_feed_contact_email_and_url(look: Look) -> Iterator[Change]:
    """The address of the only agency becomes the contact of the feed."""
    agencies = look.text("agency", "agency_email", "agency_url").rows()
    rows = look.rows_at_fault("missing_feed_contact_email_and_url")
    if len(agencies) != 1 or not rows:
        return
    _, email, url = agencies[0]
    for column, value in (("feed_contact_email", email), ("feed_contact_url", url)):
        if value is None:
            continue
        if look.has("feed_info", column):
            yield from look.fill_cells("feed_info", column, dict.fromkeys(rows, value))
        else:
            yield add_column(look.file_of("feed_info"), look.csv("feed_info"), column, value)
        return


@fixer(safe=False)
def feed_info_lang_and_agency_lang_mismatch(look: Look) -> Iterator[Change]:
    """The language of the feed becomes that of its agencies, where they have one."""
    languages = {*look.text("agency", "agency_lang")["agency_lang"].to_list()}
    row = _first_row(look)
    if len(languages) == 1 and row is not None and (language := languages.pop()):
        yield from look.set_cells("feed_info", "feed_lang", {row: language})


@fixer(safe=False)
def inconsistent_agency_lang(look: Look) -> Iterator[Change]:
    """An agency's language that differs from the others' only by its region becomes theirs."""
    languages = dict(look.text("agency", "agency_lang").drop_nulls().iter_rows())
    kinds = {language.lower().partition("-")[0] for language in languages.values()}
    if len(kinds) == 1:
        first = next(iter(languages.values()))
        yield from look.set_cells("agency", "agency_lang", dict.fromkeys(languages, first))
