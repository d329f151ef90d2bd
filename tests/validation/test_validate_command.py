"""`gtfsgen validate` as people and build services call it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from click.testing import CliRunner

from gtfsgen.cli import main

from .feeds import TABLES, write_feed

DAY = ("--date", "2026-11-20")
UNUSED_TRIP = TABLES["trips.txt"] + "R,D,U\n"
DANGLING = TABLES["trips.txt"] + "X,D,T2\n"


def run(*words: str | Path) -> Any:
    return CliRunner().invoke(main, ["validate", *map(str, words)])


@pytest.fixture
def feed(tmp_path: Path) -> Path:
    return write_feed(tmp_path / "feed")


def test_a_clean_feed_exits_with_0(feed: Path) -> None:
    result = run(feed, *DAY)
    assert result.exit_code == 0, result.output
    assert "1 agency, 1 route, 1 trip, 2 stops, service 2026-01-01 to 2027-12-31" in result.output


def test_errors_exit_with_1_and_show_file_and_row(tmp_path: Path) -> None:
    result = run(write_feed(tmp_path, trips=DANGLING), *DAY)
    assert result.exit_code == 1
    assert "foreign_key_violation" in result.output
    assert "trips.txt:3 " in result.output


@pytest.mark.parametrize(
    ("level", "exit_code"), [("ERROR", 0), ("WARNING", 1), ("warning", 1), ("never", 0)]
)
def test_fail_on_sets_the_level(tmp_path: Path, level: Any, exit_code: Any) -> None:
    feed = write_feed(tmp_path, trips=UNUSED_TRIP)
    assert run(feed, *DAY, "--rules", "canonical-8.0.1", "--fail-on", level).exit_code == exit_code


def test_never_holds_for_errors_too(tmp_path: Path) -> None:
    assert run(write_feed(tmp_path, trips=DANGLING), *DAY, "--fail-on", "never").exit_code == 0


def test_an_unreadable_feed_exits_with_2_and_still_has_reports(tmp_path: Path) -> None:
    feed = tmp_path / "broken.zip"
    feed.write_bytes(b"PK no zip")
    result = run(feed, *DAY, "-o", tmp_path / "out")
    assert result.exit_code == 2
    assert f"{feed} cannot be read as a feed" in result.output
    assert "Traceback" not in result.output
    errors = json.loads((tmp_path / "out" / "system_errors.json").read_text())
    assert [notice["code"] for notice in errors["notices"]] == ["i_o_error"]
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["notices"] == []
    assert "counts" not in report["summary"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--rules", "canonica"], "unknown rule set"),
        (["--date", "20.11.2026"], "--date '20.11.2026' is not a date; write 2026-11-20"),
        (["--format", "sarif,htlm"], "no report format 'htlm'; did you mean html?"),
        (["--format", "parquet"], "needs -o DIR"),
        (["--fail-on", "fatal"], "fatal"),
        (["--country", "Korea"], "--country 'Korea' is no country"),
        (["--write-baseline"], "needs --policy"),
        (["--policy", "nowhere.toml"], "nowhere.toml: The file cannot be read"),
    ],
)
def test_wrong_commands_exit_with_2(feed: Path, words: Any, said: Any) -> None:
    result = run(feed, *words)
    assert result.exit_code == 2
    assert said in result.output


def test_a_folder_and_its_zip_give_the_same_canonical_report(feed: Path, tmp_path: Path) -> None:
    archive = tmp_path / "feed.zip"
    with ZipFile(archive, "w") as target:
        for path in sorted(feed.iterdir()):
            target.write(path, path.name)
    for name in (feed, archive):
        result = run(name, *DAY, "--rules", "canonical-8.0.1", "-o", tmp_path / f"{name.name}-out")
        assert result.exit_code == 0
    documents = [
        json.loads((tmp_path / f"{name}-out" / "report.json").read_text())
        for name in ("feed", "feed.zip")
    ]
    assert documents[0]["notices"] == documents[1]["notices"]
    assert documents[0]["summary"]["counts"] == documents[1]["summary"]["counts"]
    assert documents[0]["summary"]["dateForValidation"] == "2026-11-20"


def test_several_feeds_have_a_folder_each(feed: Path, tmp_path: Path) -> None:
    other = write_feed(tmp_path / "elsewhere" / "feed", trips=DANGLING)
    missing = tmp_path / "missing.zip"
    result = run(feed, other, missing, *DAY, "-o", tmp_path / "out", "--format", "json")
    assert result.exit_code == 2
    written = sorted(
        str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("report.json")
    )
    assert written == ["feed-2/report.json", "feed/report.json", "missing/report.json"]


def test_one_format_goes_to_standard_output(feed: Path) -> None:
    result = run(feed, *DAY, "--format", "json")
    assert json.loads(result.output)["summary"]["counts"]["Trips"] == 1


def test_all_formats_are_written(feed: Path, tmp_path: Path) -> None:
    names = "terminal,json,html,sarif,junit,github,csv,parquet,ndjson"
    assert run(feed, *DAY, "--format", names, "-o", tmp_path / "out").exit_code == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "report.json", "system_errors.json", "report.html", "report.sarif", "junit.xml",
        "annotations.txt", "notices.csv", "notices.parquet", "notices.ndjson",
    }  # fmt: skip


def test_a_policy_decides_the_exit_code_and_is_told(tmp_path: Path) -> None:
    feed = write_feed(tmp_path / "feed", trips=DANGLING)
    policy = tmp_path / "policy.toml"
    policy.write_text(
        '[[ignore]]\ncode = "foreign_key_violation"\nid = "X"\nreason = "Soon."\n'
        'until = 2026-12-31\n[[ignore]]\ncode = "unusable_trip"\nreason = "Soon."\n'
        "until = 2026-12-31\n"
    )
    result = run(feed, *DAY, "--policy", policy)
    assert result.exit_code == 0, result.output
    assert "foreign_key_violation  1 error: Soon. (until 2026-12-31)" in result.output
    later = run(feed, "--date", "2027-01-01", "--policy", policy)
    assert later.exit_code == 1
    assert "no longer acts" in later.output


def test_a_baseline_makes_old_notices_known(tmp_path: Path) -> None:
    feed = write_feed(tmp_path / "feed", trips=DANGLING)
    policy = tmp_path / "policy.toml"
    policy.write_text("")
    assert run(feed, *DAY, "--policy", policy, "--write-baseline").exit_code == 0
    assert run(feed, *DAY, "--policy", policy).exit_code == 0
    write_feed(tmp_path / "feed", trips=DANGLING + "Y,D,T3\n")
    result = run(feed, *DAY, "--policy", policy)
    assert result.exit_code == 1
    assert "field_value=Y" in result.output
    assert "fieldValue=X" not in result.output


def test_timings_name_files_and_memory(feed: Path) -> None:
    result = run(feed, *DAY, "--timings")
    assert " s  stop_times.txt" in result.output
    assert "MiB peak memory" in result.output


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Any]:
    """A server of the files in tmp_path/served."""
    folder = tmp_path / "served"
    folder.mkdir()

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder)) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield folder, f"http://127.0.0.1:{running.server_address[1]}"
        running.shutdown()


def test_a_feed_from_the_web(feed: Path, server: Any, tmp_path: Path) -> None:
    folder, address = server
    with ZipFile(folder / "my feed.zip", "w") as target:
        for path in feed.iterdir():
            target.write(path, path.name)
    url = f"{address}/my%20feed.zip?key=1"
    result = run(url, *DAY, "-o", tmp_path / "out")
    assert result.exit_code == 0, result.output
    summary = json.loads((tmp_path / "out" / "report.json").read_text())["summary"]
    assert summary["gtfsInput"] == url


def test_a_download_that_fails_exits_with_2(server: Any) -> None:
    _, address = server
    result = run(f"{address}/nothing.zip")
    assert result.exit_code == 2
    assert "cannot be had: HTTP Error 404" in result.output


def process(*words: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from gtfsgen.cli import main; main()", "validate"]
    return subprocess.run(
        [*command, *map(str, words)], capture_output=True, text=True, check=False, timeout=120
    )


def test_exit_codes_of_the_process(feed: Path, tmp_path: Path) -> None:
    assert process(feed, *DAY).returncode == 0
    broken = process(write_feed(tmp_path / "other", trips=DANGLING), *DAY)
    assert broken.returncode == 1
    assert "\x1b" not in broken.stdout
    absent = process(tmp_path / "absent.zip")
    assert absent.returncode == 2
    assert "Traceback" not in absent.stderr


def test_ctrl_c_ends_it_with_130_and_leaves_nothing(tmp_path: Path) -> None:
    """Pressed while it waits for a feed that never comes."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/feed.zip"
        waiting = subprocess.Popen(
            [sys.executable, "-m", "gtfsgen", "validate", url, "-o", str(tmp_path / "out")],
            env=os.environ | {"TMPDIR": str(temporary)},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            preexec_fn=partial(signal.signal, signal.SIGINT, signal.default_int_handler),
        )  # fmt: skip
        with silent.accept()[0]:
            waiting.send_signal(signal.SIGINT)
            said = waiting.communicate(timeout=60)
    assert (waiting.returncode, said) == (130, ("", "\nStopped.\n"))
    assert not (tmp_path / "out").exists()
    assert list(temporary.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk always full")
@pytest.mark.parametrize("form", ["terminal", "json", "csv"])
def test_output_that_cannot_be_written_exits_with_2(feed: Path, form: Any) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "gtfsgen", "validate", str(feed), *DAY, "--format", form],
            stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=120,
        )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.startswith("gtfsgen: No space left on device")
    assert done.stderr.count("\n") == 1


def test_a_small_feed_needs_no_heavy_libraries(feed: Path) -> None:
    code = (
        "import sys\nfrom gtfsgen.cli import main\n"
        "try:\n main()\nexcept SystemExit:\n pass\n"
        "print(sorted({'rich', 'pyarrow', 'shapely', 'pandas'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "validate", str(feed), *DAY],
        capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "[]"
