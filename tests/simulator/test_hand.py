from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillscan.errors import InputError
from stillscan.simulator.hand import PROFILES, FloatArray, Motion, profile
from tests.covering import examples


def _grid(motion: Motion) -> FloatArray:
    return motion.poses(np.arange(0.0, motion.times_us[-1], 500.0))


def _slip_starts(motion: Motion) -> list[float]:
    """Moments in s at which the document begins to move faster than 1 mm/s, smoothed over 5 ms."""
    pose = motion.poses(np.arange(0.0, motion.times_us[-1], 5000.0))
    fast = np.hypot(*np.diff(pose[:, :2], axis=0).T) > 0.005
    return [float(at) * 0.005 for at in np.flatnonzero(fast[1:] & ~fast[:-1])]


@pytest.mark.parametrize("name", PROFILES)
def test_every_profile_starts_at_rest_and_repeats_by_seed(name: str) -> None:
    first, again, other = profile(name, 5, 3), profile(name, 5, 3), profile(name, 6, 3)
    assert first.pose(0) == (0.0, 0.0, 0.0)
    assert np.array_equal(first.pose_mm, again.pose_mm)
    assert np.array_equal(first.accel_g, again.accel_g)
    assert not np.array_equal(first.pose_mm, other.pose_mm)


@pytest.mark.parametrize("name", sorted(set(PROFILES) - {"bump", "mixed"}))
def test_only_bumps_shake_the_chassis(name: str) -> None:
    assert not profile(name, 1, 5).accel_g.any()


def test_still_moves_by_micrometres() -> None:
    pose = _grid(profile("still", 1, 10))
    assert 0.001 < pose[:, 0].std() < 0.004
    assert np.abs(pose).max() < 0.03


def test_tremor_has_its_rms_and_band() -> None:
    x = _grid(profile("tremor", 2, 20))[:, 0]
    assert x.std() == pytest.approx(0.15, rel=0.15)
    power = np.abs(np.fft.rfft(x - x.mean())) ** 2
    frequency = np.fft.rfftfreq(len(x), 0.0005)
    assert power[(frequency > 7.5) & (frequency < 12.5)].sum() > 0.98 * power.sum()


@pytest.mark.parametrize("seed", range(12))
def test_one_slip_is_exactly_one_inside_the_first_sweep(seed: int) -> None:
    motion = profile("one-slip", seed, 5)
    pose = _grid(motion)
    before, after = pose[:790], pose[1580:]  # 0.395 s and 0.79 s
    way = np.hypot(*(after.mean(axis=0) - before.mean(axis=0))[:2])
    assert 0.29 <= way <= 2.01
    assert before[:, :2].std(axis=0).max() < 0.005
    assert after[:, :2].std(axis=0).max() < 0.005
    progress = np.hypot(*(pose[:, :2] - before[:, :2].mean(axis=0)).T) / way
    inside = np.flatnonzero((progress > 0.1) & (progress < 0.9))
    assert 0.02 < (inside[-1] - inside[0]) * 0.0005 < 0.08


@pytest.mark.slow
def test_rates_of_slips() -> None:
    counts = [len(_slip_starts(profile("slips", seed, 20))) for seed in range(5)]
    assert 70 <= sum(counts) <= 125  # 100 expected
    speeds = np.diff(_grid(profile("restless", 1, 20))[:, :2], axis=0)
    assert np.hypot(*speeds.T).sum() > 40  # mm of path: 3 slips a second and the tremor


@pytest.mark.slow
def test_slips_3_come_three_times_a_second_and_rest_between() -> None:
    counts = [len(_slip_starts(profile("slips-3", seed, 20))) for seed in range(5)]
    assert 200 <= sum(counts) <= 320  # 300 expected, some of them within another
    steps = np.diff(_grid(profile("slips-3", 1, 20))[:, :2], axis=0)
    assert (np.hypot(*steps.T) < 0.0005).mean() > 0.6  # slower than 1 mm/s for most of the time: no tremor
    assert np.hypot(*steps.T).sum() > 40


@pytest.mark.parametrize("seed", range(6))
def test_lift_slips_is_raised_once_and_slips(seed: int) -> None:
    motion = profile("lift-slips", seed, 12)
    pose = _grid(motion)
    raised = np.flatnonzero(pose[:, 2] > 0.01) * 0.0005
    assert 2.0 <= pose[:, 2].max() <= 6.0
    assert 0.3 <= raised[0] <= 0.85
    assert 0.85 <= raised[-1] - raised[0] <= 1.05
    assert pose[-1, 2] == 0.0
    assert any(start > raised[-1] for start in _slip_starts(motion)), "it goes on slipping when it lies again"


@pytest.mark.slow
def test_mixed_has_all_of_it() -> None:
    motions = [profile("mixed", seed, 12) for seed in range(24)]
    assert 6 <= sum(motion.pose_mm[:, 2].max() > 1 for motion in motions) <= 18  # every other one is lifted
    for motion in motions:
        assert motion.accel_g.any(), "bumps"
        pace = np.abs(np.diff(_grid(motion)[:, 0])) * 2000  # mm/s
        assert 0.6 < np.median(pace) < 7, "8-12 Hz of 0.02-0.10 mm rms"
        assert pace.max() > 4 * np.median(pace), "slips"


def test_drift_is_one_millimetre_per_second() -> None:
    x, y, lift = profile("drift", 3, 6).pose(5e6)
    assert np.hypot(x, y) == pytest.approx(5.0, abs=0.03)
    assert lift == 0.0


def test_bump_shakes_the_chassis_alone() -> None:
    motion = profile("bump", 1, 20)
    assert np.abs(_grid(motion)).max() < 0.03
    size = np.abs(motion.accel_g).max(axis=1)
    active = np.flatnonzero(size > 0.001)
    bursts = 1 + int((np.diff(active) > 40).sum())
    assert 35 <= bursts <= 80
    assert 0.3 <= size.max() <= 1.6  # two may overlap


@pytest.mark.parametrize("seed", range(6))
def test_lift_rises_and_lies_flat_again(seed: int) -> None:
    pose = _grid(profile("lift", seed, 4))
    assert 2.0 <= pose[:, 2].max() <= 6.0
    raised = np.flatnonzero(pose[:, 2] > 0.01) * 0.0005
    assert 0.3 <= raised[0] <= 0.85
    assert 0.85 <= raised[-1] - raised[0] <= 1.05
    assert pose[-1, 2] == 0.0
    assert 0.15 < np.hypot(pose[-1, 0], pose[-1, 1]) < 1.55


@pytest.mark.parametrize("seed", range(6))
def test_removed_stays_away(seed: int) -> None:
    motion = profile("removed", seed, 3)
    assert motion.pose(290_000)[2] == 0.0
    assert motion.pose(1_050_000)[2] == pytest.approx(60.0)
    assert motion.pose(9e9)[2] == pytest.approx(60.0)


def test_unknown_profile_lists_the_names() -> None:
    with pytest.raises(InputError, match="still, tremor, one-slip"):
        profile("wobble", 1, 3)
    with pytest.raises(InputError, match="duration"):
        profile("still", 1, 0)
    with pytest.raises(InputError, match="seed"):
        profile("still", -1, 3)


@settings(deadline=None, derandomize=True, max_examples=examples(60))
@given(st.floats(-1e6, 5e6))
def test_scalar_and_array_agree(t_us: float) -> None:
    motion = profile("restless", 4, 3)
    assert motion.pose(t_us) == pytest.approx(motion.poses(np.array([t_us]))[0], abs=1e-9)
