"""What really happened: latencies from the scene's own poses, for every kind of event and for false alarms."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest

from stillscan.simulator.bus import Bus, Stop
from stillscan.simulator.hand import Motion, profile
from stillscan.simulator.truth import latency_ms, slept_through, stop_before

from .world import AT_REST, along, scene

MS = 1000


def bus(motion: Motion, *stops: Stop) -> Bus:
    return cast(Bus, SimpleNamespace(scene=scene(motion), stops=list(stops)))


def latency(motion: Motion, stopped_ms: float, cause: str = "slip", began_ms: float = 10) -> float | None:
    stop = Stop(int(began_ms * MS), int(stopped_ms * MS), None)
    return latency_ms(bus(motion, stop), stop, cause)


SLIP = along((100 * MS, 0, 0, 0), (180 * MS, 1, 0, 0))  # 0.2 mm are over at 116 ms


def test_slip_counts_from_two_tenths_of_a_millimetre() -> None:
    assert latency(SLIP, 120) == pytest.approx(4, abs=0.1)
    assert latency(SLIP, 175) == pytest.approx(59, abs=0.1)
    assert latency(along((100 * MS, 0, 0, 0), (180 * MS, 0, -1, 0)), 120) == pytest.approx(4, abs=0.1)


def test_slip_that_had_not_come_so_far() -> None:
    assert latency(SLIP, 115) == 0.0, "0.19 mm: early, not without reason"
    assert latency(SLIP, 107) is None, "0.09 mm"
    assert latency(SLIP, 90) is None
    assert latency(AT_REST, 90) is None


def test_slip_that_was_over_is_no_false_alarm() -> None:
    """50 ms after its end the document lies where it lay 50 ms before; there was a reason all the same."""
    assert latency(SLIP, 300) == 0.0


def test_distance_from_the_start_of_the_sweep() -> None:
    """What happened before the sweep began is none of its business."""
    assert latency(SLIP, 175, began_ms=170) is None
    assert latency(SLIP, 180, began_ms=150) == pytest.approx(14, abs=0.1)


def test_a_second_slip_counts_anew() -> None:
    twice = along((100 * MS, 0, 0, 0), (180 * MS, 1, 0, 0), (400 * MS, 1, 0, 0), (480 * MS, 0, 0, 0))
    assert latency(twice, 420) == pytest.approx(4, abs=0.1)


def test_drift_and_tremor_are_no_events() -> None:
    assert latency(along((0, 0, 0, 0), (2000 * MS, 2, 0, 0)), 1500) is None
    trembling = along(*((n * 25 * MS, (n % 2) * 0.15, 0, 0) for n in range(80)))
    assert latency(trembling, 1500) is None


def test_lift_counts_from_the_end_of_the_sensors_range() -> None:
    lifted = along((100 * MS, 0, 0, 0), (200 * MS, 0, 0, 6))  # 3 mm at 150 ms
    assert latency(lifted, 160, "lifted") == pytest.approx(10, abs=0.1)
    assert latency(lifted, 120, "lifted") == 0.0, "1.2 mm above the glass: early, not without reason"
    assert latency(lifted, 105, "lifted") is None, "0.3 mm: a false alarm"


def test_bump_counts_from_the_edge() -> None:
    def of(edge_us: int | None) -> float | None:
        stop = Stop(100 * MS, 203 * MS, edge_us)
        return latency_ms(bus(AT_REST, stop), stop, "bump")

    assert of(201 * MS) == 2.0
    assert of(99 * MS) is None, "before the sweep"
    assert of(None) is None


def test_the_stop_that_an_abort_is_about() -> None:
    stops = [Stop(0, 100, None), Stop(150, 200, None), Stop(250, 300, None)]
    kiosk = bus(AT_REST, *stops)
    assert stop_before(kiosk, 299, 0) is stops[1]
    assert stop_before(kiosk, 300, 200) is stops[2]
    assert stop_before(kiosk, 299, 200) is None, "the carriage stood already"
    assert stop_before(bus(AT_REST), 1e9, 0) is None


def test_a_slip_within_a_sweep_is_one_that_a_good_sweep_has_slept_through() -> None:
    world = scene(along((300 * MS, 0, 0, 0), (380 * MS, 0.6, 0, 0)))
    assert slept_through(world, 200 * MS, 900 * MS)
    assert not slept_through(world, 400 * MS, 900 * MS), "it was over"
    assert not slept_through(world, 10 * MS, 250 * MS), "it had not begun"
    assert not slept_through(world, 10 * MS, 320 * MS), "most of it was still to come"
    assert not slept_through(scene(along((300 * MS, 0, 0, 0), (380 * MS, 0.4, 0, 0))), 200 * MS, 900 * MS)


def test_neither_tremor_nor_drift_is_a_slip() -> None:
    for name in ("tremor", "drift", "still"):
        assert not slept_through(scene(profile(name, 1, 2.0)), 100 * MS, 1500 * MS)
