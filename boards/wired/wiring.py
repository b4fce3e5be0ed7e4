"""The kiosk wired to a chip: which driver hangs on which signal. A board's own folder has the pins.

The chip's folder (rp2, or simulator in its place) brings the modules `engines` and `stream`, and may bring `kernels`.
"""

import sys

import machine
from engines import Lines, Stepper
from machine import ADC, I2C, PWM, SPI, UART, WDT, Pin
from neopixel import NeoPixel
from stream import Usb, boot_id

from kiosk import wire
from kiosk.drivers.beeper import Beeper
from kiosk.drivers.carriage import Carriage
from kiosk.drivers.cis import LineSensor
from kiosk.drivers.lamp import Lamp
from kiosk.drivers.lis3dh import Lis3dh
from kiosk.drivers.paa5100 import Paa5100
from kiosk.drivers.presence import Presence
from kiosk.drivers.ring import PIXELS, Ring
from kiosk.errors import ServiceError

try:
    import kernels
except ImportError:
    from kiosk import kernels  # type: ignore[no-redef]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kiosk.parts import Flow

CLOCKS, TIMER, TRAIN = 0, 1, 2  # state machines of PIO block 0; the engine for lines takes two in a row
WATCHDOG_MS = 5000


class WiredBoard:
    """Every output is safe before anything else happens: motor off, lamps dark, clocks low.

    ``pins``: signal -> GPIO. ``sensor_px``: pixels of the line sensor before, in and after the window. ``row0_steps``:
    from the edge of the home switch to the upper edge of row 0.

    A board with another flow sensor says so in a ``flow_sensor`` of its own class.
    """

    name: str
    capabilities = wire.CAN_INFRARED | wire.CAN_DEPTH4 | wire.CAN_DEPTH8 | wire.CAN_CALIBRATE

    def __init__(self, pins: dict[str, int], sensor_px: tuple[int, int, int], row0_steps: int) -> None:
        self._pins = pins
        self.settings: dict[str, int] = {}
        motor_off = self._output("motor_off", 1)
        self.lamp = Lamp(
            PWM(Pin(pins["infrared"]), freq=20000, duty_u16=0), PWM(Pin(pins["white"]), freq=20000, duty_u16=0)
        )
        self.ring = Ring(NeoPixel(self._output("ring"), PIXELS))
        self.beeper = Beeper(PWM(Pin(pins["beeper"]), freq=2000, duty_u16=0))
        self._console = UART(0, baudrate=115200, tx=Pin(pins["console_tx"]), rx=Pin(pins["console_rx"]))
        if not self._input("service")():
            raise ServiceError  # ends main.py: a prompt, and no watchdog
        self.watchdog = WDT(timeout=WATCHDOG_MS)
        self.boot_id = boot_id()
        self.stream = Usb()
        self.kernels = kernels
        self._supply = self._output(
            "supply_mode", 1
        )  # the 3.3 V converter at a fixed frequency: less ripple in the samples
        self._sensor_out = ADC(Pin(pins["sensor_out"]))  # only to switch the pin; the engine owns the converter
        stepper = Stepper(TRAIN, self._output("step"), self._output("direction"), motor_off)
        lines = Lines(CLOCKS, stepper, self._output("sensor_clock"), self._output("sensor_start"), sensor_px)
        self.carriage = Carriage(stepper, self._input("home"), machine.idle, row0_steps)
        self.sensor = LineSensor(lines, machine.idle)
        spi = SPI(
            0,
            baudrate=400000,
            polarity=1,
            phase=1,
            sck=Pin(pins["flow_sck"]),
            mosi=Pin(pins["flow_mosi"]),
            miso=Pin(pins["flow_miso"]),
        )
        self.flow = self.flow_sensor(spi, self._output("flow_select", 1))
        self.accelerometer = Lis3dh(
            I2C(0, sda=Pin(pins["accelerometer_sda"]), scl=Pin(pins["accelerometer_scl"]), freq=400000)
        )
        self.int1 = Pin(pins["int1"], Pin.IN)  # driven both ways
        self.presence = Presence(self._input("presence"), active=0)

    def flow_sensor(self, spi: SPI, select: Pin) -> Flow:
        """The driver of the optical-flow sensor on this bus (mode 3, 400 kHz), with its chip select (high)."""
        return Paa5100(spi, select)

    def _input(self, signal: str) -> Pin:
        return Pin(self._pins[signal], Pin.IN, Pin.PULL_UP)

    def _output(self, signal: str, value: int = 0) -> Pin:
        return Pin(self._pins[signal], Pin.OUT, value=value)

    def report(self, defect: Exception) -> None:
        """A defect of the firmware: the traceback goes to the serial console, never to the link."""
        sys.print_exception(defect, self._console)  # type: ignore[arg-type]  # a UART is a stream too
