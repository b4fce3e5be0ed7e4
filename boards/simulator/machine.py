"""The parts of MicroPython's ``machine`` that the drivers use, over the simulator's bus.

The numbers of pins are those of the board's table; what each of them leads to, the models know.
"""

import sys

import bus
import garbage  # noqa: F401 - before the firmware asks for ``gc``
import micropython
from micropython import const

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_TICK_US = const(1000)


@micropython.native
def idle() -> None:
    """Sleep until the next interrupt: a line, an edge, or the tick of 1 ms."""
    if not bus.wait(_TICK_US):
        bus.ask(bus.IDLE, 0, _TICK_US)


def reset() -> None:
    """The power goes off and on again: whoever runs the simulation starts it anew."""
    raise SystemExit


class Pin:
    IN = 0
    OUT = 1
    PULL_UP = 1
    IRQ_RISING = 4

    def __init__(self, number: int, mode: int = IN, pull: int = 0, value: int = 0) -> None:
        self._number = number
        if mode == Pin.OUT:
            self(value)

    @micropython.native
    def __call__(self, value: int | None = None) -> int | None:
        if value is None:
            return bus.answer[1] >> self._number & 1
        bus.post(bus.WRITE_PIN, self._number, value)

    value = __call__

    def irq(self, handler: "Callable[[Pin], None]", trigger: int, hard: bool = False) -> None:
        bus.on_edge = lambda: handler(self)


class PWM:
    def __init__(self, pin: Pin, freq: int = 0, duty_u16: int = 0) -> None:
        self._number = pin._number
        self._hz = freq
        self.duty_u16(duty_u16)

    def freq(self, hz: int) -> None:
        self._hz = hz
        self.duty_u16(self._duty)

    def duty_u16(self, duty: int) -> None:
        self._duty = duty
        bus.post(bus.PWM, self._number, self._hz << 16 | duty)


class SPI:
    def __init__(
        self,
        unit: int,
        baudrate: int,
        polarity: int,
        phase: int,
        sck: Pin | None = None,
        mosi: Pin | None = None,
        miso: Pin | None = None,
    ) -> None:
        self._byte_us = 8000000 // baudrate
        self._spare = bytearray(16)

    @micropython.native
    def write(self, data: bytes) -> None:
        bus.post(bus.SPI, 0, self._byte_us, data, len(data))

    @micropython.native
    def readinto(self, buffer: bytearray, write: int = 0) -> None:
        n = len(buffer)
        bus.ask(bus.SPI, 1, self._byte_us, self._spare, n, buffer, n)

    def write_readinto(self, data: bytes, buffer: bytearray) -> None:
        bus.ask(bus.SPI, 1, self._byte_us, data, len(data), buffer, len(data))


class I2C:
    def __init__(self, unit: int, sda: Pin | None = None, scl: Pin | None = None, freq: int = 400000) -> None:
        self._byte_us = 9000000 // freq
        self._one = bytearray(1)

    def _checked(self, acknowledged: int) -> None:
        if not acknowledged:
            raise OSError(5)  # EIO, as machine.I2C of the chip

    def writeto_mem(self, address: int, register: int, data: bytes) -> None:
        data = bytes((register,)) + data
        self._checked(bus.ask(bus.I2C_WRITE, address, self._byte_us, data, len(data)))

    def readfrom_mem_into(self, address: int, register: int, buffer: bytearray) -> None:
        self._one[0] = register
        self._checked(bus.ask(bus.I2C_WRITE, address, self._byte_us, self._one, 1))
        self._checked(bus.ask(bus.I2C_READ, address, self._byte_us << 8 | len(buffer), None, 0, buffer, len(buffer)))


class WDT:
    def __init__(self, timeout: int) -> None:
        bus.post(bus.WATCHDOG, 0, timeout)

    @micropython.native
    def feed(self) -> None:
        bus.post(bus.FEED)


class ADC:
    def __init__(self, pin: Pin) -> None:
        pass


def UART(unit: int, baudrate: int, tx: Pin, rx: Pin) -> object:  # noqa: N802 - a class on the chip
    """The console: what is printed there is kept by whoever runs the simulation."""
    return sys.stderr
