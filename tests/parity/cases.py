"""The canonical validator's answers to 4,447 small feeds, as text in `cases/`, a file a code.

Each case is one edit away from a feed without notices (`bases/`), with every notice that
MobilityData's gtfs-validator 8.0.1 reports for it. How they are written: `texts.py`.
"""

from __future__ import annotations

import base64
import collections
import json
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.parity.texts import Case, read_cases

HERE = Path(__file__).parent

LOOSE = {
    "csv_parsing_failed": {"message", "parsedContent", "charIndex", "columnIndex", "lineIndex"},
    "malformed_json": {"message"},
    "invalid_geometry": {"message"},
}
"""Particulars that carry another library's prose or position."""


def load_cases() -> Iterator[Case]:
    for path in sorted((HERE / "cases").glob("*.md")):
        yield from read_cases(path.read_text("utf-8"))


def content(value: Any) -> bytes:
    if isinstance(value, dict):
        return base64.b64decode(value["base64"])
    return value if isinstance(value, bytes) else value.encode("utf-8")


def members(case: Case) -> list[tuple[str, bytes]]:
    """The files of a case: base files by name, changed or removed, then added ones, entries."""
    base = HERE / "bases" / case["base"]
    files = {path.name: path.read_bytes() for path in sorted(base.iterdir())}
    for name, text in case.get("changes", {}).items():
        if text is None:
            files.pop(name, None)
        else:
            files[name] = content(text)
    return [*files.items(), *((name, content(text)) for name, text in case.get("entries", ()))]


def write_feed(case: Case, path: Path) -> Path:
    """Write the feed of a case, an archive or a folder."""
    if case.get("input") == "absent":
        return path
    if "archive" in case:
        path.write_bytes(content(case["archive"]))
    elif case.get("input") == "directory":
        for name, text in members(case):
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_bytes(text)
    else:
        with warnings.catch_warnings(), zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
            warnings.simplefilter("ignore", UserWarning)  # some cases repeat a name on purpose
            for name, text in members(case):
                archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), text)
    return path


def canonical(value: Any) -> str:
    """One text per value: members sorted, whole floats as integers, other floats to ten digits."""
    if isinstance(value, float):
        whole = abs(value) < 1e15 and value == int(value)
        return str(int(value)) if whole else f"{value:.10g}"
    if isinstance(value, dict):
        inner = (f"{json.dumps(k)}:{canonical(v)}" for k, v in sorted(value.items()))
        return "{" + ",".join(inner) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def multiset(code: str, samples: list[dict[str, Any]]) -> collections.Counter[str]:
    loose = LOOSE.get(code, ())
    return collections.Counter(
        canonical({k: v for k, v in context.items() if k not in loose}) for context in samples
    )


def differences(
    document: dict[str, Any],
    counts: dict[str, list[Any]],
    samples: dict[str, list[Any]],
    summary: dict[str, Any],
) -> list[str]:
    """Where a report (parsed report.json) differs from what is expected, as `code: in words`."""
    found = []
    actual = {n["code"]: [n["severity"], n["totalNotices"]] for n in document["notices"]}
    given = {n["code"]: n["sampleNotices"] for n in document["notices"]}
    for code in sorted(counts.keys() | actual.keys()):
        expected, got = counts.get(code), actual.get(code)
        if expected == got:
            continue
        kind = "extra" if expected is None else "missing" if got is None else "miscounted"
        found.append(f"{code}: {kind}: expected {expected}, got {got}")
    for code, wanted in samples.items():
        if counts.get(code) != actual.get(code):
            continue
        want, have = multiset(code, wanted), multiset(code, given.get(code, []))
        if want != have:
            missing, extra = list((want - have).elements())[:3], list((have - want).elements())[:3]
            found.append(f"{code}: samples: missing {missing}, extra {extra}")
    for member, wanted in summary.items():
        if document["summary"].get(member) != wanted:
            got = document["summary"].get(member)
            found.append(f"summary {member}: expected {wanted}, got {got}")
    return found
