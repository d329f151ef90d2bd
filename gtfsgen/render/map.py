"""The map: lines and stations as one SVG, without tiles, to be moved and enlarged."""

# ruff: noqa: E501  (markup reads better unbroken)
from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from gtfsgen.render.markup import colour, esc, number
from gtfsgen.render.trains import Service, Station
from gtfsgen.shapes.lines import Point

EARTH_RADIUS_M = 6_371_008.8

WIDTH = 1100.0
MIN_HEIGHT, MAX_HEIGHT, MARGIN = 420.0, 760.0, 60.0
MAX_POINTS = 40_000


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

    def latitude(self, y: float) -> float:
        return math.degrees(2 * math.atan(math.exp(self.y0 - y / self.scale)) - math.pi / 2)

    def longitude(self, x: float) -> float:
        return math.degrees(self.x0 + x / self.scale)


def _northing(latitude: float) -> float:
    return math.log(math.tan(math.pi / 4 + math.radians(max(-85.0, min(85.0, latitude))) / 2))


def map_svg(service: Service, legs: Iterable[Mapping[str, Any]] = ()) -> str:
    """The map of all lines shown. `legs` are GeoJSON features of straight legs, drawn dashed."""
    stations = [station for station in service.shown_stations if station.point]
    if len(stations) < 2:
        return ""
    lines = _lines(service)
    points = [station.point for station in stations if station.point]
    points += [point for _, _, line in lines for point in line]
    project = _Projection(points)
    # A leg that is run both ways is drawn once, or its dashes would fill each other's gaps.
    straight = {
        frozenset((leg["properties"]["from"], leg["properties"]["to"])): [
            (lat, lon) for lon, lat in leg["geometry"]["coordinates"]
        ]
        for leg in legs
        if leg["properties"].get("reason")
    }
    drawn = [_graticule(project)]
    drawn += [
        f'<path class="rail{" dashed" if dashed else ""}" stroke="{ink}" d="{_path(line, project)}"/>'
        for ink, dashed, line in lines
    ]
    drawn += [f'<path class="straight" d="{_path(line, project)}"/>' for line in straight.values()]
    ends = {c.calls[n].station_id for line in service.lines for c in line.columns for n in (0, -1)}
    drawn += [_station(station, project, station.station_id in ends) for station in stations]
    note = ""
    if straight or any(dashed for _, dashed, _ in lines):
        note = " Dashed where no track is known: straight between the points."
    return f"""<figure class="map"><div class="mapbox">
<svg id="mapview" viewBox="0 0 {number(WIDTH)} {number(project.height)}" data-m="{project.metres_per_unit:.4f}" tabindex="0" role="application" aria-label="Map. Arrow keys move it, plus and minus enlarge, 0 shows all.">
{chr(10).join(drawn)}
</svg>
<div class="zoom">
<button type="button" data-zoom="in" aria-label="Enlarge">+</button>
<button type="button" data-zoom="out" aria-label="Reduce">−</button>
<button type="button" data-zoom="all" aria-label="Show all">⤢</button>
</div>
<div class="scale" aria-hidden="true"><span></span></div></div>
<p class="legend">Drag to move, pinch, double-click or Ctrl + wheel to enlarge.{note}</p></figure>"""


def _lines(service: Service) -> list[tuple[str, bool, list[Point]]]:
    """(colour, without shape, points): each shape once, or stop to stop where a trip has none."""
    found: dict[Any, tuple[str, bool, list[Point]]] = {}
    total = 0
    for rank, line in enumerate(service.lines):
        for column in line.columns:
            for trip in (trip for chain in column.trips for trip in chain):
                ink = colour(service.colours.get(trip.route_id, ""), rank)
                shape = service.shapes.get(trip.shape_id, [])
                key: Any = trip.shape_id
                if len(shape) < 2:
                    places = [service.stations[stop.station_id].point for stop in trip.stops]
                    shape = [place for place in places if place]
                    key = tuple(sorted((shape[0], shape[-1]))) if shape else None
                if len(shape) > 1 and key not in found and total < MAX_POINTS:
                    found[key] = (ink, trip.shape_id not in service.shapes, shape)
                    total += len(shape)
    return list(found.values())


def _path(line: list[Point], project: _Projection) -> str:
    """The line in drawing units, without the points that fall onto the one before."""
    drawn: list[tuple[float, float]] = []
    for point in line:
        x, y = project(point)
        if not drawn or math.dist(drawn[-1], (x, y)) > 0.15:
            drawn.append((x, y))
    return "M" + "L".join(f"{x:.2f} {y:.2f}" for x, y in drawn)


def _station(station: Station, project: _Projection, end: bool) -> str:
    assert station.point is not None
    x, y = project(station.point)
    return (
        f'<g class="stop{" end" if end else ""}" transform="translate({x:.2f} {y:.2f})">'
        f'<circle r="{5 if end else 3.5}"/>'
        f'<text class="nm" data-s="{esc(station.station_id)}" x="9" y="4">{esc(station.name)}</text></g>'
    )


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
