"""Measures the flat-field at the white strip, and stores it. Loaded when that is asked for, or is needed."""

import json
import os
from array import array

from kiosk import wire
from kiosk.drivers.cis import WIDTH_PX
from kiosk.errors import PartError
from kiosk.flat_field import MOST_LIGHT, WHITE_OUT, sum_lines
from kiosk.seldom import borrow

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kiosk.drivers.cis import LineSensor
    from kiosk.drivers.lamp import Lamp
    from kiosk.flat_field import FlatField
    from kiosk.parts import Feed
    from kiosk.settings import Settings

_LINES = 16  # averaged: noise of 1.2 LSB falls to 0.3
_LEAST_LIGHT = 40  # LSB above dark in the middle of the line
_MOST_GAIN = 65535
_TOLD = "calibrated.json"


def store(flat_field: FlatField, when: int) -> None:
    """OSError when the file system is full; the old file is whole until the new one is. Needs no large buffer."""
    spare = flat_field.path + ".new"
    with open(spare, "wb") as file:
        file.write(flat_field.dark)
        file.write(flat_field.gain)
        file.write(flat_field.check())
    os.rename(spare, flat_field.path)
    _tell(when)


def _tell(when: int) -> None:
    """Of a calibration that was asked for: when, and how warm the chip was. The others have none of it."""
    if not when:
        try:
            os.remove(_TOLD)
        except OSError:
            pass  # there was none
        return
    try:
        temperature = borrow("vitals").temperature()
    except ImportError:
        temperature = wire.NO_TEMPERATURE  # a board that tells nothing of itself
    with open(_TOLD + ".new", "w") as file:
        json.dump({"when": when, "temperature": temperature}, file)
    os.rename(_TOLD + ".new", _TOLD)


def measure(flat_field: FlatField, sensor: LineSensor, lamp: Lamp, settings: Settings, feed: Feed) -> None:
    """Dark and white lines with the carriage at home, in 0.1 s; FAULT "no_light" or "too_bright" names the lamp."""
    total = array("H", bytes(2 * WIDTH_PX))
    lamp.off()
    sum_lines(sensor, settings.line, total, feed, _LINES)
    for i in range(WIDTH_PX):
        flat_field.dark[i] = (total[i] + _LINES // 2) // _LINES
        total[i] = 0
    lamp.on(settings.lamp, settings.infrared)
    try:
        sum_lines(sensor, settings.line, total, feed, _LINES)
    finally:
        lamp.off()
    middle = total[WIDTH_PX // 2] // _LINES
    if middle - flat_field.dark[WIDTH_PX // 2] < _LEAST_LIGHT:
        raise PartError(wire.LAMP, wire.NO_LIGHT)
    if middle > MOST_LIGHT:
        raise PartError(wire.LAMP, wire.TOO_BRIGHT)
    for i in range(WIDTH_PX):
        light = max(_LINES, total[i] - flat_field.dark[i] * _LINES)
        flat_field.gain[i] = min(_MOST_GAIN, (WHITE_OUT << 8) * _LINES // light)
