"""JSON as Gson 2.8.6 reads it in lenient mode, as the canonical validator reads locations.geojson.

Comments, single quotes, bare words, `;` for `,`, `=` for `:` and missing array items are all let
through. Python's own parser reads what is strict JSON; only the rest takes the slow road. Checked
against the Java library on random texts.
"""

from __future__ import annotations

import json
import re
from typing import Any

from gtfsgen.budget import budget, exceeded

_BLANK = re.compile(r"(?:[ \t\r\n]+|//[^\r\n]*|#[^\r\n]*|/\*.*?\*/)*", re.DOTALL)
_WORD = re.compile(r"[^/\\;#={}\[\]:, \t\f\r\n]+")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_PLAIN = {'"': re.compile(r'[^"\\]*'), "'": re.compile(r"[^'\\]*")}
_HEX = re.compile(r"[0-9a-fA-F]{4}")
_SURROGATE = re.compile("[\ud800-\udfff]")
_ESCAPES = {
    "t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f",
    "\n": "\n", "'": "'", '"': '"', "\\": "\\", "/": "/",
}  # fmt: skip
_KEYWORDS = {"true": True, "false": False, "null": None}
_NON_EXECUTE_PREFIX = ")]}'\n"
_END = object()


class MalformedJson(Exception):
    """The text is not an object even in lenient JSON; the message says where."""


class DuplicateKey(Exception):
    """A key stands twice in one object; nothing after it is read."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


class UnreadableEscape(Exception):
    r"""`\u` before something else than four hexadecimal digits: Gson breaks off without a word."""


class _Repeated(Exception):
    """The fast road saw a key twice, but cannot tell which came first in the file."""


def read_object(data: bytes) -> dict[str, Any]:
    """Read a JSON object: dicts, lists, str, bool, None, and float for every number.

    Raises MalformedJson, DuplicateKey or UnreadableEscape, whichever comes first in the text.
    """
    text = data.decode("utf-8", "replace").removeprefix("\ufeff")
    try:
        value = _STRICT.decode(text)
    except (json.JSONDecodeError, RecursionError, _Repeated):
        return _LenientReader(text).read()
    if not isinstance(value, dict):
        raise MalformedJson(f"Expected an object at the root, but found {type(value).__name__}")
    return value


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Repeated
    return found


# Gson takes the bare word NaN for a text, not for a number.
_STRICT = json.JSONDecoder(
    object_pairs_hook=_distinct, parse_int=float, parse_float=float, parse_constant=str
)


def _joined_surrogates(text: str) -> str:
    if not _SURROGATE.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


class _LenientReader:
    """A reader with a place in the text; nesting is kept on a list, so its depth has no limit."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.path: list[str | int] = []

    def read(self) -> dict[str, Any]:
        self._skip_blank()
        if self.text.startswith(_NON_EXECUTE_PREFIX, self.at):
            self.at += len(_NON_EXECUTE_PREFIX)
            self._skip_blank()
        if self.at == len(self.text):
            raise MalformedJson("Expected an object at the root, but the file is empty")
        if self.text[self.at] != "{":
            raise self._fault("Expected an object at the root")
        self.at += 1
        root: dict[str, Any] = {}
        self._fill(root)
        if self.text[self.at :].strip(" \t\r\n"):
            raise self._fault("Expected nothing after the root object")
        return root

    def _fill(self, root: dict[str, Any]) -> None:
        container: dict[str, Any] | list[Any] = root
        outer: list[dict[str, Any] | list[Any]] = []
        deepest = budget().nesting
        while True:
            if isinstance(container, dict):
                value = self._member(container)
            else:
                value = self._item(container)
            if value is _END:
                if not outer:
                    return
                container = outer.pop()
                self.path.pop()
                continue
            if isinstance(container, dict):
                container[str(self.path[-1])] = value
            else:
                container.append(value)
            if isinstance(value, dict | list):
                outer.append(container)
                if len(outer) >= deepest:
                    raise exceeded("nesting", "JSON of so many lists and objects within each other")
                container = value
            else:
                self.path.pop()

    def _member(self, container: dict[str, Any]) -> Any:
        """Read the next name and value of an object; `path` grows by the name."""
        character = self._next()
        if container:
            if character == "}":
                return _END
            if character not in ",;":
                raise self._fault("Unterminated object", back=1)
            character = self._next()
        elif character == "}":
            return _END
        if character in "\"'":
            key = self._quoted(character)
        else:
            self.at -= 1
            key = self._word("Expected a name")
        if key in container:
            raise DuplicateKey(key)
        self.path.append(key)
        character = self._next()
        if character not in ":=":
            raise self._fault("Expected ':'", back=1)
        if character == "=" and self.text.startswith(">", self.at):
            self.at += 1
        return self._value(in_array=False)

    def _item(self, container: list[Any]) -> Any:
        """Read the next value of an array; `path` grows by its index."""
        character = self._next()
        if character == "]" and not container:
            return _END
        if not container:
            self.at -= 1
        elif character == "]":
            return _END
        elif character not in ",;":
            raise self._fault("Unterminated array", back=1)
        self.path.append(len(container))
        return self._value(in_array=True)

    def _value(self, *, in_array: bool) -> Any:
        """Read a scalar, or the opening bracket of an object or an array, given empty."""
        character = self._next()
        if character == "{":
            return {}
        if character == "[":
            return []
        if character in "\"'":
            return self._quoted(character)
        self.at -= 1
        if in_array and character in "],;":
            return None  # an item left out
        word = self._word("Expected a value")
        if _NUMBER.fullmatch(word):
            return float(word)
        return _KEYWORDS.get(word.lower(), word)

    def _word(self, expected: str) -> str:
        found = _WORD.match(self.text, self.at)
        if not found:
            raise self._fault(expected)
        self.at = found.end()
        return found.group()

    def _quoted(self, quote: str) -> str:
        parts = []
        while True:
            plain = _PLAIN[quote].match(self.text, self.at)
            assert plain is not None  # it may be empty
            parts.append(plain.group())
            self.at = plain.end() + 1
            if plain.end() == len(self.text):
                raise self._fault("Unterminated string", back=1)
            if self.text[plain.end()] == quote:
                return _joined_surrogates("".join(parts))
            parts.append(self._escaped())

    def _escaped(self) -> str:
        letter = self.text[self.at : self.at + 1]
        self.at += 1
        if letter in _ESCAPES:
            return _ESCAPES[letter]
        if letter != "u":
            raise self._fault("Invalid escape sequence", back=1)
        digits = self.text[self.at : self.at + 4]
        if len(digits) < 4:
            raise self._fault("Unterminated escape sequence")
        if not _HEX.fullmatch(digits):
            raise UnreadableEscape(digits)
        self.at += 4
        return chr(int(digits, 16))

    def _skip_blank(self) -> None:
        blank = _BLANK.match(self.text, self.at)
        assert blank is not None  # it may be empty
        self.at = blank.end()

    def _next(self) -> str:
        self._skip_blank()
        if self.at == len(self.text):
            raise self._fault("End of input")
        self.at += 1
        return self.text[self.at - 1]

    def _fault(self, what: str, back: int = 0) -> MalformedJson:
        at = max(0, self.at - back)
        line = self.text.count("\n", 0, at) + 1
        column = at - self.text.rfind("\n", 0, at)
        path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.path)
        return MalformedJson(f"{what} at line {line} column {column} path ${path}")
