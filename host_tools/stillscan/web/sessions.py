"""Who is signed in at which browser, and for how long: a cookie in the browser, the rest in memory only.

A session ends when its person signs out, another one signs in at the same browser, nobody has done anything for a
while, or the person is locked or gets another role. What was begun at the counter does not end with it.
"""

from __future__ import annotations

import contextlib
import math
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Protocol

import anyio

from stillscan.errors import StillscanError
from stillscan.records.staff import Person, Role, SignInError

LOCK_MINUTES = 5
"""Without anything that a person did. A visit takes two minutes, and the clerk answers at least once in each of them:
after five nobody sits there, and what was begun is still there after signing in again."""
MOST_STREAMS = 10
"""Windows of one session: a browser itself opens at most six at one time."""
ASK_AGAIN_S = 2.5
"""How often a window that is open asks whether its person may still see it: as often as it shows that it lives."""
_ASK_S = 1.0  # the page waits so long for the records; while they say nothing, what they said last counts
_MOST_ASKING = 8  # questions to records that hang, each in a thread
_MOST_TRYING = (
    4  # sign-ins at one time: each takes 0.1 s, one after another, and nobody waits longer than half a second
)
_BITS = 256  # of a cookie: nobody guesses it


class Staff(Protocol):
    """What of the staff list is needed: see `records.staff.StaffList`."""

    def sign_in(self, staff: str, pin: str, /) -> Person: ...
    def is_active(self, staff: str, /) -> Role | None: ...


@dataclass(eq=False)
class Session:
    """``acted_s``: when its person last did something, by the sessions' clock."""

    person: Person
    browser: str
    acted_s: float
    asked_s: float
    over: bool = False
    streams: list[Callable[[], object]] = field(default_factory=list)
    """What wakes each of its windows."""


class Sessions:
    """All sessions of one page. Safe between threads; what is awaited, for the page's own loop."""

    def __init__(
        self, staff: Staff, lock_minutes: float = LOCK_MINUTES, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """``lock_minutes``: after how long without anything that a person did a session ends; 0: never by itself."""
        self._staff = staff
        self.lock_s = lock_minutes * 60 or math.inf
        self.clock = clock
        self._lock = threading.Lock()
        self._open: dict[str, Session] = {}
        self._trying = 0
        self._threads = anyio.CapacityLimiter(_MOST_ASKING)

    @property
    def told_lock_s(self) -> int:
        """After how many seconds a page locks by itself, as pages are told; 0: never."""
        return 0 if self.lock_s == math.inf else round(self.lock_s)

    @property
    def any_open(self) -> bool:
        """Whether anybody is signed in, as far as is known."""
        return bool(self._open)

    def sign_in(self, browser: str, staff: str, pin: str) -> tuple[str, Session]:
        """(the cookie, the session) of whoever has this id and PIN; the browser's former session ends.

        It takes its time. SignInError, also while others try; StillscanError when the records say nothing.
        """
        with self._lock:
            if self._trying >= _MOST_TRYING:
                raise SignInError("signin_busy", 1, "others are signing in; try again in {seconds} s")
            self._trying += 1
        try:
            person = self._staff.sign_in(staff, pin)
        finally:
            with self._lock:
                self._trying -= 1
        cookie, now_s = secrets.token_urlsafe(_BITS // 8), self.clock()
        session = Session(person, browser, now_s, now_s)
        self.end_browser(browser)
        with self._lock:
            self._open[_digest(cookie)] = session
        return cookie, session

    def of(self, cookie: str | None, browser: str | None) -> Session | None:
        """The session of this cookie, if it is of this browser and not over."""
        if not cookie or browser is None:
            return None
        with self._lock:
            session = self._open.get(_digest(cookie))
        if session is None or session.browser != browser or self.left_s(session) <= 0:
            return None
        return session

    def left_s(self, session: Session) -> float:
        """Seconds until it ends if nobody does anything; at 0 it is over."""
        left_s = 0.0 if session.over else self.lock_s - (self.clock() - session.acted_s)
        if left_s <= 0:
            self.end(session)
        return max(0.0, left_s)

    def act(self, session: Session) -> None:
        """Its person has done something."""
        session.acted_s = self.clock()

    def end(self, session: Session) -> None:
        """It is over; its windows are told."""
        with self._lock:
            session.over = True
            self._open = {digest: one for digest, one in self._open.items() if one is not session}
            windows = list(session.streams)
        for wake in windows:
            wake()

    def end_browser(self, browser: str) -> None:
        """End what is open at this browser."""
        with self._lock:
            ending = [one for one in self._open.values() if one.browser == browser]
        for session in ending:
            self.end(session)

    def signed_in(self, staff: str) -> bool:
        """Whether somebody of this id is signed in anywhere."""
        with self._lock:
            sessions = list(self._open.values())
        return any(one.person.staff == staff and self.left_s(one) > 0 for one in sessions)

    async def may_go_on(self, session: Session) -> bool:
        """Whether its person may still do what they signed in for; ends it if not.

        Records that do not answer change nothing: without them nothing can be recorded or handed out either.
        """
        session.asked_s = self.clock()
        role: Role | None = session.person.role
        with contextlib.suppress(StillscanError), anyio.move_on_after(_ASK_S):
            role = await anyio.to_thread.run_sync(
                self._staff.is_active, session.person.staff, abandon_on_cancel=True, limiter=self._threads
            )
        if role is not session.person.role:
            self.end(session)
        return not session.over

    async def may_see(self, session: Session) -> bool:
        """The same for a window that only watches: the records are asked now and then."""
        if self.left_s(session) <= 0:
            return False
        return self.clock() - session.asked_s < ASK_AGAIN_S or await self.may_go_on(session)

    @contextlib.contextmanager
    def window(self, session: Session, wake: Callable[[], object]) -> Iterator[None]:
        """One of its windows is open; ``wake`` is called, from any thread, when the session ends."""
        with self._lock:
            session.streams.append(wake)
        try:
            if session.over:
                wake()
            yield
        finally:
            with self._lock:
                session.streams.remove(wake)


def _digest(cookie: str) -> str:
    return sha256(cookie.encode("utf-8", "surrogateescape")).hexdigest()
