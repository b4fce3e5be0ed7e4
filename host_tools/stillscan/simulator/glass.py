"""The glass and the page on it: geometry, and the reflectance that one scan line meets.

Glass coordinates in mm from the corner: x to the right, y upwards. The MRZ zone is x 0..125.0, y 0..23.2 mm; scan row
r (0..273, 0 uppermost) has its centre at y = 23.2 - (r + 0.5) / 11.811 mm. The carriage's home lies above the zone,
under the white reference strip.
"""

from __future__ import annotations

import math
from os import PathLike

import numpy as np
from numpy.typing import NDArray

from stillscan.simulator.picture import read_page

Line = NDArray[np.float32]

PX_PER_MM = 300 / 25.4  # 300 dpi
LINE_PX = 1476  # 125 mm, the width of a passport's page, at 300 dpi
ZONE_ROWS = 274  # 23.2 mm at 300 dpi
ZONE_HEIGHT_MM = 23.2  # of the MRZ at the foot of a page (Doc 9303-4)
LID_REFLECTANCE = 0.08  # UNCONFIRMED: a dark lid
STRIP_Y_MM = 26.0  # from here upwards the sensor looks at the white reference strip
STRIP_REFLECTANCE = 0.90  # UNCONFIRMED: white plastic or paint

DEPTH_OF_FOCUS_MM = 0.3  # UNCONFIRMED for the bar that is finally chosen
# A rod-lens array accepts about +-12 degrees: a point 1 mm out of focus spreads over some 5 px, 2 px rms with the
# lens's own aberrations. UNCONFIRMED for the bar that is finally chosen.
BLUR_PX_PER_MM = 2.0
_MAX_BLUR_PX = 6.0  # a stroke is 4 px wide: nothing can be read long before
_LIGHT_FALL_MM = 5.0  # the lamp's beam is aimed at the glass: 1/e of the light is left at this distance
_LID = np.float32(LID_REFLECTANCE)


def row_y_mm(row: float) -> float:
    """Height of the centre of scan row ``row`` on the glass."""
    return ZONE_HEIGHT_MM - (row + 0.5) / PX_PER_MM


class Page:
    """Reflectance of a page, float32 0..1 at 300 dpi, its lower left corner in the corner of the glass."""

    def __init__(self, reflectance: NDArray[np.float32]) -> None:
        self.reflectance = reflectance
        self._rows_above_zone = reflectance.shape[0] - ZONE_ROWS

    @classmethod
    def from_array(cls, grey: NDArray[np.uint8]) -> Page:
        """From a (rows, columns) grey image at 300 dpi; 1476 x 274 px is the MRZ zone itself."""
        if grey.ndim != 2 or grey.dtype != np.uint8 or grey.size == 0:
            raise ValueError("a page is a two-dimensional uint8 array")
        return cls(grey.astype(np.float32) / np.float32(255))

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Page:
        """From a picture file (``picture.read_page``); InputError in one line if it cannot be one."""
        return cls.from_array(read_page(path, LINE_PX, ZONE_ROWS))

    def line(self, y_mm: float, dx_mm: float = 0.0, dy_mm: float = 0.0, lift_mm: float = 0.0) -> Line:
        """(1476,) reflectance along x at height ``y_mm`` of the glass, the page being displaced and lifted so."""
        blur_px = min(max(lift_mm - DEPTH_OF_FOCUS_MM, 0.0) * BLUR_PX_PER_MM, _MAX_BLUR_PX)
        row = self._rows_above_zone + (ZONE_HEIGHT_MM - y_mm + dy_mm) * PX_PER_MM - 0.5
        across = self._row(*_taps(row, blur_px))
        first, weights = _taps(-dx_mm * PX_PER_MM, blur_px)
        window = np.full(LINE_PX + len(weights) - 1, _LID, dtype=np.float32)
        left, right = max(first, 0), min(first + len(window), len(across))
        if left < right:
            window[left - first : right - first] = across[left:right]
        if len(weights) == 2:
            line: Line = window[:-1] * weights[0]
            window *= weights[1]
            line += window[1:]
        else:
            line = np.correlate(window, weights, "valid")
        if lift_mm > 0.0:
            line *= np.float32(math.exp(-lift_mm / _LIGHT_FALL_MM))
        return line

    def _row(self, first: int, weights: Line) -> Line:
        """Weighted sum of the rows from ``first`` on; rows outside the page are lid."""
        low, high = max(first, 0), min(first + len(weights), self.reflectance.shape[0])
        if low >= high:
            return np.full(self.reflectance.shape[1], _LID, dtype=np.float32)
        inside = weights[low - first : high - first]
        row: Line = inside @ self.reflectance[low:high]
        if len(inside) < len(weights):
            row += (np.float32(1.0) - inside.sum()) * _LID
        return row


def _taps(position: float, blur_px: float) -> tuple[int, Line]:
    """First index and weights (sum 1) that sample a row of pixels at a fractional position."""
    first = math.floor(position)
    part = position - first
    if blur_px < 0.4:  # narrower than the interpolation itself
        return first, np.array([1.0 - part, part], dtype=np.float32)
    reach = math.ceil(2.5 * blur_px)
    offsets = np.arange(-reach, reach + 2) - part
    weights = np.exp(-0.5 * (offsets / blur_px) ** 2)
    return first - reach, (weights / weights.sum()).astype(np.float32)
