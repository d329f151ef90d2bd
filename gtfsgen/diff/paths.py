"""Shapes: how far the path of a train strays from where it was."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import numpy as np
import polars as pl

from gtfsgen.diff import hashes, words
from gtfsgen.diff.entries import Entry
from gtfsgen.diff.fields import Level
from gtfsgen.diff.matching import Matched
from gtfsgen.diff.names import FeedNames
from gtfsgen.diff.reading import Side

SEEN_M = 1.0
"""A path that strays by less is the same for those who plan; the data says it."""


class Paths:
    """The shapes of one feed, by id."""

    def __init__(self, side: Side) -> None:
        names = (
            "shape_id",
            "shape_pt_lat",
            "shape_pt_lon",
            "shape_pt_sequence",
            "shape_dist_traveled",
        )
        frame = side.frame("shapes", *names).with_columns(
            order=pl.col("shape_pt_sequence").cast(pl.Int64, strict=False).fill_null(2**40),
            lat=pl.col("shape_pt_lat").cast(pl.Float64, strict=False),
            lon=pl.col("shape_pt_lon").cast(pl.Float64, strict=False),
            far=pl.col("shape_dist_traveled"),
        )
        frame = frame.filter(pl.col("shape_id").is_not_null()).sort(
            "shape_id", "order", maintain_order=True
        )
        self.ids = frame["shape_id"].unique(maintain_order=True).to_list()
        counts = frame.group_by("shape_id", maintain_order=True).len()["len"].to_numpy()
        self.starts = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
        self.lat = frame["lat"].fill_null(np.nan).to_numpy()
        self.lon = frame["lon"].fill_null(np.nan).to_numpy()
        position = (np.arange(frame.height) - np.repeat(self.starts[:-1], counts)).astype(np.uint64)
        points = hashes.combined(
            self.lat.copy().view(np.uint64), self.lon.copy().view(np.uint64), position
        )
        far = hashes.combined(hashes.of_texts(frame["far"]), position)
        groups = np.repeat(np.arange(len(self.ids)), counts)
        self.points = dict(
            zip(self.ids, hashes.summed(points, groups, len(self.ids)).tolist(), strict=True)
        )
        self.far = dict(
            zip(self.ids, hashes.summed(far, groups, len(self.ids)).tolist(), strict=True)
        )
        self.places = {name: n for n, name in enumerate(self.ids)}

    def line(self, name: str) -> np.ndarray:
        """Points as (lon, lat), unreadable ones left out."""
        n = self.places[name]
        part = slice(int(self.starts[n]), int(self.starts[n + 1]))
        points = np.column_stack([self.lon[part], self.lat[part]])
        return points[np.isfinite(points).all(axis=1)]


def stray_m(a: np.ndarray, b: np.ndarray) -> float:
    """The farthest that either path is from the other (Hausdorff distance), in metres, on a plane
    through their middle; exact to a part in a thousand for paths of a few hundred kilometres."""
    import shapely
    from pyproj import Geod

    if len(a) == 0 or len(b) == 0:
        return float("inf") if len(a) != len(b) else 0.0
    middle = np.vstack([a, b]).mean(axis=0)
    geod = Geod(ellps="WGS84")
    lon, lat = float(middle[0]), float(np.clip(middle[1], -89, 89))
    east = geod.inv(lon - 0.05, lat, lon + 0.05, lat)[2] * 10
    north = geod.inv(lon, lat - 0.05, lon, lat + 0.05)[2] * 10
    lines = [
        shapely.linestrings((points - middle) * (east, north))
        if len(points) > 1
        else shapely.points((points[0] - middle) * (east, north))
        for points in (a, b)
    ]
    vertices = [shapely.points((points - middle) * (east, north)) for points in (a, b)]
    shapely.prepare(lines)
    return max(
        float(shapely.distance(vertices[0], lines[1]).max()),
        float(shapely.distance(vertices[1], lines[0]).max()),
    )


def path_entries(old: FeedNames, new: FeedNames, matched: Matched) -> Iterable[Entry]:
    """Changed paths, one entry for each pair of shapes."""
    pairs = matched.all_pairs()
    shapes = pairs.select(
        trip=pl.col("new"),
        a=old.runs.column("shape_id").gather(pairs["old"]),
        b=new.runs.column("shape_id").gather(pairs["new"]),
    )
    paths = Paths(old.side), Paths(new.side)
    used: tuple[set[str], set[str]] = (set(), set())
    told = []
    for a, b, trips in shapes.group_by("a", "b").agg("trip").iter_rows():
        if a is not None:
            used[0].add(a)
        if b is not None:
            used[1].add(b)
        told += [(a, b, trips)] if _differs(paths, a, b) else []
    groups: dict[tuple[str, ...], list[tuple[str | None, str | None, list[int]]]] = defaultdict(
        list
    )
    for a, b, trips in sorted(told, key=lambda t: (t[0] or "", t[1] or "")):
        groups[_said(paths, a, b)].append((a, b, trips))
    for (level, text), found in groups.items():
        for a, b, trips in found:
            yield _entry(Level(level), text, new, a, b, trips)
    yield from _unused(paths, old, new, used)


def _differs(paths: tuple[Paths, Paths], a: str | None, b: str | None) -> bool:
    known = [
        name if name in path.places else None for name, path in zip((a, b), paths, strict=True)
    ]
    if known == [None, None]:
        return (a is None) != (b is None)
    if None in known:
        return True
    return paths[0].points[a] != paths[1].points[b] or paths[0].far[a] != paths[1].far[b]


def _said(paths: tuple[Paths, Paths], a: str | None, b: str | None) -> tuple[str, str]:
    there = [a in paths[0].places, b in paths[1].places]
    if not any(there):
        return Level.DATA, "names a shape that is not in shapes.txt"
    if not all(there):
        return Level.PLANNER, "the path is no longer drawn" if there[
            0
        ] else "the path is newly drawn"
    assert a is not None
    assert b is not None
    if paths[0].points[a] == paths[1].points[b]:
        return Level.DATA, "distances along the path differ"
    metres = stray_m(paths[0].line(a), paths[1].line(b))
    if metres < SEEN_M:
        return Level.DATA, "the path is drawn with other points, within a metre"
    return Level.PLANNER, f"the path strays by up to {metres:,.0f} m from where it was"


def _entry(
    level: Level, text: str, names: FeedNames, a: str | None, b: str | None, trips: list[int]
) -> Entry:
    lines = sorted({names.line(trip) for trip in trips})
    who = names.train(trips[0]) if len(trips) == 1 else words.listed(lines, 4)
    if len(trips) > 1:
        who += f", {words.count(len(trips), 'departure')}"
    line = lines[0] if len(lines) == 1 else ""
    return Entry(level, "shape", line, f"{who}: {text}", a or "", b or "", (), len(trips))


def _unused(
    paths: tuple[Paths, Paths], old: FeedNames, new: FeedNames, used: tuple[set[str], set[str]]
) -> Iterable[Entry]:
    """Shapes that no train of both feeds follows, where neither feed has the other's."""
    serving = [
        {*names.runs.column("shape_id").drop_nulls().to_list()} - used[n]
        for n, names in enumerate((old, new))
    ]
    left = [
        sorted(name for name in path.ids if name not in used[n] and name not in serving[n])
        for n, path in enumerate(paths)
    ]
    prints = [
        {(path.points[name], path.far[name]) for name in left[n]} for n, path in enumerate(paths)
    ]
    odd = [
        [
            name
            for name in left[n]
            if (paths[n].points[name], paths[n].far[name]) not in prints[1 - n]
        ]
        for n in (0, 1)
    ]
    both = [name for name in odd[0] if name in {*odd[1]}]
    for name in both:
        text = _said(paths, name, name)[1]
        yield Entry(Level.DATA, "shape", "", f"unused shape {name}: {text}", name, name)
    for n, verb in enumerate(("is gone", "is new")):
        for name in odd[n]:
            if name not in both:
                pair = (name, "") if n == 0 else ("", name)
                yield Entry(Level.DATA, "shape", "", f"unused shape {name} {verb}", *pair)
