"""Do both lines stand on one sheet? Its paper is as bright and as grained under the one as under the other.

Where another sheet begins, above, between or in the lines, it changes all along a row; stains, shine and wear of one
sheet change it in places.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stillscan.mrz import effort

_FROM_MIDDLE = np.concatenate([np.arange(-25, -17), np.arange(18, 26)])
"""Rows from a line's middle with paper above it and below: letters reach 14.5 rows, blurred 17, the next
line's begin at 58."""
_ABOVE, _BELOW = slice(0, 8), slice(8, 16)  # of these
PLACES = 12
"""Along a line, at which its paper is measured: a stain or a shadow is as wide as some characters."""
_LEAST_ROWS = 3
"""Of the eight that must have been scanned: a sweep ends 20 rows below the middle of the last line."""
_SHARE = 0.25
"""Of the places that may differ less or the other way: with a quarter, strips of the third set (level 4) differ by
0.05 and 0.03 at most, with a half by 0.11 and 0.06."""
_OUTLIER = 1.6
"""Times the third quartile: edges of dust and of security print count for no more than that of the grain. Nothing
changes between 1.2 and 3, 514 strips of levels 0 to 4."""
_LEAST_GRAIN = 1.0
"""Grey values that are added: of what a new sensor's noise leaves of the finest grain (about 3) the differences are the
sensor's, and paper that is only drawn has none."""


class Step(NamedTuple):
    """What changes from the paper about the first line to that about the second, all along them, as a logarithm."""

    paper: float
    """How bright it is, by its amount."""
    grain: float
    """How much neighbouring pixels differ, by its amount."""


NO_STEP = Step(0.0, 0.0)


def step(grey: NDArray[np.uint8], corners: NDArray[np.float64], *, turned: bool) -> Step:
    """What changes in a strip (rows, cols) whose two lines end at these corners (2, 2, 2), see Evidence.

    None is seen where rows that are compared have not been scanned, which are all of one grey.
    """
    effort.spend("sheet")
    if turned:
        grey, corners = grey[::-1, ::-1], np.array(grey.shape[::-1]) - 1 - corners
    scanned = grey.min(axis=1) < grey.max(axis=1)
    papers = (_paper(grey, scanned, *ends) for ends in corners)
    (above, below), (next_above, next_below) = (tuple(map(_logarithms, one)) for one in papers)
    pairs = ((above, next_above), (below, next_below), (above, next_below))
    steps = [changed(one, other) for one, other in pairs if one is not None and other is not None]
    return Step(*np.max(steps, axis=0)) if steps else NO_STEP


def _paper(
    grey: NDArray[np.uint8], scanned: NDArray[np.bool_], left: NDArray[np.float64], right: NDArray[np.float64]
) -> list[NDArray[np.uint8]]:
    """The rows (up to 8, columns) above a line and below it, from its left to its right end: those that were
    `scanned` (rows,) all along."""
    first, end = max(0, round(float(left[0]))), min(grey.shape[1], round(float(right[0])))
    columns = np.arange(first, end)
    middle = np.rint(np.interp(columns, (left[0], right[0]), (left[1], right[1]))).astype(np.intp)
    # numpy's own way loads masked arrays, 30 ms of a first check
    rows = np.array(sorted(set(middle.tolist())), np.intp)
    crossed = rows + _FROM_MIDDLE[:, None]
    whole = ((crossed >= 0) & (crossed < len(grey)) & scanned[np.clip(crossed, 0, len(grey) - 1)]).all(axis=1)
    places = middle * grey.shape[1] + columns + _FROM_MIDDLE[:, None] * grey.shape[1]
    return [np.take(grey, places[part][whole[part]]) for part in (_ABOVE, _BELOW)]


def _logarithms(paper: NDArray[np.uint8]) -> NDArray[np.float64] | None:
    """(2, places): how bright the paper (rows, columns) is, and how strong its grain, in each place; None where too few
    rows were scanned."""
    if len(paper) < _LEAST_ROWS:
        return None
    width = paper.shape[1] // PLACES
    places = paper[:, : width * PLACES].reshape(len(paper), PLACES, width).swapaxes(0, 1).astype(np.int16)
    grain = np.abs(2 * places[..., 1:-1] - places[..., :-2] - places[..., 2:]).reshape(PLACES, -1)
    # integers of 16 bits are sorted by their value, "stable", in less time than ranks alone take
    ordered, light = (np.sort(one, axis=1, kind="stable") for one in (grain, places[..., ::2].reshape(PLACES, -1)))
    most = np.float32(_OUTLIER) * np.maximum(ordered[:, grain.shape[1] * 3 // 4, None], 1).astype(np.float32)
    last = light.shape[1] - 1
    bright = light[:, [last // 2, last - last // 2]].mean(axis=1)
    usual = np.minimum(grain.astype(np.float32), most).mean(axis=1)
    both = np.stack([(bright + 1).astype(np.float32), usual + np.float32(_LEAST_GRAIN)])
    return np.asarray(np.log(both), np.float64)


def changed(first: NDArray[np.float64], then: NDArray[np.float64]) -> NDArray[np.float64]:
    """By how much (2,) all but a share of the places (2, places) have changed in one direction."""
    ordered = np.sort(then - first, axis=1)
    rank = int(_SHARE * (PLACES - 1))
    beside = 1 - (_SHARE * (PLACES - 1) - rank)
    least, most = (
        ordered[:, inner] + (ordered[:, outer] - ordered[:, inner]) * beside
        for inner, outer in ((rank + 1, rank), (-rank - 2, -rank - 1))
    )
    return np.asarray(np.maximum(np.maximum(least, -most), 0.0))
