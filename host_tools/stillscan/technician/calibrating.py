"""Calibration of a scanner's white strip, and when the next one is due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from kiosk import wire
from stillscan.errors import DeviceError
from stillscan.link.messages import Error, Identity, State
from stillscan.link.session import describe
from stillscan.technician.at_scanner import AtScanner, refused

_EVERY_DAYS = 365  # the yearly service
_DEGREES = 20.0  # of the chip against the calibration: the dark level moves by a few LSB
_CALIBRATE_MS = 6000.0  # PROTOCOL.md promises 3 s


def calibrate(at: AtScanner, now_s: int, person: str) -> dict[str, object]:
    """Measure and store. DeviceError: the glass is not empty, a part failed, or it could not be stored."""
    session = at.session
    session.send(wire.C_CALIBRATE, now_s, 0)
    end = session.transport.now_ms() + _CALIBRATE_MS
    while (left := end - session.transport.now_ms()) > 0:
        message = session.poll(left)
        if isinstance(message, Error):
            raise refused(session.transport.name, message)
        if isinstance(message, State) and message.state == wire.FAULT:
            raise DeviceError(f"{session.transport.name}: {describe(message)}")
        if isinstance(message, State) and message.state == wire.EMPTY:
            identity = at.identity()
            return {
                "calibrated": datetime.fromtimestamp(now_s, UTC).isoformat(),
                "person": person or None,
                "temperature_c": identity.temperature_c,
                "next": due(identity, at.counters()),
            }
    raise DeviceError(f"{session.transport.name}: the scanner did not answer to calibrate")


def due(identity: Identity, counters: tuple[int, ...]) -> str:
    """When the next calibration is due, and why."""
    if not identity.calibrated:
        return "due: the one in force was made by the scanner itself, nobody looked at its white strip"
    if identity.calibrated_at != wire.NO_TEMPERATURE and identity.temperature_c is not None:
        apart = identity.temperature_c - identity.calibrated_at / 100
        if abs(apart) > _DEGREES:
            return f"due: the scanner is {abs(apart):.0f} degrees {'warmer' if apart > 0 else 'colder'} than then"
    when = datetime.fromtimestamp(identity.calibrated, UTC) + timedelta(days=_EVERY_DAYS)
    return f"{when.date().isoformat()}, a year after the last, or when `scanner test` says so"
