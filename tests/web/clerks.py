"""Staff in memory, and clients that are bound and signed in at a page as a browser is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import httpx2
from starlette.applications import Starlette
from starlette.testclient import TestClient

from stillscan.errors import StillscanError
from stillscan.records.staff import Person, Role, SignInError
from stillscan.web.browsers import Browsers
from stillscan.web.sessions import LOCK_MINUTES, Sessions

T = TypeVar("T")
CLERK, OTHER, SUPERVISOR, TECHNICIAN = "anna", "berit", "sol", "tor"
ROLES = {CLERK: Role.CLERK, OTHER: Role.CLERK, SUPERVISOR: Role.SUPERVISOR, TECHNICIAN: Role.TECHNICIAN}
PIN = "2580"  # everybody's here


class MemoryStaff:
    """``locked`` and ``roles`` may be changed; ``tried`` counts PINs that were looked at; ``fails`` is raised."""

    def __init__(self) -> None:
        self.roles = dict(ROLES)
        self.locked: set[str] = set()
        self.tried = 0
        self.fails = ""

    def sign_in(self, staff: str, pin: str, /) -> Person:
        self.tried += 1
        if self.fails:
            raise StillscanError(self.fails)
        if staff in self.locked:
            raise SignInError("signin_locked")
        if pin == "wait":
            raise SignInError("signin_wait", 8)
        if staff not in self.roles or pin != PIN:
            raise SignInError("signin_wrong")
        return Person(staff, self.roles[staff])

    def is_active(self, staff: str, /) -> Role | None:
        if self.fails:
            raise StillscanError(self.fails)
        return None if staff in self.locked else self.roles.get(staff)


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def run(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """What a coroutine comes to, in a loop and a thread of its own: a browser that is driven has a loop in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(work())).result()


def sessions(staff: MemoryStaff | None = None, clock: Clock | None = None, minutes: float = LOCK_MINUTES) -> Sessions:
    """Sessions of staff in memory."""
    return Sessions(staff or MemoryStaff(), minutes, clock or Clock())


def client(program: Starlette, browsers: Browsers | None = None, staff: str | None = CLERK) -> TestClient:
    """A browser without scripts; bound if ``browsers`` are given, and signed in as ``staff``."""
    made = TestClient(program, base_url="http://127.0.0.1")
    if browsers is not None:
        bind(made, browsers)
        if staff is not None:
            sign_in(made, staff)
    return made


def bind(one: httpx2.Client, browsers: Browsers) -> None:
    """Open an address that was printed."""
    answer = one.get(f"/?key={browsers.invite()}", follow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")


def sign_in(one: httpx2.Client, staff: str = CLERK, pin: str = PIN) -> None:
    """Send the sign-in form."""
    answer = one.post("/signin", data={"staff": staff, "pin": pin}, follow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
