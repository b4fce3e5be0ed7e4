"""What a sensor says is not believed at any price: a flow that spins, an accelerometer at the end of its range."""

import time

import micropython
from micropython import const

from kiosk import wire
from kiosk.errors import PartError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kiosk.parts import TicksUs

_LEG_US = const(50000)
_LEG_UM = const(10000)  # 200 mm/s; a slip of 2 mm in 80 ms reaches 39 mm/s
_FAST_LEGS = const(10)  # 100 mm and more in one go: no document slides so far over a glass of 125 mm
_FULL_SCALE_MG = const(1984)
_FULL_SCALE_READS = const(8)  # 0.2 s; a knock rings for 60 ms


class Plausible:
    def __init__(self) -> None:
        self._leg_us: TicksUs = 0
        self._leg = 0  # counts since then, there and back
        self._fast_legs = 0
        self._full_scale = 0

    def reset(self) -> None:
        """The sensors were started anew."""
        self._fast_legs = self._full_scale = 0

    @micropython.native
    def flow(self, counts: int, scale: int) -> None:
        """``counts`` more, at ``scale`` counts/dm; FAULT: faster than a hand for longer than the glass is wide.

        Nothing else tells of the document, so there is no going on without the sensor. Allocates nothing.
        """
        now = time.ticks_us()
        self._leg += counts
        if time.ticks_diff(now, self._leg_us) < _LEG_US:
            return
        self._fast_legs = self._fast_legs + 1 if self._leg * 100000 // scale > _LEG_UM else 0
        self._leg_us = now
        self._leg = 0
        if self._fast_legs >= _FAST_LEGS:
            raise PartError(wire.FLOW, wire.IMPLAUSIBLE)

    def accelerometer(self, read_mg: tuple[int, int, int]) -> bool:
        """Asked every 25 ms; False once it has stayed at the end of its range for 0.2 s."""
        full = max(read_mg) >= _FULL_SCALE_MG or min(read_mg) <= -_FULL_SCALE_MG
        self._full_scale = self._full_scale + 1 if full else 0
        return self._full_scale < _FULL_SCALE_READS
