"""What two feeds differ in, told to riders, planners and data people.

    >>> from gtfsgen.diff import compare
    >>> difference = compare("last-week.zip", "feed.zip", level="rider")   # doctest: +SKIP
    >>> [entry.text for entry in difference.entries]                       # doctest: +SKIP
    ['K27: +2 min from Tianjin on']

Two feeds are compared as what they say and not as files: other ids, other services for the same
days, another order of rows, another encoding are no difference.
"""

from __future__ import annotations

from gtfsgen.diff.comparing import compare
from gtfsgen.diff.entries import Difference, Entry
from gtfsgen.diff.fields import Level

__all__ = ["Difference", "Entry", "Level", "compare"]
