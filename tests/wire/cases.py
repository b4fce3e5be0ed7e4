"""Arbitrary bytes for decoders: mixtures that random bytes alone would never make."""

from __future__ import annotations

import random
from collections.abc import Callable

from kiosk import wire
from stillscan.link.framing import encode

from .golden import GOLDEN

_SHORT = [golden.frame for golden in GOLDEN if len(golden.frame) < 80]
_LONG = [golden.frame for golden in GOLDEN if len(golden.frame) >= 80]


def _frame(rng: random.Random) -> bytes:
    body = rng.randbytes(rng.choice((0, 1, 2, 4, 9, rng.randrange(40))))
    return encode(rng.choice((*wire.BODIES, rng.randrange(256))), rng.randrange(65536), body)


def _good(rng: random.Random) -> bytes:
    return rng.choice(_SHORT) if rng.random() < 0.5 else _frame(rng)


def _flipped(rng: random.Random) -> bytes:
    frame = bytearray(_good(rng))
    frame[rng.randrange(len(frame))] ^= 1 << rng.randrange(8)
    return bytes(frame)


def _truncated(rng: random.Random) -> bytes:
    frame = _good(rng)
    return frame[: rng.randrange(len(frame))]


def _beheaded(rng: random.Random) -> bytes:
    frame = _good(rng)
    return frame[rng.randrange(len(frame)) :]


def _joined(rng: random.Random) -> bytes:
    return _good(rng) + rng.choice((b"", b"\0", b"\r\n")) + _good(rng)


def _interleaved(rng: random.Random) -> bytes:
    frame = _good(rng)
    at = rng.randrange(len(frame))
    return frame[:at] + rng.randbytes(rng.randrange(1, 5)) + frame[at:]


def _noise(rng: random.Random) -> bytes:
    return rng.randbytes(rng.randrange(24))


def _delimiters(rng: random.Random) -> bytes:
    return bytes(rng.randrange(6)) + bytes((rng.randrange(4),)) * rng.randrange(4) + b"\0"


def _long(rng: random.Random) -> bytes:
    if rng.random() < 0.5:
        return rng.choice(_LONG)
    return bytes((rng.randrange(1, 256),)) * rng.choice((160, 161, 162, 163, 164, 300)) + b"\0" * rng.randrange(2)


_KINDS: tuple[tuple[Callable[[random.Random], bytes], int], ...] = (
    (_good, 20), (_flipped, 20), (_truncated, 12), (_beheaded, 12), (_joined, 8), (_interleaved, 12), (_noise, 12),
    (_delimiters, 8), (_long, 1),
)  # fmt: skip


def cases(count: int, seed: int) -> list[bytes]:
    """``count`` pieces of a stream, some of which only make sense together with the next."""
    rng = random.Random(seed)
    makers = rng.choices([maker for maker, _ in _KINDS], [weight for _, weight in _KINDS], k=count)
    return [maker(rng) for maker in makers]
