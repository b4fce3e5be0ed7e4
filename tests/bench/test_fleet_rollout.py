"""The bench of roll-outs: one bad version of its two hundred."""

import pytest
from bench.fleet_rollout import run

from stillscan.fleet.rollout.plan import State


@pytest.mark.slow
def test_a_bad_version_is_stopped_in_ring_1() -> None:
    ended = run(1, 0.08)
    assert (ended.state, ended.open) == (State.STOPPED, 1)
    assert 300 <= ended.checks < 5000
