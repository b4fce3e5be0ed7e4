"""Web servers that hand out something else than a repository of releases: what a kiosk says of them, and believes."""

from __future__ import annotations

import http.client
import http.server
import io
import threading
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

pytest.importorskip("tuf")
from releases import Clock, Publisher
from tuf.api.exceptions import DownloadError

from stillscan.errors import InputError, StillscanError
from stillscan.fleet.rollout.client import Client, RefusedError, UnreachableError
from stillscan.fleet.rollout.fetching import _Redirects, source

ROOT = "/metadata/2.root.json"  # which nobody has: a kiosk asks for it first


class Server(http.server.BaseHTTPRequestHandler):
    """Says what it is told to say, byte for byte."""

    says = b""

    def do_GET(self) -> None:
        self.wfile.write(self.says)

    def log_message(self, *_: object) -> None:
        """Nobody listens."""


@pytest.fixture
def url() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def answer(status: int, content: bytes = b"", *headers: str) -> bytes:
    """An answer of HTTP."""
    return "\r\n".join([f"HTTP/1.0 {status} So", *headers, "", ""]).encode() + content


@pytest.mark.parametrize(
    ("says", "error", "told"),
    [
        (answer(500), UnreachableError, "cannot be read: metadata/2.root.json: the server answers with 500"),
        (answer(401), UnreachableError, "cannot be read: metadata/2.root.json: the server answers with 401"),
        (answer(404), UnreachableError, "lacks a file: metadata/timestamp.json"),
        (answer(302, b"", f"Location: {ROOT}"), UnreachableError, "cannot be read: .* answers with 302"),
        *(
            (answer(code, b"", f"Location: {to}"), UnreachableError, f"from http: to {to[: to.index(':')]}:, refused")
            for code in (301, 302, 303, 307, 308)
            for to in ("ftp://127.0.0.1/x", "file:///etc/passwd", "data:,x")
        ),
        (answer(200, b"{}", "Content-Length: 900"), UnreachableError, "ended 898 bytes too early"),
        (answer(200, b"<html>Sign in</html>"), RefusedError, "is no metadata; does something else answer"),
        (answer(200), RefusedError, "is no metadata"),
        (answer(200, b"[" * 90_000), RefusedError, "is no metadata"),
        (answer(200, b"x" * 200_000), RefusedError, "longer than it may be"),
        (b"\0\1\2\3" * 9, UnreachableError, "cannot be read"),
        (b"", UnreachableError, "cannot be read"),
        (b"HTTP/1.0 200 OK\r\n" + b"x: x\r\n" * 200 + b"\r\n", UnreachableError, "cannot be read"),
    ],
)
def test_what_a_server_says_instead_is_told_in_a_line(
    url: str, says: bytes, error: type[StillscanError], told: str,
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(Server, "says", says)
    publisher = Publisher(tmp_path / "repository", Clock(monkeypatch))
    client = Client(source(url), tmp_path / "kiosk", publisher.repository.root(), lambda: datetime.now(UTC))
    with pytest.raises(error, match=told) as caught:
        client.refresh()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("place", "to", "followed"),
    [
        ("https://host/a", "http://host/a", False), ("https://host/a", "HTTP://host/a", False),
        ("https://host/a", "https://other/a", True), ("https://host/a", "b", True),
        ("https://host/a", "//other/b", True), ("http://host/a", "https://host/a", True), ("http://host/a", "b", True),
    ],
)  # fmt: skip
def test_nobody_is_sent_from_https_to_http(place: str, to: str, followed: bool) -> None:
    class FollowsError(Exception):
        """Somebody else would be asked."""

    def asked(*_: object, **__: object) -> None:
        raise FollowsError

    redirects, headers = _Redirects(), http.client.HTTPMessage()
    redirects.parent = SimpleNamespace(open=asked)
    headers["Location"] = to
    request = urllib.request.Request(place)
    request.timeout = 1.0
    with pytest.raises(FollowsError if followed else DownloadError):
        redirects.http_error_302(request, io.BytesIO(), 302, "", headers)


@pytest.mark.parametrize(
    "place",
    ["http://", "https:///x", "http://[::1", "http://host:99999/x", "http://host:port/", "http://a b/", "http://host:0/",
     "http://a\nb/",
     "https://somebody:secret@host/x", "http://host/ø", "https://" + "x" * 5000 + " "],
)  # fmt: skip
def test_an_address_that_nobody_could_be_asked_at_is_bad_input(place: str) -> None:
    with pytest.raises(InputError, match="is no address") as caught:
        source(place)
    assert len(str(caught.value)) < 400
    assert "\n" not in str(caught.value)
