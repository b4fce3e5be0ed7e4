"""The kiosk as it runs all day: one check after another over one port, through unplugging and plugging in again."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from kiosk import wire
from stillscan.errors import DeviceError
from stillscan.link.messages import Hello, Message, State
from stillscan.link.session import Session
from stillscan.link.transport import LinkLostError, Transport
from stillscan.mrz import read_looks
from stillscan.scanning.check import Check, Decide
from stillscan.scanning.result import Result

_CHECK_MS = 3_600_000.0  # a check waits for a document as long as it takes; the device limits the scanning
_RECOVER_MS = 5000.0
_RETRY_S = 0.5


class Display(Protocol):
    """Where people see what happens. Nothing handed to it but ``result`` holds personal data."""

    def connected(self, hello: Hello) -> None: ...
    def message(self, message: Message) -> None: ...
    def result(self, result: Result) -> None: ...
    def trouble(self, text: str) -> None: ...


class Service:
    """``connect`` opens the port anew; ``kept`` is called with each finished check and its joined strip."""

    def __init__(
        self,
        connect: Callable[[], Transport],
        decide: Decide,
        display: Display,
        reconnect_s: float,
        kept: Callable[[Result, NDArray[np.uint8]], None] = lambda result, strip: None,
    ) -> None:
        self._connect = connect
        self._decide = decide
        self._display = display
        self._reconnect_s = reconnect_s
        self._kept = kept
        self._flow_sign = 1  # of the scanner that is connected

    def run(self, once: bool) -> Result:
        """Until interrupted, or after one check with ``once``. DeviceError: no scanner there, or gone for too long."""
        session = self._open()
        while True:
            try:
                result = self._check(session)
                if once:
                    session.transport.close()
                    return result
                if result.reason not in ("removed", "no_document"):
                    self._clear(session, result)
            except LinkLostError as lost:
                session.transport.close()
                self._display.trouble(str(lost))
                session = self._reopen(lost)
            except BaseException:
                session.transport.close()
                raise

    def _open(self) -> Session:
        session = Session(self._connect())
        self._flow_sign = 1
        try:
            self._display.connected(session.open())
        except BaseException:
            session.transport.close()
            raise
        return session

    def _reopen(self, lost: LinkLostError) -> Session:
        end_s = time.monotonic() + self._reconnect_s
        while True:
            try:
                return self._open()
            except DeviceError as why:
                if time.monotonic() >= end_s:
                    raise DeviceError(f"{lost}; not back after {self._reconnect_s:g} s: {why}") from None
            time.sleep(_RETRY_S)

    def _check(self, session: Session) -> Result:
        check = Check(session, read_looks, self._decide, self._display.message, flow_sign=self._flow_sign)
        result = check.run(_CHECK_MS)
        self._flow_sign = check.store.flow_sign
        if result.reason != "no_document":
            self._display.result(result)
        self._kept(result, check.store.joined()[0])
        return result

    def _clear(self, session: Session, result: Result) -> None:
        """Wait for an empty glass; a faulty scanner is told to try its parts again."""
        while True:
            message = session.poll(_RECOVER_MS)
            if isinstance(message, State) and message.state == wire.EMPTY:
                self._display.message(message)
                return
            if message is not None:
                continue
            if session.health() is None:
                raise LinkLostError(f"{session.transport.name}: the scanner does not answer any more")
            if result.outcome == "fault":
                session.send(wire.C_RECOVER)
