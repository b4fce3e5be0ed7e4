"""What the chip does without Python, here done by the models: step pulses, lines, USB."""

import struct

import bus


class Stepper:
    """Counted, ramped pulse trains (see kiosk.drivers.carriage)."""

    def __init__(self):
        # type: () -> None
        self._train = bytearray(17)

    def start(self, direction, steps, start_hz, top_hz, accel_hz_per_s):
        # type: (int, int, float, float, float) -> None
        struct.pack_into("<bIfff", self._train, 0, direction, steps, start_hz, top_hz, accel_hz_per_s)
        bus.post(bus.STEP_START, 0, 0, self._train, 17)

    def stop(self):
        # type: () -> None
        bus.ask(bus.STEP_STOP)

    def done(self):
        # type: () -> int
        return bus.ask(bus.STEPS)

    def busy(self):
        # type: () -> bool
        return bool(bus.ask(bus.STEPPER_BUSY))


class Lines:
    """Two line buffers, filled in turn (see kiosk.drivers.cis)."""

    def __init__(self, width_px):
        # type: (int) -> None
        self._buffers = (bytearray(width_px), bytearray(width_px))
        self._width = width_px

    def free(self, line_us):
        # type: (int) -> None
        bus.post(bus.FREE_LINES, 0, line_us)

    def follow(self, stepper, first_step, steps_per_line):
        # type: (Stepper, int, int) -> None
        bus.post(bus.FOLLOW, steps_per_line, first_step)

    def count(self):
        # type: () -> int
        return bus.answer[3]

    def buffer(self, n):
        # type: (int) -> bytearray
        samples = self._buffers[n & 1]
        bus.ask(bus.LINE, 0, n, None, 0, samples, self._width)
        return samples

    def stop(self):
        # type: () -> None
        bus.ask(bus.STOP_LINES)


class Usb:
    """The byte stream to the host, with the chip's manners: a write blocks while the FIFO drains, half a second at most."""

    def write(self, buffer, n):
        # type: (bytearray, int) -> int
        return bus.ask(bus.USB_WRITE, 0, 0, buffer, n)

    def readinto(self, buffer):
        # type: (bytearray) -> int
        if not bus.answer[2] & bus.USB_BYTES:
            return 0
        return bus.ask(bus.USB_READ, 0, len(buffer), None, 0, buffer, len(buffer))
