"""Tells a trembling hand from a slip by the positions of the last quarter of a second: do they swing about a middle?"""

import time
from array import array

import micropython
from micropython import const

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kiosk.floor import Floor
    from kiosk.parts import TicksUs

    ptr16 = array[int] | memoryview  # viper's pointers into a buffer
    ptr32 = array[int] | memoryview

_TAKE_US = const(8000)  # the flow sensor's own frames come every 8.3 ms
_HELD = const(32)  # positions kept, a power of two: 0.26 s, two periods of the slowest tremor (8 Hz)
_HALF = _HELD // 2
_WINDOW = const(6)  # positions, 50 ms: longer than any slip takes to show, shorter than drift
_WAY_UM = const(350)  # the middles of both halves of what is kept lie nearer in a tremor, farther apart after a slip
_SPAN_UM = const(1800)  # from one end of a swing to the other; more is no tremor
_NOISE_COUNTS = const(1)  # two positions may differ by so much without having moved
# What lies farther from the middle than 1.2 times the whole span of the swing is no part of it: a swing reaches half
# its span to each side. Both are compared as squares, the distance doubled as the middle is: (2 * 1.22) ** 2.
_BEYOND = const(6)
_CROSSINGS = const(4)  # sides reached one after the other, the first among them


class Tremor:
    """``found``: what is kept swings; ``span``: how far the swing seen last on this track went, in counts."""

    def __init__(self) -> None:
        self.found = False
        self.span = 0
        self._x = array("h", bytes(2 * _HELD))
        self._y = array("h", bytes(2 * _HELD))
        # of each axis: sums of the older and the newer half; least and greatest as they were until 50 ms ago, because a
        # slip must not count as a part of the swing
        self._found_x = array("i", bytes(16))
        self._found_y = array("i", bytes(16))
        self._held = 0  # positions ever taken on this track
        self._taken_us: TicksUs = 0

    def reset(self) -> None:
        """Another track."""
        self.found = False
        self.span = 0
        self._held = 0

    @micropython.native
    def take(self, x: int, y: int, scale: int, floor: Floor) -> bool:
        """Keep a position (counts, at ``scale`` counts/dm) every 8 ms, and see whether those swing: True when kept.

        Swings below ``floor.slip_um`` are none. Allocates nothing.
        """
        now = time.ticks_us()
        if self._held and time.ticks_diff(now, self._taken_us) < _TAKE_US:
            return False
        self._taken_us = now
        at = self._held % _HELD
        # farther than 1.6 m: no document
        self._x[at] = x if -32768 < x < 32768 else 0
        self._y[at] = y if -32768 < y < 32768 else 0
        self._held += 1
        if self._held >= _HELD:
            across = self._swing(self._x, scale, self._found_x)
            along = self._swing(self._y, scale, self._found_y)
            limit = floor.slip_um * scale // 100000
            self.found = across >= 0 and along >= 0 and max(across, along) >= limit + _NOISE_COUNTS
            if self.found:
                self.span = max(across, along)
            elif across < 0 or along < 0:
                self.span = 0  # no swing goes so far: judged as any hand, this is a slip
        return True

    @micropython.native
    def beyond(self, x: int, y: int, limit_2: int) -> bool:
        """Does (x, y) lie so far from the middle that the swing does not explain it? ``limit_2``: counts squared."""
        across = self._found_x
        along = self._found_y
        dx = 2 * x - across[2] - across[3]
        dy = 2 * y - along[2] - along[3]
        off_2 = dx * dx + dy * dy  # the doubled distance, squared
        former = max(across[3] - across[2], along[3] - along[2])
        return off_2 > 4 * limit_2 and off_2 > _BEYOND * former * former

    @micropython.native
    def way_2(self, x: int, y: int) -> int:
        """Square of the way to (x, y) from the position of 50 ms ago, or the oldest of this track, in counts."""
        at = (self._held - min(self._held, _WINDOW)) % _HELD
        dx = x - self._x[at]
        dy = y - self._y[at]
        return dx * dx + dy * dy

    @micropython.native
    def _swing(self, held: array[int], scale: int, found: array[int]) -> int:
        """How far what is kept swings about its middle, in counts; 0 when it does not, -1 when it went on elsewhere.

        A swing crosses its middle at least three times in 0.26 s; a slip crosses once.
        """
        first = self._held % _HELD  # the oldest
        span = _halves(held, first, found)
        older = found[0]
        newer = found[1]
        way = abs(newer - older) * 100000 // scale
        if way > _WAY_UM * _HALF or span * 100000 // scale > _SPAN_UM:
            return -1
        twice = (older + newer) * 2 // _HELD
        # a quarter of the span on either side is dead, doubled as the middle is
        return span if _crossings(held, first, twice, max(1, span // 2)) >= _CROSSINGS else 0


# In plain Python each takes 0.9 ms of a line's 3 on an RP2040.
@micropython.viper
def _halves(held: ptr16, first: int, out: ptr32) -> int:
    """Sums of both halves, least and greatest of all but the last 50 ms into ``out``; the span of all."""
    low = 32767
    high = -32768
    total = 0
    last = int(_HELD) - 1  # looked up once: each time is 2 us
    half = int(_HALF)
    then = last - int(_WINDOW) + 2
    for i in range(last + 1):
        if i == then:  # as it was until 50 ms ago
            out[2] = low
            out[3] = high
        if i == half:
            out[0] = total
            total = 0
        v = held[(first + i) & last]
        if v > 32767:
            v -= 65536
        if v < low:
            low = v
        if v > high:
            high = v
        total += v
    out[1] = total
    return high - low


@micropython.viper
def _crossings(held: ptr16, first: int, twice: int, dead: int) -> int:
    """How often the positions reach the other side of their middle."""
    side = 0
    crossings = 0
    last = int(_HELD) - 1
    for i in range(last + 1):
        v = held[(first + i) & last]
        if v > 32767:
            v -= 65536
        v = 2 * v - twice
        if v > dead and side <= 0:
            crossings += 1
            side = 1
        elif v < 0 - dead and side >= 0:
            crossings += 1
            side = -1
    return crossings
