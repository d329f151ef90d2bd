"""Archives, encodings, headers: what decides whether a file is read at all."""

from __future__ import annotations

import codecs
import json
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from gtfsgen.fixing.changes import Change, Content
from gtfsgen.fixing.documents import CsvText, cell_text, cells_of, raw_cell
from gtfsgen.fixing.looking import Look
from gtfsgen.fixing.registry import fixer
from gtfsgen.schema import TABLES

KNOWN = {f"{name}.txt" for name in TABLES} | {"locations.geojson"}
DEBRIS = (".ds_store", "thumbs.db", "desktop.ini")
UTF_16 = ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
WESTERN = ("ca", "da", "de", "en", "es", "et", "fi", "fr", "ga", "gl", "is", "it", "lb", "nb", "nl",
           "nn", "no", "pt", "sv")  # fmt: skip
OTHER_CODECS = {"ja": "cp932", "ko": "cp949", "zh": "gb18030", "cs": "cp1250", "hr": "cp1250",
                "hu": "cp1250", "pl": "cp1250", "ro": "cp1250", "sk": "cp1250", "sl": "cp1250",
                "be": "cp1251", "bg": "cp1251", "ru": "cp1251", "uk": "cp1251", "el": "cp1253",
                "tr": "cp1254", "he": "cp1255", "ar": "cp1256"}  # fmt: skip


@fixer(safe=True, opening=True)
def invalid_input_files_in_subfolder(look: Look) -> Iterator[Change]:
    """Files of GTFS that all lie in one folder of the archive move to its root, where readers look
    for them."""
    names = look.document.files
    inner = {n: n.rpartition("/") for n in names if "/" in n and not n.startswith("__MACOSX/")}
    folders = {folder for folder, _, base in inner.values() if base.lower() in KNOWN}
    if len(folders) != 1 or any(n.lower() in KNOWN for n in names if "/" not in n):
        return
    (folder,) = folders
    for name, (place, _, base) in inner.items():
        if place == folder and base and base not in names:
            yield Content(name, names[name], name, base, name=base)
    for name in names:
        if name.startswith("__MACOSX/"):
            yield Content(name, None, "a file of macOS", "left out")


@fixer(safe=True)
def unknown_file(look: Look) -> Iterator[Change]:
    """Debris of an operating system (.DS_Store, Thumbs.db) is left out."""
    for name in look.document.files:
        base = name.rpartition("/")[2].lower()
        if base in DEBRIS or name.startswith("__MACOSX/") or base.startswith("._"):
            yield Content(name, None, "a file of an operating system", "left out")


@fixer(safe=True, opening=True)
def missing_required_file(look: Look) -> Iterator[Change]:
    """A file whose name says .TXT or has blanks at its edges gets the name that is looked for."""
    for name, data in look.document.files.items():
        bare = name.strip().lower()
        if bare in KNOWN and name != bare and bare not in {n.lower() for n in look.document.files}:
            yield Content(name, data, name, bare, name=bare)


@fixer(safe=True)
def empty_file(look: Look) -> Iterator[Change]:
    """An optional file without even a header is left out: it says nothing."""
    notices = look.notices("empty_file")
    for file in notices["filename"].to_list() if notices.height else []:
        table = TABLES[str(file).removesuffix(".txt")]
        needed = table.required or table.name in ("stops", "calendar", "calendar_dates")
        name = look.file_of(table.name)
        if name and not needed:
            yield Content(name, None, "an empty file", "left out")


@fixer(safe=True, opening=True)
def missing_required_column(look: Look) -> Iterator[Change]:
    """A file in UTF-16 is written in UTF-8, a second byte order mark is left out, a column name in
    other letters of case gets its own, a column that may be blank throughout is added."""
    notices = look.notices("missing_required_column")
    if not notices.height:
        return
    for (file,), rows in notices.group_by("filename", maintain_order=True):
        table = TABLES[str(file).removesuffix(".txt")]
        name = look.file_of(table.name)
        data = look.document.files[name]
        decoded = _from_utf_16(data)
        if decoded is not None:
            yield Content(name, decoded, "UTF-16", "UTF-8")
            continue
        text = look.document.text(name)
        if text.bom > len(codecs.BOM_UTF8):
            yield Content(name, data[text.bom :], "several byte order marks", "none")
            continue
        missing = rows["field_name"].to_list()
        renamed = _renamed(text, table.fields.keys(), missing)
        if renamed:
            new = text.map_rows(lambda raw, head, to=renamed: _rename(raw, to) if head else None)  # type: ignore[misc]
            told = ", ".join(renamed), ", ".join(renamed.values())
            yield Content(name, new, *told, column=told[1], row=1)
        elif all(table.fields[field].column_required for field in missing):
            for field in missing[:1]:
                yield add_column(name, text, field, "")


def _from_utf_16(data: bytes) -> bytes | None:
    for mark, codec in UTF_16:
        if data.startswith(mark):
            try:
                return data[len(mark) :].decode(codec).encode()
            except UnicodeDecodeError:
                return None
    return None


def _renamed(text: CsvText, known: Any, missing: list[str]) -> dict[str, str]:
    """Names of columns that differ from missing ones in case, blanks and joining marks only."""

    def folded(name: str) -> str:
        return name.strip().strip("\"'\u200b\ufeff").lower().replace("-", "_").replace(" ", "_")

    found: dict[str, str] = {}
    for name in text.header:
        wanted = folded(name)
        if wanted != name and wanted in missing and wanted not in found.values():
            found[name] = wanted
    return found


def _rename(raw: list[bytes], to: dict[str, str]) -> list[bytes]:
    return [raw_cell(to[cell_text(c)], c) if cell_text(c) in to else c for c in raw]


def add_column(name: str, text: CsvText, column: str, value: str) -> Content:
    """A column at the end of a file, with one value in all rows."""

    def add(raw: list[bytes], head: bool) -> list[bytes]:
        return [*raw, (column if head else value).encode()]

    shown = value or "blank"
    return Content(name, text.map_rows(add), f"no column {column}", shown, column=column, row=1)


@fixer(safe=False)
def invalid_character(look: Look) -> Iterator[Change]:
    """A file that is not UTF-8 is read in the encoding that goes with the language of the feed
    (cp1252 for German, cp932 for Japanese) and written in UTF-8."""
    notices = look.notices("invalid_character")
    codec = _codec_of_language(look)
    if not notices.height or codec is None:
        return
    for file in notices["filename"].unique(maintain_order=True).to_list():
        name = look.file_of(str(file).removesuffix(".txt"))
        data = look.document.files[name]
        try:
            data.decode("utf-8")
            continue  # characters that were lost before
        except UnicodeDecodeError:
            pass
        try:
            text = data.decode(codec)
        except UnicodeDecodeError:
            continue
        if "\ufffd" not in text:
            yield Content(name, text.encode(), codec, "UTF-8")


def _codec_of_language(look: Look) -> str | None:
    languages = look.text("agency", "agency_lang")["agency_lang"].drop_nulls().to_list()
    languages += look.text("feed_info", "feed_lang")["feed_lang"].drop_nulls().to_list()
    found = {language.lower().partition("-")[0] for language in languages} - {"mul"}
    codecs_ = {"cp1252" if one in WESTERN else OTHER_CODECS.get(one) for one in found}
    return codecs_.pop() if len(codecs_) == 1 else None


@fixer(safe=True, opening=True)
def duplicated_column(look: Look) -> Iterator[Change]:
    """The later of two columns of one name is left out where its cells are the same or blank."""
    notices = look.notices("duplicated_column")
    if not notices.height:
        return
    for (file,), rows in notices.group_by("filename", maintain_order=True):
        name = look.file_of(str(file).removesuffix(".txt"))
        text = look.document.text(name)
        field = str(rows["field_name"][0])
        places = [n for n, one in enumerate(text.header) if one == field]
        if len(places) < 2:
            continue
        first, second = places[:2]

        def same(cells: list[str], a: int = first, b: int = second) -> bool:
            return len(cells) <= b or cells[b] in ("", cells[a])

        if _all_rows(text, same):
            yield _without_column(name, text, second, field)


@fixer(safe=True, opening=True)
def empty_column_name(look: Look) -> Iterator[Change]:
    """A column without a name is left out where all its cells are blank."""
    notices = look.notices("empty_column_name")
    if not notices.height:
        return
    for (file,), _ in notices.group_by("filename", maintain_order=True):
        name = look.file_of(str(file).removesuffix(".txt"))
        text = look.document.text(name)
        places = [n for n, one in enumerate(text.header) if not one]
        if places and _all_rows(text, lambda c, n=places[-1]: len(c) <= n or not c[n]):  # type: ignore[misc]
            yield _without_column(name, text, places[-1], "")


@fixer(safe=True)
def unknown_column(look: Look) -> Iterator[Change]:
    """A column that GTFS does not know is left out where all its cells are blank."""
    notices = look.notices("unknown_column")
    if not notices.height:
        return
    for (file,), rows in notices.group_by("filename", maintain_order=True):
        table = str(file).removesuffix(".txt")
        name = look.file_of(table)
        text = look.document.text(name)
        for field in rows["field_name"].to_list():
            if field not in text.header:
                continue
            cells = look.text(table, str(field))
            place = text.header.index(str(field))
            whole = cells.height and cells[str(field)].null_count() == cells.height
            if whole and not (table == "stop_times" and cells.height > 5_000_000):
                yield _without_column(name, text, place, str(field))
                break


@fixer(safe=False, code="unknown_column")
def column_in_other_case(look: Look) -> Iterator[Change]:
    """A column whose name differs from one of GTFS in case or blanks only gets that name; what it
    says then counts."""
    notices = look.notices("unknown_column")
    if not notices.height:
        return
    for (file,), _ in notices.group_by("filename", maintain_order=True):
        table = TABLES[str(file).removesuffix(".txt")]
        name = look.file_of(table.name)
        text = look.document.text(name)
        missing = [field for field in table.fields if field not in text.header]
        renamed = _renamed(text, table.fields.keys(), missing)
        if renamed:
            new = text.map_rows(lambda raw, head, to=renamed: _rename(raw, to) if head else None)  # type: ignore[misc]
            told = ", ".join(renamed), ", ".join(renamed.values())
            yield Content(name, new, *told, column=told[1], row=1)


def _all_rows(text: CsvText, holds: Callable[[list[str]], bool]) -> bool:
    for place in range(text.header_place + 1, len(text.lines)):
        row = text.row(place)
        if row.strip(b"\r\n") and not holds([cell_text(raw) for raw in cells_of(row)[0]]):
            return False
    return True


def _without_column(name: str, text: CsvText, place: int, column: str) -> Content:
    def leave_out(raw: list[bytes], head: bool) -> list[bytes] | None:
        return raw[:place] + raw[place + 1 :] if len(raw) > place else None

    said = f"column {column}" if column else f"a column without a name (the {place + 1}th)"
    return Content(name, text.map_rows(leave_out), said, "left out", column=column, row=1)


# locations.geojson


@fixer(safe=True, opening=True)
def geo_json_duplicated_element(look: Look) -> Iterator[Change]:
    """A key of locations.geojson that stands twice with one value stands once."""
    yield from _json(look, _without_twins)


def _without_twins(data: bytes) -> object | None:
    clean = True

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal clean
        found: dict[str, Any] = {}
        for key, value in items:
            clean = clean and found.get(key, value) == value
            found.setdefault(key, value)
        return found

    content = json.loads(data.decode("utf-8-sig"), object_pairs_hook=pairs)
    return content if clean else None


@fixer(safe=True, opening=True)
def duplicate_geo_json_key(look: Look) -> Iterator[Change]:
    """A zone of locations.geojson that stands twice, wholly the same, stands once."""

    def once(data: bytes) -> object | None:
        content = json.loads(data.decode("utf-8-sig"))
        known: list[str] = []
        kept = []
        for feature in content["features"]:
            text = json.dumps(feature, sort_keys=True)
            if text not in known:
                kept.append(feature)
            known.append(text)
        ids = Counter(str(feature.get("id")) for feature in kept)
        if max(ids.values(), default=0) > 1:
            return None
        content["features"] = kept
        return dict(content)

    yield from _json(look, once)


@fixer(safe=False)
def invalid_geometry(look: Look) -> Iterator[Change]:
    """A polygon is closed, and one that crosses itself becomes the area that it encloses."""

    def mend(data: bytes) -> object | None:
        from shapely.geometry import mapping, shape
        from shapely.validation import make_valid

        content = json.loads(data.decode("utf-8-sig"))
        changed = False
        for feature in content["features"]:
            geometry = feature.get("geometry") or {}
            if geometry.get("type") not in ("Polygon", "MultiPolygon"):
                continue
            rings = geometry["coordinates"]
            for polygon in [rings] if geometry["type"] == "Polygon" else rings:
                for ring in polygon:
                    if len(ring) > 2 and ring[0] != ring[-1]:
                        ring.append(ring[0])
                        changed = True
            area = shape(geometry)
            if not area.is_valid:
                valid = make_valid(area)
                if valid.geom_type not in ("Polygon", "MultiPolygon"):
                    return None
                feature["geometry"] = json.loads(json.dumps(mapping(valid)))
                changed = True
        return content if changed else None

    yield from _json(look, mend)


def _json(look: Look, mend: Callable[[bytes], object | None]) -> Iterator[Change]:
    name = next((n for n in look.document.files if n.lower() == "locations.geojson"), "")
    if not name:
        return
    data = look.document.files[name]
    try:
        new = mend(data)
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError):
        return
    if new is not None:
        text = json.dumps(new, ensure_ascii=False, indent=2 if b"\n" in data.strip() else None)
        content = text.encode() + (b"\n" if data.endswith(b"\n") else b"")
        if content != data:
            yield Content(name, content, "features as they were", "features mended")
