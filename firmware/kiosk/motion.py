"""Motion monitor: the document slides (optical flow), is lifted (flow quality) or the kiosk is bumped (INT1).

``rung`` is the one thing an interrupt sets; everything else is found by ``poll``, called once a line or every 5 ms.
"""

import time

from kiosk import wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from machine import Pin

    from kiosk.drivers.lis3dh import Lis3dh
    from kiosk.drivers.paa5100 import Paa5100
    from kiosk.parts import TicksUs
    from kiosk.settings import Settings

_LIFTED_READS = 2  # one bad picture may be a reflection
_CALM_PART = 2  # quiet means within 1/2 of the slip threshold
_ACCEL_EVERY_MS = 20


class Motion:
    def __init__(self, flow: Paa5100, accelerometer: Lis3dh, int1: Pin, settings: Settings) -> None:
        self._flow = flow
        self._accelerometer = accelerometer
        self._settings = settings
        self._int1 = int1
        self.rung = False
        self.rung_us: TicksUs = 0
        self.cause = wire.NO_CAUSE
        self.unrest = wire.SLIP  # what broke the quiet last
        self.dx_um = 0
        self.dy_um = 0
        self.squal = 0
        self._x = 0
        self._y = 0
        self._poor = 0
        self._quiet_since = time.ticks_ms()
        self._asked = self._quiet_since
        int1.irq(handler=self._on_int1, trigger=int1.IRQ_RISING, hard=True)

    def start(self) -> None:
        """Start both sensors; FAULT names the one that does not answer."""
        self._flow.start()
        self._accelerometer.start(self._settings.bump)
        self._quiet_since = time.ticks_ms()
        self.begin()

    def _on_int1(self, pin: Pin) -> None:
        self.rung = True
        self.rung_us = time.ticks_us()

    def begin(self) -> None:
        """A sweep starts: displacement counts from here."""
        if self.rung or self._int1():
            self._accelerometer.clear()
        self.rung = False
        self.cause = wire.NO_CAUSE
        self._x = 0
        self._y = 0
        self.dx_um = 0
        self.dy_um = 0

    def poll(self) -> int:
        """Read the flow once; the cause of an abort (wire.CAUSES), or 0. Allocates nothing."""
        flow = self._flow
        flow.read()
        self.squal = flow.squal
        if flow.good and flow.squal >= self._settings.squal_min:
            self._poor = 0
            self._x += flow.dx
            self._y += flow.dy
            scale = self._settings.flow_scale
            self.dx_um = self._x * 100000 // scale
            self.dy_um = self._y * 100000 // scale
            limit = self._settings.slip
            if self.dx_um * self.dx_um + self.dy_um * self.dy_um > limit * limit:
                self.cause = wire.SLIP
        else:
            self._poor += 1
            if self._poor >= _LIFTED_READS:
                self.cause = wire.LIFTED
        if self.rung:
            self.cause = wire.BUMP
        elif self.cause:
            self.rung_us = time.ticks_us()
        return self.cause

    def quiet_ms(self) -> int:
        """How long document and kiosk have been quiet, in ms; call it every few ms while no sweep runs."""
        now = time.ticks_ms()
        cause = self.poll()
        calm = self._settings.slip // _CALM_PART
        if cause or self.dx_um * self.dx_um + self.dy_um * self.dy_um > calm * calm:
            self._quiet_since = now
            self.unrest = cause or wire.SLIP
            self.begin()
        if time.ticks_diff(now, self._asked) >= _ACCEL_EVERY_MS:
            self._asked = now
            self._accelerometer.read_mg()  # only to notice that it died or froze
        return time.ticks_diff(now, self._quiet_since)
