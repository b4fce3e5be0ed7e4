"""Whoever lays a document on the glass, slides it and takes it away: a person who is asked to, or a simulated hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

import numpy as np

from stillscan.guidance import service_texts
from stillscan.simulator.glass import Page
from stillscan.simulator.hand import Motion
from stillscan.simulator.kiosk import SimulatedKiosk
from stillscan.simulator.visitors import Visitors
from stillscan.technician.sliding import SLIDE_MS

_SLID_MM = 12.0  # by a simulated hand: well above the least that counts, and within the zone
_SLID_US = 800_000  # how long that takes
_WAIT_MS = 1200.0  # until it lies still again


class Hands(Protocol):
    """Each asks, and returns at once. ``slide_ms``: how long a slide may take."""

    slide_ms: float

    def lay(self) -> None:
        """Lay a printed card or a passport on the glass."""

    def lay_card(self) -> None:
        """Lay the test card into the corner of the stops."""

    def slide(self) -> None:
        """Slide what lies there by two centimetres to one side."""

    def take(self) -> None:
        """Take it away."""


class AskedHands:
    """A person, who is told by ``say``, in the language of ``texts`` (`guidance.service_texts`)."""

    slide_ms = SLIDE_MS

    def __init__(self, say: Callable[[str], None], texts: Mapping[str, str] | None = None) -> None:
        self._say, self._texts = say, service_texts("en") if texts is None else texts

    def lay(self) -> None:
        """See Hands."""
        self._say(self._texts["hands_lay"])

    def lay_card(self) -> None:
        """See Hands."""
        self._say(self._texts["hands_lay_card"])

    def slide(self) -> None:
        """See Hands."""
        self._say(self._texts["hands_slide"])

    def take(self) -> None:
        """See Hands."""
        self._say(self._texts["hands_take"])


class SimulatedHands:
    """On the glass of a simulated scanner; ``card`` is what they take for the test card."""

    slide_ms = _WAIT_MS

    def __init__(self, kiosk: SimulatedKiosk, card: Page) -> None:
        self._kiosk = kiosk
        self._card = card
        self._document = kiosk.bus.scene.page

    def lay(self) -> None:
        """See Hands: the scene's own document."""
        scene = self._kiosk.bus.scene
        scene.replace(self._document, scene.motion, self._kiosk.bus.now_us)

    def lay_card(self) -> None:
        """See Hands."""
        scene = self._kiosk.bus.scene
        scene.replace(self._card, scene.motion, self._kiosk.bus.now_us)

    def slide(self) -> None:
        """See Hands."""
        bus = self._kiosk.bus
        start_us = bus.scene.at(bus.now_us).start_us
        bus.scene.go_on(_slid(bus.now_us - start_us), start_us, bus.now_us)

    def take(self) -> None:
        """See Hands. The next document lies still."""
        scene = self._kiosk.bus.scene
        scene.clear(self._kiosk.bus.now_us)
        scene.motion = _still()


class VisitingHands:
    """Simulated people at a kiosk that runs: they come and go as they are called. ``document`` is any, with print."""

    slide_ms = _WAIT_MS

    def __init__(self, people: Visitors, document: Page, card: Page) -> None:
        self._people, self._document, self._card = people, document, card

    def lay(self) -> None:
        """See Hands."""
        self._people.call(self._document, _still(), waits=True)

    def lay_card(self) -> None:
        """See Hands."""
        self._people.call(self._card, _still(), waits=True)

    def slide(self) -> None:
        """See Hands."""
        self._people.slide(_slid(0))

    def take(self) -> None:
        """See Hands."""
        self._people.call(None)


def _slid(after_us: float) -> Motion:
    """A slide that begins so long after the placing."""
    times = np.array([after_us, after_us + _SLID_US], dtype=np.float64)
    pose = np.zeros((2, 3))
    pose[1, 0] = _SLID_MM
    return Motion(times, pose, np.zeros((2, 3)))


def _still() -> Motion:
    return Motion(np.zeros(1), np.zeros((1, 3)), np.zeros((1, 3)))
