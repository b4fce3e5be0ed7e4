"""The hand at the kiosk, step by step: each step begins now, or when the one before has come to its end.

A step only says what the hand will do; time passes while something is expected, and by ``clock.run``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from os import PathLike, fspath

import numpy as np

from stillscan.errors import InputError
from stillscan.simulator.hand import AT_REST, GRID_US, FloatArray, Motion, band_noise, profile, smooth
from stillscan.simulator.trace import load_trace
from stillscan.testing.bounds import bounded
from stillscan.testing.documents import Document
from stillscan.testing.driver import Driver

_DRAWN_S = 30.0  # a movement is drawn for so long, five times what a check is waited for; then the last pose holds
MOST_MM, MOST_STEP_MS, MOST_G = 100.0, 60_000.0, 8.0  # beyond the glass, of patience, and of the accelerometer's range
_AWAY_MM = 60.0  # as far as the profile `removed` lifts a document
_TREMOR_HZ = (8.0, 12.0)  # a hand's (profile `tremor`)
_EASE_S = 0.05  # in which a tremor comes and goes: half a period of it
_KNOCK_HZ, _KNOCK_FADES_S = 45.0, 0.015  # the middle of the profile `bump`
_KNOCK_MS = 60.0  # until nothing is left of a knock (profile `bump`)

Shape = Callable[[FloatArray, FloatArray, FloatArray], None]
"""Adds a step to pose_mm (n, 3) and accel_g (n, 3) at the (n,) seconds since its beginning."""


class Hand:
    """Lays documents down, moves them and takes them away."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._start_us = self._free_us = 0
        self._laid = self._steps = 0
        self._lifted_mm: float | None = None
        self._motion: Motion | None = None

    def lay(self, document: Document, motion: str | PathLike[str] = "still") -> None:
        """Lay a document on the glass; a check begins. ``motion``: a profile of `stillscan simulate`, or a trace.csv.

        The hand first ends what it does; time passes for that. InputError.
        """
        if not isinstance(document, Document):
            raise InputError(f"lay: a document is what passport() gives, not {type(document).__name__}")
        driver = self._driver
        driver.session  # noqa: B018 - a kiosk that is off is switched on
        driver.pass_until(self._free_us)
        if driver.by_person(f"lay down: {document.name}", f"lay({document.name!r})"):
            self._motion = AT_REST  # something lies there, wherever it moves
            driver.begin_check()
            return
        seed = driver.scene.seed + self._laid
        name = fspath(motion)
        traced = name.lower().endswith(".csv")
        self._motion = _on_grid(load_trace(name)) if traced else profile(name, seed, _DRAWN_S)
        self._laid, self._lifted_mm = self._laid + 1, None
        self._start_us = self._free_us = driver.now_us
        driver.begin_check()
        driver.scene.replace(document.page, self._motion, self._start_us)
        driver.timeline.step(driver.now_ms, f"lay({document.name!r}, motion={name!r})")

    def hold(self, for_ms: float) -> None:
        """The hand holds still for so long."""
        self._step(_label("hand.hold", for_ms=_length(for_ms)), for_ms, lambda t_s, pose, accel: None, "hold it still")

    def slide(self, dx_mm: float = 0.0, dy_mm: float = 0.0, over_ms: float = 80.0) -> None:
        """Slide the document so far, gently at both ends; x runs along the lines of text, y up the page."""
        far = (-MOST_MM, MOST_MM)
        label = _label("hand.slide", dx_mm=(dx_mm, *far), dy_mm=(dy_mm, *far), over_ms=_length(over_ms))

        def shape(t_s: FloatArray, pose: FloatArray, accel: FloatArray) -> None:
            pose[:, :2] += np.outer(smooth(t_s, 0.0, over_ms / 1000), [dx_mm, dy_mm])

        self._step(label, over_ms, shape, f"slide it {dx_mm:g} mm to the right and {dy_mm:g} mm up")

    def tremble(self, rms_mm: float = 0.15, for_ms: float = 1000.0) -> None:
        """Tremble at 8 to 12 Hz, in x and in y."""
        label = _label("hand.tremble", rms_mm=(rms_mm, 0.0, MOST_MM), for_ms=_length(for_ms))

        def shape(t_s: FloatArray, pose: FloatArray, accel: FloatArray) -> None:
            chance = np.random.default_rng([self._driver.scene.seed, 700, self._steps])
            length_s = for_ms / 1000
            swell = smooth(t_s, 0.0, _EASE_S) - smooth(t_s, max(length_s - _EASE_S, 0.0), _EASE_S)
            for axis in range(2):
                pose[:, axis] += swell * band_noise(chance, len(t_s), *_TREMOR_HZ, rms_mm or 1.0) * bool(rms_mm)

        self._step(label, for_ms, shape, "let it tremble")

    def lift(self, mm: float = 4.0, over_ms: float = 150.0) -> None:
        """Lift the document off the glass, so high above where it is now; it stays there until ``lower``."""
        label = _label("hand.lift", mm=(mm, 0.0, MOST_MM), over_ms=_length(over_ms))
        self._raise(label, mm, over_ms, f"lift it by {mm:g} mm")

    def lower(self, over_ms: float = 150.0) -> None:
        """Lower the document onto the glass again, after ``lift``. InputError."""
        label = _label("hand.lower", over_ms=_length(over_ms))
        if self._motion is not None and self._lifted_mm is None:
            raise InputError(f"{label}: nothing is lifted; lift it first")
        self._raise(label, -(self._lifted_mm or 0.0), over_ms, "lower it")
        self._lifted_mm = None

    def take_away(self, over_ms: float = 300.0) -> None:
        """Take the document away."""
        self._raise(_label("hand.take_away", over_ms=_length(over_ms)), _AWAY_MM, over_ms, "take it away")
        self._motion = None

    def bump(self, peak_g: float = 0.5) -> None:
        """Knock on the counter: the kiosk shakes at 45 Hz for a moment, the document stays where it is on the glass.

        The scanner only counts a bump that the document does not follow; with the setting restart_only it stops.
        """
        label = _label("hand.bump", peak_g=(peak_g, 0.0, MOST_G))

        def shape(t_s: FloatArray, pose: FloatArray, accel: FloatArray) -> None:
            since_s = np.clip(t_s, 0.0, _KNOCK_MS / 1000)
            ring = np.exp(-since_s / _KNOCK_FADES_S) * np.sin(2 * np.pi * _KNOCK_HZ * since_s)
            ring[t_s >= _KNOCK_MS / 1000] = 0.0
            accel[:, 2] += ring * (peak_g / np.abs(ring).max())

        self._step(label, _KNOCK_MS, shape, "knock on the counter")

    def _raise(self, label: str, mm: float, over_ms: float, told: str) -> None:
        def shape(t_s: FloatArray, pose: FloatArray, accel: FloatArray) -> None:
            pose[:, 2] += mm * smooth(t_s, 0.0, over_ms / 1000)

        self._step(label, over_ms, shape, told)
        self._lifted_mm = (self._lifted_mm or 0.0) + mm

    def _step(self, label: str, over_ms: float, shape: Shape, told: str) -> None:
        """Add a step to the movement under way, from the end of the step before on; ``told``: to a person."""
        if self._motion is None:
            raise InputError(f"{label}: nothing lies on the glass; lay a document first")
        driver = self._driver
        if driver.by_person(f"{told} within {over_ms / 1000:g} s", label):
            return
        begin_us = max(driver.now_us, self._free_us)
        self._free_us = begin_us + round(over_ms * 1000)
        self._steps += 1
        old = _longer(self._motion, self._free_us - self._start_us)
        pose, accel = old.pose_mm.copy(), old.accel_g.copy()
        shape((old.times_us - (begin_us - self._start_us)) * 1e-6, pose, accel)
        self._motion = Motion(old.times_us, pose, accel)
        driver.scene.go_on(self._motion, self._start_us, driver.now_us)
        driver.timeline.step(begin_us / 1000, label)


def _length(ms: float) -> tuple[float, float, float]:
    """How long a step takes, with its bounds."""
    return ms, 1.0, MOST_STEP_MS


def _label(step: str, **numbers: tuple[float, float, float]) -> str:
    """The step as it is told, from what it was given: each a value, its least and its most. InputError."""
    for name, (value, low, high) in numbers.items():
        bounded(f"{step}: {name}", value, low, high)
    return f"{step}({', '.join(f'{name}={value:g}' for name, (value, _, _) in numbers.items())})"


def _on_grid(motion: Motion) -> Motion:
    """The same, drawn as a profile is: steps are added knot by knot."""
    times = np.arange(0.0, max(_DRAWN_S * 1e6, motion.times_us[-1]) + GRID_US, GRID_US)
    return Motion(times, motion.poses(times), motion.acceleration(times))


def _longer(motion: Motion, until_us: float) -> Motion:
    """The same, drawn at least so far; its last pose holds."""
    lacking = math.ceil((until_us - motion.times_us[-1]) / GRID_US) + 1
    if lacking <= 0:
        return motion
    times = np.append(motion.times_us, motion.times_us[-1] + GRID_US * np.arange(1, lacking + 1))
    return Motion(times, motion.poses(times), motion.acceleration(times))
