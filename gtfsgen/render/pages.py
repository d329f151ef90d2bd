"""The pages of a book: one file where it is small, else an index, a page a line, a page a station."""

# ruff: noqa: E501  (markup reads better unbroken)
from __future__ import annotations

import itertools
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import cache, cached_property, lru_cache
from importlib.resources import files
from typing import Any

import numpy as np
import polars as pl
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from gtfsgen.dates import EPOCH, Dates
from gtfsgen.render.book import Book, BookLine
from gtfsgen.render.chart import dense_chart, line_chart
from gtfsgen.render.coaches import coach_diagrams
from gtfsgen.render.days import calendars
from gtfsgen.render.dense import DenseStations, Direction
from gtfsgen.render.hours import dense_tables
from gtfsgen.render.map import MapLine, MapStation, map_svg
from gtfsgen.render.names import endonym
from gtfsgen.render.service import union
from gtfsgen.render.sheet import Sheet
from gtfsgen.render.stations import Departures, changes_of, dense_departures, station_html
from gtfsgen.render.timetable import timetables
from gtfsgen.render.words import DaySets, Words, encode_days, span_in_words
from gtfsgen.shapes.lines import Point

MAX_KINDS = 12
"""Kinds of day in the list; every other day is reached by its date."""
MAX_SHAPES = 600
"""Ways on the map of a whole feed; beyond, one for each line and direction."""
CALLS_AT_ONCE = 300_000
"""Stations are made for so many departures at a time."""
LIST_PART = 200
MAX_ENDS = 40
"""With more ends of lines than this on a map none is told apart from other stations."""
LEFT_OUT = (
    ("trips_without_days", "{n} trip without a day to run on", "{n} trips without a day to run on"),
    ("trips_without_stop_times", "{n} trip without stop times", "{n} trips without stop times"),
    (
        "trips_at_no_station",
        "{n} trip that calls at no station",
        "{n} trips that call at no station",
    ),
    ("ways_of_coaches", "{n} way of coaches is not shown", "{n} ways of coaches are not shown"),
)
DAY_CLASS = re.compile(r'class="[^"]*?\bd(\d+)\b')


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("gtfsgen.render", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def own_file(name: str) -> str:
    """A style sheet or script of this package."""
    return files("gtfsgen.render").joinpath(name).read_text(encoding="utf-8")


class Site:
    """Draws the pages of a book. `geojson` are the legs of `gtfsgen.shapes.draw`."""

    def __init__(
        self,
        book: Book,
        *,
        geojson: Mapping[str, Any] | None = None,
        title: str = "",
        reload: str = "",
    ) -> None:
        self.book = book
        self.service = book.service
        self.legs = list((geojson or {}).get("features", ()))
        self.title = title or _title(book)
        self.reload = reload
        self.language = self.service.names.own if self.service.names.own != "und" else "en"
        self.sets = DaySets()
        self._known_sets: list[Dates] = []
        self.in_one_file = False

    def single(self, *, banner: Iterable[str] = ()) -> str:
        """Everything on one page."""
        self.in_one_file = True
        sheet = self._sheet({key: f"#s-{slug}" for key, slug in self.book.station_keys.items()})
        words = sheet.words
        sections: list[tuple[str, Markup, Markup]] = []
        lines = self.book.lines
        alone = len(lines) == 1
        drawn = self._map(lines, sheet, lambda line: "#timetables" if alone else f"#l-{line.key}")
        sections.append(("map", words.say("Map"), drawn))
        if len(lines) > 1:
            sections.append(("lines", words.say("Lines"), self._line_list(sheet, "#l-", "")))
        zones = self._flex(sheet)
        if zones:
            sections.append(("areas", words.say("On request"), zones))
        parts: dict[str, list[Markup]] = defaultdict(list)
        for line in lines:
            head = Markup("")
            if len(lines) > 1:
                head = Markup('<h3 class="line" id="l-{}">{}</h3>').format(
                    line.key, self._badge(line)
                )
            for name, html in self._line_parts(line, sheet):
                if html:
                    parts[name].append(head + html)
                    head = Markup("")
        anchors = {
            "Timetable": "timetables",
            "Coaches": "coaches",
            "Chart": "chart",
            "Running days": "days",
        }
        for name, anchor in anchors.items():
            if parts[name]:
                sections.append((anchor, words.say(name), Markup("\n").join(parts[name])))
        if self.book.station_keys:
            sections.append(("stations", words.say("Stations"), self._all_stations(sheet)))
        return self._page(
            sheet, self.title, self._subtitle(sheet), [s for s in sections if s[2]], "", choose_all=True,
            banner=banner, trips=self._trips(lines),
        )  # fmt: skip

    def pages(self) -> Iterator[tuple[str, str]]:
        """(path, text) of every page of the site and of what they share."""
        yield "page.css", own_file("page.css")
        yield "page.js", own_file("page.js")
        yield "index.html", self._index()
        for line in self.book.lines:
            yield f"lines/{line.key}.html", self._line(line)
        yield from self._stations()

    # The pages

    def _index(self) -> str:
        sheet = self._sheet(
            {k: f"stations/{slug}.html" for k, slug in self.book.station_keys.items()}
        )
        words = sheet.words
        sections = [
            (
                "map",
                words.say("Map"),
                self._map(self.book.lines, sheet, lambda line: f"lines/{line.key}.html"),
            ),
            ("areas", words.say("On request"), self._flex(sheet)),
            ("lines", words.say("Lines"), self._line_list(sheet, "lines/", ".html")),
            ("stations", words.say("Stations"), self._station_list(sheet)),
        ]
        return self._page(
            sheet, self.title, self._subtitle(sheet), [s for s in sections if s[2]], ""
        )

    def _line(self, line: BookLine) -> str:
        links = {key: f"../stations/{self.book.station_keys[key]}.html" for key in line.station_ids}
        sheet = self._sheet(links)
        sections = []
        anchors = {
            "Timetable": "timetables",
            "Coaches": "coaches",
            "Chart": "chart",
            "Running days": "days",
        }
        for name, html in self._line_parts(line, sheet):
            if html:
                sections.append((anchors[name], sheet.words.say(name), html))
        sections.append(("map", sheet.words.say("Map"), self._map([line], sheet, lambda _: "")))
        facts = [line.agency, sheet.words.say(line.kind), self._span(line, sheet)]
        return self._page(
            sheet, self._badge(line), Markup(" · ").join(f for f in facts if f),
            [s for s in sections if s[2]], "../", plain_title=f"{line.name} · {self.title}",
            choose_all=line.line is not None, trips=self._trips([line]),
        )  # fmt: skip

    def _stations(self) -> Iterator[tuple[str, str]]:
        lines = {
            line.key: (str(self._badge(line)), f"../lines/{line.key}.html")
            for line in self.book.lines
        }
        links = {key: f"{slug}.html" for key, slug in self.book.station_keys.items()}
        places = {line.key: place for place, line in enumerate(self.book.lines)}
        changes = changes_of(self.book.rows, self.service.station_of)
        for station_id, found in self._departures():
            slug = self.book.station_keys[station_id]
            sheet = self._sheet(links)
            known = {key: lines[key] for key in sorted(found.lines, key=places.__getitem__)}
            html = station_html(station_id, found, known, changes.get(station_id, []), sheet)
            name = self.service.stations[station_id].name
            yield f"stations/{slug}.html", self._page(
                sheet, sheet.name(station_id), Markup(""),
                [("departures", sheet.words.say("Departures"), html)], "../", plain_title=f"{name} · {self.title}",
            )  # fmt: skip

    # Their parts

    def _sheet(self, links: Mapping[str, str]) -> Sheet:
        return Sheet(self.service, Words(self.language), self.sets, links)

    def _line_parts(self, line: BookLine, sheet: Sheet) -> Iterator[tuple[str, Markup]]:
        if line.line:
            yield "Timetable", timetables(line.line, sheet)
            coaches = coach_diagrams(line.line, sheet)
            if coaches:
                yield "Coaches", coaches
            yield "Chart", line_chart(line.line, sheet)
            yield "Running days", calendars(line.line, sheet)
        else:
            directions = line.directions
            yield "Timetable", dense_tables(directions, sheet)
            yield "Chart", dense_chart(directions, sheet)

    def _badge(self, line: BookLine) -> Markup:
        short = Markup("")
        if line.short:
            short = Markup('<span class="badge" style="background:{};color:{}">{}</span> ').format(
                line.ink, line.text_ink, line.short
            )
        return Markup("{}{}").format(short, line.long)

    def _trips(self, lines: list[BookLine]) -> dict[int, list[str]]:
        """The trips that the trains of a page are, by the number of their set of days: whoever
        wants to count the page against the feed finds them in the page's data.
        """
        days: dict[str, Dates] = {}
        for line in lines:
            for column in line.line.columns if line.line else ():
                # Coaches ride in trains that are columns themselves, found by dates of their own.
                own = {} if column.through else column.trip_days
                for trip, dates in own.items():
                    days[trip] = days.get(trip, Dates()) | dates
            if line.dense:
                days.update(line.dense.days_of_trips(line.route_ids[0]))
        found: dict[int, list[str]] = defaultdict(list)
        for trip, dates in days.items():
            found[self.sets.number(dates)].append(trip)
        return dict(found)

    def _line_list(self, sheet: Sheet, before: str, after: str) -> Markup:
        """Lines by agency and kind, with a field that finds among them."""
        groups: dict[tuple[str, str], list[BookLine]] = defaultdict(list)
        for line in self.book.lines:
            groups[line.agency, line.kind].append(line)
        parts = []
        if len(self.book.lines) > 8:
            parts.append(self._finder("lines", "Find a line", sheet))
        for (agency, kind), lines in groups.items():
            items = [
                f'<li><a href="{before}{line.key}{after}">{self._badge(line)}</a></li>'
                for line in lines
            ]
            head = Markup(" · ").join(p for p in (agency, sheet.words.say(kind)) if p)
            parts.append(
                Markup('<div class="group"><h3>{}</h3>{}</div>').format(
                    head, _lists(items, "lines")
                )
            )
        return Markup("\n").join(parts)

    def _station_list(self, sheet: Sheet) -> Markup:
        stations = self.service.stations
        keys = sorted(self.book.station_keys, key=lambda key: (stations[key].name.casefold(), key))
        items = [f"<li>{sheet.linked(key)}</li>" for key in keys]
        finder = self._finder("stations", "Find a station", sheet)
        return finder + _lists(items, "stations")

    def _finder(self, of: str, message: str, sheet: Sheet) -> Markup:
        return Markup(
            f'<p class="find"><label for="find-{of}">{sheet.words.say(message)}</label> '
            f'<input type="search" id="find-{of}" data-finds="{of}" autocomplete="off"> <output for="find-{of}"></output></p>'
        )

    def _all_stations(self, sheet: Sheet) -> Markup:
        lines = {line.key: (str(self._badge(line)), f"#l-{line.key}") for line in self.book.lines}
        if len(lines) == 1:
            lines = {key: (value[0], "#timetables") for key, value in lines.items()}
        changes = changes_of(self.book.rows, self.service.station_of)
        places = {line.key: place for place, line in enumerate(self.book.lines)}
        parts = []
        for station_id, found in self._departures():
            slug = self.book.station_keys[station_id]
            known = {key: lines[key] for key in sorted(found.lines, key=places.__getitem__)}
            html = station_html(station_id, found, known, changes.get(station_id, []), sheet)
            parts.append(
                f'<details class="station" id="s-{slug}"><summary>{sheet.name(station_id)}</summary>{html}</details>'
            )
        return Markup("\n".join(parts))

    def _departures(self) -> Iterator[tuple[str, Departures]]:
        """Every station of the lines and what leaves it, some stations at a time."""
        found: dict[str, Departures] = {}
        for line in self.book.lines:
            if line.line:
                _column_departures(line, found)
            elif line.dense and line.dense.repeats(line.route_ids[0]):
                for direction in line.directions:
                    self._repeating(line, direction, found)
        wanted = list(self.book.station_keys)
        if not self.book.dense.trips.height:
            yield from ((key, found.pop(key, Departures())) for key in wanted)
            return
        keys = {route: line.key for line in self.book.lines for route in line.route_ids}
        dense = DenseStations(self.book.dense)
        sets = self.book.tables.timetable.sets
        classes: dict[int, str] = {}
        for batch in dense.batches(wanted, CALLS_AT_ONCE):
            rows = dense.departures(batch)
            for number in rows["dates"].unique().sort().to_list():
                classes.setdefault(number, f"d{self.sets.number(sets[number])}")
            dense_departures(rows, classes, found, keys)
            yield from ((key, found.pop(key, Departures())) for key in batch)

    def _repeating(
        self, line: BookLine, direction: Direction, found: dict[str, Departures]
    ) -> None:
        """What leaves stations of trains that are told as bands, by the times of their first."""
        for ends, bands in direction.bands:
            first, last = ends.split("\n")
            for stations, after in direction.patterns.values():
                if (stations[0], stations[-1]) != (first, last):
                    continue
                for station, minute in zip(stations[:-1], after, strict=False):
                    own = found.setdefault(station, Departures())
                    own.lines[line.key] = None
                    for band in bands:
                        entry = (band.start + minute, band.end + minute, band.longest_s, band.days)
                        own.bands[line.key, last].append(entry)
                break

    def _map(self, lines: list[BookLine], sheet: Sheet, link: Any) -> Markup:
        ways, left_out = self._ways(lines, link)
        counts: Counter[str] = Counter()
        ends = set()
        for line in lines:
            for station in line.station_ids:
                counts[station] += line.trips if len(lines) > 1 else 1
            for table in line.line.tables if line.line else ():
                ends |= {c.calls[n].station_id for c in table.columns for n in (0, -1)}
            if len(ends) <= MAX_ENDS:
                for direction in line.directions:
                    ends |= set(direction.ends)
        if len(ends) > MAX_ENDS:
            ends = set()
        stations = [
            MapStation(key, point, count, key in ends)
            for key, count in counts.items()
            if (point := self.service.stations[key].point)
        ]
        return map_svg(
            ways,
            stations,
            self.legs,
            sheet,
            zones=self._zones if len(lines) > 1 or not lines else (),
            coarse=len(self.book.lines) > MAX_SHAPES,
            network=self._network(lines) if self._too_many(lines) else (),
            left_out=left_out,
        )

    def _ways(self, lines: list[BookLine], link: Any) -> tuple[list[MapLine], int]:
        """Each shape of each line once; one a direction where there are too many."""
        found: list[MapLine] = []
        left_out = 0
        shapes = self._shapes_of_routes
        many = sum(len(shapes.get(r, ())) for line in lines for r in line.route_ids) > MAX_SHAPES
        if self._too_many(lines):
            return [], 0
        for line in lines:
            own = [s for route in line.route_ids for s in shapes.get(route, ())]
            own = list(dict.fromkeys(own))
            if many and len(own) > 2:
                left_out += len(own) - 2
                own = own[:2]
            drawn = False
            for shape in own:
                points = self._shape(shape)
                if len(points) > 1:
                    found.append(MapLine(line.ink, points, line.name, link(line)))
                    drawn = True
            if not drawn:
                for stations in self._straight(line)[: 2 if many else 40]:
                    places = [p for s in stations if (p := self.service.stations[s].point)]
                    found.append(MapLine(line.ink, places, line.name, link(line), dashed=True))
        return found, left_out

    @staticmethod
    def _too_many(lines: list[BookLine]) -> bool:
        """Whether there are so many lines that their stretches are drawn once for all."""
        return len(lines) > MAX_SHAPES

    def _network(self, lines: list[BookLine]) -> list[tuple[Point, Point]]:
        """Each stretch between two stations once."""
        stretches: dict[tuple[str, str], None] = {}
        for line in lines:
            ways = line.dense.ways(line.route_ids[0]) if line.dense else self._straight(line)
            for way in ways:
                stretches.update(dict.fromkeys(itertools.pairwise(way)))
        points = {key: self.service.stations[key].point for pair in stretches for key in pair}
        found = {tuple(sorted(pair)): None for pair in stretches}
        return [(a, b) for x, y in found if (a := points[x]) and (b := points[y])]

    @staticmethod
    def _straight(line: BookLine) -> list[list[str]]:
        ways: dict[tuple[str, ...], int] = {}
        for column in line.line.columns if line.line else ():
            way = tuple(call.station_id for call in column.calls)
            ways[min(way, way[::-1])] = 0
        for direction in line.directions:
            for stations, _ in direction.patterns.values():
                way = tuple(stations)
                ways[min(way, way[::-1])] = 0
        ordered = sorted(ways, key=lambda way: (-len(way), way))
        kept: list[list[str]] = []
        covered: set[frozenset[str]] = set()
        for way in ordered:
            pairs = {frozenset(pair) for pair in itertools.pairwise(way)}
            if not pairs <= covered:
                kept.append(list(way))
                covered |= pairs
        return kept

    @cached_property
    def _shapes_of_routes(self) -> dict[str, list[str]]:
        """route_id -> its shapes, that of most trips first."""
        rows = (
            self.book.tables.timetable.trips.select(
                pl.col("route_id").cast(pl.String).fill_null(""), pl.col("shape_id").cast(pl.String)
            )
            .drop_nulls()
            .group_by("route_id", "shape_id", maintain_order=True)
            .len()
            .sort("route_id", "len", "shape_id", descending=[False, True, False])
        )
        found: dict[str, list[str]] = defaultdict(list)
        for route, shape, _ in rows.iter_rows():
            found[route].append(shape)
        return found

    @cached_property
    def _shape_spans(self) -> dict[str, tuple[int, int]]:
        """shape_id -> its first row among the points, and how many."""
        runs = self.book.tables.shapes["shape_id"].rle().struct.unnest()
        found: dict[str, tuple[int, int]] = {}
        at = 0
        for length, name in runs.select("len", "value").iter_rows():
            found[name] = (at, length)
            at += length
        return found

    @cached_property
    def _shape_points(self) -> np.ndarray:
        return self.book.tables.shapes.select("lat", "lon").to_numpy()

    def _shape(self, shape_id: str) -> list[tuple[float, float]]:
        at, length = self._shape_spans.get(shape_id, (0, 0))
        points = self._shape_points[at : at + length].tolist()
        return [(lat, lon) for lat, lon in points]

    @property
    def _zones(self) -> list[list[tuple[float, float]]]:
        rings = []
        for feature in self.book.flex_areas:
            shape = feature.get("geometry") or {}
            polygons = shape.get("coordinates") or []
            if shape.get("type") == "Polygon":
                polygons = [polygons]
            for polygon in polygons:
                rings.append([(point[1], point[0]) for point in polygon[0]])
        return rings

    def _flex(self, sheet: Sheet) -> Markup:
        from gtfsgen.render.flex import flex_html

        return flex_html(self.book.tables, sheet)

    # The frame of every page

    def _span(self, line: BookLine, sheet: Sheet) -> Markup:
        dates = line.dates
        if not dates:
            return Markup("")
        return sheet.words.mark(
            tuple(
                span_in_words(dates.first, dates.last, language)
                for language in sheet.words.languages
            )
        )

    def _subtitle(self, sheet: Sheet) -> Markup:
        words, service = sheet.words, self.service
        lines, stations = len(self.book.lines), len(self.book.station_keys)
        facts = [Markup("{}").format(", ".join(service.agencies[:4]))]
        if len(service.agencies) > 4:
            facts.append(
                words.say("{n} more agency", "{n} more agencies", n=len(service.agencies) - 4)
            )
        dates = union(line.dates for line in self.book.lines)
        if dates:
            facts.append(
                words.mark(
                    tuple(span_in_words(dates.first, dates.last, lang) for lang in words.languages)
                )
            )
        if lines > 1:
            facts.append(words.say("{n} line", "{n} lines", n=lines))
        facts.append(words.say("{n} station", "{n} stations", n=stations))
        zones = len({service.stations[key].zone for key in self.book.station_keys})
        if zones > 1:
            facts.append(words.say("{n} time zone", "{n} time zones", n=zones))
        counts = {"trips_without_days": self.book.trips_without_days, **self.book.left_out}
        for what, one, many in LEFT_OUT:
            if counts.get(what):
                facts.append(words.say(one, many, n=counts[what]))
        return Markup(" · ").join(fact for fact in facts if fact)

    def _set_of(self, number: int) -> Dates:
        """The set of days of a class; sets are only ever added."""
        if number >= len(self._known_sets):
            self._known_sets = list(self.sets.sets)
        return self._known_sets[number]

    def _picker(
        self, sheet: Sheet, used: list[int], choose_all: bool
    ) -> tuple[Markup, str, dict[str, Any]]:
        """The choice of day, the style of what does not run on it, and the data for the script."""
        words = sheet.words
        every = self._set_of
        part = DaySets({every(number): number for number in used if every(number)})
        kinds = part.kinds()
        encoded = {number: encode_days(every(number)) for number in used}
        if not kinds:
            return Markup(""), "", {"days": encoded}
        options = [f'<option value="all">{words.say("All days")}</option>'] if choose_all else []
        for days, _ in kinds[:MAX_KINDS]:
            day = _typical(days)
            said = words.days_all(days, self.service.period)
            options.append(
                f'<option value="{(day - EPOCH).days}" data-t="{words.number(said)}">{said[0]}</option>'
            )
        if len(kinds) > MAX_KINDS:
            more = words.say("{n} more kinds of day: choose a date", n=len(kinds) - MAX_KINDS)
            options.append(f'<option value="" disabled>{more}</option>')
        dates = part.all_days
        chosen = _typical(kinds[0][0])
        off = "" if choose_all else ",".join(f".d{n}" for n in used if n not in kinds[0][1])
        style = f"{off}{{display:none!important}}" if off else ""
        html = Markup(
            f'<form class="day" id="day" aria-label="{words.text("Day")}"><label>{words.say("Day")} <select id="kind">{"".join(options)}</select></label> '
            f'<label>{words.say("Date")} <input type="date" id="date" min="{dates.first}" max="{dates.last}" value="{"" if choose_all else chosen}"></label> '
            f'<output id="count" for="kind date"></output></form>'
        )
        return html, style, {"days": encoded, "all": choose_all}

    def _page(
        self,
        sheet: Sheet,
        heading: Markup | str,
        subtitle: Markup,
        sections: list[tuple[str, Markup, Markup]],
        root: str,
        *,
        plain_title: str = "",
        choose_all: bool = False,
        banner: Iterable[str] = (),
        trips: Mapping[int, list[str]] | None = None,
    ) -> str:
        words = sheet.words
        body = "".join(html for _, _, html in sections)
        used = sorted({*map(int, DAY_CLASS.findall(body)), *(trips or ())})
        picker, style, chosen = self._picker(sheet, used, choose_all)
        languages = list(words.languages)
        languages += [
            code
            for code in self.service.names.languages
            if code not in languages and code != "und" and not _covered(code, languages)
        ]
        said = {
            "skip": words.say("Skip to the timetables"),
            "theme": words.attribute("aria-label", "Light or dark"),
            "parts": words.attribute("aria-label", "Parts of this page"),
            "language": words.say("Language"),
            "nothing": words.say("This feed has no trips to show."),
            "home": words.say("All lines"),
            "print": words.say("Print"),
            "footer": self._footer(words),
            "trains": (words.number(words.all("{n} trains")), words.number(words.all("1 train"))),
            "found": words.number(words.all("{n} found")),
        }
        data = {
            **sheet.data(),
            **chosen,
            "reload": self.reload,
            "trips": trips or {},
            "say": {"trains": said["trains"], "found": said["found"]},
        }
        data["words"] = words.sentences()
        return _templates().get_template("page.html").render(
            language=self.language, heading=heading, plain_title=plain_title or self.title, subtitle=subtitle,
            sections=sections, root=root, picker=picker, off=Markup(style), said=said,
            languages=[(code, endonym(code)) for code in languages], own=words.own,
            inline=self.in_one_file, css=Markup(own_file("page.css")) if self.in_one_file else "",
            js=Markup(own_file("page.js")) if self.in_one_file else "", banner=list(banner),
            # `<` must not end the script element, whatever a station is called.
            data=Markup(json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")),
        )  # fmt: skip

    def _footer(self, words: Words) -> list[Markup]:
        info = self.service.feed_info
        said: list[Markup] = []
        if info.get("feed_publisher_name"):
            address = info.get("feed_publisher_url")
            said.append(
                words.say("Published by {name}", name=str(info["feed_publisher_name"]))
                + (f" ({address})" if address else "")
            )
        if info.get("feed_version"):
            said.append(words.say("Version {name}", name=str(info["feed_version"])))
        said += [Markup("{}").format(text) for text in dict.fromkeys(self.service.attributions)]
        said.append(words.say("Drawn by gtfsgen; this page loads nothing from the network"))
        return said


def _lists(items: list[str], of: str) -> Markup:
    """A list, in parts where it is long, so that only those in sight are laid out."""
    parts = [items[n : n + LIST_PART] for n in range(0, len(items), LIST_PART)]
    part = " part" if len(parts) > 1 else ""
    return Markup(
        "".join(f'<ul class="list{part}" data-find="{of}">{"".join(p)}</ul>' for p in parts)
    )


def _column_departures(line: BookLine, found: dict[str, Departures]) -> None:
    """What leaves stations, of a line whose trains are columns."""
    for column in line.line.columns if line.line else ():
        if column.through:
            continue  # its coaches ride in trains that are columns themselves
        last = column.calls[-1].station_id
        for call in column.calls[:-1]:
            own = found.get(call.station_id)
            if own is None:
                own = found[call.station_id] = Departures()
            own.lines[line.key] = None
            moment = call.departure
            if moment is None or not call.boards:
                continue
            if column.every:
                begin = column.calls[0].departure or 0
                for first, until, every in column.every:
                    entry = (first + moment - begin, until + moment - begin, every, column.dates)
                    own.bands[line.key, last].append(entry)
                continue
            days = column.dates.shift(moment // 1440)
            own.trains[line.key, last].append((moment % 1440, days, call.number, last))


def _covered(code: str, languages: Iterable[str]) -> bool:
    return code.lower().partition("-")[0] in {language.lower() for language in languages}


@lru_cache(maxsize=1 << 14)
def _typical(days: Dates) -> date:
    """A day with as many days of the set before it as after."""
    numbers = list(days.numbers())
    return date.fromordinal(EPOCH.toordinal() + numbers[len(numbers) // 2])


def _title(book: Book) -> str:
    if book.lines and len(book.lines) <= 2:
        return ", ".join(line.name for line in book.lines)
    return ", ".join(book.service.agencies[:3]) or "Timetable"
