"""The scanner of a running kiosk, for a technician: frames are passed on in the pauses that checks leave.

The kiosk holds the port, so a technician's session speaks with this relay as with a port (`Lease`). What only asks goes
on when no check runs; what needs the parts goes on while nobody is served and the glass is empty, and ends when
somebody comes. One technician at a time. Lines of a document are passed on only while the technician scans one of
their own: no check runs then (`scans`), and it ends when somebody is served, the technician has gone, or in time.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from kiosk import wire
from stillscan.errors import DeviceError
from stillscan.link.messages import Error, Message, Service, Setting, State, named, plain
from stillscan.link.packing import packed
from stillscan.link.session import Session
from stillscan.link.transport import LinkLostError
from stillscan.technician.lease import Lease

ASKS = frozenset({
    wire.C_HEALTH, wire.C_LOG, wire.C_INSTALLED, wire.C_SETTING_GET, wire.C_IDENTITY, wire.C_COUNTERS, wire.C_HISTORY,
    wire.C_CALIBRATION,
})  # fmt: skip
"""Commands that change nothing: answered at rest, whoever is served."""
NEEDS_PARTS = frozenset(
    {wire.C_SERVICE, wire.C_MEASURE, wire.C_CALIBRATE, wire.C_RECOVER, wire.C_SETTING_SET, wire.C_UPLOAD}
)
"""Commands for which nobody may be served."""
SCANS = frozenset({wire.C_SWEEP, wire.C_FINISH})
"""Commands of a technician who scans a document of their own; at any other time they are the kiosk's."""
_TOLD = frozenset({
    wire.M_STATE, wire.M_HEALTH, wire.M_SETTING, wire.M_LOG, wire.M_ERROR, wire.M_INSTALLED, wire.M_IDENTITY,
    wire.M_COUNTERS, wire.M_HISTORY, wire.M_SERVICE, wire.M_LINE, wire.M_SAMPLE, wire.M_VALUE, wire.M_MEASURED,
    wire.M_CALIBRATION, wire.M_UPLOADED,
})  # fmt: skip
"""Messages that are passed on: nothing of a document, and of how it came."""
_TOLD_SCANNING = _TOLD | {wire.M_BAND, wire.M_SWEEP_BEGIN, wire.M_SWEEP_END, wire.M_ABORT}
_BUSY = (wire.START, wire.PLACED, wire.STILL, wire.SCANNING, wire.MOVED)
_PARTS_FREE = (wire.EMPTY, wire.FAULT, wire.SERVICE)
_ENDING_S = 2.0  # a service that is told to end has ended by then
_STARTING_S = 5.0  # parts start anew after a service: 3 s (PROTOCOL.md)
GONE_S = 15.0  # a technician who says nothing for so long has gone; the device itself ends a service after 5 s
MOST_SCAN_S = 180.0
"""So long a technician may scan at one time: laid down, scanned twice, slid and taken away, that is two minutes at most
(`sliding`)."""
_LENDING_S = 3.0  # the kiosk leaves its own check within a turn, a second at most
_QUICK_S = 0.2  # between two looks whether a check has ended; they are woken by every message anyway
KIOSK = "the kiosk"
"""Who looks at the glass by itself, and makes room for any technician."""
_GONE = "the technician has signed out, or their browser has gone"
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
        self._lent = False
        self._damaged = 0
        self._settings: dict[int, Setting] = {}

    # --- technicians' threads ---------------------------------------------------------------------------------------

    @contextmanager
    def lease(self, who: str, wait_s: float = 0.0, present: Callable[[], bool] = lambda: True) -> Iterator[Lease]:
        """The scanner for this technician alone. DeviceError: another one has it, or there is none.

        ``present``, asked while they scan, says whether they are still there; it returns at once.
        """
        lease = self.begin(who, wait_s, present)
        try:
            yield lease
        finally:
            lease.close()

    def begin(self, who: str, wait_s: float = 0.0, present: Callable[[], bool] = lambda: True) -> Lease:
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
            self._lease = Lease(self, who, self._session, present)
            self._damaged = self._session.reception.damaged
            return self._lease

    def now_s(self) -> float:
        """By the relay's clock."""
        return self._clock()

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
        if not _is_a_technicians(lease, kind):
            raise DeviceError(f"the kiosk has the scanner: command {kind} is its own", "busy")
        ends = kind == wire.C_SERVICE and not any(body)
        with self._changed:
            if not ends:
                self._wait_for_its_moment(lease, kind)
            if lease.over:
                return
            self._note(lease, kind, body)
            self._waiting.append((kind, body))
        self.wake()

    def _wait_for_its_moment(self, lease: Lease, kind: int) -> None:
        """With the lock held. DeviceError: it does not come; LinkLostError."""
        began_s = self._clock()
        while (why := self._refusal(lease, kind)) is not None:
            left = began_s + self._patience_s(lease, kind) - self._clock()
            if left <= 0:
                raise DeviceError(why, "busy")
            self._changed.wait(min(left, _QUICK_S))

    def scan(self, lease: Lease, *, on: bool) -> None:
        """The technician scans a document of their own from now on, and no check runs; or has finished.

        DeviceError: not now; LinkLostError.
        """
        with self._changed:
            if on and not lease.scans:
                self._wait_for_its_moment(lease, wire.C_SUBSCRIBE)
                lease.scans_since_s = self._clock()
                self.wake()
                end = self._clock() + _LENDING_S
                while not (self._lent or lease.over) and (left := end - self._clock()) > 0:
                    self._changed.wait(min(left, _QUICK_S))
                if not self._lent:
                    lease.scans_since_s = None
                    raise DeviceError(lease.over or "the kiosk does not give the scanner away now; try again", "busy")
            elif not on:
                lease.scans_since_s = None
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
        if kind in SCANS:
            return None
        free = (wire.EMPTY,) if kind == wire.C_SUBSCRIBE else _PARTS_FREE
        if state.state not in free or not self._idle():
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

    @property
    def scans(self) -> bool:
        """See Guest."""
        return self._lent

    def turn(self, session: Session | None) -> None:
        """See Guest."""
        if session is not self._session:
            self._is_new(session)
        if self._lease is not None and (why := self._over(self._lease)):
            _LOG.info("service: the scanner is taken back from %s: %s", self._lease.who, why)
            self._lease.lost(why)
            self.end(self._lease)
        if self._lease is not None or self._waiting:
            self._send(session)
        self._lend()

    def _over(self, lease: Lease) -> str:
        """Why its technician may have the scanner no longer, or ""."""
        now_s = self._clock()
        if now_s - lease.heard_s > GONE_S:
            return "the kiosk has heard nothing for a while: begin again"
        if lease.scans_since_s is None:
            return ""
        if not self._idle():
            return SERVED
        if not lease.present():
            return _GONE
        return f"more than {MOST_SCAN_S:.0f} s: begin again" if now_s - lease.scans_since_s > MOST_SCAN_S else ""

    def _lend(self) -> None:
        """No check, or checks again, as the technician wants it."""
        with self._changed:
            lent = self._lease is not None and self._lease.scans
            if lent and not self._lent and self._lease is not None:
                _LOG.info("service: %s scans", self._lease.who)
            self._lent = lent
            self._changed.notify_all()

    def _send(self, session: Session | None) -> None:
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
        if made is None or made[0] not in (_TOLD_SCANNING if lease.scans else _TOLD) or self._session is None:
            return
        if isinstance(message, Error) and not _is_a_technicians(lease, message.about):
            return  # the scanner refuses the kiosk something, in the middle of a check
        damaged = self._session.reception.damaged
        lease.put(*made, skipped=damaged - self._damaged)
        self._damaged = damaged


def _is_a_technicians(lease: Lease, kind: int) -> bool:
    """Whether a command may be one of the technician's; the others are the kiosk's alone."""
    return kind in ASKS or kind in NEEDS_PARTS or (kind in SCANS and lease.scans_since_s is not None)
