"""The book of the office for somebody who holds a lock: it is let go while the book works, which may take seconds."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime

from stillscan.counter.visit import OfficeBook, Recorded
from stillscan.records.staff import Person
from stillscan.verify.case import Case, Consignment

_LONG_S = 1.0  # that the book worked: chosen, a clerk who waits for longer begins to wonder
_LOG = logging.getLogger(__name__)


class OutsideLock:
    """The book of the office for somebody who holds the lock: it is let go while the book works, after ``telling``.

    When that took long, the log tells.
    """

    def __init__(
        self,
        book: OfficeBook,
        lock: threading.Lock,
        telling: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._book = book
        self._lock = lock
        self._telling = telling
        self._clock = clock

    def now(self) -> datetime:
        return self._book.now()

    def letter(self, tracking: str) -> Consignment | None:
        with self._let_go():
            return self._book.letter(tracking)

    def finish(self, case: Case, check: str, staff: Person | None, began_by: Person | None = None) -> Recorded:
        with self._let_go():
            return self._book.finish(case, check, staff, began_by)

    def recorded(self, check: str) -> Recorded | None:
        with self._let_go():
            return self._book.recorded(check)

    @contextlib.contextmanager
    def _let_go(self) -> Iterator[None]:
        self._telling()
        began_s = self._clock()
        self._lock.release()
        try:
            yield
        finally:
            took_s = self._clock() - began_s
            self._lock.acquire()
            if took_s > _LONG_S:
                _LOG.info("the records took %d ms", round(took_s * 1000))
