"""Pixels of the line sensor that see nothing, bridged from their neighbours: dead, hot, or stuck at any value.

One that was so when the scanner was calibrated, or has failed since, spoils its column in every line: as dark as a
stroke, or a gap in every stroke that crosses it. What it says stays the same whatever its neighbours see. Dust only
weakens what is seen through it: that is left to the reader, who has learned it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_LEAST_ROWS = 60
"""A line of a passport and the paper above and below it: in fewer rows the stem of a letter may fill a column."""
_MOST_BESIDE = 5
"""Columns beside each other that are bridged. A stroke has four (0.35 mm), and one that lies under them is lost; but
left dark, three are a stroke in every row, and nothing is accepted. Of 300 development strips of levels 0 to 4 each,
with as many columns dark, grey or bright somewhere in the text, 95 % are accepted with three, 94 with four, 91 with
five, and none is wrong."""
_ASIDE = 20.0
"""Grey values rms by which a column is darker or brighter than both of its neighbours: columns of development strips of
levels 0 to 5 (30 each) have 1 to 11, one in a thousand more than 14 to 25, those of drawn streaks up to 133."""
_DARK = 0.15
"""Share of its neighbours' light below which a column is dark: the darkest streak of those strips keeps 0.35."""
_CONSTANT = 0.2
"""Share of its neighbours' changes below which a column stays the same: of columns of those strips that stand out none
has less than 0.32."""
_MAYBE = 2.0
"""Times those two shares: of some rows, and of the brightest column in place of its neighbours."""
_EVERY = 8
"""Rows of which one is enough to tell which columns stand out: of a letter it leaves three or four."""


def bridged(lines: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """``lines`` (n, width) as the sensor gave them, columns that see nothing interpolated; ``lines`` if there are none.

    Nothing is told of fewer than _LEAST_ROWS, and nothing changes in them.
    """
    if len(lines) < _LEAST_ROWS:
        return lines
    blind = np.zeros(lines.shape[1], np.bool_)
    some = lines[::_EVERY].astype(np.int16)
    quiet = _quiet(some)
    beginnings = _beginnings(some)
    found = [one for beside in range(1, _MOST_BESIDE + 1) for one in _standing_out(some, beside, quiet, beginnings)]
    for _, first, end in sorted(found, reverse=True):
        known = blind[first - 1] or blind[end]  # it stands out beside what sees nothing
        blind[first:end] |= not known and _sees_nothing(lines[:, first - 1 : end + 1].astype(np.float32))
    if not blind.any():
        return lines
    out = lines.copy()
    for first, end in np.flatnonzero(np.diff(np.pad(blind, 1).astype(np.int8))).reshape(-1, 2):
        left, right = lines[:, [first - 1]].astype(np.float32), lines[:, [end]].astype(np.float32)
        part = np.arange(1, end - first + 1, dtype=np.float32) / (end - first + 1)
        out[:, first:end] = np.rint(left + part * (right - left))
    return out


def _quiet(lines: NDArray[np.int16]) -> NDArray[np.bool_]:
    """Columns that may see nothing, whatever stands beside them: most have print, and are looked at no further."""
    mean, change = lines.mean(axis=0), lines.std(axis=0)
    quiet: NDArray[np.bool_] = (mean <= _MAYBE * _DARK * mean.max()) | (change <= _MAYBE * _CONSTANT * change.max())
    return quiet


def _beginnings(lines: NDArray[np.int16]) -> NDArray[np.bool_]:
    """(width - 1,): behind which columns others may stand out: nearly all differ from the next by less than that."""
    steps = np.diff(lines, axis=1).astype(np.float32)
    return np.asarray(np.einsum("ij,ij->j", steps, steps) >= _ASIDE**2 * len(lines), np.bool_)


def _standing_out(
    lines: NDArray[np.int16], beside: int, quiet: NDArray[np.bool_], beginnings: NDArray[np.bool_]
) -> list[tuple[float, int, int]]:
    """How far so many quiet columns are darker or brighter than those before and behind them, the first, and their
    end."""
    count = max(0, len(quiet) - beside - 1)  # of places where so many columns have one on either side
    possible = beginnings[:count].copy()
    for at in range(1, beside + 1):
        possible &= quiet[at : at + count]
    firsts = np.flatnonzero(possible)
    before, behind = lines[:, firsts], lines[:, firsts + beside + 1]
    least, most = np.minimum(before, behind), np.maximum(before, behind)
    squares = np.full(len(firsts), np.inf, np.float32)
    for at in range(1, beside + 1):
        own = lines[:, firsts + at]
        aside = (own - np.clip(own, least, most)).astype(np.float32)
        squares = np.minimum(squares, np.einsum("ij,ij->j", aside, aside))
        kept = squares >= _ASIDE**2 * len(lines)
        firsts, squares, least, most = firsts[kept], squares[kept], least[:, kept], most[:, kept]
    return [(float(squares[n]), int(first) + 1, int(first) + 1 + beside) for n, first in enumerate(firsts)]


def _sees_nothing(lines: Floats) -> bool:
    """Whether the columns between the first and the last of these are dark, or stay the same while those change."""
    around, own = lines[:, [0, -1]].mean(axis=1), lines[:, 1:-1]
    dark = own.mean(axis=0).max() <= _DARK * around.mean()
    return bool(dark or own.std(axis=0).max() <= _CONSTANT * around.std())
