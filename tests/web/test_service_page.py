"""The technician's page in a real browser, over a simulated scanner with the real firmware."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from books import TRACKING
from clerks import CLERK, PIN, SUPERVISOR, TECHNICIAN, Clock, client
from held import SECRET, Held
from starlette.testclient import TestClient
from test_page import accessible, until

from stillscan.guidance import languages, page_texts, service_texts
from stillscan.guidance.technicians import technician_words
from stillscan.technician.live import Live
from stillscan.technician.procedures.table import find
from stillscan.technician.room import Job
from stillscan.technician.tasks import TASKS
from stillscan.web import scanner_port
from stillscan.web.seldom import Seldom

pytestmark = pytest.mark.slow

NOW = datetime(2026, 11, 29, 10, 30, tzinfo=UTC)
LOOK = {
    "spots": [
        {"x_mm": 40.0, "y_mm": 12.0, "size_mm": 1.5, "kind": "spot", "where": "glass", "hurts": 1.0},
        {"x_mm": 70.0, "y_mm": 1.0, "size_mm": 0.3, "kind": "haze", "where": "strip", "hurts": 0.0},
        {"x_mm": 90.0, "y_mm": 0.0, "size_mm": 0.4, "kind": "streak", "where": "sensor", "hurts": 0.2},
    ],
    "verdict": "wipe the glass",
}
_PART = {"part": "lamp", "measurement": "infrared level", "unit": "LSB", "low": 60.0, "high": None}
TEST = {
    "parts": [
        {**_PART, "value": 20.5, "ok": False, "advice": "the lamp has lost half of its light; check: its plug"},
        {**_PART, "value": None, "ok": False, "advice": "not measured: no_answer"},
        {**_PART, "value": 90.0, "ok": True, "advice": None},
    ]
}


CUT = """[...document.querySelectorAll('.wide')].filter((one) => one.scrollWidth > one.clientWidth)
    .map((one) => one.getAttribute('aria-label'))"""


def signed(window: TestClient) -> None:
    """A report that is there to be fetched."""
    address = "/service/procedure/replace-sounder"
    window.post(address, data={"do": "begin"})
    for step in find("replace-sounder").steps:
        window.post(address, data={"do": "skip", "step": step.id, "reason": "ingen tid"})
    window.post(address, data={"do": "sign"})


@pytest.fixture
def held() -> Iterator[Held]:
    with Held() as one:
        yield one


def done(held: Held) -> None:
    """Tasks that have ended."""
    held.room.jobs["look"] = Job("look", "tor", NOW, result=LOOK)
    held.glass.looked(LOOK["spots"])
    held.room.jobs["test"] = Job("test", "tor", NOW, result=TEST)
    held.room.jobs["recover"] = Job("recover", "tor", NOW, result={"was": "fault", "state": "fault", "fault": "lamp"})
    held.room.jobs["calibrate"] = Job("calibrate", "tor", NOW, trouble="not now")


@pytest.mark.process
@pytest.mark.slow
def test_it_is_accessible_on_a_screen_and_on_a_phone(browser, held: Held) -> None:
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    held.show(page, TECHNICIAN)
    done(held)
    signed(client(held.program, held.browsers, TECHNICIAN))
    for language in languages():
        texts = service_texts(language)
        page.set_viewport_size({"width": 360, "height": 740})
        page.goto(f"{held.url}/service?language={language}")
        assert texts["test_failed"].format(failed=2, count=3) in page.inner_text("main")
        assert texts["verdict_glass"] in page.inner_text("main")
        assert page.locator("svg.glass circle").count() == 3
        assert page.locator("svg.glass circle.hurts").count() == 1
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, "nothing sticks out to the right"
        assert page.evaluate(CUT) == [], "no table is cut off"
        assert texts["report_entry"].format(number=1) in page.inner_text("main")
        assert re.search(rf"40; 12\s+1{re.escape(page_texts(language)['decimal_mark'])}5\s", page.inner_text("main"))
        assert technician_words(language)("not paired") in page.inner_text("main")
        accessible(page)
    page.set_viewport_size({"width": 1200, "height": 900})
    accessible(page)
    assert {"dwell", "slip"} <= set(page.inner_text(".settings").split())
    page.close()


@pytest.mark.process
@pytest.mark.slow
def test_the_live_line_ends_when_a_document_is_laid_down(browser, held: Held) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 800})
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    held.room.live = Live(held.room.at, clock=lambda: 0.0)  # nobody is taken for gone while the page is examined
    held.show(page, TECHNICIAN)
    page.goto(f"{held.url}/service")
    page.click(f"button:text-is('{service_texts('en')['live_begin']}')")
    until(page, "document.querySelectorAll('#line polyline')[0]?.points.length", 246)
    until(page, "document.querySelectorAll('#g polyline').length", 3)
    assert held.room.live.ask()["line"][100] > 100, "the white strip"
    accessible(page)
    held.lay()
    page.wait_for_selector("#live-over:not([hidden])")
    assert "on the glass" in page.inner_text("#live-over")
    assert held.room.live.ask()["line"] == []
    assert page.locator("#scope").is_hidden()
    page.close()
    assert errors == []


@pytest.mark.process
@pytest.mark.slow
def test_a_setting_is_changed_and_put_back_and_a_task_done_without_scripts(browser, held: Held) -> None:
    texts = service_texts("en")
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    held.show(page, TECHNICIAN)
    page.click(f"text={page_texts('en')['to_service']}")
    page.fill("#set-dwell", "1")
    page.press("#set-dwell", "Enter")
    assert texts["setting_wrong"].format(name="dwell") in page.inner_text("#problem")
    assert page.get_attribute("#set-dwell", "aria-invalid") == "true"
    page.fill("#set-dwell", "300")
    page.press("#set-dwell", "Enter")
    assert texts["setting_done"].format(name="dwell") in page.inner_text("#done")
    assert page.input_value("#set-dwell") == "300"
    assert texts["setting_former"].format(former=150) in page.inner_text("#range-dwell")
    page.click(f"button:has-text('{texts['setting_back']} dwell')")
    assert page.input_value("#set-dwell") == "150"
    page.click(f"button:text-is('{texts['task_calibrate']}')")
    held.job_done()
    page.reload()
    assert texts["calibrated_ok"] in page.inner_text(".tasks")
    context.close()


@pytest.mark.process
@pytest.mark.slow
def test_while_somebody_is_served_it_says_so_and_touches_nothing(browser, held: Held) -> None:
    texts = service_texts("en")
    held.counter.answer(lambda visit: visit.enter(TRACKING, visit.turn))
    page = browser.new_page()
    held.show(page, TECHNICIAN)
    page.goto(f"{held.url}/service")
    assert "dwell" in page.inner_text("main"), "who only asks disturbs nobody"
    assert TRACKING not in page.content()
    assert "Åse" not in page.content()
    page.fill("#set-dwell", "300")
    page.press("#set-dwell", "Enter")
    page.wait_for_selector("#problem")
    assert "somebody is being served" in page.inner_text("#problem")
    page.click(f"button:text-is('{texts['task_look']}')")
    page.wait_for_selector(".tasks .problem")
    assert "somebody is being served" in page.inner_text(".tasks .problem")
    assert held.relay.former == {}
    page.close()


@pytest.mark.process
@pytest.mark.slow
def test_the_clerk_is_asked_to_wipe_and_sees_what_came_of_it(browser) -> None:
    with Held(scanner=False) as held:
        held.glass.looked(LOOK["spots"])
        for language in languages():
            texts = page_texts(language)
            page = browser.new_page()
            held.show(page, CLERK, language)
            assert texts["wipe_here"] in page.inner_text(".wipe")
            assert page.locator(".wipe circle.hurts").count() == 1, "what hurts, and can be reached"
            accessible(page)
            if language == "en":
                page.click(f"button:text-is('{texts['wipe_done']}')")
                until(page, "document.querySelector('.wipe [role=status]')?.textContent", texts["wipe_looking"])
                page.fill("#tracking", "RR12")
                held.glass.looked([])
                held.counter.changed()
                better = texts["wipe_improved"].format(before=1, after=0)
                until(page, "document.querySelector('.wipe [role=status]')?.textContent", better)
                assert page.input_value("#tracking") == "RR12", "nothing that was typed is lost"
                accessible(page)
                held.glass.looked(LOOK["spots"])
                held.glass.improved = None
            page.close()


@pytest.mark.process
def test_what_it_shows_goes_when_the_session_is_over(browser) -> None:
    clock = Clock()
    with Held(scanner=False, clock=clock) as held:
        page = browser.new_page()
        held.show(page, TECHNICIAN)
        page.goto(f"{held.url}/service")
        page.wait_for_selector("#tasks")
        clock.now_s += held.sessions.lock_s
        held.place()
        page.wait_for_selector("main #staff")
        page.close()


# --- who may ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def alone() -> Held:
    """Nobody has plugged a scanner in, and nothing is served on a port."""
    return Held(scanner=False)


PATHS = ("/service", "/service/now", "/service/nothing")


@pytest.mark.slow
def test_only_technicians_see_it(alone: Held) -> None:
    for staff in (CLERK, SUPERVISOR):
        window = client(alone.program, alone.browsers, staff)
        for path in PATHS:
            assert window.get(path).status_code == 403
        for path in ("task", "live", "settings"):
            assert window.post(f"/service/{path}", data={"task": "test", "on": "yes"}).status_code == 403
    for window in (client(alone.program, alone.browsers, None), client(alone.program)):
        assert window.get("/service", follow_redirects=False).headers["Location"] == "/signin"
    technician = client(alone.program, alone.browsers, TECHNICIAN)
    assert technician.get("/letters").status_code == 403
    assert alone.room.jobs == {}


def test_without_a_scanner_it_says_so(alone: Held) -> None:
    window = client(alone.program, alone.browsers, TECHNICIAN)
    shown = window.get("/service?language=en")
    assert shown.status_code == 200
    assert service_texts("en")["nothing_yet"] in shown.text
    assert "no scanner" in shown.text


@pytest.mark.parametrize("value", ["", "x", "1.5", "٣", "99999999999", "--3", "-"])
def test_what_is_no_value_changes_nothing(alone: Held, value: str) -> None:
    window = client(alone.program, alone.browsers, TECHNICIAN)
    answer = window.post("/service/settings", data={"name": "dwell", "value": value})
    assert answer.status_code == 422


@pytest.mark.slow
def test_unknown_names_are_refused(alone: Held) -> None:
    window = client(alone.program, alone.browsers, TECHNICIAN)
    assert window.post("/service/settings", data={"name": "nothing", "value": "1"}).status_code == 422
    assert window.post("/service/task", data={"task": "flash"}).status_code == 409
    assert alone.room.jobs == {}


def test_every_task_has_its_words() -> None:
    for language in languages():
        assert {f"task_{name}{end}" for name in TASKS for end in ("", "_hint")} <= set(service_texts(language))


@pytest.mark.slow
def test_looking_on_does_not_keep_a_session_open() -> None:
    clock = Clock()
    alone = Held(scanner=False, clock=clock)
    window = client(alone.program, alone.browsers, TECHNICIAN)
    for _ in range(3):
        clock.now_s += alone.sessions.lock_s / 2
        last = window.get("/service/now", follow_redirects=False)
    assert last.headers["Location"] == "/signin"


# --- the scanner's port for a terminal --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("secret", "staff", "pin", "status"),
    [
        ("", TECHNICIAN, PIN, 403),
        ("of another note", TECHNICIAN, PIN, 403),
        (SECRET, TECHNICIAN, "0000", 401),
        (SECRET, "nobody", PIN, 401),
        (SECRET, CLERK, PIN, 403),
        (SECRET, SUPERVISOR, PIN, 403),
        (SECRET, TECHNICIAN, PIN, 409),  # there is no scanner
    ],
)
def test_who_may_have_the_port(alone: Held, secret: str, staff: str, pin: str, status: int) -> None:
    window = client(alone.program)
    headers = {"Authorization": f"Bearer {secret}"}
    answer = window.post("/service/port/open", data={"staff": staff, "pin": pin}, headers=headers)
    assert answer.status_code == status
    assert (alone.staff.tried == 0) == (secret != SECRET), "no PIN is looked at without the note"
    assert not alone.sessions.signed_in(staff)


@pytest.mark.slow
def test_who_has_no_note_fills_no_log(
    alone: Held, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Seldom(scanner_port.__name__, lambda: 0.0)  # one minute, of which no other test has used anything
    monkeypatch.setattr(scanner_port, "_SELDOM", log)
    window = client(alone.program)
    for number in range(50):
        window.post("/service/port/open", headers={"Authorization": f"Bearer {number}"})
    assert len([record for record in caplog.records if record.name == scanner_port.__name__]) == 3


@pytest.mark.parametrize("path", ["say", "close", "glass", "nothing"])
def test_without_a_seat_nothing_is_said(alone: Held, path: str) -> None:
    answer = client(alone.program).post(f"/service/port/{path}", content=b"\0\1\2\0", headers={"X-Seat": "x"})
    assert answer.status_code in (204, 404, 410)
    assert answer.status_code != 204 or path == "close"
