"""The stringline chart: hours across, stations down, a slanted line a train; a panel a branch.

Every train of every day is drawn once, in the class of its days: the page shows the chosen day's.
"""

# ruff: noqa: E501  (markup reads better unbroken)
from __future__ import annotations

import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup

from gtfsgen.clocks import offset_s
from gtfsgen.dates import Dates
from gtfsgen.render.dense import Direction
from gtfsgen.render.markup import PALETTE, esc, number
from gtfsgen.render.service import middle_day
from gtfsgen.render.sheet import Sheet
from gtfsgen.render.timetable import zone_words
from gtfsgen.render.trains import DAY_MINUTES, Line, Service
from gtfsgen.shapes.lines import distance_m

WIDTH, LEFT, TOP, BOTTOM, RIGHT = 1100.0, 176.0, 30.0, 30.0, 12.0
MIN_GAP, PIXELS_PER_STATION = 16.0, 40.0
NAME_CHARACTERS = 24
LABEL_MIN_PIXELS = 46.0

Spot = tuple[float, float]
Run = tuple[Spot, Spot]
SHARES = (0.3, 0.5, 0.7, 0.15, 0.85)
"""Where along a run a number may stand, tried in this order."""
ROOM = 60.0
"""Pixels between a number and other numbers or lines; more is not better."""
DETOUR = 1.1
"""Two ways between the same stations are one if stations of both make it longer by less."""
MOST_RUNS = 1500
"""With more lines than this on a panel there is no room to look for."""


@dataclass(frozen=True)
class String:
    """A train on the chart: (station, minute on the chart's clock) of each time it is known."""

    points: tuple[tuple[str, int], ...]
    days: Dates
    label: str
    through: bool = False
    rank: int = 0
    starts: tuple[int, ...] = (0,)
    """Where several trains take the same times, the minutes at which each sets out."""


@dataclass(frozen=True)
class Panel:
    heights: Mapping[str, float]
    branch: bool

    @property
    def bottom(self) -> float:
        return max(self.heights.values())


def line_chart(line: Line, sheet: Sheet) -> Markup:
    """The chart of a line whose trains are columns."""
    table = max(line.tables, key=lambda t: len(t.stations))
    zone = sheet.service.stations[table.stations[0][0]].zone
    ranks: dict[str, int] = {}
    strings = []
    for column in line.columns:
        if column.every:
            continue
        day = middle_day(column.dates) or date(2026, 1, 15)
        points = []
        for call in column.calls:
            lead = _lead_minutes(sheet.service.stations[call.station_id].zone, zone, day)
            for moment in (call.arrival, call.departure):
                if moment is not None:
                    points.append((call.station_id, moment - lead))
        rank = ranks.setdefault(column.label, len(ranks))
        if len(points) > 1:
            strings.append(String(tuple(points), column.dates, column.label, column.through, rank))
    return _chart(strings, zone, sheet)


def dense_chart(directions: list[Direction], sheet: Sheet) -> Markup:
    """The chart of a line by hour and minute."""
    strings = []
    for rank, direction in enumerate(directions):
        starts: dict[tuple[int, Dates], list[int]] = defaultdict(list)
        for run in direction.runs:
            starts[run.pattern, run.days].append(run.start)
        for (pattern, days), minutes in starts.items():
            stations, after = direction.patterns[pattern]
            points = tuple(zip(stations, after, strict=True))
            if len(points) > 1:
                strings.append(String(points, days, "", rank=rank, starts=tuple(minutes)))
    return _chart(strings, sheet.service.zone, sheet)


def _lead_minutes(zone: str, home: str, day: date) -> int:
    """By how many minutes clocks of `zone` are ahead of those of `home` on a day."""
    return 0 if zone == home else round((offset_s(zone, day) - offset_s(home, day)) / 60)


def _chart(strings: list[String], zone: str, sheet: Sheet) -> Markup:
    if not strings:
        return Markup("")
    panels = _panels(strings, sheet.service)
    last = max(s.points[-1][1] + max(s.starts) for s in strings)
    hours = 24 if last <= 26 * 60 else 48 if last <= 50 * 60 else 72
    first = 0
    if hours == 24 and last <= DAY_MINUTES:
        first = max(0, min(s.points[0][1] + min(s.starts) for s in strings) // 60)
        hours = max(2, -(-last // 60) - first)
    scale = (WIDTH - LEFT - RIGHT) / (hours * 60)
    window = (first * 60, (first + hours) * 60)
    drawn = [_panel(panel, strings, window, scale, sheet) for panel in panels]
    clock = zone_words(zone, sheet)
    through = ""
    if any(s.through for s in strings):
        through = f' <span class="key thr"></span> {sheet.words.say("through coaches")}'
    said = sheet.words.say(
        "Trains of the chosen day. The steeper the line, the faster the train; level is standing still."
    )
    return Markup(
        f'<figure class="chart">{"".join(drawn)}<p class="legend">{said} {clock}.{through}</p></figure>'
    )


def _panels(strings: Sequence[String], service: Service) -> list[Panel]:
    """The longest way with all stations along it, then every branch with where it leaves.

    A station at which the trains of the longest way do not call is on its axis all the same, where
    it lies between two of its stations.
    """
    ways: Counter[tuple[str, ...]] = Counter()
    for s in strings:
        ways[tuple(dict.fromkeys(station for station, _ in s.points))] += len(s.starts)
    covered: set[str] = set()
    axes: list[list[str]] = []
    for way, _ in sorted(ways.items(), key=lambda item: (-len(item[0]), -item[1], item[0])):
        missing = [n for n, station in enumerate(way) if station not in covered]
        for _, members in itertools.groupby(enumerate(missing), key=lambda pair: pair[1] - pair[0]):
            run = [place for _, place in members]
            piece = list(way[max(0, run[0] - 1) : run[-1] + 2])
            inner = [way[place] for place in run]
            before = way[run[0] - 1] if run[0] else None
            after = way[run[-1] + 1] if run[-1] + 1 < len(way) else None
            if not any(_lies_along(axis, inner, before, after, service) for axis in axes):
                axes.append(piece)
            covered.update(piece)
    return [Panel(_heights(axis, service), n > 0) for n, axis in enumerate(axes)]


def _lies_along(
    axis: list[str], run: list[str], before: str | None, after: str | None, service: Service
) -> bool:
    """Puts stations into an axis, where trains call at them between two of its stations and they
    are on the way, or beyond one of its ends. Returns whether they have been.
    """
    if before is None or after is None:
        known, outward = (before, run) if after is None else (after, run[::-1])
        if known not in axis:
            return False
        if known == axis[-1]:
            axis += outward
            return True
        if known == axis[0]:
            axis[:0] = outward[::-1]
            return True
        i = axis.index(known)
        return _merge(axis, i, len(axis) - 1, outward, service) or _merge(
            axis, i, 0, outward, service
        )
    if before not in axis or after not in axis:
        return False
    return _merge(axis, axis.index(before), axis.index(after), run, service)


def _merge(axis: list[str], i: int, j: int, run: list[str], service: Service) -> bool:
    """Puts stations that follow the i-th of an axis, going towards the j-th, where they lie."""
    if i > j:
        i, j, run = j, i, run[::-1]
    between = axis[i + 1 : j]
    if not between:
        axis[i + 1 : j] = run
        return True
    points = {key: service.stations[key].point for key in [axis[i], *between, *run, axis[j]]}
    start = points[axis[i]]
    if start is None or any(point is None for point in points.values()):
        return False
    away = {key: distance_m(start, point) for key, point in points.items() if point}
    merged = sorted([*between, *run], key=lambda key: (away[key], key))
    if [key for key in merged if key in run] != run:
        return False
    lengths = [
        sum(
            distance_m(p, q)
            for a, b in itertools.pairwise([axis[i], *inner, axis[j]])
            if (p := points[a]) and (q := points[b])
        )
        for inner in (merged, between)
    ]
    if lengths[0] > DETOUR * lengths[1]:
        return False
    axis[i + 1 : j] = merged
    return True


def _heights(stations: Sequence[str], service: Service) -> dict[str, float]:
    """Station -> pixels below the top, in proportion to distance but never too near to read."""
    along, total, before = [], 0.0, None
    for station in stations:
        point = service.stations[station].point
        if point and before:
            total += distance_m(before, point)
        before = point or before
        along.append(total)
    wanted = max(120.0, min(560.0, PIXELS_PER_STATION * len(stations)))
    heights: dict[str, float] = {}
    last = -MIN_GAP
    for station, metres in zip(stations, along, strict=True):
        last = max(metres / (total or 1.0) * wanted, last + MIN_GAP)
        heights[station] = last
    return heights


def _panel(
    panel: Panel, strings: list[String], window: tuple[int, int], scale: float, sheet: Sheet
) -> str:
    heights = {key: TOP + y for key, y in panel.heights.items()}
    bottom = TOP + panel.bottom
    height = bottom + BOTTOM
    grid = _grid(heights, bottom, window, scale, sheet)
    trains = _strings(heights, strings, window, scale, sheet)
    stations = list(panel.heights)
    ends = [sheet.service.stations[stations[n]].name for n in (0, -1)]
    aria = sheet.words.attribute(
        "aria-label", "Chart of trains by hour, {a} to {b}; the same times stand in the timetable", a=ends[0], b=ends[1]
    )  # fmt: skip
    scroll = sheet.words.attribute("aria-label", "Chart, scrolls sideways")
    return f"""<div class="scroll" tabindex="0" role="group" {scroll}><svg viewBox="0 0 {number(WIDTH)} {number(height)}" role="img" {aria}>
{grid}
<svg x="{number(LEFT)}" y="0" width="{number(WIDTH - LEFT - RIGHT)}" height="{number(height)}" viewBox="{number(LEFT)} 0 {number(WIDTH - LEFT - RIGHT)} {number(height)}" overflow="hidden">{trains}</svg></svg></div>"""


def _grid(
    heights: Mapping[str, float], bottom: float, window: tuple[int, int], scale: float, sheet: Sheet
) -> str:
    parts = []
    hours = (window[1] - window[0]) // 60
    step = 1 if hours <= 24 else 2 if hours <= 48 else 3
    for hour in range(hours + 1):
        at, clock = LEFT + hour * 60 * scale, window[0] // 60 + hour
        kind = "day" if clock % 24 == 0 else "hour"
        parts.append(
            f'<line class="{kind}" x1="{number(at)}" x2="{number(at)}" y1="{TOP - 6}" y2="{number(bottom + 6)}"/>'
        )
        if hour % step == 0:
            text = f"{clock % 24}" + (
                f"<tspan class='up'> +{clock // 24}</tspan>"
                if clock >= 24 and clock % 24 == 0
                else ""
            )
            parts += [
                f'<text class="hr" x="{number(at)}" y="{number(y)}">{text}</text>'
                for y in (TOP - 12, bottom + 20)
            ]
    for key, y in heights.items():
        name = sheet.service.stations[key].name
        short = name if len(name) <= NAME_CHARACTERS else name[: NAME_CHARACTERS - 1] + "…"
        label = (
            sheet.name(key, "tspan")
            if short == name
            else Markup(f"{esc(short)}<title>{esc(name)}</title>")
        )
        parts.append(
            f'<line class="stn" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{number(y)}" y2="{number(y)}"/>'
            f'<text class="sl" x="{LEFT - 8}" y="{number(y + 4)}">{label}</text>'
        )
    return "\n".join(parts)


def _strings(
    heights: Mapping[str, float],
    strings: list[String],
    window: tuple[int, int],
    scale: float,
    sheet: Sheet,
) -> str:
    """Each train, and again a day earlier and later where that reaches into the window.

    Trains without a number that run on the same days are one drawing: a city has thousands.
    """
    drawn: list[str] = []
    labelled: set[tuple[str, int]] = set()
    taken: list[Spot] = []
    alike: dict[tuple[str, str], list[str]] = defaultdict(list)
    named = any(s.label and not s.through for s in strings)
    others = _runs_of_all(heights, strings, window, scale) if named else []
    height = {key: round(y) for key, y in heights.items()}
    for string in strings:
        look = "thr" if string.through else f"k{string.rank % len(PALETTE)}"
        for piece in _pieces(string.points, heights):
            base, tail = piece[0][1], _tail(piece, height)
            length = piece[-1][1] - base
            for days in (-2, -1, 0, 1, 2):
                kind = ""
                for begin in string.starts:
                    start = begin + base + days * DAY_MINUTES - window[0]
                    if start + length <= 0 or start >= window[1] - window[0]:
                        continue
                    kind = kind or sheet.day(string.days.shift(days))
                    path = f"M{start} {height[piece[0][0]]}{tail}"
                    if not string.label:
                        alike[look, kind].append(path)
                        continue
                    drawn.append(
                        f'<path class="string {look} {kind}" d="{path}"><title>{esc(string.label)}</title></path>'
                    )
                    if not string.through and (string.label, days) not in labelled:
                        x = LEFT + start * scale
                        spots = [(x + (m - base) * scale, heights[s]) for s, m in piece]
                        rivals = [run for name, run in others if name != string.label]
                        label = _label(spots, string, kind, taken, rivals)
                        if label:
                            labelled.add((string.label, days))
                            drawn.append(label)
    drawn += [
        f'<path class="string {look} {kind}" d="{"".join(paths)}"/>'
        for (look, kind), paths in alike.items()
    ]
    labels = [each for each in drawn if each.startswith("<text")]
    paths = [each for each in drawn if not each.startswith("<text")]
    # Minutes across and whole units down: the picture is stretched, lines keep their breadth.
    moved = f'<g transform="translate({number(LEFT)}) scale({scale:.5f} 1)">'
    return "\n".join([moved, *paths, "</g>", *labels])


def _tail(piece: list[tuple[str, int]], height: Mapping[str, int]) -> str:
    """The way of a train on the chart from where it begins, in steps."""
    steps = []
    for (a, before), (b, after) in itertools.pairwise(piece):
        if after != before or height[b] != height[a]:
            steps.append(f"{after - before} {height[b] - height[a]}")
    return "l" + " ".join(steps) if steps else ""


def _pieces(
    points: Sequence[tuple[str, int]], heights: Mapping[str, float]
) -> list[list[tuple[str, int]]]:
    """The parts of a train's way that lie on a panel, without what it does elsewhere."""
    pieces: list[list[tuple[str, int]]] = []
    inside = False
    for station, minute in points:
        if station in heights:
            if not inside:
                pieces.append([])
            pieces[-1].append((station, minute))
        inside = station in heights
    return [piece for piece in pieces if len({s for s, _ in piece}) > 1]


def _runs_of_all(
    heights: Mapping[str, float],
    strings: list[String],
    window: tuple[int, int],
    scale: float,
) -> list[tuple[str, Run]]:
    """Every train's runs from station to station within the window, where they are few enough to
    keep labels away from.
    """
    found = []
    for string in strings:
        for piece in _pieces(string.points, heights):
            for days in (-2, -1, 0, 1, 2):
                at = days * DAY_MINUTES - window[0]
                spots = [(LEFT + (m + at) * scale, heights[s]) for s, m in piece]
                found += [
                    (string.label, (a, b))
                    for a, b in itertools.pairwise(spots)
                    if b[0] > LEFT and a[0] < WIDTH
                ]
        if len(found) > MOST_RUNS:
            return []
    return found


def _label(
    spots: Sequence[Spot],
    string: String,
    kind: str,
    taken: list[Spot],
    rivals: Sequence[Run],
) -> str:
    """The train's number along a long run, a little above the line, away from other numbers and
    from crossings; `taken` is where numbers stand, and this one is added.
    """
    need = max(LABEL_MIN_PIXELS, 8 * len(string.label))
    best: tuple[float, Spot, float] | None = None
    for (ax, ay), (bx, by) in itertools.pairwise(spots):
        if math.dist((ax, ay), (bx, by)) < need:
            continue
        angle = math.degrees(math.atan2(by - ay, bx - ax))
        for share in SHARES if by > ay else SHARES[::-1]:
            at = (ax + (bx - ax) * share, ay + (by - ay) * share)
            if not LEFT + need / 2 < at[0] < WIDTH - need / 2:
                continue
            room = min((math.dist(at, other) for other in taken), default=ROOM)
            clear = min((_distance(at, run) for run in rivals), default=ROOM)
            free = min(room, ROOM) + min(clear, ROOM)
            if best is None or free > best[0] + 0.5:
                best = (free, at, angle)
    if best is None:
        return ""
    _, (x, y), angle = best
    taken.append((x, y))
    return (
        f'<text class="tn k{string.rank % len(PALETTE)} {kind}" transform="translate({number(x)} {number(y)}) rotate({number(angle)})" '
        f'y="-4" text-anchor="middle">{esc(string.label)}</text>'
    )


def _distance(point: Spot, run: Run) -> float:
    """From a point to a straight run, in pixels."""
    (px, py), ((ax, ay), (bx, by)) = point, run
    dx, dy = bx - ax, by - ay
    squared = dx * dx + dy * dy
    share = 0.0 if squared == 0 else ((px - ax) * dx + (py - ay) * dy) / squared
    share = min(1.0, max(0.0, share))
    return math.dist(point, (ax + share * dx, ay + share * dy))
