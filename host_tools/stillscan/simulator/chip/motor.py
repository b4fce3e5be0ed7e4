"""The carriage on the pins STEP, DIR and nENBL, and what the chip's step generator is told to do."""

from __future__ import annotations

from collections.abc import Callable

from rp2040py.gpio_pin import GPIOPinState
from rp2040py.peripherals.pio import RPPIO

from stillscan.simulator.bus import Stop
from stillscan.simulator.carriage import Carriage
from stillscan.simulator.chip.emulator import Emulator

_PIO0 = 0x50200  # where the block lies on the chip's bus
_CTRL = 0
_CLOCKS, _TIMER, _TRAIN = 0, 1, 2  # state machines, see boards/rp2/wiring.py


class Motor:
    """``steps``: pulses since power-on, the latest at ``step_ns``. ``stops``: when a sweep was stopped before its end.

    ``moved`` is called after every pulse, ``edge_us`` says when INT1 rose last.
    """

    def __init__(
        self,
        emulator: Emulator,
        pins: dict[str, int],
        carriage: Carriage,
        moved: Callable[[], None],
        edge_us: Callable[[], int | None],
    ) -> None:
        self.steps = 0
        self.step_ns = 0.0
        self.stops: list[Stop] = []
        self._emulator = emulator
        self._carriage = carriage
        self._moved = moved
        self._edge_us = edge_us
        self._began_us = 0
        self._going_on = False  # a train that was stopped between two words lets out what is left of a pulse
        self._steps_then = 0
        gpio = emulator.chip.gpio
        self._direction, self._off = gpio[pins["direction"]], gpio[pins["motor_off"]]
        gpio[pins["step"]].add_listener(self._on_step)
        peripherals = emulator.chip.peripherals
        peripherals[_PIO0] = _Watched(emulator.chip.pio[0], self._controlled)

    def _on_step(self, new: GPIOPinState, old: GPIOPinState) -> None:
        if new is not GPIOPinState.HIGH or self._off.value is GPIOPinState.HIGH:
            return
        self.steps += 1
        self.step_ns = self._emulator.now_ns
        away = self._direction.value is GPIOPinState.HIGH
        self._carriage.step(self.step_ns / 1000, 1 if away else -1)
        self._moved()

    def _controlled(self, block: RPPIO, before: bool) -> None:
        """State machines were switched on or off; ``before``: did the train run?"""
        machines = block.machines
        train = machines[_TRAIN]
        if train.enabled is before or not machines[_CLOCKS].enabled or machines[_TIMER].enabled:
            return
        now = int(self._emulator.now_ns // 1000)
        if train.enabled:
            self._going_on = bool(self.stops) and train.pc != train.wrap_bottom
            if not self._going_on:
                self._began_us = now
        elif not self._going_on:
            if not train.waiting:  # for want of words: the train had ended
                self.stops.append(Stop(self._began_us, now, self._edge_us()))
        elif self.steps != self._steps_then:
            self.stops[-1].stopped_us = now
        self._steps_then = self.steps


class _Watched:
    """The PIO block as it lies on the bus, with someone who is told when its state machines are switched."""

    def __init__(self, block: RPPIO, switched: Callable[[RPPIO, bool], None]) -> None:
        self._block = block
        self._switched = switched
        self.read_uint32, self.write_uint32, self.reset = block.read_uint32, block.write_uint32, block.reset

    def write_uint32_atomic(self, offset: int, value: int, kind: int) -> None:
        before = self._block.machines[_TRAIN].enabled
        self._block.write_uint32_atomic(offset, value, kind)
        if offset == _CTRL:
            self._switched(self._block, before)
