"""The book of the office for somebody who holds a lock: it is let go while the book works, which may take seconds."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from datetime import datetime

from stillscan.counter.visit import OfficeBook, Recorded
from stillscan.records.staff import Person
from stillscan.verify.case import Case, Consignment


class OutsideLock:
    """The book of the office for somebody who holds the lock: it is let go while the book works, after ``telling``."""

    def __init__(self, book: OfficeBook, lock: threading.Lock, telling: Callable[[], None]) -> None:
        self._book = book
        self._lock = lock
        self._telling = telling

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
        self._lock.release()
        try:
            yield
        finally:
            self._lock.acquire()
