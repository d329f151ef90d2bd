"""Which id of the old feed is which id of the new one, whatever they are called.

Ids are names for things, and things are known by what they are: what their own row says, what
rows say that refer to them, and what calls there. Each id gets fingerprints at several depths.
Ids are paired by the deepest one first; what is left, because something about it has changed, is
paired by the features it still has in common with another, an equal id being one of them. The
order in which candidates are taken is the same from both sides, so that a comparison and its
mirror image pair alike.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from gtfsgen.diff import hashes
from gtfsgen.diff.fields import OWN_ID, field_of, space_of
from gtfsgen.diff.reading import Side
from gtfsgen.schema import Type

ROUNDS = 3
NOT_WALKED = {"trips", "shapes", "calendar", "calendar_dates", "translations", "frequencies"}
"""Tables that are compared apart, and long ones: what they say comes in as `given` fingerprints."""
COMMON = 400
"""A feature that so many pairs of ids share tells nothing of which is which."""
SAME_ID = 0.6
"""What an equal id weighs; a feature that no other id has weighs 1."""
SAMPLED = ("call", "trip")
SAMPLE = 8
"""So many equal times weigh as much as one equal name: one alone may be chance."""
ENOUGH = 0.45
"""The least that two ids must have in common, in weights of features."""

Given = dict[str, dict[str, int]]
"""Space -> id -> fingerprint of what only longer tables tell."""
Features = dict[str, dict[str, list[object]]]


@dataclass
class Keys:
    """Numbers for the ids of one space: equal numbers are one thing, in whichever feed."""

    old: dict[str, int] = field(default_factory=dict)
    new: dict[str, int] = field(default_factory=dict)

    def pair(self, a: str, b: str) -> None:
        number = self.size
        self.old[a] = number
        self.new[b] = number
        self.size += 1

    size: int = 0

    def close(self, olds: Iterable[str], news: Iterable[str]) -> None:
        """Give ids without a partner numbers of their own."""
        for ids, known in ((olds, self.old), (news, self.new)):
            for name in ids:
                if name not in known:
                    known[name] = self.size
                    self.size += 1

    def of(self, side: int) -> dict[str, int]:
        return self.new if side else self.old


def pair_ids(
    old: Side, new: Side, given: tuple[Given, Given], features: tuple[Features, Features]
) -> dict[str, Keys]:
    """Keys for every space of ids but trips, shapes and blocks."""
    walks = [_Walk(side, extra) for side, extra in zip((old, new), given, strict=True)]
    spaces = sorted({*walks[0].ids, *walks[1].ids})
    depths = [walk.depths() for walk in walks]
    keys = {space: Keys() for space in spaces}
    # Things that others hang on come first: what is left later is known by them.
    for space in spaces:
        for depth, (olds, news) in enumerate(zip(*depths, strict=True)):
            _pair_equal(keys[space], olds.get(space, {}), news.get(space, {}), sure=depth == 0)
    for space in sorted(spaces, key=lambda s: (_rank(s), s)):
        _pair_alike(space, keys, walks, features)
        keys[space].close(sorted(walks[0].ids.get(space, ())), sorted(walks[1].ids.get(space, ())))
    return keys


FIRST = ("agency.agency_id", "levels.level_id", "stops.stop_id", "routes.route_id")


def _rank(space: str) -> int:
    return FIRST.index(space) if space in FIRST else len(FIRST)


class _Walk:
    """One feed's rows and ids as numbers, for fingerprints that spread from row to row."""

    def __init__(self, side: Side, given: Given) -> None:
        self.side = side
        self.given = given
        self.ids: dict[str, dict[str, int]] = defaultdict(dict)
        self.rows: list[_WalkedRows] = []
        for space, known in given.items():
            for name in sorted(known):
                self.ids[space].setdefault(name, len(self.ids[space]))
        for table, frame in sorted(side.tables.items()):
            if table not in NOT_WALKED and frame.height:
                self.rows.append(self._walk(table, frame))
        self.ids = dict(self.ids)

    def _walk(self, table: str, frame: pl.DataFrame) -> _WalkedRows:
        base = np.full(frame.height, hashes.of_name(table), np.uint64)
        spaced = []
        for column in sorted(frame.columns):
            if column == "_row":
                continue
            space = space_of(table, column)
            if space is None:
                part = hashes.of_texts(frame[column])
                base = hashes.combined(
                    base, part, np.full(len(part), hashes.of_name(column), np.uint64)
                )
            elif space not in ("trips.trip_id", "shapes.shape_id", "trips.block_id"):
                spaced.append((column, space, self._numbers(space, frame[column])))
        return _WalkedRows(table, base, spaced)

    def _numbers(self, space: str, texts: pl.Series) -> np.ndarray:
        known = self.ids[space]
        distinct = texts.drop_nulls().unique().sort()
        numbers = [known.setdefault(name, len(known)) for name in distinct.to_list()]
        frame = pl.DataFrame({"id": distinct, "n": pl.Series(numbers, dtype=pl.Int64)})
        joined = pl.DataFrame({"id": texts}).join(frame, on="id", how="left", maintain_order="left")
        return joined["n"].fill_null(-1).to_numpy()

    def depths(self) -> list[dict[str, dict[str, int]]]:
        """Fingerprints by space and id: with all neighbours, with what long tables tell, with rows
        that refer to the id, and of the id's own row alone."""
        full = self._spread(self._start(with_given=True), ROUNDS)
        near = self._spread(self._start(with_given=True), 1)
        plain = self._spread(self._start(with_given=False), 1)
        own = self._spread(self._start(with_given=False), 1, own_only=True)
        return [self._named(colours) for colours in (full, near, plain, own)]

    def _start(self, with_given: bool) -> dict[str, np.ndarray]:
        colours = {}
        for space, ids in self.ids.items():
            start = np.full(len(ids), hashes.of_name(space), np.uint64)
            if with_given and space in self.given:
                told = self.given[space]
                extra = np.array([told.get(name, 0) for name in ids], np.uint64)
                start = hashes.combined(start, extra)
            colours[space] = start
        return colours

    def _spread(
        self, colours: dict[str, np.ndarray], rounds: int, own_only: bool = False
    ) -> dict[str, np.ndarray]:
        for _ in range(rounds):
            sums = {space: np.zeros(len(c), np.uint64) for space, c in colours.items()}
            for rows in self.rows:
                whole = rows.base
                for column, space, numbers in rows.spaced:
                    lookup = np.append(colours[space], np.uint64(1))
                    whole = hashes.combined(
                        whole,
                        lookup[numbers],
                        np.full(len(whole), hashes.of_name(column), np.uint64),
                    )
                for column, space, numbers in rows.spaced:
                    if own_only and OWN_ID.get(rows.table) != column:
                        continue
                    with np.errstate(over="ignore"):
                        sums[space] += hashes.summed(
                            hashes.mixed(whole + hashes.of_name(column)), numbers, len(sums[space])
                        )
            colours = {space: hashes.combined(c, sums[space]) for space, c in colours.items()}
        return colours

    def _named(self, colours: dict[str, np.ndarray]) -> dict[str, dict[str, int]]:
        return {
            space: dict(zip(ids, colours[space].tolist(), strict=True))
            for space, ids in self.ids.items()
        }


@dataclass
class _WalkedRows:
    table: str
    base: np.ndarray
    spaced: list[tuple[str, str, np.ndarray]]


def _pair_equal(keys: Keys, old: dict[str, int], new: dict[str, int], sure: bool) -> None:
    """Pair ids of equal fingerprints: where several are equal, those of the same name, and the
    others only where nothing at all tells them apart (`sure`) or one is left on either side."""
    groups: dict[int, tuple[list[str], list[str]]] = defaultdict(lambda: ([], []))
    for place, (found, known) in enumerate(((old, keys.old), (new, keys.new))):
        for name in sorted(found):
            if name not in known:
                groups[found[name]][place].append(name)
    for olds, news in groups.values():
        if not olds or not news:
            continue
        equal = {*olds} & {*news}
        for name in sorted(equal):
            keys.pair(name, name)
        left = [name for name in olds if name not in equal]
        right = [name for name in news if name not in equal]
        if len(left) == len(right) and (sure or len(left) == 1):
            for a, b in zip(left, right, strict=True):
                keys.pair(a, b)


def _pair_alike(
    space: str, keys: dict[str, Keys], walks: list[_Walk], features: tuple[Features, Features]
) -> None:
    """Pair what is left by what it still has in common, best first."""
    known = keys[space]
    left = [
        sorted(name for name in walk.ids.get(space, ()) if name not in known.of(side))
        for side, walk in enumerate(walks)
    ]
    if not left[0] or not left[1]:
        return
    found = [
        _features(space, {*left[side]}, keys, walk, side, features[side].get(space, {}))
        for side, walk in enumerate(walks)
    ]
    holders: dict[object, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    for side in (0, 1):
        for place, name in enumerate(left[side]):
            for feature in found[side].get(name, ()):
                holders[feature][side].append(place)
    scores: dict[tuple[int, int], float] = defaultdict(float)
    for feature, (olds, news) in holders.items():
        if olds and news and len(olds) * len(news) <= COMMON:
            weight = 1 / (len(olds) * len(news)) ** 0.5
            if isinstance(feature, tuple) and feature[0] in SAMPLED:
                weight /= SAMPLE
            for i in olds:
                for j in news:
                    scores[i, j] += weight
    places = {name: place for place, name in enumerate(left[1])}
    for i, name in enumerate(left[0]):
        if name in places:
            scores[i, places[name]] += SAME_ID
    ranked = sorted(
        (-round(score, 6), i + j, abs(i - j), i, j)
        for (i, j), score in scores.items()
        if score >= ENOUGH
    )
    taken: tuple[set[int], set[int]] = (set(), set())
    for _, _, _, i, j in ranked:
        if i in taken[0] or j in taken[1]:
            continue
        if not (space == "stops.stop_id" and _are_two(found, left[0][i], left[1][j])):
            taken[0].add(i)
            taken[1].add(j)
            known.pair(left[0][i], left[1][j])


def _features(
    space: str,
    wanted: set[str],
    keys: dict[str, Keys],
    walk: _Walk,
    side: int,
    extra: dict[str, list[object]],
) -> dict[str, set[object]]:
    """What can be said of ids, one thing at a time: cells of their rows, the rest of rows that
    refer to them, and `extra` from long tables."""
    found: dict[str, set[object]] = {name: {*extra.get(name, ())} for name in wanted}
    for table, frame in sorted(walk.side.tables.items()):
        if table in NOT_WALKED or not frame.height:
            continue
        for column in frame.columns:
            if column == "_row" or space_of(table, column) != space:
                continue
            rows = frame.filter(pl.col(column).is_in(list(wanted)))
            if not rows.height:
                continue
            own = OWN_ID.get(table) == column
            for row in rows.iter_rows(named=True):
                said = found[row[column]]
                cells = []
                for name, value in row.items():
                    if value is None or name in ("_row", column):
                        continue
                    other = space_of(table, name)
                    if other is not None:
                        if other not in keys:
                            continue
                        value = keys[other].of(side).get(value)
                        if value is None:
                            continue
                    elif not _tells_apart(table, name):
                        continue
                    cells.append((table, name, value))
                if own:
                    said.update(cells)
                    said.update(_near(row))
                else:
                    said.add((table, column, tuple(sorted(map(str, cells)))))
    return found


VAGUE = {Type.CHOICE, Type.TIMEZONE, Type.LANGUAGE, Type.CURRENCY, Type.COLOR}


def _tells_apart(table: str, column: str) -> bool:
    """Whether two things that share this value may be one for that: not for a kind or a colour."""
    known = field_of(table, column)
    return known is None or known.type not in VAGUE


def _are_two(found: list[dict[str, set[object]]], a: str, b: str) -> bool:
    """Two stops that share neither a name nor a place are two, whatever their ids and times."""
    strong = {"near", "stop_name", "stop_code"}
    for feature in found[0].get(a, set()) & found[1].get(b, set()):
        if isinstance(feature, tuple) and strong & {feature[0], feature[1]}:
            return False
    return True


def _near(row: dict[str, object]) -> Iterable[object]:
    """Cells of about 100 m in which a stop lies, of four grids: near stops share one."""
    try:
        lat, lon = float(str(row["stop_lat"])), float(str(row["stop_lon"]))
    except (KeyError, ValueError):
        return
    for shift in (0.0, 0.5):
        for other in (0.0, 0.5):
            yield (
                "near",
                shift,
                other,
                math.floor(lat * 1000 + shift),
                math.floor(lon * 1000 + other),
            )
