"""What a chip does without Python, here done by the models: step pulses and lines. As boards/rp2/engines.py is used."""

import struct

import bus

TYPE_CHECKING = False
if TYPE_CHECKING:
    from machine import Pin


class Stepper:
    """Counted, ramped pulse trains (see kiosk.drivers.carriage). What a train at rest has done is not asked twice."""

    def __init__(self, machine: int, step: Pin, direction: Pin, motor_off: Pin) -> None:
        self._train = bytearray(17)
        self._running = False
        self._done = 0

    def start(self, direction: int, steps: int, start_hz: float, top_hz: float, accel_hz_per_s: float) -> None:
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

    def busy(self) -> bool:
        if self._running:
            running = bus.answer[2] & bus.STEPPING if bus.wait(0) else bus.ask(bus.STEPPER_BUSY)
            if not running:
                self.stop()
        return self._running


class Lines:
    """Two line buffers, filled in turn (see kiosk.drivers.cis)."""

    late = 1

    def __init__(self, machine: int, stepper: Stepper, clock: Pin, start: Pin, sensor_px: tuple[int, int, int]) -> None:
        self._width = sensor_px[1]
        self._buffers = (bytearray(self._width), bytearray(self._width))

    def free(self, line_us: int) -> None:
        bus.post(bus.FREE_LINES, 0, line_us)

    def follow(self, stepper: Stepper, first_step: int, steps_per_line: int) -> None:
        bus.post(bus.FOLLOW, steps_per_line, first_step)

    def count(self) -> int:
        return bus.answer[3]

    def buffer(self, n: int) -> bytearray:
        samples = self._buffers[n & 1]
        bus.ask(bus.LINE, 0, n, None, 0, samples, self._width)
        return samples

    def stop(self) -> None:
        bus.ask(bus.STOP_LINES)
