"""The scanner of a running kiosk, for a technician: frames are passed on in the pauses that checks leave.

The kiosk holds the port, so a technician's session speaks with this relay as with a port (`Lease`). What only asks goes
on when no check runs; what needs the parts goes on while nobody is served and the glass is empty, and ends when
somebody comes. One technician at a time; no line of a document is ever passed on.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from kiosk import wire
from stillscan.errors import DeviceError, DeviceTrouble
from stillscan.link.framing import Decoder, Frame, encode
from stillscan.link.messages import Error, Message, Service, Setting, State, named, plain
from stillscan.link.packing import packed
from stillscan.link.session import Session
from stillscan.link.transport import LinkLostError

ASKS = frozenset({
    wire.C_HEALTH, wire.C_LOG, wire.C_INSTALLED, wire.C_SETTING_GET, wire.C_IDENTITY, wire.C_COUNTERS, wire.C_HISTORY,
    wire.C_CALIBRATION,
})  # fmt: skip
"""Commands that change nothing: answered at rest, whoever is served."""
NEEDS_PARTS = frozenset(
    {wire.C_SERVICE, wire.C_MEASURE, wire.C_CALIBRATE, wire.C_RECOVER, wire.C_SETTING_SET, wire.C_UPLOAD}
)
"""Commands for which nobody may be served."""
_TOLD = frozenset({
    wire.M_STATE, wire.M_HEALTH, wire.M_SETTING, wire.M_LOG, wire.M_ERROR, wire.M_INSTALLED, wire.M_IDENTITY,
    wire.M_COUNTERS, wire.M_HISTORY, wire.M_SERVICE, wire.M_LINE, wire.M_SAMPLE, wire.M_VALUE, wire.M_MEASURED,
    wire.M_CALIBRATION, wire.M_UPLOADED,
})  # fmt: skip
"""Messages that are passed on. No bands, and nothing of how they came."""
_BUSY = (wire.START, wire.PLACED, wire.STILL, wire.SCANNING, wire.MOVED)
_PARTS_FREE = (wire.EMPTY, wire.FAULT, wire.SERVICE)
_MOST_WAITING = 2048  # frames for a technician: six seconds of raw lines; who takes none so long has gone
ASK_WAIT_S = 30.0  # a question waits so long for a check to end; a scan takes a few seconds, a slow one half a minute
_ENDING_S = 2.0  # a service that is told to end has ended by then
_STARTING_S = 5.0  # parts start anew after a service: 3 s (PROTOCOL.md)
GONE_S = 15.0  # a technician who says nothing for so long has gone; the device itself ends a service after 5 s
_QUICK_S = 0.2  # between two looks whether a check has ended; they are woken by every message anyway
KIOSK = "the kiosk"
"""Who looks at the glass by itself, and makes room for any technician."""
_LOG = logging.getLogger("stillscan.service")
SERVED = "not now: somebody is being served at the counter; try again when the counter is idle and the glass is empty"


class Relay:
    """``turn`` and ``heard`` are the service's (`scanning.service.Guest`); ``lease`` is for technicians' threads.

    ``idle`` says whether nobody is served; ``former`` are settings as they were before a technician changed them.
    """

    def __init__(self, idle: Callable[[], bool], clock: Callable[[], float] = time.monotonic) -> None:
        self.former: dict[str, int] = {}
        self._idle = idle
        self._clock = clock
        self._changed = threading.Condition()
        self._session: Session | None = None
        self._state: State | None = None
        self._lease: Lease | None = None
        self._waiting: deque[tuple[int, bytes]] = deque()
        self._serving = False
        self._damaged = 0
        self._settings: dict[int, Setting] = {}

    # --- technicians' threads ---------------------------------------------------------------------------------------

    @contextmanager
    def lease(self, who: str, wait_s: float = 0.0) -> Iterator[Lease]:
        """The scanner for this technician alone. DeviceError: another one has it, or there is none."""
        lease = self.begin(who, wait_s)
        try:
            yield lease
        finally:
            lease.close()

    def begin(self, who: str, wait_s: float = 0.0) -> Lease:
        """The same without an end: ``close`` it."""
        with self._changed:
            if self._lease is not None and self._lease.who == KIOSK != who:
                self._lease.lost("a technician has come")
                self.end(self._lease)
            end = self._clock() + wait_s
            while self._lease is not None and (left := end - self._clock()) > 0:
                self._changed.wait(min(left, _QUICK_S))
            end = self._clock() + _ENDING_S
            while self._lease is None and self._serving and (left := end - self._clock()) > 0:
                self._changed.wait(min(left, _QUICK_S))  # of the one before
            if self._lease is not None:
                raise DeviceError(f"{self._lease.who} is at the scanner now; try again when they have finished", "busy")
            if self._session is None or self._session.hello is None:
                raise DeviceError("the kiosk has no scanner now; its page says why", "missing")
            self._lease = Lease(self, who, self._session)
            self._damaged = self._session.reception.damaged
            return self._lease

    @property
    def who(self) -> str | None:
        """Who is at the scanner."""
        lease = self._lease
        return None if lease is None else lease.who

    @property
    def state(self) -> int:
        """Of the scanner, as it said last."""
        state = self._state
        return wire.START if state is None or self._session is None else state.state

    def wake(self) -> None:
        """Something has changed at the counter. From any thread; waits for nothing."""
        session = self._session
        if session is not None:
            session.inbox.wake()

    def take(self, lease: Lease, kind: int, body: bytes) -> None:
        """A command of the lease, as soon as it may be sent. DeviceError: it may not; LinkLostError."""
        if kind not in ASKS and kind not in NEEDS_PARTS:
            raise DeviceError(f"the kiosk has the scanner: command {kind} is its own", "busy")
        ends = kind == wire.C_SERVICE and not any(body)
        with self._changed:
            began_s = self._clock()
            while not ends and (why := self._refusal(lease, kind)) is not None:
                left = began_s + self._patience_s(lease, kind) - self._clock()
                if left <= 0:
                    raise DeviceError(why, "busy")
                self._changed.wait(min(left, _QUICK_S))
            if lease.over:
                return
            self._note(lease, kind, body)
            self._waiting.append((kind, body))
        self.wake()

    def _patience_s(self, lease: Lease, kind: int) -> float:
        """How long a command may wait for its moment: a measurement only for parts that start."""
        if kind in ASKS:
            return lease.patience_s
        return _STARTING_S if self.state == wire.START and self._idle() else 0.0

    def _refusal(self, lease: Lease, kind: int) -> str | None:
        """Why not now; None when it may be sent. LinkLostError."""
        if lease.over:
            raise LinkLostError(lease.over, lease.kind)
        state = self._state
        if state is None:
            return "not now: the scanner has not said yet how it is"
        reading = state.state == wire.DONE and state.cause == wire.NO_CAUSE
        if kind in ASKS:
            return "not now: a check goes on" if reading or state.state in _BUSY else None
        if state.state not in _PARTS_FREE or not self._idle():
            return SERVED
        return None

    def _note(self, lease: Lease, kind: int, body: bytes) -> None:
        """For the log: who does what, once for all measurements of a service."""
        if kind == wire.C_SERVICE and any(body) and not self._serving:
            self._serving = True
            _LOG.info("service: %s has the parts", lease.who)
        elif kind == wire.C_MEASURE and body:
            lease.measured.add(named(wire.MEASURES, body[0]))
        elif kind in (wire.C_CALIBRATE, wire.C_RECOVER):
            _LOG.info("service: %s asked to %s", lease.who, "calibrate" if kind == wire.C_CALIBRATE else "recover")

    def end(self, lease: Lease) -> None:
        """It is over; the parts go back."""
        with self._changed:
            if self._lease is not lease:
                return
            self._lease = None
            self._waiting.clear()
            if self._serving:
                self._waiting.append((wire.C_SERVICE, wire.pack(wire.C_SERVICE, 0)))
            self._changed.notify_all()
        self.wake()

    @property
    def board(self) -> str:
        """The name of the scanner's board; "" while there is none."""
        session = self._session
        return "" if session is None or session.hello is None else session.hello.board_name

    @property
    def said(self) -> State | None:
        """The state as the scanner said it last."""
        return self._state

    # --- the scanner's thread ---------------------------------------------------------------------------------------

    def turn(self, session: Session | None) -> None:
        """See Guest."""
        if session is not self._session:
            self._is_new(session)
        lease = self._lease
        if lease is None and not self._waiting:
            return
        if lease is not None and self._clock() - lease.heard_s > GONE_S:
            _LOG.info("service: %s has gone without a word", lease.who)
            lease.lost("the kiosk has heard nothing for a while: begin again")
            self.end(lease)
        if self._serving and not self._idle():
            with self._changed:
                self._waiting.clear()
                self._waiting.append((wire.C_SERVICE, wire.pack(wire.C_SERVICE, 0)))
        if session is not None:
            with self._changed:  # a technician who finishes at this moment clears what waits
                sending = list(self._waiting)
                self._waiting.clear()
            for kind, body in sending:
                session.send_body(kind, body)

    def _is_new(self, session: Session | None) -> None:
        with self._changed:
            self._session, self._state, self._serving = session, None, False
            self._waiting.clear()
            self._settings.clear()
            if self._lease is not None:
                self._lease.lost("the kiosk has lost its scanner: begin again when it is there", "gone")
                self._lease = None
            self._changed.notify_all()

    def heard(self, message: Message) -> None:
        """See Guest."""
        lease = self._lease
        if lease is None and not isinstance(message, State | Service | Setting | Error):
            return
        with self._changed:
            if isinstance(message, State):
                self._state = message
                self._serving = message.state == wire.SERVICE
            elif isinstance(message, Service) and not message.on:
                self._is_over(message)
            elif isinstance(message, Error) and message.about == wire.C_SERVICE:
                self._serving = self.state == wire.SERVICE
            elif isinstance(message, Setting):
                self._is_set(message)
            if lease is not None and not lease.over:
                self._tell(lease, message)
            self._changed.notify_all()

    def _is_over(self, message: Service) -> None:
        lease = self._lease
        if lease is not None:
            what = ", ".join(sorted(lease.measured)) or "nothing"
            _LOG.info("service: %s has measured: %s; ended: %s", lease.who, what, named(wire.SERVICE_ENDS, message.why))
            lease.measured.clear()
        self._serving = False

    def _is_set(self, setting: Setting) -> None:
        former = self._settings.get(setting.setting)
        self._settings[setting.setting] = setting
        if former is not None and former.value != setting.value and self._lease is not None:
            name = plain(setting.name)
            self.former[name] = former.value
            _LOG.warning("service: %s set %s from %d to %d", self._lease.who, name, former.value, setting.value)

    def _tell(self, lease: Lease, message: Message) -> None:
        made = packed(message)
        if made is None or made[0] not in _TOLD or self._session is None:
            return
        damaged = self._session.reception.damaged
        lease.put(*made, skipped=damaged - self._damaged)
        self._damaged = damaged


class Lease:
    """A port (`link.transport.Transport`) behind which is the scanner of the running kiosk."""

    def __init__(self, relay: Relay, who: str, session: Session) -> None:
        self.who = who
        self.name = session.transport.name
        self.pseudo = session.transport.pseudo
        self.over = ""
        """Why it has ended, when the technician did not end it."""
        self.kind: DeviceTrouble = "lost"
        self.heard_s = relay._clock()
        self.patience_s = ASK_WAIT_S
        """So long a question waits for a check to end."""
        self.measured: set[str] = set()
        self._relay = relay
        self._session = session
        self._decoder = Decoder()
        self._sequence = 0
        self._frames: deque[bytes] = deque()
        self._news = threading.Condition()

    def write(self, data: bytes) -> None:
        """A technician's commands. DeviceError: not now, or never; LinkLostError: the scanner is gone."""
        self.heard_s = self._relay._clock()
        for frame in self._decoder.feed(data):
            self._take(frame)

    def _take(self, frame: Frame) -> None:
        if frame.kind == wire.C_HELLO and self._session.hello is not None:
            self.put(wire.M_HELLO, wire.pack(wire.M_HELLO, *self._session.hello))
        elif frame.kind == wire.C_SUBSCRIBE:  # the kiosk is subscribed already; what this begins with is told again
            state = self._relay.said
            if state is not None and any(frame.body):
                self.put(wire.M_STATE, wire.pack(wire.M_STATE, *state))
        else:
            self._relay.take(self, frame.kind, frame.body)

    def read(self, timeout_ms: float) -> bytes:
        """All that has arrived, waiting at most so long for the first. LinkLostError."""
        self.heard_s = self._relay._clock()
        with self._news:
            if not self._frames and not self.over:
                self._news.wait(max(0.0, timeout_ms) / 1000)
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
        self._relay.end(self)
