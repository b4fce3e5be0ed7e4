"""Which board this is and how it fares. Loaded when somebody asks; what the chip tells is in the board's `vitals`."""

import json

from kiosk import wire
from kiosk.seldom import borrow


def body() -> bytes:
    """The body of an IDENTITY. Needs the converter that the line sensor has while a sweep runs."""
    serial, reset, temperature, supply = b"", wire.NO_RESET_CAUSE, wire.NO_TEMPERATURE, 0
    try:
        vitals = borrow("vitals")
        serial, reset = vitals.serial()[:16], vitals.reset_cause()
        temperature, supply = vitals.temperature(), vitals.supply_mv()
    except ImportError:
        pass  # a board that tells nothing of itself
    when, at = 0, wire.NO_TEMPERATURE
    try:
        with open("calibrated.json") as file:
            told = json.load(file)
        when, at = int(told["when"]), int(told["temperature"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        pass
    return wire.pack(wire.M_IDENTITY, len(serial), serial, reset, temperature, supply, when & 0xFFFFFFFF, at)
