"""The reader's stage in virtual time: it reads at once, and answers when a computer would have come to its end."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from stillscan.mrz import Reading
from stillscan.scanning.document_reader import DocumentReader
from stillscan.scanning.stage import LIMIT_MS, Answer

ReadingTime = float | Literal["real"] | None
"""How long a reading takes: so many ms, as long as it takes here ("real"), or as modelled by what is on the picture."""

_INSTANT_MS = 0.0005  # half a tick of the virtual clock: it never comes to the end of a shorter wait


class ModelledReader:
    """See ReaderStage. ``now_ms`` is the virtual clock; ``told`` is called with the time and reading of each answer."""

    def __init__(
        self,
        now_ms: Callable[[], float],
        takes: ReadingTime = None,
        told: Callable[[float, Reading], None] = lambda now_ms, reading: None,
    ) -> None:
        self._now_ms = now_ms
        self._takes = takes
        self._told = told
        self._reader = DocumentReader()
        self._complete = False
        self._ticket = 0
        self._answer: Answer | None = None
        self._due_ms = 0.0

    def notify(self, wake: Callable[[], None]) -> None:
        """See ReaderStage: who waits in virtual time looks at the right moment."""

    def begin(self, rows: int, width_px: int) -> None:
        """See ReaderStage."""
        self.cancel()
        self._reader.begin(rows, width_px)
        self._complete = False

    def begin_sweep(self) -> None:
        """See ReaderStage."""
        self._reader.begin_sweep()
        self._complete = False

    def feed(self, first_row: int, pixels: NDArray[np.uint8]) -> None:
        """See ReaderStage."""
        self._complete = self._complete or self._reader.feed(first_row, pixels)

    @property
    def text_complete(self) -> bool:
        """See ReaderStage."""
        return self._complete

    def read(self, capture: NDArray[np.uint8], *, calm: bool = False) -> int:
        """See ReaderStage."""
        self._ticket += 1
        began_s = time.perf_counter()
        reading = self._reader.read(capture, calm=calm)
        took_ms = (time.perf_counter() - began_s) * 1000
        takes_ms = reading.effort_ms if self._takes is None else took_ms if self._takes == "real" else self._takes
        if takes_ms > LIMIT_MS:
            self._answer = Answer(self._ticket, None, "late")
        else:
            self._answer = Answer(self._ticket, reading)
        self._due_ms = self._now_ms() + min(takes_ms, LIMIT_MS)
        return self._ticket

    def keep(self) -> None:
        """See ReaderStage."""
        self._reader.keep()

    def answer(self) -> Answer | None:
        """See ReaderStage."""
        if self._answer is None or self.wait_ms() > 0:
            return None
        answer, self._answer = self._answer, None
        if answer.reading is not None:
            self._told(self._now_ms(), answer.reading)
        return answer

    def wait_ms(self) -> float:
        """See ReaderStage."""
        if self._answer is None:
            return float("inf")
        wait_ms = self._due_ms - self._now_ms()
        return wait_ms if wait_ms >= _INSTANT_MS else 0.0

    def cancel(self) -> None:
        """See ReaderStage."""
        self._answer = None

    def close(self) -> None:
        """See ReaderStage."""
