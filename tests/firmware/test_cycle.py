"""The scan cycle: every state, every way from one to another, every cause of an abort."""

from __future__ import annotations

from itertools import pairwise

import pytest

from kiosk import wire
from stillscan.link.messages import Abort
from stillscan.simulator.hand import Motion

from .rig import REST, RESTART_ONLY, Rig, along, bump, lift, row_seen, slip

ROWS = 274
PITCH_UM = 84.667
# A document placed at 0 is still at 150 ms; the first line comes at 235 ms, the last at 1050 ms.
MID_SWEEP_MS = 600


def test_undisturbed() -> None:
    with Rig() as rig:
        assert (rig.state, rig.ring()) == (wire.EMPTY, "green")
        assert not rig.lamp_on()
        rig.place()
        done = rig.until(wire.DONE)
        assert rig.path() == ["empty", "placed", "still", "scanning", "done"]
        assert (done.cause, done.attempt) == (wire.NO_CAUSE, 1)
        assert rig.safe()
        bands = rig.bands(1)
        assert [b.header.row for b in bands] == [b.header.band for b in bands] == list(range(ROWS))
        assert [row_seen(b) for b in bands] == list(range(ROWS)), "each line is the row that it says"
        begin, end = rig.begins()[0], rig.ends()[0]
        assert (begin.sweep, begin.attempt, begin.first_row, begin.last_row) == (1, 1, 0, ROWS - 1)
        assert (end.sweep, end.bands, end.last_row) == (1, ROWS, ROWS - 1)
        rig.clear()
        assert rig.until(wire.EMPTY).cause == wire.REMOVED


def test_lines_come_at_their_rate() -> None:
    with Rig() as rig:
        rig.place()
        rig.until(wire.DONE)
        times = [b.header.t_us for b in rig.bands(1)]
        assert max(end - begin for begin, end in pairwise(times)) < 2 * 2950
        assert (times[-1] - times[0]) / (ROWS - 1) == pytest.approx(2950, rel=0.01)


@pytest.mark.parametrize(
    ("cause", "motion"),
    [
        (wire.SLIP, slip(MID_SWEEP_MS)),
        (wire.SLIP, along((MID_SWEEP_MS, 0, 0, 0), (MID_SWEEP_MS + 80, 0, -1.2, 0))),
        (wire.BUMP, bump(MID_SWEEP_MS)),
        (wire.LIFTED, lift(MID_SWEEP_MS, 4, 300)),
        (wire.REMOVED, lift(MID_SWEEP_MS, 60, 300)),
    ],
    ids=["slip-x", "slip-y", "bump", "lifted", "removed"],
)
def test_any_movement_aborts_and_the_next_sweep_is_whole(cause: int, motion: Motion) -> None:
    """``restart_only``."""
    with Rig(files=RESTART_ONLY) as rig:
        rig.place(motion)
        abort = rig.next(Abort)
        assert rig.safe()
        assert abort.cause == cause
        moved = rig.until(wire.MOVED)
        assert (moved.cause, moved.attempt) == (cause, 1)
        first = rig.bands(1)
        assert [b.header.row for b in first] == list(range(abort.row)), "abort.row is the first that was not sent"
        assert 0 < abort.row < ROWS
        assert not rig.ends()
        done = rig.until(wire.DONE)
        assert (done.cause, done.attempt) == (wire.NO_CAUSE, 2)
        assert rig.path()[1:] == ["placed", "still", "scanning", "moved", "still", "scanning", "done"]
        assert [b.header.row for b in rig.bands(2)] == list(range(ROWS))


@pytest.mark.parametrize(("dx", "dy"), [(1.0, 0.0), (0.0, -1.2), (-0.5, 1.5)])
def test_after_a_slip_the_sweep_goes_on_where_it_was(dx: float, dy: float) -> None:
    with Rig() as rig:
        rig.place(along((MID_SWEEP_MS, 0, 0, 0), (MID_SWEEP_MS + 80, dx, dy, 0)))
        abort = rig.next(Abort)
        assert abort.cause == wire.SLIP
        assert rig.safe()
        done = rig.until(wire.DONE)
        assert (done.cause, done.attempt) == (wire.NO_CAUSE, 2)
        assert rig.path()[1:] == ["placed", "still", "scanning", "moved", "still", "scanning", "done"]
        first, second = rig.begins()
        assert first.track == second.track
        reached = abort.row + abort.dy_um / PITCH_UM
        begun = rig.bands(2)[0].header
        assert begun.row + begun.dy_um / PITCH_UM == pytest.approx(reached - 12, abs=5)
        assert [b.header.row for b in rig.bands(2)] == list(range(second.first_row, ROWS))
        assert rig.bands(2)[0].header.dx_um == pytest.approx(dx * 1000, abs=110)
        for band in rig.bands(2):
            if 0 < (row := band.header.row + round(dy * 1000 / PITCH_UM)) < ROWS - 1:
                assert abs(row_seen(band) - row) <= 1, "the line is of the document's row that it says"


@pytest.mark.parametrize(
    ("cause", "motion"),
    [(wire.LIFTED, lift(MID_SWEEP_MS, 4, 300)), (wire.REMOVED, lift(MID_SWEEP_MS, 60, 300))],
    ids=["lifted", "removed"],
)
def test_after_a_lift_the_document_is_another(cause: int, motion: Motion) -> None:
    with Rig() as rig:
        rig.place(motion)
        assert rig.next(Abort).cause == cause
        assert rig.safe()
        assert rig.until(wire.DONE).attempt == 2
        first, second = rig.begins()
        assert first.track != second.track
        assert [b.header.row for b in rig.bands(2)] == list(range(ROWS))
        assert abs(rig.bands(2)[0].header.dy_um) <= 50, "counted from zero"


def test_displacement_is_reported() -> None:
    with Rig() as rig:
        rig.place(along((MID_SWEEP_MS, 0, 0, 0), (MID_SWEEP_MS + 5, 0.6, -0.3, 0)))
        abort = rig.next(Abort)
        assert abort.dx_um == pytest.approx(600, abs=110)
        assert abort.dy_um == pytest.approx(-300, abs=110)
        assert abort.latency_us < 1000


def test_a_slide_within_the_limit_goes_on() -> None:
    """The picture's rows carry the displacement that the host may want to undo."""
    with Rig() as rig:
        rig.setting("slip", 500)
        rig.place(slip(MID_SWEEP_MS, 0.3))
        assert rig.until(wire.DONE).attempt == 1
        shifts = [b.header.dx_um for b in rig.bands(1)]
        assert abs(shifts[0]) <= 50
        assert shifts[-1] == pytest.approx(300, abs=60)


def test_still_to_moved_by_a_bump_in_that_moment() -> None:
    with Rig(files=RESTART_ONLY) as rig:
        rig.place()
        rig.until(wire.STILL)
        rig.scene.replace(rig.scene.page, bump(0), rig.bus.now_us)
        moved = rig.until(wire.MOVED)
        assert (moved.cause, moved.attempt) == (wire.BUMP, 0)
        assert not rig.begins()
        assert rig.until(wire.DONE).attempt == 1


def test_movement_before_the_dwell_time_only_delays() -> None:
    with Rig() as rig:
        rig.place(along((0, 0, 0, 0), (1000, 20, 0, 0)))
        placed = rig.until(wire.PLACED)
        still = rig.until(wire.STILL)
        assert 1100 <= still.t_ms - placed.t_ms <= 1300
        assert rig.until(wire.DONE).attempt == 1


@pytest.mark.parametrize("state", [wire.PLACED, wire.MOVED, wire.DONE, wire.GAVE_UP], ids=lambda n: wire.STATES[n])
def test_removal_leads_to_empty(state: int) -> None:
    with Rig() as rig:
        if state == wire.PLACED:
            rig.setting("dwell", 5000)
        if state == wire.GAVE_UP:
            rig.setting("attempts", 1)
        rig.place(slip(MID_SWEEP_MS) if state in (wire.MOVED, wire.GAVE_UP) else None)
        entered = rig.until(state)
        rig.clear()
        cleared_ms = rig.kiosk.now_ms()
        empty = rig.until(wire.EMPTY)
        assert empty.cause == wire.REMOVED
        least_ms = 200 if state == wire.GAVE_UP else 1500  # where the document's removal is what is waited for
        assert least_ms - 10 <= empty.t_ms - cleared_ms <= least_ms + 20
        assert not rig.lamp_on()
        assert entered.attempt <= 1
        rig.setting("attempts", 60)
        rig.setting("dwell", 150)
        rig.place(REST)
        assert rig.until(wire.DONE).attempt == 1, "a new document begins anew"


def test_a_short_gap_in_the_presence_is_no_removal() -> None:
    with Rig() as rig:
        rig.place(lift(1500, 60, 1000))
        rig.until(wire.DONE)
        rig.listen(2500)
        assert rig.state == wire.DONE


@pytest.mark.parametrize("by", ["attempts", "time"])
def test_moved_gives_up(by: str) -> None:
    with Rig() as rig:
        rig.setting("attempts", 3) if by == "attempts" else rig.setting("time_limit", 1000)
        rig.place(along(*((t, t // 360 % 2 * 2.0, 0, 0) for t in range(0, 12_000, 60))))
        gave_up = rig.until(wire.GAVE_UP)
        assert gave_up.cause == (wire.ATTEMPTS if by == "attempts" else wire.TIME)
        assert gave_up.attempt == 3 if by == "attempts" else 1 <= gave_up.attempt < 60
        assert rig.ring() == "red"
        rig.listen(2000)
        assert rig.state == wire.GAVE_UP
        assert rig.safe()


def test_placed_gives_up_when_it_never_lies_still() -> None:
    with Rig() as rig:
        rig.setting("time_limit", 2000)
        rig.place(along((0, 0, 0, 0), (10_000, 80, 0, 0)))
        placed = rig.until(wire.PLACED)
        gave_up = rig.until(wire.GAVE_UP)
        assert (gave_up.cause, gave_up.attempt) == (wire.TIME, 0)
        assert 2000 <= gave_up.t_ms - placed.t_ms <= 2030


@pytest.mark.parametrize("by", ["attempts", "time"])
def test_done_gives_up(by: str) -> None:
    with Rig() as rig:
        rig.setting("attempts", 1) if by == "attempts" else rig.setting("time_limit", 1000)
        rig.place()
        rig.until(wire.DONE)
        assert rig.ask(wire.C_SWEEP, 0, 10) is None
        assert rig.state == wire.GAVE_UP
        assert rig.host.poll(0) is None
        assert rig.heard[-1]._asdict()["cause"] == (wire.ATTEMPTS if by == "attempts" else wire.TIME)
