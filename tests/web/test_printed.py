"""Papers as they come out of a printer, and what windows are called: in a real browser."""

import itertools
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from axe import violations
from books import NORWEGIAN, SOMEBODY_ELSE, SWEDISH, TRACKING
from matrix_states import LONG, OFFICE, anew
from played import Played
from test_page import T, until

from stillscan.counter.visit import Recorded
from stillscan.guidance import languages, page_texts
from stillscan.guidance.papers import KINDS, kinds_for
from stillscan.verify.ruling import OK, REASONS, VERDICTS

pytestmark = pytest.mark.process


def sheets(page) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True)))


def of_kind(kind: str, verdict: str) -> tuple[str, ...]:
    """All reasons after which it is offered."""
    reasons = (OK,) if verdict == "release" else REASONS
    return tuple(reason for reason in reasons if kind in kinds_for(verdict, (reason,)))


@pytest.mark.slow
@pytest.mark.parametrize("language", languages())
def test_every_paper_prints_on_one_sheet(page, played: Played, language: str) -> None:
    """Also with every reason that it can have, a long name of the office, and a long number of the order."""
    played.counter.office = OFFICE * 2
    seen = set()
    for kind, verdict in itertools.product(KINDS, VERDICTS):
        reasons = of_kind(kind, verdict)
        if not reasons:
            continue
        anew(played)
        visit = played.counter.visit
        visit.letter, visit.verdict = replace(LONG, order="A-" * 40), Recorded(verdict, reasons, "skranke-3-104711")
        answer = page.goto(f"{played.url}/paper/{kind}.html?language={language}")
        assert answer.status == 200, (verdict, kind)
        assert page.get_attribute("html", "lang") == language
        assert sheets(page) == 1, (verdict, kind)
        assert violations(page) == []
        seen.add(kind)
    assert seen == set(KINDS)


def test_a_paper_is_to_be_had_in_the_customer_s_language_in_all_its_forms(page, played: Played) -> None:
    """The clerk's page stays in the clerk's."""
    anew(played)
    visit = played.counter.visit
    visit.letter, visit.verdict = LONG, Recorded("refuse", ("document_expired",), "k1-17")
    page.goto(f"{played.url}/?language=nb")
    with page.context.expect_page() as opened:
        page.click(f"text={page_texts('nb')['as_page']}")
    paper = opened.value
    paper.click("text=English")
    assert page_texts("en")["this_paper"] in paper.inner_text("nav")
    hrefs = [one.get_attribute("href") for one in paper.query_selector_all("nav span a")]
    assert [href.partition("?")[0] for href in hrefs] == ["/paper/deadline.eml", "/paper/deadline.txt"]
    for href in hrefs:
        assert T["paper_deadline"].split()[0] in paper.request.get(played.url + href).text()
    assert paper.title().startswith(T["test_mode"])
    page.reload()
    assert page.get_attribute("html", "lang") == "nb"


def test_the_window_is_called_what_is_asked_there(page, played: Played) -> None:
    """Also when an event has changed it, and with nothing about the person."""

    def serve() -> None:
        played.counter.serve(TRACKING, played.counter.visit.turn)

    def called(key: str, *acts: Callable[[], object]) -> None:
        for act in acts:
            act()
        until(page, "document.title", f"{T[key]} · stillscan")
        page.reload()
        assert page.title() == f"{T[key]} · stillscan"

    called("step_tracking")
    called("step_scan", serve)
    called("step_second", lambda: played.read(SWEDISH))
    called("step_face", lambda: anew(played), serve, lambda: played.read(NORWEGIAN))
    called("other_title", lambda: played.read(SOMEBODY_ELSE))
    called("verdict_compare_by_hand", lambda: played.counter.answer(lambda visit: visit.end(visit.turn)))
    page.goto(f"{played.url}/signin")
    assert page.title() == f"{T['step_signin']} · stillscan"
