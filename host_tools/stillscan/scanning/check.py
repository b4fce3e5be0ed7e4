"""One identity check: follow the scanner from the document's placing to a verdict, and say what happens meanwhile.

Knows the session and the strip store; what reads a strip and what decides are handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from kiosk import wire
from stillscan.errors import DeviceError
from stillscan.link.messages import Abort, Band, Error, Message, State, SweepBegin, named
from stillscan.link.session import Session, describe
from stillscan.mrz import Finding, Reading
from stillscan.scanning.registration import lay_still
from stillscan.scanning.result import AbortSeen, Outcome, Result
from stillscan.scanning.strips import StripStore

LOOKS = 3  # whole looks that were not read with certainty before the check gives up
FIRST_TEXT_ROW, LAST_TEXT_ROW = 56, 194  # of the two lines of a passport, printed and laid down carelessly (1.5 mm)
_LAID_ROWS = 47  # a document that was lifted is laid back up to 4 mm elsewhere
_MARGIN_ROWS = 8
_FORMER_LOOKS = 3
_SILENCE_MS = 3000.0  # then the scanner is asked whether it lives

Decide = Callable[[Reading], tuple[Literal["verified", "refused"], str]]
Listener = Callable[[Message], None]


class Check:
    """``read`` makes one Reading of the looks at a document (joined strips); ``decide`` judges a certain Reading.

    ``flow_sign``: -1 when an earlier check has found out that the flow sensor counts backwards.
    """

    def __init__(
        self,
        session: Session,
        read: Callable[[Sequence[NDArray[np.uint8]]], Reading],
        decide: Decide,
        listen: Listener = lambda message: None,
        restart_only: bool = False,
        flow_sign: int = 1,
    ) -> None:
        if session.hello is None:
            raise ValueError("open the session first")
        self.session = session
        hello = session.hello
        self.store = StripStore(hello.rows, hello.width_px, hello.pitch_nm / 1000, flow_sign=flow_sign)
        self.result = Result(sensors=["flow_opposite"] if flow_sign < 0 else [])
        self._read = read
        self._decide = decide
        self._listen = listen
        self._restart_only = restart_only
        self._looks = 0
        self._read_in_sweep = False
        self._stale = False
        self._blind = False  # the flow sensor cannot follow this document: two sweeps tell whether it lay still
        self._former: list[NDArray[np.uint8]] = []  # looks before this one: each shows the same print in another light
        self._whole: tuple[NDArray[np.uint8], NDArray[np.bool_]] | None = None
        self._picture: NDArray[np.uint8] | None = None
        self._placed = False
        self._came_late = False

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
            return self._enough() and self._look()
        if isinstance(message, SweepBegin):
            self.store.begin(message)
            self._read_in_sweep = False
            self.result.attempts += 1
        elif isinstance(message, Abort):
            at = self.session.transport.now_ms()
            self.result.aborts.append(AbortSeen(at, named(wire.CAUSES, message.cause), message.row, message.latency_us))
            self._settle()
            if message.cause not in (wire.LIFTED, wire.REMOVED):
                self._plan()
        elif isinstance(message, Error) and message.about == wire.C_SWEEP and self._came_late:
            self._placed = False  # an earlier host has finished with this document
        elif isinstance(message, State):
            return self._on_state(message)
        return False

    def _on_state(self, state: State) -> bool:
        if state.state == wire.FAULT:
            return self._end("fault", describe(state))
        if state.state == wire.GAVE_UP and self._placed:
            return self._end("gave_up", named(wire.CAUSES, state.cause))
        if state.state == wire.EMPTY:
            return self._placed and self._end("gave_up", "removed")
        if state.part:
            self._distrust(named(wire.PARTS, state.part))
        self._blind = state.part == wire.FLOW
        if state.state == wire.STILL:
            self.result.still_ms = self.session.transport.now_ms()
        elif state.state == wire.DONE and state.cause == wire.NO_CAUSE:
            return self._swept()
        self._placed = self._placed or state.state != wire.START
        return False

    def _swept(self) -> bool:
        """A sweep came to its last row: read it; ask for what is missing, or for another look."""
        if not self.store.sweeps:
            self._came_late = True  # this host came in the middle: it has none of the lines
            self._ask(0, self.store.rows - 1)
            return False
        self._settle()
        if self._missing():
            self._plan()
            return False
        if self._blind and not self._lay_still():
            self._look_anew()
            self._ask(0, self.store.rows - 1)
            return False
        if self._look():
            return True
        self._looks += self.store.sweeps[-1].calm  # after movement the fault may be the movement's
        if self._looks >= LOOKS:
            return self._end("gave_up", "mrz_missing" if self.result.format is None else "mrz_uncertain")
        self._look_anew()
        self._ask(0, self.store.rows - 1)
        return False

    def _settle(self) -> None:
        if not self._restart_only and self.store.sweeps and self.store.settle():
            self._distrust("flow_opposite")

    def _distrust(self, sensor: str) -> None:
        if sensor not in self.result.sensors:
            self.result.sensors.append(sensor)

    def _missing(self) -> bool:
        return not self._restart_only and bool(len(self._lacking()))

    def _lacking(self) -> NDArray[np.intp]:
        sweeps = self.store.sweeps
        careless = _LAID_ROWS if sweeps and sweeps[-1].track != sweeps[0].track else 0
        return self.store.missing(FIRST_TEXT_ROW - careless, LAST_TEXT_ROW + careless)

    def _enough(self) -> bool:
        """May the text be complete in the middle of a sweep? Asked at every band, true once a sweep."""
        if self._restart_only or self._blind or self._read_in_sweep or self._missing():
            return False
        self._read_in_sweep = True
        return True

    def _lay_still(self) -> bool:
        """Whether this sweep shows what the one before showed, row for row."""
        former, self._whole = self._whole, self.store.joined()
        if former is None:
            return False
        return lay_still(*former, *self._whole)

    def _look(self) -> bool:
        self._picture, _ = self.store.joined()
        if self.store.torn(FIRST_TEXT_ROW, LAST_TEXT_ROW):
            self.result.quality = (Finding("cut-off", "the text lies partly beyond the glass"),)
            self._picture, self._stale = None, True
            return False
        reading = self._read([*self._former, self._picture])
        self.result.format = reading.format
        if not reading.accepted:
            self.result.quality = reading.quality
            self._stale = True  # what was scanned once is not scanned better by adding to it
            return False
        self.result.lines = reading.lines
        return self._end(*self._decide(reading))

    def _look_anew(self) -> None:
        """Begin another look; what the last one showed stays as evidence beside it."""
        self._stale = False
        self.store.look_anew()
        if self._picture is not None and not self._restart_only:
            self._former = [*self._former, self._picture][-_FORMER_LOOKS:]
            self._picture = None

    def _plan(self) -> None:
        """Ask the next sweep for the text's first missing row and all below; it ends early when all is read."""
        if self._restart_only:
            return
        if self._stale:
            self._look_anew()
        missing = self._lacking()
        if not len(missing):
            return
        self._ask(max(int(missing[0]) - _MARGIN_ROWS, 0), self.store.rows - 1)

    def _ask(self, first_row: int, last_row: int) -> None:
        self.session.send(wire.C_SWEEP, self.store.as_device_counts(first_row), last_row)
