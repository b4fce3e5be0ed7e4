"""Flat-field: dark level and gain of every pixel, measured at the white strip, kept in one file."""

import binascii
from array import array

import micropython

from kiosk import pixels, wire
from kiosk.drivers.cis import WIDTH_PX, Calm
from kiosk.errors import PartError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kiosk.drivers.cis import LineSensor
    from kiosk.drivers.lamp import Lamp
    from kiosk.parts import Feed, Kernels
    from kiosk.settings import Settings

_PATH = "reference.bin"
_SETTLE = 2  # lines after the lamp was switched
WHITE_OUT = 230  # the strip's white in corrected samples: paper that is whiter than the strip is not cut off
MOST_LIGHT = 252
_CHECK_LINES = 4  # averaged when the parts are looked at: enough for limits of a half and a quarter
_EVERY_PX = 16
_SAMPLED = (WIDTH_PX + _EVERY_PX - 1) // _EVERY_PX
_NO_LIGHT_PARTS = 4  # less than a quarter of the light that the strip gave: no lamp ages so far between two looks
_OFF_DARK = 16  # LSB that the dark level may have shifted with the temperature
_FEW = _SAMPLED // 8  # pixels that dirt on the sensor may have darkened


class FlatField:
    """``dark`` (bytes) and ``gain`` (16 bits, 256 = 1.0) for each of 1476 pixels."""

    def __init__(self, kernels: Kernels, path: str = _PATH) -> None:
        self._kernels = kernels
        self.path = path
        self.width_px = WIDTH_PX
        self.dark = bytearray(WIDTH_PX)
        self.gain = array("H", bytes(2 * WIDTH_PX))

    @micropython.native
    def pack(self, samples: bytearray, depth: int, out: bytearray | memoryview, at: int) -> int:
        """Correct a line on its way into ``out[at:]``, at ``depth`` bits a pixel; where it ends. Allocates nothing."""
        width = self.width_px
        if depth == 4:
            self._kernels.flat4(samples, self.dark, self.gain, out, at, width)
            return at + width // 2
        self._kernels.flat8(samples, self.dark, self.gain, out, at, width)
        return at + width

    def load(self) -> bool:
        """Take the stored one; False when there is none or it is damaged (and nothing is known then)."""
        check = bytearray(5)
        try:
            with open(self.path, "rb") as file:
                whole = file.readinto(self.dark) == WIDTH_PX and file.readinto(self.gain) == 2 * WIDTH_PX
                return whole and file.readinto(check) == 4 and bytes(check[:4]) == self.check()
        except OSError:
            return False

    def check(self) -> bytes:
        crc: int = binascii.crc32(self.gain, binascii.crc32(self.dark))
        return crc.to_bytes(4, "little")

    def holds(self, sensor: LineSensor, lamp: Lamp, settings: Settings, feed: Feed) -> bool:
        """Does the white strip still look as it did? False: measure anew. In 40 ms, with the carriage at home.

        FAULT: the lamp gives no light, or the line sensor does not follow it, all along or in a part of its pixels.
        """
        total = array("H", bytes(2 * WIDTH_PX))
        lamp.off()
        sum_lines(sensor, settings.line, total, feed, _CHECK_LINES)
        unlit = [total[i] for i in range(0, WIDTH_PX, _EVERY_PX)]
        for i in range(WIDTH_PX):
            total[i] = 0
        lamp.on(settings.lamp, settings.infrared)
        try:
            sum_lines(sensor, settings.line, total, feed, _CHECK_LINES)
        finally:
            lamp.off()
        off = aged = dead = same = 0
        most = 0
        for at in range(_SAMPLED):
            i = at * _EVERY_PX
            lit = total[i]
            light = (lit - unlit[at]) * self.gain[i] >> 8  # WHITE_OUT times _CHECK_LINES as long as nothing changes
            off += abs(unlit[at] - self.dark[i] * _CHECK_LINES) > _OFF_DARK * _CHECK_LINES
            aged += light < WHITE_OUT * _CHECK_LINES // 2
            dead += light < WHITE_OUT * _CHECK_LINES // _NO_LIGHT_PARTS
            same += lit == unlit[at]
            most = max(most, lit)
        if dead > _SAMPLED - _FEW:
            if off > _FEW or same == _SAMPLED:  # it shows something else than darkness, or not even noise
                raise PartError(wire.LINE_SENSOR, wire.STUCK)
            raise PartError(wire.LAMP, wire.NO_LIGHT)
        if dead > _FEW:
            raise PartError(wire.LINE_SENSOR, wire.STUCK)
        return off <= _FEW and aged <= _FEW and most <= MOST_LIGHT * _CHECK_LINES


def sum_lines(sensor: LineSensor, line_us: int, total: array[int], feed: Feed, lines: int) -> None:
    """Add ``lines`` lines of free-running samples to ``total``. FAULT: none come."""
    sensor.free(line_us)
    taken = -_SETTLE
    while taken < lines:
        samples = sensor.wait(Calm)
        if samples is not None:
            if taken >= 0:
                pixels.accumulate(samples, total, WIDTH_PX)
            taken += 1
            feed()
        elif sensor.missed:
            raise PartError(wire.LINE_SENSOR, wire.NO_ANSWER)
    sensor.stop()
