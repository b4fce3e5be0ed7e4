"""Sensors on the chip's I2C and SPI, byte by byte at the speed of the bus."""

from __future__ import annotations

from collections.abc import Callable

from rp2040py.gpio_pin import GPIOPin, GPIOPinState
from rp2040py.peripherals.i2c import I2CMode

from stillscan.simulator.accelerometer import ADDRESS, Accelerometer
from stillscan.simulator.chip.emulator import Emulator
from stillscan.simulator.flow import Flow

_TX_EMPTY = 1 << 4  # bit of the I2C block's interrupts, RP2040 datasheet
# MicroPython runs the SPI from the USB clock; rp2040py reckons with the system clock.
_SPI_CLOCK_HZ = 48_000_000


class Twi:
    """The accelerometer on I2C unit ``unit``. ``changed`` is called after each of its transactions.

    Mended: after an address that nobody acknowledges the chip hears that its transmit FIFO is empty.
    """

    def __init__(self, emulator: Emulator, unit: int, target: Accelerometer, changed: Callable[[], None]) -> None:
        self._emulator = emulator
        self._bus = emulator.chip.i2c[unit]
        self._target = target
        self._changed = changed
        self._written = bytearray()
        self._writes = False
        self._answer: Callable[[], None] = lambda: None
        self._done = emulator.alarm(self._finish)
        self._bus.on_start = self._on_start
        self._bus.on_connect = self._on_connect
        self._bus.on_write_byte = self._on_write
        self._bus.on_read_byte = self._on_read
        self._bus.on_stop = self._on_stop

    @property
    def _now_us(self) -> int:
        return int(self._emulator.now_ns // 1000)

    def _after_a_byte(self, answer: Callable[[], None]) -> None:
        bus = self._bus
        self._answer = answer
        self._done.after(9 * 8 * (bus.scl_high_period + bus.scl_low_period + 11))  # 11: as the chip's counters do

    def _finish(self) -> None:
        self._answer()

    def _flush(self) -> None:
        if self._writes:
            self._writes = False
            self._target.write(bytes(self._written), self._now_us)

    def _on_start(self, repeated: bool) -> None:
        self._flush()
        self._bus.complete_start()

    def _on_connect(self, address: int, mode: I2CMode) -> None:
        here = address == ADDRESS and self._target.fault != "nak"
        if here and mode == I2CMode.WRITE:
            self._writes = True
            self._written.clear()

        def answer() -> None:
            self._bus.complete_connect(here)
            if not here:
                self._bus._set_interrupts(_TX_EMPTY)

        self._after_a_byte(answer)

    def _on_write(self, value: int) -> None:
        self._written.append(value)
        self._after_a_byte(lambda: self._bus.complete_write(True))

    def _on_read(self, acknowledge: bool) -> None:
        def answer() -> None:
            data = self._target.read(1, self._now_us)
            self._bus.complete_read(data[0] if data else 0xFF)

        self._after_a_byte(answer)

    def _on_stop(self) -> None:
        self._flush()
        self._bus.complete_stop()
        self._changed()


def attach_flow(emulator: Emulator, unit: int, select: GPIOPin, flow: Flow) -> None:
    """The optical-flow sensor on SPI unit ``unit``, selected by a pin that goes low."""
    bus = emulator.chip.spi[unit]
    answer = 0

    def selected(new: GPIOPinState, old: GPIOPinState) -> None:
        (flow.select if new is GPIOPinState.LOW else flow.deselect)(int(emulator.now_ns // 1000))

    def transmit(value: int) -> None:
        nonlocal answer
        chosen = select.value is GPIOPinState.LOW
        answer = flow.exchange(bytes((value,)), int(emulator.now_ns // 1000))[0] if chosen else 0xFF
        per_bit = bus._clock_divisor * (1 + (bus._control0 >> 8))
        done.after(8e9 * per_bit / _SPI_CLOCK_HZ)

    done = emulator.alarm(lambda: bus.complete_transmit(answer))
    select.add_listener(selected)
    bus.on_transmit = transmit
