"""The lamp's two rows of LEDs, of which one is lit at a time: how much light comes of what the chip asks for."""

from __future__ import annotations

import math

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

    def light(self, asked: float) -> float:
        """Light of both rows together, 0..1, when the outputs ask for ``asked``."""
        if self.fault == "dark":
            return 0.0
        return asked * DIM if self.fault == "dim" else asked

    def risen(self, lit_us: float) -> float:
        """The share of its light that it has after so long."""
        return 1.0 - math.exp(-lit_us / self.rise_us) if self.rise_us else 1.0
