"""The laws of counts, held against counting out, against known values, and against each other."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillscan.fleet import counts
from stillscan.fleet.counts import Strata, binomial_tail, discovery_rates, rate_bounds, tail, weights


def strata(*rows: tuple[int, int, int]) -> Strata:
    """(own, failed, total) of each stratum."""
    return Strata(*np.array(rows, dtype=np.int64).T)


def counted_out(rows: list[tuple[int, int, int]], seen: int) -> float:
    """The same mid-p from whole numbers alone: all ways in which the failures can have fallen."""
    ways = {0: 1}
    for own, failed, total in rows:
        here = {k: math.comb(failed, k) * math.comb(total - failed, own - k) for k in range(own + 1)}
        both: dict[int, int] = {}
        for low, many in ways.items():
            for k, few in here.items():
                both[low + k] = both.get(low + k, 0) + many * few
        ways = both
    whole = sum(ways.values())
    return (sum(ways.get(k, 0) for k in ways if k > seen) + ways.get(seen, 0) / 2) / whole


@st.composite
def _row(draw: st.DrawFn) -> tuple[int, int, int]:
    total = draw(st.integers(1, 12))
    return draw(st.integers(1, total)), draw(st.integers(0, total)), total


@pytest.mark.slow
@given(st.lists(_row(), min_size=1, max_size=6), st.integers(-1, 30))
def test_the_tail_is_what_counting_out_gives(rows: list[tuple[int, int, int]], seen: int) -> None:
    assert tail(strata(*rows), seen) == pytest.approx(counted_out(rows, seen), abs=1e-9)


def test_one_table_is_fishers_test() -> None:
    """The lady tasting tea (Fisher 1935): four of four right has a chance of 1 in 70."""
    assert tail(strata((4, 4, 8)), 4) == pytest.approx(1 / 140)


def test_where_everything_or_nothing_failed_nothing_is_learned() -> None:
    assert tail(strata((5, 0, 40), (6, 30, 30)), 6) == 0.5
    assert tail(strata((5, 0, 40), (6, 30, 30), (4, 4, 8)), 10) == pytest.approx(1 / 140)


@pytest.mark.parametrize("deviations", [0, 1, 2, 3, 3.7])
def test_large_and_exact_law_agree_where_one_takes_over(deviations: float, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    total = rng.integers(20, 300, 2400)
    large = Strata(np.minimum(total - 1, rng.integers(1, 4, 2400)), rng.binomial(total, 0.1), total)
    spread = large.own * large.failed / total * (1 - large.failed / total) * (total - large.own) / (total - 1)
    assert 350 < spread.sum() < 500, "near where one takes over"
    seen = round(large.expected() + deviations * float(spread.sum()) ** 0.5)
    monkeypatch.setattr(counts, "_EXACT_VARIANCE", 1e9)
    exact = tail(large, seen)
    monkeypatch.setattr(counts, "_EXACT_VARIANCE", 0.0)
    assert tail(large, seen) == pytest.approx(exact, rel=0.03)


def test_bounds_are_wilsons() -> None:
    """Newcombe 1998, Statistics in Medicine 17: 81 of 263, 15 of 148, 0 of 20, 1 of 29."""
    for failed, documents, low, high in ((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611)):
        assert rate_bounds(failed, documents) == pytest.approx((low, high), abs=5e-5)
    assert rate_bounds(1, 29) == pytest.approx((0.0061, 0.1718), abs=5e-5)
    assert rate_bounds(0, 0) == (0.0, 1.0)


@given(st.integers(0, 500), st.integers(0, 500))
def test_bounds_hold_the_rate(failed: int, well: int) -> None:
    low, high = rate_bounds(failed, failed + well)
    assert 0 <= low <= high <= 1
    if failed + well:
        assert low - 1e-12 <= failed / (failed + well) <= high + 1e-12


def test_discovery_rates_are_those_of_benjamini_and_hochberg() -> None:
    """The worked example of their paper (1995, table 1): at 5 % four hypotheses are rejected."""
    chances = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.324, 0.4262, 0.5719, 0.6528]
    chances += [0.759, 1.0]
    rates = discovery_rates(chances[::-1])[::-1]
    assert sum(rate <= 0.05 for rate in rates) == 4
    assert rates == sorted(rates)
    assert rates[0] == pytest.approx(0.0015)


@pytest.mark.slow
@given(st.lists(st.floats(0, 30), min_size=1, max_size=300), st.floats(0.001, 0.2))
def test_weights_share_out_the_whole_rate(shifts: list[float], rate: float) -> None:
    shared = weights(shifts, rate)
    assert all(one >= 0 for one in shared)
    assert sum(shared) == pytest.approx(len(shifts), rel=1e-6)


def test_what_shows_in_any_case_and_what_never_can_get_little() -> None:
    never, hardly, surely = weights([0.5] * 100 + [3.5] * 100 + [12.0] * 100, 0.035)[::100]
    assert hardly > 2.9
    assert never < 0.05
    assert surely < 0.05
    assert weights([3.0] * 7, 0.035) == pytest.approx([1.0] * 7)


def test_the_binomial_tail_is_counted_out() -> None:
    assert binomial_tail(1, 4, 0.5) == pytest.approx((1 + 4 / 2) / 16)
    assert binomial_tail(3, 3, 1.0) == 1.0
