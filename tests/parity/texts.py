"""Cases as text: a Markdown file for each code, in which every case shows its edit and its answer.

    ## missing_level_id--one

    ```diff pathways.txt
    @@ 3
    -PW2,E1,P1,5,1
    +PW2,E1,P1,5,0
    ```

    ```expect
    missing_level_id ERROR 1
      {"stopId":"P1","stopName":"Central Station Platform"}
    ```

A diff is against the file of the same name in `bases/`: `@@ n` names the line from which lines are
taken away (`-`) and put in (`+`). Under each code that is expected stand the samples that must be
among those reported. What cannot be shown so, such as a file taken away or bytes that are no text,
stands in a block `json`, as do settings other than `DEFAULTS`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

Case = dict[str, Any]

BASES = Path(__file__).parent / "bases"
DEFAULTS: Case = {
    "base": "base",
    "changes": {},
    "country": "ZZ",
    "date": "2026-11-20",
    "expect": {},
    "samples": {},
    "system_errors": {},
    "summary": {},
}
PLAIN = re.compile(r"[^\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff]*")
"""Text that an editor shows and keeps as it is."""
BLOCK = re.compile(r"^```(\w+) ?(\S*)\n(.*?)^```\n", re.MULTILINE | re.DOTALL)


def write_case(case: Case) -> str:
    """A case as a section of Markdown."""
    settings = {
        name: value
        for name, value in case.items()
        if name != "name" and value != DEFAULTS.get(name)
    }
    diffs = {}
    for filename, text in case["changes"].items():
        if isinstance(text, str) and PLAIN.fullmatch(text) and "```" not in text:
            diffs[filename] = text
    kept = {name: text for name, text in case["changes"].items() if name not in diffs}
    settings.pop("changes", None)
    if kept:
        settings["changes"] = kept
    expected = settings.pop("expect", {})
    samples = settings.pop("samples", {})
    parts = [f"## {case['name']}\n"]
    if settings:
        parts.append(f"```json\n{_json(settings)}\n```\n")
    for filename, text in diffs.items():
        parts.append(f"```diff {filename}\n{_diff(_base(case['base'], filename), text)}```\n")
    lines = []
    for code, (severity, total) in expected.items():
        lines.append(f"{code} {severity} {total}\n")
        lines += [f"  {_json(sample)}\n" for sample in samples.get(code, ())]
    parts.append(f"```expect\n{''.join(lines)}```\n")
    return "\n".join(parts)


def read_cases(text: str) -> Iterator[Case]:
    """The cases of a file."""
    for section in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        name, _, body = section.partition("\n")
        case: Case = {"name": name} | {key: _copy(value) for key, value in DEFAULTS.items()}
        blocks = BLOCK.findall(body)
        for _, _, content in (block for block in blocks if block[0] == "json"):
            case |= json.loads(content)
        for kind, filename, content in blocks:
            if kind == "diff":
                case["changes"][filename] = _patched(_base(case["base"], filename), content)
            elif kind == "expect":
                _expect(case, content.splitlines())
        yield case


def _expect(case: Case, lines: Iterable[str]) -> None:
    code = ""
    for line in lines:
        if line.startswith("  "):
            case["samples"].setdefault(code, []).append(json.loads(line))
        else:
            code, severity, total = line.split()
            case["expect"][code] = [severity, int(total)]


def _base(base: str, filename: str) -> list[str]:
    path = BASES / base / filename
    return path.read_text("utf-8").split("\n") if path.exists() else []


def _diff(before: list[str], text: str) -> str:
    after = text.split("\n")
    parts = []
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for what, start, end, new_start, new_end in matcher.get_opcodes():
        if what != "equal":
            parts.append(f"@@ {start + 1}\n")
            parts += [f"-{line}\n" for line in before[start:end]]
            parts += [f"+{line}\n" for line in after[new_start:new_end]]
    return "".join(parts)


def _patched(before: list[str], diff: str) -> str:
    after: list[str] = []
    at = 0
    for line in diff.split("\n")[:-1]:
        if line.startswith("@@ "):
            start = int(line[3:]) - 1
            after += before[at:start]
            at = start
        elif line.startswith("-"):
            assert before[at] == line[1:], f"the base has {before[at]!r}, not {line[1:]!r}"
            at += 1
        else:
            after.append(line[1:])
    return "\n".join([*after, *before[at:]])


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"))


def _copy(value: Any) -> Any:
    return value.copy() if isinstance(value, dict) else value
