"""Does the document lie flat? The flow sensor sees it well only while it does: its quality, against the best seen."""

import time

import micropython
from micropython import const

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kiosk.parts import TicksMs
    from kiosk.settings import Settings

_LIFTED_READS = const(2)  # one bad picture may be a reflection
_LIFTED_PART = (
    80  # % of the best quality seen: a document half a millimetre off the glass is out of focus for the lines
)
_FALL_READS = const(64)
_BLIND_MS = const(3000)


class Lift:
    """``lifted``: the document has been off the glass for more than one reading."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.lifted = False
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
        best = self._best
        if good and squal >= self._settings.squal_min and squal >= best * _LIFTED_PART // 100:
            self._poor = 0
            self.lifted = False
            # how well this document is seen lying flat: quick to rise, slow to fall
            if squal > best:
                self._best = best + (squal - best + 3) // 4
            else:
                self._fall += 1
                if self._fall >= _FALL_READS:
                    self._fall = 0
                    self._best = best - 1
            return True
        self._poor += 1
        self._poor_ms = time.ticks_ms()
        self.lifted = self._poor >= _LIFTED_READS
        return False

    def unseen(self, empty: bool) -> bool:
        """Asked every few ms: for longer than a hand holds a passport up? Then it lies there, blank or shining."""
        now = time.ticks_ms()
        if empty or not self._poor:
            self._good_ms = now
        return time.ticks_diff(now, self._good_ms) > _BLIND_MS

    def seen_ms(self) -> int:
        """For how long the flow sensor has seen something that it can follow, in ms."""
        return time.ticks_diff(time.ticks_ms(), self._poor_ms)
