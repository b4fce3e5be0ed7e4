"""What lies on the glass at any moment: the one object that all chip models look at.

Times are ``now_us``, microseconds of the virtual clock since power-on. The scene keeps its history of the last
seconds, so a model that works lazily may ask about moments before the latest change.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from stillscan.simulator.dirt import Dirt
from stillscan.simulator.glass import Page
from stillscan.simulator.hand import FloatArray, Motion

GONE_LIFT_MM = 20.0  # further away than this a document counts as removed
HUM_HZ = 50.0  # a compressor under the counter
_FAR_MM = 60.0  # away altogether, as the profile `removed` lifts it
# The furthest that anybody looks back: a model to its last reading (milliseconds ago, for the firmware asks in every
# turn), the truth to the beginning of a sweep (1 s). A placement of a minute's movement takes 7 MB.
REMEMBERED_US = 10_000_000


@dataclass(frozen=True)
class Placement:
    """From ``start_us`` on this page lies on the glass and moves so; ``page`` None: the glass is empty."""

    start_us: int
    page: Page | None
    motion: Motion


class Scene:
    """The glass, what was laid on it when, and the dirt.

    ``generation`` counts the changes: a model that computed ahead drops its future when the number differs. ``hum_g``:
    peak of the counter's own vibration at ``HUM_HZ``, whatever lies on the glass.
    """

    def __init__(
        self, page: Page, motion: Motion, dirt: Dirt, seed: int, placed_us: int | None = None, hum_g: float = 0.0
    ) -> None:
        self.page, self.motion, self.dirt, self.seed, self.hum_g = page, motion, dirt, seed, hum_g
        self.generation = 0
        self._forgotten = 0  # placements before those of the history
        self._history = [Placement(0, None, motion)]
        self._starts = [0]
        if placed_us is not None:
            self.place(placed_us)

    def place(self, now_us: int) -> None:
        """Lay the scene's document on the glass; its motion starts now."""
        self._change(Placement(now_us, self.page, self.motion))

    def replace(self, page: Page, motion: Motion, now_us: int) -> None:
        """Lay another document on the glass instead."""
        self.page, self.motion = page, motion
        self.place(now_us)

    def go_on(self, motion: Motion, start_us: int, now_us: int) -> None:
        """What lies there moves so from now on; ``motion`` counts from ``start_us`` and agrees with what was before."""
        placement = self.at(now_us)
        self.motion = motion
        self._history[-1] = Placement(start_us, placement.page, motion)
        self.generation += 1

    def clear(self, now_us: int) -> None:
        """Take away what lies there; ``place`` lays it back."""
        self._change(Placement(now_us, None, self.motion))

    def at(self, now_us: float) -> Placement:
        """The placement in force."""
        if now_us >= self._starts[-1]:
            return self._history[-1]
        return self._history[max(bisect_right(self._starts, now_us) - 1, 0)]

    def next_change_us(self, now_us: float) -> float:
        """The moment of the next placement that is known of; infinite when there is none."""
        after = bisect_right(self._starts, now_us)
        return self._starts[after] if after < len(self._starts) else math.inf

    def pose(self, now_us: float) -> tuple[bool, float, float, float]:
        """(present, dx_mm, dy_mm, lift_mm); absent before placement, after ``clear`` and above ``GONE_LIFT_MM``."""
        placement = self.at(now_us)
        if placement.page is None:
            return False, 0.0, 0.0, _FAR_MM
        dx, dy, lift = placement.motion.pose(now_us - placement.start_us)
        return lift <= GONE_LIFT_MM, dx, dy, lift

    def poses(self, times_us: FloatArray) -> tuple[FloatArray, FloatArray]:
        """At the (n,) times: number of the placement in force (n,), and (n, 3) dx_mm, dy_mm, lift_mm.

        What was longer than ``REMEMBERED_US`` before the last change is told as the oldest placement that is kept.
        """
        number = self._numbers(times_us)
        pose = np.zeros((len(times_us), 3))
        pose[:, 2] = _FAR_MM
        for index in set(number.tolist()):  # numpy's own way loads masked arrays, 20 ms of a first check
            placement = self._history[int(index) - self._forgotten]
            if placement.page is not None:
                rows = number == index
                pose[rows] = placement.motion.poses(times_us[rows] - placement.start_us)
        return number, pose

    def page_of(self, number: float) -> Page | None:
        """What lies there in the placement of this ``number``."""
        return self._history[int(number) - self._forgotten].page

    def since_us(self, number: FloatArray) -> FloatArray:
        """(n,): since when the placement of each ``number`` (n,) is in force."""
        return np.array(self._starts, dtype=np.float64)[number.astype(np.int64) - self._forgotten]

    def exchanged(self, number: FloatArray) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
        """(n,): whether another page lies there in a placement of ``number`` (n,) than in the one before it."""
        pages = [self._history[int(index) - self._forgotten].page for index in number]
        changed = [one is not other and None not in (one, other) for one, other in pairwise(pages)]
        return np.array([False, *changed], np.bool_)

    def acceleration(self, times_us: FloatArray) -> FloatArray:
        """(n, 3) acceleration of the chassis in g without gravity; nothing but the hum while the glass is empty."""
        number = self._numbers(times_us)
        accel = np.zeros((len(times_us), 3))
        accel[:, 2] = self.hum_g * np.sin(times_us * (2e-6 * np.pi * HUM_HZ))
        for index in set(number.tolist()):
            placement = self._history[int(index) - self._forgotten]
            if placement.page is not None:
                rows = number == index
                accel[rows] += placement.motion.acceleration(times_us[rows] - placement.start_us)
        return accel

    def _numbers(self, times_us: FloatArray) -> FloatArray:
        found = np.searchsorted(np.array(self._starts, dtype=np.float64), times_us, side="right") - 1
        return np.asarray(np.maximum(found, 0) + self._forgotten, dtype=np.float64)

    def _change(self, placement: Placement) -> None:
        if placement.start_us < self._starts[-1]:
            raise ValueError("a scene changes in the order of time")
        self._history.append(placement)
        self._starts.append(placement.start_us)
        self._forget(placement.start_us - REMEMBERED_US)
        self.generation += 1

    def _forget(self, before_us: int) -> None:
        """Let go of placements that were over by then; the one in force then stays."""
        over = max(bisect_right(self._starts, before_us) - 1, 0)
        del self._history[:over], self._starts[:over]
        self._forgotten += over
