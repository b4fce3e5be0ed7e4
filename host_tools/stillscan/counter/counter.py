"""The counter: the visit that is open, the scanner as it is now, and everybody who watches. Safe between threads.

One lock guards all of it, and nobody who holds it waits for anything: while the book of the office works, which may
take seconds when its database hangs, the lock is let go (`outside_lock`), and the visit says that it is busy.
"""

# long-ok: what windows, the scanner and the clock may do to one visit, under one lock
from __future__ import annotations

import base64
import contextlib
import logging
import secrets
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from kiosk import wire
from stillscan.counter.held_reading import ReadingLimits, since_start_s
from stillscan.counter.mosaic import Mosaic
from stillscan.counter.outside_lock import OutsideLock
from stillscan.counter.visit import FieldProblem, OfficeBook, StaleError, Visit
from stillscan.errors import DeviceTrouble, StillscanError
from stillscan.guidance import reason_key
from stillscan.link.identity import ScannerIdentity
from stillscan.link.messages import Abort, Band, Hello, Message, State, SweepBegin, named
from stillscan.mrz import Reading
from stillscan.records.clock import ClockError
from stillscan.records.errors import OutcomeUnknownError
from stillscan.records.staff import Person
from stillscan.records.tracking import is_number
from stillscan.scanning.inspection import NoticeKind
from stillscan.scanning.result import Judgement, Result
from stillscan.verify.known import Known

_RECORD_S = 1.0  # the scanner's thread waits so long for a record: many times what one takes, less than a device waits
_ASK_AGAIN_S = 1.0  # between questions whether a check was recorded after all
_NOT_KEPT = "the database did not keep it"
_log = logging.getLogger(__name__)
Event = tuple[str, dict[str, Any]]
"""Kind and content: "panel" (the question changed), "verdict" (a check is over, told once), "device", "rows" (see
`mosaic`), "end". Never personal data."""
Watcher = Callable[[Event], None]


@dataclass
class Scanner:
    """What the scanner does. ``sentence`` and ``trouble`` (why it cannot be used, or "") are keys of the guidance."""

    state: str = "start"
    sentence: str = "state.start"
    row: int = 0
    rows: int = 1
    attempt: int = 0
    trouble: str = "device.missing"
    notice: str = ""
    """What people should know of a scanner that works, a key of the guidance, or "": until another session begins."""


class Counter:
    """``answer`` changes the visit on behalf of a window; the methods of a service's display follow the scanner."""

    def __init__(
        self,
        book: OfficeBook,
        office: str,
        test_mode: bool = False,
        known: Sequence[Known] = (),
        limits: ReadingLimits = ReadingLimits(),  # noqa: B008 - cannot change
        clock: Callable[[], float] = since_start_s,
    ) -> None:
        """``limits`` of how long a reading counts, by ``clock``, in seconds."""
        self.boot = secrets.token_hex(4)
        """Changes when the program is started anew, so that a window knows that its visit is gone."""
        self.test_mode = test_mode
        self.office = office
        self.scanner = Scanner()
        self._mosaic = Mosaic()
        self._book = book
        self._known = known
        self._limits = limits
        self._clock = clock
        self._lock = threading.Lock()
        self._identity: ScannerIdentity | None = None  # of the scanner that is connected, or was last
        self._watchers: list[Watcher] = []
        self._ended = threading.Event()
        self.visit = self._new_visit(0)
        self._told: Visit | None = None  # whose end every watcher has heard of
        self.records_trouble = ""
        self.records_sentence = ""
        """The key of a sentence that says the same in people's language, or ""."""

    def _new_visit(self, turn: int) -> Visit:
        book = OutsideLock(self._book, self._lock, self._publish_panel)
        return Visit(book, self.office, self.test_mode, turn, self._known, limits=self._limits, clock=self._clock)

    def know(self, known: Sequence[Known]) -> None:
        """Other known problems, from the next visit on."""
        with self._lock:
            self._known = known

    # --- windows ----------------------------------------------------------------------------------------------------

    def watch(self, watcher: Watcher) -> Callable[[], None]:
        """Call ``watcher`` with each event from now on, from any thread; the function that ends it.

        It must return at once and ask the counter nothing. One that raises is called no more.
        """
        with self._lock:
            self._watchers.append(watcher)
            if self._ended.is_set():
                watcher(("end", {}))
        return lambda: self._unwatch(watcher)

    @property
    def watchers(self) -> int:
        """How many watch."""
        return len(self._watchers)

    def _unwatch(self, watcher: Watcher) -> None:
        with self._lock:
            if watcher in self._watchers:
                self._watchers.remove(watcher)

    def end(self) -> None:
        """Tell every window that nothing more comes; what is not known of a check is asked no more."""
        with self._lock:
            self._ended.set()
            self._publish("end")

    def look(self, what: Callable[[Visit, Scanner], Any]) -> Any:
        """Whatever ``what`` makes of one moment."""
        with self._lock:
            return what(self.visit, self.scanner)

    def answer(self, change: Callable[[Visit], None], person: Person | None = None) -> None:
        """Let a window change the visit, which is then the ``person``'s who answered there, if it asked that.

        StaleError, FieldProblem; StillscanError when it cannot be recorded.
        """
        with self._lock:
            visit = self.visit
            former = visit.staff, visit.began_by
            if person is not None:
                visit.hand_over(person)
            try:
                self._change(visit, change)
            except StaleError:
                if visit.staff is person:
                    visit.staff, visit.began_by = former
                raise

    def take_over(self, person: Person, signed_in: Callable[[str], bool]) -> None:
        """Somebody has signed in: a visit of somebody else who is so no longer goes on as theirs."""
        with self._lock:
            owner = self.visit.staff
            if owner is not None and not signed_in(owner.staff):
                self.visit.hand_over(person)

    def clock(self, trouble: ClockError | None) -> None:
        """What somebody found who looked at the computer's clock: told before a customer has to wait for it."""
        with self._lock:
            sentence = trouble.key if trouble else ""
            if sentence == self.records_sentence or (not trouble and not self.records_sentence.startswith("clock_")):
                return
            self.records_trouble, self.records_sentence = str(trouble or ""), sentence
            self._publish_panel()

    def begin_anew(self, turn: int) -> None:
        """The next customer; what the visit held is forgotten, a visit that was not finished leaves no record."""
        with self._lock:
            if turn != self.visit.turn or not self.visit.may_be_left:
                raise StaleError
            self.visit.left = True
            self.visit = self._new_visit(turn + 1)
            self.records_trouble = self.records_sentence = ""
            self._publish_panel()

    def serve(self, tracking: str, turn: int, person: Person | None = None) -> None:
        """A letter's bar code was scanned: at a visit that is over it begins the next one.

        At one that is open it is its letter, or the clerk is asked which of the two is served (`Visit.enter`).
        StaleError, FieldProblem; StillscanError when it cannot be recorded.
        """
        if self.look(lambda visit, _: visit.step == "verdict" and visit.turn == turn):
            if not is_number(tracking):
                raise FieldProblem("tracking_wrong")
            self.begin_anew(turn)
            turn += 1
        self.answer(lambda visit: visit.enter(tracking, turn), person)

    def serve_next(self, turn: int, person: Person | None = None) -> None:
        """The letter that was scanned in mid-visit is served; the visit ends without a record. As `serve`."""
        number = self.look(lambda visit, _: visit.next_letter)
        if number is None:
            raise StaleError
        self.begin_anew(turn)
        self.answer(lambda visit: visit.enter(number, turn + 1), person)

    def _change(self, visit: Visit, change: Callable[[Visit], None]) -> None:
        """With the lock held, which is let go while the book works: the visit may not be the present one afterwards."""
        trouble: str | None = ""
        sentence = ""
        try:
            change(visit)
        except StillscanError as error:
            trouble, sentence = str(error), getattr(error, "key", "")
            _log.warning("records: %s", error)
            if isinstance(error, OutcomeUnknownError):
                threading.Thread(target=self._settle, args=(visit,), name="settle", daemon=True).start()
            raise
        except Exception:
            trouble = None  # a mistyped number, a stale answer: nothing is said about the records
            raise
        finally:
            if visit is self.visit and trouble is not None:
                self.records_trouble, self.records_sentence = trouble, sentence
            self._publish_panel()

    def _settle(self, visit: Visit) -> None:
        """Ask until the book can say whether a check was recorded."""
        while not self._ended.wait(_ASK_AGAIN_S):
            with self._lock:
                try:
                    self._change(visit, Visit.settle)
                except OutcomeUnknownError:
                    return  # the next one asks
                except StillscanError:
                    continue
                if visit.verdict is None:
                    self.records_trouble, self.records_sentence = _NOT_KEPT, "records_not_kept"
                    self._publish_panel()
            _log.info("records: it is known whether the last check was recorded: %s", visit.verdict is not None)
            return

    # --- the scanner ------------------------------------------------------------------------------------------------

    def judge(self, reading: Reading) -> tuple[Judgement, str]:
        """What a certain reading does to the visit, and what the scanner's light is to show."""
        with self._lock:
            visit = self.visit
            visit.scanner = self._identity
            ends = visit.take(reading.lines or (), self._book.now())
            light = visit.light
            self._publish_panel()
        if ends:  # the scanner's thread has more to do than to wait for a database that hangs
            recording = threading.Thread(target=self._record, args=(visit,), name="record")
            recording.start()
            recording.join(_RECORD_S)
        return light

    def _record(self, visit: Visit) -> None:
        with self._lock, contextlib.suppress(StillscanError):
            self._change(visit, Visit.record)

    def tick(self) -> None:
        """To be called once a second or so: a reading that is over is let go, and every window told."""
        with self._lock:
            if self.visit.expire():
                self._publish_panel()

    def changed(self) -> None:
        """Something besides the visit has changed that windows show."""
        with self._lock:
            self._publish_panel()

    def glass_unseen(self) -> None:
        """The link to the scanner was lost, or is a new one: nobody saw the glass meanwhile."""
        with self._lock:
            self.visit.scanner_lost()
            self._publish_panel()

    def connected(self, hello: Hello, identity: ScannerIdentity) -> None:
        """See service.Display."""
        self.glass_unseen()
        self._identity = identity
        self._device(trouble="", rows=hello.rows)
        self._note("")

    def trouble(self, text: str, kind: DeviceTrouble) -> None:
        """See service.Display. What the text says is for the log; people get a sentence in their language."""
        self.glass_unseen()
        self._device(trouble=f"device.{kind}", state="start", sentence="state.start", row=0)

    def notice(self, text: str, kind: NoticeKind) -> None:
        """See service.Display."""
        self._note(f"notice.{kind}")

    def _note(self, notice: str) -> None:
        with self._lock:
            if notice != self.scanner.notice:
                self.scanner.notice = notice
                self._publish_panel()

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
        if state.state == wire.DONE:  # a sweep ends as soon as the text is there: nothing is missing any more
            changes["row"] = self.scanner.rows
        with self._lock:
            if state.state == wire.EMPTY:
                self._mosaic = Mosaic()
            if state.state in (wire.EMPTY, wire.PLACED, wire.FAULT):  # a faulty scanner sees nothing taken away
                self.visit.glass_left()
            self._scanner_is(**changes)

    def _rows(self, band: Band) -> None:
        with self._lock:
            for row, greys in self._mosaic.add(band).items():
                self._publish("rows", **_row_of_cells(row, greys))
            self._scanner_is(row=band.header.row + band.header.lines)

    def rows(self) -> list[dict[str, Any]]:
        """What the events "rows" of this check have told so far, for a window that is opened in the middle of it."""
        with self._lock:
            return [_row_of_cells(row, greys) for row, greys in self._mosaic.told.items()]

    def result(self, result: Result) -> None:
        """See service.Display: a check is over; without a reading the clerk has to know why."""
        with self._lock:
            if result.outcome != "fault":
                state = "gave_up" if result.lines is None else "done"
                self._scanner_is(state=state, sentence=f"state.{state}")
                if result.lines is None:
                    self.visit.not_read(result.reason, result.quality)
            self._publish_panel()

    def _device(self, **changes: Any) -> None:
        with self._lock:
            self._scanner_is(**changes)

    def _scanner_is(self, **changes: Any) -> None:
        for name, value in changes.items():
            setattr(self.scanner, name, value)
        self._publish("device", **changes)

    def _publish_panel(self) -> None:
        over = self.visit.verdict
        if over is not None and self._told is not self.visit:
            self._told = self.visit
            told = {"verdict": over.verdict, "reasons": list(over.reasons), "reference": over.reference}
            self._publish("verdict", **told, test=self.test_mode)
        self._publish("panel", turn=self.visit.turn)

    def _publish(self, kind: str, **content: Any) -> None:
        """With the lock held."""
        for watcher in list(self._watchers):
            try:
                watcher((kind, content))
            except Exception:
                _log.exception("a window that cannot be told anything is forgotten")
                self._watchers.remove(watcher)


def _row_of_cells(row: int, greys: bytes) -> dict[str, Any]:
    return {"row": row, "pixels": base64.b64encode(greys).decode()}
