"""A trial of the whole counter: letters for every outcome, and simulated customers who come for the one asked for.

Which number shows what is a table (samples/tour.toml), which the page shows in a trial.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from pathlib import Path

import numpy as np

from stillscan.commands.world import movement
from stillscan.counter.counter import Counter, Scanner
from stillscan.counter.visit import Visit
from stillscan.simulator.glass import Page
from stillscan.simulator.visitors import Visitors
from stillscan.technician.card import marks
from stillscan.technician.hands import VisitingHands

_DAYS = 14  # that a letter can still be collected, if the table says nothing: any but today would do
_HAND_S = 60.0  # a hand's movements are drawn for so long: twice what a check is waited for by default
_BLANK = (1039, 1476)  # a page of 88 x 125 mm at 300 dpi, as the samples' (simulator.printing)
_WHITE = 225  # its paper, as the samples'


@dataclass(frozen=True)
class TourLetter:
    """A letter of the trial, and who comes for it; ``shows`` is a key of the guidance."""

    tracking: str
    recipient: str
    document: str
    shows: str
    ends: str
    second: str = ""
    motion: str = "still"
    office: str = ""
    days: int = _DAYS

    def page(self) -> Page:
        """What the customer lays on the glass."""
        if self.document == "blank":
            return Page.from_array(np.full(_BLANK, _WHITE, np.uint8))
        return Page.load(Path(str(files("stillscan.samples") / self.document)))


@cache
def tour() -> tuple[TourLetter, ...]:
    """All of them, the plainest first."""
    table = tomllib.loads((files("stillscan.samples") / "tour.toml").read_text(encoding="utf-8"))
    return tuple(TourLetter(**letter) for letter in table["letter"])


def letters_csv(today: date) -> bytes:
    """The letters as a file to import."""
    rows = [
        f"{one.tracking},DEMO-{number},{one.recipient},{today + timedelta(days=one.days)},{one.office}"
        for number, one in enumerate(tour(), 1)
    ]
    return "\n".join(["tracking,order,recipient,deadline,office", *rows, ""]).encode()


class Customers:
    """Until somebody serves, one after another shows what the scanner does; then those come who are asked for.

    ``follow`` is called again and again.
    """

    def __init__(self, visitors: Visitors, seed: int) -> None:
        self.visitors = visitors
        self._seed = seed
        self._served: str | None = None

    def hands(self) -> VisitingHands:
        """Whoever a technician asks to lay something down."""
        return VisitingHands(self.visitors, tour()[0].page(), Page.from_array(marks.picture()))

    def follow(self, counter: Counter, somebody_serves: bool) -> None:
        """Look which letter is asked for, and let its customer come, or go when the visit is over."""
        wanted = counter.look(_wanted)
        if wanted == self._served or (self._served is None and not somebody_serves):
            return
        if self._served is None and not wanted and counter.look(_holds_what_is_nobodys):
            counter.begin_anew(counter.look(lambda visit, _: visit.turn))
        self._served = wanted
        letter = next((one for one in tour() if one.tracking == wanted), None)
        if letter is None:
            self.visitors.call(None)
        else:
            self.visitors.call(letter.page(), movement(letter.motion, self._seed, _HAND_S))


def _holds_what_is_nobodys(visit: Visit, _: Scanner) -> bool:
    """Whether a passport was laid down before somebody served. If not, who has begun to serve is not disturbed."""
    return visit.holds_document or visit.failure is not None


def _wanted(visit: Visit, scanner: Scanner) -> str:
    """The letter whose customer is to be at the counter; "" for nobody."""
    return "" if visit.letter is None or visit.step == "verdict" else visit.letter.tracking
