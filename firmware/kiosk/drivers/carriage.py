"""Carriage under the glass: a stepper, four steps a row, and a home switch. Rows count from the scan zone's upper edge.

The board's stepper makes counted, ramped pulse trains by itself, so Python never times a step:
``start(direction, steps, start_hz, top_hz, accel_hz_per_s)``, ``stop()``, ``done() -> steps``, ``busy() -> bool``.
"""

from micropython import const

from kiosk import wire
from kiosk.errors import PartError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from machine import Pin

    from kiosk.parts import Idle, Stepper

STEPS_PER_ROW = 4
LEAD_ROWS = 16  # to reach scanning speed (42 steps to 1341 steps/s) and settle for 16 ms; as many to stop
_AWAY = const(1)
_BACK = const(-1)
_SLOW_HZ = const(300)
_START_HZ = const(400)
_FAST_HZ = const(3000)
_ACCEL = const(20000)  # steps/s^2: 1356 steps/s after 42 steps
_FAR = const(2000)  # steps: farther than the carriage can be from home
_KEPT_STEPS = const(8)  # two rows: the edge of the home switch lies within one or two steps of where it was
_WITHIN = const(4)
_NEAR = const(120)  # steps: farther than the switch stays closed; a stuck one must not cost the watchdog's time


class Carriage:
    """``home`` is a Pin that reads 1 at home; row 0 begins ``row0_steps`` below the edge where it closes."""

    def __init__(self, stepper: Stepper, home: Pin, idle: Idle, row0_steps: int) -> None:
        self.stepper = stepper
        self.switch = home
        self._idle = idle
        self.home_steps = -row0_steps  # where the switch closes
        self._from = 0
        self._direction = _AWAY
        self._known = False  # where it stands
        self.off = 0  # steps by which it was not where it was believed to be, when the edge was found last

    def _start(self, direction: int, steps: int, top_hz: float) -> None:
        self._from = self.steps()
        self._direction = direction
        self.stepper.start(direction, steps, min(_START_HZ, top_hz), top_hz, _ACCEL)

    def steps(self) -> int:
        """Position in steps; row r begins at 4 r."""
        return self._from + self._direction * self.stepper.done()

    def stop(self) -> None:
        """No pulse after this."""
        self.stepper.stop()

    def busy(self) -> bool:
        return self.stepper.busy()

    def _until(self, level: int, direction: int, steps: int, top_hz: float, fault: int) -> None:
        self._start(direction, steps, top_hz)
        while self.switch() != level:
            if not self.stepper.busy():
                raise PartError(wire.CARRIAGE, fault)
            self._idle()
        self.stop()

    def home(self) -> bool:
        """Find the home switch's edge and rest just inside it, in a second at most. FAULT "no_home" or "home_stuck".

        False when steps were lost since it was found last: the carriage was not where it was believed to be.
        """
        known = self._known
        self._known = False
        if not self.switch():
            self._until(1, _BACK, _FAR, _FAST_HZ, wire.NO_HOME)
            if not self.switch():  # it came to rest on the edge; the edge is looked for from within
                self._start(_BACK, _WITHIN, _SLOW_HZ)
                self.arrive()
        self._until(0, _AWAY, _NEAR, _SLOW_HZ, wire.HOME_STUCK)
        self._until(1, _BACK, _NEAR, _SLOW_HZ, wire.NO_HOME)
        self.stepper.stop()
        self.off = self.steps() - self.home_steps if known else 0
        self._known = True
        self._from = self.home_steps
        self._direction = _AWAY
        self.stepper.start(_AWAY, 0, _SLOW_HZ, _SLOW_HZ, _ACCEL)  # zeroes the count of steps done
        return abs(self.off) <= _KEPT_STEPS

    def go(self, row: int) -> None:
        """Set off towards the start of a sweep from ``row`` (LEAD_ROWS above it); ``busy()`` until there."""
        self.move((row - LEAD_ROWS) * STEPS_PER_ROW)

    def move(self, target: int) -> None:
        """The same, to a position in steps."""
        self.stop()
        way = target - self.steps()
        if way:
            self._start(_AWAY if way > 0 else _BACK, abs(way), _FAST_HZ)

    def arrive(self) -> None:
        """Wait for the end of the way that ``go`` began: a second at most."""
        while self.busy():
            self._idle()

    def at(self, row: int) -> bool:
        """Does it rest where a sweep from ``row`` starts?"""
        return not self.busy() and self.steps() == (row - LEAD_ROWS) * STEPS_PER_ROW

    def astray(self) -> bool:
        """Does the home switch say that it is at home, where it cannot be?"""
        return bool(self.switch()) and self.steps() > self.home_steps + _NEAR

    def sweep(self, rows: int, line_us: int) -> None:
        """From the start of a sweep over ``rows`` rows at one row in ``line_us``, with LEAD_ROWS before and behind."""
        self._start(_AWAY, (rows + 2 * LEAD_ROWS) * STEPS_PER_ROW, STEPS_PER_ROW * 1000000 / line_us)
