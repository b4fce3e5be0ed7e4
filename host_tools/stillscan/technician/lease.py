"""A port (`link.transport.Transport`) behind which is the scanner of the running kiosk, for one technician."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Protocol

from kiosk import wire
from stillscan.errors import DeviceTrouble
from stillscan.link.framing import Decoder, Frame, encode
from stillscan.link.messages import State
from stillscan.link.session import Session
from stillscan.link.transport import LinkLostError

ASK_WAIT_S = 30.0  # a question waits so long for a check to end; a scan takes a few seconds, a slow one half a minute
_MOST_WAITING = 2048  # frames for a technician: six seconds of raw lines; who takes none so long has gone
_MOST_READ_S = 1.0  # then whoever waits is asked whether they still do: well within `relay.GONE_S`


class Holder(Protocol):
    """Who has the scanner: see `relay.Relay`."""

    @property
    def said(self) -> State | None: ...
    def now_s(self) -> float: ...
    def take(self, lease: Lease, kind: int, body: bytes) -> None: ...
    def scan(self, lease: Lease, *, on: bool) -> None: ...
    def end(self, lease: Lease) -> None: ...


class Lease:
    """See the module. ``present`` says whether the technician is still there."""

    def __init__(self, holder: Holder, who: str, session: Session, present: Callable[[], bool]) -> None:
        self.who = who
        self.present = present
        self.name = session.transport.name
        self.pseudo = session.transport.pseudo
        self.over = ""
        """Why it has ended, when the technician did not end it."""
        self.kind: DeviceTrouble = "lost"
        self.heard_s = holder.now_s()
        self.scans_since_s: float | None = None
        """Since when the technician scans a document of their own; None: they do not."""
        self.patience_s = ASK_WAIT_S
        """So long a question waits for a check to end."""
        self.measured: set[str] = set()
        self._holder = holder
        self._session = session
        self._decoder = Decoder()
        self._sequence = 0
        self._frames: deque[bytes] = deque()
        self._news = threading.Condition()

    @property
    def scans(self) -> bool:
        """Does the technician scan a document of their own?"""
        return self.scans_since_s is not None and not self.over

    def write(self, data: bytes) -> None:
        """A technician's commands. DeviceError: not now, or never; LinkLostError: the scanner is gone."""
        self.heard_s = self._holder.now_s()
        for frame in self._decoder.feed(data):
            self._take(frame)

    def _take(self, frame: Frame) -> None:
        if frame.kind == wire.C_HELLO and self._session.hello is not None:
            self.put(wire.M_HELLO, wire.pack(wire.M_HELLO, *self._session.hello))
        elif frame.kind == wire.C_SUBSCRIBE:  # the kiosk is subscribed already; what this begins with is told again
            streams = frame.body[0] if frame.body else 0
            self._holder.scan(self, on=bool(streams & wire.STREAM_BANDS))
            state = self._holder.said
            if state is not None and streams:
                self.put(wire.M_STATE, wire.pack(wire.M_STATE, *state))
        elif frame.kind == wire.C_CREDIT and self.scans:
            return  # the kiosk has granted it already, for it takes every line first
        else:
            self._holder.take(self, frame.kind, frame.body)

    def read(self, timeout_ms: float) -> bytes:
        """All that has arrived, waiting at most so long for the first. LinkLostError."""
        self.heard_s = self._holder.now_s()
        with self._news:
            if not self._frames and not self.over:
                self._news.wait(min(max(0.0, timeout_ms) / 1000, _MOST_READ_S))
            data = b"".join(self._frames)
            self._frames.clear()
            if not data and self.over:
                raise LinkLostError(self.over, self.kind)
            return data

    def put(self, kind: int, body: bytes, skipped: int = 0) -> None:
        """A frame for the technician; ``skipped`` are frames that the kiosk did not get whole."""
        with self._news:
            if len(self._frames) >= _MOST_WAITING:
                self.over = self.over or "the kiosk has stopped: nobody took what the scanner says"
                return
            self._sequence += skipped
            self._frames.append(encode(kind, self._sequence & 0xFFFF, body))
            self._sequence += 1
            self._news.notify_all()

    def lost(self, why: str, kind: DeviceTrouble = "lost") -> None:
        """The scanner is no longer behind it."""
        with self._news:
            self.over, self.kind = self.over or f"{self.name}: {why}", kind
            self._news.notify_all()

    def now_ms(self) -> float:
        """See Transport."""
        return time.monotonic() * 1000

    def close(self) -> None:
        """The technician has finished."""
        self._holder.end(self)
