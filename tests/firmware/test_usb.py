"""The cable is pulled, or the computer stops reading: in every state the device stays safe and serves the next host."""

from __future__ import annotations

import pytest

from kiosk import wire
from stillscan.link.messages import Band, Health, SweepEnd

from .rig import ALL, REST, Rig, along, row_seen

STATES = (
    wire.EMPTY, wire.PLACED, wire.STILL, wire.SCANNING, wire.MOVED, wire.DONE, wire.GAVE_UP, wire.FAULT,
)  # fmt: skip
each_state = pytest.mark.parametrize("state", STATES, ids=lambda n: wire.STATES[n])


def reach(rig: Rig, state: int) -> None:
    """Into ``state`` with a document; FAULT by a flow sensor that is mended again."""
    if state == wire.EMPTY:
        return
    if state == wire.GAVE_UP:
        rig.setting("attempts", 1)
    slips = along((600, 0, 0, 0), (680, 1, 0, 0))
    rig.place(slips if state in (wire.MOVED, wire.GAVE_UP) else REST)
    if state == wire.FAULT:
        rig.until(wire.PLACED)
        rig.kiosk.fail("flow-nak")
    rig.until(state)
    rig.kiosk.fail("none")
    if state == wire.SCANNING:
        while len(rig.bands(1)) < 20:
            rig.next(Band)


def assert_serves(rig: Rig, state: int) -> None:
    """A host that says HELLO hears the state, and the next document is scanned whole."""
    rig.heard.clear()
    rig.connect()
    if state == wire.FAULT:
        rig.until(wire.FAULT, 100)
        rig.host.send(wire.C_RECOVER)
        rig.until(wire.EMPTY)
    rig.setting("attempts", 60)
    rig.clear()
    rig.listen(1800)
    assert rig.state == wire.EMPTY
    rig.place(REST)
    end = rig.next(SweepEnd)
    assert [row_seen(b) for b in rig.bands(end.sweep)] == list(range(274))
    assert rig.until(wire.DONE).cause == wire.NO_CAUSE


@each_state
def test_unplugged_and_plugged_in_again(state: int) -> None:
    with Rig() as rig:
        reach(rig, state)
        rig.bus.usb.unplugged = True
        rig.kiosk.pass_time(3000)
        rig.bus.usb.unplugged = False
        assert_serves(rig, state)


@each_state
def test_unplugged_for_long(state: int) -> None:
    """Attempts without a host end; nothing moves and no light burns for ever."""
    with Rig() as rig:
        reach(rig, state)
        rig.setting("attempts", 2) if state not in (wire.SCANNING, wire.STILL) else None
        rig.bus.usb.unplugged = True
        rig.kiosk.pass_time(20_000)
        assert rig.safe()
        assert rig.ring() in ("red", "green"), "given up, fault, done or empty"
        rig.bus.usb.unplugged = False
        assert_serves(rig, state)


@each_state
def test_computer_that_does_not_read(state: int) -> None:
    """A write gives up after a second; that ends the subscription and a sweep with it."""
    with Rig() as rig:
        reach(rig, state)
        rig.bus.usb.stalled = True
        rig.kiosk.pass_time(3000)
        assert rig.safe()
        rig.bus.usb.stalled = False
        assert rig.kiosk.read(0) == b""
        assert_serves(rig, state)
        health = rig.host.health()
        assert health is not None
        assert health.short_writes == (1 if state in (wire.STILL, wire.PLACED, wire.SCANNING, wire.MOVED) else 0)


def test_stall_in_mid_sweep_is_host_gone() -> None:
    with Rig() as rig:
        reach(rig, wire.SCANNING)
        rig.bus.usb.stalled = True
        began_ms = rig.kiosk.now_ms()
        rig.kiosk.pass_time(1020)
        assert not rig.lamp_on(), "one write of a second, then everything is off"
        rig.bus.usb.stalled = False
        rig.connect()
        log = rig.host.log()
        assert log is not None
        aborts = [(log.entries[at + 5], log.entries[at : at + 4]) for at in range(0, len(log.entries), 8)
                  if log.entries[at + 4] == wire.EV_ABORT]  # fmt: skip
        assert [cause for cause, _ in aborts] == [wire.HOST_GONE]
        assert int.from_bytes(aborts[0][1], "little") - began_ms < 1010


def test_a_lost_subscription_shows_in_health() -> None:
    """The host that hears `streams` 0 knows that nothing will come any more, and says HELLO again."""
    with Rig() as rig:
        health = rig.host.health()
        assert health is not None
        assert (health.streams, health.boot_id) == (ALL, rig.hello.boot_id)
        reach(rig, wire.SCANNING)
        rig.bus.usb.stalled = True
        rig.kiosk.pass_time(1100)
        rig.bus.usb.stalled = False
        rig.host.send(wire.C_HEALTH)
        heard = rig.next(Health)
        assert (heard.streams, heard.short_writes) == (0, 1)
        assert_serves(rig, wire.MOVED)
