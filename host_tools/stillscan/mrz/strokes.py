"""Ink where a character has none: an accent, a hook, a second character under it, a shape of another typeface.

The places within 3 px of a stroke of OCR-B's, for each character of the alphabet, stand in `weights/strokes.png`.
"""

from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from stillscan.mrz.alphabet import ALPHABET
from stillscan.mrz.confusables import CONFUSABLE_OF

FILE = Path(__file__).with_name("weights") / "strokes.png"
NEAR_PX = 3.0
"""As far from a stroke ink belongs to it: blur, broad pens, and a cell that lies a pixel aside. With 2 clear bold print
has half as much beside its strokes as an accent, with 4 a third of the accents is too near."""
_BLOT_PX = 5
"""Side of the square whose mean counts: with 3 scratches and specks weigh as much as accents."""
_ROWS, _COLUMNS = slice(3, 45), slice(5, 31)
"""Of a cell (48 x 36) what no neighbour reaches."""
_PAPER, _INK = 0.7, 0.05
"""Ranks of a cell's pixels that tell its paper and its ink: an M covers a quarter of it, an I a tenth."""
_THIN = 3
"""One in so many pixels tells both, a sample of 576, in a third of the time."""


@cache
def _bare() -> NDArray[np.int16]:
    """(37, 48 * 36): 1 where a character has no stroke near, nor the letter or digit that it may be printed alike."""
    drawn = np.asarray(cv2.imdecode(np.frombuffer(FILE.read_bytes(), np.uint8), cv2.IMREAD_GRAYSCALE))
    near = drawn.reshape(drawn.shape[0], len(ALPHABET), -1).transpose(1, 0, 2) > 0
    return np.asarray(~(near | near[CONFUSABLE_OF]), np.int16).reshape(len(ALPHABET), -1)


def beyond(cells: NDArray[np.uint8], classes: NDArray[np.intp]) -> NDArray[np.float32]:
    """How dark the darkest spot is where the characters of `classes` (lines, n) have no stroke, as a share of ink.

    `cells` are their pictures, (lines, n, 48, 36).
    """
    count, size = cells.shape[1], cells.shape[2] * cells.shape[3]
    thin = cells.reshape(-1, size)[:, ::_THIN]
    ranks = [round(share * (thin.shape[1] - 1)) for share in (_INK, _PAPER)]
    ink, paper = np.partition(thin, ranks, axis=1)[:, ranks].T.astype(np.int16)
    darker = (paper[:, None] - cells.reshape(-1, size)) * _bare()[classes.ravel()]
    spots = cv2.blur(darker.reshape(-1, cells.shape[3]), (_BLOT_PX, _BLOT_PX)).reshape(-1, *cells.shape[2:])
    swing = np.median((paper - ink).reshape(-1, count), axis=1)
    darkest = spots[:, _ROWS, _COLUMNS].max(axis=(1, 2)).reshape(classes.shape)
    return np.asarray(darkest / np.maximum(swing, 1)[:, None], np.float32)
