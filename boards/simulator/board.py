"""The simulated kiosk: the parts of the reference board, on chip models.

The other modules of this folder stand in for those of a chip, so that any board with the folder `wired` runs on them.
"""

from wiring import WiredBoard

from kiosk.drivers.cis import WIDTH_PX

# signal -> number; stillscan.simulator.bus has the same table, and a test holds the two together
PINS = {
    "home": 0,
    "presence": 1,
    "int1": 2,
    "flow_select": 3,
    "infrared": 4,
    "white": 5,
    "ring": 6,
    "beeper": 7,
    "service": 8,
    "console_tx": 9,
    "console_rx": 10,
    "sensor_clock": 11,
    "sensor_start": 12,
    "sensor_out": 13,
    "step": 14,
    "direction": 15,
    "motor_off": 16,
    "flow_sck": 17,
    "flow_mosi": 18,
    "flow_miso": 19,
    "accelerometer_sda": 20,
    "accelerometer_scl": 21,
    "supply_mode": 22,
}
ROW0_STEPS = 218  # from the edge of the home switch to the upper edge of row 0
SENSOR_PX = (12, WIDTH_PX, 12)  # before, in and after the window; the models show what is in it


class Board(WiredBoard):
    name = "simulator"

    def __init__(self) -> None:
        super().__init__(PINS, SENSOR_PX, ROW0_STEPS)
