"""A reading belongs to the document that lay on the glass: when it ends, and what another document changes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest
from books import NORWEGIAN, NOW, NUMBER, SOMEBODY_ELSE, SWEDISH, TRACKING, MemoryBook
from played import HELLO, IDENTITY

from kiosk import wire
from stillscan.counter.counter import Counter
from stillscan.counter.held_reading import LONGEST_S, MOST_S, TAKEN_S
from stillscan.counter.visit import StaleError, Visit
from stillscan.guidance import languages, say
from stillscan.link.messages import State
from stillscan.mrz import Reading
from stillscan.verify import Case
from stillscan.verify.rules import MOST_READING, decide_case
from stillscan.web.view import clerk, customer


@dataclass
class Hands:
    """A counter, its clock, and what people and the scanner do."""

    book: MemoryBook = field(default_factory=MemoryBook)
    now_s: float = 1000.0

    def __post_init__(self) -> None:
        self.counter = Counter(self.book, "Moss", test_mode=True, clock=lambda: self.now_s)
        self.counter.connected(HELLO, IDENTITY)
        self.state(wire.EMPTY)

    @property
    def visit(self) -> Visit:
        return self.counter.visit

    def state(self, state: int) -> None:
        self.counter.message(State(state, wire.NO_CAUSE, 0, 0, 1, 0))

    def lay(self, lines: tuple[str, ...]) -> str:
        """A document is laid down and read; what the light shows."""
        self.state(wire.PLACED)
        light, _ = self.counter.judge(Reading(format="TD3", lines=lines, valid=True, accepted=True, confidence=1.0))
        return light

    def take_up(self) -> None:
        self.state(wire.EMPTY)

    def after(self, seconds: float) -> None:
        self.now_s += seconds
        self.counter.tick()

    def enter(self) -> None:
        self.counter.answer(lambda visit: visit.enter(TRACKING, visit.turn))

    def face(self, same: bool = True) -> None:
        self.counter.answer(lambda visit: visit.face(same, visit.turn))

    def choose(self, keep: bool) -> None:
        self.counter.answer(lambda visit: visit.choose(keep, visit.turn))


@pytest.fixture
def hands() -> Hands:
    return Hands()


def at_face(hands: Hands) -> Hands:
    hands.enter()
    hands.lay(NORWEGIAN)
    assert hands.visit.step == "face"
    return hands


# --- when a reading ends ----------------------------------------------------------------------------------------------


def test_the_passport_in_the_clerks_hand_counts_while_she_compares(hands: Hands) -> None:
    at_face(hands).take_up()
    hands.after(TAKEN_S - 1)
    hands.face()
    assert [ruling.verdict for ruling in hands.book.finished] == ["release"]


def test_a_passport_that_left_at_nine_releases_nothing_at_two(hands: Hands) -> None:
    """Trials 2.7: read at 9:00 and taken away; the number is typed at 14:00."""
    hands.lay(NORWEGIAN)
    assert hands.visit.holds_document
    hands.take_up()
    hands.now_s += 5 * 3600  # nobody looks meanwhile: the answer itself finds out
    hands.enter()
    assert (hands.visit.step, hands.visit.ended) == ("scan", "taken")
    assert not hands.visit.holds_document
    assert hands.book.finished == []


@pytest.mark.parametrize("answer", ["face", "second", "end"])
def test_a_reading_that_is_over_ends_no_check(hands: Hands, answer: str) -> None:
    hands.enter()
    hands.lay(SWEDISH if answer == "second" else NORWEGIAN)
    hands.take_up()
    hands.now_s += TAKEN_S
    calls = {
        "face": lambda visit: visit.face(True, visit.turn),
        "second": lambda visit: visit.second(NUMBER, NUMBER, visit.turn),
        "end": lambda visit: visit.end(visit.turn),
    }
    with pytest.raises(StaleError):
        hands.counter.answer(calls[answer])
    assert (hands.visit.step, hands.visit.ended) == ("scan", "taken")
    assert hands.book.finished == []


def test_each_window_is_told_when_a_reading_ends(hands: Hands) -> None:
    at_face(hands)
    told: list[str] = []
    hands.counter.watch(lambda event: told.append(event[0]))
    hands.take_up()
    told.clear()
    hands.after(TAKEN_S - 1)
    assert told == []
    hands.after(1)
    assert told == ["panel"]
    assert hands.visit.step == "scan"
    for language in languages():
        assert clerk(hands.visit, language)["ended"] == say("reading.taken", language)
    hands.lay(NORWEGIAN)
    assert (hands.visit.step, hands.visit.ended) == ("face", None)


def test_what_lies_there_for_too_long_is_laid_down_anew(hands: Hands) -> None:
    at_face(hands)
    hands.after(MOST_S - 1)
    assert hands.visit.step == "face"
    hands.after(1)
    assert (hands.visit.step, hands.visit.ended) == ("scan", "old")


@pytest.mark.parametrize("how", ["lost", "reboot", "before the number"])
def test_a_lost_link_or_a_reboot_ends_a_reading(hands: Hands, how: str) -> None:
    if how == "before the number":
        hands.lay(NORWEGIAN)
    else:
        at_face(hands)
    if how == "reboot":
        hands.counter.connected(HELLO._replace(boot_id=2), IDENTITY)
    else:
        hands.counter.trouble("port: the scanner went away", "gone")
    assert hands.visit.ended == "lost"
    assert hands.visit.step == ("tracking" if how == "before the number" else "scan")
    assert not hands.visit.holds_document


def test_the_second_document_is_forgotten_with_the_passport(hands: Hands) -> None:
    hands.enter()
    hands.lay(SWEDISH)
    hands.counter.answer(lambda visit: visit.second(NUMBER, NUMBER, visit.turn))
    hands.take_up()
    hands.after(TAKEN_S)
    hands.lay(SWEDISH)
    assert hands.visit.step == "second"


def test_a_fault_and_a_missed_empty_glass_are_no_document(hands: Hands) -> None:
    """A scanner with a fault does not see what is taken away; a message of the empty glass may be lost on the line."""
    for state in (wire.FAULT, wire.PLACED):
        one = at_face(Hands())
        one.state(state)
        one.after(TAKEN_S)
        assert one.visit.ended == "taken"


def test_what_cannot_be_read_there_does_not_keep_the_reading_alive(hands: Hands) -> None:
    at_face(hands).take_up()
    hands.after(TAKEN_S / 2)
    hands.state(wire.PLACED)
    hands.visit.not_read("mrz_missing", ())
    assert hands.visit.step == "face"
    hands.after(TAKEN_S / 2)
    assert hands.visit.ended == "taken"


def test_while_a_check_is_recorded_its_reading_stays() -> None:
    hands = at_face(Hands(MemoryBook(silent="kept")))
    with pytest.raises(Exception, match="not known"):
        hands.face()
    hands.take_up()
    hands.after(MOST_S)
    hands.counter.trouble("gone", "gone")
    assert hands.visit.step == "unknown"
    hands.counter.end()


def test_the_rules_take_no_old_reading_whatever_a_counter_is_told() -> None:
    letter = MemoryBook().letters[TRACKING]

    def reasons(read_at: datetime | None) -> tuple[str, ...]:
        return decide_case(Case(NORWEGIAN, True, letter, None, True, NOW, True, read_at=read_at)).reasons

    assert reasons(None) == reasons(NOW) == reasons(NOW - MOST_READING) == ("ok",)
    for wrong in (NOW - MOST_READING - timedelta(seconds=1), NOW + timedelta(seconds=1)):
        assert reasons(wrong) == ("reading_expired",)
    assert max(TAKEN_S, MOST_S) <= LONGEST_S == MOST_READING.total_seconds()


def test_the_time_of_the_reading_is_what_is_recorded(hands: Hands) -> None:
    cases: list[Case] = []
    finish = hands.book.finish
    hands.book.finish = lambda case, *more: cases.append(case) or finish(case, *more)  # type: ignore[func-returns-value, method-assign]
    at_face(hands).face()
    assert cases[0].read_at == NOW


# --- another document -------------------------------------------------------------------------------------------------

CARD = ("I<NORSPECIMEN<<<<<<<<<<<<<<<<<", "0000000000NOR0001015F3001012<<", "OESTENBYEN<<AASE<<<<<<<<<<<<<<")


@pytest.mark.parametrize("step", ["second", "face"])
@pytest.mark.parametrize("laid", [SOMEBODY_ELSE, CARD])
def test_nothing_laid_on_the_glass_changes_a_question_that_is_open(
    hands: Hands, step: str, laid: tuple[str, ...]
) -> None:
    """Trials 2.8."""
    hands.enter()
    hands.lay(SWEDISH if step == "second" else NORWEGIAN)
    hands.take_up()
    asked = hands.visit.turn
    assert hands.lay(laid) == "refused"  # the light: somebody has to look
    assert hands.visit.step == step
    assert hands.visit.other
    assert hands.book.finished == []
    assert hands.visit.turn != asked, "who clicks at that moment has not seen what happened"
    with pytest.raises(StaleError):
        hands.face()
    hands.choose(keep=True)
    assert (hands.visit.step, hands.visit.other) == (step, False)
    if step == "second":
        hands.counter.answer(lambda visit: visit.second(NUMBER, NUMBER, visit.turn))
    hands.face()
    assert [ruling.verdict for ruling in hands.book.finished] == ["release"]


def test_the_clerk_may_scan_anew(hands: Hands) -> None:
    at_face(hands).lay(SOMEBODY_ELSE)
    hands.choose(keep=False)
    assert (hands.visit.step, hands.visit.ended, hands.visit.holds_document) == ("scan", None, False)
    hands.lay(SOMEBODY_ELSE)
    assert [ruling.reasons for ruling in hands.book.finished] == [("name_mismatch", "face_not_confirmed")]


def test_the_same_document_again_is_no_news_but_lies_there(hands: Hands) -> None:
    at_face(hands).take_up()
    hands.after(TAKEN_S - 1)
    asked = hands.visit.turn
    assert hands.lay(NORWEGIAN) == "verified"
    assert (hands.visit.turn, hands.visit.other) == (asked, False)
    hands.after(TAKEN_S)
    hands.face()
    assert [ruling.verdict for ruling in hands.book.finished] == ["release"]


def test_the_question_which_one_counts_stays_until_it_is_answered(hands: Hands) -> None:
    at_face(hands).lay(SOMEBODY_ELSE)
    for again in (NORWEGIAN, CARD, SOMEBODY_ELSE):
        hands.lay(again)
        assert hands.visit.other
    hands.counter.answer(lambda visit: visit.end(visit.turn))
    assert [ruling.verdict for ruling in hands.book.finished] == ["compare_by_hand"]
    with pytest.raises(StaleError):
        hands.choose(keep=True)


def test_another_document_starts_the_time_of_the_first(hands: Hands) -> None:
    at_face(hands).lay(SOMEBODY_ELSE)
    hands.choose(keep=True)
    hands.after(TAKEN_S)
    assert hands.visit.ended == "taken"


def test_before_the_number_the_document_that_lies_there_counts(hands: Hands) -> None:
    hands.lay(NORWEGIAN)
    hands.take_up()
    hands.lay(SOMEBODY_ELSE)
    assert (hands.visit.step, hands.visit.ended) == ("tracking", "another")
    hands.enter()
    assert [ruling.reasons for ruling in hands.book.finished] == [("name_mismatch", "face_not_confirmed")]


@pytest.mark.parametrize("laid", [SOMEBODY_ELSE, CARD])
@pytest.mark.parametrize("before", [None, NORWEGIAN])
@pytest.mark.parametrize("when", ["before it arrives", "while it is looked up"])
def test_a_document_that_nobody_knew_of_when_the_number_was_entered_ends_no_check(
    hands: Hands, laid: tuple[str, ...], before: tuple[str, ...] | None, when: str
) -> None:
    """It may be anybody's: the clerk has seen that nothing was read, or another document."""
    if before is not None:
        hands.lay(before)
    asked = hands.visit.turn
    if when == "before it arrives":
        hands.lay(laid)
    else:
        find = hands.book.letter
        hands.book.letter = lambda number: (hands.lay(laid), find(number))[1]  # type: ignore[method-assign]
    hands.counter.answer(lambda visit: visit.enter(TRACKING, asked))
    assert (hands.visit.step, hands.visit.ended, hands.book.finished) == ("scan", "unasked", [])
    for language in languages():
        assert clerk(hands.visit, language)["ended"] == say("reading.unasked", language)
    hands.lay(NORWEGIAN)
    hands.face()
    assert [ruling.verdict for ruling in hands.book.finished] == ["release"]


def test_a_passport_that_was_read_as_the_number_was_entered_leads_to_a_question(hands: Hands) -> None:
    """Nothing is recorded by it: the clerk is shown whose it is."""
    asked = hands.visit.turn
    hands.lay(NORWEGIAN)
    hands.counter.answer(lambda visit: visit.enter(TRACKING, asked))
    assert (hands.visit.step, hands.visit.ended) == ("face", None)


def test_what_no_document_changes_is_said_at_once_also_with_one_that_nobody_knew_of(hands: Hands) -> None:
    letter = hands.book.letters[TRACKING]
    hands.book.letters[TRACKING] = replace(letter, released=True)
    asked = hands.visit.turn
    hands.lay(CARD)
    hands.counter.answer(lambda visit: visit.enter(TRACKING, asked))
    assert ["already_released" in ruling.reasons for ruling in hands.book.finished] == [True]
    assert "document_not_passport" not in hands.book.finished[0].reasons


# --- what is shown ----------------------------------------------------------------------------------------------------


def test_the_face_question_shows_what_was_read_to_the_clerk_alone(hands: Hands) -> None:
    at_face(hands)
    shown = clerk(hands.visit, "nb")["document"]
    assert shown == {"surname": "OESTENBYEN", "given": "AASE SPECIMEN", "birth": "17.05.1991"}
    assert "OESTENBYEN" not in str(customer(hands.visit, hands.counter.scanner))
    hands.lay(SOMEBODY_ELSE)
    assert clerk(hands.visit, "nb")["document"] is None
    hands.choose(keep=True)
    hands.face()
    assert clerk(hands.visit, "nb")["document"] is None
