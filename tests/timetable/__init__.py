"""Tests of the timetable room."""
