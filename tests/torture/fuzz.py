"""Damaged input of every reader: hypothesis edits known files, atheris follows what they reach.

A reader gives an answer or one of its own errors, which are words; any other exception, a crash, or
more than a few seconds is a failure, told with the bytes that bring it about.

python -m tests.torture.fuzz READER SECONDS   atheris alone, for one reader
"""

from __future__ import annotations

import base64
import importlib.util
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO

from tests.torture import Result

CORPUS = Path(__file__).parent / "corpus"
"""A folder for each reader: a few small files from which everything else is made."""
SLOW_S = 10.0
SHORTEST_S = 3.0
"""In less time atheris does not even begin."""
LARGEST = 4096


@dataclass(frozen=True)
class Reader:
    """What is called with the bytes, and which exceptions are its words."""

    read: Callable[[bytes], object]
    words: Callable[[], tuple[type[BaseException], ...]]


def _csv(data: bytes) -> None:
    from gtfsgen.csv.reading import read_table

    kinds = {"a": "text", "b": "integer", "c": "time", "d": "float", "e": "text"}
    read_table(data, kinds)


def _zip(data: bytes) -> None:
    from gtfsgen.budget import UnreadableInput
    from gtfsgen.csv.streams import DamagedEntry
    from gtfsgen.feed.archive import open_archive
    from gtfsgen.feed.tolerant import Files

    for tolerant in (False, True):
        try:
            archive = open_archive(data, "feed.zip", tolerant=tolerant)
        except UnreadableInput:
            continue
        with Files(archive) as files:
            for name in files:
                try:
                    files.read(name)
                except (UnreadableInput, DamagedEntry):
                    continue


def _geojson(data: bytes) -> None:
    from gtfsgen.feed.geojson import read_locations

    read_locations(data)


def _gson(data: bytes) -> None:
    from gtfsgen.java.gson import read_object

    read_object(data)


@cache
def _folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="fuzz-"))


def _written(name: str, data: bytes) -> Path:
    path = _folder() / name
    path.write_bytes(data)
    return path


def _policy(data: bytes) -> None:
    from gtfsgen.validation.policy import read_policy

    read_policy(_written("policy.toml", data))


def _baseline(data: bytes) -> None:
    from gtfsgen.validation.policy import read_baseline

    read_baseline(_written("baseline.json", data))


def _tracks(data: bytes) -> None:
    from gtfsgen.shapes.tracks import read_tracks

    folder = _folder() / "tracks"
    folder.mkdir(exist_ok=True)
    for name in ("a.geojson", "b.gpx"):
        (folder / name).write_bytes(data)
    read_tracks(folder)


def _times(data: bytes) -> None:
    from gtfsgen.source.times import parse_cell, parse_clock

    text = data.decode("utf-8", "replace")
    parse_cell(text)
    parse_clock(text)


def _days(data: bytes) -> None:
    from gtfsgen.source.days import parse

    parse(data.decode("utf-8", "replace"))


def _catalogue(data: bytes) -> None:
    from gtfsgen.catalogue import ListError, read_list

    for name in ("list.csv", "list.txt"):
        try:
            read_list(_written(name, data))
        except ListError:
            continue


def _amount(data: bytes) -> None:
    from gtfsgen.budget import amount

    amount(data.decode("utf-8", "replace"))


def _none() -> tuple[type[BaseException], ...]:
    return ()


def _limits() -> tuple[type[BaseException], ...]:
    from gtfsgen.budget import LimitExceeded

    return (LimitExceeded,)


def _of_gson() -> tuple[type[BaseException], ...]:
    from gtfsgen.java import gson

    return (gson.MalformedJson, gson.DuplicateKey, gson.UnreadableEscape, *_limits())


def _of_policy() -> tuple[type[BaseException], ...]:
    from gtfsgen.validation.policy import PolicyError

    return (PolicyError,)


def _values() -> tuple[type[BaseException], ...]:
    return (ValueError,)


READERS = {
    "csv": Reader(_csv, _limits),
    "zip": Reader(_zip, _none),
    "geojson": Reader(_geojson, _limits),
    "gson": Reader(_gson, _of_gson),
    "policy": Reader(_policy, _of_policy),
    "baseline": Reader(_baseline, _of_policy),
    "tracks": Reader(_tracks, _none),
    "times": Reader(_times, _values),
    "days": Reader(_days, _values),
    "catalogue": Reader(_catalogue, _none),
    "amount": Reader(_amount, _values),
}


def failure(reader: Reader, data: bytes) -> str | None:
    """What is wrong with how a reader takes some bytes, or None."""
    began = time.monotonic()
    try:
        reader.read(data)
    except reader.words():
        pass
    except Exception as error:
        return f"{type(error).__name__}: {str(error)[:200]}: {_shown(data)}"
    if time.monotonic() - began > SLOW_S:
        return f"{time.monotonic() - began:.0f} s: {_shown(data)}"
    return None


def _shown(data: bytes) -> str:
    return "base64 " + base64.b64encode(data[:LARGEST]).decode()


def seeds(name: str) -> list[bytes]:
    return [path.read_bytes() for path in sorted((CORPUS / name).iterdir())]


def run(seconds: float) -> list[Result]:
    """Half of the time by hypothesis, half by atheris where it is installed."""
    results = []
    by_atheris = importlib.util.find_spec("atheris") is not None and sys.platform == "linux"
    share = seconds / len(READERS) / (2 if by_atheris else 1)
    for name, reader in READERS.items():
        results.append(_by_hypothesis(name, reader, share))
    for name in READERS if by_atheris and share >= SHORTEST_S else ():
        results.append(_by_atheris(name, share))
    return results


def _by_hypothesis(name: str, reader: Reader, seconds: float) -> Result:
    from hypothesis import HealthCheck, Phase, given, seed, settings
    from hypothesis import strategies as st

    known = seeds(name)
    pieces = st.sampled_from(known).flatmap(lambda text: st.sampled_from(_parts(text)))
    bytes_ = st.binary(max_size=20) | pieces | st.sampled_from(ODD)
    edit = st.tuples(st.integers(0, LARGEST), st.integers(0, 40), bytes_, st.integers(1, 3))
    result = Result(f"{name}, by hypothesis")
    began = time.monotonic()

    @given(start=st.sampled_from(known), edits=st.lists(edit, max_size=6))
    @settings(
        max_examples=200,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def tried(start: bytes, edits: list[tuple[int, int, bytes, int]]) -> None:
        if time.monotonic() - began > seconds:
            return
        data = start
        for at, length, fresh, times in edits:
            at %= len(data) + 1
            data = data[:at] + fresh * times + data[at + length :]
        result.note(failure(reader, data[:LARGEST]))

    number = 0
    while time.monotonic() - began < seconds:
        seed(number)(tried)()
        number += 1
    result.seconds = time.monotonic() - began
    return result


ODD = (
    b"\0", b"\xff", b"\xef\xbb\xbf", b"\xed\xa0\x80", b'"', b"\r", b"\n", b"," * 40, b"[" * 40,
    b"9" * 400, b"1e400", b"-0", "²".encode(), "\uff11".encode(), "\u202e".encode(), b"NaN",
    b"null", b"{}", b"\\u0000", b"00000000", b"99991231", b"99:99:99", b"[/]",
)  # fmt: skip


@cache
def _parts(text: bytes) -> list[bytes]:
    """Words and marks of a text, to be put elsewhere."""
    return [part for part in re.split(rb"(\W)", text) if part][:400] or [b" "]


# ------------------------------------------------------------------------------------- by atheris


def _by_atheris(name: str, seconds: float) -> Result:
    """In a process of its own, which libFuzzer ends."""
    result = Result(f"{name}, by atheris")
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="fuzz-") as place, _log(place) as log:
        found = Path(place, "found")
        found.mkdir()
        done = subprocess.run(
            [sys.executable, "-m", "tests.torture.fuzz", name, str(max(1, int(seconds))), place],
            stdout=log, stderr=log, check=False, timeout=seconds + 120,
        )  # fmt: skip
        log.seek(0)
        said = log.read().decode("utf-8", "replace")
        executed = re.findall(r"stat::number_of_executed_units:\s*(\d+)", said)
        for crash in sorted(Path(place).glob("crash-*")) + sorted(Path(place).glob("timeout-*")):
            told = failure(READERS[name], crash.read_bytes()) or _shown(crash.read_bytes())
            result.note(f"{crash.name.partition('-')[0]}: {told}")
        if done.returncode and not result.failures:
            result.note(f"ended with {done.returncode}: {said[-300:]}")
        number = int(executed[-1]) if executed else 0
        result.tried += number
        result.held += number
    result.peak_mb = max(result.peak_mb, _peak_of_children())
    result.seconds = time.monotonic() - began
    return result


def _peak_of_children() -> float:
    import resource

    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


@contextmanager
def _log(place: str) -> Iterator[IO[bytes]]:
    with Path(place, "log").open("w+b") as log:
        yield log


def _follow(name: str, seconds: int, place: str) -> None:
    """libFuzzer's loop: it ends the process."""
    import atheris

    with atheris.instrument_imports(include=["gtfsgen"]):
        for data in seeds(name):  # what is imported late is imported now, under its eyes
            failure(READERS[name], data)
    start = Path(place, "start")
    start.mkdir()
    for number, data in enumerate(seeds(name)):
        (start / str(number)).write_bytes(data)

    def one(data: bytes) -> None:
        told = failure(READERS[name], data)
        if told is not None:
            raise AssertionError(told)

    options = [
        f"-max_total_time={seconds}", f"-max_len={LARGEST}", "-timeout=60", "-seed=1",
        "-print_final_stats=1", f"-artifact_prefix={place}/", "-rss_limit_mb=4096",
        str(Path(place, "found")), str(start),
    ]  # fmt: skip
    atheris.Setup([sys.argv[0], *options], one)
    atheris.Fuzz()


if __name__ == "__main__":
    os.environ.setdefault("POLARS_MAX_THREADS", "1")
    _follow(sys.argv[1], int(sys.argv[2]), sys.argv[3])
