"""What the chain says of time: the newest moment that its entries vouch for, and what supervisors said of clocks.

An entry of kind "clock" is a supervisor's word that a computer's clock was right at that moment. Where it lies before
times that were known until then, those were a wrong clock's: they are disowned, and count no longer.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

CLOCK = "clock"  # kind of entry


class Correction(NamedTuple):
    """Entry ``seq`` disowned what lay between ``right``, its own time, and ``wrong``, the newest known until then."""

    seq: int
    right: str
    wrong: str


@dataclass
class ChainTime:
    """Followed entry by entry (`note`). Times are as in entries: their text sorts as they do."""

    seq: int = 0
    """How many entries were followed."""
    newest: str = ""
    """Of all entries whose times count; "" before the first."""
    words: dict[str, int] = field(default_factory=dict)
    """By start of a computer: the last entry in which a supervisor vouched for its clock."""
    corrections: list[Correction] = field(default_factory=list)

    def note(self, facts: dict[str, Any]) -> None:
        """Take in the next entry of a chain that is followed; ``facts`` is its body."""
        time: str = facts["time"]
        self.seq = facts["seq"]
        if facts["kind"] != CLOCK:
            self.newest = max(self.newest, time)
            return
        if facts["boot"] is not None:
            self.words = self.words | {facts["boot"]: self.seq}
        if facts["was"] > time:
            self.corrections = [*self.corrections, Correction(self.seq, time, facts["was"])]
        self.newest = time

    def disowned(self, seq: int, time: str) -> Correction | None:
        """The correction by which a time, known when the chain had ``seq`` entries, does not count; None: it does."""
        return next((one for one in self.corrections if seq < one.seq and time > one.right), None)

    def counted(self, seq: int, time: str) -> str:
        """The time of an entry as it counts: one that was disowned is as old as the correction that says so."""
        correction = self.disowned(seq, time)
        return correction.right if correction else time
