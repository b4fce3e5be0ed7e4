"""What the motion sensors said at each look of a recorded visit: the movement that it tells, and the flow sensor that
says the same once more.

A scanner that is recorded tells of every look: in BAND while lines come, in SAMPLE otherwise (PROTOCOL.md, Streams).
So nothing of the hand is guessed, and the sensor's own noise is in what it counted.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from statistics import median

import numpy as np

from stillscan.simulator.flow import LID_SQUAL, LOST_LIFT_MM
from stillscan.simulator.hand import FloatArray, Motion
from stillscan.testing.seen import LookSeen

AWAY_MM = 60.0
"""As far as the profile `removed` lifts a document."""
_LOOK_MS = 5.0  # between two looks while no line comes (kiosk/app.py); with lines it is less
_FLAT = 0.8  # of the usual quality: what is seen worse is off the glass (kiosk/lift.py)
_FRAME_MS = 8.0  # of the flow sensor, about: for so long a count that is told was on its way
_BUMP_G = (
    0.8  # within what the profile `bump` gives, and beyond any setting's threshold that a kiosk stands firmly with
)
_BUMP_MS = 10.0  # half a swing of 50 Hz, as the profile `bump` has it
_GOOD, _BAD = 0x01, 0x1F  # shutter's high byte of a picture, and of one that the sensor itself rejects
_LIVELY = 8  # of its raw figures: a sensor whose every byte stays is a stuck one (kiosk/drivers/paa5100.py)


def moments(looks: Sequence[LookSeen]) -> list[float]:
    """When that happened which each look has shown, in ms: in the middle between it and the look before."""
    found, before_ms = [], -_LOOK_MS
    for look in looks:
        found.append(look.at_ms - min(max(look.at_ms - before_ms, 0.0), _LOOK_MS) / 2)
        before_ms = look.at_ms
    return found


def movement(looks: Sequence[LookSeen], flow_scale: int, gone_ms: float, held_from_ms: float) -> Motion:
    """The hand, since the placing: counts at ``flow_scale`` counts/dm; lifted away at ``gone_ms``.

    From ``held_from_ms`` on the sensor is broken, and what it counts is no movement. Where a document that was lifted
    is laid down again no look tells: it lies as at first.
    """
    usual = median([look.squal for look in looks if look.good] or [LID_SQUAL + 1])
    at = np.zeros(2)
    lost = False
    knots: list[tuple[float, float, float, float]] = [(-_FRAME_MS, 0.0, 0.0, 0.0)]
    for moment, look in zip(moments(looks), looks, strict=True):
        if moment - knots[-1][0] > _FRAME_MS:
            knots.append((moment - _FRAME_MS, *knots[-1][1:]))
        if moment < held_from_ms:
            if look.good:
                at = at + np.array((look.dx, look.dy))
            elif lost:  # once more: it is off the glass (kiosk/lift.py)
                at = np.zeros(2)
            lost = not look.good
        knots.append((moment, at[0], at[1], AWAY_MM if not look.present else _lift_mm(look, usual, held_from_ms)))
    if np.isfinite(gone_ms):
        knots = [knot for knot in knots if knot[0] < gone_ms] or knots[:1]
        knots += [(gone_ms - 1e-3, *knots[-1][1:]), (gone_ms, *knots[-1][1:3], AWAY_MM)]
    table = np.array(knots)
    table = table[np.concatenate(([True], np.diff(table[:, 0]) > 0))]
    pose = np.column_stack([table[:, 1:3] * 100.0 / flow_scale, table[:, 3]])
    return _bumped(table[:, 0] * 1000, pose, [look.at_ms for look in looks if look.bumped])


def _lift_mm(look: LookSeen, usual: float, held_from_ms: float) -> float:
    """How high above the glass it is seen so badly, as the simulated sensor has it."""
    if look.at_ms >= held_from_ms or (look.good and look.squal >= _FLAT * usual):
        return 0.0
    share = (look.squal - LID_SQUAL) / max(usual - LID_SQUAL, 1.0)
    return LOST_LIFT_MM * (1.0 - min(max(share, 0.0), 1.0))


def _bumped(times_us: FloatArray, pose: FloatArray, bumps_ms: Sequence[float]) -> Motion:
    """With a knock on the counter before each of these looks."""
    whole = Motion(times_us, pose, np.zeros_like(pose))
    if not bumps_ms:
        return whole
    extra = np.array([[b - _LOOK_MS - _BUMP_MS, b - _LOOK_MS - _BUMP_MS / 2, b - _LOOK_MS] for b in bumps_ms]) * 1000
    times = np.union1d(times_us, extra.ravel())
    accel = np.zeros((len(times), 3))
    accel[np.isin(times, extra[:, 1]), 2] = _BUMP_G
    return Motion(times, whole.poses(times), accel)


_BARE = LookSeen(0.0, 0, 0, LID_SQUAL, good=False)


class Told:
    """The flow sensor's answers to looks at any moment (see ``simulator.flow.Flow.told``).

    Until ``start`` it says what the first look has shown, and before something lies there (``present`` at a moment in
    us) that of an empty glass.
    """

    def __init__(self, looks: Sequence[LookSeen], present: Callable[[int], bool]) -> None:
        self._present = present
        self._times_us: list[float] = []
        self._sums = np.cumsum([(0, 0), *((look.dx, look.dy) for look in looks)], axis=0).tolist()
        self._looks = looks
        self._read = 0

    def start(self, start_us: float) -> None:
        """The clock of the recorded looks has begun at this moment, or another than was said before. The first of them
        has been told."""
        self._times_us = [start_us + moment * 1000 for moment in moments(self._looks)]
        self._read = max(self._read, 1)

    def __call__(self, now_us: int) -> bytes:
        """As ``Flow.look``."""
        at = max(bisect_right(self._times_us, now_us), self._read) if self._times_us else 0
        dx, dy = (new - old for new, old in zip(self._sums[at], self._sums[self._read], strict=True))
        self._read = at
        look = self._looks[max(at - 1, 0)] if self._times_us or self._present(now_us) else _BARE
        head = bytes((0x80 if dx or dy else 0, 0xBF)) + b"".join(
            max(-32768, min(32767, value)).to_bytes(2, "little", signed=True) for value in (dx, dy)
        )
        lively = round(now_us / 1000 / _FRAME_MS) % _LIVELY
        return head + bytes((look.squal, 120 + lively, 190, 35, _GOOD if look.good else _BAD, 0xC0))
