"""Words as people write them: folded for comparison, and the one that was probably meant."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

LONGEST_GUESSED = 100
"""Characters of a word that may be a slip of another; comparing takes the square of them."""
MANY = 300
"""Words that each unknown one is compared with; of more, those with its first two letters."""


@lru_cache(maxsize=1 << 17)
def folded(text: str) -> str:
    """Equal for spellings that a reader takes for the same: case, width, blanks and composition."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that `word` is most likely a slip of; None if nothing is near."""
    by_fold = {folded(each): each for each in known if each}
    target = folded(word)
    if target in by_fold:
        return by_fold[target]
    if len(target) > LONGEST_GUESSED:
        return None
    near = list(by_fold)
    if len(near) > MANY:  # so that many unknown words among many known ones take a time in line
        near = [each for each in near if each[:2] == target[:2]][:MANY]
    close = difflib.get_close_matches(target, near, n=1, cutoff=0.6)
    return by_fold[close[0]] if close else None


def did_you_mean(word: str, known: Iterable[str], otherwise: str = "") -> str:
    """A hint for a person: the nearest word, or all of them if they are few."""
    known = list(dict.fromkeys(each for each in known if each))
    best = nearest(word, known)
    if best is not None:
        return f"did you mean {best!r}?"
    if otherwise:
        return otherwise.strip()
    if 0 < len(known) <= 12:
        return "known here: " + ", ".join(known)
    return ""
