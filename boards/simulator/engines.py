"""What a chip does without Python, here done by the models: step pulses and lines. As boards/rp2/engines.py is used.

A line takes as long as there: the sensor has pixels beside the window, and the converter takes its time for each in it.
"""

import struct

import bus
import micropython
from micropython import const

TYPE_CHECKING = False
if TYPE_CHECKING:
    from machine import Pin

# In tenths of a us, as boards/rp2/programs.py clocks the sensor; a test holds the two together.
_PIXEL_TICKS = const(20)
_FAST_TICKS = const(4)
_LINE_TICKS = const(20)
_TICKS_PER_US = const(10)
_WINDOW_PX = const(1476)  # of the models
_APART_US = const(10)  # from the end of a line to the next, as boards/rp2/engines.py has it


class Stepper:
    """Counted, ramped pulse trains (see kiosk.drivers.carriage). What a train at rest has done is not asked twice."""

    def __init__(self, machine: int, step: Pin, direction: Pin, motor_off: Pin) -> None:
        self._train = bytearray(17)
        self._running = False
        self._done = 0
        self._most_hz = 0.0

    def limit(self, most_hz: float) -> None:
        """The next trains run at most at ``most_hz``; 0: as fast as they are asked to."""
        self._most_hz = most_hz

    def start(self, direction: int, steps: int, start_hz: float, top_hz: float, accel_hz_per_s: float) -> None:
        if self._most_hz:
            top_hz = min(top_hz, self._most_hz)
            start_hz = min(start_hz, top_hz)
        struct.pack_into("<bIfff", self._train, 0, direction, steps, start_hz, top_hz, accel_hz_per_s)
        bus.post(bus.STEP_START, 0, 0, self._train, 17)
        self._running = True

    def stop(self) -> None:
        if self._running:
            self._done = bus.ask(bus.STEP_STOP)
            self._running = False

    def halt(self) -> None:
        self.stop()

    def done(self) -> int:
        return bus.ask(bus.STEPS) if self._running else self._done

    @micropython.native
    def busy(self) -> bool:
        if self._running:
            running = bus.answer[2] & bus.STEPPING if bus.wait(0) else bus.ask(bus.STEPPER_BUSY)
            if not running:
                self.stop()
        return self._running


class Lines:
    """Two line buffers, filled in turn (see kiosk.drivers.cis). A line is complete when it was read out, which begins
    as the next one is exposed."""

    late = 1

    def __init__(self, machine: int, stepper: Stepper, clock: Pin, start: Pin, sensor_px: tuple[int, int, int]) -> None:
        before, width, after = sensor_px
        if width != _WINDOW_PX:  # so many come with each line: whoever waits for more waits for ever
            raise ValueError("the window of the line sensor has 1476 pixels")
        self._stepper = stepper
        self._width = width
        self._buffers = bus.buffers = (bytearray(width), bytearray(width))
        self._total = 0
        read = before * _FAST_TICKS + width * _PIXEL_TICKS
        self._read_us = read // _TICKS_PER_US
        self._least_us = (read + after * _FAST_TICKS + _LINE_TICKS) // _TICKS_PER_US + _APART_US

    def free(self, line_us: int) -> None:
        bus.line = -1
        self._total = 0
        bus.post(bus.FREE_LINES, 0, max(line_us, self._least_us) | self._read_us << 16)

    def follow(self, stepper: Stepper, first_step: int, steps_per_line: int) -> None:
        bus.line = -1
        self._total = 0
        self._stepper.limit(steps_per_line * 1e6 / self._least_us)
        bus.post(bus.FOLLOW, steps_per_line, first_step | self._read_us << 16)

    @micropython.native
    def count(self) -> int:
        """As on the chip: 256 lines that nobody asked about go by uncounted."""
        self._total += (bus.answer[3] - self._total) & 255
        return self._total

    @micropython.native
    def buffer(self, n: int) -> bytearray:
        samples = self._buffers[n & 1]
        if n != bus.line:
            bus.ask(bus.LINE, 0, n, None, 0, samples, self._width)
        return samples

    def stop(self) -> None:
        self._stepper.limit(0.0)
        bus.ask(bus.STOP_LINES)
