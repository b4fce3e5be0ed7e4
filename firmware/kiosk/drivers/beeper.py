"""Piezo sounder, driven by PWM: the frequency is the tone, the duty its volume."""

from micropython import const

TYPE_CHECKING = False
if TYPE_CHECKING:
    from machine import PWM

_LOUDEST = const(32768)  # a square wave: half of the time on


class Beeper:
    """``pwm`` is a machine.PWM output, silent at duty 0."""

    def __init__(self, pwm: PWM) -> None:
        self._pwm = pwm
        self.off()

    def on(self, hz: int, percent: int) -> None:
        """Sound at ``percent`` of full volume (0..100) until ``off``; the duty is its square, as the ear counts."""
        self._pwm.duty_u16(0)
        self._pwm.freq(hz)
        self._pwm.duty_u16(_LOUDEST * percent * percent // 10000)

    def off(self) -> None:
        self._pwm.duty_u16(0)
