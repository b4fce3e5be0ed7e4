"""Hands that exchange documents under the sensors of a whole simulated scanner, firmware included."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bench.joined.attacks import document
from kiosk import wire
from stillscan.link.messages import State
from stillscan.link.session import Session
from stillscan.scanning.check import Check, Judge
from stillscan.scanning.result import Result
from stillscan.simulator.bus import Bus
from stillscan.simulator.dirt import Dirt
from stillscan.simulator.glass import Page
from stillscan.simulator.hand import Motion, profile
from stillscan.simulator.kiosk import SimulatedKiosk
from stillscan.simulator.scene import Scene
from stillscan.testing.modelled_reader import ModelledReader
from stillscan.testing.simulate import REST_MS, boot

_MOST_MS = 20_000.0  # the scanner gives a document up after 15 s (the setting `time_limit`)
_STILL_S = 20.0
_SWEEP_MS = (150, 650)  # after the placing: a sweep that nothing disturbs


@dataclass
class Hands:
    """Acts as the simulator's visitors do: each act once its time has come, in us of the virtual clock."""

    acts: list[tuple[int, Callable[[Bus], None]]]

    def look(self, bus: Bus) -> None:
        """See Visitors."""
        while self.acts and self.acts[0][0] <= bus.now_us:
            self.acts.pop(0)[1](bus)


def attack(kind: str, seed: int, judge: Judge) -> tuple[Result, list[tuple[str, ...]]]:
    """What becomes of an exchange of a kind of KINDS, and the lines of both documents."""
    rng = np.random.default_rng([seed, 31, list(KINDS).index(kind)])
    one, other = document(rng), document(rng)
    still = profile("still", seed, _STILL_S)
    scene = Scene(Page.from_array(one.pixels), still, Dirt.profile("clean", seed), seed)
    with SimulatedKiosk(scene) as kiosk:
        session = Session(kiosk)
        session.open()
        _rest(session, boot(session))
        placed_us = kiosk.bus.now_us
        at_us = placed_us + 1000 * int(rng.integers(*_SWEEP_MS))
        scene.motion = KINDS[kind](rng, still, (at_us - placed_us) / 1000)
        scene.place(placed_us)
        gap_us = 0 if kind == "exchanged at once" else 1000 * int(rng.integers(50, 600))
        acts: list[tuple[int, Callable[[Bus], None]]] = [
            (at_us + gap_us, lambda bus: scene.replace(Page.from_array(other.pixels), still, bus.now_us))
        ]
        if kind == "taken and replaced":
            acts.insert(0, (at_us, lambda bus: scene.clear(bus.now_us)))
        kiosk.visitors = Hands(acts)  # type: ignore[assignment]
        result = Check(session, ModelledReader(kiosk.now_ms), judge).run(_MOST_MS)
    return result, [one.lines, other.lines]


def _rest(session: Session, state: State) -> None:
    """Let the scanner wait for a document, as `simulate` does."""
    if state.state != wire.EMPTY:
        raise AssertionError("a scanner without a fault waits for a document")
    end_ms = session.transport.now_ms() + REST_MS
    while (left_ms := end_ms - session.transport.now_ms()) > 0:
        session.poll(left_ms)


def _lies(rng: np.random.Generator, still: Motion, at_ms: float) -> Motion:
    return still


def _drawn_away(rng: np.random.Generator, still: Motion, at_ms: float) -> Motion:
    """Slides off the glass within 0.15 to 0.5 s, flat all the way."""
    took_ms, angle = float(rng.uniform(150, 500)), float(rng.uniform(0, 2 * np.pi))
    way_mm = 130.0 * np.array([np.cos(angle), np.sin(angle)])
    part = 0.5 - 0.5 * np.cos(np.pi * np.clip((still.times_us / 1000 - at_ms) / took_ms, 0, 1))
    pose = still.pose_mm.copy()
    pose[:, :2] += part[:, None] * way_mm
    return Motion(still.times_us, pose, still.accel_g)


KINDS: dict[str, Callable[[np.random.Generator, Motion, float], Motion]] = {
    "exchanged at once": _lies,
    "taken and replaced": _lies,
    "drawn away": _drawn_away,
}
