"""The centre's pages on 127.0.0.1: all kiosks, one, an office, a series, a version, this week, known problems.

Everybody who is signed in may look; a supervisor decides about the known-problem list and the browsers.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import quote, urlencode

import anyio
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from stillscan.errors import InputError, StillscanError
from stillscan.fleet import known_list, views
from stillscan.fleet.api import API, api
from stillscan.fleet.findings import WINDOW_DAYS, Watch
from stillscan.fleet.known import proposed
from stillscan.fleet.live import Changes
from stillscan.fleet.now import Standing, mark, standing
from stillscan.fleet.page_tables import prepare
from stillscan.fleet.rendering import Rendering
from stillscan.fleet.series import Key
from stillscan.fleet.store import Store
from stillscan.fleet.tallies import of_kiosk, of_kiosks, of_version
from stillscan.fleet.views import Reading
from stillscan.guidance import DEFAULT_LANGUAGE
from stillscan.guidance.catalogue import sections
from stillscan.records.canonical import digest
from stillscan.records.staff import Role
from stillscan.records.tokens import Token
from stillscan.verify.known import LANGUAGES
from stillscan.web.browsers import Browsers
from stillscan.web.forms import form_of
from stillscan.web.gate import Gate, session_of, supervisors_only
from stillscan.web.guard import Guard
from stillscan.web.language import begin_in, keep_choice, language_of, refusal
from stillscan.web.limits import FORM_BYTES, DeclaredSize, WholeBody
from stillscan.web.sessions import MOST_STREAMS, Sessions
from stillscan.web.signin import SignIn

_EVENTS = "/events"
_BY_ITSELF = "X-Live"
"""The header with which a page asks for itself anew: that is nothing which a person did."""
_MOST_ANSWERS = 8  # at one time, each in a thread with a connection of the database
_MOST_SOUGHT = 64  # characters of a text that is sought: no name is longer


def application(
    store: Store,
    watch: Watch,
    browsers: Browsers,
    sessions: Sessions,
    hosts: list[str],
    now: Callable[[], datetime],
    find_token: Callable[[str], Token | None] = lambda shown: None,
    language: str = DEFAULT_LANGUAGE,
    trouble: Callable[[], str] = lambda: "",
) -> Starlette:
    """The web application of a centre; ``hosts`` are the names under which it may be asked for. RecordsError.

    ``find_token``: the token of the API that a program shows (`TokenList.find`), or None. Tables that pages need are
    made. `rounds.Rounds` keeps ``watch`` up to date. ``trouble``: why nothing is taken now, "" when all is well.
    """
    prepare(store)
    rendering = Rendering()

    def state() -> str:
        """Another text as soon as anything that pages show has changed."""
        return digest(repr((mark(store), watch.latest().at, trouble())).encode())

    changes = Changes(state)
    pages = _Pages(store, watch, rendering, sessions, changes, now, state, trouble)
    routes: list[BaseRoute] = [
        Route("/", pages.shows(pages.overview)),
        Route("/kiosk/{kiosk}", pages.shows(pages.kiosk)),
        Route("/office", pages.shows(pages.office)),
        Route("/series", pages.shows(pages.all_series)),
        Route("/series/{issuer}/{kind}/{year:int}", pages.shows(pages.series)),
        Route("/versions", pages.shows(pages.versions)),
        Route("/version/{firmware}", pages.shows(pages.version)),
        Route("/week", pages.shows(pages.week)),
        Route("/known", pages.shows(pages.known)),
        Route("/known.toml", pages.known_file),
        Route("/known/add", pages.decides(pages.add), methods=["POST"]),
        Route("/known/change", pages.decides(pages.change), methods=["POST"]),
        Route("/known/remove", pages.decides(pages.remove), methods=["POST"]),
        Route(_EVENTS, pages.events),
        *SignIn(rendering, rendering, browsers, sessions).routes(),
        Mount(API, api(store, watch, now, find_token)),
        Mount("/static", StaticFiles(packages=[("stillscan.fleet", "static"), ("stillscan.web", "static")])),
    ]
    middleware = [
        Middleware(TrustedHostMiddleware, allowed_hosts=hosts),
        Middleware(Guard),
        Middleware(DeclaredSize, most=lambda scope: FORM_BYTES),
        Middleware(
            Gate,
            browsers=browsers,
            sessions=sessions,
            admits=lambda role, path: True,
            by_itself=lambda request: request.url.path == _EVENTS or _BY_ITSELF in request.headers,
        ),
        Middleware(WholeBody, most=lambda scope: FORM_BYTES),
    ]
    made = Starlette(routes=routes, middleware=middleware)
    made.state.end_streams = changes.end
    begin_in(made, language)
    return made


_Shown = Callable[[Request, Reading], tuple[str, dict[str, Any]] | None]
_Decided = Callable[[dict[str, str], str, str], str]


class _Pages:
    def __init__(
        self,
        store: Store,
        watch: Watch,
        rendering: Rendering,
        sessions: Sessions,
        changes: Changes,
        now: Callable[[], datetime],
        state: Callable[[], str],
        trouble: Callable[[], str],
    ) -> None:
        self._store, self._watch, self._rendering, self._now = store, watch, rendering, now
        self._state, self._trouble = state, trouble
        self._sessions, self._changes = sessions, changes
        self._threads = anyio.CapacityLimiter(_MOST_ANSWERS)

    def shows(self, page: _Shown) -> Callable[[Request], Any]:
        """A page that is read from the state, in a thread: a database that hangs stops nobody else."""

        async def answer(request: Request) -> Response:
            try:
                html = await anyio.to_thread.run_sync(self._page, page, request, limiter=self._threads)
            except StillscanError:
                return PlainTextResponse(sections(language_of(request))["fleet"]["refused"], 503)
            if html is None:
                return refusal(request, "no_such_page", 404)
            shown = HTMLResponse(html)
            keep_choice(request, shown)
            return shown

        return answer

    def _page(self, page: _Shown, request: Request, problem: str = "") -> str | None:
        language, now = language_of(request), self._now()
        state, found = self._state(), self._watch.latest()  # before all else: never newer than shown
        with self._store.reading() as connection:
            reading = Reading(connection, standing(connection), found, now, language)
            shown = page(request, reading)
        if shown is None:
            return None
        template, values = shown
        person = session_of(request).person
        frame = {
            "person": person,
            "supervisor": person.role is Role.SUPERVISOR,
            "here": request.url.path,
            "asked": _asked(request),
            "when": f"{now.astimezone(UTC):%Y-%m-%d %H:%M}",
            "counted": f"{found.at.astimezone(UTC):%Y-%m-%d %H:%M}",
            "window": WINDOW_DAYS,
            "state_shown": state,
            "trial": found.test,
            "trouble": self._trouble(),
            "problem": problem,
            "done": "done" in request.query_params,
        }
        return self._rendering.render(template, language, **frame, **values)

    def overview(self, request: Request, reading: Reading) -> tuple[str, dict[str, Any]]:
        """All kiosks."""
        page = request.query_params.get("page", "1")
        number = int(page[:6]) if page.isascii() and page.isdigit() else 1
        sought = request.query_params.get("find", "")[:_MOST_SOUGHT]
        return "overview.html", views.overview(reading, sought, number)

    def kiosk(self, request: Request, reading: Reading) -> tuple[str, dict[str, Any]] | None:
        """One kiosk."""
        name = request.path_params["kiosk"]
        one = next((one for one in reading.all.kiosks if one.kiosk == name), None)
        if one is None:
            return None
        return "kiosk.html", {"one": one, **views.of_kiosks(reading, [one], of_kiosk(name))}

    def office(self, request: Request, reading: Reading) -> tuple[str, dict[str, Any]] | None:
        """One office: its name is no part of the path, where "/" and ".." would mean something else."""
        return self._some(request.query_params.get("name", ""), lambda one: one.office, reading)

    def _some(self, name: str, of: Callable[[Standing], str], reading: Reading) -> tuple[str, dict[str, Any]] | None:
        kiosks = [one for one in reading.all.kiosks if of(one) == name]
        if not kiosks:
            return None
        where = of_kiosks(one.kiosk for one in kiosks)
        return "office.html", {"name": name, **views.of_kiosks(reading, kiosks, where)}

    def all_series(self, request: Request, reading: Reading) -> tuple[str, dict[str, Any]]:
        """Which passports fail."""
        return "all_series.html", {"series": reading.found.series}

    def series(self, request: Request, reading: Reading) -> tuple[str, dict[str, Any]] | None:
        """One series."""
        asked = request.path_params
        shown = views.series(reading, Key(asked["issuer"], asked["kind"], asked["year"]))
        return None if shown is None else ("series.html", shown)

    def versions(self, request: Request, reading: Reading) -> tuple[str, dict[str, Any]]:
        """All versions."""
        kiosks: dict[str, int] = {}
        for one in reading.all.kiosks:
            kiosks[one.firmware] = kiosks.get(one.firmware, 0) + 1
        return "versions.html", {"versions": reading.found.versions, "kiosks": kiosks}

    def version(self, request: Request, reading: Reading) -> tuple[str, dict[str, Any]] | None:
        """One version of the firmware."""
        name = request.path_params["firmware"]
        kiosks = [one for one in reading.all.kiosks if one.firmware == name]
        if not kiosks:
            return None
        shown = views.of_kiosks(reading, kiosks, of_version(name))
        return "office.html", {"name": name, **shown, "rows": kiosks[: views.A_PAGE]}

    def week(self, request: Request, reading: Reading) -> tuple[str, dict[str, Any]]:
        """What changed this week."""
        return "week.html", views.week(reading)

    def known(self, request: Request, reading: Reading) -> tuple[str, dict[str, Any]]:
        """The list of known problems."""
        kept = known_list.entries(reading.connection)
        return "known.html", {"kept": kept, "effects": reading.found.effects, "languages": LANGUAGES}

    async def known_file(self, request: Request) -> Response:
        """The list as a file for kiosks."""
        try:
            document = await anyio.to_thread.run_sync(known_list.document, self._store, limiter=self._threads)
        except StillscanError:
            return PlainTextResponse(sections(language_of(request))["fleet"]["refused"], 503)
        headers = {"Content-Disposition": 'attachment; filename="known.toml"'}
        return Response(document, media_type="application/toml", headers=headers)

    def decides(self, decided: _Decided) -> Callable[[Request], Any]:
        """What a supervisor decides about the list, which is shown afterwards, with what was wrong if something was."""

        async def answer(request: Request) -> Response:
            refused = supervisors_only(request)
            if refused is not None:
                return refused
            form, staff, language = await form_of(request), session_of(request).person.staff, language_of(request)
            try:
                to = await anyio.to_thread.run_sync(decided, form, staff, language, limiter=self._threads)
            except (InputError, KeyError, ValueError) as error:
                why = str(error) if isinstance(error, InputError) else sections(language)["page"]["no_such_page"]
                problem = sections(language)["fleet"]["known_wrong"].format(why=why)
                html = await anyio.to_thread.run_sync(self._page, self.known, request, problem, limiter=self._threads)
                return HTMLResponse(html or "", status_code=422)
            except StillscanError:
                return PlainTextResponse(sections(language)["fleet"]["refused"], 503)
            return RedirectResponse(to, status_code=303)

        return answer

    def add(self, form: dict[str, str], staff: str, language: str) -> str:
        """One press: advice about a series. KeyError, ValueError for one that is not shown."""
        key = Key(form["issuer"], form["kind"], int(form["expiry_year"]))
        with self._store.reading() as connection:
            reading = Reading(connection, standing(connection), self._watch.latest(), self._now(), language)
            before, why = views.before(reading, key), views.cause(reading, key)
        entry = proposed(key, why, self._now().astimezone(UTC).date())
        known_list.add(self._store, entry, before, staff)
        return "/known?done"

    def change(self, form: dict[str, str], staff: str, language: str) -> str:
        """Other words or days."""
        advice = {code: form[code].strip() for code in LANGUAGES}
        days = (form["seen_from"], form.get("seen_to", ""))
        first, last = (date.fromisoformat(day) if day else None for day in days)
        if first is None or not known_list.change(self._store, int(form["number"]), advice, first, last):
            raise KeyError("number")
        return "/known?done"

    def remove(self, form: dict[str, str], staff: str, language: str) -> str:
        """Off the list; of what is gone already nothing is left to do."""
        known_list.remove(self._store, int(form["number"]))
        return "/known?done"

    async def events(self, request: Request) -> Response:
        """Tells a window that something has changed."""
        session = session_of(request)
        if request.method == "HEAD":  # a page asks why it hears nothing
            return PlainTextResponse("")
        if len(session.streams) >= MOST_STREAMS:
            return refusal(request, "too_many_windows", 503)
        return StreamingResponse(self._changes.follow(self._sessions, session), media_type="text/event-stream")


def _asked(request: Request) -> str:
    """This page's address, to which the choice of a language is added."""
    asked = [(name, value) for name, value in request.query_params.multi_items() if name not in ("language", "done")]
    return f"{quote(request.url.path)}?{urlencode(asked)}{'&' if asked else ''}"
