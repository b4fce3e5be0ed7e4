"""Sweeps laid on each other by what they show: counts that are wrong, and counts that go backwards."""

from __future__ import annotations

import pytest

from stillscan.scanning.strips import PAPER

from .moving import along, assert_straight, empty, sweep

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("scale", [0.75, 1.3])
def test_counts_that_are_a_quarter_wrong_are_put_right_by_the_lines(scale: float) -> None:
    """A sensor mounted a little too near or too far."""
    motion = along((0, 0, 0), (500, 0, 0), (580, 1.2, -0.9))
    store = empty()
    sweep(store, motion, 100_000, 0, 120, scale=scale)
    assert not store.settle()
    sweep(store, motion, 700_000, 80, scale=scale)
    assert not store.settle()
    assert_straight(store)
    assert store.flow_sign == 1


def test_a_sensor_that_counts_backwards_is_found_out() -> None:
    motion = along((0, 0, 0), (500, 0, 0), (580, 0.9, 0.7), (1500, 0.9, 0.7), (1580, -0.4, 1.6))
    store = empty()
    for began_us, first_row in ((100_000, 0), (700_000, 60), (1_700_000, 60)):
        sweep(store, motion, began_us, first_row, 200 if began_us < 1_000_000 else 273, scale=-1)
        told = store.settle()
    assert told
    assert store.flow_sign == -1
    assert_straight(store)
    assert store.as_device_counts(100) == 100 + round(2 * -1.6 / 0.084667)
    assert store.as_device_counts(0) == 0


def test_what_slid_beyond_the_sensors_end_is_not_made_up() -> None:
    """7 mm: the first character of a line would be cut. Where an earlier sweep saw it, its pixels stay."""
    far = along((0, 0, 0), (50, 7.0, 0))
    store = empty()
    sweep(store, far, 200_000)
    picture, seen = store.joined()
    assert seen.all()
    assert (picture[:, -80:] == PAPER).all()
    assert store.torn(60, 190)
    near = empty()
    sweep(near, along((0, 0, 0), (500, 0, 0), (900, 7.0, 0)), 100_000, 0, 130)
    sweep(near, along((0, 0, 0), (500, 0, 0), (900, 7.0, 0)), 1_000_000)
    near.joined()
    assert not near.torn(0, 120)
    assert near.torn(60, 190)


@pytest.mark.parametrize("dx", [-4.8, 5.8])
def test_a_margin_may_slide_away(dx: float) -> None:
    store = empty()
    sweep(store, along((0, 0, 0), (50, dx, 0)), 200_000)
    store.joined()
    assert not store.torn(60, 190)
