"""A look at the white strip and at the empty glass, row by row, by a carriage that stands still for each row."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kiosk import wire
from stillscan.errors import DeviceError
from stillscan.link.messages import Value, named
from stillscan.technician.at_scanner import HERE, HOME, AtScanner

Floats = NDArray[np.float64]

_DARK, _INFRARED = 0, 2  # MEASURE.lamp; scans are made with near infrared
_DARK_LINES = 48  # as the test takes: the mean's noise is a seventh of a line's
_STALE = 2  # lines that hold light of before the lamp was switched (PROTOCOL.md)
_LINES = 4  # of each row: halves the noise; with the stale ones 18 ms
_STEPS = 4  # of a row: 0.085 mm, so a speck of 0.2 mm is met twice
_BEHIND_HOME = -10  # steps at which the look begins: as far behind the switch as single steps go, less a few
_BEFORE, _AWAY = -1, 1  # MEASURE.place of STEPS: towards home, and away from it
_TRIES = 3  # of a row: a cable with bit errors loses one frame in fifty


class Look(NamedTuple):
    """``light`` (rows, width) in LSB above the dark level; ``y_mm`` (rows,) heights on the glass, highest first."""

    light: Floats
    y_mm: Floats
    pitch_mm: float


def look(at: AtScanner, progress: Callable[[int], None] = lambda _: None) -> Look:
    """From behind home to the last row, the parts being the technician's; ``progress`` gets per cents.

    DeviceError: a part failed, something lies on the glass, or the scanner went away.
    """
    hello = at.session.hello
    if hello is None:
        raise AssertionError("the session is open")
    pitch_mm = hello.pitch_nm / 1e6
    rows: list[Floats] = []
    places: list[int] = []
    with at.service():
        last = at.row0_steps + _STEPS * hello.rows
        dark = at.lines(_DARK_LINES, HOME, _DARK)[1][_STALE:].mean(axis=0)
        place = _stepped(at, _BEFORE, -_BEHIND_HOME, 0)
        while True:
            rows.append(_row(at) - dark)
            places.append(place)
            progress(100 * (place - _BEHIND_HOME) // (last - _BEHIND_HOME))
            if place + _STEPS > last:
                break
            place = _stepped(at, _AWAY, _STEPS, place)
    heights = (last - np.array(places, dtype=np.float64)) * pitch_mm / _STEPS
    return Look(np.stack(rows), heights, pitch_mm)


def _row(at: AtScanner) -> Floats:
    for _ in range(_TRIES):
        lines, samples = at.lines(_STALE + _LINES, HERE, _INFRARED)
        fresh = np.array([line.header.number >= _STALE for line in lines])
        if fresh.any():
            mean: Floats = samples[fresh].mean(axis=0)
            return mean
    raise DeviceError(f"{at.session.transport.name}: no lines: its cable loses frames")


def _stepped(at: AtScanner, direction: int, count: int, from_place: int) -> int:
    """Where the carriage stands afterwards, in steps below the home switch's edge."""
    values, end = at.measure(wire.STEPS, count, direction)
    if end.part:
        what = f"{named(wire.PARTS, end.part)}: {named(wire.FAULTS, end.fault)}"
        raise DeviceError(f"{at.session.transport.name}: the carriage did not go on: {what}")
    told = [value for value in values if isinstance(value, Value)]
    if told:  # frames may be lost: each says where the carriage stood, and the end how far it came
        return told[-1].value + direction * max(0, end.reached - 1 - told[-1].number)
    if end.reached:
        return from_place + direction * end.reached
    raise DeviceError(f"{at.session.transport.name}: the carriage did not go on: it stands at its end")
