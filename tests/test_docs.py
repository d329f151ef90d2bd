"""The guide, followed from top to bottom: every command is run and its output compared."""

from __future__ import annotations

import os
import re
import shlex
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner
from sybil import Document
from sybil.parsers.markdown.lexers import FencedCodeBlockLexer

from gtfsgen import clocks
from gtfsgen.cli import main

DOCS = Path(__file__).parents[1] / "docs"
GUIDE = DOCS / "guide.md"
WRITTEN = date(2026, 11, 25)
"""The day on which the guide was followed; `gtfsgen init` begins its feed with today."""


def blocks(text: str) -> list[tuple[str, str, int]]:
    """Language, text and offset of each fenced block, in order."""
    document = Document(text, GUIDE.name)
    regions = FencedCodeBlockLexer(language=r"[a-z]*")(document)
    found = [(r.lexemes["language"], str(r.lexemes["source"]), r.start) for r in regions]
    return sorted(found, key=lambda block: block[2])


def commands(block: str) -> list[tuple[str, str]]:
    """`$ ` lines and what the guide prints below each."""
    pieces = re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]
    return [(line, said.rstrip()) for line, _, said in (piece.partition("\n") for piece in pieces)]


def ran(command: str, folder: Path) -> str:
    """What a command of gtfsgen prints, with the folder left out of paths."""
    words = shlex.split(command, comments=True)
    assert words[0] == "gtfsgen"
    result = CliRunner().invoke(main, words[1:])
    lines = [line.rstrip() for line in result.output.replace(f"{folder}/", "").splitlines()]
    return "\n".join(lines).strip("\n")


def test_the_guide_is_true(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(clocks, "today", lambda: WRITTEN)
    text = GUIDE.read_text(encoding="utf-8")
    count = 0
    for _, block, start in blocks(text):
        before = text[:start].rstrip("`\n ").rsplit("\n", 1)[-1]
        named = re.search(r"`((?:source|validation)/[\w./]+\.(?:csv|toml))`:$", before)
        if named and "$ " not in block:
            file = Path(named[1])
            file.parent.mkdir(exist_ok=True)
            if file.exists():  # the guide shows what init has written
                assert file.read_text(encoding="utf-8").strip().startswith(block.strip())
            else:
                file.write_text(block, encoding="utf-8")
        slips = re.findall(r"`(\w+)` typed for `(\w+)` in `([\w/.]+)`", before)
        for wrong, right, name in slips:
            file = Path(name)
            file.write_text(file.read_text().replace(right, wrong, 1))
        for command, said in commands(block):
            if command.startswith("cd "):
                os.chdir(command[3:])
                continue
            if command.startswith("gtfsgen journeys"):
                pytest.importorskip("pynigiri")
            count += 1
            assert ran(command, Path.cwd()) == said, command
        for wrong, right, name in slips:
            file = Path(name)
            file.write_text(file.read_text().replace(wrong, right, 1))
    assert count >= 5
