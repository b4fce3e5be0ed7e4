"""The counter: the visit that is open, the scanner as it is now, and everybody who watches. Safe between threads."""

from __future__ import annotations

import base64
import secrets
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from kiosk import wire
from stillscan.counter.visit import OfficeBook, StaleError, Visit
from stillscan.errors import DeviceTrouble, StillscanError
from stillscan.guidance import reason_key
from stillscan.link.messages import Abort, Band, Hello, Message, State, SweepBegin, named
from stillscan.mrz import Reading
from stillscan.scanning.result import Judgement, Result
from stillscan.verify.known import Known

THUMB = 4  # pixels of the strip that become one on the page
Event = tuple[str, dict[str, Any]]
"""Kind and content: "panel" (the question changed), "device", "rows". Never personal data, but for "rows"."""


@dataclass
class Scanner:
    """What the scanner does. ``sentence`` and ``trouble`` (why it cannot be used, or "") are keys of the guidance."""

    state: str = "start"
    sentence: str = "state.start"
    row: int = 0
    rows: int = 1
    attempt: int = 0
    trouble: str = "device.missing"


class Counter:
    """``answer`` changes the visit on behalf of a window; the methods of a service's display follow the scanner."""

    def __init__(self, book: OfficeBook, office: str, test_mode: bool = False, known: Sequence[Known] = ()) -> None:
        self.boot = secrets.token_hex(4)
        """Changes when the program is started anew, so that a window knows that its visit is gone."""
        self.test_mode = test_mode
        self.office = office
        self.scanner = Scanner()
        self._book = book
        self._known = known
        self._lock = threading.RLock()
        self._watchers: list[Callable[[Event], None]] = []
        self.visit = self._new_visit(0)
        self.records_trouble = ""

    def _new_visit(self, turn: int) -> Visit:
        return Visit(self._book, self.office, self.test_mode, turn, self._known)

    # --- windows ----------------------------------------------------------------------------------------------------

    def watch(self, watcher: Callable[[Event], None]) -> Callable[[], None]:
        """Call ``watcher`` with each event from now on, from any thread; the function that ends it."""
        with self._lock:
            self._watchers.append(watcher)
        return lambda: self._watchers.remove(watcher)

    def look(self, what: Callable[[Visit, Scanner], Any]) -> Any:
        """Whatever ``what`` makes of one moment."""
        with self._lock:
            return what(self.visit, self.scanner)

    def answer(self, change: Callable[[Visit], None]) -> None:
        """Let a window change the visit. StaleError, FieldProblem; StillscanError when it cannot be recorded."""
        with self._lock:
            try:
                change(self.visit)
                self.records_trouble = ""
            except StillscanError as error:
                self.records_trouble = str(error)
                raise
            finally:
                self._publish("panel", turn=self.visit.turn)

    def begin_anew(self, turn: int) -> None:
        """The next customer; what the visit held is forgotten, a visit that was not finished leaves no record."""
        with self._lock:
            if turn != self.visit.turn:
                raise StaleError
            self.visit = self._new_visit(turn + 1)
            self.records_trouble = ""
            self._publish("panel", turn=self.visit.turn)

    # --- the scanner ------------------------------------------------------------------------------------------------

    def judge(self, reading: Reading) -> tuple[Judgement, str]:
        """What a certain reading does to the visit, and what the scanner's light is to show."""
        with self._lock:
            try:
                self.visit.read(reading.lines or ())
            except StillscanError as error:
                self.records_trouble = str(error)
            self._publish("panel", turn=self.visit.turn)
            return self.visit.light

    def connected(self, hello: Hello) -> None:
        """See service.Display."""
        self._device(trouble="", rows=hello.rows)

    def trouble(self, text: str, kind: DeviceTrouble) -> None:
        """See service.Display. What the text says is for the log; people get a sentence in their language."""
        self._device(trouble=f"device.{kind}", state="start", sentence="state.start", row=0)

    def not_read(self, reason: str) -> None:
        """See service.Display."""
        self._device(sentence=reason_key(reason))

    def message(self, message: Message) -> None:
        """See service.Display."""
        if isinstance(message, Band):
            self._rows(message)
        elif isinstance(message, State):
            self._state(message)
        elif isinstance(message, SweepBegin):
            self._device(attempt=message.attempt, row=message.first_row)
        elif isinstance(message, Abort):
            self._device(sentence=f"cause.{named(wire.CAUSES, message.cause)}")

    def _state(self, state: State) -> None:
        name = named(wire.STATES, state.state)
        reading = state.state == wire.DONE and state.cause == wire.NO_CAUSE
        changes: dict[str, Any] = {"state": name, "sentence": "state.reading" if reading else f"state.{name}"}
        if state.state == wire.FAULT:
            changes["trouble"] = f"part.{named(wire.PARTS, state.part)}"
        elif self.scanner.trouble.startswith("part."):
            changes["trouble"] = ""
        if state.state == wire.EMPTY:
            changes |= {"row": 0, "attempt": 0}
        self._device(**changes)

    def _rows(self, band: Band) -> None:
        whole = band.pixels[:, : band.header.width_px // THUMB * THUMB]
        thumbs = whole.reshape(len(whole), -1, THUMB).mean(axis=2).astype("uint8")
        packed = base64.b64encode(thumbs.tobytes()).decode()
        self._publish("rows", row=band.header.row, lines=len(thumbs), width=thumbs.shape[1], pixels=packed)
        self._device(row=band.header.row + band.header.lines)

    def result(self, result: Result) -> None:
        """See service.Display: a check is over; without a reading the clerk has to know why."""
        with self._lock:
            if result.outcome != "fault":
                state = "gave_up" if result.lines is None else "done"
                self._device(state=state, sentence=f"state.{state}")
                if result.lines is None:
                    self.visit.not_read(result.reason, result.quality)
            self._publish("panel", turn=self.visit.turn)

    def _device(self, **changes: Any) -> None:
        with self._lock:
            for name, value in changes.items():
                setattr(self.scanner, name, value)
            self._publish("device", **changes)

    def _publish(self, kind: str, **content: Any) -> None:
        for watcher in list(self._watchers):
            watcher((kind, content))
