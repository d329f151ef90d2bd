"""The stringline chart: time across, the line's stations down, a slanted line per train."""

# ruff: noqa: E501  (markup reads better unbroken)
from __future__ import annotations

from datetime import date, datetime, timedelta

from gtfsgen.clocks import zone_or_utc
from gtfsgen.render.markup import PALETTE, esc, number
from gtfsgen.render.service import day_text
from gtfsgen.render.timetable import zone_text
from gtfsgen.render.trains import Column, Line, Service, Trip, distances_km, instant

WIDTH, LEFT, TOP, BOTTOM, RIGHT = 1100.0, 150.0, 46.0, 40.0, 16.0
MIN_GAP, PIXELS_PER_STATION = 17.0, 46.0
MAX_STRINGS = 400
LABEL_AT = 0.35
"""Not in the middle of a run, where trains of both directions cross."""


def stringline(line: Line, service: Service) -> str:
    """The chart for two days on which the line shows what it has; empty if no train runs."""
    table = max(line.tables, key=lambda t: len(t.stations))
    places = dict.fromkeys(key for key, _ in table.stations)
    start = _first_day(line)
    if start is None or len(places) < 2:
        return ""
    heights = _heights(table, service, list(places))
    hours = _hours(line)
    zone = service.stations[table.stations[0][0]].zone
    origin = datetime(start.year, start.month, start.day, tzinfo=zone_or_utc(zone))
    height = TOP + max(heights.values()) + BOTTOM
    scale = (WIDTH - LEFT - RIGHT) / (hours * 60)

    def x(moment: datetime) -> float:
        return LEFT + (moment - origin).total_seconds() / 60 * scale

    parts = [_grid(line, service, heights, hours, origin, height, zone)]
    strings = []
    for column in line.columns:
        for chain in column.trips:
            for shift in range(-3, hours // 24 + 1):
                day = start + timedelta(days=shift)
                if all(day in trip.dates for trip in chain):
                    strings.append((column, chain, day))
    ranks = {c.key: n for n, c in enumerate(c for c in line.columns if not c.through)}
    for column, chain, day in strings[:MAX_STRINGS]:
        points = [
            (x(instant(day, seconds, service.zone)), TOP + heights[stop.station_id])
            for trip in chain
            for stop in trip.stops
            if stop.station_id in heights
            for seconds in (stop.arrival_s, stop.departure_s)
            if seconds is not None
        ]
        if len(points) > 1 and points[-1][0] > LEFT and points[0][0] < WIDTH - RIGHT:
            parts.append(_string(column, chain, day, points, ranks.get(column.key, 0)))
    title = f"{line.name}, {day_text(start)} and the next day"
    plot = f"plot{service.lines.index(line)}"
    return f"""<figure class="chart"><div class="scroll" tabindex="0" role="region" aria-label="Chart, scrolls sideways">
<svg viewBox="0 0 {number(WIDTH)} {number(height)}" role="img" aria-label="{esc("Stringline chart: " + title)}">
<defs><clipPath id="{plot}"><rect x="{LEFT}" y="0" width="{WIDTH - LEFT - RIGHT}" height="{number(height)}"/></clipPath></defs>
{parts[0]}
<g clip-path="url(#{plot})">
{chr(10).join(parts[1:])}
</g></svg></div>
<p class="legend">{esc(day_text(start))} and the {"day" if hours <= 48 else "days"} after. The steeper the line, the faster the train; level is standing still.
{'<span class="key thr"></span> through coaches' if any(c.through for c in line.columns) else ""}</p></figure>"""


def _first_day(line: Line) -> date | None:
    """The first day on which as many kinds of trains as ever set out."""
    firsts = [trip.dates.first for c in line.columns for chain in c.trips for trip in chain[:1] if trip.dates]  # fmt: skip
    if not firsts:
        return None
    through = [chain[0].dates.first for c in line.columns if c.through for chain in c.trips if chain[0].dates]  # fmt: skip
    start = min(through or firsts)
    days = [start + timedelta(days=n) for n in range(7, 14)]

    def busy(day: date) -> int:
        return sum(any(day in chain[0].dates for chain in c.trips) for c in line.columns)

    best = max(map(busy, days))
    return next(day for day in days if busy(day) == best) if best else start


def _hours(line: Line) -> int:
    longest = max((call.arrival or 0) for c in line.columns for call in c.calls)
    if longest < 22 * 60:
        return 24
    return 48 if longest <= 48 * 60 else 72


def _heights(table, service: Service, places: list[str]) -> dict[str, float]:  # type: ignore[no-untyped-def]
    """Station -> pixels below the top, in proportion to distance but never too near to read."""
    along = dict(zip(reversed([k for k, _ in table.stations]), reversed(distances_km(table, service.stations)), strict=True))  # fmt: skip
    total = max(along.values()) or 1.0
    wanted = max(320.0, min(560.0, PIXELS_PER_STATION * len(places)))
    heights: dict[str, float] = {}
    last = -MIN_GAP
    for key in places:
        last = max(along[key] / total * wanted, last + MIN_GAP)
        heights[key] = last
    return heights


def _grid(
    line: Line,
    service: Service,
    heights: dict[str, float],
    hours: int,
    origin: datetime,
    height: float,
    zone: str,
) -> str:
    scale = (WIDTH - LEFT - RIGHT) / hours
    bottom = height - BOTTOM
    parts = []
    for hour in range(hours + 1):
        strong = hour % 24 == 0
        at = LEFT + hour * scale
        parts.append(
            f'<line class="{"day" if strong else "hour"}" x1="{number(at)}" x2="{number(at)}" y1="{TOP}" y2="{number(bottom)}"/>'
        )
        if hour % (1 if hours <= 24 else 2 if hours <= 48 else 3) == 0:
            parts.append(f'<text class="hr" x="{number(at)}" y="{TOP - 8}">{hour % 24}</text>')
        if strong and hour < hours:
            day = origin.date() + timedelta(days=hour // 24)
            parts.append(
                f'<text class="dy" x="{number(at + 4)}" y="14">{day:%A} {esc(day_text(day))} · {esc(zone_text(zone, service))}</text>'
            )
    other = next((service.stations[k].zone for k in reversed(heights) if service.stations[k].zone != zone), "")  # fmt: skip
    if other:
        moment = origin.astimezone(zone_or_utc(other))
        ahead = (moment.utcoffset() or timedelta()) - (origin.utcoffset() or timedelta())
        lead = ahead.total_seconds() / 3600
        step = 2 if hours <= 48 else 3
        for hour in range(0, hours + 1, step if hours > 24 else 1):
            at = LEFT + (hour - lead % 1) * scale
            if at >= LEFT:
                parts.append(
                    f'<text class="hr" x="{number(at)}" y="{number(bottom + 16)}">{int(hour + lead // 1) % 24}</text>'
                )
        parts.append(
            f'<text class="dy" x="{LEFT + 4}" y="{number(bottom + 32)}">{esc(zone_text(other, service))}</text>'
        )
    for key, y in heights.items():
        parts.append(
            f'<line class="stn" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{number(TOP + y)}" y2="{number(TOP + y)}"/>'
            f'<text class="nm sl" data-s="{esc(key)}" x="{LEFT - 8}" y="{number(TOP + y + 4)}">{esc(service.stations[key].name)}</text>'
        )
    return "\n".join(parts)


def _string(
    column: Column, chain: tuple[Trip, ...], day: date, points: list[tuple[float, float]], rank: int
) -> str:
    path = "M" + "L".join(f"{number(px)} {number(py)}" for px, py in points)
    title = f"{column.label}, {day:%A} {day_text(day)}"
    if column.through:
        return f'<path class="string thr" data-train="{esc(column.key)}" d="{path}"><title>{esc("Through coaches " + title)}</title></path>'
    ink = PALETTE[(rank + 1) % len(PALETTE)]
    # The number stands on the longest run, where there is most room for it.
    at = max(range(len(points) - 1), key=lambda n: abs(points[n + 1][1] - points[n][1]))
    (ax, ay), (bx, by) = points[at], points[at + 1]
    label = ""
    if abs(bx - ax) + abs(by - ay) > 40:
        label = f'<text class="tn" x="{number(ax + (bx - ax) * LABEL_AT + 5)}" y="{number(ay + (by - ay) * LABEL_AT - 4)}" fill="{ink}">{esc(column.label)}</text>'
    return (
        f'<path class="string" data-train="{esc(column.key)}" stroke="{ink}" d="{path}"><title>{esc(title)}</title></path>'
        + label
    )
