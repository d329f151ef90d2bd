# ruff: noqa: E501
"""Make what is released, into dist/: a reproducible wheel, an sdist, an SBOM, a list of licences.

    python ci/release.py [--url https://example.com/gtfsgen]

The packages are built from what is committed, with the time of the last commit, twice, and must
come out alike. With --url the project's addresses are told, and pictures and links of the README
are made absolute (URL/raw/HEAD/...), since PyPI shows no relative ones. Then the wheel is installed into
a clean environment of every Python of this machine, where it must start, build the project of
`gtfsgen init`, and validate its feed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from io import BytesIO
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PYTHONS = ("python3.11", "python3.12", "python3.13", "python3.14")
DESCRIBE = """
import json
from importlib.metadata import distributions
rows = []
for found in distributions():
    meta = found.metadata
    if meta["Name"].lower() in ("pip", "setuptools"):
        continue
    said = meta.get("License-Expression") or meta.get("License") or ""
    kinds = [c.rpartition(" :: ")[2] for c in meta.get_all("Classifier", []) if c.startswith("License")]
    licence = said if said and len(said) < 80 and "\\n" not in said else ", ".join(kinds) or "see the package"
    rows.append({"name": meta["Name"], "version": found.version, "licence": licence})
print(json.dumps(sorted(rows, key=lambda row: row["name"].lower())))
"""


def run(*words: str | Path, **options: object) -> str:
    done = subprocess.run(
        [str(word) for word in words],
        check=False,
        text=True,
        capture_output=True,
        **options,  # type: ignore[call-overload]
    )
    if done.returncode:
        sys.exit(f"release: {' '.join(map(str, words))} failed:\n{done.stdout}{done.stderr}")
    return str(done.stdout)


def committed(folder: Path, url: str) -> Path:
    """The files of the last commit, with addresses filled in."""
    archive = subprocess.run(
        ["git", "archive", "HEAD"], cwd=ROOT, check=True, capture_output=True
    ).stdout
    with tarfile.open(fileobj=BytesIO(archive)) as tar:
        tar.extractall(folder, filter="data")
    if url:
        readme = folder / "README.md"
        readme.write_text(absolute_links(readme.read_text(encoding="utf-8"), url), encoding="utf-8")
        project = folder / "pyproject.toml"
        text = project.read_text(encoding="utf-8")
        project.write_text(with_addresses(text, url), encoding="utf-8")
    return folder


def absolute_links(readme: str, url: str) -> str:
    """Relative links of Markdown to the project's pages, pictures to the files themselves."""
    readme = re.sub(r"!\[([^\]]*)\]\((?!https?:)([^)]+)\)", rf"![\1]({url}/raw/HEAD/\2)", readme)
    return re.sub(
        r"(?<!!)\[([^\]]*)\]\((?!https?:|#)([^)]+)\)", rf"[\1]({url}/blob/HEAD/\2)", readme
    )


def with_addresses(project: str, url: str) -> str:
    addresses = (
        f'[project.urls]\nHomepage = "{url}"\nDocumentation = "{url}/blob/HEAD/docs/guide.md"\n'
        f'Issues = "{url}/issues"\nChangelog = "{url}/blob/HEAD/CHANGELOG.md"\n\n'
    )
    return project.replace("[project.scripts]\n", f"{addresses}[project.scripts]\n", 1)


def packages(folder: Path, url: str) -> dict[str, bytes]:
    """Wheel and sdist by name, built from a fresh copy."""
    source = committed(folder / "source", url)
    moment = run("git", "log", "-1", "--format=%ct", cwd=ROOT).strip()
    out = folder / "out"
    env = {**os.environ, "SOURCE_DATE_EPOCH": moment, "PYTHONHASHSEED": "0"}
    env.pop("PYTHONPATH", None)
    isolation = ["--no-isolation"] if os.environ.get("RELEASE_NO_ISOLATION") else []
    run(sys.executable, "-m", "build", *isolation, "-o", out, source, env=env)
    return {path.name: path.read_bytes() for path in sorted(out.iterdir())}


def runs(python: str) -> bool:
    """Whether there is such a Python; a name on the PATH may be a shim that leads nowhere."""
    try:
        done = subprocess.run([python, "-c", "import ensurepip"], capture_output=True, check=False)
    except OSError:
        return False
    return done.returncode == 0


def check(wheel: Path, python: str, folder: Path) -> str:
    """Install the wheel alone and use it; returns what is installed, as JSON."""
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    run(python, "-m", "venv", folder / "venv", env=env)
    inside = folder / "venv" / "bin"
    run(inside / "python", "-m", "pip", "install", "--quiet", wheel, env=env)
    version = run(inside / "gtfsgen", "--version", env=env).strip()
    run(inside / "gtfsgen", "init", folder / "project", env=env)
    run(inside / "gtfsgen", "build", folder / "project" / "source", env=env)
    run(
        inside / "gtfs-validator",
        "-i",
        folder / "project" / "feed" / "gtfs.zip",
        "-o",
        folder / "out",
        env=env,
    )
    print(f"{python}: {version} builds and validates the project of `gtfsgen init`")
    return run(inside / "python", "-c", DESCRIBE, env=env)


def write_lists(dist: Path, wheel: Path, rows: list[dict[str, str]]) -> None:
    """sbom.cdx.json (CycloneDX 1.5) and licences.md."""
    components = [
        {
            "type": "library",
            "name": row["name"],
            "version": row["version"],
            "purl": f"pkg:pypi/{row['name'].lower().replace('_', '-')}@{row['version']}",
            "licenses": [{"license": {"name": row["licence"]}}],
        }
        for row in rows
        if row["name"] != "gtfsgen"
    ]
    own = next(row for row in rows if row["name"] == "gtfsgen")
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    sbom = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "name": "gtfsgen",
                "version": own["version"],
                "hashes": [{"alg": "SHA-256", "content": digest}],
                "licenses": [{"license": {"id": "MIT"}}],
            }
        },
        "components": components,
    }
    (dist / "sbom.cdx.json").write_text(json.dumps(sbom, indent=1) + "\n", encoding="utf-8")
    lines = [
        "# Licences of what gtfsgen needs\n",
        "| package | version | licence |",
        "|---|---|---|",
    ]
    lines += [f"| {row['name']} | {row['version']} | {row['licence']} |" for row in rows]
    (dist / "licences.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--url", default="", help="where the project is, for links")
    url = arguments.parse_args().url.rstrip("/")
    dist = ROOT / "dist"
    shutil.rmtree(dist, ignore_errors=True)
    dist.mkdir()
    with tempfile.TemporaryDirectory(prefix="gtfsgen-release-") as work:
        first = packages(Path(work, "first"), url)
        second = packages(Path(work, "second"), url)
        wheels = [name for name in first if name.endswith(".whl")]
        if any(first[name] != second[name] for name in wheels):
            sys.exit("release: two builds of one commit give different wheels")
        for name, content in first.items():
            (dist / name).write_bytes(content)
            print(
                f"dist/{name}: {len(content):,} bytes, sha256 {hashlib.sha256(content).hexdigest()}"
            )
        wheel = dist / wheels[0]
        found = [python for python in PYTHONS if runs(python)] or [sys.executable]
        described = [
            check(wheel, python, Path(work, python.rpartition("/")[2])) for python in found
        ]
    write_lists(dist, wheel, json.loads(described[0]))
    print("dist/sbom.cdx.json, dist/licences.md")
    if not url:
        print("No --url: the wheel names no address, and pictures of its README stay relative.")


if __name__ == "__main__":
    main()
