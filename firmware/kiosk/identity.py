"""Which board this is and how it fares. Loaded when somebody asks; what the chip tells is in the board's `vitals`."""

import json
import os
import struct

from kiosk import wire
from kiosk.seldom import borrow

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_FORMER = "reference.bin.old"


def body() -> bytes:
    """The body of an IDENTITY. Needs the converter that the line sensor has while a sweep runs."""
    serial, reset, temperature, supply = b"", wire.NO_RESET_CAUSE, wire.NO_TEMPERATURE, 0
    try:
        vitals = borrow("vitals")
        serial, reset = vitals.serial()[:16], vitals.reset_cause()
        temperature, supply = vitals.temperature(), vitals.supply_mv()
    except ImportError:
        pass  # a board that tells nothing of itself
    told = _told()
    when, at = told["when"], told["temperature"]
    return wire.pack(wire.M_IDENTITY, len(serial), serial, reset, temperature, supply, when & 0xFFFFFFFF, at)


def calibration() -> bytes:
    """The body of a CALIBRATION."""
    told = _told()
    strip, sensor = told["strip"], told["sensor"]
    specks = b""
    for first, pixels in strip + sensor:
        specks += struct.pack("<HH", first & 0xFFFF, pixels & 0xFFFF)
    head = wire.pack(
        wire.M_CALIBRATION, told["when"] & 0xFFFFFFFF, told["temperature"], _there(_FORMER), len(strip), len(sensor)
    )
    return head + specks


def _told() -> dict[str, Any]:
    """What was noted when somebody calibrated; a calibration that the device made by itself has nothing of it."""
    found: dict[str, Any] = {"when": 0, "temperature": wire.NO_TEMPERATURE, "strip": [], "sensor": []}
    try:
        with open("calibrated.json") as file:
            told = json.load(file)
        whole = {name: type(kind)(told[name]) for name, kind in found.items()}
        for speck in whole["strip"] + whole["sensor"]:
            first, pixels = speck
            struct.pack("<HH", first, pixels)
        struct.pack("<h", whole["temperature"])
        return whole
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError):
        return found


def _there(path: str) -> int:
    try:
        os.stat(path)
    except OSError:
        return 0
    return 1
