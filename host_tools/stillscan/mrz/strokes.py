"""Ink where a character has none, and none where each cut has some: an accent, a hook, a second character under it, a
small letter, a shape of another typeface.

The places within 3 px of a stroke of OCR-B's, for each character of the alphabet, stand in `weights/strokes.png`, and
in white those that lie inside a stroke of every cut.
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
INSIDE_PX = 0.8
"""As far inside a stroke of every cut there must be ink: with 0.4 a fifth fewer foreign characters are told."""
NEAR, INSIDE = 128, 255
"""What the file says of a place; 0 is neither."""
_BLOT_PX = 5
"""Side of the square whose mean counts: with 3 scratches and specks weigh as much as accents."""
_HALF = 2
"""One in so many rows and columns tells what is not there, in a quarter of the time."""
_GAP, _LEAST = 5, 3
"""Of those, side of the square that is looked at for strokes that are not there, and how much of strokes must be in it:
9 px and 10. 7 and 6, 11 and 16 tell genuine from foreign characters as well."""
_ASIDE = np.ones((7, 5), np.uint8)
"""Rows and columns in which ink may be aside: 3 px up or down, 2 to the side. With 2 px up or down, and lines put level
before, one of six clean strips of a cut that is not among those of the file was refused."""
_ROWS, _COLUMNS = slice(3, 45), slice(5, 31)
"""Of a cell (48 x 36) what no neighbour reaches."""
_PAPER, _INK = 0.7, 0.05
"""Ranks of a cell's pixels that tell its paper and its ink: an M covers a quarter of it, an I a tenth."""
_THIN = 3
"""One in so many pixels tells both, a sample of 576, in a third of the time."""


@cache
def _drawn() -> NDArray[np.uint8]:
    """(37, 48, 36) of the file."""
    drawn = np.asarray(cv2.imdecode(np.frombuffer(FILE.read_bytes(), np.uint8), cv2.IMREAD_GRAYSCALE))
    return np.asarray(drawn.reshape(drawn.shape[0], len(ALPHABET), -1).transpose(1, 0, 2), np.uint8)


@cache
def _bare() -> NDArray[np.int16]:
    """(37, 48 * 36): 1 where a character has no stroke near, nor the letter or digit that it may be printed alike."""
    near = _drawn() >= NEAR
    return np.asarray(~(near | near[CONFUSABLE_OF]), np.int16).reshape(len(ALPHABET), -1)


@cache
def _inside() -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """(37, 24, 18) twice: 255 inside a stroke of a character and of what may be printed alike; and one over how much of
    them is around, 0 where that is little."""
    inside = _drawn() == INSIDE
    inside = (inside & inside[CONFUSABLE_OF])[:, ::_HALF, ::_HALF]
    around = np.stack([_around(one.astype(np.float32)) for one in inside])
    return inside * np.uint8(255), np.asarray(np.where(around < _LEAST, 0, 1 / np.maximum(around, 1)), np.float32)


def _around(values: NDArray[np.uint8] | NDArray[np.float32]) -> NDArray[np.float32]:
    """Sums of the square about each place."""
    size, edge = (_GAP, _GAP), cv2.BORDER_CONSTANT
    return np.asarray(cv2.boxFilter(values, cv2.CV_32F, size, normalize=False, borderType=edge), np.float32)


def compared(cells: NDArray[np.uint8], classes: NDArray[np.intp]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """How dark the darkest spot is where the characters of `classes` (lines, n) have no stroke, and how light the
    lightest where they have one, as shares of ink.

    `cells` are their pictures, (lines, n, 48, 36).
    """
    count, size = cells.shape[1], cells.shape[2] * cells.shape[3]
    thin = cells.reshape(-1, size)[:, ::_THIN]
    ranks = [round(share * (thin.shape[1] - 1)) for share in (_INK, _PAPER)]
    ink, paper = np.partition(thin, ranks, axis=1)[:, ranks].T.astype(np.int16)
    swing = np.maximum(np.median((paper - ink).reshape(-1, count), axis=1), 1)[:, None]
    lacking = _lacking(cells, classes, paper, np.repeat(swing, count))
    return _beyond(cells, classes, paper) / swing, lacking


def _beyond(cells: NDArray[np.uint8], classes: NDArray[np.intp], paper: NDArray[np.int16]) -> NDArray[np.float32]:
    """Darkness (lines, n) of the darkest spot without a stroke near."""
    size = cells.shape[2] * cells.shape[3]
    darker = (paper[:, None] - cells.reshape(-1, size)) * _bare()[classes.ravel()]
    spots = cv2.blur(darker.reshape(-1, cells.shape[3]), (_BLOT_PX, _BLOT_PX)).reshape(-1, *cells.shape[2:])
    return np.asarray(spots[:, _ROWS, _COLUMNS].max(axis=(1, 2)).reshape(classes.shape), np.float32)


def _lacking(
    cells: NDArray[np.uint8], classes: NDArray[np.intp], paper: NDArray[np.int16], swing: NDArray[np.floating]
) -> NDArray[np.float32]:
    """Share of ink (lines, n) that is missing where most of it is; ink that is a little aside counts."""
    inside, share = (table[classes.ravel()] for table in _inside())
    count, columns = len(inside), inside.shape[2]
    darkest = cv2.erode(cells.reshape(-1, cells.shape[3]), _ASIDE)[::_HALF, ::_HALF].reshape(count, -1)
    dark = np.clip(paper - swing, 0, 255).astype(np.uint8)[:, None]
    light = np.minimum(np.maximum(darkest, dark) - dark, np.minimum(swing, 255).astype(np.uint8)[:, None])
    gaps = _around((light & inside.reshape(count, -1)).reshape(-1, columns)).reshape(inside.shape) * share
    return np.asarray((gaps.max(axis=(1, 2)) / swing).reshape(classes.shape), np.float32)
