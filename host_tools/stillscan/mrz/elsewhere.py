"""How little a character looks like the others of the same document that were read as the same: a lozenge beside the
Os of a name, a capital lambda beside its As.

Drawings of OCR-B's strokes leave room for every cut (see `strokes`); the document's own characters are of one cut, one
printer and one wear, so that clear print leaves none.
"""

import numpy as np
from numpy.typing import NDArray

from stillscan.mrz.alphabet import ALPHABET, FILLER

_LOOKED_AT = slice(3, 45), slice(5, 31)
"""Rows and columns of a cell (48 x 36) that neighbours do not reach."""
_DOWN_PX, _RIGHT_PX = 3, 2
"""How far a character may stand beside where the others do, up or down and aside."""
_THIN = 2
"""One in so many rows and columns of what is moved by whole pixels tells as much, in a quarter of the time."""


def unlike(cells: NDArray[np.uint8], classes: NDArray[np.intp]) -> NDArray[np.float32]:
    """1 less the correlation of each character with the mean of the others of its class, where it lies best; 0 where
    there is no other, and for fillers.

    `cells` are the pictures (lines, n, 48, 36) of the characters of `classes` (lines, n).
    """
    which = classes.ravel()
    found = np.zeros(which.size, np.float32)
    times = np.bincount(which, minlength=len(ALPHABET))
    times[ALPHABET.index(FILLER)] = 0
    pictures = cells.reshape(-1, *cells.shape[2:])[:, *_LOOKED_AT]
    size = pictures.shape[1] - 2 * _DOWN_PX, pictures.shape[2] - 2 * _RIGHT_PX
    for one in np.flatnonzero(times > 1):
        places = np.flatnonzero(which == one)
        looks = np.lib.stride_tricks.sliding_window_view(pictures[places], size, axis=(1, 2))[..., ::_THIN, ::_THIN]
        moved = looks.reshape(len(places), (2 * _DOWN_PX + 1) * (2 * _RIGHT_PX + 1), -1).astype(np.float32)
        moved -= moved.mean(axis=2, keepdims=True)
        own = moved[:, moved.shape[1] // 2]  # in the middle
        others = own.sum(axis=0) - own
        apart = np.linalg.norm(others, axis=1)[:, None] * np.sqrt(np.einsum("nsp,nsp->ns", moved, moved))
        alike = np.matmul(moved, others[..., None])[..., 0] / np.maximum(apart, 1)
        found[places] = np.maximum(1 - alike.max(axis=1), 0)
    return found.reshape(classes.shape)
