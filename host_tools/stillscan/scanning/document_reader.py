"""The reader's work on one document, done at once: rows as they arrive, captures, evidence of former captures.

What asks for it without waiting is a stage (see `stage`): the process of `reader_process`, or a modelled one in virtual
time. Nothing here knows of scanners.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stillscan.mrz import CaptureReader, MrzReader, Reading
from stillscan.mrz.effort import Stop

_EARLY_ROWS = 32
"""Rows that are looked at together where no text can be complete yet: a line of text is 30 rows high."""
_FIRST_END_ROW = 156
"""Where the last line of a passport's text can end at the earliest: its lower edge (row 174) less 1.5 mm."""
_LATE_ROWS = 4
"""From there on so few are looked at together: 12 ms of a sweep that need not go on."""


class DocumentReader:
    """``begin`` with each document; then rows, captures and answers in any order."""

    def __init__(self) -> None:
        self._rows = self._width_px = 0
        self._stream: MrzReader | None = None
        self._waiting: list[NDArray[np.uint8]] = []
        self._first_row = 0
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

    def feed(self, first_row: int, pixels: NDArray[np.uint8]) -> bool:
        """Take rows (n, width_px); whether all lines of text are there now. Rows that do not follow begin anew."""
        if self._waiting and first_row != self._first_row + sum(map(len, self._waiting)):
            self.begin_sweep()
        if not self._waiting:
            self._first_row = first_row
        self._waiting.append(pixels)
        count = sum(map(len, self._waiting))
        if count < (_LATE_ROWS if first_row >= _FIRST_END_ROW else _EARLY_ROWS):
            return False
        rows = np.concatenate(self._waiting)
        self._waiting.clear()
        self._stream = self._stream or MrzReader(self._rows, self._width_px)
        return self._stream.feed(self._first_row, rows).complete

    def read(self, capture: NDArray[np.uint8], stop: Stop | None = None) -> Reading:
        """The reading of a capture (rows, width_px) together with what former captures have shown.

        `stop` is asked between expensive steps whether reading is to end.
        """
        return self._captures.read(capture, stop=stop)

    def keep(self) -> None:
        """The capture that was read last counts as a former one from now on."""
        self._captures.keep()
