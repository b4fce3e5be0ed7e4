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
    looked = np.flatnonzero(times[which] > 1)
    if not looked.size:
        return found.reshape(classes.shape)
    looked = looked[np.argsort(which[looked], kind="stable")]  # class by class
    pictures = cells.reshape(-1, *cells.shape[2:])[looked][:, *_LOOKED_AT].astype(np.float32)
    size = pictures.shape[1] - 2 * _DOWN_PX, pictures.shape[2] - 2 * _RIGHT_PX
    looks = np.lib.stride_tricks.sliding_window_view(pictures, size, axis=(1, 2))[..., ::_THIN, ::_THIN]
    moved = looks.reshape(len(looked), (2 * _DOWN_PX + 1) * (2 * _RIGHT_PX + 1), -1)
    means = moved.mean(axis=2)
    own = moved[:, moved.shape[1] // 2] - means[:, [moved.shape[1] // 2]]  # in the middle
    first = np.flatnonzero(np.diff(which[looked], prepend=-1))
    others = np.repeat(np.add.reduceat(own, first), np.diff(first, append=len(looked)), axis=0) - own
    power = np.einsum("nsp,nsp->ns", moved, moved) - moved.shape[2] * means**2
    apart = np.linalg.norm(others, axis=1)[:, None] * np.sqrt(np.maximum(power, 0))
    alike = np.matmul(moved, others[..., None])[..., 0] / np.maximum(apart, 1)  # the others' mean is 0
    found[looked] = np.maximum(1 - alike.max(axis=1), 0)
    return found.reshape(classes.shape)
