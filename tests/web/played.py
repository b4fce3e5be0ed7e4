"""A page that is served for a test, and a scanner that does what the test says."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
import weakref
from collections.abc import Callable, Sequence
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.request import HTTPCookieProcessor, HTTPRedirectHandler, Request, build_opener

import numpy as np
import uvicorn.server
from books import MemoryBook
from clerks import CLERK, PIN, MemoryStaff
from PIL import Image

from kiosk import wire
from stillscan.counter.counter import Counter
from stillscan.link.identity import ScannerIdentity
from stillscan.link.messages import Abort, Band, BandHeader, Hello, State, SweepBegin
from stillscan.mrz import Reading
from stillscan.scanning.result import Result
from stillscan.web.browsers import Browsers
from stillscan.web.pages import application
from stillscan.web.rendering import TourLetter
from stillscan.web.server import NAMES, PageServer
from stillscan.web.sessions import LOCK_MINUTES, Sessions

ROWS, WIDTH = 274, 1476
IDENTITY = ScannerIdentity(None, "simulator", "0.1.0", 1, "00" * 16)
HELLO = Hello(1, 0, 0, 1, 0, b"simulator", 1, WIDTH, ROWS, 84_667, 2950, 1024, 1, 0)


class _Soon:
    """`asyncio` as uvicorn's server finds it: that looks every tenth of a second whether it is to end, and then lets
    its connections go for another. Hundreds of tests would wait for it, so here both are a tenth of that."""

    def __getattr__(self, name: str) -> Any:
        return getattr(asyncio, name)

    @staticmethod
    async def sleep(delay_s: float) -> None:
        await asyncio.sleep(delay_s / 10)


uvicorn.server.asyncio = _Soon()  # type: ignore[assignment]


class _Stays(HTTPRedirectHandler):
    """Takes a redirection for the answer: the page that it leads to need not be made for nobody."""

    def http_error_303(self, asked: Request, answer: Any, *_: object) -> Any:
        return answer


class Played:
    """Enter to serve. ``place``, ``scan``, ``read`` and the others are what a scanner and a person do."""

    def __init__(
        self,
        book: MemoryBook | None = None,
        port: int = 0,
        test_mode: bool = True,
        keys: Path | None = None,
        clock: Callable[[], float] = time.monotonic,
        tour: Sequence[TourLetter] = (),
    ) -> None:
        self.book = book or MemoryBook()
        self.counter = Counter(self.book, "Moss", test_mode)
        self.staff = MemoryStaff()
        self.keys = keys or Path(tempfile.mkdtemp())
        if keys is None:
            weakref.finalize(self, shutil.rmtree, self.keys, ignore_errors=True)
        self.browsers = Browsers(self.keys)
        self.sessions = Sessions(self.staff, LOCK_MINUTES, clock)
        self.program = application(self.counter, NAMES, self.browsers, self.sessions, tour=tour)
        self._server = PageServer(self.program, port)
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

    @property
    def address(self) -> str:
        """One that binds a browser."""
        return f"{self.url}/?key={self.browsers.invite()}"

    def cookies(self, staff: str | None = CLERK) -> str:
        """The header of a browser that is bound, and signed in as ``staff``."""
        return "; ".join(f"{one.name}={one.value}" for one in self._jar(staff))

    def _jar(self, staff: str | None) -> CookieJar:
        jar = CookieJar()
        opener = build_opener(HTTPCookieProcessor(jar), _Stays)
        opener.open(self.address).close()
        if staff is not None:
            opener.open(f"{self.url}/signin", f"staff={staff}&pin={PIN}".encode()).close()
        return jar

    def show(self, page: Any, staff: str | None = CLERK, language: str = "en") -> None:
        """Open it in a browser that is driven, bound, and signed in as ``staff`` without going through that page."""
        page.context.add_cookies(
            [
                {
                    "name": one.name,
                    "value": one.value or "",
                    "url": self.url,
                    "httpOnly": one.has_nonstandard_attr("HttpOnly"),
                    "sameSite": (one.get_nonstandard_attr("SameSite") or "Lax").capitalize(),
                }
                for one in self._jar(staff)
            ]
        )
        page.goto(f"{self.url}/?language={language}")

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
