"""Signing in and out at the page, and for supervisors the browsers that are bound. All of it works without scripts."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Protocol

import anyio
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from stillscan.errors import StillscanError
from stillscan.guidance import page_texts, sentence
from stillscan.records.staff import Person, Role, SignInError
from stillscan.records.tracking import is_number
from stillscan.web.browsers import SHOWN_S, Browsers, name_of
from stillscan.web.forms import form_of
from stillscan.web.gate import (
    browser_of,
    give_session,
    session_of,
    signed_in,
    supervisors_only,
)
from stillscan.web.language import keep_choice, language_of
from stillscan.web.seldom import Seldom
from stillscan.web.sessions import Sessions
from stillscan.web.view import records_text

_STATUS = {"signin_wrong": 401, "signin_locked": 403, "signin_wait": 429, "signin_busy": 429}
"""As HTTP has them: not known, may not, too often."""
_SHOWN = 64  # characters of an id: what the field takes
_LOG = Seldom(__name__)


class Desk(Protocol):
    """Where people sign in: a counter, or a centre of many. ``boot``: random, of this run of the program."""

    boot: str

    def take_over(self, person: Person, signed_in: Callable[[str], bool], /) -> None: ...


class Renders(Protocol):
    """What makes a page of a template."""

    def render(self, template: str, language: str, **values: Any) -> str: ...


class SignIn:
    """The pages of signing in, of one counter or centre."""

    def __init__(self, counter: Desk, rendering: Renders, browsers: Browsers, sessions: Sessions) -> None:
        self._counter = counter
        self._rendering = rendering
        self._browsers = browsers
        self._sessions = sessions
        self._threads = anyio.CapacityLimiter(8)  # more than are let in at one time: the others are told so at once

    def routes(self) -> list[BaseRoute]:
        """Where they are."""
        return [
            Route("/signin", self.page),
            Route("/signin", self.sign_in, methods=["POST"]),
            Route("/signout", self.sign_out, methods=["POST"]),
            Route("/browsers", self.browsers),
            Route("/browsers/invite", self.invite, methods=["POST"]),
            Route("/browsers/revoke", self.revoke, methods=["POST"]),
        ]

    async def page(self, request: Request) -> Response:
        """The sign-in page; a window that was locked while somebody else signed in here goes on."""
        if signed_in(request) is not None and "boot" in request.query_params:
            return RedirectResponse("/", status_code=303)
        return self._page(request, 200)

    async def sign_in(self, request: Request) -> Response:
        """Sign in, or take over from whoever is signed in here: the visit goes on and is theirs."""
        browser = browser_of(request)
        if browser is None:  # before any PIN is looked at
            _LOG.warning("a browser that is not bound tried to sign in")
            return self._page(request, 403)
        form = await form_of(request)
        staff, pin = form.get("staff", ""), form.get("pin", "")
        if is_number(staff) or is_number(pin):  # a bar code scanner does not know what is asked, and tries no PIN
            return self._page(request, 422, page_texts(language_of(request))["signin_is_letter"])
        if staff.strip() and not pin:  # Enter in the first of two fields sends both: it is no wrong PIN
            return self._page(request, 401, page_texts(language_of(request))["signin_pin"], staff[:_SHOWN])
        trying = functools.partial(self._sessions.sign_in, browser, staff, pin)
        try:
            cookie, session = await anyio.to_thread.run_sync(trying, limiter=self._threads)
        except SignInError as error:
            _LOG.warning("a sign-in was refused: %s", error.key)
            text = sentence(page_texts(language_of(request)), error.key, error.seconds).format(seconds=error.seconds)
            refused = self._page(request, _STATUS.get(error.key, 403), text)
            if error.seconds:
                refused.headers["Retry-After"] = str(error.seconds)
            return refused
        except StillscanError as error:
            _LOG.warning("nobody can sign in: %s", error)
            text = records_text("signin_records", getattr(error, "key", ""), str(error), language_of(request))
            return self._page(request, 503, text)
        if session.person.role is not Role.TECHNICIAN:
            self._counter.take_over(session.person, self._sessions.signed_in)
        answer = RedirectResponse("/", status_code=303)
        give_session(request, answer, cookie)
        return answer

    async def sign_out(self, request: Request) -> Response:
        """The session ends; what was begun at the counter waits."""
        self._sessions.end(session_of(request))
        answer = RedirectResponse("/signin", status_code=303)
        give_session(request, answer, "")
        return answer

    async def browsers(self, request: Request) -> Response:
        """Which browsers are bound; for supervisors."""
        return supervisors_only(request) or self._browsers_page(request)

    async def invite(self, request: Request) -> Response:
        """An address that binds one more browser; for supervisors."""
        refused = supervisors_only(request)
        if refused is not None:
            return refused
        host = request.headers["host"]
        return self._browsers_page(request, f"http://{host}/?key={self._browsers.invite(SHOWN_S)}")

    async def revoke(self, request: Request) -> Response:
        """A browser is bound no longer, and nobody is signed in there; for supervisors."""
        refused = supervisors_only(request)
        if refused is not None:
            return refused
        for browser in self._browsers.revoke((await form_of(request)).get("browser", "")):
            self._sessions.end_browser(browser)
        return RedirectResponse("/browsers", status_code=303)

    def _browsers_page(self, request: Request, address: str = "") -> Response:
        own = name_of(browser_of(request) or "")
        values: dict[str, Any] = {"bound": self._browsers.all(), "own": own, "address": address, "here": "/browsers"}
        return HTMLResponse(self._rendering.render("browsers.html", language_of(request), **values))

    def _page(self, request: Request, status: int, problem: str | None = None, half: str = "") -> Response:
        """``half``: the id, when nothing but that was typed."""
        session, boot = signed_in(request), request.query_params.get("boot")
        answer = HTMLResponse(
            self._rendering.render(
                "signin.html",
                language_of(request),
                bound=browser_of(request) is not None,
                person=None if session is None else session.person,
                restarted=boot is not None and boot != self._counter.boot,
                problem=problem,
                half=half,
                here="/signin",
            ),
            status_code=status,
        )
        keep_choice(request, answer)
        return answer
