"""A row of a recording as the frame that it stands for; what was left out is empty, pixels are as the paper."""

from __future__ import annotations

import struct
from collections.abc import Callable

import numpy as np

from kiosk import wire
from stillscan.boards.settings import known
from stillscan.link.framing import MOST_BODY
from stillscan.recordings.rows import NUMBERS, Row, samples

_NO_SERIAL = (0, bytes(16))  # IDENTITY.serial is raw16 (PROTOCOL.md)
_NOT_PAIRED = (bytes(16), bytes(8), 0)  # nonce raw16, id raw8, epoch (PROTOCOL.md)


def frame(row: Row) -> tuple[int, bytes] | None:
    """Number and body of what the scanner said; None for a row that stands for nothing it said, or has other fields.

    No body is longer than a frame may be.
    """
    if not row[0].startswith("<"):
        return None
    kind, values = NUMBERS[row[0]], row[1:]
    special = _SPECIAL.get(kind)
    try:
        body = special(values) if special is not None else wire.pack(kind, *values)
    except (struct.error, ValueError, TypeError, IndexError):
        return None
    return (kind, body) if len(body) <= MOST_BODY else None


def _band(values: Row) -> bytes:
    *header, level = values
    pixels = int(header[3]) * int(header[10])
    if header[4] == 4:  # bits
        level, pixels = (level >> 4) * 17, pixels // 2
    return wire.pack(wire.M_BAND, *header) + bytes([level]) * pixels


def _hello(values: Row) -> bytes:
    board = str(values[5]).encode()
    return wire.pack(wire.M_HELLO, *values[:5], board, *values[6:], *_NOT_PAIRED)


def _setting(values: Row) -> bytes:
    number, value = values
    row = list(known().rows.values())[number]
    told = row.default if value is None else value
    return wire.pack(wire.M_SETTING, number, told, row.default, row.low, row.high, row.name.encode(), row.unit.encode())


def _installed(values: Row) -> bytes:
    slot, trial, build, failed, why = values
    return wire.pack(wire.M_INSTALLED, slot, trial, build.encode(), failed.encode(), why)


def _health(values: Row) -> bytes:
    if values[-2] is None:  # of firmware that is older than the field
        return wire.pack(wire.M_HEALTH, *values[:-2], 0, 0)[:-5]
    return wire.pack(wire.M_HEALTH, *values)


def _words(kind: int, fields: int) -> Callable[[Row], bytes]:
    """A count, and so many times ``fields`` numbers of 32 bits."""
    return lambda values: wire.pack(kind, len(values) // fields) + struct.pack(f"<{len(values)}I", *values)


def _line(values: Row) -> bytes:
    *header, level = values
    kept = samples(level, header[5]) if isinstance(level, str) else np.full(header[5], level, np.uint8)
    if kept is None:
        raise ValueError("a line without samples")
    return wire.pack(wire.M_LINE, *header) + kept.tobytes()


def _calibration(values: Row) -> bytes:
    return wire.pack(wire.M_CALIBRATION, *values[:5]) + struct.pack(f"<{len(values) - 5}H", *values[5:])


_SPECIAL: dict[int, Callable[[Row], bytes]] = {
    wire.M_BAND: _band, wire.M_HELLO: _hello, wire.M_SETTING: _setting, wire.M_INSTALLED: _installed,
    wire.M_HEALTH: _health, wire.M_LOG: _words(wire.M_LOG, 2), wire.M_COUNTERS: _words(wire.M_COUNTERS, 1),
    wire.M_IDENTITY: lambda values: wire.pack(wire.M_IDENTITY, *_NO_SERIAL, *values),
    wire.M_HISTORY: lambda values: wire.pack(wire.M_HISTORY, values[0], 0, 0),
    wire.M_LINE: _line, wire.M_CALIBRATION: _calibration,
}  # fmt: skip
"""Messages whose rows are not their fields one by one; see rows.of_message."""
