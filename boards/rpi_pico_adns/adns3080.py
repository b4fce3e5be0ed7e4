"""Optical-flow sensor ADNS-3080 on SPI: how far the document slides on the glass.

Registers, identities and times: data sheet of the ADNS-3080 (Avago), as public drivers have them: RCmags/ADNS3080
(MIT) and ArduPilot's.
"""

import time

import micropython
from micropython import const

from kiosk import wire
from kiosk.errors import PartError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from machine import SPI, Pin

_PRODUCT_ID = const(0x00)
_CONFIGURATION = const(0x0A)
_MOTION_CLEAR = const(0x12)
_INVERSE_ID = const(0x3F)
_BURST = const(0x50)  # Motion, Delta_X, Delta_Y, SQUAL, Shutter (upper, lower), Maximum_Pixel
_ID = const(0x17)
_INVERSE = (0xE8, 0xF8)  # its complement, which drivers hold it against; F8 is that of its forerunner, the ADNS-3060
_FINE = const(0x10)  # of Configuration_bits: 1,600 counts an inch instead of 400
_RESET_MS = const(36)  # until registers can be read
_ADDRESS_US = const(50)  # from an address to its data (t_SRAD)
_BURST_US = const(75)  # the same for motion (t_SRAD-MOT)
_WRITE_US = const(50)  # between two writes (t_SWW)
_STUCK_READS = const(200)  # shutter and brightest pixel of a living sensor jitter from frame to frame
_POOR = const(10)  # of SQUAL, which counts features by four: so few are noise


class Adns3080:
    """``spi`` is a machine.SPI in mode 3, at most 2 MHz; ``select`` its chip-select Pin (low: selected), ``reset`` its
    reset Pin (high: reset). See kiosk.parts.Flow."""

    def __init__(self, spi: SPI, select: Pin, reset: Pin) -> None:
        self._spi = spi
        self._select = select
        self._reset = reset
        self._select(1)
        self._command = bytearray((_BURST,))
        self._burst = bytearray(7)
        self._last = bytearray(7)
        self._one = bytearray(1)
        self._same = 0
        self.dx = 0
        self.dy = 0
        self.squal = 0
        self.good = False

    def _write(self, register: int, value: int) -> None:
        self._select(0)
        self._spi.write(bytes((register | 0x80, value)))
        self._select(1)
        time.sleep_us(_WRITE_US)

    def _read(self, register: int) -> int:
        self._select(0)
        self._one[0] = register
        self._spi.write(self._one)
        time.sleep_us(_ADDRESS_US)
        self._spi.readinto(self._one)
        self._select(1)
        return self._one[0]

    def start(self) -> None:
        """Reset, check both identities, set the resolution. Takes about 40 ms."""
        self._reset(1)
        time.sleep_ms(1)
        self._reset(0)
        time.sleep_ms(_RESET_MS)
        self._same = 0
        product = self._read(_PRODUCT_ID)
        inverse = self._read(_INVERSE_ID)
        if product == inverse and product in (0x00, 0xFF):  # a dead or missing chip leaves the wire at one level
            raise PartError(wire.FLOW, wire.NO_ANSWER)
        if product != _ID or inverse not in _INVERSE:
            raise PartError(wire.FLOW, wire.WRONG_ID)
        self._write(_CONFIGURATION, self._read(_CONFIGURATION) | _FINE)
        self._write(_MOTION_CLEAR, 0xFF)

    @micropython.native
    def read(self) -> None:
        """One motion burst (8 bytes). Allocates nothing; FAULT when the chip is silent or frozen."""
        burst = self._burst
        self._select(0)
        self._spi.write(self._command)
        time.sleep_us(_BURST_US)
        self._spi.readinto(burst)
        self._select(1)
        self._burst = self._last
        if burst == self._last:
            self._same += 1
            if self._same >= _STUCK_READS:
                raise PartError(wire.FLOW, wire.STUCK)
        else:
            self._same = 0
        self._last = burst
        if burst[0] == burst[3] == burst[6] and burst[6] in (0x00, 0xFF):
            self._silent(burst)
        self.dx = burst[1] - (burst[1] >> 7 << 8)
        self.dy = burst[2] - (burst[2] >> 7 << 8)
        self.squal = burst[3]
        self.good = burst[3] >= _POOR

    def _silent(self, burst: bytearray) -> None:
        for value in burst:
            if value != burst[6]:
                return
        raise PartError(wire.FLOW, wire.NO_ANSWER)
