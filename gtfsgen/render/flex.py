"""Service on request: areas, the hours in which it runs, and whom to ask."""

# ruff: noqa: E501  (markup reads better unbroken)
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
from markupsafe import Markup

from gtfsgen.dates import Dates
from gtfsgen.render.sheet import Sheet
from gtfsgen.render.tables import Rows


def flex_html(rows: Rows, areas: Sequence[Mapping[str, Any]], sheet: Sheet) -> Markup:
    """A row for each route, area, window and set of days; empty if the feed has none."""
    wanted = (
        "trip_id", "location_id", "location_group_id", "stop_id", "start_pickup_drop_off_window",
        "end_pickup_drop_off_window", "pickup_booking_rule_id", "drop_off_booking_rule_id",
    )  # fmt: skip
    ends = pl.col("start_pickup_drop_off_window", "end_pickup_drop_off_window")
    windows = rows.frame("stop_times", *wanted).filter(pl.all_horizontal(ends.is_not_null())).rows()
    if not windows:
        return Markup("")
    trips = {t: (r, s) for t, r, s in rows.rows("trips", "trip_id", "route_id", "service_id")}
    places = {
        str(a.get("id")): (a.get("properties") or {}).get("stop_name") or str(a.get("id"))
        for a in areas
    }
    places |= {
        str(k): str(n or k)
        for k, n in rows.rows("location_groups", "location_group_id", "location_group_name")
    }
    rules = {
        rule: (phone, url or info, message)
        for rule, phone, url, info, message in rows.rows(
            "booking_rules", "booking_rule_id", "phone_number", "booking_url", "info_url", "message"
        )
    }
    service = sheet.service
    found: dict[tuple[Any, ...], int] = {}
    for trip, area, group, stop, start, end, pickup, drop_off in windows:
        route, calendar = trips.get(trip, ("", ""))
        if route not in service.routes:
            continue
        days = service.dates.get(calendar or "", Dates())
        name = places.get(str(area or group)) or area or group
        if not name and stop in service.station_of:
            name = service.stations[service.station_of[str(stop)]].name
        found.setdefault(
            (
                service.route_names[str(route)],
                name or "?",
                str(start)[:5],
                str(end)[:5],
                days.bits,
                pickup or drop_off or "",
            ),
            0,
        )
    body = []
    for route, name, start, end, bits, rule in sorted(
        found, key=lambda k: (*map(str, k[:4]), k[4], k[5])
    ):
        days = Dates(bits)
        phone, address, message = rules.get(rule, (None, None, None))
        ask = Markup("<br>").join(
            part
            for part in (
                Markup('<a href="tel:{}">{}</a>').format(
                    "".join(c for c in phone if c in "+0123456789"), phone
                )
                if phone
                else "",
                Markup("{}").format(address) if address else "",
                Markup("{}").format(message) if message else "",
            )
            if part
        )
        body.append(
            Markup(
                '<tr class="{}"><th scope="row">{}</th><td>{}</td><td>{}–{}</td><td>{}</td><td>{}</td></tr>'
            ).format(
                sheet.day(days),
                route,
                name,
                start,
                end,
                sheet.words.days(days, service.period),
                ask,
            )
        )
    heads = "".join(
        f'<th scope="col">{sheet.words.say(t)}</th>'
        for t in ("Line", "Area", "From – until", "Days", "Booking")
    )
    aria = sheet.words.attribute("aria-label", "Timetable, scrolls sideways")
    return Markup(
        f'<div class="scroll" tabindex="0" role="group" {aria}><table class="bands"><thead><tr>{heads}</tr></thead><tbody>{"".join(body)}</tbody></table></div>'
    )
