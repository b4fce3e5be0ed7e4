"""A visit: which question comes when, what ends it, and what no order of answers may ever reach."""

from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from books import NORWEGIAN, NUMBER, SOMEBODY_ELSE, SWEDISH, TRACKING, MemoryBook
from hypothesis import given
from hypothesis import strategies as st

from stillscan.counter.held_reading import TAKEN_S
from stillscan.counter.visit import FieldProblem, StaleError, Visit
from stillscan.errors import StillscanError
from stillscan.records.errors import OutcomeUnknownError
from stillscan.records.staff import Person, Role
from stillscan.verify.known import own_list


def visit(**options: Any) -> Visit:
    return Visit(options.pop("book", MemoryBook()), "Moss", **options)


def test_a_norwegian_passport() -> None:
    one = visit()
    assert one.step == "tracking"
    one.enter(TRACKING, 0)
    assert one.step == "scan"
    one.read(NORWEGIAN)
    assert one.step == "face"
    one.face(True, one.turn)
    assert one.step == "verdict"
    assert one.verdict is not None
    assert (one.verdict.verdict, one.verdict.reference) == ("release", "k1-1")
    assert not one.holds_document


def test_a_visit_is_recorded_as_that_of_whoever_answered_last() -> None:
    anna, berit = Person("anna", Role.CLERK), Person("berit", Role.SUPERVISOR)
    book = MemoryBook()
    one = visit(book=book)
    one.hand_over(anna)
    one.enter(TRACKING, 0)
    one.read(NORWEGIAN)
    one.hand_over(berit)
    assert (one.step, one.staff, one.began_by) == ("face", berit, anna), "nothing of the visit is lost"
    one.face(True, one.turn)
    assert book.by == [(berit, anna)]


def test_the_passport_may_come_first() -> None:
    one = visit()
    one.read(NORWEGIAN)
    assert one.step == "tracking"
    one.enter(TRACKING, one.turn)
    assert one.step == "face"


def test_a_foreign_passport_asks_for_the_second_document_first() -> None:
    one = visit(test_mode=True)
    one.enter(TRACKING, 0)
    one.read(SWEDISH)
    assert one.step == "second"
    for number, again, problem in (
        (NUMBER, "17859199918", "numbers_differ"),
        ("1", "1", "number_wrong"),
        ("", "", "number_wrong"),
    ):
        with pytest.raises(FieldProblem) as raised:
            one.second(number, again, one.turn)
        assert raised.value.key == problem
    one.second("178591 99917", NUMBER, one.turn)
    assert one.step == "face"
    one.face(True, one.turn)
    assert one.verdict is not None
    assert one.verdict.verdict == "release"


def test_without_the_second_document_it_ends() -> None:
    one = visit()
    one.enter(TRACKING, 0)
    one.read(SWEDISH)
    one.end(one.turn)
    assert one.verdict is not None
    assert one.verdict.verdict == "needs_second_document"


def test_what_no_answer_can_change_ends_at_once() -> None:
    one = visit()
    one.enter(TRACKING, 0)
    one.read(SOMEBODY_ELSE)
    assert one.verdict is not None
    assert one.verdict.reasons == ("name_mismatch", "face_not_confirmed")
    synthetic = visit()
    synthetic.enter(TRACKING, 0)
    synthetic.read(SWEDISH)
    synthetic.second(NUMBER, NUMBER, synthetic.turn)
    assert synthetic.verdict is not None
    assert "identity_number_synthetic" in synthetic.verdict.reasons


def test_another_person() -> None:
    one = visit()
    one.enter(TRACKING, 0)
    one.read(NORWEGIAN)
    one.face(False, one.turn)
    assert one.verdict is not None
    assert one.verdict.reasons == ("face_mismatch",)


def test_numbers_that_are_none_or_unknown() -> None:
    one = visit()
    for number, problem in (("", "tracking_wrong"), ("hello", "tracking_wrong"), ("RR000000080NO", "tracking_unknown")):
        with pytest.raises(FieldProblem) as raised:
            one.enter(number, one.turn)
        assert raised.value.key == problem
    assert one.step == "tracking"


def test_a_scan_that_failed_is_said_and_the_next_one_counts() -> None:
    one = visit()
    one.enter(TRACKING, 0)
    one.not_read("mrz_uncertain", ())
    assert one.step == "scan"
    assert one.failure is not None
    one.read(NORWEGIAN)
    assert one.failure is None
    gave_up = visit()
    gave_up.enter(TRACKING, 0)
    gave_up.end(gave_up.turn)
    assert gave_up.verdict is not None
    assert gave_up.verdict.verdict == "rescan"


def test_an_answer_to_a_former_question_is_refused() -> None:
    one = visit()
    one.enter(TRACKING, 0)
    with pytest.raises(StaleError):
        one.enter(TRACKING, 0)
    one.read(NORWEGIAN)
    asked = one.turn
    one.read(SOMEBODY_ELSE)  # the passport was taken away and another laid down
    for turn in (asked, one.turn):
        with pytest.raises(StaleError):
            one.face(True, turn)
    with pytest.raises(StaleError):
        one.choose(True, asked)


def test_a_number_that_was_sent_while_a_passport_was_read_counts() -> None:
    """The question is the same; what the glass shows does not change which letter it is."""
    one = visit()
    shown = one.turn
    one.read(NORWEGIAN)
    one.scanner_lost()
    one.read(NORWEGIAN)
    assert one.turn > shown
    one.enter(TRACKING, shown)
    assert one.step == "face"


def test_a_bar_code_that_was_sent_while_a_scan_ended_is_asked_about() -> None:
    book = MemoryBook()
    other = replace(book.letters[TRACKING], tracking="RR473124829NO")
    book.letters[other.tracking] = other
    one = visit(book=book)
    one.enter(TRACKING, 0)
    shown = one.turn
    one.not_read("mrz_uncertain", ())
    one.enter(other.tracking, shown)
    assert one.next_letter == other.tracking


def test_a_bar_code_that_is_scanned_while_it_is_asked_which_document_counts_is_not_lost() -> None:
    """One question after the other; its own letter's changes nothing."""
    book = MemoryBook()
    other = replace(book.letters[TRACKING], tracking="RR473124829NO")
    book.letters[other.tracking] = other
    one = visit(book=book)
    one.enter(TRACKING, 0)
    one.read(NORWEGIAN)
    one.read(SOMEBODY_ELSE)
    asked = one.turn
    one.enter(TRACKING, asked)
    assert (one.turn, one.other, one.next_letter) == (asked, True, None)
    one.enter(other.tracking, asked)
    assert (one.other, one.next_letter) == (True, other.tracking)
    one.choose(True, one.turn)
    with pytest.raises(StaleError):
        one.face(True, one.turn)
    one.keep_letter(one.turn)
    one.face(True, one.turn)
    assert [ruling.verdict for ruling in book.finished] == ["release"]


def test_a_number_for_a_former_visit_is_refused() -> None:
    one = visit(turn=7)
    with pytest.raises(StaleError):
        one.enter(TRACKING, 6)
    with pytest.raises(StaleError):
        one.enter(TRACKING, 8)


def test_what_cannot_be_recorded_is_no_verdict_and_can_be_tried_again() -> None:
    book = MemoryBook(fails="the disk is full")
    one = visit(book=book)
    one.enter(TRACKING, 0)
    one.read(NORWEGIAN)
    with pytest.raises(StillscanError):
        one.face(True, one.turn)
    assert one.verdict is None
    assert one.step == "face"
    book.fails = ""
    one.face(True, one.turn)
    assert one.verdict is not None
    assert one.verdict.verdict == "release"


def test_ending_is_never_a_release() -> None:
    book = MemoryBook(fails="the disk is full")
    one = visit(book=book)
    one.enter(TRACKING, 0)
    one.read(NORWEGIAN)
    with pytest.raises(StillscanError):
        one.face(True, one.turn)
    book.fails = ""
    one.end(one.turn)
    assert one.verdict is not None
    assert one.verdict.reasons == ("face_not_confirmed",)


@pytest.mark.parametrize("silent", ["kept", "lost"])
def test_a_check_of_which_nobody_can_say_whether_it_is_recorded(silent: str) -> None:
    """Nothing is answered until it is known; then the visit says what is true."""
    book = MemoryBook(silent=silent)
    one = visit(book=book)
    one.enter(TRACKING, 0)
    one.read(NORWEGIAN)
    with pytest.raises(OutcomeUnknownError):
        one.face(True, one.turn)
    assert (one.step, one.may_be_left) == ("unknown", False)
    for answer in (lambda: one.face(True, one.turn), lambda: one.end(one.turn), lambda: one.enter(TRACKING, one.turn)):
        with pytest.raises(StaleError):
            answer()
    one.read(SOMEBODY_ELSE)
    one.not_read("time", ())
    with pytest.raises(StillscanError):
        one.settle()
    assert one.step == "unknown"
    book.silent = ""
    one.settle()
    if silent == "kept":
        assert one.verdict is not None
        assert one.verdict.verdict == "release"
        assert not one.holds_document
    else:
        assert one.step == "face"
        one.face(False, one.turn)
        assert one.verdict is not None
        assert one.verdict.reasons == ("face_mismatch",)
    assert len(book.finished) == 1
    one.settle()  # nothing is unknown any more
    assert len(book.finished) == 1


def test_what_is_known_of_such_passports_is_told() -> None:
    one = visit(known=own_list())
    one.enter(TRACKING, 0)
    one.read(("RPEST" + NORWEGIAN[0][5:], NORWEGIAN[1]))
    assert one.verdict is not None
    assert one.verdict.verdict == "refuse"
    assert [spoken["en"] for spoken in one.advice] == [entry.advice["en"] for entry in own_list()]


ACTIONS = st.sampled_from(
    [
        "enter",
        "read",
        "read other",
        "read foreign",
        "second",
        "face yes",
        "face no",
        "end",
        "failed",
        "fails",
        "kept",
        "lost",
        "settle",
        "keep",
        "anew",
        "taken up",
        "minutes later",
        "unplugged",
    ]
)


@pytest.mark.slow
@given(st.lists(ACTIONS, max_size=12), st.booleans())
def test_no_order_of_answers_releases_without_all_of_them(actions: list[str], stale: bool) -> None:
    book = MemoryBook()
    one = visit(book=book, test_mode=True)
    done: list[str] = []
    for action in actions:
        turn = one.turn - stale
        calls: dict[str, Any] = {
            "enter": lambda turn=turn: one.enter(TRACKING, turn),
            "read": lambda: one.read(NORWEGIAN),
            "read other": lambda: one.read(SOMEBODY_ELSE),
            "read foreign": lambda: one.read(SWEDISH),
            "second": lambda turn=turn: one.second(NUMBER, NUMBER, turn),
            "face yes": lambda turn=turn: one.face(True, turn),
            "face no": lambda turn=turn: one.face(False, turn),
            "end": lambda turn=turn: one.end(turn),
            "failed": lambda: one.not_read("time", ()),
            "fails": lambda: setattr(book, "fails", "" if book.fails else "full"),
            "kept": lambda: setattr(book, "silent", "" if book.silent else "kept"),
            "lost": lambda: setattr(book, "silent", "" if book.silent else "lost"),
            "settle": one.settle,
            "keep": lambda turn=turn: one.choose(True, turn),
            "anew": lambda turn=turn: one.choose(False, turn),
            "taken up": one.glass_left,
            "minutes later": lambda: setattr(one, "clock", partial(float, one.clock() + TAKEN_S)),
            "unplugged": one.scanner_lost,
        }
        try:
            calls[action]()
            done.append(action)
        except (StaleError, FieldProblem, StillscanError):
            pass
    if one.verdict is not None and one.verdict.verdict == "release":
        assert {"enter", "face yes"} <= {*done, *(actions if book.finished else ())}
        assert "read" in done or {"read foreign", "second"} <= set(done)
        assert len(book.finished) == 1
    if one.step != "unknown":
        told = [] if one.verdict is None else [one.verdict.verdict]
        assert [ruling.verdict for ruling in book.finished] == told  # what was told is what is recorded
