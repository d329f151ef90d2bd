"""Lines that call the Java validator do the same with the program's name changed."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from click.testing import CliRunner

from gtfsgen.cli import main
from tests.validation.feeds import TABLES, write_feed

DANGLING = TABLES["trips.txt"] + "X,D,T2\n"


def run(*words: str | Path) -> Any:
    return CliRunner().invoke(main, ["canonical", *map(str, words)])


@pytest.fixture
def zipped(tmp_path: Path) -> Path:
    folder = write_feed(tmp_path / "feed", trips=DANGLING)
    path = tmp_path / "x.zip"
    with ZipFile(path, "w") as archive:
        for each in sorted(folder.iterdir()):
            archive.write(each, each.name)
    return path


LINES = (
    "java -jar gtfs-validator-8.0.1-cli.jar -i x.zip -o out",
    "java -jar gtfs-validator-cli.jar -i x.zip -o out -c nl -svu",
    "java -Xmx8G -jar /opt/gtfs-validator-cli.jar --input x.zip --output_base out --pretty",
    "java -jar gtfs-validator-cli.jar --input x.zip --output_base out -c us --threads 4",
    "java -jar cli.jar --input x.zip --output_base out -c nl --pretty --skip_validator_update",
    "java -Dfile.encoding=UTF-8 -jar gtfs-validator-cli.jar -p -i x.zip -d 2026-11-20 -o out",
    "java -jar gtfs-validator-cli.jar -svu -n -t 8 -i feed -o out -v report.json -r report.html"
    " -e system_errors.json",
    "java -jar ./tools/gtfs-validator-7.1.0-cli.jar -i ./x.zip -o ./out -c FR -t 2",
    "docker run --rm -v $PWD:/work ghcr.io/mobilitydata/gtfs-validator:latest -i x.zip -o out",
    "docker run -v a:/work ghcr.io/mobilitydata/gtfs-validator:8.0.1 -i x.zip -o out -c nl -svu",
    "docker run --rm -it --user 1000:1000 -v a:/work ghcr.io/mobilitydata/gtfs-validator"
    " --input x.zip --output_base out --country_code ca --date 2026-11-20 --pretty",
    "podman run --rm -v $PWD:/work gtfs-validator -i x.zip -o out -p",
)
"""Lines as public pipelines have them. What stands before the arguments is the program's name."""
PROGRAM = re.compile(r".*?(?:\.jar|gtfs-validator(?::\S+)?) (?=-)")


def arguments_of(line: str) -> list[str]:
    """What the program is given: all behind the jar or the image."""
    program = PROGRAM.match(line)
    assert program
    return shlex.split(line[program.end() :])


@pytest.mark.parametrize("line", LINES)
def test_lines_of_pipelines_write_the_three_reports_and_exit_with_0(
    line: Any, zipped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run(*arguments_of(line))
    assert result.exit_code == 0, result.output
    found = {path.name for path in Path("out").iterdir()}
    assert {"report.json", "report.html", "system_errors.json"} <= found
    notices = json.loads(Path("out/report.json").read_text())["notices"]
    assert ("foreign_key_violation", 1) in {(n["code"], n["totalNotices"]) for n in notices}
    assert Path("out/system_errors.json").read_text().replace(" ", "").replace("\n", "") == (
        '{"notices":[]}'
    )


def test_the_summary_has_all_members_in_the_canonical_order(zipped: Path, tmp_path: Path) -> None:
    run("-i", zipped, "-o", tmp_path / "out", "-t", "3", "-d", "2026-11-20")
    summary = json.loads((tmp_path / "out" / "report.json").read_text())["summary"]
    assert list(summary) == [
        "validatorVersion",
        "validatedAt",
        "gtfsInput",
        "threads",
        "outputDirectory",
        "systemErrorsReportName",
        "validationReportName",
        "htmlReportName",
        "countryCode",
        "dateForValidation",
        "feedInfo",
        "agencies",
        "files",
        "validationTimeSeconds",
        "memoryUsageRecords",
        "counts",
        "gtfsFeatures",
    ]
    assert summary["validatorVersion"] == "8.0.1"
    assert summary["threads"] == 3
    assert summary["gtfsInput"] == zipped.as_uri()
    assert summary["outputDirectory"] == str(tmp_path / "out")


def test_reports_have_the_names_that_are_given(zipped: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert (
        run("-i", zipped, "-o", out, *["-v", "v.json", "-r", "r.html", "-e", "e.json"]).exit_code
        == 0
    )
    assert {path.name for path in out.iterdir()} == {"v.json", "r.html", "e.json"}
    summary = json.loads((out / "v.json").read_text())["summary"]
    assert summary["validationReportName"] == "v.json"


def test_stdout_prints_the_report_alone_and_writes_nothing(
    zipped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before = set(tmp_path.iterdir())
    result = run("-i", zipped, "--stdout")
    assert result.exit_code == 0
    summary = json.loads(result.stdout)["summary"]
    assert result.stdout.endswith("]}\n")
    assert result.stderr == ""
    assert not {"outputDirectory", "htmlReportName"} & set(summary)
    assert set(tmp_path.iterdir()) == before


def test_pretty_indents_by_two(zipped: Path, tmp_path: Path) -> None:
    run("-i", zipped, "-o", tmp_path / "out", "-p")
    assert (tmp_path / "out" / "report.json").read_text().startswith('{\n  "summary": {\n    "')


WRONG = (
    "",
    "-i x.zip",
    "-o out",
    "-i x.zip -u http://127.0.0.1/x.zip -o out",
    "-i x.zip -s kept -o out",
    "-i x.zip -o out --stdout",
    "-n",
    "-i x.zip -o out --unknown",
    "-i x.zip -o out stray",
    "-i x.zip -o",
    "-i x.zip -i x.zip -o out",
    "--input=x.zip -o out",
    "-i x.zip -o out -t many",
    "-u http://127.0.0.1/x.zip -o out --http_header nonsense",
    "@missing-arguments",
)


@pytest.mark.parametrize("line", WRONG)
def test_wrong_arguments_exit_with_1_in_one_line_and_write_nothing(
    line: Any, zipped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run(*shlex.split(line))
    assert result.exit_code == 1
    assert result.stderr.startswith("gtfs-validator: ")
    assert result.stderr.count("\n") == 1
    assert not Path("out").exists()


@pytest.mark.parametrize("feed", ["missing.zip", "broken.zip"])
def test_an_input_that_cannot_be_opened_has_reports_and_exits_with_255(
    feed: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("broken.zip").write_bytes(b"PK\x03\x04 and no more")
    assert run("-i", feed, "-o", "out").exit_code == 255
    errors = json.loads(Path("out/system_errors.json").read_text())["notices"]
    assert [entry["code"] for entry in errors] == ["i_o_error"]
    report = json.loads(Path("out/report.json").read_text())
    assert report["notices"] == []
    assert "counts" not in report["summary"]


@pytest.mark.parametrize("words", [("-d", "20261120"), ("-d", "2026-02-30")])
def test_a_date_that_is_none_exits_with_255_and_no_report(
    words: Any, zipped: Path, tmp_path: Path
) -> None:
    assert run("-i", zipped, "-o", tmp_path / "out", *words).exit_code == 255
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("given", "known"), [("nl", "NL"), ("UK", "GB"), ("xx", "ZZ"), ("?", "ZZ")]
)
def test_a_country_that_is_none_is_unknown(
    given: Any, known: Any, zipped: Path, tmp_path: Path
) -> None:
    assert run("-i", zipped, "-o", tmp_path / "out", "-c", given).exit_code == 0
    summary = json.loads((tmp_path / "out" / "report.json").read_text())["summary"]
    assert summary["countryCode"] == known


def test_arguments_can_stand_in_a_file(
    zipped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("arguments").write_text("-i\nx.zip\n\n-o\nout\n")
    assert run("@arguments").exit_code == 0
    assert Path("out/report.json").exists()


def test_the_schema_tells_every_notice_with_its_particulars(tmp_path: Path) -> None:
    assert run("-n", "-o", tmp_path).exit_code == 0
    schema = json.loads((tmp_path / "notice_schema.json").read_text())
    assert len(schema) == 181
    entry = schema["attribution_without_role"]
    assert entry["severityLevel"] == "WARNING"
    assert entry["properties"]["csvRowNumber"]["type"] == "integer"
    assert entry["references"]["fileReferences"] == ["attributions.txt"]
    assert schema["unused_parent_station"]["deprecated"] is True
    assert all(e["shortSummary"] and e["description"] for e in schema.values())


def test_the_schema_knows_the_particulars_that_rules_report(tmp_path: Path) -> None:
    from gtfsgen.reports.notice_schema import notice_schema

    run("-i", write_feed(tmp_path / "feed", trips=DANGLING), "-o", tmp_path / "out")
    schema = notice_schema()
    notices = json.loads((tmp_path / "out" / "report.json").read_text())["notices"]
    assert notices
    for entry in notices:
        assert schema[entry["code"]]["severityLevel"] == entry["severity"]
        for sample in entry["sampleNotices"]:
            assert set(sample) <= set(schema[entry["code"]]["properties"])


@pytest.fixture
def server(zipped: Any) -> Iterator[Any]:
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.headers)
            body = zipped.read_bytes() if self.path == "/x.zip" else b"<p>Not here"
            self.send_response(200 if self.path == "/x.zip" else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        threading.Thread(target=httpd.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{httpd.server_port}", asked
        httpd.shutdown()


def test_an_address_is_downloaded_with_headers_and_kept(
    server: Any, zipped: Path, tmp_path: Path
) -> None:
    address, asked = server
    result = run(
        *("-u", f"{address}/x.zip", "-o", tmp_path / "out", "-s", tmp_path / "kept"),
        *("--http_header", "Authorization: Bearer 1:2", "--http_header", "X-Key:k"),
    )
    assert result.exit_code == 0, result.output
    assert asked[0]["Authorization"] == "Bearer 1:2"
    assert asked[0]["X-Key"] == "k"
    assert (tmp_path / "kept" / "gtfs.zip").read_bytes() == zipped.read_bytes()
    summary = json.loads((tmp_path / "out" / "report.json").read_text())["summary"]
    assert summary["gtfsInput"] == f"{address}/x.zip"


@pytest.mark.parametrize("address", ["{}/nothing", "http://127.0.0.1:1/x.zip"])
def test_a_download_without_a_feed_exits_with_255_and_says_why(
    server: Any, address: Any, tmp_path: Path
) -> None:
    result = run("-u", address.format(server[0]), "-o", tmp_path / "out")
    assert result.exit_code == 255
    errors = json.loads((tmp_path / "out" / "system_errors.json").read_text())["notices"]
    assert [entry["code"] for entry in errors] == ["i_o_error"]


def test_help_exits_with_0() -> None:
    result = run("--help")
    assert result.exit_code == 0
    assert "-svu, --skip_validator_update" in result.stdout


def test_the_command_stands_back_where_another_package_has_its_name(tmp_path: Path) -> None:
    """Whichever of the two scripts pip leaves, the other package's program runs."""
    package = tmp_path / "site"
    info = package / "gtfs_validator-9.9.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: gtfs-validator\nVersion: 9.9\n")
    (info / "entry_points.txt").write_text("[console_scripts]\ngtfs-validator = theirs:main\n")
    (package / "theirs.py").write_text("def main():\n    print('theirs')\n    return 7\n")
    ours = [sys.executable, "-c", "from gtfsgen.cli.canonical_ import run; run()"]
    paths = os.pathsep.join([str(package), *sys.path])
    done = subprocess.run(
        ours, env={**os.environ, "PYTHONPATH": paths}, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (7, "theirs\n")
    assert "gtfsgen canonical" in done.stderr


def test_the_command_is_ours_where_nobody_else_has_its_name(zipped: Path, tmp_path: Path) -> None:
    code = (
        "import gtfsgen.cli.canonical_ as c; c.NEIGHBOUR = 'no-such-package'; "
        f"import sys; sys.argv = ['gtfs-validator', '-i', {str(zipped)!r}, '-o', 'out']; c.run()"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "report.json").exists()
