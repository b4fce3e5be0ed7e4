"""The counter as programs follow it, as server-sent events: each state once, and each check that ended.

No check is missed, however often the connection is lost. Nothing personal and no letter.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterator
from typing import Any

import anyio

from stillscan.counter.counter import Counter, Scanner
from stillscan.counter.visit import Visit
from stillscan.errors import StillscanError
from stillscan.records.ended import EndedCheck
from stillscan.web.sessions import ASK_AGAIN_S
from stillscan.web.stream import follow

_ASK_S = 1.0  # so long the records may take, as with a window of the page (sessions.py)
_PAST_S = 5.0  # so long they may take to say what a program missed, as with an answer at the page
_MOST_CHECKS = 100  # that wait for a program: hours of a counter; a program that hangs so long asks anew
_PANEL, _STATE = "event: panel\ndata: ", "event: state\ndata: "
Past = Callable[[str], tuple[list[EndedCheck], str]]
"""As `EndedChecks.after`."""


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


async def feed(
    counter: Counter, may_follow: Callable[[], bool], ended: Past | None = None, after: str = ""
) -> AsyncGenerator[str, None]:
    """Events `state` with `state_of` as JSON, `check` with each check that ended, and `beat` when nothing changes.

    A `check` has its reference as its id. Who was away asks ``after`` the last one, and is told first what ended since,
    once more when it was told just before the connection was lost; ``ended`` knows it. When it cannot be told the
    stream ends: who asks again later misses nothing.

    ``may_follow`` is asked now and then, in a thread: the stream ends as soon as it says no. While it cannot be told
    (StillscanError, or it takes long), what it said last counts.
    """
    with _watched(counter) as checks:
        past = await _past(ended, after)
        if past is None and after:
            return
        missed, here = past or ([], "")
        for one in missed:
            yield _check(one.told)
        heard, before, loop = {one.reference for one in missed}, "", asyncio.get_running_loop()
        asked_s = loop.time()
        async for event in follow(counter, "en", lambda: counter.look(state_of), scanner=False):
            if loop.time() - asked_s >= ASK_AGAIN_S:
                asked_s = loop.time()
                if not await _may(may_follow):
                    return
            for told in _fresh(checks, heard):
                yield _check(told)
            if event.startswith(_PANEL) and event != before:
                yield f"{_id('' if before else here)}{_STATE}{event.removeprefix(_PANEL)}"
                before = event
            elif event.startswith("event: beat"):
                yield f"event: beat\ndata: {json.dumps({})}\n\n"


@contextlib.contextmanager
def _watched(counter: Counter) -> Iterator[deque[dict[str, Any]]]:
    """The checks that end meanwhile, as they come."""
    checks = deque[dict[str, Any]](maxlen=_MOST_CHECKS)
    stop = counter.watch(lambda event: checks.append(event[1]) if event[0] == "verdict" else None)
    try:
        yield checks
    finally:
        stop()


def _fresh(checks: deque[dict[str, Any]], heard: set[str]) -> Iterator[dict[str, Any]]:
    while checks:
        told = checks.popleft()
        if told["reference"] not in heard:
            yield told


def _check(told: dict[str, Any]) -> str:
    return f"{_id(told['reference'])}event: check\ndata: {json.dumps(told)}\n\n"


def _id(reference: str) -> str:
    """With the first state: where the log ends, for who is away before any check has ended."""
    return f"id: {reference}\n" if reference else ""


async def _past(ended: Past | None, after: str) -> tuple[list[EndedCheck], str] | None:
    """What ended since, and where the log ends; None when the records do not say it in time."""
    if ended is None:
        return [], ""
    with contextlib.suppress(StillscanError), anyio.move_on_after(_PAST_S):
        return await anyio.to_thread.run_sync(ended, after, abandon_on_cancel=True)
    return None


async def _may(may_follow: Callable[[], bool]) -> bool:
    with contextlib.suppress(StillscanError), anyio.move_on_after(_ASK_S):
        return await anyio.to_thread.run_sync(may_follow, abandon_on_cancel=True)
    return True
