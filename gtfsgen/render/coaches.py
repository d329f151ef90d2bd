"""What is coupled where: trains as bands, coaches as strands that part and meet."""

# ruff: noqa: E501  (markup reads better unbroken)
from __future__ import annotations

import itertools

from markupsafe import Markup

from gtfsgen.render.markup import PALETTE, clock, duration, esc, number
from gtfsgen.render.sheet import Sheet
from gtfsgen.render.trains import Call, Column, Line, Table

WIDTH, LEFT, RIGHT = 1100.0, 70.0, 90.0
ROW, TOP, STRAND, BEND = 86.0, 62.0, 7.0, 26.0
WIDE_ENOUGH = 290.0
"""A band narrower than this bears its number alone."""


def coach_diagrams(line: Line, sheet: Sheet) -> Markup:
    """A picture for each group of trains that pass coaches to each other."""
    drawn = [
        _diagram(group, table, sheet)
        for table in line.tables
        for group in _groups(
            [column for column in table.columns if column.through and not column.rare]
        )
    ]
    return Markup("\n").join(drawn)


def _groups(coaches: list[Column]) -> list[list[Column]]:
    """Through coaches that ride some of the same trains, whatever the day."""
    groups: list[tuple[set[str], list[Column]]] = []
    for coach in coaches:
        numbers = set(coach.numbers)
        near = [g for g in groups if g[0] & numbers]
        members = [m for g in near for m in g[1]] + [coach]
        groups = [g for g in groups if g not in near]
        groups.append((numbers.union(*(g[0] for g in near)), members))
    return [members for _, members in groups]


def _diagram(coaches: list[Column], table: Table, sheet: Sheet) -> Markup:
    numbers = list(dict.fromkeys(n for coach in coaches for n in coach.numbers))
    trains = _trains(numbers, coaches, table)
    order = {key: n for n, (key, _) in reversed(list(enumerate(table.stations)))}
    keys = {c.calls[n].station_id for c in coaches for n in (0, *c.handovers, -1)}
    keys |= _ends(trains, table)
    marked = sorted(keys, key=lambda key: order.get(key, 0))
    step = (WIDTH - LEFT - RIGHT) / max(1, len(marked) - 1)
    xs = {key: LEFT + n * step for n, key in enumerate(marked)}
    rows = {train: TOP + ROW * n + 24 for n, train in enumerate(trains)}
    strands = {id(coach): n for n, coach in enumerate(coaches)}
    turns = _turns(coaches, rows)
    parts = [
        _band(train, calls, xs, rows[train], len(coaches), turns, sheet)
        for train, calls in trains.items()
    ]
    parts += [
        _strand(coach, xs, rows, strands[id(coach)], len(coaches), sheet) for coach in coaches
    ]
    bottom = max(rows.values()) + 52
    for n, key in enumerate(marked):
        anchor = "start" if n == 0 else "end" if n == len(marked) - 1 else "middle"
        dx = -26 if n == 0 else 26 if n == len(marked) - 1 else 0
        # Names alternate between two heights where they would touch.
        lift = 17 if len(marked) > 5 and n % 2 else 0
        parts.append(
            f'<line class="plumb" x1="{number(xs[key])}" x2="{number(xs[key])}" y1="{TOP - 14}" y2="{number(bottom - 12)}"/>'
            f'<text class="end" text-anchor="{anchor}" x="{number(xs[key] + dx)}" y="{TOP - 26 - lift}">{sheet.name(key, "tspan")}</text>'
        )
    items = "".join(
        f'<li class="{sheet.day(c.dates)}"><span class="key" style="background:{_ink(strands[id(c)])}"></span> {_said(c, sheet)}</li>'
        for c in coaches
    )
    ends = [sheet.service.stations[coaches[0].calls[n].station_id].name for n in (0, -1)]
    aria = sheet.words.attribute(
        "aria-label",
        "Which coaches ride in which train, {a} to {b}; the list below says the same",
        a=ends[0],
        b=ends[1],
    )
    scroll = sheet.words.attribute("aria-label", "Diagram, scrolls sideways")
    return Markup(f"""<figure class="coach"><div class="scroll" tabindex="0" role="group" {scroll}>
<svg viewBox="0 0 {number(WIDTH)} {number(bottom)}" role="img" {aria}>
{chr(10).join(parts)}
</svg></div>
<ul class="strands">{items}</ul></figure>""")


def _trains(numbers: list[str], coaches: list[Column], table: Table) -> dict[str, list[Call]]:
    """Train number(s) -> its calls, the train's own where it runs without the coaches too."""
    found: dict[str, list[Call]] = {}
    for coach in coaches:
        for first, last in itertools.pairwise([0, *coach.handovers, len(coach.calls) - 1]):
            calls = coach.calls[first : last + 1]
            label = " › ".join(dict.fromkeys(call.number for call in calls[:-1]))
            own = next((c for c in table.columns if not c.through and c.label == label), None)
            known = found.setdefault(label, [])
            served = {call.station_id for call in known}
            for call in [*calls, *(own.calls if own else ())]:
                if call.station_id not in served:
                    served.add(call.station_id)
                    known.append(call)
    return found


def _ends(trains: dict[str, list[Call]], table: Table) -> set[str]:
    """First and last station of each train, by the order of the table."""
    order = {key: n for n, (key, _) in reversed(list(enumerate(table.stations)))}
    found = set()
    for calls in trains.values():
        ordered = sorted((call.station_id for call in calls), key=lambda key: order.get(key, 0))
        found |= {ordered[0], ordered[-1]}
    return found


def _turns(coaches: list[Column], rows: dict[str, float]) -> set[tuple[str, str, bool]]:
    """(train, station, below): where coaches come to a train or leave it on its lower side, or on
    its upper.
    """
    found = set()
    for coach in coaches:
        bounds = [0, *coach.handovers, len(coach.calls) - 1]
        names = [
            " › ".join(dict.fromkeys(call.number for call in coach.calls[a:b]))
            for a, b in itertools.pairwise(bounds)
        ]
        for place, (one, other) in zip(coach.handovers, itertools.pairwise(names), strict=True):
            station = coach.calls[place].station_id
            if rows[one] != rows[other]:
                found.add((one, station, rows[other] > rows[one]))
                found.add((other, station, rows[one] > rows[other]))
    return found


def _band(
    train: str,
    calls: list[Call],
    xs: dict[str, float],
    y: float,
    strands: int,
    turns: set[tuple[str, str, bool]],
    sheet: Sheet,
) -> str:
    known = sorted(
        ((xs[c.station_id], c) for c in calls if c.station_id in xs), key=lambda spot: spot[0]
    )
    start, end = known[0][0], known[-1][0]
    thick = 14 + STRAND * strands
    wide = end - start > WIDE_ENOUGH
    dots = len(calls) - len(known)
    said = (
        sheet.words.say("{n} stop between", "{n} stops between", tag="tspan", n=dots)
        if dots and wide
        else ""
    )
    times = []
    # Only the ends: at a joint in between, arrival and departure are those of other coaches too.
    for (x, call), kind, dx in ((known[0], "start", 6), (known[-1], "end", -6)):
        leaves = kind == "start"
        moment = call.departure if leaves else call.arrival
        estimate = call.departure_estimate if leaves else call.arrival_estimate
        # Below the band, but above it where coaches pass below.
        above = (train, call.station_id, True) in turns
        down = -thick / 2 - 6 if above else thick / 2 + 16
        aside = dx
        if above and (train, call.station_id, False) in turns:
            aside = dx * 6  # on both sides: beside the way they take
        times.append(
            f'<text class="when" text-anchor="{kind}" x="{number(x + aside)}" y="{number(y + down)}">{_time(moment, estimate)}</text>'
        )
    return (
        f'<rect class="band" x="{number(start - 10)}" y="{number(y - thick / 2)}" width="{number(end - start + 20)}" height="{number(thick)}" rx="9"/>'
        f'<text class="band-no" x="{number(start + 58)}" y="{number(y + thick / 2 + 16)}"><tspan class="no">{esc(train)}</tspan> {said}</text>'
        + "".join(times)
    )


def _strand(
    coach: Column,
    xs: dict[str, float],
    rows: dict[str, float],
    place: int,
    strands: int,
    sheet: Sheet,
) -> str:
    offset = (place - (strands - 1) / 2) * STRAND
    path = ""
    before = 0.0
    bounds = [0, *coach.handovers, len(coach.calls) - 1]
    for n, (first, last) in enumerate(itertools.pairwise(bounds)):
        calls = coach.calls[first : last + 1]
        y = rows[" › ".join(dict.fromkeys(call.number for call in calls[:-1]))] + offset
        a, b = xs[calls[0].station_id], xs[calls[-1].station_id]
        if n == 0:
            path = f"M{number(a)} {number(y)}"
        elif y != before:
            path += f"C{number(a)} {number(before)} {number(a)} {number(y)} {number(a + BEND)} {number(y)}"
        stop = b if n == len(bounds) - 2 else b - BEND
        path += f"L{number(stop)} {number(y)}"
        before = y
    title = f"<title>{esc(coach.label)}</title>"
    return f'<path class="strand {sheet.day(coach.dates)}" stroke="{_ink(place)}" d="{path}">{title}</path>'


def _ink(place: int) -> str:
    return PALETTE[place % len(PALETTE)]


def _time(moment: int | None, estimate: bool) -> str:
    return "?" if moment is None else f"{'~' if estimate else ''}{clock(moment)}"


def _said(coach: Column, sheet: Sheet) -> Markup:
    """The coach's way in words: train after train, each hand-over, the days."""
    words = sheet.words
    pieces = []
    for first, last in itertools.pairwise([0, *coach.handovers, len(coach.calls) - 1]):
        calls = coach.calls[first : last + 1]
        label = " › ".join(dict.fromkeys(call.number for call in calls[:-1]))
        days = coach.dates.shift((calls[0].departure or 0) // (24 * 60))
        piece = Markup("{} – {}: {} ({})").format(
            sheet.name(calls[0].station_id), sheet.name(calls[-1].station_id), label,
            words.days(days, sheet.service.period),
        )  # fmt: skip
        if first:
            call = calls[0]
            arrival = _time(call.arrival, call.arrival_estimate)
            departure = _time(call.departure, call.departure_estimate)
            waits = ""
            if call.arrival is not None and call.departure is not None:
                waits = f", {duration(call.departure - call.arrival)}"
            piece = Markup("{} {} – {}{}; {}").format(
                sheet.name(call.station_id), arrival, departure, waits, piece
            )
        pieces.append(piece)
    return Markup(" · ").join(pieces)
