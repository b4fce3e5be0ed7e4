"""The thread of a kiosk that takes releases: a turn again and again, and telling what came of it."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator, Mapping

from stillscan.errors import StillscanError
from stillscan.fleet.rollout.client import RefusedError
from stillscan.fleet.rollout.installing import Kiosk

EVERY_S = 600.0
"""Between turns: an order to stop reaches all kiosks within ten minutes, and 3,000 of them ask five times a second."""
_JOIN_S = 2.0  # for a turn that goes on at the end: it may be ended anywhere
_LOG = logging.getLogger(__name__)

Tell = Callable[[Mapping[str, int], Mapping[str, str]], None]
"""Counts and codes of an event `versions`: which releases are here (``Kiosk.reported``), and what is wrong."""


class Taking:
    """``turn`` never raises: whatever goes wrong is told, and the next turn begins anew."""

    def __init__(self, kiosk: Kiosk, tell: Tell) -> None:
        self._kiosk, self._tell = kiosk, tell
        self._told: tuple[Mapping[str, int], Mapping[str, str]] | None = None
        self.trouble = ""
        """Why nothing can be taken now, in one line; "" when all is well."""

    def turn(self) -> None:
        """One turn; told is what changed, and all at the first one."""
        codes = {}
        try:
            self._kiosk.turn()
            trouble = ""
        except StillscanError as error:
            trouble = str(error)
            if isinstance(error, RefusedError):
                codes = {"releases": error.kind}
        except Exception as error:  # a defect here must not keep the kiosk from the next release, which mends it
            _LOG.exception("releases")
            trouble = f"a defect of stillscan: {type(error).__name__}"
        if trouble != self.trouble:
            self.trouble = trouble
            _LOG.warning("releases: %s", trouble) if trouble else _LOG.info("releases: all is well again")
        told = (self._kiosk.reported(), codes)
        if told != self._told:
            try:
                self._tell(*told)
            except StillscanError as error:
                _LOG.warning("releases: what is installed cannot be told now: %s", error)
            else:
                self._told = told


@contextlib.contextmanager
def taking(kiosk: Kiosk, tell: Tell, every_s: float = EVERY_S) -> Iterator[Taking]:
    """Turns from entering to leaving."""
    made, over = Taking(kiosk, tell), threading.Event()

    def work() -> None:
        while not over.is_set():
            made.turn()
            over.wait(every_s)

    thread = threading.Thread(target=work, name="releases", daemon=True)
    thread.start()
    try:
        yield made
    finally:
        over.set()
        thread.join(_JOIN_S)
