"""A recorded visit once more: its hand, light and faults in the simulated world, with an invented document."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kiosk import wire
from stillscan.link.messages import Band, Message, Sample, State, SweepBegin, named
from stillscan.recordings.file import Recording, parse
from stillscan.simulator.flow import FRAME_US
from stillscan.simulator.kiosk import SimulatedKiosk
from stillscan.simulator.scene import Scene
from stillscan.testing.invented import invented
from stillscan.testing.looks import Told
from stillscan.testing.reconstruct import Hand, hand
from stillscan.testing.seen import Seen, seen
from stillscan.testing.visit import Options, visit

_MOST_SHIFT_MS = 60.0  # by which the hand follows the scanner: seven frames of the flow sensor, or a late carriage
_LONGER_S = 5.0  # than what was recorded: a verdict that takes longer is another one


class _Following:
    """The hand of a recording, which keeps to the scanner's sweeps.

    How long a hand moved between two sweeps is known to some milliseconds only, and a sweep that begins those later
    would meet the next movement as many rows earlier. So at each sweep that begins where it did, the movements that
    follow are put off by the difference, in whole frames of the flow sensor, and by no more than ``_MOST_SHIFT_MS``.
    """

    def __init__(self, recorded: Seen, world: Scene, acting: Hand) -> None:
        self._begins = [sweep.begin_ms for sweep in recorded.sweeps]
        self._world, self._acting = world, acting
        self._count = 0
        self._start_us: int | None = None
        self._shift_ms = 0.0

    def __call__(self, message: Message, placed_us: int) -> None:
        """See visit."""
        if isinstance(message, State) and message.state == wire.PLACED and self._start_us is None:
            self._start_us = round(message.t_ms * 1000)
            off_us = (self._start_us + self._acting.phase_us + FRAME_US / 2) % FRAME_US - FRAME_US / 2
            self._start_us -= round(off_us)
            self._put_off(max(round(message.t_ms * 1000), placed_us))
        elif isinstance(message, SweepBegin) and self._count < len(self._begins) and self._start_us is not None:
            late_ms = message.t_ms - self._start_us / 1000 - self._begins[self._count]
            self._count += 1
            frame_ms = FRAME_US / 1000
            shift_ms = round(late_ms / frame_ms) * frame_ms
            if shift_ms != self._shift_ms and abs(shift_ms - self._shift_ms) <= _MOST_SHIFT_MS:
                self._shift_ms = shift_ms
                self._put_off(max(round(message.t_ms * 1000), placed_us))

    def _put_off(self, now_us: int) -> None:
        start_us = (self._start_us or 0) + round(self._shift_ms * 1000)
        self._world.go_on(self._acting.motion, start_us, now_us)


class _Retelling:
    """The flow sensor of a recording, on the replayed scanner's clock: from the first look that saw the document on it
    says what it said, look by look, and the document moves so. Parts break at their moment after that look.

    No two carriages set off to the millisecond alike, and a row that comes later would meet an earlier movement. So the
    clock is set anew, by ``_MOST_SHIFT_MS`` at most, when the first row of a sweep comes that began with that row.
    """

    def __init__(
        self, recorded: Seen, world: Scene, acting: Hand, switch_on: Callable[[Scene], SimulatedKiosk]
    ) -> None:
        self._recorded, self._world, self._acting, self._switch_on = recorded, world, acting, switch_on
        self._told = Told(acting.looks, lambda now_us: world.pose(now_us)[0])
        self._kiosk: SimulatedKiosk | None = None
        self._start_us: int | None = None
        self._sweeps = iter(recorded.sweeps)
        self._at: tuple[float, int] | None = None  # moment and row of the first band that the sweep had

    def switch_on(self, world: Scene) -> SimulatedKiosk:
        """See visit."""
        self._kiosk = self._switch_on(world)
        self._kiosk.bus.flow.told = self._told
        return self._kiosk

    def __call__(self, message: Message, placed_us: int) -> None:
        """See visit."""
        kiosk = self._kiosk
        if kiosk is None:
            return
        if self._start_us is None and isinstance(message, Sample):
            self._start(kiosk, message.t_us - round(self._acting.looks[0].at_ms * 1000), placed_us)
            for at_ms, fault in self._acting.faults:
                if at_ms > 0:
                    kiosk.fail_at(max(message.t_us + round(at_ms * 1000), kiosk.now_us), fault)
        elif isinstance(message, SweepBegin):
            sweep = next(self._sweeps, None)
            self._at = sweep.places[0][:2] if sweep is not None and sweep.places else None
        elif isinstance(message, Band) and self._at is not None and self._start_us is not None:
            (at_ms, row), self._at = self._at, None
            start_us = message.header.t_us - round(at_ms * 1000)
            if row == message.header.row and abs(start_us - self._start_us) <= _MOST_SHIFT_MS * 1000:
                self._start(kiosk, start_us, placed_us)

    def _start(self, kiosk: SimulatedKiosk, start_us: int, placed_us: int) -> None:
        self._start_us = start_us
        self._told.start(start_us)
        self._world.go_on(self._acting.motion, start_us, max(kiosk.now_us, placed_us))


def replay(
    recording: Recording, seed: int = 1, switch_on: Callable[[Scene], SimulatedKiosk] = SimulatedKiosk
) -> Recording:
    """The recording of the same visit, made now. InputError: there is no visit in it. DeviceError."""
    recorded = seen(recording)
    acting = hand(recorded)
    of_today = invented(recorded)
    options = Options(
        faults=acting.faults,
        settings=recorded.settings,
        read_ms=_read_ms(recorded),
        most_s=recorded.states[-1].at_ms / 1000 + _LONGER_S,
        recipient=of_today.recipient,
        noise=of_today.noise,
        frame_us=FRAME_US,
        phase_us=acting.phase_us,
        stays=True,
    )

    world = Scene(of_today.page, acting.motion, of_today.dirt, seed)
    if not acting.looks:
        return parse("the replay", visit(world, options, switch_on, _Following(recorded, world, acting)))
    retelling = _Retelling(recorded, world, acting, switch_on)
    options.faults = [one for one in acting.faults if one[0] <= 0]
    return parse("the replay", visit(world, options, retelling.switch_on, retelling))


def _read_ms(recorded: Seen) -> float | None:
    """How long the reading took that led to the verdict; None where there was none."""
    result = recorded.result
    if result is None or result[0] not in ("verified", "refused") or result[7] is None:
        return None
    return float(result[7])


def compared(recorded: Seen, replayed: Seen) -> dict[str, Any]:
    """What both say, side by side, and what of it is the "same": rows of aborts within one.

    Of a visit that was not recorded to its end, as far as it goes; None for a verdict that is not in it.
    """
    told = {"recorded": _told(recorded), "replayed": _told(replayed)}
    a, b = told["recorded"], told["replayed"]
    states, again = ([(s["state"], s["cause"], s["part"]) for s in side["states"]] for side in (a, b))
    aborts, aborts_again = ([(abort["cause"], abort["row"]) for abort in side["aborts"]] for side in (a, b))
    if recorded.states[-1].state != wire.EMPTY:  # it was cut off, or the program ended with the verdict
        again, aborts_again = again[: len(states)], aborts_again[: len(aborts)]
    same_aborts = [cause for cause, _ in aborts] == [cause for cause, _ in aborts_again]
    same = {
        "states": states == again,
        "aborts": same_aborts,
        "rows": same_aborts and all(abs(x[1] - y[1]) <= 1 for x, y in zip(aborts, aborts_again, strict=True)),
        "verdict": None if a["outcome"] is None else (a["outcome"], a["reason"]) == (b["outcome"], b["reason"]),
    }
    return {**told, "same": same}


def _told(visit_: Seen) -> dict[str, Any]:
    result = visit_.result or [None] * 8
    states = [
        {"t_ms": round(s.at_ms, 1), "state": named(wire.STATES, s.state), "cause": named(wire.CAUSES, s.cause),
         "part": named(wire.PARTS, s.part), "fault": named(wire.FAULTS, s.fault)}
        for s in visit_.states
    ]  # fmt: skip
    aborts = [
        {"t_ms": round(s.end_ms or 0.0, 1), "cause": named(wire.CAUSES, s.abort), "row": s.row} for s in visit_.aborts
    ]
    return {
        "outcome": result[0], "reason": result[1], "format": result[2], "attempts": len(visit_.sweeps),
        "states": states, "aborts": aborts, "quality": result[4] or [], "sensors": result[5] or [],
    }  # fmt: skip
