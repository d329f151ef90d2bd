"""docs/fix.md: what `gtfsgen fix` mends, made from the code, and what it does to real feeds.

python -m benchmarks.fixes > docs/fix.md
python -m benchmarks.fixes --corpus DIR [--largest BYTES]    measures, and writes fixes.json first
"""

from __future__ import annotations

import argparse
import collections
import json
import sys
from pathlib import Path
from typing import Any

import gtfsgen
from gtfsgen import clocks
from gtfsgen.budget import UnreadableInput
from gtfsgen.fixing.reasons import REASONS, every_code
from gtfsgen.fixing.registry import fixers

MEASURED = Path(__file__).parent / "fixes.json"
LARGEST = 3_000_000
INTRODUCTION = """\
# gtfsgen fix

Made by `python -m benchmarks.fixes`; do not edit.

    gtfsgen fix feed.zip                    # what would be done; writes nothing
    gtfsgen fix feed.zip --diff             # the same, as rows old and new
    gtfsgen fix feed.zip -o fixed.zip
    gtfsgen fix feed.zip -o fixed.zip --unsafe --select mixed_case_recommended_field

For each notice code that a machine may mend there is a fixer. Files that no fix touches keep their
bytes. Of others, rows that no fix touches do; columns, order, line ends and quotation marks stay.

**Safe** fixes change nothing that a rider or a planner would notice. That is proved at each run:
`gtfsgen diff --level planner` between the feed that was given and the mended one must say nothing,
else the fix is taken back, and told. **Unsafe** fixes are likely right, and somebody should look at
them: they are made with `--unsafe`, best one code at a time (`--select`).

After all fixes the feed is validated once more. A notice that was not there before means that the
fix that brought it about is taken back. Only what lies in files that could not be read at all
before (in a folder of the archive, in UTF-16, with a broken header) is not counted as new.
A second run changes nothing.

With `--date` services whose last day is before that date are removed with their trips; without it
they stay. `--country` and `--rules` are as for `gtfsgen validate`.

Without `-o` the exit code is 1 if there is something to fix and 0 if not; with `-o` it is 0. It is
2 if the feed cannot be read whole: what cannot be read cannot be written again.

`--format json` gives all edits: `edits` (`code`, `safe`, `file`, `row` of the feed as it was, 0 for
the file as a whole, `column`, `old`, `new`, `why`), `takenBack` (`code`, `edits`, `reason`,
`examples`), `offered` (code and number of unsafe edits), `noticesBefore` and `noticesAfter` by
code.

In Python:

```python
>>> import gtfsgen
>>> fixes = gtfsgen.fix("feed.zip", "fixed.zip", select=["unused_shape"])    # doctest: +SKIP
>>> fixes.edits, fixes.taken_back, fixes.after                               # doctest: +SKIP

```

## In source tables

`gtfsgen build --fix` writes what a hint says is meant ("did you mean 'Meadow'?") into the cell of a
CSV table, where the hint names one word, and shows the change; everything else of the file keeps
its bytes. A cell that is still at fault then gets its old text back. Workbooks are not changed:
their cells are listed.
"""


def codes() -> str:
    """The table of all codes."""
    known = fixers()
    safe = {code for code, is_safe in known if is_safe}
    unsafe = {code for code, is_safe in known if not is_safe}
    lines = [
        "## What is mended",
        "",
        f"{len(safe)} codes have a safe fix, {len(unsafe - safe)} others an unsafe one, "
        f"{len(REASONS)} none.",
        "",
        "| code | fix | what it does, or why no machine should |",
        "| --- | --- | --- |",
    ]
    for code in every_code():
        for is_safe in (True, False):
            if (code, is_safe) in known:
                kind = "safe" if is_safe else "unsafe"
                lines.append(f"| `{code}` | {kind} | {known[code, is_safe].why} |")
        if code in REASONS:
            lines.append(f"| `{code}` | none | {REASONS[code]} |")
    return "\n".join(lines) + "\n"


def corpus_page(measured: dict[str, Any]) -> str:
    """What was measured, as a table of the codes of which there are fewer notices afterwards."""
    rows = [(code, *numbers) for code, numbers in measured["codes"].items() if len({*numbers}) > 1]
    lines = [
        "## On real feeds",
        "",
        f"Notices of {measured['feeds']} real feeds of up to {measured['largest'] // 1_000_000} MB "
        f"({measured['date']}), before and after the safe fixes, and after all fixes. "
        f"{measured['edits']:,} safe edits were made; a fix was taken back {measured['taken']:,} "
        "times.",
        "",
        "| code | before | after safe fixes | after all fixes |",
        "| --- | --: | --: | --: |",
        *(f"| `{code}` | {was:,} | {safe:,} | {now:,} |" for code, was, safe, now in rows),
    ]
    return "\n".join(lines) + "\n"


def measure(corpus: Path, largest: int) -> dict[str, Any]:
    """Mend every feed of a folder in memory, and count notices by code."""
    today = clocks.today()
    totals: dict[str, list[int]] = collections.defaultdict(lambda: [0, 0, 0])
    feeds = edits = taken = 0
    for path in sorted(corpus.glob("*.zip")):
        if path.stat().st_size > largest:
            continue
        try:
            safe = gtfsgen.fix(path)
            every = gtfsgen.fix(path, unsafe=True)
        except UnreadableInput as error:
            print(f"{path.name}: {error}", file=sys.stderr)
            continue
        print(path.name, len(safe), len(every), [t.code for t in safe.taken_back], file=sys.stderr)
        feeds += 1
        edits += len(safe)
        taken += len(safe.taken_back)
        for n, counts in enumerate((safe.before, safe.after, every.after)):
            for code, number in counts.items():
                totals[code][n] += number
    return {
        "feeds": feeds,
        "largest": largest,
        "date": today.isoformat(),
        "edits": edits,
        "taken": taken,
        "codes": dict(sorted(totals.items())),
    }


def page() -> str:
    """docs/fix.md."""
    parts = [INTRODUCTION, codes()]
    if MEASURED.is_file():
        parts.append(corpus_page(json.loads(MEASURED.read_text(encoding="utf-8"))))
    return "\n".join(parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path)
    parser.add_argument("--largest", type=int, default=LARGEST)
    arguments = parser.parse_args()
    if arguments.corpus:
        measured = measure(arguments.corpus, arguments.largest)
        MEASURED.write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(page())


if __name__ == "__main__":
    main()
