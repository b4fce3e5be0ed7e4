"""Proof, in a session of paired ends, that a frame comes from the other end and is no repetition (PROTOCOL.md)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from typing import NamedTuple

from kiosk.wire import TAG
from stillscan.link.chaskey import KEY, tag, tags
from stillscan.link.framing import Frame
from stillscan.link.messages import Band

NONCE = 16
"""Bytes: by chance no two of 2^64 sessions share one."""
_LABEL = b"stillscan session 1"


class Sealed(NamedTuple):
    """A band whose tag is still to be verified: what the tag covers, the tag, and its place in the session."""

    band: Band
    covered: bytes
    tag: bytes
    counter: int


class Proof:
    """The keys of one session, from the pairing's key and the bodies of both HELLOs.

    ``answered`` is the frame of the scanner's HELLO as it came, ``epoch`` what it says.
    """

    def __init__(self, key: bytes, asked: bytes, answered: Frame, epoch: int) -> None:
        keys = session_keys(key, asked, answered.body)
        self._of_scanner, self._of_host = keys
        self._verified = epoch << 16 | answered.sequence  # frames of the scanner, counted without end
        self._last_band = -1
        self._sent = 0

    def seal(self, kind: int, sequence: int, body: bytes) -> bytes:
        """The body of a command with its tag. Call it for every command in the order of sending."""
        self._sent = _following(self._sent, sequence)
        return body + tag(self._of_host, _covered(self._sent, kind, sequence, body))

    def open(self, frame: Frame) -> bytes | None:
        """The body of a frame that proves itself; None for any other, and for one that was opened before."""
        body, covered, given, counter = self._parts(frame)
        if not hmac.compare_digest(tag(self._of_scanner, covered), given):
            return None
        self._verified = max(self._verified, counter)
        return body

    def unopened(self, frame: Frame) -> tuple[bytes, bytes, bytes, int]:
        """Body, covered bytes, tag and counter of a frame that is verified later, with others."""
        return self._parts(frame)

    def prove(self, bands: Sequence[Sealed]) -> list[bool]:
        """Which of these bands, in the order of their coming, prove themselves and came for the first time."""
        proven = []
        for sealed, right in zip(bands, tags(self._of_scanner, [each.covered for each in bands]), strict=True):
            good = hmac.compare_digest(sealed.tag, right) and sealed.counter > self._last_band
            if good:
                self._last_band = sealed.counter
            proven.append(good)
        self._verified = max(self._verified, self._last_band)
        return proven

    def _parts(self, frame: Frame) -> tuple[bytes, bytes, bytes, int]:
        cut = max(0, len(frame.body) - TAG)
        body, given = frame.body[:cut], frame.body[cut:]
        counter = _following(self._verified, frame.sequence)
        return body, _covered(counter, frame.kind, frame.sequence, body), given, counter


def session_keys(key: bytes, asked: bytes, answered: bytes) -> tuple[bytes, bytes]:
    """Keys of a session, for the scanner's frames and for the host's: HMAC-SHA-256 over all that both HELLOs said."""
    both = hmac.digest(key, _LABEL + bytes((len(asked),)) + asked + answered, hashlib.sha256)
    return both[:KEY], both[KEY:]


def _following(counter: int, sequence: int) -> int:
    """The first count beyond ``counter`` whose low 16 bits are ``sequence``."""
    return counter + ((sequence - counter - 1) & 0xFFFF) + 1


def _covered(counter: int, kind: int, sequence: int, body: bytes) -> bytes:
    """What a tag covers: how often the sequence has begun anew, and the frame up to the tag."""
    return (counter >> 16).to_bytes(4, "little") + bytes((kind,)) + sequence.to_bytes(2, "little") + body
