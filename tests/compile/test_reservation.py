"""A compulsory reservation is written for MOTIS where feed.toml wants it, and only then."""

from __future__ import annotations

import shutil
from pathlib import Path

import polars as pl
import pytest

import gtfsgen
from gtfsgen.source.reader import read_source

PROJECT = Path(__file__).parents[1] / "projects" / "kunming-vientiane-2023" / "source"


def trips(folder: Path) -> pl.DataFrame:
    gtfsgen.build(folder, folder.parent / "gtfs.zip", validate=False)
    return gtfsgen.read(folder.parent / "gtfs.zip")["trips"]


def project(folder: Path, reservation: str, option: str) -> Path:
    shutil.copytree(PROJECT, folder)
    timetable = folder / "timetables" / "northbound.csv"
    head, row = timetable.read_text("utf-8").splitlines()
    head, row = (
        head.replace("days,", "days,reservation,"),
        row.replace("daily,", f"daily,{reservation},"),
    )
    timetable.write_text(f"{head}\n{row}\n", "utf-8")
    toml = folder / "feed.toml"
    toml.write_text(f"{toml.read_text('utf-8')}\n[compile]\n{option}\n", "utf-8")
    return folder


@pytest.mark.parametrize(
    ("reservation", "option", "written"),
    [
        ("required", "motis_reservation = true", True),
        ("recommended", "motis_reservation = true", False),
        ("required", "motis_reservation = false", False),
        ("required", "", False),
    ],
)
def test_reservation(reservation: str, option: str, written: bool, tmp_path: Path) -> None:
    found = trips(project(tmp_path / "source", reservation, option))
    assert ("pickup_type" in found.columns) == written
    if written:
        assert set(found["pickup_type"].to_list()) == {2, None}


@pytest.mark.parametrize(
    ("option", "code"),
    [("motis_reservation = 1", "invalid_value"), ("motis_reservations = true", "unknown_key")],
)
def test_a_wrong_option_is_told(option: str, code: str, tmp_path: Path) -> None:
    source = read_source(project(tmp_path / "source", "required", option))
    assert code in {fault.code for fault in source.faults}
