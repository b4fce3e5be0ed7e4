"""Chaskey-12 (ISO/IEC 29192-6; Mouha, eprint 2015/1182): tags of 64 bits, one at a time or of many messages at once.

A keyed function of 32-bit additions, rotations and exclusive ors, made for small chips. In numpy the messages lie side
by side, so that a step costs the same for one as for a whole sweep of bands.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from kiosk.wire import TAG

KEY = 16  # bytes, as of a block: so the standard has it
_BLOCK = 16  # bytes
_ROUNDS = 12  # the standard's; eight were the first proposal
_MASK = (1 << 128) - 1  # of a block
_WORD = 0xFFFFFFFF  # of 32 bits
_WORDS = struct.Struct("<4I")
_FEW = 7
"""Messages that are faster one by one: numpy takes about as long for any number below a hundred."""

Words = NDArray[np.uint32]


def tag(key: bytes, message: bytes) -> bytes:
    """The tag of one message, in plain Python: 17 us a block."""
    whole, last = _cut(message)
    state = _WORDS.unpack(key)
    for at in range(0, whole, _BLOCK):
        block = _WORDS.unpack_from(message, at)
        state = _permuted(*(a ^ b for a, b in zip(state, block, strict=True)))
    subkey = _WORDS.unpack(_subkey(key, len(message) > 0 and len(message) % _BLOCK == 0))
    state = _permuted(*(a ^ b ^ c for a, b, c in zip(state, _WORDS.unpack(last), subkey, strict=True)))
    return _WORDS.pack(*(a ^ b for a, b in zip(state, subkey, strict=True)))[:TAG]


def tags(key: bytes, messages: Sequence[bytes]) -> list[bytes]:
    """The tag of each message."""
    found = [b""] * len(messages)
    by_length: dict[int, list[int]] = {}
    for index, message in enumerate(messages):
        by_length.setdefault(len(message), []).append(index)
    for indices in by_length.values():
        alike = [messages[index] for index in indices]
        made = [tag(key, message) for message in alike] if len(alike) <= _FEW else _side_by_side(key, alike)
        for index, one in zip(indices, made, strict=True):
            found[index] = one
    return found


def _side_by_side(key: bytes, messages: Sequence[bytes]) -> list[bytes]:
    """Tags of messages of one length."""
    length = len(messages[0])
    padded = [message[:whole] + last for message in messages for whole, last in (_cut(message),)]
    words = np.frombuffer(b"".join(padded), "<u4").reshape(len(messages), -1, 4)
    # (block, pair, message) of words 0 and 2, and of 1 and 3: a round treats the words of a pair alike
    even = np.ascontiguousarray(words[:, :, 0::2].transpose(1, 2, 0)).astype(np.uint32)
    odd = np.ascontiguousarray(words[:, :, 1::2].transpose(1, 2, 0)).astype(np.uint32)
    subkey = np.frombuffer(_subkey(key, length > 0 and length % _BLOCK == 0), "<u4").astype(np.uint32)
    even[-1] ^= subkey[0::2, None]
    odd[-1] ^= subkey[1::2, None]
    first = np.frombuffer(key, "<u4").astype(np.uint32)
    a = np.repeat(first[0::2, None], len(messages), axis=1)
    b = np.repeat(first[1::2, None], len(messages), axis=1)
    _absorb(a, b, even, odd)
    a ^= subkey[0::2, None]
    b ^= subkey[1::2, None]
    both = np.stack((a[0], b[0]), axis=1).astype("<u4").tobytes()
    return [both[at : at + TAG] for at in range(0, len(both), TAG)]


def _absorb(a: Words, b: Words, even: Words, odd: Words) -> None:
    """Take block after block into the state (a: words 0 and 2, b: 1 and 3), in place: 13 calls a round."""
    left, right = (np.array(n, np.uint32)[:, None] for n in ([5, 8], [27, 24]))
    left_2, right_2 = (np.array(n, np.uint32)[:, None] for n in ([7, 13], [25, 19]))
    spare = np.empty_like(b)
    halves = [a[row].view(np.uint16).reshape(-1, 2) for row in range(2)]
    swapped = [half[:, ::-1] for half in halves]
    crossed_a, crossed_b = a[::-1], b[::-1]
    add, xor, up, down = np.add, np.bitwise_xor, np.left_shift, np.right_shift
    for block in range(len(even)):
        xor(a, even[block], out=a)
        xor(b, odd[block], out=b)
        for _ in range(_ROUNDS):
            add(a, b, out=a)
            up(b, left, out=spare)
            down(b, right, out=b)
            xor(b, spare, out=b)
            xor(b, a, out=b)
            halves[0][...] = swapped[0]  # numpy sees that they overlap
            add(a, crossed_b, out=a)
            up(b, left_2, out=spare)
            down(b, right_2, out=b)
            xor(b, spare, out=b)
            xor(b, crossed_a, out=b)
            halves[1][...] = swapped[1]


def _cut(message: bytes) -> tuple[int, bytes]:
    """Bytes in whole blocks before the last, and the last block, padded when it is not whole."""
    whole = max(0, len(message) - 1) // _BLOCK * _BLOCK
    last = message[whole:]
    return whole, last if len(last) == _BLOCK else last + b"\x01" + bytes(_BLOCK - 1 - len(last))


def _subkey(key: bytes, whole: bool) -> bytes:
    """The key doubled in GF(2^128), and once more when the last block was padded."""
    value = int.from_bytes(key, "little")
    for _ in range(1 if whole else 2):
        value = (value << 1 & _MASK) ^ (0x87 if value >> 127 else 0)
    return value.to_bytes(_BLOCK, "little")


def _permuted(v0: int, v1: int, v2: int, v3: int) -> tuple[int, int, int, int]:
    for _ in range(_ROUNDS):  # words are turned in place: a call for each takes as long again
        v0 = v0 + v1 & _WORD
        v1 = (v1 << 5 & _WORD | v1 >> 27) ^ v0
        v0 = v0 << 16 & _WORD | v0 >> 16
        v2 = v2 + v3 & _WORD
        v3 = (v3 << 8 & _WORD | v3 >> 24) ^ v2
        v0 = v0 + v3 & _WORD
        v3 = (v3 << 13 & _WORD | v3 >> 19) ^ v0
        v2 = v2 + v1 & _WORD
        v1 = (v1 << 7 & _WORD | v1 >> 25) ^ v2
        v2 = v2 << 16 & _WORD | v2 >> 16
    return v0, v1, v2, v3
