"""How the words of the curated tables become ids of the feed: one way, for all tables."""

from __future__ import annotations

import re

import polars as pl


def slug(text: str) -> str:
    """Text as it may stand in an id: no blanks, slashes as hyphens."""
    return re.sub(r"[\s/]+", "-", text.strip())


def slugs(column: pl.Series) -> pl.Series:
    """`slug` of each value of a text column, each distinct value made once."""
    words = column.unique(maintain_order=True).to_list()
    return column.replace_strict(words, [slug(word) for word in words], return_dtype=pl.String)
