"""A scripted device that was paired: its frames have tags, made by the plain functions and not by the firmware."""

from __future__ import annotations

import struct
from collections.abc import Callable

from bench.scripted import HELLO, Scripted
from kiosk import wire
from stillscan.link.chaskey import tag
from stillscan.link.framing import Decoder, Frame, encode
from stillscan.link.pairing import Pairing
from stillscan.link.proof import session_keys

PAIRING = Pairing("0123456789abcdef", bytes(range(32)))
WIDTH = 1476
RESTING = (wire.EMPTY, 0, 0, 0, 0, 1234)


class PairedDevice(Scripted):
    """``tamper`` gets each frame that it says, before it goes out, and gives the bytes that do."""

    def __init__(self, pairing: Pairing = PAIRING, key: bytes | None = None, sequence: int = 0, epoch: int = 0) -> None:
        super().__init__(lambda device, frame: self._hear(frame))
        self.pairing = pairing
        self.sequence = sequence
        self.epoch = epoch
        self.said: list[bytes] = []
        self.proven: list[bool] = []
        self.tamper: Callable[[bytes], bytes] = lambda frame: frame
        self.hello: tuple[object, ...] = HELLO[:14]
        self.nonces = 0
        self._key = key or pairing.key
        self._keys: tuple[bytes, bytes] | None = None
        self._heard = 0

    def say_body(self, kind: int, body: bytes) -> None:
        if self._keys is not None and kind != wire.M_HELLO:
            body += tag(self._keys[0], _covered(self.epoch, kind, self.sequence, body))
        frame = encode(kind, self.sequence, body)
        self.said.append(frame)
        self.to_host += self.tamper(frame)
        self.sequence += 1
        if self.sequence == 0x10000:
            self.sequence, self.epoch = 0, self.epoch + 1

    def band(self, number: int, row: int | None = None, sweep: int = 9) -> None:
        """One line of a sweep."""
        row = number if row is None else row
        self.say(wire.M_BAND, sweep, number, row, 1, 4, 0, 0, 0, 100, 1, WIDTH, behind=bytes(WIDTH // 2))

    def begin(self, sweep: int = 9) -> None:
        """A sweep of all rows begins."""
        self.say(wire.M_SWEEP_BEGIN, sweep, 1, 0, 273, 0, 1)

    def _hear(self, frame: Frame) -> None:
        if frame.kind == wire.C_HELLO:
            self.nonces += 1
            hello = (*self.hello, bytes((self.nonces,)) * 16, bytes.fromhex(self.pairing.scanner), self.epoch)
            answer = wire.pack(wire.M_HELLO, *hello)
            self._keys = None
            self.say_body(wire.M_HELLO, answer)
            self._keys = session_keys(self._key, frame.body, answer)
            self._heard = frame.sequence
            return
        body, given = frame.body[:-8], frame.body[-8:]
        assert self._keys is not None
        self.proven.append(tag(self._keys[1], _covered(0, frame.kind, frame.sequence, body)) == given)
        if frame.kind == wire.C_SUBSCRIBE:
            self.say(wire.M_STATE, *RESTING)
        elif frame.kind == wire.C_INSTALLED:
            self.say(wire.M_INSTALLED, 1, 0, b"0011223344556677", b"", 0)


def _covered(epoch: int, kind: int, sequence: int, body: bytes) -> bytes:
    return struct.pack("<IBH", epoch, kind, sequence) + body


def rewritten(frame: bytes, change: Callable[[bytearray], object]) -> bytes:
    """A frame changed between its delimiters (type, sequence, body, tag), with a CRC that fits again."""
    (read,) = Decoder().feed(frame)
    plain = bytearray(struct.pack("<BH", read.kind, read.sequence) + read.body)
    change(plain)
    kind, sequence = struct.unpack_from("<BH", plain)
    made = encode(kind, sequence, bytes(plain[3:]))
    return made


def flipped(frame: bytes, bit: int) -> bytes:
    """One bit of a frame is another; the bits are counted from the type's lowest."""

    def flip(plain: bytearray) -> None:
        plain[bit // 8] ^= 1 << bit % 8

    return rewritten(frame, flip)


def bits(frame: bytes) -> int:
    """How many bits `flipped` may be asked for."""
    (read,) = Decoder().feed(frame)
    return 8 * (3 + len(read.body))
