"""The pages on 127.0.0.1: clerk, customer, papers. Every answer names the question that it answers."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC
from importlib.resources import files
from typing import Any

import anyio
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Scope

from stillscan.counter.counter import Counter
from stillscan.counter.draft import Draft
from stillscan.counter.visit import FieldProblem, StaleError, Visit
from stillscan.errors import StillscanError
from stillscan.guidance import DEFAULT_LANGUAGE, languages
from stillscan.guidance.papers import Occasion, kinds_for, paper
from stillscan.records.staff import Role
from stillscan.records.tracking import MOST_SCANNED
from stillscan.technician.glass import Glass
from stillscan.web.answers import ANSWERS, give
from stillscan.web.browsers import Browsers
from stillscan.web.forms import form_of
from stillscan.web.gate import Gate, browser_of, session_of
from stillscan.web.guard import Guard
from stillscan.web.language import begin_in, customer_language_of, keep_choice, language_of, refusal
from stillscan.web.limits import FORM_BYTES, DeclaredSize, WholeBody
from stillscan.web.places import Places
from stillscan.web.rendering import Rendering, TourLetter
from stillscan.web.service_view import wipe
from stillscan.web.sessions import MOST_STREAMS, Session, Sessions
from stillscan.web.signin import SignIn
from stillscan.web.stream import follow
from stillscan.web.view import customer, voice

_MOST_CUSTOMERS = 10
"""Windows of the customer's screen that are open in browsers that are not bound, and in each that is: there is one."""
_MOST_ANSWERS = 50  # at one time, each in a thread: records that hang keep them for seconds
_FIELDS = {"tracking": ("tracking",), "second": ("number", "again"), "verdict": ("tracking",)}
"""What people type at a step, by the names of the fields."""
_TYPES = {"txt": "text/plain; charset=utf-8", "eml": "message/rfc822"}


def application(
    counter: Counter,
    hosts: list[str],
    browsers: Browsers,
    sessions: Sessions,
    more: list[BaseRoute] | None = None,
    language: str = DEFAULT_LANGUAGE,
    glass: Glass | None = None,
    tour: Sequence[TourLetter] = (),
) -> Starlette:
    """The web application of one counter; ``hosts`` are the names under which it may be asked for.

    Its pages are in ``language`` until somebody chooses another. ``glass``: what the clerk is asked to wipe. ``tour``:
    letters of a trial, which the page lists.
    """
    rendering = Rendering(counter, glass, tour)
    pages = _Pages(counter, rendering, sessions, glass)
    routes: list[BaseRoute] = [
        Route("/", pages.clerk),
        Route("/customer", pages.customer),
        Route("/events", pages.clerk_events),
        Route("/customer/events", pages.customer_events),
        Route("/paper/{kind}.{form}", pages.paper),
        *(Route(f"/{name}", pages.answer, methods=["POST"], name=name) for name in (*ANSWERS, "wiped")),
        Route("/draft", pages.draft, methods=["POST"]),
        *SignIn(counter, rendering, browsers, sessions).routes(),
        Mount("/static", StaticFiles(directory=str(files("stillscan.web") / "static"))),
        *(more or []),
    ]
    middleware = [
        Middleware(TrustedHostMiddleware, allowed_hosts=hosts),
        Middleware(Guard),
        Middleware(DeclaredSize, most=_most_bytes),
        Middleware(Gate, browsers=browsers, sessions=sessions),
        Middleware(WholeBody, most=_most_bytes),
    ]
    application = Starlette(routes=routes, middleware=middleware, exception_handlers={404: _nowhere, 405: _nowhere})
    application.state.end_streams = counter.end
    begin_in(application, language)
    return application


def _nowhere(request: Request, error: Exception) -> Response:
    """There is no such page; or forms are sent there, and who opens the address is led to where those stand."""
    status = error.status_code if isinstance(error, HTTPException) else 404
    _, room, *below = request.url.path.split("/")
    if status == 405 and request.method in ("GET", "HEAD") and below[:1] != ["port"]:
        return RedirectResponse(f"/{room}" if below else "/", status_code=303)
    return refusal(request, "no_such_page", status)


def api_route(program: ASGIApp) -> BaseRoute:
    """Where the API stands beside the pages."""
    return Mount(_API, program)


_API = "/api/v1"
_LOG = logging.getLogger(__name__)


_ONWARD = {"Refresh": "0;url=/"}
"""Leads from the answer to a form to the page itself, which says the same: no browser comes back to an answer, or loads
it anew, without sending the form once more."""


def _most_bytes(scope: Scope) -> int | None:
    """The API looks at its tokens before it reads a body, and has a limit of its own."""
    return None if scope["path"].startswith(f"{_API}/") else FORM_BYTES


class _Pages:
    def __init__(self, counter: Counter, rendering: Rendering, sessions: Sessions, glass: Glass | None) -> None:
        self._counter = counter
        self._glass = glass
        self._rendering = rendering
        self._sessions = sessions
        self._threads = anyio.CapacityLimiter(_MOST_ANSWERS)
        self._customers = Places(_MOST_CUSTOMERS)

    async def _outside(self, answer: Callable[[], None]) -> None:
        """In a thread: a database that hangs must not stop the other windows. These threads are the windows' own."""
        await anyio.to_thread.run_sync(answer, limiter=self._threads)

    def _clerk(self, request: Request, language: str) -> str:
        """The clerk's page; the technician's has no visit."""
        session = session_of(request)
        person = session.person
        visit_shown = person.role is not Role.TECHNICIAN
        draft = self._counter.look(lambda visit, _: visit.draft_of(session.browser))
        half = draft.fields.get("at") == "again" and not draft.fields.get("again")
        typed = draft.fields if half else {}  # other fields come with the events: hands type on before and after it
        values = {"typed": typed, "refused": draft.fields.get("tracking", ""), **draft.told}
        about = {"person": person, "visit_shown": visit_shown, "lock_s": self._sessions.told_lock_s}
        return self._rendering.visit("page.html", language, **values, **about)

    async def clerk(self, request: Request) -> Response:
        """The clerk's page as everything stands now."""
        language = language_of(request)
        page = HTMLResponse(self._clerk(request, language))
        keep_choice(request, page)
        return page

    async def customer(self, request: Request) -> Response:
        """The second screen."""
        return HTMLResponse(self._rendering.customer("customer.html", customer_language_of(request)))

    async def answer(self, request: Request) -> Response:
        """A form was sent: the open question afterwards, and what was wrong; without scripts a page is loaded anew."""
        name = request.url.path.strip("/")
        form = await form_of(request)
        session = session_of(request)
        turn = int(form["turn"]) if form.get("turn", "").isascii() and form.get("turn", "").isdigit() else -1
        told: dict[str, Any] = {}
        status = 200
        try:
            if form.get("boot") != self._counter.boot:
                raise StaleError
            if name == "wiped":
                self._wiped()
            else:
                await self._outside(lambda: give(self._counter, name, form, turn, session.person))
        except StaleError:
            told, status = {"stale": True}, 409
        except FieldProblem as problem:
            told, status = {"problem": problem.key}, 422
            _LOG.info("an answer was not taken: %s", problem.key)
        except StillscanError:
            status = 503
        self._keep(session.browser, name, form, told)
        if "X-Panel" not in request.headers:
            if status == 200:
                return RedirectResponse("/", status_code=303)
            page = self._clerk(request, language_of(request))
            return HTMLResponse(page, status_code=status, headers=_ONWARD)
        asked = request.headers["X-Panel"]
        language = asked if asked in languages() else language_of(request)
        return HTMLResponse(self._rendering.visit("panel.html", language, **told), status_code=status)

    def _wiped(self) -> None:
        if self._glass is not None:
            self._glass.was_wiped()
            self._counter.changed()

    def _keep(self, browser: str, name: str, form: dict[str, str], told: dict[str, Any]) -> None:
        """What was wrong with an answer is told until the next one, and what was typed stays to be looked at.

        Of a number that is to be typed twice, when it was typed once; of an identity number nothing else.
        """
        fields = {}
        problem = told.get("problem")
        if problem == "number_again":
            fields = {"number": (form.get("number") or form.get("again", ""))[:MOST_SCANNED], "at": "again"}
        elif name == "tracking" and problem not in (None, "tracking_is_number"):
            fields = {"tracking": form.get("tracking", "")[:MOST_SCANNED]}

        def keep(visit: Visit, _: object) -> None:
            if fields or told:
                visit.drafts[browser] = Draft(visit.about, fields, told)
            elif name != "wiped":
                visit.drafts.pop(browser, None)

        self._counter.look(keep)

    async def draft(self, request: Request) -> Response:
        """What stands in the fields of the open question, so that a page which is loaded anew has it again."""
        form, browser = await form_of(request), session_of(request).browser

        def keep(visit: Visit, _: object) -> None:
            if form.get("boot") != self._counter.boot or form.get("about") != visit.about:
                return
            fields = {name: form[name][:MOST_SCANNED] for name in _FIELDS.get(visit.step, ()) if name in form}
            if form.get("at") in fields:
                fields["at"] = form["at"]  # where the cursor stands
            visit.drafts[browser] = replace(visit.draft_of(browser), fields=fields)

        self._counter.look(keep)
        return Response(status_code=204)

    async def clerk_events(self, request: Request) -> Response:
        """What happens, for the clerk's page; for the technician's, without the visit."""
        session, language = session_of(request), language_of(request)
        if request.method == "HEAD":  # a page asks why it hears nothing
            return PlainTextResponse("")
        if len(session.streams) >= MOST_STREAMS:
            return refusal(request, "too_many_windows", 503)
        panel = None if session.person.role is Role.TECHNICIAN else self._panel(language, session)
        events = follow(self._counter, language, panel, scanner=True, seat=(self._sessions, session))
        return StreamingResponse(events, media_type="text/event-stream")

    async def customer_events(self, request: Request) -> Response:
        """What happens, for the second screen."""
        browser, language = browser_of(request), customer_language_of(request)
        if request.method == "HEAD":
            return PlainTextResponse("")
        events = follow(self._counter, language, self._customer_panel(language), scanner=False)
        return self._customers.stream(browser, events, refusal(request, "too_many_windows", 503))

    def _panel(self, language: str, session: Session) -> Callable[[], dict[str, Any]]:
        begun = False

        def render() -> dict[str, Any]:
            nonlocal begun
            html = self._rendering.visit("panel.html", language)
            told, draft = self._counter.look(
                lambda visit, scanner: (
                    {"turn": str(visit.turn), "step": visit.step, "voice": voice(visit, scanner)},
                    visit.draft_of(session.browser).fields,
                )
            )
            asked = wipe(self._glass) if told["step"] == "tracking" else None
            told["turn"] += asked["mark"] if asked is not None else ""
            if not begun:  # a window that has just been opened, perhaps in the middle of a number
                told["draft"] = draft
            begun = True
            return {"html": html, **told}

        return render

    def _customer_panel(self, language: str) -> Callable[[], dict[str, Any]]:
        def render() -> dict[str, Any]:
            html = self._rendering.customer("customer_panel.html", language)
            shown = self._counter.look(customer)
            return {"html": html, "turn": shown["turn"], "visit": shown["visit"]}

        return render

    async def paper(self, request: Request) -> Response:
        """A paper about the check that has just ended, if it is one of those that help after this end."""
        kind, form = request.path_params["kind"], request.path_params["form"]
        language = language_of(request)
        occasion = self._counter.look(lambda visit, _: _occasion(visit, self._counter))
        helps = () if occasion is None else kinds_for(occasion.verdict, occasion.reasons)
        if occasion is None or kind not in helps or form not in ("html", *_TYPES):
            return refusal(request, "no_such_page", 404)
        written = paper(kind, language, occasion)
        if form == "html":
            return HTMLResponse(
                self._rendering.render("paper.html", language, paper=written, here=request.url.path, kind=kind)
            )
        content = written.as_mail() if form == "eml" else f"{written.subject}\n\n{written.body}".encode()
        headers = {"Content-Disposition": f'attachment; filename="{kind}.{form}"'}
        return Response(content, media_type=_TYPES[form], headers=headers)


def _occasion(visit: Visit, counter: Counter) -> Occasion | None:
    if visit.verdict is None or visit.letter is None:
        return None
    return Occasion(
        tracking=visit.letter.tracking,
        order=visit.letter.order,
        office=counter.office,
        test=counter.test_mode,
        when=visit.book.now().astimezone(UTC),
        verdict=visit.verdict.verdict,
        reasons=visit.verdict.told,
        told=visit.told,
        reference=visit.verdict.reference,
    )
