"""Frames of wire protocol 1: COBS between zero bytes, CRC-32, type and sequence number.

The board's own framing is ``kiosk.link``; golden frames and a differential fuzz test hold the two together.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, field
from typing import NamedTuple

from kiosk import wire

_HEAD = struct.Struct("<BH")
_CRC = struct.Struct("<I")
MOST_BODY = wire.MAX_FRAME - _HEAD.size - _CRC.size
"""Bytes of the longest body."""
_LONGEST = wire.MAX_FRAME + wire.MAX_FRAME // 254 + 1  # stuffed


class Frame(NamedTuple):
    """A frame whose CRC was right."""

    kind: int
    sequence: int
    body: bytes


def stuff(data: bytes) -> bytes:
    """COBS: no zero byte in the result, at most one byte in 254 more."""
    out = bytearray()
    for block in data.split(b"\0"):
        while len(block) >= 254:
            out += b"\xff" + block[:254]
            block = block[254:]
        out += bytes((len(block) + 1,)) + block
    return bytes(out)


def unstuff(data: bytes) -> bytes | None:
    """COBS undone; None when ``data`` is not COBS."""
    out = bytearray(data)
    full = []  # where blocks of 254 bytes begin: no zero stood behind the one before
    at, code, end = 0, 255, len(data)
    while at < end:
        if code == 255:
            full.append(at)
        code = out[at]
        if not code:
            return None
        out[at] = 0  # what it stands for, but at the beginning and after a full block
        at += code
    if at != end:
        return None
    for at in reversed(full):
        del out[at]
    return bytes(out)


def encode(kind: int, sequence: int, body: bytes) -> bytes:
    """The bytes of one frame, delimiters included. ValueError when the body is too long for the protocol."""
    if len(body) > MOST_BODY:
        raise ValueError("body too long for a frame")
    plain = _HEAD.pack(kind, sequence & 0xFFFF) + body
    return b"\0" + stuff(plain + _CRC.pack(zlib.crc32(plain))) + b"\0"


@dataclass
class Decoder:
    """Bytes in, frames out; whatever is damaged is counted and skipped up to the next zero byte."""

    bad_crc: int = 0
    bad_frame: int = 0
    oversized: int = 0
    _rest: bytearray = field(default_factory=bytearray)
    _dropping: bool = False

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that ``data`` completes. Keeps at most one frame's bytes."""
        *complete, rest = data.split(b"\0")
        frames = []
        for piece in complete:
            frame = self._take(bytes(self._rest) + piece if self._rest else piece)
            self._rest.clear()
            self._dropping = False
            if frame is not None:
                frames.append(frame)
        if not self._dropping:
            self._rest += rest
            if len(self._rest) > _LONGEST:
                self._rest.clear()
                self._dropping = True
                self.oversized += 1
        return frames

    def _take(self, stuffed: bytes) -> Frame | None:
        if self._dropping or not stuffed:
            return None
        if len(stuffed) > _LONGEST:
            self.oversized += 1
            return None
        plain = unstuff(stuffed)
        if plain is None or len(plain) < wire.OVERHEAD:
            self.bad_frame += 1
            return None
        if _CRC.unpack(plain[-4:])[0] != zlib.crc32(plain[:-4]):
            self.bad_crc += 1
            return None
        kind, sequence = _HEAD.unpack_from(plain)
        return Frame(kind, sequence, plain[_HEAD.size : -4])
