"""A version that reads worse is told soon, a sound one is let be: `make bench-fleet-rollout` counts how often each."""

from __future__ import annotations

import numpy as np
import pytest

from stillscan.fleet.rollout.judge import ALPHA, Counts, Judgement, judged

PAST = 1500


def fleet(rng: np.random.Generator, kiosks: int, checks: int, worse: float = 0.0) -> Counts:
    """Kiosks of which 2 % of checks fail, some more and some less; afterwards so much more of them."""
    rates = rng.beta(1.5, 75, kiosks)
    before = rng.poisson(PAST, kiosks)
    after = rng.poisson(checks, kiosks)
    return np.stack(
        [before, rng.binomial(before, rates), after, rng.binomial(after, np.minimum(rates + worse, 0.95))], axis=1
    )


@pytest.mark.slow
def test_a_bad_version_is_told_after_three_hundred_checks() -> None:
    rng = np.random.default_rng(21)
    found = [judged(fleet(rng, 30, 10, 0.08), fleet(rng, 200, 10)) for _ in range(5)]
    assert all(one.worse for one in found)
    assert all(0.06 < one.rate < 0.14 and 0.01 < one.expected < 0.035 for one in found)


@pytest.mark.slow
@pytest.mark.parametrize("checks", [1, 10, 300, 3000])
def test_a_sound_one_is_let_be(checks: int) -> None:
    rng = np.random.default_rng(checks)
    assert not any(judged(fleet(rng, 30, checks), fleet(rng, 200, checks)).worse for _ in range(3))


def test_one_dirty_glass_is_no_bad_version() -> None:
    rng = np.random.default_rng(3)
    ring = fleet(rng, 30, 300)
    ring[4, 3] = ring[4, 2] // 2
    assert not judged(ring, fleet(rng, 200, 300)).worse


def test_when_all_get_worse_the_version_is_not_to_blame() -> None:
    """Holidays: other customers come, with other passports."""
    rng = np.random.default_rng(4)
    assert not judged(fleet(rng, 30, 300, 0.02), fleet(rng, 200, 300, 0.02)).worse
    assert judged(fleet(rng, 30, 300, 0.02), fleet(rng, 200, 300)).worse


def test_kiosks_that_always_fail_more_are_held_against_their_own_past() -> None:
    rng = np.random.default_rng(5)
    ring = fleet(rng, 30, 300)
    for before, failed in ((0, 1), (2, 3)):
        ring[:, failed] = rng.binomial(ring[:, before], 0.15)
    assert not judged(ring, fleet(rng, 200, 300)).worse


def test_without_others_and_without_a_past_nothing_is_certain() -> None:
    nobody = np.zeros((0, 4), dtype=np.int64)
    rng = np.random.default_rng(6)
    assert judged(fleet(rng, 30, 100, 0.3), nobody).worse  # its own past is enough for what is very bad
    new = fleet(rng, 30, 100)
    new[:, :2] = 0
    assert not judged(new, nobody).worse
    assert not judged(np.zeros((3, 4), dtype=np.int64), nobody).worse


def test_one_kiosk_alone_is_no_evidence() -> None:
    rng = np.random.default_rng(7)
    assert not judged(fleet(rng, 1, 3000, 0.3), fleet(rng, 200, 300)).worse


def test_significance_is_a_bound_on_the_ratio() -> None:
    assert Judgement(1 / ALPHA, 1, 1, 0.2, 0.1).worse
    assert not Judgement(1 / ALPHA - 1, 1, 1, 0.2, 0.1).worse
