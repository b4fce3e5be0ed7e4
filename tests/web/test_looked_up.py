"""The book looks a letter up for a while, and the lock is let go: what happens meanwhile, and what does not."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date

import pytest
from books import NORWEGIAN, SOMEBODY_ELSE, TRACKING, MemoryBook

from stillscan.counter.counter import Counter
from stillscan.counter.visit import FieldProblem, StaleError, Visit
from stillscan.mrz import Reading
from stillscan.records.staff import Person, Role
from stillscan.verify import Consignment

OTHER = "RR473124829NO"
ANNA, BERIT = Person("anna", Role.CLERK), Person("berit", Role.CLERK)


@dataclass
class SlowBook(MemoryBook):
    """``meanwhile`` happens once, while a letter is looked up; ``recording`` while a check is."""

    meanwhile: Callable[[], None] | None = None
    recording: Callable[[], None] | None = None
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.letters[OTHER] = Consignment(OTHER, "Kari Hansen", date(2026, 12, 1), released=False)

    def letter(self, tracking: str) -> Consignment | None:
        act, self.meanwhile = self.meanwhile, None
        if act is not None:
            act()
        return super().letter(tracking)

    def finish(self, *about: object) -> object:  # type: ignore[override]
        act, self.recording = self.recording, None
        if act is not None:
            act()
        return super().finish(*about)  # type: ignore[arg-type]


def reading(lines: tuple[str, str]) -> Reading:
    return Reading(format="TD3", lines=lines, valid=True, accepted=True, confidence=1.0)


def test_a_visit_that_was_left_while_its_letter_was_looked_up_leaves_no_record() -> None:
    """What no passport changes is recorded at once: not of a letter that nobody stands here for any more."""
    book = SlowBook()
    book.letters[TRACKING] = replace(book.letters[TRACKING], released=True)
    counter = Counter(book, "Moss")
    left = counter.visit
    book.meanwhile = lambda: counter.begin_anew(0)
    with pytest.raises(StaleError):
        counter.serve(TRACKING, 0, ANNA)
    assert counter.visit is not left
    assert (book.finished, left.letter) == ([], None)


@pytest.mark.parametrize("ends", ["reading", "end"])
def test_a_check_that_ends_while_another_letter_is_looked_up_goes_on_being_recorded(ends: str) -> None:
    """The visit says so until the book has answered: nobody can leave it, answer once more or record it twice."""
    book = SlowBook()
    one = Visit(book, "Moss")
    one.enter(TRACKING, 0)

    def meanwhile() -> None:
        if ends == "reading":
            assert one.take(SOMEBODY_ELSE)
        else:
            with pytest.raises(StaleError):
                one.end(one.turn)

    book.meanwhile = meanwhile
    if ends == "reading":
        with pytest.raises(StaleError):
            one.enter(OTHER, one.turn)
        assert (one.step, one.may_be_left, one.next_letter) == ("recording", False, None)
        one.record()
        assert len(book.finished) == 1
        assert one.verdict is not None
        assert one.verdict.verdict == "refuse"
    else:
        one.enter(OTHER, one.turn)
        assert (one.step, one.next_letter) == ("scan", OTHER)


def test_a_question_that_has_changed_meanwhile_is_not_about_another_letter() -> None:
    """A passport is read while the other letter is looked up: the clerk is asked about both, one after the other."""
    book = SlowBook()
    one = Visit(book, "Moss")
    one.enter(TRACKING, 0)
    book.meanwhile = lambda: one.read(NORWEGIAN)
    one.enter(OTHER, one.turn)
    assert (one.step, one.next_letter) == ("face", OTHER)
    with pytest.raises(StaleError):
        one.face(True, one.turn)
    one.keep_letter(one.turn)
    one.face(True, one.turn)
    assert one.verdict is not None
    assert one.verdict.verdict == "release"


def test_an_answer_to_another_question_takes_no_visit_over() -> None:
    book = MemoryBook()
    counter = Counter(book, "Moss")
    counter.serve(TRACKING, 0, ANNA)
    with pytest.raises(StaleError):
        counter.answer(lambda visit: visit.face(True, 0), BERIT)
    with pytest.raises(StaleError):
        counter.serve(OTHER, 0, BERIT)
    assert counter.visit.staff == ANNA
    counter.judge(reading(SOMEBODY_ELSE))
    for thread in threading.enumerate():
        if thread.name == "record":
            thread.join()
    assert book.by == [(ANNA, ANNA)]


def test_whoever_mistypes_has_answered() -> None:
    counter = Counter(MemoryBook(), "Moss")
    with pytest.raises(FieldProblem):
        counter.serve("hello", 0, ANNA)
    assert counter.visit.began_by == ANNA
