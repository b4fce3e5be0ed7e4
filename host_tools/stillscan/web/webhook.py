"""Each check that ended, told to a program of the office's own: a signed POST, tried again until it is taken.

The form is that of Standard Webhooks (headers webhook-id, webhook-timestamp, webhook-signature; HMAC-SHA-256 over the
three joined by dots), so that receivers have a library for it. Nothing personal, and no number of a letter.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import threading
import time
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from stillscan.counter.counter import Counter, Event
from stillscan.errors import InputError

SHORTEST_SECRET = 24
"""Bytes: the least that Standard Webhooks allows."""
_WAIT_S = 10.0  # for an answer: a receiver takes what it is told and works on it afterwards
_PAUSES_S = (1.0, 5.0, 30.0, 300.0, 1800.0)  # between tries, the last again and again: as the standard suggests
_TRIES = 60  # of one message: a day with these pauses
_MOST_WAITING = 1000  # messages: five days of a counter; the oldest go first, and that is in the log
_LOCAL = {"127.0.0.1", "localhost", "::1"}
_LOG = logging.getLogger(__name__)


class Told(NamedTuple):
    """A message: its name, which stays the same however often it is sent, when it happened, and what it says."""

    name: str
    at_s: int
    body: bytes


def signed(message: Told, secret: bytes) -> dict[str, str]:
    """The headers of a message, by Standard Webhooks 1.0."""
    content = b".".join((message.name.encode(), str(message.at_s).encode(), message.body))
    signature = base64.b64encode(hmac.new(secret, content, hashlib.sha256).digest()).decode()
    return {
        "Content-Type": "application/json",
        "webhook-id": message.name,
        "webhook-timestamp": str(message.at_s),
        "webhook-signature": f"v1,{signature}",
    }


def checked_address(url: str) -> str:
    """The address if it may be used: encrypted, or of this computer. InputError."""
    parts = urlsplit(url)
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
        test_mode: bool,
        pause: Callable[[float], bool] | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._secret, self._post, self._test_mode, self._now = secret, post, test_mode, now
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
        at_s = int(self._now())
        told: dict[str, Any] = {"type": "check.ended", "timestamp": at_s, "data": {**content, "test": self._test_mode}}
        message = Told(f"check-{content['reference']}", at_s, json.dumps(told).encode())
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
                self._send(self._waiting[0])
                with self._lock:
                    if self._waiting:
                        self._waiting.popleft()

    def _send(self, message: Told) -> None:
        for number in range(_TRIES):
            try:
                self._post(message.body, signed(message, self._secret))
                return
            except OSError as error:  # URLError is one, and so are refusals by status
                _LOG.warning("webhook: not taken, try %d: %s", number + 1, type(error).__name__)
            if self._pause(_PAUSES_S[min(number, len(_PAUSES_S) - 1)]):
                return
        _LOG.error("webhook: the receiver did not take message %s in %d tries", message.name, _TRIES)

    def end(self) -> None:
        """Nothing more is sent."""
        self._ended.set()
        self._come.set()


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """What is told goes to the address that was given, and nowhere else."""

    def redirect_request(self, *_: Any) -> None:
        return None


def poster(url: str) -> Callable[[bytes, dict[str, str]], None]:
    """Sends to this address: any answer from 200 to 299 takes the message. OSError otherwise."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)

    def post(body: bytes, headers: dict[str, str]) -> None:
        request = urllib.request.Request(url, body, headers, method="POST")
        opener.open(request, timeout=_WAIT_S).close()

    return post


@contextmanager
def telling(counter: Counter, url: str | None, secret: bytes) -> Iterator[None]:
    """Tell the receiver of each check that ends meanwhile; without an address nobody is told."""
    if url is None:
        yield
        return
    hook = Webhook(secret, poster(url), counter.test_mode)
    stop = counter.watch(hook.on_event)
    threading.Thread(target=hook.run, name="webhook", daemon=True).start()
    try:
        yield
    finally:
        stop()
        hook.end()
