"""Lamp of the scan surface: two rows of LEDs, near infrared and white, dimmed by PWM."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from machine import PWM

_FULL = 65535


class Lamp:
    """``infrared`` and ``white`` are machine.PWM outputs, off at duty 0."""

    def __init__(self, infrared: PWM, white: PWM) -> None:
        self._pwm = (white, infrared)
        self.kind = 1  # 1 infrared, 0 white: the value sent in BAND.lamp
        self.off()

    def on(self, percent: int, infrared: int) -> None:
        """Light one of the rows at ``percent`` of full current (1..100); the other goes off."""
        self.kind = 1 if infrared else 0
        self._pwm[1 - self.kind].duty_u16(0)
        self._pwm[self.kind].duty_u16(_FULL * percent // 100)

    def off(self) -> None:
        for pwm in self._pwm:
            pwm.duty_u16(0)
