"""What the motion sensors say while nothing lies on the glass is noise: a fridge by the counter, a lid that shines.

Thresholds are the settings, or so many times the floor where that is more. A window's figure is its peak, and the floor
is the median of the last windows: one knock, or a sleeve over the glass, is not noise.
"""

import time

from micropython import const

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kiosk.parts import TicksMs
    from kiosk.settings import Settings

_WINDOW_MS = const(500)
_WINDOWS = const(8)
_PAUSE_MS = const(100)
_MEAN_READS = const(16)  # acceleration is measured against the mean of about so many: gravity, however the kiosk stands
_HYSTERESIS_PARTS = const(4)  # a threshold in force is left until the one wanted differs by more than a quarter


class Floor:
    """``bump_mg``, ``slip_um``: the thresholds in force; ``accel_mg``, ``flow_um``: the floor, 0 until it is known."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.accel_mg = 0
        self.flow_um = 0
        self.bump_mg = settings.bump
        self._mean = [0, 0, 0]  # of each axis, times _MEAN_READS
        self._reads = 0
        self._accel_peak = 0
        self._flow_peak = 0
        self._accel: list[int] = []
        self._flow: list[int] = []
        self._since: TicksMs = time.ticks_ms()
        self._asked: TicksMs = self._since

    def reset(self) -> None:
        """The sensors were started anew, with the threshold in force."""
        self.bump_mg = max(self._settings.bump, self.accel_mg * self._settings.bump_times)
        self._reads = 0
        self._begin()

    def _begin(self) -> None:
        self._accel_peak = self._flow_peak = 0
        self._since = time.ticks_ms()

    @property
    def slip_um(self) -> int:
        """Displacement within 50 ms that is a slip."""
        return max(self._settings.slip, self.flow_um * self._settings.slip_times)

    def acceleration(self, read_mg: tuple[int, int, int]) -> None:
        """One reading with the glass empty, gravity included."""
        for axis in range(3):
            value = read_mg[axis]
            if self._reads == 0:
                self._mean[axis] = value * _MEAN_READS
            away = abs(value - self._mean[axis] // _MEAN_READS)
            self._mean[axis] += value - self._mean[axis] // _MEAN_READS
            if self._reads >= _MEAN_READS and away > self._accel_peak:
                self._accel_peak = away
        self._reads += 1

    def flow(self, way_um: int) -> None:
        """What the flow sensor counted within 50 ms with the glass empty."""
        self._flow_peak = max(self._flow_peak, way_um)

    def learn(self) -> bool:
        """Asked every few ms with the glass empty; True when ``bump_mg`` has become another."""
        now = time.ticks_ms()
        if time.ticks_diff(now, self._asked) > _PAUSE_MS:
            self._begin()  # a document lay there meanwhile
        self._asked = now
        if time.ticks_diff(now, self._since) < _WINDOW_MS:
            return False
        if self._reads > _MEAN_READS:
            self.accel_mg = _median(self._accel, self._accel_peak)
        self.flow_um = _median(self._flow, self._flow_peak)
        self._begin()
        wanted = max(self._settings.bump, self.accel_mg * self._settings.bump_times)
        if abs(wanted - self.bump_mg) * _HYSTERESIS_PARTS <= self.bump_mg and wanted != self._settings.bump:
            return False
        changed = wanted != self.bump_mg
        self.bump_mg = wanted
        return changed


def _median(kept: list[int], newest: int) -> int:
    """Keep the newest figure; the middle one of those kept."""
    kept.append(newest)
    if len(kept) > _WINDOWS:
        kept.pop(0)
    return sorted(kept)[len(kept) // 2]
