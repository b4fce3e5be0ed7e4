"""Do the lines of a sweep differ from one another? Print, a photograph, an edge make them differ.

A lamp that gave out, a sensor that repeats itself, a carriage that stands still make a picture of stripes; so does a
blank page. The lines alone cannot tell which: a long run of them is a reason to look at the parts (`Surface.inspect`).
"""

import micropython
from micropython import const

from kiosk import pixels
from kiosk.drivers.cis import WIDTH_PX

LOOK_ROWS = 4  # one line in so many is looked at
LONG_ROWS = 128  # 96 rows below the text of a passport are blank as they should be; half of the zone is not
_DIFFERENT = const(24)  # LSB: 20 times the noise of white paper, a sixth of the contrast of print


class Monotony:
    """``longest``: rows of the longest run without a difference since ``begin``."""

    def __init__(self) -> None:
        self._kept = bytearray((WIDTH_PX + pixels.SAMPLED_EVERY - 1) // pixels.SAMPLED_EVERY)
        self._run = 0
        self.longest = 0

    def begin(self) -> None:
        """Another sweep."""
        self._run = self.longest = 0

    @micropython.native
    def look(self, samples: bytearray) -> None:
        """Take every ``LOOK_ROWS``-th line of a sweep. Allocates nothing."""
        if pixels.differs(samples, self._kept, WIDTH_PX, _DIFFERENT):
            self._run = 0
            return
        self._run += LOOK_ROWS
        if self._run > self.longest:
            self.longest = self._run

    @property
    def suspicious(self) -> bool:
        """So much of the same that a part may have failed."""
        return self.longest >= LONG_ROWS
