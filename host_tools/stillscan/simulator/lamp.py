"""The lamp's two rows of LEDs, of which one is lit at a time: how much light comes of what the chip asks for."""

from __future__ import annotations

DIM = 0.1  # of the light, with a row whose series resistor has come off


class Lamp:
    """``fault``: None, "dark" (its cable is off) and "dim" (a tenth of the light)."""

    def __init__(self) -> None:
        self.fault: str | None = None

    def light(self, asked: float) -> float:
        """Light of both rows together, 0..1, when the outputs ask for ``asked``."""
        if self.fault == "dark":
            return 0.0
        return asked * DIM if self.fault == "dim" else asked
