from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillscan.simulator.accelerometer import Accelerometer
from stillscan.simulator.hand import Motion
from tests.covering import examples

from .lis3dh import PERIOD_US, armed, get_registers, set_register
from .world import WHITE, along


def _pulse(begin_us: int, end_us: int, az_g: float) -> Motion:
    edges = (0, 0), (begin_us - 1, 0), (begin_us, az_g), (end_us, az_g), (end_us + 1, 0)
    return along(*((t_us, 0, 0, 0, level) for t_us, level in edges))


def _first_rise(chip: Accelerometer, now_us: int, until_us: int) -> int | None:
    """By brute force: the level at every microsecond at which it can change."""
    return next(
        (t for t in range(-(-(now_us + 1) // PERIOD_US) * PERIOD_US, until_us + 1, PERIOD_US) if chip.int1(t)), None
    )


@pytest.mark.slow
@settings(max_examples=examples(40))
@given(st.integers(0, 50), st.integers(3, 25), st.integers(0, 6), st.booleans(), st.integers(1, 4_000_000))
def test_next_int1_is_what_brute_force_finds(seed: int, threshold: int, duration: int, latch: bool, far: int) -> None:
    ahead, brute = (armed("bump", threshold, duration, latch, seed) for _ in range(2))
    now_us = 100_000
    while not brute.int1(now_us):
        found = ahead.next_int1_us(now_us, now_us + far)
        assert found == _first_rise(brute, now_us, now_us + far)
        if found is None:
            break
        assert not ahead.int1(found - 1)
        assert ahead.int1(found)
        assert ahead.next_int1_us(found, found + far) is None, "it is high already"
        source = get_registers(ahead, 0x31, found)
        assert source == get_registers(brute, 0x31, found)
        assert source[0] & 0x40
        assert source[0] & 0x2A
        now_us = found + 100_000
        ahead.int1(now_us), brute.int1(now_us)
        get_registers(ahead, 0x31, now_us), get_registers(brute, 0x31, now_us)
        if now_us > 3_000_000:
            break


def test_latch_holds_until_the_source_is_read() -> None:
    push = along((0, 0, 0, 0, 0), (500_000, 0, 0, 0, 0), (505_000, 0, 0, 0, 0.5), (515_000, 0, 0, 0, 0))
    latched, free = armed(push), armed(push, latch=False)
    rise = latched.next_int1_us(100_000, 10**6)
    assert rise is not None
    assert 500_000 < rise <= 510_000
    assert free.next_int1_us(100_000, 10**6) == rise
    assert latched.int1(900_000)
    assert not free.int1(900_000)
    assert get_registers(latched, 0x31, 900_000) == b"\x60"  # active, z high
    assert not latched.int1(900_000)
    assert get_registers(latched, 0x31, 900_000) == b"\x00"


def test_duration_wants_that_many_samples_more() -> None:
    push = _pulse(500_000, 520_000, 0.9)
    moments = [armed(push, 10, duration).next_int1_us(100_000, 510_000 + 2500 * duration) for duration in (0, 1, 3)]
    assert moments == [500_000, 502_500, 507_500]


def test_and_of_low_events_is_free_fall() -> None:
    fall = _pulse(500_000, 600_000, -1)
    chip = armed(fall, 20, 2)
    set_register(chip, 0x21, 0x00, 100_000)
    set_register(chip, 0x30, 0x95, 100_000)
    assert chip.next_int1_us(100_000, 10**6) == 505_000


def test_unrouted_or_quiet_pins_stay_low() -> None:
    chip = armed("bump", 10)
    set_register(chip, 0x22, 0x00, 100_000)
    assert chip.next_int1_us(100_000, 10**7) is None
    assert not chip.int1(10**7)
    assert armed("still", 10).next_int1_us(100_000, 10**7) is None
    assert armed("tremor", 10).next_int1_us(100_000, 10**7) is None


def test_a_new_scene_is_seen_ahead() -> None:
    chip = armed("still")
    assert chip.next_int1_us(100_000, 3 * 10**6) is None
    chip._scene.replace(WHITE, along((0, 0, 0, 0, 0), (10_000, 0, 0, 0, 0.8), (20_000, 0, 0, 0, 0)), 1_000_000)
    rise = chip.next_int1_us(1_000_000, 3 * 10**6)
    assert rise is not None
    assert 1_000_000 < rise < 1_015_000
    chip._scene.clear(1_001_000)
    assert chip.next_int1_us(1_001_000, 3 * 10**6) is None
