"""How far print stands out of the noise: where it does, the network's probabilities are borne out best.

Development strips: 11 and more at levels 0 to 3, 7 to 15 at level 4, 4 to 9 at level 5.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from stillscan.mrz import effort
from stillscan.mrz.pixels import ranked

CLEAR = 14.0
"""Of print that stands out clearly."""
_LETTERS = slice(10, 38)  # rows of a crop with letters in them: (48 - 29) / 2 = 10 are left above and below
_LEAST_NOISE = 0.3
"""Of 8-bit steps: what rounding leaves in a picture without noise. Nothing changes between 0.1 and 1, 24 strips of
levels 3 to 5."""
_SPREAD = 1.4826 / 1.5**0.5
"""Median of what a pixel differs from the mean of its neighbours above and below, to standard deviation of noise."""


def clarity(crops: NDArray[np.uint8]) -> float:
    """Contrast of the ink in lines (n, 48, width) at the scanner's own resolution, in standard deviations of noise."""
    effort.spend("clarity", crops.size / 2 / 48 / 1476)
    thin = np.ascontiguousarray(crops[:, :, ::12]).astype(np.int16)
    beside = 2 * thin[:, 1:-1] - thin[:, :-2] - thin[:, 2:]
    steps = np.minimum(np.abs(beside), 255).astype(np.uint8)  # no noise is near that, and bytes are soon sorted
    noise = max(ranked(steps, 0.5) / 2 * _SPREAD, _LEAST_NOISE)
    rank = thin.shape[1] * 85 // 100
    paper = ranked(np.partition(thin, rank, axis=1)[:, rank], 0.5)
    smooth = np.stack([cv2.blur(crop, (3, 3)) for crop in crops])[:, _LETTERS]
    ink = ranked(smooth[:, ::3, ::4], 0.06)
    return (paper - ink) / noise
