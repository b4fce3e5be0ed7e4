"""Finds the text lines of an MRZ in the ink of a strip (300 dpi)."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

PITCH_PX = 30.0
SPACING_PX = 75.0
_SLAB_PX = 36
_FAINT = 0.3
"""Share of full ink below which security print and noise lie: left out when the lines are looked for."""
_LETTER_ROWS = 29
_FLANK_ROWS = 9
_SKEWS = np.tan(np.radians(np.arange(-1.4, 1.41, 0.2)))
_FINE = np.tan(np.radians(np.arange(-0.15, 0.16, 0.05)))
_SPACINGS = range(68, 83)


@dataclass(frozen=True)
class Block:
    """Two or three parallel lines of text."""

    centres_px: tuple[float, ...]
    """Row of each line's centre at the middle column."""
    slope: float
    """Rows down per column to the right."""
    score: float
    """Ink of the lines against the gaps between them; 0 is nothing."""


def blocks(ink: NDArray[np.float32]) -> list[Block]:
    """Candidates for the MRZ in `ink` (rows, cols), best first: the best pair of lines, and the best three lines."""
    if ink.shape[0] < 2 * SPACING_PX or ink.shape[1] < 20 * PITCH_PX:
        return []
    faint = float(_FAINT * np.percentile(ink[::5, ::5], 98))
    slope, profile = _skew(np.asarray(cv2.threshold(ink - faint, 0, 0, cv2.THRESH_TOZERO)[1], np.float32))
    marks = _line_marks(profile)
    found = [block for count in (3, 2) if (block := _best(marks, count, slope)) is not None]
    if len(found) == 2 and found[0].score < 0.6 * found[1].score:
        found.reverse()
    return found


def _skew(ink: NDArray[np.float32]) -> tuple[float, NDArray[np.float32]]:
    """The slope at which rows of text stand out most, and the mean ink of each row along it."""
    slabs = ink.shape[1] // _SLAB_PX
    means = cv2.resize(ink[:, : slabs * _SLAB_PX], (slabs, ink.shape[0]), interpolation=cv2.INTER_AREA)
    means = np.minimum(means, 2 * np.percentile(means, 90))  # a blot is no line
    middle = (np.arange(slabs) + 0.5) * _SLAB_PX - ink.shape[1] / 2

    def profiles(means: NDArray[np.float32], slopes: NDArray[np.float64]) -> NDArray[np.float32]:
        rows = np.arange(len(means))[None, :, None] + np.rint(slopes[:, None, None] * middle).astype(np.intp)
        inside = (rows >= 0) & (rows < len(means))
        taken = means[np.clip(rows, 0, len(means) - 1), np.arange(slabs)]
        return np.asarray(np.where(inside, taken, 0).mean(axis=2), np.float32)

    # every third row is enough to find the skew within a step of the coarse ones
    coarse = _SKEWS[int(np.argmax((profiles(means[::3], _SKEWS / 3) ** 2).sum(axis=1)))]
    fine = profiles(means, coarse + _FINE)
    best = int(np.argmax((fine**2).sum(axis=1)))
    return float(coarse + _FINE[best]), fine[best]


def _line_marks(profile: NDArray[np.float32]) -> NDArray[np.float32]:
    """How much each row looks like the centre of a text line: ink of the letters less ink just above and below."""
    total = np.concatenate([[0], np.cumsum(profile)])

    def mean(first: int, size: int) -> NDArray[np.float32]:
        start = np.arange(len(profile)) + first
        low, high = np.clip(start, 0, len(profile)), np.clip(start + size, 0, len(profile))
        return np.asarray((total[high] - total[low]) / size, np.float32)

    half = _LETTER_ROWS // 2
    flanks = np.maximum(mean(-half - 2 - _FLANK_ROWS, _FLANK_ROWS), mean(half + 3, _FLANK_ROWS))
    return mean(-half, _LETTER_ROWS) - flanks


def _best(marks: NDArray[np.float32], count: int, slope: float) -> Block | None:
    """The best `count` lines at equal distance; None when one of them is no line."""
    best: Block | None = None
    for spacing in _SPACINGS:
        room = len(marks) - spacing * (count - 1)
        if room <= 0:
            continue
        rows = np.stack([marks[index * spacing : index * spacing + room] for index in range(count)])
        sums = rows.min(axis=0) * 0.5 + rows.mean(axis=0) * 0.5
        top = int(np.argmax(sums))
        if sums[top] > (best.score if best else 0.001):
            centres = tuple(float(top + index * spacing) for index in range(count))
            best = Block(centres, slope, float(sums[top]))
    return best
