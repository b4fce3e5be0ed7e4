"""Calibration of a scanner's white strip, what dirt it found, and when the next one is due."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from kiosk import wire
from stillscan.errors import DeviceError, InputError
from stillscan.link.messages import Calibration, Error, Identity, State
from stillscan.link.session import describe
from stillscan.technician.at_scanner import AtScanner, refused
from stillscan.technician.calibrations import EVERY_DAYS

_DEGREES = 20.0  # of the chip against the calibration: the dark level moves by a few LSB
_CALIBRATE_MS = 6000.0  # PROTOCOL.md promises 3 s
_PX_PER_MM = 300 / 25.4  # of the line sensor
_WIDE_MM = 1.0  # a speck on the sensor that is wider hides a stroke of print in every line


def calibrate(at: AtScanner, now_s: int, *, back: bool = False) -> dict[str, object]:
    """Measure and store, or ``back`` to the former one; what `scanner calibrate --json` says.

    InputError: there is no former one. DeviceError: the glass is not empty, a part failed, or it could not be stored.
    """
    session = at.session
    if back and not at.ask(Calibration, wire.C_CALIBRATION).former:
        raise InputError(f"{session.transport.name}: there is no former calibration to go back to")
    session.send(wire.C_CALIBRATE, now_s, int(back))
    end = session.transport.now_ms() + _CALIBRATE_MS
    while (left := end - session.transport.now_ms()) > 0:
        message = at.poll(left)
        if isinstance(message, Error) and back and message.code == wire.E_FAILED:
            raise DeviceError(f"{session.transport.name}: the former calibration is damaged: the present one stays")
        if isinstance(message, Error):
            raise refused(session.transport.name, message)
        if isinstance(message, State) and message.state == wire.FAULT:
            raise DeviceError(f"{session.transport.name}: {describe(message)}")
        if isinstance(message, State) and message.state == wire.EMPTY:
            return _told(at)
    raise DeviceError(f"{session.transport.name}: the scanner did not answer to calibrate")


def _told(at: AtScanner) -> dict[str, object]:
    told = at.ask(Calibration, wire.C_CALIBRATION)
    identity = at.identity()
    strip, sensor = told.specks[: told.strip], told.specks[told.strip :]
    return {
        "calibrated": datetime.fromtimestamp(told.when, UTC).isoformat() if told.when else None,
        "temperature_c": identity.temperature_c,
        "former": bool(told.former),
        "strip": [_speck(*one) for one in strip],
        "sensor": [_speck(*one) for one in sensor],
        "next": due(identity),
        "advice": advice([pixels for _, pixels in strip], [pixels for _, pixels in sensor]),
    }


def _speck(first: int, pixels: int) -> dict[str, float]:
    """Where its middle is, and how wide."""
    return {"x_mm": round((first + pixels / 2) / _PX_PER_MM, 1), "size_mm": round(pixels / _PX_PER_MM, 2)}


def advice(strip: list[int], sensor: list[int]) -> str | None:
    """What to do about specks of so many pixels on the strip and on the sensor; None: nothing."""
    if any(pixels / _PX_PER_MM > _WIDE_MM for pixels in sensor):
        return "wipe the sensor's own glass: a speck there is wide enough to hide print in every line; then calibrate"
    if sensor:
        return "specks on the sensor are made up for where light passes them: wipe its own glass at the next service"
    return "wipe the white strip at the next service; its specks are made up for" if strip else None


class Due(NamedTuple):
    """``because``: one of DUE_BECAUSE; ``day`` from which on it is due, None: it is now; by how many ``degrees``."""

    because: str
    day: date | None = None
    degrees: float = 0.0


NEVER, TEMPERATURE, YEAR = DUE_BECAUSE = ("never", "temperature", "year")


def next_calibration(identity: Identity) -> Due:
    """When the next calibration of the white strip is due, and why."""
    if not identity.calibrated:
        return Due(NEVER)
    if identity.calibrated_at != wire.NO_TEMPERATURE and identity.temperature_c is not None:
        apart = identity.temperature_c - identity.calibrated_at / 100
        if abs(apart) > _DEGREES:
            return Due(TEMPERATURE, None, apart)
    return Due(YEAR, (datetime.fromtimestamp(identity.calibrated, UTC) + timedelta(days=EVERY_DAYS)).date())


def due(identity: Identity) -> str:
    """The same in words."""
    found = next_calibration(identity)
    if found.because == NEVER:
        return "due: the one in force was made by the scanner itself, nobody looked at its white strip"
    if found.because == TEMPERATURE:
        warmer = "warmer" if found.degrees > 0 else "colder"
        return f"due: the scanner is {abs(found.degrees):.0f} degrees {warmer} than then"
    return f"{found.day}, a year after the last, or when `scanner test` says so"
