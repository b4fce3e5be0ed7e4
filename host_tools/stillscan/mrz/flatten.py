"""Grey picture to ink: what is darker than the paper around it, free of shading, dust columns and missing rows.

Three columns are taken together: lines of text are found by their rows, which keep their full resolution.
"""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from stillscan.mrz import effort
from stillscan.mrz.pixels import ranked

ACROSS = 3
"""Columns of the picture that make one column of ink."""
_CELL = (4, 2)
"""Rows and columns of ink that are averaged before paper is looked for, so that noise is not taken for it. Nothing
changes with (6, 3), 24 strips of levels 3 to 5."""
_REACH_CELLS = (13, 9)
"""Paper is the brightest cell within this many rows and columns of cells: wider than the widest character."""
_NO_PAPER = 0.35
"""What has less than this share of the page's white is beside the document (dark lid), not print. Nothing changes
between 0.2 and 0.5, 32 strips of levels 1 and 3 to 5."""


class Rows(NamedTuple):
    """Rows of a picture as far as each tells of itself alone: so rows that arrive bit by bit are looked at once."""

    thin: NDArray[np.uint8]
    """(rows, cols // 3): the means of three columns."""
    blank: NDArray[np.bool_]
    """(rows,): whether a row has one value all along, and was never scanned."""


def rows_of(picture: NDArray[np.uint8]) -> Rows:
    """The rows of a grey picture."""
    middles = slice(ACROSS // 2, max(1, picture.shape[1] // ACROSS) * ACROSS, ACROSS)
    thin = np.ascontiguousarray(cv2.blur(picture, (ACROSS, 1))[:, middles], np.uint8)
    return Rows(thin, np.ptp(picture[:, ::5], axis=1) <= 1)


def ink(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Share of light that the print takes away, 0 (paper) to 1, for a grey picture (rows, cols) of any 8-bit white.

    The result is (rows, cols // 3).
    """
    return ink_of(rows_of(picture))


def ink_of(rows: Rows) -> NDArray[np.float32]:
    """See `ink`."""
    picture = rows.thin
    effort.spend("ink", picture.size * ACROSS / 1e6)
    # dust on the line sensor darkens whole columns: the paper of each column is seen in most of its rows
    columns = np.ascontiguousarray(picture[::6].T)
    bright = columns.shape[1] * 3 // 4
    paper = np.partition(columns, bright, axis=1)[:, bright].astype(np.float32)
    white = ranked(paper, 0.8)
    if white < 1:
        return np.zeros(picture.shape, np.float32)
    on_page = paper > _NO_PAPER * white
    gain = (1 / np.where(on_page, paper, white)).astype(np.float32)
    relative = picture.astype(np.float32)
    relative *= gain
    shade = _shade(relative)
    # against a row of them: with a single number it takes twice as long
    np.maximum(shade, np.full(shade.shape[1], _NO_PAPER, np.float32), out=shade)
    taken = cv2.divide(relative, shade, dst=relative)
    np.subtract(1, taken, out=taken)
    cv2.threshold(taken, 0, 0, cv2.THRESH_TOZERO, dst=taken)
    if float(shade.min()) <= _NO_PAPER:
        taken[shade <= _NO_PAPER] = 0
    if not on_page.all():
        taken *= on_page
    taken[rows.blank] = 0
    return np.asarray(taken, np.float32)


def _shade(relative: NDArray[np.float32]) -> NDArray[np.float32]:
    """Brightness of the paper under the print: the brightest cell around each place, smoothed."""
    rows, columns = (max(1, size // cell) for size, cell in zip(relative.shape, _CELL, strict=True))
    whole = relative[: rows * _CELL[0], : columns * _CELL[1]]
    cells = cv2.resize(whole, (columns, rows), interpolation=cv2.INTER_AREA)
    brightest = cv2.dilate(cells, np.ones(_REACH_CELLS, np.uint8))
    smooth = cv2.blur(brightest, (_REACH_CELLS[1], _REACH_CELLS[0]))
    return np.asarray(cv2.resize(smooth, relative.shape[::-1], interpolation=cv2.INTER_LINEAR), np.float32)
