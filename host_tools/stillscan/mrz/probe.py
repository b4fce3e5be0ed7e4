"""Tells which rows of text may belong to an MRZ, before anything expensive is done with them.

One glance of the quick network at a single row, both ways up: in an MRZ characters of OCR-B stand at even distances.
"""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from stillscan.mrz import character_grid, effort
from stillscan.mrz.lines import CROP_ROWS, PITCH_PX
from stillscan.mrz.net import QUICK, Seen, recognise
from stillscan.mrz.spot import Bar

_COLUMNS = 1020
"""34 characters: the shortest line of an MRZ has 30, and what lies in the middle of a longer one is enough."""
_PROMISING = 0.35
"""Likeness of a row that is worth reading. Of 24 photographs of worn passports (levels 4 and 5) and 20 specimens each
whose MRZ can be read has a row with 0.4 or more; what else is found in pictures has about -0.1, ordinary print 0.36."""
_CLEARLY = 0.25
"""By so much must one way up be likelier than the other that only it is tried. Nothing changes between 0.15 and 0.4, 14
photographs (of worn passports, levels 3 to 5, and of three formats)."""
_MOST_SHRUNK = 1.5
"""Text that is larger than at 300 dpi by more than this is made smaller first, or sampling it would take up moire.
Nothing changes between 1.2 and 2.2, 14 photographs (of worn passports, levels 3 to 5, and of three formats)."""


class Row(NamedTuple):
    """A row of text that may belong to an MRZ."""

    bar: Bar
    turned: tuple[bool, ...] = (False, True)
    """Whether it may be upside down, and whether it may not be: likelier first."""
    likeness: float = 0.0
    """How much it looks like a row of an MRZ the likelier way up."""


def promising(grey: NDArray[np.uint8], bars: Sequence[Bar]) -> list[Row]:
    """Those of the `bars` in a grey picture (rows, cols) that may belong to an MRZ, likeliest first."""
    rated = []
    for bar in bars:
        upright, turned = likeness(grey, bar)
        ways = tuple(sorted((False, True), key=lambda way: -(upright, turned)[way]))
        if max(upright, turned) > _PROMISING:
            ways = ways[: 1 if abs(upright - turned) > _CLEARLY else 2]
            rated.append(Row(bar, ways, max(upright, turned)))
    return sorted(rated, key=lambda row: -row.likeness)


def likeness(grey: NDArray[np.uint8], bar: Bar) -> tuple[float, float]:
    """How much a row of text looks like one of an MRZ as it stands, and turned (see `grid.likeness`)."""
    row = _row(grey, bar)
    seen = recognise(np.stack([row, row[::-1, ::-1]]), QUICK)
    rates = [-1.0, -1.0]
    for way in range(2):
        one = Seen(seen.log_probabilities[way : way + 1], seen.centres[way : way + 1])
        for found in character_grid.grids(one.centres, most=1):
            rates[way] = character_grid.likeness(found, character_grid.cells(one, found))
    return rates[0], rates[1]


def _row(grey: NDArray[np.uint8], bar: Bar) -> NDArray[np.uint8]:
    """The middle of the row as (48, 1020), at 300 dpi."""
    effort.spend("probe-row")
    scale = bar.pitch_px / PITCH_PX
    along = (bar.right - bar.left) / bar.length_px
    across = np.array([-along[1], along[0]])
    corner = (bar.left + bar.right) / 2 - scale * (along * (_COLUMNS - 1) + across * (CROP_ROWS - 1)) / 2
    finer = max(1, round(scale / _MOST_SHRUNK))
    matrix = np.column_stack([along * scale / finer, across * scale / finer, corner])
    cut = cv2.warpAffine(
        grey,
        matrix,
        (_COLUMNS * finer, CROP_ROWS * finer),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    if finer > 1:
        cut = cv2.resize(cut, (_COLUMNS, CROP_ROWS), interpolation=cv2.INTER_AREA)
    return np.asarray(cut, np.uint8)
