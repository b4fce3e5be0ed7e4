"""A whole kiosk under a test's control: the firmware is switched on, time passes as far as is asked, checks run along.

Nothing happens by itself: the test and the kiosk take turns, so that a seed gives the same result to the bit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

from kiosk import wire
from stillscan.errors import DeviceError, InputError
from stillscan.link.session import Session, describe
from stillscan.mrz import Mrz, Reading, parse
from stillscan.scanning.check import Check
from stillscan.scanning.result import Judgement, Result
from stillscan.simulator.kiosk import SimulatedKiosk
from stillscan.simulator.scene import Scene
from stillscan.testing.frames import Frames
from stillscan.testing.modelled_reader import ModelledReader
from stillscan.testing.simulate import BOOT_MS, REST_MS, TODAY, Simulated, decider, set_by_name
from stillscan.testing.timeline import Timeline

Rule = Callable[[Mrz], str | None]
"""A rule of one's own: what speaks against the document, as a short reason; None when nothing does."""

_POLL_MS = 1000.0  # the longest wait for one message; a scanner that rests sends its health so often


class Driver:
    """``scene`` is the glass of the kiosk. It is switched on by the first step that needs it: what was broken or set
    before is so from power-on. ``rules`` are asked beside the house's, and can only make verdicts stricter."""

    def __init__(self, scene: Scene, switch_on: Callable[[Scene], Simulated] = SimulatedKiosk) -> None:
        self.scene = scene
        self.kiosk = switch_on(scene)
        self.frames = Frames(self.kiosk)
        self.timeline = Timeline()
        self.today: date = TODAY
        self.recipient: str | None = None
        self.test_mode = False
        self.rules: list[Rule] = []
        self.result: Result | None = None
        """Of the newest check, once it has one."""
        self.checking = False
        """Whether a check has begun, decided or not."""
        self._session: Session | None = None
        self._check: Check | None = None
        self.newest: Check | None = None
        """The check that was begun last."""
        self._settings: dict[str, int] = {}

    @property
    def now_us(self) -> int:
        """The virtual clock."""
        return self.kiosk.bus.now_us

    @property
    def now_ms(self) -> float:
        """The virtual clock."""
        return self.now_us / 1000

    @property
    def session(self) -> Session:
        """With the scanner, which is switched on if it was off. DeviceError when the firmware does not come up."""
        if self._session is None:
            self._session = Session(self.kiosk)
            self._session.open()
            started = self.pass_until(self.now_us + int(BOOT_MS * 1000), self._has_started)
            if not started:
                raise DeviceError("the firmware did not start up within 10 s")
            self.settle(self._settings)
            self.pass_until(self.now_us + int(REST_MS * 1000))
        return self._session

    def _has_started(self) -> bool:
        return self.timeline.state is not None and self.timeline.state.state != wire.START

    def settle(self, settings: Mapping[str, int]) -> None:
        """Change settings of the scanner, by name, in their units; before it is switched on: as soon as it is."""
        if self._session is None:
            self._settings |= settings
        elif settings:
            known = self._session.settings()
            for name, value in settings.items():
                set_by_name(self._session, known, name, value)

    def pass_until(self, until_us: int, enough: Callable[[], bool] = lambda: False) -> bool:
        """Let time pass up to a moment, or until ``enough``, which is asked after every message; whether it was."""
        while not enough():
            left_us = until_us - self.now_us
            if left_us <= 0:
                return False
            self._turn(min(left_us / 1000, _POLL_MS))
        return True

    def _turn(self, most_ms: float) -> None:
        if self._check is None:
            message = self.session.poll(most_ms)
            if message is not None:
                self.timeline.message(message)
        elif self._check.step(most_ms):
            self._end(self._check.result)

    def begin_check(self) -> None:
        """A document is laid down: its check begins, unless one goes on in which it takes the place of another."""
        session, state = self.session, self.timeline.state
        if self._check is not None:
            return
        self.checking, self.result = True, None
        if state is not None and state.state == wire.FAULT:
            self._end(Result("fault", describe(state)))
            return
        self._check = self.newest = Check(session, ModelledReader(self.kiosk.now_ms), self._judge, self)
        self._check.begin()

    def _end(self, result: Result) -> None:
        self.result, self._check = result, None
        self.timeline.note(self.now_ms, f"verdict {result.outcome}" + f" ({result.reason})" * bool(result.reason))

    # --- a check's listener -----------------------------------------------------------------------------------------

    def message(self, message: object) -> None:
        """See Listener."""
        self.timeline.message(message)  # type: ignore[arg-type]

    def not_read(self, reason: str) -> None:
        """See Listener."""
        self.timeline.note(self.now_ms, f"not read with certainty ({reason})")

    def _judge(self, reading: Reading) -> tuple[Judgement, str]:
        outcome, reason = decider(self.recipient, self.today, self.test_mode)(reading)
        mrz = parse(reading.lines) if reading.lines else None
        own = [said for rule in self.rules if mrz is not None and (said := _asked(rule, mrz)) is not None]
        if not own:
            return outcome, reason
        return "refused", ",".join(own if outcome == "verified" else [reason, *own])

    def close(self) -> None:
        """Switch the kiosk off."""
        self.kiosk.close()


def _asked(rule: Rule, mrz: Mrz) -> str | None:
    said = rule(mrz)
    if said is None or (isinstance(said, str) and said):
        return said
    name = getattr(rule, "__name__", "rule")
    raise InputError(f"{name} gave {type(said).__name__}: a rule gives a reason as text, or None")
