"""Fixers by subject; each module is found by itself, as rules are."""
