"""Scan surface: lamp, line sensor and carriage as one thing that sweeps rows of the document."""

from micropython import const

from kiosk import wire
from kiosk.drivers.carriage import LEAD_ROWS, STEPS_PER_ROW
from kiosk.drivers.cis import WIDTH_PX, Calm
from kiosk.errors import PartError
from kiosk.seldom import borrow, let_go

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kiosk.drivers.carriage import Carriage
    from kiosk.drivers.cis import LineSensor
    from kiosk.drivers.lamp import Lamp
    from kiosk.flat_field import FlatField
    from kiosk.parts import Feed
    from kiosk.settings import Settings

ROWS = 274  # of the MRZ zone: 23.2 mm at 300 dpi
PITCH_NM = 84667
_GLANCE_ROW = const(96)  # in the middle of the text of a document, and of an identity card
_GLANCE_LINES = const(4)  # the first two hold light of before
_BARE = const(40)  # brightest pixel of the closed lid, where paper has 230; the lid of the reference kiosk has 20
_LOSSES = const(2)  # times in a row that steps were lost before the carriage counts as failed


class Surface:
    def __init__(
        self, lamp: Lamp, sensor: LineSensor, carriage: Carriage, flat_field: FlatField, settings: Settings, feed: Feed
    ) -> None:
        self.lamp = lamp
        self.flat_field = flat_field
        self.sensor = sensor
        self.line = sensor.wait  # samples of the next row, see there
        self.carriage = carriage
        self.settings = settings
        self.feed = feed
        self._start = 0
        self._losses = 0  # of steps, since a document was read
        self._line_us = 0  # of a line, if that is longer than the settings have it
        self.sweeping = False  # lines come in step with the carriage

    def start(self) -> None:
        """Home, load or measure the flat-field, set off to where the first document is awaited. FAULT names a part."""
        self._losses = 0
        self.carriage.home()
        self._correct()
        self.ready(self.settings.first_row)

    def _correct(self) -> None:
        """Have the flat-field of the lamp that is used, the carriage at home; measured if there is none that holds."""
        if not self.flat_field.load(self.settings.infrared) or not self.holds():
            self.calibrate()

    def inspect(self) -> bool:
        """Look at every part of a sweep: home switch, lamp and line sensor at the white strip. In a second at most.

        FAULT names the part. False: the carriage had lost steps, and knows again where it is; FAULT the second time in
        a row (``well`` between). A lamp that has aged is calibrated anew.
        """
        self.stop()
        kept = self.carriage.home()
        if not self.holds():
            self.calibrate()
        if not kept:
            self._losses += 1
            if self._losses >= _LOSSES:
                raise PartError(wire.CARRIAGE, wire.LOST_STEPS)
        return kept

    def well(self) -> None:
        """A document was read: the parts are as they should be."""
        self._losses = 0

    def holds(self) -> bool:
        """Does the white strip still look as it did, the carriage at home?"""
        return self.flat_field.holds(self.sensor, self.lamp, self.settings, self.feed)

    def bare(self) -> bool:
        """Does the line sensor see the lid, and no document? In half a second at most; the carriage must be well."""
        self.stop()
        self.ready(_GLANCE_ROW)
        self.carriage.arrive()
        self.feed()
        self.lamp.on(self.settings.lamp, self.settings.infrared)
        self.sensor.free(self.settings.line)
        samples = bytearray(WIDTH_PX)
        taken = 0
        while taken < _GLANCE_LINES:
            line = self.sensor.wait(Calm)
            if line is not None:
                samples[:] = line
                taken += 1
            elif self.sensor.missed:
                raise PartError(wire.LINE_SENSOR, wire.NO_ANSWER)
        self.stop()
        self.flat_field.pack(samples, 8, samples, 0)
        return max(samples) < _BARE

    def calibrate(self, when: int = 0) -> None:
        """Measure the flat-field anew (the carriage goes home for it) and store it; ``when`` is the host's time."""
        self.stop()
        self.carriage.home()
        try:
            borrow("kiosk.calibration").calibrate(self, when)
        finally:
            let_go()

    def ready(self, row: int) -> bool:
        """Does the carriage rest at the start of a sweep from ``row``? If not, it is sent there. FAULT names a part."""
        if self.flat_field.kind != self.settings.infrared:
            self.stop()
            self.carriage.home()
            self._correct()
        if self._start != row and self.carriage.busy():
            self.carriage.stop()
        self._start = row
        if self.carriage.at(row):
            if not self.carriage.astray():
                return True
            self.inspect()
        if not self.carriage.busy():
            self.carriage.go(row)
        return False

    @property
    def _pace_us(self) -> int:
        return max(self._line_us, self.settings.line_us)

    def hurry(self) -> None:
        """Lines come as fast as they may."""
        self._line_us = 0

    def slow_down(self) -> None:
        """Lines of this sweep were missed: from the next sweep on they come as fast as these were taken."""
        self._line_us = min(self.settings.slowest_us, self.sensor.bearable_us(self._pace_us))

    def begin(self, first_row: int, last_row: int) -> None:
        """Lamp on, carriage off from rest above ``first_row``; lines follow the steps."""
        settings = self.settings
        line_us = self._pace_us
        self.lamp.on(max(1, settings.lamp * settings.line // line_us), settings.infrared)  # as much light as calibrated
        self.sensor.follow(self.carriage.stepper, LEAD_ROWS * STEPS_PER_ROW, STEPS_PER_ROW)
        self.carriage.sweep(last_row - first_row + 1, line_us)
        self.sweeping = True

    def halt(self) -> None:
        """No further pulse of a sweep; ``stop`` has to follow. For interrupts: allocates nothing."""
        if self.sweeping:
            self.carriage.stepper.halt()

    @property
    def missed(self) -> bool:
        """Did a line of this sweep go by while the firmware was held up?"""
        return self.sensor.missed

    def stop(self) -> None:
        """Safe: no pulse, no light, no line. The carriage first: its standstill is what the abort waits for."""
        self.sweeping = False
        self.carriage.stop()
        self.lamp.off()
        self.sensor.stop()
