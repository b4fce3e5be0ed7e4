"""Follows lines of text through a picture at 300 dpi, bent and tilted as they may be, and cuts them out straight."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

PX_PER_MM = 300 / 25.4  # 300 dpi
PITCH_PX = 30.0
"""Distance of two characters: 2.54 mm at 300 dpi (Doc 9303-3)."""
CROP_ROWS, CROP_COLUMNS = 48, 1476
"""What the networks were trained on: letters with half their height above and below, and the width of a strip."""
LETTER_ROWS = 29
"""Height of OCR-B capitals of size 1: 2.4 to 2.5 mm."""
_WHOLE = np.arange(CROP_COLUMNS, dtype=np.float64)
_FLANK_ROWS = 9
"""Rows above and below the letters that must be empty: a fifth of the 46 px between two lines of text."""
SLAB_PX = 60
"""Two characters: in so many columns every line of text has ink, but for fillers."""
_SLANTS = np.arange(-0.48, 0.49, 0.06)
"""Up to 26 degrees, what a camera sees steeply from aside; a step moves the outermost row by one pixel."""
_HALF_CELL = 11
"""Columns to each side of a character's middle that are its own: the broadest, M and W, take 24."""
_SEEN_ROWS, _NEARLY_RIGHT = 30.5, 0.14
"""Rows that letters and digits take with their blur, and the share by which cuts differ: 28 to 30 in specimens, 33 in
development strips."""
_LOWEST, _HIGHEST = 0.55, 1.35
"""Against that; at a tilt of 45 degrees 0.7. Whatever is beyond is no height of characters."""
_NEARLY_EVEN, _MOST_UNEVEN = 0.03, 0.3
"""By what share the height may grow to one end before it is set right: no print does it by itself."""
_FEWEST_HEIGHTS, _OUTER, _ODD_ROWS = 12, 0.3, 4.0
"""Characters that must be seen, a quarter of them beyond that part of each half of the lines; and how many rows from
the others' a height counts no more."""
_SLANT_MARGIN = 12
"""Columns at the ends that no row is moved into: at a slant of 0.48 the outermost, 15 rows from the middle, moves by
7."""
_MOST_MARK = 0.25
"""A blot may not count for more than this: no text covers more of its rows. Nothing changes between 0.15 and 0.4, 32
strips of levels 1 and 3 to 5."""


@dataclass(frozen=True)
class Track:
    """Where a line runs: its centre row is `row` + `tilt` t + `bow` (t^2 - 1/3), t = -1..1 over the picture's width."""

    row: float
    tilt: float = 0.0
    bow: float = 0.0

    def rows(self, columns: NDArray[np.float64], width: int) -> NDArray[np.float64]:
        """Centre row at each of `columns` of a picture `width` wide."""
        t = (columns - (width - 1) / 2) / (width / 2)
        return np.asarray(self.row + self.tilt * t + self.bow * (t * t - 1 / 3), np.float64)


def marks(ink: NDArray[np.float32], across: int = 1) -> NDArray[np.float32]:
    """How much each row looks like the centre of a line, (rows, slabs): ink of the letters less ink above and below.

    `ink` has a row for each row at 300 dpi, a column for each `across` of its columns; a slab is SLAB_PX columns.
    """
    rows, slabs = ink.shape[0], max(1, ink.shape[1] * across // SLAB_PX)
    # down the columns, where the same sums take a third of the time
    means = cv2.transpose(cv2.resize(cv2.transpose(ink), (rows, slabs), interpolation=cv2.INTER_AREA))
    means = np.clip(means, -_MOST_MARK, _MOST_MARK)
    edge = LETTER_ROWS
    letters = cv2.blur(means, (1, LETTER_ROWS), borderType=cv2.BORDER_CONSTANT)
    flank = cv2.blur(cv2.copyMakeBorder(means, edge, edge, 0, 0, cv2.BORDER_CONSTANT), (1, _FLANK_ROWS))
    away = LETTER_ROWS // 2 + 3 + _FLANK_ROWS // 2
    above, below = flank[edge - away : edge - away + rows], flank[edge + away : edge + away + rows]
    return np.asarray(letters - np.maximum(above, below), np.float32)


def follow(marked: NDArray[np.float32], start: Track, reach: tuple[NDArray[np.float64], ...]) -> tuple[Track, float]:
    """The track near `start` with the highest mean of `marked` (rows, slabs), and that mean.

    `reach`: the offsets of row, tilt and bow to be tried, in rows.
    """
    row, tilt, bow = (offsets.ravel() for offsets in np.meshgrid(*reach, indexing="ij", copy=False))
    row, tilt, bow = row + start.row, tilt + start.tilt, bow + start.bow
    values = _along(marked, lambda t: row[:, None] + tilt[:, None] * t + bow[:, None] * (t * t - 1 / 3))
    # of equal tracks the plainer one
    best = int(np.argmax(values - 1e-4 * (np.abs(tilt - start.tilt) + np.abs(bow))))
    return Track(float(row[best]), float(tilt[best]), float(bow[best])), float(values[best])


def beside(marked: NDArray[np.float32], track: Track, offsets: NDArray[np.intp]) -> NDArray[np.float32]:
    """Mean of `marked` (rows, slabs) along `track` moved down by each of `offsets` rows; -0.05 outside."""
    row, tilt, bow = track.row, track.tilt, track.bow
    return _along(marked, lambda t: np.rint(row + tilt * t + bow * (t * t - 1 / 3)) + offsets[:, None])


def _along(
    marked: NDArray[np.float32], tracks: Callable[[NDArray[np.float64]], NDArray[np.float64]]
) -> NDArray[np.float32]:
    """Means of `marked` (rows, slabs) along `tracks`, rows (n, slabs) for t = -1..1; outside it counts as -0.05."""
    rows, slabs = marked.shape
    at = np.rint(tracks(((np.arange(slabs) + 0.5) / slabs) * 2 - 1)).astype(np.intp)
    edged = np.full((rows + 2, slabs), -0.05, np.float32)
    edged[1:-1] = marked
    at = np.clip(at, -1, rows, out=at) + 1
    at *= slabs
    at += np.arange(slabs)
    return np.asarray(np.take(edged, at).mean(axis=1))


def cut(
    grey: NDArray[np.uint8],
    track: Track,
    middle: NDArray[np.float64] = _WHOLE,
    slant: float = 0.0,
    squeeze: NDArray[np.float32] | float = 1.0,
) -> NDArray[np.uint8]:
    """The line along `track` as (48, 1476), letters centred and upright.

    `middle` (1476,): the column of `grey` that each column of the crop shows at the line's centre; `slant` is how many
    columns to the left the text leans for each row down; `squeeze` how high the text is against what it
    should be, in all columns or (1476,) in each.
    """
    # single precision throughout: large arrays cost more than what is done to them
    down = np.arange(CROP_ROWS, dtype=np.float32)[:, None] - np.float32((CROP_ROWS - 1) / 2)
    down = down * (np.asarray(squeeze, np.float32) * np.gradient(middle).astype(np.float32))
    columns = np.tile(middle.astype(np.float32), (CROP_ROWS, 1))
    if slant:
        columns -= np.float32(slant) * down
    rows = track.rows(middle, grey.shape[1]).astype(np.float32) + down
    edge = cv2.BORDER_REPLICATE
    return np.asarray(cv2.remap(grey, columns, rows, cv2.INTER_LINEAR, borderMode=edge), np.uint8)


def slant(crops: NDArray[np.uint8]) -> float:
    """How far the text of `crops` (lines, 48, width) leans: the slant at which its upright strokes stand out most."""
    count, _, width = crops.shape
    flat = np.ascontiguousarray(crops[:, 8:40:2]).reshape(-1, width).astype(np.float32)
    even = np.asarray(flat - cv2.blur(flat, (61, 1)), np.float32).reshape(count, -1, width)
    down = 2 * np.arange(even.shape[1]) - (even.shape[1] - 1)
    sharp = []
    for lean in _SLANTS:
        sums = np.zeros((count, width - 2 * _SLANT_MARGIN), np.float32)
        for row, shift in enumerate(np.rint(lean * down).astype(int)):
            sums += even[:, row, _SLANT_MARGIN - shift : width - _SLANT_MARGIN - shift]
        sharp.append(float((np.diff(sums, axis=1) ** 2).sum()))
    best = int(np.argmax(sharp))
    # upright is likeliest: only a clear gain counts
    return float(_SLANTS[best]) if sharp[best] > 1.03 * sharp[len(_SLANTS) // 2] else 0.0


def squeeze(
    crops: NDArray[np.uint8], columns_px: NDArray[np.float64], written: NDArray[np.bool_]
) -> tuple[float, float]:
    """How high the characters of `crops` (lines, 48, width) at these columns are against their distance, and how much
    more so at the right end than in the middle.

    A sheet that is tilted away shows them low, a 0 as round as an O. (1, 0) where they are about as high as they should
    be. `written` (lines, count): which of them are letters and digits; fillers are lower.
    """
    across = np.linspace(-1, 1, columns_px.shape[1])
    found = []
    for crop, columns, letters in zip(crops, columns_px, written, strict=True):
        pitch = np.gradient(columns) / PITCH_PX
        found += [(across[n], _height(crop, float(columns[n])) / float(pitch[n])) for n in np.flatnonzero(letters)]
    t, high = np.array([one for one in found if one[1] > 0]).reshape(-1, 2).T
    if len(t) < _FEWEST_HEIGHTS or min((t < -_OUTER).sum(), (t > _OUTER).sum()) < _FEWEST_HEIGHTS // 4:
        return 1.0, 0.0
    slope, middle = np.polyfit(t, high, 1)
    near = np.abs(high - middle - slope * t) < _ODD_ROWS  # not where dirt or a rule touches a character
    if near.sum() < _FEWEST_HEIGHTS:
        return 1.0, 0.0
    slope, middle = np.polyfit(t[near], high[near], 1)
    ratio, more = float(middle / _SEEN_ROWS), float(slope / middle)
    if not _LOWEST < ratio < _HIGHEST:
        return 1.0, 0.0
    return ratio if abs(ratio - 1) > _NEARLY_RIGHT else 1.0, more if _NEARLY_EVEN < abs(more) < _MOST_UNEVEN else 0.0


def _height(crop: NDArray[np.uint8], column: float) -> float:
    """Rows that the character at a column of a crop takes; 0 where there is none as a whole."""
    first = round(column) - _HALF_CELL
    cell = crop[:, max(0, first) : first + 2 * _HALF_CELL + 1]
    if first < 0 or cell.shape[1] <= 2 * _HALF_CELL:
        return 0.0
    darkest = np.sort(cell, axis=1)[:, 1].astype(np.float32)
    limit = (float(darkest.min()) + float(np.percentile(cell, 90))) / 2
    dark = np.flatnonzero(darkest < limit)
    return float(dark[-1] - dark[0] + 1) if len(dark) else 0.0
