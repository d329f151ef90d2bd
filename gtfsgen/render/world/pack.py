"""Make world.xz from world-atlas 2.0.2 (`npm pack world-atlas@2.0.2`): run once, by hand.

    python -m gtfsgen.render.world.pack FOLDER_OF_THE_PACKAGE

Two scales of Natural Earth, 1:50 m and 1:10 m, in steps of 0.01 and 0.002 degrees: arcs as
differences between neighbouring points, rings of land as lists of arcs (a negative number is an
arc backwards), and the arcs that two countries share.
"""

from __future__ import annotations

import io
import itertools
import json
import lzma
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

SCALES = {"50m": 0.01, "10m": 0.002}
MAX_STEP = 32_000


def main(folder: Path) -> None:
    arrays: dict[str, np.ndarray] = {}
    for scale, step in SCALES.items():
        topology = json.loads((folder / f"countries-{scale}.json").read_text("utf-8"))
        for name, array in _packed(topology, step).items():
            arrays[f"{name}_{scale}"] = array
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    packed = lzma.compress(buffer.getvalue(), preset=9 | lzma.PRESET_EXTREME)
    Path(__file__).with_name("world.xz").write_bytes(packed)
    print(f"{len(packed):,} bytes")


def _packed(topology: dict[str, Any], step: float) -> dict[str, np.ndarray]:
    scale = np.array(topology["transform"]["scale"])
    origin = np.array(topology["transform"]["translate"])
    deltas, lengths, origins = [], [], []
    for arc in topology["arcs"]:
        points = np.cumsum(np.array(arc), axis=0) * scale + origin
        steps = np.rint(points / step).astype(np.int64)
        keep = np.ones(len(steps), bool)
        keep[1:] = (np.diff(steps, axis=0) != 0).any(axis=1)
        keep[-1] = True
        steps = steps[keep]
        steps = _in_short_steps(steps)
        moves = np.diff(steps, axis=0, prepend=steps[:1])
        deltas.append(moves)
        origins.append(steps[0])
        lengths.append(len(moves))
    rings, counts = [], []
    for polygon in _polygons(topology["objects"]["land"]):
        for ring in polygon:
            rings += ring
            counts.append(len(ring))
    uses: Counter[int] = Counter()
    for country in topology["objects"]["countries"]["geometries"]:
        own = {a if a >= 0 else ~a for p in _polygons(country) for ring in p for a in ring}
        uses.update(own)
    return {
        "moves": np.concatenate(deltas).astype(np.int16),
        "origins": np.array(origins, np.int32),
        "lengths": np.array(lengths, np.int32),
        "rings": np.array(rings, np.int32),
        "counts": np.array(counts, np.int32),
        "borders": np.array(sorted(a for a, n in uses.items() if n > 1), np.int32),
    }


def _in_short_steps(steps: np.ndarray) -> np.ndarray:
    """The same line with points between those that lie too far apart for 16 bits."""
    found = [steps[:1]]
    for a, b in itertools.pairwise(steps):
        parts = int(np.abs(b - a).max() // MAX_STEP) + 1
        found.append(np.array([a + (b - a) * n // parts for n in range(1, parts + 1)]))
    return np.concatenate(found)


def _polygons(shape: dict[str, Any]) -> Iterator[list[list[int]]]:
    if shape["type"] == "Polygon":
        yield shape["arcs"]
    elif shape["type"] == "MultiPolygon":
        yield from shape["arcs"]
    elif shape["type"] == "GeometryCollection":
        for part in shape["geometries"]:
            yield from _polygons(part)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
