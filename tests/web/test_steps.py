"""The visit is what its table says: no step follows that is not in it, keys and documentation are read off it."""

import itertools
import re

import pytest
from books import NORWEGIAN, NUMBER, SOMEBODY_ELSE, SWEDISH, TRACKING, MemoryBook
from clerks import client
from drawn_visit import DOCS, drawing, in_page
from hypothesis import given, settings
from hypothesis import strategies as st
from played import Played

from stillscan.counter.steps import ASIDES, STEPS, Step
from stillscan.counter.visit import FieldProblem, StaleError, Visit
from stillscan.errors import StillscanError
from stillscan.records.errors import OutcomeUnknownError
from stillscan.verify import Consignment
from tests.covering import examples

OTHER = "CS111111115NO"
ACTS = {
    "enter": lambda visit: visit.enter(TRACKING, visit.turn),
    "enter another": lambda visit: visit.enter(OTHER, visit.turn),
    "enter nonsense": lambda visit: visit.enter("5901234123457", visit.turn),
    "keep letter": lambda visit: visit.keep_letter(visit.turn),
    "read norwegian": lambda visit: visit.read(NORWEGIAN),
    "read swedish": lambda visit: visit.read(SWEDISH),
    "read another": lambda visit: visit.read(SOMEBODY_ELSE),
    "not read": lambda visit: visit.not_read("mrz_uncertain", ()),
    "second": lambda visit: visit.second(NUMBER, NUMBER, visit.turn),
    "second wrong": lambda visit: visit.second(NUMBER, "1", visit.turn),
    "yes": lambda visit: visit.face(True, visit.turn),
    "no": lambda visit: visit.face(False, visit.turn),
    "this document": lambda visit: visit.choose(True, visit.turn),
    "no document": lambda visit: visit.choose(False, visit.turn),
    "end": lambda visit: visit.end(visit.turn),
    "lost": Visit.scanner_lost,
    "settle": Visit.settle,
}


def reachable(step: Step) -> set[Step]:
    """What may follow when the steps in which the book works have been passed."""
    found: set[Step] = {step}
    for passed in ("", "recording", "unknown"):
        found |= {after for before in tuple(found) if before in (step, passed) for after in STEPS[before].then}
    return found


@pytest.mark.slow
@settings(max_examples=examples(300), deadline=None)
@given(st.lists(st.sampled_from([*ACTS, "next", "records fail", "records silent", "records answer"]), max_size=14))
def test_no_step_follows_that_the_table_does_not_have(acts: list[str]) -> None:
    book = MemoryBook()
    book.letters[OTHER] = Consignment(OTHER, "Kari Hansen", book.letters[TRACKING].deadline, released=False)
    visit = Visit(book, "Moss", test_mode=True)
    for act in acts:
        before: Step = visit.step
        if act.startswith("records"):
            book.fails = "the disk is full" if act == "records fail" else ""
            book.silent = "kept" if act == "records silent" else ""
            continue
        try:
            if act == "next" and visit.may_be_left:
                visit = Visit(book, "Moss", test_mode=True, turn=visit.turn + 1)
            elif act in ACTS:
                ACTS[act](visit)
        except (StaleError, FieldProblem, OutcomeUnknownError, StillscanError):
            pass
        assert visit.step in reachable(before), act


def test_every_step_can_be_reached_and_left() -> None:
    reached: set[Step] = {"tracking"}
    for _ in STEPS:
        reached |= set(itertools.chain.from_iterable(STEPS[step].then for step in reached))
    assert reached == STEPS.keys()
    assert all("tracking" in reachable(step) or step in ("recording", "unknown") or step == "verdict" for step in STEPS)


REACHED: dict[str, list[str]] = {
    "tracking": ["read norwegian"],
    "scan": ["enter"],
    "second": ["enter", "read swedish"],
    "face": ["enter", "read norwegian"],
    "recording": ["enter", "read norwegian", "busy"],
    "unknown": ["enter", "read norwegian", "silent"],
    "verdict": ["enter", "read norwegian", "no"],
    "another document": ["enter", "read norwegian", "read another"],
    "another document, second": ["enter", "read swedish", "read another"],
    "another letter": ["enter", "enter another"],
    "another letter, face": ["enter", "read norwegian", "enter another"],
}


@pytest.mark.parametrize("state", REACHED)
def test_page_and_customer_s_screen_show_what_the_table_says(state: str) -> None:
    """The keys that the buttons show, the scanner's voice, and the customer's sentence; while a scanner works."""
    played, name = Played(), state.partition(",")[0]
    played.book.letters[OTHER] = Consignment(OTHER, "Kari Hansen", played.book.letters[TRACKING].deadline, False)
    for act in REACHED[state]:
        if act == "busy":
            played.counter.visit._busy = "record"
        elif act == "silent":
            played.counter.visit._unknown = ("check", played.counter.visit._case())
        else:
            played.counter.answer(ACTS[act])
    facts = {**STEPS, **ASIDES}[name]  # type: ignore[dict-item]
    page = client(played.program, played.browsers).get("/?language=en").text
    assert set(re.findall(r'data-key="(F\d+)"', page)) == facts.keys.keys()
    assert (
        f'data-voice="{"silent" if facts.voice == "shows" else facts.voice}"' in page
    )  # nothing lies there to be shown
    shown = client(played.program).get("/customer?language=en").text
    if facts.customer:
        told = "refuse" if facts.customer == "verdict" else facts.customer
        assert f'data-shown="{told}"' in shown


def test_every_state_of_the_table_is_shown() -> None:
    assert {state.partition(",")[0] for state in REACHED} == {*STEPS, *ASIDES}


def test_while_a_check_is_recorded_nothing_is_asked_before_it() -> None:
    """Another document lay on the glass, and the clerk ended the check: that question is over."""
    played = Played()
    for act in ("enter", "read norwegian", "read another"):
        played.counter.answer(ACTS[act])
    played.counter.visit._busy = "record"
    assert played.counter.visit.asked_first is None
    assert "<button data-key" not in client(played.program, played.browsers).get("/").text


@pytest.mark.parametrize("what", ["table", "drawing"])
def test_the_manual_is_made_of_the_table(what: str) -> None:
    """Made anew by: python tests/web/drawn_visit.py."""
    if what == "drawing":
        assert (DOCS / "visit.svg").read_text() == drawing()
    else:
        page = (DOCS / "page.md").read_text()
        assert in_page(page) == page
