"""Which board this is and how it fares. Loaded when somebody asks; what the chip tells is in the board's `vitals`."""

import json
import os
import struct

from kiosk import wire
from kiosk.seldom import borrow

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

TOLD = "calibrated.json"  # what was noted of calibrations, by the check of their flat-field
_IN_FORCE = "reference.bin"
_FORMER = ("reference.bin.old", "reference.bin.back")  # the second: power was lost while one was brought back


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
    former = any([_there(path) for path in _FORMER])
    head = wire.pack(
        wire.M_CALIBRATION, told["when"] & 0xFFFFFFFF, told["temperature"], int(former), len(strip), len(sensor)
    )
    return head + specks


def _told() -> dict[str, Any]:
    """What was noted of the one in force; a calibration that the device made by itself has nothing of it."""
    return told_of(check_of(_IN_FORCE))


def check_of(path: str) -> str:
    """The check at the end of a stored flat-field; "" when there is none."""
    try:
        with open(path, "rb") as file:
            file.seek(-4, 2)
            check: bytes = file.read()
            return check.hex()
    except OSError:
        return ""


def told_of(check: str) -> dict[str, Any]:
    """What was noted of the calibration whose flat-field has this check."""
    found: dict[str, Any] = {"when": 0, "temperature": wire.NO_TEMPERATURE, "strip": [], "sensor": []}
    try:
        with open(TOLD) as file:
            told = json.load(file)[check]
        whole = {name: type(kind)(told[name]) for name, kind in found.items()}
        for speck in whole["strip"] + whole["sensor"]:
            first, pixels = speck
            struct.pack("<HH", first, pixels)
        struct.pack("<h", whole["temperature"])
        return whole
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError):
        return found


def _there(path: str) -> bool:
    try:
        os.stat(path)
    except OSError:
        return False
    return True
