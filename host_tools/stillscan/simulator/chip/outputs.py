"""Lamps and beeper: what the PWM registers ask for."""

from __future__ import annotations

from stillscan.simulator.chip.emulator import Emulator
from stillscan.simulator.lamp import Lamp
from stillscan.simulator.signals import Beeper

_CLOCK_HZ = 125_000_000  # of the RP2040 as MicroPython 1.26 sets it
_PWM = 4  # function of a pin


class Outputs:
    """``beeper`` and ``lamp`` are driven as the registers change."""

    def __init__(self, emulator: Emulator, pins: dict[str, int], beeper: Beeper, lamp: Lamp) -> None:
        self._emulator = emulator
        self._pins = pins
        self._lamp = lamp
        pwm = emulator.chip.pwm
        written = pwm.write_uint32

        def write(offset: int, value: int) -> None:
            written(offset, value)
            hz, duty = self._tone()
            beeper.drive(int(emulator.now_ns // 1000), hz, duty)
            self.drive_lamp()

        setattr(pwm, "write_uint32", write)  # noqa: B010 - a method of this one object

    def lamp(self) -> float:
        """Share of the time that a row is lit, 0..1: only one of them is ever lit."""
        return max(self._duty("infrared"), self._duty("white"))

    def drive_lamp(self) -> None:
        """Tell the lamp; also for what a pin does that was taken from the PWM."""
        self._lamp.drive(self._emulator.now_ns / 1000, self._duty("infrared"), self._duty("white"))

    def _duty(self, signal: str) -> float:
        """Share of the time that the pin is high."""
        number = self._pins[signal]
        if self._emulator.chip.gpio[number].function_select != _PWM:
            return 0.0
        channel = self._emulator.chip.pwm.channels[number // 2 % 8]
        level = channel.cc >> 16 if number & 1 else channel.cc & 0xFFFF
        return min(1.0, level / (channel.top + 1)) if channel.csr & 1 else 0.0

    def _tone(self) -> tuple[int, int]:
        channel = self._emulator.chip.pwm.channels[self._pins["beeper"] // 2 % 8]
        divider = (channel.div or 16) / 16
        return round(_CLOCK_HZ / divider / (channel.top + 1)), round(self._duty("beeper") * 65535)
