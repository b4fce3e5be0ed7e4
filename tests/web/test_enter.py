"""Enter ends every bar code: with scripts and without, it chooses nothing of consequence by itself."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from books import NORWEGIAN, NUMBER, SOMEBODY_ELSE, SWEDISH, TRACKING
from clerks import CLERK, PIN, SUPERVISOR
from letter_office import NUMBER as LETTER
from letter_office import Office
from played import Played
from test_page import T, at_moment, step, to_face, wait_for

import stillscan.web
from stillscan.verify import Consignment

pytestmark = pytest.mark.process

OTHER_LETTER = "CS111111115NO"
TEMPLATES = Path(stillscan.web.__file__).parent / "templates"


@pytest.fixture
def letters(played: Played) -> dict[str, Consignment]:
    """A second letter lies there."""
    known = played.book.letters
    known[OTHER_LETTER] = Consignment(OTHER_LETTER, "Kari Hansen", known[TRACKING].deadline, released=False)
    return known


@pytest.fixture
def bare(browser, played: Played, letters) -> Iterator:
    """A signed-in clerk's page in a browser without scripts."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    played.show(page)
    yield page
    context.close()


def enters(page, text: str = "") -> None:
    """What is typed, or scanned, where the page has put the focus."""
    page.wait_for_selector("input:focus")
    page.keyboard.type(text)
    page.keyboard.press("Enter")


def sends(page, text: str = "") -> None:
    """The same, in a browser without scripts: a page comes of it."""
    page.wait_for_selector("input:focus")
    page.keyboard.type(text)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r":\d+/(\?.*)?$"))  # the answer leads on to the page itself


def everywhere(page) -> None:
    """The Tab key comes to no button that answers."""
    for _ in range(14):
        page.keyboard.press("Tab")
        assert page.locator(".choice button:focus").count() == 0
    page.focus("#key")


def test_without_scripts_an_identity_number_is_asked_for_once_more(bare, played: Played) -> None:
    sends(bare, TRACKING)
    played.read(SWEDISH)
    bare.reload()
    for number, said in ((NUMBER, "number_again"), ("17859199900", "numbers_differ"), (NUMBER, "number_again")):
        sends(bare, number)
        assert bare.inner_text("#problem") == T[said]
    sends(bare, NUMBER)
    wait_for(bare, "face")


def test_without_scripts_enter_answers_no_question_by_itself(bare, played: Played) -> None:
    """Nothing, a letter's bar code, a hand on the keyboard; then a digit, or the mouse."""
    sends(bare, TRACKING)
    played.read(NORWEGIAN)
    bare.reload()
    for typed in ("", "x", "88"):
        sends(bare, typed)
        assert bare.inner_text("#problem") == T["key_wrong"]
    everywhere(bare)
    assert step(bare) == "face"
    sends(bare, TRACKING)  # its own bar code once more
    assert step(bare) == "face"
    sends(bare, OTHER_LETTER)
    assert bare.inner_text("h1") == T["other_letter_title"]
    for typed in ("", OTHER_LETTER):
        sends(bare, typed)
    everywhere(bare)
    assert bare.inner_text("h1") == T["other_letter_title"]
    bare.goto(played.url)
    sends(bare, "8")
    played.read(SOMEBODY_ELSE)
    bare.goto(played.url)
    sends(bare)
    everywhere(bare)
    assert bare.inner_text("h1") == T["other_title"]
    sends(bare, "8")
    assert step(bare) == "face"
    assert played.book.finished == []
    sends(bare, "f8")
    assert [ruling.verdict for ruling in played.book.finished] == ["release"]


def test_without_scripts_a_bar_code_has_a_field_while_a_passport_is_waited_for(bare, played: Played) -> None:
    """Its own letter changes nothing, another's is asked about, and Enter alone or the link shows what has happened."""
    sends(bare, TRACKING)
    sends(bare, TRACKING)
    assert step(bare) == "scan"
    assert bare.locator("#problem").count() == 0
    sends(bare, OTHER_LETTER)
    assert bare.inner_text("h1") == T["other_letter_title"]
    sends(bare, "8")
    sends(bare, "not a number")
    assert bare.inner_text("#problem") == T["tracking_wrong"]
    played.read(NORWEGIAN)
    bare.click("#panel noscript a")
    assert step(bare) == "face"


def test_without_scripts_the_mouse_answers_as_before(bare, played: Played) -> None:
    sends(bare, TRACKING)
    played.read(NORWEGIAN)
    bare.reload()
    bare.click(f"text={T['face_no']}")
    assert [ruling.verdict for ruling in played.book.finished] == ["refuse"]


@pytest.mark.parametrize("asked", ["face", "letter"])
def test_with_scripts_enter_gives_no_answer_that_lasts(page, played: Played, letters, asked: str) -> None:
    page.focus("#tracking")
    to_face(page, played)
    if asked == "letter":
        page.keyboard.type(OTHER_LETTER)
        page.keyboard.press("Enter")
    page.wait_for_selector(f"form[action='/{asked}']")
    before = page.inner_text("h1")
    for number in (0, 1):
        button = page.locator(".choice button").nth(number)
        button.focus()
        at_moment(page, 5000 * (number + 1))
        button.press("Enter")
        page.keyboard.press("Enter")
    assert page.inner_text("h1") == before
    assert played.book.finished == []
    assert page.locator(".choice button:enabled").count() == 2


@pytest.mark.parametrize("scripts", [True, False])
def test_an_id_alone_is_no_wrong_pin_and_the_pin_is_asked_for(browser, played: Played, scripts: bool) -> None:
    context = browser.new_context(java_script_enabled=scripts)
    page = context.new_page()
    page.goto(f"{played.address}")
    page.goto(f"{played.url}/signin?language=en")
    enters(page, CLERK)
    page.wait_for_selector("#problem")
    assert page.inner_text("#problem") == T["signin_pin"]
    assert (page.input_value("#staff"), played.staff.tried) == (CLERK, 0)
    enters(page, PIN)
    page.wait_for_selector("#tracking")
    assert played.staff.tried == 1
    context.close()


def test_enter_in_a_reason_withdraws_no_letter(browser, office: Office) -> None:
    with office:
        page = browser.new_page()
        office.show(page, SUPERVISOR)
        page.goto(f"{office.url}/letters")
        page.fill("#tracking", LETTER)
        page.press("#tracking", "Enter")
        page.wait_for_selector("#state")
        entries = len(office.facts())
        page.focus("#reason")
        enters(page)
        enters(page, "0412345678901")  # another bar code
        assert page.input_value("#reason") == "0412345678901"
        assert len(office.facts()) == entries
        page.click(f"button:text-is('{T['letter_do_withdraw']}')")
        page.wait_for_selector("#done")
        page.close()


def test_every_form_in_which_enter_would_do_something_that_lasts_forbids_it() -> None:
    """A field to type in, and a button that takes something away or leaves it out: its first button is out of use."""
    begins, checked = r"(?:<form|begin\(\")", 0
    for template in TEMPLATES.glob("*.html"):
        for form in re.findall(f"{begins}(?:(?!{begins}).)*?</form>", template.read_text(), re.DOTALL):
            lasts = 'class="danger"' in form or 'value="skip"' in form
            if lasts and re.search(r'<input id="', form):
                checked += 1
                assert "<button disabled hidden></button>" in form[: form.index("<input id=")], template.name
    assert checked == 2


def test_without_scripts_a_bar_code_at_a_finished_visit_begins_the_next_one(bare, played: Played) -> None:
    """Also after another bar code that was refused, which is told and stands in no field."""
    sends(bare, TRACKING)
    played.read(NORWEGIAN)
    bare.reload()
    sends(bare, "8")
    assert step(bare) == "verdict"
    sends(bare, "5901234123457")
    assert bare.inner_text("#problem") == T["tracking_wrong"]
    assert "5901234123457" in bare.inner_text("#panel")
    sends(bare, OTHER_LETTER)
    assert step(bare) == "scan"
    assert OTHER_LETTER in bare.inner_text("#panel")


def test_without_scripts_the_back_button_leads_to_the_page_as_it_stands(bare, played: Played) -> None:
    """At every step, also after an answer that was refused: no form is sent once more."""
    for code in ("RR12345", TRACKING, "nonsense", OTHER_LETTER, "x", "8"):
        sends(bare, code)
    played.read(SWEDISH)
    bare.reload()
    for number in (NUMBER, NUMBER, "x", "9"):
        sends(bare, number)
    assert [ruling.verdict for ruling in played.book.finished] == ["refuse"]
    for _ in range(8):
        bare.go_back()
        if not bare.url.startswith(played.url):
            break
        assert step(bare) == "verdict"
    bare.goto(played.url)
    assert step(bare) == "verdict"
    assert len(played.book.finished) == 1
