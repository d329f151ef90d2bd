"""Timetables laid out as railways print them: stations down, trains across, local time at each station."""

# ruff: noqa: E501  (markup reads better unbroken)
from __future__ import annotations

from datetime import datetime, timedelta

from markupsafe import Markup

from gtfsgen.clocks import zone_or_utc
from gtfsgen.render.markup import clock, esc
from gtfsgen.render.service import union
from gtfsgen.render.sheet import Sheet
from gtfsgen.render.trains import (
    DAY_MINUTES,
    Call,
    Column,
    Line,
    Table,
    occurrences,
)
from gtfsgen.render.words import days_in_words

LEGEND = {
    "estimate": ('<span class="est">~</span> ', "estimate"),
    "next": ("<sup>+1</sup> ", "a day later"),
    "boards": ('<span class="mark">▲</span> ', "boarding only"),
    "alights": ('<span class="mark">▼</span> ', "alighting only"),
    "request": ('<span class="mark">◇</span> ', "on request"),
    "closed": ('<span class="mark">×</span> ', "stops, not for passengers"),
    "passes": ("· ", "calls, time not known"),
}


def timetables(line: Line, sheet: Sheet) -> Markup:
    drawn = "\n".join(_table(table, sheet) for table in line.tables)
    return Markup(f'<div class="tts">{drawn}</div>')


def _table(table: Table, sheet: Sheet) -> str:
    table = Table(table.stations, whole_trains(table.columns))
    first, last = table.stations[0][0], table.stations[-1][0]
    service, words = sheet.service, sheet.words
    stations = service.stations
    zones = {stations[key].zone for key, _ in table.stations}
    marks: set[str] = set()
    cells = [dict(zip(occurrences(c), c.calls, strict=True)) for c in table.columns]
    classes = [
        sheet.day(column.dates) + (" rare" if column.rare else "") for column in table.columns
    ]
    body = []
    zone = ""
    for key in table.stations:
        station = stations[key[0]]
        if len(zones) > 1 and station.zone != zone:
            zone = station.zone
            body.append(
                f'<tr class="zone"><th colspan="2" scope="rowgroup">{zone_words(zone, sheet)}</th>'
                f'<td colspan="{len(table.columns)}"></td></tr>'
            )
        body += _station_rows(key, table.columns, cells, classes, sheet, marks)
    heads = "".join(
        _head(column, kind, sheet) for column, kind in zip(table.columns, classes, strict=True)
    )
    days = "".join(
        f'<td class="days {kind}{" through" if is_coach(c) else ""}">{words.days(c.dates, service.period)}'
        + (f"<br>{every_words(c, sheet)}" if c.every else "")
        + "</td>"
        for c, kind in zip(table.columns, classes, strict=True)
    )
    legend = " · ".join(
        Markup(text) + words.say(message)
        for mark, (text, message) in LEGEND.items()
        if mark in marks
    )
    local = words.say("Local time at every station")
    listed = union(c.dates for c in table.columns if c.rare)
    if listed:
        said = words.all(
            "Other times on {dates}: choose the date",
            dates=lambda language: days_in_words(listed, language, service.period),
        )
        local += Markup(" · ") + words.mark(said)
    if len(zones) == 1:
        local += Markup(" · ") + zone_words(next(iter(zones)), sheet)
    ends = Markup(" → ").join(sheet.name(key) for key in (first, last))
    aria = words.attribute("aria-label", "Timetable, scrolls sideways")
    return f"""<figure class="tt">
<figcaption><h3>{ends}</h3></figcaption>
<div class="scroll" tabindex="0" role="group" {aria}>
<table>
<thead><tr><th colspan="2" scope="col" class="corner">{words.say("Train")}</th>{heads}</tr>
<tr><th colspan="2" scope="row" class="corner">{words.say("Days")}</th>{days}</tr></thead>
<tbody>
{chr(10).join(body)}
</tbody></table></div>
<p class="legend">{local}{" · " + legend if legend else ""}</p>
</figure>"""


def is_coach(column: Column) -> bool:
    """Whether it rides in trains of several numbers; else it is a train that was cut in pieces."""
    return column.through and len(column.numbers) > 1


def whole_trains(columns: list[Column]) -> list[Column]:
    """The columns without the pieces of trains that stand there whole."""
    whole = {
        (column.label, trip)
        for column in columns
        if column.through and not is_coach(column)
        for chain in column.trip_ids
        for trip in chain
    }
    return [
        column
        for column in columns
        if column.through
        or not all((column.label, trip) in whole for chain in column.trip_ids for trip in chain)
    ]


def every_words(column: Column, sheet: Sheet) -> Markup:
    """`every 5 to 6 minutes, 06:00–10:00` for a train that repeats."""
    from gtfsgen.render.hours import headway_words

    return Markup("; ").join(
        headway_words(every, every, sheet) + f", {clock(first)}–{clock(last)}"
        for first, last, every in column.every
    )


def zone_words(zone: str, sheet: Sheet) -> Markup:
    """`Pyongyang time, UTC+9`; both offsets where the clocks change within the period."""
    days = sheet.service.period or ()
    offsets = []
    for day in days:
        for month in range(0, 12, 3):
            moment = datetime(day.year, 1 + month, 15, 12, tzinfo=zone_or_utc(zone))
            offsets.append(_offset_text(moment.utcoffset() or timedelta()))
    city = zone.rpartition("/")[2].replace("_", " ")
    said = sheet.words.say("{place} time", place=city)
    return Markup(", ").join([said, "/".join(sorted(set(offsets)))] if offsets else [said])


def _offset_text(offset: timedelta) -> str:
    minutes = round(offset.total_seconds() / 60)
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'−' if minutes < 0 else '+'}{hours}" + (f":{rest:02d}" if rest else "")


def _head(column: Column, kind: str, sheet: Sheet) -> str:
    service = sheet.service
    if is_coach(column):
        said = sheet.words.say("Through coaches")
    else:
        name = service.route_names.get(column.route_id, "")
        said = Markup(esc("" if name in (column.label, *column.numbers) else name))
    shown = f'<span class="kind">{said}</span>' if said else ""
    trips = "\n".join(dict.fromkeys(trip for chain in column.trip_ids for trip in chain))
    return (
        f'<th scope="col" class="{kind}{" through" if is_coach(column) else ""}" data-trips="{esc(trips)}">'
        f'{shown}<span class="no">{esc(column.label)}</span></th>'
    )


def _station_rows(
    key: tuple[str, int],
    columns: list[Column],
    cells: list[dict[tuple[str, int], Call]],
    classes: list[str],
    sheet: Sheet,
    marks: set[str],
) -> list[str]:
    calls = [cell.get(key) for cell in cells]
    arrives = any(c and c.arrival is not None and c.arrival != c.departure for c in calls)
    departs = any(c and c.departure is not None and c.arrival != c.departure for c in calls)
    kinds = ["arr", "dep"] if arrives and departs else ["arr" if arrives else "dep"]
    others = " · ".join(
        f'<span lang="{esc(language)}">{esc(other)}</span>'
        for language, other in sheet.service.names.others(key[0])
    )
    label = f'{sheet.linked(key[0])}<span class="alt">{others}</span>'
    rows = []
    for position, kind in enumerate(kinds):
        times = "".join(
            _cell(call, kind, len(kinds) == 1, column, key, marks, on)
            for call, column, on in zip(calls, columns, classes, strict=True)
        )
        span = f' rowspan="{len(kinds)}"' if len(kinds) > 1 else ""
        head = f'<th scope="rowgroup"{span} class="st">{label}</th>' if position == 0 else ""
        last = ' class="second"' if position else ' class="first"'
        said = sheet.words.say("arr" if kind == "arr" else "dep")
        rows.append(f'<tr{last}>{head}<td class="ad">{said}</td>{times}</tr>')
    return rows


def _cell(
    call: Call | None,
    kind: str,
    single: bool,
    column: Column,
    key: tuple[str, int],
    marks: set[str],
    on: str,
) -> str:
    through = f" {on} through" if is_coach(column) else f" {on}"
    if call is None:
        return f'<td class="none{through}"></td>'
    moment = call.arrival if kind == "arr" else call.departure
    if single and moment is None:
        moment = call.departure if call.departure is not None else call.arrival
    if moment is None:
        unknown = call.arrival is None and call.departure is None
        if unknown and kind == "dep":
            marks.add("passes")
        return f'<td class="none{through}">{"·" if unknown and kind == "dep" else ""}</td>'
    text = clock(moment)
    days = moment // DAY_MINUTES
    if days:
        marks.add("next")
        text += f"<sup>{days:+d}</sup>"
    arrives = moment == call.arrival and (kind == "arr" or call.departure is None)
    if call.arrival_estimate if arrives else call.departure_estimate:
        marks.add("estimate")
        text = f'<span class="est">~</span>{text}'
    text += _sign(call, kind, marks)
    changes = kind == "dep" or single
    if changes and key[0] != column.calls[0].station_id and call.number != _before(column, call):
        text += f' <span class="as">{esc(call.number)}</span>'
    return f'<td class="t{through}">{text}</td>'


def _sign(call: Call, kind: str, marks: set[str]) -> str:
    if call.request and (kind == "dep" or call.departure is None):
        marks.add("request")
        return '<span class="mark">◇</span>'
    inner = call.arrival is not None and call.departure is not None
    if not inner or (call.boards and call.alights) or kind != "dep":
        return ""
    name, sign = (
        ("boards", "▲") if call.boards else ("alights", "▼") if call.alights else ("closed", "×")
    )
    marks.add(name)
    return f'<span class="mark">{sign}</span>'


def _before(column: Column, call: Call) -> str:
    place = next(n for n, other in enumerate(column.calls) if other is call)
    return column.calls[place - 1].number if place else call.number
