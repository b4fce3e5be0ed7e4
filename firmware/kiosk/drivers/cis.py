"""Contact image sensor: lines of 8-bit samples, clocked by the board's line engine.

The engine fills a few buffers in turn, without Python: ``free(line_us)`` starts lines one after another,
``follow(stepper, first_step, steps_per_line)`` starts one at every fourth step, so that a line's place on the glass is
exact; ``count() -> lines complete so far``, right when it is asked once in 256 lines; ``buffer(n)`` holds line n a
line's time more when at most ``late`` came since; ``stop()``.
"""

import time

import micropython
from micropython import const

from kiosk import pixels, wire
from kiosk.errors import PartError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kiosk.parts import Alarm, Idle, Lines, Stepper, TicksMs

WIDTH_PX = 1476
_LATE_MS = const(200)  # a line takes 3 ms, 8 at most; the ramp before the first line 65 ms, 178 at most
_LOOK_US = const(3000)  # the caller looks at its other sensors at least so often
_FLAT_EVERY = const(4)  # lines: so often is one looked at
_FLAT_LINES = const(8)  # noise alone keeps a living sensor from so many lines of one value


class Calm:
    """An alarm that never rings: for lines during which the document plays no part."""

    rung = False


class LineSensor:
    def __init__(self, engine: Lines, idle: Idle) -> None:
        self._engine = engine
        self._idle = idle
        self._next = 0
        self._flat = 0
        self._last_ms: TicksMs = 0
        self.missed = False  # a line went by unread

    def _begin(self) -> None:
        self._next = 0
        self._flat = 0
        self._last_ms = time.ticks_ms()
        self.missed = False

    def free(self, line_us: int) -> None:
        """Lines one after another, the carriage at rest (calibration)."""
        self._begin()
        self._engine.free(line_us)

    def follow(self, stepper: Stepper, first_step: int, steps_per_line: int) -> None:
        """Lines in step with the carriage; the first begins at ``first_step`` of its pulse train."""
        self._begin()
        self._engine.follow(stepper, first_step, steps_per_line)

    def stop(self) -> None:
        self._engine.stop()

    def bearable_us(self, line_us: int) -> int:
        """How long a line may be, of lines of ``line_us`` that were missed, for each to be taken in time."""
        return line_us * self._engine.count() // max(1, self._next)

    def idle_ms(self) -> int:
        """How long ago a line was taken."""
        return time.ticks_diff(time.ticks_ms(), self._last_ms)

    @micropython.native
    def wait(self, alarm: Alarm) -> bytearray | None:
        """The next line's samples (1476 bytes), or None: ``alarm.rung``, ``missed``, or none has come within 3 ms.

        FAULT "no_answer" when no line comes at all, "stuck" when every sample has one value for several lines.
        """
        engine = self._engine
        started = time.ticks_us()
        done = engine.count()
        while done <= self._next:
            if alarm.rung or time.ticks_diff(time.ticks_us(), started) > _LOOK_US:
                if time.ticks_diff(time.ticks_ms(), self._last_ms) > _LATE_MS:
                    raise PartError(wire.LINE_SENSOR, wire.NO_ANSWER)
                return None
            self._idle()
            done = engine.count()
        now = time.ticks_ms()
        if done > self._next + engine.late or time.ticks_diff(now, self._last_ms) > _LATE_MS:
            self.missed = True
        if alarm.rung or self.missed:
            return None
        self._last_ms = now
        samples = engine.buffer(self._next)
        self._next += 1
        if self._next % _FLAT_EVERY == 0:
            if pixels.spread(samples, WIDTH_PX):
                self._flat = 0
            else:
                self._flat += _FLAT_EVERY
                if self._flat >= _FLAT_LINES:
                    raise PartError(wire.LINE_SENSOR, wire.STUCK)
        return samples
