"""Feeds from the web, by a real server on this machine."""

from __future__ import annotations

import gzip
import io
import threading
import time
import zipfile
import zlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

import gtfsgen
from gtfsgen.budget import Budget, LimitExceeded, UnreadableInput, spending
from gtfsgen.feed import fetching
from gtfsgen.feed.fetching import fetch

BODY = b"hello, " * 1000


def feed_bytes() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("agency.txt", "agency_name,agency_url,agency_timezone\nA,http://a.b,UTC\n")
    return buffer.getvalue()


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


class Handler(BaseHTTPRequestHandler):
    visits: ClassVar[dict[str, int]] = {}
    seen: ClassVar[list[dict[str, str]]] = []

    def log_message(self, *_: Any) -> None:
        pass

    def answer(self, body: bytes, code: int = 200, **headers: str) -> None:
        self.send_response(code)
        for name, value in {"Content_Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        path = self.path.strip("/")
        self.visits[path] = self.visits.get(path, 0) + 1
        self.seen.append(dict(self.headers.items()))
        if path == "gzip":
            self.answer(gzip.compress(BODY), Content_Encoding="gzip")
        elif path == "members":
            self.answer(gzip.compress(BODY) + gzip.compress(BODY), Content_Encoding="gzip")
        elif path == "cut":
            self.answer(gzip.compress(BODY)[:-20], Content_Encoding="gzip")
        elif path == "deflate":
            self.answer(zlib.compress(BODY), Content_Encoding="deflate")
        elif path == "raw":
            self.answer(raw_deflate(BODY), Content_Encoding="deflate")
        elif path == "brotli":
            self.answer(BODY, Content_Encoding="br")
        elif path == "bomb":
            self.answer(gzip.compress(bytes(50_000_000)), Content_Encoding="gzip")
        elif path == "short":
            self.answer(BODY, Content_Length="99999")
        elif path == "busy":
            again = self.visits[path] > 1
            self.answer(BODY, 200 if again else 503, **({} if again else {"Retry_After": "0"}))
        elif path == "closed":
            self.answer(b"", 429, Retry_After="86400")
        elif path.startswith("to/"):
            self.answer(b"", 302, Location=path.removeprefix("to/"))
        elif path == "round":
            self.answer(b"", 302, Location="/round")
        elif path == "drip":
            self.send_response(200)
            self.end_headers()
            for _ in range(100):
                self.wfile.write(b"x")
                self.wfile.flush()
                time.sleep(0.1)
        elif path == "feed.zip":
            self.answer(feed_bytes())
        elif path == "plain":
            self.answer(BODY)
        else:
            self.answer(b"nothing", 404)


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("GTFSGEN_ALLOW_PRIVATE", "1")
    Handler.visits, Handler.seen = {}, []
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        server.block_on_close = False
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize(
    ("path", "times"),
    [("plain", 1), ("gzip", 1), ("members", 2), ("deflate", 1), ("raw", 1), ("busy", 1)],
)
def test_what_is_packed_for_the_way_is_unpacked(
    address: Any, tmp_path: Path, path: Any, times: Any
) -> None:
    fetch(f"{address}/{path}", tmp_path / "x")
    assert (tmp_path / "x").read_bytes() == BODY * times


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("nothing", "HTTP Error 404"),
        ("cut", "no end"),
        ("brotli", "packed as br"),
        ("short", "broke off"),
        ("closed", "come again in 86400 seconds"),
        ("round", "HTTP Error 302"),
        ("to/file:///etc/passwd", "not allowed"),
        ("to/ftp://example.com/x", "only http and https"),
    ],
)
def test_what_cannot_be_had_is_told(address: Any, tmp_path: Path, path: Any, said: Any) -> None:
    with pytest.raises(UnreadableInput, match=said):
        fetch(f"{address}/{path}", tmp_path / "x")


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://example.com/",
        "http://",
        "http://a b/",
        "http://x:99999999/",
        "http://[::1/",
        "gopher://x",
        "http://ä.example/",
        "http://a\n.example/",
    ],
)
def test_other_addresses_are_refused(tmp_path: Path, url: Any) -> None:
    with pytest.raises(UnreadableInput):
        fetch(url, tmp_path / "x")


def test_time_and_size_are_limited(address: Any, tmp_path: Path) -> None:
    began = time.monotonic()
    with spending(Budget(fetch=1)), pytest.raises(LimitExceeded, match="GTFSGEN_MAX_FETCH"):
        fetch(f"{address}/drip", tmp_path / "x")
    assert time.monotonic() - began < 5
    for path in ("bomb", "plain", "gzip"):
        with spending(Budget(download=5000)), pytest.raises(LimitExceeded, match="DOWNLOAD"):
            fetch(f"{address}/{path}", tmp_path / "x")


def test_private_addresses_are_refused_unless_allowed(
    address: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GTFSGEN_ALLOW_PRIVATE")
    port = address.rpartition(":")[2]
    for host in ("127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]"):
        with pytest.raises(UnreadableInput):
            fetch(f"http://{host}:{port}/plain", tmp_path / "x")
    assert Handler.visits == {}
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    ("host", "public"),
    [
        ("8.8.8.8", True),
        ("10.1.2.3", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("2a00:1450::1", True),
        ("fe80::1%eth0", False),
        ("fc00::1", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::a00:1", False),
        ("64:ff9b::808:808", True),
    ],
)
def test_what_is_a_public_address(host: Any, public: Any) -> None:
    assert fetching._is_public(host) is public


def test_a_redirection_is_looked_at_again(
    address: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first address is let through, as a public one would be; the second is not."""
    monkeypatch.delenv("GTFSGEN_ALLOW_PRIVATE")
    asked = []

    def refuse(host: str, addresses: Any) -> None:
        asked.append(host)
        if host != "127.0.0.1":
            raise UnreadableInput(f"{host} is private")

    monkeypatch.setattr(fetching, "_refuse_private", refuse)
    port = address.rpartition(":")[2]
    with pytest.raises(UnreadableInput, match="localhost is private"):
        fetch(f"{address}/to/http://localhost:{port}/plain", tmp_path / "x")
    assert asked == ["127.0.0.1", "localhost"]


def test_passwords_are_sent_and_never_told(address: Any, tmp_path: Path) -> None:
    url = address.replace("http://", "http://me:secret@")
    fetch(f"{url}/plain", tmp_path / "x")
    assert Handler.seen[-1]["Authorization"] == "Basic bWU6c2VjcmV0"
    with pytest.raises(UnreadableInput) as refused:
        gtfsgen.read(f"{url}/nothing")
    assert "secret" not in str(refused.value)
    report = gtfsgen.validate(f"{url}/feed.zip")
    assert "secret" not in report.to_json()
    port = address.rpartition(":")[2]
    fetch(f"{url}/to/http://localhost:{port}/plain", tmp_path / "x", {"X-Key": "k"})
    assert not {"Authorization", "X-key"} & {*Handler.seen[-1]}


def test_python_takes_addresses_and_raises(address: Any, tmp_path: Path) -> None:
    assert gtfsgen.read(f"{address}/feed.zip")["agency"].height == 1
    assert gtfsgen.validate(f"{address}/feed.zip").summary["gtfsInput"] == f"{address}/feed.zip"
    for absent in (f"{address}/nothing.zip", tmp_path / "none.zip", "ftp://x/y.zip", "a\0b"):
        for function in (gtfsgen.read, gtfsgen.validate):
            with pytest.raises(gtfsgen.UnreadableInput):
                function(absent)
    with pytest.raises(OSError, match=r"none\.zip"):
        gtfsgen.validate(tmp_path / "none.zip")
    for wrong in ({"country": "Utopia"}, {"date": "tomorrow"}, {"rules": "none"}):
        with pytest.raises(ValueError, match=next(iter(wrong.values()))):
            gtfsgen.validate(f"{address}/feed.zip", **wrong)  # type: ignore[arg-type]
