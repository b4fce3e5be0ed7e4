"""Parts that fail: at start-up and in mid-sweep the device names the part and leaves lamp and carriage safe."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk import wire
from stillscan.errors import DeviceError
from stillscan.link.messages import Abort, Band, SweepEnd

from .rig import ALL, REST, Rig, along, row_seen

DEFECT = str(Path(__file__).parent / "board_defect.py")
AT_BOOT = {
    "flow-nak": ("flow", "no_answer"),
    "flow-silent": ("flow", "no_answer"),
    "flow-wrong-id": ("flow", "wrong_id"),
    "accelerometer-nak": ("accelerometer", "no_answer"),
    "accelerometer-wrong-id": ("accelerometer", "wrong_id"),
    "line-sensor-stuck": ("line_sensor", "stuck"),
    "line-sensor-dark": ("lamp", "no_light"),
    "carriage-no-home": ("carriage", "no_home"),
    "carriage-home-stuck": ("carriage", "home_stuck"),
    "carriage-jam": ("carriage", "no_home"),
}
# What shows only in use: the time from power-on, in ms, within which it does.
SOON = {"flow-stuck": ("flow", "stuck", 1500), "accelerometer-stuck": ("accelerometer", "stuck", 1500)}
MID_SWEEP = {
    "flow-nak": ("flow", "no_answer", 10),
    "flow-silent": ("flow", "no_answer", 10),
    "flow-stuck": ("flow", "stuck", 700),
    "line-sensor-stuck": ("line_sensor", "stuck", 40),
    # Not read while a sweep runs: found as soon as it has ended.
    "accelerometer-nak": ("accelerometer", "no_answer", 1200),
    "accelerometer-stuck": ("accelerometer", "stuck", 2200),
}


def assert_fault(rig: Rig, part: str, fault: str) -> None:
    failed = next(m for m in reversed(rig.heard) if getattr(m, "state", 0) == wire.FAULT)
    named = failed._asdict()
    assert (wire.PARTS[named["part"]], wire.FAULTS[named["fault"]]) == (part, fault)
    assert named["cause"] == wire.PART_FAILED
    assert rig.safe()
    assert rig.ring() == "red"


def assert_scans(rig: Rig) -> None:
    """A document that is laid on now is scanned whole."""
    rig.clear()
    rig.listen(2000)
    rig.place(REST)
    end = rig.next(SweepEnd)
    assert end.bands == 274
    assert [row_seen(b) for b in rig.bands(end.sweep)] == list(range(274))


@pytest.mark.parametrize("name", AT_BOOT)
def test_at_start_up_then_mended(name: str) -> None:
    with Rig(fault=name) as rig:
        assert rig.state == wire.FAULT
        assert_fault(rig, *AT_BOOT[name])
        rig.place()
        rig.listen(1000)
        assert rig.state == wire.FAULT, "it waits for RECOVER"
        assert rig.ask(wire.C_RECOVER) is None or rig.state == wire.FAULT
        rig.listen(3000)
        assert_fault(rig, *AT_BOOT[name])
        rig.kiosk.fail("none")
        rig.clear()
        rig.host.send(wire.C_RECOVER)
        rig.until(wire.EMPTY)
        assert_scans(rig)


@pytest.mark.parametrize("name", SOON)
def test_soon_after_start_up(name: str) -> None:
    part, fault, within_ms = SOON[name]
    with Rig(fault=name) as rig:
        failed = rig.until(wire.FAULT)
        assert failed.t_ms - rig.booted.t_ms <= within_ms
        assert_fault(rig, part, fault)


@pytest.mark.parametrize("name", MID_SWEEP)
def test_in_mid_sweep_then_mended(name: str) -> None:
    part, fault, within_ms = MID_SWEEP[name]
    with Rig() as rig:
        rig.place()
        while len(rig.bands(1)) < 50:
            rig.next(Band)
        broken_ms = rig.kiosk.now_ms()
        rig.kiosk.fail(name)
        failed = rig.until(wire.FAULT)
        assert failed.t_ms - broken_ms <= within_ms
        assert_fault(rig, part, fault)
        aborts = rig.aborts()
        if not rig.ends():
            assert [a.cause for a in aborts] == [wire.PART_FAILED]
            assert [b.header.row for b in rig.bands(1)] == list(range(aborts[0].row))
        rig.kiosk.fail("none")
        rig.clear()
        rig.host.send(wire.C_RECOVER)
        rig.until(wire.EMPTY)
        assert_scans(rig)


@pytest.mark.parametrize(
    "state", [wire.EMPTY, wire.PLACED, wire.MOVED, wire.DONE, wire.GAVE_UP], ids=lambda n: wire.STATES[n]
)
def test_flow_sensor_dies_in_any_state(state: int) -> None:
    with Rig() as rig:
        rig.setting("attempts", 1 if state == wire.GAVE_UP else 60)
        moving = along(*((t, t // 300 % 2 * 2.0, 0, 0) for t in range(0, 6000, 60)))
        if state != wire.EMPTY:
            rig.place(moving if state in (wire.MOVED, wire.GAVE_UP) else REST)
            rig.until(state)
        rig.kiosk.fail("flow-silent")
        rig.until(wire.FAULT, 50)
        assert_fault(rig, "flow", "no_answer")


def test_presence_sensor_stuck() -> None:
    """Nothing to check it against: stuck absent looks like an empty glass, stuck present like a restless document."""
    with Rig(fault="presence-stuck-absent") as rig:
        rig.place()
        rig.listen(3000)
        assert rig.state == wire.EMPTY
    with Rig() as rig:
        rig.setting("time_limit", 1000)
        rig.kiosk.fail("presence-stuck-present")
        assert rig.until(wire.GAVE_UP).cause == wire.TIME
        assert rig.safe()


def test_presence_sensor_lost_in_mid_sweep() -> None:
    with Rig() as rig:
        rig.place()
        while len(rig.bands(1)) < 50:
            rig.next(Band)
        rig.kiosk.fail("presence-stuck-absent")
        assert rig.next(Abort).cause == wire.REMOVED
        assert rig.safe()


def test_fault_is_in_log_and_health() -> None:
    with Rig() as rig:
        rig.kiosk.fail("flow-nak")
        rig.until(wire.FAULT)
        health, log = rig.host.health(), rig.host.log()
        assert health is not None
        assert log is not None
        assert health.faults == 1
        noted = [(log.entries[at + 4], log.entries[at + 5]) for at in range(0, len(log.entries), 8)]
        assert (wire.EV_FAULT, wire.FLOW) in noted
        assert noted[0] == (wire.EV_BOOT, 0)


def test_a_defect_of_the_firmware() -> None:
    """An exception that nobody expects: FAULT names the firmware, the console has the traceback, the link goes on."""
    with Rig(script=DEFECT) as rig:
        rig.place()
        rig.until(wire.FAULT)
        assert_fault(rig, "firmware", "internal")
        assert [a.cause for a in rig.aborts()] == [wire.PART_FAILED]
        assert len(rig.bands(1)) == 50
        assert "RuntimeError: a defect" in rig.kiosk.firmware.console()
        rig.clear()
        rig.host.send(wire.C_RECOVER)
        rig.until(wire.EMPTY)
        assert_scans(rig)


def test_a_defect_in_every_turn_ends_in_a_reset() -> None:
    with Rig(script=DEFECT, boot_id=2) as rig:
        rig.place()
        rig.until(wire.FAULT)
        assert_fault(rig, "firmware", "internal")
        with pytest.raises(DeviceError, match="watchdog"):
            rig.listen(6000)
        assert rig.safe()


def test_a_defect_at_start_up() -> None:
    """The reference cannot be stored: the device says so by FAULT, and recovers when it can."""
    with Rig(files={"reference.bin": None, "reference.bin.new": None}) as rig:
        assert rig.state == wire.FAULT
        assert_fault(rig, "firmware", "internal")
        (rig.folder / "reference.bin.new").rmdir()
        rig.host.send(wire.C_RECOVER)
        rig.until(wire.EMPTY)
        assert_scans(rig)


def test_recover_where_nothing_failed() -> None:
    with Rig() as rig:
        error = rig.ask(wire.C_RECOVER)
        assert error is not None
        assert (error.code, error.about) == (wire.E_WRONG_STATE, wire.C_RECOVER)
        assert rig.state == wire.EMPTY


def test_fault_reaches_a_host_that_comes_later() -> None:
    with Rig(fault="flow-nak") as rig:
        rig.connect(ALL)
        rig.heard.clear()
        rig.until(wire.FAULT, 100)
        assert_fault(rig, "flow", "no_answer")
