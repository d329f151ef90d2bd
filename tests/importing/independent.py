"""Two feeds compared by plain csv and dicts: each trip on each date, each file, column and cell.

It shares nothing with gtfsgen, so that a fault there is not made here too. As a command it imports
and builds feeds and writes a table of what came back:

    python -m tests.importing.independent FEED ... > table.md
"""

from __future__ import annotations

import csv
import io
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
LEGACY = {"Asia/Tokyo": "cp932", "Asia/Seoul": "cp949", "Asia/Shanghai": "gb18030"}
Rows = list[dict[str, str]]


def files_of(feed: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(feed) as archive:
        names = [name for name in archive.namelist() if not name.endswith("/")]
        inner = sorted(names, key=lambda name: (name.count("/"), name))
        found: dict[str, bytes] = {}
        for name in inner:
            short = name.rpartition("/")[2]
            if "__MACOSX" not in name and not short.startswith((".", "_")):
                found.setdefault(short, archive.read(name))
    for junk in ("desktop.ini", "Thumbs.db"):
        found.pop(junk, None)
    return found


def text_of(data: bytes, zone: str) -> str:
    for mark, codec in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            return data.decode(codec)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode(LEGACY.get(zone, "cp1252"))


def rows_of(text: str) -> tuple[list[str], list[list[str]]]:
    rows = [row for row in csv.reader(io.StringIO(text, newline="")) if row]
    if not rows:
        return [], []
    header = rows[0]
    full = [row + [""] * (len(header) - len(row)) for row in rows[1:]]
    return header, [row for row in full if any(row)]


def table_of(files: dict[str, str], name: str) -> Rows:
    header, rows = rows_of(files.get(name, ""))
    bare = [cell.strip() for cell in header]
    return [dict(zip(bare, (cell.strip() for cell in row), strict=False)) for row in rows]


def dates_of(files: dict[str, str]) -> dict[str, set[date]]:
    found: dict[str, set[date]] = {}

    def day(text: str) -> date | None:
        try:
            return date(int(text[:4]), int(text[4:6]), int(text[6:8]))
        except ValueError:
            return None

    for row in table_of(files, "calendar.txt"):
        first, last = day(row.get("start_date", "")), day(row.get("end_date", ""))
        own = found.setdefault(row.get("service_id", ""), set())
        if first and last and (last - first).days < 40_000:
            for number in range((last - first).days + 1):
                one = first + timedelta(days=number)
                if row.get(WEEK[one.weekday()]) == "1":
                    own.add(one)
    for row in table_of(files, "calendar_dates.txt"):
        own, odd = found.setdefault(row.get("service_id", ""), set()), day(row.get("date", ""))
        if odd is not None:
            (own.add if row.get("exception_type") == "1" else own.discard)(odd)
    return found


def noon_less_twelve(zone: ZoneInfo, day: date) -> float:
    from datetime import datetime

    return datetime(day.year, day.month, day.day, 12, tzinfo=zone).timestamp() - 43_200


def seconds_of(text: str) -> int | None:
    parts = text.split(":")
    try:
        return int(parts[0]) * 3600 + int(parts[1]) * 60 + int(parts[2])
    except (ValueError, IndexError):
        return None


def runs_of(files: dict[str, str]) -> dict[str, tuple[frozenset[date], tuple[object, ...]]]:
    """Each trip with its dates and its calls; a date's moments follow from the agency's zone."""
    days = {service: frozenset(dates) for service, dates in dates_of(files).items()}
    calls: dict[str, list[tuple[object, ...]]] = {}
    for row in table_of(files, "stop_times.txt"):
        number = row.get("stop_sequence", "")
        calls.setdefault(row.get("trip_id", ""), []).append(
            (
                int(number) if number.isdigit() else -1,
                row.get("stop_id", ""),
                seconds_of(row.get("arrival_time", "")),
                seconds_of(row.get("departure_time", "")),
                row.get("pickup_type") or "0",
                row.get("drop_off_type") or "0",
            )
        )
    return {
        row.get("trip_id", ""): (
            days.get(row.get("service_id", ""), frozenset()),
            tuple(call[1:] for call in sorted(calls.get(row.get("trip_id", ""), []), key=repr)),
        )
        for row in table_of(files, "trips.txt")
    }


def differences(one: Path, other: Path) -> list[str]:
    """What the two feeds do not share, a line each; nothing if they are the same."""
    raw = files_of(one), files_of(other)
    found = [
        f"{name} is {'gone' if name in raw[0] else 'new'}" for name in sorted({*raw[0]} ^ {*raw[1]})
    ]
    agency = raw[0].get("agency.txt", b"").decode("ascii", "ignore")
    zone = next((name for name in LEGACY if name in agency), "")
    texts = [
        {name: text_of(data, zone) for name, data in each.items() if name.endswith(".txt")}
        for each in raw
    ]
    for name in sorted({*raw[0]} & {*raw[1]}):
        if not name.endswith(".txt"):
            if raw[0][name] != raw[1][name]:
                found.append(f"{name} has other bytes")
            continue
        (head, rows), (new_head, new_rows) = rows_of(texts[0][name]), rows_of(texts[1][name])
        if sorted(head) != sorted(new_head):
            found.append(f"{name}: columns {sorted(set(head) ^ set(new_head))}")
            continue
        places = [new_head.index(column) for column in head]
        a = Counter(map(tuple, rows))
        b = Counter(tuple(row[place] for place in places) for row in new_rows)
        if a != b:
            gone, new = a - b, b - a
            found.append(
                f"{name}: {sum(gone.values())} rows gone, {sum(new.values())} new, "
                f"such as {next(iter(gone), None)} / {next(iter(new), None)}"
            )
    was, now = runs_of(texts[0]), runs_of(texts[1])
    for trip in was.keys() | now.keys():
        if was.get(trip) != now.get(trip):
            found.append(f"trip {trip} runs otherwise")
            break
    return found


def zone_of(files: dict[str, str]) -> str:
    return next((row.get("agency_timezone", "") for row in table_of(files, "agency.txt")), "")


# ------------------------------------------------------------------------------------ as a command


def gtfsgen(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gtfsgen", *arguments], capture_output=True, text=True, check=False
    )


def line_for(feed: Path) -> tuple[str, ...]:
    """The line of a feed, as `HEAD`."""
    with tempfile.TemporaryDirectory() as folder:
        source, again = Path(folder, "source"), Path(folder, "again.zip")
        start = time.monotonic()
        made = gtfsgen("import", str(feed), "-o", str(source), "--today", "2026-11-20")
        seconds = time.monotonic() - start
        size = f"{feed.stat().st_size / 1000:,.0f}"
        peak = f"{resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024:,.0f}"
        if not source.is_dir():
            lines = (made.stdout + made.stderr).strip().splitlines() or ["nothing"]
            return (
                feed.stem,
                size,
                "",
                "",
                f"{seconds:.1f}",
                "",
                peak,
                f"refused: {lines[-1][:120]}",
            )
        start = time.monotonic()
        built = gtfsgen("build", str(source), "-o", str(again), "--no-validate")
        build_seconds = time.monotonic() - start
        grids, trips = columns_in(source), trips_in(feed)
        if not again.is_file():
            said = "does not build: " + " ".join(built.stdout.splitlines()[:2])[:120]
        else:
            odd = differences(feed, again)
            said = "exactly" if not odd else f"{len(odd)} differences: {odd[0][:120]}"
        if made.returncode not in (0, 1) or "Traceback" in made.stderr + built.stderr:
            said += ", with a traceback"
        return (
            feed.stem, size, f"{trips:,}", f"{grids:,}", f"{seconds:.1f}", f"{build_seconds:.1f}",
            peak, said,
        )  # fmt: skip


def columns_in(source: Path) -> int:
    found = 0
    for file in source.glob("timetables/*.csv"):
        with file.open(encoding="utf-8", newline="") as rows:
            found += max(0, len(next(csv.reader(rows), [])) - 2)
    return found


def trips_in(feed: Path) -> int:
    try:
        return len(rows_of(text_of(files_of(feed)["trips.txt"], ""))[1])
    except (KeyError, zipfile.BadZipFile):
        return 0


HEAD = ("feed", "kB", "trips", "in grids", "import s", "build s", "MB", "came back")


def main(feeds: list[str]) -> None:
    print("| " + " | ".join(HEAD) + " |")
    print("| --- " + "| ---: " * 6 + "| --- |")
    for feed in sorted(map(Path, feeds), key=lambda each: (each.stat().st_size, each.name)):
        print(
            "| " + " | ".join(cell.replace("|", "/") for cell in line_for(feed)) + " |", flush=True
        )


if __name__ == "__main__":
    main(sys.argv[1:])
