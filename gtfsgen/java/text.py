"""Texts compared without regard to case as Java's String.equalsIgnoreCase does."""

from __future__ import annotations

import polars as pl

_FINAL_SIGMA, _SIGMA = "\u03c2", "\u03c3"
FOLDS = dict(
    zip(
        "\u00b5\u0130\u0131\u017f\u0345\u03c2\u03d0\u03d1\u03d5\u03d6\u03f0\u03f1\u03f5"
        "\u1c80\u1c81\u1c82\u1c83\u1c84\u1c85\u1c86\u1c87\u1c88\u1e9b\u1fbe",
        "\u03bciis\u03b9\u03c3\u03b2\u03b8\u03c6\u03c0\u03ba\u03c1\u03b5"
        "\u0432\u0434\u043e\u0441\u0442\u0442\u044a\u0463\ua64b\u1e61\u03b9",
        strict=True,
    )
)
"""The letters that Java folds to another letter than their plain small one: dotted and dotless i,
long s, variants of Greek and Cyrillic letters."""


def caseless(column: str) -> pl.Expr:
    """The texts of a column in a form that is equal where Java calls them equal ignoring case.

    Java folds a letter at a time, first to a capital, then to a small letter: the Turkish dotted
    and dotless i are the same to it as the plain one.
    """
    text = pl.col(column).str.replace_many(FOLDS).str.to_lowercase()
    # A sigma at the end of a word is lowered to its final form; Java knows no words.
    return text.str.replace_all(_FINAL_SIGMA, _SIGMA, literal=True)
