"""The scripts of the action, the container and the workflow, run as they stand.

What a runner of GitHub's does to a step is done here: the environment, the files for outputs and
summaries, a server for the API.
"""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import site
import subprocess
import sys
import threading
import tomllib
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

import gtfsgen

ROOT = Path(__file__).parents[1]
CI = ROOT / "ci"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A project as a runner has it after the checkout, under git."""
    folder = tmp_path / "clone"
    folder.mkdir()
    shutil.copytree(ROOT / "source", folder / "source")
    git(folder, "init", "-q", "-b", "main")
    return folder


@pytest.fixture(scope="session")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with gtfsgen and python as the action's first step leaves them on the PATH."""
    folder = tmp_path_factory.mktemp("bin")
    command = folder / "gtfsgen"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m gtfsgen "$@"\n')
    command.chmod(0o755)
    for name in ("python", "python3"):
        (folder / name).symlink_to(sys.executable)
    return folder


@pytest.fixture
def step(programs: Any, clone: Any, tmp_path: Path) -> Any:
    """Run one script as a step; returns what it ended with, its outputs and its summary."""

    def run(script: str, *words: str | Path, **settings: str) -> Any:
        output, summary = tmp_path / "output", tmp_path / "summary"
        output.write_text("")
        summary.write_text("")
        env = {
            **os.environ,
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "GITHUB_OUTPUT": str(output),
            "GITHUB_STEP_SUMMARY": str(summary),
            **settings,
        }
        program = [sys.executable] if script.endswith(".py") else []
        done = subprocess.run(
            [*program, CI / script, *words], cwd=clone, env=env, capture_output=True, text=True
        )
        outputs = dict(line.split("=", 1) for line in output.read_text().splitlines())
        return done, outputs, summary.read_text()

    return run


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout


def test_a_typo_in_a_clone_is_annotated_at_its_cell_and_ends_the_step(
    step: Callable[..., Any], clone: Path
) -> None:
    table = clone / "source" / "timetables" / "beijing-pyongyang.csv"
    table.write_text(table.read_text().replace("Shenyang,arr", "Shenyng,arr", 1))
    done, outputs, summary = step("check", COMMAND="build", DATE="2026-11-20")
    assert done.returncode == 1
    assert (
        "::error file=source/timetables/beijing-pyongyang.csv,line=8,col=1,endColumn=8,"
        "title=unknown_station::"
    ) in done.stdout
    assert outputs["exit-code"] == "1"
    assert (clone / outputs["sarif"]).is_file()
    assert "unknown_station  1" in summary
    assert "::error" not in summary


def test_a_good_project_is_built_and_its_feed_validated(
    step: Callable[..., Any], clone: Path
) -> None:
    done, outputs, _ = step("check", COMMAND="build", DATE="2026-11-20")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (clone / "feed" / "gtfs.zip").is_file()
    assert {"build.json", "build.sarif", "build-junit.xml"} <= {
        path.name for path in (clone / outputs["reports"]).iterdir()
    }
    done, outputs, _ = step("check", COMMAND="validate", DATE="2026-11-20", FAIL_ON="never")
    assert done.returncode == 0
    assert (clone / outputs["reports"] / "report.html").is_file()


def test_settings_are_never_run(step: Callable[..., Any], clone: Path) -> None:
    done, _, _ = step("check", COMMAND="build", SOURCE="$(touch hacked); touch hacked")
    assert done.returncode == 2
    assert not (clone / "hacked").exists()
    assert step("check", COMMAND="remove")[0].returncode == 2


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Any]:
    """A folder served on loopback, and GitHub's comments."""
    served = tmp_path / "served"
    served.mkdir()
    comments: list[dict[str, Any]] = []
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def answer(self, status: Any, body: Any) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> Any:
            if "/comments" in self.path:
                return self.answer(200, json.dumps(comments).encode())
            path = served / self.path.lstrip("/")
            found = path.is_file()
            return self.answer(200 if found else 404, path.read_bytes() if found else b"")

        def do_POST(self) -> Any:
            asked.append(f"{self.command} {self.path}")
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self.headers["Authorization"] != "Bearer good":
                return self.answer(403, b"{}")
            if self.command == "POST":
                comments.append({"id": 7, **body})
            else:
                comments[0].update(body)
            return self.answer(200, b"{}")

        do_PATCH = do_POST

        def log_message(self, *words: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        threading.Thread(target=httpd.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{httpd.server_port}", served, comments, asked
        httpd.shutdown()


def test_the_comparison_is_put_on_the_pull_request_and_renewed(
    step: Callable[..., Any], clone: Path, server: Any, tmp_path: Path
) -> None:
    address, served, comments, asked = server
    step("check", COMMAND="build", DATE="2026-11-20")
    done, _, summary = step("compare", PUBLISHED=f"{address}/gtfs.zip")
    assert done.returncode == 0
    assert "No published feed to compare with" in summary
    shutil.copy(clone / "feed" / "gtfs.zip", served / "gtfs.zip")
    table = clone / "source" / "timetables" / "beijing-pyongyang.csv"
    table.write_text(table.read_text().replace("17:26", "17:31", 1))
    step("check", COMMAND="build", DATE="2026-11-20")
    done, _, summary = step("compare", PUBLISHED=f"{address}/gtfs.zip")
    assert done.returncode == 0, done.stderr
    assert "K27" in summary
    assert "5 min" in summary
    event = tmp_path / "event.json"
    event.write_text('{"pull_request": {"number": 3}}')
    settings = {
        "GITHUB_API_URL": address,
        "GITHUB_EVENT_PATH": str(event),
        "GITHUB_REPOSITORY": "me/feed",
        "GITHUB_TOKEN": "good",
    }
    for _ in range(2):
        done, _, _ = step("comment.py", **settings)
        assert done.returncode == 0, done.stderr
    assert asked == [
        "POST /repos/me/feed/issues/3/comments", "PATCH /repos/me/feed/issues/comments/7",
    ]  # fmt: skip
    assert len(comments) == 1
    assert "5 min" in comments[0]["body"]
    done, _, _ = step("comment.py", **{**settings, "GITHUB_TOKEN": "of a fork"})
    assert done.returncode == 0
    assert "may not (403)" in done.stdout


def test_the_feed_is_published_with_its_history(
    step: Callable[..., Any], clone: Path, tmp_path: Path
) -> None:
    remote = tmp_path / "remote.git"
    git(tmp_path, "init", "-q", "--bare", str(remote))
    git(clone, "add", "-A")
    git(clone, "-c", "user.name=me", "-c", "user.email=me@example.com", "commit", "-qm", "Tables")
    git(clone, "remote", "add", "origin", str(remote))
    step("check", COMMAND="build", DATE="2026-11-20")
    settings = {"COUNTRY": "cn", "LICENCE": "ODbL-1.0", "MAINTAINER": "me", "FEED_NAME": "train"}

    def publish(day: str) -> None:
        shutil.rmtree(clone / "site", ignore_errors=True)
        git(clone, "worktree", "prune")
        for script, *words in (
            ("push-site", "fetch", "site"),
            ("publish.py", "feed/gtfs.zip", "site", "https://example.com/feed/"),
            ("push-site", "push", "site"),
        ):
            done, _, _ = step(script, *words, DATE=day, **settings)
            assert done.returncode == 0, (script, done.stdout, done.stderr)

    publish("2026-11-20")
    publish("2026-11-27")  # nothing new
    table = clone / "source" / "timetables" / "beijing-pyongyang.csv"
    table.write_text(table.read_text().replace("17:26", "17:31", 1))
    step("check", COMMAND="build", DATE="2026-11-20")
    publish("2026-12-04")
    files = git(remote, "ls-tree", "-r", "--name-only", "gh-pages").split()
    assert files == [
        ".nojekyll", "gtfs.zip", "history/2026-11-20.zip", "history/2026-12-04.zip",
        "history/index.json", "index.html", "mobility-database.csv", "report.html",
        "transitous.json",
    ]  # fmt: skip
    transitous = json.loads(git(remote, "show", "gh-pages:transitous.json"))
    assert transitous["sources"] == [
        {
            "name": "train",
            "type": "http",
            "url": "https://example.com/feed/gtfs.zip",
            "license": {"spdx-identifier": "ODbL-1.0"},
        }
    ]
    (row,) = csv.DictReader(git(remote, "show", "gh-pages:mobility-database.csv").splitlines())
    assert row["location.country_code"] == "CN"
    assert 39 < float(row["location.bounding_box.minimum_latitude"]) < 40


def test_the_container_s_steps_install_the_locked_versions_into_a_clean_prefix(
    tmp_path: Path,
) -> None:
    """Without the network: what pip would fetch is lent from this environment."""
    prefix = tmp_path / "opt"
    lent = os.pathsep.join(site.getsitepackages())
    env = {
        **os.environ,
        "PYTHON": sys.executable,
        "PYTHONPATH": lent,
        "PIP_NO_DEPS": "1",
        "PIP_NO_INDEX": "1",
        "PIP_NO_BUILD_ISOLATION": "0",
        "PIP_IGNORE_INSTALLED": "1",
    }
    done = subprocess.run([CI / "install-into", prefix], env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert gtfsgen.__version__ in done.stdout
    (packages,) = prefix.glob("lib/python*/site-packages")
    assert (packages / "gtfsgen" / "reports" / "report.css").is_file()
    assert (packages / "gtfsgen" / "reports" / "canonical_notices.json").is_file()
    told = subprocess.run(
        [prefix / "bin" / "gtfs-validator", "-h"], env=env, capture_output=True, text=True
    )
    assert told.returncode == 0
    text = (ROOT / "Dockerfile").read_text()
    assert "RUN /src/ci/install-into /opt/gtfsgen" in text
    assert 'ENTRYPOINT ["gtfs-validator"]' in text
    assert re.search(r"^USER 10001$", text, re.MULTILINE)


def test_every_script_that_the_action_and_the_workflow_name_is_there() -> None:
    named = set()
    for path in (ROOT / "action.yml", *(ROOT / ".github" / "workflows").glob("*.yml")):
        text = path.read_text()
        named |= set(re.findall(r"ci/([\w.-]+)", text))
        for line in text.splitlines():
            if re.match(r"\s*(- )?run:", line):
                assert "${{" not in line, "no text of an event may become part of a command"
    assert named == {"set-up", "check", "compare", "comment.py", "push-site", "publish.py"}
    assert all((CI / name).is_file() for name in named)


def test_the_version_is_one() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert gtfsgen.__version__ == project["version"]


def test_release_fills_addresses_into_links_and_metadata() -> None:
    import runpy

    release = runpy.run_path(str(CI / "release.py"))
    readme = release["absolute_links"](
        "![a](docs/a.png) [b](docs/b.md) [c](https://c.org) ![d](https://d.org/d.png)",
        "https://h.org/me/gtfsgen",
    )
    assert readme == (
        "![a](https://h.org/me/gtfsgen/raw/HEAD/docs/a.png)"
        " [b](https://h.org/me/gtfsgen/blob/HEAD/docs/b.md) [c](https://c.org)"
        " ![d](https://d.org/d.png)"
    )
    text = (ROOT / "pyproject.toml").read_text()
    project = tomllib.loads(release["with_addresses"](text, "https://h.org/g"))["project"]
    assert project["urls"]["Homepage"] == "https://h.org/g"
    assert project["scripts"]["gtfsgen"] == "gtfsgen.cli:run"


def test_the_hooks_of_pre_commit_run_what_ci_runs() -> None:
    hooks = (ROOT / ".pre-commit-config.yaml").read_text()
    targets = re.findall(r"make ([a-z-]+)", "\n".join(re.findall(r"entry: (.*)", hooks)))
    stages = re.findall(r"^stage .*? make ([a-z-]+)$", (ROOT / ".ci" / "run").read_text(), re.M)
    assert targets == ["lint", "types", "feed", "pytest"]
    assert set(targets) - {"pytest"} <= set(stages)
    assert "make pytest" in (ROOT / ".ci" / "run").read_text()
