"""Fingerprints of cells, rows and sets of rows, as 64-bit numbers in arrays.

They are compared for equality and never ordered for anybody to see, so results do not depend on
them. Two different things share one with a probability of about 1 in 10^19.
"""

from __future__ import annotations

import hashlib

import numpy as np
import polars as pl

Hashes = np.ndarray


def mixed(values: Hashes) -> Hashes:
    """Each number scattered over all 64 bits (the finalizer of splitmix64)."""
    with np.errstate(over="ignore"):
        x = values + np.uint64(0x9E3779B97F4A7C15)
        x ^= x >> np.uint64(30)
        x *= np.uint64(0xBF58476D1CE4E5B9)
        x ^= x >> np.uint64(27)
        x *= np.uint64(0x94D049BB133111EB)
        x ^= x >> np.uint64(31)
    return x


def of_name(name: str) -> np.uint64:
    """The fingerprint of one text, the same in every run."""
    return np.uint64(
        int.from_bytes(
            hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little"
        )
    )


def of_texts(texts: pl.Series) -> Hashes:
    """One fingerprint a text; 0 for null."""
    distinct = texts.unique()
    known = [0 if text is None else int(of_name(text)) for text in distinct.to_list()]
    frame = pl.DataFrame({"text": distinct, "hash": pl.Series(known, dtype=pl.UInt64)})
    joined = pl.DataFrame({"text": texts}).join(
        frame, on="text", how="left", nulls_equal=True, maintain_order="left"
    )
    return joined["hash"].to_numpy().copy()


def combined(*parts: Hashes) -> Hashes:
    """Fingerprints of rows from those of their cells; the order of the cells counts."""
    with np.errstate(over="ignore"):
        total = np.zeros_like(parts[0])
        for part in parts:
            total = mixed(total * np.uint64(3) + part)
    return total


def summed(hashes: Hashes, groups: np.ndarray, count: int) -> Hashes:
    """The sum of each group's fingerprints: that of a multiset. Groups below 0 are left out."""
    total = np.zeros(count, np.uint64)
    inside = groups >= 0
    if not inside.all():
        hashes, groups = hashes[inside], groups[inside]
    with np.errstate(over="ignore"):
        np.add.at(total, groups, hashes)
    return total
