"""Shapes along the rails: stop patterns, tracks, routing, simplification.

`draw` takes the tables of a feed and gives them back with shapes.txt, trips.shape_id and
stop_times.shape_dist_traveled; what could not be drawn along a track is said in faults and in the
GeoJSON.
"""

from __future__ import annotations

from gtfsgen.shapes.drawing import Drawn, draw, draw_on, geojson_text
from gtfsgen.shapes.legs import Leg, Limits, Reason
from gtfsgen.shapes.network import LineNetwork, OsmNetwork, RailsUnavailable

__all__ = [
    "Drawn",
    "Leg",
    "Limits",
    "LineNetwork",
    "OsmNetwork",
    "RailsUnavailable",
    "Reason",
    "draw",
    "draw_on",
    "geojson_text",
]
