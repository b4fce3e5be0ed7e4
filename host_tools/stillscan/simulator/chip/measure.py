"""What the benchmark measures on the emulated chip."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from kiosk import wire
from stillscan.commands.world import SAMPLE, scene
from stillscan.errors import DeviceError
from stillscan.link.messages import Abort, Band, Message, SweepBegin, SweepEnd
from stillscan.link.session import Session
from stillscan.simulator import truth
from stillscan.simulator.chip.kiosk import ChipKiosk
from stillscan.simulator.scene import Scene
from stillscan.simulator.simulate import boot
from stillscan.technician.build import compiled
from stillscan.technician.versions import Version

_CHECK_S = 10.0
_SWEEP_MS = 3000.0
_SCRIPT_MS = 2000.0
_STEPS = Path(__file__).with_name("steps.txt")


class Figure(NamedTuple):
    """One measured number."""

    name: str
    value: float
    unit: str
    more_is_better: bool = False


def steps(uf2: str, board: str) -> list[Figure]:
    """Each step of a line by itself, at 4 and 8 bits a pixel: microseconds, and bytes that it allocates."""
    files = {**Version.of(compiled(board)).alone(), "main.py": _STEPS.read_bytes()}
    with ChipKiosk(_world("still", 1), uf2, board, files) as kiosk:
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


def sweeps(uf2: str, board: str, depth: int, count: int) -> list[Figure]:
    """Start-up, and ``count`` undisturbed sweeps one after another."""
    with ChipKiosk(_world("still", 1), uf2, board) as kiosk:
        session = _hello(kiosk)
        hello_ms = kiosk.now_ms()
        boot(session)
        ready_ms = kiosk.now_ms()
        started = session.health()
        _set(session, {"depth": depth})
        kiosk.bus.scene.place(kiosk.bus.now_us)
        lines_us: list[int] = []
        took_ms: list[float] = []
        for number in range(count):
            messages = _one_sweep(session, again=number > 0)
            times = [message.header.t_us for message in messages if isinstance(message, Band)]
            lines_us += np.diff(times).tolist()
            began = next(message.t_ms for message in messages if isinstance(message, SweepBegin))
            took_ms.append(next(message.t_ms for message in messages if isinstance(message, SweepEnd)) - began)
        session.send(wire.C_FINISH, wire.RESULTS.index("verified"))
        kiosk.bus.scene.clear(kiosk.bus.now_us)
        kiosk.pass_time(2000)
        ended = session.health()
        if started is None or ended is None:
            raise DeviceError("the scanner did not answer to HEALTH")
        line_us = float(np.mean(lines_us))
        return [
            Figure("boot to HELLO", round(hello_ms, 1), "ms"),
            Figure("boot to ready", round(ready_ms, 1), "ms"),
            Figure("firmware", sum(map(len, kiosk.files.values())), "B"),
            Figure(f"line, sustained, {depth} bit", round(line_us, 1), "us"),
            Figure(f"lines per second, {depth} bit", round(1e6 / line_us, 1), "/s", True),
            Figure(f"274 lines, {depth} bit", round(line_us * 274 / 1000, 1), "ms"),
            Figure(f"sweep, ramps included, {depth} bit", round(float(np.mean(took_ms)), 1), "ms"),
            Figure("heap free at start", started.heap_free, "B", True),
            Figure("heap free, lowest", ended.heap_free_min, "B", True),
            Figure("heap free after", ended.heap_free, "B", True),
        ]


def abort_latency(uf2: str, board: str, motion: str, restart_only: bool) -> list[Figure]:
    """From the event to "step pulses stopped", as the world knows it, of the first abort."""
    world = _world(motion, 1)
    with ChipKiosk(world, uf2, board) as kiosk:
        session = _hello(kiosk)
        boot(session)
        _set(session, {"depth": 4, "restart_only": int(restart_only)})
        world.place(kiosk.bus.now_us)
        end = kiosk.now_ms() + _CHECK_S * 1000
        while kiosk.now_ms() < end:
            message = session.poll(200)
            if isinstance(message, Abort) and kiosk.bus.stops:
                stop = kiosk.bus.stops[-1]
                cause = "bump" if message.cause == wire.BUMP else "slip"
                if cause == "bump" and stop.edge_us is not None:
                    return [Figure("INT1 to step pulses stopped", float(stop.stopped_us - stop.edge_us), "us")]
                ms = truth.latency_ms(kiosk.bus, stop, cause)
                return [Figure("0.2 mm of slide to step pulses stopped", round((ms or 0.0) * 1000), "us")]
    raise DeviceError(f"no abort within {_CHECK_S:g} s of the motion '{motion}'")


def _world(motion: str, seed: int) -> Scene:
    return scene(SAMPLE, None, motion, "clean", seed, _CHECK_S)


def _hello(kiosk: ChipKiosk) -> Session:
    while not kiosk.usb.connected:
        kiosk.read(1)
    session = Session(kiosk)
    session.open()
    return session


def _set(session: Session, values: Mapping[str, int]) -> None:
    known = session.settings()
    for name, value in values.items():
        session.set(known[name].setting, value)


def _one_sweep(session: Session, again: bool) -> list[Message]:
    """All that is said of the next complete sweep."""
    if again:
        session.send(wire.C_SWEEP, 0, 273)
    heard: list[Message] = []
    end = session.transport.now_ms() + _SWEEP_MS
    while session.transport.now_ms() < end:
        message = session.poll(100)
        if isinstance(message, SweepBegin):
            heard.clear()
        if message is not None:
            heard.append(message)
        if isinstance(message, SweepEnd):
            return heard
        if isinstance(message, Abort):
            raise DeviceError(f"a sweep of a still document was aborted: {message}")
    raise DeviceError(f"no sweep within {_SWEEP_MS:g} ms")
