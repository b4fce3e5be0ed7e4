"""The reflective sensor that sees whether a document lies on the glass."""

from __future__ import annotations

import math
from bisect import bisect_right

import numpy as np

from stillscan.simulator.hand import Motion
from stillscan.simulator.scene import Scene

REACH_MM = 8.0  # UNCONFIRMED: a reflective sensor behind the glass; more than the 6 mm by which a simulated hand lifts
_NEAR_MM = 0.01  # so near to its reach a model's rounding could decide


class Presence:
    """``fault``: None, "stuck-present", "stuck-absent"."""

    def __init__(self, scene: Scene) -> None:
        self.fault: str | None = None
        self._scene = scene
        self._motion: Motion | None = None
        self._passes: list[tuple[float, float]] = []  # of that motion: when something may pass the end of the reach

    def present(self, now_us: float) -> bool:
        """Whether something lies within reach of the sensor."""
        if self.fault is not None:
            return self.fault == "stuck-present"
        present, _, _, lift_mm = self._scene.pose(now_us)
        return present and lift_mm < REACH_MM

    def holds_us(self, now_us: float) -> float:
        """A moment until which ``present`` certainly stays as it is now, if neither scene nor fault changes."""
        placement = self._scene.at(now_us)
        if self.fault is not None or placement.page is None:
            return math.inf
        if placement.motion is not self._motion:
            self._motion, self._passes = placement.motion, _passes(placement.motion)
        at = bisect_right(self._passes, (now_us - placement.start_us, math.inf))
        if at and now_us - placement.start_us <= self._passes[at - 1][1]:
            return now_us
        return placement.start_us + self._passes[at][0] if at < len(self._passes) else math.inf


def _passes(motion: Motion) -> list[tuple[float, float]]:
    """Spans of time, in us since the placement, in which the lift may pass ``REACH_MM``: a motion is linear in each."""
    lift_mm = motion.pose_mm[:, 2]
    within, beyond = lift_mm < REACH_MM - _NEAR_MM, lift_mm > REACH_MM + _NEAR_MM
    settled = (within[1:] & within[:-1]) | (beyond[1:] & beyond[:-1])
    times_us = motion.times_us
    return [(float(times_us[at]), float(times_us[at + 1])) for at in np.flatnonzero(~settled)]
