"""What the pages answer without a browser: forms without scripts, papers, strangers' requests, broken ones."""

import httpx2
import pytest
from books import NORWEGIAN, SOMEBODY_ELSE, TRACKING
from clerks import client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from played import Played

from stillscan.errors import InputError
from stillscan.guidance import page_texts
from stillscan.web.answers import ANSWERS
from stillscan.web.server import PageServer


class Window:
    """A browser without scripts: it sends forms and is led back to the page."""

    def __init__(self, played: Played) -> None:
        self.played = played
        self.client = client(played.program, played.browsers)

    def send(self, name: str, **fields: str) -> httpx2.Response:
        turn = str(self.played.counter.visit.turn)
        form = {"turn": turn, "boot": self.played.counter.boot, **fields}
        return self.client.post(f"/{name}", data=form)


@pytest.fixture
def window() -> Window:
    return Window(Played())


def test_a_check_without_scripts(window: Window) -> None:
    assert window.send("tracking", tracking="rr 123 456 785 no").status_code == 200
    window.played.read(NORWEGIAN)
    page = window.send("face", same_person="yes")
    assert "verdict release" in page.text
    assert page.url == "http://127.0.0.1/"
    assert window.send("next").status_code == 200
    assert window.played.counter.visit.step == "tracking"


@pytest.mark.slow
def test_what_was_mistyped_comes_back_with_a_note(window: Window) -> None:
    for number in ("", "hello", "<script>alert(1)</script>", "RR000000080NO", "x" * 5000, "\u202e123", "' OR 1=1 --"):
        answer = window.send("tracking", tracking=number)
        assert answer.status_code in (409, 413, 422)
        assert "<script>alert" not in answer.text
        assert window.played.counter.visit.step == "tracking"


def test_a_name_with_markup_is_shown_as_text(window: Window) -> None:
    letter = window.played.book.letters[TRACKING]
    name = "<img src=x onerror=alert(1)> Østenbyen"
    window.played.book.letters[TRACKING] = type(letter)(TRACKING, name, letter.deadline, released=False)
    window.send("tracking", tracking=TRACKING)
    page = window.client.get("/").text
    assert "<img" not in page
    assert "&lt;img" in page


@pytest.mark.slow
def test_only_the_two_buttons_answer_the_question_about_the_face(window: Window) -> None:
    window.send("tracking", tracking=TRACKING)
    window.played.read(NORWEGIAN)
    for answer in ("", "YES", "true", "1"):
        assert window.send("face", same_person=answer).status_code == 409
    assert window.send("face").status_code == 409
    assert window.played.book.finished == []


@pytest.mark.parametrize(
    "change", [{"turn": "-1"}, {"turn": ""}, {"turn": "x"}, {"turn": "99"}, {"boot": "00"}, {"boot": ""}]
)
def test_an_answer_to_another_question_changes_nothing(window: Window, change: dict[str, str]) -> None:
    assert window.send("tracking", tracking=TRACKING, **change).status_code == 409
    assert window.played.counter.visit.step == "tracking"


def test_another_site_and_another_name_are_refused(window: Window) -> None:
    form = {"turn": "0", "boot": window.played.counter.boot, "tracking": TRACKING}
    assert window.client.post("/tracking", data=form, headers={"Origin": "http://evil.example"}).status_code == 403
    assert window.client.post("/tracking", data=form, headers={"Origin": "null"}).status_code == 403
    assert window.client.get("/", headers={"Host": "evil.example"}).status_code == 400
    assert window.client.post("/tracking", data=form, headers={"Origin": "http://127.0.0.1"}).status_code == 200


@pytest.mark.slow
def test_every_answer_is_sealed(window: Window) -> None:
    for path in ("/", "/customer", "/static/page.css", "/nothing-here"):
        headers = window.client.get(path).headers
        assert "default-src 'self'" in headers["Content-Security-Policy"]
        assert headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", [*ANSWERS, "draft", "wiped", "signout"])
def test_the_address_of_a_form_leads_to_where_it_stands(window: Window, path: str) -> None:
    """A bookmark, Enter in the address bar, or a page that is loaded anew without its form: nothing is answered."""
    led = window.client.get(f"/{path}", follow_redirects=False)
    assert (led.status_code, led.headers["Location"]) == (303, "/")
    assert window.played.counter.visit.turn == 0


@pytest.mark.parametrize("language", ["nb", "nn", "en"])
def test_a_page_that_is_not_there_is_said_in_the_language_of_the_page(window: Window, language: str) -> None:
    window.client.get(f"/?language={language}")
    for answer in (window.client.get("/nothing-here"), window.client.get("/static/no.css"), window.client.post("/")):
        assert answer.status_code in (404, 405)
        assert answer.text == page_texts(language)["no_such_page"]


@pytest.mark.slow
def test_papers_only_after_a_check_that_was_not_a_release(window: Window) -> None:
    assert window.client.get("/paper/refund.txt").status_code == 404
    window.send("tracking", tracking=TRACKING)
    assert window.client.get("/paper/refund.txt").status_code == 404
    window.played.read(SOMEBODY_ELSE)
    assert "A-1" in window.client.get("/paper/refund.txt").text
    assert window.client.get("/paper/support.eml").headers["Content-Type"] == "message/rfc822"
    assert "<pre>" in window.client.get("/paper/deadline.html?language=nn").text
    for path in ("/paper/refund.exe", "/paper/other.txt", "/paper/..%2f.txt"):
        assert window.client.get(path).status_code == 404


def test_every_language_and_any_other(window: Window) -> None:
    titles = {language: window.client.get(f"/?language={language}").text for language in ("nb", "nn", "en")}
    assert len(set(titles.values())) == 3
    assert 'lang="en"' in window.client.get("/").text  # the last one chosen
    assert 'lang="en"' in window.client.get("/?language=../../etc").text


def test_a_port_that_is_taken_is_one_plain_error() -> None:
    with Played() as one:
        port = int(one.url.rpartition(":")[2])
        with (
            pytest.raises(InputError, match=r"cannot be served.*uses this port; --page names another"),
            PageServer(one.program, port),
        ):
            pass


@pytest.mark.slow
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(["tracking", "second", "face", "end", "next"]),
    body=st.binary(max_size=300)
    | st.dictionaries(
        st.sampled_from(["turn", "boot", "tracking", "number", "again", "same_person"]), st.text(max_size=30)
    )
    .map(str)
    .map(str.encode),
)
def test_no_body_does_any_harm(window: Window, name: str, body: bytes) -> None:
    answer = window.client.post(f"/{name}", content=body)
    assert answer.status_code in (200, 409, 422)
    assert window.played.book.finished == []


@pytest.mark.slow
def test_another_document_on_the_glass_is_asked_about_and_changes_nothing(window: Window) -> None:
    """Trials 2.8, as a window without scripts sees it."""
    window.send("tracking", tracking=TRACKING)
    window.played.read(NORWEGIAN)
    assert "OESTENBYEN" in window.client.get("/?language=en").text
    window.played.read(SOMEBODY_ELSE)
    shown = window.client.get("/?language=en").text
    assert 'name="counts"' in shown
    assert 'name="same_person"' not in shown
    assert "OESTENBYEN" not in shown
    assert window.send("face", same_person="yes").status_code == 409
    assert window.send("document", counts="perhaps").status_code == 409
    assert window.send("document", counts="read").status_code == 200
    assert window.send("face", same_person="yes").status_code == 200
    assert [ruling.verdict for ruling in window.played.book.finished] == ["release"]
