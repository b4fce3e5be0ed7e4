"""What a centre does by itself: count when checks have come, look at every kiosk, tell what is new."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from types import TracebackType

from stillscan.errors import StillscanError
from stillscan.fleet.findings import Watch
from stillscan.fleet.now import mark
from stillscan.fleet.store import Store
from stillscan.fleet.watching import Tell, round_, tell

_ROUND_S = 10.0  # an alert is for people who come within hours
_SHARE = 5.0  # counting takes a fifth of one core at most: after it five times as long passes as it took
_LOG = logging.getLogger(__name__)


class Rounds:
    """Rounds in a thread of their own from entering to leaving; `once` is one of them."""

    def __init__(
        self,
        store: Store,
        watch: Watch,
        now: Callable[[], datetime],
        tellers: Sequence[Tell] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store, self._watch, self._now, self._tellers, self._clock = store, watch, now, tellers, clock
        self._ended = threading.Event()
        self._counted: object = None
        self._trouble = ""
        self._next_s = clock()
        self._thread = threading.Thread(target=self._run, name="rounds", daemon=True)

    def once(self) -> None:
        """Count if checks have come and it is time, look at all kiosks, and tell. RecordsError."""
        there, began_s = mark(self._store), self._clock()
        if there != self._counted and began_s >= self._next_s:
            self._watch.count()
            self._counted = there
            self._next_s = self._clock() + _SHARE * (self._clock() - began_s)
        round_(self._store, self._watch.latest().failing, self._now(), told=not self._tellers)
        if self._tellers:
            tell(self._store, self._tellers)

    def _run(self) -> None:
        while not self._ended.wait(_ROUND_S):
            self.try_once()

    def try_once(self) -> None:
        """One that may fail: the next is another. The log is told when it fails otherwise than the one before."""
        trouble = ""
        try:
            self.once()
        except StillscanError as error:
            trouble = str(error)
        if trouble != self._trouble:
            _LOG.error("a round of the centre failed: %s", trouble) if trouble else _LOG.info("rounds go on")
        self._trouble = trouble

    def __enter__(self) -> Rounds:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._ended.set()
        self._thread.join()
