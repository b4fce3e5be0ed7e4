"""What people see and hear at the glass in every state: the ring's colours and the beeper's tones."""

from __future__ import annotations

from itertools import pairwise

import pytest

from kiosk import wire

from .rig import REST, Rig, along, lift
from .seen import LOW_HZ, MID_SWEEP_MS, SHORT_HZ, SOFT_HZ, assert_calm, colours, finish, heard, tones


def test_still() -> None:
    with Rig() as rig:
        rig.place()
        finish(rig)
        assert colours(rig) == ["green", "white", "green"]
        ready, done = (light.rgb for light in rig.bus.ring.lights if light.colour == "green")
        assert 0 < ready[1] < done[1] / 2, "ready is dim"
        assert done == (0, 102, 0), "40 % of full brightness"
        (tone,) = tones(rig)
        assert tone.hz == SOFT_HZ
        assert tone.until_us is not None
        assert 60_000 <= tone.until_us - tone.from_us <= 120_000
        rig.clear()
        rig.until(wire.EMPTY)
        assert rig.bus.ring.lights[-1].rgb == ready
        assert_calm(rig)


def test_finished_in_mid_sweep_is_seen_and_heard_at_once() -> None:
    with Rig() as rig:
        rig.place()
        rig.until(wire.SCANNING)
        rig.host.send(wire.C_FINISH, 1)
        done = rig.until(wire.DONE)
        rig.listen(20)
        assert rig.ring() == "green"
        assert tones(rig)[0].from_us == pytest.approx(done.t_ms * 1000, abs=5000)
        assert heard(rig) == [SOFT_HZ]


def test_finish_sounds_once_for_a_document() -> None:
    with Rig() as rig:
        rig.place()
        finish(rig)
        rig.host.send(wire.C_FINISH, 1)
        rig.listen(400)
        assert heard(rig) == [SOFT_HZ]
        rig.clear()
        rig.until(wire.EMPTY)
        rig.place(REST)
        finish(rig)
        assert heard(rig) == [SOFT_HZ, SOFT_HZ]


@pytest.mark.parametrize("result", ["refused", "gave_up"])
@pytest.mark.parametrize("state", [wire.SCANNING, wire.DONE])
def test_what_was_not_verified_is_not_green(result: str, state: int) -> None:
    with Rig() as rig:
        rig.place()
        rig.until(state)
        rig.host.send(wire.C_FINISH, wire.RESULTS.index(result))
        rig.listen(700)
        assert rig.ring() == "red"
        assert heard(rig) == [LOW_HZ, LOW_HZ]


def test_a_sweep_that_is_asked_for_at_once_does_not_blink() -> None:
    """Complete, but not read with certainty: the ring stays white until the host has had the time to ask for more."""
    with Rig() as rig:
        rig.place()
        rig.until(wire.DONE)
        rig.listen(200)
        assert rig.ask(wire.C_SWEEP, 50, 100) is None
        rig.until(wire.DONE)
        rig.listen(500)
        assert colours(rig) == ["green", "white"]
        rig.listen(200)
        assert colours(rig) == ["green", "white", "green"]
        assert heard(rig) == [], "no one said that it is finished"


def test_gave_up() -> None:
    with Rig() as rig:
        rig.setting("time_limit", 1000)
        rig.place(along((0, 0, 0, 0), (10_000, 80, 0, 0)))
        rig.until(wire.GAVE_UP)
        assert rig.ring() == "red"
        rig.listen(2000)
        assert heard(rig) == [LOW_HZ, LOW_HZ]
        assert not rig.bus.beeper.sounds
        first, second = tones(rig)
        assert first.until_us is not None
        assert second.from_us - first.until_us >= 100_000, "two, not one long"
        rig.clear()
        rig.until(wire.EMPTY)
        assert rig.ring() == "green"


@pytest.mark.parametrize("state", [wire.EMPTY, wire.SCANNING, wire.DONE], ids=lambda n: wire.STATES[n])
def test_fault(state: int) -> None:
    with Rig() as rig:
        if state != wire.EMPTY:
            rig.place()
            rig.until(state)
        rig.kiosk.fail("flow-nak")
        rig.until(wire.FAULT)
        assert rig.ring() == "red"
        rig.listen(3000)
        assert (rig.ring(), heard(rig)) == ("red", [LOW_HZ, LOW_HZ])
        rig.kiosk.fail("none")
        rig.clear()
        rig.host.send(wire.C_RECOVER)
        rig.until(wire.EMPTY)
        assert rig.ring() == "green"


def test_fault_at_start_up() -> None:
    with Rig(fault="carriage-jam") as rig:
        rig.listen(1000)
        assert (colours(rig), heard(rig)) == (["red"], [LOW_HZ, LOW_HZ])


def test_parts_are_started_again_in_silence() -> None:
    """The carriage's way home takes longer than a tone, and no one would end it meanwhile."""
    with Rig() as rig:
        rig.kiosk.fail("flow-nak")
        rig.until(wire.FAULT)
        rig.kiosk.fail("none")
        rig.host.send(wire.C_RECOVER)
        rig.until(wire.EMPTY)
        assert all(tone.until_us is not None and tone.until_us - tone.from_us < 200_000 for tone in tones(rig))


def test_volume_0_is_silent() -> None:
    with Rig(files={"settings.json": b'{"volume": 0}'}) as rig:
        rig.place(lift(MID_SWEEP_MS, 4, 1000))
        rig.until(wire.DONE)
        rig.kiosk.fail("flow-nak")
        rig.until(wire.FAULT)
        rig.listen(1000)
        assert heard(rig) == []
        assert rig.ring() == "red"


def test_ring_0_is_dark() -> None:
    with Rig(files={"settings.json": b'{"ring": 0}'}) as rig:
        rig.place(lift(MID_SWEEP_MS, 4, 1000))
        finish(rig)
        assert colours(rig) == []
        assert heard(rig) == [SHORT_HZ, SOFT_HZ]


@pytest.mark.parametrize("percent", [1, 100])
def test_brightness_takes_effect_at_once_and_keeps_the_colour(percent: int) -> None:
    with Rig() as rig:
        rig.setting("ring", percent)
        rig.listen(20)
        assert rig.bus.ring.lights[-1].rgb == (0, -(-255 * -(-30 * percent // 100) // 100), 0)
        rig.place(along((0, 0, 0, 0), (1500, 30, 0, 0)))
        finish(rig)
        assert colours(rig) == ["green", "amber", "white", "green"]
        assert rig.bus.ring.lights[-1].rgb == (0, 255 if percent == 100 else 3, 0)


def test_the_pixels_are_told_only_what_is_new() -> None:
    with Rig() as rig:
        rig.place(lift(MID_SWEEP_MS, 4, 2500))
        finish(rig)
        rig.listen(5000)
        assert all(after.rgb != before.rgb for before, after in pairwise(list(rig.bus.ring.lights)[1:]))
