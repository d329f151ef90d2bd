"""feed.toml: who publishes, when the feed begins and ends, and the options of each room."""

from __future__ import annotations

import re
import tomllib
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from gtfsgen.clocks import zone_names
from gtfsgen.faults import Fault, Severity
from gtfsgen.source.cells import CONTROL, control_words, letter
from gtfsgen.source.day_words import WEEKDAY_WORDS, WEEKDAYS
from gtfsgen.source.model import Settings
from gtfsgen.source.words import Words, did_you_mean

PATH = "feed.toml"

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
SECTIONS = (
    "publisher",
    "compile",
    "shapes",
    "render",
    "page",
    "validation",
    "journeys",
    "attribution",
    "moved_days",
)
"""Tables of feed.toml; all but `publisher` belong to other rooms, which check them themselves."""
PROFILES = ("linked", "through")
CLOCKS = ("24", "12")
DAY_CODES = ("gb",)
"""Whose day codes all timetables use."""


class SourceUnreadable(Exception):
    """The folder is no project: it, or its feed.toml, is absent or unreadable altogether."""


def read_settings(root: Path, today: date | None, faults: list[Fault]) -> Settings:
    """Read feed.toml; a wrong key is a fault and has its default. Raises `SourceUnreadable`."""
    file = root / PATH
    if not root.is_dir():
        raise SourceUnreadable(
            f"{root} is not a folder; `gtfsgen init` makes a project to start from"
        )
    try:
        data = file.read_bytes()
    except OSError as error:
        raise SourceUnreadable(f"{file} cannot be read: {error.strerror}") from None
    lines = Lines(data.decode("utf-8-sig", errors="replace"))
    try:
        data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        faults.append(lines.fault("bad_encoding", line, 1, "The file is not UTF-8."))
    try:
        raw = tomllib.loads(lines.text)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"line (\d+), column (\d+)", str(error))
        line, column = (int(place[1]), int(place[2])) if place else (len(lines.rows), 1)
        message = re.sub(r" \(at .*\)$", "", str(error))
        faults.append(lines.fault("broken_toml", line, column, f"This is not TOML: {message}."))
        raw = tolerant(lines.text)
    check_characters(raw, lines, faults)
    return settings_of(raw, lines, today, faults)


def check_characters(raw: dict[str, Any], lines: Lines, faults: list[Fault]) -> None:
    """Control characters in keys and texts are faults, and are taken out of `raw`."""

    def cleaned(value: Any, place: tuple[int, int]) -> Any:
        if isinstance(value, str) and (found := sorted(set(CONTROL.findall(value)))):
            message, hint = control_words(found)
            message = message.replace("The cell", "The text")
            value = CONTROL.sub(" ", value).strip()
            faults.append(lines.fault("control_character", *place, message, value, hint))
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
        self.rows = text.splitlines()
        self._heads: dict[str, int] = {}
        self._keys: dict[tuple[str, str], int] = {}
        here = ""
        for number, row in enumerate(self.rows, start=1):
            if opened := re.match(r"\s*\[+([^\]]+)\]+", row):
                here = opened[1].strip()
                self._heads[here] = number
            elif "=" in row:
                key = row.partition("=")[0].strip().strip("\"'")
                self._keys.setdefault((here, key), number)

    def place(self, key: str, section: str = "") -> tuple[int, int]:
        """Line and column, from 1, of a key; else of its section's head or the file's start."""
        return self._keys.get((section, key)) or self._heads.get(section) or 1, 1

    def fault(
        self, code: str, line: int, column: int, message: str, found: object = "", hint: str = ""
    ) -> Fault:
        """A fault in feed.toml, whose lines are column A; the character is told in words."""
        if column > 1:
            message = f"{message.removesuffix('.')} at character {column}."
        return Fault(
            Severity.ERROR,
            code,
            PATH,
            line,
            letter(0),
            message,
            str(found) if found != "" else "",
            hint,
        )


def tolerant(text: str) -> dict[str, Any]:
    """The good lines of a broken TOML file, so that all its faults are seen at once."""
    raw: dict[str, Any] = {}
    section = raw
    for row in text.splitlines():
        try:
            piece = tomllib.loads(row)
        except tomllib.TOMLDecodeError:
            continue
        if row.strip().startswith("["):
            name = next(iter(piece), "")
            section = raw.setdefault(name, {}) if isinstance(piece.get(name), dict) else {}
        else:
            section.update(piece)
    return raw


def settings_of(
    raw: dict[str, Any], lines: Lines, today: date | None, faults: list[Fault]
) -> Settings:
    publisher = raw.get("publisher", {})
    if not isinstance(publisher, dict):
        publisher = {}
    check_keys(raw, {**KEYS, **dict.fromkeys(SECTIONS, dict)}, "", lines, faults)
    check_keys(publisher, PUBLISHER_KEYS, "publisher", lines, faults)

    def value(table: dict[str, Any], key: str, kind: type, default: Any) -> Any:
        found = table.get(key, default)
        return found if isinstance(found, kind) and not isinstance(found, datetime) else default

    def required(table: dict[str, Any], key: str, section: str = "") -> None:
        if key not in table or table[key] in ("", []):
            where = f"[{section}] {key}" if section else key
            line, column = lines.place(key, section)
            faults.append(lines.fault("missing_value", line, column, f"{where} is missing."))

    for key in ("as_of", "first_day", "timezone", "languages"):
        required(raw, key)
    for key in ("name", "url"):
        required(publisher, key, "publisher")
    as_of = today or value(raw, "as_of", date, date(1970, 1, 1))
    first = value(raw, "first_day", date, as_of)
    last = value(raw, "last_day", date, year_after(as_of))
    if last < first:
        faults.append(
            lines.fault(
                "empty_period",
                *lines.place("last_day" if "last_day" in raw else "first_day"),
                f"The feed ends on {last}, before it begins on {first}.",
                last,
            )
        )
    elif (last - first).days > 3660:
        faults.append(
            lines.fault(
                "long_period",
                *lines.place("last_day" if "last_day" in raw else "first_day"),
                f"The feed goes from {first} to {last}, more than ten years.",
                hint="check the year",
            )
        )
        last = first + timedelta(days=3660)
    languages = [str(each) for each in value(raw, "languages", list, ["en"])] or ["en"]
    for language in languages:
        if not re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", language):
            faults.append(
                lines.fault(
                    "invalid_language",
                    *lines.place("languages"),
                    "This is not a language code.",
                    language,
                    "write en, zh-Hans, ko ...",
                )
            )
    zone = value(raw, "timezone", str, "UTC")
    if zone not in zone_names():
        faults.append(
            lines.fault(
                "unknown_timezone",
                *lines.place("timezone"),
                "There is no such time zone.",
                zone,
                did_you_mean(zone, zone_names(), "write Asia/Shanghai"),
            )
        )
        zone = "UTC"
    profile = value(raw, "profile", str, "linked")
    if profile not in PROFILES:
        faults.append(
            lines.fault(
                "unknown_profile",
                *lines.place("profile"),
                "There is no such hand-over profile.",
                profile,
                did_you_mean(profile, PROFILES),
            )
        )
        profile = "linked"
    if raw.get("days", "gb") not in DAY_CODES:
        faults.append(
            lines.fault(
                "unknown_day_codes",
                *lines.place("days"),
                "There are no day codes of this name.",
                raw["days"],
                'days = "gb" reads SO, SX and the like as British tables do',
            )
        )
    if raw.get("clock", "24") not in CLOCKS:
        faults.append(
            lines.fault(
                "unknown_clock",
                *lines.place("clock"),
                "This is not a clock that times go by.",
                raw["clock"],
                'clock = "24", or "12" where a and p behind a time are a.m. and p.m.',
            )
        )
    check_addresses(publisher, lines, faults)
    return Settings(
        publisher_name=value(publisher, "name", str, ""),
        publisher_url=value(publisher, "url", str, ""),
        lang=languages[0],
        default_lang=languages[0],
        agency_timezone=zone,
        first_day=first,
        last_day=max(first, last),
        as_of=as_of,
        version=value(raw, "version", str, ""),
        contact_email=value(publisher, "email", str, ""),
        contact_url=value(publisher, "contact_url", str, ""),
        licence=value(raw, "licence", str, value(publisher, "licence", str, "")),
        profile=profile,
        moved_days=read_moved_days(raw, lines, faults),
        raw=raw,
    )


def read_moved_days(raw: dict[str, Any], lines: Lines, faults: list[Fault]) -> dict[date, str]:
    """[moved_days]: `2026-12-26 = "Sa"`, a Saturday service on that date."""
    found: dict[date, str] = {}
    section = raw.get("moved_days", {})
    for key, value in section.items() if isinstance(section, dict) else ():
        try:
            day, weekday = date.fromisoformat(key), WEEKDAY_WORDS[str(value).casefold()]
        except (ValueError, KeyError):
            faults.append(
                lines.fault(
                    "invalid_value",
                    *lines.place(key, "moved_days"),
                    "This is not a date with the weekday that it runs like.",
                    f"{key} = {value}",
                    'write 2026-12-26 = "Sa"',
                )
            )
            continue
        found[day] = WEEKDAYS[weekday]
    return dict(sorted(found.items()))


def check_keys(
    table: dict[str, Any],
    known: dict[str, Any],
    section: str,
    lines: Lines,
    faults: list[Fault],
) -> None:
    words = Words(known)
    for key, found in table.items():
        place = lines.place(key, section)
        if key not in known:
            if isinstance(found, dict) and not section:
                place = lines.place("", key)
            if not key.startswith("x_"):
                hint = words.hint(key, "x_... keys are kept")
                faults.append(
                    lines.fault("unknown_key", *place, "There is no such key.", key, hint)
                )
        elif not isinstance(found, known[key]) or isinstance(found, datetime):
            wanted = {date: "a date such as 2026-03-12, without quotes", str: "text in quotes"}
            faults.append(
                lines.fault(
                    "invalid_value",
                    *place,
                    f"{key} is not {wanted.get(known[key], 'of the right kind')}.",
                    found,
                )
            )


def check_addresses(publisher: dict[str, Any], lines: Lines, faults: list[Fault]) -> None:
    for key in ("url", "contact_url"):
        found = publisher.get(key)
        if isinstance(found, str) and found and not re.fullmatch(r"https?://[^\s.]+\.\S+", found):
            place = lines.place(key, "publisher")
            faults.append(
                lines.fault(
                    "invalid_url", *place, "This is not a web address.", found, "https://..."
                )
            )
    found = publisher.get("email")
    if isinstance(found, str) and found and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", found):
        place = lines.place("email", "publisher")
        faults.append(lines.fault("invalid_email", *place, "This is not an e-mail address.", found))


def year_after(day: date) -> date:
    try:
        return day.replace(year=day.year + 1)
    except ValueError:  # 29 February
        return day.replace(year=day.year + 1, day=28)
