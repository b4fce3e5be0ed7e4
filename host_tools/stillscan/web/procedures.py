"""Guided procedures on the technician's page: a step a page, each answer a form, so it works without scripts.

What is shown stands in the address (`step`: what that one came to; `again`: it is asked once more), and what was found
in the run's file: a reload, or another browser, goes on where it was.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import anyio
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from stillscan.counter.counter import Counter
from stillscan.errors import StillscanError
from stillscan.guidance import service_texts
from stillscan.guidance.technicians import Words, technician_words
from stillscan.records.errors import FieldError
from stillscan.technician.procedures import pictures
from stillscan.technician.procedures.guided import JOB, SCANNED, SHOWN, Guided
from stillscan.technician.procedures.report import told
from stillscan.technician.procedures.run import Run
from stillscan.technician.procedures.spoken import spoken
from stillscan.technician.procedures.table import AT_SCANNER, REPLACE, Procedure, Step, procedures
from stillscan.technician.relay import GONE_S
from stillscan.technician.room import Room
from stillscan.web.forms import form_of
from stillscan.web.gate import session_of
from stillscan.web.language import keep_choice, language_of
from stillscan.web.rendering import Rendering
from stillscan.web.service_view import partly_english
from stillscan.web.sessions import Session, Sessions

_PAGE = "/service"
BELOW = f"{_PAGE}/procedure"
_MOST_AT_ONCE = 2  # requests that read or write a run, each in a thread: a kiosk has one technician at a time
_KINDS = {"html": "text/html; charset=utf-8", "pdf": "application/pdf"}
T = TypeVar("T")


class ProcedurePages:
    """The pages of one kiosk's procedures."""

    def __init__(self, counter: Counter, sessions: Sessions, room: Room, guided: Guided) -> None:
        self._rendering = Rendering(counter)
        self._sessions = sessions
        self._room = room
        self._guided = guided
        self._threads = anyio.CapacityLimiter(_MOST_AT_ONCE)

    def routes(self) -> list[BaseRoute]:
        """Where they are; the gate lets in technicians alone."""
        return [
            Route(f"{BELOW}/{{name}}", self.page),
            Route(f"{BELOW}/{{name}}", self.answer, methods=["POST"]),
            Route(f"{_PAGE}/picture/{{name}}.svg", self.picture),
            Route(f"{_PAGE}/report/{{name}}.{{ending}}", self.report),
        ]

    async def page(self, request: Request) -> Response:
        """The next step, or the one that the address names."""
        procedure = _procedure(request)
        if procedure is None:
            return _away()
        try:
            run = await self._outside(functools.partial(self._guided.run, procedure))
        except StillscanError as error:
            return await self._page(request, procedure, None, status=409, problem=str(error))
        return await self._page(request, procedure, run)

    async def answer(self, request: Request) -> Response:
        """Begin one, have a step measured, keep what a person says, or sign the report."""
        procedure = _procedure(request)
        if procedure is None:
            return _away()
        form = await form_of(request)
        run: Run | None = None
        texts = service_texts(language_of(request))
        try:
            if self._room.going_on is not None:
                return await self._page(request, procedure, None, status=409, problem=texts["busy"])
            if form.get("do") == "begin":
                await self._outside(functools.partial(self._guided.begin, procedure))
                return _to(procedure)
            run = await self._outside(functools.partial(self._guided.run, procedure))
            return await self._answered(request, procedure, run, form)
        except FieldError:
            problem = texts["procedure_no_reason"]
            return await self._page(request, procedure, run, form.get("step", ""), status=422, problem=problem)
        except StillscanError as error:
            problem = f"{texts['refused']} {technician_words(language_of(request))(str(error))}"
            return await self._page(request, procedure, run, form.get("step", ""), status=409, problem=problem)

    async def _answered(
        self, request: Request, procedure: Procedure, run: Run | None, form: Mapping[str, str]
    ) -> Response:
        texts, who = service_texts(language_of(request)), session_of(request).person
        if run is not None and form.get("do") == "sign" and run.next is None:
            await self._outside(functools.partial(self._guided.close, run, who, language_of(request)))
            return RedirectResponse(f"{_PAGE}#procedures", status_code=303)
        step = _step(procedure, run, form.get("step", ""))
        if run is None or step is None:
            return await self._page(request, procedure, run, status=409, problem=texts["procedure_stale"])
        if form.get("do") == "measure" and step.by in AT_SCANNER:
            if not self._guided.measure(run, step, who.staff, texts, self._present(session_of(request))):
                return await self._page(request, procedure, run, step.id, status=409, problem=texts["busy"])
            return _to(procedure, "again" if step.by in SHOWN else "step", step)
        keep = functools.partial(self._guided.answer, run, step, form, who.staff)
        if not await self._outside(keep):
            problem = texts["procedure_no_value"]
            return await self._page(request, procedure, run, step.id, status=422, problem=problem, typed=form)
        return _to(procedure, "step", step)

    def _present(self, session: Session) -> Callable[[], bool]:
        """Whether somebody is signed in still, at a browser that still asks."""
        sessions = self._sessions

        def present() -> bool:
            return sessions.left_s(session) > 0 and sessions.clock() - session.asked_s < GONE_S

        return present

    async def picture(self, request: Request) -> Response:
        """What to look at; ``board`` for its wiring."""
        name = request.path_params["name"]
        if name not in pictures.NAMES:
            return _away()
        drawn = functools.partial(
            pictures.picture, name, request.query_params.get("board", ""), technician_words(language_of(request))
        )
        return Response(await self._outside(drawn), media_type="image/svg+xml")

    async def report(self, request: Request) -> Response:
        """A file of a report, to keep: its bytes are those that were signed."""
        name, ending = request.path_params["name"], request.path_params["ending"]
        content = await self._outside(functools.partial(self._guided.report, name, ending))
        if content is None:
            return _away()
        headers = {"Content-Disposition": f'attachment; filename="{name}.{ending}"'}
        return Response(content, media_type=_KINDS[ending], headers=headers)

    async def _outside(self, work: Callable[[], T]) -> T:
        """In a thread: disk and records may take their time, and the other windows go on."""
        return await anyio.to_thread.run_sync(work, limiter=self._threads)

    async def _page(
        self, request: Request, procedure: Procedure, run: Run | None, asked: str = "", *, status: int = 200,
        problem: str = "", typed: Mapping[str, str] | None = None,
    ) -> Response:  # fmt: skip
        language, query = language_of(request), request.query_params
        say = technician_words(language)
        shown = None if asked else _step(procedure, run, query.get("step", ""))
        if run is not None and shown is not None and shown.id not in run.found:
            asked, shown = shown.id, None  # it is being measured, or could not be
        step = _step(procedure, run, asked or query.get("again", "")) or (None if run is None else run.next)
        answer = HTMLResponse(
            self._rendering.render(
                "procedure.html",
                language,
                s=service_texts(language),
                person=session_of(request).person,
                lock_s=self._sessions.told_lock_s,
                here=f"{BELOW}/{procedure.name}",
                procedure=spoken(procedure, say),
                say=say,
                told=partly_english(say),
                run=run,
                going_on=self._room.going_on,
                measuring=self._room.going_on is not None and self._room.going_on.name == JOB,
                problem=problem,
                typed=typed or {},
                **({} if run is None else self._shown(procedure, run, shown or step, say, done=shown is not None)),
            ),
            status_code=status,
        )
        keep_choice(request, answer)
        return answer

    def _shown(self, procedure: Procedure, run: Run, step: Step | None, say: Words, *, done: bool) -> dict[str, Any]:
        """Of a run that goes on: the step that is asked, or what it came to; all steps when none is left."""
        said = spoken(procedure, say)
        if step is None:
            return {"step": None, "found": None, "steps": [(one, run.found[one.id]) for one in said.steps]}
        found, place = run.found[step.id] if done else None, procedure.steps.index(step)
        return {
            "step": said.steps[place],
            "phase": next(phase for phase in said.phases if said.steps[place] in phase.steps),
            "number": place + 1,
            "found": found,
            "values": [told(value, say) for value in found.values] if found is not None else [],
            "advice": list(dict.fromkeys(one.advice for one in found.values if one.advice)) if found else [],
            "scans": step.by in SCANNED,
            "shows": step.by in SHOWN,
            "judges": step.by == "confirm" or (step.by in SHOWN and self._guided.shown(run, step)),
            "measures": step.by in AT_SCANNER,
            "trouble": self._guided.trouble(run, step),
            "board": str(run.scanner.get("board") or ""),
        }


def offered() -> tuple[list[Procedure], list[Procedure]]:
    """The procedures that a page lists: by themselves, and for a part that was exchanged."""
    known = list(procedures().values())
    parts = [one for one in known if one.name.startswith(REPLACE)]
    return [one for one in known if one not in parts], parts


def _procedure(request: Request) -> Procedure | None:
    return procedures().get(request.path_params["name"])


def _step(procedure: Procedure, run: Run | None, name: str) -> Step | None:
    """The step of that name, if the run has come to it."""
    if run is None:
        return None
    known = {step.id: step for step in procedure.steps if step.id in run.found or step is run.next}
    return known.get(name)


def _to(procedure: Procedure, what: str = "", step: Step | None = None) -> Response:
    asked = "" if step is None else f"?{what}={step.id}"
    return RedirectResponse(f"{BELOW}/{procedure.name}{asked}", status_code=303)


def _away() -> Response:
    """What is not there: the page that lists what there is."""
    return RedirectResponse(f"{_PAGE}#procedures", status_code=303)
