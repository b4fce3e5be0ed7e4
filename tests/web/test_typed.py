"""What was typed and not yet sent: kept for a window that is loaded anew, and for nothing but what it is about."""

from html import unescape
from typing import Any

import pytest
from books import NUMBER, SWEDISH, TRACKING
from clerks import CLERK, OTHER, PIN, client
from played import HELLO, IDENTITY, Played

from stillscan.counter.draft import Draft
from stillscan.guidance import languages, page_texts

NAMESAKE = ("P<FRAOESTENBYEN<<AASE<SPECIMEN<<<<<<<<<<<<<<", "ZZZ0000016FRA9105171M3101012<<<<<<<<<<<<<<<0")


@pytest.fixture
def played() -> Played:
    made = Played()
    made.counter.serve(TRACKING, 0)
    made.read(SWEDISH)
    assert made.counter.visit.step == "second"
    return made


def typing(played: Played, **fields: str) -> str:
    """A window that has told what stands in its fields; its browser."""
    window = client(played.program, played.browsers)
    told = {"boot": played.counter.boot, "about": played.counter.visit.about, **fields}
    assert window.post("/draft", data=told).status_code == 204
    (session,) = played.sessions._open.values()
    return session.browser


def kept(played: Played, browser: str) -> Draft:
    return played.counter.visit.draft_of(browser)


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
    browser = typing(played, number=NUMBER, again="178", tracking="x", turn="9")
    assert kept(played, browser).fields == {"number": NUMBER, "again": "178"}
    assert kept(played, "another").fields == {}
    assert NUMBER not in repr(played.counter.visit.drafts)


@pytest.mark.parametrize("comes", [the_next_customer, another_passport])
def test_it_is_forgotten_when_somebody_else_is_asked_about(played: Played, comes: Any) -> None:
    """Another window, or the scanner, has brought the visit on: the same question is about another person now."""
    browser = typing(played, number=NUMBER)
    comes(played)
    assert played.counter.visit.step == "second"
    assert kept(played, browser) == Draft(played.counter.visit.about)


def test_it_is_there_when_the_same_passport_is_read_again(played: Played) -> None:
    browser = typing(played, number=NUMBER)
    played.unplug()
    assert played.counter.visit.step == "scan"
    played.counter.connected(HELLO, IDENTITY)
    played.read(SWEDISH)
    assert kept(played, browser).fields == {"number": NUMBER}
    assert played.counter.visit.ended is None


def test_what_comes_too_late_is_not_kept(played: Played) -> None:
    window = client(played.program, played.browsers)
    told = {"boot": played.counter.boot, "about": played.counter.visit.about, "number": NUMBER}
    the_next_customer(played)
    window.post("/draft", data=told)
    assert played.counter.visit.drafts == {}


def test_a_tracking_number_stays_though_a_passport_is_taken_away() -> None:
    played = Played()
    played.read(SWEDISH)
    before = played.counter.visit.about
    played.unplug()
    assert played.counter.visit.about == before


@pytest.mark.parametrize("ends", ["yes", "no", "end", "next"])
def test_nothing_of_it_is_held_when_the_visit_is_over(played: Played, ends: str) -> None:
    browser = typing(played, number=NUMBER)
    if ends == "next":
        played.counter.begin_anew(played.counter.visit.turn)
    elif ends == "end":
        played.counter.answer(lambda visit: visit.end(visit.turn))
    else:
        played.counter.answer(lambda visit: visit.second(NUMBER, NUMBER, visit.turn))
        played.counter.answer(lambda visit: visit.face(ends == "yes", visit.turn))
    assert played.counter.visit.step == ("tracking" if ends == "next" else "verdict")
    assert kept(played, browser) == Draft(played.counter.visit.about)
    assert played.counter.visit.drafts == {}


TOLD = {
    "tracking": ("tracking", {"tracking": "RR12345"}, "tracking_wrong"),
    "unknown": ("tracking", {"tracking": "RA473124829NO"}, "tracking_unknown"),
    "identity": ("tracking", {"tracking": NUMBER}, "tracking_is_number"),
    "differ": ("second", {"number": NUMBER, "again": "17859199900"}, "numbers_differ"),
    "wrong": ("second", {"number": "17859199900", "again": "17859199900"}, "number_wrong"),
    "letter": ("second", {"number": TRACKING, "again": ""}, "number_is_letter"),
    "stale": ("face", {"same_person": "yes", "turn": "0"}, "stale"),
}


@pytest.mark.parametrize("scripts", [True, False])
@pytest.mark.parametrize("case", TOLD)
def test_what_was_told_stays_over_a_reload_and_in_another_language_until_something_is_sent(
    case: str, scripts: bool
) -> None:
    form, fields, key = TOLD[case]
    played = Played()
    window = client(played.program, played.browsers)
    if form == "second":
        played.counter.serve(TRACKING, 0)
        played.read(SWEDISH)
    sent = {"boot": played.counter.boot, "turn": str(played.counter.visit.turn), **fields}
    refused = window.post(f"/{form}", data=sent, headers={"X-Panel": "en"} if scripts else {})
    assert refused.status_code in (409, 422)
    assert refused.headers.get("Refresh") == (None if scripts else "0;url=/")
    for language in languages() * 2:
        shown = unescape(window.get(f"/?language={language}").text)
        assert page_texts(language)[key] in shown
        assert NUMBER not in shown
    played.state(2)  # whatever happens at the scanner
    assert page_texts("en")[key] in unescape(window.get("/?language=en").text)
    assert page_texts("en")[key] not in client(played.program, played.browsers).get("/?language=en").text
    played.counter.begin_anew(played.counter.visit.turn)
    assert page_texts("en")[key] not in window.get("/?language=en").text


def test_an_answer_that_is_taken_ends_what_was_told_of_the_one_before() -> None:
    played = Played()
    window = client(played.program, played.browsers)
    form = {"boot": played.counter.boot, "turn": "0"}
    window.post("/tracking", data={**form, "tracking": "RR12345"})
    assert page_texts("nb")["typed_was"] in window.get("/").text  # without scripts the field is empty
    window.post("/tracking", data={**form, "tracking": TRACKING})
    played.counter.visit.letter = None  # the same question once more
    assert page_texts("nb")["tracking_wrong"] not in window.get("/").text


@pytest.mark.parametrize("who", [CLERK, OTHER])
def test_it_is_there_for_whoever_signs_in_at_that_browser_after_the_page_was_locked(played: Played, who: str) -> None:
    browser = typing(played, number="178591")
    for session in list(played.sessions._open.values()):
        played.sessions.end(session)
    _, session = played.sessions.sign_in(browser, who, PIN)
    assert kept(played, session.browser).fields == {"number": "178591"}


@pytest.mark.parametrize("at", ["tracking", "scan", "verdict"])
@pytest.mark.parametrize("test_mode", [True, False])
def test_which_letters_a_trial_knows_is_said_wherever_a_letter_is_not_known(at: str, test_mode: bool) -> None:
    played = Played(test_mode=test_mode)
    window = client(played.program, played.browsers)
    if at != "tracking":
        played.counter.serve(TRACKING, 0)
    if at == "verdict":
        played.counter.answer(lambda visit: visit.end(visit.turn))
    sent = {"boot": played.counter.boot, "turn": str(played.counter.visit.turn), "tracking": "RA473124829NO"}
    said = unescape(window.post("/tracking", data=sent, headers={"X-Panel": "nb"}).text)
    assert page_texts("nb")["tracking_unknown"] in said
    assert (page_texts("nb")["test_unknown_letter"] in said) is test_mode
