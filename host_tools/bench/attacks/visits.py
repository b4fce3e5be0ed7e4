"""Documents that are swapped while a customer is served, in sequences drawn by chance, at the real counter and records.

A release has to rest on the letter's passport, read last by the scanner that is paired here, held when the clerk said
"same person", and no longer away than a reading lives; `_Model` knows what people did, and nothing of the product.
"""

from __future__ import annotations

import contextlib
import random
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

from bench.attacks.office import OFFICE, Computer, computer, identity, letters, opened, paired, passport
from bench.attacks.tried import Attack, Tried, carried_out, see_that_it_was_tried
from bench.crash import CLERK, number
from kiosk import wire
from stillscan.counter.book import Book
from stillscan.counter.counter import Counter
from stillscan.counter.held_reading import MOST_S, TAKEN_S
from stillscan.counter.visit import FieldProblem, Recorded, StaleError
from stillscan.errors import StillscanError
from stillscan.link.messages import Hello, State
from stillscan.mrz import Reading
from stillscan.records.database import Database
from stillscan.records.keyring import Keyring
from stillscan.records.scanners import Scanners
from stillscan.records.staff import Person
from stillscan.scanning.result import Result
from stillscan.verify.case import Case
from stillscan.verify.rules import MOST_READING

COUNT = 600
_HELLO = Hello(1, 1, 0, 1, 0, b"rpi_pico", 7, 1476, 274, 84667, 2950, 2048, 1, 15)
_NUMBER, _NOT_THEIRS = "17859199917", "17859100000"
"""Of the second document of whom the letters are for, and none at all."""
_WAITS_S = (1, 20, TAKEN_S - 1, TAKEN_S, MOST_S - 1, MOST_S, MOST_READING.total_seconds() + 1)
_JUMPS = (-3600.0, 60.0, 3600.0, 86_400.0)


class _Model:
    """What lies where and what was said, as people would tell it."""

    def __init__(self) -> None:
        self.typed = False
        self.asks = False
        self.other = False
        self.document: str | None = None
        self.second = False
        self.ours = True
        self.by_ours = True
        self.read_s = self.away_s = self.jumped_s = 0.0
        self.away = False

    def gone(self) -> bool:
        """Nothing is held, or not any more."""
        return self.document is None or self.read_s >= MOST_S or (self.away and self.away_s >= TAKEN_S)

    def read(self, document: str) -> None:
        if self.gone():
            self.forget()
        if self.document not in (None, document) and self.typed:
            self.other, self.away = True, True
            return
        if document != self.document:
            self.second = False
        self.document, self.by_ours, self.read_s, self.away = document, self.ours, 0.0, False
        self.away_s = self.jumped_s = 0.0

    def forget(self) -> None:
        self.document, self.second, self.other, self.away = None, False, False, False

    def taken(self) -> None:
        if not self.away:
            self.away, self.away_s = True, 0.0

    def passes(self, seconds: float) -> None:
        self.read_s += seconds
        self.away_s += seconds

    def may_release(self) -> bool:
        """Whether the letter may go to whom the clerk has just compared with the passport."""
        right = self.document == "theirs" or (self.document == "theirs, foreign" and self.second)
        by_wall_s = self.read_s + self.jumped_s
        return (
            right
            and self.typed
            and self.by_ours
            and not (self.gone() or self.other or by_wall_s > MOST_READING.total_seconds())
        )


class _WatchedBook(Book):
    """Tells of every check that ends, whatever the counter makes of it."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        super().__init__(database, keyring, OFFICE, test_mode=False)
        self.ended: list[str] = []

    def finish(self, case: Case, check: str, staff: Person | None, began_by: Person | None = None) -> Recorded:
        done = super().finish(case, check, staff, began_by)
        self.ended.append(done.verdict)
        return done


def tried(folder: Path, every: int = 1, first: int = 0, seed: int = 0) -> Iterator[Tried]:
    """``COUNT`` sequences, of ``every`` so many one, each with a letter of its own."""
    with computer(Computer()) as wall:
        database, keyring = opened(folder)
        letters(database, keyring, range(COUNT), (wall.time + timedelta(days=300)).date())
        scanner = paired(Scanners(database, keyring)).scanner
        book = _WatchedBook(database, keyring)
        people = (_Sequence(book, scanner, wall, seed, n) for n in range(COUNT))
        attacks = (Attack("swapped documents", one.name, one.outcome) for one in people)
        outcomes = []
        for one in carried_out(attacks, every, first):
            outcomes.append(one.outcome)
            yield one
        see_that_it_was_tried(outcomes, lambda: every > 1 or "harmless" in outcomes)


class _Sequence:
    """One visit: what is done there is drawn from a seed."""

    def __init__(self, book: _WatchedBook, scanner: str, wall: Computer, seed: int, letter: int) -> None:
        self.name = f"seed {seed}, sequence {letter}"
        self._rng = random.Random(f"{seed} {letter}")
        self._letter, self._book, self._wall = letter, book, wall
        self._ours, self._now_s = scanner, 1000.0
        self._model = _Model()
        self._old_turn = 0
        until = (wall.time + timedelta(days=900)).date()
        self._documents = {
            "theirs": passport(expiry=until),
            "theirs, foreign": passport(issuer="SWE", document="AA0000001", expiry=until),
            "somebody else's": passport("HANSEN", "KARI", document="ZZZ000202", expiry=until),
            "theirs, expired": passport(document="ZZZ000303", expiry=(wall.time - timedelta(days=9)).date()),
        }

    def outcome(self) -> str:
        """Play it; "released" when a letter was handed out though the model says that it may not be."""
        self._counter = Counter(self._book, OFFICE, clock=lambda: self._now_s)
        self._connect(ours=True)
        self._book.ended.clear()
        acts: list[Callable[[], None]] = [
            *[self._lay, self._face] * 3,
            *[self._take, self._type, self._choose] * 2,
            *(self._lay_theirs, self._wait, self._second, self._late_face, self._unread),
            *(self._lose, self._other_scanner, self._jump, self._look),
        ]
        honest = False
        beginning: list[Callable[[], None]] = [self._type, self._lay_theirs] if self._rng.random() < 0.5 else []
        for act in [*beginning, *self._rng.choices(acts, k=self._rng.randrange(5, 18))]:
            allowed = act == self._face and self._model.may_release()
            with contextlib.suppress(StaleError, FieldProblem, StillscanError):
                act()
            if "release" in self._book.ended:
                if not allowed:
                    return "released"
                honest = True
            if self._counter.visit.step == "verdict":
                break
        return "harmless" if honest else "held"

    # --- what is done -------------------------------------------------------------------------------------------------

    def _lay(self) -> None:
        self._lay_down(self._rng.choice(list(self._documents)))

    def _lay_theirs(self) -> None:
        self._lay_down(self._rng.choice(["theirs", "theirs", "theirs, foreign"]))

    def _lay_down(self, document: str) -> None:
        self._old_turn = self._counter.visit.turn
        self._state(wire.PLACED)
        self._model.taken()
        self._model.read(document)
        lines = self._documents[document]
        self._counter.judge(Reading(format="TD3", lines=lines, valid=True, accepted=True, confidence=1.0))
        for thread in threading.enumerate():
            if thread.name == "record":
                thread.join()

    def _take(self) -> None:
        self._state(wire.EMPTY)
        self._model.taken()

    def _wait(self) -> None:
        seconds = self._rng.choice(_WAITS_S)
        self._now_s += seconds
        self._wall.goes(timedelta(seconds=seconds))
        self._model.passes(seconds)

    def _jump(self) -> None:
        """Somebody sets the computer's clock, forward or back."""
        seconds = self._rng.choice(_JUMPS)
        self._wall.time += timedelta(seconds=seconds)
        self._model.jumped_s += max(0.0, seconds)

    def _type(self) -> None:
        self._counter.answer(lambda visit: visit.enter(number(self._letter), visit.turn), CLERK)
        self._model.typed = True

    def _second(self) -> None:
        typed = self._rng.choice([_NUMBER, _NUMBER, _NOT_THEIRS])
        again = self._rng.choice([typed, typed, _NUMBER])
        self._counter.answer(lambda visit: visit.second(typed, again, visit.turn), CLERK)
        self._model.second = typed == again == _NUMBER

    def _face(self) -> None:
        self._counter.answer(lambda visit: visit.face(True, visit.turn), CLERK)

    def _late_face(self) -> None:
        """The answer to what was asked before the last document was laid down. Nobody may count it."""
        if self._old_turn != self._counter.visit.turn:
            self._counter.answer(lambda visit: visit.face(True, self._old_turn), CLERK)

    def _choose(self) -> None:
        keep = self._rng.random() < 0.6
        self._counter.answer(lambda visit: visit.choose(keep, visit.turn), CLERK)
        self._model.other = False
        if not keep:
            self._model.forget()

    def _unread(self) -> None:
        """Something is laid down that cannot be read."""
        self._state(wire.PLACED)
        self._model.taken()
        self._counter.result(Result("gave_up", "mrz_uncertain"))

    def _lose(self) -> None:
        self._model.forget()
        self._counter.trouble("port: the scanner went away", "gone")
        self._connect(ours=self._model.ours)

    def _other_scanner(self) -> None:
        """Another scanner is plugged in: of nobody here, or ours again."""
        self._model.forget()
        self._connect(ours=not self._model.ours)

    def _look(self) -> None:
        self._counter.tick()

    def _connect(self, *, ours: bool) -> None:
        self._model.ours = ours
        self._counter.connected(_HELLO, identity(self._ours if ours else "0123456789abcdef"))

    def _state(self, state: int) -> None:
        self._counter.message(State(state, wire.NO_CAUSE, 0, 0, 1, 0))
