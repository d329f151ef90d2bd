"""Reading curated tables: grids, days, times, coaches; every value with its position."""

from gtfsgen.source.reader import read_source, write_holidays
from gtfsgen.source.settings import SourceUnreadable

__all__ = ["SourceUnreadable", "read_source", "write_holidays"]
