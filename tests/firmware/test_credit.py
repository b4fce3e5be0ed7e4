"""A host that is not there, and a host that has no room: nothing is scanned for nobody, no row is lost in a pause."""

from __future__ import annotations

import pytest

from kiosk import wire
from stillscan.link.messages import Abort, Band, SweepBegin
from stillscan.simulator.hand import Motion

from .rig import ALL, EVENTS_ONLY, RESTART_ONLY, Rig, bump, lift, row_seen, slip

ROWS = 274
MID_SWEEP_MS = 600


def test_without_a_host_nothing_is_scanned_and_no_time_runs() -> None:
    with Rig(streams=EVENTS_ONLY) as rig:
        rig.setting("time_limit", 1000)
        rig.place()
        rig.until(wire.PLACED)
        rig.listen(5000)
        assert rig.state == wire.PLACED
        rig.host.send(wire.C_SUBSCRIBE, ALL)
        assert rig.until(wire.DONE).attempt == 1


@pytest.mark.parametrize("how", ["hello", "unsubscribe", "events-only"])
def test_host_gone_in_mid_sweep(how: str) -> None:
    with Rig() as rig:
        rig.place()
        rig.until(wire.SCANNING)
        while len(rig.bands(1)) < 20:
            rig.next(Band)
        if how == "hello":
            rig.connect(EVENTS_ONLY)
        else:
            rig.host.send(wire.C_SUBSCRIBE, 0 if how == "unsubscribe" else EVENTS_ONLY)
        rig.kiosk.pass_time(20)
        assert rig.safe() or not rig.lamp_on(), "the carriage goes back"
        rig.listen(1000)
        if how != "unsubscribe":
            moved = [m for m in rig.heard if getattr(m, "cause", 0) == wire.HOST_GONE]
            assert moved
            assert rig.state == wire.PLACED
        sweeps = len(rig.begins())
        rig.connect()
        assert rig.until(wire.DONE).cause == wire.NO_CAUSE
        assert len(rig.begins()) == sweeps + 1
        assert len(rig.bands(2)) == ROWS, "the host that comes has none of the rows"


def test_withheld_credit_aborts() -> None:
    with Rig() as rig:
        rig.host.credit = lambda message: 50 if isinstance(message, SweepBegin) else None
        rig.place()
        abort = rig.next(Abort)
        assert (abort.cause, abort.row, abort.latency_us) == (wire.HOST_STALLED, 50, 0)
        assert len(rig.bands(1)) == 50
        last_us = rig.bands(1)[-1].header.t_us
        assert 500 <= abort.t_ms - last_us / 1000 <= 520
        assert rig.safe()
        rig.host.credit = None
        assert rig.until(wire.DONE).attempt == 2
        assert [b.header.row for b in rig.bands(2)] == list(range(50 - 12, ROWS)), "goes on, 12 rows before"


def test_no_credit_at_all_moves_nothing() -> None:
    with Rig() as rig:
        rig.place()
        rig.until(wire.DONE)
        rig.host.credit = lambda message: None
        assert rig.ask(wire.C_SWEEP, 30, 40) is None
        rig.until(wire.SCANNING)
        assert rig.listen(300) == []
        assert rig.safe()
        abort = rig.next(Abort)
        assert (abort.cause, abort.row) == (wire.HOST_STALLED, 30)


@pytest.mark.parametrize("portion", [1, 7, 50, 200])
def test_pauses_lose_and_double_nothing(portion: int) -> None:
    """Credit in small portions, each long after the former is used up: every row once, from its place on the glass."""
    with Rig() as rig:
        rig.setting("time_limit", 120_000)
        first = {1: 260, 7: 200}.get(portion, 0)
        rig.host.credit = lambda message: portion if isinstance(message, SweepBegin) else None
        rig.place()
        rig.until(wire.PLACED)
        rig.listen(20)  # the flow sensor has seen it come, too
        assert rig.ask(wire.C_SWEEP, first, 273) is None
        rig.until(wire.SCANNING)
        granted = portion
        while granted < ROWS - first:
            rig.listen(1000 if portion == 200 else 350)
            assert len(rig.bands(1)) == granted
            assert rig.safe()
            granted += portion
            rig.host.send(wire.C_CREDIT, 1, granted)
        rig.until(wire.DONE)
        bands = rig.bands(1)
        assert [b.header.row for b in bands] == list(range(first, ROWS))
        assert [b.header.band for b in bands] == list(range(ROWS - first))
        assert [row_seen(b) for b in bands] == list(range(first, ROWS))
        assert not rig.aborts()
        health = rig.host.health()
        assert health is not None
        assert health.credit_waits == -(-(ROWS - first) // portion) - 1


@pytest.mark.parametrize(
    "motion", [slip(900), bump(900), lift(900, 4), lift(900, 60)], ids=["slip", "bump", "lift", "gone"]
)
def test_movement_in_a_pause_aborts(motion: Motion) -> None:
    with Rig(files=RESTART_ONLY) as rig:  # by default a bump alone ends nothing: test_motion.py
        rig.setting("stall", 5000)
        rig.host.credit = lambda message: 50 if isinstance(message, SweepBegin) else None
        rig.place(motion)
        abort = rig.next(Abort)
        assert abort.cause in (wire.SLIP, wire.BUMP, wire.LIFTED, wire.REMOVED)
        assert abort.row == 50
        assert len(rig.bands(1)) == 50


def test_credit_of_another_sweep_and_old_credit_do_nothing() -> None:
    with Rig() as rig:
        rig.host.credit = lambda message: 30 if isinstance(message, SweepBegin) else None
        rig.place()
        rig.until(wire.SCANNING)
        for sweep, bands in ((1, 30), (1, 10), (2, 300), (0, 300), (65535, 300)):
            rig.host.send(wire.C_CREDIT, sweep, bands)
        assert rig.next(Abort).row == 30
