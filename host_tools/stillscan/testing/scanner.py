"""The scanner of a test: documents are laid on it, things are expected of it, with limits in its own time."""

from __future__ import annotations

import math
from collections.abc import Callable
from os import PathLike
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from stillscan.errors import InputError
from stillscan.link.messages import Message
from stillscan.link.session import Session
from stillscan.scanning.result import Result
from stillscan.simulator.dirt import Dirt
from stillscan.simulator.glass import LINE_PX, ZONE_ROWS, Page
from stillscan.simulator.hand import AT_REST
from stillscan.simulator.scene import Scene
from stillscan.testing.bounds import fits
from stillscan.testing.documents import Document
from stillscan.testing.driver import Driver, Rule
from stillscan.testing.frames import Frame
from stillscan.testing.measured import Measured, Wait
from stillscan.testing.steps import Hand
from stillscan.testing.targets import SIMULATOR, Target
from stillscan.testing.timeline import Event, NotAsExpectedError, Wanted
from stillscan.testing.world import Clock, World

LIMIT_MS = 10_000.0
"""Where a test names no limit: three times what the slowest profile of movement takes in nine of ten checks."""
_UNDER_WAY_MS = 20.0  # of a message from the scanner: PROTOCOL.md promises answers within so long
LEAST_MS = 1.0
"""What does not happen for less than that, the scanner's own unit of time, cannot happen: no test could fail by it."""
_MOST_MS = 3_600_000.0  # an hour of virtual time: a test waits no longer


class Scanner:
    """A whole kiosk, in virtual time. ``again`` ends a failure's text: how to run the same once more.

    Limits count from the latest step (of hand or world), or from the event that was expected last.
    """

    def __init__(self, seed: int = 1, again: str = "", target: Target = SIMULATOR) -> None:
        if seed < 0:
            raise InputError("a seed is a whole number of 0 or more")
        self.seed = seed
        nothing = Page(np.ones((ZONE_ROWS, LINE_PX), np.float32))
        self._driver = Driver(Scene(nothing, AT_REST, Dirt.profile("clean", seed), seed), target)
        self.again = again or f"seed {seed}"
        self._waits: list[Wait] = []
        self.hand = Hand(self._driver)
        self.world = World(self._driver)
        self.clock = Clock(self._driver)

    # --- what is set ------------------------------------------------------------------------------------------------

    def add_rule(self, rule: Rule) -> None:
        """Ask this rule beside the house's own: it gets the Mrz, and gives what speaks against it, or None.

        InputError for what cannot be asked.
        """
        if not callable(rule):
            raise InputError(f"add_rule: a rule is a function, not {type(rule).__name__}")
        self._driver.rules.append(rule)

    def tell(self, listener: Callable[[Message], None]) -> None:
        """Tell it each message of the scanner from now on."""
        self._driver.listeners.append(listener)

    def set(self, **settings: int) -> None:
        """Settings of the scanner, in their units, as `stillscan scanner settings` lists them. InputError."""
        self._driver.settle(settings)

    def judge_for(self, recipient: str | None = None, test_mode: bool = False) -> None:
        """Compare with this name on the letter; in test mode specimens are taken. InputError."""
        if not isinstance(recipient, str | None):
            raise InputError(f"judge_for: the name on the letter is a text, not {type(recipient).__name__}")
        self._driver.recipient, self._driver.test_mode = recipient, test_mode

    # --- what is done -----------------------------------------------------------------------------------------------

    def lay(self, document: Document, motion: str | PathLike[str] = "still") -> None:
        """See Hand.lay."""
        self.hand.lay(document, motion)

    # --- what is expected -------------------------------------------------------------------------------------------

    @property
    def session(self) -> Session:
        """The link to the scanner, which is switched on: for tests of the scanner itself. DeviceError."""
        return self._driver.session

    @property
    def events(self) -> tuple[Event, ...]:
        """All that has happened, in the order of coming."""
        return tuple(self._driver.timeline.events)

    def frames(self) -> list[Frame]:
        """All that went over the cable, the oldest first."""
        return self._driver.frames.all()

    def strip(self) -> tuple[NDArray[np.uint8], NDArray[np.bool_]] | None:
        """The newest check's picture (rows, pixels), and which rows were seen; None before the first line."""
        check = self._driver.newest
        return check.store.joined() if check is not None and check.store.sweeps else None

    @property
    def newest(self) -> Result | None:
        """How the newest check ended, if it has."""
        return self._driver.result

    def expects(
        self,
        *,
        state: str | None = None,
        cause: str | None = None,
        part: str | None = None,
        within_ms: float | None = None,
        not_before_ms: float = 0.0,
    ) -> Event:
        """The scanner enters this state, by this cause, with this part; the event. NotAsExpectedError.

        Time passes until it does. One that comes before ``not_before_ms`` is a failure too. InputError.
        """
        __tracebackhide__ = True
        wanted = Wanted(state, cause, part)
        limit_ms = self._limit(within_ms)
        if _limit(not_before_ms) > limit_ms:
            raise InputError(
                f"not_before_ms ({not_before_ms:g}) is later than within_ms ({limit_ms:g}): nothing is both"
            )

        def first() -> tuple[int, Event] | None:
            found = self._driver.timeline.since_mark()
            return next(((number, event) for number, event in found if wanted.is_met_by(event)), None)

        self._wait(limit_ms, lambda: first() is not None)
        met = first()
        after_ms = self._since(met[1]) if met else math.inf
        if met is None or not not_before_ms <= after_ms <= limit_ms:
            when = f"within {limit_ms:g} ms" + f", not before {not_before_ms:g} ms," * bool(not_before_ms)
            came = f"; it came after {after_ms:.1f} ms" if met else self._did_not_come(wanted)
            raise self.wrong(f"{wanted} {when} of {self._driver.timeline.mark}{came}")
        self._waits.append(Wait(str(wanted), self._driver.timeline.mark, after_ms, limit_ms))
        self._driver.timeline.go_on_from(*met)
        return met[1]

    def _did_not_come(self, wanted: Wanted) -> str:
        """Steps of the hand pass time: what was meant may have come during those before the latest."""
        before_ms = self._driver.timeline.came_before(wanted)
        return "; it did not come" + ("" if before_ms is None else f": it had come {before_ms:.1f} ms before that")

    def sequence(self, *states: str, within_ms: float | None = None) -> list[Event]:
        """The scanner enters exactly these states, one after another: STATE or STATE:CAUSE. NotAsExpectedError."""
        __tracebackhide__ = True
        if not states or not all(isinstance(text, str) for text in states):
            raise InputError('sequence: name the states, each as a text: sequence("placed", "still")')
        wanted = [Wanted.parse(text) for text in states]
        limit_ms = self._limit(within_ms)

        def entered() -> list[tuple[int, Event]]:
            return list(self._driver.timeline.since_mark())[: len(wanted)]

        def fits() -> bool:
            return all(one.is_met_by(event) for one, (_, event) in zip(wanted, entered(), strict=False))

        self._wait(limit_ms, lambda: len(entered()) == len(wanted) or not fits())
        found = entered()
        if len(found) < len(wanted) or not fits() or self._since(found[-1][1]) > limit_ms:
            came = ", ".join(event.text.removeprefix("state ") for _, event in found) or "nothing"
            mark = self._driver.timeline.mark
            raise self.wrong(f"the states {', '.join(states)} within {limit_ms:g} ms of {mark}; there came {came}")
        self._driver.timeline.go_on_from(*found[-1])
        return [event for _, event in found]

    def never(
        self, *, state: str | None = None, cause: str | None = None, part: str | None = None, for_ms: float
    ) -> None:
        """For so long from the latest step on, nothing like this happens. NotAsExpectedError, InputError."""
        __tracebackhide__ = True
        unwanted = Wanted(state, cause, part)
        limit_ms = _limit(for_ms, LEAST_MS)

        def met() -> list[Event]:
            return [
                event
                for _, event in self._driver.timeline.since_mark()
                if unwanted.is_met_by(event) and self._since(event) <= limit_ms
            ]

        self._wait(limit_ms, lambda: bool(met()))
        mark = self._driver.timeline.mark
        if met():
            came = self._since(met()[0])
            raise self.wrong(f"never {unwanted} within {limit_ms:g} ms of {mark}; it came after {came:.1f} ms")
        self._driver.timeline.go_on_after(self._driver.now_ms, f"the {limit_ms:g} ms after {mark}")

    def result(self, within_ms: float | None = None) -> Result:
        """How the check of the document that was laid down last ends. NotAsExpectedError when it does not in time."""
        __tracebackhide__ = True
        if not self._driver.checking:
            raise InputError("result: lay a document first")
        limit_ms = self._limit(within_ms)
        self._wait(limit_ms, lambda: self._driver.result is not None)
        result = self._driver.result
        mark = self._driver.timeline.mark
        if result is None:
            raise self.wrong(f"a verdict within {limit_ms:g} ms of {mark}; there is none")
        late_ms = self._driver.decided_ms - self._driver.timeline.mark_ms
        if result.verdict_ms is not None and late_ms > limit_ms:
            raise self.wrong(f"a verdict within {limit_ms:g} ms of {mark}; it came after {late_ms:.1f} ms")
        return result

    def _limit(self, ms: float | None) -> float:
        return (LIMIT_MS if ms is None else _limit(ms)) + self._driver.timeline.patience_ms

    def _since(self, event: Event) -> float:
        return max(0.0, event.at_ms - self._driver.timeline.mark_ms)

    def _wait(self, limit_ms: float, enough: Callable[[], bool]) -> None:
        """Let time pass until it is enough, or the limit is over and all that was said within it has come."""
        self._driver.session  # noqa: B018 - a kiosk that is off is switched on
        end_ms = self._driver.timeline.mark_ms + limit_ms + _UNDER_WAY_MS
        self._driver.pass_until(round(end_ms * 1000), enough)

    def wrong(self, expected: str) -> NotAsExpectedError:
        """The failure to raise when something else happened: what did, and how to see it again."""
        happened = self._driver.timeline.told()
        return NotAsExpectedError(
            f"expected {expected}\nwhat happened (time, time since {self._driver.timeline.mark}):\n{happened}\n"
            f"the clock stands at {self._driver.now_ms:.1f} ms; to see the same again: {self.again}"
        )

    # --- what was measured -------------------------------------------------------------------------------------------

    def measured(self) -> Measured:
        """Of this test so far: latencies, attempts, heap. A kiosk that is off is not switched on for it."""
        return Measured.of(self._driver, self._waits)

    # --- end --------------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Switch the kiosk off."""
        self._driver.close()

    def __enter__(self) -> Scanner:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()


def _limit(ms: float, low: float = 0.0) -> float:
    if not fits(ms, low, _MOST_MS):
        raise InputError(f"a limit is a number of milliseconds from {low:g} to {_MOST_MS:.0f}, not {ms!r:.40}")
    return float(ms)
