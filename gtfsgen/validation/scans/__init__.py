"""Passes over whole tables that several rules share."""
