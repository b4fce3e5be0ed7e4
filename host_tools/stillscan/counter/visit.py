"""One customer at the counter: which question comes next, and what has been answered so far.

A visit holds the personal data of one check in memory until the check is finished, and forgets it then. It decides
nothing: what to ask is read off the rules' ruling on what is known, and the end is recorded by the book, which asks
the same rules once more.

A reading belongs to the document that lies on the glass (`held_reading`). When it is over before the last answer, the
visit is back at the scan and says why. While the second document or the face is asked for, nothing that is laid on the
glass changes the visit: when another document is read there the clerk is asked which one counts (`other`).

The book may take long, so the visit says first what it is doing, and takes no other answer meanwhile. When the book
cannot say whether it recorded a check, neither does the visit: it waits until the book can (`settle`).
"""

# long-ok: one state machine: the questions, and what ends a reading that they are about
from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, NamedTuple, Protocol

from stillscan.counter.draft import Draft
from stillscan.counter.held_reading import Ended, HeldReading, ReadingLimits, since_start_s
from stillscan.counter.steps import Aside, Step
from stillscan.errors import InputError
from stillscan.guidance import reason_key
from stillscan.link.identity import ScannerIdentity
from stillscan.mrz.finding import QualityFinding
from stillscan.mrz.parse import Mrz, parse
from stillscan.records.errors import OutcomeUnknownError
from stillscan.records.staff import Person
from stillscan.records.tracking import is_number as is_tracking
from stillscan.scanning.result import Judgement
from stillscan.verify.case import Case, Consignment
from stillscan.verify.identity_number import parse_identity_number
from stillscan.verify.known import Known, advice
from stillscan.verify.rules import decide_case
from stillscan.verify.ruling import OF_THE_LETTER
from stillscan.verify.typed import number_of

_LOG = logging.getLogger(__name__)
_ANSWERS_TO_COME = {"face_not_confirmed", "second_document_missing"}
_UNREAD = "reason.mrz_missing"


class Recorded(NamedTuple):
    """How a check ended; ``reference`` names its entry in the audit log, for support."""

    verdict: str
    reasons: tuple[str, ...]
    reference: str

    @property
    def told(self) -> tuple[str, ...]:
        """The reasons that people are told: what was not asked any more is no news once the letter stays here."""
        not_asked = {"face_not_confirmed"}
        if not OF_THE_LETTER.isdisjoint(self.reasons):
            not_asked |= {"mrz_missing", "second_document_missing"}
        return tuple(reason for reason in self.reasons if reason not in not_asked) or self.reasons


class OfficeBook(Protocol):
    """Where letters are known and checks are recorded. Errors: InputError for a number that is none, StillscanError.

    ``finish`` raises OutcomeUnknownError when it cannot say whether the check was recorded; ``recorded`` says it later,
    by the name of the check: how it ended, or None when it was not recorded and never will be.
    """

    def now(self) -> datetime: ...
    def letter(self, tracking: str) -> Consignment | None: ...
    def finish(self, case: Case, check: str, staff: Person | None, began_by: Person | None = None) -> Recorded: ...
    def recorded(self, check: str) -> Recorded | None: ...


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

    book: OfficeBook
    office: str
    test_mode: bool = False
    turn: int = 0
    known: Sequence[Known] = ()
    letter: Consignment | None = None
    verdict: Recorded | None = None
    scanner: ScannerIdentity | None = None
    """That which has read, or is to read, the document."""
    failure: tuple[str, tuple[QualityFinding, ...]] | None = None
    """Why the last scan gave no certain reading: reason, and what was wrong with the picture."""
    unread: str = ""
    """Why nothing was read when the check was ended, a key of the guidance: people are told it for missing lines."""
    advice: Sequence[Mapping[str, str]] = ()
    """What is known about passports of this kind, by language; told when the check did not end with a release."""
    staff: Person | None = None
    """Whose visit it is now: whoever answered last, or took over."""
    began_by: Person | None = None
    """Who answered first."""
    limits: ReadingLimits = ReadingLimits()  # noqa: RUF009 - cannot change
    clock: Callable[[], float] = since_start_s
    """For how long a reading counts."""
    ended: Ended | None = None
    """Why there is no reading any more, until the next."""
    other: bool = False
    """Another document was read while a question about this one was open: which of them counts is to be said first."""
    next_letter: str | None = None
    """Another letter's number was scanned while this visit is open: which letter is served is to be said first."""
    left: bool = False
    """The next customer has come: nothing more is done about it."""
    drafts: dict[str, Draft] = field(default_factory=dict)
    """What was typed and told at each browser, and is shown again when its page is loaded anew."""
    _first: int = field(init=False)
    _letter_since: int = field(init=False)
    """First turn at which the letter was known."""
    _passports: int = 0
    _last_passport: int | None = None
    """Tells the passport that was read last from another one, also when its reading is over."""
    _held: HeldReading | None = None
    _held_since: int = 0
    """The turn at which people were told of it."""
    _second: str | None = None
    _face: bool | None = None
    _busy: Literal["", "letter", "record"] = ""
    """What the book is asked for at this moment."""
    _unknown: tuple[str, Case] | None = None
    """A check of which the book could not say whether it is recorded: its name, and what was to be recorded."""

    def __post_init__(self) -> None:
        self._first = self._letter_since = self.turn

    @property
    def step(self) -> Step:
        """The question that is open, or what is being done about it."""
        if self.verdict is not None:
            return "verdict"
        if self._unknown is not None:
            return "unknown"
        if self._busy == "record":
            return "recording"
        if self.letter is None:
            return "tracking"
        if self._held is None:
            return "scan"
        return "second" if "second_document_missing" in self._ruling() else "face"

    @property
    def number(self) -> int:
        """Tells this visit from the ones before and after it: the turn of its first question."""
        return self._first

    @property
    def asked_first(self) -> Aside | None:
        """A question that comes before the step's: nothing else is answered meanwhile."""
        if not self._still_asks:
            return None
        if self.other:
            return "another document"
        return None if self.next_letter is None else "another letter"

    @property
    def about(self) -> str:
        """What is typed now is about this visit, this step and, at the second document, this passport: no other's."""
        return f"{self.step} {self._first} {self._passports if self.step == 'second' else 0}"

    def draft_of(self, browser: str) -> Draft:
        """What was typed and told there about the question that is open."""
        kept = self.drafts.get(browser, Draft())
        return kept if kept.about == self.about else Draft(self.about)

    @property
    def light(self) -> tuple[Judgement, str]:
        """What the scanner's light is to show after a reading: red when the letter is known to stay here, and when
        another document was laid down than the one that the open question is about."""
        if self.other:
            return "refused", "reading_other"
        if self.verdict is not None and self.verdict.verdict != "release":
            return "refused", ",".join(self.verdict.reasons)
        if self._busy == "record" and not self._face:
            return "refused", ",".join(self._ruling())
        return "verified", "ok"

    @property
    def may_be_left(self) -> bool:
        """Whether the next customer may come: not while nobody can say whether this letter is released."""
        return self.step not in ("recording", "unknown")

    @property
    def holds_document(self) -> bool:
        """Whether a passport has been read."""
        return self._held is not None

    @property
    def told(self) -> tuple[str, ...]:
        """What people are told of how the check ended, as keys of the guidance: none before it has."""
        keys = () if self.verdict is None else tuple(f"reason.{reason}" for reason in self.verdict.told)
        return tuple(self.unread if self.unread and key == _UNREAD else key for key in keys)

    @property
    def document(self) -> Mrz | None:
        """What was read, for the clerk to hold against the data page in her hand; None when nothing is."""
        return None if self._held is None else parse(self._held.lines)

    def _case(self) -> Case:
        return Case(
            mrz=None if self._held is None else self._held.lines,
            certain=self._held is not None,
            read_at=None if self._held is None else self._held.read_at,
            consignment=self.letter,
            second_document=self._second,
            face_matches=self._face,
            now=self.book.now(),
            test_mode=self.test_mode,
            office=self.office,
            scanner=self.scanner,
        )

    def _ruling(self) -> tuple[str, ...]:
        return decide_case(self._case()).reasons

    def hand_over(self, person: Person) -> None:
        """From now on it is this person's; what was answered so far stands."""
        self.staff = person
        self.began_by = self.began_by or person

    def enter(self, tracking: str, turn: int) -> None:
        """The tracking number of the letter. FieldProblem when it is none, or not one that lies here.

        A check that nothing read can change ends at once: the letter was handed out already, or lies elsewhere. A
        document of which nobody was told when the number was entered ends none: it is to be laid down once more. In the
        middle of a visit the number of another letter changes nothing by itself: see `serve`.
        """
        asked = turn
        if turn == self.turn:
            self.expire()
        if self.letter is None and self._first <= turn <= self.turn:
            turn = self.turn  # which letter it is does not depend on the passport, which may come and go meanwhile
        if self.letter is not None:
            self._another_letter(tracking, turn)
            return
        self._expect(turn, "tracking")
        self.letter = self._letter(tracking)
        self._letter_since = self.turn + 1
        if self._advance(told=self._held_since <= asked):
            self.record()

    def _letter(self, tracking: str) -> Consignment:
        """What the book has of it. Meanwhile a reading may end the check, and the next customer may have come."""
        if parse_identity_number(number_of(tracking), self.book.now().date()) is not None:
            raise FieldProblem("tracking_is_number")
        self._busy = "letter"
        try:
            letter = self.book.letter(tracking)
        except InputError:
            raise FieldProblem("tracking_wrong") from None
        finally:
            if self._busy == "letter":
                self._busy = ""
        if self.left:
            raise StaleError
        if letter is None:
            raise FieldProblem("tracking_unknown")
        return letter

    def _another_letter(self, tracking: str, turn: int) -> None:
        if not self._letter_since <= turn <= self.turn or self._busy or not self._still_asks:
            raise StaleError  # a scan that ends meanwhile is no reason to scan the bar code again
        before = self.letter
        letter = self._letter(tracking)
        if not self._still_asks:
            raise StaleError
        if before is not None and letter.tracking != before.tracking:
            self.next_letter = letter.tracking
            self.turn += 1

    def keep_letter(self, turn: int) -> None:
        """The letter that this visit is about goes on being it; the other one's number is forgotten."""
        if turn != self.turn or self._busy or self.next_letter is None:
            raise StaleError
        self.next_letter = None
        self.turn += 1

    def read(self, lines: Sequence[str]) -> None:
        """A passport was read with certainty; when that ends the check, it is recorded at once."""
        if self.take(lines):
            self.record()

    def take(self, lines: Sequence[str], read_at: datetime | None = None) -> bool:
        """A passport was read with certainty, perhaps before the tracking number: whether that ends the check.

        Then it is to be recorded (`record`). ``read_at``: when, if not now. A visit that is finished, or about to be,
        does not keep the reading. The same document once more is no news.
        """
        if self.step in ("recording", "unknown", "verdict") or self._face is not None:
            return False
        self.expire()
        now_s, former = self.clock(), self._held
        reading = HeldReading(tuple(lines), read_at or self.book.now(), now_s)
        if former is not None and former.lines == reading.lines:
            self._held = reading
            return False
        if former is not None and self.letter is not None:
            self._held, self.other = former.taken(now_s), True
            self.turn += 1
            return False
        self._held, self.failure, self._second = reading, None, None
        if self._last_passport != (passport := hash(reading.lines)):
            self._last_passport = passport
            self._passports += 1
        self.ended = None if former is None else "another"
        ends = self._advance()
        self._held_since = self.turn
        return ends

    def choose(self, keep: bool, turn: int) -> None:
        """Which document counts when another was laid down: the one that was read (``keep``), or none until a scan."""
        self.expire()
        if turn != self.turn or self._busy or not self.other:
            raise StaleError
        self.other = False
        self.turn += 1
        if not keep:
            self._held = self._second = self.ended = None

    def glass_left(self) -> None:
        """Nothing lies on the glass, as far as the scanner can tell."""
        if self._held is not None:
            self._held = self._held.taken(self.clock())

    def scanner_lost(self) -> None:
        """For a while nobody saw the glass: what was read there belongs to no document that is known to lie there."""
        if self._held is not None and self._still_asks:
            self._end_reading("lost")

    def expire(self) -> bool:
        """Let go of a reading that is over; whether one was."""
        why = None if self._held is None else self._held.ended(self.clock(), self.limits)
        if why is None or not self._still_asks:
            return False
        if self.letter is not None:
            _LOG.info("a reading was over before its visit: %s", why)
        self._end_reading(why)
        return True

    @property
    def _still_asks(self) -> bool:
        return self.step not in ("recording", "unknown", "verdict")

    def _end_reading(self, why: Ended) -> None:
        self._held = self._second = self.failure = None
        self.other, self.ended = False, why
        self.turn += 1

    def not_read(self, reason: str, quality: tuple[QualityFinding, ...]) -> None:
        """A scan ended without a certain reading."""
        if self.step == "scan":
            self.failure, self.ended = (reason, quality), None
            self.turn += 1

    def second(self, number: str, again: str, turn: int) -> None:
        """The identity number on the second document, typed twice."""
        self._expect(turn, "second")
        number, again = number_of(number), number_of(again)
        if is_tracking(number) or is_tracking(again):
            raise FieldProblem("number_is_letter")
        if number and again and number != again:
            raise FieldProblem("numbers_differ")
        if parse_identity_number(number or again, self.book.now().date()) is None:
            raise FieldProblem("number_wrong")
        if not (number and again):
            raise FieldProblem("number_again")
        self._second = number
        if self._advance():
            self.record()

    def face(self, matches: bool, turn: int) -> None:
        """The clerk has compared the person with the picture."""
        self._expect(turn, "face")
        self._face = matches
        self._begin_record()
        self.record()

    def end(self, turn: int, trouble: str = "") -> None:
        """Nothing more is to come: record the check as it stands, which is never a release: no face was confirmed.

        ``trouble``: why the scanner cannot be used, a key of the guidance, or "".
        """
        self.expire()
        if turn != self.turn or self.letter is None or self._busy or not self._still_asks:
            raise StaleError
        self.unread = trouble or ("" if self.failure is None else reason_key(self.failure[0]))
        self._begin_record()
        self.record()

    def record(self) -> None:
        """Record the check; only then is it over. Only after `take` said that the check has ended.

        StillscanError: it is not recorded, and its last question is open again. OutcomeUnknownError: see `settle`.
        """
        case, check = self._case(), secrets.token_hex(16)
        try:
            self._over(case, self.book.finish(case, check, self.staff, self.began_by))
        except OutcomeUnknownError:
            self._unknown = (check, case)
            raise
        finally:
            self._open()

    def settle(self) -> None:
        """Ask the book about a check of which it could not say whether it was recorded: it is over, or open again.

        StillscanError: it still cannot be said.
        """
        if self._unknown is None or self._busy:
            return
        check, case = self._unknown
        self._busy = "record"
        try:
            recorded = self.book.recorded(check)
            self._unknown = None
            if recorded is not None:
                self._over(case, recorded)
        finally:
            if self._unknown is None:
                self._open()
            self._busy = ""

    def _expect(self, turn: int, step: Step) -> None:
        self.expire()
        if turn != self.turn or self.step != step or self._busy or self.asked_first:
            raise StaleError

    def _advance(self, told: bool = True) -> bool:
        """On to the next question; whether there is none, because no answer can change the end any more.

        ``told``: whether people know of the document that was read; one that they do not know of ends nothing.
        """
        self.turn += 1
        if self.letter is None:
            return False
        if self._held is not None:
            if set(self._ruling()) & _ANSWERS_TO_COME and decide_case(self._answered()).verdict != "refuse":
                return False
            if not told:
                self._end_reading("unasked")
        if self._held is None and OF_THE_LETTER.isdisjoint(self._ruling()):
            return False
        self._begin_record()
        return True

    def _answered(self) -> Case:
        """The case if all that is still asked were answered for the best."""
        case = self._case()
        return replace(case, face_matches=True if case.face_matches is None else case.face_matches)

    def _begin_record(self) -> None:
        self._busy = "record"
        self.turn += 1

    def _open(self) -> None:
        """The book has answered: what to ask next is seen anew, and the face is to be compared again."""
        self._busy = ""
        self._face = None
        self.turn += 1

    def _over(self, case: Case, recorded: Recorded) -> None:
        """The check is recorded. What was read and typed is forgotten."""
        self.verdict = recorded
        if case.mrz is not None and recorded.verdict != "release":
            self.advice = advice(self.known, parse(case.mrz), case.now.date())
        self._held = self._second = self.ended = self.next_letter = self.failure = None
        self.other = False
        self.drafts.clear()
