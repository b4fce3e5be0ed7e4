"""Events from the counter's threads to a browser: in order, in batches, and never more than a slow window can take.

A stream is never silent for longer than a heartbeat, so that a page whose connection has died without a word notices.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Any

from stillscan.counter.counter import Counter, Event
from stillscan.web.view import attempt_text, scanner_text

BEAT_S = 2.5  # of the heartbeat: a page that hears nothing for three of them says so (page.js), within 10 s
_BATCH_S = 0.025  # what comes within it is sent as one: forty times a second is smooth to the eye
_MOST = 600  # rows that wait for a window; more than a sweep's, so that only a window that hangs loses some


async def follow(
    counter: Counter, language: str, panel: Callable[[], dict[str, str]], rows: bool
) -> AsyncIterator[str]:
    """Server-sent events: first how everything stands, then what changes. ``panel`` renders the open question."""
    loop, waiting = asyncio.get_running_loop(), asyncio.Event()
    events: deque[Event] = deque(maxlen=_MOST)

    def on_event(event: Event) -> None:
        if rows or event[0] != "rows":
            events.append(event)
            loop.call_soon_threadsafe(waiting.set)

    stop = counter.watch(on_event)
    try:
        yield _event("boot", counter.boot)
        yield _event("panel", panel())
        yield _event("device", _device(counter, language, {}))
        if rows:
            yield _event("rows", counter.rows())
        while True:
            try:
                await asyncio.wait_for(waiting.wait(), BEAT_S)
            except TimeoutError:
                yield _event("beat", {})
                continue
            await asyncio.sleep(_BATCH_S)
            waiting.clear()
            for kind, content in _merged(events):
                if kind == "end":
                    return
                if kind == "panel":
                    content = panel()
                elif kind == "device":
                    content = _device(counter, language, content)
                yield _event(kind, content)
    finally:
        stop()


def _event(kind: str, content: Any) -> str:
    """One event as the stream carries it (WHATWG HTML, "Server-sent events"): JSON has no line breaks."""
    return f"event: {kind}\ndata: {json.dumps(content)}\n\n"


def _merged(events: deque[Event]) -> list[tuple[str, Any]]:
    """All that waits: rows in one list, changes of the scanner in one, the panel once, the end, in that order."""
    rows: list[dict[str, Any]] = []
    device: dict[str, Any] = {}
    panel = end = False
    while events:
        kind, content = events.popleft()
        if kind == "rows":
            rows.append(content)
        elif kind == "device":
            device |= content
        elif kind == "end":
            end = True
        else:
            panel = True
    found: list[tuple[str, Any]] = []
    if device:
        found.append(("device", device))
    if rows:
        found.append(("rows", rows))
    if panel:
        found.append(("panel", {}))
    if end:
        found.append(("end", {}))
    return found


def _device(counter: Counter, language: str, change: dict[str, Any]) -> dict[str, Any]:
    """A change of the scanner as the page needs it; an empty one: everything."""
    scanner = counter.scanner
    news = dict(change) or {
        "state": scanner.state,
        "row": scanner.row,
        "rows": scanner.rows,
        "attempt": scanner.attempt,
    }
    if not change or {"sentence", "trouble"} & change.keys():
        news["text"] = scanner_text(scanner, language)
    if "attempt" in news:
        news["attempt_text"] = attempt_text(scanner, language)
    news.pop("sentence", None)
    return news
