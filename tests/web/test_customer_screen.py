"""The customer's screen: one state, one picture, few words in the customer's language, and nothing personal."""

import pytest
from books import NORWEGIAN, TRACKING
from played import Played
from test_page import T, accessible, to_face

from stillscan.guidance.customers import customer_languages, customer_texts
from tests.covering import WHOLE

pytestmark = pytest.mark.process


def test_the_customer_sees_the_state_and_nothing_personal(page, browser, played: Played) -> None:
    customer = browser.new_page()
    customer.goto(f"{played.url}/customer?language=en")
    accessible(customer)
    page.focus("#tracking")
    to_face(page, played)
    customer.wait_for_selector("[data-shown=face]")
    assert customer.inner_text("h1") == customer_texts("en")["face"]
    accessible(customer)
    shown = customer.content()
    assert not any(word in shown for word in ("Østenbyen", "OESTENBYEN", TRACKING, "ZZZ000001"))
    page.click(f"text={T['face_no']}")
    customer.wait_for_selector("[data-shown=refuse]")
    accessible(customer)
    customer.close()


@pytest.mark.parametrize("language", customer_languages())
def test_the_customer_s_screen_says_one_thing_at_a_time(browser, played: Played, language: str) -> None:
    customer = browser.new_page(viewport={"width": 800, "height": 600})
    customer.clock.install()  # a sentence stays long enough to be read: here at once
    customer.goto(f"{played.url}/customer?language={language}")
    texts = customer_texts(language)

    def shows(name: str) -> None:
        customer.clock.fast_forward(2_000)
        customer.wait_for_selector(f"[data-shown={name}]")
        assert customer.locator("h1").count() == 1
        assert customer.inner_text("main").strip() == texts[name]
        assert customer.locator(".pictogram").count() == 1
        assert customer.evaluate("document.documentElement.scrollWidth <= innerWidth")

    shows("wait")
    if WHOLE or language in (
        "en",
        "ar",
    ):  # one of each direction; test_matrix.py shows axe all states, languages in turn
        accessible(customer)
    played.counter.answer(lambda visit: visit.enter(TRACKING, visit.turn))
    shows("lay")
    played.place()
    played.scan(10)
    shows("hold")
    played.slip()
    shows("moved")
    played.read(NORWEGIAN)
    shows("face")
    assert customer.get_attribute("html", "dir") == ("rtl" if language == "ar" else "ltr")
    customer.close()
