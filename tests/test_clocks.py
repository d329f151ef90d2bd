"""The clock of the world is the pinned tz database, whatever the machine has."""

import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from importlib import resources
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtfsgen.clocks import (
    DAY,
    UnknownZone,
    Zone,
    breaks_of,
    offset_s,
    same_clock,
    zone_info,
    zone_names,
    zone_or_utc,
)
from gtfsgen.dates import EPOCH

ROOT = Path(__file__).parents[1]
PROJECTS = [
    *(path.parent for path in sorted((ROOT / "tests/projects").glob("*/source/feed.toml"))),
    ROOT / "source",
]
MIDNIGHT = datetime(EPOCH.year, EPOCH.month, EPOCH.day, tzinfo=UTC)
HASHES = """
import hashlib, sys
from pathlib import Path
from gtfsgen.builds import build
for number, project in enumerate(sys.argv[2:]):
    out = Path(sys.argv[1]) / str(number)
    assert build(Path(project), out).ok, project
    for file in sorted(out.rglob("*")):
        if file.is_file():
            print(number, file.relative_to(out), hashlib.sha256(file.read_bytes()).hexdigest())
"""


def hashes(out: Path, tzpath: str | None) -> str:
    environment = {name: text for name, text in os.environ.items() if name != "PYTHONTZPATH"}
    if tzpath is not None:
        environment["PYTHONTZPATH"] = tzpath
    made = subprocess.run(
        [sys.executable, "-c", HASHES, str(out), *map(str, PROJECTS)],
        env=environment, capture_output=True, text=True, timeout=600, check=False, cwd=ROOT,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    return made.stdout


def test_the_machines_zones_change_no_byte(tmp_path: Path) -> None:
    """With a system database in which Pyongyang and Berlin keep Samoa's clocks."""
    wrong = resources.files("tzdata").joinpath("zoneinfo", "Pacific", "Apia").read_bytes()
    for name in ("Asia/Pyongyang", "Asia/Shanghai", "Europe/Berlin", "Europe/Moscow", "UTC"):
        file = tmp_path / "zones" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(wrong)
    assert len(PROJECTS) >= 8
    usual = hashes(tmp_path / "usual", None)
    assert usual.count("gtfs.zip") == len(PROJECTS)
    assert usual == hashes(tmp_path / "wrong", str(tmp_path / "zones"))


@given(
    st.sampled_from(sorted(zone_names())),
    st.datetimes(datetime(1, 1, 4), datetime(9999, 12, 28)),
)
def test_offsets_are_those_of_zoneinfo(name: str, moment: datetime) -> None:
    moment = moment.replace(tzinfo=UTC, microsecond=0)
    instant = int((moment - MIDNIGHT).total_seconds())
    day = instant // DAY
    expected = moment.astimezone(zone_info(name)).utcoffset()
    assert expected is not None
    zone = Zone(name, day - 400, day + 400)
    assert zone.offset_at(instant) == expected.total_seconds()
    assert zone.offsets_at(np.array([instant]))[0] == expected.total_seconds()


@pytest.mark.parametrize("name", sorted(zone_names())[::7])
def test_every_change_of_a_zone_is_found(name: str) -> None:
    """Between two changes the offset looked at every ten days is one and the same."""
    info = zone_info(name)
    first, last = (date(1965, 1, 1) - EPOCH).days, (date(2060, 1, 1) - EPOCH).days
    zone = Zone(name, first, last)
    for day in range(first, last, 10):
        moment = (MIDNIGHT + timedelta(days=day)).astimezone(info)
        assert zone.offset_at(day * DAY) == moment.utcoffset().total_seconds()  # type: ignore[union-attr]
    for change in zone.changes:
        for instant, offset in ((change.at - 1, change.before), (change.at, change.after)):
            moment = (MIDNIGHT + timedelta(seconds=instant)).astimezone(info)
            assert moment.utcoffset() == timedelta(seconds=offset)


@given(st.dates(date(1950, 1, 1), date(2200, 1, 1)))
def test_service_days_count_from_noon_less_twelve_hours(day: date) -> None:
    for name in ("Europe/Berlin", "Asia/Shanghai", "America/Sao_Paulo", "Australia/Lord_Howe"):
        number = (day - EPOCH).days
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=zone_info(name))
        expected = int((noon - MIDNIGHT).total_seconds()) - DAY // 2
        assert Zone(name, number, number).day_starts(np.array([number])).tolist() == [expected]


def test_clocks_that_agree_for_a_while() -> None:
    """Pyongyang kept another time than Seoul from 15 August 2015 to 4 May 2018."""
    pair = ("Asia/Pyongyang", "Asia/Seoul")
    assert same_clock(*pair, date(2019, 1, 1), date(2030, 1, 1))
    assert not same_clock(*pair, date(2018, 1, 1), date(2030, 1, 1))
    assert same_clock("Nowhere/Else", "Nowhere/Else", date(2019, 1, 1), date(2019, 1, 2))
    assert not same_clock("Nowhere/Else", "Asia/Seoul", date(2019, 1, 1), date(2019, 1, 2))
    assert offset_s("Asia/Pyongyang", date(2017, 1, 1)) == 8.5 * 3600


def test_the_nights_of_change() -> None:
    days = [(date(2027, month, 1) - EPOCH).days for month in (1, 12)]
    zones = [Zone(name, *days) for name in ("Europe/Berlin", "Europe/Moscow", "Europe/London")]
    found = [EPOCH + timedelta(days=day) for day in breaks_of(zones)]
    assert found == [date(2027, 3, 28), date(2027, 10, 31)]


def test_a_zone_nobody_knows() -> None:
    assert zone_or_utc("Mars/Olympus") is zone_info("UTC")
    assert zone_or_utc(None) is zone_info("UTC")
    with pytest.raises(UnknownZone):
        Zone("Mars/Olympus", 0, 1)
    assert isinstance(zone_info("UTC"), ZoneInfo)
