"""Accelerometer LIS3DH on I2C: shocks of the kiosk raise INT1. Registers: ST's lis3dh datasheet and lis3dh_reg.h."""

import struct

from micropython import const

from kiosk import wire
from kiosk.errors import PartError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from machine import I2C

_WHO_AM_I = const(0x0F)
_ID = const(0x33)
_CTRL1 = const(0x20)
_REFERENCE = const(0x26)
_OUT = const(0x28 | 0x80)  # X low; bit 7 lets the address count up
_INT1_CFG = const(0x30)
_INT1_SRC = const(0x31)
_INT1_THS = const(0x32)
_MG_PER_STEP = const(16)  # of INT1_THS at +-2 g
_MOST_STEPS = const(127)
_STUCK_READS = const(50)  # noise of 3 mg rms changes a living sensor's output at almost every read


class Lis3dh:
    """``i2c`` is a machine.I2C; address 0x18 with SA0 low, 0x19 with SA0 high."""

    def __init__(self, i2c: I2C, address: int = 0x18) -> None:
        self._i2c = i2c
        self._address = address
        self._one = bytearray(1)
        self._out = bytearray(6)
        self._last = bytearray(6)
        self._same = 0

    def write(self, register: int, *values: int) -> None:
        try:
            self._i2c.writeto_mem(self._address, register, bytes(values))
        except OSError:
            raise PartError(wire.ACCELEROMETER, wire.NO_ANSWER) from None

    def _read_into(self, register: int, buffer: bytearray) -> None:
        try:
            self._i2c.readfrom_mem_into(self._address, register, buffer)
        except OSError:
            raise PartError(wire.ACCELEROMETER, wire.NO_ANSWER) from None

    def start(self, threshold_mg: int) -> None:
        """Check the identity; 400 Hz, +-2 g, INT1 latched above ``threshold_mg`` of high-passed acceleration."""
        self._read_into(_WHO_AM_I, self._one)
        if self._one[0] != _ID:
            raise PartError(wire.ACCELEROMETER, wire.WRONG_ID)
        # CTRL1 400 Hz xyz; CTRL2 high-pass on INT1; CTRL3 IA1 to the pin; CTRL4 BDU, +-2 g, high resolution;
        # CTRL5 latch INT1
        for register, value in enumerate((0x77, 0x01, 0x40, 0x88, 0x08, 0x00), _CTRL1):
            self.write(register, value)
        self.write(0x33, 0x00)  # INT1_DURATION: the first sample counts
        self.threshold(threshold_mg)
        self._read_into(_REFERENCE, self._one)  # the high-pass starts from gravity, not from zero
        self.write(_INT1_CFG, 0x2A)  # high on any axis
        self._same = 0
        self.clear()

    def threshold(self, mg: int) -> None:
        """INT1 from so much acceleration on, in steps of 16 mg up to 2 g."""
        self.write(_INT1_THS, max(1, min(_MOST_STEPS, mg // _MG_PER_STEP)))

    def clear(self) -> None:
        """Release the latched INT1 pin."""
        self._read_into(_INT1_SRC, self._one)

    def read_mg(self) -> tuple[int, int, int]:
        """Acceleration x, y, z in mg, gravity included; FAULT "stuck" when the output has stopped changing."""
        self._read_into(_OUT, self._out)
        if self._out == self._last:
            self._same += 1
            if self._same >= _STUCK_READS:
                raise PartError(wire.ACCELEROMETER, wire.STUCK)
        else:
            self._same = 0
            self._last[:] = self._out
        x, y, z = struct.unpack("<hhh", self._out)
        return x >> 4, y >> 4, z >> 4  # 12 bits, left-justified, 1 mg a step
