"""Registers two scans of one document to each other by what they show, not by what the motion sensor counted."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

REACH_PX = 50
"""Displacements up to so many pixels (4.2 mm at 300 dpi) are found, along and across."""
_ACROSS = 2
"""Columns that are taken together."""
_PAPER_PX = (25, 25)
"""Rows and columns over whose mean print stands out: wider than a character, which has 15 of these columns. With 15 two
of 50 comparisons of development strips come out otherwise, with 41 none."""
_LEAST_SHARED = 0.08
"""Share of the print of either scan that must be in both: less may fit anywhere."""
_LEAST_SCORE = 0.55
"""Above what other documents score against each other, and below what the same ones do: development strips 961000 to
961003 of levels 0 to 4 score 0.14 to 0.5 with others, and 0.64 to 1 with another capture of themselves (0.51 and more
where the captures share 40 rows only). At level 5 (0.39 to 0.57) most are not laid on each other."""
_NEXT_BEST = 0.85
"""Share of the best score that no displacement elsewhere may reach."""
_ELSEWHERE_PX = 8
"""Farther from the best displacement than two strokes (4 px each): nearer ones are its own slope. Nothing changes
between 4 and 16, 50 comparisons of development strips of levels 0 to 5."""
_ALIKE_ROWS = 7
"""A quarter of a letter, so that a slide within a line shows. Nothing changes between 3 and 15, 50 comparisons."""
_ALIKE = 0.6
"""Correlation of so many rows of a document that lay still; strokes are 4 px wide, and 0.5 mm are 6 px."""
_PRINTED = 0.15
"""Share of the print of the strongest rows that a row has to be compared. With 0.05 two of 50 comparisons come out
otherwise; nothing changes up to 0.3."""
_LEAST_PRINTED = 30
"""One line of text, 29 rows. Nothing changes between 10 and 60, 50 comparisons of development strips of levels 0 to
5."""


class Offset(NamedTuple):
    """Where the second scan shows what the first shows: so many pixels farther right and so many rows farther down."""

    dx_px: float
    dy_px: float
    score: float
    """Correlation of the print in both, 0 to 1."""


def offset(
    one: NDArray[np.uint8],
    seen_one: NDArray[np.bool_],
    other: NDArray[np.uint8],
    seen_other: NDArray[np.bool_],
) -> Offset | None:
    """The displacement between two scans (rows, cols) of which rows were `seen` (rows,); None when it is not clear.

    Normalised cross-correlation with the unseen rows masked (Padfield, "Masked object registration in the Fourier
    domain", 2012), by Fourier transforms: the same time for all displacements.
    """
    if not seen_one.any() or not seen_other.any():
        return None
    (ink, mask), (ink_2, mask_2) = _ink(one, seen_one), _ink(other, seen_other)
    rows, columns = ink.shape
    across = REACH_PX // _ACROSS
    size = cv2.getOptimalDFTSize(rows + REACH_PX), cv2.getOptimalDFTSize(columns + across)

    def transformed(picture: NDArray[np.float32]) -> NDArray[np.complex64]:
        return np.asarray(np.fft.rfft2(picture, size), np.complex64)

    def shared(left: NDArray[np.complex64], right: NDArray[np.complex64]) -> NDArray[np.float32]:
        """Sums of products at the displacements within reach, (2 REACH_PX + 1, 2 across + 1)."""
        sums = np.fft.irfft2(np.conj(left) * right, size)
        sums = np.roll(sums, (REACH_PX, across), axis=(0, 1))
        return np.asarray(sums[: 2 * REACH_PX + 1, : 2 * across + 1], np.float32)

    power, power_2 = transformed(ink * ink), transformed(ink_2 * ink_2)
    both = shared(transformed(ink), transformed(ink_2))
    in_one, in_other = shared(power, transformed(mask_2)), shared(transformed(mask), power_2)
    enough = in_one > _LEAST_SHARED * float((ink * ink).sum())
    enough &= in_other > _LEAST_SHARED * float((ink_2 * ink_2).sum())
    scores = np.where(enough, both / np.sqrt(np.maximum(in_one * in_other, 1e-6)), 0)
    row, column = (int(at) for at in np.unravel_index(int(scores.argmax()), scores.shape))
    best = float(scores[row, column])
    elsewhere = scores.copy()
    near = _ELSEWHERE_PX // _ACROSS
    elsewhere[max(0, row - _ELSEWHERE_PX) : row + _ELSEWHERE_PX + 1, max(0, column - near) : column + near + 1] = 0
    if best < _LEAST_SCORE or float(elsewhere.max()) > _NEXT_BEST * best:
        return None
    dy = row - REACH_PX + _between(scores[:, column], row)
    dx = (column - across + _between(scores[row], column)) * _ACROSS
    return Offset(dx, dy, best)


def lay_still(
    one: NDArray[np.uint8], seen_one: NDArray[np.bool_], other: NDArray[np.uint8], seen_other: NDArray[np.bool_]
) -> bool:
    """Whether the document moved in neither of two scans: laid on each other, they show the same print row for row.

    False too where hardly anything is printed, or noise hides it.
    """
    found = offset(one, seen_one, other, seen_other)
    if found is None:
        return False
    (ink, _), (ink_2, _) = _ink(one, seen_one), _ink(other, seen_other)
    back = np.array([[1, 0, found.dx_px / _ACROSS], [0, 1, found.dy_px]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    laid = cv2.warpAffine(ink_2, back, ink.shape[::-1], flags=flags)
    both, power, power_2 = (
        cv2.blur((left * right).sum(axis=1)[:, None], (1, _ALIKE_ROWS))[:, 0]
        for left, right in ((ink, laid), (ink, ink), (laid, laid))
    )
    printed = power > _PRINTED * float(np.percentile(power, 95))
    alike = both >= _ALIKE * np.sqrt(np.maximum(power * power_2, 1e-6))
    return int(printed.sum()) >= _LEAST_PRINTED and bool(alike[printed].all())


def _ink(picture: NDArray[np.uint8], seen: NDArray[np.bool_]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """What is darker or lighter than around it, nothing in unseen rows; and the mask of the seen ones."""
    size = picture.shape[1] // _ACROSS, picture.shape[0]
    grey = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.float32)
    mask = np.repeat(seen[:, None], size[0], axis=1).astype(np.float32)
    # the mean over seen rows only, so that an edge of what was seen is no print
    weight = np.maximum(cv2.blur(mask, _PAPER_PX), 1e-3)
    ink = np.asarray((grey - cv2.blur(grey * mask, _PAPER_PX) / weight) * mask, np.float32)
    # dust on the line sensor stays where it is however the document moves
    rows = np.flatnonzero(seen)
    ink[rows] -= np.median(ink[rows], axis=0)
    return ink, mask


def _between(scores: NDArray[np.float32], at: int) -> float:
    """Where between its neighbours the peak at index `at` lies, -0.5 to 0.5."""
    if not 0 < at < len(scores) - 1:
        return 0.0
    before, middle, after = (float(scores[at + step]) for step in (-1, 0, 1))
    bend = before - 2 * middle + after
    return 0.5 * (before - after) / bend if bend < 0 else 0.0
