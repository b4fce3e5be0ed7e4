"""People at the simulated kiosk: they lay a passport down at the green light, take it when the ring is green again."""

from __future__ import annotations

from collections.abc import Callable

from stillscan.simulator.bus import Bus
from stillscan.simulator.glass import Page
from stillscan.simulator.hand import Motion

WAIT_US = 1_000_000  # a person needs so long to see the light and act
# For long trials, in which a check is to take little more than a second: nobody is so quick. Longer than the 200 ms
# of an empty glass after which the firmware takes what is laid down for the next document.
QUICK_US = 250_000


class Visitors:
    """``motion(n)`` is how the n-th passport's hand moves, n from 0. ``look`` is called often; it changes the scene.

    One after another without end, with the scene's own page, until ``come`` is called: from then on only who is called.
    """

    def __init__(self, motion: Callable[[int], Motion], wait_us: int = WAIT_US) -> None:
        self._motion = motion
        self._wait_us = wait_us
        self._count = 0
        self._endless = True
        self._was_busy = False
        self._since_us: int | None = None
        self._called: tuple[Page | None, Motion | None, bool] | None = None
        self._slid: Motion | None = None
        self._hand: Motion | None = None
        self._waits = False
        self.here = True
        """Whether somebody stands there, with a passport in the hand or on the glass."""
        self.lying = False
        """Whether a passport lies on the glass."""

    def call(self, page: Page | None, motion: Motion | None = None, *, waits: bool = False) -> None:
        """From any thread: the next person comes at the next look, with this page and hand; None: who is here goes.

        From then on nobody comes uncalled. Who ``waits`` leaves it there, whatever the ring shows, until told to go.
        """
        self._called = (page, motion, waits)

    def slide(self, motion: Motion) -> None:
        """From any thread: whoever has a passport on the glass moves it so from the next look on."""
        self._slid = motion

    def come(self, bus: Bus, page: Page) -> None:
        """The next person, with this page; who stands there takes the passport and makes room."""
        self.leave(bus)
        self.here = True
        bus.scene.page = page

    def hurry(self, bus: Bus, page: Page) -> None:
        """The same, and they lay it down at once, whatever the ring shows."""
        self.come(bus, page)
        self._act(bus)

    def leave(self, bus: Bus) -> None:
        """Who stands there goes, with the passport; nobody comes uncalled any more."""
        self._endless = self.here = False
        self._since_us = None
        if self.lying:
            self._take(bus)

    def look(self, bus: Bus) -> None:
        """See the ring, and act when it has said the same for a while."""
        if self._called is not None:
            (page, self._hand, self._waits), self._called = self._called, None
            if page is None:
                self.leave(bus)
            else:
                self.come(bus, page)
        if self._slid is not None:
            motion, self._slid = self._slid, None
            bus.scene.go_on(motion, bus.now_us, bus.now_us)
        colour = bus.ring.colour
        self._was_busy = self._was_busy or colour in ("amber", "white")
        wants = colour == "green" and self.here
        if self.lying:
            wants = not self._waits and (colour == "red" or (wants and self._was_busy))
        if not wants:
            self._since_us = None
        elif self._since_us is None:
            self._since_us = bus.now_us
        elif bus.now_us - self._since_us >= self._wait_us:
            self._act(bus)

    def _act(self, bus: Bus) -> None:
        self._since_us = None
        self._was_busy = False
        if self.lying:
            self.here = self._endless or bus.ring.colour == "red"  # red: to be tried again
            self._take(bus)
        else:
            bus.scene.replace(bus.scene.page, self._hand or self._motion(self._count), bus.now_us)
            self._count += 1
            self.lying = True

    def _take(self, bus: Bus) -> None:
        bus.scene.clear(bus.now_us)
        self.lying = self._was_busy = False
