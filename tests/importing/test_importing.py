from __future__ import annotations

import csv
import io
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import polars as pl
import pytest
from click.testing import CliRunner
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from gtfsgen.builds import build
from gtfsgen.cli import main
from gtfsgen.dates import Dates
from gtfsgen.diff.changes import changes
from gtfsgen.importing import UnreadableInput, import_feed
from gtfsgen.importing.days import DayWords, phrase
from gtfsgen.importing.layout import merged
from gtfsgen.render.service import service_dates
from gtfsgen.render.tables import Rows, text_tables
from gtfsgen.source.days import parse
from tests.importing.feeds import BUS, zipped

ROOT = Path(__file__).parents[2]
PROJECTS = {p.parent.name: p for p in sorted((ROOT / "tests/projects").glob("*/source"))}
PROJECTS["flagship"] = ROOT / "source"
LOCATIONS, NO_PLACES = "locations.geojson", '{"type": "FeatureCollection", "features": []}'
TODAY = date(2026, 11, 20)
FIRST, LAST = date(2026, 3, 12), date(2026, 9, 30)


def written(files: dict[str, str], folder: Path) -> Path:
    for path, text in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8", newline="")
    return folder


def rebuilt(feed: Path, folder: Path) -> dict[str, pl.DataFrame]:
    """The tables of the feed that is built of the import of `feed`."""
    made = import_feed(feed, TODAY)
    source = written(made.files, folder / "source")
    built = build(source, folder / "again.zip", draw=False, validate=False)
    assert built.feed, [str(notice) for notice in built.notices]
    return text_tables(built.feed, [*BUS_STEMS, "transfers"])


BUS_STEMS = [name.removesuffix(".txt") for name in BUS]


def rides(tables: dict[str, pl.DataFrame]) -> Counter[tuple[Any, ...]]:
    """Every call of every trip on every date, in true time of a zone without clock changes."""
    rows = Rows(tables)
    days = service_dates(rows)
    found: Counter[tuple[Any, ...]] = Counter()
    service: dict[Any, Any] = {
        row[0]: row[1] for row in rows.rows("trips", "trip_id", "service_id")
    }
    for trip, stop, arrival, departure, pickup, drop_off in rows.rows(
        "stop_times",
        "trip_id",
        "stop_id",
        "arrival_time",
        "departure_time",
        "pickup_type",
        "drop_off_type",
    ):
        for day in days.get(service[trip], Dates()):
            moments = tuple(moment(day, text) for text in (arrival, departure))
            found[trip, stop, *moments, pickup or "0", drop_off or "0"] += 1
    return found


def moment(day: date, text: str | None) -> tuple[date, int] | None:
    if text is None:
        return None
    hours, minutes, seconds = map(int, text.split(":"))
    days, hours = divmod(hours, 24)
    return day + timedelta(days=days), hours * 3600 + minutes * 60 + seconds


# ------------------------------------------------------------------------------------- round trips


@pytest.mark.parametrize("name", PROJECTS)
def test_a_railway_survives_the_way_there_and_back(name: str, tmp_path: Path) -> None:
    first = build(PROJECTS[name], tmp_path / "first.zip", validate=False)
    assert first.feed
    assert first.feed is not None
    made = import_feed(first.feed, TODAY)
    assert made.changes == []
    assert made.passed == Counter()
    source = written(made.files, tmp_path / "source")
    again = build(source, tmp_path / "again.zip", validate=False)
    assert again.feed, [str(notice) for notice in again.notices]
    assert changes(text_tables(first.feed), text_tables(again.feed)) == []


def test_the_flagship_comes_back_as_it_is_printed(tmp_path: Path) -> None:
    first = build(PROJECTS["flagship"], tmp_path / "first.zip", validate=False)
    assert first.feed is not None
    made = import_feed(first.feed, TODAY)
    grid = made.files["timetables/beijing-pyongyang.csv"].splitlines()
    assert grid[:3] == ["train,,K27,95,52", "days,,daily,daily,daily", "Beijing,,17:26,,"]
    assert "Dandong,,07:35,10:00," in grid
    assert grid[-1] == "Pyongyang,,,,18:07"
    coaches = made.files["coaches.csv"]
    assert "Mo We Th Sa,K27 > 95 > 52,Beijing,Pyongyang" in coaches
    assert "daily,95 > 52,Dandong,Pyongyang" in coaches
    again = build(written(made.files, tmp_path / "source"), tmp_path / "again.zip", validate=False)
    for name in ("trips", "stop_times", "calendar", "calendar_dates", "stops", "shapes"):
        files = [
            text_tables(feed, [name, *CORE])[name] for feed in (first.feed, again.feed) if feed
        ]
        assert files[0].equals(files[1]), name


CORE = ("stops", "routes", "trips", "stop_times")


def test_a_bus_feed_keeps_every_ride_and_what_grids_cannot_say(tmp_path: Path) -> None:
    feed = zipped(tmp_path / "bus.zip", BUS)
    before = text_tables(feed, BUS_STEMS)
    after = rebuilt(feed, tmp_path)
    assert rides(after) == rides(before)
    assert import_feed(feed, TODAY).changes == []
    trip = after["trips"].row(by_predicate=pl.col("trip_id") == "out-1", named=True)
    assert (trip["shape_id"], trip["block_id"], trip["route_id"]) == ("s", "b1", "1")
    assert (trip["wheelchair_accessible"], trip["bikes_allowed"]) == ("1", "2")
    assert not trip.get("trip_short_name")
    via = after["stop_times"].filter(pl.col("stop_headsign") == "via")
    assert via.select("trip_id", "stop_id").rows() == [("out-1", "school")]
    hill = after["stops"].row(by_predicate=pl.col("stop_id") == "hill2", named=True)
    assert hill["parent_station"] == "station"
    assert set(before["stops"]["stop_id"]) == set(after["stops"]["stop_id"])
    assert after["frequencies"].equals(before["frequencies"])
    assert after["fare_attributes"]["price"].to_list() == ["230"]
    told = after["translations"].select("field_name", "translation", "record_id").rows()
    assert ("stop_name", "市場", "market") in told
    assert {("stop_name", "丘", "hill"), ("stop_name", "丘", "hill2")} <= set(told)
    assert ("stop_headsign", "経由", None) in told


def test_what_is_passed_through_says_why(tmp_path: Path) -> None:
    made = import_feed(zipped(tmp_path / "bus.zip", BUS), TODAY)
    assert made.passed == {
        "it repeats by frequencies.txt": 1,
        "a stop has no time of its own": 1,
        "a stop lacks a name, a position or the zone there": 1,
        "it runs on no day": 1,
        "it belongs to a block and leaves after midnight": 1,
    }
    assert "07:20" not in "".join(t for p, t in made.files.items() if p.startswith("timetables"))


def test_a_stop_named_as_a_row_of_a_grid_has_an_alias(tmp_path: Path) -> None:
    made = import_feed(zipped(tmp_path / "bus.zip", BUS), TODAY)
    assert "Route (route),,12:10" in "".join(made.files.values())
    assert "Route (route)" in made.files["stations.csv"]


def test_what_a_timetable_refuses_is_passed_through_alone(tmp_path: Path) -> None:
    """Twenty minutes to the other end of the world: one trip is no reason to lose the others."""
    stops = BUS["stops.txt"] + "far,Far Away,43.06,141.35,,,\n"
    times = BUS["stop_times.txt"].replace("09:20:00,09:20:00,hill", "09:20:00,09:20:00,far")
    feed = zipped(tmp_path / "bus.zip", {**BUS, "stops.txt": stops, "stop_times.txt": times})
    made = import_feed(feed, TODAY)
    assert made.passed["the tables do not read it as it is"] == 1
    assert rides(rebuilt(feed, tmp_path)) == rides(text_tables(feed, BUS_STEMS))


def test_a_feed_without_any_trip_for_a_grid_is_passed_through_whole(tmp_path: Path) -> None:
    keep = ("every",)
    files = {
        **BUS,
        "trips.txt": only(BUS["trips.txt"], "trip_id", keep),
        "stop_times.txt": only(BUS["stop_times.txt"], "trip_id", keep),
    }
    feed = zipped(tmp_path / "bus.zip", files)
    after = rebuilt(feed, tmp_path)
    assert after["trips"]["trip_id"].to_list() == ["every"]
    assert rides(after) == rides(text_tables(feed, BUS_STEMS))


def only(text: str, column: str, values: tuple[str, ...]) -> str:
    rows = list(csv.DictReader(io.StringIO(text)))
    out = io.StringIO()
    writer = csv.DictWriter(out, rows[0])
    writer.writeheader()
    writer.writerows(row for row in rows if row[column] in values)
    return out.getvalue()


def test_numbers_of_stops_and_trips_may_be_the_same(tmp_path: Path) -> None:
    """Trips 1, 2, 3 above stops 1, 2, 3 must not be taken for a timetable with trains as rows."""
    names = {"market": "1", "school": "2", "hill2": "3", "hill": "4"}
    trips = {"out-1": "1", "out-2": "2", "back-1": "3", "back-2": "4"}
    files = dict(BUS)
    for old, new in {**names, **trips}.items():
        for name in ("stops.txt", "stop_times.txt", "trips.txt"):
            files[name] = files[name].replace(f"{old},", f"{new},")
    feed = zipped(tmp_path / "bus.zip", files)
    assert rides(rebuilt(feed, tmp_path)) == rides(text_tables(feed, BUS_STEMS))


@settings(max_examples=20, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(data=st.data())
def test_random_feeds_keep_every_ride(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    stops = ["market", "school", "hill", "route"]
    trips, times, dates = [], [], []
    for number in range(data.draw(st.integers(1, 5))):
        service = data.draw(st.sampled_from(["a", "b"]))
        short = data.draw(st.sampled_from(["", "9", "10"]))
        trips.append(f"1,{service},T{number},{short}")
        clock = data.draw(st.integers(0, 30 * 60))
        long_leg = data.draw(st.integers(0, 3))
        for order in range(data.draw(st.integers(2, 6))):
            stop = data.draw(st.sampled_from(stops))
            wait = data.draw(st.sampled_from([0, 0, 3, 40]))
            both = ",".join(f"{m // 60:02}:{m % 60:02}:00" for m in (clock, clock + wait))
            times.append(f"T{number},{both},{stop},{order}")
            clock += wait + data.draw(st.sampled_from([3, 20, 50]))
            clock += 900 if order == long_leg else 0  # and still within a day, or it would be cut
    for service in "ab":
        days = data.draw(st.sets(st.integers(0, 60), min_size=1, max_size=40))
        dates += [f"{service},{FIRST + timedelta(days=day):%Y%m%d},1" for day in sorted(days)]
    files = {name: BUS[name] for name in ("agency.txt", "stops.txt", "routes.txt")} | {
        "trips.txt": "\n".join(["route_id,service_id,trip_id,trip_short_name", *trips]),
        "stop_times.txt": "\n".join(
            ["trip_id,arrival_time,departure_time,stop_id,stop_sequence", *times]
        ),
        "calendar_dates.txt": "\n".join(["service_id,date,exception_type", *dates]),
    }
    folder = tmp_path_factory.mktemp("random")
    feed = zipped(folder / "feed.zip", files)
    before, after = text_tables(feed, BUS_STEMS), rebuilt(feed, folder)

    def at_ends(tables: Any) -> Any:
        """Trips without the arrival at the first stop and the departure from the last."""
        ordered = Rows(tables).frame("stop_times", "trip_id", "stop_sequence").with_row_index("n")
        first = ordered.group_by("trip_id").agg(pl.col("n").first(), last=pl.col("n").last())
        ends = {(t, "first"): n for t, n, _ in first.rows()} | {
            (t, "last"): n for t, _, n in first.rows()
        }
        table = Rows(tables).frame(
            "stop_times", "trip_id", "stop_id", "arrival_time", "departure_time",
            "stop_sequence", "pickup_type", "drop_off_type",
        ).with_row_index("n")  # fmt: skip
        firsts = [n for (_, end), n in ends.items() if end == "first"]
        lasts = [n for (_, end), n in ends.items() if end == "last"]
        arrival, departure = pl.col("arrival_time"), pl.col("departure_time")
        table = table.with_columns(
            arrival_time=pl.when(pl.col("n").is_in(firsts)).then(departure).otherwise(arrival),
            departure_time=pl.when(pl.col("n").is_in(lasts)).then(arrival).otherwise(departure),
        )
        return {**tables, "stop_times": table.drop("n")}

    assert rides(at_ends(after)) == rides(at_ends(before))


# ------------------------------------------------------------------------------------------- parts


@settings(deadline=None)
@given(
    st.sets(st.integers(0, (LAST - FIRST).days), min_size=1)
    | st.tuples(st.sets(st.integers(0, 6), min_size=1), st.sets(st.integers(0, 200), max_size=4))
)
def test_days_in_words_are_read_as_the_same_days(chosen: Any) -> None:
    if isinstance(chosen, tuple):
        flags, odd = chosen
        odd_days = Dates.of(FIRST + timedelta(days=day) for day in odd)
        regular = Dates.weekdays(flags, FIRST, LAST)
        dates = (regular | odd_days) - (regular & odd_days)
    else:
        dates = Dates.of(FIRST + timedelta(days=day) for day in chosen)
    row = DayWords(FIRST, LAST).parts(dates)
    assert parse(phrase(row)).dates(FIRST, LAST) == dates


def test_short_days_are_words_and_long_ones_calendars() -> None:
    words = DayWords(FIRST, LAST)
    assert words(Dates.between(FIRST, LAST), "a") == "daily"
    assert words(Dates.weekdays([0, 2, 3, 5], FIRST, LAST), "b") == "Mo We Th Sa"
    assert words(Dates.of([date(2026, 5, 1)]), "c") == "2026-05-01"
    scattered = Dates.of(FIRST + timedelta(days=day * day) for day in range(12))
    assert words(scattered, "FULLW") == "FULLW"
    assert words.calendars["FULLW"]["days"].startswith("2026-03-12 2026-03-13 2026-03-16")
    other = Dates.of(FIRST + timedelta(days=day * day) for day in range(13))
    assert words(other, "Mo-Fr") == "service-Mo-Fr"


def test_stops_find_their_places_or_another_table() -> None:
    a, b, c, d = ((name, 0) for name in "abcd")
    assert merged([a, c], (a, b, c)) == [a, b, c]
    assert merged([b, c], (a, b)) == [a, b, c]
    assert merged([a, b], (b, c, d)) == [a, b, c, d]
    assert merged([a, b], (b, a)) is None
    assert merged([a, b], (("b", 1), d)) is None, "two rows of b would be one station's"


# ----------------------------------------------------------------------------------------- command


def test_the_command_writes_a_project_that_builds(tmp_path: Path) -> None:
    feed, target = zipped(tmp_path / "bus.zip", BUS), tmp_path / "source"
    made = CliRunner().invoke(main, ["import", str(feed), "-o", str(target)])
    assert made.exit_code == 0, made.output
    assert "Built again, the tables give the same feed for riders." in made.output
    assert "1 trip is passed through in gtfs/: it repeats by frequencies.txt" in made.output
    again = tmp_path / "again.zip"
    args = ["build", str(target), "-o", str(again), "--no-validate"]
    assert CliRunner().invoke(main, args).exit_code == 0
    told = CliRunner().invoke(main, ["diff", str(feed), str(again), "--level", "rider"])
    # A trip after midnight is the next day's now, which is the same; headsigns are translated too,
    # and each text that has a translation stands there in the feed's own language as well.
    (new,) = [line for line in told.output.splitlines() if line.startswith("  ")]
    assert new.startswith("  6 translations (translation trips, trip_headsign, ja, 丘, Hill, ")
    assert new.endswith(" and 2 more): is new")


@pytest.mark.parametrize("folder", ["", "inside/"])
def test_locations_are_passed_through(tmp_path: Path, folder: str) -> None:
    given = {f"{folder}{name}": text for name, text in {**BUS, LOCATIONS: NO_PLACES}.items()}
    made = import_feed(zipped(tmp_path / "bus.zip", given), TODAY)
    assert made.remarks == import_feed(zipped(tmp_path / "bus2.zip", BUS), TODAY).remarks
    source = written(made.files, tmp_path / "source")
    built = build(source, tmp_path / "again.zip", draw=False, validate=False)
    assert built.feed is not None
    with ZipFile(built.feed) as archive:
        assert archive.read(LOCATIONS).decode() == NO_PLACES


def test_locations_that_are_no_json_are_told_of(tmp_path: Path) -> None:
    made = import_feed(zipped(tmp_path / "bus.zip", BUS | {LOCATIONS: "{"}), TODAY)
    assert f"gtfs/{LOCATIONS}" not in made.files
    assert any(text.startswith(f"{LOCATIONS} is left out") for text in made.remarks)


def test_the_command_never_writes_over_tables(tmp_path: Path) -> None:
    feed = zipped(tmp_path / "bus.zip", BUS)
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "notes.csv").write_text("letter,text\n")
    made = CliRunner().invoke(main, ["import", str(feed), "-o", str(tmp_path / "source")])
    assert made.exit_code == 2
    assert "is there already" in made.output


@pytest.mark.parametrize("name", ["stop_times.txt", "trips.txt"])
def test_no_feed_is_exit_code_2(tmp_path: Path, name: str) -> None:
    feed = zipped(tmp_path / "bus.zip", {k: v for k, v in BUS.items() if k != name})
    with pytest.raises(UnreadableInput):
        import_feed(feed, TODAY)
    made = CliRunner().invoke(main, ["import", str(feed), "-o", str(tmp_path / "source")])
    assert made.exit_code == 2
    assert not (tmp_path / "source").exists()
    (tmp_path / "text.zip").write_text("no zip")
    made = CliRunner().invoke(main, ["import", str(tmp_path / "text.zip")])
    assert (made.exit_code, made.exception.__class__) == (2, SystemExit)
