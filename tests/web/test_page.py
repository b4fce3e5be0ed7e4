"""The clerk's page in a real browser: keyboard only, every state, what goes wrong, and that it is accessible."""

import threading

import pytest
from axe import violations
from books import NORWEGIAN, NUMBER, SOMEBODY_ELSE, SWEDISH, TRACKING
from clerks import CLERK, OTHER, PIN
from played import Played

from kiosk import wire
from stillscan.guidance import page_texts, say
from stillscan.web import stream

pytestmark = pytest.mark.process

T = page_texts("en")


def step(page) -> str:
    return page.get_attribute("#panel > div", "data-step")


def wait_for(page, name: str) -> None:
    page.wait_for_selector(f"#panel > [data-step={name}]")


def type_tracking(page, number: str = TRACKING) -> None:
    page.keyboard.type(number)
    page.keyboard.press("Enter")


def until(page, expression: str, value: object) -> None:
    """Wait for what the page shows. Its policy forbids evaluating strings, so it is asked from outside."""
    for _ in range(500):
        if page.evaluate(expression) == value:
            return
        page.wait_for_timeout(10)
    raise AssertionError(f"{expression} is {page.evaluate(expression)!r}")


def at_moment(page, ms: int) -> None:
    """From now on whatever hands do in this window happens at this moment, however busy the computer is."""
    page.evaluate("ms => { window.moment = ms }", ms)
    page.evaluate(
        "Object.defineProperty(Event.prototype, 'timeStamp', { configurable: true, get: () => window.moment })"
    )


def to_face(page, played: Played) -> None:
    type_tracking(page)
    wait_for(page, "scan")
    played.place()
    played.scan(20)
    played.read(NORWEGIAN)
    wait_for(page, "face")


def accessible(page) -> None:
    assert violations(page) == []


def test_a_check_by_keyboard_alone(page, played: Played) -> None:
    assert page.evaluate("document.activeElement.id") == "tracking"
    to_face(page, played)
    page.keyboard.press("Enter")  # a bar code scanner ends every number with Enter: it must not answer this question
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.value") == "yes"
    page.keyboard.press("Enter")  # not even there
    assert step(page) == "face"
    page.keyboard.press("F8")
    wait_for(page, "verdict")
    assert T["verdict_release"] in page.inner_text("h1")
    assert TRACKING in page.inner_text("#panel")
    assert "Åse Østenbyen" in page.inner_text("#panel")
    assert [ruling.verdict for ruling in played.book.finished] == ["release"]
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    wait_for(page, "tracking")
    until(page, "document.activeElement.id", "tracking")
    type_tracking(page)
    wait_for(page, "verdict")  # no passport changes this: nobody is asked for one
    reasons = page.eval_on_selector_all(".why li", "items => items.map(item => item.dataset.reason)")
    assert reasons == ["already_released"]


def test_the_strip_appears_row_by_row_and_the_sentences_follow(page, played: Played) -> None:
    page.focus("#tracking")
    type_tracking(page)
    played.place()
    played.scan(100)
    until(page, "document.getElementById('row').value", 100)
    painted = "y => document.getElementById('strip').getContext('2d').getImageData(5, y, 1, 1).data[3]"
    until(page, f"({painted})(7)", 255)  # 96 of 100 rows make eight rows of cells
    assert page.evaluate(painted, 8) == 0
    page.reload()
    until(page, f"({painted})(7)", 255)
    played.slip()
    until(page, "document.getElementById('scanner').dataset.state", "moved")
    until(page, "document.getElementById('guidance').textContent", say("state.moved", "en"))
    played.state(wire.EMPTY)
    until(page, "document.getElementById('scanner').dataset.state", "empty")
    assert page.evaluate(painted, 7) == 0


def test_a_foreign_passport_and_a_number_that_is_never_shown(page, played: Played) -> None:
    page.focus("#tracking")
    type_tracking(page)
    wait_for(page, "scan")
    played.read(SWEDISH)
    wait_for(page, "second")
    assert page.evaluate("document.activeElement.id") == "number"
    page.keyboard.type("17859199918")
    page.keyboard.press("Tab")
    page.keyboard.type(NUMBER)
    page.keyboard.press("Enter")
    page.wait_for_selector("#problem")
    assert page.inner_text("#problem") == T["numbers_differ"]
    accessible(page)
    page.fill("#number", NUMBER)
    page.fill("#again", NUMBER)
    assert NUMBER not in page.inner_text("body")
    page.keyboard.press("Enter")
    wait_for(page, "face")
    assert NUMBER not in page.content()
    accessible(page)


@pytest.mark.parametrize("counts", ["read", "none"])
def test_another_document_on_the_glass_is_asked_about_by_keyboard(page, played: Played, counts: str) -> None:
    page.focus("#tracking")
    to_face(page, played)
    assert "OESTENBYEN" in page.inner_text("#panel")
    played.read(SOMEBODY_ELSE)
    page.wait_for_selector("[name=counts]")
    assert page.inner_text("h1") == T["other_title"]
    assert "OESTENBYEN" not in page.inner_text("#panel")
    accessible(page)
    page.keyboard.press("Enter")  # a bar code scanner's: no answer
    assert page.query_selector("[name=counts]") is not None
    page.focus(f"[value={counts}]")
    page.keyboard.press("Enter")
    page.wait_for_selector("[name=counts]", state="detached")
    wait_for(page, "face" if counts == "read" else "scan")
    assert played.book.finished == []


def test_a_reading_that_is_over_is_said(page, played: Played) -> None:
    page.focus("#tracking")
    to_face(page, played)
    played.unplug()
    wait_for(page, "scan")
    assert say("reading.lost", "en") in page.inner_text("#panel")
    accessible(page)


@pytest.mark.parametrize("verdict", ["release", "needs_second_document", "rescan", "compare_by_hand"])
def test_every_verdict_is_unmistakable_and_accessible(page, played: Played, verdict: str) -> None:
    page.focus("#tracking")
    if verdict == "compare_by_hand":
        letter = played.book.letters[TRACKING]
        played.book.letters[TRACKING] = type(letter)(TRACKING, "Østenbyen Åse", letter.deadline, released=False)
    type_tracking(page)
    wait_for(page, "scan")
    if verdict == "rescan":
        page.click(f"text={T['end']}")
    elif verdict == "needs_second_document":
        played.read(SWEDISH)
        page.click(f"text={T['no_second']}")
    else:
        played.read(NORWEGIAN)
        page.click(f"text={T['face_yes']}")
    wait_for(page, "verdict")
    assert page.inner_text("h1") == T[f"verdict_{verdict}"]
    assert page.evaluate("document.activeElement.tagName") == "H1"
    accessible(page)
    papers = [link.get_attribute("href") for link in page.query_selector_all(".papers a")]
    assert len(papers) == (3 if verdict == "release" else 9)
    assert [page.request.get(played.url + href).status for href in papers] == [200] * len(papers)


def test_two_windows_show_one_visit_and_only_one_answer_counts(page, browser, played: Played) -> None:
    other = browser.new_page()
    played.show(other, OTHER)
    page.focus("#tracking")
    to_face(page, played)
    other.wait_for_selector("[data-step=face]")
    # the second window has not heard of the answer yet when its own is given
    other.evaluate(
        "document.querySelectorAll('input[name=turn]').forEach(field => { field.dataset.was = field.value })"
    )
    asked = other.evaluate("document.querySelector('input[name=turn]').value")
    page.click(f"text={T['face_no']}")
    wait_for(page, "verdict")
    other.wait_for_selector("[data-step=verdict]")
    answer = other.request.post(
        f"{played.url}/face",
        form={"turn": asked, "boot": played.counter.boot, "same_person": "yes"},
        headers={"X-Panel": "en"},
    )
    assert answer.status == 409
    assert T["stale"] in answer.text()
    assert [ruling.verdict for ruling in played.book.finished] == ["refuse"]
    other.close()


def test_a_scanner_that_is_unplugged_and_plugged_in_again(page, played: Played) -> None:
    page.focus("#tracking")
    type_tracking(page)
    wait_for(page, "scan")
    played.unplug()
    until(page, "document.getElementById('guidance').textContent", say("device.gone", "en"))
    played.plug_in()
    played.read(NORWEGIAN)
    wait_for(page, "face")


def test_while_a_check_is_recorded_the_page_answers_and_takes_no_other_answer(page, browser, played: Played) -> None:
    other = browser.new_page()
    played.show(other, OTHER)
    page.focus("#tracking")
    to_face(page, played)
    played.book.let_go = threading.Event()
    page.click(f"text={T['face_yes']}")
    wait_for(other, "recording")
    accessible(other)
    other.goto(f"{played.url}/?language=nn")
    wait_for(other, "recording")
    assert other.locator("#panel form").count() == 0
    played.book.let_go.set()
    wait_for(page, "verdict")
    wait_for(other, "verdict")
    assert [ruling.verdict for ruling in played.book.finished] == ["release"]
    other.close()


@pytest.mark.parametrize(("silent", "then"), [("kept", "verdict"), ("lost", "face")])
def test_a_record_that_nobody_knows_of_is_told_and_settled_by_itself(
    page, played: Played, silent: str, then: str
) -> None:
    page.focus("#tracking")
    to_face(page, played)
    played.book.silent = silent
    page.click(f"text={T['face_yes']}")
    wait_for(page, "unknown")
    assert T["unknown_do"] in page.inner_text(".problem")
    assert page.locator("#panel form").count() == 0
    accessible(page)
    played.book.silent = ""
    wait_for(page, then)
    assert len(played.book.finished) == (then == "verdict")
    if then == "face":
        assert T["records"] in page.inner_text(".problem")


def test_a_connection_that_died_without_a_word(browser, played: Played, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody closes it, nothing comes: the window says so, connects anew, and shows what happened meanwhile."""
    monkeypatch.setattr(stream, "BEAT_S", 1e6)
    context = browser.new_context()
    page = context.new_page()
    page.clock.install()
    played.show(page)
    until(page, "document.getElementById('lost').hidden", True)
    until(page, "document.getElementById('guidance').textContent !== ''", True)
    page.route("**/events?*", lambda route: None)  # the next one hangs too
    page.clock.fast_forward(9_000)
    page.wait_for_selector("#lost", state="visible")
    played.counter.answer(lambda visit: visit.enter(TRACKING, visit.turn))
    page.unroute("**/events?*")
    page.clock.fast_forward(9_000)
    wait_for(page, "scan")
    page.wait_for_selector("#lost", state="hidden")
    context.close()


def test_a_program_that_is_started_anew_begins_a_new_visit(page, played: Played) -> None:
    page.focus("#tracking")
    to_face(page, played)
    played.stop()
    page.wait_for_selector("#lost", state="visible")
    page.click(f"text={T['face_yes']}")  # nobody hears it
    page.wait_for_selector("[data-step=face]")
    accessible(page)
    with Played(port=int(played.url.rpartition(":")[2]), keys=played.keys) as again:
        page.wait_for_selector("#restarted", state="visible")
        assert page.inner_text("#restarted") == T["restarted"]
        assert "Østenbyen" not in page.content()
        accessible(page)
        page.fill("#staff", CLERK)
        page.fill("#pin", PIN)
        page.press("#pin", "Enter")
        wait_for(page, "tracking")
        accessible(page)
        assert again.book.finished == []
    assert played.book.finished == []


def test_what_cannot_be_recorded_is_said_and_is_no_release(page, played: Played) -> None:
    page.focus("#tracking")
    to_face(page, played)
    played.book.fails = "the disk is full"
    page.click(f"text={T['face_yes']}")
    page.wait_for_selector(".problem")
    assert "the disk is full" in page.inner_text(".problem")
    assert step(page) == "face"
    accessible(page)
    played.book.fails = ""
    at_moment(page, 1_000_000)  # later than a double click
    page.click(f"text={T['face_yes']}")
    wait_for(page, "verdict")
    assert [ruling.verdict for ruling in played.book.finished] == ["release"]
