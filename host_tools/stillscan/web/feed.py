"""The counter as programs follow it: each state once, as server-sent events. Nothing personal and no letter."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

from stillscan.counter.counter import Counter, Scanner
from stillscan.counter.visit import Visit
from stillscan.web.stream import follow

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


async def feed(counter: Counter) -> AsyncIterator[str]:
    """Events `state` with `state_of` as JSON, and `beat` every few seconds in which nothing changes, until the end."""
    before = ""
    async for event in follow(counter, "en", lambda: counter.look(state_of), scanner=False):
        if event.startswith(_PANEL):
            told = event.removeprefix(_PANEL)
            if told != before:
                yield f"event: state\ndata: {told}"
            before = told
        elif event.startswith("event: beat"):
            yield f"event: beat\ndata: {json.dumps({})}\n\n"
