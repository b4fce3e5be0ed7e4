"""The technician's page: the scanner from inside, one task at a time. It works without scripts, but for what moves."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TypeVar

import anyio
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from stillscan.boards.settings import known
from stillscan.counter.counter import Counter
from stillscan.errors import StillscanError
from stillscan.guidance import service_texts
from stillscan.guidance.technicians import counter_in, event_in, technician_words
from stillscan.technician.glass import Glass
from stillscan.technician.live import LAMPS
from stillscan.technician.procedures.guided import Guided
from stillscan.technician.procedures.spoken import spoken
from stillscan.technician.room import Room
from stillscan.technician.tasks import TASKS
from stillscan.web.forms import form_of
from stillscan.web.gate import NOW, session_of
from stillscan.web.language import keep_choice, language_of
from stillscan.web.procedures import ProcedurePages, offered
from stillscan.web.rendering import Rendering
from stillscan.web.service_view import day, dirt_drawing, partly_english, told
from stillscan.web.sessions import Sessions

PATH = "/service"
_MOST_AT_ONCE = 4  # requests that wait for the scanner, each in a thread
T = TypeVar("T")


class ServicePage:
    """The technician's page of one counter. ``room`` has the scanner, ``guided`` the reports."""

    def __init__(self, counter: Counter, sessions: Sessions, room: Room, glass: Glass, guided: Guided) -> None:
        self._rendering = Rendering(counter)
        self._sessions = sessions
        self._room = room
        self._glass = glass
        self._guided = guided
        self._procedures = ProcedurePages(counter, sessions, room, guided)
        self._threads = anyio.CapacityLimiter(_MOST_AT_ONCE)

    def routes(self) -> list[BaseRoute]:
        """Where it is; the gate lets in technicians alone."""
        return [
            Route(PATH, self.page),
            Route(NOW, self.now),
            Route(f"{PATH}/task", self.task, methods=["POST"]),
            Route(f"{PATH}/live", self.live, methods=["POST"]),
            Route(f"{PATH}/settings", self.settings, methods=["POST"]),
            *self._procedures.routes(),
        ]

    async def page(self, request: Request) -> Response:
        """How everything stands."""
        return await self._page(request)

    async def now(self, request: Request) -> Response:
        """What moves: the sensors, and how far a task is."""
        job = self._room.going_on
        say, live = technician_words(language_of(request)), self._room.live.ask()
        going_on = None if job is None else {"name": job.name, "progress": say(job.progress)}
        return JSONResponse({"live": live | {"over": say(live["over"])}, "job": going_on})

    async def task(self, request: Request) -> Response:
        """Begin one."""
        name = (await form_of(request)).get("task", "")
        if name not in TASKS or not self._room.start(name, self._who(request)):
            return await self._page(request, 409, problem="busy")
        return RedirectResponse(f"{PATH}#tasks", status_code=303)

    async def live(self, request: Request) -> Response:
        """Show the sensors, or do so no longer."""
        form = await form_of(request)
        if form.get("on") != "yes":
            self._room.live.stop()
        elif self._room.going_on is not None:
            return await self._page(request, 409, problem="busy")
        else:
            self._room.live.begin(self._who(request), form.get("lamp", ""))
        return RedirectResponse(f"{PATH}#live", status_code=303)

    async def settings(self, request: Request) -> Response:
        """Change one for good."""
        form = await form_of(request)
        name, text = form.get("name", ""), form.get("value", "").strip()
        if name not in known().rows:
            return await self._page(request, 422)
        digits = text.removeprefix("-")
        if not (digits.isascii() and digits.isdigit() and len(digits) < 10 and known().fits(name, int(text))):
            return await self._page(request, 422, problem="setting_wrong", wrong=name)
        change = functools.partial(self._room.change, self._who(request), name, int(text))
        try:
            await self._outside(change)
        except StillscanError as error:
            return await self._page(request, 409, problem="refused", detail=str(error), wrong=name)
        return await self._page(request, changed=name)

    async def _outside(self, work: Callable[[], T]) -> T:
        """In a thread: the scanner answers when it can, and the other windows go on."""
        return await anyio.to_thread.run_sync(work, limiter=self._threads)

    def _who(self, request: Request) -> str:
        return session_of(request).person.staff

    async def _page(
        self, request: Request, status: int = 200, *, problem: str = "", detail: str = "", wrong: str = "",
        changed: str = "",
    ) -> Response:  # fmt: skip
        room, language = self._room, language_of(request)
        trouble = await self._outside(functools.partial(room.look, self._who(request)))
        reports = await self._outside(self._guided.closed)
        whole, exchanges = offered()
        texts, say, look = service_texts(language), technician_words(language), self._glass.last()
        answer = HTMLResponse(
            self._rendering.render(
                "service.html",
                language,
                s=texts,
                person=session_of(request).person,
                lock_s=self._sessions.told_lock_s,
                here=PATH,
                seen=None if room.seen is None else told(room.seen, texts),
                trouble=texts.get(f"task_{trouble}", trouble),
                say=say,
                told=partly_english(say),
                event=functools.partial(event_in, say),
                counter=functools.partial(counter_in, say),
                procedures=[spoken(one, say) for one in whole],
                exchanges=[spoken(one, say) for one in exchanges],
                reports=[one._replace(ended=day(one.ended)) for one in reports],
                live=room.live.ask(),
                lamps=list(LAMPS),
                tasks=list(TASKS),
                jobs=room.jobs,
                going_on=room.going_on,
                glass=None if look is None else dirt_drawing(look),
                glass_seen="" if look is None else day(look["when"]),
                history=[{**row, "when": day(row["when"])} for row in self._glass.history()],
                problem=texts[problem].format(name=wrong) if problem else "",
                detail=detail,
                wrong=wrong,
                changed=texts["setting_done"].format(name=changed) if changed else "",
            ),
            status_code=status,
        )
        keep_choice(request, answer)
        return answer
