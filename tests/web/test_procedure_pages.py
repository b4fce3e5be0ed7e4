"""Guided procedures on the technician's page: in a browser without scripts, after a restart, and with bad input."""

from __future__ import annotations

import hashlib
import re

import pytest
from axe import in_turn
from clerks import CLERK, SUPERVISOR, TECHNICIAN, client
from held import Held
from starlette.testclient import TestClient
from test_page import accessible

from stillscan.guidance import languages, service_texts
from stillscan.guidance.technicians import technician_words
from stillscan.technician.procedures.closing import close
from stillscan.technician.procedures.run import load
from stillscan.technician.procedures.table import find, plain, procedures
from tests.covering import WHOLE
from tests.technician.short_looks import shorten

pytestmark = pytest.mark.slow

EN = service_texts("en")
CLEANING = "/service/procedure/cleaning"
SOUNDER = "/service/procedure/replace-sounder"


def measured(page, held: Held) -> None:
    """The step that is shown, by the scanner."""
    page.click(f"button:text-is('{EN['procedure_measure']}')")
    held.job_done()
    if page.locator("#going-on").count():
        page.click("#going-on a")
    assert EN["procedure_passed"] in page.inner_text("#outcome")
    page.click(f"a:text-is('{EN['procedure_on']}')")


@pytest.mark.process
@pytest.mark.slow
def test_a_cleaning_without_scripts_on_a_phone_to_its_signed_report(browser, monkeypatch) -> None:
    if not WHOLE:
        shorten(monkeypatch)
    with Held() as held:
        context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 800})
        page = context.new_page()
        held.show(page, TECHNICIAN)
        page.goto(f"{held.url}/service?language=en")
        page.click("#procedures ~ ul a:text-is('Cleaning')")
        page.click(f"button:text-is('{EN['procedure_begin']}')")
        measured(page, held)
        page.click(f"button:text-is('{EN['procedure_done']}')")
        page.click(f"a:text-is('{EN['procedure_on']}')")
        page.click("summary:text-is('Leave this step out')")
        page.fill("#reason", "no cloth")
        page.click(f"button:text-is('{EN['procedure_skip']}')")
        assert "no cloth" in page.inner_text("#outcome")
        page.goto(f"{held.url}{CLEANING}")
        assert EN["procedure_step"].format(number=4, count=6) in page.inner_text("main"), "it goes on where it was"
        page.click(f"button:text-is('{EN['procedure_done']}')")
        page.click(f"a:text-is('{EN['procedure_on']}')")
        measured(page, held)
        measured(page, held)
        assert EN["procedure_passed_with_skips"] in page.inner_text("main")
        page.click(f"button:text-is('{EN['procedure_sign']}')")
        (done,) = held.signed
        assert (done.procedure, done.outcome, done.staff, done.test) == (
            "cleaning",
            "passed_with_skips",
            TECHNICIAN,
            True,
        )
        for ending, digest in done.digests.items():
            with page.expect_download() as begun:
                page.click(f"#procedures ~ div a:has-text('{ending.upper()}')")
            assert hashlib.sha256(begun.value.path().read_bytes()).hexdigest() == digest
        context.close()


@pytest.mark.process
@pytest.mark.slow
def test_every_kind_of_step_is_accessible_on_a_phone(browser) -> None:
    with Held(scanner=False) as held:
        window = client(held.program, held.browsers, TECHNICIAN)
        window.post("/service/procedure/acceptance", data={"do": "begin"})
        page = browser.new_page(viewport={"width": 390, "height": 800})
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        held.show(page, TECHNICIAN)
        kinds = set()
        for step in find("acceptance").steps:
            if step.by not in kinds:
                kinds.add(step.by)
                language = languages()[len(kinds) % len(languages())]
                page.goto(f"{held.url}/service/procedure/acceptance?language={language}")
                assert technician_words(language)(plain(step.what)) in page.inner_text("h2")
                assert page.evaluate("document.documentElement.scrollWidth") <= 390, step.id
                if step.picture:
                    assert page.evaluate("document.querySelector('.look').naturalWidth") > 100
                accessible(page)
            answered(window, "acceptance", step.id, do="skip", reason="not now")
        assert {"confirm", "ask", "test", "calibrate", "card"} <= kinds
        for language in languages():
            look = in_turn(language, states=3)
            page.goto(f"{held.url}/service/procedure/acceptance?language={language}")
            look(page)
            page.goto(f"{held.url}/service/procedure/acceptance?step=no-short")
            look(page)
            page.goto(f"{held.url}/service/procedure/yearly")
            look(page)
        page.close()
        assert errors == []


# --- without a browser ------------------------------------------------------------------------------------------------


@pytest.fixture
def alone() -> Held:
    return Held(scanner=False)


@pytest.fixture
def window(alone: Held) -> TestClient:
    return client(alone.program, alone.browsers, TECHNICIAN)


def answered(window: TestClient, name: str, step: str, **form: str) -> None:
    """An answer that is taken."""
    answer = window.post(f"/service/procedure/{name}", data={"step": step, **form}, follow_redirects=False)
    assert (answer.status_code, answer.headers.get("Location")) == (303, f"/service/procedure/{name}?step={step}")


def test_a_run_outlives_the_program(alone: Held, window: TestClient) -> None:
    window.post(SOUNDER, data={"do": "begin"})
    first, *_ = find("replace-sounder").steps
    answered(window, "replace-sounder", first.id, do="done")
    found = alone.guided().run(find("replace-sounder"))
    assert found is not None
    assert list(found.found) == [first.id]
    assert found.found[first.id].by == TECHNICIAN


def test_a_step_and_what_it_came_to_are_in_the_language_of_the_page(alone: Held, window: TestClient) -> None:
    begun = window.post("/service/procedure/acceptance?language=nb", data={"do": "begin"}).text
    assert "ingen kortslutning" in begun
    answered(window, "acceptance", "no-short", do="no")
    shown = window.get("/service/procedure/acceptance?step=no-short&language=nb").text
    assert '<span lang="nb">forventet: mer enn 100 ohm, stigende mens kondensatorene lades; bestill: ' in shown
    asked = window.get("/service/procedure/acceptance?language=nn").text
    assert "VBUS på kontrollaren (V)" in asked
    answered(window, "acceptance", "supplies", do="values", value0="12,1", value1="4.1", value2="0")
    shown = window.get("/service/procedure/acceptance?step=supplies&language=nn").text
    assert "5 V: 4,1 V (4,85 til 5,15), ikkje som det skal vere" in shown
    for text in (begun, shown):
        assert 'lang="en"' not in text.partition("<main")[2]
    picture = window.get("/service/picture/supplies.svg?language=nn").text
    assert "5 V etter omformaren" in picture
    assert "behind" not in picture


def test_a_report_is_in_the_language_of_whoever_signs_it_and_stays_so(alone: Held, window: TestClient) -> None:
    window.post(SOUNDER, data={"do": "begin"})
    for step in find("replace-sounder").steps:
        answered(window, "replace-sounder", step.id, do="skip", reason="ingen tid")
    window.post(f"{SOUNDER}?language=nn", data={"do": "sign"})
    (done,) = alone.signed
    (closed,) = alone.guided().closed()
    page = window.get(f"/service/report/{closed.id}.html").content
    assert hashlib.sha256(page).hexdigest() == done.digests["html"]
    told = page.decode()
    assert '<html lang="nn">' in told
    for text in ("Byte av ein del: s", "bestått, med steg som er hoppa over", "hoppa over: ingen tid", "tonar"):
        assert text in told
    words = re.sub("<style>.*?</style>|<[^>]*>", " ", told, flags=re.DOTALL)
    assert not re.search(r"\b(expected|left out|skipped|not known|outcome)\b", words)
    run = load(alone.folder / closed.id)
    close(run, None, lambda _: 0, "nn")
    assert run.language == "nn"


def test_a_step_that_failed_is_told_repeated_or_left_out(alone: Held, window: TestClient) -> None:
    window.post("/service/procedure/acceptance", data={"do": "begin"})
    answered(window, "acceptance", "no-short", do="no")
    shown = window.get("/service/procedure/acceptance?step=no-short&language=en").text
    assert EN["procedure_failed"] in shown
    assert "order:" in shown
    assert "?again=no-short" in shown
    answered(window, "acceptance", "no-short", do="yes")
    answered(window, "acceptance", "supplies", do="values", value0="12,1", value1="4.1", value2="0")
    shown = window.get("/service/procedure/acceptance?step=supplies&language=en").text
    assert "4.1 V (4.85 to 5.15), not as it has to be" in shown
    answered(window, "acceptance", "supplies", do="skip", reason="the meter is at the workshop")
    run = alone.guided().run(find("acceptance"))
    assert run is not None
    assert [(one.outcome, one.times, len(one.values)) for one in run.found.values()] == [
        ("passed", 2, 0),
        ("skipped", 2, 3),
    ]


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"step": "no-short", "do": "values", "value0": "1"}, 422),
        ({"step": "no-short", "do": "done"}, 422),
        ({"step": "no-short", "do": ""}, 422),
        ({"step": "no-short"}, 422),
        ({"step": "no-short", "do": "skip"}, 422),
        ({"step": "no-short", "do": "skip", "reason": " "}, 422),
        ({"step": "no-short", "do": "skip", "reason": "x" * 201}, 422),
        ({"step": "no-short", "do": "skip", "reason": "a\nb"}, 422),
        ({"step": "no-short", "do": "measure"}, 422),
        ({"step": "supplies", "do": "values", "value0": "12", "value1": "5", "value2": "0"}, 409),  # not yet
        ({"step": "nothing", "do": "yes"}, 409),
        ({"do": "yes"}, 409),
        ({"do": "sign"}, 409),  # not finished
    ],
)
def test_what_is_no_answer_changes_nothing(alone: Held, window: TestClient, form: dict[str, str], status: int) -> None:
    window.post("/service/procedure/acceptance", data={"do": "begin"})
    answer = window.post("/service/procedure/acceptance", data=form)
    assert answer.status_code == status
    assert 'class="problem"' in answer.text
    run = alone.guided().run(find("acceptance"))
    assert run is not None
    assert run.found == {}
    assert alone.signed == []


@pytest.mark.parametrize("values", [("12", "5", ""), ("12", "5", "nan"), ("12", "5", "1e99"), ("12", "5", "\u0663 V")])
def test_values_are_numbers(alone: Held, window: TestClient, values: tuple[str, ...]) -> None:
    window.post("/service/procedure/acceptance", data={"do": "begin"})
    answered(window, "acceptance", "no-short", do="yes")
    named = {f"value{number}": value for number, value in enumerate(values)}
    answer = window.post("/service/procedure/acceptance", data={"step": "supplies", "do": "values", **named})
    assert answer.status_code == 422


def test_what_the_scanner_shows_is_judged_when_it_was_shown(alone: Held, window: TestClient) -> None:
    """Without a scanner nothing was, and the page says why."""
    window.post(SOUNDER, data={"do": "begin"})
    steps = find("replace-sounder").steps
    for step in steps:
        if step.by != "beeper":
            answered(window, "replace-sounder", step.id, do="skip", reason="not now")
            continue
        assert window.post(SOUNDER, data={"step": step.id, "do": "yes"}).status_code == 422
        window.post(SOUNDER, data={"step": step.id, "do": "measure"})
        alone.job_done()
        shown = window.get(f"{SOUNDER}?again={step.id}&language=en").text
        assert "no scanner" in shown
        assert EN["procedure_as_expected"] not in shown
        assert window.post(SOUNDER, data={"step": step.id, "do": "yes"}).status_code == 422
        break
    else:
        pytest.fail("the sounder is not tried")


def test_what_is_not_there(alone: Held, window: TestClient) -> None:
    for path in (
        "/service/procedure/nothing",
        "/service/picture/nothing.svg",
        "/service/report/nothing.html",
        "/service/report/..%2Frun.json",
        "/service/report/cleaning-20260101-101010.json",
    ):
        answer = window.get(path, follow_redirects=False)
        assert answer.status_code in (303, 404), path
    window.post(CLEANING, data={"do": "begin"})
    (folder,) = alone.folder.iterdir()
    assert window.get(f"/service/report/{folder.name}.html", follow_redirects=False).status_code == 303, "not closed"
    (folder / "run.json").write_text("{")
    answer = window.get(CLEANING)
    assert answer.status_code == 409
    assert "damaged" in answer.text
    assert window.get("/service").status_code == 200


def test_only_technicians_see_them(alone: Held) -> None:
    paths = (CLEANING, "/service/picture/glass.svg", "/service/report/x.html")
    for staff in (CLERK, SUPERVISOR):
        other = client(alone.program, alone.browsers, staff)
        assert [other.get(path).status_code for path in paths] == [403] * 3
        assert other.post(CLEANING, data={"do": "begin"}).status_code == 403
    assert list(alone.folder.iterdir()) == []


def test_every_procedure_is_offered_and_has_its_page(window: TestClient) -> None:
    listed = window.get("/service").text
    for name in procedures():
        assert f'href="/service/procedure/{name}"' in listed
        assert window.get(f"/service/procedure/{name}").status_code == 200
