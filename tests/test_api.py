"""What `import gtfsgen` offers, asked for more than once: no module may hide a function."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import gtfsgen

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("name", sorted(gtfsgen.__all__))
def test_no_module_of_the_package_has_the_name_of_what_it_offers(name: Any) -> None:
    if name.startswith("__"):
        return
    assert not (ROOT / "gtfsgen" / f"{name}.py").exists()
    assert not (ROOT / "gtfsgen" / name).is_dir()


def test_a_project_is_built_twice_in_one_process(tmp_path: Path) -> None:
    code = (
        "import gtfsgen\n"
        f"for n in (1, 2): print(gtfsgen.build({str(ROOT / 'source')!r}, "
        f"{str(tmp_path / 'feed.zip')!r}).ok)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == ["True", "True"], done.stderr
