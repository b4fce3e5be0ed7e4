"""Chaskey-12 on both ends: the published vectors, and that all the ways to a tag come to the same one.

The vectors are those of the reference implementation (N. Mouha, chaskey12.c, 2015, in the public domain): the first 64
bits of the tags of the messages 00, 00 01, 00 01 02 ... under the key 00 11 22 ... ff.
"""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillscan.link import chaskey

from .board import run_on_board

KEY = bytes(0x11 * i for i in range(16))
_PUBLISHED = """
    dd3e1849d6824555 ed1da89ec93179ca 98fe20a343cd666f f6f418acdd7d9fa1 4cf04960099949f3 75c83252653d3b57
    964b0461fbe92273 141fa08bbf399636 412d98ed936d4ab2 fb0d98bc70e305f9 36f88e1fda86c8ab 4d1a1815868a5aa8
    7a7912c1999eae81 9ca11137b4a34601 7905142f3be77e67 6a3ee3d35c043397 d13970d7be9b2350 32acd914bfda3bc8
    8a58d816cb7a1483 03f4d66638efad8d f9932237ff05e831 f5fedb134862b471 8bb55486f38d57ea 8a3acb94b5ad591c
    7ce3708723f7495f f42f3d2f405710c2 b3933a167e5636ac 899a7945423a5e1b 65e12df5a695fac8 b82449d8c8a06ae9
    a850dfbadefa4229 fd42c39d08ab71a0 b465c2412610bf84 89c4a9ddb53e6991 5a9af91eb095d331 8e54914c151e46b0
    fab8ab0b5beaaec6 60ad906acd06c823 6b1e6bc2426dad17 90328fd259889a8f f0f7815ee6f3d516 97e7e2cebea826b8
    b0fa1845f72a76d6 a468bdfcdf0aa9c7 da84e11338387da7 b30d5ead8e39f2bc 178a43d2a008503e 6dfaa705a8a06c70
    aa047f07c5ae8db4 305bbb420c5d5ecc 0832803159750f49 9080254fb79bab1a 61c285ca245774a4 2aae035cfb61f97a
    f5289075c9ab39e5 e65c423732dae795 4b22cf0d9da8de3d 2626ea2fa1f9abcf d1e17e6ec4a88da6 1657442827ff640a
    fd155a40df15f630 ffeb596f299f58b2 be4ee4ed3975df87 fc7f9df7991b87bc
"""
VECTORS = [bytes.fromhex(text) for text in _PUBLISHED.split()]
MESSAGES = [bytes(range(length)) for length in range(64)]
BAND = 4 + 3 + 20 + 738  # bytes that the tag of a band covers: epoch, head of the frame, head of the band, 1476 pixels


def test_published_vectors() -> None:
    assert len(VECTORS) == 64
    assert [chaskey.tag(KEY, message) for message in MESSAGES] == VECTORS
    assert chaskey.tags(KEY, MESSAGES) == VECTORS


def test_published_vectors_side_by_side() -> None:
    """Of messages of one length the tags are made by numpy, many at a time."""
    for message, vector in zip(MESSAGES, VECTORS, strict=True):
        assert chaskey.tags(KEY, [message] * 5) == [vector] * 5


@pytest.mark.slow
@given(st.binary(min_size=16, max_size=16), st.lists(st.binary(max_size=50), max_size=30))
def test_many_at_once_are_as_one_by_one(key: bytes, messages: list[bytes]) -> None:
    assert chaskey.tags(key, messages) == [chaskey.tag(key, message) for message in messages]


def test_a_sweep_of_bands_at_once() -> None:
    rng = random.Random(1)
    bands = [rng.randbytes(BAND) for _ in range(274)]
    made = chaskey.tags(KEY, bands)
    assert len(set(made)) == 274
    for index in rng.sample(range(274), 20):
        assert made[index] == chaskey.tag(KEY, bands[index])


@pytest.mark.process
def test_the_board_comes_to_the_same(tmp_path: Path) -> None:
    """The published vectors, and messages of every length up to a band's, with keys that need the carry."""
    rng = random.Random(2)
    cases = [(KEY, message) for message in MESSAGES[1:]]
    cases += [(rng.randbytes(16), rng.randbytes(length)) for length in (*range(1, 70), 255, 256, 257, BAND, 1503)]
    cases += [(bytes(15) + b"\x80", b"a"), (b"\xff" * 16, b"\xff" * 32), (bytes(16), bytes(16))]
    path: Path = tmp_path / "cases.json"
    path.write_text(json.dumps([[key.hex(), message.hex()] for key, message in cases]))
    rows = [json.loads(line) for line in run_on_board("board_chaskey.py", str(path))]
    assert [bytes.fromhex(row["tag"]) for row in rows] == [chaskey.tag(key, message) for key, message in cases]
    assert [bytes.fromhex(row["tag"]) for row in rows[:63]] == VECTORS[1:]
    assert all(row["matches"] for row in rows)
    assert not any(row["flipped"] for row in rows), "one bit of message or tag is another"
