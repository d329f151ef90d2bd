"""Many feeds: a list of paths and addresses, validated side by side, and one table.

gtfsgen.catalogue.read_list(path)       the entries of a list
gtfsgen.catalogue.validate_all(...)     an outcome for each, as they are ready
gtfsgen.catalogue.table(outcomes)       a frame, a row per feed
"""

from __future__ import annotations

from gtfsgen.catalogue.entries import Entry, ListError, read_list
from gtfsgen.catalogue.outcomes import Outcome, table
from gtfsgen.catalogue.run import Settings, validate_all

__all__ = ["Entry", "ListError", "Outcome", "Settings", "read_list", "table", "validate_all"]
