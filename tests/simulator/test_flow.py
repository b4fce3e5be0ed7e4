from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillscan.simulator.flow import COUNTS_PER_MM, FRAME_US, Flow
from stillscan.simulator.glass import Page
from stillscan.simulator.hand import Motion
from tests.covering import examples

from .world import AT_REST, WHITE, along, scene


def _word(low: int, high: int) -> int:
    return int.from_bytes(bytes((low, high)), "little", signed=True)


def _transfer(flow: Flow, data: bytes, now_us: int) -> bytes:
    flow.select(now_us)
    answer = flow.exchange(data, now_us)
    flow.deselect(now_us)
    return answer


def _burst(flow: Flow, now_us: int) -> bytes:
    return _transfer(flow, b"\x16" + bytes(12), now_us)[1:]


def _started(motion: Motion | str = AT_REST, placed_us: int | None = 0, seed: int = 1) -> Flow:
    flow = Flow(scene(motion, placed_us=placed_us, seed=seed))
    _transfer(flow, b"\xba\x5a", 0)
    return flow


def _sum(flow: Flow, times_us: list[int]) -> tuple[int, int]:
    total_x = total_y = 0
    for now_us in times_us:
        burst = _burst(flow, now_us)
        dx, dy = _word(burst[2], burst[3]), _word(burst[4], burst[5])
        assert bool(burst[0] & 0x80) == bool(dx or dy)
        total_x, total_y = total_x + dx, total_y + dy
    return total_x, total_y


def test_identity_banks_and_plain_registers() -> None:
    flow = Flow(scene())
    assert _transfer(flow, b"\x00\x00", 0)[1] == 0x49
    assert _transfer(flow, b"\x5f\x00", 0)[1] == 0xB6
    _transfer(flow, b"\xff\x0e", 0)
    assert _transfer(flow, b"\x7f\x00", 0)[1] == 0x0E
    _transfer(flow, b"\xc3\x10", 0)
    assert _transfer(flow, b"\x43\x00", 0)[1] == 0x10
    assert _transfer(flow, b"\x00\x00", 0)[1] == 0, "the identity is in bank 0"
    _transfer(flow, b"\xff\x00", 0)
    assert _transfer(flow, b"\x43\x00", 0)[1] == 0
    assert _transfer(flow, b"\x00\x00", 0)[1] == 0x49


def test_another_page_is_out_of_focus_for_a_frame() -> None:
    """No hand exchanges documents within 8 ms: the firmware takes the second for what it is."""
    world = scene(AT_REST, placed_us=0)
    flow = Flow(world)
    _transfer(flow, b"\xba\x5a", 0)
    assert _burst(flow, 10 * FRAME_US)[6] > 80
    world.replace(Page.from_array(np.full((274, 1476), 225, np.uint8)), AT_REST, 10 * FRAME_US + 1)
    assert _burst(flow, 11 * FRAME_US)[6] < 0x19
    assert _burst(flow, 12 * FRAME_US)[6] > 80
    world.replace(world.page, AT_REST, 12 * FRAME_US + 1)
    assert _burst(flow, 13 * FRAME_US)[6] > 80, "the same page, moved on, is no other"


def test_a_transaction_may_be_split() -> None:
    one, split = _started("drift"), _started("drift")
    split.select(10**6)
    parts = split.exchange(b"\x16", 10**6) + split.exchange(bytes(5), 10**6 + 50) + split.exchange(bytes(7), 10**6 + 90)
    assert parts[1:] == _burst(one, 10**6)
    assert split.exchange(bytes(3), 10**6 + 100) == bytes(3), "nothing follows the twelfth byte"


def test_single_registers_agree_with_the_burst() -> None:
    one, other = _started("drift"), _started("drift")
    burst = _burst(one, 2 * 10**6)
    single = [_transfer(other, bytes((address, 0)), 2 * 10**6)[1] for address in range(0x02, 0x0D)]
    expected = [burst[0], *burst[2:10], burst[11], burst[10]]
    assert [single[0], *single[1:]] == expected


def test_no_motion_before_the_reset() -> None:
    flow = Flow(scene("drift"))
    assert _burst(flow, 10**6) == bytes(12)
    _transfer(flow, b"\xba\x5b", 10**6)
    assert _burst(flow, 2 * 10**6) == bytes(12)
    _transfer(flow, b"\xba\x5a", 2 * 10**6)
    dx, dy = _sum(flow, [3 * 10**6])
    assert np.hypot(dx, dy) == pytest.approx(COUNTS_PER_MM, abs=2), "only what happened since the reset"


@settings(max_examples=examples(40))
@given(
    st.lists(st.tuples(st.floats(-15, 15), st.floats(-15, 15)), min_size=1, max_size=6),
    st.lists(st.integers(1, 2_000_000), min_size=1, max_size=30),
)
def test_deltas_add_up_to_the_displacement(places: list[tuple[float, float]], gaps: list[int]) -> None:
    motion = along((0, 0, 0, 0), *((300_000 * (n + 1), x, y, 0) for n, (x, y) in enumerate(places)))
    flow = _started(motion)
    times = np.cumsum(gaps).tolist()
    total = _sum(flow, times)
    truth = motion.pose(times[-1] // FRAME_US * FRAME_US)
    # Half a count of rounding, and a count of noise at either end.
    assert np.abs(np.array(total) - np.array(truth[:2]) * COUNTS_PER_MM).max() <= 2.5


@pytest.mark.slow
def test_a_long_rest_does_not_drift_and_a_run_outlasts_its_blocks() -> None:
    flow = _started()
    seen = [_burst(flow, n * FRAME_US) for n in range(1, 6000)]  # 50 s
    moved = sum(bool(burst[0] & 0x80) for burst in seen)
    # Two axes, and each wrong count shows twice: when it comes and when it goes.
    assert 0.04 < moved / len(seen) < 0.08, "a wrong count is taken back at the next frame"
    assert abs(sum(_word(burst[2], burst[3]) for burst in seen)) <= 1
    assert all(a[6:] != b[6:] or a != c for a, b, c in zip(seen, seen[1:], seen[2:], strict=False))
    assert len({burst[6:] for burst in seen}) > 1000, "the picture's figures live"


def test_one_frame_gives_one_delta() -> None:
    flow = _started("drift")
    first = _burst(flow, 10 * FRAME_US + 5)
    again = _burst(flow, 10 * FRAME_US + 4000)
    assert again[2:6] == bytes(4)
    assert first[6:] == again[6:]
    assert not again[0] & 0x80


def test_deltas_are_clamped() -> None:
    flow = _started(along((0, 0, 0, 0), (10**6, 1e5, -1e5, 0)))
    burst = _burst(flow, 2 * 10**6)
    assert (_word(burst[2], burst[3]), _word(burst[4], burst[5])) == (32767, -32768)


@pytest.mark.slow
def test_surface_quality_with_page_lid_and_lift() -> None:
    squal = [_burst(_started(), n * FRAME_US)[6] for n in range(1, 200)]
    assert 90 <= min(squal) <= max(squal) <= 120
    empty = [_burst(_started(placed_us=None), n * FRAME_US) for n in range(1, 200)]
    assert all(15 <= burst[6] < 0x19 and burst[10] == 0x1F for burst in empty)
    by_lift = [_burst(_started(along((0, 0, 0, lift))), 10**6) for lift in (0.0, 1.0, 2.0, 3.0, 6.0)]
    quality = [burst[6] for burst in by_lift]
    assert quality == sorted(quality, reverse=True)
    assert [burst[10] == 0x1F for burst in by_lift] == [False, False, False, True, True]
    assert quality[3] < 0x19


def test_a_lifted_document_is_not_followed() -> None:
    motion = along((0, 0, 0, 0), (10**6, 0, 0, 5), (2 * 10**6, 10, 0, 5), (3 * 10**6, 10, 0, 0))
    assert abs(_sum(_started(motion), [4 * 10**6])[0]) <= 2


def test_placing_and_exchanging_is_no_displacement() -> None:
    world = scene(along((0, 0, 0, 0), (10**6, 2, 0, 0)), placed_us=None)
    flow = Flow(world)
    _transfer(flow, b"\xba\x5a", 0)
    assert _burst(flow, 100_000)[2:6] == bytes(4)
    world.place(200_000)
    dx, dy = _sum(flow, [700_000, 1_300_000])
    assert dx == pytest.approx(40, abs=2)
    world.replace(WHITE, AT_REST, 1_400_000)
    dx, dy = _sum(flow, [2_000_000])
    assert abs(dx) <= 2
    assert abs(dy) <= 2
    assert _burst(flow, 2_000_000)[6] > 80
    world.clear(2_100_000)
    assert _burst(flow, 2_200_000)[6] < 0x19


def test_a_change_of_scene_leaves_the_past_as_it_was() -> None:
    """What was not yet read when the scene changed still counts."""
    world = scene(along((0, 0, 0, 0), (10**6, 5, 0, 0)))
    flow = Flow(world)
    _transfer(flow, b"\xba\x5a", 0)
    _burst(flow, 100_000)
    world.clear(10**6)
    assert _sum(flow, [1_200_000])[0] == pytest.approx(0.9 * 5 * COUNTS_PER_MM, abs=3)


@pytest.mark.slow
def test_reading_often_or_seldom_tells_the_same() -> None:
    often, seldom = _started("restless", seed=3), _started("restless", seed=3)
    assert _sum(often, list(range(3000, 12_000_001, 3000))) == _sum(seldom, [5_000_000, 12_000_000])


def test_faults() -> None:
    flow = _started("restless")
    flow.fault = "nak"
    assert _burst(flow, 10**6) == b"\xff" * 12
    flow.fault = "silent"
    assert _burst(flow, 10**6) == bytes(12)
    flow.fault = "wrong-id"
    assert _transfer(flow, b"\x00\x00", 10**6)[1] != 0x49
    assert _transfer(flow, b"\x5f\x00", 10**6)[1] != 0xB6
    flow.fault = "stuck"
    assert len({_burst(flow, n * 10**5) for n in range(11, 60)}) == 1
    assert _transfer(flow, b"\x00\x00", 7 * 10**6)[1] == 0x49
