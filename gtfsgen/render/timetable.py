"""Timetables laid out as railways print them: stations down, trains across, local time at each station."""

# ruff: noqa: E501  (markup reads better unbroken)
from __future__ import annotations

from datetime import datetime, timedelta

from gtfsgen.clocks import zone_or_utc
from gtfsgen.render.markup import clock, esc, name_span
from gtfsgen.render.service import days_text
from gtfsgen.render.trains import (
    DAY_MINUTES,
    Call,
    Column,
    Line,
    Service,
    Table,
    occurrences,
)

LEGEND = {
    "estimate": '<span class="est">~</span> estimate',
    "next": "<sup>+1</sup> a day later",
    "boards": '<span class="mark">▲</span> boarding only',
    "alights": '<span class="mark">▼</span> alighting only',
    "closed": '<span class="mark">×</span> stops, not for passengers',
    "passes": "· calls, time not known",
}


def timetables(line: Line, service: Service) -> str:
    drawn = "\n".join(_table(table, service) for table in line.tables)
    return f'<div class="tts">{drawn}</div>'


def _table(table: Table, service: Service) -> str:
    first, last = table.stations[0][0], table.stations[-1][0]
    stations = service.stations
    zones = {stations[key].zone for key, _ in table.stations}
    marks: set[str] = set()
    cells = [dict(zip(occurrences(c), c.calls, strict=True)) for c in table.columns]
    body = []
    zone = ""
    for key in table.stations:
        station = stations[key[0]]
        if len(zones) > 1 and station.zone != zone:
            zone = station.zone
            body.append(
                f'<tr class="zone"><th colspan="2" scope="rowgroup">{esc(zone_text(zone, service))}</th>'
                f'<td colspan="{len(table.columns)}"></td></tr>'
            )
        body += _station_rows(key, station.name, table.columns, cells, service, marks)
    heads = "".join(_head(column, service) for column in table.columns)
    days = "".join(
        f'<td class="days{" through" if c.through else ""}">{esc(days_text(c.dates, service.period))}'
        + (f"<br>{esc(c.every)}" if c.every else "")
        + "</td>"
        for c in table.columns
    )
    legend = " · ".join(text for mark, text in LEGEND.items() if mark in marks)
    if table.hidden:
        legend += f" · {table.hidden} more trips are not shown here"
    one_zone = (
        f" · times are {esc(zone_text(next(iter(zones)), service))}" if len(zones) == 1 else ""
    )
    ends = " → ".join(name_span(key, stations[key].name) for key in (first, last))
    return f"""<figure class="tt">
<figcaption><h3>{ends}</h3></figcaption>
<div class="scroll" tabindex="0" role="region" aria-label="Timetable, scrolls sideways">
<table>
<thead><tr><th colspan="2" scope="col" class="corner">Train</th>{heads}</tr>
<tr><th colspan="2" scope="row" class="corner">Days</th>{days}</tr></thead>
<tbody>
{chr(10).join(body)}
</tbody></table></div>
<p class="legend">Local time at every station{one_zone}{" · " + legend if legend else ""}</p>
</figure>"""


def zone_text(zone: str, service: Service) -> str:
    """`Pyongyang time, UTC+9`; both offsets where the clocks change within the period."""
    days = service.period or (None, None)
    offsets = []
    for day in days:
        if day:
            for month in range(0, 12, 3):
                moment = datetime(day.year, 1 + month, 15, 12, tzinfo=zone_or_utc(zone))
                offset = moment.utcoffset() or timedelta()
                offsets.append(_offset_text(offset))
    city = zone.rpartition("/")[2].replace("_", " ")
    return ", ".join(
        [f"{city} time", "/".join(sorted(set(offsets)))] if offsets else [f"{city} time"]
    )


def _offset_text(offset: timedelta) -> str:
    minutes = round(offset.total_seconds() / 60)
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'−' if minutes < 0 else '+'}{hours}" + (f":{rest:02d}" if rest else "")


def _head(column: Column, service: Service) -> str:
    kind = ' class="through"' if column.through else ""
    said = "Through coaches" if column.through else service.route_names.get(column.route_id, "")
    shown = (
        "" if said in (column.label, *column.numbers) else f'<span class="kind">{esc(said)}</span>'
    )
    return (
        f'<th scope="col"{kind} data-train="{esc(column.key)}">{shown}'
        f'<span class="no">{esc(column.label)}</span></th>'
    )


def _station_rows(
    key: tuple[str, int],
    name: str,
    columns: list[Column],
    cells: list[dict[tuple[str, int], Call]],
    service: Service,
    marks: set[str],
) -> list[str]:
    calls = [cell.get(key) for cell in cells]
    arrives = any(c and c.arrival is not None and c.arrival != c.departure for c in calls)
    departs = any(c and c.departure is not None and c.arrival != c.departure for c in calls)
    kinds = ["arr", "dep"] if arrives and departs else ["arr" if arrives else "dep"]
    others = " · ".join(
        f'<span lang="{esc(language)}">{esc(other)}</span>'
        for language, other in service.names.others(key[0])
    )
    label = f'{name_span(key[0], name)}<span class="alt">{others}</span>'
    rows = []
    for position, kind in enumerate(kinds):
        times = "".join(
            _cell(call, kind, len(kinds) == 1, column, key, marks)
            for call, column in zip(calls, columns, strict=True)
        )
        span = f' rowspan="{len(kinds)}"' if len(kinds) > 1 else ""
        head = f'<th scope="rowgroup"{span} class="st">{label}</th>' if position == 0 else ""
        last = ' class="second"' if position else ' class="first"'
        rows.append(f'<tr{last}>{head}<td class="ad">{kind}</td>{times}</tr>')
    return rows


def _cell(
    call: Call | None,
    kind: str,
    single: bool,
    column: Column,
    key: tuple[str, int],
    marks: set[str],
) -> str:
    through = " through" if column.through else ""
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
        text = f'<span class="est" title="estimate">~</span>{text}'
    text += _sign(call, kind, marks)
    changes = kind == "dep" or single
    if changes and key[0] != column.calls[0].station_id and call.number != _before(column, call):
        text += f' <span class="as">{esc(call.number)}</span>'
    return f'<td class="t{through}">{text}</td>'


def _sign(call: Call, kind: str, marks: set[str]) -> str:
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
