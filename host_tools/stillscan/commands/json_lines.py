"""What happens, as a line of JSON an event, for programs that start ``run`` and ``check``. Nothing personal."""

from __future__ import annotations

import contextlib
import json
from collections import deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from kiosk import wire
from stillscan.errors import DeviceTrouble
from stillscan.link.identity import ScannerIdentity
from stillscan.link.messages import Abort, Hello, Message, State, SweepBegin, named
from stillscan.scanning.inspection import NoticeKind
from stillscan.scanning.result import Result

if TYPE_CHECKING:  # a program without a page loads none of it
    from stillscan.counter.counter import Counter

EVENTS = "page, connected, state, sweep, abort, not_read, trouble, notice, result, check"
"""Values of the field "event"; names of states, causes, parts and reasons are those of protocol and rules."""


class JsonLines:
    """See service.Display. ``out`` takes a line."""

    def __init__(self, out: Callable[[str], None]) -> None:
        self._out = out

    def tell(self, event: str, **fields: Any) -> None:
        """An event of any kind."""
        self._out(json.dumps({"event": event, **fields}))

    def connected(self, hello: Hello, identity: ScannerIdentity) -> None:
        """Which scanner it is; ``scanner`` null: not paired."""
        protocol = f"{hello.major}.{hello.minor}"
        self.tell(
            "connected", board=hello.board_name, firmware=hello.firmware, protocol=protocol, scanner=identity.scanner
        )

    def message(self, message: Message) -> None:
        """States, sweeps and aborts."""
        if isinstance(message, State):
            told = {"state": named(wire.STATES, message.state), "cause": named(wire.CAUSES, message.cause)}
            if message.state == wire.FAULT:
                told["part"] = named(wire.PARTS, message.part)
            self.tell("state", **told)
        elif isinstance(message, SweepBegin):
            self.tell("sweep", attempt=message.attempt, first_row=message.first_row, last_row=message.last_row)
        elif isinstance(message, Abort):
            cause = named(wire.CAUSES, message.cause)
            moved_um = [message.dx_um, message.dy_um]
            self.tell("abort", cause=cause, row=message.row, moved_um=moved_um, latency_us=message.latency_us)

    def not_read(self, reason: str) -> None:
        """A capture that could not be read with certainty."""
        self.tell("not_read", reason=reason)

    def result(self, result: Result) -> None:
        """How a check of a document ended: never its text."""
        self.tell(
            "result",
            outcome=result.outcome,
            reasons=result.reason.split(","),
            attempts=result.attempts,
            aborts=[{"cause": abort.cause, "row": abort.row} for abort in result.aborts],
            quality=[finding.code for finding in result.quality],
            sensors=result.sensors,
        )

    def trouble(self, text: str, kind: DeviceTrouble) -> None:
        """Why no scanner can be used now."""
        self.tell("trouble", kind=kind, text=text)

    def notice(self, text: str, kind: NoticeKind) -> None:
        """What is not as expected of a scanner that works."""
        self.tell("notice", kind=kind, text=text)


_MOST_CHECKS = 1000  # that wait for a reader that is slow: five days of a counter, as webhooks have it


@contextlib.contextmanager
def checks_told(counter: Counter, lines: JsonLines) -> Iterator[Callable[[], None]]:
    """Call what this gives now and then: it tells of each check that ended meanwhile, once, as the event "check".

    Nothing is written in the moment itself: the whole counter would wait for whoever reads the lines.
    """
    heard = deque[dict[str, Any]](maxlen=_MOST_CHECKS)

    def tell() -> None:
        while heard:
            lines.tell("check", **heard.popleft())

    stop = counter.watch(lambda event: heard.append(event[1]) if event[0] == "verdict" else None)
    try:
        yield tell
    finally:
        stop()
        tell()
