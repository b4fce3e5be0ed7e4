"""The visit is what its table says: no step follows that is not in it, keys and documentation are read off it."""

import itertools
import re
from pathlib import Path

import pytest
from books import NORWEGIAN, NUMBER, SOMEBODY_ELSE, SWEDISH, TRACKING, MemoryBook
from drawn_visit import DOCS, drawing, in_page
from hypothesis import given, settings
from hypothesis import strategies as st

import stillscan.web
from stillscan.counter.steps import STEPS, Step
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


def test_the_page_has_the_keys_of_the_table() -> None:
    panel = (Path(stillscan.web.__file__).parent / "templates" / "panel.html").read_text()
    assert set(re.findall(r'data-key="(F\d+)"', panel)) == {key for facts in STEPS.values() for key in facts.keys}


@pytest.mark.parametrize("what", ["table", "drawing"])
def test_the_manual_is_made_of_the_table(what: str) -> None:
    """Made anew by: python tests/web/drawn_visit.py."""
    if what == "drawing":
        assert (DOCS / "visit.svg").read_text() == drawing()
    else:
        page = (DOCS / "page.md").read_text()
        assert in_page(page) == page
