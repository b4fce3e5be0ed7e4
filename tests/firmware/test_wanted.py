"""What the host asks for: sweeps of some rows, and FINISH in every state."""

from __future__ import annotations

import pytest

from kiosk import wire
from stillscan.link.messages import Abort, Band, SweepBegin, SweepEnd

from .rig import ALL, REST, RESTART_ONLY, Rig, along, row_seen, slip

ROWS = 274
MID_SWEEP_MS = 600


def test_sweep_of_some_rows() -> None:
    with Rig() as rig:
        rig.place()
        rig.until(wire.DONE)
        for first, last in ((100, 120), (273, 273), (0, 0), (0, 273)):
            assert rig.ask(wire.C_SWEEP, first, last) is None
            end = rig.next(SweepEnd)
            assert [row_seen(b) for b in rig.bands(end.sweep)] == list(range(first, last + 1))
            assert (end.bands, end.last_row) == (last - first + 1, last)
            assert rig.until(wire.DONE).attempt == end.sweep


def test_sweep_of_some_rows_after_an_abort_and_repeated() -> None:
    """In MOVED the host asks for what it lacks; that sweep too is disturbed, and its repetition has the same rows."""
    with Rig(files=RESTART_ONLY) as rig:
        rig.place(along((600, 0, 0, 0), (680, 1, 0, 0), (1150, 1, 0, 0), (1230, 0, 0, 0)))
        abort = rig.next(Abort)
        rig.until(wire.MOVED)
        assert rig.ask(wire.C_SWEEP, abort.row, 273) is None
        rig.until(wire.DONE)
        begins = rig.begins()
        assert [b.attempt for b in begins] == list(range(1, len(begins) + 1))
        assert len(begins) == 3
        assert {(b.first_row, b.last_row) for b in begins[1:]} == {(abort.row, 273)}
        assert [row_seen(b) for b in rig.bands(begins[-1].sweep)] == list(range(abort.row, ROWS))
        rig.clear()
        rig.until(wire.EMPTY)
        rig.place(REST)
        assert rig.next(SweepBegin).first_row == 0, "of a new document all rows are wanted"


def test_sweep_of_some_rows_is_gone_on_with() -> None:
    with Rig() as rig:
        rig.place(along((600, 0, 0, 0), (680, 1, 0, 0)))
        rig.until(wire.PLACED)
        assert rig.ask(wire.C_SWEEP, 40, 200) is None
        abort = rig.next(Abort)
        rig.until(wire.DONE)
        first, second = rig.begins()
        assert (first.first_row, first.last_row) == (40, 200)
        assert (second.first_row, second.last_row) == (abort.row - 12, 200)


def test_rows_are_rows_of_the_document() -> None:
    """It has slid by 2 mm up before the second sweep: the device looks for the rows where they are now."""
    with Rig() as rig:
        rig.place(along((1200, 0, 0, 0), (1280, 0, 2, 0)))
        rig.until(wire.DONE)
        rig.listen(300)
        assert rig.ask(wire.C_SWEEP, 100, 120) is None
        end = rig.next(SweepEnd)
        seen = [row_seen(b) for b in rig.bands(end.sweep)]
        assert seen == list(range(seen[0], seen[0] + len(seen)))
        assert abs(seen[0] - 100) <= 1
        assert abs(seen[-1] - 120) <= 1
        begun = rig.bands(end.sweep)[0].header
        assert begun.row + begun.dy_um / 84.667 == pytest.approx(seen[0], abs=1)


def test_sweep_in_placed_sets_the_rows() -> None:
    with Rig() as rig:
        rig.place()
        rig.until(wire.PLACED)
        assert rig.ask(wire.C_SWEEP, 50, 60) is None
        rig.until(wire.DONE)
        assert [row_seen(b) for b in rig.bands(1)] == list(range(50, 61))


def test_sweep_is_refused() -> None:
    with Rig() as rig:

        def refused(code: int, first: int = 0, last: int = 0) -> bool:
            error = rig.ask(wire.C_SWEEP, first, last)
            return error is not None and (error.code, error.about) == (code, wire.C_SWEEP)

        assert refused(wire.E_WRONG_STATE), "empty"
        assert refused(wire.E_OUT_OF_RANGE, 0, ROWS)
        assert refused(wire.E_OUT_OF_RANGE, 5, 4)
        rig.place(slip(MID_SWEEP_MS))
        rig.until(wire.SCANNING)
        assert refused(wire.E_WRONG_STATE), "scanning"
        rig.until(wire.DONE)
        rig.ask(wire.C_FINISH, 1)
        assert refused(wire.E_WRONG_STATE), "finished"
        rig.host.send(wire.C_SUBSCRIBE, 0)
        assert refused(wire.E_NOT_SUBSCRIBED)
        assert len(rig.begins()) == 2


FINISH_STATES = (wire.PLACED, wire.STILL, wire.SCANNING, wire.MOVED, wire.DONE)


@pytest.mark.parametrize("state", FINISH_STATES, ids=lambda n: wire.STATES[n])
def test_finish_ends_the_document(state: int) -> None:
    with Rig() as rig:
        rig.place(slip(MID_SWEEP_MS) if state == wire.MOVED else None)
        rig.until(state)
        if state == wire.SCANNING:
            while not rig.bands(1):
                rig.next(Band)
        rig.host.send(wire.C_FINISH, 1)
        if state != wire.DONE:
            assert rig.until(wire.DONE).cause == wire.FINISHED
        sweeps = len(rig.begins())
        assert sweeps == (0 if state in (wire.PLACED, wire.STILL) else 1)
        if state == wire.SCANNING:
            end = rig.ends()[0]
            assert end.bands == len(rig.bands(1)) < ROWS
            assert end.last_row == end.bands - 1
        rig.listen(1000)
        assert rig.state == wire.DONE
        assert rig.safe()
        assert len(rig.begins()) == sweeps
        rig.clear()
        rig.until(wire.EMPTY)
        rig.place(REST)
        rig.until(wire.DONE)
        assert rig.ends()[-1].bands == ROWS, "the next document is scanned"
        assert rig.ask(wire.C_SWEEP, 0, 3) is None, "and may be scanned again"


@pytest.mark.parametrize("state", [wire.MOVED, wire.DONE], ids=lambda n: wire.STATES[n])
def test_finish_takes_back_a_sweep_that_was_asked_for(state: int) -> None:
    """SWEEP was accepted, and FINISH comes before it has begun."""
    with Rig() as rig:
        rig.place(slip(MID_SWEEP_MS) if state == wire.MOVED else None)
        rig.until(state)
        sweeps = len(rig.begins())
        rig.host.send(wire.C_SWEEP, 0, 273)
        rig.host.send(wire.C_FINISH, 1)
        rig.listen(3000)
        assert (rig.state, len(rig.begins())) == (wire.DONE, sweeps)


def test_a_sweep_is_not_begun_for_a_host_that_has_gone() -> None:
    """SWEEP was accepted in DONE, and the host takes bands no longer; the one that comes asks for what it wants."""
    with Rig() as rig:
        rig.place()
        rig.until(wire.DONE)
        rig.host.send(wire.C_SWEEP, 0, 273)
        rig.host.send(wire.C_SUBSCRIBE, wire.STREAM_EVENTS)
        rig.listen(3000)
        assert (rig.state, len(rig.begins())) == (wire.DONE, 1)


def test_the_first_sweep_is_not_begun_for_a_host_that_has_gone() -> None:
    """It goes while the device is in STILL, the moment before the sweep."""
    with Rig() as rig:
        rig.place()
        rig.until(wire.STILL)
        rig.host.send(wire.C_SUBSCRIBE, wire.STREAM_EVENTS)
        rig.listen(3000)
        assert (rig.state, rig.begins()) == (wire.PLACED, [])
        rig.host.send(wire.C_SUBSCRIBE, ALL)
        assert rig.until(wire.DONE).attempt == 1


def test_finish_before_the_first_line() -> None:
    """The sweep is announced, no credit was given yet: an end with no bands."""
    with Rig() as rig:
        rig.place()
        rig.host.credit = lambda message: None
        rig.until(wire.SCANNING)
        rig.host.send(wire.C_FINISH, 0)
        assert rig.next(SweepEnd).bands == 0
        assert rig.until(wire.DONE).cause == wire.FINISHED


def test_finish_where_it_changes_nothing() -> None:
    with Rig() as rig:
        assert rig.ask(wire.C_FINISH, 0) is None
        rig.setting("attempts", 1)
        rig.place(slip(MID_SWEEP_MS))
        rig.until(wire.GAVE_UP)
        assert len(rig.bands(1)) > 0, "FINISH on an empty glass is about no document"
        assert rig.ask(wire.C_FINISH, 0) is None
        assert rig.state == wire.GAVE_UP
        rig.host.send(wire.C_SUBSCRIBE, 0)
        error = rig.ask(wire.C_FINISH, 0)
        assert error is not None
        assert error.code == wire.E_NOT_SUBSCRIBED
    with Rig(fault="flow-nak") as rig:
        assert rig.ask(wire.C_FINISH, 0) is None
        assert rig.state == wire.FAULT
