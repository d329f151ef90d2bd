"""BCP 47 language tags as `Locale.Builder.setLanguageTag` of JDK 17 takes them: by form alone."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gtfsgen.java.facts import rows

_LANGUAGE = re.compile(r"[A-Za-z]{2,8}")
_EXTENDED_LANGUAGE = re.compile(r"[A-Za-z]{3}")
_SCRIPT = re.compile(r"[A-Za-z]{4}")
_REGION = re.compile(r"[A-Za-z]{2}|[0-9]{3}")
_VARIANT = re.compile(r"[0-9A-Za-z]{5,8}|[0-9][0-9A-Za-z]{3}")
_SINGLETON = re.compile(r"[A-WYZa-wyz]")
_EXTENSION = re.compile(r"[0-9A-Za-z]{2,8}")
_PRIVATE = re.compile(r"[0-9A-Za-z]{1,8}")

_MAX_EXTENDED_LANGUAGES = 3

# The registered tags from before RFC 4646 that do not follow its grammar, or have a better form.
_GRANDFATHERED = {
    "art-lojban": "jbo",
    "cel-gaulish": "xtg-x-cel-gaulish",
    "en-gb-oed": "en-GB-x-oed",
    "i-ami": "ami",
    "i-bnn": "bnn",
    "i-default": "en-x-i-default",
    "i-enochian": "und-x-i-enochian",
    "i-hak": "hak",
    "i-klingon": "tlh",
    "i-lux": "lb",
    "i-mingo": "see-x-i-mingo",
    "i-navajo": "nv",
    "i-pwn": "pwn",
    "i-tao": "tao",
    "i-tay": "tay",
    "i-tsu": "tsu",
    "no-bok": "nb",
    "no-nyn": "nn",
    "sgn-be-fr": "sfb",
    "sgn-be-nl": "vgt",
    "sgn-ch-de": "sgg",
    "zh-guoyu": "cmn",
    "zh-hakka": "hak",
    "zh-min": "nan-x-zh-min",
    "zh-min-nan": "nan",
    "zh-xiang": "hsn",
}

_NO_LANGUAGE = "und"
_LANGUAGE_UND = "UND"

# JDK 17 holds these languages under their newer codes.
_RENAMED = {"iw": "he", "in": "id", "ji": "yi"}


@dataclass(frozen=True, slots=True)
class _Subtags:
    """The subtags of one tag, with a place in them."""

    texts: list[str]

    def take(self, form: re.Pattern[str], at_most: int = 100_000) -> list[str]:
        """Remove and return the leading subtags of that form."""
        taken: list[str] = []
        while self.texts and len(taken) < at_most and form.fullmatch(self.texts[0]):
            taken.append(self.texts.pop(0))
        return taken


def canonical_tag(tag: str) -> str | None:
    """Return the tag in its canonical spelling, None if it is not well formed.

    Two tags have the same canonical spelling where Java holds equal locales. `und` is no language,
    but Java takes only the lower-case spelling for that; `UND` stays a language of its own.
    """
    subtags = _Subtags(_GRANDFATHERED.get(tag.lower(), tag).split("-"))
    parts: list[str] = []
    if language := subtags.take(_LANGUAGE, at_most=1):
        extended = subtags.take(_EXTENDED_LANGUAGE, _MAX_EXTENDED_LANGUAGES)
        parts.append(_language(language[0], extended))
        parts += [script.title() for script in subtags.take(_SCRIPT, at_most=1)]
        parts += [region.upper() for region in subtags.take(_REGION, at_most=1)]
        parts += subtags.take(_VARIANT)
        extensions = _extensions(subtags)
        if extensions is None:
            return None
        parts += extensions
    private = _private_use(subtags)
    if private is None or subtags.texts:
        return None
    if parts == [_NO_LANGUAGE] and private:
        return "-".join(private)
    return "-".join(parts + private)


def _language(language: str, extended: list[str]) -> str:
    if not extended and language == _NO_LANGUAGE:
        return _NO_LANGUAGE
    code = (extended[0] if extended else language).lower()
    return _LANGUAGE_UND if code == _NO_LANGUAGE else _RENAMED.get(code, code)


def _extensions(subtags: _Subtags) -> list[str] | None:
    """Take the extensions, in the order of their singletons; None if one has no content."""
    extensions: dict[str, list[str]] = {}
    while singleton := subtags.take(_SINGLETON, at_most=1):
        content = [text.lower() for text in subtags.take(_EXTENSION)]
        if not content:
            return None
        extensions.setdefault(singleton[0].lower(), content)
    if "u" in extensions:
        extensions["u"] = _unicode_extension(extensions["u"])
    return [text for key in sorted(extensions) for text in (key, *extensions[key])]


def _unicode_extension(subtags: list[str]) -> list[str]:
    """Sort attributes and keywords of a `-u-` extension; the first of equal keywords stays."""
    first_key = next((i for i, text in enumerate(subtags) if len(text) == 2), len(subtags))
    keywords: dict[str, list[str]] = {}
    content: list[str] = []
    for text in subtags[first_key:]:
        if len(text) == 2:
            content = []
            keywords.setdefault(text, content)
        else:
            content.append(text)
    attributes = sorted(set(subtags[:first_key]))
    return attributes + [text for key in sorted(keywords) for text in (key, *keywords[key])]


def _private_use(subtags: _Subtags) -> list[str] | None:
    if not subtags.texts or subtags.texts[0].lower() != "x":
        return []
    subtags.texts.pop(0)
    content = [text.lower() for text in subtags.take(_PRIVATE)]
    return ["x", *content] if content else None


def primary_language(tag: str) -> str:
    """Return the language of a canonical tag; "" for `und` and for a tag of private use alone."""
    language = tag.split("-", 1)[0]
    return "" if language in (_NO_LANGUAGE, "x") else language.lower()


def language_display_name(tag: str) -> str:
    """Return the English name of a canonical tag's language; its code if the JDK has none."""
    language = primary_language(tag)
    return _display_names().get(language, language)


def _display_names() -> dict[str, str]:
    return {row["tag"]: row["name"] for row in rows("languages.csv")}
