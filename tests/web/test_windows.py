"""Windows that are open: told when their session ends, and nothing after that; each kind with a limit of its own."""

import asyncio
import http.client
import json
import re
from collections.abc import AsyncIterator

import pytest
from books import TRACKING
from clerks import CLERK, OTHER, PIN, TECHNICIAN, Clock, run
from played import Played
from test_server_ends import stream_of

from stillscan.web import sessions as module
from stillscan.web.sessions import LOCK_MINUTES, MOST_STREAMS, Session
from stillscan.web.stream import follow


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def played(clock: Clock) -> Played:
    return Played(clock=clock)


def events(played: Played, session: Session, panel: bool = True) -> AsyncIterator[str]:
    shown = (lambda: {"html": played.counter.visit.step, "turn": "0"}) if panel else None
    return follow(played.counter, "nb", shown, scanner=True, seat=(played.sessions, session))


def kinds(told: list[str]) -> list[str]:
    return [re.match("event: (.*)", one)[1] for one in told]  # type: ignore[index]


@pytest.mark.parametrize("how", ["signed out", "locked", "idle", "taken over", "revoked"])
def test_an_open_window_is_told_and_hears_nothing_more(played: Played, clock: Clock, how: str) -> None:
    """The session ends, and at once much happens: names and rows that the window must not hear of."""

    async def watch() -> list[str]:
        browser = played.browsers.bound(played.browsers.bind(played.browsers.invite()))
        assert browser is not None
        _, session = played.sessions.sign_in(browser, CLERK, PIN)
        stream = events(played, session)
        told = [await anext(stream) for _ in range(4)]
        assert kinds(told) == ["boot", "panel", "device", "rows"]
        if how == "signed out":
            played.sessions.end(session)
        elif how == "locked":
            played.staff.locked.add(CLERK)
            clock.now_s += module.ASK_AGAIN_S
        elif how == "idle":
            clock.now_s += LOCK_MINUTES * 60
        elif how == "taken over":
            played.sessions.sign_in(browser, OTHER, PIN)
        else:
            for gone in played.browsers.revoke(played.browsers.all()[0].name):
                played.sessions.end_browser(gone)
        played.place()
        played.scan()
        played.counter.answer(lambda visit: visit.enter(TRACKING, visit.turn))
        return [one async for one in stream]

    assert kinds(run(watch)) == ["locked"]
    assert played.counter.watchers == 0


def test_a_window_sleeps_no_longer_than_until_it_is_locked(played: Played, clock: Clock) -> None:
    """Nothing happens at the scanner: the stream wakes by itself."""

    async def watch() -> list[str]:
        _, session = played.sessions.sign_in("browser", CLERK, PIN)
        stream = events(played, session)
        for _ in range(4):
            await anext(stream)
        clock.now_s += LOCK_MINUTES * 60 - 0.01
        asyncio.get_running_loop().call_soon(lambda: setattr(clock, "now_s", clock.now_s + 1))
        return [one async for one in stream]

    assert kinds(run(watch)) == ["locked"]


def test_a_technicians_window_hears_of_the_scanner_alone(played: Played) -> None:
    async def watch() -> list[str]:
        _, session = played.sessions.sign_in("browser", TECHNICIAN, PIN)
        stream = events(played, session, panel=False)
        told = [await anext(stream) for _ in range(3)]
        played.place()
        played.counter.answer(lambda visit: visit.enter(TRACKING, visit.turn))
        told.append(await anext(stream))
        played.counter.end()
        return [*told, *[one async for one in stream]]

    told = run(watch)
    assert kinds(told) == ["boot", "device", "rows", "device"]
    assert not any("Østenbyen" in json.dumps(one) or TRACKING in one for one in told)


@pytest.mark.slow
def test_customers_windows_have_a_limit_of_their_own(played: Played) -> None:
    """Strangers' windows take none from a clerk, and none from the customer's screen of a bound browser."""
    with played:
        cookies, bound = played.cookies(), played.cookies(None)
        strangers = [stream_of(played.url, "", "/customer/events") for _ in range(10)]
        assert b" 503 " in refused(played.url, "", "/customer/events")
        assert b" 401 " in refused(played.url, bound, "/events")
        screens = [stream_of(played.url, bound, "/customer/events") for _ in range(10)]
        windows = [stream_of(played.url, cookies) for _ in range(MOST_STREAMS)]
        assert played.counter.watchers == 20 + MOST_STREAMS
        for one in (*strangers, *screens, *windows):
            one.close()


def refused(url: str, cookies: str, path: str) -> bytes:
    host, port = url.removeprefix("http://").split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=60)
    connection.request("GET", path, headers={"Cookie": cookies})
    answer = connection.getresponse()
    connection.close()
    return f" {answer.status} ".encode()
