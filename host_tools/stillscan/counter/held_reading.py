"""A reading belongs to the document that lay on the glass: for how long it still counts when that is taken up."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, NamedTuple

from stillscan.verify.rules import MOST_READING

Ended = Literal["taken", "old", "another", "lost", "unasked"]
"""Why a reading is over: its document was taken away, it is too old, another document lay there, the link to the
scanner was lost, so that nobody saw the glass, or the document was laid down before the number was entered, does not
go with the letter, and nobody had been told of it. Names of sentences in the guidance (`reading`)."""
TAKEN_S = 120.0
"""The clerk takes the passport up to hold its picture against the person, and the number of a second document is typed
meanwhile: a minute, and twice that for who is slow. Nobody else's letter is fetched in that time."""
MOST_S = 300.0
"""A visit takes a minute or two; a passport that lies there for longer is laid down once more, which takes a second."""
LONGEST_S = MOST_READING.total_seconds()
"""What either may be set to at most: the rules take no reading that is older, whatever a counter is told."""


def since_start_s() -> float:
    """Seconds since the computer was started, by a clock that nobody can set; its sleep counts where it can be told."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


class ReadingLimits(NamedTuple):
    """``taken_s``: after so long without its document on the glass a reading is over; ``most_s``: in any case."""

    taken_s: float = TAKEN_S
    most_s: float = MOST_S


@dataclass(frozen=True, repr=False)
class HeldReading:
    """Lines that were read with certainty, when, and since when their document lies on the glass no more.

    ``read_at`` is for the record; ``read_s`` and ``taken_s`` are of `since_start_s`.
    """

    lines: tuple[str, ...]
    read_at: datetime
    read_s: float
    taken_s: float | None = None

    def taken(self, now_s: float) -> HeldReading:
        """The document is not known to lie there any more: only when it is read again it does."""
        return self if self.taken_s is not None else replace(self, taken_s=now_s)

    def ended(self, now_s: float, limits: ReadingLimits) -> Ended | None:
        """Why it is over, None while it counts."""
        if self.taken_s is not None and now_s - self.taken_s >= limits.taken_s:
            return "taken"
        return "old" if now_s - self.read_s >= limits.most_s else None
