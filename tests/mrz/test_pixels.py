"""The value at a rank, of numbers of any kind, also where most of them are one."""

import numpy as np
import pytest

from stillscan.mrz.pixels import all_ranked, median

SHARES = (0.0, 0.05, 0.5, 0.79, 0.8, 0.98, 1.0)


@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.float32])
@pytest.mark.parametrize("least", [0.0, 0.5, 0.8, 1.0])
def test_it_is_that_of_the_sorted_ones(kind: type[np.generic], least: float) -> None:
    rng = np.random.default_rng(3)
    values = (rng.integers(0, 200, (40, 25)) * (rng.random((40, 25)) >= least)).astype(kind)
    ordered = np.sort(values, axis=None)
    assert all_ranked(values, *SHARES) == [float(ordered[round(share * 999)]) for share in SHARES]
    assert all_ranked(values[::-1, ::3], 0.5) == [float(np.sort(values[:, ::3], axis=None)[round(0.5 * 359)])]


@pytest.mark.parametrize("size", [1, 2, 3, 100, 101])
def test_a_median_of_bytes_is_the_whole_part_of_numpys(size: int) -> None:
    values = np.random.default_rng(size).integers(0, 256, (20, size, 3), np.uint8)
    assert [median(one) for one in values] == [int(np.median(one)) for one in values]
    assert median(values[:0]) == 0
