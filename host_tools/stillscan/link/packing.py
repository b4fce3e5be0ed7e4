"""A device's message as the body that it came in: how one program tells another what its scanner has said."""

from __future__ import annotations

import struct
from collections.abc import Callable

from kiosk import wire
from stillscan.link.messages import PLAIN, Band, Calibration, Counters, Health, History, Line, Log, Message

_KINDS = {made: kind for kind, made in PLAIN.items()}
_OLD_FIELDS = 14  # of a HEALTH of protocol 1.0, which has neither `streams` nor `boot_id`


def packed(message: Message) -> tuple[int, bytes] | None:
    """Its type and body, such that ``messages.parse`` makes it again (a band with 8 bits a pixel), or None."""
    if isinstance(message, Health):
        return wire.M_HEALTH, _health(message)
    kind = _KINDS.get(type(message))  # type: ignore[arg-type]
    if kind is not None:
        return kind, wire.pack(kind, *message)
    made = _WITH_DATA.get(type(message))
    return made(message) if made is not None else None


def _health(health: Health) -> bytes:
    if health.streams is None or health.boot_id is None:
        return wire.pack(wire.M_HEALTH, *health[:_OLD_FIELDS], 0, 0)[:-5]
    return wire.pack(wire.M_HEALTH, *health)


def _log(log: Log) -> tuple[int, bytes]:
    return wire.M_LOG, bytes((len(log.entries) // struct.calcsize(wire.LOG_ENTRY),)) + log.entries


def _counters(counters: Counters) -> tuple[int, bytes]:
    return wire.M_COUNTERS, struct.pack(f"<B{len(counters.values)}I", len(counters.values), *counters.values)


def _history(part: History) -> tuple[int, bytes]:
    return wire.M_HISTORY, wire.pack(wire.M_HISTORY, part.offset, part.total, len(part.data)) + part.data


def _line(line: Line) -> tuple[int, bytes]:
    return wire.M_LINE, wire.pack(wire.M_LINE, *line.header) + line.samples.tobytes()


def _band(band: Band) -> tuple[int, bytes]:
    return wire.M_BAND, wire.pack(wire.M_BAND, *band.header._replace(depth_bits=8)) + band.pixels.tobytes()


def _calibration(told: Calibration) -> tuple[int, bytes]:
    head = wire.pack(wire.M_CALIBRATION, told.when, told.temperature, told.former, told.strip, told.sensor)
    return wire.M_CALIBRATION, head + b"".join(struct.pack("<HH", *speck) for speck in told.specks)


_WITH_DATA: dict[type, Callable[..., tuple[int, bytes]]] = {
    Log: _log,
    Counters: _counters,
    History: _history,
    Line: _line,
    Band: _band,
    Calibration: _calibration,
}
