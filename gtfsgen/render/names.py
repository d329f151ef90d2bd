"""Names of stations in the languages of a feed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gtfsgen.render.tables import Rows

ENDONYMS = {
    "ar": "العربية", "bg": "Български", "cs": "Čeština", "da": "Dansk", "de": "Deutsch",
    "el": "Ελληνικά", "en": "English", "es": "Español", "fi": "Suomi", "fr": "Français",
    "he": "עברית", "hi": "हिन्दी", "hr": "Hrvatski", "hu": "Magyar", "it": "Italiano",
    "ja": "日本語", "ka": "ქართული", "ko": "한국어", "lo": "ລາວ", "mn": "Монгол",
    "nl": "Nederlands", "no": "Norsk", 
    "pl": "Polski", "pt": "Português", "ro": "Română", "ru": "Русский",
    "sk": "Slovenčina", "sl": "Slovenščina", "sr": "Српски", "sv": "Svenska", "th": "ไทย",
    "tr": "Türkçe", "uk": "Українська", "vi": "Tiếng Việt", "zh": "中文", "zh-hans": "简体中文",
    "zh-hant": "繁體中文",
}  # fmt: skip


@dataclass(frozen=True)
class Names:
    """`by_language`: language -> station_id -> name; the feed's own language stands first."""

    own: str
    by_language: dict[str, dict[str, str]]

    @property
    def languages(self) -> list[str]:
        return list(self.by_language)

    def others(self, station_id: str) -> list[tuple[str, str]]:
        """(language, name) in the languages that have another name than the first."""
        own = self.by_language[self.own].get(station_id, "")
        pairs = [
            (language, names[station_id])
            for language, names in self.by_language.items()
            if language != self.own and station_id in names
        ]
        return [(language, name) for language, name in pairs if name != own]


def names_of(rows: Rows, stations: Mapping[str, Any]) -> Names:
    said: str | None = next(
        (r[0] or r[1] for r in rows.rows("feed_info", "default_lang", "feed_lang")), None
    )
    own = said if said and said != "mul" else "und"
    known = {own: {key: station.name for key, station in stations.items()}}
    by_name: dict[str, list[str]] = {}
    for key, station in stations.items():
        by_name.setdefault(station.name, []).append(key)
    for table, field, language, text, record, value in rows.rows(
        "translations",
        "table_name",
        "field_name",
        "language",
        "translation",
        "record_id",
        "field_value",
    ):
        if table == "stops" and field == "stop_name" and language and text and language != own:
            keys = [record] if record in stations else by_name.get(value or "", [])
            for named in keys:
                known.setdefault(language, {})[str(named)] = text
    return Names(own, known)


def endonym(language: str) -> str:
    lower = language.lower()
    return ENDONYMS.get(lower) or ENDONYMS.get(lower.partition("-")[0]) or language
