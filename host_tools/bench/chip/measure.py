"""What the benchmark measures on the emulated chip."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from kiosk import wire
from stillscan.boards.build import compiled
from stillscan.boards.versions import Version
from stillscan.commands.world import SAMPLE, scene
from stillscan.errors import DeviceError
from stillscan.link.messages import Abort, Band, Hello, Message, State, SweepBegin, SweepEnd
from stillscan.link.pairing import BOARD_FILE, KEY_BYTES, Pairing
from stillscan.link.session import Session
from stillscan.link.transport import Transport
from stillscan.simulator.chip.kiosk import ChipKiosk
from stillscan.simulator.glass import ZONE_ROWS
from stillscan.simulator.scene import Scene
from stillscan.testing.simulate import boot

_CHECK_S = 10.0
_WAIT_MS = 4000.0
_A_DOCUMENT = 80  # sweeps, within the scanner's limits of attempts and time
_SCRIPT_MS = 2000.0
PAIRING = Pairing("00112233445566ff", bytes(range(KEY_BYTES)))  # any: nothing depends on it
_STEPS = Path(__file__).with_name("steps.txt")


class Figure(NamedTuple):
    """One measured number."""

    name: str
    value: float
    unit: str
    more_is_better: bool = False


def steps(uf2: str, board: str) -> list[Figure]:
    """Each step of a line by itself, at 4 and 8 bits a pixel: microseconds, and bytes that it allocates."""
    with ChipKiosk(still_world(), uf2, board, {**installed(board), "main.py": _STEPS.read_bytes()}) as kiosk:
        text = b""
        end = kiosk.now_ms() + _SCRIPT_MS
        while b"\nend" not in text:
            if kiosk.now_ms() > end:
                raise DeviceError(f"the steps were not measured within {_SCRIPT_MS:g} ms: {text[-200:]!r}")
            text += kiosk.read(50)
    found = []
    for line in text.decode("ascii", "replace").splitlines():
        if line.startswith("step|"):
            _, depth, name, us, allocated = line.split("|")
            found.append(Figure(f"{name}, {depth} bit", float(us), "us"))
            if int(allocated):
                found.append(Figure(f"{name}, {depth} bit: allocated", float(allocated), "B"))
    return found


def sweeps(uf2: str, board: str, depth: int, count: int, rows: int, done: Callable[[], None]) -> list[Figure]:
    """Start-up, and ``count`` undisturbed sweeps of a paired board; ``done`` is called after each.

    Every document's first sweep goes over all its rows, the others over the first ``rows``.
    """
    with ChipKiosk(still_world(), uf2, board, paired(board)) as kiosk:
        hello_ms = 0.0

        def told() -> None:
            nonlocal hello_ms
            hello_ms = kiosk.now_ms()

        session = connected(kiosk, told)
        boot(session)
        ready_ms = kiosk.now_ms()
        started = session.health()
        set_values(session, {"depth": depth, "attempts": 200, "time_limit": 120_000, "first_row": 0})
        lines_us: list[int] = []
        took_ms: list[float] = []
        for number in range(count):
            if number % _A_DOCUMENT == 0:
                if number:
                    settled(kiosk, session)
                kiosk.bus.scene.place(kiosk.bus.now_us)
            else:
                session.send(wire.C_SWEEP, 0, rows - 1)
            messages = until(session, SweepEnd)
            bands = [message for message in messages if isinstance(message, Band)]
            lines_us += np.diff([band.header.t_us for band in bands]).tolist()
            if len(bands) == ZONE_ROWS:
                began = next(message.t_ms for message in messages if isinstance(message, SweepBegin))
                took_ms.append(next(message.t_ms for message in messages if isinstance(message, SweepEnd)) - began)
            done()
        settled(kiosk, session)
        ended = session.health()
        if started is None or ended is None:
            raise DeviceError("the scanner did not answer to HEALTH")
    line_us = float(np.mean(lines_us))
    return [
        Figure("boot to HELLO", round(hello_ms, 1), "ms"),
        Figure("boot to ready", round(ready_ms, 1), "ms"),
        Figure("firmware, compiled", sum(map(len, kiosk.files.values())), "B"),
        Figure(f"line, sustained, {depth} bit", round(line_us, 1), "us"),
        Figure(f"lines of a sweep, {depth} bit", round(1e6 / line_us, 1), "/s", True),
        Figure(f"sweep of {ZONE_ROWS} lines, {depth} bit", round(max(took_ms), 1), "ms"),
        Figure("heap free at start", started.heap_free, "B", True),
        Figure("heap free, lowest", ended.heap_free_min, "B", True),
        Figure("heap free after", ended.heap_free, "B", True),
    ]


def still_world() -> Scene:
    """A document that will lie still."""
    return scene(SAMPLE, None, "still", "clean", 1, _CHECK_S)


def installed(board: str) -> dict[str, bytes]:
    """The files of a new board, content by path."""
    return Version.of(compiled(board)).alone()


def paired(board: str) -> dict[str, bytes]:
    """The same, and what pairing puts there."""
    return {**installed(board), BOARD_FILE: PAIRING.written()}


def connected(kiosk: ChipKiosk, told: Callable[[], None] = lambda: None) -> Session:
    """A host, as soon as the chip is on the bus; it has the key of a board that is paired.

    ``told`` is called when HELLO was answered.
    """

    def admission(hello: Hello, _: Transport) -> bytes | None:
        told()
        return PAIRING.key if hello.scanner_id else None

    while not kiosk.usb.connected:
        kiosk.read(1)
    session = Session(kiosk, admission=admission)
    session.open()
    return session


def set_values(session: Session, values: Mapping[str, int]) -> None:
    """Change settings of the scanner."""
    known = session.settings()
    for name, value in values.items():
        session.set(known[name].setting, value)


def until(session: Session, kind: type[Message]) -> list[Message]:
    """What was said until a message of this kind, which is the last. DeviceError: it does not come, or an abort."""
    heard: list[Message] = []
    end = session.transport.now_ms() + _WAIT_MS
    while session.transport.now_ms() < end:
        message = session.poll(100)
        if message is not None:
            heard.append(message)
        if isinstance(message, kind):
            return heard
        if isinstance(message, Abort):
            raise DeviceError(f"a sweep of a still document was aborted: {message}")
    raise DeviceError(f"no {kind.__name__} within {_WAIT_MS:g} ms")


def settled(kiosk: ChipKiosk, session: Session) -> None:
    """The host needs no more of what lies there; afterwards the glass is empty."""
    session.send(wire.C_FINISH, wire.RESULTS.index("verified"))
    kiosk.bus.scene.clear(kiosk.bus.now_us)
    while (state := until(session, State)[-1]) and isinstance(state, State) and state.state != wire.EMPTY:
        pass
