"""Rows at fault, as frames: codes and numbers, turned into text only for what is shown."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

    from gtfsgen.faults import Severity

TIME_COLUMN = re.compile(
    r"^time$|(^|_)(arrival|departure|start|end|curr_start|prev_end|last)_time\d?$|_window\d?$"
)
"""Integer columns of these names hold seconds of the service day and are shown as HH:MM:SS."""


@dataclass
class Rows:
    """The rows at fault of one code.

    `frame` has a row per notice and a column per particular, named as the particular in snake
    case, in the order in which they are shown. `constants` are particulars that all rows share.
    `order` names all particulars in their order where constants do not simply come first.
    """

    frame: Any
    """A polars DataFrame; a rule may give a lazy one, which the engine collects."""
    constants: dict[str, Any] = field(default_factory=dict)
    order: tuple[str, ...] = ()
    nullable: tuple[str, ...] = ()
    """Texts that are left out where they are blank; all others are then shown as empty."""
    severity: Severity | None = None
    """Where these rows are less grave than others of their code; else that of the rule."""
    more: int = 0
    """So many notices come after those of `frame` and are only counted: see `Budget.notices`."""

    def __len__(self) -> int:
        return self.frame.height + self.more

    def kept(self, most: int) -> Rows:
        """These rows, of which no more than `most` are kept in full."""
        over = self.frame.height - most
        if over <= 0:
            return self
        return replace(self, frame=self.frame.head(most), more=self.more + over)

    def shown(self, limit: int | None = None) -> pl.DataFrame:
        """The frame as people read it: times as HH:MM:SS, dates as YYYYMMDD, blanks empty."""
        import polars as pl

        frame = self.frame if limit is None else self.frame.head(limit)
        changes = [
            clock(name)
            if dtype.is_integer() and TIME_COLUMN.search(name)
            else pl.col(name).dt.strftime("%Y%m%d")
            if dtype == pl.Date
            else pl.col(name).cast(pl.String).fill_null("")
            for name, dtype in frame.schema.items()
            if (dtype.is_integer() and TIME_COLUMN.search(name))
            or dtype == pl.Date
            or (name not in self.nullable and dtype.base_type() in (pl.String, pl.Categorical))
        ]
        return frame.with_columns(changes) if changes else frame

    def particulars(self, limit: int | None = None) -> list[dict[str, Any]]:
        """The notices as dicts in canonical form: camelCase, absent values left out, times as
        text.
        """
        frame = self.shown(limit)
        order = self.order or (*self.constants, *frame.columns)
        names = {name: camel(name) for name in order}
        return [
            {names[name]: value for name in order if (value := row.get(name)) is not None}
            for row in ({**self.constants, **row} for row in frame.iter_rows(named=True))
        ]


def clock(name: str) -> pl.Expr:
    """Seconds of the service day as HH:MM:SS, hours past 24 included."""
    import polars as pl

    seconds = pl.col(name)

    def two(value: pl.Expr) -> pl.Expr:
        return value.cast(pl.String).str.zfill(2)

    return pl.concat_str(
        two(seconds // 3600), pl.lit(":"), two(seconds // 60 % 60), pl.lit(":"), two(seconds % 60)
    ).alias(name)


def camel(name: str) -> str:
    """`csv_row_number` as `csvRowNumber`."""
    head, *rest = name.split("_")
    return head + "".join(part[:1].upper() + part[1:] for part in rest)


def gtfs_name(particular: str) -> str:
    """`stopTimeCsvRowNumber` as `stop_time_row`, `tripId` as `trip_id`."""
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", particular).lower()
    return name.replace("csv_row_number", "row").replace("row_number", "row")
