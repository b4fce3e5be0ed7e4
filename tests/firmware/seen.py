"""What people saw and heard at the glass of a rig, in words that tests can compare."""

from __future__ import annotations

from itertools import pairwise

from kiosk import wire
from stillscan.link.messages import State
from stillscan.simulator.signals import Light, Tone

from .rig import Rig

MID_SWEEP_MS = 600
SOFT_HZ, SHORT_HZ, LOW_HZ = 2000, 1200, 600
FOLLOWED_PER_S = 3  # changes of colour: more than the eye takes as separate signals would flicker


def colours(rig: Rig, since_us: int = 0) -> list[str]:
    """The ring's colours in turn; a change of brightness alone is none."""
    return [name for _, name in changes(rig, since_us)]


def changes(rig: Rig, since_us: int = 0) -> list[tuple[int, str]]:
    """Moment in us and name of each colour that took the place of another."""
    lights = list(rig.bus.ring.lights)
    pairs = pairwise([Light(0, (0, 0, 0)), *lights])
    return [(light.at_us, light.colour) for before, light in pairs
            if light.colour != before.colour and light.at_us >= since_us]  # fmt: skip


def tones(rig: Rig) -> list[Tone]:
    return list(rig.bus.beeper.tones)


def heard(rig: Rig) -> list[int]:
    """The tones' frequencies in Hz."""
    return [tone.hz for tone in tones(rig)]


def finish(rig: Rig, state: int = wire.DONE) -> None:
    """The host settles the document in this state."""
    rig.until(state)
    rig.host.send(wire.C_FINISH, wire.RESULTS.index("verified"))
    rig.listen(400)


def assert_calm(rig: Rig) -> None:
    """Never faster than people follow; nothing is sent to the ring and no tone begins while a sweep runs."""
    seen = changes(rig)
    for first, after in zip(seen, seen[FOLLOWED_PER_S:], strict=False):
        assert after[0] - first[0] >= 1e6, f"{FOLLOWED_PER_S + 1} changes within a second"
    short = [tone.from_us for tone in tones(rig) if tone.hz == SHORT_HZ]
    assert all(after - before >= 2e6 for before, after in pairwise(short))
    states = [message for message in rig.heard if isinstance(message, State)]
    for state, following in pairwise(states):
        if state.state == wire.SCANNING:
            inside = range(state.t_ms * 1000 + 1000, following.t_ms * 1000 - 1000)
            assert not [light for light in rig.bus.ring.lights if light.at_us in inside]
            assert not [tone for tone in tones(rig) if tone.from_us in inside or tone.until_us in inside]
