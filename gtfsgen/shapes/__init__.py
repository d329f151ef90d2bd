"""Shapes along the rails: stop patterns, tracks, routing, simplification.

`draw` takes the tables of a feed and gives them back with shapes.txt, trips.shape_id and
stop_times.shape_dist_traveled; what could not be drawn along a track is said in faults and in the
GeoJSON.
"""

from __future__ import annotations

from gtfsgen.shapes.drawing import Drawn, draw, draw_on, geojson_text
from gtfsgen.shapes.legs import Leg, Limits, Reason
from gtfsgen.shapes.network import OsmNetwork, RailsUnavailable, line_network
from gtfsgen.shapes.world import WorldNetwork, world_network

__all__ = [
    "Drawn",
    "Leg",
    "Limits",
    "OsmNetwork",
    "RailsUnavailable",
    "Reason",
    "WorldNetwork",
    "draw",
    "draw_on",
    "geojson_text",
    "line_network",
    "world_network",
]
