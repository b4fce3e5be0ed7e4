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
FloatArray = NDArray[np.float64]

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
_SHARP_PX = 0.4  # a blur below is narrower than the interpolation itself
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
        line: Line = self.lines(np.array([y_mm]), np.array([[dx_mm, dy_mm, lift_mm]]))[0]
        return line

    def lines(self, heights_mm: FloatArray, poses_mm: FloatArray) -> Line:
        """(n, 1476): such lines at (n,) heights and (n, 3) poses (dx, dy, lift) of the page."""
        dx_mm, dy_mm, lift_mm = poses_mm.T
        rows = self._rows_above_zone + (ZONE_HEIGHT_MM - heights_mm + dy_mm) * PX_PER_MM - 0.5
        columns = -dx_mm * PX_PER_MM
        blur_px = np.minimum(np.maximum(lift_mm - DEPTH_OF_FOCUS_MM, 0.0) * BLUR_PX_PER_MM, _MAX_BLUR_PX)
        lines = self._sharp(rows, columns)
        for at in np.flatnonzero(blur_px >= _SHARP_PX).tolist():
            lines[at] = self._blurred(rows[at], columns[at], blur_px[at])
        for at in np.flatnonzero(lift_mm > 0.0).tolist():
            lines[at] *= np.float32(math.exp(-lift_mm[at] / _LIGHT_FALL_MM))
        return lines

    def _sharp(self, rows: FloatArray, columns: FloatArray) -> Line:
        """(n, 1476) from these fractional (n,) rows and columns on.

        Row by row, each in the processor's nearest cache: all at once takes twice as long.
        """
        first_rows, first_columns = np.floor(rows), np.floor(columns)
        down, across = _two_taps(rows - first_rows), _two_taps(columns - first_columns)
        lines = np.empty((len(rows), LINE_PX), dtype=np.float32)
        window = np.empty(LINE_PX + 1, dtype=np.float32)
        left, right = window[:-1], window[1:]
        places = first_rows.astype(int).tolist(), first_columns.astype(int).tolist()
        for line, row, column, weights, (here, beside) in zip(lines, *places, down, across.tolist(), strict=True):
            self._lay(row, weights, window, column)
            np.multiply(left, here, out=line)
            np.multiply(right, beside, out=right)
            np.add(line, right, out=line)
        return lines

    def _blurred(self, row: float, column: float, blur_px: float) -> Line:
        """(1476,) likewise, out of focus."""
        first, weights = _taps(column, blur_px)
        window = np.empty(LINE_PX + len(weights) - 1, dtype=np.float32)
        self._lay(*_taps(row, blur_px), window, first)
        return np.correlate(window, weights, "valid")

    def _lay(self, row: int, weights: Line, window: Line, column: int) -> None:
        """What of the ``weights`` rows from ``row`` on comes into the window that begins at ``column``; where there is
        none is lid."""
        width = self.reflectance.shape[1]
        first, end = -column, width - column  # of the page in the window
        if 0 <= row <= len(self.reflectance) - len(weights) and first >= 0 and end <= len(window):
            window[:first] = window[end:] = _LID
            np.dot(weights, self.reflectance[row : row + len(weights)], out=window[first:end])
            return
        window.fill(_LID)
        left, right = max(column, 0), min(column + len(window), width)
        if left < right:
            window[left - column : right - column] = self._row(row, weights)[left:right]

    def _row(self, first: int, weights: Line) -> Line:
        """Weighted sum of the rows from ``first`` on; rows outside the page are lid."""
        low, high = max(first, 0), min(first + len(weights), len(self.reflectance))
        if low >= high:
            return np.full(self.reflectance.shape[1], _LID, dtype=np.float32)
        inside = weights[low - first : high - first]
        row: Line = np.dot(inside, self.reflectance[low:high])
        row += (np.float32(1.0) - inside.sum()) * _LID
        return row


def _two_taps(part: FloatArray) -> Line:
    """(n, 2) weights of a pixel and the next, for positions so far between the two."""
    return np.stack([1.0 - part, part], axis=1).astype(np.float32)


def _taps(position: float, blur_px: float) -> tuple[int, Line]:
    """First index and weights (sum 1) that sample a row of blurred pixels at a fractional position."""
    first = math.floor(position)
    reach = math.ceil(2.5 * blur_px)
    offsets = np.arange(-reach, reach + 2) - (position - first)
    weights = np.exp(-0.5 * (offsets / blur_px) ** 2)
    return first - reach, (weights / weights.sum()).astype(np.float32)
