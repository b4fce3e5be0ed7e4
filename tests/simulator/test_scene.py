from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillscan.simulator.hand import profile
from stillscan.simulator.scene import REMEMBERED_US

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


def test_a_long_day_keeps_the_last_seconds_only() -> None:
    """Ten thousand customers: memory stays flat, and what models still may ask about is as it was."""
    world, again = scene(placed_us=None), scene(placed_us=None)
    step_us = REMEMBERED_US // 10
    for moment in range(step_us, 10_000 * step_us, step_us):
        (world.clear if moment // step_us % 2 else world.place)(moment)
    assert len(world._history) == len(world._starts) <= 12
    assert world.generation == 9_999
    last_us = 9_999 * step_us
    times = np.linspace(last_us - REMEMBERED_US, last_us, 77)
    number, poses = world.poses(times)
    assert number.tolist() == [moment // step_us for moment in times]
    assert [world.pose(moment)[0] for moment in times] == [moment // step_us % 2 == 0 for moment in times]
    assert poses[:, 2].tolist() == [world.pose(moment)[3] for moment in times]
    again.place(5)
    again.clear(10 * REMEMBERED_US)
    assert again.pose(9 * REMEMBERED_US)[0], "what lay there for long is the oldest that is kept"
