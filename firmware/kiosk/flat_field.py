"""Flat-field: dark level and gain of every pixel, measured at the white strip, kept in one file.

The file has the gains of both lamps, infrared first, and behind them a CRC-32 over all; memory those of the lamp that
is used. A lamp that was not measured yet has gains of 0. Firmware of before wrote one table: the used lamp's.
"""

import binascii
from array import array

import micropython
from micropython import const

from kiosk import pixels, wire
from kiosk.drivers.cis import WIDTH_PX, Calm
from kiosk.errors import PartError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import BinaryIO

    from kiosk.drivers.cis import LineSensor
    from kiosk.drivers.lamp import Lamp
    from kiosk.parts import Feed, Kernels
    from kiosk.settings import Settings

_PATH = "reference.bin"
_SETTLE = const(2)  # lines after the lamp was switched
WHITE_OUT = 230  # the strip's white in corrected samples: paper that is whiter than the strip is not cut off
MOST_LIGHT = 252
_TABLE = 2 * WIDTH_PX  # bytes of the gains of one lamp
_SIZES = {WIDTH_PX + _TABLE + 4: 1, WIDTH_PX + 2 * _TABLE + 4: 2}  # of a file with so many tables
_CHUNK = const(123)  # bytes, a 24th of a table: what is only passed over needs no more at a time
_CHECK_LINES = const(4)  # averaged when the parts are looked at: enough for limits of a half and a quarter
_EVERY_PX = const(16)
_SAMPLED = (WIDTH_PX + _EVERY_PX - 1) // _EVERY_PX
_NO_LIGHT_PARTS = const(4)  # less than a quarter of the light of the strip: no lamp ages so far between two looks
_OFF_DARK = const(16)  # LSB that the dark level may have shifted with the temperature
_FEW = _SAMPLED // 8  # pixels that dirt on the sensor may have darkened


class FlatField:
    """``dark`` (bytes) and ``gain`` (16 bits, 256 = 1.0) for each of 1476 pixels, with the lamp ``kind`` (as in BAND).

    ``check``: the last four bytes of the file that is in force.
    """

    def __init__(self, kernels: Kernels, path: str = _PATH) -> None:
        self._kernels = kernels
        self.path = path
        self.width_px = WIDTH_PX
        self.dark = bytearray(WIDTH_PX)
        self.gain = array("H", bytes(_TABLE))
        self.kind = 1
        self.check = b""

    @micropython.native
    def pack(self, samples: bytearray, depth: int, out: bytearray | memoryview, at: int) -> int:
        """Correct a line on its way into ``out[at:]``, at ``depth`` bits a pixel; where it ends. Allocates nothing."""
        width = self.width_px
        if depth == 4:
            self._kernels.flat4(samples, self.dark, self.gain, out, at, width)
            return at + width // 2
        self._kernels.flat8(samples, self.dark, self.gain, out, at, width)
        return at + width

    def load(self, kind: int) -> bool:
        """Take what is stored for this lamp; False when there is none or it is damaged (and nothing is known then)."""
        try:
            with open(self.path, "rb") as file:
                tables = _SIZES.get(file.seek(0, 2), 0)
                file.seek(0)
                if not tables or file.readinto(self.dark) != WIDTH_PX:
                    return False
                crc = binascii.crc32(self.dark)
                for lamp in (1, 0)[:tables]:
                    if lamp == kind or tables == 1:
                        file.readinto(self.gain)
                        crc = binascii.crc32(self.gain, crc)
                    else:
                        crc = passed_over(file, crc)
                self.check = file.read(4)
        except OSError:
            return False
        self.kind = kind
        return self.check == crc.to_bytes(4, "little") and self.gain[0] != 0

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


def passed_over(file: BinaryIO, crc: int, copy: BinaryIO | None = None) -> int:
    """The next table of a file, taken into the CRC-32 and, if there is one, into the ``copy``."""
    for _ in range(_TABLE // _CHUNK):
        part = file.read(_CHUNK)
        crc = binascii.crc32(part, crc)
        if copy is not None:
            copy.write(part)
    return crc


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
