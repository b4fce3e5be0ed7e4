"""The lamp's two rows of LEDs, of which one is lit at a time: how much light comes of what the chip asks for."""

from __future__ import annotations

import math

import numpy as np

DIM = 0.1  # of the light, with a row whose series resistor has come off


class Lamp:
    """``fault``: None, "dark" (its cable is off) and "dim" (a tenth of the light).

    What wears: ``infrared`` and ``white``, the light of each row against a new one's; ``rise_us`` until it has 63 % of
    its light; ``flicker``, rms of its light from line to line.
    """

    def __init__(self) -> None:
        self.fault: str | None = None
        self.infrared = self.white = 1.0
        self.rise_us = 0.0
        self.flicker = 0.0
        self._asked = 0.0
        self._lit_us = 0.0

    def drive(self, now_us: float, infrared: float, white: float) -> None:
        """Each row is lit for this share of the time from now on, 0..1: one of them at a time."""
        was, self._asked = self._asked, max(infrared * self.infrared, white * self.white)
        if not was:
            self._lit_us = now_us

    def light(self, now_us: float, chance: np.random.Generator) -> float:
        """Light of both rows together while a line is exposed, 0..1."""
        if self.fault == "dark":
            return 0.0
        light = self._asked * (DIM if self.fault == "dim" else 1.0)
        if self.rise_us:
            light *= 1.0 - math.exp((self._lit_us - now_us) / self.rise_us)
        if self.flicker:
            light *= max(0.0, 1.0 + self.flicker * float(chance.standard_normal()))
        return light
