"""Words as people write them: folded for comparison, and the one that was probably meant."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache

LONGEST_GUESSED = 100
"""Characters of a word that may be a slip of another; comparing takes the square of them."""
HARDLY_NEARER = 0.02
"""Of two words whose likeness (0 to 1) to a third differs by less neither is the one meant."""
MANY = 300
"""Words that each unknown one is compared with; of more, those with its first two letters."""
MOST_GUESSED = 1_000
"""Unknown words that are compared with the same known ones; nobody reads more hints."""
FEW = 12
"""Known words that may all be named in a hint."""


@lru_cache(maxsize=1 << 17)
def folded(text: str) -> str:
    """Equal for spellings that a reader takes for the same: case, width, blanks and composition."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


class Words:
    """Known words, with which many unknown ones are compared."""

    def __init__(self, known: Iterable[str]) -> None:
        self._by_fold: dict[str, str] = {}
        for word in known:
            if word:
                self._by_fold[folded(word)] = word
        self._by_start: dict[str, list[str]] = {}
        self._guesses: dict[str, list[str]] = {}

    def nearest(self, word: str) -> str | None:
        """The known word that `word` is most likely a slip of; None if nothing is near."""
        return next(iter(self._near(word)), None)

    def _near(self, word: str) -> list[str]:
        """The known words that are near, the nearest first; a second one only if it is as near."""
        target = folded(word)
        if target in self._by_fold:
            return [self._by_fold[target]]
        if target not in self._guesses:
            if len(target) > LONGEST_GUESSED or len(self._guesses) >= MOST_GUESSED:
                return []
            close = difflib.get_close_matches(target, self._alike(target), n=2, cutoff=0.6)
            if len(close) > 1 and not _equally_near(target, *close):
                close = close[:1]
            self._guesses[target] = [self._by_fold[each] for each in close]
        return self._guesses[target]

    def _alike(self, target: str) -> list[str]:
        """The words that `target` is compared with."""
        if len(self._by_fold) <= MANY:
            return list(self._by_fold)
        if not self._by_start:
            for each in self._by_fold:
                alike = self._by_start.setdefault(each[:2], [])
                if len(alike) < MANY:
                    alike.append(each)
        return self._by_start.get(target[:2], [])

    def hint(self, word: str, otherwise: str = "") -> str:
        """A hint for a person: the nearest word, two that are as near, or all if they are few."""
        if near := self._near(word):
            return f"did you mean {' or '.join(map(repr, near))}?"
        if otherwise:
            return otherwise.strip()
        if 0 < len(self._by_fold) <= FEW:
            return "known here: " + ", ".join(self._by_fold.values())
        return ""


def _equally_near(target: str, first: str, second: str) -> bool:
    """Nobody could say which of two words is meant."""
    ratios = [difflib.SequenceMatcher(None, each, target).ratio() for each in (first, second)]
    return ratios[0] - ratios[1] < HARDLY_NEARER


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that `word` is most likely a slip of; None if nothing is near."""
    return Words(known).nearest(word)


def did_you_mean(word: str, known: Iterable[str], otherwise: str = "") -> str:
    """A hint for a person: the nearest word, or all of them if they are few.

    For many unknown words `Words` is made once and asked for each.
    """
    return Words(known).hint(word, otherwise)


def some(words: Sequence[str], most: int = FEW) -> str:
    """Words with commas between them; of many the first, and how many there are besides."""
    told = ", ".join(words[:most])
    return told if len(words) <= most else f"{told} and {len(words) - most:,} more"
