"""The kiosk looks at its glass by itself: once a day, and after somebody wiped it, while nobody is there."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import TracebackType

from kiosk import wire
from stillscan.technician.glass import Glass
from stillscan.technician.relay import KIOSK
from stillscan.technician.room import Room

_EVERY_S = 5.0  # who has just wiped waits no longer for the look to begin
QUIET_S = 600.0
"""Nobody has come for ten minutes: the next customer hardly comes within the half minute of a look; if so, it ends."""
_END_S = 10.0  # for the thread's end; it sleeps _EVERY_S at most


class GlassWatch:
    """Enter to watch. ``idle`` says whether nobody is served."""

    def __init__(
        self, room: Room, glass: Glass, idle: Callable[[], bool], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._room = room
        self._glass = glass
        self._idle = idle
        self._clock = clock
        self._quiet_since_s = clock()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="glass", daemon=True)

    def __enter__(self) -> GlassWatch:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._ending.set()
        self._thread.join(_END_S)

    def _watch(self) -> None:
        while not self._ending.wait(_EVERY_S):
            self.turn()

    def turn(self) -> bool:
        """Look if it is time to; whether a look began."""
        relay = self._room.relay
        if relay.who is not None or relay.state != wire.EMPTY or not self._idle():
            self._quiet_since_s = self._clock()
            return False
        quiet = self._clock() - self._quiet_since_s >= QUIET_S
        if not (self._glass.due() and (quiet or self._glass.wiped is not None)):
            return False
        self._quiet_since_s = self._clock()  # one that was ended by a customer is tried again after as long a pause
        return self._room.start("look", KIOSK)
