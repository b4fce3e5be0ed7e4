"""The kiosk on a Raspberry Pi Pico with the flow sensor ADNS-3080: the second reference design. See README.md."""

from adns3080 import Adns3080
from wiring import WiredBoard

from kiosk.drivers.cis import WIDTH_PX

TYPE_CHECKING = False
if TYPE_CHECKING:
    from machine import SPI, Pin

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
    "flow_reset": 9,
    "accelerometer_sda": 20,
    "accelerometer_scl": 21,
    "service": 22,
    "supply_mode": 23,
    "supply": 29,
    "sensor_out": 26,
    "int1": 27,
}
ROW0_STEPS = 218  # from the edge of the home switch to the upper edge of row 0: measure it once for a new kind of case
SENSOR_PX = (12, WIDTH_PX, 12)  # of a bar of 5 inches at 300 dpi before, in and after the window; from its data sheet


class Board(WiredBoard):
    name = "rpi_pico_adns"

    def __init__(self) -> None:
        super().__init__(PINS, SENSOR_PX, ROW0_STEPS)
        # twice the bytes take longer than the converter; SQUAL is lower than the PAA5100's
        self.settings = {"depth": 4, "line_8": 3800, "squal_min": 15}

    def flow_sensor(self, spi: SPI, select: Pin) -> Adns3080:
        return Adns3080(spi, select, self._output("flow_reset"))
