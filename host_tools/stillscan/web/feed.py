"""The counter as programs follow it: each state once, as server-sent events. Nothing personal and no letter."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, Callable
from typing import Any

import anyio

from stillscan.counter.counter import Counter, Scanner
from stillscan.counter.visit import Visit
from stillscan.errors import StillscanError
from stillscan.web.sessions import ASK_AGAIN_S
from stillscan.web.stream import follow

_ASK_S = 1.0  # so long the records may take, as with a window of the page (sessions.py)
_PANEL = "event: panel\ndata: "


def state_of(visit: Visit, scanner: Scanner) -> dict[str, Any]:
    """The open question and what the scanner does; of a check that is over its end, and its entry in the audit log."""
    verdict = visit.verdict
    return {
        "turn": visit.turn,
        "step": visit.step,
        "scanner": scanner.state,
        "trouble": scanner.trouble,
        "verdict": None if verdict is None else verdict.verdict,
        "reasons": [] if verdict is None else list(verdict.reasons),
        "reference": None if verdict is None else verdict.reference,
    }


async def feed(counter: Counter, may_follow: Callable[[], bool]) -> AsyncGenerator[str, None]:
    """Events `state` with `state_of` as JSON, and `beat` every few seconds in which nothing changes, until the end.

    ``may_follow`` is asked now and then, in a thread: the stream ends as soon as it says no. While it cannot be told
    (StillscanError, or it takes long), what it said last counts.
    """
    before, loop = "", asyncio.get_running_loop()
    asked_s = loop.time()
    async for event in follow(counter, "en", lambda: counter.look(state_of), scanner=False):
        if loop.time() - asked_s >= ASK_AGAIN_S:
            asked_s = loop.time()
            if not await _may(may_follow):
                return
        if event.startswith(_PANEL):
            told = event.removeprefix(_PANEL)
            if told != before:
                yield f"event: state\ndata: {told}"
            before = told
        elif event.startswith("event: beat"):
            yield f"event: beat\ndata: {json.dumps({})}\n\n"


async def _may(may_follow: Callable[[], bool]) -> bool:
    with contextlib.suppress(StillscanError), anyio.move_on_after(_ASK_S):
        return await anyio.to_thread.run_sync(may_follow, abandon_on_cancel=True)
    return True
