"""The reference kiosk: Raspberry Pi Pico 2 (RP2350). Wiring and parts: README.md."""

import os
import sys

import machine
from engines import Lines, Stepper
from machine import ADC, I2C, PWM, SPI, UART, WDT, Pin
from neopixel import NeoPixel
from stream import Usb

from kiosk import wire
from kiosk.drivers.beeper import Beeper
from kiosk.drivers.carriage import Carriage
from kiosk.drivers.cis import WIDTH_PX, LineSensor
from kiosk.drivers.lamp import Lamp
from kiosk.drivers.lis3dh import Lis3dh
from kiosk.drivers.paa5100 import Paa5100
from kiosk.drivers.presence import Presence
from kiosk.drivers.ring import PIXELS, Ring
from kiosk.errors import ServiceError

# signal -> GPIO; the one table of the wiring (a test holds it against the chip's pin functions and README.md)
PINS = {
    "console_tx": 0,
    "console_rx": 1,
    "sensor_clock": 2,
    "sensor_start": 3,
    "step": 6,
    "direction": 7,
    "motor_off": 8,
    "infrared": 10,
    "white": 11,
    "home": 12,
    "presence": 13,
    "ring": 14,
    "beeper": 15,
    "flow_miso": 16,
    "flow_select": 17,
    "flow_sck": 18,
    "flow_mosi": 19,
    "accelerometer_sda": 20,
    "accelerometer_scl": 21,
    "service": 22,
    "supply_mode": 23,
    "sensor_out": 26,
    "int1": 27,
}
CLOCKS, TIMER, TRAIN = 0, 1, 2  # state machines of PIO block 0; the engine for lines takes two in a row
WATCHDOG_MS = 5000
ROW0_STEPS = 218  # from the edge of the home switch to the upper edge of row 0: measure it once for a new kind of case
SENSOR_PX = (558, WIDTH_PX, 558)  # of an A4 bar at 300 dpi before, in and after the window; from the bar's data sheet


def _input(signal: str) -> Pin:
    return Pin(PINS[signal], Pin.IN, Pin.PULL_UP)


def _output(signal: str, value: int = 0) -> Pin:
    return Pin(PINS[signal], Pin.OUT, value=value)


class Board:
    """Every output is safe before anything else happens: motor off, lamps dark, clocks low."""

    name = "rpi_pico2"
    capabilities = wire.CAN_INFRARED | wire.CAN_DEPTH4 | wire.CAN_DEPTH8 | wire.CAN_CALIBRATE

    def __init__(self) -> None:
        motor_off = _output("motor_off", 1)
        self.lamp = Lamp(
            PWM(Pin(PINS["infrared"]), freq=20000, duty_u16=0), PWM(Pin(PINS["white"]), freq=20000, duty_u16=0)
        )
        self.ring = Ring(NeoPixel(_output("ring"), PIXELS))
        self.beeper = Beeper(PWM(Pin(PINS["beeper"]), freq=2000, duty_u16=0))
        self._console = UART(0, baudrate=115200, tx=Pin(PINS["console_tx"]), rx=Pin(PINS["console_rx"]))
        if not _input("service")():
            raise ServiceError
        self.watchdog = WDT(timeout=WATCHDOG_MS)
        self.boot_id = int.from_bytes(os.urandom(4), "little")
        self.stream = Usb()
        self._supply = _output("supply_mode", 1)  # the 3.3 V converter at a fixed frequency: less ripple in the samples
        self._sensor_out = ADC(Pin(PINS["sensor_out"]))  # only to switch the pin; the engine owns the converter
        stepper = Stepper(TRAIN, _output("step"), _output("direction"), motor_off)
        lines = Lines(CLOCKS, stepper, _output("sensor_clock"), _output("sensor_start"), SENSOR_PX)
        self.carriage = Carriage(stepper, _input("home"), machine.idle, ROW0_STEPS)
        self.sensor = LineSensor(lines, machine.idle)
        self.flow = Paa5100(
            SPI(
                0,
                baudrate=400000,
                polarity=1,
                phase=1,
                sck=Pin(PINS["flow_sck"]),
                mosi=Pin(PINS["flow_mosi"]),
                miso=Pin(PINS["flow_miso"]),
            ),
            _output("flow_select", 1),
        )
        self.accelerometer = Lis3dh(
            I2C(0, sda=Pin(PINS["accelerometer_sda"]), scl=Pin(PINS["accelerometer_scl"]), freq=400000)
        )
        self.int1 = Pin(PINS["int1"], Pin.IN)  # driven both ways
        self.presence = Presence(_input("presence"), active=0)

    def report(self, defect: Exception) -> None:
        """A defect of the firmware: the traceback goes to the serial console, never to the link."""
        sys.print_exception(defect, self._console)  # type: ignore[arg-type]  # a UART is a stream too
