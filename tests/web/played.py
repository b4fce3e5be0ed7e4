"""A page that is served for a test, and a scanner that does what the test says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from books import MemoryBook
from PIL import Image

from kiosk import wire
from stillscan.counter.counter import Counter
from stillscan.link.identity import ScannerIdentity
from stillscan.link.messages import Abort, Band, BandHeader, Hello, State, SweepBegin
from stillscan.mrz import Reading
from stillscan.scanning.result import Result
from stillscan.web.pages import application
from stillscan.web.server import NAMES, PageServer

ROWS, WIDTH = 274, 1476
IDENTITY = ScannerIdentity(None, "simulator", "0.1.0", 1, "00" * 16)
HELLO = Hello(1, 0, 0, 1, 0, b"simulator", 1, WIDTH, ROWS, 84_667, 2950, 1024, 1, 0)


class Played:
    """Enter to serve. ``place``, ``scan``, ``read`` and the others are what a scanner and a person do."""

    def __init__(self, book: MemoryBook | None = None, port: int = 0, test_mode: bool = True) -> None:
        self.book = book or MemoryBook()
        self.counter = Counter(self.book, "Moss", test_mode)
        self._server = PageServer(application(self.counter, NAMES), port)
        self.counter.connected(HELLO, IDENTITY)
        self.state(wire.EMPTY)

    def __enter__(self) -> Played:
        self._server.__enter__()
        self.url = self._server.url
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def stop(self) -> None:
        """The program ends."""
        self._server.__exit__(None, None, None)

    def state(self, state: int, cause: int = wire.NO_CAUSE, part: int = 0) -> None:
        """The scanner says its state."""
        self.counter.message(State(state, cause, part, 0, 1, 0))

    def place(self) -> None:
        """A passport is laid down."""
        self.state(wire.PLACED)
        self.state(wire.STILL)

    def scan(self, rows: int = ROWS, first: int = 0) -> None:
        """A sweep over some rows: a picture that gets darker downwards."""
        self.counter.message(SweepBegin(1, 1, first, ROWS - 1, 0, 0))
        self.state(wire.SCANNING)
        for row in range(first, first + rows):
            header = BandHeader(1, row, row, 1, 8, 0, 0, 0, 80, 255, WIDTH)
            self.counter.message(Band(header, np.full((1, WIDTH), 250 - row // 2, np.uint8)))

    def strip(self, image: Path, rows: int) -> None:
        """The first rows of a strip, as a sweep brings them."""
        pixels = np.asarray(Image.open(image).convert("L"))
        self.counter.message(SweepBegin(1, 1, 0, ROWS - 1, 0, 0))
        self.state(wire.SCANNING)
        for row in range(rows):
            header = BandHeader(1, row, row, 1, 8, 0, 0, 0, 80, 255, WIDTH)
            self.counter.message(Band(header, pixels[row : row + 1, :WIDTH]))

    def slip(self) -> None:
        """The passport slips in mid-sweep."""
        self.counter.message(Abort(1, wire.SLIP, 100, 0, 5000, 500, 0))
        self.state(wire.MOVED, wire.SLIP)

    def read(self, lines: tuple[str, ...]) -> None:
        """The strip is read with certainty."""
        self.state(wire.DONE)
        self.counter.judge(Reading(format="TD3", lines=lines, valid=True, accepted=True, confidence=1.0))
        self.counter.result(Result("verified", "ok", lines=lines, format="TD3"))

    def give_up(self, reason: str = "mrz_uncertain") -> None:
        """No certain reading came of it."""
        self.counter.result(Result("gave_up", reason))

    def unplug(self) -> None:
        """The cable is pulled."""
        self.counter.trouble("port: the scanner went away", "gone")

    def plug_in(self) -> None:
        """And put back."""
        self.counter.connected(HELLO, IDENTITY)
        self.state(wire.EMPTY)
