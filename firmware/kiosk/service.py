"""A technician has the parts: raw lines, live sensors, single steps, trips, the signals. Loaded while that lasts.

It ends by itself: when its time is over, a document is laid down, or the host says nothing for a while. Afterwards all
parts are started as after power-on, so nothing that was measured or moved here is left to a check.
"""

import struct
import time
from array import array

from micropython import const

from kiosk import wire
from kiosk.drivers.carriage import STEPS_PER_ROW
from kiosk.drivers.cis import WIDTH_PX, Calm
from kiosk.errors import PartError
from kiosk.flat_field import WHITE_OUT, sum_lines
from kiosk.surface import ROWS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from kiosk.commands import Commands
    from kiosk.parts import TicksMs
    from kiosk.upload import Upload

_LONGEST_S = const(900)
_SILENCE_MS = const(5000)  # a host that lives asks for more before: five times the second that it waits for an answer
_A_TURN = const(12)  # lines or frames of one turn: 40 ms, in which commands wait
_LIVE_MS = const(20)
_HERE = const(-1)  # a place: wherever the carriage stands
_LOWEST = ROWS * STEPS_PER_ROW  # steps below row 0
_BEHIND_HOME = const(12)  # steps behind the switch's edge at which single steps end: the rail goes on for 20
_INT1_CFG = const(0x30)  # of the LIS3DH: which events raise INT1
_ANY_LOW = const(0x15)
_ANY_HIGH = const(0x2A)
_INT1_MOST_US = const(50000)  # twenty of its samples
_SUMMED = const(16)  # lines: as many as a calibration takes
_EVERY_PX = const(8)  # of a median: enough of them
_HZ = const(1200)
_VOLUME = const(50)
_COLOURS = ((0, 0, 0), (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255))


class Service:
    """``step`` is one turn of the loop, until it is ``over`` for a reason of wire.SERVICE_ENDS."""

    def __init__(self, commands: Commands) -> None:
        self._board = commands.board
        self._link = commands.link
        self._scan = commands.scan
        self._surface = commands.surface
        self._settings = commands.settings
        self.over = wire.NO_SERVICE_END  # why it is over, once it is
        self.upload: Upload | None = None  # a version comes
        self._until_ms: TicksMs = 0
        self._heard_ms: TicksMs = 0
        self._what = wire.NO_MEASURE
        self._lamp = 0
        self._level = 0
        self._place = _HERE
        self._count = 0
        self._number = 0
        self._next_ms: TicksMs = 0
        self._free = False  # lines come
        self._samples = bytearray([i & 0xFF for i in range(WIDTH_PX)])  # until there is a line: a pattern
        self._fill_line = self._fill  # bound once, because binding allocates
        self._turns: dict[int, Callable[[], None]] = {
            wire.LINES: self._lines, wire.LIVE: self._live, wire.STEPS: self._single_step, wire.TRIPS: self._trip,
            wire.INT1: self._int1, wire.RING: self._ring, wire.BEEPER: self._beeper, wire.PATTERN: self._pattern,
            wire.STRIP: self._strip,
        }  # fmt: skip
        if self._scan.state == wire.FAULT:
            self._wake()

    def _wake(self) -> None:
        """Start the sensors that sleep because a part before them failed at its start: asleep they look broken too."""
        board = self._board
        for start in (board.flow.start, lambda: board.accelerometer.start(self._settings.bump)):
            try:
                start()
            except PartError:
                pass  # whoever measures it is told

    def extend(self, seconds: int) -> None:
        """So many seconds from now on; 0 ends it."""
        self._heard_ms = time.ticks_ms()
        if not seconds:
            self.end(wire.ASKED)
            return
        self._until_ms = time.ticks_add(self._heard_ms, min(seconds, _LONGEST_S) * 1000)
        self._tell(wire.NO_SERVICE_END)

    def _tell(self, why: int) -> None:
        left_ms = 0 if why else max(0, time.ticks_diff(self._until_ms, time.ticks_ms()))
        steps = -self._board.carriage.home_steps
        self._link.event(wire.M_SERVICE, int(not why), (left_ms + 999) // 1000, why, steps)

    def end(self, why: int) -> None:
        """Everything off; whoever listens is told why."""
        self._quiet()
        if self.upload is not None:
            self.upload.close()
        self._tell(why)
        self.over = why

    def _quiet(self) -> None:
        self._what = wire.NO_MEASURE
        self._free = False
        self._surface.stop()
        self._board.beeper.off()

    def measure(self, what: int, lamp: int, level: int, place: int, count: int) -> int:
        """Begin a measurement; the former one is over. An error of wire.ERRORS, or 0."""
        self._heard_ms = time.ticks_ms()
        self._quiet()
        steps = -self._board.carriage.home_steps
        far = what != wire.STEPS and not _HERE <= place <= steps + _LOWEST
        if (what and what not in self._turns) or lamp > 2 or level > 100 or far:
            return wire.E_OUT_OF_RANGE
        self._what = what
        self._lamp = lamp
        self._level = level
        self._place = place
        self._count = count
        self._number = 0
        self._next_ms = self._heard_ms
        try:
            if (place == 0 and what == wire.STEPS) or (place != _HERE and what == wire.LINES):
                self._go(place)
        except PartError as error:
            self._done(error.part, error.fault)
        return 0

    def _go(self, place: int) -> None:
        """To a place in steps below the home switch's edge."""
        carriage = self._board.carriage
        carriage.home()
        if place:
            carriage.move(carriage.home_steps + place)
            carriage.arrive()
        self._board.watchdog.feed()

    def step(self) -> None:
        """One turn: is it to end, and the next piece of what is measured."""
        now = time.ticks_ms()
        if self._scan.state != wire.SERVICE or not self._link.streams:
            self.end(wire.HOST)
        elif self._board.presence.seen():
            if self._what == wire.LIVE:
                self._live()  # who tries the presence sensor sees that it saw
            self.end(wire.DOCUMENT)
        elif time.ticks_diff(now, self._until_ms) >= 0:
            self.end(wire.TIME_OVER)
        elif time.ticks_diff(now, self._heard_ms) >= _SILENCE_MS:
            self.end(wire.HOST)
        elif self._what:
            try:
                self._turns[self._what]()
            except PartError as error:
                self._done(error.part, error.fault)
            else:
                if self._what and self._number >= self._count:
                    self._done(wire.NO_PART, wire.NO_FAULT)

    def _done(self, part: int, fault: int) -> None:
        what = self._what
        self._quiet()
        self._link.send(wire.M_MEASURED, what, self._number, part, fault)

    def _value(self, value: int, flag: int) -> None:
        self._link.send(wire.M_VALUE, self._what, self._number, value, flag, time.ticks_us())
        self._number += 1

    # --- lines ------------------------------------------------------------------------------------------------------

    def _lines(self) -> None:
        sensor = self._board.sensor
        if not self._free:
            if self._lamp:
                self._board.lamp.on(max(1, self._level), self._lamp - 1)
            sensor.free(self._settings.line)
            self._free = True
        for _ in range(_A_TURN):
            if self._number >= self._count:
                return
            line = sensor.wait(Calm)
            if line is not None:
                self._samples = line
                self._send_line()
            elif sensor.missed:
                sensor.free(self._settings.line)

    def _pattern(self) -> None:
        for _ in range(_A_TURN):
            if self._number < self._count:
                self._send_line()

    def _strip(self) -> None:
        """The white strip against the calibration in force: what has aged or drifted since."""
        flat_field = self._surface.flat_field
        total = array("H", bytes(2 * WIDTH_PX))
        self._go(0)
        self._sum(total)
        unlit = [total[i] for i in range(0, WIDTH_PX, _EVERY_PX)]
        for i in range(WIDTH_PX):
            total[i] = 0
        self._board.lamp.on(self._settings.lamp, self._settings.infrared)
        self._sum(total)
        self._board.lamp.off()
        light = []
        off = []
        for at in range(len(unlit)):
            i = at * _EVERY_PX
            light.append((total[i] - unlit[at]) * flat_field.gain[i] * 1000 // (256 * WHITE_OUT * _SUMMED))
            off.append((unlit[at] - flat_field.dark[i] * _SUMMED) * 10 // _SUMMED)
        for values in (light, off):
            self._value(sorted(values)[len(values) // 2], 0)
        self._number = self._count

    def _sum(self, total: array[int]) -> None:
        sum_lines(self._board.sensor, self._settings.line, total, self._board.watchdog.feed, _SUMMED)

    def _send_line(self) -> None:
        self._link.send_filled(wire.M_LINE, self._fill_line)
        self._number += 1

    def _fill(self, body: memoryview, kept: bool) -> int:
        struct.pack_into(
            wire.BODIES[wire.M_LINE], body, 0,
            self._number, self._place, self._lamp, self._level, time.ticks_us(), WIDTH_PX,
        )  # fmt: skip
        body[wire.LINE_HEADER : wire.LINE_HEADER + WIDTH_PX] = self._samples
        return wire.LINE_HEADER + WIDTH_PX

    # --- sensors ----------------------------------------------------------------------------------------------------

    def _live(self) -> None:
        if time.ticks_diff(time.ticks_ms(), self._next_ms) < 0:
            return
        self._next_ms = time.ticks_add(self._next_ms, _LIVE_MS)  # type: ignore[type-var]  # never 0 by then
        board = self._board
        flow = board.flow
        flow.read()
        x, y, z = board.accelerometer.read_mg()
        pins = board.presence.seen() | board.int1() << 1 | board.carriage.switch() << 2
        self._link.send(wire.M_SAMPLE, time.ticks_us(), flow.dx, flow.dy, flow.squal, int(flow.good), x, y, z, pins)
        self._number += 1

    def _int1(self) -> None:
        """How long from the chip's event to the pin: events of low acceleration, which are always there."""
        accelerometer = self._board.accelerometer
        int1 = self._board.int1
        accelerometer.write(_INT1_CFG, 0)
        accelerometer.clear()
        before = int1()
        began = time.ticks_us()
        accelerometer.write(_INT1_CFG, _ANY_LOW)
        while not int1() and time.ticks_diff(time.ticks_us(), began) < _INT1_MOST_US:
            time.sleep_us(50)
        took = time.ticks_diff(time.ticks_us(), began)
        came = int1()
        accelerometer.write(_INT1_CFG, _ANY_HIGH)
        accelerometer.clear()
        self._value(took if came and not before else -1, int1())

    # --- carriage ---------------------------------------------------------------------------------------------------

    def _single_step(self) -> None:
        """From where it stands, or from home at ``place`` 0, one step at a time: below 0 towards home."""
        carriage = self._board.carriage
        if not -_BEHIND_HOME < carriage.steps() - carriage.home_steps < _LOWEST - carriage.home_steps:
            self._count = self._number
            return
        carriage.move(carriage.steps() + (1 if self._place >= 0 else -1))
        carriage.arrive()
        self._value(carriage.steps() - carriage.home_steps, carriage.switch())

    def _trip(self) -> None:
        """There and back again: by how many steps it is off when it comes home."""
        carriage = self._board.carriage
        if not self._number:
            carriage.home()
        carriage.move(carriage.home_steps + self._place)
        carriage.arrive()
        self._board.watchdog.feed()
        carriage.home()
        self._value(carriage.off, carriage.switch())

    # --- signals ----------------------------------------------------------------------------------------------------

    def _ring(self) -> None:
        self._board.ring.show(_COLOURS[self._count % len(_COLOURS)], max(1, self._level))
        self._number = self._count

    def _beeper(self) -> None:
        """For ``count`` ms."""
        if not self._number:
            self._number = 1
            self._next_ms = time.ticks_add(time.ticks_ms(), self._count)
            self._board.beeper.on(_HZ, self._level or _VOLUME)
        if time.ticks_diff(time.ticks_ms(), self._next_ms) >= 0:
            self._number = self._count
