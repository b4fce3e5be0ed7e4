"""Who may ask for what. Everything needs a browser that is bound and somebody who is signed in at it, but for what
stands in `_OPEN`: the sign-in page, what pages are made of, the customer's screen, the API, which has tokens, and the
scanner's port, which has a secret and a sign-in of its own.

A path that does not exist is answered like one that does, so that nobody learns which there are.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from stillscan.errors import StillscanError
from stillscan.records.staff import Role
from stillscan.web.browsers import Browsers
from stillscan.web.connections import account_at, trust_connection
from stillscan.web.language import COOKIE_S, refusal
from stillscan.web.seldom import Seldom
from stillscan.web.sessions import Session, Sessions

_OPEN = ("/signin", "/customer", "/customer/events")
_OPEN_BELOW = ("/static/", "/api/v1/", "/service/port/")
NOW = "/service/now"
"""What the technician's page asks for by itself: that is nothing which a person did."""
_STREAM = "/events"  # no page: it is asked for by one, which has to be told by a status that it may not
_TECHNICIANS = ("/", _STREAM, "/signout")
_TECHNICIANS_ONLY = "/service"  # and what stands below it
_LOG = Seldom(__name__)


class Gate:
    """ASGI middleware. What it lets through finds `browser_of` and `session_of` in its scope."""

    def __init__(
        self,
        app: ASGIApp,
        browsers: Browsers,
        sessions: Sessions,
        admits: Callable[[Role, str], bool] | None = None,
        by_itself: Callable[[Request], bool] | None = None,
    ) -> None:
        """``admits``: may this role ask for that path (default: as at a counter). ``by_itself``: was it no person."""
        self._app = app
        self._browsers = browsers
        self._sessions = sessions
        self._admits = admits or at_counter
        self._by_itself = by_itself or (lambda request: request.scope["path"] in (_STREAM, NOW))
        self._turn = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = await self._looked(Request(scope)) if scope["type"] == "http" else None
        await (answer or self._app)(scope, receive, send)

    async def _looked(self, request: Request) -> Response | None:
        """The same as `_refusal`; and nobody goes on while it cannot be told which browsers are bound."""
        try:
            return await self._refusal(request)
        except StillscanError as error:
            _LOG.warning("nobody is let in: %s", error)
            return refusal(request, "browsers_unknown", 503)

    async def _refusal(self, request: Request) -> Response | None:
        """The answer to a request that goes no further; None for one that does."""
        scope, path = request.scope, request.scope["path"]
        cookie = request.cookies.get(_browser_cookie(request))
        browser = self._browsers.bound(cookie, functools.partial(account_at, scope))
        scope["stillscan.browser"], scope["stillscan.session"] = browser, None
        if browser is None:
            async with self._turn:  # strangers one after another, each behind whatever else is to be done
                await asyncio.sleep(0)
        else:
            trust_connection(scope)
        if path == "/" and request.method == "GET" and "key" in request.query_params:
            return self._exchange(request, browser)
        session = self._sessions.of(request.cookies.get(_session_cookie(request)), browser)
        if path == "/signin" and session is not None:
            scope["stillscan.session"] = session
        if path in _OPEN or path.startswith(_OPEN_BELOW):
            return None
        if browser is None and (path == "/" or path.startswith(_TECHNICIANS_ONLY)):
            _LOG.warning("a browser that is not bound asked for the page")
        if session is None or not await self._sessions.may_go_on(session):
            return _not_signed_in(request)
        if not self._admits(session.person.role, path):
            return refusal(request, "role_needed", 403)
        if not self._by_itself(request):
            self._sessions.act(session)
        scope["stillscan.session"] = session
        return None

    def _exchange(self, request: Request, browser: str | None) -> Response:
        """The secret of an address for the cookie of a browser that is bound; the address is left at once."""
        cookie = (
            None if browser is not None else self._browsers.bind(request.query_params["key"], account_at(request.scope))
        )
        if cookie is None and browser is None:
            _LOG.warning("an address that is used, too old or wrong was opened")
            return refusal(request, "address_used", 403)
        answer = RedirectResponse("/", status_code=303)
        if cookie is not None:
            _set(answer, _browser_cookie(request), cookie, COOKIE_S)
        return answer


def at_counter(role: Role, path: str) -> bool:
    """Technicians have the service pages and nobody else, and of the others only those where they begin and end."""
    service = path == _TECHNICIANS_ONLY or path.startswith(f"{_TECHNICIANS_ONLY}/")
    technician = role is Role.TECHNICIAN
    return service == technician or (technician and path in _TECHNICIANS)


def browser_of(request: Request) -> str | None:
    """The browser that has asked, if it is bound."""
    browser: str | None = request.scope["stillscan.browser"]
    return browser


def session_of(request: Request) -> Session:
    """The session of a request that came through the gate."""
    session: Session = request.scope["stillscan.session"]
    return session


def signed_in(request: Request) -> Session | None:
    """The same on the sign-in page, where there may be none."""
    session: Session | None = request.scope["stillscan.session"]
    return session


def supervisors_only(request: Request) -> Response | None:
    """The answer to anybody else who is signed in; None for a supervisor."""
    if session_of(request).person.role is Role.SUPERVISOR:
        return None
    return refusal(request, "role_needed", 403)


def give_session(request: Request, answer: Response, cookie: str) -> None:
    """Let the browser keep the cookie of its session until it is closed; "": forget it."""
    _set(answer, _session_cookie(request), cookie, None if cookie else 0)


def _not_signed_in(request: Request) -> Response:
    if request.scope["path"] == _STREAM:
        return refusal(request, "signin_needed", 401)
    return RedirectResponse("/signin", status_code=303)


def _set(answer: Response, name: str, value: str, seconds: int | None) -> None:
    answer.set_cookie(name, value, max_age=seconds, samesite="Strict", httponly=True)  # type: ignore[arg-type]


def _browser_cookie(request: Request) -> str:
    """Cookies are of a computer, not of a port: two kiosks on one shall not take them from each other."""
    return f"stillscan-browser-{request.scope['server'][1]}"


def _session_cookie(request: Request) -> str:
    return f"stillscan-session-{request.scope['server'][1]}"
