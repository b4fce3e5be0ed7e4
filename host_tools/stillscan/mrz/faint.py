"""Finds pairs of faint rows of text, which do not stand out in any place but do so over their whole length.

What `spot` finds by its outlines is found here by sums: the picture is turned by small steps, and wherever a long low
band is darker in thin strokes than the bands above and below it, and another such band lies at the distance of a line,
there may be an MRZ. Slower, and only for pictures in which `spot` found none.
"""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from stillscan.mrz import effort
from stillscan.mrz.spot import Bar, measured, strokes

_LONG_SIDE_PX = 800
"""Size at which strokes are seen; they are summed at half of it."""
_AROUND_PX = 61
"""As in `spot`: four to five characters."""
_LEAST_STROKE = 4
"""8-bit steps that are added to what lies around a stroke, so that the noise of blank paper is none. With 2 one more of
14 photographs (of worn passports, levels 3 to 5, and of three formats) is read; nothing changes up to 8."""
_MOST_STROKE = 2.0
"""A stroke counts for no more than this many times what lies around it: no streak or edge may look like a row. With 1.5
and with 3 another one of 14 photographs (of worn passports, levels 3 to 5, and of three formats) is read: no optimum
was found."""
TURNS_DEG = np.arange(-90.0, 90.0, 3.0)
"""All directions: between two steps the fine turns below reach."""
_FINE_TURNS_DEG = np.arange(-2.5, 2.6, 0.5)
"""Tried about each of the rows that were found, which need not lie in one of those directions."""
_HEIGHTS_PX = (3, 4, 6, 8)
"""Heights of letters at half size. 8 where a passport fills the picture (2.5 of 125 mm in 400 px), 3 where it takes
three eighths of it."""
_LENGTH_HEIGHTS = 20
"""Length of the bands against the height of the letters: less than the shortest line, 30 characters, has."""
_PARTS = 5
"""Parts of a band that must stand out each on its own. Each is four characters long. With 3 and with 7 another one of
14 photographs (of worn passports, levels 3 to 5, and of three formats) is read: no optimum was found."""
_ALONG_PX = 4
"""Columns of the turned picture that are taken together. For speed: the shortest part still has three of them."""
_FLANK_HEIGHTS = 1.25
"""From the middle of a row to the empty band beside it: half the distance of two lines, 75 px, is 1.29 letters of 29
px."""
_LINE_HEIGHTS = (2.1, 2.4, 2.7, 3.0)
"""Distances of two lines to be tried, against the height of the letters: 2.59 by the standard (75 / 29 px)."""
_PITCH_RANGE = np.geomspace(0.85, 1.4, 30)
"""Distances of characters to be tried, against the height of the letters. 1.03 by the standard (30 / 29 px)."""
_EACH = 2
"""Pairs of rows of one height and direction that are kept: where it was one, an edge of noise could hide the text."""
_MOST = 6
"""Pairs of rows that are read, likeliest first. Nothing changes between 4 and 10, 14 photographs (of worn passports,
levels 3 to 5, and of three formats)."""


class _Peak(NamedTuple):
    """A pair of rows: how far it stands out, the middle (x, y) of its upper row at half size, and the row's shape."""

    score: float
    middle: NDArray[np.float64]
    along: NDArray[np.float64]
    height_px: int


def bars(grey: NDArray[np.uint8], turns_deg: NDArray[np.float64] = TURNS_DEG) -> list[Bar]:
    """Rows of text in a grey picture (rows, cols), likeliest first, of each pair of lines one.

    `turns_deg`: the directions in which is looked, against the picture's columns.
    """
    scale = _LONG_SIDE_PX / max(grey.shape)
    shape = max(8, round(grey.shape[1] * scale)), max(8, round(grey.shape[0] * scale))
    effort.spend("resize", grey.size / 1e6)
    effort.spend("faint", shape[0] * shape[1] / 1e6)
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    seen = strokes(np.asarray(cv2.resize(grey, shape, interpolation=way), np.uint8))
    around = cv2.blur(seen, (_AROUND_PX, _AROUND_PX)).astype(np.float32)
    even = np.minimum(seen / (around + _LEAST_STROKE), _MOST_STROKE).astype(np.float32)
    small = max(4, shape[0] // 2), max(4, shape[1] // 2)
    half = np.asarray(cv2.resize(even, small, interpolation=cv2.INTER_AREA), np.float32)
    found = []
    for rough in _distinct([peak for turn in turns_deg for peak in _peaks(half, float(turn))]):
        effort.spend("faint-row")
        peak = _aligned(half, rough)
        reach = peak.along * peak.height_px * _LENGTH_HEIGHTS / 2
        row = measured(
            seen, Bar((peak.middle - reach) * 2, (peak.middle + reach) * 2, 2.0 * peak.height_px), _PITCH_RANGE
        )
        found.append(row.scaled(1 / scale))
    return found


def _peaks(half: NDArray[np.float32], turn_deg: float) -> list[_Peak]:
    """The best pairs of rows that run `turn_deg` against the picture's columns, for each height."""
    rows, columns = half.shape
    size = int(np.ceil(np.hypot(rows, columns)))
    effort.spend("faint-turn", size * size / 1e6)
    matrix = np.asarray(cv2.getRotationMatrix2D(((columns - 1) / 2, (rows - 1) / 2), turn_deg, 1.0), np.float64)
    matrix[:, 2] += np.array([size - columns, size - rows]) / 2
    turned = cv2.warpAffine(half, matrix, (size, size), flags=cv2.INTER_LINEAR, borderValue=1.0)
    back = np.asarray(cv2.invertAffineTransform(matrix), np.float64)
    turned = cv2.resize(turned, (size // _ALONG_PX, size), interpolation=cv2.INTER_AREA)
    found = []
    for height in _HEIGHTS_PX:
        part = max(1, round(_LENGTH_HEIGHTS * height / _PARTS / _ALONG_PX))
        band = cv2.blur(turned, (part, height))
        away = round(_FLANK_HEIGHTS * height)
        stands_out = band - cv2.dilate(band, _places([-away, away]))
        # every part of a row must stand out: a short label or a streak does so in one
        across = _places([part * index for index in range(-(_PARTS // 2), _PARTS // 2 + 1)]).T
        whole = cv2.erode(stands_out, across, borderType=cv2.BORDER_CONSTANT, borderValue=0)
        second = cv2.dilate(whole, _places([round(lines * height) for lines in _LINE_HEIGHTS]))
        pairs = np.minimum(whole, second)
        for _ in range(_EACH):
            row, column = np.unravel_index(int(pairs.argmax()), pairs.shape)
            middle = back[:, :2] @ np.array([(column + 0.5) * _ALONG_PX - 0.5, row]) + back[:, 2]
            # the chance sums of a large band spread less
            found.append(_Peak(float(pairs[row, column]) * height, middle, back[:, 0].copy(), height))
            pairs[max(0, row - 2 * height) : row + 2 * height + 1] = 0
    return found


def _aligned(half: NDArray[np.float32], peak: _Peak) -> _Peak:
    """The peak in the direction, near its own, in which its row stands out most."""
    tried = []
    for turn in np.radians(_FINE_TURNS_DEG):
        along = peak.along @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
        across = np.array([-along[1], along[0]])
        length, reach = _LENGTH_HEIGHTS * peak.height_px, 3 * peak.height_px
        corner = peak.middle - along * length / 2 - across * reach
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        around = cv2.warpAffine(
            half, np.column_stack([along, across, corner]), (length, 2 * reach + 1), flags=flags, borderValue=1.0
        )
        band = cv2.blur(cv2.reduce(around, 1, cv2.REDUCE_AVG), (1, peak.height_px))
        away = round(_FLANK_HEIGHTS * peak.height_px)
        stands_out = (band - cv2.dilate(band, _places([-away, away])))[2 * peak.height_px : -2 * peak.height_px, 0]
        row = int(stands_out.argmax())
        middle = peak.middle + across * (row - peak.height_px)
        tried.append((float(stands_out[row]), peak._replace(middle=middle, along=along)))
    return max(tried, key=lambda one: one[0])[1]


def _places(rows: list[int]) -> NDArray[np.uint8]:
    """A structuring element, one column wide, of single places so many rows below its middle."""
    reach = max(abs(row) for row in rows)
    element = np.zeros((2 * reach + 1, 1), np.uint8)
    element[[reach + row for row in rows]] = 1
    return element


def _lies_on(peak: _Peak, other: _Peak) -> bool:
    """Whether two peaks are of the same row."""
    away = peak.middle - other.middle
    across = abs(float(away @ np.array([-other.along[1], other.along[0]])))
    return across < 1.5 * other.height_px and abs(float(away @ other.along)) < _LENGTH_HEIGHTS / 2 * other.height_px


def _distinct(peaks: list[_Peak]) -> list[_Peak]:
    """The best of those that lie on each other."""
    kept: list[_Peak] = []
    for peak in sorted(peaks, key=lambda peak: -peak.score):
        if peak.score > 0 and not any(_lies_on(peak, other) for other in kept):
            kept.append(peak)
        if len(kept) == _MOST:
            break
    return kept
