"""Lamp of the scan surface: two rows of LEDs, near infrared and white, dimmed by PWM."""

import time

from micropython import const

TYPE_CHECKING = False
if TYPE_CHECKING:
    from machine import PWM

    from kiosk.parts import TicksMs

_FULL = const(65535)


class Lamp:
    """``infrared`` and ``white`` are machine.PWM outputs, off at duty 0."""

    def __init__(self, infrared: PWM, white: PWM) -> None:
        self._pwm = (white, infrared)
        self.lit_ms = 0
        self._lit_since: TicksMs | None = None
        self.kind = 1  # 1 infrared, 0 white: the value sent in BAND.lamp
        self.off()

    def on(self, percent: int, infrared: int) -> None:
        """Light one of the rows at ``percent`` of full current (1..100); the other goes off."""
        self.kind = 1 if infrared else 0
        if self._lit_since is None:
            self._lit_since = time.ticks_ms()
        self._pwm[1 - self.kind].duty_u16(0)
        self._pwm[self.kind].duty_u16(_FULL * percent // 100)

    def off(self) -> None:
        for pwm in self._pwm:
            pwm.duty_u16(0)
        if self._lit_since is not None:
            self.lit_ms += time.ticks_diff(time.ticks_ms(), self._lit_since)
            self._lit_since = None
