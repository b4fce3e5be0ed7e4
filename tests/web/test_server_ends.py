"""The page's server ends at once and without a word, whatever windows are open, and windows notice that it is gone."""

import asyncio
import logging
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from clerks import OTHER
from played import Played
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from kiosk import wire
from stillscan.web import server as server_module
from stillscan.web import stream
from stillscan.web.server import PageServer
from stillscan.web.sessions import MOST_STREAMS
from tests.covering import WHOLE
from tests.forked import Program

pytestmark = pytest.mark.process
ROOT = Path(__file__).parents[2]
PROGRAM = """
import os, signal, sys, time
sys.path[:0] = {paths!r}
os.environ["PYTHONASYNCIODEBUG"] = "1"  # which says what is never awaited, and what is left
from played import Played
from kiosk import wire
stop = []  # no Event: an interrupt in the middle of its wait leaves its own lock torn
signal.signal(signal.SIGTERM, lambda *_: stop.append(True))
signal.signal(signal.SIGINT, signal.default_int_handler)  # tests that run in the background inherit that it is ignored
try:
    with Played() as played:
        print(played.url, played.cookies(), flush=True)
        while not stop:
            time.sleep(0.01)
            played.state(wire.PLACED)
            played.state(wire.EMPTY)
except KeyboardInterrupt:
    sys.exit(130)
"""
_MOST_S = 60.0  # for a step, however busy the machine is


def stream_of(url: str, cookies: str, path: str = "/events") -> socket.socket:
    """An event stream that is open, or refused: how everything stands has come."""
    host, port = url.removeprefix("http://").split(":")
    opened = socket.create_connection((host, int(port)), timeout=_MOST_S)
    opened.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nCookie: {cookies}\r\n\r\n".encode())
    content = b""
    last = b"event: device" if path == "/events" else b"event: panel"  # the customer's screen has no more
    while last not in content and b" 503 " not in content:
        content += opened.recv(65536)
    return opened


@contextmanager
def serving(started: bool) -> Iterator["subprocess.Popen[bytes]"]:
    """A program of its own that serves the page, with a scanner that does something all the time.

    ``started``: by Python itself in its development mode, with its own end; else it is forked, which is much sooner.
    """
    paths = [str(ROOT / "tests" / "web"), str(ROOT / "host_tools"), str(ROOT / "firmware")]
    program, options = PROGRAM.format(paths=paths), ["-X", "dev", "-W", "ignore"]
    command = [sys.executable, *options, "-c", program] if started else [sys.executable, "-c", Program(program)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        yield process
        process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("windows", ["none", "read", "not read", "half a request", "many"])
def test_a_signal_ends_it_quietly(number: int, windows: str) -> None:
    with serving(started=windows == "many" or WHOLE) as process:
        assert process.stdout is not None
        url, _, cookies = process.stdout.readline().decode().strip().partition(" ")
        opened = []
        if windows == "half a request":
            opened.append(socket.create_connection(tuple(url.removeprefix("http://").split(":")), timeout=_MOST_S))
            opened[0].sendall(b"GET / HTTP/1.1\r\nHo")
        elif windows != "none":
            opened += [stream_of(url, cookies) for _ in range(10 if windows == "many" else 1)]
        if windows in ("read", "many"):
            for one in opened:
                threading.Thread(target=lambda one=one: [None for _ in iter(lambda: one.recv(65536), b"")]).start()
        process.send_signal(number)
        out, err = process.communicate(timeout=_MOST_S)
        for one in opened:
            one.close()
    assert (process.returncode, out, err) == (130 if number == signal.SIGINT else 0, b"", b"")


@pytest.mark.parametrize("windows", [0, 3])
def test_streams_are_ended(windows: int) -> None:
    """A window's stream is ended, not torn, and nothing of the server is left."""
    played = Played()
    played.__enter__()
    cookies = played.cookies()
    opened = [stream_of(played.url, cookies) for _ in range(windows)]
    played.stop()
    assert not played._server._thread.is_alive()
    assert played.counter.watchers == 0
    for one in opened:
        with closing(one):
            content = b"".join(iter(lambda one=one: one.recv(65536), b""))
        assert content.endswith(b"0\r\n\r\n"), "the stream was torn, not ended"


def test_an_interrupt_while_it_starts_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    played = Played()

    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(PageServer, "_wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        played.__enter__()
    assert not played._server._thread.is_alive()


@pytest.mark.parametrize("waits", ["for a database", "for its own loop", "in the middle of an answer"])
def test_a_request_that_still_waits_at_the_end_is_told_so(
    waits: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line in the log, and no traceback of the server's; what has begun is torn and never looks whole."""
    monkeypatch.setattr(server_module, "_STOP_S", 0)
    begun, unlocked = threading.Event(), threading.Event()

    def blocking(_: Request) -> Response:
        begun.set()
        unlocked.wait(_MOST_S)
        return PlainTextResponse("done")

    async def waiting(_: Request) -> Response:
        begun.set()
        await asyncio.Event().wait()
        return PlainTextResponse("done")

    async def halves() -> AsyncIterator[bytes]:
        yield b"half"
        begun.set()
        await asyncio.Event().wait()

    async def half(_: Request) -> Response:
        return StreamingResponse(halves())

    program = {"for a database": blocking, "for its own loop": waiting, "in the middle of an answer": half}[waits]
    with caplog.at_level(logging.INFO), PageServer(Starlette(routes=[Route("/", program)]), 0) as served:
        host, port = served.url.removeprefix("http://").split(":")
        asked = socket.create_connection((host, int(port)), timeout=_MOST_S)
        asked.sendall(f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        assert begun.wait(_MOST_S)
    unlocked.set()
    with closing(asked):
        content = b"".join(iter(lambda: asked.recv(65536), b""))
    told = [(one.levelname, one.getMessage(), one.exc_info) for one in caplog.records if one.levelno > logging.INFO]
    assert told == [("WARNING", "the program ended before a request was answered", None)]
    if waits == "in the middle of an answer":
        assert content.endswith(b"4\r\nhalf\r\n")
    else:
        assert content.startswith(b"HTTP/1.1 503 ")
        assert b"the program ends" in content


def test_windows_that_are_closed_are_forgotten(played: Played) -> None:
    cookies = played.cookies()
    opened = [stream_of(played.url, cookies) for _ in range(5)]
    assert played.counter.watchers == 5
    for one in opened:
        one.close()
    end = time.monotonic() + _MOST_S
    while played.counter.watchers:
        assert time.monotonic() < end
        played.state(wire.EMPTY)
        threading.Event().wait(0.01)


def test_a_session_has_only_so_many_windows_and_takes_none_from_another(played: Played) -> None:
    one, other = played.cookies(), played.cookies(OTHER)
    opened = [stream_of(played.url, one) for _ in range(MOST_STREAMS)]
    with closing(stream_of(played.url, one)), closing(stream_of(played.url, other)):
        assert played.counter.watchers == MOST_STREAMS + 1
    for window in opened:
        window.close()


def test_a_stream_is_never_silent(played: Played, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "BEAT_S", 0.01)
    with closing(stream_of(played.url, played.cookies())) as opened:
        content = b""
        while content.count(b"event: beat") < 3:
            content += opened.recv(65536)


def test_a_watcher_that_raises_is_forgotten_and_harms_nobody(played: Played) -> None:
    heard: list[str] = []

    def raises(event: object) -> None:
        raise RuntimeError("its loop is closed")

    end = played.counter.watch(raises)
    also = played.counter.watch(lambda event: heard.append(event[0]))
    played.state(wire.PLACED)
    assert heard == ["device"]
    assert played.counter.watchers == 1
    end()  # it is gone already
    also()
    assert played.counter.watchers == 0
