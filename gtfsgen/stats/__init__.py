"""Service in numbers: departures, kilometres, speeds, headways, busiest stops of any feed.

>>> from gtfsgen.stats import statistics
>>> found = statistics("feed.zip")            # doctest: +SKIP
>>> found.days                                # a polars frame # doctest: +SKIP
"""

from __future__ import annotations

from gtfsgen.stats.service import Statistics, statistics

__all__ = ["Statistics", "statistics"]
