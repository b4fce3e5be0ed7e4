"""The pages on 127.0.0.1: clerk, customer, papers. Every answer names the question that it answers."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import UTC
from importlib.resources import files
from typing import Any

import anyio
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Scope

from stillscan.counter.counter import Counter
from stillscan.counter.visit import FieldProblem, StaleError, Visit
from stillscan.errors import StillscanError
from stillscan.guidance import DEFAULT_LANGUAGE, languages
from stillscan.guidance.papers import Occasion, kinds_for, paper
from stillscan.records.staff import Person, Role
from stillscan.records.tracking import is_number
from stillscan.technician.glass import Glass
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
_FIELDS = {"tracking": ("tracking",), "second": ("number", "again")}
"""What people type at a step, by the names of the fields."""
_DRAFT = 128  # characters of a field that are kept: what the fields take
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
        *(Route(f"/{name}", pages.answer, methods=["POST"], name=name) for name in (*_ANSWERS, *_TURNS, "wiped")),
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
    application = Starlette(routes=routes, middleware=middleware)
    application.state.end_streams = counter.end
    begin_in(application, language)
    return application


def api_route(program: ASGIApp) -> BaseRoute:
    """Where the API stands beside the pages."""
    return Mount(_API, program)


_API = "/api/v1"
_LOG = logging.getLogger(__name__)


def _most_bytes(scope: Scope) -> int | None:
    """The API looks at its tokens before it reads a body, and has a limit of its own."""
    return None if scope["path"].startswith(f"{_API}/") else FORM_BYTES


_ANSWERS: dict[str, Callable[[Visit, dict[str, str], int], None]] = {
    "second": lambda visit, form, turn: visit.second(form.get("number", ""), form.get("again", ""), turn),
    "face": lambda visit, form, turn: visit.face(_yes(form.get("same_person")), turn),
    "document": lambda visit, form, turn: visit.choose(_keeps(form.get("counts")), turn),
}


# What may end one visit and begin another, or ends one as the scanner is.
_TURNS: dict[str, Callable[[Counter, dict[str, str], int, Person], None]] = {
    "tracking": lambda counter, form, turn, person: counter.serve(form.get("tracking", ""), turn, person),
    "letter": lambda counter, form, turn, person: _letter(counter, form.get("serves"), turn, person),
    "next": lambda counter, form, turn, person: counter.begin_anew(turn),
    "end": lambda counter, form, turn, person: counter.answer(
        lambda visit: visit.end(turn, counter.scanner.trouble), person
    ),
}


def _letter(counter: Counter, serves: str | None, turn: int, person: Person) -> None:
    """Which of two letters is served; only the two buttons are answers."""
    if serves == "this":
        counter.answer(lambda visit: visit.keep_letter(turn), person)
    elif serves == "next":
        counter.serve_next(turn, person)
    else:
        raise StaleError


_BY_KEY = {
    "face": ("same_person", "yes", "no"),
    "document": ("counts", "read", "none"),
    "letter": ("serves", "this", "next"),
}
"""Of a question with two answers: its field, and what the keys F8 and F9 answer."""


def _typed_key(name: str, form: dict[str, str]) -> tuple[str, dict[str, str]]:
    """The answer and its fields, of one that may have been given by typing a key's digit into a page without scripts.

    A bar code that was scanned there is no answer: it is a letter's. FieldProblem for anything else.
    """
    if name not in _BY_KEY or "key" not in form:
        return name, form
    key = form["key"].strip().upper()
    if is_number(key):
        return "tracking", {**form, "tracking": key}
    field, *answers = _BY_KEY[name]
    if key not in ("8", "9", "F8", "F9"):
        raise FieldProblem("key_wrong")
    return name, {**form, field: answers[int(key[-1]) - 8]}


def _yes(text: str | None) -> bool:
    """Only the two buttons are answers."""
    if text not in ("yes", "no"):
        raise StaleError
    return text == "yes"


def _keeps(text: str | None) -> bool:
    """Whether the document that was read counts, or none until a scan; nothing else is an answer."""
    if text not in ("read", "none"):
        raise StaleError
    return text == "read"


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

    def _clerk(self, request: Request, language: str, **note: Any) -> str:
        """The clerk's page; the technician's has no visit."""
        session = session_of(request)
        person = session.person
        visit_shown = person.role is not Role.TECHNICIAN
        draft = session.draft_of(self._counter.look(lambda visit, _: visit.about))
        half = draft.get("at") == "again" and not draft.get("again")
        typed = draft if half else {}  # what is half typed comes with the events: hands type on before and after it
        about = {"person": person, "visit_shown": visit_shown, "lock_s": self._sessions.told_lock_s}
        return self._rendering.visit("page.html", language, **{"typed": typed, **about, **note})

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
        """A form was sent: the open question afterwards, or with a note on what was wrong."""
        name = request.url.path.strip("/")
        form = await form_of(request)
        person = session_of(request).person
        asked = request.headers.get("X-Panel", "")
        language = asked if asked in languages() else language_of(request)
        turn = int(form["turn"]) if form.get("turn", "").isascii() and form.get("turn", "").isdigit() else -1
        note: dict[str, Any] = {}
        status = 200
        try:
            if form.get("boot") != self._counter.boot:
                raise StaleError
            await self._change(*_typed_key(name, form), turn, person)
            session_of(request).draft = ("", {})
        except StaleError:
            note, status = {"stale": True}, 409
        except FieldProblem as problem:
            note, status = {"problem": problem.key}, 422
            _LOG.info("an answer was not taken: %s", problem.key)
            if name == "second":
                note["typed"] = self._keep_half(session_of(request), form, problem.key)
        except StillscanError:
            status = 503
        if "X-Panel" not in request.headers and status == 200:
            return RedirectResponse("/", status_code=303)
        if "X-Panel" in request.headers:
            return HTMLResponse(self._rendering.visit("panel.html", language, **note), status_code=status)
        return HTMLResponse(self._clerk(request, language, **note), status_code=status)

    async def _change(self, name: str, form: dict[str, str], turn: int, person: Person) -> None:
        """Let an answer change the visit, or the glass. StaleError, FieldProblem, StillscanError."""
        if name == "wiped":
            if self._glass is not None:
                self._glass.was_wiped()
                self._counter.changed()
        elif name in _TURNS:
            await self._outside(lambda: _TURNS[name](self._counter, form, turn, person))
        else:
            change = _ANSWERS[name]
            await self._outside(lambda: self._counter.answer(lambda visit: change(visit, form, turn), person))

    def _keep_half(self, session: Session, form: dict[str, str], problem: str) -> dict[str, str]:
        """Of a number that is to be typed twice, when it was typed once; anything else is to be typed anew."""
        half = {}
        if problem == "number_again":
            half = {"number": (form.get("number") or form.get("again", ""))[:_DRAFT], "at": "again"}
        session.draft = (self._counter.look(lambda visit, _: visit.about), half)
        return half

    async def draft(self, request: Request) -> Response:
        """What stands in the fields of the open question, so that a page which is loaded anew has it again."""
        form = await form_of(request)
        step, about = self._counter.look(lambda visit, _: (visit.step, visit.about))
        if form.get("boot") == self._counter.boot and form.get("about") == about:
            fields = {name: form[name][:_DRAFT] for name in _FIELDS.get(step, ()) if name in form}
            if form.get("at") in fields:
                fields["at"] = form["at"]  # where the cursor stands
            session_of(request).draft = (about, fields)
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
            told, about = self._counter.look(
                lambda visit, scanner: (
                    {"turn": str(visit.turn), "step": visit.step, "voice": voice(visit, scanner)},
                    visit.about,
                )
            )
            draft = session.draft_of(about)
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
            return {"html": html, "turn": self._counter.look(customer)["turn"]}

        return render

    async def paper(self, request: Request) -> Response:
        """A paper about the check that has just ended, if it is one of those that help after this end."""
        kind, form = request.path_params["kind"], request.path_params["form"]
        language = language_of(request)
        occasion = self._counter.look(lambda visit, _: _occasion(visit, self._counter.office))
        helps = () if occasion is None else kinds_for(occasion.verdict, occasion.reasons)
        if occasion is None or kind not in helps or form not in ("html", *_TYPES):
            return refusal(request, "no_such_page", 404)
        written = paper(kind, language, occasion)
        if form == "html":
            return HTMLResponse(self._rendering.render("paper.html", language, paper=written, here=request.url.path))
        content = written.as_mail() if form == "eml" else f"{written.subject}\n\n{written.body}".encode()
        headers = {"Content-Disposition": f'attachment; filename="{kind}.{form}"'}
        return Response(content, media_type=_TYPES[form], headers=headers)


def _occasion(visit: Visit, office: str) -> Occasion | None:
    if visit.verdict is None or visit.letter is None:
        return None
    return Occasion(
        tracking=visit.letter.tracking,
        order=visit.letter.order,
        office=office,
        when=visit.book.now().astimezone(UTC),
        verdict=visit.verdict.verdict,
        reasons=visit.verdict.told,
        told=visit.told,
        reference=visit.verdict.reference,
    )
