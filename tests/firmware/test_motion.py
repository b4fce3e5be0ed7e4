"""What the motion monitor tolerates, what it notices, and how soon."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from kiosk import wire
from stillscan.link.messages import Abort, Band, State, SweepBegin
from stillscan.simulator import truth
from stillscan.simulator.hand import FloatArray, Motion, profile
from tests.covering import some

from .rig import REST, RESTART_ONLY, Rig, along, lift, row_seen

LOCKED = str(Path(__file__).parent / "board_heap.py")
ROWS = 274


def with_slip(motion: Motion, at_ms: float, mm: float, angle: float) -> Motion:
    """The motion, and a slip of ``mm`` within 80 ms on top of it."""
    part = np.clip((motion.times_us / 1000 - at_ms) / 80, 0, 1)
    pose = motion.pose_mm.copy()
    pose[:, :2] += np.outer(0.5 - 0.5 * np.cos(np.pi * part), (mm * math.cos(angle), mm * math.sin(angle)))
    return Motion(motion.times_us, pose, motion.accel_g)


def shifts_um(bands: list[Band]) -> FloatArray:
    """(bands, 2) displacement in their headers."""
    return np.array([(b.header.dx_um, b.header.dy_um) for b in bands], dtype=np.float64)


@pytest.mark.parametrize("way", [(1, 0), (0, 1), (-0.6, -0.8)])
def test_drift_is_tolerated_and_told(way: tuple[float, float]) -> None:
    with Rig() as rig:
        rig.place(along((0, 0, 0, 0), (5000, 5 * way[0], 5 * way[1], 0)))
        done = rig.until(wire.DONE)
        assert all(a.row < 12 for a in rig.aborts()), "two counts of noise, at the most; then it begins anew"
        bands = rig.bands(done.attempt)
        assert len(bands) == ROWS
        seconds = np.array([b.header.t_us for b in bands]) / 1e6
        for axis in range(2):
            rate, start = np.polyfit(seconds - seconds[0], shifts_um(bands)[:, axis], 1)
            assert rate == pytest.approx(1000 * way[axis], abs=60)
            assert abs(start) <= 600, "counted since the placing, 0.25 s before or a little more"
        inside = [b for b in bands if 20 < b.header.row < ROWS - 20]
        assert all(abs(row_seen(b) - b.header.row - b.header.dy_um / 84.667) <= 1.6 for b in inside)


def test_drift_to_the_edge_of_the_window_ends_a_sweep() -> None:
    with Rig() as rig:
        rig.setting("stall", 10_000)
        rig.host.credit = lambda message: 1 if isinstance(message, SweepBegin) else None  # it waits for the rest
        rig.place(along((0, 0, 0, 0), (11_000, 0, -9.9, 0)))
        abort = rig.next(Abort, 11_000)
        assert abort.cause == wire.DRIFT
        assert abort.dy_um == pytest.approx(rig.bands(1)[0].header.dy_um - 8000, abs=250)


@pytest.mark.parametrize("seed", some(range(6), 3))
def test_tremor_is_recognised_and_tolerated(seed: int) -> None:
    with Rig() as rig:
        rig.place(profile("tremor", seed, 10))
        done = rig.until(wire.DONE, 3000)
        assert len({b.track for b in rig.begins()}) == 1
        swing = np.ptp(shifts_um(rig.bands(done.attempt)), axis=0).max()
        assert swing > 300, "a tremor it was"
    with Rig(files=RESTART_ONLY) as rig:
        rig.place(profile("tremor", seed, 10))
        rig.listen(3000)
        assert wire.DONE not in {m.state for m in rig.heard if isinstance(m, State)}


@pytest.mark.parametrize("seed", some(range(8), 4))
def test_slip_amid_a_tremor_is_noticed(seed: int) -> None:
    """1 mm in any direction, 0.3 s into a sweep that runs in spite of the tremor."""
    tremor = profile("tremor", seed, 10)

    def scanning_ms(rig: Rig, motion: Motion) -> tuple[float, int]:
        rig.place(motion)
        placed_us = rig.bus.now_us
        rig.until(wire.SCANNING, 3000)
        return (rig.bus.now_us - placed_us) / 1000, placed_us

    with Rig() as rig:
        at_ms = scanning_ms(rig, tremor)[0] + 300
    with Rig() as rig:
        _, placed_us = scanning_ms(rig, with_slip(tremor, at_ms, 1.0, seed * math.pi / 4))
        rig.next(Abort, 3000)
        stop = truth.stop_before(rig.bus, rig.bus.now_us, 0)
        assert stop is not None
        assert (stop.stopped_us - placed_us) / 1000 <= at_ms + 120


@pytest.mark.parametrize("gap_ms", [200, 250, 330, 420])
def test_slips_one_after_the_other_are_never_taken_for_a_tremor(gap_ms: int) -> None:
    """There and back at a steady rate: what swings slower than 8 Hz is a slip each time."""
    with Rig() as rig:
        knots = [(0.0, 0.0, 0.0, 0.0)]
        for n in range(24):
            at_ms, x = 150 + n * gap_ms, float(n % 2)
            knots += [(at_ms, x, 0, 0), (at_ms + 80, 1 - x, 0, 0)]
        rig.place(along(*knots))
        rig.listen(4000)
        assert_none_missed(rig)


@pytest.mark.parametrize("mm", [0.33, 0.45, 1.0])
def test_a_former_slip_is_not_learned_as_a_tremor(mm: float) -> None:
    """It is still among the positions kept when the next slip comes: that one is noticed as soon as the first."""
    with Rig() as rig:
        motion = with_slip(profile("still", 1, 5), 500, mm, 0.0)
        rig.place(with_slip(motion, 740, 1.0, 2.0))
        placed_us = rig.bus.now_us
        for at_ms in (500, 740):
            began_us = rig.bus.now_us
            abort = rig.next(Abort)
            stop = truth.stop_before(rig.bus, rig.bus.now_us, began_us)
            assert stop is not None
            assert abort.cause == wire.SLIP
            assert at_ms <= (stop.stopped_us - placed_us) / 1000 <= at_ms + 80
            latency_ms = truth.latency_ms(rig.bus, stop, "slip")
            assert latency_ms is not None
            assert latency_ms <= 15


@pytest.mark.parametrize("name", ["slips", "slips-3", "restless", "mixed"])
def test_no_sweep_called_good_has_a_slip_in_it(name: str) -> None:
    for seed in some(range(3), 1):
        with Rig() as rig:
            rig.place(profile(name, seed, 12))
            while rig.bus.now_us < 12e6:
                if isinstance(state := rig.poll(200), State) and state.state == wire.DONE:
                    rig.host.send(wire.C_SWEEP, 0, ROWS - 1)
            assert_none_missed(rig)


def assert_none_missed(rig: Rig) -> None:
    """No sweep that ended well has slept through a slip."""
    for end in rig.ends():
        lines = [b.header.t_us for b in rig.bands(end.sweep)]
        assert not truth.slept_through(rig.scene, lines[0], lines[-1])


def test_bumps_end_nothing_while_the_flow_is_quiet() -> None:
    for seed in some(range(4), 2):
        with Rig() as rig:
            rig.place(profile("bump", seed, 10))
            assert rig.until(wire.DONE, 1300).attempt == 1
            assert not rig.aborts()
            assert [b.header.row for b in rig.bands(1)] == list(range(ROWS))


@pytest.mark.parametrize("mm", [1.0, 4.0])
def test_a_lift_ends_a_sweep_and_the_count(mm: float) -> None:
    with Rig() as rig:
        rig.place(lift(600, mm, 300))
        assert rig.next(Abort).cause == wire.LIFTED
        rig.until(wire.DONE)
        first, second = rig.begins()
        assert second.track not in (0, first.track)
        assert second.first_row == 0


def test_another_document_has_another_track() -> None:
    with Rig() as rig:
        for _ in range(2):
            rig.place(REST)
            rig.until(wire.DONE)
            rig.host.send(wire.C_FINISH, 1)
            rig.clear()
            rig.until(wire.EMPTY)
        first, second = rig.begins()
        assert first.track != second.track


def test_the_dwell_doubles_while_sweeps_bear_no_fruit() -> None:
    """Slips right after every start: 100, 200, 400, 800 ms of quiet; a sweep of 24 rows and more makes it 100 again."""
    jump = along((0, 0, 0, 0), (30, 1, 0, 0))

    def slip_at(rows: int) -> float:
        """Slip when so many rows of the next sweep have come; ms from there to the sweep after it."""
        sweep = len(rig.begins())
        while len(rig.bands(sweep)) < rows:
            rig.next(Band)
        rig.scene.replace(rig.scene.page, jump, rig.bus.now_us)
        moved_ms = rig.kiosk.now_ms()
        rig.until(wire.SCANNING)
        return rig.kiosk.now_ms() - moved_ms

    with Rig() as rig:
        rig.setting("dwell", 1000)
        rig.setting("dwell_again", 100)
        rig.place()
        rig.until(wire.SCANNING)
        waits = [slip_at(rows) for rows in (40, 5, 5, 5, 40)]
        steps = [after - before for before, after in pairwise(waits)]
        assert steps == pytest.approx([100, 200, 400, -700], abs=60)


@pytest.mark.parametrize("name", ["tremor", "drift", "mixed"])
def test_polling_with_the_heap_locked(name: str) -> None:
    with Rig(script=LOCKED) as rig:
        rig.place(profile(name, 2, 10))
        rig.until(wire.DONE)
        assert "MemoryError" not in rig.kiosk.firmware.console()
        assert not [m for m in rig.heard if isinstance(m, State) and m.state == wire.FAULT]
