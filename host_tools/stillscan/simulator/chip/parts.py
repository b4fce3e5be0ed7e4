"""The chip models on the pins of the emulated RP2040: what each signal of the board's table leads to."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from rp2040py.external.ws2812 import Ws2812
from rp2040py.gpio_pin import GPIOPinState

from stillscan.simulator.bus import Stop
from stillscan.simulator.carriage import Carriage
from stillscan.simulator.chip.board_pins import Wiring
from stillscan.simulator.chip.buses import Twi, attach_flow
from stillscan.simulator.chip.emulator import Emulator
from stillscan.simulator.chip.lines import Readout
from stillscan.simulator.chip.motor import Motor
from stillscan.simulator.chip.outputs import Outputs
from stillscan.simulator.chip.usb import Usb
from stillscan.simulator.controller import Chip
from stillscan.simulator.lamp import Lamp
from stillscan.simulator.models import OURS, Models
from stillscan.simulator.scene import Scene
from stillscan.simulator.signals import Beeper, Ring

_LOOK_NS = 1_000_000  # how often what changes by itself is looked at


class Parts:
    """One kiosk's parts, wired to an emulated chip."""

    def __init__(
        self, scene: Scene, emulator: Emulator, wiring: Wiring, models: Models = OURS, usb: Usb | None = None
    ) -> None:
        self._emulator = emulator
        self.usb = usb
        self._pins = wiring.pins
        self.scene = scene
        self.flow = models.flow(scene)
        self.accelerometer = models.accelerometer(scene)
        self.carriage = Carriage(scene.seed)
        self.line_sensor = models.line_sensor(scene)
        self.lamp = Lamp()
        self.presence = models.presence(scene)
        self.ring = Ring()
        self.beeper = Beeper()
        self.chip = Chip(scene.seed)
        self._chance = np.random.default_rng([scene.seed, 600])
        self._edge_us: int | None = None
        self._inputs: dict[str, bool] = {}
        gpio = emulator.chip.gpio
        self.outputs = Outputs(emulator, wiring.pins, self.beeper, self.lamp)
        self.readout = Readout(emulator, wiring, self.line_sensor, self.carriage, self._light, self.chip)
        Twi(emulator, 0, self.accelerometer, self._look_int1)
        attach_flow(emulator, 0, gpio[wiring.pins["flow_select"]], self.flow)
        for signal in self.flow.SIGNALS:
            gpio[wiring.pins[signal]].add_listener(self._to_flow(signal))
        self.motor = Motor(emulator, wiring.pins, self.carriage, self._look_home, lambda: self._edge_us)
        Ws2812(wiring.pins["ring"], on_pixels=self._on_pixels).attach(emulator.chip)
        self._drive("service", True)
        self._alarm = emulator.alarm(self._look)
        self._int1 = emulator.alarm(self._look_int1)
        self._look()

    @property
    def now_us(self) -> int:
        """Microseconds since power-on."""
        return int(self._emulator.now_ns // 1000)

    @property
    def stops(self) -> list[Stop]:
        """When the carriage was stopped in mid-sweep."""
        return self.motor.stops

    def _to_flow(self, signal: str) -> Callable[[GPIOPinState, GPIOPinState], None]:
        """The flow sensor hears of a pin of its own."""
        return lambda new, old: self.flow.drive(signal, new is GPIOPinState.HIGH, self.now_us)

    def _light(self) -> float:
        self.outputs.drive_lamp()
        return self.lamp.light(self._emulator.now_ns / 1000, self._chance)

    def _drive(self, signal: str, level: bool) -> None:
        """Set the level of an input of the chip."""
        if self._inputs.get(signal) is not level:
            self._inputs[signal] = level
            self._emulator.chip.gpio[self._pins[signal]].set_input_value(level)

    def hold_service(self, held: bool) -> None:
        """Press the service button, or let it go."""
        self._drive("service", not held)

    def _look(self) -> None:
        self._drive("presence", not self.presence.present(self.now_us))  # low: something lies there
        self._look_home()
        self._look_int1()
        self._alarm.after(_LOOK_NS)

    def _look_int1(self) -> None:
        now = self.now_us
        level = self.accelerometer.int1(now)
        if level and not self._inputs.get("int1"):
            self._edge_us = now
        self._drive("int1", level)
        edge = self.accelerometer.next_int1_us(now, now + _LOOK_NS // 1000)
        if edge is not None:
            self._int1.after(max(0.0, edge * 1000 - self._emulator.now_ns))

    def _look_home(self) -> None:
        self._drive("home", self.carriage.home(self.now_us))

    def _on_pixels(self, pixels: list[tuple[int, ...]]) -> None:
        self.ring.write(self.now_us, b"".join(bytes((green, red, blue)) for red, green, blue in pixels))
