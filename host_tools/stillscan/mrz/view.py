"""Looks along lines of text in a picture: where each column of a crop lies, turned the other way up, evened."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from stillscan.mrz import effort, lines
from stillscan.mrz.character_grid import CharacterGrid
from stillscan.mrz.lines import CROP_COLUMNS, PITCH_PX, Track


@dataclass(frozen=True, eq=False)
class View:
    """Two or three lines of text as a row of crops shows them, uppermost first."""

    grey: NDArray[np.uint8]
    """(rows, cols) at about 300 dpi."""
    tracks: tuple[Track, ...]
    places: NDArray[np.float64]
    """(lines, width): the column of `grey` that each column of a crop shows at the line's centre."""
    lean: float = 0.0
    """How many columns to the left the text leans for each row down."""
    squeeze: NDArray[np.float32] | float = 1.0
    """How high the text is against what it should be, in all columns or (width,) in each."""

    @classmethod
    def level(cls, grey: NDArray[np.uint8], tracks: tuple[Track, ...], first_px: float, width: int) -> "View":
        """The view of `width` columns from `first_px` on."""
        return cls(grey, tracks, np.tile(first_px + np.arange(width, dtype=np.float64), (len(tracks), 1)))

    @cached_property
    def crops(self) -> NDArray[np.uint8]:
        """(lines, 48, width)."""
        effort.spend("line", self.places.size / CROP_COLUMNS)
        each = zip(self.tracks, self.places, strict=True)
        return np.stack([lines.cut(self.grey, track, place, self.lean, self.squeeze) for track, place in each])

    def upright(self) -> "View":
        """The view with the slant of its text taken out: letters straight, lines where they belong to each other."""
        lean = lines.slant(self.crops)
        if not lean:
            return self
        heights = np.array([track.row for track in self.tracks])
        return replace(self, places=self.places - lean * (heights - heights.mean())[:, None], lean=lean)

    def turned(self) -> "View":
        """The view of somebody on the other side of the picture."""
        return replace(self, tracks=self.tracks[::-1], places=self.places[::-1, ::-1])

    def evened(self, grid: CharacterGrid, written: NDArray[np.bool_]) -> "View":
        """The view, 1476 wide, in which the characters at the ticks of `grid` stand evenly, as high as they should be.

        `written` (lines, count): which of them are letters and digits.
        """
        even = (CROP_COLUMNS - 1) / 2 + PITCH_PX * (np.arange(grid.count) - (grid.count - 1) / 2)
        columns = np.arange(CROP_COLUMNS)
        bends = (np.polyfit(even, line, 3) for line in self._at(grid.columns_px))
        places = np.stack([np.polyval(bend, columns) for bend in bends])
        high, more = lines.squeeze(self.crops, grid.columns_px, written)
        across = np.interp(columns, even[[0, -1]], [-1, 1])
        return replace(self, places=places, squeeze=np.asarray(high * (1 + more * across), np.float32))

    def ends(self, grid: CharacterGrid) -> NDArray[np.float64]:
        """(lines, 2, 2): (x, y) in `grey` of the first and the last tick of each line."""
        columns = self._at(grid.columns_px[:, [0, -1]])
        rows = [track.rows(own, self.grey.shape[1]) for track, own in zip(self.tracks, columns, strict=True)]
        return np.stack([columns, np.stack(rows)], axis=2)

    def _at(self, columns: NDArray[np.float64]) -> NDArray[np.float64]:
        """Columns of the crops (lines, n) as columns of `grey`."""
        known = np.arange(self.places.shape[1])
        return np.stack([np.interp(own, known, place) for own, place in zip(columns, self.places, strict=True)])
