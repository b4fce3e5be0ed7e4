"""How soon the emulated chip stops its carriage, and what the line loop takes from its heap.

One kiosk, three parts: a sweep that nothing disturbs; knocks at the kiosk while any of them aborts (restart_only);
slips of the document. Each event comes in the middle of a sweep, at another moment of a line's time.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from bench.chip.measure import Figure, connected, installed, set_values, settled, still_world, until
from kiosk import wire
from stillscan.errors import DeviceError
from stillscan.link.messages import Abort, Band, SweepEnd
from stillscan.link.session import Session
from stillscan.simulator import truth
from stillscan.simulator.bus import Stop
from stillscan.simulator.chip.kiosk import ChipKiosk
from stillscan.simulator.glass import ZONE_ROWS
from stillscan.simulator.hand import GRID_US, SLIP_S, Motion
from stillscan.testing.simulate import boot

_LOOP = Path(__file__).with_name("loop.txt")
KNOCKS = 8
SLIPS_MM = (0.4, -0.7, 1.0, -1.5, 2.0)  # along the sweep, one after the other
INT1 = f"INT1 to step pulses stopped, worst of {KNOCKS}"
SLIDE = f"0.2 mm of slide to stopped, worst of {len(SLIPS_MM)}"
_FROM_BAND = 8  # lines of a sweep before the event
_LONGEST_MS = 4000.0


def knock(at_mm: float, g: float = 0.6) -> Motion:
    """The kiosk is bumped at once, as by hand.profile "bump"; the document rests ``at_mm``."""
    t_s = np.arange(0, 0.06, GRID_US * 1e-6)
    pose, accel = np.zeros((len(t_s), 3)), np.zeros((len(t_s), 3))
    pose[:, 1] = at_mm
    accel[:, 2] = g * np.exp(-t_s / 0.015) * np.sin(2 * np.pi * 45.0 * t_s)
    accel[-1] = 0.0
    return Motion(t_s * 1e6, pose, accel)


def slip(at_mm: float, way_mm: float) -> Motion:
    """The document slides at once by ``way_mm``, as by hand.profile "one-slip"."""
    t_s = np.arange(0, SLIP_S + GRID_US * 1e-6, GRID_US * 1e-6)
    pose = np.zeros((len(t_s), 3))
    pose[:, 1] = at_mm + way_mm * (0.5 - 0.5 * np.cos(np.pi * np.minimum(t_s / SLIP_S, 1.0)))
    return Motion(t_s * 1e6, pose, np.zeros((len(t_s), 3)))


def movements(uf2: str, board: str) -> list[Figure]:
    """Latencies in us, each the worst of several; bytes that the loop of a whole sweep allocates."""
    world = still_world()
    with ChipKiosk(world, uf2, board, {**installed(board), "main.py": _LOOP.read_bytes()}) as kiosk:
        session = connected(kiosk)
        boot(session)
        set_values(session, {"depth": 4, "restart_only": 1, "first_row": 0})
        world.place(kiosk.bus.now_us)
        until(session, SweepEnd)
        taken = re.findall(r"^heap\|(-?\d+)", kiosk.console(), re.MULTILINE)
        if not taken:
            raise DeviceError(f"the loop said nothing of its heap: {kiosk.console()[-200:]!r}")
        session.send(wire.C_SWEEP, 0, ZONE_ROWS - 1)
        knocks = [_latency_us(kiosk, session, number, knock(0.0), wire.BUMP) for number in range(KNOCKS)]
        settled(kiosk, session)
        set_values(session, {"restart_only": 0})
        world.place(kiosk.bus.now_us)
        slips = []
        for number, way_mm in enumerate(SLIPS_MM):
            moved = slip(sum(SLIPS_MM[:number]), way_mm)
            slips.append(_latency_us(kiosk, session, number, moved, wire.SLIP))
    return [
        Figure("line loop of a sweep: allocated", float(taken[0]), "B"),
        Figure(INT1, max(knocks), "us"),
        Figure(SLIDE, max(slips), "us"),
    ]


def _latency_us(kiosk: ChipKiosk, session: Session, number: int, movement: Motion, cause: int) -> float:
    """From the event to the last step pulse, as the world knows it."""
    abort, stop = _disturbed(kiosk, session, number, movement)
    ms = truth.latency_ms(kiosk.bus, stop, wire.CAUSES[cause]) if abort.cause == cause else None
    if ms is None:
        raise DeviceError(f"movement {number} was no cause for this: {abort}, {stop}")
    return float(round(ms * 1000))


def _disturbed(kiosk: ChipKiosk, session: Session, number: int, movement: Motion) -> tuple[Abort, Stop]:
    """Let it happen in the next sweep, ``number`` to vary the moment; how that sweep was stopped."""
    end = kiosk.now_ms() + _LONGEST_MS
    bands = 0
    while kiosk.now_ms() < end:
        message = session.poll(100)
        if isinstance(message, Band):
            bands += 1
            if bands == _FROM_BAND:
                kiosk.pass_time(0.31 * number)  # another moment of a line's time
                kiosk.bus.scene.replace(kiosk.bus.scene.page, movement, kiosk.bus.now_us)
        elif isinstance(message, Abort):
            return message, kiosk.bus.stops[-1]
        elif isinstance(message, SweepEnd):
            raise DeviceError(f"a sweep went on through movement {number}")
    raise DeviceError(f"no sweep was aborted within {_LONGEST_MS:g} ms")
