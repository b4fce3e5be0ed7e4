"""Lines of a document that moves, put back where they belong: against known pages, through the glass's geometry."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillscan.link.messages import Band, BandHeader, SweepBegin
from stillscan.scanning.strips import StripStore
from stillscan.simulator.glass import LINE_PX
from stillscan.simulator.hand import Motion, profile
from tests.covering import examples

from .moving import PITCH_UM, ZONE, along, assert_straight, empty, sweep


def test_at_rest_every_pixel_is_the_pages() -> None:
    store = empty()
    sweep(store, along((0, 0, 0), (1, 0, 0)), 100_000)
    picture, seen = store.joined()
    assert seen.all()
    assert np.abs(picture.astype(int) - ZONE.astype(int)).max() <= 1


@pytest.mark.slow
@pytest.mark.parametrize(("dx", "dy"), [(1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0), (0.5, -2.0)])
def test_displaced_since_the_placing(dx: float, dy: float) -> None:
    """Both signs of both axes: without the correction this is off by 6 to 24 px."""
    store = empty()
    sweep(store, along((0, 0, 0), (50, dx, dy)), 200_000)
    assert_straight(store, 0.6)


@pytest.mark.slow
@pytest.mark.parametrize(("dx", "dy"), [(1, 0), (0, 1), (0, -1), (-0.7, 0.7)])
def test_drift(dx: float, dy: float) -> None:
    store = empty()
    sweep(store, along((0, 0, 0), (3000, 3 * dx, 3 * dy)), 200_000)
    assert_straight(store)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_tremor(seed: int) -> None:
    store = empty()
    sweep(store, profile("tremor", seed, 3), 400_000)
    assert_straight(store)


@pytest.mark.slow
@pytest.mark.parametrize(("dx", "dy"), [(0.8, 0.0), (0.0, 0.8), (0.0, -0.8), (1.0, 1.0)])
def test_slip_and_the_sweep_that_goes_on(dx: float, dy: float) -> None:
    """The first sweep ends soon after the slip began; the second begins 12 rows before, the document lies elsewhere."""
    part = [0.5 - 0.5 * np.cos(np.pi * n / 40) for n in range(41)]
    motion = along((0, 0, 0), *((500 + 2 * n, dx * p, dy * p) for n, p in enumerate(part)))
    store = empty()
    sweep(store, motion, 200_000, 0, 110)
    sweep(store, motion, 900_000, max(0, 99 - round(dy * 1000 / PITCH_UM) - 4))
    assert_straight(store)


@pytest.mark.slow
def test_a_slip_within_a_sweep_is_straightened() -> None:
    part = [0.5 - 0.5 * np.cos(np.pi * n / 40) for n in range(41)]
    store = empty()
    sweep(store, along((0, 0, 0), *((500 + 2 * n, 0.5 * p, 0.3 * p) for n, p in enumerate(part))), 200_000)
    assert_straight(store)


@pytest.mark.slow
def test_the_clock_goes_round_in_mid_sweep() -> None:
    store = empty()
    motion = profile("tremor", 1, 3)
    late = Motion(motion.times_us + (1 << 30) - 800_000, motion.pose_mm, motion.accel_g)
    sweep(store, late, (1 << 30) - 400_000)
    assert_straight(store)


def test_another_track_begins_afresh() -> None:
    store = empty()
    sweep(store, along((0, 0, 0), (50, 0, 4.0)), 200_000)
    assert not len(store.missing(100, 200))
    sweep(store, along((0, 0, 0), (1, 0, 0)), 100_000, 0, 99, track=2)
    picture, seen = store.joined()
    assert seen[:100].all()
    assert not seen[102:].any()
    assert (picture[102:] == np.median(picture[seen][:, ::8])).all()
    assert len(store.missing(0, 97)) == 0
    assert store.missing(150, 160).tolist() == list(range(150, 161))


def test_missing_rows_are_those_of_the_document() -> None:
    store = empty()
    assert store.missing(50, 60).tolist() == list(range(50, 61))
    sweep(store, along((0, 0, 0), (50, 0, 1.0)), 200_000, 20, 119)  # 12 rows: the document's 31.8 to 130.8
    assert not len(store.missing(33, 130))
    assert store.missing(10, 28).tolist() == list(range(12, 29))  # the rows above have slid off the zone
    assert store.missing(136, 140).tolist() == list(range(136, 141))
    store.capture_anew()
    assert store.missing(50, 60).tolist() == list(range(50, 61))
    assert not store.joined()[1].any()


def test_the_lid_is_no_ink() -> None:
    """A document that lies 2 mm too high leaves dark lid below its edge, and beside it."""
    store = empty()
    sweep(store, along((0, 0, 0), (50, 3.0, 2.0)), 200_000)
    picture, _ = store.joined()
    assert picture.min() > 60, "the lid's reflectance is 0.08"


def test_calm_is_what_the_counts_call_calm() -> None:
    for motion, calm in ((along((0, 0, 0), (1, 0, 0)), True), (along((0, 0, 0), (2000, 2, 0)), False)):
        store = empty()
        sweep(store, motion, 100_000)
        assert store.sweeps[0].calm is calm


def test_lines_that_nobody_announced_are_left_out() -> None:
    store = empty()
    header = BandHeader(1, 0, 5, 1, 8, 0, 0, 0, 100, 1, LINE_PX)
    store.add(Band(header, np.zeros((1, LINE_PX), np.uint8)))
    assert not store.sweeps
    store.begin(SweepBegin(1, 1, 0, 273, 0, 1))
    store.add(Band(header._replace(width_px=8), np.zeros((1, 8), np.uint8)))
    assert not store.joined()[1].any()


u8, u16, u32, i16 = st.integers(0, 255), st.integers(0, 65535), st.integers(0, 2**32 - 1), st.integers(-32768, 32767)
headers = st.builds(BandHeader, u16, u16, u16, st.integers(1, 4), st.just(8), u32, i16, i16, u8, u8, st.just(16))
near = st.builds(
    BandHeader, st.just(1), u16, st.integers(0, 20), st.just(1), st.just(8), st.integers(0, 60_000),
    st.integers(-500, 500), st.integers(-500, 500), u8, u8, st.just(16),
)  # fmt: skip


@pytest.mark.slow
@settings(max_examples=examples(150), deadline=None)
@given(st.lists(st.one_of(headers, near, st.builds(SweepBegin, u16, u8, u16, u16, u32, u8)), max_size=30))
def test_whatever_the_headers_say_nothing_breaks(messages: list[BandHeader | SweepBegin]) -> None:
    store = StripStore(20, 16, PITCH_UM)
    for message in messages:
        if isinstance(message, SweepBegin):
            store.begin(message)
        else:
            store.add(Band(message, np.full((message.lines, 16), 200, np.uint8)))
        picture, seen = store.joined()
        assert (picture.shape, picture.dtype, seen.shape) == ((20, 16), np.uint8, (20,))
        assert set(store.missing(3, 17).tolist()) <= set(range(3, 18))


@pytest.mark.slow
@given(near=st.lists(st.booleans(), min_size=12, max_size=12), first=st.integers(-2, 13), last=st.integers(-2, 13))
def test_rows_are_lacked_when_any_is_missing(near: list[bool], first: int, last: int) -> None:
    store = StripStore(12, 1, PITCH_UM)
    store._near[:] = near
    assert store.lacks(first, last) == bool(len(store.missing(first, last)))
