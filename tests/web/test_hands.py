"""What hands do at the counter: nothing typed is lost, a bar code goes where it belongs, one voice at a time."""

import pytest
from books import NORWEGIAN, NUMBER, SOMEBODY_ELSE, SWEDISH, TRACKING
from played import Played
from test_page import T, accessible, at_moment, step, to_face, type_tracking, until, wait_for
from test_typed import NAMESAKE

from kiosk import wire
from stillscan.verify import Consignment

pytestmark = pytest.mark.process

OTHER_LETTER = "CS111111115NO"
FIELD = "document.getElementById({!r}).value"


@pytest.fixture
def letters(played: Played) -> dict[str, Consignment]:
    """A second letter lies there, and one that lies elsewhere."""
    known = played.book.letters
    known[OTHER_LETTER] = Consignment(OTHER_LETTER, "Kari Hansen", known[TRACKING].deadline, released=False)
    return known


def wedge(page, code: str, end: str = "Enter") -> bool:
    """What a bar code scanner types, where the focus is, however busy this computer is; whether it pressed nothing."""
    pressed: int = page.evaluate(
        """([code, end]) => {
            const at = document.activeElement
            const how = { bubbles: true, cancelable: true }
            const key = (key) => at.dispatchEvent(new KeyboardEvent('keydown', { key, ...how }))
            return [...code].filter((one) => key(one) && one === ' ').length + key(end)
        }""",
        [code, end],
    )
    return pressed == 0


def at_the_glass(played: Played) -> None:
    """All that a passport can do there while somebody types."""
    played.place()
    played.scan(30)
    played.slip()
    played.scan(10, first=30)
    played.state(wire.EMPTY)
    played.unplug()
    played.plug_in()


def test_enter_after_an_identity_number_goes_on_to_its_second_field(page, played: Played) -> None:
    page.focus("#tracking")
    type_tracking(page)
    wait_for(page, "scan")
    played.read(SWEDISH)
    wait_for(page, "second")
    until(page, "document.activeElement.id", "number")
    page.keyboard.type(NUMBER)
    page.keyboard.press("Enter")
    until(page, "document.activeElement.id", "again")
    assert page.locator("#problem").count() == 0
    page.keyboard.type(NUMBER)
    page.keyboard.press("Enter")
    wait_for(page, "face")


def test_a_number_entered_in_the_moment_of_a_reading_does_not_answer_for_it(page, played: Played) -> None:
    """Hands do not stop in the 50 ms in which the page tells it; who has had the time to see it has seen it."""
    for seen, ends in ((0, "scan"), (1000, "verdict")):
        page.evaluate("performance.now = () => window.moment ?? 0")
        page.focus("#tracking")
        page.keyboard.type(TRACKING)
        page.evaluate("window.moment = 5000")
        played.read(SOMEBODY_ELSE)
        page.wait_for_selector(f"text={T['passport_ready']}")
        page.evaluate(f"window.moment = {5000 + seen}")
        page.keyboard.press("Enter")
        wait_for(page, ends)
        page.keyboard.press("F2")
        wait_for(page, "tracking")
        page.evaluate("window.moment = 0")
    assert len(played.book.finished) == 1


def test_what_is_typed_and_told_stays_whatever_happens_on_the_glass(page, played: Played) -> None:
    type_tracking(page, "RR12345")
    page.wait_for_selector("#problem")
    page.keyboard.type("6789")
    page.keyboard.press("ArrowLeft")
    played.read(NORWEGIAN)
    page.wait_for_selector(f"text={T['passport_ready']}")
    at_the_glass(played)
    page.keyboard.type("x")
    until(page, FIELD.format("tracking"), "RR12345678x9")
    assert page.inner_text("#problem") == T["tracking_wrong"]
    played.read(SWEDISH)
    page.fill("#tracking", TRACKING)
    page.press("#tracking", "Enter")
    wait_for(page, "second")
    page.keyboard.type("17859")
    at_the_glass(played)
    played.read(SWEDISH)
    page.keyboard.type("199917")
    page.keyboard.press("Tab")
    page.keyboard.type("17")
    until(page, FIELD.format("again"), "17")
    page.wait_for_timeout(300)
    page.reload()
    wait_for(page, "second")
    until(page, FIELD.format("number"), NUMBER)
    until(page, FIELD.format("again"), "17")
    assert NUMBER not in page.inner_text("body")


@pytest.mark.parametrize("who", ["the next customer", "a namesake"])
def test_what_was_typed_about_one_person_is_not_asked_of_another(page, played: Played, who: str) -> None:
    """Both stand at the same question, and the window hears of the second of them alone."""
    type_tracking(page)
    wait_for(page, "scan")
    played.read(SWEDISH)
    wait_for(page, "second")
    page.keyboard.type(NUMBER)
    until(page, FIELD.format("number"), NUMBER)
    before = played.counter.visit.about
    if who == "a namesake":
        played.unplug()
        played.plug_in()
    else:
        played.counter.begin_anew(played.counter.visit.turn)
        played.counter.serve(TRACKING, played.counter.visit.turn)
    played.read(SWEDISH if who == "the next customer" else NAMESAKE)
    until(page, "document.getElementById('panel').firstElementChild.dataset.about", played.counter.visit.about)
    assert played.counter.visit.about != before
    assert page.evaluate(FIELD.format("number")) == ""


def test_a_number_in_the_wrong_field_is_caught(page, played: Played) -> None:
    type_tracking(page, NUMBER)
    page.wait_for_selector("#problem")
    assert page.inner_text("#problem") == T["tracking_is_number"]
    page.fill("#tracking", "")
    type_tracking(page)
    wait_for(page, "scan")
    played.read(SWEDISH)
    wait_for(page, "second")
    type_tracking(page, OTHER_LETTER)
    page.wait_for_selector("#problem")
    assert page.inner_text("#problem") == T["number_is_letter"]


def test_a_bar_code_of_another_letter(page, played: Played, letters: dict[str, Consignment]) -> None:
    """At an open visit it asks; at a finished one it begins the next."""
    to_face(page, played)
    page.focus("[value=yes]")
    with page.expect_response("**/tracking"):
        assert wedge(page, TRACKING)  # its own letter once more
    assert step(page) == "face"
    page.focus("[value=yes]")
    assert wedge(page, OTHER_LETTER)
    page.wait_for_selector("[name=serves]")
    accessible(page)
    assert page.inner_text("h1") == T["other_letter_title"]
    page.keyboard.press("F8")
    page.wait_for_selector("[name=same_person]")
    at_moment(page, 1_000_000)  # later than a double press
    page.keyboard.press("F8")
    wait_for(page, "verdict")
    assert [ruling.verdict for ruling in played.book.finished] == ["release"]
    assert wedge(page, "5901234123457")  # of a chocolate bar
    page.wait_for_selector("#problem")
    assert step(page) == "verdict"
    until(page, "document.activeElement.id", "next")
    page.keyboard.type(f"]C0{OTHER_LETTER}")
    page.keyboard.press("Enter")
    wait_for(page, "scan")
    assert OTHER_LETTER in page.inner_text("#panel")
    assert wedge(page, TRACKING)
    page.wait_for_selector("[name=serves]")
    at_moment(page, 2_000_000)
    page.keyboard.press("F9")
    wait_for(page, "verdict")  # that one was handed out before
    assert T["lies_at"] not in page.inner_text("#panel")


@pytest.mark.parametrize(
    ("code", "told"), [("1", False), ("12", False), ("X1Z", True), ("4 711", True), ("a b c d e", True)]
)
def test_a_short_bar_code_presses_no_button_and_is_told(page, played: Played, code: str, told: bool) -> None:
    type_tracking(page)
    wait_for(page, "scan")
    page.focus("[data-key=F4]")
    assert wedge(page, code)
    if told:
        page.wait_for_selector("#problem")
        assert page.inner_text("#problem") == T["tracking_wrong"]
    assert step(page) == "scan"
    assert played.book.finished == []
    page.focus("[data-key=F4]")
    page.keyboard.press("Enter")  # a person's does
    wait_for(page, "verdict")


def test_a_bar_code_that_never_ends_is_told_and_the_question_stays(page, played: Played) -> None:
    type_tracking(page)
    wait_for(page, "scan")
    assert wedge(page, "9" * 10_000)
    page.wait_for_selector("#problem")
    assert step(page) == "scan"
    page.eval_on_selector("form[action='/end']", "form => { form.elements.turn.value = '9'.repeat(5000) }")  # too much
    with page.expect_response("**/end") as told:
        page.keyboard.press("F4")
    assert told.value.status == 413
    page.wait_for_selector(f"#problem:has-text({T['too_large']!r})")
    assert step(page) == "scan"
    assert page.locator("[data-key=F4]:enabled").count() == 1


def test_characters_typed_nowhere_at_a_finished_visit_go_to_the_next_letter(page, played: Played, letters) -> None:
    """However slowly: a scanner over the air, or a person."""
    to_face(page, played)
    page.keyboard.press("F8")
    wait_for(page, "verdict")
    for character in OTHER_LETTER:
        page.keyboard.type(character)
    until(page, FIELD.format("next"), OTHER_LETTER)
    page.keyboard.press("Enter")
    wait_for(page, "scan")
    assert OTHER_LETTER in page.inner_text("#panel")


def test_characters_typed_nowhere_go_to_the_number_of_the_letter(page, played: Played) -> None:
    page.evaluate("document.activeElement.blur()")
    type_tracking(page)
    wait_for(page, "scan")
    page.keyboard.press("F2")
    wait_for(page, "tracking")
    until(page, "document.activeElement.id", "tracking")
    page.reload()
    until(page, "document.activeElement.id", "tracking")


def test_another_office_is_named_and_what_helps_is_said(page, played: Played, letters: dict[str, Consignment]) -> None:
    letters[OTHER_LETTER] = Consignment(
        OTHER_LETTER, "Kari Hansen", letters[TRACKING].deadline, released=False, office="1473 Oppsal"
    )
    type_tracking(page, OTHER_LETTER)
    wait_for(page, "verdict")
    assert "1473 Oppsal" in page.inner_text(".lies-at")
    assert page.locator(".papers a").count() == 3
    assert page.locator(".advice [data-for] dd").count() >= 3
    accessible(page)


SCANNED = """([code, ms, end = 'Enter']) => {
    let moment = 1e6
    Object.defineProperty(Event.prototype, 'timeStamp', { configurable: true, get: () => moment })
    const how = { bubbles: true, cancelable: true }
    for (const key of code) {
        moment += ms
        const at = document.activeElement
        at.dispatchEvent(new KeyboardEvent('keydown', { key, ...how }))
        const field = document.activeElement
        field.setRangeText(key, field.value.length, field.value.length, 'end')
        field.dispatchEvent(new InputEvent('input', how))
    }
    moment += ms
    const at = document.activeElement
    if (at.dispatchEvent(new KeyboardEvent('keydown', { key: end, ...how })) && end === 'Enter') at.form.requestSubmit()
}"""
"""What a scanner types into the field that has the focus, so many ms from key to key, however busy this computer is."""


@pytest.mark.parametrize("field", ["tracking", "next"])
@pytest.mark.parametrize("wrong", ["5901234123457", "RR12345", "4711", "RR123456784NO"])
def test_a_bar_code_that_was_refused_is_no_part_of_the_next_one(page, played: Played, letters, field, wrong) -> None:
    """Letters bear several bar codes: who scans the wrong one scans the right one next, and clears no field."""
    if field == "next":
        to_face(page, played)
        page.keyboard.press("F8")
        wait_for(page, "verdict")
        page.focus("#next")
    page.evaluate(SCANNED, [wrong, 10])
    page.wait_for_selector("#problem")
    until(page, FIELD.format(field), wrong)  # to be looked at
    until(page, "document.activeElement.id", field)
    played.counter.changed()
    if wrong == "4711":
        page.reload()
        until(page, FIELD.format(field), wrong)
        until(page, "document.activeElement.id", field)
    page.evaluate(SCANNED, [OTHER_LETTER, 10 if wrong == "RR12345" else 200])  # however slow the scanner is
    wait_for(page, "scan")
    assert OTHER_LETTER in page.inner_text("#panel")


def test_what_a_hand_adds_to_a_number_is_a_part_of_it(page, played: Played) -> None:
    type_tracking(page, TRACKING[:6])
    page.wait_for_selector("#problem")
    page.evaluate(SCANNED, [TRACKING[6:], 200])
    wait_for(page, "scan")


def test_a_bar_code_that_is_scanned_beside_the_fields_leaves_what_stands_in_them(page, played: Played, letters) -> None:
    type_tracking(page)
    wait_for(page, "scan")
    played.read(SWEDISH)
    wait_for(page, "second")
    page.keyboard.type("178591")
    page.focus("[data-key=F2]")
    with page.expect_response("**/tracking"):
        assert wedge(page, TRACKING)
    page.wait_for_selector("#number")
    until(page, FIELD.format("number"), "178591")
    page.focus("[data-key=F2]")
    assert wedge(page, "5901234123457")
    page.wait_for_selector("#problem")
    until(page, FIELD.format("number"), "178591")


def test_a_number_that_is_typed_for_the_next_letter_is_there_after_a_reload(page, played: Played) -> None:
    to_face(page, played)
    page.keyboard.press("F8")
    wait_for(page, "verdict")
    page.keyboard.type("CS1111")
    page.wait_for_timeout(300)
    page.click("text=Nynorsk")
    page.wait_for_selector("html[lang=nn]", state="attached")
    until(page, FIELD.format("next"), "CS1111")
    until(page, "document.activeElement.id", "next")


@pytest.mark.parametrize("at", ["the field", "a button"])
def test_a_scanner_may_end_its_codes_with_tab(page, played: Played, letters, at: str) -> None:
    """A person's Tab goes on to the next element."""
    page.keyboard.type("RR")
    page.keyboard.press("Tab")
    until(page, "document.activeElement.tagName", "BUTTON")
    page.fill("#tracking", "")
    if at == "the field":
        page.focus("#tracking")
        page.evaluate(SCANNED, [OTHER_LETTER, 10, "Tab"])
        wait_for(page, "scan")
    else:
        type_tracking(page)
        wait_for(page, "scan")
        page.focus("[data-key=F4]")
        assert wedge(page, OTHER_LETTER, "Tab")
        page.wait_for_selector("[name=serves]")
