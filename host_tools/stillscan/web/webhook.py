"""Each check that ended, told to a program of the office's own: a signed POST, tried again until it is taken.

The form is that of Standard Webhooks (headers webhook-id, webhook-timestamp, webhook-signature; HMAC-SHA-256 over the
three joined by dots), so that receivers have a library for it. Nothing personal, and no number of a letter.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import http.client
import json
import logging
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from stillscan.counter.counter import Counter, Event
from stillscan.errors import InputError, StillscanError
from stillscan.records.ended import EndedChecks
from stillscan.records.files import is_there, read, replace

SHORTEST_SECRET = 24
"""Bytes: the least that Standard Webhooks allows."""
_WAIT_S = 10.0  # for any sign of the receiver, which takes what it is told and works on it afterwards
_WHOLE_S = 20.0  # for all of its answer: one that comes byte by byte would never end by the limit above
_PAUSES_S = (1.0, 5.0, 30.0, 300.0, 1800.0)  # between tries, the last again and again: as the standard suggests
_TRIES = 60  # of one message: a day with these pauses
_MOST_WAITING = 1000  # messages: five days of a counter; the oldest go first, and that is in the log
FILE = "webhook"
"""Beside the keys: the reference of the check that the receiver has been told last."""
_MODE = 0o600  # as of all that lies beside the keys
_NAMED = "check-"  # begins a message's name, before the reference
_LOCAL = {"127.0.0.1", "localhost", "::1"}
_LOG = logging.getLogger(__name__)


class Told(NamedTuple):
    """A message: its name, which stays the same however often it is sent, and what it says."""

    name: str
    body: bytes


def signed(message: Told, secret: bytes, at_s: int) -> dict[str, str]:
    """The headers of a message that is sent at ``at_s``, by Standard Webhooks 1.0.

    The second is that of this try and not of the check (which is in the body): receivers take no message whose second
    is more than five minutes away, so that nobody can send an old one once more.
    """
    content = b".".join((message.name.encode(), str(at_s).encode(), message.body))
    signature = base64.b64encode(hmac.new(secret, content, hashlib.sha256).digest()).decode()
    return {
        "Content-Type": "application/json",
        "webhook-id": message.name,
        "webhook-timestamp": str(at_s),
        "webhook-signature": f"v1,{signature}",
    }


def checked_address(url: str) -> str:
    """The address if it may be used: encrypted, or of this computer. InputError."""
    try:
        parts = urlsplit(url)
        usable = url.isascii() and url.isprintable() and " " not in url and parts.port != 0
    except ValueError:  # brackets or a port that is none
        usable = False
    if not usable:
        raise InputError("--webhook: an address like https://example.org/path, in ASCII and without spaces")
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.password:
        raise InputError("--webhook: an address like https://example.org/path, without name and password")
    if parts.scheme == "http" and parts.hostname not in _LOCAL:
        raise InputError("--webhook: https for another computer: what is told would be readable on the way")
    return url


class Webhook:
    """Tells one receiver. ``post`` sends and raises OSError when it was not taken; ``pause`` waits, True: it ends."""

    def __init__(
        self,
        secret: bytes,
        post: Callable[[bytes, dict[str, str]], None],
        pause: Callable[[float], bool] | None = None,
        now: Callable[[], float] = time.time,
        done: Callable[[str], None] = lambda reference: None,
    ) -> None:
        """``done`` is told the reference of each check that was taken, or given up."""
        self._done = done
        self._secret, self._post, self._now = secret, post, now
        self._ended = threading.Event()
        self._pause = pause or self._ended.wait
        self._come = threading.Event()
        self._waiting: deque[Told] = deque()
        self._lock = threading.Lock()

    def on_event(self, event: Event) -> None:
        """Of a counter's events those of checks that ended; returns at once."""
        kind, content = event
        if kind != "verdict":
            return
        self.tell(content, self._now())

    def tell(self, data: dict[str, Any], at_s: float) -> None:
        """Of one check, which ended at ``at_s`` (seconds since 1970)."""
        told = {"type": "check.ended", "timestamp": int(at_s), "data": data}
        message = Told(f"{_NAMED}{data['reference']}", json.dumps(told).encode())
        with self._lock:
            if len(self._waiting) >= _MOST_WAITING:
                self._waiting.popleft()
                _LOG.error("webhook: the receiver takes nothing; the oldest message was let go")
            self._waiting.append(message)
        self._come.set()

    def run(self) -> None:
        """Send what comes, in order, until it ends."""
        while not self._ended.is_set():
            self._come.wait()
            self._come.clear()
            while self._waiting and not self._ended.is_set():
                message = self._waiting[0]
                if not self._send(message):
                    return
                self._done(message.name.removeprefix(_NAMED))
                with self._lock:
                    if self._waiting and self._waiting[0] is message:  # it may have been let go meanwhile
                        self._waiting.popleft()

    def _send(self, message: Told) -> bool:
        """Whether it is done with: taken, or given up; not when the program ends meanwhile."""
        for number in range(_TRIES):
            try:
                self._post(message.body, signed(message, self._secret, int(self._now())))
                return True
            except OSError as error:
                _LOG.warning("webhook: not taken, try %d: %s", number + 1, error or type(error).__name__)
            if self._pause(_PAUSES_S[min(number, len(_PAUSES_S) - 1)]):
                return False
        _LOG.error("webhook: the receiver did not take message %s in %d tries", message.name, _TRIES)
        return True

    def end(self) -> None:
        """Nothing more is sent."""
        self._ended.set()
        self._come.set()


def poster(url: str, whole_s: float = _WHOLE_S) -> Callable[[bytes, dict[str, str]], None]:
    """Sends to this address, and follows no redirect and no proxy: any answer from 200 to 299 takes the message.

    OSError for everything else, answers that are not HTTP included, after ``whole_s`` at most.
    """
    parts = urlsplit(url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    opens = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection

    def post(body: bytes, headers: dict[str, str]) -> None:
        connection = opens(str(parts.hostname), parts.port, timeout=_WAIT_S)
        ending = threading.Timer(whole_s, _hang_up, (connection,))
        ending.daemon = True
        ending.start()
        try:
            connection.request("POST", path, body, headers)
            status = connection.getresponse().status
        except (http.client.HTTPException, ValueError) as error:
            raise OSError(f"an answer that is none ({type(error).__name__})") from None
        finally:
            ending.cancel()
            connection.close()
        if not http.HTTPStatus.OK <= status < http.HTTPStatus.MULTIPLE_CHOICES:
            raise OSError(f"answered {status:d}")

    return post


def _hang_up(connection: http.client.HTTPConnection) -> None:
    """Whoever waits for its answer is told that there is none."""
    with contextlib.suppress(OSError):
        if connection.sock is not None:
            connection.sock.shutdown(socket.SHUT_RDWR)


@contextmanager
def telling(
    counter: Counter, url: str | None, secret: bytes, ended: EndedChecks | None = None, note: Path | None = None
) -> Iterator[None]:
    """Tell the receiver of each check that ends meanwhile; without an address nobody is told.

    In the file ``note`` stands up to where it has been told; what ``ended`` knows of later is told first.
    """
    if url is None:
        yield
        return
    hook = Webhook(secret, poster(url), done=lambda reference: _note(note, reference))
    _catch_up(hook, ended, note)
    stop = counter.watch(hook.on_event)
    threading.Thread(target=hook.run, name="webhook", daemon=True).start()
    try:
        yield
    finally:
        stop()
        hook.end()


def _catch_up(hook: Webhook, ended: EndedChecks | None, note: Path | None) -> None:
    """What ended since the receiver was told last; from now on when it never was. Records that fail are in the log."""
    if ended is None or note is None:
        return
    try:
        checks, here = ended.after(read(note).decode(errors="replace").strip() if is_there(note) else "")
        if not checks:
            replace(note, here.encode(), _MODE)
        for check in checks:
            hook.tell(check.told, check.at.timestamp())
    except StillscanError as error:
        _LOG.error("webhook: whether something is still to be told is not known: %s", error)


def _note(note: Path | None, reference: str) -> None:
    try:
        if note is not None:
            replace(note, reference.encode(), _MODE)
    except StillscanError as error:
        _LOG.error("webhook: what the receiver has taken could not be noted, and will be told again: %s", error)
