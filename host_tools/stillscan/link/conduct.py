"""What a scanner may do after its HELLO: bands that count on, and states that come to their end.

A scanner that answers but does not get on is as lost as a silent one: people would wait before it for ever.
"""

from __future__ import annotations

from kiosk import wire
from stillscan.link.messages import Abort, Band, BandHeader, Hello, Message, State, SweepBegin, SweepEnd, named

_STAY_MS = {
    wire.START: 8000.0,
    wire.STILL: 8000.0,
    wire.SCANNING: 8000.0,
    wire.PLACED: 125_000.0,
    wire.MOVED: 125_000.0,
}
"""The longest stay in a state without any news. Starting the parts takes up to 3 s, and a sweep of 274 rows at 20 ms
each 5.5 s, with a band every 20 ms; 8 s leaves room for both, and people are told within 10 s. A document that does
not come to rest is given up after the setting ``time_limit``, at most 120 s. All other states wait for people."""
_COUNTED_MS = 2000.0
"""Between two messages no more time counts: a silent scanner is asked for its health every 1.25 s, and a computer that
slept, or a program that was stopped, has not been waiting."""


class Conduct:
    """``note`` every message in order; it says what cannot be, if anything."""

    def __init__(self, hello: Hello) -> None:
        self.sweep: int | None = None
        self._hello = hello
        self._state = wire.START
        self._stayed_ms = 0.0  # counted time since the last news
        self._noted_ms: float | None = None
        self._next_band = 0
        self._next_row = 0

    def note(self, message: Message, granted: int, now_ms: float) -> str | None:
        """Words for "the scanner ..." when this message cannot be; ``granted`` are the bands of this sweep."""
        self._wait(message, now_ms)
        if self._stayed_ms > _STAY_MS.get(self._state, float("inf")):
            return f"does not get on: its state stays '{named(wire.STATES, self._state)}'"
        if isinstance(message, SweepBegin):
            self.sweep, self._next_band, self._next_row = message.sweep, 0, 0
        elif isinstance(message, Band) and self.sweep is not None:  # else an earlier host has seen the sweep begin
            return self._band(message, granted)
        return None

    def go_back(self, header: BandHeader | None) -> None:
        """Bands after this one of the sweep (None: all of it) were not the scanner's: they have not been noted."""
        self._next_band = header.band + 1 if header else 0
        self._next_row = header.row + header.lines if header else 0

    def _wait(self, message: Message, now_ms: float) -> None:
        if self._noted_ms is not None:
            self._stayed_ms += min(now_ms - self._noted_ms, _COUNTED_MS)
        self._noted_ms = now_ms
        if isinstance(message, State):
            if message.state != self._state:  # said again it is no news
                self._state, self._stayed_ms = message.state, 0.0
        elif isinstance(message, SweepBegin | SweepEnd | Abort | Band):
            self._stayed_ms = 0.0

    def _band(self, band: Band, granted: int) -> str | None:
        header = band.header
        if header.sweep != self.sweep or not self._next_band <= header.band < granted:
            return "sends bands that do not count on"
        if header.width_px != self._hello.width_px or header.row + header.lines > self._hello.rows:
            return "sends lines that do not fit into the zone that it has named"
        if header.row < self._next_row:
            return "sends lines of one sweep twice"
        self._next_band, self._next_row = header.band + 1, header.row + header.lines
        return None
