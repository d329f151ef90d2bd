from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl

from gtfsgen.dates import Dates
from gtfsgen.diff.changes import changes
from tests.render.feeds import bus, through_coaches


def told(old: Any, new: Any) -> list[tuple[str, str, str]]:
    return [(change.kind, change.what, change.said) for change in changes(old, new)]


def test_a_feed_has_not_changed_from_itself() -> None:
    assert told(through_coaches(), through_coaches()) == []
    assert told(bus(), bus()) == []


def test_other_ids_are_no_change() -> None:
    new = through_coaches()
    for stem in ("trips", "stop_times"):
        new[stem] = new[stem].with_columns(trip_id=pl.lit("x-") + pl.col("trip_id"))
    for stem in ("trips", "calendar"):
        new[stem] = new[stem].with_columns(service_id=pl.lit("s-") + pl.col("service_id"))
    assert told(through_coaches(), new) == []


def test_another_time_is_told_on_the_local_clock_for_trains_and_coaches() -> None:
    new = through_coaches()
    new["stop_times"] = new["stop_times"].with_columns(
        pl.col("arrival_time", "departure_time").replace(
            {"41:07:00": "41:17:00", "17:07:00": "17:17:00"}
        )
    )
    assert told(through_coaches(), new) == [
        ("times", "95 › 52", "Pyongyang arr 18:07 → 18:17"),
        ("times", "through coaches K27 › 95 › 52", "Pyongyang arr 18:07 +1 → 18:17 +1"),
    ]


def test_other_days_are_told_in_words() -> None:
    new = through_coaches()
    new["calendar_dates"] = pl.DataFrame(
        {
            "service_id": ["thru", "rest"],
            "date": ["20261001", "20261001"],
            "exception_type": ["2", "1"],
        }
    )
    found = told(through_coaches(), new)
    assert [(kind, what) for kind, what, _ in found if "through" in what] == [
        ("days", "through coaches 51 › 85 › K28"),
        ("days", "through coaches K27 › 95 › 52"),
    ]
    assert "(−1 Oct 2026)" in next(said for _, what, said in found if "through" in what)
    # K27 itself runs on that day all the same.
    assert not any(what == "K27" for _, what, _ in found)


def test_a_link_that_is_gone_and_a_train_that_is_new() -> None:
    new = through_coaches()
    new["trips"] = new["trips"].with_columns(
        block_id=pl.when(pl.col("block_id") != "out").then("block_id"),
        trip_short_name=pl.col("trip_short_name").replace({"K28": "K30"}),
    )
    found = told(through_coaches(), new)
    kinds = {(kind, what, said.partition(":")[0]) for kind, what, said in found}
    assert ("link", "through coaches K27 › 95 › 52", "no longer runs") in kinds
    assert ("train", "K28", "no longer runs") in kinds
    assert ("train", "K30", "is new") in kinds


def test_stops_and_stations() -> None:
    new = through_coaches()
    new["stop_times"] = new["stop_times"].filter(
        ~((pl.col("stop_id") == "tianjin") & pl.col("trip_id").str.starts_with("K28"))
    )
    new["stops"] = new["stops"].with_columns(
        stop_name=pl.col("stop_name").replace({"Dandong": "Dandong Station"}),
        stop_lat=pl.col("stop_lat").replace({"40.1070": "40.1100"}),
    )
    found = told(through_coaches(), new)
    assert ("station", "Dandong Station", "was called Dandong") in found
    assert ("station", "Sinuiju", "moved by 333 m") in found
    assert ("stops", "K28", "no longer calls at Tianjin") in found
    assert not any(what == "K27" for _, what, _ in found)


def test_weekdays_are_counted() -> None:
    days = Dates.weekdays((0, 2, 3, 5), date(2026, 3, 12), date(2027, 11, 20))
    assert {day.weekday() for day in days} == {0, 2, 3, 5}
    assert days.by_weekday() == [sum(day.weekday() == n for day in days) for n in range(7)]
    assert days.by_weekday()[0] == 88
