"""A whole kiosk under a test's control: the firmware is switched on, time passes as far as is asked, checks run along.

Nothing happens by itself: the test and the kiosk take turns, so that a seed gives the same result to the bit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing, suppress
from datetime import date

from kiosk import wire
from stillscan.boards.settings import known
from stillscan.errors import DeviceError, InputError, NotHereError
from stillscan.link.inbox import DrainedInbox
from stillscan.link.messages import Health, Hello, Message
from stillscan.link.session import Session, describe
from stillscan.mrz import Mrz, Reading, parse
from stillscan.scanning.check import Check
from stillscan.scanning.reader_process import ReaderProcess
from stillscan.scanning.result import Judgement, Result
from stillscan.scanning.stage import ReaderStage
from stillscan.simulator.scene import Scene
from stillscan.testing.frames import Frames
from stillscan.testing.modelled_reader import ModelledReader
from stillscan.testing.port_kiosk import PATIENCE_MS, PortKiosk
from stillscan.testing.simulate import BOOT_MS, REST_MS, TODAY, Simulated, decider, set_by_name
from stillscan.testing.targets import SIMULATOR, Target
from stillscan.testing.timeline import Timeline

Rule = Callable[[Mrz], str | None]
"""A rule of one's own: what speaks against the document, as a short reason; None when nothing does."""

_POLL_MS = 1000.0  # the longest wait for one message; a scanner that rests sends its health so often


class Driver:
    """``scene`` is the glass of the kiosk that ``target`` makes. It is switched on by the first step that needs it:
    what was broken or set before is so from power-on. ``rules`` are asked beside the house's, and can only make
    verdicts stricter.

    On a real board there is no scene: a person does what the hand does, and time is the scanner's own."""

    def __init__(self, scene: Scene, target: Target = SIMULATOR) -> None:
        self.scene = scene
        self.target = target
        self.kiosk = target.switch_on(scene)
        self.frames = Frames(self.kiosk)
        self.timeline = Timeline()
        self.today: date = TODAY
        self.recipient: str | None = None
        self.test_mode = False
        self.rules: list[Rule] = []
        self.listeners: list[Callable[[Message], None]] = []
        """Told each message of the scanner."""
        self.result: Result | None = None
        """Of the newest check, once it has one."""
        self.checking = False
        """Whether a check has begun, decided or not."""
        self.placed_ms = self.decided_ms = 0.0
        """When the newest check began and ended, in the scanner's time."""
        self.checks: list[tuple[float, Result]] = []
        """All that were decided, with what each took from the placing, in ms."""
        self._session: Session | None = None
        self._check: Check | None = None
        self.newest: Check | None = None
        """The check that was begun last."""
        self._settings: dict[str, int] = {}
        self._as_found: dict[str, int] = {}  # of a real board: settings that are put back
        self._reader: ReaderProcess | None = None  # of a real board: it does not wait while something is read

    @property
    def now_us(self) -> int:
        """The scanner's clock: virtual, or as its messages tell it."""
        return self.kiosk.now_us

    @property
    def now_ms(self) -> float:
        """The scanner's clock."""
        return self.now_us / 1000

    def simulated(self, what: str) -> Simulated:
        """The kiosk, for what no real one can do. NotHereError."""
        if isinstance(self.kiosk, PortKiosk):
            raise NotHereError(f"{self.kiosk.name}: a real board cannot do {what}")
        return self.kiosk

    def by_person(self, text: str, label: str) -> bool:
        """On a real board let a person do this, as soon as it is said to be done; False on all others.

        NotHereError when nobody is there.
        """
        if not isinstance(self.kiosk, PortKiosk):
            return False
        self.kiosk.ask(text, self._pass_ms)
        self.timeline.step(self.now_ms, label, PATIENCE_MS)
        return True

    @property
    def session(self) -> Session:
        """With the scanner, which is switched on if it was off. DeviceError when the firmware does not come up."""
        if self._session is None:
            self._session = self._opened()
            started = self.pass_until(self.now_us + int(BOOT_MS * 1000), self._has_started)
            if not started:
                raise DeviceError("the firmware did not start up within 10 s")
            self._see_glass()
            self.settle(self._settings)
            self.pass_until(self.now_us + int(REST_MS * 1000))
        return self._session

    def _opened(self) -> Session:
        if not isinstance(self.kiosk, PortKiosk):
            session = Session(self.kiosk)
            session.open()
            return session
        session = Session(self.kiosk, DrainedInbox)
        hello = session.open()
        self.kiosk.greeted(hello, session.health())
        self.timeline.mark_ms = self.now_ms  # no limit counts from a power-on that is long ago
        return session

    def _see_glass(self) -> None:
        """Nothing lies on a real one before the test begins. NotHereError."""
        if not isinstance(self.kiosk, PortKiosk) or self.timeline.state is None:
            return
        if self.timeline.state.state not in (wire.EMPTY, wire.FAULT):
            self.by_person("take away what lies on the glass", "the glass is empty")
            self.pass_until(self.now_us + int(PATIENCE_MS * 1000), self._is_empty)
            if not self._is_empty():
                raise NotHereError(f"{self.kiosk.name}: something lies on the glass")

    def _is_empty(self) -> bool:
        return self.timeline.state is not None and self.timeline.state.state == wire.EMPTY

    def _has_started(self) -> bool:
        return self.timeline.state is not None and self.timeline.state.state != wire.START

    def settle(self, settings: Mapping[str, int]) -> None:
        """Change settings of the scanner, by name, in their units; before it is switched on: as soon as it is.

        InputError for what the firmware of this package would refuse, at once; a real board has its own word.
        """
        if not isinstance(self.kiosk, PortKiosk):
            known().see(settings)
        if self._session is None:
            self._settings |= settings
        elif settings:
            theirs = self._session.settings()
            for name, value in settings.items():
                set_by_name(self._session, theirs, name, value)
                if isinstance(self.kiosk, PortKiosk):
                    self._as_found.setdefault(name, theirs[name].value)

    def pass_until(self, until_us: int, enough: Callable[[], bool] = lambda: False) -> bool:
        """Let time pass up to a moment, or until ``enough``, which is asked after every message; whether it was."""
        while not enough():
            left_us = until_us - self.now_us
            if left_us <= 0:
                return False
            self._turn(min(left_us / 1000, _POLL_MS))
        return True

    def _pass_ms(self, ms: float) -> None:
        self.pass_until(self.now_us + round(ms * 1000))

    def _turn(self, most_ms: float) -> None:
        if self._check is None:
            message = self.session.poll(most_ms)
            if message is not None:
                self.message(message)
        elif self._check.step(most_ms):
            self._end(self._check.result)

    def begin_check(self) -> None:
        """A document is laid down: its check begins, unless one goes on in which it takes the place of another."""
        session, state = self.session, self.timeline.state
        if self._check is not None:
            return
        self.checking, self.result, self.placed_ms = True, None, self.now_ms
        if state is not None and state.state == wire.FAULT:
            self._end(Result("fault", describe(state)))
            return
        self._check = self.newest = Check(session, self._stage(session), self._judge, self)
        self._check.begin()

    def _stage(self, session: Session) -> ReaderStage:
        if not isinstance(self.kiosk, PortKiosk):
            return ModelledReader(self.kiosk.now_ms)
        if self._reader is None:
            self._reader = ReaderProcess()
            self._reader.notify(session.inbox.wake)
        return self._reader

    def _end(self, result: Result) -> None:
        self.result, self._check, self.decided_ms = result, None, self.now_ms
        self.checks.append((self.decided_ms - self.placed_ms, result))
        self.timeline.note(self.now_ms, f"verdict {result.outcome}" + f" ({result.reason})" * bool(result.reason))

    # --- a check's listener -----------------------------------------------------------------------------------------

    def message(self, message: Message) -> None:
        """See Listener."""
        if isinstance(self.kiosk, PortKiosk):
            self.kiosk.heard(message)
        self.timeline.message(message)
        for listener in self.listeners:
            listener(message)

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

    def told_of_itself(self) -> tuple[Hello | None, Health | None]:
        """What the scanner says of itself; None while it is off, or when it does not answer any more."""
        if self._session is None:
            return None, None
        with suppress(DeviceError):
            return self._session.hello, self._session.health()
        return self._session.hello, None

    def close(self) -> None:
        """Switch the kiosk off; a real board is left as it was found."""
        with closing(self.kiosk), ExitStack() as ending:
            if self._reader is not None:
                ending.callback(self._reader.close)
            if self._session is not None:
                ending.callback(self._session.inbox.close)
                if self._as_found:
                    ending.callback(self.settle, self._as_found)


def _asked(rule: Rule, mrz: Mrz) -> str | None:
    said = rule(mrz)
    if said is None or (isinstance(said, str) and said):
        return said
    name = getattr(rule, "__name__", "rule")
    raise InputError(f"{name} gave {type(said).__name__}: a rule gives a reason as text, or None")
