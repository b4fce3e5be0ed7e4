"""Does the document lie flat? The flow sensor sees it well only while it does: its quality, against the best seen."""

import time

import micropython

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kiosk.parts import TicksMs
    from kiosk.settings import Settings

_LIFTED_READS = 2  # one bad picture may be a reflection
_LIFTED_PART = (
    80  # % of the best quality seen: a document half a millimetre off the glass is out of focus for the lines
)
_FALL_READS = 64
_BLIND_MS = 3000


class Lift:
    """``lifted`` and ``seen`` as of the last look."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._best = 0
        self._fall = 0
        self._poor = 0
        self._good_ms: TicksMs = time.ticks_ms()
        self._poor_ms: TicksMs = self._good_ms

    def forget(self) -> None:
        """Another document, or this one laid down anew."""
        self._best = 0

    @micropython.native
    def flat(self, good: bool, squal: int) -> bool:
        """One reading of the flow sensor: does the document lie flat? Allocates nothing."""
        if good and squal >= max(self._settings.squal_min, self._best * _LIFTED_PART // 100):
            self._poor = 0
            # how well this document is seen lying flat: quick to rise, slow to fall
            if squal > self._best:
                self._best += (squal - self._best + 3) // 4
            else:
                self._fall += 1
                if self._fall >= _FALL_READS:
                    self._fall = 0
                    self._best -= 1
            return True
        self._poor += 1
        self._poor_ms = time.ticks_ms()
        return False

    @property
    def lifted(self) -> bool:
        """Has it been off the glass for more than one reading?"""
        return self._poor >= _LIFTED_READS

    def unseen(self, empty: bool) -> bool:
        """Asked every few ms: for longer than a hand holds a passport up? Then it lies there, blank or shining."""
        now = time.ticks_ms()
        if empty or not self._poor:
            self._good_ms = now
        return time.ticks_diff(now, self._good_ms) > _BLIND_MS

    def seen_ms(self) -> int:
        """For how long the flow sensor has seen something that it can follow, in ms."""
        return time.ticks_diff(time.ticks_ms(), self._poor_ms)
