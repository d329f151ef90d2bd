"""The coach diagram: which trains carry a through coach, and where it is handed over."""

# ruff: noqa: E501  (markup reads better unbroken)
from __future__ import annotations

import itertools

from gtfsgen.render.markup import clock, duration, esc, number
from gtfsgen.render.service import SHORT, days_text
from gtfsgen.render.trains import Call, Column, Line, Service

WIDTH, LEFT, RIGHT = 1100.0, 96.0, 96.0
ROW, TOP = 100.0, 50.0


def coach_diagrams(line: Line, service: Service) -> str:
    return "\n".join(_diagram(column, line, service) for column in line.columns if column.through)


def _diagram(column: Column, line: Line, service: Service) -> str:
    calls = column.calls
    bounds = [0, *column.handovers, len(calls) - 1]
    parts = list(itertools.pairwise(bounds))
    xs = [LEFT + (WIDTH - LEFT - RIGHT) * n / (len(calls) - 1) for n in range(len(calls))]
    height = TOP + ROW * (len(parts) - 1) + 66
    drawn = []
    path = ""
    for row, (first, last) in enumerate(parts):
        y = TOP + ROW * row + 20
        drawn.append(_train(column, line, calls[first : last + 1], xs[first], xs[last], y, service))
        for n in range(first, last + 1):
            joint = n in (first, last)
            drawn.append(
                f'<circle class="{"joint" if joint else "halt"}" cx="{number(xs[n])}" cy="{number(y)}" r="{6 if joint else 3.5}"/>'
            )
            if not joint:
                drawn.append(_label(calls[n], xs[n], y - 16, service, "halt"))
        path += f"{'M' if row == 0 else 'L'}{number(xs[first])} {number(y)}L{number(xs[last])} {number(y)}"
        if row + 1 < len(parts):
            drawn.append(_handover(calls[last], xs[last], y, service))
    first_y, last_y = TOP + 20, TOP + ROW * (len(parts) - 1) + 20
    drawn.append(_end(calls[0], xs[0], first_y, "departure", service))
    drawn.append(_end(calls[-1], xs[-1], last_y, "arrival", service))
    names = [service.stations[call.station_id].name for call in (calls[0], calls[-1])]
    heading = f"{' – '.join(names)}: {days_text(column.dates, service.period)}"
    said = "; ".join(_said(column, first, last, service) for first, last in parts)
    return f"""<figure class="coach"><figcaption><h3>{esc(heading)}</h3></figcaption>
<div class="scroll" tabindex="0" role="region" aria-label="Diagram, scrolls sideways">
<svg viewBox="0 0 {number(WIDTH)} {number(height)}" role="img" aria-label="{esc(said)}">
{chr(10).join(part for part in drawn if part)}
<path class="run" d="{path}"/>
</svg></div>
<p class="legend">{esc(said)}.</p></figure>"""


def _numbers(calls: list[Call]) -> str:
    return " › ".join(dict.fromkeys(call.number for call in calls[:-1]))


def _days_there(column: Column, call: Call) -> str:
    """The weekdays on which the coaches leave a later station."""
    later = (call.departure or 0) // (24 * 60)
    flags = sorted({day.weekday() for day in column.dates.shift(later)})
    return "daily" if len(flags) == 7 else " ".join(SHORT[flag] for flag in flags)


def _said(column: Column, first: int, last: int, service: Service) -> str:
    calls = column.calls
    names = [service.stations[calls[n].station_id].name for n in (first, last)]
    days = _days_there(column, calls[first])
    return f"{names[0]} – {names[1]} in {_numbers(calls[first : last + 1])} ({days})"


def _train(
    column: Column,
    line: Line,
    calls: list[Call],
    start: float,
    end: float,
    y: float,
    service: Service,
) -> str:
    """The train as a band behind the coaches, with its number and the coaches' days in it."""
    numbers = _numbers(calls)
    own = next((c for c in line.columns if not c.through and c.label == numbers), None)
    days = days_text(own.dates, service.period) if own else ""
    text = f"{numbers}" + (f", runs {days}" if days else "")
    wide, middle = number(end - start + 28), number((start + end) / 2)
    return (
        f'<rect class="band" x="{number(start - 14)}" y="{number(y - 11)}" width="{wide}" height="22" rx="11"/>'
        f'<text class="band-no" x="{middle}" y="{number(y + 27)}">{esc(text)}</text>'
    )


def _label(call: Call, x: float, y: float, service: Service, kind: str) -> str:
    moment = call.departure if call.departure is not None else call.arrival
    estimate = call.departure_estimate if call.departure is not None else call.arrival_estimate
    time = f" {_time(moment, estimate)}"
    name = service.stations[call.station_id].name
    return (
        f'<text class="{kind}" x="{number(x)}" y="{number(y)}">'
        f'<tspan class="nm" data-s="{esc(call.station_id)}">{esc(name)}</tspan>{time}</text>'
    )


def _time(moment: int | None, estimate: bool) -> str:
    return "?" if moment is None else f"{'~' if estimate else ''}{clock(moment)}"


def _handover(call: Call, x: float, y: float, service: Service) -> str:
    name = service.stations[call.station_id].name
    arrival = _time(call.arrival, call.arrival_estimate)
    departure = _time(call.departure, call.departure_estimate)
    waits = ""
    if call.arrival is not None and call.departure is not None:
        waits = f", {duration(call.departure - call.arrival)}"
    middle = y + 32
    return (
        f'<text class="hand" x="{number(x + 14)}" y="{number(middle)}">'
        f'<tspan class="nm" data-s="{esc(call.station_id)}">{esc(name)}</tspan></text>'
        f'<text class="hand time" x="{number(x + 14)}" y="{number(middle + 17)}">'
        f"{arrival} – {departure}{waits}</text>"
    )


def _end(call: Call, x: float, y: float, kind: str, service: Service) -> str:
    moment = call.departure if kind == "departure" else call.arrival
    name = service.stations[call.station_id].name
    leaves = kind == "departure"
    time = _time(moment, call.departure_estimate if leaves else call.arrival_estimate)
    return (
        f'<text class="end" x="{number(x)}" y="{number(y - 32)}">'
        f'<tspan class="nm" data-s="{esc(call.station_id)}">{esc(name)}</tspan></text>'
        f'<text class="end time" x="{number(x)}" y="{number(y - 17)}">{time}</text>'
    )
