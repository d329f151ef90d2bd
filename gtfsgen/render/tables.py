"""The tables of any feed as text: `gtfsgen.feed.tolerant`, by the names that pages use."""

from __future__ import annotations

from gtfsgen.budget import UnreadableInput
from gtfsgen.feed.tolerant import TABLES, TextTables, text_tables
from gtfsgen.feed.tolerant import TextRows as Rows

FeedUnreadable = UnreadableInput

__all__ = ["TABLES", "FeedUnreadable", "Rows", "TextTables", "UnreadableInput", "text_tables"]
