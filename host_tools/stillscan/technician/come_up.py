"""Waits until a board that was restarted says HELLO, and until a version on trial is confirmed."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import NamedTuple

from kiosk import wire
from stillscan.errors import DeviceError, StillscanError
from stillscan.link.messages import Hello, Installed, State, named, plain
from stillscan.link.serial_port import SerialTransport
from stillscan.link.session import Session, describe
from stillscan.link.transport import LinkLostError
from stillscan.technician.prompt import Prompt

_AGAIN_S = 0.2  # between two tries to open a port: a board takes about a second to come up
_PROMPT_S = 8.0  # of LIMIT_S; before that nothing is sent that could interrupt a board that is just starting
LIMIT_S = 75.0
"""A version on trial takes 30 s to be left, and the one before it comes up again."""
PATIENT_S = 1800.0
"""The same of an emulated chip: its start, 1.6 s, takes a free core a minute or two, and took a computer with eight
busy programs a core 756 s."""
_ANSWER_MS = 1000.0  # for the first answer, as a session waits (link.session): PROTOCOL.md promises one within 20 ms
PATIENT_ANSWER_MS = 30_000.0
"""The same of an emulated chip, which may just start its parts: of the 3 s that PROTOCOL.md promises then a session
waits for one at a time, and on a computer with eight busy programs a core the chip is thirty times slower."""
WHY = {
    wire.DEFECT: "it ended with an error while it started",
    wire.RESETS: "it was reset twice before it was ready",
    wire.LATE: "it was not ready within 30 s",
    wire.DAMAGED: "its files on the board are not those of its list",
}


class Running(NamedTuple):
    """The session is open and the caller's to close; ``fault`` in plain words, None when all parts have started."""

    session: Session
    hello: Hello
    installed: Installed
    fault: str | None


def connect(port: str, key: bytes | None = None, answer_ms: float = _ANSWER_MS) -> Session:
    """A session with the kiosk on this port, ``key`` that of its pairing; ``answer_ms`` for each answer. DeviceError:
    nobody there says HELLO."""
    transport = SerialTransport(port)

    def admission(hello: Hello, _: object) -> bytes | None:
        return key if hello.scanner_id is not None else None

    session = Session(transport, answer_ms=answer_ms, admission=admission)
    try:
        session.open(wire.STREAM_EVENTS)
    except BaseException:
        transport.close()
        raise
    return session


def installed_build(installed: Installed | None) -> str:
    """The name of the version that runs, "" when it is not known."""
    return plain(installed.build) if installed is not None else ""


def come_up(port: Callable[[], str], build: str, limit_s: float = LIMIT_S, key: bytes | None = None) -> Running:
    """The board with this version, confirmed. StillscanError: it was left for the one before; DeviceError.

    ``key`` is that of its pairing: a board that has one takes settings from nobody else.
    """
    end_s = time.monotonic() + limit_s
    while True:
        session = _connected(port, end_s, limit_s / LIMIT_S, key)
        try:
            return _confirmed(session, build, end_s)
        except LinkLostError:
            session.transport.close()  # it restarts: with the version before
        except BaseException:
            session.transport.close()
            raise


def _connected(port: Callable[[], str], end_s: float, patience: float, key: bytes | None) -> Session:
    """``patience``: how many times slower than a board this one may be.

    Who asks faster than a slow board answers is never answered: what is asked waits for all that was asked before. So
    it is asked half as often each time.
    """
    began_s, answer_ms = time.monotonic(), _ANSWER_MS
    while True:
        try:
            return connect(port(), key, answer_ms)
        except DeviceError as error:
            why = error
        if why.kind == "stranger":
            answer_ms = min(2 * answer_ms, patience * _ANSWER_MS)
        late = time.monotonic() - began_s >= patience * _PROMPT_S
        if why.kind == "firmware" or late:  # a prompt was heard, or may be there
            _refuse_prompt(port())
        if time.monotonic() > end_s:
            raise why
        time.sleep(_AGAIN_S)


def _refuse_prompt(port: str) -> None:
    with contextlib.suppress(DeviceError), Prompt(port):
        raise StillscanError(
            f"{port}: its prompt answers, not the kiosk: let the service button go (or take its jumper off) and "
            "plug the board in again; if the prompt stays, the firmware ended with an error that mpremote shows"
        )


def _confirmed(session: Session, build: str, end_s: float) -> Running:
    fault = ""
    while True:
        message = session.poll(500)
        if isinstance(message, State):
            fault = describe(message) if message.state == wire.FAULT else ""
            if message.state == wire.START:
                continue
        installed = session.installed()
        if installed is None and time.monotonic() < end_s:
            continue  # busy starting its parts
        if installed is None or build not in (installed_build(installed), plain(installed.failed)):
            raise DeviceError("another version of the firmware runs than the one that was put on the board")
        if plain(installed.failed) == build:
            why = WHY.get(installed.why, named(wire.ROLLBACKS, installed.why))
            raise StillscanError(f"the new version was left, {why}; the former one runs")
        if not installed.trial and session.hello is not None:
            return Running(session, session.hello, installed, fault or None)
        if time.monotonic() > end_s:
            raise DeviceError(f"the board neither confirms the new version nor leaves it {fault}".rstrip())
