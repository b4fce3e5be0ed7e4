"""One identity check: follow the scanner from the document's placing to a verdict, and say what happens meanwhile.

Knows the session and the strip store; what reads a strip and what decides are handed in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from kiosk import wire
from stillscan.errors import DeviceError
from stillscan.link.messages import Abort, Band, Error, Message, State, SweepBegin
from stillscan.link.session import Session, describe
from stillscan.mrz import Reading
from stillscan.strips import StripStore

LOOKS = 3  # whole sweeps that were not read with certainty before the check gives up
_SILENCE_MS = 3000.0  # then the scanner is asked whether it lives

Outcome = Literal["verified", "refused", "gave_up", "fault"]


@dataclass
class AbortSeen:
    """An abort as the host saw it: the host's clock when it came, cause, next row, the device's own latency."""

    at_ms: float
    cause: str
    row: int
    latency_us: int


@dataclass
class Result:
    """How a check ended. ``lines`` only when the reading was certain; times are the transport's clock in ms."""

    outcome: Outcome = "gave_up"
    reason: str = "time"
    lines: tuple[str, ...] | None = None
    format: str | None = None
    attempts: int = 0
    aborts: list[AbortSeen] = field(default_factory=list)
    still_ms: float | None = None
    verdict_ms: float | None = None


Decide = Callable[[Reading], tuple[Literal["verified", "refused"], str]]
Listener = Callable[[Message], None]


class Check:
    """``read`` makes a Reading of the joined strip; ``decide`` makes outcome and reason codes of a certain Reading."""

    def __init__(
        self,
        session: Session,
        read: Callable[[NDArray[np.uint8]], Reading],
        decide: Decide,
        listen: Listener = lambda message: None,
    ) -> None:
        if session.hello is None:
            raise ValueError("open the session first")
        self.session = session
        self.store = StripStore(session.hello.rows, session.hello.width_px)
        self.result = Result()
        self._read = read
        self._decide = decide
        self._listen = listen
        self._looks = 0
        self._placed = False

    def run(self, most_ms: float) -> Result:
        """Until a verdict, or ``most_ms`` are over. LinkLostError: the device went away; DeviceError: it is silent."""
        end = self.session.transport.now_ms() + most_ms
        heard = self.session.transport.now_ms()
        while (now := self.session.transport.now_ms()) < end:
            message = self.session.poll(min(end - now, _SILENCE_MS))
            if message is not None:
                heard = self.session.transport.now_ms()
                self._listen(message)
                if self._on(message):
                    return self._verdict()
            elif self.session.transport.now_ms() - heard >= _SILENCE_MS:
                if self.session.health() is None:
                    raise DeviceError(f"{self.session.transport.name}: the scanner does not answer any more")
                heard = self.session.transport.now_ms()
        if not self._placed:
            self.result.reason = "no_document"
        return self._verdict()

    def _verdict(self) -> Result:
        self.result.verdict_ms = self.session.transport.now_ms()
        if self.result.outcome != "fault":
            self.session.send(wire.C_FINISH, wire.RESULTS.index(self.result.outcome))
        return self.result

    def _end(self, outcome: Outcome, reason: str) -> bool:
        self.result.outcome, self.result.reason = outcome, reason
        return True

    def _on(self, message: Message) -> bool:
        """Take a message in; True when the check is decided."""
        if isinstance(message, Band):
            self.store.add(message)
        elif isinstance(message, SweepBegin):
            self.store.begin(message)
            self.result.attempts += 1
        elif isinstance(message, Abort):
            at = self.session.transport.now_ms()
            self.result.aborts.append(AbortSeen(at, wire.CAUSES[message.cause], message.row, message.latency_us))
        elif isinstance(message, Error) and message.about == wire.C_SWEEP:
            self._placed = False  # an earlier host has finished with this document
        elif isinstance(message, State):
            return self._on_state(message)
        return False

    def _on_state(self, state: State) -> bool:
        if state.state == wire.FAULT:
            return self._end("fault", describe(state))
        if state.state == wire.GAVE_UP and self._placed:
            return self._end("gave_up", wire.CAUSES[state.cause])
        if state.state == wire.EMPTY:
            return self._placed and self._end("gave_up", "removed")
        if state.state == wire.STILL:
            self.result.still_ms = self.session.transport.now_ms()
        elif state.state == wire.DONE and state.cause == wire.NO_CAUSE:
            if self.store.sweeps:
                return self._look()
            self._ask_again()  # this host came in the middle: it has none of the lines
        self._placed = self._placed or state.state != wire.START
        return False

    def _look(self) -> bool:
        self._looks += 1
        reading = self._read(self.store.joined())
        self.result.format = reading.format
        if reading.accepted:
            self.result.lines = reading.lines
            return self._end(*self._decide(reading))
        if self._looks >= LOOKS:
            return self._end("gave_up", "mrz_missing" if reading.lines is None else "mrz_uncertain")
        self._ask_again()
        return False

    def _ask_again(self) -> None:
        self.session.send(wire.C_SWEEP, 0, self.store.rows - 1)
