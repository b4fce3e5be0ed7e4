"""What was typed and not yet sent: kept for a window that is loaded anew, and for nothing but what it is about."""

from typing import Any

import pytest
from books import NUMBER, SWEDISH, TRACKING
from clerks import client
from played import HELLO, IDENTITY, Played

from stillscan.web.sessions import Session

NAMESAKE = ("P<FRAOESTENBYEN<<AASE<SPECIMEN<<<<<<<<<<<<<<", "ZZZ0000016FRA9105171M3101012<<<<<<<<<<<<<<<0")


@pytest.fixture
def played() -> Played:
    made = Played()
    made.counter.serve(TRACKING, 0)
    made.read(SWEDISH)
    assert made.counter.visit.step == "second"
    return made


def typing(played: Played, **fields: str) -> Session:
    """A window that has told what stands in its fields; its session."""
    window = client(played.program, played.browsers)
    told = {"boot": played.counter.boot, "about": played.counter.visit.about, **fields}
    assert window.post("/draft", data=told).status_code == 204
    (session,) = played.sessions._open.values()
    return session


def the_next_customer(played: Played) -> None:
    played.counter.begin_anew(played.counter.visit.turn)
    played.counter.serve(TRACKING, played.counter.visit.turn)
    played.read(SWEDISH)


def another_passport(played: Played) -> None:
    """A namesake's: the first was taken away while nobody saw the glass."""
    played.unplug()
    played.counter.connected(HELLO, IDENTITY)
    played.read(NAMESAKE)


def test_it_is_there_for_the_same_question(played: Played) -> None:
    session = typing(played, number=NUMBER, again="178", tracking="x", turn="9")
    assert session.draft_of(played.counter.visit.about) == {"number": NUMBER, "again": "178"}
    assert NUMBER not in repr(session)


@pytest.mark.parametrize("comes", [the_next_customer, another_passport])
def test_it_is_forgotten_when_somebody_else_is_asked_about(played: Played, comes: Any) -> None:
    """Another window, or the scanner, has brought the visit on: the same question is about another person now."""
    session = typing(played, number=NUMBER)
    comes(played)
    assert played.counter.visit.step == "second"
    assert session.draft_of(played.counter.visit.about) == {}
    assert NUMBER not in str(session.draft)


def test_it_is_there_when_the_same_passport_is_read_again(played: Played) -> None:
    session = typing(played, number=NUMBER)
    played.unplug()
    assert played.counter.visit.step == "scan"
    played.counter.connected(HELLO, IDENTITY)
    played.read(SWEDISH)
    assert played.counter.visit.about == session.draft[0]
    assert played.counter.visit.ended is None


def test_what_comes_too_late_is_not_kept(played: Played) -> None:
    window = client(played.program, played.browsers)
    told = {"boot": played.counter.boot, "about": played.counter.visit.about, "number": NUMBER}
    the_next_customer(played)
    window.post("/draft", data=told)
    (session,) = played.sessions._open.values()
    assert session.draft == ("", {})


def test_a_tracking_number_stays_though_a_passport_is_taken_away() -> None:
    played = Played()
    played.read(SWEDISH)
    before = played.counter.visit.about
    played.unplug()
    assert played.counter.visit.about == before
