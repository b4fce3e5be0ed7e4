"""A page whose kiosk runs as it does all day, with the service's own checks, and a technician who lays things down."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from typing import Any

from held import Held

from kiosk import wire
from stillscan.link.inbox import DrainedInbox
from stillscan.link.messages import Message, State
from stillscan.scanning.result import Result
from stillscan.scanning.service import Service
from stillscan.simulator.glass import Page
from stillscan.simulator.visitors import Visitors
from stillscan.technician.card import marks
from stillscan.technician.hands import Hands, SimulatedHands
from stillscan.technician.procedures.guided import Guided, Texts
from stillscan.technician.tasks import Progress
from stillscan.testing.modelled_reader import ModelledReader


class _EndedError(Exception):
    """The test is over."""


class Lent(Held):
    """``states`` are what the counter was told, ``results`` the checks that came to their end."""

    def __init__(self, hands: Callable[[Hands, Progress], Hands] = lambda hands, _: hands, **options: Any) -> None:
        """``hands`` may be others than those that do what they are asked for."""
        self.states: list[int] = []
        self.results: list[Result] = []
        self._decided = threading.Event()
        self._others = hands
        super().__init__(**options)
        self.relay._clock = self.sessions.clock = lambda: 0.0  # nobody is gone because the computer is busy

    def guided(self) -> Guided:
        """See Held."""
        return Guided(self.folder, self.room, self.note, hands=self._hands)

    def _hands(self, progress: Progress, texts: Texts) -> Hands:
        return self._others(SimulatedHands(self._kiosk, Page.from_array(marks.picture())), progress)

    def visited_by(self, people: Visitors) -> None:
        """From now on these come and go; nobody by themselves."""
        people.call(None)
        self._kiosk.visitors = people

    def lies(self) -> None:
        """Wait until the scanner has seen what was laid down."""
        with self.relay._changed:
            self.relay._changed.wait_for(lambda: self.relay.state not in (wire.EMPTY, wire.SERVICE))

    def emptied(self) -> None:
        """Wait until it sees an empty glass."""
        with self.relay._changed:
            self.relay._changed.wait_for(lambda: self.relay.state == wire.EMPTY)

    def decided(self) -> Result:
        """Wait for a check to come to its end."""
        self._decided.wait()
        return self.results[-1]

    def _over(self, result: Result) -> None:
        self.results.append(result)
        self._decided.set()

    def _follow(self) -> None:
        reader = ModelledReader(lambda: time.monotonic() * 1000)
        told = self.counter.message

        def message(one: Message) -> None:
            if isinstance(one, State):
                self.states.append(one.state)
                if one.state == wire.EMPTY:
                    self._empty.set()
            told(one)

        def alive() -> None:
            if self._ending.is_set():
                raise _EndedError

        self.counter.message = message  # type: ignore[method-assign]
        with contextlib.suppress(_EndedError):
            Service(
                lambda: self._kiosk,
                reader,
                self.counter.judge,
                self.counter,
                lambda result, _: self._over(result),
                alive,
                DrainedInbox,
                guest=self.relay,
            ).run()
