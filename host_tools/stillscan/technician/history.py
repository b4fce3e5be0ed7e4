"""The events of a scanner in plain words: its log since power-on, and what outlived power cuts (PROTOCOL.md)."""

from __future__ import annotations

import struct
import zlib
from typing import NamedTuple

from kiosk import wire
from stillscan.errors import one_line
from stillscan.link.messages import named

_START, _HAPPENED, _DEFECT = 1, 2, 3  # kinds of records that are told (PROTOCOL.md, Records of events)
_HEAD, _CHECK = 2, 4  # bytes before and behind the body of a record
_ENTRY = struct.Struct(wire.LOG_ENTRY)


class Told(NamedTuple):
    """One event. ``boot``: number of the start that it is of, counted from the oldest that is kept; 0: not known."""

    boot: int
    t_ms: int | None
    what: str
    detail: str


def records(data: bytes) -> list[tuple[int, bytes]]:
    """Kind and body of each whole record; what does not fit its CRC-32 is passed over, byte by byte."""
    found = []
    at = 0
    while at + _HEAD + _CHECK <= len(data):
        end = at + _HEAD + data[at + 1]
        if data[end : end + _CHECK] == zlib.crc32(data[at:end]).to_bytes(_CHECK, "little"):
            found.append((data[at], data[at + _HEAD : end]))
            at = end + _CHECK
        else:
            at += 1
    return found


def told(data: bytes) -> list[Told]:
    """All that is kept, the oldest first; kinds of a newer firmware are named by their number."""
    found = []
    boot = 0
    trace: list[bytes] = []
    for kind, body in records(data):
        if trace and kind != _DEFECT:
            found.append(_defect(boot, trace))
            trace = []
        if kind == _START and len(body) >= struct.calcsize("<IB"):
            boot += 1
            boot_id, reset = struct.unpack_from("<IB", body)
            found.append(Told(boot, None, "start", f"{named(wire.RESET_CAUSES, reset)}, number {boot_id:08x}"))
        elif kind == _HAPPENED:
            found += events(body, boot)
        elif kind == _DEFECT:
            trace.append(body)
        elif kind:
            found.append(Told(boot, None, f"kind {kind}", f"{len(body)} bytes of a newer firmware"))
    return found + ([_defect(boot, trace)] if trace else [])


def _defect(boot: int, trace: list[bytes]) -> Told:
    text = b"".join(trace).decode("utf-8", "replace")
    return Told(boot, None, "defect", " | ".join(one_line(line) for line in text.splitlines() if line.strip()))


def events(entries: bytes, boot: int = 0) -> list[Told]:
    """Log entries as LOG and records have them."""
    whole = len(entries) // _ENTRY.size * _ENTRY.size
    return [Told(boot, t_ms, *_words(*rest)) for t_ms, *rest in _ENTRY.iter_unpack(entries[:whole])]


def _words(event: int, detail: int, value: int) -> tuple[str, str]:
    what = named(wire.EVENTS, event)
    words = {
        wire.EV_STATE: f"{named(wire.STATES, detail)}, {named(wire.CAUSES, value & 0xFFFF)}",
        wire.EV_ABORT: f"{named(wire.CAUSES, detail)} at row {value}",
        wire.EV_FAULT: f"{named(wire.PARTS, detail)}: {named(wire.FAULTS, value & 0xFFFF)}",
        wire.EV_SETTING: f"number {detail} is {value}",
        wire.EV_HOST: f"protocol {detail}.{value}",
        wire.EV_SERVICE: "began" if detail else f"ended: {named(wire.SERVICE_ENDS, value & 0xFFFF)}",
        wire.EV_BOOT: "",
        wire.EV_CALIBRATED: "",
        wire.EV_RECOVERED: "",
    }
    return what, words.get(event, f"{detail}, {value}")
