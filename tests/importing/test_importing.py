from __future__ import annotations

import csv
import io
import zipfile
from datetime import date, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gtfsgen.builds import build
from gtfsgen.cli import main
from gtfsgen.dates import Dates
from gtfsgen.diff import compare
from gtfsgen.importing import Imported, UnreadableInput, import_feed
from gtfsgen.importing.days import DayWords, phrase
from gtfsgen.importing.layout import merged
from gtfsgen.importing.sheets import labels_of
from gtfsgen.source.days import parse
from tests.importing.feeds import BUS, zipped
from tests.importing.independent import differences

ROOT = Path(__file__).parents[2]
TODAY = date(2026, 11, 20)
FIRST, LAST = date(2026, 3, 12), date(2026, 9, 30)


def written(made: Imported, folder: Path) -> Path:
    for path, content in made.files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return folder


def rebuilt(source: Path, name: str = "again.zip") -> Path:
    built = build(source, source.parent / name, validate=False)
    assert built.feed, [str(notice) for notice in built.notices]
    return built.feed


def comes_back(feed: Path, folder: Path) -> Imported:
    """Import and build; what comes out is the same by a comparison that knows nothing of us."""
    made = import_feed(feed, TODAY)
    assert made.differences == []
    again = rebuilt(written(made, folder / "source"))
    assert differences(feed, again) == []
    return made


def table(files: dict[str, bytes], path: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(files[path].decode(), newline="")))


def grid(made: Imported, *trips: str) -> list[list[str]]:
    """The sheet that has these trains."""
    for path in made.files:
        if path.startswith("timetables/"):
            rows = table(made.files, path)
            if set(trips) <= set(rows[0]):
                return rows
    raise AssertionError(f"no sheet has {trips}")


# ------------------------------------------------------------------------------------- round trips


def test_the_flagship_comes_back_as_it_is_printed(tmp_path: Path) -> None:
    made = comes_back(ROOT / "feed/gtfs.zip", tmp_path)
    rows = made.files["timetables/beijing-pyongyang.csv"].decode().splitlines()
    assert rows[:3] == ["train,,K27,95,52", "days,,daily,daily,daily", "Beijing,,17:26,,"]
    assert rows[-1] == "Pyongyang,,,,18:07"
    coaches = made.files["coaches.csv"].decode()
    assert "Mo We Th Sa,K27 > 95 > 52,Beijing,Pyongyang" in coaches
    assert "daily,95 > 52,Dandong,Pyongyang" in coaches


def test_a_bus_feed_comes_back_to_the_cell(tmp_path: Path) -> None:
    feed = zipped(tmp_path / "bus.zip", BUS)
    made = comes_back(feed, tmp_path)
    assert made.passed == {"a stop lacks a name or a position": 1, "it runs on no day": 1}
    night = grid(made, "night")
    column = night[0].index("night")
    assert [row[column] for row in night if row[0] in ("Market", "Hill (hill)")] == [
        "24:50",
        "25:10",
    ]
    untimed = grid(made, "untimed")
    school = next(row for row in untimed if row[0] == "School")
    assert school[untimed[0].index("untimed")] == "?"
    assert not compare(feed, tmp_path / "again.zip").entries


ODD = {
    "agency.txt": BUS["agency.txt"].replace("t,Town", ",Town").replace("\nt,", "\n,"),
    "stops.txt": BUS["stops.txt"]
    .replace("Market", "Market  Square")
    .replace("35.00,", "35.000000,")
    .replace("school,School", "school,Route"),
    "routes.txt": BUS["routes.txt"].replace(",t,", ",,") + "unused,,X,Nobody rides it,700,\n",
    "extra.txt": '# not a comment,b\n  leading, trailing \n,\n"a\nb","q""q"\n',
    "empty.txt": "",
    "header_only.txt": "a,b\n",
    "one.txt": 'a\n""\nx\n',
    "notes.pdf": "no table",
    "feed_info.txt": "feed_publisher_name,feed_publisher_url,feed_lang,feed_version\n"
    "  Someone ,not an address,x-klingon,\n",
}


@pytest.mark.parametrize("name", ODD)
def test_what_tables_cannot_say_comes_back_all_the_same(tmp_path: Path, name: str) -> None:
    feed = zipped(tmp_path / "odd.zip", BUS | {name: ODD[name]})
    made = comes_back(feed, tmp_path)
    assert made.trains > 5


CHANGES = {
    "numbers from 0": lambda t: t.replace(",1,0,1,,", ",0,0,1,,"),
    "spaces in ids": lambda t: t.replace("out-1", "out 1/a"),
    "blank pick-up": lambda t: t.replace(",0,1,,", ",,1,,"),
    "a phone call": lambda t: t.replace(",5,3,3,via", ",5,2,0,via"),
    "arrives before it departs": lambda t: t.replace("9:00:00,09:00:00", "8:58:00,09:00:00"),
    "no arrival at first": lambda t: t.replace("10:00:00,10:00:00", ",10:00:00"),
    "short hours": lambda t: t.replace("09:", "9:").replace("07:", "7:").replace("06:", "6:"),
    "back in time": lambda t: t.replace("12:10:00,12:10:00", "11:10:00,11:10:00"),
    "twice at a stop": lambda t: t.replace("route,2", "market,2"),
    "not a time": lambda t: t.replace("12:10:00,12:10:00", "noon,noon"),
    "a row twice": lambda t: t + t.splitlines()[-1] + "\n",
    "no such trip": lambda t: t + "nobody,07:00:00,07:00:00,market,1,,,,\n",
}


@pytest.mark.parametrize("change", CHANGES)
def test_odd_calls_come_back(tmp_path: Path, change: str) -> None:
    times = CHANGES[change](BUS["stop_times.txt"])
    trips = BUS["trips.txt"]
    if change == "spaces in ids":
        trips = trips.replace("out-1", "out 1/a")
    assert (times, trips) != (BUS["stop_times.txt"], BUS["trips.txt"])
    files = BUS | {"stop_times.txt": times, "trips.txt": trips}
    made = comes_back(zipped(tmp_path / "odd.zip", files), tmp_path)
    assert made.trains >= 7


def test_twenty_minutes_to_the_other_end_of_the_world_are_no_fault_of_a_feed(
    tmp_path: Path,
) -> None:
    stops = BUS["stops.txt"] + "far,Far Away,43.06,141.35,,,\n"
    times = BUS["stop_times.txt"].replace("09:20:00,09:20:00,hill", "09:20:00,09:20:00,far")
    files = BUS | {"stops.txt": stops, "stop_times.txt": times}
    assert comes_back(zipped(tmp_path / "far.zip", files), tmp_path).trains == 9


@pytest.mark.parametrize("zone", ["Europe/Vienna", "America/New_York", "Africa/Cairo"])
def test_nights_of_a_clock_change_come_back(tmp_path: Path, zone: str) -> None:
    """Agency time runs through the night; the zone need not be that of the positions either."""
    days = "service_id,date,exception_type\n" + "".join(
        f"night,{day:%Y%m%d},1\n"
        for day in (date(2026, 3, 8), date(2026, 3, 29), date(2026, 10, 25))
    )
    files = BUS | {
        "agency.txt": BUS["agency.txt"].replace("Asia/Tokyo", zone),
        "calendar_dates.txt": days,
        "trips.txt": "route_id,service_id,trip_id\n"
        + "".join(f"1,night,n{h},\n" for h in range(6)),
        "stop_times.txt": "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
        + "".join(
            f"n{h},{h:02}:40:00,{h:02}:40:00,market,1\n"
            f"n{h},{h + 1:02}:20:00,{h + 1:02}:20:00,hill,2\n"
            for h in range(6)
        ),
        "frequencies.txt": "trip_id,start_time,end_time,headway_secs\n",
        "translations.txt": "table_name,field_name,language,translation,record_id,field_value\n",
    }
    files["trips.txt"] = files["trips.txt"].replace(",\n", "\n")
    assert comes_back(zipped(tmp_path / "night.zip", files), tmp_path).trains == 6


def test_a_feed_without_end_keeps_its_dates(tmp_path: Path) -> None:
    calendar = BUS["calendar.txt"].replace("20260630", "20991231")
    made = comes_back(zipped(tmp_path / "long.zip", BUS | {"calendar.txt": calendar}), tmp_path)
    assert made.trains == 9


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_random_feeds_come_back(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    stops = ["market", "school", "hill", "route", "nowhere"]
    trips, times, dates = [], [], []
    for number in range(data.draw(st.integers(1, 5))):
        service = data.draw(st.sampled_from(["a", "b"]))
        short = data.draw(st.sampled_from(["", "9", "10", " x "]))
        sign = data.draw(st.sampled_from(["", "Hill", "Elsewhere", "two  blanks"]))
        trips.append(f"1,{service},T{number},{short},{sign}")
        clock = data.draw(st.integers(0, 30 * 60))
        start = data.draw(st.sampled_from([0, 1, 1, 7]))
        for order in range(data.draw(st.integers(1, 6))):
            stop = data.draw(st.sampled_from(stops))
            wait = data.draw(st.sampled_from([0, 0, 3, 40, -1]))
            both = ",".join(f"{m // 60:02}:{m % 60:02}:00" for m in (clock, clock + wait))
            if data.draw(st.integers(0, 8)) == 0:
                both = data.draw(st.sampled_from([",", f",{both[-8:]}", f"{both[:8]},"]))
            marks = data.draw(st.sampled_from([",,", "0,0,1", "1,0,", "3,3,0", "2,1,1", "1,1,0"]))
            times.append(f"T{number},{both},{stop},{order * 2 + start},{marks}")
            clock += wait + data.draw(st.sampled_from([0, 3, 20, 50, 1500]))
    for service in "ab":
        days = data.draw(st.sets(st.integers(0, 60), min_size=1, max_size=40))
        dates += [f"{service},{FIRST + timedelta(days=day):%Y%m%d},1" for day in sorted(days)]
    files = {name: BUS[name] for name in ("agency.txt", "stops.txt", "routes.txt")} | {
        "trips.txt": "\n".join(
            ["route_id,service_id,trip_id,trip_short_name,trip_headsign", *trips, ""]
        ),
        "stop_times.txt": "\n".join(
            [
                "trip_id,arrival_time,departure_time,stop_id,stop_sequence,"
                "pickup_type,drop_off_type,timepoint",
                *times,
                "",
            ]
        ),
        "calendar_dates.txt": "\n".join(["service_id,date,exception_type", *dates, ""]),
    }
    folder = tmp_path_factory.mktemp("random")
    comes_back(zipped(folder / "feed.zip", files), folder)


# --------------------------------------------------------------------------------------- encodings


def encoded(path: Path, codec: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in BUS.items():
            archive.writestr(name, text.replace("Market", "市場前").encode(codec))
    return path


@pytest.mark.parametrize("codec", ["cp932", "euc_jp", "utf-16"])
def test_other_encodings_are_read_as_what_they_are(tmp_path: Path, codec: str) -> None:
    made = import_feed(encoded(tmp_path / "bus.zip", codec), TODAY)
    assert "市場前" in made.files["stations.csv"].decode()
    assert any("becomes UTF-8" in text for text in made.remarks)
    again = rebuilt(written(made, tmp_path / "source"))
    plain = zipped(
        tmp_path / "plain.zip",
        {name: text.replace("Market", "市場前") for name, text in BUS.items()},
    )
    assert differences(plain, again) == []


def test_an_encoding_that_is_not_known_is_refused_by_name(tmp_path: Path) -> None:
    feed = tmp_path / "bus.zip"
    with zipfile.ZipFile(feed, "w") as archive:
        for name, text in BUS.items():
            archive.writestr(
                name, text.replace("Market", "M\0rket").encode().replace(b"\0", b"\xff")
            )
    with pytest.raises(
        UnreadableInput, match=r"routes.txt is neither UTF-8 nor Shift-JIS or EUC-JP"
    ):
        import_feed(feed, TODAY)


# ------------------------------------------------------------------------------------------- edits


@pytest.fixture
def bus(tmp_path: Path) -> Path:
    return written(import_feed(zipped(tmp_path / "bus.zip", BUS), TODAY), tmp_path / "source")


def edited(source: Path, trip: str, change: str) -> None:
    """Take the column of a trip out of its sheet, or put another beside it."""
    for file in sorted(source.glob("timetables/*.csv")):
        rows = list(csv.reader(file.open(newline="")))
        if trip not in rows[0]:
            continue
        place = rows[0].index(trip)
        for row in rows:
            if change == "delete":
                del row[place]
            else:
                row.insert(place, "new" if row[0] == "train" else row[place])
        with file.open("w", newline="") as out:
            csv.writer(out).writerows(rows)
        if change == "delete" and len(rows[0]) == 2:
            file.unlink()
        return
    raise AssertionError(trip)


def test_a_train_can_be_deleted(tmp_path: Path, bus: Path) -> None:
    edited(bus, "out-1", "delete")
    built = build(bus, tmp_path / "less.zip", validate=False)
    assert built.feed, built.notices
    assert any(n.code == "detail_without_row" and "out-1" in n.message for n in built.notices)
    told = differences(tmp_path / "bus.zip", built.feed)
    assert sorted(text.split(":")[0] for text in told if ": " in text) == [
        "stop_times.txt",
        "trips.txt",
    ]


def test_what_hangs_on_a_deleted_train_is_one_error_and_one_command(
    tmp_path: Path, bus: Path
) -> None:
    edited(bus, "every", "delete")
    built = build(bus, tmp_path / "less.zip", validate=False)
    (error,) = [notice for notice in built.notices if notice.severity.name == "ERROR"]
    assert error.code == "hangs_on_deleted_train"
    assert "1 of frequencies.txt" in error.message
    assert "every" in error.message
    told = CliRunner().invoke(main, ["tidy", str(bus)])
    assert told.exit_code == 0
    assert "gtfs/frequencies.txt: 1 row taken out" in told.output
    assert build(bus, tmp_path / "less.zip", validate=False).feed
    assert "Nothing hangs" in CliRunner().invoke(main, ["tidy", str(bus)]).output


def test_a_train_can_be_added(tmp_path: Path, bus: Path) -> None:
    edited(bus, "back-1", "add")
    built = build(bus, tmp_path / "more.zip", validate=False)
    assert built.feed, built.notices
    trips = built.tables["trips"]
    assert trips.filter(trips["trip_id"] == "new")["service_id"].to_list() == ["wk"]


def test_a_station_can_be_renamed(tmp_path: Path, bus: Path) -> None:
    for file in [bus / "stations.csv", *bus.glob("timetables/*.csv")]:
        file.write_text(file.read_text().replace("School", "Academy"))
    built = build(bus, tmp_path / "renamed.zip", validate=False)
    assert built.feed, built.notices
    assert "Academy" in built.tables["stops"]["stop_name"].to_list()


def test_days_and_times_can_be_edited(tmp_path: Path, bus: Path) -> None:
    for file in bus.glob("timetables/*.csv"):
        text = file.read_text()
        if "back-2" in text:
            file.write_text(text.replace("10:30", "10:35").replace("2026-05-02", "2026-05-03"))
    built = build(bus, tmp_path / "moved.zip", validate=False)
    assert built.feed, built.notices
    times = built.tables["stop_times"]
    last = times.filter((times["trip_id"] == "back-2") & (times["stop_sequence"] == "3"))
    assert last["arrival_time"].to_list() == ["10:35:00"]


# ------------------------------------------------------------------------------------------- parts


@settings(deadline=None)
@given(
    st.sets(st.integers(0, (LAST - FIRST).days), min_size=1)
    | st.tuples(st.sets(st.integers(0, 6), min_size=1), st.sets(st.integers(0, 200), max_size=4))
)
def test_days_in_words_are_read_as_the_same_days(
    chosen: set[int] | tuple[set[int], set[int]],
) -> None:
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


def test_labels_are_names_where_names_are_enough() -> None:
    names = {"1": "Market", "2": "Hill", "3": "hill", "4": "Route", "5": "1"}
    assert labels_of(names) == {
        "1": "Market", "2": "Hill (2)", "3": "hill (3)", "4": "Route (4)", "5": "1 (5)",
    }  # fmt: skip


# ----------------------------------------------------------------------------------------- command


def test_the_command_writes_a_project_that_builds(tmp_path: Path) -> None:
    feed, target = zipped(tmp_path / "bus.zip", BUS), tmp_path / "source"
    made = CliRunner().invoke(main, ["import", str(feed), "-o", str(target)])
    assert made.exit_code == 0, made.output
    assert "the tables give the same feed" in made.output
    assert "1 trip is left in gtfs/ to the letter: it runs on no day" in made.output
    again = tmp_path / "again.zip"
    built = CliRunner().invoke(main, ["build", str(target), "-o", str(again), "--no-validate"])
    assert built.exit_code == 0, built.output
    assert differences(feed, again) == []


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
