"""The customer's screen: one state, one picture, few words in the customer's language, and nothing personal."""

import pytest
from books import NORWEGIAN, TRACKING
from clerks import client
from played import Played
from test_page import T, accessible, to_face, until

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


def sees(customer, name: str) -> None:
    """In a window whose clock goes as fast as the test wants."""
    customer.clock.fast_forward(2_000)
    customer.wait_for_selector(f"[data-shown={name}]")


def test_a_choice_of_language_is_of_one_customer(browser, played: Played) -> None:
    """It lasts through the visit, also when it is made before the letter is known, and not into the next one."""
    customer = browser.new_page()
    customer.clock.install()
    customer.goto(f"{played.url}/customer")
    customer.click("text=Polski")
    for act, shown in (
        (lambda: played.counter.serve(TRACKING, 0), "lay"),
        (lambda: played.read(NORWEGIAN), "face"),
        (lambda: played.counter.answer(lambda visit: visit.face(True, visit.turn)), "release"),
    ):
        act()
        sees(customer, shown)
        assert customer.inner_text("h1") == customer_texts("pl")[shown]
    played.counter.begin_anew(played.counter.visit.turn)
    customer.wait_for_selector("html[lang=nb]", state="attached")
    sees(customer, "wait")
    customer.close()


HEARD = """window.heard = []
window.EventSource = class extends EventSource {
  constructor(...where) {
    super(...where)
    this.addEventListener('panel', (event) => heard.push(JSON.parse(event.data).turn.split('-')[1]))
  }
}"""


def test_what_is_taken_back_before_it_was_said_is_not_said_and_a_step_waits_for_nobody(browser, played: Played) -> None:
    """In a window whose clock stands: a passport that slid and lies still again left "moved" on the screen for good."""
    customer = browser.new_page()
    customer.clock.install(time=0)
    customer.add_init_script(HEARD)
    customer.goto(f"{played.url}/customer?language=en")
    customer.clock.pause_at(60_000)
    played.counter.serve(TRACKING, played.counter.visit.turn)
    sees(customer, "lay")
    customer.clock.fast_forward(2_000)
    played.place()
    played.scan(10)
    customer.wait_for_selector("[data-shown=hold]")
    played.slip()
    until(customer, "window.heard.at(-1)", "moved")
    played.scan(20)
    until(customer, "window.heard.at(-1)", "hold")
    customer.clock.fast_forward(2_000)
    assert customer.inner_text("h1") == customer_texts("en")["hold"]
    played.slip()
    customer.wait_for_selector("[data-shown=moved]")
    played.read(NORWEGIAN)
    customer.wait_for_selector("[data-shown=face]")
    customer.close()


@pytest.mark.parametrize("language", ["", "?language=uk"])
def test_a_program_that_is_started_anew_shows_the_next_customer_nothing_of_the_one_before(
    browser, played: Played, language: str
) -> None:
    customer = browser.new_page()
    customer.clock.install()
    customer.goto(f"{played.url}/customer{language}")
    for _ in range(3):  # the visits before: their questions have higher numbers than those of the new program
        played.counter.serve(TRACKING, played.counter.visit.turn)
        played.counter.begin_anew(played.counter.visit.turn)
    played.counter.serve(TRACKING, played.counter.visit.turn)
    sees(customer, "lay")
    played.stop()
    with Played(port=int(played.url.rpartition(":")[2]), keys=played.keys):
        for _ in range(200):
            customer.clock.fast_forward(2_000)  # it connects anew by itself
            if customer.locator("[data-shown=wait]").count():
                break
            customer.wait_for_timeout(20)
        assert customer.inner_text("h1") == customer_texts("nb")["wait"]
        customer.close()


@pytest.mark.parametrize("language", customer_languages())
@pytest.mark.parametrize("test_mode", [True, False])
def test_in_test_mode_it_says_so_in_every_language(language: str, test_mode: bool) -> None:
    shown = client(Played(test_mode=test_mode).program).get(f"/customer?language={language}").text
    assert (customer_texts(language)["test_mode"] in shown) is test_mode
