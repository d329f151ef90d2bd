"""feed.toml: who publishes, when the feed begins and ends, and the options of each room."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from gtfsgen.budget import UnreadableInput
from gtfsgen.clocks import zone_names
from gtfsgen.dates import FIRST_YEAR, LAST_YEAR
from gtfsgen.faults import Fault, Severity
from gtfsgen.files import UnreadableFile, read_bytes
from gtfsgen.source.cells import CONTROL, MOST_SHOWN, Sheet, control_words, decoded, letter
from gtfsgen.source.day_words import WEEKDAY_WORDS, WEEKDAYS
from gtfsgen.source.model import Settings
from gtfsgen.source.words import Words, did_you_mean
from gtfsgen.tomltext import Broken, read_toml

PATH = "feed.toml"
MOST_BYTES = 4 << 20
"""Of feed.toml."""
LONGEST_DAYS = 3660
"""Of a feed."""

KEYS: dict[str, type | tuple[type, ...]] = {
    "as_of": date,
    "first_day": date,
    "last_day": date,
    "timezone": str,
    "languages": list,
    "profile": str,
    "version": str,
    "title": str,
    "licence": str,
    "days": str,
    "clock": str,
}
PUBLISHER_KEYS: dict[str, type] = {
    "name": str,
    "url": str,
    "email": str,
    "contact_url": str,
    "licence": str,
}
COMPILE_KEYS: dict[str, type] = {"motis_reservation": bool}
SECTIONS = (
    "publisher",
    "compile",
    "shapes",
    "attribution",
    "moved_days",
    "fares",
)
"""Tables of feed.toml; all but `publisher` and `compile` belong to other rooms, which check them
themselves."""
PROFILES = ("linked", "through")
CLOCKS = ("24", "12", "agency")
MOST_DAYS_BY_AGENCY = 366 * 300
"""A feed that was imported keeps the period that it has; calendars without end run to 2099."""
DAY_CODES = ("gb",)
"""Whose day codes all timetables use."""


class SourceUnreadable(UnreadableInput):
    """The folder is no project: it, or its feed.toml, is absent or unreadable altogether."""


def read_settings(root: Path, today: date | None) -> tuple[Settings, list[Fault]]:
    """Read feed.toml; a wrong key is a fault and has its default. Raises `SourceUnreadable`."""
    file = root / PATH
    if not root.is_dir():
        raise SourceUnreadable(
            f"{root} is not a folder; `gtfsgen init` makes a project to start from"
        )
    if today is not None and not FIRST_YEAR <= today.year <= LAST_YEAR:
        raise ValueError(f"{today} is not in the years {FIRST_YEAR} to {LAST_YEAR}")
    try:
        data = read_bytes(file)
    except UnreadableFile as error:
        message = error.message.removesuffix(".")
        raise SourceUnreadable(f"{file} cannot be read: {message}") from None
    if len(data) > MOST_BYTES:
        raise SourceUnreadable(f"{file} has more than {MOST_BYTES:,} bytes")
    sheet = Sheet(PATH, PATH, [])
    found: list[Fault] = []
    lines = Lines(decoded(data, sheet, found))
    lines.told += [replace(fault, line=max(fault.line, 1), column="A", found="") for fault in found]
    try:
        raw = read_toml(lines.text)
    except Broken as error:
        lines.tell("broken_toml", error.line, error.column, f"{error.message}.")
        raw = tolerant(lines.text)
    check_characters(raw, lines)
    return settings_of(raw, lines, today), lines.told


def check_characters(raw: dict[str, Any], lines: Lines) -> None:
    """Control characters in keys and texts are faults, and are taken out of `raw`."""

    def cleaned(value: Any, place: tuple[int, int]) -> Any:
        if isinstance(value, str) and (found := sorted(set(CONTROL.findall(value)))):
            message, hint = control_words(found)
            message = message.replace("The cell", "The text")
            value = CONTROL.sub(" ", value).strip()
            lines.tell("control_character", *place, message, value, hint)
        elif isinstance(value, list):
            value = [cleaned(each, place) for each in value]
        elif isinstance(value, dict):
            value = {cleaned(key, place): cleaned(each, place) for key, each in value.items()}
        return value

    for key, value in list(raw.items()):
        if isinstance(value, dict):
            for inner, found in list(value.items()):
                del value[inner]
                place = lines.place(inner, key)
                value[cleaned(inner, place)] = cleaned(found, place)
        else:
            del raw[key]
            place = lines.place(key)
            raw[cleaned(key, place)] = cleaned(value, place)


class Lines:
    """The text of feed.toml, to find the line and column of a key's value."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.told: list[Fault] = []
        """What was found wrong so far."""
        self.rows = text.splitlines()
        self._heads: dict[str, int] = {}
        self._keys: dict[tuple[str, str], int] = {}
        here = ""
        for number, row in enumerate(self.rows, start=1):
            if opened := re.match(r"\s*\[{1,2}([^\[\]]+)\]", row):
                here = opened[1].strip()
                self._heads[here] = number
            elif "=" in row:
                key = row.partition("=")[0].strip()
                quoted = key[:1] in ("'", '"')
                outer, _, key = ("", "", key) if quoted else key.rpartition(".")
                section = ".".join(filter(None, (here, outer.strip())))
                self._keys.setdefault((section, key.strip(" \"'")), number)

    def place(self, key: str, section: str = "") -> tuple[int, int]:
        """Line and column, from 1, of a key; else of its section's head or the file's start."""
        outer, _, last = section.rpartition(".")
        line = self._keys.get((section, key)) or self._heads.get(section)
        return line or self._keys.get((outer, last)) or 1, 1

    def numbers(self) -> dict[tuple[str, str], int]:
        """Section and key -> line."""
        return dict(self._keys)

    def tell(
        self, code: str, line: int, column: int, message: str, found: object = "", hint: str = ""
    ) -> None:
        """Note a fault at a line, which is in column A; the character is told in words."""
        if column > 1:
            message = f"{message.removesuffix('.')} at character {column}."
        shown = str(found)[:MOST_SHOWN] if found != "" else ""
        self.told.append(Fault(Severity.ERROR, code, PATH, line, letter(0), message, shown, hint))


def tolerant(text: str) -> dict[str, Any]:
    """The good lines of a broken TOML file, so that all its faults are seen at once."""
    raw: dict[str, Any] = {}
    section = raw
    for row in text.splitlines():
        try:
            piece = read_toml(row)
        except Broken:
            continue
        if row.strip().startswith("["):
            name = next(iter(piece), "")
            section = raw.setdefault(name, {}) if isinstance(piece.get(name), dict) else {}
        else:
            section.update(piece)
    return raw


KINDS = {
    bool: "true or false",
    date: "a date such as 2026-03-12, without quotes",
    str: "text in quotes",
    list: 'a list such as ["en", "zh"]',
    dict: "a section, or a table in braces",
}
"""What a value should be, in words."""


def settings_of(raw: dict[str, Any], lines: Lines, today: date | None) -> Settings:
    """What the document says, with the default for what is wrong or missing."""
    publisher = typed_values(
        raw.get("publisher", {}), dict.fromkeys(PUBLISHER_KEYS, str), "publisher", lines
    )
    compiling = typed_values(raw.get("compile", {}), COMPILE_KEYS, "compile", lines)
    known = typed_values(raw, {**KEYS, **dict.fromkeys(SECTIONS, dict)}, "", lines)
    for table, keys, section in (
        (raw, ("as_of", "first_day", "timezone", "languages"), ""),
        (raw.get("publisher", {}), ("name", "url"), "publisher"),
    ):
        for key in keys:
            if not isinstance(table, dict) or table.get(key, "") in ("", []):
                where = f"[{section}] {key}" if section else key
                place = lines.place(key, section)
                lines.tell("missing_value", *place, f"{where} is missing.")
    as_of, first, last = read_period(known, lines, today)
    languages = read_languages(known, lines)
    check_addresses(publisher, lines)
    check_attribution(known, lines)
    options = read_choices(known, lines)
    return Settings(
        publisher_name=publisher.get("name", ""),
        publisher_url=publisher.get("url", ""),
        lang=languages[0],
        default_lang=languages[0],
        agency_timezone=read_zone(known, lines),
        first_day=first,
        last_day=last,
        as_of=as_of,
        version=known.get("version", ""),
        contact_email=publisher.get("email", ""),
        contact_url=publisher.get("contact_url", ""),
        licence=known.get("licence", publisher.get("licence", "")),
        profile=options["profile"],
        motis_reservation=compiling.get("motis_reservation", False),
        moved_days=read_moved_days(known, lines),
        raw=known,
        lines=lines.numbers(),
    )


def typed_values(
    table: object, known: dict[str, Any], section: str, lines: Lines
) -> dict[str, Any]:
    """The values of the right kind; unknown keys and values of another kind are faults."""
    if not isinstance(table, dict):
        return {}  # told where the section itself is checked
    words = Words(known)
    good: dict[str, Any] = {}
    for key, found in table.items():
        place = lines.place(key, section)
        if key not in known:
            if isinstance(found, dict) and not section:
                place = lines.place("", key)
            if key.startswith("x_"):
                good[key] = found
            else:
                hint = words.hint(key, "x_... keys are kept")
                lines.tell("unknown_key", *place, "There is no such key.", key, hint)
        elif not isinstance(found, known[key]) or isinstance(found, datetime):
            message = f"{key} is not {KINDS[known[key]]}."
            lines.tell("invalid_value", *place, message, found)
        else:
            good[key] = found
    return good


def read_period(known: dict[str, Any], lines: Lines, today: date | None) -> tuple[date, date, date]:
    """The build's day and the first and last day of the feed."""
    days: dict[str, date] = {}
    for key in ("as_of", "first_day", "last_day"):
        found = known.get(key)
        if found is not None and FIRST_YEAR <= found.year <= LAST_YEAR:
            days[key] = found
        elif found is not None:
            message = "The year is not one that a timetable is for."
            hint = f"write a year from {FIRST_YEAR} to {LAST_YEAR}"
            lines.tell("invalid_value", *lines.place(key), message, found, hint)
    as_of = today or days.get("as_of", date(1970, 1, 1))
    first = days.get("first_day", as_of)
    last = days.get("last_day", year_after(as_of))
    place = lines.place("last_day" if "last_day" in days else "first_day")
    if last < first:
        message = f"The feed ends on {last}, before it begins on {first}."
        lines.tell("empty_period", *place, message, last)
        last = first
    elif (last - first).days > (
        MOST_DAYS_BY_AGENCY if known.get("clock") == "agency" else LONGEST_DAYS
    ):
        message = f"The feed goes from {first} to {last}, more than ten years."
        lines.tell("long_period", *place, message, hint="check the year")
        last = first + timedelta(days=LONGEST_DAYS)
    return as_of, first, last


def read_languages(known: dict[str, Any], lines: Lines) -> list[str]:
    """The language codes of the feed; the first is its own."""
    languages = []
    for language in known.get("languages", []):
        if isinstance(language, str) and LANGUAGE.fullmatch(language):
            languages.append(language)
            continue
        message, hint = "This is not a language code.", "write en, zh-Hans, ko ..."
        place = lines.place("languages")
        lines.tell("invalid_language", *place, message, language, hint)
    return languages or ["en"]


LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")


def read_zone(known: dict[str, Any], lines: Lines) -> str:
    zone: str = known.get("timezone", "UTC")
    if zone in zone_names():
        return zone
    if zone:
        hint = did_you_mean(zone, zone_names(), "write Asia/Shanghai")
        place = lines.place("timezone")
        lines.tell("unknown_timezone", *place, "There is no such time zone.", zone, hint)
    return "UTC"


CHOICES = {
    "profile": (PROFILES, "unknown_profile", "There is no such hand-over profile.", ""),
    "days": (
        DAY_CODES,
        "unknown_day_codes",
        "There are no day codes of this name.",
        'days = "gb" reads SO, SX and the like as British tables do',
    ),
    "clock": (
        CLOCKS,
        "unknown_clock",
        "This is not a clock that times go by.",
        'clock = "24", "12" where a and p behind a time are a.m. and p.m., or "agency"',
    ),
}
"""Keys that take one of a few words: the words, the code of another one, what it says, a hint."""


def read_choices(known: dict[str, Any], lines: Lines) -> dict[str, str]:
    """The words chosen, or the first of those that could be."""
    chosen: dict[str, str] = {}
    for key, (words, code, message, hint) in CHOICES.items():
        chosen[key] = known.get(key, words[0])
        if chosen[key] not in words:
            found, chosen[key] = chosen[key], words[0]
            hint = hint or did_you_mean(found, words)
            lines.tell(code, *lines.place(key), message, found, hint)
    return chosen


def check_attribution(known: dict[str, Any], lines: Lines) -> None:
    """[attribution]: names with web addresses."""
    for name, url in known.get("attribution", {}).items():
        if not isinstance(url, str):
            message = f"{name} is not text in quotes."
            place = lines.place(name, "attribution")
            lines.tell("invalid_value", *place, message, url, "https://...")


def read_moved_days(known: dict[str, Any], lines: Lines) -> dict[date, str]:
    """[moved_days]: `2026-12-26 = "Sa"`, a Saturday service on that date."""
    found: dict[date, str] = {}
    for key, value in known.get("moved_days", {}).items():
        try:
            day, weekday = date.fromisoformat(key), WEEKDAY_WORDS[str(value).casefold()]
        except (ValueError, KeyError):
            lines.tell(
                "invalid_value",
                *lines.place(key, "moved_days"),
                "This is not a date with the weekday that it runs like.",
                f"{key} = {value}",
                'write 2026-12-26 = "Sa"',
            )
            continue
        found[day] = WEEKDAYS[weekday]
    return dict(sorted(found.items()))


def check_addresses(publisher: dict[str, Any], lines: Lines) -> None:
    for key in ("url", "contact_url"):
        found = publisher.get(key)
        if found and not re.fullmatch(r"https?://[^\s.]+\.\S+", found):
            place = lines.place(key, "publisher")
            lines.tell("invalid_url", *place, "This is not a web address.", found, "https://...")
    found = publisher.get("email")
    if found and not re.fullmatch(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+", found):
        place = lines.place("email", "publisher")
        lines.tell("invalid_email", *place, "This is not an e-mail address.", found)


def year_after(day: date) -> date:
    try:
        return day.replace(year=day.year + 1)
    except ValueError:  # 29 February
        return day.replace(year=day.year + 1, day=28)
