"""Do two scans of the same rows show the same print? Only then do their other rows belong to one document.

Compared is the print of each character's width by itself: the texts of two passports have much in common (fillers, the
state, the distances), so that a likeness of the whole says little, and a single other letter is enough to tell.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

Verdict = Literal["same", "other", "unclear"]

_SMOOTH_PX = (3, 3)
"""Noise is evened over so much; strokes are 4 px wide."""
_CELL_PX = 31
"""A character and its space: 30 px, and an odd number."""
_REACH_ROWS, _REACH_PX = 5, 6
"""0.4 and 0.5 mm: what counts of displacement that are a quarter wrong leave of a slip of 1.5 mm and more."""
_PRINTED = 0.2
"""Share of the strongest cells' print that a cell has to be compared: half of a thin stroke."""
_LEAST_SWING = 4.0
"""Grey values rms, smoothed: less is paper. Noise of 15 leaves 5 at the worst, the faintest print that is read 9."""
_ALIKE = 0.5
"""Correlation of a cell that shows the same character twice: the median of scans of one development strip is 0.98 at
level 0, 0.92 at level 3 and 0.85 at level 4, that of different ones 0.0 to 0.14."""
_LEAST_CELLS = 8
"""A name has four letters or more besides the code and the state: with fewer cells nothing is told."""
_MOST_UNLIKE = 0.05
"""Share of cells that wear, glare and dust may make unlike, and one in any case. Two scans of one development strip
(140 comparisons a level, numbers 985000 to 985019) have none at levels 0 and 1, up to 1.8 cells of 40 at level 2 and
2.9 at level 3; scans of different ones 12 and more, and one other letter makes 0.5 to 1.1."""
_LEAST_ROWS = 6
"""Of print in both: a fifth of a line tells most letters apart."""

Scan = tuple[NDArray[np.uint8], NDArray[np.bool_]]
"""(rows, cols) of a document, and which rows were seen."""


class Agreement(NamedTuple):
    """Whether two scans show the same, and where: the second so many px farther right and rows farther down."""

    verdict: Verdict
    dx_px: int = 0
    dy_rows: int = 0


def printed_rows(scan: Scan) -> NDArray[np.bool_]:
    """Rows (rows,) that show print: more of it than a fifth of what the strongest rows show."""
    swing = np.where(scan[1], _swing(scan[0]), 0.0)
    limit = max(_LEAST_SWING**2, _PRINTED * float(np.percentile(swing[scan[1]], 95)) if scan[1].any() else 0.0)
    return np.asarray(swing > limit)


def compare(one: Scan, other: Scan) -> Agreement:
    """Two scans of what may be one document, laid on each other as well as they go."""
    shared = one[1] & other[1]
    if np.count_nonzero(shared) < _LEAST_ROWS:
        return Agreement("unclear")
    first, second = (cv2.blur(scan[0], _SMOOTH_PX).astype(np.float32) for scan in (one, other))
    best: tuple[float, int, int] | None = None
    for dy in range(-_REACH_ROWS, _REACH_ROWS + 1):
        rows = _shared(one[1], other[1], dy)
        if len(rows) < _LEAST_ROWS:
            continue
        scores = cv2.matchTemplate(first[rows], second[rows + dy, _REACH_PX:-_REACH_PX], cv2.TM_CCOEFF_NORMED)[0]
        at = int(scores.argmax())
        if best is None or scores[at] > best[0]:
            best = float(scores[at]), _REACH_PX - at, dy
    if best is None:
        return Agreement("unclear")
    _, dx, dy = best
    rows = _shared(one[1], other[1], dy)
    return Agreement(_judged(first[rows], np.roll(second[rows + dy], -dx, axis=1)), dx, dy)


def _shared(seen: NDArray[np.bool_], seen_other: NDArray[np.bool_], dy: int) -> NDArray[np.intp]:
    """Rows of the first that the second shows ``dy`` rows farther down."""
    rows = np.flatnonzero(seen)
    rows = rows[(rows + dy >= 0) & (rows + dy < len(seen_other))]
    return np.asarray(rows[seen_other[rows + dy]], np.intp)


def _judged(one: NDArray[np.float32], other: NDArray[np.float32]) -> Verdict:
    """Whether two scans (rows, cols) that lie on each other show the same in each character's width."""
    printed = (_swing(one) > _LEAST_SWING**2) | (_swing(other) > _LEAST_SWING**2)
    if np.count_nonzero(printed) < _LEAST_ROWS:
        return "unclear"
    one, other = one[printed], other[printed]

    def over_cell(values: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(cv2.blur(values.mean(axis=0)[None], (_CELL_PX, 1))[0], np.float32)

    mean, mean_other = over_cell(one), over_cell(other)
    power, power_other = over_cell(one * one) - mean**2, over_cell(other * other) - mean_other**2
    both = over_cell(one * other) - mean * mean_other
    most = np.maximum(power, power_other)
    compared = most > max(_LEAST_SWING**2, _PRINTED * float(np.percentile(most, 95)))
    cells = np.count_nonzero(compared) / _CELL_PX
    if cells < _LEAST_CELLS:
        return "unclear"
    alike = both > _ALIKE * np.sqrt(np.maximum(power * power_other, 1e-6))
    # print that one shows and the other hardly does is no likeness, however well its noise fits
    alike &= np.minimum(power, power_other) > _PRINTED * most
    unlike = np.count_nonzero(compared & ~alike) / _CELL_PX
    return "other" if unlike > max(1.0, _MOST_UNLIKE * cells) else "same"


def _swing(picture: NDArray[np.uint8] | NDArray[np.float32]) -> NDArray[np.float64]:
    """How much each row (rows,) varies within a few characters, in grey values squared."""
    values = np.asarray(cv2.blur(picture, _SMOOTH_PX), np.float32)
    mean = cv2.blur(values, (3 * _CELL_PX, 1))
    return np.asarray(((values - mean) ** 2).mean(axis=1), np.float64)
