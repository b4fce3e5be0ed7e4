"""A counter that hums, and what is learned of it while the glass is empty."""

from __future__ import annotations

import pytest

from kiosk import wire

from .rig import REST, Rig, bump

LEARNED_MS = 3000


@pytest.mark.parametrize("hum_g", [0.0, 0.3])
def test_with_restart_only_a_humming_counter_does_not_stop_the_scan(hum_g: float) -> None:
    """0.3 g is beyond `bump` (256 mg): were it a bump, the glass would never be quiet."""
    with Rig(hum_g=hum_g) as rig:
        rig.setting("restart_only", 1)
        rig.listen(LEARNED_MS)
        rig.place(REST)
        assert rig.until(wire.DONE).attempt == 1
        assert not rig.aborts()


def test_before_it_is_learned_it_does() -> None:
    with Rig(hum_g=0.3) as rig:
        rig.setting("restart_only", 1)
        rig.setting("time_limit", 2000)
        rig.place(REST)
        assert rig.until(wire.GAVE_UP).cause == wire.TIME


def test_a_knock_is_a_bump_on_a_quiet_counter_and_on_a_humming_one() -> None:
    for hum_g, knock_g in ((0.0, 0.8), (0.1, 1.5)):
        with Rig(hum_g=hum_g) as rig:
            rig.setting("restart_only", 1)
            rig.listen(LEARNED_MS)
            rig.place(bump(600, knock_g))
            rig.until(wire.DONE)
            assert [abort.cause for abort in rig.aborts()] == [wire.BUMP]


def test_one_knock_on_the_empty_glass_is_not_learned() -> None:
    """The middle of many windows counts: the next knock is a bump all the same."""
    with Rig() as rig:
        rig.setting("restart_only", 1)
        rig.listen(LEARNED_MS)
        for hum_g in (0.8, 0.0):
            rig.scene.hum_g = hum_g
            rig.scene.generation += 1  # models that computed ahead drop their future
            rig.listen(300)
        rig.listen(1500)
        rig.place(bump(600, 0.8))
        rig.until(wire.DONE)
        assert [abort.cause for abort in rig.aborts()] == [wire.BUMP]
