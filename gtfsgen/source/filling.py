"""stations.csv filled from a feed, a table or OpenStreetMap: what `gtfsgen stations` does.

Names that timetables use and stations.csv does not have become rows; blank positions, zones and
codes are filled. Nothing that stands there is overwritten. Where two places of a name fit, neither
is taken: they are told, and one is chosen by `--choose`.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from gtfsgen.clocks import zones_within
from gtfsgen.faults import Fault
from gtfsgen.files import files_in
from gtfsgen.source.cells import Sheet, is_comment, read_csv
from gtfsgen.source.grids import TIME_LIKE
from gtfsgen.source.heads import KINDS, folded_label, header_word, undecorated
from gtfsgen.source.stations import km, number
from gtfsgen.source.tables import STATIONS, TABLES
from gtfsgen.source.words import did_you_mean, folded
from gtfsgen.source.workbooks import WORKBOOKS, Workbooks

SAME_PLACE_KM = 1.0
"""Places of one name that are nearer to each other than this are one station."""
COLUMNS = ("station_id", "name", "lat", "lon", "timezone", "code", "source")
RAILWAY = frozenset(("station", "halt", "tram_stop"))


@dataclass(frozen=True)
class Place:
    """A station as a source has it."""

    key: str
    """Its id there, by which it can be chosen."""
    names: tuple[str, ...]
    lat: float
    lon: float
    code: str = ""
    timezone: str = ""


@dataclass
class Filled:
    """What was done: texts for people, and the table's new content."""

    text: str
    added: list[str] = field(default_factory=list)
    completed: list[str] = field(default_factory=list)
    unclear: list[str] = field(default_factory=list)
    """Names for which several places fit, with the places."""
    unknown: list[str] = field(default_factory=list)


class NoPlaces(ValueError):
    """A source of stations that cannot be read: what is wrong, and how to mend it."""


# ------------------------------------------------------------------------------------- the sources


def places_of_gtfs(path: Path) -> list[Place]:
    """The stops of a feed, stations rather than their platforms."""
    from gtfsgen.feed import read

    stops = read(path)["stops"]
    frame = stops.select(
        [c for c in ("stop_id", "stop_name", "stop_lat", "stop_lon", "stop_code", "stop_timezone",
                     "parent_station", "location_type") if c in stops.columns]
    )  # fmt: skip
    found = []
    for row in frame.iter_rows(named=True):
        lat, lon = row.get("stop_lat"), row.get("stop_lon")
        kind = str(row.get("location_type") or "0")
        if lat is None or lon is None or row.get("parent_station") or kind not in ("0", "1"):
            continue
        found.append(
            Place(
                str(row["stop_id"]), (str(row.get("stop_name") or ""),), float(lat), float(lon),
                str(row.get("stop_code") or ""), str(row.get("stop_timezone") or ""),
            )
        )  # fmt: skip
    return found


def places_of_csv(path: Path) -> list[Place]:
    """The rows of a table with a name and a position, under any heads that stations.csv knows."""
    faults: list[Fault] = []
    sheet = read_csv(path, path.name, faults)
    rows = [row for row in sheet.rows if not is_comment(row)] if sheet else []
    heads = [STATIONS.column(cell) for cell in rows[0]] if rows else []
    if not {"name", "lat", "lon"} <= set(heads):
        raise NoPlaces(f"{path} needs the columns name, lat and lon")
    found = []
    for line, row in enumerate(rows[1:], start=2):
        cells = {head: cell for head, cell in zip(heads, row, strict=True) if head and cell}
        lat, lon = number(cells.get("lat", "")), number(cells.get("lon", ""))
        if lat is None or lon is None:
            continue
        names = [cell for head, cell in cells.items() if head.startswith("name")]
        names += re.split(r"\s*[;|]\s*", cells.get("aliases", ""))
        key = cells.get("station_id", f"line {line}")
        code, zone = cells.get("code", ""), cells.get("timezone", "")
        found.append(Place(key, tuple(filter(None, names)), lat, lon, code, zone))
    return found


def places_of_osm(path: Path) -> list[Place]:
    """Nodes of OpenStreetMap with railway=station or halt, from an extract in XML (.osm)."""
    if path.name.endswith(".pbf"):
        raise NoPlaces(
            f"{path} is a .pbf; `osmium cat {path.name} -o stations.osm` makes XML of it"
        )
    found = []
    try:
        for _, node in ElementTree.iterparse(path):
            if node.tag != "node":
                continue
            tags = {tag.get("k", ""): tag.get("v", "") for tag in node.iter("tag")}
            if tags.get("railway") in RAILWAY or tags.get("public_transport") == "station":
                names = [v for k, v in tags.items() if re.fullmatch(r"(alt_|int_)?name(:\w+)?", k)]
                lat, lon = number(node.get("lat", "")), number(node.get("lon", ""))
                if names and lat is not None and lon is not None:
                    code = tags.get("railway:ref") or tags.get("ref") or ""
                    found.append(Place(f"node {node.get('id')}", tuple(names), lat, lon, code))
            node.clear()
    except (ElementTree.ParseError, OSError) as error:
        raise NoPlaces(f"{path} cannot be read as OpenStreetMap XML: {error}") from None
    return found


# --------------------------------------------------------------------------------- names in tables


def names_used(root: Path) -> list[str]:
    """The labels of station rows in all timetables, in order, each once."""
    names: dict[str, str] = {}
    for sheet in timetable_sheets(root):
        for name in names_in(sheet):
            names.setdefault(folded(name), name)
    return list(names.values())


def timetable_sheets(root: Path) -> Iterable[Sheet]:
    faults: list[Fault] = []
    with Workbooks() as books:
        for folder in (root, root / "timetables"):
            for file in files_in(folder)[0]:
                if file.suffix.lower() in WORKBOOKS:
                    sheets, _ = books.read(file, file.name)
                    yield from (sheet for sheet in sheets if folded(sheet.name) not in TABLES)
                elif folder != root and file.suffix.lower() in (".csv", ".tsv"):
                    sheet = read_csv(file, file.name, faults, grid=True)
                    if sheet is not None:
                        yield sheet


def names_in(sheet: Sheet) -> list[str]:
    """Labels of rows that hold times; those of the first row if trains are rows."""
    rows = [row for row in sheet.rows if not is_comment(row)]
    timed = [row for row in rows if any(is_time(cell) for cell in row[1:])]
    if not timed:
        return []
    width = len(timed[0])
    share = [sum(bool(row[i]) and not is_time(row[i]) for row in timed) for i in range(width)]
    words = [sum(is_name(row[i]) for row in timed) for i in range(width)]
    label = max(range(min(width, 6)), key=lambda i: (words[i], share[i], -i))
    head = next((row for row in rows if any(header_word(c) == "train" for c in row)), None)
    if head is not None and sum(is_name(c) and header_word(c) is None for c in head) > 2:
        labels = [cell for cell in head if header_word(cell) is None]
    else:
        labels = [row[label] for row in timed]
    return [name for text in labels if (name := bare(text)) and is_name(name)]


def is_time(cell: str) -> bool:
    return bool(TIME_LIKE.search(cell)) and len(cell) < 16


def is_name(cell: str) -> bool:
    letters = sum(character.isalpha() for character in cell)
    return letters > 1 and not is_time(cell) and folded_label(cell) not in KINDS


def bare(label: str) -> str:
    """A label without signs, its zone, and the `arr` or `dep` behind it."""
    name, _, last = undecorated(label).rpartition(" ")
    return undecorated(name if name and folded_label(last) in KINDS else label)


# ----------------------------------------------------------------------------------------- filling


def fill(
    root: Path, places: list[Place], origin: str, chosen: Mapping[str, str] | None = None
) -> Filled:
    """The content of stations.csv with what `places` know; `origin` is noted as the source.

    `chosen` says for a name which place, by its key, is meant.
    """
    file = root / "stations.csv"
    faults: list[Fault] = []
    sheet = read_csv(file, file.name, faults) if file.exists() else None
    rows = [list(row) for row in sheet.rows] if sheet else []
    start = next((i for i, row in enumerate(rows) if not is_comment(row)), None)
    if start is None:
        rows, start = [list(COLUMNS)], 0
    heads = [STATIONS.column(cell) or cell for cell in rows[start]]
    for name in COLUMNS:
        if name not in heads:
            heads.append(name)
            for i, row in enumerate(rows):
                row.append(name if i == start else "")
    at = {name: index for index, name in enumerate(heads)}
    known: dict[str, list[str]] = {}
    for row in rows[start + 1 :]:
        if not is_comment(row):
            own = [
                row[i] for head, i in at.items() if head.startswith("name") or head == "station_id"
            ]
            for name in (
                *own,
                *re.split(r"\s*[;|]\s*", row[at["aliases"]] if "aliases" in at else ""),
            ):
                known.setdefault(folded(name), row)
    by_name: dict[str, list[Place]] = defaultdict(list)
    for place in places:
        for name in dict.fromkeys(map(plain, place.names)):
            by_name[name].append(place)
    filled = Filled("")
    used = [name for name in names_used(root) if folded(name) not in known]
    for name in used:
        row = [""] * len(heads)
        row[at["name"]] = name
        rows.append(row)
        known[folded(name)] = row
        filled.added.append(name)
    for row in rows[start + 1 :]:
        if not is_comment(row):
            complete(row, at, by_name, origin, chosen or {}, filled)
    ids = {row[at["station_id"]] for row in rows[start + 1 :]}
    for row in rows[start + 1 :]:
        if not is_comment(row) and not row[at["station_id"]]:
            row[at["station_id"]] = free_id(row[at["name"]], ids)
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    filled.text = out.getvalue()
    return filled


def complete(
    row: list[str],
    at: Mapping[str, int],
    by_name: Mapping[str, list[Place]],
    origin: str,
    chosen: Mapping[str, str],
    filled: Filled,
) -> None:
    """Fill the blank cells of one station. A position is taken whole or not at all."""
    name = row[at["name"]] or row[at["station_id"]]
    blank = not row[at["lat"]] and not row[at["lon"]]
    if blank:
        fitting = distinct(by_name.get(plain(name), []))
        wanted = chosen.get(name)
        if wanted is not None:
            fitting = [place for place in by_name.get(plain(name), []) if place.key == wanted][:1]
        if len(fitting) > 1:
            shown = "; ".join(f"{p.key} at {p.lat:.4f}, {p.lon:.4f}" for p in fitting[:5])
            filled.unclear.append(f"{name}: {len(fitting)} places fit: {shown}")
            return
        if not fitting:
            hint = did_you_mean(name, [p.names[0] for ps in by_name.values() for p in ps], " ")
            filled.unknown.append(f"{name}{f': {hint}' if hint else ''}")
            return
        place = fitting[0]
        row[at["lat"]], row[at["lon"]] = f"{place.lat:.6f}", f"{place.lon:.6f}"
        for column, value in (("code", place.code), ("timezone", place.timezone)):
            row[at[column]] = row[at[column]] or value
        row[at["source"]] = row[at["source"]] or f"{origin}, {place.key}"
        filled.completed.append(name)
    lat, lon = number(row[at["lat"]]), number(row[at["lon"]])
    if lat is not None and lon is not None and not row[at["timezone"]]:
        zones = zones_within(lat, lon, 0.0)
        row[at["timezone"]] = zones[0] if len(zones) == 1 else ""
        if len(zones) > 1:
            filled.unclear.append(f"{name}: several zones fit: {', '.join(zones)}")


def distinct(places: list[Place]) -> list[Place]:
    """One of each group of places that lie within `SAME_PLACE_KM`."""
    kept: list[Place] = []
    for place in sorted(places, key=lambda p: p.key):
        here = (place.lat, place.lon)
        if all(km(here, (other.lat, other.lon)) > SAME_PLACE_KM for other in kept):
            kept.append(place)
    return kept


def plain(name: str) -> str:
    """A name for comparison: without case, accents and punctuation."""
    letters = unicodedata.normalize("NFKD", folded(name).replace("ß", "ss"))
    letters = "".join(c for c in letters if not unicodedata.combining(c))
    return " ".join(re.findall(r"\w+", letters))


def free_id(name: str, taken: set[str]) -> str:
    base = re.sub(r"\W+", "-", plain(name)).strip("-") or "station"
    number_ = 1
    result = base
    while result in taken:
        number_ += 1
        result = f"{base}-{number_}"
    taken.add(result)
    return result
