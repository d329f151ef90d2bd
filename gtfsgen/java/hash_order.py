"""The order in which the canonical validator meets its keys: that of java.util.HashMap.

Counts never depend on it. Where trips alike are judged once, though, the one judged is the first
in that order, and its row numbers are the ones reported for all.
"""

from __future__ import annotations

SMALLEST_TABLE = 16
LOAD_FACTOR = 0.75


def string_hash(text: str) -> int:
    """`String.hashCode` as an unsigned 32-bit number."""
    value = 0
    for unit in memoryview(text.encode("utf-16-le", "surrogatepass")).cast("H"):
        value = (value * 31 + unit) & 0xFFFFFFFF
    return value


def bucket(text: str, keys: int) -> int:
    """The bucket of a key in a HashMap that has grown to hold `keys` of them."""
    table = SMALLEST_TABLE
    while keys > table * LOAD_FACTOR:
        table *= 2
    value = string_hash(text)
    return (value ^ (value >> 16)) & (table - 1)
