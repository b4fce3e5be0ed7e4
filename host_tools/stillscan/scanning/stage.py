"""The reader as a stage of its own: what a check asks of it, whoever does the reading and wherever.

A check never waits inside a reading. It hands rows over while a sweep runs, asks for a capture to be read, goes on
taking messages, and looks whether there is an answer. The stage keeps the evidence of the document's former captures.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from stillscan.mrz import Reading

LIMIT_MS = 2000.0
"""A reading that takes longer is given up. The slowest strips that are read at all take 0.3 s on a slow computer."""


class Answer(NamedTuple):
    """What became of the request ``ticket``: a reading, or why there is none."""

    ticket: int
    reading: Reading | None
    why: Literal["", "late", "failed"] = ""
    """``late``: it took longer than LIMIT_MS; ``failed``: the reader itself ended."""


class ReaderStage(Protocol):
    """One document at a time; one reading at a time: a new request lets the one before go."""

    def notify(self, wake: Callable[[], None]) -> None:
        """Call ``wake``, from any thread, whenever there is news; a stage that has its answers at once need not."""
        ...

    def begin(self, rows: int, width_px: int) -> None:
        """Another document, scanned as so many rows of so many pixels: forget all of the one before."""
        ...

    def begin_sweep(self) -> None:
        """Another sweep: rows that were fed do not belong to those to come."""
        ...

    def feed(self, first_row: int, pixels: NDArray[np.uint8]) -> None:
        """Rows (n, width_px) of a sweep during which the document lies still, as soon as they are there."""
        ...

    @property
    def text_complete(self) -> bool:
        """Whether all lines of text stand in the rows that were fed, as far as is known by now."""
        ...

    def read(self, capture: NDArray[np.uint8], *, calm: bool = False) -> int:
        """Ask for this picture (rows, width_px) of the document to be read with all evidence; the request's ticket.

        ``calm``: all of it is of one sweep, under which the document lay still.
        """
        ...

    def keep(self) -> None:
        """What was read last stays as evidence beside the captures to come."""
        ...

    def answer(self) -> Answer | None:
        """The answer to the newest request once it is there; each is given once."""
        ...

    def wait_ms(self) -> float:
        """How long it is no use to look for an answer, unless ``wake`` is called before."""
        ...

    def cancel(self) -> None:
        """The newest request is of no use any more."""
        ...

    def close(self) -> None:
        """The end of the stage."""
        ...
