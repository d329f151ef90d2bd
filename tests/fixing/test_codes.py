"""Every code has a fixer, or a reason why no machine should mend it."""

from __future__ import annotations

from click.testing import CliRunner

from gtfsgen.cli import main
from gtfsgen.fixing.reasons import REASONS, every_code
from gtfsgen.fixing.registry import fix_of, fixers


def test_every_code_has_a_fixer_or_a_reason() -> None:
    mended = {code for code, _ in fixers()}
    assert mended | {*REASONS} == {*every_code()}
    assert not mended & {*REASONS}


def test_so_many_are_mended_as_was_promised() -> None:
    safe = {code for code, is_safe in fixers() if is_safe}
    unsafe = {code for code, is_safe in fixers() if not is_safe} - safe
    assert len(safe) >= 60
    assert len(unsafe) >= 30


def test_each_line_is_one_sentence_that_a_person_can_read() -> None:
    for code in every_code():
        text = fix_of(code)
        assert text.startswith(("Fix (safe): ", "Fix (unsafe): ", "Fix: none. "))
        assert text.endswith(".")
    assert all(len(reason) < 100 for reason in REASONS.values())


def test_explain_says_how_a_code_is_mended() -> None:
    done = CliRunner().invoke(main, ["explain", "unsorted_stop_times"])
    assert "Fix (safe): The rows of stop_times.txt" in done.output
    done = CliRunner().invoke(main, ["explain", "missing_level_id"])
    assert "Fix: none. On which level" in done.output


def test_the_page_is_what_the_code_says() -> None:
    from pathlib import Path

    from benchmarks.fixes import page

    assert (Path(__file__).parents[2] / "docs" / "fix.md").read_text("utf-8") == page()
