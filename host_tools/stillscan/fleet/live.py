"""Windows of the centre's page are told which state there is; one that shows another asks for the page anew."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import time
from collections.abc import AsyncGenerator, Callable

import anyio

from stillscan.errors import StillscanError
from stillscan.web.sessions import Session, Sessions
from stillscan.web.stream import BEAT_S

_LOOK_S = 0.5  # of a kiosk's event half a second is lost here at most; the look takes 2 ms of the database


class Changes:
    """``look`` names the state: another as soon as anything has changed (a thread's work). For the page's own loop."""

    def __init__(self, look: Callable[[], str], clock: Callable[[], float] = time.monotonic) -> None:
        self._look, self._clock = look, clock
        self._seen = ""
        self._looked_s = -_LOOK_S
        self._turn = asyncio.Lock()
        self._ended = False
        self._wakes: set[Callable[[], object]] = set()

    def end(self) -> None:
        """The page's server ends: so do all streams. From any thread."""
        self._ended = True
        for wake in list(self._wakes):
            wake()

    async def follow(self, sessions: Sessions, session: Session) -> AsyncGenerator[str, None]:
        """Events `state`, which name the state when it changes and now and then; `locked` ends the stream."""
        woken = asyncio.Event()
        wake = functools.partial(asyncio.get_running_loop().call_soon_threadsafe, woken.set)
        self._wakes.add(wake)
        try:
            with sessions.window(session, wake):
                told, told_s = None, self._clock()
                while not self._ended:
                    if not await sessions.may_see(session):
                        yield _event("locked", "")
                        return
                    now = await self._now()
                    if now != told or self._clock() - told_s >= BEAT_S:
                        yield _event("state", now)
                        told, told_s = now, self._clock()
                    await _heard(woken)
        finally:
            self._wakes.discard(wake)

    async def _now(self) -> str:
        """The state that there is now, asked once for all windows."""
        async with self._turn:
            if self._clock() - self._looked_s >= _LOOK_S:
                with contextlib.suppress(StillscanError):  # the page itself says so when it is asked for
                    self._seen = await anyio.to_thread.run_sync(self._look)
                self._looked_s = self._clock()
            return self._seen


async def _heard(woken: asyncio.Event) -> None:
    try:
        await asyncio.wait_for(woken.wait(), _LOOK_S)
    except TimeoutError:
        return
    woken.clear()


def _event(kind: str, data: str) -> str:
    return f"event: {kind}\ndata: {data}\n\n"
