"""Every run says the same: reports of one feed from several processes, compared byte by byte.

The processes differ in what must not matter: hash seed, number of threads, chance. What is compared
is every report format, but for the moment and the seconds that it names.

python -m tests.torture.same FEED...   prints the digests of these feeds, a line of JSON each
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.torture import Result

RULE_SETS = ("gtfsgen", "canonical-8.0.1")
DATE = "2026-11-20"
SETTINGS: tuple[dict[str, str], ...] = (
    {"PYTHONHASHSEED": "0"},
    {"PYTHONHASHSEED": "0"},
    {"PYTHONHASHSEED": "1", "POLARS_MAX_THREADS": "1"},
    {"PYTHONHASHSEED": "12345", "POLARS_MAX_THREADS": "2"},
    {"PYTHONHASHSEED": "random", "POLARS_MAX_THREADS": "4"},
)


def run(seconds: float) -> list[Result]:
    """All feeds of the folder GTFSGEN_CORPUS, small ones first, as long as there is time."""
    corpus = os.environ.get("GTFSGEN_CORPUS")
    feeds = (
        sorted(Path(corpus).glob("*.zip"), key=lambda path: path.stat().st_size) if corpus else []
    )
    result = Result(
        f"{len(SETTINGS)} runs say the same to the byte, {len(feeds)} feeds of the corpus"
    )
    started = time.monotonic()
    while feeds and time.monotonic() - started < seconds:
        some, feeds = feeds[:8], feeds[8:]
        for failure in compare(some):
            result.note(failure)
    if feeds:
        result.failures.append(f"no time for {len(feeds)} more feeds")
    result.seconds = time.monotonic() - started
    return [result]


def compare(feeds: list[Path], at_once: int = 1) -> Iterator[str | None]:
    """For each feed and rule set what differs between runs, or None."""
    with ThreadPoolExecutor(at_once) as pool:
        runs = list(pool.map(lambda setting: _digests(feeds, setting), SETTINGS))
    for asked, expected in runs[0].items():
        parts = {
            f"{part} ({', '.join(f'{name}={value}' for name, value in setting.items())})"
            for found, setting in zip(runs[1:], SETTINGS[1:], strict=True)
            for part in expected.keys() | found[asked].keys()
            if found[asked].get(part) != expected.get(part)
        }
        yield f"{asked}: {'; '.join(sorted(parts))}" if parts else None


def _digests(feeds: list[Path], setting: dict[str, str]) -> dict[str, dict[str, str]]:
    command = [sys.executable, "-m", "tests.torture.same", *map(str, feeds)]
    # Paths of the environment stay, and so do settings that do not matter here.
    done = subprocess.run(command, env=os.environ | setting, capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(f"a run ended with {done.returncode}: {done.stderr.decode()[-2000:]}")
    return dict(json.loads(line) for line in done.stdout.splitlines())


def digests(feed: Path, rules: str) -> dict[str, str]:
    """Digests of all report formats, and of the notices of each code to tell what differs."""
    import gtfsgen
    from gtfsgen import reports
    from gtfsgen.reports.table import pieces

    report = gtfsgen.validate(feed, rules, DATE)
    report.summary |= {"validationTimeSeconds": 0.0, "validatedAt": ""}
    report.seconds = dict.fromkeys(report.seconds, 0.0)
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in reports.FORMATS:
            for path in reports.write(report, name, Path(folder), feed.name):
                found[path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
    codes: dict[str, hashlib._Hash] = {}
    for piece in pieces(report):
        if piece.height:
            code = codes.setdefault(piece["code"][0], hashlib.sha256())
            code.update(piece.write_csv().encode())
    return found | {code: digest.hexdigest() for code, digest in codes.items()}


def main() -> None:
    for feed in sys.argv[1:]:
        for rules in RULE_SETS:
            asked = f"{Path(feed).name} under {rules}"
            print(json.dumps([asked, digests(Path(feed), rules)]), flush=True)


if __name__ == "__main__":
    main()
