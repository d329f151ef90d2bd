"""Arguments as the Java validator's JCommander reads them.

Only what it accepts is accepted, so that a line that it refuses is refused here as well: options
stand apart from their values, are told once, and are spelled in full; `@file` stands for the
arguments in a file, one a line. Source: JCommander 1.48 as used by gtfs-validator 8.0.1.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from gtfsgen.files import UnreadableFile, read_text


class JavaOption(NamedTuple):
    """One option: its names, what it takes ("" for a flag), and a line of help."""

    names: tuple[str, ...]
    takes: str
    help: str
    repeated: bool = False

    @property
    def key(self) -> str:
        return self.names[-1].lstrip("-")


class WrongArguments(ValueError):
    """Arguments that the Java validator would not take."""


def parse_arguments(
    arguments: Iterable[str], options: Iterable[JavaOption]
) -> dict[str, str | bool | list[str]]:
    """The options that were given, by their long names. Raises WrongArguments."""
    known = {name: option for option in options for name in option.names}
    given: dict[str, str | bool | list[str]] = {}
    words = list(_expanded(arguments))
    at = 0
    while at < len(words):
        word = words[at].strip()
        at += 1
        option = known.get(word)
        if option is None:
            raise WrongArguments(_stranger(word, known))
        if option.key in given and not option.repeated:
            raise WrongArguments(f"{word} can be given only once")
        if not option.takes:
            given[option.key] = True
            continue
        if at < len(words) and words[at] == "--":
            at += 1
        if at >= len(words):
            raise WrongArguments(f"{word} wants a value: {option.takes}")
        value = _trimmed(words[at])
        at += 1
        if option.repeated:
            values = given.setdefault(option.key, [])
            assert isinstance(values, list)
            values.append(value)
        else:
            given[option.key] = value
    return given


def _expanded(arguments: Iterable[str]) -> Iterable[str]:
    for word in arguments:
        if not word.startswith("@"):
            yield word
            continue
        try:
            text = read_text(Path(word[1:]))
        except UnreadableFile as error:
            raise WrongArguments(f"{word[1:]} cannot be read for arguments: {error}") from None
        yield from (line.strip() for line in text.splitlines() if line.strip())


def _trimmed(value: str) -> str:
    value = value.strip()
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value


def _stranger(word: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches

    if not word.startswith("-"):
        return f"there is no place for {word!r}; a feed is given with -i or -u"
    near = get_close_matches(word.partition("=")[0], known, 1)
    if near and near[0] == word.partition("=")[0]:
        return f"write {word.replace('=', ' ', 1)} with a blank, not with ="
    return f"there is no option {word}" + (f"; did you mean {near[0]}?" if near else "; see -h")
