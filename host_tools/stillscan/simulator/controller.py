"""The controller itself, as far as it tells of itself: number, why it started, temperature, supply."""

from __future__ import annotations

import hashlib

SERIAL, RESET, TEMPERATURE, SUPPLY = range(4)  # as boards/simulator/vitals.py numbers them
POWER, WATCHDOG = 1, 2  # of wire.RESET_CAUSES
_SERIAL_BYTES = 8  # as many as the flash chip of a Pico has


class Chip:
    """``temperature_c`` and ``supply_v`` are what is measured; the serial number follows from the seed."""

    def __init__(self, seed: int) -> None:
        self.serial = hashlib.sha256(f"controller {seed}".encode()).digest()[:_SERIAL_BYTES]
        self.reset_cause = POWER
        self.temperature_c = 31.0  # of a chip that works, in a room of 22 degrees
        self.drift_ppm = 0.0  # by which its crystal is fast, against the host's clock
        self.supply_v = 4.9  # VSYS: USB's 5 V behind the Pico's diode

    def told(self, which: int) -> tuple[int, bytes]:
        """A number, and what follows it."""
        if which == SERIAL:
            return 0, self.serial
        if which == RESET:
            return self.reset_cause, b""
        return round(self.temperature_c * 100) if which == TEMPERATURE else round(self.supply_v * 1000), b""
