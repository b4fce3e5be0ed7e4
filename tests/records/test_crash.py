"""A kiosk that is killed: no check that was told is lost, and none is half-written. `make bench-records` kills 200."""

import random
from pathlib import Path

import pytest
from bench import crash

pytestmark = pytest.mark.process


def test_killed_at_random_moments(tmp_path: Path) -> None:
    crash.letters(tmp_path, 100)
    moment = random.Random(6)
    first, results = 0, []
    for _ in range(4):
        results.append(crash.kill(tmp_path, first, moment, events=True))
        first += results[-1].told + results[-1].untold
    assert [problem for one in results for problem in one.wrong] == []
    assert sum(one.told for one in results) >= 3
