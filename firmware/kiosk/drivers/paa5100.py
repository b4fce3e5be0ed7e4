"""Optical-flow sensor PAA5100JE on SPI: how far the document slides on the glass.

The start-up values are the maker's, published only as a list: they are the same in every open driver of the part
(the MIT-licensed library of a breakout's maker among them); the datasheet does not explain them.
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
_INVERSE_ID = const(0x5F)
_MOTION = const(0x02)
_BURST = const(0x16)
_RESET = const(0x3A)
_BANK = const(0x7F)
_WAIT = const(0xFF)  # in the lists below: milliseconds, no register

_START_A = b"\x7f\x00\x55\x01\x50\x07\x7f\x0e\x43\x10"
_START_B = b"\x7f\x00\x51\x7b\x50\x00\x55\x00\x7f\x0e"
_START_C = (
    b"\x7f\x00\x61\xad\x7f\x03\x40\x00\x7f\x05\x41\xb3\x43\xf1\x45\x14\x5f\x34\x7b\x08\x5e\x34\x5b\x11\x6d\x11\x45\x17"
    b"\x70\xe5\x71\xe5\x7f\x06\x44\x1b\x40\xbf\x4e\x3f\x7f\x08\x66\x44\x65\x20\x6a\x3a\x61\x05\x62\x05\x7f\x09\x4f\xaf"
    b"\x5f\x40\x48\x80\x49\x80\x57\x77\x60\x78\x61\x78\x62\x08\x63\x50\x7f\x0a\x45\x60\x7f\x00\x4d\x11\x55\x80\x74\x21"
    b"\x75\x1f\x4a\x78\x4b\x78\x44\x08\x45\x50\x64\xff\x65\x1f\x7f\x14\x65\x67\x66\x08\x63\x70\x6f\x1c\x7f\x15\x48\x48"
    b"\x7f\x07\x41\x0d\x43\x14\x4b\x0e\x45\x0f\x44\x42\x4c\x80\x7f\x10\x5b\x02\x7f\x07\x40\x41\xff\x0a\x7f\x00\x32\x00"
    b"\x7f\x07\x40\x40\x7f\x06\x68\xf0\x69\x00\x7f\x0d\x48\xc0\x6f\xd5\x7f\x00\x5b\xa0\x4e\xa8\x5a\x90\x40\x80\x73\x1f"
    b"\xff\x0a\x73\x00"
)
_STUCK_READS = const(200)  # raw sum and shutter of a living sensor jitter from frame to frame (8.3 ms)


class Paa5100:
    """``spi`` is a machine.SPI in mode 3, ``select`` its chip-select Pin (low: selected).

    After ``read()``: ``dx``, ``dy`` counts since the last read, ``squal`` the surface quality 0..255, ``good`` False
    when the sensor itself says that its picture is no good.
    """

    def __init__(self, spi: SPI, select: Pin) -> None:
        self._spi = spi
        self._select = select
        self._select(1)
        self._command = bytearray((_BURST,))
        self._burst = bytearray(12)
        self._last = bytearray(12)
        self._same = 0
        self._two = bytearray(2)
        self.dx = 0
        self.dy = 0
        self.squal = 0
        self.good = False

    def _write(self, register: int, value: int) -> None:
        self._two[0] = register | 0x80
        self._two[1] = value
        self._select(0)
        self._spi.write(self._two)
        self._select(1)

    def _read(self, register: int) -> int:
        self._two[0] = register
        self._two[1] = 0
        self._select(0)
        self._spi.write_readinto(self._two, self._two)
        self._select(1)
        return self._two[1]

    def _write_list(self, pairs: bytes) -> None:
        for i in range(0, len(pairs), 2):
            if pairs[i] == _WAIT:
                time.sleep_ms(pairs[i + 1])
            else:
                self._write(pairs[i], pairs[i + 1])

    def start(self) -> None:
        """Reset, check both identities, write the start-up values. Takes about 70 ms."""
        self._write(_RESET, 0x5A)
        time.sleep_ms(20)
        self._same = 0
        product = self._read(_PRODUCT_ID)
        inverse = self._read(_INVERSE_ID)
        if product == inverse and product in (0x00, 0xFF):  # a dead or missing chip leaves the wire at one level
            raise PartError(wire.FLOW, wire.NO_ANSWER)
        if product != 0x49 or inverse != 0xB6:
            raise PartError(wire.FLOW, wire.WRONG_ID)
        for register in range(_MOTION, _MOTION + 5):
            self._read(register)
        self._write_list(_START_A)
        self._write(0x48, 0x04 if self._read(0x67) & 0x80 else 0x02)
        self._write_list(_START_B)
        if self._read(0x73) == 0:
            c1 = self._read(0x70)
            c2 = self._read(0x71)
            c1 = min(0x3F, c1 + (14 if c1 <= 28 else 11))
            self._write_list(b"\x7f\x00\x61\xad\x51\x70\x7f\x0e")
            self._write(0x70, c1)
            self._write(0x71, c2 * 45 // 100)
        self._write_list(_START_C)

    @micropython.native
    def read(self) -> None:
        """One motion burst (13 bytes). Allocates nothing; FAULT when the chip is silent or frozen."""
        burst = self._burst
        self._select(0)
        self._spi.write(self._command)
        self._spi.readinto(burst)
        self._select(1)
        if burst == self._last:
            self._same += 1
            if self._same >= _STUCK_READS:
                raise PartError(wire.FLOW, wire.STUCK)
            return  # it says what it said: its own frames come once in three lines
        self._same = 0
        self._burst = self._last
        self._last = burst
        if burst[1] == burst[6] and burst[9] == burst[10] == burst[11] and burst[11] in (0x00, 0xFF):
            self._silent(burst)
        self.dx = (burst[2] | burst[3] << 8) - (burst[3] >> 7 << 16)
        self.dy = (burst[4] | burst[5] << 8) - (burst[5] >> 7 << 16)
        self.squal = burst[6]
        self.good = not (burst[6] < 0x19 and burst[10] == 0x1F)

    def _silent(self, burst: bytearray) -> None:
        for value in burst:
            if value != burst[11]:
                return
        raise PartError(wire.FLOW, wire.NO_ANSWER)
