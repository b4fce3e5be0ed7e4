"""Proves to the host what this board says, and asks the host for proof, once the board was paired (PROTOCOL.md).

The tags are Chaskey-12's (ISO/IEC 29192-6; Mouha, eprint 2015/1182), cut off after 64 bits. How one is made has to be
fast, and is a kernel (`kiosk.kernels`, `boards/rp2/kernels.py`). What it covers is a frame's type, sequence and body
behind its epoch: how often the sequence has begun anew, u32.
"""

import hashlib
import json
import os
from array import array

import micropython
from micropython import const

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kiosk.parts import Bytes, Kernels

    ptr8 = bytearray | memoryview  # viper's pointers into a buffer
    ptr32 = array[int] | memoryview

_EPOCH = const(4)  # bytes of it before a frame
_TAG = const(8)  # bytes: wire.TAG
_NONCE = const(16)  # bytes: of 2^64 HELLOs no two share one by chance
_WORDS = const(18)  # of a key: itself, doubled, doubled twice; then six for the kernel's work
_LEAST_KEY = const(16)  # bytes
_MOST_KEY = const(64)  # bytes: a block of SHA-256
_HALF = const(0x8000)  # a sequence number that lies so far ahead lies behind
_LABEL = b"stillscan session 1"  # what the derived keys are for; another protocol has another


def stored(path: str) -> tuple[bytes, bytes] | None:
    """Id of 8 bytes and key as they were written at the pairing; None when there is no whole pairing."""
    try:
        with open(path) as file:
            found = json.load(file)
        scanner, key = bytes.fromhex(found["scanner"]), bytes.fromhex(found["key"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return (scanner, key) if len(scanner) == 8 and _LEAST_KEY <= len(key) <= _MOST_KEY else None


def hmac_sha256(key: bytes, message: bytes) -> bytes:
    """RFC 2104, for keys of at most 64 bytes; MicroPython has SHA-256 alone."""
    key = key + bytes(64 - len(key))
    inner = hashlib.sha256(bytes([byte ^ 0x36 for byte in key]))
    inner.update(message)
    outer = hashlib.sha256(bytes([byte ^ 0x5C for byte in key]))
    outer.update(inner.digest())
    digest: bytes = outer.digest()
    return digest


def words(key: bytes) -> array[int]:
    """A key of 16 bytes as the kernel takes it."""
    made = array("I", key + bytes(4 * _WORDS - 16))
    _double(made, 0)
    _double(made, 4)
    return made


@micropython.viper
def _double(key: ptr32, at: int):
    """Twice the field element of four words at ``at``, behind it."""
    carry = (key[at + 3] >> 31) & 1
    key[at + 4] = (key[at] << 1) ^ (carry * 0x87)
    for i in range(1, 4):
        key[at + 4 + i] = (key[at + i] << 1) | ((key[at + i - 1] >> 31) & 1)


class Session:
    """The keys of one session, and the last command that was proven in it."""

    def __init__(self, keys: bytes, sequence: int) -> None:
        self.sending = words(keys[:16])
        self.receiving = words(keys[16:])
        self.epoch = 0  # how often the host's sequence has begun anew
        self.last = sequence


class Proof:
    """Sessions with hosts that hold the key."""

    def __init__(self, kernels: Kernels, scanner: bytes, key: bytes) -> None:
        self.scanner = scanner
        self._key = key
        self._kernels = kernels
        self._given = bytearray(_TAG)
        self.now: Session | None = None  # of a host that has proven itself
        self.offered: Session | None = None  # of the host that said HELLO last

    def nonce(self) -> bytes:
        """Of a HELLO: never the same twice."""
        return os.urandom(_NONCE)

    def offer(self, asked: bytes, answered: bytes, sequence: int) -> None:
        """A host has said HELLO (bodies of both HELLOs): its session begins when it proves a command."""
        both = bytes([len(asked)]) + asked + answered  # the length, so that nothing moves from one to the other
        self.offered = Session(hmac_sha256(self._key, _LABEL + both), sequence)

    def accept(self, session: Session) -> array[int]:
        """The session that was offered last begins, and the former ends; the key of what is sent in it."""
        self.now = session
        self.offered = None
        return session.sending

    @micropython.native
    def proven(self, session: Session | None, data: Bytes, n: int) -> bool:
        """Does the host of this session prove a command: ``data[:n]`` (room for the epoch, then frame, then tag)?

        True once for each command: what was proven before is not proven again. Allocates nothing.
        """
        if session is None or n < _EPOCH + 3 + _TAG:
            return False
        sequence = data[_EPOCH + 1] | data[_EPOCH + 2] << 8
        ahead = (sequence - session.last) & 0xFFFF
        if ahead == 0 or ahead >= _HALF:
            return False
        epoch = session.epoch
        if sequence < session.last:
            epoch += 1
        n -= _TAG
        given = self._given
        _set_aside(data, n, given, epoch)
        self._kernels.seal(session.receiving, data, n)
        if _differs(data, n, given):
            return False
        session.epoch = epoch
        session.last = sequence
        return True


@micropython.viper
def _set_aside(data: ptr8, n: int, given: ptr8, epoch: int):
    """The tag as it came, behind ``n`` bytes; the epoch goes before the frame."""
    for i in range(8):
        given[i] = data[n + i]
    for i in range(4):
        data[i] = epoch >> (i << 3)


@micropython.viper
def _differs(data: ptr8, n: int, given: ptr8) -> int:
    """0 for the same; it takes as long for another. The tag as it came is put back, for the next session to look at."""
    found = 0
    for i in range(8):
        found = found | (data[n + i] ^ given[i])
        data[n + i] = given[i]
    return found
