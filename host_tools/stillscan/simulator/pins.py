"""The pins of the simulated kiosk."""

PINS = {
    "home": 0, "presence": 1, "int1": 2, "flow_select": 3, "infrared": 4, "white": 5, "ring": 6, "beeper": 7,
    "service": 8, "console_tx": 9, "console_rx": 10, "sensor_clock": 11, "sensor_start": 12, "sensor_out": 13,
    "step": 14, "direction": 15, "motor_off": 16, "flow_sck": 17, "flow_mosi": 18, "flow_miso": 19,
    "accelerometer_sda": 20, "accelerometer_scl": 21, "supply_mode": 22,
}  # fmt: skip
"""Numbers of the pins, as boards/simulator/board.py has them."""
