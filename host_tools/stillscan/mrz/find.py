"""Finds the text lines of an MRZ in the ink of a strip (see `flatten`: 300 dpi down, a third of that across)."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from stillscan.mrz import effort
from stillscan.mrz.flatten import ACROSS
from stillscan.mrz.lines import LETTER_ROWS, PITCH_PX
from stillscan.mrz.pixels import ranked

SPACING_PX = 75.0
"""Distance of two lines: 6.35 mm at 300 dpi (Doc 9303-4)."""
_SLAB_PX = 36
"""At a slope of 1.4 degrees a line moves by less than a row within a slab."""
_FAINT = 0.3
"""Share of full ink below which security print and noise lie: left out when the lines are looked for. Nothing changes
between 0.2 and 0.4, 32 strips of levels 1 and 3 to 5."""
_FLANK_ROWS = 9
"""As in `lines`."""
_SKEWS = np.tan(np.radians(np.arange(-1.4, 1.41, 0.2)))
"""A step moves the ends of a line by 5 px, a sixth of a letter; what is steeper is looked for as in any picture."""
_SPACINGS = np.arange(68, 83)
"""Distances of lines tried: a tenth about the standard's."""
_LEAST_SCORE = 0.001
"""Blocks whose lines stand out by no more than this are none. Nothing changes between 0.0001 and 0.01, 32 strips of
levels 1 and 3 to 5."""
_NEARLY = 0.4
"""Share of its weaker line's mark that a line beside a block has at least when it may be another MRZ's: of two
documents in one strip the fainter is taken to have no less than half the other's ink."""
_LEAST_APART_PX = 45
"""Two lines of text are no nearer: letters of 29 px and half their height between them."""


@dataclass(frozen=True)
class Block:
    """Two or three parallel lines of text."""

    centres_px: tuple[float, ...]
    """Row of each line's centre at the middle column."""
    slope: float
    """Rows down per column to the right."""
    score: float
    """Ink of the lines against the gaps between them; 0 is nothing."""
    others_px: tuple[float, ...] = ()
    """Rows of further lines that stand out nearly as much: perhaps of another MRZ."""


def blocks(ink: NDArray[np.float32]) -> list[Block]:
    """Candidates for the MRZ in `ink` (rows, cols // 3), best first: the best pair of lines, and the best three."""
    if ink.shape[0] < 2 * SPACING_PX or ink.shape[1] * ACROSS < 20 * PITCH_PX:
        return []
    effort.spend("strip-lines", ink.size * ACROSS / 1e6)
    faint = _FAINT * ranked(ink[::5, ::5], 0.98)
    strong = ink - np.float32(faint)
    slope, profile = _skew(np.maximum(strong, 0, out=strong))
    marks = _line_marks(profile)
    best = [block for count in (3, 2) if (block := _best(marks, count, slope)) is not None]
    found = [replace(block, others_px=_others(marks, block)) for block in best]
    if len(found) == 2 and found[0].score < 0.6 * found[1].score:
        found.reverse()
    return found


def _skew(ink: NDArray[np.float32]) -> tuple[float, NDArray[np.float32]]:
    """The slope at which rows of text stand out most, and the mean ink of each row along it."""
    slabs = ink.shape[1] * ACROSS // _SLAB_PX
    means = cv2.resize(ink[:, : slabs * _SLAB_PX // ACROSS], (slabs, ink.shape[0]), interpolation=cv2.INTER_AREA)
    level = np.asarray(np.minimum(means, 2 * ranked(means[::3], 0.9)), np.float32)  # a blot is no line
    middle = (ink.shape[1] * ACROSS - _SLAB_PX) / 2

    def profile(means: NDArray[np.float32], slope: float) -> NDArray[np.float32]:
        shear = np.array([[1, 0, 0], [slope * _SLAB_PX, 1, -slope * middle]])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        sheared = cv2.warpAffine(means, shear, (slabs, len(means)), flags=flags)
        return np.asarray(cv2.reduce(sheared, 1, cv2.REDUCE_AVG)[:, 0], np.float32)

    # every third row is enough to choose between slopes; each line is followed more finely later
    thin = np.ascontiguousarray(level[::3])
    best = max(_SKEWS.tolist(), key=lambda slope: float((profile(thin, slope / 3) ** 2).sum()))
    return best, profile(level, best)


def _line_marks(profile: NDArray[np.float32]) -> NDArray[np.float32]:
    """How much each row looks like the centre of a text line: ink of the letters less ink just above and below."""
    total = np.concatenate([[0], np.cumsum(profile)])

    def mean(first: int, size: int) -> NDArray[np.float32]:
        start = np.arange(len(profile)) + first
        low, high = np.clip(start, 0, len(profile)), np.clip(start + size, 0, len(profile))
        return np.asarray((total[high] - total[low]) / size, np.float32)

    half = LETTER_ROWS // 2
    flanks = np.maximum(mean(-half - 2 - _FLANK_ROWS, _FLANK_ROWS), mean(half + 3, _FLANK_ROWS))
    return mean(-half, LETTER_ROWS) - flanks


def _best(marks: NDArray[np.float32], count: int, slope: float) -> Block | None:
    """The best `count` lines at equal distance; None when one of them is no line."""
    below = np.concatenate([marks, np.full(_SPACINGS[-1] * (count - 1), -1, np.float32)])
    # (spacings, lines, rows): the mark of each line if the uppermost is in this row
    each = below[np.arange(len(marks)) + (_SPACINGS[:, None] * np.arange(count))[..., None]]
    sums = each.min(axis=1) * 0.5 + each.sum(axis=1) * (0.5 / count)
    spacing, top = np.unravel_index(int(sums.argmax()), sums.shape)
    if sums[spacing, top] <= _LEAST_SCORE:
        return None
    centres = tuple(float(top + index * _SPACINGS[spacing]) for index in range(count))
    return Block(centres, slope, float(sums[spacing, top]))


def _others(marks: NDArray[np.float32], block: Block) -> tuple[float, ...]:
    """Rows beside the block that stand out nearly as much as its weaker line."""
    rows = np.arange(len(marks))
    least = _NEARLY * min(float(marks[round(centre)]) for centre in block.centres_px)
    left = marks.copy()
    for centre in block.centres_px:
        left[np.abs(rows - centre) < _LEAST_APART_PX] = 0
    found = []
    while (row := int(left.argmax())) and left[row] > max(least, _LEAST_SCORE):
        found.append(float(row))
        left[np.abs(rows - row) < _LEAST_APART_PX] = 0
    return tuple(found)
