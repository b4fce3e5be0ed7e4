"""What the kiosk does, for its log and for systemd: a display in front of another. Nothing of it is about people."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from kiosk import wire
from stillscan.errors import DeviceTrouble
from stillscan.guidance import counted
from stillscan.link.identity import ScannerIdentity
from stillscan.link.messages import Abort, Error, Hello, Message, State, SweepBegin, named
from stillscan.link.session import describe
from stillscan.scanning.inspection import NoticeKind
from stillscan.scanning.result import Result
from stillscan.scanning.service import Display
from stillscan.service.notify import Notifier
from stillscan.terminal.standstill import Standstill

_LOG = logging.getLogger("stillscan.kiosk")


class Watched:
    """See Display: everything goes on to ``display``; codes and times of it to the log and to systemd."""

    def __init__(self, display: Display, notifier: Notifier) -> None:
        self._display = display
        self._notifier = notifier
        self._standstill = Standstill()
        self._start: int | None = None  # of the scanner, when it was last there

    def alive(self) -> None:
        """The work goes on: called by the work itself, at least once a second."""
        self._notifier.alive()
        self._standstill.turn()

    def connected(self, hello: Hello, identity: ScannerIdentity) -> None:
        """See Display."""
        _LOG.info(
            "scanner: %s, %s, firmware %s, protocol %d.%d", identity.scanner or "not paired", hello.board_name,
            identity.firmware, hello.major, hello.minor,
        )  # fmt: skip
        if self._start not in (None, hello.boot_id):  # a cable alone leaves it running
            _LOG.warning("the scanner has started anew since it was last there")
        self._start = hello.boot_id
        self._notifier.status(f"scanner {hello.board_name} is there")
        self._display.connected(hello, identity)

    def message(self, message: Message) -> None:
        """See Display."""
        _log(message)
        if isinstance(message, State):
            self._notifier.status(f"scanner: {named(wire.STATES, message.state)}")
        self._display.message(message)

    def not_read(self, reason: str) -> None:
        """See Display."""
        _LOG.info("not read yet: %s", reason)
        self._display.not_read(reason)

    def result(self, result: Result) -> None:
        """See Display."""
        took = "" if None in (result.still_ms, result.verdict_ms) else f", {_ms(result)} ms after it lay still"
        level = logging.WARNING if result.outcome == "fault" else logging.INFO
        sweeps = f"{counted(result.attempts, 'sweep')}"
        _LOG.log(level, "check: %s, %s, %s%s", result.outcome, result.reason, sweeps, took)
        for sensor in result.sensors:
            _LOG.warning("sensor: %s", sensor)
        self._display.result(result)

    def trouble(self, text: str, kind: DeviceTrouble) -> None:
        """See Display."""
        _LOG.warning("scanner trouble: %s (%s)", text, kind)
        self._notifier.status(text)
        self._display.trouble(text, kind)

    def notice(self, text: str, kind: NoticeKind) -> None:
        """See Display."""
        _LOG.warning("the scanner: %s (%s)", text, kind)
        self._display.notice(text, kind)


@contextmanager
def watched(display: Display) -> Iterator[Watched]:
    """A display of a service that is ready now; systemd hears when it goes."""
    notifier = Notifier()
    notifier.ready()
    _LOG.info("started")
    try:
        yield Watched(display, notifier)
    finally:
        _LOG.info("ends")
        notifier.stopping()
        notifier.close()


def _log(message: Message) -> None:
    if isinstance(message, State):
        level = logging.WARNING if message.state == wire.FAULT else logging.INFO
        cause = "" if message.cause == wire.NO_CAUSE else f", {named(wire.CAUSES, message.cause)}"
        why = f", {describe(message)}" if message.state == wire.FAULT else cause
        _LOG.log(level, "state: %s%s", named(wire.STATES, message.state), why)
    elif isinstance(message, Abort):
        cause = named(wire.CAUSES, message.cause)
        _LOG.info("sweep aborted: %s at row %d, stopped after %d us", cause, message.row, message.latency_us)
    elif isinstance(message, SweepBegin):
        _LOG.debug("sweep %d, rows %d to %d", message.attempt, message.first_row, message.last_row)
    elif isinstance(message, Error):
        late = message.code in (wire.E_WRONG_STATE, wire.E_NOT_SUBSCRIBED)  # that changed while it was under way
        level = logging.INFO if late else logging.WARNING
        _LOG.log(level, "the scanner refuses a command: code %d about %d", message.code, message.about)


def _ms(result: Result) -> int:
    return round((result.verdict_ms or 0.0) - (result.still_ms or 0.0))
