"""What a client may take of the page: connections, time, bytes, log lines. A clerk is answered all the same."""

import http.client
import logging
import socket
import threading
from collections.abc import Iterator

import pytest
from clerks import Clock
from played import Played

from stillscan.web import connections, server
from stillscan.web.limits import FORM_BYTES, MOST_HEADERS
from stillscan.web.seldom import Seldom, SeldomLines

pytestmark = pytest.mark.process
_MOST_S = 60.0  # for a step, however busy the machine is


def opened(played: Played, text: bytes = b"") -> socket.socket:
    host, port = played.url.removeprefix("http://").split(":")
    made = socket.create_connection((host, int(port)), timeout=_MOST_S)
    made.sendall(text)
    return made


def ends(one: socket.socket) -> bool:
    """Wait for the server to end the connection."""
    try:
        while one.recv(65536):
            pass
    except ConnectionResetError:
        pass
    one.close()
    return True


def cannot_go_on(one: socket.socket, part: bytes, pause_s: float = 0.0) -> bool:
    """Send the same again and again, until the server has ended the connection."""
    try:
        while True:
            one.sendall(part)
            threading.Event().wait(pause_s)
    except (ConnectionResetError, BrokenPipeError):
        one.close()
        return True


def ask(played: Played, method: str, path: str, body: object = None, **headers: str) -> tuple[int, bytes]:
    host, port = played.url.removeprefix("http://").split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=_MOST_S)
    try:
        connection.request(method, path, body, headers)  # type: ignore[arg-type]
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


@pytest.mark.parametrize("head", [b"", b"GET / HTTP/1.1\r\nHo", b"GET /customer HTTP/1.1\r\nHost: 127.0.0.1\r\n"])
def test_a_request_that_does_not_come_ends(played: Played, monkeypatch: pytest.MonkeyPatch, head: bytes) -> None:
    monkeypatch.setattr(connections, "HEAD_S", 0.05)
    assert ends(opened(played, head))


def test_a_head_that_comes_byte_by_byte_gets_no_more_time(played: Played, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEAD_S", 0.05)
    one = opened(played, b"GET / HTTP/1.1\r\n")
    assert cannot_go_on(one, b"X-Slow: 1\r\n", pause_s=0.01)


@pytest.mark.parametrize("length", [b"Content-Length: 100", b"Transfer-Encoding: chunked"])
def test_a_body_that_does_not_come_ends(played: Played, monkeypatch: pytest.MonkeyPatch, length: bytes) -> None:
    monkeypatch.setattr(connections, "BODY_S", 0.05)
    cookies = played.cookies().encode()
    assert ends(opened(played, b"POST /tracking HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: " + cookies + b"\r\n" + length +
                       b"\r\n\r\n"))  # fmt: skip


def test_a_second_request_on_one_connection_has_its_own_time_and_end(
    played: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = b"GET /static/icon.svg HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    one = opened(played, whole + whole)
    content = b""
    while content.count(b"</svg>") < 2:
        content += one.recv(65536)
    monkeypatch.setattr(connections, "HEAD_S", 0.05)
    one.sendall(whole + b"GET / HT")
    assert ends(one)


def test_strangers_push_each_other_out_and_no_bound_browser(played: Played, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "MOST_STRANGERS", 5)
    cookies = played.cookies()
    head = f"GET /events HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookies}\r\n\r\n".encode()
    windows = [opened(played, head) for _ in range(3)]
    for one in windows:
        assert b" 200 OK" in one.recv(65536)
    half = [opened(played, b"GET / HT") for _ in range(20)]
    for one in half[:12]:
        assert ends(one)
    assert len(played._server.connections) <= 5 + 3 + 1
    assert ask(played, "GET", "/", Cookie=cookies)[0] == 200
    assert played.counter.watchers == 3
    for one in (*windows, *half[12:]):
        one.close()


def test_requests_that_are_sent_at_once_are_answered_among_very_many_half_open_ones(played: Played) -> None:
    cookies = played.cookies()
    half: list[socket.socket] = []
    for _ in range(6):
        half += [opened(played, b"GET / HT") for _ in range(50)]
        assert ask(played, "GET", "/", Cookie=cookies)[0] == 200
        assert ask(played, "GET", "/signin")[0] == 200
    assert len(played._server.connections) <= connections.MOST_STRANGERS + 2
    for one in half:
        one.close()


def test_a_client_that_does_not_read_ends(played: Played, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "UNREAD_S", 0.05)
    one = opened(played)
    whole = b"GET /static/page.css HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    assert cannot_go_on(one, whole * 50)


@pytest.mark.parametrize("path", ["/signin", "/tracking", "/nothing", "/", "/customer", "/static/page.css", "/events"])
def test_a_form_of_600_megabytes_is_refused_before_it_is_read(played: Played, path: str) -> None:
    one = opened(played, f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 600000000\r\n\r\n".encode())
    assert b" 413 " in one.recv(65536).partition(b"\r\n")[0]
    one.close()


def chunks(size: int) -> Iterator[bytes]:
    for _ in range(size // 1024):
        yield b" " * 1024


def test_a_form_without_a_length_is_read_no_further_than_it_may_be(played: Played) -> None:
    bound = played.cookies(None)
    assert ask(played, "POST", "/signin", chunks(1_000_000), Cookie=bound)[0] == 413
    assert ask(played, "POST", "/signin", b"x" * FORM_BYTES, Cookie=bound)[0] == 401
    assert ask(played, "POST", "/signin", b"x" * (FORM_BYTES + 1), Cookie=bound)[0] == 413
    assert ask(played, "POST", "/signin", chunks(1_000_000))[0] == 413
    assert ask(played, "POST", "/signin", chunks(2048))[0] == 403, "a browser that is not bound"


def test_a_body_with_two_lengths_is_refused_and_its_connection_ends(played: Played) -> None:
    both = b"POST /signin HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
    one = opened(played, both + b"0\r\n\r\nGET /static/icon.svg HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    content = b""
    while part := one.recv(65536):
        content += part
    one.close()
    assert content.startswith(b"HTTP/1.1 400 ")
    assert content.count(b"HTTP/1.1") == 1, "what follows on the connection is no request"


def test_headers_have_limits(played: Played) -> None:
    many = {f"X-{number}": "1" for number in range(MOST_HEADERS)}
    assert ask(played, "GET", "/customer", **many)[0] == 431
    assert ask(played, "GET", "/customer", Cookie="x" * 20_000)[0] in (400, 431)
    assert ask(played, "GET", "/customer?" + "x" * 20_000)[0] in (400, 431)
    assert ask(played, "GET", "/customer", Cookie="x" * 8000)[0] == 200
    one = opened(played, b"GET / HTTP/1.1\r\n" + b"X: 1\r\n" * 5000)
    assert b" 400 " in one.recv(65536)
    one.close()
    strange = b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n"
    one = opened(played, strange)
    assert one.recv(65536).split(b" ")[1] in (b"400", b"413")
    one.close()


def test_what_others_can_cause_is_three_lines_a_minute_with_a_count(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    log = Seldom("stillscan.test", clock)
    for _ in range(1000):
        log.warning("refused: %s", "no")
    log.warning("refused: %s", "another")
    assert [record.getMessage() for record in caplog.records] == ["refused: no"] * 3 + ["refused: another"]
    clock.now_s += 60
    log.warning("refused: %s", "no")
    assert caplog.records[-1].getMessage() == "refused: no (997 more since the last such line)"
    for number in range(1000):
        log.warning("refused: %s", number)
    assert len(caplog.records) < 110
    assert len(log._said) < 110


def test_what_the_server_says_is_seldom_too(played: Played, caplog: pytest.LogCaptureFixture) -> None:
    lines = SeldomLines()
    record = logging.LogRecord("uvicorn.error", logging.WARNING, "", 1, "Invalid HTTP request received.", (), None)
    assert [lines.filter(record) for _ in range(5)] == [True] * 3 + [False] * 2
    for logger in ("uvicorn.error", "asyncio"):
        assert any(isinstance(one, server.SeldomLines) for one in logging.getLogger(logger).filters)
    for _ in range(20):
        assert ends(opened(played, b"nonsense\r\n\r\n"))
    assert len([one for one in caplog.records if "Invalid HTTP" in one.getMessage()]) <= 1
