"""Motion monitor: the document slides (optical flow), is lifted (flow quality) or the kiosk is bumped (INT1).

Displacement is counted on from the placing, through slips and restarts, so that every line has a place on the document;
``track`` changes when the count was lost (lifted). What aborts a sweep is speed, not distance: a slip moves the
document by more than ``slip`` within 50 ms. Slow drift and an oscillating hand (tremor) are counted and tolerated; a
bump that the document did not follow is only counted. A document without texture (blank paper, shining foil) cannot be
followed: then bumps abort, and the host finds out by the lines whether it lay still. How much is tolerated at all is
the policy's.
"""

import time

import micropython

from kiosk import wire
from kiosk.floor import Floor
from kiosk.plausible import Plausible
from kiosk.tremor import Tremor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from machine import Pin

    from kiosk.drivers.lis3dh import Lis3dh
    from kiosk.drivers.paa5100 import Paa5100
    from kiosk.parts import Idle, TicksUs
    from kiosk.policy import Policy
    from kiosk.settings import Settings

_LIFTED_READS = 2  # one bad picture may be a reflection
_LIFTED_PART = (
    80  # % of the best quality seen: a document half a millimetre off the glass is out of focus for the lines
)
_FALL_READS = 64
_BLIND_MS = 3000
_ACCEL_EVERY_MS = 23  # no divisor of the mains' period, so that a hum is not seen as standing still
_FAR_UM = 8000  # drifted out of the window


class Motion:
    def __init__(self, flow: Paa5100, accelerometer: Lis3dh, int1: Pin, policy: Policy, settings: Settings) -> None:
        self._flow = flow
        self._accelerometer = accelerometer
        self._policy = policy
        self._settings = settings
        self._int1 = int1
        self.rung = False  # wakes the line loop: set by the interrupt only when a bump has to stop the sweep
        self.rung_us: TicksUs = 0
        self.halt: Idle | None = None  # stops the carriage, from within the interrupt
        self._bumped = False
        self.bumps = 0
        self.deaf = False  # the accelerometer makes no sense: bumps are not noticed
        self.blind = False  # the flow sensor sees nothing that it could follow: only bumps are noticed
        self._plausible = Plausible()
        self.floor = Floor(settings)
        self.cause = wire.NO_CAUSE
        self.unrest = wire.SLIP  # what broke the quiet last
        self.track = 0
        self.dx_um = 0
        self.dy_um = 0
        self.squal = 0
        self._best = 0
        self._fall = 0
        self._tremor = Tremor()
        self._x = 0
        self._y = 0
        self._from_x = 0
        self._from_y = 0
        self._changed = True  # since the last judgement
        self._judged = wire.NO_CAUSE
        self._limit_2 = 0  # what a slip is, in counts squared; as of ``begin``
        self._far = 0  # what a drift is, in counts
        self._poor = 0
        self._good_ms = time.ticks_ms()
        self._poor_ms = self._good_ms
        self._quiet_since = time.ticks_ms()
        self._asked = self._quiet_since
        int1.irq(handler=self._on_int1, trigger=int1.IRQ_RISING, hard=True)

    def start(self) -> None:
        """Start both sensors; FAULT names the one that does not answer."""
        self._flow.start()
        self.blind = False
        self.floor.reset()
        self._accelerometer.start(self.floor.bump_mg)
        self.deaf = False
        self._plausible.reset()
        self._quiet_since = time.ticks_ms()
        self.lose()
        self.begin()

    def _on_int1(self, pin: Pin) -> None:
        if self.deaf:
            return
        self._bumped = True
        if self._policy.bump_aborts(not self.blind):
            self.rung = True
            self.rung_us = time.ticks_us()
            if self.halt is not None:
                self.halt()

    def lose(self) -> None:
        """The count of displacement starts anew: another document, or one that was lifted."""
        self.track = (self.track + 1) & 0xFF
        self._x = self._y = 0
        self._changed = True
        self.dx_um = self.dy_um = 0
        self._best = 0
        self._tremor.reset()

    def begin(self) -> None:
        """A sweep starts: what aborts it counts from here."""
        self._settle_bump()
        self.rung = False
        self.cause = wire.NO_CAUSE
        self._from_x = self._x
        self._from_y = self._y
        self._changed = True
        scale = self._settings.flow_scale
        limit = self.floor.slip_um * scale // 1000
        self._limit_2 = limit * limit // 10000  # so that 2.6 counts are not rounded to 2
        self._far = _FAR_UM * scale // 100000

    def _settle_bump(self) -> None:
        if not self.deaf and (self._bumped or self._int1()):
            self._bumped = False
            self.bumps += 1
            self._accelerometer.clear()

    @micropython.native
    def poll(self) -> int:
        """Read the flow once; the cause of an abort (wire.CAUSES), or 0. Allocates nothing. FAULT when it cannot be."""
        flow = self._flow
        flow.read()
        self.squal = flow.squal
        moved = flow.dx or flow.dy  # the sensor's own frames come once in three lines
        if moved and flow.good:  # a picture that is a little out of focus is still counted right
            self._x += flow.dx
            self._y += flow.dy
            self._changed = True
        if flow.good and flow.squal >= max(self._settings.squal_min, self._best * _LIFTED_PART // 100):
            self._poor = 0
            self.blind = False
            self._learn(flow.squal)
            scale = self._settings.flow_scale
            if moved:
                self._plausible.flow(abs(flow.dx) + abs(flow.dy), scale)
            if self._tremor.take(self._x, self._y, scale, self.floor) or self._changed:
                self._changed = False
                self.dx_um = self._x * 100000 // scale
                self.dy_um = self._y * 100000 // scale
                self._judged = self._judge()
            self.cause = self._judged
        else:
            self._poor += 1
            self._poor_ms = time.ticks_ms()
            if self.blind:
                self.cause = wire.NO_CAUSE
            elif self._poor >= _LIFTED_READS:
                self.cause = wire.LIFTED
        if self.rung:
            self.cause = wire.BUMP
        elif self.cause:
            self.rung_us = time.ticks_us()
        return self.cause

    def _learn(self, squal: int) -> None:
        """How well this document is seen lying flat: quick to rise, slow to fall."""
        if squal > self._best:
            self._best += (squal - self._best + 3) // 4
        else:
            self._fall += 1
            if self._fall >= _FALL_READS:
                self._fall = 0
                self._best -= 1

    @micropython.native
    def _judge(self) -> int:
        """Too far or too fast? In counts, so that squares stay small."""
        dx = self._x - self._from_x
        dy = self._y - self._from_y
        limit = self._limit_2
        if self._policy.any_displacement_aborts():
            return wire.SLIP if dx * dx + dy * dy > limit else wire.NO_CAUSE
        far = self._far
        if abs(dx) > far or abs(dy) > far:
            return wire.DRIFT
        tremor = self._tremor
        if tremor.found:
            return wire.SLIP if tremor.beyond(self._x, self._y, limit) else wire.NO_CAUSE
        # what this hand has been seen to do trembling is no slip
        return (
            wire.SLIP if tremor.way_2(self._x, self._y) > max(limit, 2 * tremor.span * tremor.span) else wire.NO_CAUSE
        )

    def quiet_ms(self, empty: bool = False) -> int:
        """How long document and kiosk have been quiet, in ms; call it every few ms while no sweep runs.

        With nothing on the glass (``empty``) what the sensors say is noise, and learned.
        """
        now = time.ticks_ms()
        cause = self.poll()
        if self._bumped and not cause and self._policy.bump_aborts(not self.blind):
            cause = wire.BUMP
        if cause:
            self._quiet_since = now
            self.unrest = cause
            if cause == wire.LIFTED:
                self.lose()
            self.begin()
        else:
            self._settle_bump()
        if not self.deaf and time.ticks_diff(now, self._asked) >= _ACCEL_EVERY_MS:
            self._asked = now
            read_mg = self._accelerometer.read_mg()  # FAULT when it died or froze
            if not self._plausible.accelerometer(read_mg):
                self.deaf = True
                self._bumped = False
            elif empty:
                self.floor.acceleration(read_mg)
        if empty or not self._poor:
            self._good_ms = now
        elif time.ticks_diff(now, self._good_ms) > _BLIND_MS and self._policy.scans_unfollowed():
            self.blind = True  # no hand holds a passport up for so long: it lies there, blank or shining
        if empty:
            self._learn_floor()
        return time.ticks_diff(now, self._quiet_since)

    def seen_ms(self) -> int:
        """For how long the flow sensor has seen something that it can follow, in ms."""
        return time.ticks_diff(time.ticks_ms(), self._poor_ms)

    def _learn_floor(self) -> None:
        way = self._tremor.way_2(self._x, self._y)
        if way:
            self.floor.flow(int(way**0.5 * 100000 / self._settings.flow_scale))
        if self.floor.learn() and not self.deaf:
            self._accelerometer.threshold(self.floor.bump_mg)
