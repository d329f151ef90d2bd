from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from gtfsgen.cli import main
from gtfsgen.source import read_source


def test_the_project_to_start_from_has_no_fault(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["init", str(tmp_path / "mine")])
    assert result.exit_code == 0
    source = read_source(tmp_path / "mine" / "source")
    assert source.faults == []
    assert list(source.runs) == ["11", "71", "13"]
    assert len(source.coaches) == 1


def test_what_is_there_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "mine.csv").write_text("precious")
    result = CliRunner().invoke(main, ["init", str(tmp_path)])
    assert result.exit_code == 2
    assert [file.name for file in (tmp_path / "source").iterdir()] == ["mine.csv"]
