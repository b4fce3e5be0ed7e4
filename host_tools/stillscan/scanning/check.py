"""One identity check: follow the scanner from the document's placing to a verdict, and say what happens meanwhile.

Knows the session, the strip store and the reader's stage; what decides on a certain reading is handed in.
"""

# long-ok: one check from placing to verdict: every step reads and changes the same few facts
from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from kiosk import wire
from stillscan.link.messages import Abort, Band, Error, Message, State, SweepBegin, named
from stillscan.link.session import Session, describe
from stillscan.link.transport import LinkLostError
from stillscan.mrz import QualityFinding, Reading
from stillscan.mrz.series import series_of
from stillscan.scanning.policy import Policy
from stillscan.scanning.registration import lay_still
from stillscan.scanning.result import AbortSeen, Judgement, Outcome, Result
from stillscan.scanning.stage import Answer, ReaderStage
from stillscan.scanning.strips import StripStore
from stillscan.scanning.sweep import Sweep

FIRST_TEXT_ROW, LAST_TEXT_ROW = 56, 194  # of the two lines of a passport, printed and laid down carelessly (1.5 mm)
_LAID_ROWS = 47  # a document that was lifted is laid back up to 4 mm elsewhere
_STILL_UM = 60
"""Rows of a sweep that lie no farther aside (0.7 px, one count of the flow sensor) go to the reader as they come."""
_ASK_AGAIN_MS = 2000.0
"""A scanner that was asked for a sweep and has not begun to move by then has not heard it. The longest legal wait for
a document that lies still is the dwell of 150 ms and the carriage's way back of 0.4 s."""
_MOST_ASKED = 4
"""A scanner that does not sweep after so many requests never will; people are told within 10 s."""
_MOST_SWEEPS = 200
"""Of one document: the setting ``attempts`` allows no more. Their lines are kept, 80 MB at 274 rows of 1476 pixels."""

_NOBODY = (wire.START, wire.SERVICE)
"""States besides EMPTY in which no document waits: parts are started, or a technician has them."""
_NO_SWEEP = (wire.E_WRONG_STATE, wire.C_SWEEP)  # an ERROR's code and what it is about

_LOG = logging.getLogger(__name__)
Judge = Callable[[Reading], tuple[Judgement, str]]


class Listener(Protocol):
    """Who is told what happens."""

    def message(self, message: Message) -> None:
        """Everything that the scanner says."""
        ...

    def not_read(self, reason: str) -> None:
        """A capture could not be read with certainty, and another is on its way; ``reason`` as in Result."""
        ...


class Deaf:
    """Nobody listens."""

    def message(self, message: Message) -> None:
        """See Listener."""

    def not_read(self, reason: str) -> None:
        """See Listener."""


class Check:
    """``reader`` makes one Reading of the captures of a document; ``judge`` decides on a certain one.

    ``flow_sign``: -1 when an earlier check has found out that the flow sensor counts backwards.
    """

    def __init__(
        self,
        session: Session,
        reader: ReaderStage,
        judge: Judge,
        listener: Listener | None = None,
        policy: Policy | None = None,
        flow_sign: int = 1,
        alive: Callable[[], None] = lambda: None,
    ) -> None:
        """``alive`` is called at least once a second while the check goes on."""
        if session.hello is None:
            raise ValueError("open the session first")
        self.session = session
        self.policy = policy or Policy()
        hello = session.hello
        self.store = StripStore(
            hello.rows, hello.width_px, hello.pitch_nm / 1000, flow_sign=flow_sign, straighten=self.policy.straighten
        )
        self.result = Result(sensors=["flow_opposite"] if flow_sign < 0 else [])
        self._reader = reader
        self._judge = judge
        self._listener = listener or Deaf()
        self._alive = alive
        self._captures = 0  # whole ones that were not read with certainty
        self._read_in_sweep = False
        self._stale = False
        self._blind = False  # the flow sensor cannot follow this document: two sweeps tell whether it lay still
        self._whole: tuple[NDArray[np.uint8], NDArray[np.bool_]] | None = None
        self._ticket: int | None = None  # of the reading that is waited for
        self._of_whole = False  # it is of a sweep that came to its end
        self._read_whole = False  # it is not, and the sweep has come to its end since
        self._proven = True  # all that it rests on is the scanner's
        self._settled: Sweep | None = None  # the newest that was laid on others
        self._placed = False
        self._came_late = False
        self._state = wire.START
        self._asked: tuple[float, int, int] | None = None  # when, and for which rows, a sweep was asked for last
        self._asked_times = 0  # since the last sweep began

    def run(self, most_ms: float) -> Result:
        """Until a verdict, or ``most_ms`` are over. LinkLostError: the link was lost, and with it this check."""
        now_ms = self.session.transport.now_ms
        end = now_ms() + most_ms
        self.begin()
        try:
            while (left := end - now_ms()) > 0:
                self._alive()
                if self.step(min(left, 1000.0)):
                    return self.result
        finally:
            self._reader.cancel()
        if not self._placed:
            self.result.reason = "no_document"
        return self._verdict()

    def begin(self) -> None:
        """Have the reader begin with this check's document; ``run`` does so by itself."""
        self._reader.begin(self.store.rows, self.store.width_px)

    def step(self, most_ms: float) -> bool:
        """Take in the next message, waiting at most so long; True when the check is decided. LinkLostError."""
        decided = self._take(self.session.poll(min(most_ms, self._reader.wait_ms())))
        if decided:
            self._verdict()
        return decided

    def _take(self, message: Message | None) -> bool:
        if self._ticket is not None and not self._proven and self._prove():  # while the reader works
            return True
        if message is not None:
            self._listener.message(message)
        if message is not None and self._on(message):
            return True
        answer = self._reader.answer()
        if answer is not None and self._on_answer(answer):
            return True
        self._ask_again()
        return False

    def _verdict(self) -> Result:
        self.result.verdict_ms = self.session.transport.now_ms()
        if self.result.outcome != "fault":
            self.session.send(wire.C_FINISH, wire.RESULTS.index(self.result.outcome))
        if self.store.sweeps and self.store.sweeps[-1] is not self._settled:
            self._lay()  # it was read before its end; nobody waits for what this tells
        return self.result

    def _end(self, outcome: Outcome, reason: str) -> bool:
        self.result.outcome, self.result.reason = outcome, reason
        return True

    # --- what the scanner says --------------------------------------------------------------------------------------

    def _on(self, message: Message) -> bool:
        """Take a message in; True when the check is decided."""
        if isinstance(message, Band):
            self._on_band(message)
        elif isinstance(message, SweepBegin):
            if len(self.store.sweeps) >= _MOST_SWEEPS:
                raise self._lost("begins more sweeps of one document than any scanner does")
            self._asked_times = 0
            self.store.begin(message)
            self._reader.begin_sweep()
            self._read_in_sweep = False
            self.result.attempts += 1
        elif isinstance(message, Abort):
            at = self.session.transport.now_ms()
            self.result.aborts.append(AbortSeen(at, named(wire.CAUSES, message.cause), message.row, message.latency_us))
            if self._prove():
                return True
            self._settle()
            if message.cause not in (wire.LIFTED, wire.REMOVED):
                self._plan()
        elif isinstance(message, Error) and self._came_late and (message.code, message.about) == _NO_SWEEP:
            self._placed, self._asked = False, None  # an earlier host has finished with this document
        elif isinstance(message, State):
            return self._on_state(message)
        return False

    def _on_band(self, band: Band) -> None:
        self.store.add(band)
        if not self.policy.read_early or self._blind or self._read_in_sweep:
            return
        header = band.header
        if max(abs(header.dx_um), abs(header.dy_um)) <= _STILL_UM:
            self._reader.feed(header.row, band.pixels)
        if self._reader.text_complete or not self._missing():
            self._read_in_sweep = True
            if self.store.tie() in ("alone", "same"):
                self._read(whole=False)

    def _on_state(self, state: State) -> bool:
        self._state = state.state
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
            self._asked = None
        self._placed = self._placed or state.state not in _NOBODY
        return state.state == wire.DONE and state.cause == wire.NO_CAUSE and self._swept()

    def _swept(self) -> bool:
        """A sweep came to its last row: read it; ask for what is missing, or for another capture."""
        if not self.store.sweeps:
            self._came_late = True  # this host came in the middle: it has none of the lines
            self._ask(0, self.store.rows - 1)
            return False
        if self._prove():
            return True
        self._settle()
        if self._missing():
            self._plan()
        elif self._blind and not self._lay_still():
            self._another_capture()
        elif self._ticket is not None:
            self._read_whole = True  # the reading that was begun in mid-sweep may be enough
        else:
            return self._read(whole=True)
        return False

    # --- reading ----------------------------------------------------------------------------------------------------

    def _read(self, whole: bool) -> bool:
        """Ask for the capture to be read, ``whole``: with all rows of its sweep; True when the check is decided."""
        self.result.last_row_ms = self.session.transport.now_ms()
        picture, _ = self.store.joined()
        self._read_whole = False
        if self.store.torn(FIRST_TEXT_ROW, LAST_TEXT_ROW):
            self.result.quality = (QualityFinding("cut-off", "the text lies partly beyond the glass"),)
            self._stale, self._ticket = True, None
            return whole and self._not_read()
        self._of_whole, self._proven = whole, False
        self._ticket = self._reader.read(picture, calm=self.store.calm(_STILL_UM))
        return False

    def _prove(self) -> bool:
        """Verify what the store holds, and drop what is not the scanner's, with the reading that rests on it.

        True when the check is decided.
        """
        failed = self.session.prove()
        self._proven = True
        if not failed:
            return False
        self.store.forget(failed)
        if self._ticket is None:
            return False
        self._reader.cancel()
        self._ticket, swept = None, self._of_whole or self._read_whole
        self._read_in_sweep = self._read_whole = False
        return swept and self._swept()

    def _on_answer(self, answer: Answer) -> bool:
        """An answer of the reader; True when the check is decided."""
        if answer.ticket != self._ticket:
            return False
        if not self._proven and self._prove():
            return True
        if answer.ticket != self._ticket:
            return False
        self._ticket = None
        reading = answer.reading
        if reading is not None:
            self.result.unsure = reading.unsure
            self.result.series = series_of(reading.lines or (), reading.unsure) or self.result.series
        if reading is not None and reading.accepted:
            self.result.format, self.result.lines = reading.format, reading.lines
            return self._end(*self._judge(reading))
        self._stale = True  # what was scanned once is not scanned better by adding to it
        if reading is not None:
            self.result.format, self.result.quality = reading.format, reading.quality
        whole, self._read_whole = self._read_whole, False
        if whole and not answer.why:
            return self._read(whole=True)
        return (whole or self._of_whole) and self._not_read(answer.why)

    def _not_read(self, why: str = "") -> bool:
        """A whole capture could not be read with certainty: look again, or give up; True when it is the latter."""
        unread = "mrz_missing" if self.result.format is None else "mrz_uncertain"
        reason = {"late": "reading_late", "failed": "reading_failed"}.get(why, unread)
        self._captures += why != "" or self.store.sweeps[-1].calm  # after movement the fault may be the movement's
        if self._captures >= self.policy.captures:
            return self._end("gave_up", reason)
        self._listener.not_read(reason)
        self._another_capture()
        return False

    def _another_capture(self) -> None:
        self._capture_anew()
        self._ask(0, self.store.rows - 1)

    def _capture_anew(self) -> None:
        """Begin another capture; what the last one showed stays as evidence beside it."""
        self._stale = False
        self.store.capture_anew()
        if self.policy.keep_evidence:
            self._reader.keep()

    # --- the strip --------------------------------------------------------------------------------------------------

    def _settle(self) -> None:
        if self.store.sweeps:
            self._lay()
        self._tie()

    def _lay(self) -> None:
        """Lay the newest sweep on those before it, and tell what that shows of the flow sensor."""
        self._settled, known = self.store.sweeps[-1], len(self.store.slides)
        if self.policy.register and self.store.settle():
            self._distrust("flow_opposite")
        for slide in self.store.slides[known:]:
            _LOG.info("the document slid: the flow sensor counted %d um, the lines show %d um", *map(round, slide))

    def _tie(self) -> None:
        """A sweep is over: rows that nothing ties together do not count together."""
        tie = self.store.tie()
        if tie == "other":
            self.store.forget_former()
            self._another_document()
        elif tie == "unclear":
            self.store.forget_shorter()

    def _another_document(self) -> None:
        """What was read before is of another document than the one that lies there."""
        self._reader.begin(self.store.rows, self.store.width_px)
        self._ticket, self._stale, self._captures = None, False, 0

    def _distrust(self, sensor: str) -> None:
        if sensor not in self.result.sensors:
            self.result.sensors.append(sensor)

    def _missing(self) -> bool:
        return self.policy.salvage and self.store.lacks(*self._text_rows())

    def _lacking(self) -> NDArray[np.intp]:
        return self.store.missing(*self._text_rows())

    def _text_rows(self) -> tuple[int, int]:
        sweeps = self.store.sweeps
        careless = _LAID_ROWS if sweeps and sweeps[-1].track != sweeps[0].track else 0
        return FIRST_TEXT_ROW - careless, LAST_TEXT_ROW + careless

    def _lay_still(self) -> bool:
        """Whether this sweep shows what the one before showed, row for row."""
        former, self._whole = self._whole, self.store.joined()
        if former is None:
            return False
        return lay_still(*former, *self._whole)

    # --- what the scanner is asked for ------------------------------------------------------------------------------

    def _plan(self) -> None:
        """Ask the next sweep for the text's first missing row and all below; it ends early when all is read."""
        if not self.policy.salvage:
            return
        if self._stale and self._ticket is None:
            self._capture_anew()
        missing = self._lacking()
        if len(missing):
            self._ask(self.store.anchor(int(missing[0])), self.store.rows - 1)

    def _ask(self, first_row: int, last_row: int) -> None:
        self._asked = self.session.transport.now_ms(), first_row, last_row
        self._asked_times += 1
        self.session.send(wire.C_SWEEP, self.store.as_device_counts(first_row), last_row)

    def _ask_again(self) -> None:
        """A command may be lost on the line; a scanner that rests although it was asked to sweep is asked once more."""
        if self._asked is None or self._state != wire.DONE:
            return
        when, first_row, last_row = self._asked
        if self.session.transport.now_ms() - when >= _ASK_AGAIN_MS:
            if self._asked_times >= _MOST_ASKED:
                raise self._lost("does not begin the sweep that it is asked for")
            self._ask(first_row, last_row)

    def _lost(self, why: str) -> LinkLostError:
        return LinkLostError(f"{self.session.transport.name}: the scanner {why}")
