"""A bad cable: what passes it, for how long, and the same again for the same seed."""

from __future__ import annotations

import pytest

from stillscan.simulator.cable import Cable


class Clock:
    """Seconds that pass when the test says so."""

    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


def both(cable: Cable, data: bytes) -> tuple[bytes, bytes]:
    return cable.to_device(data), cable.to_host(data)


def test_a_whole_cable_carries_every_byte(clock: Clock) -> None:
    assert both(Cable(now_s=clock), bytes(range(256))) == (bytes(range(256)),) * 2


def test_a_fault_ends_by_itself(clock: Clock) -> None:
    cable = Cable(now_s=clock)
    cable.break_for("mute", 3)
    assert (cable.fault, both(cable, b"x")) == ("mute", (b"", b""))
    clock.now_s += 2.99
    assert both(cable, b"x") == (b"", b"")
    clock.now_s += 0.01
    assert (cable.fault, both(cable, b"x")) == ("", (b"x", b"x"))


def test_noise_harms_some_pieces_and_repeats_by_seed(clock: Clock) -> None:
    def heard(seed: int) -> list[bytes]:
        cable = Cable(seed, clock)
        cable.break_for("noise", 1)
        return [cable.to_host(b"a line of the scanner") for _ in range(200)]

    first = heard(1)
    harmed = sum(piece != b"a line of the scanner" for piece in first)
    assert 10 < harmed < 100
    assert first == heard(1)
    assert first != heard(2)


def test_noise_makes_nothing_out_of_nothing(clock: Clock) -> None:
    cable = Cable(3, clock)
    cable.break_for("noise", 1)
    assert {cable.to_host(b"") for _ in range(100)} == {b""}


def test_garbage_comes_unasked_and_a_stranger_only_answers(clock: Clock) -> None:
    cable = Cable(4, clock)
    cable.break_for("garbage", 1)
    assert all(cable.to_host(b"") for _ in range(20))
    assert cable.to_device(b"x") == b""
    cable.break_for("stranger", 1)
    assert cable.to_host(b"the scanner's own") == b"login: \r\n", "it was asked"
    assert cable.to_host(b"the scanner's own") == b""
    assert cable.to_device(b"hello") == b""
    assert cable.to_host(b"") == b"login: \r\n"


def test_there_is_no_other_fault(clock: Clock) -> None:
    with pytest.raises(ValueError, match="frayed"):
        Cable(now_s=clock).break_for("frayed", 1)
