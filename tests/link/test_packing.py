"""What one program tells another of a scanner's messages is what the scanner said."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk import wire
from stillscan.link.messages import PLAIN, Health, Message, parse
from stillscan.link.packing import packed

_WITH_DATA = {
    wire.M_LOG: st.integers(0, 20).flatmap(lambda n: st.binary(min_size=8 * n, max_size=8 * n).map(bytes([n]).__add__)),
    wire.M_COUNTERS: st.integers(0, 40).flatmap(
        lambda n: st.binary(min_size=4 * n, max_size=4 * n).map(bytes([n]).__add__)
    ),
    wire.M_HISTORY: st.binary(max_size=64).map(lambda data: struct.pack("<HHH", 7, 99, len(data)) + data),
    wire.M_LINE: st.binary(min_size=1, max_size=99).map(
        lambda data: struct.pack("<HhBBIH", 1, -1, 2, 100, 3, len(data)) + data
    ),
    wire.M_BAND: st.tuples(st.integers(1, 3), st.integers(1, 40)).flatmap(
        lambda n: st.binary(min_size=n[0] * n[1], max_size=n[0] * n[1]).map(
            lambda pixels: wire.pack(wire.M_BAND, 1, 2, 3, n[0], 8, 9, -1, 1, 80, 255, n[1]) + pixels
        )
    ),
    wire.M_CALIBRATION: st.tuples(st.integers(0, 3), st.integers(0, 3)).flatmap(
        lambda n: st.binary(min_size=4 * sum(n), max_size=4 * sum(n)).map(
            lambda data: struct.pack("<IhBBB", 1, -5, 1, *n) + data
        )
    ),
}


def _bodies() -> st.SearchStrategy[tuple[int, bytes]]:
    plain = [
        st.binary(min_size=(size := struct.calcsize(wire.BODIES[kind])), max_size=size).map(
            lambda body, kind=kind: (kind, body)
        )
        for kind in PLAIN
    ]
    return st.one_of(*plain, *(made.map(lambda body, kind=kind: (kind, body)) for kind, made in _WITH_DATA.items()))


def _same(one: Message | None, other: Message | None) -> bool:
    return repr(one) == repr(other) and type(one) is type(other)


@pytest.mark.slow
@given(_bodies())
def test_a_message_is_the_same_at_the_other_end(said: tuple[int, bytes]) -> None:
    message = parse(*said)
    assert message is not None
    assert packed(message) == said
    again = packed(message)
    assert again is not None
    assert _same(parse(*again), message)


def test_health_of_an_old_firmware_stays_old() -> None:
    old = parse(wire.M_HEALTH, bytes(range(42)))
    assert isinstance(old, Health)
    assert packed(old) == (wire.M_HEALTH, bytes(range(42)))


def test_every_message_can_be_told() -> None:
    kinds = {number for name, number in vars(wire).items() if name.startswith("M_")}
    assert kinds == set(PLAIN) | set(_WITH_DATA)
