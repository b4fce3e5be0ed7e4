"""What a device remembers of its whole life: counters, and events with the tracebacks of defects. Loaded when needed.

Counters lie in two files by turns, each with a number and a CRC-32: a power cut while one is written leaves the other.
Events lie in two files of at most 2 KiB: when one is full the older one begins anew. A record that was cut off does not
fit its CRC-32, and the ones behind it do.
"""

import binascii
import io
import os
import struct
import sys
import time

from micropython import const

from kiosk import wire
from kiosk.seldom import borrow

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kiosk.health import Health
    from kiosk.parts import Board

_COUNTERS = ("counters.a", "counters.b")
_FORM = f"<{1 + wire.COUNTERS_KEPT}I"  # a number that counts up, the counters
_EVENTS = ("events.a", "events.b")
_MOST = const(2048)  # bytes of a file of events
_NUMBERED = const(0)  # kinds of records, as those below
_STARTED = const(1)
_HAPPENED = const(2)
_DEFECT = const(3)
_MOST_BODY = const(248)  # bytes of a record
_MOST_TRACE = const(992)  # bytes of a traceback, its last ones: what was raised, and where
_KEPT_EVENTS = (wire.EV_ABORT, wire.EV_FAULT, wire.EV_CALIBRATED, wire.EV_SETTING, wire.EV_RECOVERED, wire.EV_SERVICE)
_CHUNK = const(1024)  # bytes in one answer


def counters(health: Health) -> list[int]:
    """All counters until now, in the order of wire.COUNTERS and what follows them."""
    return _added(_stored()[1], health)


def _stored() -> tuple[int, list[int]]:
    """Number and counters of the newest file that is whole; zeros when there is none."""
    best = 0
    kept = [0] * wire.COUNTERS_KEPT
    for path in _COUNTERS:
        content = _read(path)
        size = struct.calcsize(_FORM)
        if len(content) == size + 4 and content[size:] == _check(content[:size]):
            values = struct.unpack(_FORM, content[:size])
            if values[0] > best:
                best = values[0]
                kept = list(values[1:])
    return best, kept


def _added(kept: list[int], health: Health) -> list[int]:
    told = health.told
    now = [health.life[i] for i in range(wire.COUNTERS_KEPT)]
    now[wire.SWEEPS] = health.sweeps - told[0]
    now[wire.LINES_SENT] = health.lines - told[1]
    now[wire.LAMP_S] = (health.lit_ms() - told[2]) // 1000
    now[wire.POWERED_S] = time.ticks_diff(time.ticks_ms(), health.told_ms) // 1000
    return [(kept[i] + now[i]) & 0xFFFFFFFF for i in range(wire.COUNTERS_KEPT)]


def keep(health: Health, board: Board, defect: Exception | None = None) -> None:
    """Store what has come about since the last time. OSError: not all of it could be stored; it is tried again."""
    reset = wire.NO_RESET_CAUSE
    if not health.stores or not health.told[3]:
        try:
            reset = borrow("vitals").reset_cause()
        except ImportError:
            pass  # a board that tells nothing of itself
    if not health.stores:
        health.life[wire.WATCHDOG_RESETS] = int(reset == wire.WATCHDOG)
    number, kept = _stored()
    health.life[wire.STORES] = 1
    if defect is not None:
        health.life[wire.DEFECTS] += 1
    values = _added(kept, health)
    content = struct.pack(_FORM, number + 1, *values)
    with open(_COUNTERS[(number + 1) & 1], "wb") as file:
        file.write(content + _check(content))
    told = health.told
    told[0] = health.sweeps
    told[1] = health.lines
    told[2] += (health.lit_ms() - told[2]) // 1000 * 1000
    health.told_ms = time.ticks_add(health.told_ms, time.ticks_diff(time.ticks_ms(), health.told_ms) // 1000 * 1000)
    for i in range(wire.COUNTERS_KEPT):
        health.life[i] = 0
    health.stores += 1
    records = b"" if told[3] else _record(_STARTED, struct.pack("<IB", board.boot_id, reset))
    _append(records + _events(health) + _trace(defect))
    told[3] = health.logged


def _events(health: Health) -> bytes:
    """Records of what was noted since the last time and is worth keeping for years."""
    size = struct.calcsize(wire.LOG_ENTRY)
    news = health.log(health.logged - health.told[3])
    found = b""
    records = b""
    for at in range(0, len(news), size):
        if news[at + 4] in _KEPT_EVENTS:
            found += news[at : at + size]
        if len(found) == _MOST_BODY:
            records += _record(_HAPPENED, found)
            found = b""
    return records + (_record(_HAPPENED, found) if found else b"")


def _trace(defect: Exception | None) -> bytes:
    if defect is None:
        return b""
    text = io.StringIO()
    sys.print_exception(defect, text)
    said = text.getvalue().encode()[-_MOST_TRACE:]
    records = b""
    for at in range(0, len(said), _MOST_BODY):
        records += _record(_DEFECT, said[at : at + _MOST_BODY])
    return records


def _record(kind: int, body: bytes) -> bytes:
    head = bytes((kind, len(body))) + body
    return head + _check(head)


def _append(records: bytes) -> None:
    if not records:
        return
    older, newer, number = _files()
    if len(_read(newer)) + len(records) <= _MOST and number:
        mode = "ab"
    else:
        newer = older
        mode = "wb"
        records = _record(_NUMBERED, struct.pack("<I", number + 1)) + records[: _MOST - 10]
    with open(newer, mode) as file:
        file.write(records)


def _files() -> tuple[str, str, int]:
    """The older and the newer file of events, and the number of the newer one: 0 when there is none."""
    numbers = []
    for path in _EVENTS:
        head = _read(path)[:10]
        whole = len(head) == 10 and head[0] == _NUMBERED and head[6:] == _check(head[:6])
        numbers.append(struct.unpack("<I", head[2:6])[0] if whole else 0)
    newer = int(numbers[1] > numbers[0])
    return _EVENTS[1 - newer], _EVENTS[newer], numbers[newer]


def history(offset: int) -> tuple[int, bytes]:
    """How many bytes of events are stored, and those from ``offset`` on, the oldest first; no more than fit a frame."""
    older, newer, _ = _files()
    size = _size(older)
    content = _read(older, offset) if offset < size else _read(newer, offset - size)
    return size + _size(newer), content[:_CHUNK]


def _size(path: str) -> int:
    try:
        return min(os.stat(path)[6], 2 * _MOST)
    except OSError:
        return 0


def _read(path: str, offset: int = 0) -> bytes:
    try:
        with open(path, "rb") as file:
            file.seek(offset)
            content: bytes = file.read(2 * _MOST)
            return content
    except OSError:
        return b""


def _check(content: bytes) -> bytes:
    crc: int = binascii.crc32(content)
    return crc.to_bytes(4, "little")
