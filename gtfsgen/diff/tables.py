"""Tables of things and of rules, compared by what their rows say.

Ids stand as keys that both feeds share. A thing's row is compared with that of the same key, cell
by cell. A rule has no name of its own: equal rows are taken off, then rows of one primary key are
paired, then rows that differ in one cell; what is left came or went.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from gtfsgen.diff import words
from gtfsgen.diff.calls import blank_only, choice
from gtfsgen.diff.entries import Entry
from gtfsgen.diff.fields import ORDER, OWN_ID, Level, level_of, space_of
from gtfsgen.diff.names import FeedNames
from gtfsgen.diff.pairing import Keys
from gtfsgen.schema import TABLES

NOUNS = {
    "agency": ("agency", "agency"),
    "stops": ("station", "stop"),
    "routes": ("line", "line"),
    "fare_attributes": ("fare", "fare"),
    "fare_rules": ("fare", "fare rule"),
    "timeframes": ("fare", "time frame"),
    "rider_categories": ("fare", "rider category"),
    "fare_media": ("fare", "fare medium"),
    "fare_products": ("fare", "fare product"),
    "fare_leg_rules": ("fare", "fare leg rule"),
    "fare_leg_join_rules": ("fare", "fare leg join rule"),
    "fare_transfer_rules": ("fare", "fare transfer rule"),
    "areas": ("fare", "area"),
    "stop_areas": ("fare", "stop of an area"),
    "networks": ("fare", "network"),
    "route_networks": ("fare", "line of a network"),
    "transfers": ("transfer", "transfer"),
    "pathways": ("pathway", "pathway"),
    "levels": ("pathway", "level"),
    "location_groups": ("zone", "group of stops"),
    "location_group_stops": ("zone", "stop of a group"),
    "locations": ("zone", "zone"),
    "booking_rules": ("booking", "booking rule"),
    "translations": ("translation", "translation"),
    "feed_info": ("feed", "feed"),
    "attributions": ("attribution", "attribution"),
    "calendar": ("data", "calendar"),
    "calendar_dates": ("data", "calendar date"),
    "frequencies": ("data", "headway"),
    "shapes": ("data", "shape point"),
}
"""Table -> kind of its entries, and what a row is called."""
APART = {"trips"}
TOLD_AS_SERVICE = {"calendar", "calendar_dates", "frequencies", "shapes"}
"""Of these only columns that GTFS does not know are compared here."""
NAME_COLUMNS = {
    "agency": "agency_name",
    "rider_categories": "rider_category_name",
    "fare_media": "fare_media_name",
    "areas": "area_name",
    "networks": "network_name",
    "levels": "level_name",
    "location_groups": "location_group_name",
    "attributions": "organization_name",
    "locations": "stop_name",
    "pathways": "signposted_as",
}
EARTH_M = 6_371_008.8
SEEN_M = 10.0
"""A stop that moved by less is where it was for riders; the data says it."""
PLACES_KEPT = 3
TRANSLATED = {
    "agency": "agency.agency_id",
    "stops": "stops.stop_id",
    "routes": "routes.route_id",
    "trips": "trips.trip_id",
    "stop_times": "trips.trip_id",
    "levels": "levels.level_id",
    "pathways": "pathways.pathway_id",
    "attributions": "attributions.attribution_id",
}


@dataclass
class RowChange:
    """A sentence about a row; equal ones of several rows are told together."""

    kind: str
    level: Level
    line: str
    about: str
    text: str
    old: str = ""
    new: str = ""
    place: tuple[tuple[str, str, int], ...] = ()
    noun: str = "row"
    group: str = field(default="", compare=False)


class Tables:
    """The tables of both feeds with ids as keys."""

    def __init__(self, old: FeedNames, new: FeedNames, keys: dict[str, Keys]) -> None:
        self.names = (old, new)
        self.keys = keys
        self._texts: dict[tuple[str, str], dict[object, str]] = {}
        self.folded: Counter[tuple[int, str, str, str]] = Counter()
        self._both = {space: {*k.old.values()} & {*k.new.values()} for space, k in keys.items()}
        self._id_of = {
            space: [{number: name for name, number in k.of(side).items()} for side in (0, 1)]
            for space, k in keys.items()
        }

    def entries(self) -> Iterable[Entry]:
        tables = sorted({*self.names[0].side.tables, *self.names[1].side.tables} - APART)
        changes: list[RowChange] = []
        things = [table for table in tables if table in OWN_ID and table not in TOLD_AS_SERVICE]
        for table in tables:
            if table not in things:
                changes += self._rules(table)
        for table in things:
            changes += self._things(table)
        return self._grouped(changes)

    def _grouped(self, changes: list[RowChange]) -> Iterable[Entry]:
        groups: dict[tuple[str, ...], list[RowChange]] = defaultdict(list)
        for change in changes:
            key = (change.kind, change.level, change.line, change.text, change.noun, change.group)
            groups[key].append(change)
        for found in groups.values():
            first = found[0]
            abouts = list(dict.fromkeys(change.about for change in found))
            where = words.listed(abouts, 4)
            if len(found) > 1:
                where = f"{words.count(len(found), first.noun)} ({where})"
            places = tuple(place for change in found[:PLACES_KEPT] for place in change.place)
            text = f"{where}: {first.text}" if first.text else where
            yield Entry(first.level, first.kind, first.line, text, first.old, first.new, places)

    # Keys and names.

    def _key(self, space: str, side: int, name: str | None) -> int | str | None:
        if name is None:
            return None
        known = self.keys.get(space)
        return name if known is None else known.of(side).get(name, f"{side}:{name}")

    def _cells(self, table: str, side: int, columns: list[str]) -> list[tuple[Any, ...]]:
        """Rows as cells, ids as keys."""
        frame = self.names[side].side.frame(table, *columns)
        found = []
        for column in columns:
            values = frame[column].to_list()
            space = space_of(table, column)
            if space is not None:
                values = [self._key(space, side, value) for value in values]
            found.append(values)
        if table == "translations" and "record_id" in columns:
            self._translate_records(columns, side, found)
        return list(zip(*found, strict=True)) if columns else []

    def _translate_records(self, columns: list[str], side: int, found: list[list[Any]]) -> None:
        """Say which text a translation is of where the row only says whose: a translation by
        record and one by text are the same. A thing that was renamed is known by its old text.
        """
        at = {name: n for n, name in enumerate(columns)}
        if "table_name" not in at or "field_name" not in at:
            return
        texts = found[at["field_value"]] if "field_value" in at else [None] * len(found[0])
        for n, record in enumerate(found[at["record_id"]]):
            table, column = found[at["table_name"]][n], found[at["field_name"]][n]
            if record is None or table not in TRANSLATED:
                continue
            key = self._key(TRANSLATED[table], side, record)
            text = self._text_of(table, column).get(key)
            if text is None or "field_value" not in at:
                found[at["record_id"]][n] = key
            else:
                found[at["record_id"]][n] = None
                texts[n] = text

    def _text_of(self, table: str, column: str) -> dict[object, str]:
        """Key -> text of a column, as the old feed has it, else the new one."""
        if (table, column) not in self._texts:
            known: dict[object, str] = {}
            own = {"trips": "trip_id", "stop_times": ""}.get(table, OWN_ID.get(table, ""))
            for side, names in enumerate(self.names):
                if own:
                    for name, text in names.side.frame(table, own, column).iter_rows():
                        if name is not None and text is not None:
                            known.setdefault(self._key(TRANSLATED[table], side, name), text)
            self._texts[table, column] = known
        return self._texts[table, column]

    def _columns(self, table: str) -> list[str]:
        found: dict[str, None] = dict.fromkeys(TABLES[table].fields if table in TABLES else ())
        present: set[str] = set()
        for names in self.names:
            columns = names.side.tables[table].columns if table in names.side.tables else ()
            present |= {*columns}
            found |= dict.fromkeys(columns)
        wanted = [c for c in found if c in present and c != "_row"]
        if table in TOLD_AS_SERVICE:
            unknown = [c for c in wanted if c not in TABLES[table].fields]
            keyed = [c for c in TABLES[table].primary_key if c in wanted and c != "trip_id"]
            return [*keyed, *unknown] if unknown else []
        if table == "translations" and {"record_id", "field_value"} & {*wanted}:
            wanted += [c for c in ("record_id", "field_value") if c not in wanted]
        return wanted

    def _rows(self, table: str, side: int) -> list[int]:
        side_tables = self.names[side].side.tables
        return side_tables[table]["_row"].to_list() if table in side_tables else []

    def named(self, space: str, side: int, name: str | None) -> str:
        """What an id stands for, in words."""
        if name is None:
            return "none"
        names = self.names[side]
        table, _, column = space.partition(".")
        if space == "stops.stop_id":
            return names.stop(name)
        if space == "routes.route_id":
            return names.routes.get(name, name)
        if space == "trips.trip_id":
            places = self._trip_places(side)
            return names.train(places[name]) if name in places else name
        if OWN_ID.get(table) == column and table in NAME_COLUMNS:
            return self._titles(table, side).get(name) or name
        return name

    def _trip_places(self, side: int) -> dict[str, int]:
        if not hasattr(self, "_trips"):
            self._trips = [{trip: n for n, trip in enumerate(n.runs.ids)} for n in self.names]
        return self._trips[side]

    def _titles(self, table: str, side: int) -> dict[str, str | None]:
        frame = self.names[side].side.frame(table, OWN_ID[table], NAME_COLUMNS[table])
        return dict(frame.iter_rows())

    def _shown(self, table: str, column: str, side: int, value: object) -> str:
        """A cell in words."""
        space = space_of(table, column)
        if value is None:
            return "none"
        if space is not None:
            known = self._id_of.get(space)
            name = known[side].get(value) if known and isinstance(value, int) else str(value)
            return self.named(space, side, name)
        return choice(table, column, str(value))

    # Things.

    def _things(self, table: str) -> Iterable[RowChange]:
        own = OWN_ID[table]
        columns = self._columns(table)
        others = [c for c in columns if c != own]
        space = space_of(table, own)
        assert space is not None
        sides = []
        for side in (0, 1):
            cells = self._cells(table, side, [own, *others])
            rows = self._rows(table, side)
            by_key: dict[object, list[tuple[tuple[Any, ...], int]]] = defaultdict(list)
            for cell, row in zip(cells, rows, strict=True):
                by_key[cell[0]].append((cell[1:], row))
            sides.append(by_key)
        for key in dict.fromkeys([*sides[0], *sides[1]]):
            olds, news = sides[0].get(key, []), sides[1].get(key, [])
            for n in range(max(len(olds), len(news))):
                a = olds[n] if n < len(olds) else None
                b = news[n] if n < len(news) else None
                if a is not None and b is not None:
                    if a[0] != b[0]:
                        yield from self._thing(table, others, key, a, b)
                else:
                    yield from self._lone_thing(table, space, others, key, a, b)

    def _thing(
        self,
        table: str,
        columns: list[str],
        key: object,
        a: tuple[tuple[Any, ...], int],
        b: tuple[tuple[Any, ...], int],
    ) -> Iterable[RowChange]:
        about, line = self._about(table, 1, key, dict(zip(columns, b[0], strict=True)))
        place = self._place(table, a[1], b[1])
        cells = dict(zip(columns, zip(a[0], b[0], strict=True), strict=True))
        if table == "stops" and (move := _move(cells)) is not None:
            metres, vector = move
            level = Level.RIDER if metres >= SEEN_M else Level.DATA
            kind, noun = NOUNS[table]
            was_at, now_at = _position(cells, 0), _position(cells, 1)
            told = f"moved by {metres:,.0f} m" if metres >= 1 else "moved by less than a metre"
            yield RowChange(kind, level, line, about, told, was_at, now_at, place, noun, vector)
            cells.pop("stop_lat")
            cells.pop("stop_lon", None)
        for column, (was, now) in cells.items():
            if was != now:
                yield from self._cell(table, column, was, now, about, line, place)

    def _cell(
        self,
        table: str,
        column: str,
        was: object,
        now: object,
        about: str,
        line: str,
        place: tuple[Any, ...],
    ) -> Iterable[RowChange]:
        level = level_of(table, column)
        if level is None:
            return
        kind, noun = NOUNS.get(table, ("data", f"row of {table}.txt"))
        said = [self._shown(table, column, side, value) for side, value in enumerate((was, now))]
        text = f"{_label(column)} {said[0]} → {said[1]}"
        if column == "geometry":
            text = "its area changed"
            said = ["another area", "another area"]
        if said[0] == said[1]:
            text = f"{_label(column)} {words.quoted(str(was))} → {words.quoted(str(now))}"
        if isinstance(was, str) and isinstance(now, str) and blank_only(was, now):
            level = Level.DATA
            text = f"{_label(column)} {words.quoted(was)} → {words.quoted(now)}"
        yield RowChange(kind, level, line, about, text, said[0], said[1], place, noun)

    def _lone_thing(
        self,
        table: str,
        space: str,
        columns: list[str],
        key: object,
        a: tuple[Any, ...] | None,
        b: tuple[Any, ...] | None,
    ) -> Iterable[RowChange]:
        side, found = (0, a) if a is not None else (1, b)
        assert found is not None
        if table == "routes":
            return  # told with its departures
        about, line = self._about(table, side, key, dict(zip(columns, found[0], strict=True)))
        kind, noun = NOUNS[table]
        verb = ("is gone", "is new")[side]
        if table != "stops" and not about.startswith(noun):
            about = f"{noun} {about}"
        folded = sorted(
            (other, count)
            for (s, sp, k, other), count in self.folded.items()
            if (s, sp, k) == (side, space, str(key))
        )
        if folded:
            parts = [f"{words.count(number, 'row')} of {name}.txt" for name, number in folded]
            verb += f" (with {', '.join(parts)})"
        place = self._place(table, found[1] if side == 0 else None, found[1] if side == 1 else None)
        level = min(
            (level_of(table, c) or Level.DATA for c in columns),
            key=ORDER.__getitem__,
            default=Level.DATA,
        )
        pair = (about, "") if side == 0 else ("", about)
        yield RowChange(kind, level, line, about, verb, *pair, place, noun)

    def _about(
        self, table: str, side: int, key: object, cells: dict[str, object]
    ) -> tuple[str, str]:
        """Which thing is spoken of, and its line."""
        space = space_of(table, OWN_ID[table])
        known = self._id_of.get(space or "")
        name = known[side].get(key) if known and isinstance(key, int) else None
        shown = self.named(space or "", side, name) if name is not None else (str(key or table))
        noun = NOUNS[table][1]
        if table == "stops":
            extra = cells.get("platform_code")
            parent = cells.get("parent_station")
            kind = str(cells.get("location_type") or "0")
            what = {"2": "entrance ", "3": "node ", "4": "boarding area "}.get(kind, "")
            of = ""
            if extra is not None:
                of = f" platform {extra}"
            elif parent is not None and what:
                of = f" of {self._shown(table, 'parent_station', side, parent)}"
            return f"{what}{shown}{of}", ""
        if table == "routes":
            return shown, shown
        line = ""
        if cells.get("route_id") is not None:
            line = self._shown("routes", "route_id", side, cells["route_id"])
        if table == "pathways":
            ends = [
                self._shown(table, c, side, cells.get(c)) for c in ("from_stop_id", "to_stop_id")
            ]
            return f"pathway {ends[0]} – {ends[1]}", line
        return f"{noun} {shown}", line

    # Rules.

    def _rules(self, table: str) -> Iterable[RowChange]:
        columns = self._columns(table)
        if not columns:
            return
        told = [c for c in columns if level_of(table, c) is not None or space_of(table, c)]
        sides = [self._cells(table, side, told) for side in (0, 1)]
        rows = [self._rows(table, side) for side in (0, 1)]
        if table in TOLD_AS_SERVICE:
            places = [told.index(c) for c in told if c not in TABLES[table].fields]
            for side in (0, 1):
                kept = [
                    n
                    for n, cell in enumerate(sides[side])
                    if any(cell[p] is not None for p in places)
                ]
                sides[side], rows[side] = (
                    [sides[side][n] for n in kept],
                    [rows[side][n] for n in kept],
                )
        if table == "translations":
            sides, rows = _once(sides, rows)
        left = _without_equal(sides)
        pairs = []
        keyed = [
            c for c in (TABLES[table].primary_key if table in TABLES else told[:1]) if c in told
        ]
        ways: list[Callable[[tuple[Any, ...]], object]] = []
        places = [told.index(c) for c in keyed]
        for out in range(len(told)):
            ways.append(_all_but(out))
        if places:
            ways.append(lambda cell: tuple(cell[p] for p in places))
        if table in TABLES and TABLES[table].single_row:
            ways.append(lambda cell: 0)
        for way in ways:
            if left[0] and left[1]:
                pairs += _met(left, sides, way)
        for i, j in pairs:
            yield from self._rule(table, told, sides[0][i], sides[1][j], rows[0][i], rows[1][j])
        for side in (0, 1):
            for n in left[side]:
                yield from self._lone_rule(table, told, side, sides[side][n], rows[side][n])

    def _rule(
        self,
        table: str,
        columns: list[str],
        a: tuple[Any, ...],
        b: tuple[Any, ...],
        old_row: int,
        new_row: int,
    ) -> Iterable[RowChange]:
        about, line = self._said(
            table, columns, 1, b, {n for n in range(len(columns)) if a[n] != b[n]}
        )
        place = self._place(table, old_row, new_row)
        for column, was, now in zip(columns, a, b, strict=True):
            if was != now:
                yield from self._cell(table, column, was, now, about, line, place)

    def _lone_rule(
        self, table: str, columns: list[str], side: int, cells: tuple[Any, ...], row: int
    ) -> Iterable[RowChange]:
        for column, value in zip(columns, cells, strict=True):
            space = space_of(table, column)
            if table == "translations" and column == "record_id":
                space = TRANSLATED.get(
                    str(dict(zip(columns, cells, strict=True)).get("table_name"))
                )
            if space is None or not isinstance(value, int) or value in self._both.get(space, ()):
                continue
            owner, _, own = space.partition(".")
            if OWN_ID.get(owner) == own or space == "trips.trip_id":
                self.folded[side, space, str(value), table] += 1
                return
        about, line = self._said(table, columns, side, cells, set())
        kind, noun = NOUNS.get(table, ("data", f"row of {table}.txt"))
        level = min((level_of(table, c) or Level.DATA for c in columns), key=ORDER.__getitem__)
        verb = ("is gone", "is new")[side]
        place = self._place(table, row if side == 0 else None, row if side == 1 else None)
        pair = (about, "") if side == 0 else ("", about)
        yield RowChange(kind, level, line, about, verb, *pair, place, noun, f"{side}")

    def _said(
        self, table: str, columns: list[str], side: int, cells: tuple[Any, ...], without: set[int]
    ) -> tuple[str, str]:
        """A rule in words: its ids by what they are called, then its values."""
        noun = NOUNS.get(table, ("data", f"row of {table}.txt"))[1]
        if table == "feed_info":
            return "feed", ""
        line = ""
        parts = []
        for n, (column, value) in enumerate(zip(columns, cells, strict=True)):
            if value is None or n in without:
                continue
            shown = self._shown(table, column, side, value)
            if table == "translations" and column == "record_id":
                named = TRANSLATED.get(str(cells[columns.index("table_name")]))
                if named and isinstance(value, int):
                    shown = self.named(named, side, self._id_of[named][side].get(value))
            if column == "route_id":
                line = shown
            if space_of(table, column) or table == "translations" or len(columns) <= 4 or n == 0:
                parts.append(shown)
        return f"{noun} {', '.join(parts[:5])}".strip(), line

    def _place(
        self, table: str, old: int | None, new: int | None
    ) -> tuple[tuple[str, str, int], ...]:
        name = "locations.geojson" if table == "locations" else f"{table}.txt"
        return tuple(
            (feed, name, int(row)) for feed, row in (("old", old), ("new", new)) if row is not None
        )


def _label(column: str) -> str:
    for prefix in (
        "stop_",
        "route_",
        "agency_",
        "fare_media_",
        "rider_category_",
        "feed_",
        "organization_",
    ):
        if column.startswith(prefix) and column not in ("stop_access", "stop_timezone"):
            column = column.removeprefix(prefix)
            break
    return column.removesuffix("_id").replace("_", " ")


def _once(
    sides: list[list[tuple[Any, ...]]], rows: list[list[int]]
) -> tuple[list[list[tuple[Any, ...]]], list[list[int]]]:
    """Each distinct row once, with the place of the first."""
    first = [
        dict(zip(reversed(cells), reversed(places), strict=True))
        for cells, places in zip(sides, rows, strict=True)
    ]
    return [list(known) for known in first], [list(known.values()) for known in first]


def _all_but(out: int) -> Callable[[tuple[Any, ...]], object]:
    return lambda cell: cell[:out] + cell[out + 1 :]


def _without_equal(sides: list[list[tuple[Any, ...]]]) -> list[list[int]]:
    counts = [Counter(cells) for cells in sides]
    both = counts[0] & counts[1]
    left = []
    for cells in sides:
        over = Counter(both)
        kept = []
        for n, cell in enumerate(cells):
            if over[cell] > 0:
                over[cell] -= 1
            else:
                kept.append(n)
        left.append(kept)
    return left


def _met(
    left: list[list[int]],
    sides: list[list[tuple[Any, ...]]],
    way: Callable[[tuple[Any, ...]], object],
) -> list[tuple[int, int]]:
    """Pairs of rows that are equal in this way; they are taken out of `left`."""
    waiting: dict[object, list[int]] = defaultdict(list)
    for n in sorted(left[1], key=lambda n: repr(sides[1][n])):
        waiting[way(sides[1][n])].append(n)
    pairs = []
    for n in sorted(left[0], key=lambda n: repr(sides[0][n])):
        found = waiting.get(way(sides[0][n]))
        if found:
            pairs.append((n, found.pop(0)))
    gone = [{i for i, _ in pairs}, {j for _, j in pairs}]
    for side in (0, 1):
        left[side][:] = [n for n in left[side] if n not in gone[side]]
    return pairs


def _move(cells: dict[str, tuple[Any, ...]]) -> tuple[float, str] | None:
    """By how many metres a stop moved and in which direction; None where that cannot be said."""
    if "stop_lat" not in cells or "stop_lon" not in cells:
        return None
    if (
        cells["stop_lat"][0] == cells["stop_lat"][1]
        and cells["stop_lon"][0] == cells["stop_lon"][1]
    ):
        return None
    try:
        lats = [float(value) for value in cells["stop_lat"]]
        lons = [float(value) for value in cells["stop_lon"]]
    except (TypeError, ValueError):
        return None
    from pyproj import Geod

    try:
        azimuth, _, metres = Geod(ellps="WGS84").inv(lons[0], lats[0], lons[1], lats[1])
    except Exception:
        return None
    if not math.isfinite(metres):
        return None
    return metres, f"{azimuth:.0f}"


def _position(cells: dict[str, tuple[Any, ...]], side: int) -> str:
    return f"{cells['stop_lat'][side]}, {cells['stop_lon'][side]}"
