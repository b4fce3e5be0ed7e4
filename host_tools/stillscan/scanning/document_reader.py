"""The reader's work on one document, done at once: rows as they arrive, captures, evidence of former captures.

What asks for it without waiting is a stage (see `stage`): the process of `reader_process`, or a modelled one in virtual
time. Nothing here knows of scanners.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stillscan.mrz import CaptureReader, MrzReader, Reading, net
from stillscan.mrz.effort import Stop
from stillscan.mrz.stream import NEXT_LINE_ROWS

_SEARCH_ROWS = 16
"""Rows that are looked at together in search of a line: half its height, so that none is found a third of it late."""
_NEAR_ROWS = 3
"""Lines lie up to so many rows nearer than they should: looked for from there on..."""
_FINE_ROWS = 2
"""...every 6 ms of the sweep, which ends as soon as the last line is there..."""
_FAR_ROWS = 16
"""...until one would be farther away than in any format."""


class DocumentReader:
    """``begin`` with each document; then rows, captures and answers in any order."""

    def __init__(self) -> None:
        self._rows = self._width_px = 0
        self._stream: MrzReader | None = None
        self._waiting: list[NDArray[np.uint8]] = []
        self._first_row = 0
        self._look_row = 0  # the next look at the rows that wait is worth while when this one is among them
        self._captures = CaptureReader()

    def begin(self, rows: int, width_px: int) -> None:
        """Another document, of so many rows of so many pixels."""
        self._rows, self._width_px = rows, width_px
        self._captures.clear()
        self.begin_sweep()

    def begin_sweep(self) -> None:
        """Another sweep: the rows of the one before do not belong to those to come."""
        self._stream = None
        self._waiting.clear()
        self._look_row = 0

    def feed(self, first_row: int, pixels: NDArray[np.uint8]) -> bool:
        """Take rows (n, width_px); whether all lines of text are there now. Rows that do not follow begin anew."""
        if self._waiting and first_row != self._first_row + sum(map(len, self._waiting)):
            self.begin_sweep()
        if not self._waiting:
            self._first_row = first_row
        self._waiting.append(pixels)
        end_row = first_row + len(pixels)
        if self._stream is None:
            self._stream = MrzReader(self._rows, self._width_px)
            self._look_row = first_row + _SEARCH_ROWS
        if end_row < self._look_row:
            return False
        rows = np.concatenate(self._waiting)
        self._waiting.clear()
        partial = self._stream.feed(self._first_row, rows)
        self._look_row = end_row + _SEARCH_ROWS
        if partial.lines:
            next_row = partial.lines[-1].row + NEXT_LINE_ROWS
            if end_row < next_row + _FAR_ROWS:
                self._look_row = max(end_row + _FINE_ROWS, next_row - _NEAR_ROWS)
        return partial.complete

    def read(self, capture: NDArray[np.uint8], stop: Stop | None = None, *, calm: bool = False) -> Reading:
        """The reading of a capture (rows, width_px) together with what former captures have shown.

        `stop` is asked between expensive steps whether reading is to end; `calm`: see ReaderStage.
        """
        with net.knowing({} if self._stream is None else self._stream.known):
            return self._captures.read(capture, stop=stop, calm=calm)

    def keep(self) -> None:
        """The capture that was read last counts as a former one from now on."""
        self._captures.keep()
