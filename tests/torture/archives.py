"""Hostile archives, a recipe a line: every command ends in words, within a minute and its memory."""

from __future__ import annotations

import json
import os
import resource
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.torture import Result

SECONDS = 60
PEAK_MB = 4300
MOST_DATA = 12 << 30
"""Bytes that a command may ask for, whether it uses them or not."""
FAULTS_OF_OURS = ("Traceback", "panicked", "runtime_exception_in", "should not have happened")
MEGA = 1 << 20
Text = str | bytes | Iterator[bytes]
Members = dict[str, Text]

CORE: Members = {
    "agency.txt": "agency_id,agency_name,agency_url,agency_timezone\nA,A,http://a.example,UTC\n",
    "stops.txt": "stop_id,stop_name,stop_lat,stop_lon\nS1,One,50,10\nS2,Two,50.1,10.1\n",
    "routes.txt": "route_id,agency_id,route_short_name,route_type\nR,A,1,3\n",
    "trips.txt": "route_id,service_id,trip_id\nR,D,T\n",
    "stop_times.txt": "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
    "T,08:00:00,08:00:00,S1,1\nT,09:00:00,09:00:00,S2,2\n",
    "calendar.txt": "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,"
    "start_date,end_date\nD,1,1,1,1,1,1,1,20260101,20261231\n",
}
CALENDAR = str(CORE["calendar.txt"]).partition("\n")[0] + "\n"
TIMES = str(CORE["stop_times.txt"]).partition("\n")[0] + "\n"


def repeated(text: bytes, size: int, head: bytes = b"") -> Iterator[bytes]:
    """`head`, then so many bytes of a text over and over, a megabyte at a time."""
    yield head
    block = text * (MEGA // len(text))
    for _ in range(size // len(block)):
        yield block


def parts(text: Text) -> Iterator[bytes]:
    if isinstance(text, str):
        text = text.encode()
    if isinstance(text, bytes):
        text = iter([text])
    yield from text


def zipped(folder: Path, changes: Members, method: int = zipfile.ZIP_DEFLATED) -> Path:
    path = folder / "feed.zip"
    with zipfile.ZipFile(path, "w", method, compresslevel=1) as archive:
        for name, text in {**CORE, **changes}.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = method
            with archive.open(info, "w", force_zip64=isinstance(text, Iterator)) as entry:
                for part in parts(text):
                    entry.write(part)
    return path


def foldered(folder: Path, changes: Members) -> Path:
    path = folder / "feed"
    path.mkdir()
    for name, text in {**CORE, **changes}.items():
        with (path / name).open("wb") as file:
            for part in parts(text):
                file.write(part)
    return path


def packed(**changes: Text) -> Callable[[Path], Path]:
    return lambda folder: zipped(folder, {f"{n}.txt": text for n, text in changes.items()})


def stored(**changes: Text) -> Callable[[Path], Path]:
    members = {f"{n}.txt": text for n, text in changes.items()}
    return lambda folder: zipped(folder, members, zipfile.ZIP_STORED)


def plain(**changes: Text) -> Callable[[Path], Path]:
    return lambda folder: foldered(folder, {f"{n}.txt": text for n, text in changes.items()})


def named(changes: Members) -> Callable[[Path], Path]:
    return lambda folder: zipped(folder, changes)


def altered(change: Callable[[bytearray], None]) -> Callable[[Path], Path]:
    """The plain feed with bytes changed after it was packed."""

    def make(folder: Path) -> Path:
        path = zipped(folder, {})
        data = bytearray(path.read_bytes())
        change(data)
        path.write_bytes(data)
        return path

    return make


def directory(data: bytearray, name: bytes) -> int:
    """Where the directory speaks of a file."""
    return data.rfind(name) - 46


def put(data: bytearray, at: int, form: str, *values: int) -> None:
    struct.pack_into(form, data, at, *values)


def many_entries(folder: Path) -> Path:
    path = folder / "feed.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(100_000):
            archive.writestr(f"{number}.txt", "")
    return path


def odd_folder(folder: Path) -> Path:
    path = foldered(folder, {})
    os.mkfifo(path / "shapes.txt")
    os.mkfifo(path / "locations.geojson")
    (path / "levels.txt").symlink_to("/dev/zero")
    (path / "areas.txt").symlink_to("areas.txt")
    (path / "pathways.txt").symlink_to("/nowhere")
    (path / "fare_rules.txt").mkdir()
    (path / "odd\udcff\n.txt").write_text("x")
    return path


def fifo(folder: Path) -> Path:
    os.mkfifo(folder / "feed.zip")
    return folder / "feed.zip"


def overlapping(data: bytearray) -> None:
    first = directory(data, b"agency.txt")
    for name in (b"stops.txt", b"routes.txt", b"trips.txt"):
        at = directory(data, name)
        data[at + 16 : at + 28] = data[first + 16 : first + 28]
        data[at + 42 : at + 46] = data[first + 42 : first + 46]


def with_names(count: int, row: str) -> str:
    return "".join(row.format(n=n) for n in range(count))


def services(count: int, first: str, last: str) -> Members:
    return {
        "calendar.txt": CALENDAR + with_names(count, f"D{{n}},1,1,1,1,1,1,1,{first},{last}\n"),
        "trips.txt": "route_id,service_id,trip_id\nR,D0,T\n"
        + with_names(count, "R,D{n},T{n}\n"),
    }  # fmt: skip


def block_of_trips(count: int) -> Members:
    return {
        "trips.txt": "route_id,service_id,trip_id,block_id\n" + with_names(count, "R,D,T{n},B\n"),
        "stop_times.txt": TIMES
        + with_names(count, "T{n},08:00:00,08:00:00,S1,1\nT{n},09:00:00,09:00:00,S2,2\n"),
    }


def long_shape(count: int) -> Members:
    points = "".join(f"H,{50 + n * 1e-7:.7f},{10 + n % 7 * 1e-6:.7f},{n}\n" for n in range(count))
    return {
        "shapes.txt": "shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence\n" + points,
        "trips.txt": "route_id,service_id,trip_id,shape_id\nR,D,T,H\n",
    }


def zones(count: int) -> Members:
    ring = [[10, 50], [10, 51], [11, 51], [11, 50], [10, 50]]
    features = [
        {"id": f"Z{n}", "type": "Feature", "properties": {},
         "geometry": {"type": "Polygon", "coordinates": [ring]}}
        for n in range(count)
    ]  # fmt: skip
    rows = with_names(count, "T,Z{n},{n},08:00:00,20:00:00,2,2\n")
    return {
        "locations.geojson": json.dumps({"type": "FeatureCollection", "features": features}),
        "stop_times.txt": "trip_id,location_id,stop_sequence,start_pickup_drop_off_window,"
        "end_pickup_drop_off_window,pickup_type,drop_off_type\n" + rows,
    }


def geojson(text: Text) -> Callable[[Path], Path]:
    return lambda folder: zipped(folder, {"locations.geojson": text})


def late(time_: str) -> Text:
    return TIMES + f"T,08:00:00,08:00:00,S1,1\nT,{time_},{time_},S2,2\n"


def headways(row: str) -> Text:
    return "trip_id,start_time,end_time,headway_secs\n" + row


def linked(count: int, each: int) -> Members:
    """Trips of which each goes on as very many others."""
    return {
        "trips.txt": "route_id,service_id,trip_id\nR,D,T\n" + with_names(count, "R,D,T{n}\n"),
        "stop_times.txt": TIMES
        + with_names(count, "T{n},08:00:00,08:00:00,S1,1\nT{n},09:00:00,09:00:00,S2,2\n"),
        "transfers.txt": "from_trip_id,to_trip_id,transfer_type\n"
        + "".join(f"T{a},T{(a + b + 1) % count},4\n" for a in range(count) for b in range(each)),
    }


def services_of_a_day(count: int) -> Members:
    return {
        "calendar.txt": CALENDAR + with_names(count, "D{n},1,1,1,1,1,1,1,20260101,20261231\n"),
        "trips.txt": "route_id,service_id,trip_id,block_id\n"
        + with_names(count, "R,D{n},T{n},B\n"),
        "stop_times.txt": TIMES
        + with_names(count, "T{n},08:00:00,08:00:00,S1,1\nT{n},09:00:00,09:00:00,S2,2\n"),
    }


GIGA = 1024 * MEGA
# ruff: noqa: E501  a recipe a line
RECIPES: dict[str, Callable[[Path], Path]] = {
    "1 GB of commas": packed(stops=repeated(b",", GIGA)),
    "1 GB of rows": packed(stop_times=repeated(b"T,08:00:00,08:00:00,S1,1\n", GIGA, TIMES.encode())),
    "1 GB of zeros": packed(stops=repeated(b"\0", GIGA)),
    "1 GB of newlines": packed(stop_times=repeated(b"\n", GIGA, TIMES.encode())),
    "1 GB of spaces": packed(trips=repeated(b" ", GIGA, b"route_id,service_id,trip_id\n")),
    "300 MB of newlines, not packed": stored(stop_times=repeated(b"\n", 300 * MEGA, TIMES.encode())),
    "300 MB of commas, in a folder": plain(stops=repeated(b",", 300 * MEGA)),
    "300 MB of short rows, in a folder": plain(stops=repeated(b"a\n", 300 * MEGA, b"stop_id,b\n")),
    "300 MB in an open quote": plain(stops=repeated(b"a\n", 300 * MEGA, b'stop_id,b\nA,"')),
    "300 MB of quotes": plain(stops=repeated(b'"', 300 * MEGA, b"stop_id,b\nA,")),
    "an unknown file of 2 GB": named({"x.bin": repeated(b"\0", 2 * GIGA)}),
    "a cell of 512 MB": packed(stops=repeated(b"a", 512 * MEGA, b"stop_id,stop_name\nA,")),
    "an area of 100 MB": stored(areas=repeated(b"a", 100 * MEGA, b"area_id,area_name\nA,")),
    "GeoJSON of 1 GB": geojson(repeated(b" ", GIGA)),
    "GeoJSON of 100 MB of brackets": lambda f: foldered(f, {"locations.geojson": b"[" * 100 * MEGA}),
    "deep GeoJSON": geojson('{"type":' + "[" * 1_000_000),
    "deep coordinates": geojson(
        '{"type":"FeatureCollection","features":[{"id":"a","type":"Feature","properties":{},'
        '"geometry":{"type":"Polygon","coordinates":' + "[" * 900 + "1" + "]" * 900 + "}}]}"
    ),
    "names //x and ..": named({"//x": "1", "../../x": "2", "C:\\x": "3", "a/../b.txt": "4"}),
    "names of control characters": named({"a\x1b[31m.txt": "", "\n": "", "x" * 60000: ""}),
    "pipes, devices, links": odd_folder,
    "a pipe for a feed": fifo,
    "overlapping files": altered(overlapping),
    "a file that claims 2^32 - 2 bytes": altered(
        lambda d: put(d, directory(d, b"stops.txt") + 24, "<I", 2**32 - 2)),
    "a file of wrong offset": altered(
        lambda d: put(d, directory(d, b"stops.txt") + 42, "<I", 2**31)),
    "a wrong checksum": altered(lambda d: put(d, directory(d, b"stops.txt") + 16, "<I", 1)),
    "an encrypted file": altered(lambda d: put(d, directory(d, b"stops.txt") + 8, "<H", 1)),
    "an unknown way of packing": altered(
        lambda d: put(d, directory(d, b"stops.txt") + 10, "<H", 97)),
    "damaged data": altered(lambda d: put(d, 60, "<QQ", 2**64 - 1, 2**64 - 1)),
    "cut in the middle": altered(lambda d: d.__delitem__(slice(len(d) // 2, None))),
    "a directory of 2^32 - 2 bytes": altered(lambda d: put(d, len(d) - 10, "<I", 2**32 - 2)),
    "a zip in a zip": named({"feed.zip": b"PK\3\4" * 99}),
    "100,000 files": many_entries,
    "UTF-16": packed(stops=str(CORE["stops.txt"]).encode("utf-16")),
    "nothing in stops": packed(stops=""),
    "years 0001 to 9999": named(services(3, "00010101", "99991231")),
    "date 00000000": named(services(2, "00000000", "20261231")),
    "before 1970": named(services(2, "19000101", "19691231")),
    "calendar_dates of odd years": packed(
        calendar_dates="service_id,date,exception_type\nD,00010101,1\nD,99991231,1\nD,00000000,1\n"
    ),
    "1,000 services of 70 years": named(services(1000, "20000101", "20691231")),
    "times of 10^9 hours": packed(stop_times=late("1000000000:00:00")),
    "times of 500,000 hours": packed(stop_times=late("500000:00:00")),
    "headways of 10^4 digits": packed(frequencies=headways("T,08:00:00,09:00:00," + "9" * 4000)),
    "a headway of a second for years": packed(frequencies=headways("T,00:00:00,500000:00:00,1\n")),
    "10^4 trips in one block": named(block_of_trips(10_000)),
    "10^6 points of a shape": named(long_shape(1_000_000)),
    "3,000 zones over each other": named(zones(3000)),
    "duplicate ids": packed(
        stops=str(CORE["stops.txt"]) * 2, trips=str(CORE["trips.txt"]) * 3,
        routes=str(CORE["routes.txt"]) * 2),
    "an open quote": packed(stops='stop_id,stop_name\nS1,"never closed\nS2,b\n'),
    "names for rich": packed(stops="stop_id,stop_name,stop_lat,stop_lon\nS1,[/],50,10\nS2,[b],5,1\n"),
    "infinite places": packed(
        stops="stop_id,stop_name,stop_lat,stop_lon\nS1,a,1e999,nan\nS2,b,-inf,1e308\n"),
    "10^5 stops in one place": packed(stops=str(CORE["stops.txt"]) + with_names(100_000, "X{n},Same,50,10\n")),
    "a trip of 10^5 stop times": packed(stop_times=TIMES + with_names(100_000, "T,08:00:00,08:00:00,S1,{n}\n")),
    "2,000 trips each linked to 500": named(linked(2000, 500)),
    "10^4 services of a day in one block": named(services_of_a_day(10_000)),
    "stations in a ring": packed(
        stops="stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station\n"
        "S1,One,50,10,0,S2\nS2,Two,50.1,10.1,1,S1\nS3,Three,50.1,10.1,1,S3\n"),
    "10^5 routes": packed(
        routes=str(CORE["routes.txt"]) + with_names(100_000, "R{n},A,{n},3\n")),
    "10^6 calendar dates": packed(
        calendar_dates="service_id,date,exception_type\n" + with_names(1_000_000, "D{n},20260101,1\n")),
    "10^5 headways of one trip": packed(
        frequencies=headways(with_names(100_000, "T,00:00:00,24:00:00,{n}\n"))),
    "600 columns": packed(stops="stop_id," + with_names(600, "c{n},") + "z\nS1" + "," * 601 + "\n"),
    "a header alone": packed(stop_times=TIMES, trips="route_id,service_id,trip_id\n"),
    "other headers": packed(stop_times="a,b\n1,2\n", trips="x\n1\n", stops="y\n2\n", routes="z\n3\n"),
    "nulls in every cell": packed(
        stop_times=TIMES + "\0,\0,\0,\0,\0\n", trips="route_id,service_id,trip_id\n\0,\0,\0\n"),
    "no time zone": packed(
        agency="agency_id,agency_name,agency_url,agency_timezone\nA,A,http://a.example,Mars/Olympus\n"),
    "names of 10^6 characters": packed(routes="route_id,route_short_name,route_type\nR," + "x" * 10**6 + ",3\n"),
    "66 million notices": lambda f: foldered(
        f, {"stop_times.txt": repeated(b"T,x,x,S9,1\n", 66_000_000 // 3 * 11, TIMES.encode())}),
}  # fmt: skip

COMMANDS: dict[str, Callable[[Path, Path], list[str]]] = {
    "validate": lambda feed, out: ["validate", str(feed), "-o", str(out)],
    "import": lambda feed, out: ["import", str(feed), "-o", str(out / "source")],
    "render": lambda feed, out: ["render", str(feed), "-o", str(out)],
    "diff": lambda feed, out: ["diff", str(feed), str(feed)],
    "stats": lambda feed, out: ["stats", str(feed)],
    "shapes": lambda feed, out: [
        "shapes", str(feed), "--tracks", str(out), "-o", str(out / "drawn.zip")],
    "journeys": lambda feed, out: ["journeys", str(feed), str(out / "journeys.csv")],
}  # fmt: skip


@dataclass
class Ended:
    code: int
    seconds: float
    peak_mb: float
    said: str


def _confine() -> None:
    """What is beyond this would harm the machine; what is promised is much less."""
    resource.setrlimit(resource.RLIMIT_DATA, (MOST_DATA, MOST_DATA))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def run_command(words: list[str], folder: Path) -> Ended:
    """One command as a process of its own, with its temporary files in a folder of their own."""
    temporary = folder / "temporary"
    temporary.mkdir()
    began = time.monotonic()
    with (folder / "said").open("w+b") as said:
        child = subprocess.Popen(
            [sys.executable, "-m", "gtfsgen", *words],
            stdout=said, stderr=said, stdin=subprocess.DEVNULL, start_new_session=True,
            env={**os.environ, "TMPDIR": str(temporary)}, preexec_fn=_confine,
        )  # fmt: skip
        killer = threading.Timer(SECONDS * 1.5, os.killpg, (child.pid, signal.SIGKILL))
        killer.start()
        _, status, usage = os.wait4(child.pid, 0)
        killer.cancel()
        child.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        text = said.read(4 * MEGA).decode("utf-8", "replace")
    return Ended(child.returncode, time.monotonic() - began, usage.ru_maxrss / 1024, text)


def faults(ended: Ended, folder: Path) -> list[str]:
    found = []
    if ended.code not in (0, 1, 2):
        found.append(f"exit code {ended.code}")
    found += [word for word in FAULTS_OF_OURS if word in ended.said]
    if ended.seconds > SECONDS:
        found.append(f"{ended.seconds:.0f} s")
    if ended.peak_mb > PEAK_MB:
        found.append(f"{ended.peak_mb:.0f} MB")
    if left := [path.name for path in (folder / "temporary").iterdir()]:
        found.append(f"left behind: {left[0]}")
    return found


def tried(recipe: str, command: str, feed: Path, result: Result) -> Ended:
    with tempfile.TemporaryDirectory(prefix="torture-") as place:
        folder = Path(place)
        out = folder / "out"
        out.mkdir()
        (out / "journeys.csv").write_text("name,date,from,to,depart\nx,2026-06-01,One,Two,08:00\n")
        ended = run_command(COMMANDS[command](feed, out), folder)
        wrong = faults(ended, folder)
        result.note(f"{recipe}: {command}: {', '.join(wrong)}" if wrong else None)
        return ended


QUICK_S, WHOLE_S = 300, 1800
"""In less time than the first large recipes are left out and each other one goes through one
command; in less than the second each goes through validate and one more."""
LARGE = ("66 million", "2 GB", "300 MB", "10^6", "10^5", "100 MB", "1,000 services", "linked")


def run(
    seconds: float, only: str = "", commands: tuple[str, ...] = tuple(COMMANDS)
) -> list[Result]:
    """Every recipe by every command, a row for each recipe; in a short time by one or two."""
    ends = time.monotonic() + seconds
    results = []
    for number, (name, make) in enumerate(RECIPES.items()):
        if only not in name or time.monotonic() > ends:
            continue
        chosen = commands
        if seconds < QUICK_S and not only:
            if any(word in name for word in LARGE):
                continue
            chosen = (commands[number % len(commands)],)
        elif seconds < WHOLE_S and not only:
            chosen = tuple(dict.fromkeys((commands[0], commands[number % len(commands)])))
        result = Result(name)
        results.append(result)
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="recipe-") as place:
            feed = make(Path(place))
            peak = 0.0
            for command in chosen:
                ended = tried(name, command, feed, result)
                peak = max(peak, ended.peak_mb)
                if os.environ.get("TORTURE_VERBOSE"):
                    last = ended.said.strip().splitlines()[-1:] or [""]
                    print(f"{ended.code} {ended.seconds:6.1f} s {ended.peak_mb:6.0f} MB  "
                          f"{name}: {command}: {last[0][:150]}", flush=True)  # fmt: skip
        result.peak_mb = peak
        result.seconds = time.monotonic() - began
    left = sum(only in name for name in RECIPES) - len(results)
    if left and seconds >= QUICK_S:
        results.append(Result(f"no time for {left} more", tried=left))
    return results
