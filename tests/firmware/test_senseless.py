"""Sensors that answer, and make no sense: the scanner says which, and goes on without it where that is safe."""

from __future__ import annotations

import pytest

from kiosk import wire
from stillscan.link.messages import Abort, Band
from stillscan.simulator.hand import profile

from .rig import REST, Rig, along, bump


def test_a_spinning_flow_sensor_is_named() -> None:
    with Rig() as rig:
        rig.kiosk.fail("flow-spin")
        rig.place()
        rig.until(wire.PLACED)
        failed = rig.until(wire.FAULT, 800)
        assert (failed.part, failed.fault) == (wire.FLOW, wire.IMPLAUSIBLE)
        assert not rig.begins()
        assert rig.safe()


def test_a_flow_sensor_that_begins_to_spin_in_mid_sweep() -> None:
    with Rig() as rig:
        rig.place()
        while len(rig.bands(1)) < 50:
            rig.next(Band)
        rig.kiosk.fail("flow-spin")
        abort = rig.next(Abort)
        assert (abort.cause, abort.row) in {(wire.SLIP, row) for row in range(50, 56)}, "within 15 ms"
        failed = rig.until(wire.FAULT, 800)
        assert (failed.part, failed.fault) == (wire.FLOW, wire.IMPLAUSIBLE)
        rig.kiosk.fail("none")
        rig.clear()
        rig.host.send(wire.C_RECOVER)
        rig.until(wire.EMPTY)
        rig.place(REST)
        assert rig.until(wire.DONE).attempt == 1


def test_a_hand_that_throws_the_passport_down_is_no_spinning_sensor() -> None:
    with Rig() as rig:
        rig.place(along((0, 0, 0, 0), (150, 75, 0, 0), (300, 75, 0, 0), (500, 5, 0, 0)))
        assert rig.until(wire.DONE).attempt == 1


@pytest.mark.parametrize("at_boot", [True, False])
def test_an_accelerometer_at_full_scale_is_named_and_done_without(at_boot: bool) -> None:
    with Rig(fault="accelerometer-full-scale" if at_boot else None) as rig:
        rig.kiosk.fail("accelerometer-full-scale")
        rig.listen(300)
        rig.place(profile("one-slip", 1, 10))
        done = rig.until(wire.DONE)
        assert (done.part, done.fault, done.cause) == (wire.ACCELEROMETER, wire.IMPLAUSIBLE, wire.NO_CAUSE)
        assert [a.cause for a in rig.aborts()] == [wire.SLIP], "the flow is enough"
        rig.listen(3000)
        assert rig.state == wire.DONE
        log = rig.host.log()
        assert log is not None
        noted = [tuple(log.entries[at + 4 : at + 7]) for at in range(0, len(log.entries), 8)]
        assert noted.count((wire.EV_FAULT, wire.ACCELEROMETER, wire.IMPLAUSIBLE)) == 1


def test_a_frozen_flow_sensor_while_the_document_slips() -> None:
    """It is found within 0.7 s (test_faults.py); the sweep that ran meanwhile is not called good."""
    with Rig() as rig:
        rig.place(along((600, 0, 0, 0), (680, 1, 0, 0)))
        while len(rig.bands(1)) < 50:
            rig.next(Band)
        rig.kiosk.fail("flow-stuck")
        failed = rig.until(wire.FAULT, 800)
        assert (failed.part, failed.fault) == (wire.FLOW, wire.STUCK)
        assert not rig.ends()


def test_both_sensors_silent() -> None:
    with Rig() as rig:
        rig.kiosk.fail("flow-silent")
        rig.kiosk.fail("accelerometer-nak")
        failed = rig.until(wire.FAULT, 100)
        assert (failed.part, failed.fault) in {
            (wire.FLOW, wire.NO_ANSWER),
            (wire.ACCELEROMETER, wire.NO_ANSWER),
        }
        rig.host.send(wire.C_RECOVER)
        assert rig.until(wire.FAULT, 3000).part in (wire.FLOW, wire.ACCELEROMETER)
        assert rig.safe()


def test_a_document_without_texture_is_scanned_all_the_same() -> None:
    """After 3 s of nothing to follow; the flow sensor is named, and what comes next is followed again."""
    with Rig() as rig:
        rig.kiosk.fail("flow-blank")
        rig.place()
        done = rig.until(wire.DONE)
        assert (done.part, done.fault, done.attempt) == (wire.FLOW, wire.NO_TEXTURE, 1)
        assert 3_000 < done.t_ms - rig.booted.t_ms < 5_000
        rig.clear()
        rig.until(wire.EMPTY)
        rig.kiosk.fail("none")
        rig.place(profile("one-slip", 1, 10))
        assert rig.until(wire.DONE).part == wire.NO_PART
        assert [abort.cause for abort in rig.aborts()] == [wire.SLIP]


def test_without_texture_a_bump_aborts() -> None:
    with Rig() as rig:
        rig.kiosk.fail("flow-blank")
        rig.place(bump(3500))
        rig.until(wire.DONE)
        assert [abort.cause for abort in rig.aborts()] == [wire.BUMP]
