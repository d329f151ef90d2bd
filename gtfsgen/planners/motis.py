"""MOTIS's routing engine, nigiri, through its Python binding `pynigiri`.

The binding runs in a process of its own (`python -m gtfsgen.planners.motis REQUEST REPLY`): it
writes a log to the terminal, and a feed that brings it down must not take us along. It answers for
one start time, tells stops and times of each leg, and names no trips: `Timetable.rides` finds them.
"""

from __future__ import annotations

import importlib.util
import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from gtfsgen.clocks import DAY
from gtfsgen.planners import (
    Answers,
    Itinerary,
    Leg,
    PlannerRefused,
    PlannerUnavailable,
    Progress,
    Question,
)
from gtfsgen.planners.timetable import Timetable
from gtfsgen.writing import scratch_folder

NAME = "MOTIS"
INSTALL = "pip install 'gtfsgen[planner]'"
MOST_MINUTES = 5 * 24 * 60
"""The engine looks no further ahead than five days."""
MOST_TRANSFERS = 7
MOST_DAYS = 300
"""Days of questions loaded at once; the engine keeps at most 512 with the days around them."""
MARGIN = timedelta(days=10)
"""Days loaded before and after those asked for: a long trip starts and ends there."""


def ask(feed: Path, questions: Sequence[Question], progress: Progress = lambda _: None) -> Answers:
    """Itineraries for each question, the best by arrival and number of changes.

    Raises `PlannerUnavailable` without the binding, `PlannerRefused` if it fails at the feed.
    """
    if importlib.util.find_spec("pynigiri") is None:
        raise PlannerUnavailable(
            f"MOTIS's engine is not installed: {INSTALL}"
            " (pynigiri has wheels for Python 3.11 on Linux x86-64)"
        )
    timetable = Timetable(feed)
    answers: list[list[Itinerary]] = [[] for _ in questions]
    remarks: dict[str, None] = {}
    for window in windows(questions):
        progress(f"asking MOTIS's engine for {len(window)} journeys")
        found, log = in_own_process(timetable, [questions[index] for index in window])
        remarks |= dict.fromkeys(log)
        for index, itineraries in zip(window, found, strict=True):
            answers[index] = itineraries
    return Answers(answers, list(remarks))


def windows(questions: Sequence[Question]) -> Iterator[list[int]]:
    """Indexes of questions that are near enough in time to be asked of one loaded timetable."""
    order = sorted(range(len(questions)), key=lambda index: questions[index].earliest)
    window: list[int] = []
    for index in order:
        if window and questions[index].latest - questions[window[0]].earliest > MOST_DAYS * DAY:
            yield window
            window = []
        window.append(index)
    if window:
        yield window


def in_own_process(
    timetable: Timetable, questions: list[Question]
) -> tuple[list[list[Itinerary]], list[str]]:
    with scratch_folder() as folder:
        request, reply, log = (Path(folder, name) for name in ("request", "reply", "log"))
        request.write_text(json.dumps(request_of(timetable, questions)), encoding="utf-8")
        command = [sys.executable, "-m", "gtfsgen.planners.motis", str(request), str(reply)]
        with log.open("wb") as output:
            code = subprocess.run(command, stdout=output, stderr=output, check=False).returncode
        text = log.read_text(encoding="utf-8", errors="replace")
        if code != 0:
            raise PlannerRefused(f"MOTIS's engine {how_it_ended(code)}: {last_words(text)}")
        found = json.loads(reply.read_text(encoding="utf-8"))
    itineraries = [[itinerary_of(timetable, each) for each in answer] for answer in found]
    return itineraries, complaints(text)


def request_of(timetable: Timetable, questions: list[Question]) -> dict[str, Any]:
    first = min(question.earliest for question in questions)
    last = max(question.latest for question in questions)
    return {
        "feed": str(timetable.path),
        "first_day": (utc_day(first) - MARGIN).isoformat(),
        "last_day": (utc_day(last) + MARGIN).isoformat(),
        "stops": list(timetable.stops),
        "questions": [
            [question.origin, question.destination, question.earliest, question.latest]
            for question in questions
        ],
    }


def utc_day(instant: int) -> date:
    return datetime.fromtimestamp(instant, UTC).date()


def itinerary_of(timetable: Timetable, found: dict[str, Any]) -> Itinerary:
    """The engine's legs without its walks, which join stops of one station and fit no train."""
    legs = []
    for from_stop, departure, to_stop, arrival in found["legs"]:
        rides = timetable.rides(from_stop, departure, to_stop, arrival)
        if rides or timetable.stops[from_stop].station != timetable.stops[to_stop].station:
            legs.append(Leg(from_stop, to_stop, departure, arrival, tuple(rides)))
    return Itinerary(tuple(legs), found["changes"])


def how_it_ended(code: int) -> str:
    return f"was stopped by {signal.Signals(-code).name}" if code < 0 else "could not load the feed"


def last_words(log: str) -> str:
    lines = [line for line in log.splitlines() if line.strip()]
    return message_of(lines[-1]) if lines else "it said nothing"


def complaints(log: str) -> list[str]:
    """The errors in the engine's log, each once, without clock and module."""
    lines = (line for line in log.splitlines() if "[error]" in line)
    return list(dict.fromkeys(message_of(line) for line in lines))


def message_of(line: str) -> str:
    return re.sub(r"^\S+Z \| (\[[^\]]*\])*\s*", "", line).strip()


# ----------------------------------------------------------------------------- in the other process


def main(request_path: str, reply_path: str) -> None:
    """Load the feed, ask every question, write the answers: plain numbers and stop ids."""
    import pynigiri

    request = json.loads(Path(request_path).read_text(encoding="utf-8"))
    source = pynigiri.TimetableSource("feed", request["feed"])
    timetable = pynigiri.load_timetable([source], request["first_day"], request["last_day"])
    locations = {stop_id: timetable.find_location(stop_id) for stop_id in request["stops"]}
    stop_ids = {int(loc): stop_id for stop_id, loc in locations.items() if loc is not None}
    answers = []
    for origin, destination, earliest, latest in request["questions"]:
        query = pynigiri.Query()
        query.start = offsets(pynigiri, locations, origin)
        query.destination = offsets(pynigiri, locations, destination)
        query.start_match_mode = query.dest_match_mode = pynigiri.EQUIVALENT
        query.max_transfers = MOST_TRANSFERS
        query.max_travel_time = MOST_MINUTES
        journeys = departures(pynigiri, timetable, query, earliest // 60, latest // 60)
        answers.append([journey_of(journey, stop_ids) for journey in journeys])
    Path(reply_path).write_text(json.dumps(answers), encoding="utf-8")


def offsets(pynigiri: Any, locations: dict[str, Any], stops: list[str]) -> list[Any]:
    known = (locations[stop] for stop in stops if locations.get(stop) is not None)
    return [pynigiri.Offset(location, 0, 0) for location in known]


def departures(pynigiri: Any, timetable: Any, query: Any, earliest: int, latest: int) -> list[Any]:
    """The best journeys for every minute of the span at which one leaves.

    The engine takes an instant, not a span, so it is asked again for a minute after each departure.
    """
    if not query.start or not query.destination:
        return []
    found = []
    while earliest <= latest:
        query.start_time = earliest
        journeys = pynigiri.route(timetable, query)
        if not journeys:
            break
        found += journeys
        earliest = min(journey.legs[0].dep_time for journey in journeys) + 1
    return found


def journey_of(journey: Any, stop_ids: dict[int, str]) -> dict[str, Any]:
    legs = [
        (
            stop_ids[int(getattr(leg, "from"))],
            leg.dep_time * 60,
            stop_ids[int(leg.to)],
            leg.arr_time * 60,
        )
        for leg in journey.legs
    ]
    return {"changes": journey.transfers, "legs": legs}


if __name__ == "__main__":
    main(*sys.argv[1:])
