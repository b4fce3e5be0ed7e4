"""Signing in, locking and taking over in a real browser, with scripts and without; every page of it is accessible."""

import pytest
from axe import in_turn
from books import NORWEGIAN, TRACKING
from clerks import CLERK, OTHER, PIN, SUPERVISOR, TECHNICIAN, Clock
from played import Played
from test_page import accessible, step, to_face, type_tracking, until, wait_for

from stillscan.guidance import languages, page_texts
from stillscan.web.sessions import LOCK_MINUTES

pytestmark = pytest.mark.process

T = page_texts("en")


def sign_in(page, staff: str = CLERK, pin: str = PIN) -> None:
    page.fill("#staff", staff)
    page.fill("#pin", pin)
    page.press("#pin", "Enter")


@pytest.mark.parametrize("language", languages())
def test_the_pages_of_signing_in_are_accessible(browser, played: Played, language: str) -> None:
    texts = page_texts(language)
    accessible = in_turn(language, states=4)
    page = browser.new_page()
    page.goto(f"{played.url}/signin?language={language}")
    assert texts["not_bound"] in page.inner_text("main")
    accessible(page)
    page.goto(played.address)
    assert page.url == f"{played.url}/signin", "the secret stands in the address still"
    sign_in(page, pin="0000")
    page.wait_for_selector("#problem")
    assert page.inner_text("#problem") == texts["signin_wrong"]
    accessible(page)
    sign_in(page, SUPERVISOR)
    page.wait_for_url(f"{played.url}/")
    page.click(".person summary")
    accessible(page)
    page.click(f"text={texts['browsers']}")
    page.click(f"text={texts['address_make']}")
    page.wait_for_selector(".note code")
    accessible(page)
    page.close()


def test_who_signs_in_types_at_once_also_after_a_wrong_pin(browser, played: Played) -> None:
    page = browser.new_page()
    page.goto(played.address)
    for pin in ("0000", PIN):
        until(page, "document.activeElement.id", "staff")
        page.keyboard.type(CLERK)
        page.keyboard.press("Tab")
        page.keyboard.type(pin)
        with page.expect_navigation():
            page.keyboard.press("Enter")
    assert page.url == f"{played.url}/"
    assert page.evaluate("document.activeElement.id") == "tracking", "the form to take over is not what is asked"
    page.close()


def test_a_technicians_page_is_accessible_and_without_a_visit(browser, played: Played) -> None:
    page = browser.new_page()
    played.show(page, TECHNICIAN)
    played.counter.answer(lambda visit: visit.enter(TRACKING, visit.turn))
    played.place()
    page.wait_for_selector("#scanner[data-state=still]")
    assert T["technician"] in page.inner_text("h1")
    assert "Østenbyen" not in page.content()
    accessible(page)
    page.close()


@pytest.mark.parametrize("how", ["idle", "locked", "button", "other window"])
def test_names_and_picture_go_at_once_and_the_same_question_comes_back(browser, how: str) -> None:
    clock = Clock()
    with Played(clock=clock) as played:
        context = browser.new_context()
        page = context.new_page()
        played.show(page)
        page.focus("#tracking")
        to_face(page, played)
        assert "Østenbyen" in page.inner_text("#panel")
        if how == "idle":
            clock.now_s += LOCK_MINUTES * 60
            played.place()  # whatever happens next
        elif how == "locked":
            played.staff.locked.add(CLERK)
            clock.now_s += 3
            played.place()
        elif how == "button":
            page.click(f"text={T['sign_out']}")
        else:
            other = context.new_page()
            other.goto(f"{played.url}/")
            other.click(f"text={T['sign_out']}")
        page.wait_for_selector("main #staff")
        assert "/signin" in page.url
        assert "Østenbyen" not in page.content()
        assert page.locator("canvas").count() == 0
        played.staff.locked.clear()
        sign_in(page)
        wait_for(page, "face")
        assert "Østenbyen" in page.inner_text("#panel")
        context.close()


def test_an_answer_of_somebody_who_was_locked_out_leads_to_signing_in(browser, played: Played) -> None:
    page = browser.new_page()
    played.show(page)
    page.focus("#tracking")
    to_face(page, played)
    played.staff.locked.add(CLERK)
    page.click(f"text={T['face_yes']}")
    page.wait_for_selector("main #staff")
    assert played.book.finished == []
    sign_in(page, OTHER)
    wait_for(page, "face")
    page.click(f"text={T['face_yes']}")
    wait_for(page, "verdict")
    visit = played.counter.visit
    assert (visit.staff and visit.staff.staff, visit.began_by and visit.began_by.staff) == (OTHER, CLERK)
    page.close()


def test_another_clerk_takes_over_on_the_page(page, played: Played) -> None:
    page.focus("#tracking")
    to_face(page, played)
    page.click(".person summary")
    page.fill(".person #staff", OTHER)
    page.fill(".person #pin", PIN)
    page.press(".person #pin", "Enter")
    page.wait_for_selector(f".person strong:text-is('{OTHER}')")
    assert step(page) == "face"
    page.click(f"text={T['face_yes']}")
    wait_for(page, "verdict")
    assert [ruling.verdict for ruling in played.book.finished] == ["release"]


def test_a_whole_check_in_a_browser_without_scripts(browser, played: Played) -> None:
    """Also the headers with which a browser sends forms are its own here."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(played.address)
    sign_in(page)
    page.goto(f"{played.url}/?language=en")
    type_tracking_into(page, TRACKING)
    wait_for(page, "scan")
    played.read(NORWEGIAN)
    page.reload()
    page.click(f"text={T['face_yes']}")
    wait_for(page, "verdict")
    assert T["verdict_release"] in page.inner_text("h1")
    page.click(f"text={T['next']}")
    wait_for(page, "tracking")
    page.click(f"text={T['sign_out']}")
    page.wait_for_selector("main #staff")
    context.close()


def type_tracking_into(page, number: str) -> None:
    page.focus("#tracking")
    type_tracking(page, number)


def test_a_window_that_hears_nothing_hides_by_itself_when_it_would_be_locked(browser, played: Played) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.clock.install()
    played.show(page)
    page.focus("#tracking")
    to_face(page, played)
    played.stop()
    page.wait_for_selector("#lost", state="visible")
    assert "Østenbyen" in page.inner_text("#panel")
    page.clock.fast_forward((LOCK_MINUTES * 60 + 2) * 1000)
    until(page, "document.getElementById('panel').childElementCount", 0)
    context.close()


def test_another_window_of_the_browser_goes_on_with_whoever_took_over(browser, played: Played) -> None:
    context = browser.new_context()
    page, other = context.new_page(), context.new_page()
    played.show(page)
    other.goto(f"{played.url}/")
    page.focus("#tracking")
    to_face(page, played)
    wait_for(other, "face")
    page.click(".person summary")
    page.fill(".person #staff", OTHER)
    page.fill(".person #pin", PIN)
    page.press(".person #pin", "Enter")
    for window in (page, other):
        window.wait_for_selector(f".person strong:text-is('{OTHER}')")
        wait_for(window, "face")
    context.close()
