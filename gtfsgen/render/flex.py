"""Service on request: areas, the hours in which it runs, and whom to ask."""

# ruff: noqa: E501  (markup reads better unbroken)
from __future__ import annotations

import polars as pl
from markupsafe import Markup

from gtfsgen.dates import Dates
from gtfsgen.render.markup import clock
from gtfsgen.render.sheet import Sheet
from gtfsgen.render.tables import PageTables


def flex_html(tables: PageTables, sheet: Sheet) -> Markup:
    """A row for each route, area, window and set of days; empty if the feed has none."""
    found = flex_windows(tables, sheet)
    if not found:
        return Markup("")
    rules = {
        rule: (phone, url or info, message)
        for rule, phone, url, info, message in tables.rows.rows(
            "booking_rules", "booking_rule_id", "phone_number", "booking_url", "info_url", "message"
        )
    }
    service = sheet.service
    windows: dict[tuple[str, str, Dates, str], list[str]] = {}
    for route, name, start, end, days, rule in sorted(found, key=_telling_order):
        span = f"{clock(start)}–{clock(end)}"
        windows.setdefault((route, name, days, rule), []).append(span)
    told: dict[Markup, int] = {}
    body = []
    for (route, name, days, rule), spans in windows.items():
        ask = _booking(*rules.get(rule, (None, None, None)))
        note = Markup("")
        if ask:
            note = Markup("[{}]").format(told.setdefault(ask, len(told) + 1))
        body.append(
            Markup(
                '<tr class="{}"><th scope="row">{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>'
            ).format(
                sheet.day(days), route, name, Markup("<br>").join(spans),
                sheet.words.days(days, service.period), note,
            )
        )  # fmt: skip
    notes = "".join(f"<li>{ask}</li>" for ask in told)
    heads = "".join(
        f'<th scope="col">{sheet.words.say(t)}</th>'
        for t in ("Line", "Area", "From – until", "Days", "Booking")
    )
    aria = sheet.words.attribute("aria-label", "Timetable, scrolls sideways")
    return Markup(
        f'<div class="scroll" tabindex="0" role="group" {aria}><table class="bands"><thead><tr>{heads}</tr></thead><tbody>{"".join(body)}</tbody></table></div>'
        + (f'<ol class="booking">{notes}</ol>' if notes else "")
    )


def _booking(phone: str | None, address: str | None, message: str | None) -> Markup:
    """Whom to ask."""
    parts = []
    if phone:
        digits = "".join(c for c in phone if c in "+0123456789")
        parts.append(Markup('<a href="tel:{}">{}</a>').format(digits, phone))
    parts += [Markup("{}").format(text) for text in (address, message) if text]
    return Markup(" · ").join(parts)


def _telling_order(row: tuple[str, str, int, int, Dates, str]) -> tuple[object, ...]:
    """By line, area and time."""
    line, area, first, last, days, rule = row
    return line, area, first, last, days.first, len(days), days.bits, rule


def flex_windows(tables: PageTables, sheet: Sheet) -> set[tuple[str, str, int, int, Dates, str]]:
    """Route, area, first and last minute of the service day, days and booking rule of each window
    in which riders are fetched or brought.
    """
    timetable = tables.timetable
    opens = "start_pickup_drop_off_window_offset", "end_pickup_drop_off_window_offset"
    calls = timetable.calls.filter(pl.all_horizontal(pl.col(opens).is_not_null()))
    if not calls.height:
        return set()
    places = {
        str(a.get("id")): str((a.get("properties") or {}).get("stop_name") or a.get("id"))
        for a in tables.areas
    }
    places |= {
        str(k): str(n or k)
        for k, n in tables.rows.rows("location_groups", "location_group_id", "location_group_name")
    }
    names = timetable.stops["station_name"].fill_null(timetable.stops["stop_id"].cast(pl.String))
    rows = calls.select(
        "pattern", *opens, pl.col("location_id", "location_group_id").cast(pl.String),
        stop=names.gather(calls["stop"]),
        rule=pl.coalesce("pickup_booking_rule_id", "drop_off_booking_rule_id").cast(pl.String),
    ).join(
        timetable.trips.select("pattern", "start", "dates", pl.col("route_id").cast(pl.String)),
        on="pattern",
    )  # fmt: skip
    found = set()
    for first, last, area, group, stop, rule, start, dates, route in rows.select(
        *opens, "location_id", "location_group_id", "stop", "rule", "start", "dates", "route_id"
    ).iter_rows():
        place = places.get(area or group or "") or area or group or stop or "?"
        line = sheet.service.route_names[route or ""]
        window = (start + first) // 60, (start + last) // 60
        found.add((line, place, *window, timetable.dates(dates), rule or ""))
    return found
