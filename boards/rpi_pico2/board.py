"""The kiosk on a Raspberry Pi Pico 2 (RP2350): compiles, has not run. Wiring and parts: README.md."""

from wiring import WiredBoard

from kiosk.drivers.cis import WIDTH_PX

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
    "supply": 29,
    "sensor_out": 26,
    "int1": 27,
}
ROW0_STEPS = 218  # from the edge of the home switch to the upper edge of row 0: measure it once for a new kind of case
SENSOR_PX = (558, WIDTH_PX, 558)  # of an A4 bar at 300 dpi before, in and after the window; from the bar's data sheet


class Board(WiredBoard):
    name = "rpi_pico2"

    def __init__(self) -> None:
        super().__init__(PINS, SENSOR_PX, ROW0_STEPS)
