"""Damaged and hostile streams. Run by hand with another seed: STILLSCAN_FUZZ_SEED=7 pytest tests/wire/test_fuzz.py"""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path

import pytest

from kiosk import wire
from stillscan.link import framing
from stillscan.link.framing import Decoder
from stillscan.link.messages import parse

from .board import run_on_board
from .cases import cases
from .golden import GOLDEN

COUNT = 100_000
SEED = int(os.environ.get("STILLSCAN_FUZZ_SEED", "1"))


@pytest.fixture(scope="module")
def stream() -> list[bytes]:
    return [*cases(COUNT, SEED), b"\0\0"]


@pytest.mark.process
def test_both_decoders_accept_the_same(stream: list[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The host's decoder with the board's room for a frame, and the board's link: frame for frame, count for count."""
    monkeypatch.setattr(framing, "_LONGEST", wire.MAX_COMMAND + 2)
    decoder = Decoder()
    accepted = []
    for piece in stream:
        accepted += [f"{f.kind} {f.sequence} {zlib.crc32(f.body)}" for f in decoder.feed(piece)]
    path = tmp_path / "stream.bin"
    path.write_bytes(b"".join(stream))
    *board, counters = run_on_board("board_fuzz.py", str(path))
    assert board == accepted
    # A frame whose body is too short for CREDIT is the link's affair, not the decoder's.
    _, bad_crc, bad_frame, oversized, frames_in = counters.split()
    assert (int(bad_crc), int(oversized), int(frames_in)) == (decoder.bad_crc, decoder.oversized, len(accepted))
    assert int(bad_frame) - decoder.bad_frame == _short_credits(stream)
    assert decoder.bad_crc > COUNT // 10
    assert decoder.bad_frame > COUNT // 10
    assert decoder.oversized > COUNT // 1000
    assert len(accepted) > COUNT // 10


def _short_credits(stream: list[bytes]) -> int:
    frames = Decoder().feed(b"".join(stream))
    return sum(frame.kind == wire.C_CREDIT and len(frame.body) < 4 for frame in frames)


@pytest.mark.slow
def test_host_survives_everything(stream: list[bytes]) -> None:
    """Decoder and parser at full length: only ValueError, and no frame that was not sent."""
    decoder = Decoder()
    parsed = malformed = unknown = 0
    for piece in stream:
        for frame in decoder.feed(piece):
            try:
                message = parse(frame.kind, frame.body)
            except ValueError:
                malformed += 1
            else:
                parsed += message is not None
                unknown += message is None
    assert min(parsed, malformed, unknown) > COUNT // 100


@pytest.mark.slow
def test_how_a_stream_is_cut_does_not_matter(stream: list[bytes]) -> None:
    data = b"".join(stream[:3000])
    whole, pieces, bytewise = Decoder(), Decoder(), Decoder()
    expected = whole.feed(data)
    assert [f for at in range(0, len(data), 61) for f in pieces.feed(data[at : at + 61])] == expected
    assert [f for at in range(len(data)) for f in bytewise.feed(data[at : at + 1])] == expected
    assert whole == pieces == bytewise


def test_a_frame_after_garbage_is_received() -> None:
    """Resynchronisation costs nothing but the damaged frames themselves."""
    good = next(golden for golden in GOLDEN if golden.name == "state")
    for piece in cases(2000, SEED + 1):
        decoder = Decoder()
        decoder.feed(piece)
        received = decoder.feed(good.frame)
        assert (received[-1].kind, received[-1].body) == (good.kind, good.body)


def test_oversized_runs_take_no_room() -> None:
    decoder = Decoder()
    for _ in range(1000):
        assert decoder.feed(b"\x01" * 1000) == []
    assert len(decoder._rest) <= framing._LONGEST
    assert decoder.oversized == 1
    good = next(golden for golden in GOLDEN if golden.name == "error")
    assert len(decoder.feed(good.frame)) == 1


def test_every_flipped_bit_and_every_cut_is_noticed() -> None:
    good = next(golden.frame for golden in GOLDEN if golden.name == "abort")
    for bit in range(8 * len(good)):
        damaged = bytearray(good)
        damaged[bit // 8] ^= 1 << bit % 8
        received = Decoder().feed(bytes(damaged) + b"\0")
        # A delimiter that is hit leaves the frame whole when another one is near.
        assert received == ([] if 8 <= bit < 8 * (len(good) - 1) else received)
        assert all(struct.calcsize(wire.BODIES[wire.M_ABORT]) == len(frame.body) for frame in received)
    for end in range(1, len(good) - 1):
        assert Decoder().feed(good[:end] + b"\0") == []
