"""A scanner whose sensors notice nothing but what they are told to: what lies on the glass changes as a script says.

It stands where a session stands (`Check` asks nothing else of one), on a clock of its own. A real scanner's sensors see
a hand that exchanges documents; here the host has only the rows to go by.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kiosk import wire
from stillscan.link.messages import Abort, Band, BandHeader, Hello, Message, State, SweepBegin, SweepEnd

ROWS, WIDTH_PX = 274, 1476
"""Of the reference scanner's zone."""
_FIRST_ROW = 48  # the setting `first_row`
_AGAIN_ROWS = 12  # so many rows before the first that was not sent a sweep goes on by itself (PROTOCOL.md)
_LINE_MS = 2.95
_PITCH_UM = 84.667
_DWELL_MS, _AGAIN_MS = 150.0, 120.0  # before the first sweep; dwell and way back before another
_NOISE = 1.2  # grey values rms, of a line (simulator/line_sensor.py)
_IDLE_MS = 50.0  # a host that waits for nothing in particular is given no more of the clock than this

Picture = NDArray[np.uint8]


class Change(NamedTuple):
    """Before this row of this sweep (from 0) another picture lies there; ``abort``: the sweep ends as for a slip.

    A row of ROWS is the end of a sweep that came to its last row.
    """

    sweep: int
    row: int
    picture: int
    abort: bool


class Clock:
    """Of a transport: the virtual time, and a name for messages."""

    name = "scripted scanner"

    def __init__(self) -> None:
        self.ms = 0.0

    def now_ms(self) -> float:
        return self.ms


class ScriptedScanner:
    """``pictures`` (ROWS, WIDTH_PX) are what lies there, one after another as ``changes`` say; the first lies at once.

    ``counted_um``: what the flow sensor says that each change moved the document by.
    """

    def __init__(
        self,
        pictures: Sequence[Picture],
        changes: Sequence[Change],
        rng: np.random.Generator,
        counted_um: tuple[int, int] = (0, 0),
    ) -> None:
        self.hello = Hello(1, 1, 0, 1, 0, b"simulator", 1, WIDTH_PX, ROWS, round(_PITCH_UM * 1000), 2950, 1024, 1, 0)
        self.transport = Clock()
        self.finished = False
        self.first_rows: list[int] = []
        """Of each sweep, on the glass."""
        self._pictures = pictures
        self._changes = list(changes)
        self._rng = rng
        self._counted_um = counted_um
        self._moved_um = (0, 0)
        self._lies = 0
        self._said: deque[tuple[float, Message]] = deque()
        self._sweep = -1
        self._row = ROWS
        self._band = 0
        self._resume_row: int | None = None  # where it goes on by itself after an abort
        self._last_row = ROWS - 1
        self._say(0.0, State(wire.PLACED, 0, 0, 0, 0, 0))
        self._begin(_FIRST_ROW, ROWS - 1, _DWELL_MS)

    # --- what a check asks of a session -----------------------------------------------------------------------------

    def prove(self) -> list[Band]:
        """See Session.prove: it is not paired, and every line counts."""
        return []

    def poll(self, timeout_ms: float) -> Message | None:
        """The next message, or None when none comes within this time."""
        if not self._said and not self.finished:
            if self._row <= self._last_row:
                self._line()
            elif self._resume_row is not None:
                self._begin(self._resume_row, ROWS - 1, _AGAIN_MS)
        if not self._said or self._said[0][0] > self.transport.ms + timeout_ms:
            self.transport.ms += min(timeout_ms, _IDLE_MS)
            return None
        at_ms, message = self._said.popleft()
        self.transport.ms = max(self.transport.ms, at_ms)
        return message

    def send(self, kind: int, *values: int) -> None:
        """A command of the host."""
        if kind == wire.C_FINISH:
            self.finished = True
        elif kind == wire.C_SWEEP and not self.finished and self._row > self._last_row:
            slid = round(self._moved_um[1] / _PITCH_UM)
            first_row = min(max(values[0] - slid, 0), ROWS - 1) if values[0] else 0
            self._begin(first_row, values[1], _AGAIN_MS)

    # --- the scanner ------------------------------------------------------------------------------------------------

    def _say(self, after_ms: float, message: Message) -> None:
        last_ms = self._said[-1][0] if self._said else self.transport.ms
        self._said.append((last_ms + after_ms, message))

    def _begin(self, first_row: int, last_row: int, after_ms: float) -> None:
        self._sweep += 1
        self._row, self._last_row, self._band = first_row, last_row, 0
        self.first_rows.append(first_row)
        self._resume_row = None
        self._say(after_ms, State(wire.STILL, 0, 0, 0, 0, 0))
        self._say(0.0, SweepBegin(self._sweep + 1, min(self._sweep + 1, 255), first_row, last_row, 0, 1))
        self._say(0.0, State(wire.SCANNING, 0, 0, 0, 0, 0))

    def _line(self) -> None:
        """One line more, or what ends the sweep before it."""
        if self._exchange():
            return
        noise = self._rng.standard_normal(WIDTH_PX) * _NOISE
        pixels = np.clip(np.rint(self._pictures[self._lies][self._row] + noise), 0, 255).astype(np.uint8)
        t_us = round(self.transport.ms * 1000) & 0x3FFFFFFF
        moved = self._moved_um
        header = BandHeader(self._sweep + 1, self._band, self._row, 1, 8, t_us, moved[0], moved[1], 100, 1, WIDTH_PX)
        self._say(_LINE_MS, Band(header, pixels[None]))
        self._row += 1
        self._band += 1
        if self._row > self._last_row:
            self._say(0.0, SweepEnd(self._sweep + 1, self._band, self._last_row, 0))
            self._say(0.0, State(wire.DONE, 0, 0, 0, 0, 0))
            self._exchange()

    def _exchange(self) -> bool:
        """Let happen what is due; whether it aborted the sweep."""
        while self._changes and (self._sweep, self._row) >= self._changes[0][:2]:
            change = self._changes.pop(0)
            self._lies = change.picture
            if self._row > self._last_row or not change.abort:
                continue
            self._moved_um = self._moved_um[0] + self._counted_um[0], self._moved_um[1] + self._counted_um[1]
            row, self._row = self._row, self._last_row + 1
            self._say(0.0, Abort(self._sweep + 1, wire.SLIP, row, 0, 5000, *self._moved_um))
            self._say(0.0, State(wire.MOVED, wire.SLIP, 0, 0, 0, 0))
            self._resume_row = max(row - _AGAIN_ROWS, 0)
            return True
        return False
