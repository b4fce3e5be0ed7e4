"""The kiosk as it runs all day: one check after another, and one way back from whatever happens to the link."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from kiosk import wire
from stillscan.errors import DeviceError, DeviceTrouble
from stillscan.link.identity import Admission, NotPairedError, ScannerIdentity, anybody
from stillscan.link.inbox import DrainedInbox, Inbox
from stillscan.link.messages import Hello, Message, State, SweepEnd
from stillscan.link.session import EVERYTHING, Session
from stillscan.link.transport import LinkLostError, Transport
from stillscan.scanning.check import Check, Judge
from stillscan.scanning.inspection import Inspection, NoticeKind
from stillscan.scanning.result import Result
from stillscan.scanning.stage import ReaderStage

_CHECK_MS = 3_600_000.0  # a check waits for a document as long as it takes; the device limits the scanning
_RECOVER_MS = 5000.0
"""A faulty scanner is told so often to try its parts again: starting them takes up to 3 s."""
_TURN_MS = 1000.0  # so often the watchdog is fed while the glass is not empty: HEALTH comes every second anyway
_OLD_NEWS_MS = 1000.0
"""What the scanner said before it heard of a check's end has arrived by then."""
_RETRY_S = 0.5
"""Between two attempts to open a port: a cable that is plugged in is noticed at once, and the attempt costs 1 ms."""
_BRIEF_S = 2.0
"""A link that was lost sooner is taken up again after _RETRY_S only: a scanner that never keeps it fills no log."""
_LOG = logging.getLogger(__name__)


class Display(Protocol):
    """Where people see what happens. Nothing handed to it but ``result`` holds personal data."""

    def connected(self, hello: Hello, identity: ScannerIdentity) -> None:
        """A scanner is there, and may be used."""
        ...

    def message(self, message: Message) -> None:
        """What the scanner says."""
        ...

    def not_read(self, reason: str) -> None:
        """A capture could not be read with certainty, and another is on its way."""
        ...

    def result(self, result: Result) -> None:
        """A check is over."""
        ...

    def trouble(self, text: str, kind: DeviceTrouble) -> None:
        """No scanner can be used now, and why; the service goes on trying by itself."""
        ...

    def notice(self, text: str, kind: NoticeKind) -> None:
        """The scanner works, and something about it is not as expected."""
        ...


class Guest(Protocol):
    """Somebody besides the checks who speaks with the scanner: a technician, in the pauses that checks leave."""

    @property
    def scans(self) -> bool:
        """The guest scans a document of their own, as of the last ``turn``; no check begins until they are done."""
        ...

    def turn(self, session: Session | None) -> None:
        """The service's thread: now commands may be sent; None: there is no scanner. Called for every message, and at
        least once a second. LinkLostError."""
        ...

    def heard(self, message: Message) -> None:
        """What the scanner says; returns at once."""
        ...


class Nobody:
    """No guest."""

    scans = False

    def turn(self, session: Session | None) -> None:
        """See Guest."""

    def heard(self, message: Message) -> None:
        """See Guest."""


class _LentError(Exception):
    """The guest scans now: this check, which has no document yet, is none."""


class Service:
    """``connect`` opens the port anew; ``kept`` is called with each finished check and its joined strip."""

    def __init__(
        self,
        connect: Callable[[], Transport],
        reader: ReaderStage,
        judge: Judge,
        display: Display,
        kept: Callable[[Result, NDArray[np.uint8]], None] = lambda result, strip: None,
        alive: Callable[[], None] = lambda: None,
        inbox: Callable[[Transport], Inbox] = DrainedInbox,
        pause: Callable[[float], None] = time.sleep,
        admission: Admission = anybody,
        expected: Mapping[str, int] | None = None,
        guest: Guest | None = None,
        streams: int = EVERYTHING,
    ) -> None:
        """``alive`` is called at least once a second, whatever the scanner does, as long as the service works.
        ``expected`` are settings of the scanner, by name, in which this kiosk is meant to differ from its defaults.
        ``guest`` speaks with the scanner too. ``streams``: what the scanner is to send, for who watches too.

        ``inbox`` drains a port; ``pause`` waits so many seconds between two attempts to open one. A service in virtual
        time has others. ``admission`` says which scanners may be used.
        """
        self._connect = connect
        self._reader = reader
        self._judge = judge
        self._display = display
        self._kept = kept
        self._alive = alive
        self._inbox = inbox
        self._pause = pause
        self._admission = admission
        self._starting = True  # nobody has looked whether a scanner is there
        self._expected = {} if expected is None else expected
        self._guest = guest or Nobody()
        self._streams = streams
        self._flow_sign = 1  # of the scanner that is connected
        self._damaged = 0  # frames of this session that were told of

    def run_once(self, patience_s: float) -> Result:
        """One check. DeviceError: for ``patience_s`` no scanner was there or kept its link, from the start or later.

        NotPairedError: one was there that may not be used.
        """
        left_s = patience_s
        while True:
            session = self._connected(left_s)
            began_ms = session.transport.now_ms()
            try:
                return self._check(session)
            except LinkLostError as lost:
                lasted_s = (session.transport.now_ms() - began_ms) / 1000
                left_s = self._left(left_s, patience_s, lasted_s, lost)
            finally:
                self._tell_damage(session)
                session.close()
            self._rest(lasted_s)

    def run(self, patience_s: float = float("inf")) -> None:
        """One check after another, until interrupted: whatever happens to the scanner, this comes back to it.

        DeviceError as in ``run_once``, if there is an end to patience. NotPairedError: a scanner that may not be used
        was there at the start. Where patience has no end, one that comes later is told like any trouble.
        """
        left_s = patience_s
        while True:
            session = self._connected(left_s, once=patience_s < float("inf"))
            began_ms = session.transport.now_ms()
            try:
                while True:
                    session.see_that_it_is_admitted()
                    result = self._check(session)
                    if result.reason not in ("removed", "no_document"):
                        self._clear(session, result)
            except DeviceError as lost:
                lasted_s = (session.transport.now_ms() - began_ms) / 1000
                left_s = self._left(left_s, patience_s, lasted_s, lost)
            finally:
                self._tell_damage(session)
                session.close()
            self._rest(lasted_s)

    def _left(self, left_s: float, patience_s: float, lasted_s: float, lost: DeviceError) -> float:
        """The patience that is left after a link that lasted so long; raises ``lost`` when there is none."""
        left_s = patience_s if lasted_s >= patience_s else left_s - max(lasted_s, _RETRY_S)
        if left_s < 0:
            raise lost
        self._display.trouble(str(lost), lost.kind)
        return left_s

    def _rest(self, lasted_s: float) -> None:
        """Before the port is opened anew, when the link did not last."""
        if lasted_s < _BRIEF_S:
            self._pause(_RETRY_S)

    def _connected(self, patience_s: float, *, once: bool = True) -> Session:
        """A session with the scanner, as soon as there is one; whoever watches is told what is in the way."""
        left_s = patience_s
        told = ""
        while True:
            self._alive()
            self._guest.turn(None)
            try:
                return self._open()
            except DeviceError as trouble:
                refused = isinstance(trouble, NotPairedError) and (once or self._starting)
                self._starting = False
                if left_s <= 0 or refused:
                    raise
                if str(trouble) != told:
                    told = str(trouble)
                    self._display.trouble(told, trouble.kind)
            self._pause(_RETRY_S)
            left_s -= _RETRY_S

    def _open(self) -> Session:
        session = Session(self._connect(), self._inbox, admission=self._admission)
        self._reader.notify(session.inbox.wake)
        self._flow_sign = 1
        self._damaged = 0
        self._inspection = Inspection(session, self._expected, self._display.notice)
        try:
            hello = session.open(self._streams)
            assert session.identity is not None
            self._starting = False
            self._display.connected(hello, session.identity)
        except BaseException:
            session.close()
            raise
        return session

    def _check(self, session: Session) -> Result:
        """The next check; what a guest scans before it is none."""
        while True:
            try:
                return self._checked(session)
            except _LentError:
                self._lend(session)

    def _lend(self, session: Session) -> None:
        """The guest scans, until they have finished and the glass is empty. LinkLostError."""
        state = State(wire.SERVICE, wire.NO_CAUSE, 0, 0, 0, 0)
        self._display.message(state)  # what it is to whoever watches: a technician has the scanner
        while self._guest.scans:
            message = session.poll(_TURN_MS)
            if isinstance(message, SweepEnd) and session.prove():
                raise LinkLostError(
                    f"{session.transport.name}: the scanner sent lines that were not its own", "unproven"
                )
            if message is not None:
                self._inspection.take(message)
                self._guest.heard(message)
            if isinstance(message, State):
                state = message
            self._alive()
            self._guest.turn(session)
        if state.state in (wire.EMPTY, wire.SERVICE):
            self._display.message(state._replace(state=wire.EMPTY))
            return
        if state.cause != wire.FINISHED:
            session.send(wire.C_FINISH, wire.RESULTS.index("verified"))  # to who stands there: take it away
        self._clear(session, Result("fault" if state.state == wire.FAULT else "gave_up"))

    def _checked(self, session: Session) -> Result:
        def turn() -> None:
            self._alive()
            self._guest.turn(session)
            if self._guest.scans:
                raise _LentError

        check = Check(session, self._reader, self._judge, self, flow_sign=self._flow_sign, alive=turn)
        result = check.run(_CHECK_MS)
        self._flow_sign = check.store.flow_sign
        self._tell_damage(session)
        if result.reason != "no_document":
            self._display.result(result)
        self._kept(result, check.store.joined()[0])
        return result

    def _tell_damage(self, session: Session) -> None:
        """What was damaged or lost on the line since this was told last."""
        more = session.reception.damaged - self._damaged
        if more > 0:
            self._damaged += more
            _LOG.info("frames that were damaged or lost on the line: %d", more)

    def message(self, message: Message) -> None:
        """See check.Listener."""
        self._inspection.take(message)
        self._guest.heard(message)
        self._display.message(message)

    def not_read(self, reason: str) -> None:
        """See check.Listener."""
        self._display.not_read(reason)

    def _clear(self, session: Session, result: Result) -> None:
        """Wait for an empty glass; a faulty scanner is told to try its parts again. LinkLostError."""
        began_ms = tried_ms = session.transport.now_ms()
        faulty = result.outcome == "fault"
        while True:
            self._alive()
            self._guest.turn(session)
            message = session.poll(_TURN_MS)
            if message is not None:
                self._guest.heard(message)
            if isinstance(message, State):
                self._display.message(message)
                if message.state == wire.EMPTY:
                    return
                if message.state == wire.PLACED and session.transport.now_ms() - began_ms > _OLD_NEWS_MS:
                    return  # the next document lies there: the message of the empty glass was lost on the line
                faulty = message.state == wire.FAULT
                if message.state == wire.DONE and message.cause == wire.NO_CAUSE:  # it has not heard of the end
                    session.send(wire.C_FINISH, wire.RESULTS.index(result.outcome))
            now_ms = session.transport.now_ms()
            if faulty and now_ms - tried_ms >= _RECOVER_MS:
                session.send(wire.C_RECOVER)
                tried_ms = now_ms
