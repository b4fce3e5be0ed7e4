"""A check that is ended without a reading says why nothing was read: the scanner's trouble, or the last scan's."""

from __future__ import annotations

import pytest
from books import NORWEGIAN, TRACKING, MemoryBook
from clerks import client
from played import HELLO, IDENTITY, Played

from kiosk import wire
from stillscan.counter.counter import Counter
from stillscan.counter.visit import Visit
from stillscan.guidance import languages, say
from stillscan.link.messages import State
from stillscan.web.view import clerk

KINDS = ("missing", "gone", "busy", "faulty", "unproven", "records")  # of trouble with the whole scanner, some


@pytest.fixture
def counter() -> Counter:
    made = Counter(MemoryBook(), "Moss", test_mode=True)
    made.connected(HELLO, IDENTITY)
    made.answer(lambda visit: visit.enter(TRACKING, visit.turn))
    return made


def ended(counter: Counter) -> Visit:
    counter.answer(lambda visit: visit.end(visit.turn, counter.scanner.trouble))
    return counter.visit


def test_nothing_was_laid_down(counter: Counter) -> None:
    assert ended(counter).told == ("reason.mrz_missing",)


@pytest.mark.parametrize("part", [name for name in wire.PARTS if name != "none"])
def test_a_part_has_failed(counter: Counter, part: str) -> None:
    counter.message(State(wire.FAULT, wire.NO_CAUSE, wire.PARTS.index(part), 1, 1, 0))
    visit = ended(counter)
    assert visit.told == (f"part.{part}",)
    assert visit.verdict is not None
    assert "mrz_missing" in visit.verdict.reasons  # what is recorded is what the rules say
    for language in languages():
        view = clerk(visit, language)
        assert view["reasons"] == [(f"part.{part}", say(f"part.{part}", language))]
        assert all(view["advice"].values())


@pytest.mark.parametrize("kind", KINDS)
def test_the_scanner_cannot_be_used(counter: Counter, kind: str) -> None:
    counter.trouble("of the log", kind)
    assert ended(counter).told == (f"device.{kind}",)


@pytest.mark.parametrize(
    ("reason", "key"),
    [("mrz_uncertain", "reason.mrz_uncertain"), ("removed", "cause.removed"), ("reading_late", "reading.late")],
)
def test_a_scan_that_brought_nothing(counter: Counter, reason: str, key: str) -> None:
    counter.answer(lambda visit: visit.not_read(reason, ()))
    assert ended(counter).told == (key,)


def test_a_passport_that_was_read_is_no_matter_of_the_scanner(counter: Counter) -> None:
    counter.answer(lambda visit: visit.read(NORWEGIAN))
    counter.message(State(wire.FAULT, wire.NO_CAUSE, wire.LAMP, 1, 1, 0))
    told = ended(counter).told
    assert told
    assert all(key.startswith("reason.") and key != "reason.mrz_missing" for key in told)


@pytest.mark.slow
def test_the_page_and_the_case_for_support_say_it() -> None:
    played = Played()
    played.counter.answer(lambda visit: visit.enter(TRACKING, visit.turn))
    played.state(wire.FAULT, part=wire.LAMP)
    browser = client(played.program, played.browsers)
    form = {"boot": played.counter.boot, "turn": str(played.counter.visit.turn)}
    browser.get("/?language=en")
    page = browser.post("/end", data=form).text
    assert say("part.lamp", "en") in page
    assert say("reason.mrz_missing", "en") not in page
    assert say("part.lamp", "en") in browser.get("/paper/support.txt").text
