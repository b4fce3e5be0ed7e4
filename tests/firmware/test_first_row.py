"""A new document is scanned from the row where its text can begin; more only where something asks for it."""

from __future__ import annotations

import pytest

from kiosk import wire
from stillscan.link.messages import SweepBegin, SweepEnd

from .rig import REST, Rig, lift, row_seen, slip

DEFAULT: dict[str, bytes | None] = {"settings.json": b"{}"}
FIRST = 48


def test_a_new_document_from_the_first_row_of_text() -> None:
    with Rig(files=DEFAULT) as rig:
        for _ in range(2):
            rig.place(REST)
            begin = rig.next(SweepBegin)
            assert (begin.first_row, begin.last_row) == (FIRST, 273)
            end = rig.next(SweepEnd)
            assert [row_seen(b) for b in rig.bands(end.sweep)] == list(range(FIRST, 274))
            rig.until(wire.DONE)
            rig.clear()
            rig.until(wire.EMPTY)


def test_the_carriage_waits_there_and_no_time_is_lost() -> None:
    """From STILL to the first row a collection of garbage, the ramp and a line's readout pass, whatever the row is."""
    took = []
    for row in (0, FIRST, 56):
        with Rig(files={"settings.json": b'{"first_row": %d}' % row}) as rig:
            rig.listen(1000)
            rig.place()
            still = rig.until(wire.STILL)
            rig.next(SweepEnd)
            took.append(rig.bands(1)[0].header.t_us // 1000 - still.t_ms)
            assert rig.bands(1)[0].header.row == row
    assert max(took) - min(took) <= 2
    assert max(took) <= 80 + 26


def test_the_host_may_ask_for_more() -> None:
    with Rig(files=DEFAULT) as rig:
        rig.place()
        rig.until(wire.DONE)
        assert rig.ask(wire.C_SWEEP, 0, 273) is None
        end = rig.next(SweepEnd)
        assert [row_seen(b) for b in rig.bands(end.sweep)] == list(range(274))


def test_from_row_0_after_it_was_lifted() -> None:
    with Rig(files=DEFAULT) as rig:
        rig.place(lift(500, 4, 400))
        rig.until(wire.DONE)
        assert [begin.first_row for begin in rig.begins()] == [FIRST, 0]


def test_a_slip_at_the_first_rows_is_gone_on_with_from_there() -> None:
    with Rig(files=DEFAULT) as rig:
        rig.place(slip(230, mm=0.5))
        rig.until(wire.DONE)
        first, *others = rig.begins()
        assert first.first_row == FIRST
        assert others
        assert all(begin.first_row >= FIRST - 4 for begin in others)


@pytest.mark.parametrize("row", [0, 1, 50, 56])
def test_as_a_setting(row: int) -> None:
    with Rig(files=DEFAULT) as rig:
        rig.setting("first_row", row)
        rig.place()
        end = rig.next(SweepEnd)
        assert [row_seen(b) for b in rig.bands(end.sweep)] == list(range(row, 274))
