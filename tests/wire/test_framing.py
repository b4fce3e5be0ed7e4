from __future__ import annotations

import struct
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kiosk import wire
from stillscan.link.framing import Decoder, Frame, encode, stuff, unstuff
from stillscan.link.messages import PLAIN, Band, Log, parse

bodies = st.binary(max_size=wire.MAX_FRAME - wire.OVERHEAD)
kinds = st.integers(0, 255)


@given(st.binary(max_size=3000))
@example(b"")
@example(b"\0")
@example(b"\x01" * 254)
@example(b"\x01" * 255)
@example(b"\x01" * 254 + b"\0")
def test_stuffing_round_trip(data: bytes) -> None:
    stuffed = stuff(data)
    assert 0 not in stuffed
    assert len(stuffed) <= len(data) + len(data) // 254 + 1
    assert unstuff(stuffed) == data


@given(st.binary(max_size=600))
def test_unstuff_takes_anything(data: bytes) -> None:
    plain = unstuff(data)
    assert plain is None or len(plain) <= len(data)


@given(kinds, st.integers(0, 200_000), bodies)
def test_frame_round_trip(kind: int, sequence: int, body: bytes) -> None:
    frame = encode(kind, sequence, body)
    assert frame[0] == frame[-1] == 0
    assert Decoder().feed(frame) == [Frame(kind, sequence & 0xFFFF, body)]


@pytest.mark.slow
@given(st.lists(st.tuples(kinds, bodies), max_size=4), st.lists(st.integers(0, 9000), max_size=5))
def test_frames_in_any_pieces(frames: list[tuple[int, bytes]], cuts: list[int]) -> None:
    stream = b"".join(encode(kind, n, body) for n, (kind, body) in enumerate(frames))
    edges = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    decoder = Decoder()
    received = [f for begin, end in pairwise(edges) for f in decoder.feed(stream[begin:end])]
    assert [(f.kind, f.body) for f in received] == frames


def test_too_long_a_body_is_refused() -> None:
    encode(1, 0, bytes(wire.MAX_FRAME - wire.OVERHEAD))
    with pytest.raises(ValueError, match="too long"):
        encode(1, 0, bytes(wire.MAX_FRAME - wire.OVERHEAD + 1))


@given(st.sampled_from([*wire.BODIES, 0, 0x7F, 0xFF]), bodies)
def test_parse_raises_only_value_error(kind: int, body: bytes) -> None:
    try:
        message = parse(kind, body)
    except ValueError:
        return
    assert (message is None) == (kind not in PLAIN and kind not in (wire.M_BAND, wire.M_LOG))


@pytest.mark.slow
@given(st.sampled_from(sorted(PLAIN)), st.binary(min_size=64, max_size=64), st.binary(max_size=20))
def test_newer_minor_appends(kind: int, body: bytes, appended: bytes) -> None:
    """What stands behind the known fields changes nothing."""
    size = struct.calcsize(wire.BODIES[kind])
    body = (body * 2)[:size]
    message = parse(kind, body)
    assert parse(kind, body + appended) == message
    with pytest.raises(ValueError, match="short"):
        parse(kind, body[: wire.FIRST_BODIES.get(kind, size) - 1])


@given(st.integers(0, 4), st.integers(0, 40), st.sampled_from([0, 1, 4, 8, 255]), st.binary(max_size=200))
def test_bands_of_any_size(lines: int, width_px: int, depth_bits: int, pixels: bytes) -> None:
    """Accepted only when the pixels are exactly those that the head announces."""
    body = wire.pack(wire.M_BAND, 1, 0, 0, lines, depth_bits, 0, 0, 0, 0, 0, width_px) + pixels
    expected = lines * width_px * depth_bits / 8
    if depth_bits in (4, 8) and lines and width_px and len(pixels) == expected:
        band = parse(wire.M_BAND, body)
        assert isinstance(band, Band)
        assert band.pixels.shape == (lines, width_px)
    else:
        with pytest.raises(ValueError, match=r"band|depth"):
            parse(wire.M_BAND, body)


@given(st.binary(max_size=600))
def test_log_of_any_size(body: bytes) -> None:
    if body and len(body) >= 1 + 8 * body[0]:
        log = parse(wire.M_LOG, body)
        assert isinstance(log, Log)
        assert len(log.entries) == 8 * body[0]
    else:
        with pytest.raises(ValueError, match="log"):
            parse(wire.M_LOG, body)
