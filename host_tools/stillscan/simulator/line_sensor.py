"""The contact image sensor with its lamp and 8-bit ADC: one exposure, with dark level, pixel spread and noise."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stillscan.simulator.glass import LID_REFLECTANCE, LINE_PX, STRIP_REFLECTANCE, STRIP_Y_MM
from stillscan.simulator.scene import Scene

DARK_LSB = 12.0  # UNCONFIRMED, as all levels and noise here: to be measured on the bar that is finally chosen
WHITE_LSB = 188.0  # light of a reflectance of 1 at the centre with the full lamp: 200 LSB together with the dark level
END_FALL = 0.25  # less light at the ends of the lamp than in the middle; boards/README.md allows up to a half
GAIN_RMS = 0.02  # of each pixel against the mean; assumed
OFFSET_RMS_LSB = 1.0  # of each pixel's dark level; assumed
READ_RMS_LSB = 0.5  # of an exposure without light; assumed
SHOT_LSB = (1.2**2 - READ_RMS_LSB**2) / WHITE_LSB  # variance per LSB of light: 1.2 LSB rms at white

_HOT_LSB = 160.0  # of a pixel that leaks, whatever the light
_SATURATED_LSB = 236.0  # with the dark level 248: the noise is not cut off

# Middles of three equal parts of the exposure: enough for motion blur, as a line lasts 3 ms and a slip 80 ms.
_MOMENTS = (1 / 6, 1 / 2, 5 / 6)


class LineSensor:
    """Looks at the scene through glass and dirt.

    ``fault``: None, "stuck" (0xFF for ever), "dark" (no light), "saturated" (the amplifier at its end, with noise),
    "stripes" (the last line over and over, to the bit), "streaks" (the last line's light over and over, with noise),
    "half" (the right half of the pixels gives no light: a chip of the bar is dead).

    What wears: ``gain`` of its amplifier and ``offset`` of its dark level in LSB, ``noise`` against a new one's,
    ``dead`` and ``hot`` pixels, ``fall``: how much less light comes to its right end than to its left.
    """

    def __init__(self, scene: Scene) -> None:
        self.fault: str | None = None
        self.gain = self.noise = 1.0
        self.offset = self.fall = 0.0
        self.dead = self.hot = 0
        self._scene = scene
        self._order = np.random.default_rng([scene.seed, 210]).permutation(LINE_PX)  # in which pixels die
        rng = np.random.default_rng([scene.seed, 200])
        from_centre = np.linspace(-1.0, 1.0, LINE_PX)
        gain = 1.0 + GAIN_RMS * rng.standard_normal(LINE_PX)
        self._response = (WHITE_LSB * gain * (1.0 - END_FALL * from_centre**2)).astype(np.float32)
        self._dark = (DARK_LSB + OFFSET_RMS_LSB * rng.standard_normal(LINE_PX)).astype(np.float32)
        self._noise = rng
        self._last = bytes(LINE_PX)
        self._last_light: NDArray[np.float32] = np.zeros(LINE_PX, dtype=np.float32)

    def expose(
        self, t0_us: float, t1_us: float, y0_mm: float, y1_mm: float, lamp: float, out: bytearray | memoryview
    ) -> None:
        """Write the 1476 bytes of a line into ``out``.

        The light is integrated from ``t0_us`` to ``t1_us`` while the carriage goes evenly from ``y0_mm`` to ``y1_mm``;
        ``lamp`` is 0..1. Under the closed lid there is no light but the lamp's.
        """
        if self.fault == "stuck":
            out[:LINE_PX] = b"\xff" * LINE_PX
            return
        if self.fault == "stripes":
            out[:LINE_PX] = self._last
            return
        light = self._light(t0_us, t1_us, y0_mm, y1_mm, lamp)
        noise = self._noise.standard_normal(LINE_PX, dtype=np.float32)
        noise *= np.sqrt(light * np.float32(SHOT_LSB) + np.float32(READ_RMS_LSB**2)) * np.float32(self.noise)
        light += noise
        light += self._dark
        if self.offset:
            light += np.float32(self.offset)
        if self.dead or self.hot:
            light[self._order[: self.dead]] = self._dark[self._order[: self.dead]]
            light[self._order[LINE_PX - self.hot :]] = np.float32(_HOT_LSB)
        np.rint(light, out=light)
        np.maximum(light, np.float32(0.0), out=light)
        np.minimum(light, np.float32(255.0), out=light)
        self._last = light.astype(np.uint8).tobytes()
        out[:LINE_PX] = self._last

    def _light(self, t0_us: float, t1_us: float, y0_mm: float, y1_mm: float, lamp: float) -> NDArray[np.float32]:
        """What reaches each pixel, in LSB; a new array."""
        light = np.zeros(LINE_PX, dtype=np.float32)
        if self.fault == "streaks":
            light += self._last_light
        elif self.fault == "saturated":
            light += np.float32(_SATURATED_LSB)
        elif lamp > 0.0 and self.fault != "dark":
            for part in _MOMENTS:
                light += self._reflectance(t0_us + part * (t1_us - t0_us), y0_mm + part * (y1_mm - y0_mm))
            light *= self._response
            light *= self._scene.dirt.column_transmission
            light *= np.float32(lamp * self.gain / len(_MOMENTS))
            if self.fall:
                light *= np.linspace(1.0, 1.0 - self.fall, LINE_PX, dtype=np.float32)
            if self.fault == "half":
                light[LINE_PX // 2 :] = 0.0
        if self.fault != "streaks":
            self._last_light[:] = light
        return light

    def _reflectance(self, now_us: float, y_mm: float) -> NDArray[np.float32] | np.float32:
        if y_mm >= STRIP_Y_MM:
            if not self._scene.dirt.spots:
                return np.float32(STRIP_REFLECTANCE)
            return self._scene.dirt.strip_transmission(y_mm - STRIP_Y_MM) * np.float32(STRIP_REFLECTANCE)
        page = self._scene.at(now_us).page
        present, dx_mm, dy_mm, lift_mm = self._scene.pose(now_us)
        glass = self._scene.dirt.glass_transmission(y_mm)
        if page is None or not present:
            return glass * np.float32(LID_REFLECTANCE)
        line = page.line(y_mm, dx_mm, dy_mm, lift_mm)
        line *= glass
        return line
