"""What the motion sensors say, and whether it can be used: optical flow, acceleration, and INT1, raised by bumps."""

import time

import micropython
from micropython import const

from kiosk.plausible import Plausible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from machine import Pin

    from kiosk.drivers.lis3dh import Lis3dh
    from kiosk.parts import Flow, Idle, TicksUs
    from kiosk.policy import Policy

_ACCEL_EVERY_MS = const(23)  # no divisor of the mains' period, so that a hum is not seen as standing still


class Sensing:
    """``flow`` is the flow sensor with what it said last. An alarm (kiosk.parts) for whoever waits for a line."""

    def __init__(self, flow: Flow, accelerometer: Lis3dh, int1: Pin, policy: Policy) -> None:
        self.flow = flow
        self._accelerometer = accelerometer
        self._int1 = int1
        self._policy = policy
        self._plausible = Plausible()
        self.deaf = False  # the accelerometer makes no sense: bumps are not noticed
        self.blind = False  # the flow sensor sees nothing that it could follow: only bumps are noticed
        self.rung = False  # wakes the line loop: set by the interrupt only when a bump has to stop the sweep
        self.rung_us: TicksUs = 0
        self.halt: Idle | None = None  # stops the carriage, from within the interrupt
        self.bumped = False
        self.bumps = 0
        self.read_mg = (0, 0, 0)  # acceleration as it was read last
        self._asked = time.ticks_ms()
        int1.irq(handler=self._on_int1, trigger=int1.IRQ_RISING, hard=True)

    def start(self, bump_mg: int) -> None:
        """Start both sensors; FAULT names the one that does not answer."""
        self.flow.start()
        self.blind = False
        self._accelerometer.start(bump_mg)
        self.deaf = False
        self._plausible.reset()

    def _on_int1(self, pin: Pin) -> None:
        if self.deaf:
            return
        self.bumped = True
        if self._policy.bump_aborts(not self.blind):
            self.rung = True
            self.rung_us = time.ticks_us()
            if self.halt is not None:
                self.halt()

    def settle(self) -> None:
        """What was bumped is counted, and the next bump can be noticed."""
        if not self.deaf and (self.bumped or self._int1()):
            self.bumped = False
            self.bumps += 1
            self._accelerometer.clear()

    @micropython.native
    def believe(self, scale: int) -> None:
        """Take the flow's counts, at ``scale`` counts/dm, for movement of a document; FAULT when it is too fast."""
        flow = self.flow
        self._plausible.flow(abs(flow.dx) + abs(flow.dy), scale)

    def acceleration(self) -> tuple[int, int, int] | None:
        """Acceleration x, y, z in mg once in 23 ms; None in between, and when it makes no sense any more (``deaf``).

        FAULT when the accelerometer died or froze.
        """
        now = time.ticks_ms()
        if self.deaf or time.ticks_diff(now, self._asked) < _ACCEL_EVERY_MS:
            return None
        self._asked = now
        read_mg = self.read_mg = self._accelerometer.read_mg()
        if self._plausible.accelerometer(read_mg):
            return read_mg
        self.deaf = True
        self.bumped = False
        return None

    def threshold(self, bump_mg: int) -> None:
        """A bump is what shakes the kiosk by so much from now on."""
        if not self.deaf:
            self._accelerometer.threshold(bump_mg)
