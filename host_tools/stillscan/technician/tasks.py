"""What a technician has done at a scanner, by name: each takes the scanner and tells how far it is.

A page offers all of them, commands carry them out one by one; it is all the same whether the port is free or a running
kiosk holds it. What a task comes to is JSON.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from kiosk import wire
from stillscan.errors import DeviceError
from stillscan.link.messages import State, named
from stillscan.link.session import describe
from stillscan.technician.at_scanner import AtScanner
from stillscan.technician.calibrating import calibrate
from stillscan.technician.dirt import dirt_map, verdict
from stillscan.technician.limits import judge
from stillscan.technician.looking import look
from stillscan.technician.measuring import everything

Progress = Callable[[str], None]
Task = Callable[[AtScanner, Progress], dict[str, Any]]
_RECOVER_MS = 5000.0  # PROTOCOL.md promises 3 s
_EVERY = 5  # per cent between two words on how far a look is


def recover(at: AtScanner, progress: Progress = lambda _: None) -> dict[str, Any]:
    """All parts started anew after a fault: what `scanner recover --json` says. DeviceError: no answer."""
    was, state = at.state, None
    if was == wire.FAULT:
        at.session.send(wire.C_RECOVER)
        state = at.next(State, _RECOVER_MS, lambda state: state.state in (wire.EMPTY, wire.FAULT))
        if state is None:
            raise DeviceError(f"{at.session.transport.name}: the scanner did not answer to recover")
    fault = describe(state) if state is not None and state.state == wire.FAULT else None
    now = was if state is None else state.state
    return {"was": named(wire.STATES, was), "state": named(wire.STATES, now), "fault": fault}


def _look(at: AtScanner, progress: Progress) -> dict[str, Any]:
    """What `clean --json` says. DeviceError."""

    def so_far(percent: int) -> None:
        if percent % _EVERY == 0:
            progress(f"{percent} %")

    pieces = dirt_map(look(at, so_far)).pieces
    return {"spots": [piece._asdict() for piece in pieces], "verdict": verdict(pieces)}


def _test(at: AtScanner, progress: Progress) -> dict[str, Any]:
    """Every part beside its limits. DeviceError."""
    board = at.session.hello.board_name if at.session.hello is not None else ""
    return {"parts": [one._asdict() for one in judge(everything(at, progress), board)]}


def _calibrate(at: AtScanner, progress: Progress) -> dict[str, Any]:
    return calibrate(at, int(time.time()))


def _back(at: AtScanner, progress: Progress) -> dict[str, Any]:
    return calibrate(at, int(time.time()), back=True)


TASKS: dict[str, Task] = {
    "look": _look,
    "test": _test,
    "calibrate": _calibrate,
    "back": _back,
    "recover": recover,
}
"""In the order in which a page offers them. Each has a text ``task_NAME`` and ``task_NAME_hint`` in the guidance."""
