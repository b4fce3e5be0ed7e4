"""Events from the counter's threads to a browser: in order, in batches, and never more than a slow window can take.

A stream is never silent for longer than a heartbeat, so that a page whose connection has died without a word notices.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterator
from typing import Any

from stillscan.counter.counter import Counter, Event
from stillscan.web.sessions import Session, Sessions
from stillscan.web.view import attempt_text, scanner_helps, scanner_text, voice

BEAT_S = 2.5  # of the heartbeat: a page that hears nothing for three of them says so (page.js), within 10 s
_BATCH_S = 0.025  # what comes within it is sent as one: forty times a second is smooth to the eye
_MOST = 600  # rows that wait for a window; more than a sweep's, so that only a window that hangs loses some


async def follow(
    counter: Counter,
    language: str,
    panel: Callable[[], dict[str, Any]] | None,
    scanner: bool,
    seat: tuple[Sessions, Session] | None = None,
) -> AsyncGenerator[str, None]:
    """Server-sent events: first how everything stands, then what changes. ``panel`` renders the open question.

    With ``scanner`` the window shows what the scanner does; without it the panel alone, which then follows the scanner.

    With a ``seat`` the stream ends with the session that it has, and the window is told so (``locked``).
    """
    waiting = asyncio.Event()
    wake = functools.partial(asyncio.get_running_loop().call_soon_threadsafe, waiting.set)
    with contextlib.ExitStack() as leaving:
        events = leaving.enter_context(_watching(counter, wake, scanner, panel is not None))
        if seat is not None:
            leaving.enter_context(seat[0].window(seat[1], wake))
        for kind, content in _all(counter, language, panel, scanner):
            yield _event(kind, content)
        while True:
            heard = await _heard(waiting, BEAT_S if seat is None else min(BEAT_S, seat[0].left_s(seat[1])))
            if seat is not None and not await seat[0].may_see(seat[1]):
                yield _event("locked", {})
                return
            if heard:
                waiting.clear()
            for kind, content in _merged(events, scanner) if heard else [("beat", {})]:
                if kind == "end":
                    return
                yield _event(kind, _filled(counter, language, panel, kind, content))


@contextlib.contextmanager
def _watching(counter: Counter, wake: Callable[[], object], scanner: bool, panel: bool) -> Iterator[deque[Event]]:
    """The events that wait for a window, of the kinds that it shows; ``wake`` is called with each."""
    events: deque[Event] = deque(maxlen=_MOST)

    def on_event(event: Event) -> None:
        if (scanner or event[0] != "rows") and (panel or event[0] != "panel") and event[0] != "verdict":
            events.append(event)
            wake()

    stop = counter.watch(on_event)
    try:
        yield events
    finally:
        stop()


def _all(
    counter: Counter, language: str, panel: Callable[[], dict[str, Any]] | None, scanner: bool
) -> Iterator[tuple[str, Any]]:
    """How everything stands."""
    yield "boot", counter.boot
    if panel is not None:
        yield "panel", panel()
    if scanner:
        yield "device", _device(counter, language, {})
        yield "rows", counter.rows()


def _filled(
    counter: Counter, language: str, panel: Callable[[], dict[str, Any]] | None, kind: str, content: Any
) -> Any:
    """What an event of the counter tells the page."""
    if kind == "panel" and panel is not None:
        return panel()
    return _device(counter, language, content) if kind == "device" else content


async def _heard(waiting: asyncio.Event, seconds: float) -> bool:
    """Whether something happens within so many seconds; what comes right after it is waited for too."""
    try:
        await asyncio.wait_for(waiting.wait(), seconds)
    except TimeoutError:
        return False
    await asyncio.sleep(_BATCH_S)
    return True


def _event(kind: str, content: Any) -> str:
    """One event as the stream carries it (WHATWG HTML, "Server-sent events"): JSON has no line breaks."""
    return f"event: {kind}\ndata: {json.dumps(content)}\n\n"


def _merged(events: deque[Event], scanner: bool) -> list[tuple[str, Any]]:
    """All that waits: rows in one list, changes of the scanner in one, the panel once, the end, in that order.

    Where the scanner is not shown, what changes with it is the panel.
    """
    rows: list[dict[str, Any]] = []
    device: dict[str, Any] = {}
    panel = end = False
    while events:
        kind, content = events.popleft()
        if kind == "rows":
            rows.append(content)
        elif kind == "device" and scanner:
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
    if not change or {"sentence", "trouble", "state"} & change.keys():
        news["text"] = scanner_text(scanner, language)
        news["helps"] = {who: " ".join(said) for who, said in scanner_helps(scanner, language).items()}
        news["voice"] = counter.look(voice)
    if "attempt" in news:
        news["attempt_text"] = attempt_text(scanner, language)
    news.pop("sentence", None)
    return news
