"""What is sent from the page, and its answer: pressed twice, lost on the way, or come too late."""

import pytest
from books import NUMBER, SOMEBODY_ELSE, SWEDISH, TRACKING
from played import Played
from test_hands import FIELD
from test_page import at_moment, step, to_face, type_tracking, until, wait_for

pytestmark = pytest.mark.process


@pytest.mark.parametrize("how", ["keys", "clicks"])
def test_pressing_twice_does_not_answer_the_question_that_comes_next(page, played: Played, how: str) -> None:
    """Which document counts is asked with the same key as whether it is the same person, and at the same place."""
    press = (lambda _: page.keyboard.press("F8")) if how == "keys" else page.click
    to_face(page, played)
    played.read(SOMEBODY_ELSE)
    page.wait_for_selector("[name=counts]")
    at_moment(page, 100_000)
    press("[value=read]")
    page.wait_for_selector("[name=same_person]")
    at_moment(page, 100_499)
    press("[value=yes]")
    assert page.locator("#panel button:disabled").count() == 0, "nothing is sent"
    assert played.counter.visit.step == "face"
    at_moment(page, 101_000)
    press("[value=yes]")
    wait_for(page, "verdict")


def test_the_second_click_of_a_double_click_presses_nothing(page, played: Played) -> None:
    """Where "continue" was, another button may be by then."""
    type_tracking(page)
    wait_for(page, "scan")
    page.hover("[data-key=F4]")
    page.mouse.down(click_count=2)
    page.mouse.up(click_count=2)
    assert page.locator("#panel button:disabled").count() == 0, "nothing is sent"
    assert step(page) == "scan"
    page.click("[data-key=F4]")
    wait_for(page, "verdict")


def test_what_cannot_be_sent_stays_with_its_cursor(page, played: Played) -> None:
    """The network is lost at the moment of Enter: after a letter's number, and after an identity number."""
    page.route("**/tracking", lambda route: route.abort())
    type_tracking(page)
    page.wait_for_selector("#lost", state="visible")
    assert page.evaluate(FIELD.format("tracking")) == TRACKING
    until(page, "document.activeElement.id", "tracking")
    page.unroute("**/tracking")
    at_moment(page, 999_000)
    page.keyboard.press("Enter")
    wait_for(page, "scan")
    played.read(SWEDISH)
    wait_for(page, "second")
    until(page, "document.activeElement.id", "number")
    page.keyboard.type(NUMBER)
    page.keyboard.press("Tab")
    page.keyboard.type(NUMBER)
    until(page, FIELD.format("again"), NUMBER)
    page.route("**/second", lambda route: route.abort())
    at_moment(page, 1_000_000)  # later than a double press
    with page.expect_event("requestfailed"):  # its buttons take nothing until then
        page.keyboard.press("Enter")
    page.wait_for_selector("#panel button.first:enabled")
    assert [page.evaluate(FIELD.format(field)) for field in ("number", "again")] == [NUMBER, NUMBER]
    page.unroute("**/second")
    at_moment(page, 1_001_000)
    page.keyboard.press("Enter")
    wait_for(page, "face")


def test_an_answer_that_comes_late_does_not_take_the_next_question_away(page, played: Played) -> None:
    """The passport is read while the answer to the letter's number is on its way: what it says is over."""
    held = []

    def holds(route) -> None:
        held.append((route, route.fetch()))

    page.route("**/tracking", holds)
    type_tracking(page)
    wait_for(page, "scan")  # the event tells it
    played.read(SWEDISH)
    wait_for(page, "second")
    page.keyboard.type(NUMBER[:6])
    [(route, answer)] = held
    with page.expect_event("requestfinished", lambda request: request.url.endswith("/tracking")):
        route.fulfill(response=answer)
    page.keyboard.type(NUMBER[6:])
    until(page, FIELD.format("number"), NUMBER)
    assert step(page) == "second"


def test_an_answer_that_comes_late_leaves_what_is_typed_at_the_question_that_it_shows(page, played: Played) -> None:
    """The program wrote it when the passport was read already: it is the question that an event has asked before."""
    held = []

    def holds(route) -> None:
        route.fetch()
        held.append(route)

    page.route("**/tracking", holds)
    type_tracking(page)
    wait_for(page, "scan")
    played.read(SWEDISH)
    wait_for(page, "second")
    asked = page.inner_html("#panel")
    page.keyboard.type(NUMBER)
    page.keyboard.press("Tab")
    with page.expect_event("requestfinished", lambda request: request.url.endswith("/tracking")):
        held[0].fulfill(body=asked, content_type="text/html; charset=utf-8")
    page.keyboard.type(NUMBER)
    until(page, FIELD.format("again"), NUMBER)
    assert page.evaluate(FIELD.format("number")) == NUMBER
