"""The page of letters in a real browser: accessible, by keyboard, without scripts, and no name when nobody is there."""

from collections.abc import Callable

import pytest
from axe import in_turn
from clerks import PIN, SUPERVISOR, Clock
from letter_office import NAME, NUMBER, RIGHT, Office, day
from test_page import until

from stillscan.guidance import languages, page_texts
from stillscan.records import kinds

pytestmark = pytest.mark.process


@pytest.mark.parametrize("language", languages())
def test_the_page_is_accessible_and_goes_by_keyboard(browser, office: Office, language: str) -> None:
    texts = page_texts(language)
    accessible = in_turn(language, states=5)
    with office:
        page = browser.new_page()
        office.show(page, SUPERVISOR, language)
        page.click(f"text={texts['letters']}")
        page.wait_for_selector("h1")
        until(page, "document.activeElement.id", "tracking")
        accessible(page)
        page.keyboard.type(NUMBER)
        page.keyboard.press("Enter")
        page.wait_for_selector("#state")
        until(page, "document.activeElement.id", "letter")  # the next bar code does nothing here
        accessible(page)
        page.fill("#recipient", "1234")
        page.press("#recipient", "Enter")
        page.wait_for_selector("#problem")
        until(page, "document.activeElement.id", "recipient")
        assert texts["letter_wrong_recipient"] in page.inner_text("#problem")
        accessible(page)
        page.fill("#recipient", RIGHT)
        page.press("#recipient", "Enter")
        page.wait_for_selector("#done")
        until(page, "document.activeElement.id", "tracking")  # ready for the next letter
        assert NUMBER not in page.url
        accessible(page)
        page.click(f"button:text-is('{texts['letter_do_return']}')")
        page.wait_for_selector("#done")
        assert RIGHT not in page.content()
        accessible(page)
        page.close()
    assert [one["kind"] for one in office.facts()[-2:]] == [kinds.CORRECTION, kinds.RETURN]


@pytest.mark.parametrize("how", ["idle", "locked", "other window"])
def test_the_name_goes_at_once_when_nobody_is_signed_in(browser, make_office: Callable[..., Office], how: str) -> None:
    clock = Clock()
    with make_office(clock=clock) as office:
        context = browser.new_context()
        page = context.new_page()
        office.show(page, SUPERVISOR)
        page.goto(f"{office.url}/letters")
        page.fill("#tracking", NUMBER)
        page.press("#tracking", "Enter")
        page.wait_for_selector("#state")
        assert NAME in page.content()
        if how == "idle":
            clock.now_s += office.sessions.lock_s
            office.place()
        elif how == "locked":
            office.staff.locked.add(SUPERVISOR)
            clock.now_s += 3
            office.place()
        else:
            other = context.new_page()
            other.goto(f"{office.url}/")
            other.click(f"text={page_texts('en')['sign_out']}")
        page.wait_for_selector("main #staff")
        assert NAME not in page.content()
        context.close()


def test_it_works_in_a_browser_without_scripts(browser, office: Office) -> None:
    with office:
        context = browser.new_context(java_script_enabled=False)
        page = context.new_page()
        office.show(page, SUPERVISOR)
        page.goto(f"{office.url}/letters")
        page.fill("#tracking", NUMBER)
        page.press("#tracking", "Enter")
        page.fill("#deadline", day(30))
        page.click(f"button:text-is('{page_texts('en')['letter_do_extend']}')")
        page.wait_for_selector("#done")
        assert day(30) in page.inner_text("#done")
        context.close()
    assert office.facts()[-1]["kind"] == kinds.EXTENSION


def test_what_is_typed_is_there_again_after_the_lock(browser, make_office: Callable[..., Office]) -> None:
    clock = Clock()
    with make_office(clock=clock) as office:
        page = browser.new_page()
        office.show(page, SUPERVISOR)
        page.goto(f"{office.url}/letters")
        page.fill("#tracking", NUMBER)
        page.press("#tracking", "Enter")
        page.click("#recipient")
        with page.expect_request("**/letters/draft"):
            page.keyboard.type("Kari Hans", delay=1)
        clock.now_s += office.sessions.lock_s / 2
        with page.expect_request("**/letters/draft"):
            page.keyboard.type("en", delay=1)
        clock.now_s += office.sessions.lock_s / 2
        page.reload()  # who types does something: nothing has locked
        until(page, "document.activeElement.id", "recipient")
        assert page.input_value("#recipient") == "Kari Hansen"
        clock.now_s += office.sessions.lock_s
        office.place()
        page.fill("main #staff", SUPERVISOR)
        page.fill("#pin", PIN)
        page.press("#pin", "Enter")
        page.click(f"text={page_texts('en')['letters']}")
        until(page, "document.activeElement.id", "recipient")
        page.press("#recipient", "Enter")
        page.wait_for_selector("#done")
        page.close()
    assert office.facts()[-1]["kind"] == kinds.CORRECTION


def test_what_was_sent_at_once_does_not_come_back(browser, office: Office) -> None:
    """Enter right behind the last letter: the page that is left has nothing more to tell of what is taken."""
    drafts: list[str] = []
    with office:
        page = browser.new_page()
        page.on("request", lambda request: drafts.append(request.url) if "draft" in request.url else None)
        office.show(page, SUPERVISOR)
        page.goto(f"{office.url}/letters")
        page.fill("#tracking", NUMBER)
        page.press("#tracking", "Enter")
        page.wait_for_selector("#recipient")
        page.evaluate(
            """name => {
                const field = document.getElementById('recipient')
                field.value = name
                field.dispatchEvent(new InputEvent('input', { bubbles: true }))
                field.form.requestSubmit()
            }""",
            RIGHT,
        )
        page.wait_for_selector("#done")
        page.goto(f"{office.url}/letters")
        assert page.locator("#state").count() == 0
        page.close()
    assert drafts == []
