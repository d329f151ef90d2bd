"""Files from the web: by http and https alone, within time and size, from public addresses.

The address that is looked at is the one that is connected to, again after each redirection, so that
no name and no redirection leads into a private network. There is one way round that: a proxy that
the environment names, which looks names up by itself.
"""

from __future__ import annotations

import base64
import http.client
import ipaddress
import os
import socket
import threading
import time
import zlib
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
    UnknownHandler,
    getproxies,
    proxy_bypass,
)

from gtfsgen.budget import PLAIN_SHARE, UnreadableInput, budget, count_packed, exceeded

ALLOW_PRIVATE = "GTFSGEN_ALLOW_PRIVATE"
"""The environment variable that, set to 1, lets addresses of private networks be fetched from."""

CHUNK = 1 << 20
SILENCE_S = 30
"""How long a server may say nothing."""
FETCH_S = 45.0
BYTES_A_SECOND = 200_000
"""A fetch may take `FETCH_S`, and a second more for each so many bytes that have come."""
ATTEMPTS = 3
LONGEST_WAIT_S = 20.0
"""A server that asks for more time (Retry-After) is told of instead of waited for."""
_BUSY = (429, 503)


def fetch(
    address: str, path: Path, headers: Mapping[str, str] | None = None, any_status: bool = False
) -> None:
    """Write what an address holds to a file.

    `headers` are sent with the request. With `any_status` the page that tells of an error is
    written like any other. Raises `UnreadableInput` where there is no answer that can be used, and
    (as `LimitExceeded`) for one that is too large or too slow.
    """
    parts = _checked(address)
    request = Request(_without_user(parts), headers={"User-Agent": "gtfsgen", **(headers or {})})
    if parts.username is not None:
        user = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        token = base64.b64encode(user.encode()).decode()
        request.add_unredirected_header("Authorization", f"Basic {token}")
    try:
        with _Deadline() as deadline:
            _written(request, path, any_status, deadline)
    except UnreadableInput:
        raise
    except HTTPError as error:
        raise UnreadableInput(f"HTTP Error {error.code}: {_plain(error.reason)}") from None
    except URLError as error:
        reason = error.reason
        if isinstance(reason, UnreadableInput):
            raise reason from None
        raise UnreadableInput(_plain(getattr(reason, "strerror", None) or reason)) from None
    except (OSError, http.client.HTTPException, ValueError, EOFError) as error:
        said = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise UnreadableInput(f"the download broke off ({_plain(said)})") from None


def private_allowed() -> bool:
    return os.environ.get(ALLOW_PRIVATE, "").strip().lower() in ("1", "true", "yes")


def shown(address: str) -> str:
    """The address as it may be told: without user and password."""
    try:
        parts = urlsplit(address)
        return _without_user(parts) if "@" in parts.netloc else address
    except ValueError:
        return address.partition("@")[2] or address


def _without_user(parts: SplitResult) -> str:
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _plain(text: object) -> str:
    """One printable line of at most 200 characters: servers choose their own reasons."""
    line = "".join(c if c.isprintable() else " " for c in str(text))
    return line if len(line) <= 200 else f"{line[:200]}..."


def _checked(address: str) -> SplitResult:
    try:
        parts = urlsplit(address)
        parts.port  # noqa: B018  a port that is no number raises here
    except ValueError as error:
        raise UnreadableInput(f"the address is not one: {_plain(error)}") from None
    if parts.scheme.lower() not in ("http", "https"):
        raise UnreadableInput(f"only http and https are fetched, not {_plain(parts.scheme)}")
    if not parts.hostname:
        raise UnreadableInput("the address is not one: it names no host")
    if not address.isascii() or not address.isprintable() or " " in address:
        raise UnreadableInput("the address is not one: blanks and letters beyond ASCII must be "
            "written as %20 and the like")  # fmt: skip
    return parts


# --------------------------------------------------------------------------------- the connection


def _refuse_private(host: str, addresses: list[str]) -> None:
    if private_allowed():
        return
    for address in addresses:
        if not _is_public(address):
            raise UnreadableInput(
                f"{_plain(host)} is at {address}, which is not a public address;"
                f" --allow-private or {ALLOW_PRIVATE}=1 lets it be fetched from"
            )


def _is_public(address: str) -> bool:
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo or (None, None))[1]
        if inner is not None and not inner.is_global:
            return False
        if found in ipaddress.ip_network("64:ff9b::/96"):  # an IPv4 address behind a translator
            return ipaddress.ip_address(int(found) & 0xFFFFFFFF).is_global
    return found.is_global and not found.is_multicast


def _addresses(host: str, port: int) -> list[tuple[Any, ...]]:
    return socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM)


def _connector(deadline: _Deadline) -> Callable[..., socket.socket]:
    """What connects instead of socket.create_connection: to the addresses that were looked at."""

    def connect(place: tuple[str, int], timeout: Any = None, source: Any = None) -> socket.socket:
        host, port = place
        found = _addresses(host, port)
        if host not in _proxy_hosts():
            _refuse_private(host, [about[4][0] for about in found])
        failure: OSError = OSError("the name leads to no address")
        for family, kind, protocol, _, address in found:
            connection = socket.socket(family, kind, protocol)
            connection.settimeout(SILENCE_S)
            try:
                with deadline.guarding(connection):
                    connection.connect(address)
            except OSError as error:
                connection.close()
                failure = error
                continue
            deadline.guard(connection)
            return connection
        raise failure

    return connect


def _proxy_hosts() -> set[str]:
    return {host for url in getproxies().values() if (host := urlsplit(url).hostname)}


def _opener(deadline: _Deadline) -> Any:
    connect = _connector(deadline)

    class Plain(http.client.HTTPConnection):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self._create_connection = connect

    class Secure(http.client.HTTPSConnection):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self._create_connection = connect

    class PlainHandler(HTTPHandler):
        def http_open(self, req: Request) -> Any:
            _check_target(req)
            return self.do_open(Plain, req)

    class SecureHandler(HTTPSHandler):
        def https_open(self, req: Request) -> Any:
            _check_target(req)
            return self.do_open(Secure, req)

    opener = OpenerDirector()
    for handler in (ProxyHandler, PlainHandler, SecureHandler, _Redirections, HTTPErrorProcessor,
                    HTTPDefaultErrorHandler, UnknownHandler):  # fmt: skip
        opener.add_handler(handler())
    return opener


def _check_target(request: Request) -> None:
    """Behind a proxy it is the proxy that connects; look at the host here as far as that goes."""
    if not request.has_proxy() and not getattr(request, "_tunnel_host", None):
        return
    host = (getattr(request, "_tunnel_host", None) or urlsplit(request.full_url).netloc) or ""
    name = urlsplit(f"//{host}").hostname or ""
    if proxy_bypass(name):
        return
    with suppress(socket.gaierror, UnicodeError):
        _refuse_private(name, [about[4][0] for about in _addresses(name, 0)])


class _Redirections(HTTPRedirectHandler):
    """Redirections to web addresses alone; what was for one host is not told to another."""

    def redirect_request(
        self, req: Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> Request | None:
        fp.close()  # its body, of whatever length, is not wanted
        there = _checked(newurl)
        here = urlsplit(req.full_url)
        if here.scheme == "https" and there.scheme == "http":
            raise UnreadableInput("the server leads from https to http, which is not followed")
        following = super().redirect_request(req, fp, code, msg, headers, _without_user(there))
        if following is not None and there.netloc != here.netloc:
            known = {"user-agent", "accept"}
            following.headers = {
                name: value for name, value in following.headers.items() if name.lower() in known
            }
        return following


# --------------------------------------------------------------------------------- time and bytes


class _Deadline:
    """Ends connections when the whole fetch takes too long, however they pass the time."""

    def __init__(self) -> None:
        self._ends = time.monotonic() + (budget().fetch or FETCH_S)
        self._grows = not budget().fetch
        self._connections: list[socket.socket] = []
        self._over = threading.Event()
        self.passed = False

    def __enter__(self) -> _Deadline:
        threading.Thread(target=self._wait, daemon=True).start()
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self._over.set()
        if self.passed and not isinstance(error, UnreadableInput):
            raise self.failure() from None

    def failure(self) -> UnreadableInput:
        return exceeded("fetch", "the download takes too many seconds", budget().fetch or FETCH_S)

    def came(self, number: int) -> None:
        if self._grows:
            self._ends += number / BYTES_A_SECOND

    @property
    def left_s(self) -> float:
        return self._ends - time.monotonic()

    def wait(self, seconds: float) -> None:
        time.sleep(max(0.0, min(seconds, self.left_s)))

    def guard(self, connection: socket.socket) -> None:
        self._connections.append(connection)

    @contextmanager
    def guarding(self, connection: socket.socket) -> Iterator[None]:
        self._connections.append(connection)
        try:
            yield
        finally:
            self._connections.remove(connection)

    def _wait(self) -> None:
        while not self._over.wait(min(1.0, max(0.01, self.left_s))):
            if self.left_s <= 0:
                self.passed = True
                for connection in list(self._connections):
                    with suppress(OSError):
                        # Through a duplicate: TLS has taken the descriptor from the first object.
                        socket.socket.shutdown(connection, socket.SHUT_RDWR)
                return


def _written(request: Request, path: Path, any_status: bool, deadline: _Deadline) -> None:
    for attempt in range(ATTEMPTS):
        try:
            answer = _opener(deadline).open(request, timeout=SILENCE_S)
        except HTTPError as error:
            wait = _wait_asked_for(error)
            if wait is not None and attempt + 1 < ATTEMPTS and wait < deadline.left_s:
                error.close()
                deadline.wait(wait)
                continue
            if not any_status:
                raise
            answer = error
        with answer, path.open("wb") as file:
            for part in _decoded(answer, deadline):
                file.write(part)
        return


def _wait_asked_for(error: HTTPError) -> float | None:
    """The seconds to wait before asking again; None where that is not to be done.

    Raises `UnreadableInput` for more seconds than we wait.
    """
    asked = error.headers.get("Retry-After") if error.headers else None
    if error.code not in _BUSY or not asked:
        return None
    if asked.strip().isdigit():
        seconds = float(asked[:12])
    else:
        from email.utils import parsedate_to_datetime

        try:
            seconds = parsedate_to_datetime(asked).timestamp() - time.time()
        except (TypeError, ValueError, OverflowError, OSError):
            return None
    if seconds > LONGEST_WAIT_S:
        raise UnreadableInput(
            f"HTTP Error {error.code}: the server asks to come again in {seconds:.0f} seconds"
        )
    return max(0.0, seconds)


def _decoded(answer: Any, deadline: _Deadline) -> Iterator[bytes]:
    """The parts of an answer without what it was packed in for the way."""
    coding = (answer.headers.get("Content-Encoding") or "").strip().lower()
    limits = budget()
    left = limits.download
    unpack = _unpacker(coding)
    stated = answer.headers.get("Content-Length") or ""
    if stated.isdigit() and int(stated) > left:
        raise exceeded("download", f"the address holds {int(stated):,} bytes")
    came = 0
    while part := answer.read1(CHUNK):
        came += len(part)
        deadline.came(len(part))
        count_packed(len(part) // PLAIN_SHARE)  # it may come slowly
        for piece in unpack.pieces(part):
            left -= len(piece)
            if left < 0:
                raise exceeded("download", "the address holds more bytes than are fetched")
            yield piece
    if deadline.passed:
        raise deadline.failure()
    if stated.isdigit() and came < int(stated):
        raise EOFError(f"{came:,} of {int(stated):,} bytes came")
    if not unpack.ended:
        raise EOFError("the packed answer has no end")


class _Plain:
    ended = True

    def pieces(self, part: bytes) -> Iterator[bytes]:
        yield part


class _Inflated:
    """gzip and deflate, the latter with a header or, as some servers do it, without."""

    def __init__(self, coding: str) -> None:
        self._raw_possible = coding == "deflate"
        self._inflater = zlib.decompressobj(47)
        self._began = False

    @property
    def ended(self) -> bool:
        return not self._began or self._inflater.eof

    def pieces(self, part: bytes) -> Iterator[bytes]:
        while part:
            if self._inflater.eof:  # gzip may have several members
                if not part.strip(b"\0"):
                    return
                self._inflater = zlib.decompressobj(47)
            part = yield from self._pieces_of_member(part)

    def _pieces_of_member(self, part: bytes) -> Generator[bytes, None, bytes]:
        """Gives back what stands after the member's end."""
        while part:
            try:
                piece = self._inflater.decompress(part, CHUNK)
            except zlib.error as error:
                if not self._raw_possible or self._began:
                    raise OSError(f"its content encoding is damaged: {error}") from None
                self._inflater = zlib.decompressobj(-15)
                self._raw_possible = False
                continue
            self._began = True
            if piece:
                yield piece
            if self._inflater.eof:
                return self._inflater.unused_data
            part = self._inflater.unconsumed_tail
        return b""


def _unpacker(coding: str) -> _Plain | _Inflated:
    if coding in ("", "identity"):
        return _Plain()
    if coding in ("gzip", "x-gzip", "deflate"):
        return _Inflated(coding)
    raise UnreadableInput(f"the answer is packed as {_plain(coding)}, which is not known here")
