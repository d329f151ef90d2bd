"""Timetables laid out as railways print them: stations down, trains across, local time at each station."""

# ruff: noqa: E501  (markup reads better unbroken)
from __future__ import annotations

from dataclasses import dataclass
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
SIGNS = {"▲": "boards", "▼": "alights", "◇": "request", "×": "closed"}
"""Signs beside a time -> what they are in `LEGEND`."""
UNKNOWN_TIME = "·"


@dataclass(frozen=True)
class PrintedTime:
    """A time as printed. `day` counts from the train's first day.

    `sign` is ▲, ▼ or × for calls where one can only board, only alight, or neither, and ◇ for
    those on request; `train` is the number it goes on with, if that is another.
    """

    clock: str
    day: int = 0
    estimate: bool = False
    sign: str = ""
    train: str = ""

    def __str__(self) -> str:
        day = f"{self.day:+d}" if self.day else ""
        train = f" {self.train}" if self.train else ""
        return f"{'~' if self.estimate else ''}{self.clock}{day}{self.sign}{train}"


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
            _cell(call, kind, len(kinds) == 1, column, marks, on)
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
    marks: set[str],
    on: str,
) -> str:
    through = f" {on} through" if is_coach(column) else f" {on}"
    time = None if call is None else printed_time(call, column, kind, single)
    if time is None:
        return f'<td class="none{through}"></td>'
    if time.clock == UNKNOWN_TIME:
        marks.add("passes")
        return f'<td class="none{through}">{UNKNOWN_TIME}</td>'
    text = time.clock
    if time.day:
        marks.add("next")
        text += f"<sup>{time.day:+d}</sup>"
    if time.estimate:
        marks.add("estimate")
        text = f'<span class="est">~</span>{text}'
    if time.sign:
        marks.add(SIGNS[time.sign])
        text += f'<span class="mark">{time.sign}</span>'
    if time.train:
        text += f' <span class="as">{esc(time.train)}</span>'
    return f'<td class="t{through}">{text}</td>'


def printed_time(call: Call, column: Column, kind: str, single: bool) -> PrintedTime | None:
    """What stands in a cell: `kind` is the row's, `single` whether its station has no other."""
    moment = call.arrival if kind == "arr" else call.departure
    if single and moment is None:
        moment = call.departure if call.departure is not None else call.arrival
    if moment is None:
        unknown = call.arrival is None and call.departure is None
        return PrintedTime(UNKNOWN_TIME) if unknown and kind == "dep" else None
    arrives = moment == call.arrival and (kind == "arr" or call.departure is None)
    goes_on = (
        (kind == "dep" or single)
        and call.station_id != column.calls[0].station_id
        and call.number != _before(column, call)
    )
    return PrintedTime(
        clock(moment),
        moment // DAY_MINUTES,
        call.arrival_estimate if arrives else call.departure_estimate,
        _sign(call, kind),
        call.number if goes_on else "",
    )


def _sign(call: Call, kind: str) -> str:
    if call.request and (kind == "dep" or call.departure is None):
        return "◇"
    inner = call.arrival is not None and call.departure is not None
    if not inner or (call.boards and call.alights) or kind != "dep":
        return ""
    return "▲" if call.boards else "▼" if call.alights else "×"


def _before(column: Column, call: Call) -> str:
    place = next(n for n, other in enumerate(column.calls) if other is call)
    return column.calls[place - 1].number if place else call.number
