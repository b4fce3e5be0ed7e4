"""The line sensor on its three wires: start pulse, clock, and the voltage that the chip's ADC samples."""

from __future__ import annotations

from collections.abc import Callable

from rp2040py.gpio_pin import GPIOPinState

from stillscan.simulator.carriage import Carriage
from stillscan.simulator.chip.board_pins import Wiring
from stillscan.simulator.chip.emulator import Emulator
from stillscan.simulator.controller import Chip
from stillscan.simulator.glass import LINE_PX
from stillscan.simulator.line_sensor import LineSensor

_DARK_LSB = 12  # pixels outside the window, about the level without light
_SENSOR = 0  # input of the ADC
_SUPPLY, _DIODE = 3, 4  # other inputs: VSYS over three, and the chip's own diode
_FULL_V, _FULL = 3.3, 4096  # of the converter: ADC_AVDD, and 12 bits
_DIODE_V, _DIODE_V_A_DEGREE = 0.706, -0.001721  # at 27 degrees (RP2040 data sheet, 4.9.5)


class Readout:
    """A start pulse ends an exposure and makes the sensor put out what it gathered, a pixel a clock.

    ``on_line`` is called with the samples that the ADC took of a line, when the next start pulse comes.
    """

    def __init__(
        self,
        emulator: Emulator,
        wiring: Wiring,
        sensor: LineSensor,
        carriage: Carriage,
        lamp: Callable[[], float],
        chip: Chip,
    ) -> None:
        self.on_line: Callable[[bytes], None] | None = None
        self._emulator = emulator
        self._sensor = sensor
        self._carriage = carriage
        self._lamp = lamp
        self._chip = chip
        self._before = wiring.before_px
        self._pixel = 0  # clocks since the start pulse
        self._out = bytes([_DARK_LSB]) * LINE_PX
        self._line = bytearray(LINE_PX)
        self._since_us = 0.0
        self._since_mm = 0.0
        self._taken = bytearray()
        gpio = emulator.chip.gpio
        gpio[wiring.pins["sensor_clock"]].add_listener(self._on_clock)
        gpio[wiring.pins["sensor_start"]].add_listener(self._on_start)
        self._adc = emulator.chip.adc
        self._adc.on_adc_read = self._convert

    def _on_clock(self, new: GPIOPinState, old: GPIOPinState) -> None:
        if new is GPIOPinState.HIGH:
            self._pixel += 1

    def _on_start(self, new: GPIOPinState, old: GPIOPinState) -> None:
        if new is not GPIOPinState.HIGH:
            return
        if self.on_line is not None and self._taken:
            self.on_line(bytes(self._taken))
        self._taken.clear()
        now = self._emulator.now_ns / 1000
        height = self._carriage.y_mm(now)
        self._sensor.expose(self._since_us, now, self._since_mm, height, self._lamp(), self._line)
        self._out = bytes(self._line)
        self._since_us, self._since_mm = now, height
        self._pixel = -1  # the clock within the start pulse

    def _convert(self, channel: int) -> None:
        """The ADC holds the voltage of this moment; the result comes after its time of conversion."""
        if channel == _SENSOR:
            at = self._pixel - 1 - self._before
            value = self._out[at] if 0 <= at < LINE_PX else _DARK_LSB
            self._taken.append(value)
            self._adc.channel_values[channel] = value << 4
        else:
            self._adc.channel_values[channel] = round(self._volts(channel) / _FULL_V * _FULL)
        self._adc.current_channel = channel
        self._adc.sample_alarm.schedule(self._adc.sample_time * 1000)

    def _volts(self, channel: int) -> float:
        """At an input that is not the line sensor's."""
        if channel == _SUPPLY:
            return self._chip.supply_v / 3
        return _DIODE_V + (self._chip.temperature_c - 27) * _DIODE_V_A_DEGREE if channel == _DIODE else 0.0
