"""The world's railways in outline, from the data of PyPI's `scgraph_data` (extra `[world]`).

That package holds a network made from OpenStreetMap, its vertices rounded to 0.001 degrees: some
hundred metres off the track, straight between vertices that may be kilometres apart. Its module is
read as text, because importing it asks for another package in one certain version. What was read
is kept as a compact file in the user's cache folder.
"""

from __future__ import annotations

import json
import math
import os
import re
from contextlib import suppress
from functools import cache
from importlib import metadata, util
from pathlib import Path
from typing import Any

from gtfsgen.shapes.lines import Point, distance_m, length_m
from gtfsgen.shapes.network import DETAILS, Detail, Graph, RailsUnavailable, Snap, Way

OFF_WORLD_M = 2000.0
"""A stop farther than this from the outline is off it. Measured on a real line of 256 km: the
outline strays by 1.6 km or less at nine places of ten."""
CUT_FACTOR = 1.5
"""Vertices nearer to a stop than this many times its own offset are left out, so that the line
bends towards the stop instead of running out to it and back."""
PACKAGE = "scgraph_data"


class WorldNetwork:
    """The outline as a network whose ways begin and end at the stops themselves."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    def snaps(self, point: Point, radius_m: float) -> list[Snap]:
        """Places within `OFF_WORLD_M`, whatever `radius_m` is: an outline is never near."""
        return [Snap(point, snap.offset_m, snap) for snap in self._graph.snaps(point, OFF_WORLD_M)]

    def way(self, start: Snap, end: Snap, limit_m: float = math.inf) -> Way | None:
        found = self._graph.way(start.key, end.key, limit_m)
        if found is None:
            return None
        inner = [
            point
            for point in found.points[1:-1]
            if distance_m(point, start.point) > CUT_FACTOR * start.offset_m
            and distance_m(point, end.point) > CUT_FACTOR * end.offset_m
        ]
        points = [start.point, *inner, end.point]
        return Way(tuple(points), length_m(points), Detail.WORLD)


@cache
def world_network() -> WorldNetwork:
    """Read the outline, from the cache folder where it has been read before.

    The folder is `GTFSGEN_CACHE`, else `gtfsgen` in the user's cache folder; one that cannot be
    written to is done without. Raises `RailsUnavailable` if the package is not installed or holds
    no such network.
    """
    import numpy as np

    spec = util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise RailsUnavailable("the world's railways need a package: pip install 'gtfsgen[world]'")
    module = Path(next(iter(spec.submodule_search_locations))) / "world_railways.py"
    kept = _cache_folder() / f"world-railways-{metadata.version(PACKAGE)}.npz"
    try:
        with np.load(kept) as arrays:
            nodes, edges = arrays["nodes"], arrays["edges"]
    except (OSError, ValueError, KeyError):
        nodes, edges = read_outline(module)
        _keep(kept, nodes=nodes, edges=edges)
    details = np.full(len(edges), DETAILS.index(Detail.WORLD), dtype=np.int8)
    return WorldNetwork(Graph(nodes, edges, details, bounded=True))


def read_outline(module: Path) -> tuple[Any, Any]:
    """Nodes (latitude, longitude) and edges (two node numbers) of the package's data module."""
    import numpy as np

    try:
        text = module.read_text(encoding="utf-8")
    except OSError as error:
        raise RailsUnavailable(f"{PACKAGE} holds no world_railways.py: {error.strerror}") from error
    graph = re.search(r"^graph\s*=\s*\[(.*)\]\s*$", text, re.MULTILINE)
    places = re.search(r"^nodes\s*=\s*(\[.*\])\s*$", text, re.MULTILINE)
    if not graph or not places:
        raise RailsUnavailable(f"{module.name} of {PACKAGE} is not written as expected")
    nodes = np.array(json.loads(places[1]), dtype=float)
    edges = [
        (number, int(other))
        for number, links in enumerate(graph[1].split("}")[:-1])
        for other in re.findall(r"(\d+):", links)
        if int(other) > number
    ]
    return nodes, np.array(edges, dtype=np.int64)


def _cache_folder() -> Path:
    chosen = os.environ.get("GTFSGEN_CACHE")
    if chosen:
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gtfsgen"


def _keep(path: Path, **arrays: Any) -> None:
    import numpy as np

    from gtfsgen.writing import write_file

    # A cache folder that cannot be written to is done without: it is read anew each time.
    with suppress(OSError):
        write_file(path, lambda file: np.savez_compressed(file, **arrays))
