"""What a technician asks of one scanner over its session: who it is, what it remembers, and its parts for a while."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from kiosk import wire
from stillscan.errors import DeviceError, DeviceTrouble
from stillscan.link.messages import (
    Counters,
    Error,
    Health,
    History,
    Identity,
    Line,
    Log,
    Measured,
    Message,
    Sample,
    Service,
    State,
    Value,
    named,
)
from stillscan.link.session import Session

ANSWER_MS = 2500.0  # PROTOCOL.md promises half a second; five times that, for a busy computer
_STARTING_MS = 10_000.0  # a scanner that starts, or starts its parts again, takes 3 s at most
_TAKEN_MS = 30_000.0  # a person reads that a document is to be taken away, and does it
_TRIES = 3  # of a question: a cable with bit errors loses one frame in fifty
_KEEP_MS = 2000.0  # the scanner ends the service 5 s after it heard last
_SERVICE_S = 120  # prolonged every two seconds; after so long it ends whatever the program does
HERE = -1  # of MEASURE: where the carriage stands
HOME = 0

M = TypeVar("M", bound=Message)


class ServiceOverError(DeviceError):
    """The scanner has taken its parts back; ``why``: one of wire.SERVICE_ENDS by name."""

    def __init__(self, text: str, why: int) -> None:
        super().__init__(text)
        self.why = named(wire.SERVICE_ENDS, why)


class AtScanner:
    """``session`` is open, with events."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.state = wire.START
        self.row0_steps = 0
        self._kept_ms = 0.0

    def ready(self) -> State:
        """Wait until it has started: EMPTY, FAULT, or what it is busy with. DeviceError: it does not come up."""
        state = self.next(State, _STARTING_MS, lambda state: state.state != wire.START)
        if state is None:
            raise DeviceError(f"{self.session.transport.name}: the scanner does not come up within 10 s")
        return state

    def learn(self) -> None:
        """Its state as it is told at once, whatever it is busy with: the scanner of a running kiosk."""
        self.next(State, ANSWER_MS)

    def emptied(self) -> bool:
        """Wait until what lies on the glass was taken away; False: it lies there still after half a minute."""
        return self.next(State, _TAKEN_MS, lambda state: state.state in (wire.EMPTY, wire.FAULT)) is not None

    def poll(self, timeout_ms: float) -> Message | None:
        """The next message of any kind, its state noted. LinkLostError."""
        message = self.session.poll(timeout_ms)
        if isinstance(message, State):
            self.state = message.state
        return message

    def next(self, kind: type[M], timeout_ms: float, wanted: Callable[[M], bool] = lambda _: True) -> M | None:
        """The next message of a kind; None when none comes in time. DeviceError: the scanner refuses."""
        end = self.session.transport.now_ms() + timeout_ms
        while (left := end - self.session.transport.now_ms()) > 0:
            message = self.poll(left)
            if isinstance(message, kind) and wanted(message):
                return message
            if isinstance(message, Error) and message.about != wire.C_SUBSCRIBE:  # that needs a key, a question none
                raise refused(self.session.transport.name, message)
        return None

    def ask(self, kind: type[M], command: int, *values: object) -> M:
        """A question and its answer. DeviceError: it is refused, or not answered."""
        for _ in range(_TRIES):
            self.session.send(command, *values)
            answer = self.next(kind, ANSWER_MS)
            if answer is not None:
                return answer
        raise DeviceError(
            f"{self.session.transport.name}: the scanner does not answer to what a technician asks: its firmware is "
            "older than protocol 1.2, or its cable loses frames"
        )

    def identity(self) -> Identity:
        """Who it is and how it fares."""
        return self.ask(Identity, wire.C_IDENTITY)

    def counters(self) -> tuple[int, ...]:
        """Counters for life."""
        return self.ask(Counters, wire.C_COUNTERS).values

    def health(self) -> Health:
        """Counters since power-on."""
        return self.ask(Health, wire.C_HEALTH)

    def log(self) -> Log:
        """Events since power-on."""
        return self.ask(Log, wire.C_LOG)

    def history(self) -> bytes:
        """Events that outlived power cuts, as technician.history reads them."""
        found = b""
        while True:
            piece = self.ask(History, wire.C_HISTORY, len(found))
            if piece.offset != len(found):
                continue
            found += piece.data
            if not piece.data or len(found) >= piece.total:
                return found

    @contextmanager
    def service(self) -> Iterator[None]:
        """The parts are the technician's. DeviceError: a check runs, or something lies on the glass."""
        self.row0_steps = self.ask(Service, wire.C_SERVICE, _SERVICE_S).row0_steps
        try:
            yield
        except ServiceOverError:
            raise
        except BaseException:
            self.session.send(wire.C_SERVICE, 0)
            raise
        self.session.send(wire.C_SERVICE, 0)
        self.next(State, _STARTING_MS, lambda state: state.state in (wire.EMPTY, wire.FAULT))

    def measure(
        self,
        what: int,
        count: int,
        place: int = HERE,
        lamp: int = 0,
        level: int = 100,
        heard: Callable[[Line | Sample | Value], None] = lambda _: None,
    ) -> tuple[list[Line | Sample | Value], Measured]:
        """What MEASURE yields, and its end. ``heard`` is called with each. ServiceOverError, DeviceError."""
        self.keep(now=True)
        self.session.send(wire.C_MEASURE, what, lamp, level, place, count)
        found: list[Line | Sample | Value] = []
        end = self.session.transport.now_ms() + _STARTING_MS
        while self.session.transport.now_ms() < end:
            self.keep()
            message = self.poll(_KEEP_MS / 4)
            if isinstance(message, Line | Sample | Value):
                found.append(message)
                heard(message)
                end = self.session.transport.now_ms() + _STARTING_MS
            elif isinstance(message, Measured) and message.what == what:
                return found, message
            elif isinstance(message, Service) and not message.on:
                raise self.over(message)
            elif isinstance(message, Error):
                raise refused(self.session.transport.name, message)
        if found:
            return found, Measured(what, len(found), 0, 0)  # its last frame was lost: USB's figures tell
        raise DeviceError(f"{self.session.transport.name}: a measurement did not come to its end")

    def over(self, message: Service) -> ServiceOverError:
        """What a message says that ends the service."""
        return ServiceOverError(f"{self.session.transport.name}: {_OVER.get(message.why, _OVER[0])}", message.why)

    def watch(self, count: int, show: Callable[[Sample], None]) -> Measured:
        """``count`` live samples, each handed to ``show`` as it comes."""
        _, end = self.measure(
            wire.LIVE, count, heard=lambda message: show(message) if isinstance(message, Sample) else None
        )
        return end

    def lines(self, count: int, place: int, lamp: int, level: int = 100) -> tuple[list[Line], NDArray[np.float64]]:
        """Raw lines, and their samples (n, 1476). DeviceError: a part failed, or none came."""
        found, end = self.measure(wire.LINES, count, place, lamp, level)
        lines = [line for line in found if isinstance(line, Line)]
        if end.part or not lines:
            what = f"{named(wire.PARTS, end.part)}: {named(wire.FAULTS, end.fault)}"
            raise DeviceError(f"{self.session.transport.name}: no lines: {what}")
        return lines, np.stack([line.samples for line in lines]).astype(np.float64)

    def keep(self, *, now: bool = False) -> None:
        """Tell the scanner that there still is somebody."""
        now_ms = self.session.transport.now_ms()
        if now or now_ms - self._kept_ms >= _KEEP_MS:
            self._kept_ms = now_ms
            self.session.send(wire.C_SERVICE, _SERVICE_S)


_OVER = {
    0: "the scanner has ended the service",
    wire.ASKED: "the kiosk has taken the scanner back: somebody is being served; begin again when the counter is idle",
    wire.TIME_OVER: "the service was not prolonged in time",
    wire.DOCUMENT: "something lies on the glass, or the presence sensor says so: take it away and begin again",
    wire.HOST: "another program has taken the scanner",
}


def refused(port: str, error: Error) -> DeviceError:
    """Why a command was not carried out."""
    why = {
        wire.E_WRONG_STATE: "not now: a document lies on the glass, a check runs, or the scanner still starts; take "
        "the document away and try again",
        wire.E_NOT_PAIRED: "it obeys the kiosk that it is paired with, and this is not it: run this on that computer, "
        "or hold its service button",
        wire.E_FAILED: "it could not load what that needs: 'stillscan flash' puts its files right",
        wire.E_NOT_SUBSCRIBED: "it could not get rid of what it measured and ended the subscription: this computer "
        "is busy; try again when it has less to do",
        wire.E_NOT_STORED: "its file system is full or damaged: nothing was stored; 'stillscan flash' tidies it",
    }.get(error.code, named(wire.ERRORS, error.code))
    kinds: dict[int, DeviceTrouble] = {
        wire.E_WRONG_STATE: "busy", wire.E_NOT_PAIRED: "foreign", wire.E_FAILED: "firmware",
        wire.E_NOT_SUBSCRIBED: "lost",
    }  # fmt: skip
    return DeviceError(f"{port}: the scanner refuses: {why}", kinds.get(error.code))
