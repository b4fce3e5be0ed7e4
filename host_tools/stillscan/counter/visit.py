"""One customer at the counter: which question comes next, and what has been answered so far.

A visit holds the personal data of one check in memory until the check is finished, and forgets it then. It decides
nothing: what to ask is read off the rules' ruling on what is known, and the end is recorded by the ledger, which asks
the same rules once more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, NamedTuple, Protocol

from stillscan.errors import InputError
from stillscan.mrz.finding import QualityFinding
from stillscan.mrz.parse import parse
from stillscan.scanning.result import Judgement
from stillscan.verify.case import Case, Consignment
from stillscan.verify.identity_number import parse_identity_number
from stillscan.verify.known import Known, advice
from stillscan.verify.rules import decide_case

Step = Literal["tracking", "scan", "second", "face", "verdict"]
_ANSWERS_TO_COME = {"face_not_confirmed", "second_document_missing"}


class Recorded(NamedTuple):
    """How a check ended; ``reference`` names its entry in the audit log, for support."""

    verdict: str
    reasons: tuple[str, ...]
    reference: str

    @property
    def told(self) -> tuple[str, ...]:
        """The reasons that people are told: that the face was not compared is no news once the letter stays here."""
        others = tuple(reason for reason in self.reasons if reason != "face_not_confirmed")
        return others or self.reasons


class Ledger(Protocol):
    """Where letters are known and checks are recorded. Errors: InputError for a number that is none, StillscanError."""

    def now(self) -> datetime: ...
    def letter(self, tracking: str) -> Consignment | None: ...
    def finish(self, case: Case) -> Recorded: ...


class StaleError(Exception):
    """The answer is to a question that another window has answered already."""


class FieldProblem(Exception):  # noqa: N818 - not an error of the program: somebody has mistyped
    """What was typed cannot be used; ``key`` is a sentence of the page's texts."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


@dataclass(repr=False)
class Visit:
    """``turn`` counts the questions: an answer names the one that it answers. Not thread-safe: see Counter."""

    ledger: Ledger
    office: str
    test_mode: bool = False
    turn: int = 0
    known: Sequence[Known] = ()
    letter: Consignment | None = None
    verdict: Recorded | None = None
    failure: tuple[str, tuple[QualityFinding, ...]] | None = None
    """Why the last scan gave no certain reading: reason, and what was wrong with the picture."""
    advice: Sequence[Mapping[str, str]] = ()
    """What is known about passports of this kind, by language; told when the check did not end with a release."""
    _lines: Sequence[str] | None = None
    _second: str | None = None
    _face: bool | None = None

    @property
    def step(self) -> Step:
        """The question that is open."""
        if self.verdict is not None:
            return "verdict"
        if self.letter is None:
            return "tracking"
        if self._lines is None:
            return "scan"
        return "second" if "second_document_missing" in self._ruling() else "face"

    @property
    def light(self) -> tuple[Judgement, str]:
        """What the scanner's light is to show after a reading: red only when the letter is known to stay here."""
        if self.verdict is not None and self.verdict.verdict != "release":
            return "refused", ",".join(self.verdict.reasons)
        return "verified", "ok"

    @property
    def holds_document(self) -> bool:
        """Whether a passport has been read."""
        return self._lines is not None

    def _case(self) -> Case:
        return Case(
            mrz=self._lines,
            certain=self._lines is not None,
            consignment=self.letter,
            second_document=self._second,
            face_matches=self._face,
            now=self.ledger.now(),
            test_mode=self.test_mode,
            office=self.office,
        )

    def _ruling(self) -> tuple[str, ...]:
        return decide_case(self._case()).reasons

    def enter(self, tracking: str, turn: int) -> None:
        """The tracking number of the letter. FieldProblem when it is none, or not one that lies here."""
        self._expect(turn, "tracking")
        try:
            letter = self.ledger.letter(tracking)
        except InputError:
            raise FieldProblem("tracking_wrong") from None
        if letter is None:
            raise FieldProblem("tracking_unknown")
        self.letter = letter
        self._advance()

    def read(self, lines: Sequence[str]) -> None:
        """A passport was read with certainty, perhaps before the tracking number. A finished visit does not keep it."""
        if self.verdict is None and self._face is None:
            self._lines, self.failure, self._second = tuple(lines), None, None
            self._advance()

    def not_read(self, reason: str, quality: tuple[QualityFinding, ...]) -> None:
        """A scan ended without a certain reading."""
        if self.step == "scan":
            self.failure = (reason, quality)
            self.turn += 1

    def second(self, number: str, again: str, turn: int) -> None:
        """The identity number on the second document, typed twice."""
        self._expect(turn, "second")
        if number.replace(" ", "") != again.replace(" ", ""):
            raise FieldProblem("numbers_differ")
        if parse_identity_number(number, self.ledger.now().date()) is None:
            raise FieldProblem("number_wrong")
        self._second = number
        self._advance()

    def face(self, matches: bool, turn: int) -> None:
        """The clerk has compared the person with the picture."""
        self._expect(turn, "face")
        self._face = matches
        try:
            self._finish()
        except BaseException:
            self._face = None  # not recorded: to be answered again
            raise

    def end(self, turn: int) -> None:
        """Nothing more is to come: record the check as it stands, which is never a release: no face was confirmed."""
        if turn != self.turn or self.letter is None or self.verdict is not None:
            raise StaleError
        self._finish()

    def _expect(self, turn: int, step: Step) -> None:
        if turn != self.turn or self.step != step:
            raise StaleError

    def _advance(self) -> None:
        """On to the next question, or to the end when no answer can change it any more."""
        self.turn += 1
        if self.letter is None or self._lines is None:
            return
        if not set(self._ruling()) & _ANSWERS_TO_COME or decide_case(self._answered()).verdict == "refuse":
            self._finish()

    def _answered(self) -> Case:
        """The case if all that is still asked were answered for the best."""
        case = self._case()
        return replace(case, face_matches=True if case.face_matches is None else case.face_matches)

    def _finish(self) -> None:
        """Record the check; only then is it over. What was read and typed is forgotten."""
        case = self._case()
        self.verdict = self.ledger.finish(case)
        if case.mrz is not None and self.verdict.verdict != "release":
            self.advice = advice(self.known, parse(case.mrz), case.now.date())
        self._lines = self._second = None
        self._face = None
        self.turn += 1
