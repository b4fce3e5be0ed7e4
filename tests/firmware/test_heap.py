"""Memory: the line loop and the interrupt handler allocate nothing, and many checks in a row leave no trace."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from kiosk import wire
from stillscan.link.messages import Sample, SweepBegin

from .rig import ALL, REST, RESTART_ONLY, Rig, bump, slip

LOCKED = str(Path(__file__).parent / "board_heap.py")


def counted(rig: Rig) -> dict[str, int]:
    """What the board counted under the lock, as it last printed it."""
    lines = [line for line in rig.kiosk.firmware.console().splitlines() if line.startswith("locked ")]
    counts: dict[str, int] = ast.literal_eval(lines[-1].removeprefix("locked "))
    return counts


@pytest.mark.parametrize("depth", [4, 8])
def test_a_sweep_with_the_heap_locked(depth: int) -> None:
    with Rig(script=LOCKED) as rig:
        rig.setting("depth", depth)
        rig.place()
        done = rig.until(wire.DONE)
        assert done.attempt == 1
        assert len(rig.bands(1)) == 274
        counts = counted(rig)
        assert counts["lines"] >= 274
        assert counts["receives"] >= 274 // 6, "the host's CREDIT came between, or band 96 would not have come"


def test_a_sweep_that_is_recorded_with_the_heap_locked() -> None:
    """While the carriage gains speed, and in an abort, looks at the sensors are told as SAMPLE."""
    with Rig(script=LOCKED, streams=ALL | wire.STREAM_SAMPLES) as rig:
        rig.place(slip(500))
        assert rig.until(wire.DONE).attempt == 2
        began, first = rig.begins()[0], rig.bands(1)[0]
        told = [m for m in rig.heard[rig.heard.index(began) : rig.heard.index(first)] if isinstance(m, Sample)]
        assert len(told) >= 5
        assert isinstance(rig.heard[rig.heard.index(rig.aborts()[0]) - 1], Sample), "the look that ended the sweep"
        assert counted(rig)["lines"] >= 274


def test_pauses_and_aborts_with_the_heap_locked() -> None:
    with Rig(script=LOCKED, files=RESTART_ONLY) as rig:
        rig.host.credit = lambda message: 50 if isinstance(message, SweepBegin) else None
        rig.place(bump(900))
        rig.until(wire.SCANNING)
        rig.listen(400)
        assert len(rig.bands(1)) == 50
        rig.host.credit = None
        rig.host.send(wire.C_CREDIT, 1, 300)
        assert rig.until(wire.MOVED).cause == wire.BUMP
        assert counted(rig)["edges"] >= 1
        rig.until(wire.DONE)
        rig.clear()
        rig.until(wire.EMPTY)
        rig.place(slip(600))
        assert rig.until(wire.MOVED).cause == wire.SLIP
        rig.until(wire.DONE)
        assert "MemoryError" not in rig.kiosk.firmware.console()


def test_the_lock_notices_an_allocation_in_the_line_loop() -> None:
    """Control: the same script with one allocation of 100 bytes."""
    with Rig(script=LOCKED, boot_id=2) as rig:
        rig.place()
        failed = rig.until(wire.FAULT)
        assert (failed.part, failed.fault) == (wire.FIRMWARE, wire.INTERNAL)
        rig.listen(20)  # the host hears of it before the console does
        assert "MemoryError" in rig.kiosk.firmware.console()


def test_the_lock_notices_an_allocation_in_the_interrupt() -> None:
    with Rig(script=LOCKED, boot_id=3) as rig:
        rig.place(bump(600))
        failed = rig.until(wire.FAULT)
        assert (failed.part, failed.fault) == (wire.FIRMWARE, wire.INTERNAL)
        rig.listen(20)  # the host hears of it before the console does
        assert "MemoryError" in rig.kiosk.firmware.console()


HASTY = str(Path(__file__).parent / "board_hasty.py")  # counters are stored twice a second


def test_forty_checks_in_a_row() -> None:
    """Every other one disturbed. The free heap after each collection does not fall once everything has been met."""
    free = []
    with Rig(script=HASTY) as rig:
        for number in range(40):
            rig.place(slip(500) if number % 2 else REST)
            done = rig.until(wire.DONE)
            assert (done.cause, done.attempt) == (wire.NO_CAUSE, 1 + number % 2)
            rig.host.send(wire.C_FINISH, 1)
            rig.clear()
            rig.until(wire.EMPTY)
            health = rig.host.health()
            assert health is not None
            free.append(health.heap_free)
            rig.heard.clear()
        assert health is not None
        assert (health.aborts, health.faults, health.bad_crc, health.short_writes) == (20, 0, 0, 0)
    assert min(free[20:]) >= max(free[20:]) - 64, "64 bytes: two blocks that a conservative collector may see or not"
    assert free[-1] >= free[20]
