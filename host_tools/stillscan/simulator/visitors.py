"""People at the simulated kiosk: they lay a passport down at the green light, take it when the ring is green again."""

from __future__ import annotations

from collections.abc import Callable

from stillscan.simulator.bus import Bus
from stillscan.simulator.hand import Motion

WAIT_US = 1_000_000  # a person needs so long to see the light and act


class Visitors:
    """``motion(n)`` is how the n-th visitor's hand moves, n from 0. Called often with the bus; changes its scene."""

    def __init__(self, motion: Callable[[int], Motion]) -> None:
        self._motion = motion
        self._count = 0
        self._lying = False
        self._was_busy = False
        self._since_us: int | None = None

    def look(self, bus: Bus) -> None:
        """See the ring, and act when it has said the same for a second."""
        colour = bus.ring.colour
        self._was_busy = self._was_busy or colour in ("amber", "white")
        wants = colour == "green"
        if self._lying:
            wants = colour == "red" or (wants and self._was_busy)
        if not wants:
            self._since_us = None
        elif self._since_us is None:
            self._since_us = bus.now_us
        elif bus.now_us - self._since_us >= WAIT_US:
            self._act(bus)

    def _act(self, bus: Bus) -> None:
        self._since_us = None
        self._was_busy = False
        if self._lying:
            bus.scene.clear(bus.now_us)
        else:
            bus.scene.replace(bus.scene.page, self._motion(self._count), bus.now_us)
            self._count += 1
        self._lying = not self._lying
