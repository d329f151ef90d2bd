"""Time zones as `ZoneId.of` of JDK 17 takes them: names of the tz database, or fixed offsets."""

from __future__ import annotations

import re

from gtfsgen.java.facts import names

_OFFSET = re.compile(
    r"([+-])(?:([0-9])|([0-9]{2})(?::?([0-9]{2}))?|([0-9]{2})([0-9]{2})([0-9]{2})"
    r"|([0-9]{2}):([0-9]{2}):([0-9]{2}))"
)
_MAX_OFFSET_S = 18 * 3600


def zone_id(text: str) -> str | None:
    """Return the zone's identifier as Java writes it; None if there is no such zone."""
    if len(text) <= 1 or text[0] in "+-":
        return _offset_id(text)
    prefix = next((prefix for prefix in ("UTC", "GMT", "UT") if text.startswith(prefix)), None)
    if prefix is None:
        return _listed(text)
    rest = text[len(prefix) :]
    if not rest:
        return prefix
    if rest[0] not in "+-":
        return _listed(text)
    offset = _offset_id(rest)
    if offset is None:
        return None
    return prefix if offset == "Z" else prefix + offset


def _listed(text: str) -> str | None:
    return text if text in names("time_zones.txt") else None


def _offset_id(text: str) -> str | None:
    """Return an offset as `+02:00` or `+02:00:30`, `Z` for zero; None if it is not valid."""
    if text == "Z":
        return "Z"
    parts = _OFFSET.fullmatch(text)
    if not parts:
        return None
    numbers = [int(part) for part in parts.groups()[1:] if part]
    hours, minutes, seconds = [*numbers, 0, 0][:3]
    total = hours * 3600 + minutes * 60 + seconds
    if minutes > 59 or seconds > 59 or total > _MAX_OFFSET_S:
        return None
    if total == 0:
        return "Z"
    return f"{parts[1]}{hours:02}:{minutes:02}" + (f":{seconds:02}" if seconds else "")
