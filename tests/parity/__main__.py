"""The parity board: gtfsgen against the canonical validator, on every feed it is known to have
judged.

python -m tests.parity [--cases] [--corpus DIR --oracle FILE] [--only TEXT] [--check] [-v]

Prints how many cases and feeds are exactly equal, and the codes that differ. `--check` exits with
1 when a figure is below the committed one (score.json); `--write` writes it.
"""

from __future__ import annotations

import argparse
import collections
import gzip
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gtfsgen
from gtfsgen.feed import values
from gtfsgen.validation import report_on
from tests.parity.cases import HERE, differences, load_cases, write_feed

RULES = "canonical-8.0.1"
SCORE = HERE / "score.json"


def case_results(only: str) -> Iterator[tuple[str, list[str]]]:
    unchanged: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for case in load_cases():
            if case["base"] not in unchanged:
                unchanged[case["base"]] = {}
            if only not in case["name"]:
                continue
            inner = Path(tempfile.mkdtemp(dir=folder))
            path = write_feed(case, inner / case.get("file_name", "case.zip"))
            yield case["name"], case_differences(case, path)


def case_differences(case: dict[str, Any], path: Path) -> list[str]:
    """As the command does it: an input that is not there gives a report, and a country that is none
    is unknown to the Java validator too.
    """
    report = report_on(path, RULES, case["date"], values.country(case["country"]))
    document = json.loads(report.to_json())
    found = differences(document, case["expect"], case["samples"], case.get("summary", {}))
    if report.system_errors != case["system_errors"]:
        expected, got = case["system_errors"], report.system_errors
        found.append(f"system errors: expected {expected}, got {got}")
    return found


def corpus_results(corpus: Path, oracle: Path, only: str) -> Iterator[tuple[str, list[str]]]:
    with gzip.open(oracle, "rt", encoding="utf-8") as lines:
        for line in lines:
            answer = json.loads(line)
            if only not in answer["feed"]:
                continue
            report = gtfsgen.validate(
                corpus / f"{answer['feed']}.zip", RULES, answer["date"], answer["country"]
            )
            document = json.loads(report.to_json())
            summary = {k: v for k, v in answer["summary"].items() if v is not None}
            found = differences(document, answer["counts"], answer["samples"], summary)
            if report.system_errors != answer["system_errors"]:
                found.append(
                    f"system errors: expected {answer['system_errors']}, got {report.system_errors}"
                )
            yield answer["feed"], found


def board(title: str, results: Iterator[tuple[str, list[str]]], verbose: bool) -> dict[str, int]:
    equal = total = 0
    kinds: collections.Counter[str] = collections.Counter()
    first: dict[str, str] = {}
    started = time.perf_counter()
    for name, found in results:
        total += 1
        equal += not found
        for text in found:
            code, _, rest = text.partition(": ")
            kind = f"{code} {rest.partition(':')[0]}"
            kinds[kind] += 1
            first.setdefault(kind, f"{name}: {text[:400]}")
            if verbose:
                print(f"  {name}: {text[:1500]}")
    print(f"{title}: {equal} of {total} exactly equal ({time.perf_counter() - started:.1f} s)")
    for kind, count in kinds.most_common():
        print(f"  {count:5} {kind}  e.g. {first[kind]}")
    return {"equal": equal, "total": total}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", action="store_true")
    parser.add_argument("--corpus", default=os.environ.get("GTFSGEN_CORPUS"))
    parser.add_argument("--oracle", default=os.environ.get("GTFSGEN_ORACLE"))
    parser.add_argument("--only", default="")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("-v", "--verbose", action="store_true")
    arguments = parser.parse_args()
    score: dict[str, dict[str, int]] = {}
    if arguments.cases:
        score["cases"] = board("cases", case_results(arguments.only), arguments.verbose)
    if arguments.corpus and arguments.oracle:
        results = corpus_results(Path(arguments.corpus), Path(arguments.oracle), arguments.only)
        score["corpus"] = board("corpus", results, arguments.verbose)
    if arguments.write:
        SCORE.write_text(json.dumps(score, indent=2) + "\n")
    if arguments.check:
        committed = json.loads(SCORE.read_text())
        worse = [name for name, now in score.items() if now["equal"] < committed[name]["equal"]]
        for name in worse:
            print(
                f"{name}: {score[name]['equal']} equal, {committed[name]['equal']} committed",
                file=sys.stderr,
            )
        return 1 if worse or not score else 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
