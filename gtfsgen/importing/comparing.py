"""Whether built tables are those of a feed: every file, every column, every cell, as multisets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

Tables = Mapping[str, pl.DataFrame]


@dataclass
class Unlike:
    """What is not the same. Rows are those of the feed or of what was built, in full."""

    files: list[str] = field(default_factory=list)
    """Files that are there only once, or with other columns, in words."""
    rows: dict[str, pl.DataFrame] = field(default_factory=dict)
    """File -> rows that the two do not share."""

    def __bool__(self) -> bool:
        return bool(self.files or self.rows)


def compare_tables(given: Tables, built: Tables) -> Unlike:
    """What the tables do not share; `built` may have columns of origin beyond those of `given`."""
    found = Unlike()
    for name in sorted({*given, *built}):
        if name not in built or name not in given:
            found.files.append(f"{name}.txt is {'new' if name in built else 'gone'}")
            continue
        one, other = given[name], built[name]
        if set(one.columns) != set(other.columns):
            odd = sorted(set(one.columns) ^ set(other.columns))
            found.files.append(f"{name}.txt has other columns: {', '.join(odd)}")
            continue
        columns = one.columns
        other = other.select(columns)
        if one.height == other.height and one.equals(other):
            continue
        counts = [frame.group_by(columns).agg(pl.len().alias("rows_")) for frame in (one, other)]
        keys = [*columns, "rows_"]
        odd_rows = [
            counts[0].join(counts[1], on=keys, how="anti"),
            counts[1].join(counts[0], on=keys, how="anti"),
        ]
        rows = pl.concat(odd_rows).drop("rows_")
        if rows.height:
            found.rows[name] = rows
    return found
