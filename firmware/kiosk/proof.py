"""Proves to the host what this board says, and asks the host for proof, once the board was paired (PROTOCOL.md).

A board that was never paired has no file, and loads none of this.
"""

import hashlib
import json
import os
from array import array

import micropython

from kiosk import tag

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kiosk.parts import Bytes, Kernels

NONCE = 16
_LEAST_KEY = 16  # bytes
_LABEL = b"stillscan session 1"  # what the derived keys are for; another protocol has another
_HALF = 0x8000  # a sequence number that lies so far ahead lies behind


def stored(path: str) -> tuple[bytes, bytes] | None:
    """Id of 8 bytes and key as they were written at the pairing; None when there is no whole pairing."""
    try:
        with open(path) as file:
            found = json.load(file)
        scanner, key = bytes.fromhex(found["scanner"]), bytes.fromhex(found["key"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return (scanner, key) if len(scanner) == 8 and len(key) >= _LEAST_KEY else None


def hmac_sha256(key: bytes, message: bytes) -> bytes:
    """RFC 2104, for keys of at most 64 bytes; MicroPython has SHA-256 alone."""
    key = key + bytes(64 - len(key))
    inner = hashlib.sha256(bytes([byte ^ 0x36 for byte in key]))
    inner.update(message)
    outer = hashlib.sha256(bytes([byte ^ 0x5C for byte in key]))
    outer.update(inner.digest())
    digest: bytes = outer.digest()
    return digest


class _Session:
    """The keys of one session, and the last command that was proven in it."""

    def __init__(self, keys: bytes, sequence: int) -> None:
        self.sending = tag.words(keys[:16])
        self.receiving = tag.words(keys[16:])
        self.epoch = 0  # how often the host's sequence has begun anew
        self.last = sequence


class Proof:
    """The session that runs, and the one that was offered last."""

    def __init__(self, kernels: Kernels, scanner: bytes, key: bytes) -> None:
        self.scanner = scanner
        self._key = key
        self._matcher = tag.Matcher(kernels)
        self._now: _Session | None = None
        self._offered: _Session | None = None

    @property
    def running(self) -> bool:
        """Is there a session whose host has proven itself?"""
        return self._now is not None

    @property
    def sealing(self) -> array[int] | None:
        """The key of what is said in that session."""
        return None if self._now is None else self._now.sending

    def nonce(self) -> bytes:
        """Of a HELLO: never the same twice."""
        return os.urandom(NONCE)

    def offer(self, asked: bytes, answered: bytes, sequence: int) -> None:
        """A host has said HELLO (bodies of both HELLOs): its session begins when it proves a command."""
        both = bytes([len(asked)]) + asked + answered  # the length, so that nothing moves from one to the other
        self._offered = _Session(hmac_sha256(self._key, _LABEL + both), sequence)

    def accept(self) -> None:
        """The session that was offered last begins, and the former ends."""
        self._now = self._offered
        self._offered = None

    @micropython.native
    def proven(self, data: Bytes, n: int) -> bool:
        """Does the running session's host prove this command: ``data[:n]`` (room for the epoch, then frame, then tag)?

        True once for each command: what was proven before is not proven again. Allocates nothing.
        """
        return self._proven(self._now, data, n)

    def newly_proven(self, data: Bytes, n: int) -> bool:
        """Does the host that said HELLO last prove this command?"""
        return self._proven(self._offered, data, n)

    @micropython.native
    def _proven(self, session: _Session | None, data: Bytes, n: int) -> bool:
        if session is None or n < tag.EPOCH + 3 + tag.BYTES:
            return False
        sequence = data[tag.EPOCH + 1] | data[tag.EPOCH + 2] << 8
        ahead = (sequence - session.last) & 0xFFFF
        if ahead == 0 or ahead >= _HALF:
            return False
        epoch = session.epoch
        if sequence < session.last:
            epoch += 1
        tag.put_epoch(data, epoch)
        if not self._matcher.matches(session.receiving, data, n - tag.BYTES):
            return False
        session.epoch = epoch
        session.last = sequence
        return True
