"""Scan surface: lamp, line sensor and carriage as one thing that sweeps rows of the document."""

from kiosk.drivers.carriage import LEAD_ROWS, STEPS_PER_ROW

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kiosk.calibration import Reference
    from kiosk.drivers.carriage import Carriage
    from kiosk.drivers.cis import LineSensor
    from kiosk.drivers.lamp import Lamp
    from kiosk.parts import Alarm, Feed
    from kiosk.settings import Settings

ROWS = 274  # of the MRZ zone: 23.2 mm at 300 dpi
PITCH_NM = 84667


class Surface:
    def __init__(
        self, lamp: Lamp, sensor: LineSensor, carriage: Carriage, reference: Reference, settings: Settings, feed: Feed
    ) -> None:
        self.lamp = lamp
        self.reference = reference
        self._sensor = sensor
        self._carriage = carriage
        self._settings = settings
        self._feed = feed
        self._start = 0
        self.sweeping = False  # lines come in step with the carriage

    def start(self) -> None:
        """Home, take or measure the reference, go to the first row. FAULT names the part."""
        self._carriage.home()
        if not self.reference.load():
            self.calibrate()
        self.ready(0)

    def calibrate(self) -> None:
        """Measure the reference anew (the carriage goes home for it) and store it."""
        self.stop()
        self._carriage.home()
        self.reference.measure(self._sensor, self.lamp, self._settings, self._feed)
        self.reference.store()

    def ready(self, row: int) -> bool:
        """Does the carriage rest at the start of a sweep from ``row``? If not, it is sent there."""
        if self._start != row and self._carriage.busy():
            self._carriage.stop()
        self._start = row
        if self._carriage.at(row):
            return True
        if not self._carriage.busy():
            self._carriage.go(row)
        return False

    def begin(self, first_row: int, last_row: int) -> None:
        """Lamp on, carriage off from rest above ``first_row``; lines follow the steps."""
        settings = self._settings
        self.lamp.on(max(1, settings.lamp * settings.line // settings.line_us), settings.infrared)  # as calibrated
        self._sensor.follow(self._carriage.stepper, LEAD_ROWS * STEPS_PER_ROW, STEPS_PER_ROW)
        self._carriage.sweep(last_row - first_row + 1, self._settings.line_us)
        self.sweeping = True

    def halt(self) -> None:
        """No further pulse of a sweep; ``stop`` has to follow. For interrupts: allocates nothing."""
        if self.sweeping:
            self._carriage.stepper.halt()

    def line(self, alarm: Alarm) -> bytearray | None:
        """Samples of the next row; None when ``alarm`` rang, lines were ``missed``, or it has not come yet."""
        return self._sensor.wait(alarm)

    @property
    def missed(self) -> bool:
        """Did a line of this sweep go by while the firmware was held up?"""
        return self._sensor.missed

    def stop(self) -> None:
        """Safe: no pulse, no light, no line. The carriage first: its standstill is what the abort waits for."""
        self.sweeping = False
        self._carriage.stop()
        self.lamp.off()
        self._sensor.stop()
