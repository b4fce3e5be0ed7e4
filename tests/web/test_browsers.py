"""Browsers that are bound: once by the secret of an address, then by a cookie that outlives the program."""

import os
import stat
import threading
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from clerks import CLERK, Clock, bind, client, sign_in
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from played import Played

from stillscan.guidance import page_texts
from stillscan.records.errors import RecordsError
from stillscan.web import browsers, connections
from stillscan.web.browsers import MOST_BROWSERS, PRINTED_S, Browsers
from tests.covering import examples

T = page_texts("nb")


def test_a_secret_counts_once(tmp_path: Path) -> None:
    bound = Browsers(tmp_path)
    secret = bound.invite()
    cookie = bound.bind(secret)
    assert bound.bound(cookie)
    assert bound.bind(secret) is None
    assert len(bound.all()) == 1
    assert len(secret) >= 43
    assert len(cookie or "") >= 43


def test_of_many_who_come_with_one_secret_at_once_one_is_bound(tmp_path: Path) -> None:
    bound, got = Browsers(tmp_path), []
    secret = bound.invite()
    threads = [threading.Thread(target=lambda: got.append(bound.bind(secret))) for _ in range(20)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sum(cookie is not None for cookie in got) == 1
    assert len(bound.all()) == 1


def test_a_secret_that_is_too_old_counts_no_longer(tmp_path: Path) -> None:
    clock = Clock()
    bound = Browsers(tmp_path, clock)
    early, late = bound.invite(), bound.invite()
    clock.now_s += PRINTED_S
    assert bound.bind(early)
    clock.now_s += 1
    assert bound.bind(late) is None


def test_only_digests_are_kept_for_this_user_only(tmp_path: Path) -> None:
    bound = Browsers(tmp_path)
    cookie = bound.bind(bound.invite())
    assert cookie is not None
    assert stat.S_IMODE(bound.file.stat().st_mode) == 0o600
    assert cookie not in bound.file.read_text()
    assert bound.bound(bound.file.read_text().split()[0]) is None, "who reads the file can pass for a browser"
    assert [path.name for path in tmp_path.iterdir()] == [bound.file.name]


def test_a_browser_stays_bound_when_the_program_is_started_anew_and_invitations_do_not(tmp_path: Path) -> None:
    bound = Browsers(tmp_path)
    cookie, secret = bound.bind(bound.invite()), bound.invite()
    again = Browsers(tmp_path)
    assert again.bound(cookie)
    assert again.bind(secret) is None


def test_there_are_only_so_many(tmp_path: Path) -> None:
    bound = Browsers(tmp_path)
    cookies = [bound.bind(bound.invite()) for _ in range(MOST_BROWSERS + 2)]
    assert [bound.bound(cookie) is not None for cookie in cookies] == [False] * 2 + [True] * MOST_BROWSERS
    secrets = [bound.invite() for _ in range(30)]
    assert len(bound._invitations) <= 20
    assert bound.bind(secrets[0]) is None
    assert bound.bind(secrets[-1])


def test_what_another_program_binds_and_revokes_counts_at_once(tmp_path: Path) -> None:
    one, other = Browsers(tmp_path), Browsers(tmp_path)
    cookie = one.bind(one.invite())
    assert other.bound(cookie)
    second = other.bind(other.invite())
    assert one.bound(second)
    assert one.revoke(one.all()[0].name)
    assert other.bound(cookie) is None
    assert other.bound(second)
    one.file.unlink()
    assert other.bound(second) is None


@pytest.mark.parametrize("content", [b"nonsense\n", b"\xff\xfe", b"a" * 64 + b" 2026-02-31T00:00:00Z\n", b"\n"])
def test_a_damaged_file_is_one_plain_line_and_binds_nobody(tmp_path: Path, content: bytes) -> None:
    bound = Browsers(tmp_path)
    cookie = bound.bind(bound.invite())
    bound.file.write_bytes(content)
    with pytest.raises(RecordsError, match="is damaged; remove it"):
        bound.bound(cookie)
    with pytest.raises(RecordsError, match="is damaged; remove it"):
        Browsers(tmp_path)


def test_a_secret_counts_still_when_the_browser_could_not_be_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bound = Browsers(tmp_path / "keys")
    secret = bound.invite()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(browsers.os, "replace", full)
        with pytest.raises(RecordsError, match="no space left"):
            bound.bind(secret)
    assert bound.all() == []
    assert list((tmp_path / "keys").iterdir()) == []
    assert bound.bind(secret)


def test_the_address_is_left_at_once_and_its_cookie_is_sealed() -> None:
    played = Played()
    one = client(played.program)
    answer = one.get(f"/?key={played.browsers.invite()}&language=nn", follow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "Max-Age=34560000" in cookie
    assert one.get("/", follow_redirects=False).headers["Location"] == "/signin"
    assert 'name="pin"' in one.get("/signin").text


def test_a_secret_that_is_used_wrong_or_missing_is_one_plain_sentence() -> None:
    played = Played()
    secret = played.browsers.invite()
    bind(client(played.program), played.browsers)
    client(played.program).get(f"/?key={secret}")
    for key in (secret, "wrong", "", "%00", "x" * 3000, "%ff"):
        answer = client(played.program).get(f"/?key={key}", follow_redirects=False)
        assert (answer.status_code, answer.text) == (403, T["address_used"])
        assert "Set-Cookie" not in answer.headers
    assert len(played.browsers.all()) == 2


def test_a_bound_browser_uses_no_other_address_up() -> None:
    played = Played()
    one, secret = client(played.program, played.browsers, None), played.browsers.invite()
    assert one.get(f"/?key={secret}", follow_redirects=False).status_code == 303
    assert one.get("/?key=wrong", follow_redirects=False).status_code == 303
    assert len(played.browsers.all()) == 1
    assert played.browsers.bind(secret)


def test_looking_at_an_address_does_not_use_it_up() -> None:
    played = Played()
    secret = played.browsers.invite()
    assert client(played.program).head(f"/?key={secret}", follow_redirects=False).headers["Location"] == "/signin"
    assert client(played.program).post(f"/?key={secret}", follow_redirects=False).headers["Location"] == "/signin"
    assert played.browsers.bind(secret)


@pytest.mark.slow
def test_a_supervisor_sees_allows_and_removes_browsers() -> None:
    played = Played()
    clerks, boss = client(played.program, played.browsers), client(played.program, played.browsers, "sol")
    for path in ("/browsers", "/browsers/invite", "/browsers/revoke"):
        answer = clerks.get(path) if path == "/browsers" else clerks.post(path)
        assert (answer.status_code, answer.text) == (403, T["role_needed"])
    page = boss.post("/browsers/invite").text
    address = page.partition("<code>http://127.0.0.1")[2].partition("</code>")[0]
    third = client(played.program)
    assert third.get(address, follow_redirects=False).headers["Location"] == "/"
    assert 'name="pin"' in third.get("/signin").text
    name = played.browsers.all()[0].name
    assert name in boss.get("/browsers").text
    assert boss.post("/browsers/revoke", data={"browser": name}, follow_redirects=False).status_code == 303
    assert clerks.get("/", follow_redirects=False).headers["Location"] == "/signin"
    assert T["not_bound"] in clerks.get("/signin").text
    assert not played.sessions.signed_in(CLERK)
    boss.post("/browsers/revoke", data={"browser": ""})
    assert len(played.browsers.all()) == 2


@pytest.mark.slow
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=examples(50))
@given(cookie=st.text(st.characters(min_codepoint=33, max_codepoint=255), max_size=80))
def test_no_cookie_that_somebody_thinks_of_is_a_browser(tmp_path: Path, cookie: str) -> None:
    bound = Browsers(tmp_path)
    bound.bind(bound.invite())
    assert bound.bound(cookie) is None


@pytest.mark.slow
def test_a_browser_is_signed_in_with_its_own_session_only() -> None:
    """A session's cookie is worth nothing at another browser, bound or not."""
    played = Played()
    one, other = client(played.program, played.browsers), client(played.program, played.browsers, None)
    name, value = next((name, value) for name, value in one.cookies.items() if "session" in name)
    other.cookies.set(name, value, domain="127.0.0.1")
    assert other.get("/", follow_redirects=False).status_code == 303
    unbound = client(played.program)
    unbound.cookies.set(name, value, domain="127.0.0.1")
    assert unbound.get("/", follow_redirects=False).status_code == 303
    sign_in(other, "berit")
    assert one.get("/", follow_redirects=False).status_code == 200


def test_a_cookie_is_of_the_account_that_was_bound(tmp_path: Path) -> None:
    bound = Browsers(tmp_path)
    cookie = bound.bind(bound.invite(), 1000)
    for again in (bound, Browsers(tmp_path)):
        assert again.bound(cookie, lambda: 1000)
        assert again.bound(cookie, lambda: None), "the system does not tell"
        assert again.bound(cookie, lambda: 1001) is None
        assert again.bound(cookie, lambda: 0) is None
    anybodys = bound.bind(bound.invite())
    assert bound.bound(anybodys, lambda: 1001)
    assert bound.bound(cookie, lambda: 1000)


@pytest.mark.process
@pytest.mark.skipif(
    not Path("/proc/net/tcp").exists(), reason="the system does not tell which account a connection is of"
)
def test_the_system_tells_which_account_a_connection_is_of(played: Played, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stolen cookie, sent by a program of another account."""
    cookies = played.cookies()
    assert played.browsers.file.read_text().split()[2] == str(os.getuid())

    def asked() -> int:
        request = Request(f"{played.url}/events", headers={"Cookie": cookies}, method="HEAD")
        try:
            return int(urlopen(request, timeout=60).status)
        except HTTPError as error:
            with error:
                return error.code

    assert asked() == 200
    monkeypatch.setattr(connections, "account_of", lambda *ports: os.getuid() + 1)
    assert asked() == 401
    monkeypatch.undo()
    assert asked() == 200


@pytest.mark.slow
def test_while_nobody_can_tell_which_browsers_are_bound_nobody_is_let_in(played: Played) -> None:
    one = client(played.program, played.browsers)
    played.browsers.file.write_text("nonsense\n")
    for path in ("/", "/events", f"/?key={played.browsers.invite()}"):
        answer = one.get(path, follow_redirects=False)
        assert (answer.status_code, answer.text) == (503, T["browsers_unknown"])
    assert one.post("/signin", data={"staff": CLERK, "pin": "2580"}).status_code == 503
    assert client(played.program).get("/customer").status_code == 200
