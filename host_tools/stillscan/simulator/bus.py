"""The bus between the simulated board and its chip models: records in, answers out, and the virtual clock.

The other end is boards/simulator/bus.py on MicroPython; a test holds the two tables together.
"""

# long-ok: one kind of record after another; what they lead to, the parts, have modules of their own

from __future__ import annotations

import struct
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from stillscan.simulator.carriage import Carriage
from stillscan.simulator.controller import Chip
from stillscan.simulator.glass import LINE_PX
from stillscan.simulator.lamp import Lamp
from stillscan.simulator.models import OURS, Models
from stillscan.simulator.pins import PINS
from stillscan.simulator.scene import Scene
from stillscan.simulator.signals import Beeper, Ring

WRITE_PIN, SPI, I2C_WRITE, I2C_READ, PWM, FEED = range(1, 7)
"""Kinds of records, as boards/simulator/bus.py numbers them."""
ADVANCE, IDLE, STEP_START, STEP_STOP, STEPS = range(7, 12)  # further kinds
FREE_LINES, FOLLOW, STOP_LINES, LINE, USB_WRITE, USB_READ, WATCHDOG, STEPPER_BUSY, PIXELS, VITAL = range(12, 22)
"""And more kinds."""
WRITTEN = 1  # channel of USB_WRITE, as there
EDGE, USB_BYTES, STEPPING, OPEN, LINE_HERE = 1, 2, 4, 8, 16  # flags, as there
HEADER = struct.Struct("<BBHII")
ANSWER = struct.Struct("<qqqqqq")
_WAITS = frozenset({SPI, I2C_READ, ADVANCE, IDLE, STEP_STOP, STEPPER_BUSY})
"""After these a board may let time pass by itself (see ``_calm_until``); after all else it asks soon in any case."""
_HARMLESS = _WAITS - {I2C_READ, STEP_STOP} | {WRITE_PIN, PWM, FEED, STEPS, LINE, PIXELS}
"""These change nothing that was promised."""

_FORESEEN = 24  # lines: more take no less time each, and those after an abort were reckoned for nothing
USB_BYTES_PER_US = 0.6  # 586 KiB/s: RP2350, stdio CDC
USB_FIFO = 256  # bytes of MicroPython's buffer for the host
_STOPS_KEPT = 1000  # a check has some ten at most; a kiosk may run for days
USB_LOOK_US = 1_000  # while the board waits for the host: every millisecond, as a USB frame lasts
USB_BLOCK_US = 1_000_000  # after so long without progress a write returns short: 0.5 s, tried twice


class WatchdogResetError(Exception):
    """The firmware has not fed its watchdog: the chip would restart."""


@dataclass
class Usb:
    """What the host's end of the cable does. ``unplugged``: bytes are lost unnoticed; ``stalled``: nobody reads.

    What wears: ``slow``, how many times longer bytes take; ``errors``, the share of frames of which a bit is changed.
    ``drain`` is called while the board waits for a host that stalls, once in ``USB_LOOK_US``: it may end the stall.
    """

    to_host: bytearray = field(default_factory=bytearray)
    to_device: bytearray = field(default_factory=bytearray)
    unplugged: bool = False
    stalled: bool = False
    slow: float = 1.0
    errors: float = 0.0
    drain: Callable[[], None] = lambda: None


@dataclass
class Stop:
    """The carriage was stopped in mid-sweep: when the sweep began, when it stopped, and the INT1 edge before, in us."""

    began_us: int
    stopped_us: int
    edge_us: int | None


class Bus:
    """One simulated board. ``now_us`` is the virtual clock; ``handle`` carries out one record.

    ``pins``: number by signal, as the board's table has them; ``models`` take the place of those of the parts that
    they are named for.
    """

    def __init__(self, scene: Scene, pins: Mapping[str, int] = PINS, models: Models = OURS) -> None:
        self.pins = pins
        self.now_us = 0
        self.until_us = 0
        """Until then nobody but the board does anything, if it sends nothing to the host."""
        self._calm_us = 0  # what the last answer has promised
        self._pins = 0  # what it has told
        self.scene = scene
        self.usb = Usb()
        self.flow = models.flow(scene)
        self.accelerometer = models.accelerometer(scene)
        self.carriage = Carriage(scene.seed)
        self.line_sensor = models.line_sensor(scene)
        self.lamp = Lamp()
        self.presence = models.presence(scene)
        self.ring = Ring()
        self.beeper = Beeper()
        self.chip = Chip(scene.seed)
        self.stops: deque[Stop] = deque(maxlen=_STOPS_KEPT)
        self.outputs: dict[int, int] = {}
        self._select = pins["flow_select"]
        self._own = {pins[signal]: signal for signal in self.flow.SIGNALS}
        self._let_go = 1 << pins["service"]  # the button
        self._edge = False
        self._edge_us: int | None = None
        self._chance = np.random.default_rng([scene.seed, 600])
        self._line_ends: list[float] = []  # of their exposure
        self._read_us = 0  # from there until a line was read out
        self._first_line_us = 0.0
        self._follow: tuple[int, int] | None = None
        self._began_us = 0
        self._watchdog_us = 0
        self._fed_us = 0
        self._line = bytearray(LINE_PX)
        self._steady = 0  # levels of home switch and presence sensor
        self._steady_until_us = 0.0  # they stay so, in this state of the scene, and if no fault and no train begins
        self._steady_in = -1
        self._moving_until_us = 0
        self._handlers: dict[int, Callable[[int, int, bytes], tuple[int, bytes] | None]] = {
            WRITE_PIN: self._write_pin, SPI: self._spi, I2C_WRITE: self._i2c_write, I2C_READ: self._i2c_read,
            PWM: self._pwm, FEED: self._feed, ADVANCE: self._advance, IDLE: self._idle, STEP_START: self._step_start,
            STEP_STOP: self._step_stop, STEPS: self._steps, STEPPER_BUSY: self._stepper_busy,
            FREE_LINES: self._free_lines, FOLLOW: self._on_follow, STOP_LINES: self._stop_lines, LINE: self._read_line,
            USB_WRITE: self._usb_write, USB_READ: self._usb_read, WATCHDOG: self._watchdog, PIXELS: self._pixels,
            VITAL: self._vital,
        }  # fmt: skip

    @property
    def levels_at_start(self) -> int:
        """Of the inputs, before the board has asked: the button is let go, nothing is seen, home is yet to be found."""
        return self._let_go | 1 << self.pins["presence"]

    def power_up(self) -> None:
        """The board was without power: pins, timers and what was on the cable are gone, the clock and the glass not."""
        self.usb = Usb(unplugged=self.usb.unplugged, slow=self.usb.slow, errors=self.usb.errors, drain=self.usb.drain)
        self.carriage.stop(self.now_us)
        self.flow.deselect(self.now_us)
        self.ring.write(self.now_us, bytes(3))
        for pin in ("infrared", "white", "beeper"):
            self._pwm(self.pins[pin], 0, b"")
        self._stop_lines(0, 0, b"")
        self._watchdog(0, 0, b"")
        self._edge = False
        self._calm_us = self._steady_until_us = 0

    def handle(self, operation: int, channel: int, argument: int, spent_us: int, payload: bytes) -> bytes | None:
        """Carry out one record; the answer's bytes when the board waits for one. WatchdogResetError."""
        if spent_us:
            self._pass(spent_us)
        if operation not in _HARMLESS:
            self._calm_us = 0
        result = self._handlers[operation](channel, argument, payload)
        if result is None:
            return None
        value, data = result
        now = self.now_us
        done = self._lines_done()
        if now >= self._calm_us:
            self._pins = self._inputs()
            self._calm_us = self._calm_until(done) if operation in _WAITS else 0
        flags = (EDGE if self._edge else 0) | (USB_BYTES if self.usb.to_device else 0)
        if data and operation == IDLE:
            flags |= LINE_HERE
        if not self.usb.stalled and self.usb.slow == 1.0:
            flags |= OPEN
        if now < self._moving_until_us:
            flags |= STEPPING
        self._edge = False
        return ANSWER.pack(now, self._pins, flags, done, value, self._calm_us) + data

    def _calm_until(self, done: int) -> int:
        """The moment before which nothing happens that the board could notice; 0: nothing is promised.

        Whatever ends the promise by something that the board does itself, its end knows as well (bus.post).
        """
        now = self.now_us
        if now >= self.until_us or self.usb.to_host:
            return 0
        until = self.until_us
        if self._watchdog_us:
            until = min(until, self._fed_us + self._watchdog_us)
        if now < self._moving_until_us:
            until = min(until, self._moving_until_us)
        if done < len(self._line_ends):
            until = min(until, int(self._line_ends[done]) + self._read_us)
        until = int(min(until, self._steady_until_us))
        return self.accelerometer.int1_holds_us(now, until) if now < until else 0

    def _pass(self, us: int) -> None:
        until = self.now_us + us
        if until < self._calm_us:
            self.now_us = until
            return
        edge = self.accelerometer.next_int1_us(self.now_us, until)
        if edge is not None:
            self._edge, self._edge_us = True, edge
        self.now_us = until
        if self._watchdog_us and until - self._fed_us > self._watchdog_us:
            raise WatchdogResetError

    def _sleep(self, us: int) -> None:
        """Let time pass, but wake at an edge: its handler runs then."""
        edge = self.accelerometer.next_int1_us(self.now_us, self.now_us + us)
        self._pass(us if edge is None else edge - self.now_us)

    def _inputs(self) -> int:
        now = self.now_us
        broken = self.carriage.fault is not None or self.presence.fault is not None
        if broken or now >= self._steady_until_us or self._steady_in != self.scene.generation:
            self._steady = (
                self._let_go
                | self.carriage.home(now) << self.pins["home"]
                | (not self.presence.present(now)) << self.pins["presence"]  # low: something lies there
            )
            holds = self.presence.holds_us(now), self.carriage.home_holds_us(now), self.scene.next_change_us(now)
            self._steady_until_us = now if broken else min(holds)
            self._steady_in = self.scene.generation
        return self._steady | self.accelerometer.int1(now) << self.pins["int1"]

    def _lines_done(self) -> int:
        return bisect_right(self._line_ends, self.now_us - self._read_us) if self._line_ends else 0

    # --- pins and buses ---------------------------------------------------------------------------------------------

    def _write_pin(self, pin: int, level: int, _: bytes) -> None:
        if pin == self._select:
            (self.flow.deselect if level else self.flow.select)(self.now_us)
        elif pin in self._own:
            self.flow.drive(self._own[pin], level, self.now_us)
        self.outputs[pin] = level

    def _pwm(self, pin: int, argument: int, _: bytes) -> None:
        self.outputs[pin] = duty = argument & 0xFFFF
        if pin == self.pins["beeper"]:
            self.beeper.drive(self.now_us, argument >> 16, duty)
        infrared, white = (self.outputs.get(self.pins[row], 0) for row in ("infrared", "white"))
        self.lamp.drive(self.now_us, infrared / 65535, white / 65535)

    def _pixels(self, _: int, __: int, data: bytes) -> None:
        self._pass(self.ring.write(self.now_us, data))

    def _spi(self, wants_answer: int, byte_us: int, data: bytes) -> tuple[int, bytes] | None:
        back = self.flow.exchange(data, self.now_us)
        self._pass(byte_us * len(data))
        return (0, back) if wants_answer else None

    def _i2c_write(self, address: int, byte_us: int, data: bytes) -> tuple[int, bytes]:
        acknowledged = self.accelerometer.write(data, self.now_us)
        self._pass(byte_us * (len(data) + 1))
        return int(acknowledged), b""

    def _i2c_read(self, address: int, argument: int, _: bytes) -> tuple[int, bytes]:
        byte_us, count = argument >> 8, argument & 0xFF
        data = self.accelerometer.read(count, self.now_us)
        self._pass(byte_us * (count + 1))
        return (0, bytes(count)) if data is None else (1, data)

    # --- time -------------------------------------------------------------------------------------------------------

    def _advance(self, _: int, us: int, __: bytes) -> tuple[int, bytes]:
        self._sleep(us)
        return 0, b""

    def _idle(self, _: int, most_us: int, __: bytes) -> tuple[int, bytes]:
        done = self._lines_done()
        if done == len(self._line_ends):
            self._sleep(most_us)
            return 0, b""
        left_us = int(self._line_ends[done] + self._read_us - self.now_us) + 1
        self._sleep(min(most_us, left_us))
        if left_us > most_us or self._edge:
            return 0, b""
        return 0, self._exposed(done)  # that it slept for: it is read next

    def _watchdog(self, _: int, timeout_ms: int, __: bytes) -> None:
        self._watchdog_us = timeout_ms * 1000
        self._fed_us = self.now_us

    def _feed(self, _: int, __: int, ___: bytes) -> None:
        self._fed_us = self.now_us

    def _vital(self, which: int, _: int, __: bytes) -> tuple[int, bytes]:
        return self.chip.told(which)

    # --- carriage and lines -----------------------------------------------------------------------------------------

    def _step_start(self, _: int, __: int, train: bytes) -> None:
        direction, steps, start_hz, top_hz, accel = struct.unpack("<bIfff", train)
        self.carriage.start(self.now_us, direction, steps, start_hz, top_hz, accel)
        self._moving_until_us = self.carriage.finish_us()
        self._steady_until_us = 0
        if self._follow is not None:
            first, per_line = self._follow
            moments = self.carriage.moments_us()
            self._first_line_us = moments[first]
            self._line_ends = moments[first + per_line :: per_line]
            self._began_us = self.now_us

    def _step_stop(self, _: int, __: int, ___: bytes) -> tuple[int, bytes]:
        if self._follow is not None and self.carriage.busy(self.now_us):
            self.stops.append(Stop(self._began_us, self.now_us, self._edge_us))
            self._line_ends = self._line_ends[: self._lines_done()]
        self._moving_until_us = self.now_us
        self._steady_until_us = 0
        return self.carriage.stop(self.now_us), b""

    def _steps(self, _: int, __: int, ___: bytes) -> tuple[int, bytes]:
        return self.carriage.steps_done(self.now_us), b""

    def _stepper_busy(self, _: int, __: int, ___: bytes) -> tuple[int, bytes]:
        return int(self.carriage.busy(self.now_us)), b""

    def _free_lines(self, _: int, argument: int, __: bytes) -> None:
        line_us, self._read_us = argument & 0xFFFF, argument >> 16
        self._follow = None
        self.line_sensor.line_us = line_us
        self._first_line_us = self.now_us
        self._line_ends = [self.now_us + line_us * n for n in range(1, 1025)]

    def _on_follow(self, per_line: int, argument: int, __: bytes) -> None:
        first, self._read_us = argument & 0xFFFF, argument >> 16
        self._follow = (first, per_line)
        self._line_ends = []

    def _stop_lines(self, _: int, __: int, ___: bytes) -> tuple[int, bytes]:
        self._follow = None
        self._line_ends = []
        return 0, b""

    def _read_line(self, _: int, n: int, __: bytes) -> tuple[int, bytes]:
        return 0, self._exposed(n)

    def _exposed(self, n: int) -> bytes:
        begin = self._line_ends[n - 1] if n else self._first_line_us
        end = self._line_ends[n]
        y0, y1 = self.carriage.y_mm(begin), self.carriage.y_mm(end)
        light = self.lamp.light(end, self._chance)
        if light and self.carriage.fault is None and not self.line_sensor.foresees(begin, end, y0, y1):
            times_us = np.array([begin, *self._line_ends[n : n + _FORESEEN]])
            heights_mm = self.carriage.heights_mm(times_us)
            self.line_sensor.foresee(np.stack([times_us[:-1], times_us[1:], heights_mm[:-1], heights_mm[1:]], axis=1))
        self.line_sensor.expose(begin, end, y0, y1, light, self._line)
        return bytes(self._line)

    # --- USB --------------------------------------------------------------------------------------------------------

    def _usb_write(self, written: int, _: int, data: bytes) -> tuple[int, bytes] | None:
        waited_us = 0
        while self.usb.stalled and not written:
            if waited_us >= USB_BLOCK_US:
                return 0, b""
            self._pass(USB_LOOK_US)
            waited_us += USB_LOOK_US
            self.usb.drain()
        if not written:
            self._pass(int(max(0, len(data) - USB_FIFO) / USB_BYTES_PER_US * self.usb.slow))
        if self.usb.errors and self._chance.random() < self.usb.errors:
            at = int(self._chance.integers(0, len(data)))
            data = data[:at] + bytes((data[at] ^ 1 << int(self._chance.integers(0, 8)),)) + data[at + 1 :]
        if not self.usb.unplugged:
            self.usb.to_host += data
        return None if written else (len(data), b"")

    def _usb_read(self, _: int, most: int, __: bytes) -> tuple[int, bytes]:
        taken = bytes(self.usb.to_device[:most])
        del self.usb.to_device[:most]
        return len(taken), taken.ljust(most, b"\0")
