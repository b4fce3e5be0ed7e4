"""The sensors and a line as they are now, for as long as somebody looks: an oscilloscope of the empty glass.

A line is coarse, half a millimetre a point, wider than the strokes of print; and while a document lies on the glass
there is none, because the scanner ends its service then.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from stillscan.errors import StillscanError
from stillscan.link.messages import Sample
from stillscan.technician.at_scanner import HERE, HOME, AtScanner

POINT_PX = 6  # 0.5 mm: wider than the 0.35 mm of a stroke, so no character is seen
LAMPS = {"infrared": 2, "white": 1, "dark": 0}
"""MEASURE.lamp by name."""
_SAMPLES = 10  # a fifth of a second, between two lines
_LINES = 4  # of each look; the first hold light of before
_KEPT = 250  # samples: five seconds
_LOOKED_S = 5.0  # a page asks three times a second; who has gone asks no more
AT = Callable[[str], AbstractContextManager[AtScanner]]


class Live:
    """``ask`` three times a second; it ends by itself when nobody asks."""

    def __init__(self, at: AT, clock: Callable[[], float] = time.monotonic) -> None:
        self._at = at
        self._clock = clock
        self._asked_s = 0.0
        self._lamp = "infrared"
        self.goes_on = False
        """Does somebody look?"""
        self._stopping = False
        self._over = ""
        self._line: list[int] = []
        self._samples: deque[Sample] = deque(maxlen=_KEPT)
        self._lock = threading.Lock()

    def begin(self, who: str, lamp: str = "infrared") -> None:
        """Look from now on, or with another lamp."""
        with self._lock:
            self._lamp, self._asked_s = lamp if lamp in LAMPS else "infrared", self._clock()
            if self.goes_on:
                return
            self.goes_on, self._stopping, self._over, self._line = True, False, "", []
            self._samples.clear()
        threading.Thread(target=self._follow, args=(who,), name="live", daemon=True).start()

    def ask(self) -> dict[str, Any]:
        """What is seen: ``line`` 0..255 a point, ``samples`` (flow x, y, quality, g x, y, z in mg, switches)."""
        self._asked_s = self._clock()
        return {
            "on": self.goes_on,
            "lamp": self._lamp,
            "over": self._over,
            "line": self._line,
            "samples": [sample[1:] for sample in list(self._samples)],
        }

    def stop(self) -> None:
        """Nobody looks any more."""
        self._stopping = True

    def _follow(self, who: str) -> None:
        over = ""
        try:
            with self._at(who) as at, at.service():
                place = HOME
                while not self._stopping and self._clock() - self._asked_s < _LOOKED_S:
                    at.watch(_SAMPLES, self._samples.append)
                    _, lines = at.lines(_LINES, place, LAMPS[self._lamp])
                    place = HERE  # it stands there
                    whole = lines.shape[1] // POINT_PX * POINT_PX
                    points = lines[-1, :whole].reshape(-1, POINT_PX).mean(axis=1)
                    self._line = [int(point) for point in np.rint(points)]
        except StillscanError as error:
            over = str(error)
        with self._lock:
            self.goes_on, self._over, self._line = False, over, []
