"""The contact image sensor with its lamp and 8-bit ADC: one exposure, with dark level, pixel spread and noise."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from stillscan.simulator.dirt import Dirt
from stillscan.simulator.glass import LID_REFLECTANCE, LINE_PX, STRIP_REFLECTANCE, STRIP_Y_MM
from stillscan.simulator.hand import FloatArray
from stillscan.simulator.scene import GONE_LIFT_MM, Scene

DARK_LSB = 12.0  # UNCONFIRMED, as all levels and noise here: to be measured on the bar that is finally chosen
WHITE_LSB = 188.0  # light of a reflectance of 1 at the centre with the full lamp: 200 LSB together with the dark level
_LINE_US = 2950  # in which that much is gathered: the shortest line
_AS_LONG = 0.03  # parts by which a line may differ from it and count as long: boards keep 2950 to 2990, tests have 3000
END_FALL = 0.25  # less light at the ends of the lamp than in the middle; boards/README.md allows up to a half
GAIN_RMS = 0.02  # of each pixel against the mean; assumed
OFFSET_RMS_LSB = 1.0  # of each pixel's dark level; assumed
READ_RMS_LSB = 0.5  # of an exposure without light; assumed
SHOT_LSB = (1.2**2 - READ_RMS_LSB**2) / WHITE_LSB  # variance per LSB of light: 1.2 LSB rms at white

_HOT_LSB = 148.0  # over the dark level, of a pixel that leaks, whatever the light
_SATURATED_LSB = 236.0  # with the dark level 248: the noise is not cut off

# Middles of three equal parts of the exposure: enough for motion blur, as a line lasts 3 ms and a slip 80 ms.
_MOMENTS = np.array([1 / 6, 1 / 2, 5 / 6])
_NOISE_LINES = 32  # drawn at once: 0.2 MB


class LineSensor:
    """Looks at the scene through glass and dirt.

    ``fault``: None, "stuck" (0xFF for ever), "dark" (no light), "saturated" (the amplifier at its end, with noise),
    "stripes" (the last line over and over, to the bit), "streaks" (the last line's light over and over, with noise),
    "half" (the right half of the pixels gives no light: a chip of the bar is dead).

    What wears: ``gain`` of its amplifier and ``offset`` of its dark level in LSB, ``noise`` against a new one's,
    ``dead`` and ``hot`` pixels, ``fall``: how much less light comes to its right end than to its left.

    ``line_us``: the line for which whoever set it has trimmed the amplifier.
    """

    def __init__(self, scene: Scene) -> None:
        self.fault: str | None = None
        self.gain = self.noise = 1.0
        self.offset = self.fall = 0.0
        self.line_us = _LINE_US
        self.dead = self.hot = 0
        self._scene = scene
        self._order = np.random.default_rng([scene.seed, 210]).permutation(LINE_PX)  # in which pixels die
        rng = np.random.default_rng([scene.seed, 200])
        from_centre = np.linspace(-1.0, 1.0, LINE_PX)
        gain = 1.0 + GAIN_RMS * rng.standard_normal(LINE_PX)
        self._response = (WHITE_LSB * gain * (1.0 - END_FALL * from_centre**2)).astype(np.float32)
        self._dark = (DARK_LSB + OFFSET_RMS_LSB * rng.standard_normal(LINE_PX)).astype(np.float32)
        self._chance = rng
        self._noise: Iterator[NDArray[np.float32]] = iter(())  # of the lines to come
        self._last = bytes(LINE_PX)
        self._last_light: NDArray[np.float32] = np.zeros(LINE_PX, dtype=np.float32)
        self._foreseen: dict[tuple[float, float, float, float], NDArray[np.float32]] = {}
        self._foreseen_in: tuple[int, Dirt] = -1, scene.dirt  # the state of the scene that it was reckoned for

    def foresees(self, t0_us: float, t1_us: float, y0_mm: float, y1_mm: float) -> bool:
        """Was this exposure foreseen, and is the scene as it was then?"""
        generation, dirt = self._foreseen_in
        alike = generation == self._scene.generation and dirt is self._scene.dirt
        return alike and (t0_us, t1_us, y0_mm, y1_mm) in self._foreseen

    def foresee(self, exposures: FloatArray) -> None:
        """These exposures are to come, (n, 4) of t0_us, t1_us, y0_mm, y1_mm as ``expose`` will have them: what reaches
        the pixels is reckoned for all at once, in a third of the time. One that comes otherwise is reckoned anew."""
        self._foreseen_in = self._scene.generation, self._scene.dirt
        self._foreseen = dict(zip(map(tuple, exposures.tolist()), self._passed(exposures), strict=True))

    def expose(
        self, t0_us: float, t1_us: float, y0_mm: float, y1_mm: float, lamp: float, out: bytearray | memoryview
    ) -> None:
        """Write the 1476 bytes of a line into ``out``.

        The light is integrated from ``t0_us`` to ``t1_us`` while the carriage goes evenly from ``y0_mm`` to ``y1_mm``;
        ``lamp`` is 0..1. Under the closed lid there is no light but the lamp's. The longer, the more is gathered.
        """
        if self.fault == "stuck":
            out[:LINE_PX] = b"\xff" * LINE_PX
            return
        if self.fault == "stripes":
            out[:LINE_PX] = self._last
            return
        light = self._light(t0_us, t1_us, y0_mm, y1_mm, lamp)
        if self.dead or self.hot:
            light = light.copy()
            light[self._order[: self.dead]] = 0.0
            light[self._order[LINE_PX - self.hot :]] = np.float32(_HOT_LSB)
        noise = next(self._noise, None)
        if noise is None:
            self._noise = iter(self._chance.standard_normal((_NOISE_LINES, LINE_PX), dtype=np.float32))
            noise = next(self._noise)
        rms = light * np.float32(SHOT_LSB)
        rms += np.float32(READ_RMS_LSB**2)
        np.sqrt(rms, out=rms)
        if self.noise != 1.0:
            rms *= np.float32(self.noise)
        rms *= noise
        rms += light
        rms += self._dark
        if self.offset:
            rms += np.float32(self.offset)
        np.maximum(rms, np.float32(0.0), out=rms)
        self._last = cv2.convertScaleAbs(rms).tobytes()  # rounded, and no more than 255
        out[:LINE_PX] = self._last

    def _light(self, t0_us: float, t1_us: float, y0_mm: float, y1_mm: float, lamp: float) -> NDArray[np.float32]:
        """What reaches each pixel, in LSB; kept for the next line."""
        if self.fault == "streaks":
            return self._last_light
        if self.fault == "saturated":
            light = np.full(LINE_PX, _SATURATED_LSB, dtype=np.float32)
        elif lamp <= 0.0 or self.fault == "dark":
            light = np.zeros(LINE_PX, dtype=np.float32)
        else:
            if not self.foresees(t0_us, t1_us, y0_mm, y1_mm):
                self.foresee(np.array([[t0_us, t1_us, y0_mm, y1_mm]]))
            lines = (t1_us - t0_us) / self.line_us
            gathered = lamp * self.gain * (1.0 if abs(lines - 1.0) < _AS_LONG else lines)
            light = self._foreseen[t0_us, t1_us, y0_mm, y1_mm] * np.float32(gathered / len(_MOMENTS))
            if self.fall:
                light *= np.linspace(1.0, 1.0 - self.fall, LINE_PX, dtype=np.float32)
            if self.fault == "half":
                light[LINE_PX // 2 :] = 0.0
        self._last_light = light
        return light

    def _passed(self, exposures: FloatArray) -> NDArray[np.float32]:
        """(n, 1476) of (n, 4) exposures: what a lamp of 1 brings to each pixel at all moments together, in LSB."""
        t0_us, t1_us, y0_mm, y1_mm = exposures.T[:, :, None]
        times_us, heights_mm = t0_us + _MOMENTS * (t1_us - t0_us), y0_mm + _MOMENTS * (y1_mm - y0_mm)
        seen = self._reflectance(times_us.ravel(), heights_mm.ravel())
        light: NDArray[np.float32] = seen[0 :: len(_MOMENTS)]
        for moment in range(1, len(_MOMENTS)):
            light += seen[moment :: len(_MOMENTS)]
        light *= self._response
        light *= self._scene.dirt.column_transmission
        return light

    def _reflectance(self, times_us: FloatArray, heights_mm: FloatArray) -> NDArray[np.float32]:
        """(n, 1476) of what the sensor looks at, at (n,) moments and heights, as the dirt on it lets it through."""
        number, poses = self._scene.poses(times_us)
        strip = heights_mm >= STRIP_Y_MM
        there = ~strip & (poses[:, 2] <= GONE_LIFT_MM)
        seen = np.empty((len(times_us), LINE_PX), dtype=np.float32)
        seen[strip], seen[~strip & ~there] = STRIP_REFLECTANCE, LID_REFLECTANCE
        for index in set(number[there].tolist()):
            page, rows = self._scene.page_of(index), there & (number == index)
            if page is not None:
                seen[rows] = page.lines(heights_mm[rows], poses[rows])
        dirt = self._scene.dirt
        for line, y_mm in zip(seen, heights_mm.tolist(), strict=True) if dirt.covers else ():
            line *= dirt.glass_transmission(y_mm) if y_mm < STRIP_Y_MM else dirt.strip_transmission(y_mm - STRIP_Y_MM)
        return seen
