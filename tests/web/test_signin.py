"""Signing in: what needs it, who gets in, what ends it, and that a visit outlives it."""

from pathlib import Path

import pytest
from books import NORWEGIAN, SOMEBODY_ELSE, TRACKING
from clerks import CLERK, OTHER, PIN, SUPERVISOR, TECHNICIAN, Clock, bind, client, sign_in
from played import Played
from starlette.routing import Route
from starlette.testclient import TestClient

from stillscan.counter.counter import Counter
from stillscan.guidance import languages, page_texts
from stillscan.web import sessions as module
from stillscan.web.sessions import LOCK_MINUTES, Sessions

T = page_texts("nb")
FORMS = ("tracking", "second", "face", "end", "next", "signout", "browsers/invite", "browsers/revoke")
PAGES = ("/", "/?language=en", "/paper/refund.html", "/paper/refund.txt", "/browsers", "/nothing", "/strip.png", "/a/b",
         "/signin/", "/signin/x", "/customer/", "/customer/x", "/customer/../", "//", "/static", "/api", "/api/v1",
         "/events/", "/Events", "/docs", "/openapi.json")  # fmt: skip


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def played(clock: Clock) -> Played:
    return Played(clock=clock)


def send(one: TestClient, played: Played, name: str, **fields: str) -> int:
    form = {"turn": str(played.counter.visit.turn), "boot": played.counter.boot, **fields}
    return one.post(f"/{name}", data=form).status_code


def status(one: TestClient, path: str = "/") -> tuple[int, str | None]:
    answer = one.get(path, follow_redirects=False)
    return answer.status_code, answer.headers.get("Location")


@pytest.mark.slow
@pytest.mark.parametrize("bound", [True, False])
def test_without_a_session_nothing_is_shown_and_nothing_done(played: Played, bound: bool) -> None:
    """Whatever is asked for, there or not: the same answer. The visit holds a letter and a passport."""
    clerk = client(played.program, played.browsers)
    send(clerk, played, "tracking", tracking=TRACKING)
    played.read(NORWEGIAN)
    one = client(played.program, played.browsers if bound else None, None)
    for path in PAGES:
        answer = one.get(path, follow_redirects=False)
        assert (answer.status_code, answer.headers["Location"], answer.text) == (303, "/signin", ""), path
    for method in ("GET", "HEAD", "POST", "PUT"):
        assert one.request(method, "/events", follow_redirects=False).status_code == 401
    for form in FORMS:
        answer = one.post(f"/{form}", data={"turn": str(played.counter.visit.turn), "boot": played.counter.boot,
                                            "same_person": "yes"}, follow_redirects=False)  # fmt: skip
        assert (answer.status_code, answer.headers["Location"]) == (303, "/signin"), form
    assert played.counter.visit.step == "face"
    assert played.book.finished == []
    for path in ("/signin", "/customer", "/static/page.css"):
        assert one.get(path).status_code == 200
        assert not any(
            word in one.get(path).text for word in ("Østenbyen", TRACKING, played.counter.boot) if path != "/signin"
        )


@pytest.mark.slow
def test_every_route_is_behind_the_gate_but_those_that_are_named(played: Played) -> None:
    unbound = client(played.program)
    paths = {route.path for route in played.program.routes if isinstance(route, Route)} - {"/customer/events"}
    asked = {path: unbound.get(path.format(kind="refund", form="txt"), follow_redirects=False) for path in paths}
    assert {path for path, answer in asked.items() if answer.status_code not in (303, 401)} == {"/signin", "/customer"}


@pytest.mark.slow
def test_a_browser_that_is_not_bound_tries_no_pin(played: Played) -> None:
    stranger = client(played.program)
    for _ in range(20):
        answer = stranger.post("/signin", data={"staff": CLERK, "pin": PIN})
        assert answer.status_code == 403
        assert T["not_bound"] in answer.text
    assert played.staff.tried == 0


def test_who_signs_in_sees_the_page_and_the_cookie_is_sealed_and_new_each_time(played: Played) -> None:
    one = client(played.program, played.browsers, None)
    assert 'name="staff"' in one.get("/signin").text
    cookies = set()
    for _ in range(2):
        answer = one.post("/signin", data={"staff": CLERK, "pin": PIN}, follow_redirects=False)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/")
        assert "HttpOnly" in answer.headers["Set-Cookie"]
        assert "SameSite=Strict" in answer.headers["Set-Cookie"]
        assert "Max-Age" not in answer.headers["Set-Cookie"]
        cookies.add(answer.headers["Set-Cookie"])
    assert len(cookies) == 2
    page = one.get("/").text
    assert f"<strong>{CLERK}</strong>" in page
    assert PIN not in page
    assert len(played.sessions._open) == 1, "the former session of the browser is open still"


@pytest.mark.parametrize(
    ("staff", "pin", "code", "key"),
    [
        (CLERK, "0000", 401, "signin_wrong"),
        ("nobody", PIN, 401, "signin_wrong"),
        ("", "", 401, "signin_wrong"),
        ("<script>alert(1)</script>", "'\"", 401, "signin_wrong"),
        (OTHER, PIN, 403, "signin_locked"),
        (CLERK, "wait", 429, "signin_wait"),
    ],
)
@pytest.mark.parametrize("language", languages())
def test_who_is_not_let_in_is_told_why_in_the_clerks_language(
    played: Played, staff: str, pin: str, code: int, key: str, language: str
) -> None:
    played.staff.locked.add(OTHER)
    one = client(played.program, played.browsers, None)
    one.get(f"/signin?language={language}")
    answer = one.post("/signin", data={"staff": staff, "pin": pin})
    assert answer.status_code == code
    assert page_texts(language)[key].format(seconds=8) in answer.text
    assert "<script>alert" not in answer.text
    assert answer.headers.get("Retry-After") == ("8" if code == 429 else None)
    assert status(one) == (303, "/signin")


def test_records_that_do_not_answer_let_nobody_in_and_throw_nobody_out(played: Played) -> None:
    inside, outside = client(played.program, played.browsers), client(played.program, played.browsers, None)
    played.staff.fails = "the server does not answer"
    answer = outside.post("/signin", data={"staff": CLERK, "pin": PIN})
    assert answer.status_code == 503
    assert "the server does not answer" in answer.text
    assert status(inside) == (200, None)


@pytest.mark.parametrize("body", [b"", b"staff=anna", b"\xff\xfe", b"staff=%ff&pin=%00", b"a=1&" * 20, b"{}"])
def test_forms_that_are_none_let_nobody_in(played: Played, body: bytes) -> None:
    one = client(played.program, played.browsers, None)
    assert one.post("/signin", content=body).status_code == 401


def test_a_form_that_is_too_large_is_refused(played: Played) -> None:
    one = client(played.program, played.browsers, None)
    assert one.post("/signin", content=b"staff=anna&pin=" + b"1" * 4096).status_code == 413
    assert one.post("/signin", content=iter([b"staff=anna&pin=", b"1" * 4096])).status_code == 413
    assert played.staff.tried == 0


def test_only_a_few_try_at_one_time(played: Played, monkeypatch: pytest.MonkeyPatch) -> None:
    one = client(played.program, played.browsers, None)
    monkeypatch.setattr(module, "_MOST_TRYING", 0)
    answer = one.post("/signin", data={"staff": CLERK, "pin": PIN})
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")
    assert T["signin_busy"] in answer.text
    assert played.staff.tried == 0


def test_signing_out_ends_it_and_leaves_the_visit(played: Played) -> None:
    one = client(played.program, played.browsers)
    send(one, played, "tracking", tracking=TRACKING)
    cookies = dict(one.cookies)
    assert one.post("/signout", follow_redirects=False).headers["Location"] == "/signin"
    assert status(one) == (303, "/signin")
    for name, value in cookies.items():
        one.cookies.set(name, value, domain="127.0.0.1")
    assert status(one) == (303, "/signin"), "the old cookie opens it again"
    sign_in(one)
    assert 'data-step="scan"' in one.get("/").text


@pytest.mark.slow
def test_after_minutes_without_a_persons_act_it_is_locked_and_the_visit_stays(played: Played, clock: Clock) -> None:
    one = client(played.program, played.browsers)
    send(one, played, "tracking", tracking=TRACKING)
    for _ in range(5):
        clock.now_s += LOCK_MINUTES * 60 - 1
        assert status(one) == (200, None)
    clock.now_s += LOCK_MINUTES * 60 - 1
    assert one.head("/events").status_code == 200, "what no person does"
    clock.now_s += 1
    assert one.head("/events").status_code == 401
    assert send(one, played, "end") == 200  # led to the sign-in page
    assert played.counter.visit.step == "scan"
    sign_in(one)
    played.read(NORWEGIAN)
    assert 'data-step="face"' in one.get("/").text
    assert send(one, played, "face", same_person="yes") == 200
    assert [ruling.verdict for ruling in played.book.finished] == ["release"]


def test_nothing_locks_by_itself_with_0_minutes(clock: Clock) -> None:
    played = Played(clock=clock)
    never = Sessions(played.staff, 0, clock)
    cookie, session = never.sign_in("browser", CLERK, PIN)
    clock.now_s += 1e9
    assert never.of(cookie, "browser") is session
    assert never.left_s(session) == float("inf")


@pytest.mark.parametrize("path", ["/", "/paper/refund.txt", "/events"])
@pytest.mark.parametrize("change", ["locked", "role", "gone"])
def test_who_is_locked_or_gets_another_role_loses_the_session_at_the_next_request(
    played: Played, path: str, change: str
) -> None:
    one = client(played.program, played.browsers)
    if change == "locked":
        played.staff.locked.add(CLERK)
    elif change == "role":
        played.staff.roles[CLERK] = played.staff.roles[SUPERVISOR]
    else:
        del played.staff.roles[CLERK]
    assert one.get(path, follow_redirects=False).status_code == (401 if path == "/events" else 303)
    played.staff.locked.clear()
    assert status(one) == (303, "/signin"), "it comes back by itself"


@pytest.mark.slow
def test_a_technician_sees_the_scanner_and_neither_letters_nor_persons(played: Played) -> None:
    clerk, tech = client(played.program, played.browsers), client(played.program, played.browsers, TECHNICIAN)
    send(clerk, played, "tracking", tracking=TRACKING)
    played.read(SOMEBODY_ELSE)
    page = tech.get("/").text
    assert 'id="scanner"' in page
    assert not any(word in page for word in ("Østenbyen", TRACKING, "data-step"))
    for path in ("/paper/refund.txt", "/browsers", "/nothing"):
        assert tech.get(path).status_code == 403
    for form in FORMS[:5]:
        assert send(tech, played, form, tracking=TRACKING, same_person="yes") == 403
    assert played.counter.visit.staff is not None
    assert played.counter.visit.staff.staff == CLERK


def test_another_clerk_takes_over_in_one_step_and_both_are_known(played: Played) -> None:
    one = client(played.program, played.browsers)
    send(one, played, "tracking", tracking=TRACKING)
    played.read(NORWEGIAN)
    assert one.post("/signin", data={"staff": OTHER, "pin": "0000"}).status_code == 401
    assert f"<strong>{CLERK}</strong>" in one.get("/").text, "a mistyped PIN has ended the session"
    sign_in(one, OTHER)
    visit = played.counter.visit
    assert visit.step == "face"
    assert visit.staff is not None
    assert visit.began_by is not None
    assert (visit.staff.staff, visit.began_by.staff) == (OTHER, CLERK)
    assert send(one, played, "face", same_person="yes") == 200
    assert visit.verdict is not None
    assert visit.verdict.verdict == "release"


def test_a_visit_is_its_owners_while_she_is_signed_in_and_whose_answer_came_last(played: Played) -> None:
    one, other = client(played.program, played.browsers), client(played.program, played.browsers, None)
    send(one, played, "tracking", tracking=TRACKING)
    visit = played.counter.visit
    sign_in(other, OTHER)
    assert visit.staff is not None
    assert visit.staff.staff == CLERK
    played.read(NORWEGIAN)
    send(other, played, "face", same_person="no")
    assert (visit.staff.staff, visit.began_by and visit.began_by.staff) == (OTHER, CLERK)


@pytest.mark.slow
def test_another_site_cannot_sign_anybody_in_or_out(played: Played) -> None:
    one = client(played.program, played.browsers)
    for headers in (
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Origin": "https://127.0.0.1"},
        {"Origin": "http://["},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ):
        assert one.post("/signout", headers=headers).status_code == 403, headers
        assert one.post("/signin", headers=headers, data={"staff": OTHER, "pin": PIN}).status_code == 403
    assert played.sessions.signed_in(CLERK)
    for headers in ({"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}):
        for path in ("/events", "/customer/events", "/", "/static/page.css"):
            assert one.get(path, headers=headers).status_code == 403
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert one.get("/", headers=link).status_code == 200
    assert one.get("/", headers={**link, "Sec-Fetch-Dest": "iframe"}).status_code == 403
    for headers in ({"Origin": "http://127.0.0.1"}, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}, {}):
        assert one.post("/tracking", headers=headers).status_code == 409


def test_the_page_loads_itself_anew_without_scripts_when_it_is_locked(played: Played) -> None:
    page = client(played.program, played.browsers).get("/").text
    assert '<noscript><meta http-equiv="refresh" content="301;url=/signin"></noscript>' in page


def test_a_restart_is_told_where_one_signs_in_again(played: Played) -> None:
    one = client(played.program, played.browsers, None)
    assert T["restarted"] in one.get("/signin?boot=0000").text
    assert T["restarted"] not in one.get(f"/signin?boot={played.counter.boot}").text
    assert T["restarted"] not in one.get("/signin").text


def test_signing_in_is_possible_with_the_page_of_any_kiosk(tmp_path: Path) -> None:
    """Cookies are of a computer, not of a port: two kiosks on one keep their own."""
    one, other = Played(), Played()
    first = TestClient(one.program, base_url="http://127.0.0.1:8001")
    second = TestClient(other.program, base_url="http://127.0.0.1:8002")
    second.cookies = first.cookies
    for each, played in ((first, one), (second, other)):
        bind(each, played.browsers)
        sign_in(each)
    assert status(first) == status(second) == (200, None)
    assert isinstance(one.counter, Counter)


@pytest.mark.parametrize("field", ["staff", "pin"])
@pytest.mark.parametrize("code", [TRACKING, f"]C0{TRACKING.lower()}", "00370722123456789011"])
def test_a_letter_that_is_scanned_at_the_sign_in_page_is_no_wrong_pin(played: Played, field: str, code: str) -> None:
    one = client(played.program, played.browsers, None)
    answer = one.post("/signin", data={"staff": CLERK, "pin": "", field: code}, follow_redirects=False)
    assert answer.status_code == 422
    assert T["signin_is_letter"] in answer.text
    assert code not in answer.text
    assert played.staff.tried == 0
