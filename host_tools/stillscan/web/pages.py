"""The pages on 127.0.0.1: clerk, customer, papers. Every answer names the question that it answers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC
from importlib.resources import files
from typing import Any
from urllib.parse import parse_qsl

import anyio
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from stillscan.counter.counter import MOST_WATCHERS, Counter
from stillscan.counter.visit import FieldProblem, StaleError, Visit
from stillscan.errors import StillscanError
from stillscan.guidance import DEFAULT_LANGUAGE, language_name, languages, page_texts
from stillscan.guidance.papers import KINDS, Occasion, paper
from stillscan.web.guard import Guard
from stillscan.web.stream import follow
from stillscan.web.view import clerk, customer, scanner_text

_MOST_FORM_BYTES = 4096  # eight fields at most, of some 500 bytes each
_TYPES = {"txt": "text/plain; charset=utf-8", "eml": "message/rfc822"}


def application(counter: Counter, hosts: list[str], more: list[BaseRoute] | None = None) -> Starlette:
    """The web application of one counter; ``hosts`` are the names under which it may be asked for."""
    pages = _Pages(counter)
    routes: list[BaseRoute] = [
        Route("/", pages.clerk),
        Route("/customer", pages.customer),
        Route("/events", pages.clerk_events),
        Route("/customer/events", pages.customer_events),
        Route("/paper/{kind}.{form}", pages.paper),
        *(Route(f"/{name}", pages.answer, methods=["POST"], name=name) for name in _ANSWERS),
        Mount("/static", StaticFiles(directory=str(files("stillscan.web") / "static"))),
        *(more or []),
    ]
    middleware = [Middleware(TrustedHostMiddleware, allowed_hosts=hosts), Middleware(Guard)]
    application = Starlette(routes=routes, middleware=middleware)
    application.state.end_streams = counter.end
    return application


def api_route(program: ASGIApp) -> BaseRoute:
    """Where the API stands beside the pages."""
    return Mount("/api/v1", program)


_ANSWERS: dict[str, Callable[[Visit, dict[str, str], int], None]] = {
    "tracking": lambda visit, form, turn: visit.enter(form.get("tracking", ""), turn),
    "second": lambda visit, form, turn: visit.second(form.get("number", ""), form.get("again", ""), turn),
    "face": lambda visit, form, turn: visit.face(_yes(form.get("same_person")), turn),
    "document": lambda visit, form, turn: visit.choose(_keeps(form.get("counts")), turn),
    "end": lambda visit, form, turn: visit.end(turn),
    "next": lambda visit, form, turn: None,
}


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
    def __init__(self, counter: Counter) -> None:
        self._counter = counter
        self._threads = anyio.CapacityLimiter(MOST_WATCHERS)
        self._templates = Environment(
            loader=PackageLoader("stillscan.web"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
        )

    async def _outside(self, answer: Callable[[], None]) -> None:
        """In a thread: a database that hangs must not stop the other windows. These threads are the windows' own."""
        await anyio.to_thread.run_sync(answer, limiter=self._threads)

    def _render(self, template: str, language: str, **more: Any) -> str:
        counter = self._counter
        values = counter.look(
            lambda visit, scanner: {
                "view": (customer(visit, scanner) if template.startswith("customer") else clerk(visit, language)),
                "scanner": scanner,
                "scanner_text": scanner_text(scanner, language),
                "records_trouble": counter.records_trouble,
                "records_sentence": counter.records_sentence,
            }
        )
        values |= {
            "language": language,
            "names": [(code, language_name(code)) for code in languages()],
            "boot": counter.boot,
            "t": page_texts(language),
        }
        values |= {"test_mode": counter.test_mode, "problem": None, "stale": False, "restarted": False, **more}
        html: str = self._templates.get_template(template).render(values)
        return html

    async def clerk(self, request: Request) -> Response:
        """The clerk's page as everything stands now."""
        language = _language(request)
        restarted = "restarted" in request.query_params
        page = HTMLResponse(self._render("page.html", language, restarted=restarted))
        page.set_cookie("language", language, samesite="strict", httponly=True)
        return page

    async def customer(self, request: Request) -> Response:
        """The second screen."""
        return HTMLResponse(self._render("customer.html", _language(request)))

    async def answer(self, request: Request) -> Response:
        """A form was sent: the open question afterwards, or with a note on what was wrong."""
        name = request.url.path.strip("/")
        form = await _form(request)
        language = request.headers.get("X-Panel") or _language(request)
        language = language if language in languages() else DEFAULT_LANGUAGE
        turn = int(form["turn"]) if form.get("turn", "").isascii() and form.get("turn", "").isdigit() else -1
        note: dict[str, Any] = {}
        status = 200
        try:
            if form.get("boot") != self._counter.boot:
                raise StaleError
            if name == "next":
                self._counter.begin_anew(turn)
            else:
                await self._outside(lambda: self._counter.answer(lambda visit: _ANSWERS[name](visit, form, turn)))
        except StaleError:
            note, status = {"stale": True}, 409
        except FieldProblem as problem:
            note, status = {"problem": problem.key}, 422
        except StillscanError:
            status = 503
        if "X-Panel" not in request.headers and status == 200:
            return RedirectResponse(f"/?language={language}", status_code=303)
        template = "panel.html" if "X-Panel" in request.headers else "page.html"
        return HTMLResponse(self._render(template, language, **note), status_code=status)

    async def clerk_events(self, request: Request) -> Response:
        """What happens, for the clerk's page."""
        language = _language(request)
        return self._stream(language, "panel.html", rows=True)

    async def customer_events(self, request: Request) -> Response:
        """What happens, for the second screen."""
        language = _language(request)
        return self._stream(language, "customer_panel.html", rows=False)

    def _stream(self, language: str, template: str, *, rows: bool) -> Response:
        if self._counter.watchers >= MOST_WATCHERS:
            return PlainTextResponse("too many windows are open", status_code=503)
        events = follow(self._counter, language, self._panel(template, language), rows=rows)
        return StreamingResponse(events, media_type="text/event-stream")

    def _panel(self, template: str, language: str) -> Callable[[], dict[str, str]]:
        def render() -> dict[str, str]:
            html = self._render(template, language)
            turn = self._counter.look(
                lambda visit, scanner: customer(visit, scanner)["turn"] if "customer" in template else str(visit.turn)
            )
            return {"html": html, "turn": turn}

        return render

    async def paper(self, request: Request) -> Response:
        """A paper about the check that has just ended; none when it ended with the letter handed out."""
        kind, form = request.path_params["kind"], request.path_params["form"]
        language = _language(request)
        occasion = self._counter.look(lambda visit, _: _occasion(visit, self._counter.office))
        if kind not in KINDS or form not in ("html", *_TYPES) or occasion is None:
            return PlainTextResponse("404", status_code=404)
        written = paper(kind, language, occasion)
        if form == "html":
            template = self._templates.get_template("paper.html")
            return HTMLResponse(template.render(paper=written, language=language))
        content = written.as_mail() if form == "eml" else f"{written.subject}\n\n{written.body}".encode()
        headers = {"Content-Disposition": f'attachment; filename="{kind}.{form}"'}
        return Response(content, media_type=_TYPES[form], headers=headers)


def _occasion(visit: Visit, office: str) -> Occasion | None:
    if visit.verdict is None or visit.letter is None or visit.verdict.verdict == "release":
        return None
    return Occasion(
        tracking=visit.letter.tracking,
        order=visit.letter.order,
        office=office,
        when=visit.book.now().astimezone(UTC),
        verdict=visit.verdict.verdict,
        reasons=visit.verdict.told,
        reference=visit.verdict.reference,
    )


def _language(request: Request) -> str:
    asked = request.query_params.get("language") or request.cookies.get("language") or DEFAULT_LANGUAGE
    return asked if asked in languages() else DEFAULT_LANGUAGE


async def _form(request: Request) -> dict[str, str]:
    """The fields of a small form; what is larger, or no form, has none."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _MOST_FORM_BYTES:
            return {}
    try:
        return dict(parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=8))
    except ValueError:
        return {}
