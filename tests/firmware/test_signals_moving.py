"""Ring and beeper while the document moves: never faster than people follow, and amber only for what lasts."""

from __future__ import annotations

from itertools import pairwise

import pytest

from kiosk import wire
from stillscan.simulator.hand import profile
from tests.covering import covering

from .rig import Rig, along, lift, slip
from .seen import MID_SWEEP_MS, SHORT_HZ, SOFT_HZ, assert_calm, changes, colours, finish, heard, tones


def test_one_slip_does_not_flicker() -> None:
    with Rig() as rig:
        rig.place(slip(MID_SWEEP_MS))
        finish(rig)
        assert len(rig.aborts()) == 1
        assert colours(rig) == ["green", "white", "green"]
        assert heard(rig) == [SOFT_HZ]
        assert_calm(rig)


def test_lift_that_lasts() -> None:
    with Rig() as rig:
        rig.place(lift(MID_SWEEP_MS, 4, 2500))
        moved = rig.until(wire.MOVED)
        finish(rig)
        assert colours(rig) == ["green", "white", "amber", "white", "green"]
        amber_us = next(at_us for at_us, name in changes(rig) if name == "amber")
        assert 600_000 <= amber_us - moved.t_ms * 1000 <= 620_000
        pulse = [light for light in rig.bus.ring.lights if light.colour == "amber"]
        levels = [light.rgb[0] for light in pulse]
        assert min(levels) < max(levels) / 2, "it pulses"
        assert all(after.at_us - before.at_us >= 150_000 for before, after in pairwise(pulse))
        assert heard(rig) == [SHORT_HZ, SOFT_HZ]
        assert tones(rig)[0].from_us == pytest.approx(moved.t_ms * 1000, abs=5000)
        assert_calm(rig)


def test_amber_that_has_just_come_is_kept_through_a_sweep() -> None:
    """White would take it back before anyone saw it."""
    with Rig() as rig:
        rig.place(lift(MID_SWEEP_MS, 4, 570))
        moved = rig.until(wire.MOVED)
        scanning = rig.until(wire.SCANNING)
        assert 600 < scanning.t_ms - moved.t_ms < 900
        finish(rig)
        assert colours(rig) == ["green", "white", "amber", "green"]
        assert_calm(rig)


def test_removed() -> None:
    with Rig() as rig:
        rig.place(lift(MID_SWEEP_MS, 60))
        assert rig.until(wire.MOVED).cause == wire.REMOVED
        rig.until(wire.EMPTY)
        rig.listen(100)
        assert colours(rig) == ["green", "white", "amber", "green"]
        assert heard(rig) == [SHORT_HZ]
        assert_calm(rig)


def test_lifts_in_a_row_sound_once_in_two_seconds() -> None:
    hops = [(t + after, 0, 0, mm) for t in range(600, 6000, 700) for after, mm in ((0, 0), (1, 4), (200, 4), (201, 0))]
    with Rig() as rig:
        rig.place(along((0, 0, 0, 0), *hops))
        finish(rig)
        lifted = [abort for abort in rig.aborts() if abort.cause == wire.LIFTED]
        assert len(lifted) > 3
        assert 2 <= heard(rig).count(SHORT_HZ) < len(lifted)
        assert_calm(rig)


def test_placed_that_does_not_lie_still_pulses_in_amber() -> None:
    with Rig() as rig:
        rig.place(along((0, 0, 0, 0), (2000, 40, 0, 0)))
        rig.until(wire.DONE)
        assert colours(rig) == ["green", "amber", "white"]
        assert heard(rig) == [], "the ring says it; no need to shout"
        assert_calm(rig)


@pytest.mark.parametrize(
    ("motion", "seed"), covering(["slips-3", "restless", "lift-slips", "mixed"], [1, 2, 3], each=1)
)
def test_hands_that_do_not_rest(motion: str, seed: int) -> None:
    with Rig() as rig:
        rig.place(profile(motion, seed, 20))
        end_us = rig.bus.now_us + 10_000_000
        while rig.bus.now_us < end_us:
            rig.listen(200)
            if rig.state == wire.DONE:
                rig.host.send(wire.C_SWEEP, 0, 273)  # the movement is what is looked at: on and on
        assert len(rig.aborts()) > 2
        assert_calm(rig)
