"""Texts compared without regard to case as Java's String.equalsIgnoreCase does."""

from __future__ import annotations

from functools import cache

import polars as pl

_FINAL_SIGMA, _SIGMA = "\u03c2", "\u03c3"
_DOTTED_I = "\u0130"


def caseless(column: str) -> pl.Expr:
    """The texts of a column in a form that is equal where Java calls them equal ignoring case.

    Java folds a letter at a time, first to a capital, then to a small letter: the Turkish dotted
    and dotless i are the same to it as the plain one.
    """
    folds = _folds()
    text = pl.col(column).str.replace_many(list(folds), list(folds.values())).str.to_lowercase()
    # A sigma at the end of a word is lowered to its final form; Java knows no words.
    return text.str.replace_all(_FINAL_SIGMA, _SIGMA, literal=True)


@cache
def _folds() -> dict[str, str]:
    """The letters that Java folds to another letter than their plain small one."""
    folds = {}
    for letter in map(chr, range(0x80, 0xD800)):
        upper = letter.upper()
        folded = _small(upper if len(upper) == 1 else letter)
        if folded != letter.lower():
            folds[letter] = folded
    return folds


def _small(letter: str) -> str:
    lower = letter.lower()
    if letter == _DOTTED_I:
        return "i"
    return lower if len(lower) == 1 else letter
