"""How the hand moves the document and bumps the kiosk: named, seeded motion profiles.

| profile  | document                                                        | chassis                      |
|----------|-----------------------------------------------------------------|------------------------------|
| still    | micro noise of 2 um rms, present in every profile               | at rest                      |
| tremor   | 8-12 Hz narrow-band noise, 0.15 mm rms in x and in y            | at rest                      |
| one-slip | one slip of 0.3-2 mm over 80 ms, starting 0.40-0.70 s           | at rest                      |
| slips    | such slips, Poisson, 1 per second                               | at rest                      |
| restless | such slips, Poisson, 3 per second, and tremor of 0.05 mm rms    | at rest                      |
| drift    | 1 mm/s in a random direction                                    | at rest                      |
| bump     | does not move                                                   | 3 per second: 0.3-1 g peak,  |
|          |                                                                 | 30-60 Hz, gone after 60 ms   |
| lift     | raised 2-6 mm for 1 s from 0.3-0.8 s, moved up to 1.5 mm        | at rest                      |
| removed  | lifted away from 0.3-0.7 s, 60 mm in 0.3 s                      | at rest                      |
| slips-3  | such slips, Poisson, 3 per second                               | at rest                      |
| lift-slips | lift, and slips                                               | at rest                      |
| mixed    | slips, tremor of 0.02-0.10 mm rms, drift up to 0.5 mm/s; every  | as bump                      |
|          | other one lift                                                  |                              |

Times are since the placement of the document.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from stillscan.errors import InputError

FloatArray = NDArray[np.float64]

GRID_US = 500  # step of a profile: 160 of a slip, 170 of the fastest tremor's period
SLIP_S = 0.080  # how long a slip takes (the table above); an assumption
_KEPT = 8  # profiles of 3 MB at 30 s: tests take the same few again and again
MICRO_MM = 0.002  # rms of the noise of a hand that holds still (the table above); an assumption


@dataclass(frozen=True)
class Motion:
    """Pose of the document and acceleration of the chassis, linear between knots, held outside them.

    ``times_us``: (n,) strictly ascending, since placement; ``pose_mm``: (n, 3) dx, dy, lift; ``accel_g``: (n, 3)
    without gravity.
    """

    times_us: FloatArray
    pose_mm: FloatArray
    accel_g: FloatArray
    _knots: memoryview[float] = field(init=False, repr=False, compare=False)
    _flat: memoryview[float] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        count = len(self.times_us)
        if count == 0 or self.pose_mm.shape != (count, 3) or self.accel_g.shape != (count, 3):
            raise ValueError("a motion needs at least one knot, and a pose and an acceleration at each")
        # Memoryviews give plain floats: a scalar look-up, once a bus access, must not pay for numpy scalars.
        object.__setattr__(
            self, "_knots", np.ascontiguousarray(self.times_us, dtype=np.float64).data.cast("B").cast("d")
        )
        object.__setattr__(self, "_flat", np.ascontiguousarray(self.pose_mm, dtype=np.float64).data.cast("B").cast("d"))

    def pose(self, t_us: float) -> tuple[float, float, float]:
        """(dx_mm, dy_mm, lift_mm) at ``t_us`` since placement."""
        knots, flat = self._knots, self._flat
        after = bisect_right(knots, t_us)
        if after == 0 or after == len(knots):
            at = 3 * min(after, len(knots) - 1)
            return flat[at], flat[at + 1], flat[at + 2]
        part = (t_us - knots[after - 1]) / (knots[after] - knots[after - 1])
        at = 3 * after
        rest = 1.0 - part
        return (
            rest * flat[at - 3] + part * flat[at],
            rest * flat[at - 2] + part * flat[at + 1],
            rest * flat[at - 1] + part * flat[at + 2],
        )

    def poses(self, t_us: FloatArray) -> FloatArray:
        """(n, 3) dx_mm, dy_mm, lift_mm at the (n,) times."""
        return self._at(t_us, self.pose_mm)

    def acceleration(self, t_us: FloatArray) -> FloatArray:
        """(n, 3) acceleration of the chassis in g, without gravity, at the (n,) times."""
        return self._at(t_us, self.accel_g)

    def _at(self, t_us: FloatArray, values: FloatArray) -> FloatArray:
        if not len(t_us):
            return np.empty((0, 3))
        # only the knots around these times: a motion of 30 s has 60,000
        first, last = np.searchsorted(self.times_us, (t_us.min(), t_us.max()), "right") + np.array((-1, 1))
        knots = slice(max(first, 0), max(last, 1))
        times_us, there = self.times_us[knots], values[knots]
        return np.stack([np.interp(t_us, times_us, there[:, axis]) for axis in range(3)], axis=1)


AT_REST = Motion(np.zeros(1), np.zeros((1, 3)), np.zeros((1, 3)))
"""Nothing moves at all: of a glass on which nothing lies yet."""


def profile(name: str, seed: int, duration_s: float) -> Motion:
    """The named motion; after ``duration_s`` its last pose holds. InputError if there is no such name."""
    if name not in _MAKERS:
        raise InputError(f"no movement '{name}'; there are: {', '.join(PROFILES)}, or a trace: a file NAME.csv")
    if seed < 0 or not 0 < duration_s <= 600:
        raise InputError("a movement profile needs a seed of at least 0 and a duration of up to 600 s")
    return _drawn(name, seed, duration_s)


@lru_cache(maxsize=_KEPT)
def _drawn(name: str, seed: int, duration_s: float) -> Motion:
    rng = np.random.default_rng([seed, list(PROFILES).index(name)])
    count = math.ceil(duration_s * 1e6 / GRID_US) + 1
    t_s: FloatArray = np.arange(count, dtype=np.float64) * (GRID_US * 1e-6)
    pose, accel = np.zeros((count, 3)), np.zeros((count, 3))
    for axis in range(2):
        pose[:, axis] = band_noise(rng, count, 1.0, 15.0, MICRO_MM)
    _MAKERS[name](rng, t_s, pose, accel)
    pose[:, :2] -= pose[0, :2]  # the pose is relative to the moment of placement
    times_us = t_s * 1e6
    for drawn in (times_us, pose, accel):  # for others too: nobody changes it
        drawn.setflags(write=False)
    return Motion(times_us, pose, accel)


def band_noise(rng: np.random.Generator, count: int, low_hz: float, high_hz: float, rms: float) -> FloatArray:
    """(count,) Gaussian noise with the given band and rms, cut from 8 s or more so that short runs hit the band."""
    length = 1 << max(count, 16000).bit_length()
    frequency = np.fft.rfftfreq(length, GRID_US * 1e-6)
    spectrum = np.zeros(len(frequency), dtype=np.complex128)
    inside = (frequency >= low_hz) & (frequency <= high_hz)
    spectrum[inside] = rng.standard_normal((int(inside.sum()), 2)) @ np.array([1.0, 1j])
    noise = np.fft.irfft(spectrum, length)
    return np.asarray(noise[:count] * (rms / noise.std()), dtype=np.float64)


def smooth(t_s: FloatArray, start_s: float, length_s: float) -> FloatArray:
    """0 before, 1 after, a raised cosine between."""
    part = np.clip((t_s - start_s) / length_s, 0.0, 1.0)
    return np.asarray(0.5 - 0.5 * np.cos(np.pi * part), dtype=np.float64)


def _direction(rng: np.random.Generator) -> FloatArray:
    angle = rng.uniform(0.0, 2 * math.pi)
    return np.array([math.cos(angle), math.sin(angle)])


def _poisson_starts(rng: np.random.Generator, rate_hz: float, until_s: float) -> list[float]:
    starts, now = [], rng.exponential(1 / rate_hz)
    while now < until_s:
        starts.append(now)
        now += rng.exponential(1 / rate_hz)
    return starts


def _slip(rng: np.random.Generator, t_s: FloatArray, pose: FloatArray, start_s: float) -> None:
    begin, end = np.searchsorted(t_s, [start_s, start_s + SLIP_S])
    way = rng.uniform(0.3, 2.0) * _direction(rng)
    pose[begin:end, :2] += np.outer(smooth(t_s[begin:end], start_s, SLIP_S), way)
    pose[end:, :2] += way


def _tremble(rng: np.random.Generator, pose: FloatArray, rms_mm: float) -> None:
    for axis in range(2):
        pose[:, axis] += band_noise(rng, len(pose), 8.0, 12.0, rms_mm)


def _still(rng: np.random.Generator, t_s: FloatArray, pose: FloatArray, accel: FloatArray) -> None:
    """Nothing beyond the micro noise."""


def _tremor(rng: np.random.Generator, t_s: FloatArray, pose: FloatArray, accel: FloatArray) -> None:
    _tremble(rng, pose, 0.15)


def _one_slip(rng: np.random.Generator, t_s: FloatArray, pose: FloatArray, accel: FloatArray) -> None:
    _slip(rng, t_s, pose, rng.uniform(0.40, 0.70))


def _slips(rng: np.random.Generator, t_s: FloatArray, pose: FloatArray, accel: FloatArray) -> None:
    for start_s in _poisson_starts(rng, 1.0, t_s[-1]):
        _slip(rng, t_s, pose, start_s)


def _restless(rng: np.random.Generator, t_s: FloatArray, pose: FloatArray, accel: FloatArray) -> None:
    for start_s in _poisson_starts(rng, 3.0, t_s[-1]):
        _slip(rng, t_s, pose, start_s)
    _tremble(rng, pose, 0.05)


def _drift(rng: np.random.Generator, t_s: FloatArray, pose: FloatArray, accel: FloatArray) -> None:
    pose[:, :2] += t_s[:, None] * _direction(rng)


def _bump(rng: np.random.Generator, t_s: FloatArray, pose: FloatArray, accel: FloatArray) -> None:
    for start_s in _poisson_starts(rng, 3.0, t_s[-1]):
        begin, end = np.searchsorted(t_s, [start_s, start_s + 0.060])
        since_s = t_s[begin:end] - start_s
        ring = np.exp(-since_s / 0.015) * np.sin(2 * np.pi * rng.uniform(30.0, 60.0) * since_s)
        # Mostly vertical, as a knock on the counter is; the largest component reaches the peak.
        axes = np.append(rng.uniform(-0.5, 0.5, 2), 1.0)
        accel[begin:end] += np.outer(ring * (rng.uniform(0.3, 1.0) / max(np.abs(ring).max(initial=0.0), 1e-9)), axes)


def _lift(rng: np.random.Generator, t_s: FloatArray, pose: FloatArray, accel: FloatArray) -> None:
    start_s = rng.uniform(0.3, 0.8)
    raised = smooth(t_s, start_s, 0.15) - smooth(t_s, start_s + 0.85, 0.15)
    pose[:, 2] += raised * rng.uniform(2.0, 6.0)
    pose[:, :2] += (smooth(t_s, start_s + 0.1, 0.8) * rng.uniform(0.2, 1.5))[:, None] * _direction(rng)


def _removed(rng: np.random.Generator, t_s: FloatArray, pose: FloatArray, accel: FloatArray) -> None:
    pose[:, 2] += 60.0 * smooth(t_s, rng.uniform(0.3, 0.7), 0.3)


def _slips_3(rng: np.random.Generator, t_s: FloatArray, pose: FloatArray, accel: FloatArray) -> None:
    for start_s in _poisson_starts(rng, 3.0, t_s[-1]):
        _slip(rng, t_s, pose, start_s)


def _lift_slips(rng: np.random.Generator, t_s: FloatArray, pose: FloatArray, accel: FloatArray) -> None:
    _lift(rng, t_s, pose, accel)
    _slips(rng, t_s, pose, accel)


def _mixed(rng: np.random.Generator, t_s: FloatArray, pose: FloatArray, accel: FloatArray) -> None:
    _slips(rng, t_s, pose, accel)
    _tremble(rng, pose, rng.uniform(0.02, 0.10))
    pose[:, :2] += t_s[:, None] * rng.uniform(0.0, 0.5) * _direction(rng)
    _bump(rng, t_s, pose, accel)
    if rng.random() < 0.5:
        _lift(rng, t_s, pose, accel)


_Maker = Callable[[np.random.Generator, FloatArray, FloatArray, FloatArray], None]

_TABLE: dict[str, tuple[str, _Maker]] = {
    "still": ("lies still", _still),
    "tremor": ("a trembling hand: 8-12 Hz, 0.15 mm rms", _tremor),
    "one-slip": ("one slip of 0.3-2 mm, 0.40-0.70 s after placement", _one_slip),
    "slips": ("a slip of 0.3-2 mm about once a second", _slips),
    "restless": ("about three slips a second, and a light tremor", _restless),
    "drift": ("slides steadily at 1 mm/s", _drift),
    "bump": ("the kiosk is bumped about three times a second, the document stays", _bump),
    "lift": ("raised by 2-6 mm for a second, laid back up to 1.5 mm off", _lift),
    "removed": ("taken away 0.3-0.7 s after placement", _removed),
    "slips-3": ("a slip of 0.3-2 mm about three times a second", _slips_3),
    "lift-slips": ("raised for a second while it slips, laid back; then a slip a second", _lift_slips),
    "mixed": ("slips, tremor, slow drift, bumps, and one lift, all at once", _mixed),
}
PROFILES: dict[str, str] = {name: line for name, (line, _) in _TABLE.items()}
_MAKERS: dict[str, _Maker] = {name: maker for name, (_, maker) in _TABLE.items()}
