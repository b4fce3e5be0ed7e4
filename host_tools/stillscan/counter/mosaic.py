"""The picture of a scan that leaves the program: it looks the same for any two documents that lie alike.

It tells a clerk how far the scan has come, where paper lies, where it is dark, and where lines of print are. Of a cell,
wider than a character, it tells how bright the paper between the characters is, and of a whole row of cells whether
there is print, so that nothing depends on which character stands where. Each cell is told once a check: many pictures
joined are no finer than one.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stillscan.link.messages import Band

CELL_COLUMNS = 36
"""Pixels: a character of OCR-B is 30 wide with its gap (300 dpi), so there is a gap in every cell; 41 make a row."""
CELL_ROWS = 12
"""Rows: a line of print is at least two rows of cells high, and a sweep of 274 rows still comes in 22 steps."""
LEVELS = 4
"""Greys: glass, shadow, paper, glare."""
_STEP = 256 // LEVELS  # of one level
_BRIGHTER = 3
"""Pixels of a cell's line that are brighter than what is told of it: there are six in every gap, and three of them may
be noise."""
_PRINT = 0.95
"""Mean brightness of a row of cells, as a part of that between its characters: 0.97 and more on paper of the sensor's
noise, 0.94 and less where a line of print lies in half of its lines."""
_MOST_OPEN = 64  # rows of cells that wait for lines: three times a scanner's; what a strange one sends fills no memory


class _Line(NamedTuple):
    between: NDArray[np.float64]
    """How bright each cell is where nothing is printed."""
    mean: float


class Mosaic:
    """The cells of one check. Not thread-safe."""

    def __init__(self) -> None:
        self.told: dict[int, bytes] = {}
        """Row of cells, from 0, to its greys, one byte a cell."""
        self._open: dict[int, dict[int, _Line]] = {}

    def add(self, band: Band) -> dict[int, bytes]:
        """The rows of cells that these lines complete, as in ``told``: each is in one answer only."""
        new: dict[int, bytes] = {}
        for number, pixels in enumerate(band.pixels):
            row = band.header.row + number
            cell = row // CELL_ROWS
            if cell in self.told:
                continue
            line = _line(pixels)
            lines = self._open.setdefault(cell, {row: line})
            if len(line.between) == len(next(iter(lines.values())).between):
                lines.setdefault(row, line)
            if len(lines) == CELL_ROWS:
                new[cell] = self.told[cell] = _grey(list(self._open.pop(cell).values()))
            elif len(self._open) > _MOST_OPEN:
                del self._open[next(iter(self._open))]
        return new


def _line(pixels: NDArray[np.uint8]) -> _Line:
    """Of the whole cells' columns of one line."""
    whole = pixels[: len(pixels) // CELL_COLUMNS * CELL_COLUMNS]
    place = CELL_COLUMNS - 1 - _BRIGHTER
    between = np.partition(whole.reshape(-1, CELL_COLUMNS), place, axis=1)[:, place].astype(np.float64)
    return _Line(between, float(whole.mean()) if len(whole) else 0.0)


def _grey(lines: list[_Line]) -> bytes:
    """The middle of each cell's level; all of a row with print are one level darker."""
    between = np.mean([line.between for line in lines], axis=0)
    levels = between // _STEP
    if len(between) and sum(line.mean for line in lines) < _PRINT * len(lines) * between.mean():
        levels = np.maximum(levels - 1, 0)
    greys: NDArray[np.uint8] = (levels * _STEP + _STEP // 2).astype(np.uint8)
    return greys.tobytes()
