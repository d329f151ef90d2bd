"""The map: lines and stations as one SVG, without tiles, to be moved and enlarged."""

# ruff: noqa: E501  (markup reads better unbroken)
from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from gtfsgen.render.markup import esc, number
from gtfsgen.render.sheet import Sheet
from gtfsgen.shapes.lines import Point

EARTH_RADIUS_M = 6_371_008.8
OUTLINES = {"simplified", "world_network"}
"""Reasons of legs that follow the railway in outline; all others are straight."""

WIDTH = 1100.0
MIN_HEIGHT, MAX_HEIGHT, MARGIN = 420.0, 760.0, 60.0
MAX_NAMED = 250
"""Stations with a name on the map, the most important first; the others are dots with no name."""
BESIDE = 3.2
"""How far apart lines run that share a way, in units of the drawing."""
SHARED = 0.3
CELL = 5.0
SIMPLIFIED = 0.35
WORLD_MARGIN, WORLD_MARGIN_TALL = 0.12, 0.6
"""So much more of the world is drawn around the view, for those who move the map and for tall screens."""


@dataclass(frozen=True)
class MapLine:
    """A way on the map: its colour, its points, what it is called and where it leads."""

    ink: str
    points: Sequence[Point]
    name: str = ""
    link: str = ""
    dashed: bool = False


@dataclass(frozen=True)
class MapStation:
    station_id: str
    point: Point
    weight: int
    """The more trains and lines, the sooner it is named."""
    end: bool = False


class _Projection:
    """Mercator, fitted to the drawing."""

    def __init__(self, points: list[Point]) -> None:
        xs = [math.radians(lon) for _, lon in points]
        ys = [_northing(lat) for lat, _ in points]
        wide, high = max(max(xs) - min(xs), 1e-5), max(max(ys) - min(ys), 1e-5)
        self.scale = min((WIDTH - 2 * MARGIN) / wide, (MAX_HEIGHT - 2 * MARGIN) / high)
        self.height = max(MIN_HEIGHT, min(MAX_HEIGHT, high * self.scale + 2 * MARGIN))
        self.x0 = (min(xs) + max(xs)) / 2 - WIDTH / 2 / self.scale
        self.y0 = (min(ys) + max(ys)) / 2 + self.height / 2 / self.scale
        middle = math.degrees(2 * math.atan(math.exp((min(ys) + max(ys)) / 2)) - math.pi / 2)
        self.metres_per_unit = EARTH_RADIUS_M * math.cos(math.radians(middle)) / self.scale

    def __call__(self, point: Point) -> tuple[float, float]:
        return (
            (math.radians(point[1]) - self.x0) * self.scale,
            (self.y0 - _northing(point[0])) * self.scale,
        )

    def all(self, longitudes: Any, latitudes: Any) -> Any:
        """Arrays of degrees as an array of x and y."""
        import numpy as np

        within = np.radians(np.clip(latitudes, -85.0, 85.0))
        y = np.log(np.tan(math.pi / 4 + within / 2))
        x = np.radians(longitudes)
        return np.stack([(x - self.x0) * self.scale, (self.y0 - y) * self.scale], axis=1)

    def latitude(self, y: float) -> float:
        return math.degrees(2 * math.atan(math.exp(self.y0 - y / self.scale)) - math.pi / 2)

    def longitude(self, x: float) -> float:
        return math.degrees(self.x0 + x / self.scale)


def _northing(latitude: float) -> float:
    return math.log(math.tan(math.pi / 4 + math.radians(max(-85.0, min(85.0, latitude))) / 2))


def map_svg(
    lines: Sequence[MapLine],
    stations: Sequence[MapStation],
    legs: Iterable[Mapping[str, Any]],
    sheet: Sheet,
    *,
    zones: Sequence[Sequence[Point]] = (),
    left_out: int = 0,
    network: Sequence[tuple[Point, Point]] = (),
    coarse: bool = False,
) -> Markup:
    """The map. `legs` are GeoJSON features of straight legs; `zones` rings of flexible service;
    `network` the stretches of more lines than can be drawn each by itself. Coasts are `coarse` on
    the maps of a site of thousands of lines.
    """
    points = [point for line in lines for point in line.points]
    points += [s.point for s in stations] + [p for zone in zones for p in zone]
    if len(set(points)) < 2:
        return Markup("")
    project = _Projection(points)
    # A leg that is run both ways is drawn once, or its dashes would fill each other's gaps.
    straight = {
        frozenset((leg["properties"]["from"], leg["properties"]["to"])): leg
        for leg in legs
        if leg["properties"].get("reason")
    }
    drawn = [_world(project, coarse), _graticule(project)]
    drawn += [
        f'<path class="zone" d="M{"L".join("{:.1f} {:.1f}".format(*project(p)) for p in zone)}z"/>'
        for zone in zones
    ]
    drawn += _rails(lines, project)
    if network:
        path = "".join(_path(stretch, project) for stretch in network)
        drawn.append(f'<path class="rail net" d="{path}"/>')
    for leg in straight.values():
        path = _path([(lat, lon) for lon, lat in leg["geometry"]["coordinates"]], project)
        outline = leg["properties"]["reason"] in OUTLINES
        said = sheet.words.text("a simplified line" if outline else "no track is known")
        drawn.append(
            f'<path class="straight" d="{path}"><title>{esc(leg["properties"]["reason"])}: {esc(said)}</title></path>'
        )
    ranked = sorted(stations, key=lambda s: (not s.end, -s.weight, s.station_id))
    drawn.append(_dots(ranked[MAX_NAMED:], project))
    drawn += [_station(station, project, sheet) for station in ranked[:MAX_NAMED]]
    notes = [sheet.words.say("Drag to move, pinch, double-click or Ctrl + wheel to enlarge.")]
    reasons = {leg["properties"]["reason"] for leg in straight.values()}
    if reasons & OUTLINES:
        notes.append(sheet.words.say("Dashed where the line is simplified and not the track."))
    if reasons - OUTLINES or network or any(line.dashed for line in lines):
        notes.append(
            sheet.words.say("Dashed where no track is known: straight between the points.")
        )
    if len(ranked) > MAX_NAMED:
        notes.append(
            sheet.words.say("{n} stations are dots without a name.", n=len(ranked) - MAX_NAMED)
        )
    if left_out:
        notes.append(sheet.words.say("{n} variants of ways are not drawn.", n=left_out))
    notes.append(Markup("Natural Earth."))
    aria = sheet.words.attribute(
        "aria-label", "Map. Arrow keys move it, plus and minus enlarge, 0 shows all."
    )
    buttons = "".join(
        f'<button type="button" data-zoom="{key}" {sheet.words.attribute("aria-label", said)}>{sign}</button>'
        for key, said, sign in (
            ("in", "Enlarge", "+"),
            ("out", "Reduce", "−"),
            ("all", "Show all", "⤢"),
        )
    )
    return Markup(f"""<figure class="map"><div class="mapbox">
<svg class="mapview" viewBox="0 0 {number(WIDTH)} {number(project.height)}" data-m="{project.metres_per_unit:.4f}" tabindex="0" role="application" {aria}>
{chr(10).join(part for part in drawn if part)}
</svg>
<div class="zoom">{buttons}</div>
<div class="scale" aria-hidden="true"><span></span></div></div>
<p class="legend">{" ".join(notes)}</p></figure>""")


def _world(project: _Projection, coarse: bool) -> str:
    """Land and borders, cut to the view and simplified to what can be seen of them."""
    import shapely

    from gtfsgen.render.world import land_and_borders

    mx, my = WIDTH * WORLD_MARGIN, project.height * WORLD_MARGIN_TALL
    west, east = project.longitude(-mx), project.longitude(WIDTH + mx)
    south, north = project.latitude(project.height + my), project.latitude(-my)
    land, borders = land_and_borders(west, south, east, north, (east - west) / WIDTH)

    def path(points: Any, close: bool) -> str:
        line = shapely.linestrings(project.all(points[:, 0], points[:, 1]))
        kept = shapely.simplify(line, 1.2 if coarse else 0.6, preserve_topology=False)
        spots = shapely.get_coordinates(kept)
        if coarse:
            whole = spots.round().astype(int).tolist()
            return "M" + "L".join(f"{x} {y}" for x, y in whole) + "z" * close
        return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in spots.tolist()) + "z" * close

    coast = "".join(path(ring, True) for ring in land)
    lines = [g for g in shapely.get_parts(borders) if g.geom_type == "LineString"]
    frontier = "".join(path(shapely.get_coordinates(g), False) for g in lines)
    return (
        f'<path class="land" fill-rule="evenodd" d="{coast}"/><path class="border" d="{frontier}"/>'
    )


def _rails(lines: Sequence[MapLine], project: _Projection) -> list[str]:
    """The lines, beside each other where another colour already takes the way."""
    import numpy as np
    import shapely

    taken: dict[tuple[int, int], set[str]] = defaultdict(set)
    drawn = []
    done = set()
    places: dict[tuple[str, str], int] = {}
    alone = len({line.ink for line in lines}) == 1
    for line in lines:
        degrees = np.array(line.points, float)
        spots = [tuple(spot) for spot in project.all(degrees[:, 1], degrees[:, 0]).tolist()]
        spots = [
            spot for n, spot in enumerate(spots) if not n or math.dist(spot, spots[n - 1]) > 0.05
        ]
        if len(spots) < 2:
            continue
        if spots[0] > spots[-1]:
            spots.reverse()
        curve = shapely.LineString(spots).simplify(SIMPLIFIED)
        cells = set() if alone else _cells(curve)
        others: dict[str, int] = defaultdict(int)
        for cell in cells:
            for ink in taken[cell]:
                others[ink] += ink != line.ink
            taken[cell].add(line.ink)
        beside = sum(1 for count in others.values() if count > SHARED * len(cells))
        if beside:
            # All ways of a line keep to one side, or a line would be as broad as it has variants.
            beside = places.setdefault((line.ink, line.name), beside)
            side = BESIDE * ((beside + 1) // 2) * (1 if beside % 2 else -1)
            moved = shapely.offset_curve(curve, side, join_style="mitre", mitre_limit=2)
            curve = max(shapely.get_parts(moved), key=lambda g: g.length, default=curve)
        path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in curve.coords)
        if (path, line.ink) in done:
            continue
        done.add((path, line.ink))
        title = f"<title>{esc(line.name)}</title>" if line.name else ""
        shape = f'<path class="rail{" dashed" if line.dashed else ""}" stroke="{line.ink}" d="{path}">{title}</path>'
        drawn.append(
            f'<a href="{esc(line.link)}" tabindex="-1">{shape}</a>' if line.link else shape
        )
    return drawn


def _cells(curve: Any) -> set[tuple[int, int]]:
    """The squares of the drawing that a curve passes."""
    import numpy as np
    import shapely

    steps = np.arange(int(curve.length // CELL) + 1) * CELL
    spots = shapely.get_coordinates(shapely.line_interpolate_point(curve, steps))
    return {(x, y) for x, y in (spots // CELL).astype(int).tolist()}


def _path(line: Sequence[Point], project: _Projection) -> str:
    return "M" + "L".join("{:.1f} {:.1f}".format(*project(point)) for point in line)


def _dots(stations: Sequence[MapStation], project: _Projection) -> str:
    if not stations:
        return ""
    spots = sorted({"M{:.1f} {:.1f}h0".format(*project(s.point)) for s in stations})
    return f'<path class="dots" d="{"".join(spots)}"/>'


def _station(station: MapStation, project: _Projection, sheet: Sheet) -> str:
    x, y = project(station.point)
    link = sheet.station_links.get(station.station_id, "")
    name = sheet.name(station.station_id, "tspan")
    dot = f'<circle r="{5 if station.end else 3.2}"/>'
    inside = f'{dot}<text x="9" y="4">{name}</text>'
    if link:
        # The label may be hidden where there is no room; the link keeps its name.
        said = re.sub(r"<[^>]*>", "", name)
        inside = f'<a href="{esc(link)}" aria-label="{said}" tabindex="-1">{inside}</a>'
    return f'<g class="stop{" end" if station.end else ""}" transform="translate({x:.1f} {y:.1f})">{inside}</g>'


def _graticule(project: _Projection) -> str:
    """Meridians and parallels, a handful each way, with their degrees."""
    span = abs(project.longitude(WIDTH) - project.longitude(0))
    step = next((s for s in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20) if span / s < 9), 45)
    parts = []
    start = math.ceil(project.longitude(0) / step)
    bottom = number(project.height)
    for n in range(start, int(project.longitude(WIDTH) // step) + 1):
        x = project((0.0, n * step))[0]
        parts.append(f'<line x1="{number(x)}" x2="{number(x)}" y1="0" y2="{bottom}"/>')
        parts.append(
            f'<text x="{number(x + 3)}" y="{number(project.height - 6)}">{n * step:g}°</text>'
        )
    start = math.ceil(project.latitude(project.height) / step)
    for n in range(start, int(project.latitude(0) // step) + 1):
        y = project((n * step, 0.0))[1]
        parts.append(f'<line x1="0" x2="{number(WIDTH)}" y1="{number(y)}" y2="{number(y)}"/>')
        parts.append(f'<text x="4" y="{number(y - 3)}">{n * step:g}°</text>')
    return f'<g class="grat">{"".join(parts)}</g>'
