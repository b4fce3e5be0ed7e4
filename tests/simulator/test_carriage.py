from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillscan.errors import DeviceError
from stillscan.simulator.carriage import (
    HOME_Y_MM,
    LOWER_END_STEP,
    ROW0_STEP,
    STEP_MM,
    STEPS_PER_ROW,
    UPPER_END_STEP,
    Carriage,
)
from stillscan.simulator.glass import ZONE_ROWS, row_y_mm


def _at_home(seed: int = 1) -> Carriage:
    """A carriage whose position is step 0."""
    carriage = Carriage(seed)
    carriage.start(0, -1, 3000, 2000, 2000, 1e6)
    carriage.start(10**7, 1, -UPPER_END_STEP, 2000, 2000, 1e6)
    assert carriage.position_steps(2 * 10**7) == 0.0
    return carriage


def test_geometry() -> None:
    row_mm = STEP_MM * STEPS_PER_ROW
    assert row_mm == pytest.approx(0.084667, abs=1e-6)
    assert pytest.approx(28.0, abs=0.01) == HOME_Y_MM
    carriage = _at_home()
    for row in (0, 1, 273):
        carriage.start(3 * 10**7, 1, ROW0_STEP + STEPS_PER_ROW * row + 2, 1000, 1000, 1e5)
        assert carriage.y_mm(4 * 10**7) == pytest.approx(row_y_mm(row), abs=1e-9)
        carriage = _at_home()


@pytest.mark.slow
@given(st.integers(0, 1500), st.floats(50, 500), st.floats(1, 6), st.floats(100, 50_000))
def test_a_train_is_counted_ramped_and_symmetrical(steps: int, start_hz: float, times: float, accel: float) -> None:
    carriage = _at_home()
    begin = 10**8
    carriage.start(begin, 1, steps, start_hz, start_hz * times, accel)
    end = carriage.finish_us()
    assert carriage.steps_done(begin) == 0
    assert carriage.steps_done(end) == steps
    assert carriage.busy(begin) == (steps > 0)
    assert not carriage.busy(end)
    assert carriage.position_steps(end + 10**6) == min(steps, LOWER_END_STEP)
    assert len(carriage.moments_us()) == steps + 1
    assert [carriage.steps_done(moment) for moment in carriage.moments_us()[:3]] == [0, 1, 2][: steps + 1]
    pulses = np.diff(carriage.moments_us())
    assert (pulses > 0).all()
    assert np.allclose(pulses, pulses[::-1], atol=2, rtol=0)
    assert all(moment == int(moment) for moment in carriage.moments_us())
    if steps:
        assert pulses.min() >= 1e6 / (start_hz * times) - 1
        assert pulses.max() <= 1e6 / start_hz + 1
        speed = 1e6 / pulses
        # v*v = u*u + 2 a s, with a margin: these are mean speeds over a step each, of whole microseconds.
        assert (np.abs(np.diff(speed**2)) <= 2 * accel * 1.5 + 4e-6 * speed.max() ** 3).all()


def test_speed_reaches_the_top_and_the_time_is_the_trapezoids() -> None:
    carriage = _at_home()
    carriage.start(10**8, 1, 1200, 200, 1300, 5000)
    ramp_s, ramp_steps = (1300 - 200) / 5000, (1300**2 - 200**2) / 10_000
    seconds = 2 * ramp_s + (1200 - 2 * ramp_steps) / 1300
    assert carriage.finish_us() - 10**8 == pytest.approx(seconds * 1e6, abs=1)
    middle = 10**8 + round(seconds * 5e5)
    assert carriage.position_steps(middle) == pytest.approx(600, abs=0.01)
    assert carriage.position_steps(middle + 1000) - carriage.position_steps(middle) == pytest.approx(1.3, abs=1e-3)


def test_stop_ends_the_pulses_at_once() -> None:
    carriage = _at_home()
    carriage.start(10**8, 1, 1000, 1000, 1000, 1e5)
    assert carriage.stop(10**8 + 100_500) == 100
    assert not carriage.busy(10**8 + 100_500)
    assert carriage.position_steps(10**8 + 10**6) == 100
    assert carriage.steps_done(10**8 + 10**6) == 100
    carriage.start(2 * 10**8, -1, 60, 1000, 1000, 1e5)
    assert carriage.position_steps(3 * 10**8) == 40
    carriage.start(4 * 10**8, 1, 60, 1000, 1000, 1e5)
    carriage.start(4 * 10**8 + 10_500, -1, 5, 1000, 1000, 1e5)  # breaks into the running train
    assert carriage.position_steps(5 * 10**8) == 45


@pytest.mark.parametrize(("direction", "end"), [(1, LOWER_END_STEP), (-1, UPPER_END_STEP)])
def test_the_rail_ends(direction: int, end: int) -> None:
    carriage = Carriage(4)
    carriage.start(0, direction, 5000, 2000, 2000, 1e6)
    assert carriage.steps_done(10**7) == 5000, "pulses are counted though the motor stalls"
    assert carriage.position_steps(10**7) == end
    carriage.start(2 * 10**7, -direction, 10, 2000, 2000, 1e6)
    assert carriage.position_steps(3 * 10**7) == end - direction * 10


def test_home_switch_closes_at_its_step() -> None:
    carriage = _at_home()
    carriage.start(10**8, 1, 20, 1000, 1000, 1e5)
    closed = [carriage.home(10**8 + step * 1000 + 1) for step in range(20)]
    assert closed == [step <= 9 for step in range(20)]


def test_where_it_stands_at_power_on_is_seeded() -> None:
    places = [Carriage(seed).position_steps(0) for seed in range(30)]
    assert places == [Carriage(seed).position_steps(0) for seed in range(30)]
    assert len(set(places)) > 25
    assert all(0 <= place <= LOWER_END_STEP for place in places)
    assert ROW0_STEP + STEPS_PER_ROW * ZONE_ROWS < LOWER_END_STEP


def test_faults() -> None:
    carriage = _at_home()
    carriage.fault = "no-home"
    assert not carriage.home(10**8)
    carriage.fault = "jam"
    carriage.start(10**8, 1, 100, 1000, 1000, 1e5)
    assert carriage.position_steps(2 * 10**8) == 0.0
    assert carriage.steps_done(2 * 10**8) == 100
    assert carriage.home(2 * 10**8)
    other = Carriage(3)
    assert not other.home(0)
    other.fault = "home-stuck"
    assert other.home(0)


@pytest.mark.parametrize(
    "arguments", [(0, 10, 1, 1, 1), (1, -1, 1, 1, 1), (1, 1, 0, 1, 1), (1, 1, 2, 1, 1), (1, 1, 1, 1, 0)]
)
def test_impossible_trains_are_refused(arguments: tuple[int, int, float, float, float]) -> None:
    with pytest.raises(ValueError, match="pulse train"):
        Carriage(1).start(0, *arguments)


def test_heights_that_are_foreseen_are_those_that_come() -> None:
    carriage = Carriage(7)
    for direction, steps in ((-1, 900), (1, 700), (1, 2000), (-1, 40)):
        carriage.start(1_000_000, direction, steps, 200.0, 1300.0, 9000.0)
        times_us = np.linspace(990_000, carriage.finish_us() + 5000, 400)
        foreseen = carriage.heights_mm(times_us)
        assert foreseen == pytest.approx([carriage.y_mm(at) for at in times_us], abs=1e-9)
        pulses_us = carriage.moments_us()
        assert carriage.heights_mm(np.array(pulses_us)).tolist() == [carriage.y_mm(at) for at in pulses_us]
        carriage.stop(carriage.finish_us() + 1)


def test_a_train_that_no_rail_is_long_enough_for_is_told() -> None:
    """A table of a board may say anything; the moments of a thousand million pulses took 8 GB."""
    with pytest.raises(DeviceError, match="ROW0_STEPS"):
        Carriage(1).start(0, 1, 10**9, 200.0, 1600.0, 12_000.0)
