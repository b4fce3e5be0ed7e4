"""The picture of a scan that leaves the program: cells so coarse that no character can be read from it.

It tells a clerk how far the scan has come, where the document lies and where it is dark. A cell is wider than a
character, its grey is one of a few, and it is told once a check: a document that is swept again, or lies a little
aside, tells nothing new about it, so many pictures joined are no finer than one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stillscan.link.messages import Band

CELL_COLUMNS = 36
"""Pixels: a character of OCR-B is 30 wide with its gap (300 dpi), so every cell mixes two; 41 cells make a row."""
CELL_ROWS = 12
"""Rows: with the columns above a character is no cell and a half, and a sweep of 274 rows still comes in 22 steps."""
LEVELS = 4
"""Greys: glass, print, paper, glare. The difference of one character to another in the mean of a cell is far less."""
_STEP = 256 // LEVELS  # of one level


class Mosaic:
    """The cells of one check. Not thread-safe."""

    def __init__(self) -> None:
        self.told: dict[int, bytes] = {}
        """Row of cells, from 0, to its greys, one byte a cell."""
        self._open: dict[int, dict[int, NDArray[np.float64]]] = {}

    def add(self, band: Band) -> dict[int, bytes]:
        """The rows of cells that these lines complete, as in ``told``: each is in one answer only."""
        new: dict[int, bytes] = {}
        for line, pixels in enumerate(band.pixels):
            row = band.header.row + line
            cell, means = row // CELL_ROWS, _means(pixels)
            if cell in self.told:
                continue
            rows = self._open.setdefault(cell, {row: means})
            if len(means) == len(next(iter(rows.values()))):
                rows.setdefault(row, means)
            if len(rows) == CELL_ROWS:
                new[cell] = self.told[cell] = _grey(np.mean(list(self._open.pop(cell).values()), axis=0))
        return new


def _means(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Of each whole cell's columns in one line."""
    whole = len(pixels) // CELL_COLUMNS * CELL_COLUMNS
    means: NDArray[np.float64] = pixels[:whole].reshape(-1, CELL_COLUMNS).mean(axis=1)
    return means


def _grey(means: NDArray[np.float64]) -> bytes:
    """The middle of the level that each mean lies in."""
    return ((means // _STEP) * _STEP + _STEP // 2).astype(np.uint8).tobytes()
