from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillscan.simulator.hand import profile

from .world import AT_REST, WHITE, along, scene


def test_placing_exchanging_and_clearing() -> None:
    world = scene(along((0, 0, 0, 0), (1000, 1, 2, 0)), placed_us=None)
    assert not world.pose(10)[0]
    world.place(5000)
    assert world.pose(6000) == (True, 1.0, 2.0, 0.0)
    assert not world.pose(4999)[0]
    world.replace(WHITE, AT_REST, 20_000)
    assert world.pose(21_000) == (True, 0.0, 0.0, 0.0)
    assert world.pose(6000) == (True, 1.0, 2.0, 0.0), "the past stays"
    world.clear(30_000)
    assert not world.pose(30_000)[0]
    world.place(40_000)
    assert world.pose(40_000)[0]
    assert world.generation == 4
    with pytest.raises(ValueError, match="order of time"):
        world.place(39_999)


def test_a_document_far_away_is_absent() -> None:
    world = scene(along((0, 0, 0, 19.9), (1000, 0, 0, 20.1)))
    assert world.pose(0)[0]
    assert not world.pose(1000)[0]


RESTLESS = profile("restless", 1, 2)


@given(st.integers(0, 60_000))
def test_scalar_and_array_agree(now_us: int) -> None:
    world = scene(RESTLESS, placed_us=5000)
    world.clear(30_000)
    world.place(50_000)
    present, *pose = world.pose(now_us)
    number, table = world.poses(np.array([float(now_us)]))
    assert table[0].tolist() == pytest.approx(pose)
    assert (number[0] in (1, 3)) == present


def test_the_chassis_rests_while_nothing_is_handled() -> None:
    world = scene(along((0, 0, 0, 0, 0.5)), placed_us=1000)
    assert world.acceleration(np.array([0.0, 1000.0]))[:, 2].tolist() == [0.0, 0.5]
