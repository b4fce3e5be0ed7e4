"""The simulated kiosk: the reference board's parts on the simulator's pins."""

import sys

import engines
import machine
from machine import I2C, PWM, SPI, WDT, Pin
from neopixel import NeoPixel

from kiosk import kernels, wire
from kiosk.drivers.beeper import Beeper
from kiosk.drivers.carriage import Carriage
from kiosk.drivers.cis import WIDTH_PX, LineSensor
from kiosk.drivers.lamp import Lamp
from kiosk.drivers.lis3dh import Lis3dh
from kiosk.drivers.paa5100 import Paa5100
from kiosk.drivers.presence import Presence
from kiosk.drivers.ring import PIXELS, Ring

# one home for the numbers: stillscan.simulator.bus has the same table and a test holds the two together
PINS = {"home": 0, "presence": 1, "int1": 2, "flow_select": 3, "infrared": 4, "white": 5, "ring": 6, "beeper": 7}
ROW0_STEPS = 218  # from the edge of the home switch to the upper edge of row 0
WATCHDOG_MS = 5000


class Board:
    name = "simulator"
    capabilities = wire.CAN_INFRARED | wire.CAN_DEPTH4 | wire.CAN_DEPTH8 | wire.CAN_CALIBRATE

    def __init__(self) -> None:
        self.settings: dict[str, int] = {}
        self.boot_id = int(sys.argv[3])
        self.watchdog = WDT(WATCHDOG_MS)
        self.stream = engines.Usb()
        self.kernels = kernels
        self.flow = Paa5100(SPI(0, baudrate=400000, polarity=1, phase=1), Pin(PINS["flow_select"], Pin.OUT, value=1))
        self.accelerometer = Lis3dh(I2C(0, freq=400000))
        self.int1 = Pin(PINS["int1"], Pin.IN)
        self.presence = Presence(Pin(PINS["presence"], Pin.IN))
        self.lamp = Lamp(PWM(Pin(PINS["infrared"]), freq=20000), PWM(Pin(PINS["white"]), freq=20000))
        self.carriage = Carriage(engines.Stepper(), Pin(PINS["home"], Pin.IN), machine.idle, ROW0_STEPS)
        self.sensor = LineSensor(engines.Lines(WIDTH_PX), machine.idle)
        self.ring = Ring(NeoPixel(Pin(PINS["ring"], Pin.OUT), PIXELS))
        self.beeper = Beeper(PWM(Pin(PINS["beeper"]), freq=2000))

    def report(self, defect: Exception) -> None:
        """A defect of the firmware: the traceback goes to the console, never to the link."""
        sys.print_exception(defect, sys.stderr)
