"""Whether the work went on from one turn to the next: a computer sleeps, a program is held or starved, a clock is set.

Nothing else sees it: whoever sleeps writes no line, and the line after it looks like any other.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

_STOOD_S = 5.0  # between turns of which there is one a second: chosen, five times what a busy computer makes of it
_SLEPT_S = 2.0  # by which the clock that goes on in sleep is ahead: it and the other are read a few us apart
_SET_S = 60.0  # chosen: a time service corrects seconds, and nobody's verdict depends on a minute
_MOST_S = 99_999  # that is told: a day and more; a number of more digits could be somebody's, and passes into no bundle
_SCHEDULED = Path("/proc/thread-self/schedstat")  # ns that the thread ran, ns that it was ready and waited, turns
_THREADS = Path("/proc/self/task")
_PRESSURE = Path("/proc/pressure/cpu")  # "some avg10=... total=us" (Linux, Documentation/accounting/psi.rst)
_US = 1e6  # of a second
_NS = 1e9  # of a second
_LOOK_S = 60.0  # from one look at what the program got of its time to the next: chosen, some ten checks
_HUNGRY = 4.0  # times as long ready as running: of five programs that want all of a processor one is the kiosk
_LEAST_S = 6.0  # that it was ready and waited in such a minute: less nobody at the counter notices
_LOG = logging.getLogger(__name__)


class Clocks(NamedTuple):
    """Seconds: ``wall`` of the day, ``running`` without sleep, ``elapsed`` with it; ``waited``: this thread was ready
    to run, and others ran."""

    wall: float
    running: float
    elapsed: float
    waited: float = 0.0


Scheduled = dict[str, tuple[float, float]]
"""By thread of this program: seconds that it ran, and that it was ready and others ran."""


def _threads() -> Scheduled:
    found: Scheduled = {}
    with contextlib.suppress(OSError):  # only Linux tells
        for thread in _THREADS.iterdir():
            with contextlib.suppress(OSError, ValueError):  # it has ended meanwhile
                ran, waited, _ = (thread / "schedstat").read_text(encoding="ascii").split()
                found[thread.name] = int(ran) / _NS, int(waited) / _NS
    return found


def _clocks() -> Clocks:
    running = time.monotonic()
    boot = getattr(time, "CLOCK_BOOTTIME", None)  # of Linux alone; elsewhere a sleep shows by the clock of the day
    return Clocks(time.time(), running, running if boot is None else time.clock_gettime(boot), _waited())


def _waited() -> float:
    with contextlib.suppress(OSError, ValueError, IndexError):
        return int(_SCHEDULED.read_text(encoding="ascii").split()[1]) / _NS
    return 0.0  # only Linux tells


def pressed_s() -> float:
    """For how long, since the computer's start, any program was ready to run and waited; 0.0 where that is not told."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        return int(_PRESSURE.read_text(encoding="ascii").splitlines()[0].rpartition("total=")[2]) / _US
    return 0.0


class Standstill:
    """``turn`` on every turn of the work; what it finds is a warning in the log."""

    def __init__(self, clocks: Callable[[], Clocks] = _clocks, threads: Callable[[], Scheduled] = _threads) -> None:
        self._clocks = clocks
        self._threads = threads
        self._last: Clocks | None = None
        self._looked: tuple[float, Scheduled] | None = None

    def turn(self) -> None:
        """The work goes on."""
        now, last = self._clocks(), self._last
        self._last = now
        if last is None:
            return
        wall, running, elapsed, waited = (after - before for before, after in zip(last, now, strict=True))
        if elapsed - running > _SLEPT_S:
            _LOG.warning("the computer slept for %d s", _told(elapsed - running))
        elif running > _STOOD_S and 2 * waited > running:
            _LOG.warning("the computer had no time for the program for %d s", _told(running))
        elif running > _STOOD_S:
            _LOG.warning("the program was held for %d s", _told(running))
        if abs(wall - elapsed) > _SET_S:
            way = "ahead" if wall > elapsed else "back"
            _LOG.warning("the computer's clock was set %s by %d s", way, _told(abs(wall - elapsed)))
        self._share(now.running)

    def _share(self, running: float) -> None:
        """Once a minute: did the program get the time that it could have used?"""
        if self._looked is not None and running - self._looked[0] < _LOOK_S:
            return
        now, last = self._threads(), self._looked
        self._looked = running, now
        if last is None:
            return
        pairs = [(have, last[1].get(thread, (0.0, 0.0))) for thread, have in now.items()]
        ran, waited = (sum(have[at] - had[at] for have, had in pairs) for at in (0, 1))
        if waited > max(_HUNGRY * ran, _LEAST_S):
            took = _told(running - last[0])
            _LOG.warning("other programs have the computer: in %d s this one waited %d s to run, and ran %d s",
                         took, _told(waited), _told(ran))  # fmt: skip


def _told(seconds: float) -> int:
    return min(round(seconds), _MOST_S)
