"""While the kiosk waits, it looks at the clock: its note goes with the time, and the clerk is told of a wrong one."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator

from stillscan.counter.book import Book
from stillscan.records.clock import ClockError
from stillscan.records.errors import RecordsError

EVERY_S = 60.0
"""A minute: by so much, at most, can the clock be set back at a restart; what it costs is one small file."""
_STOP_S = 10.0  # longer than a question to a database that hangs
_log = logging.getLogger(__name__)


@contextlib.contextmanager
def clock_watch(book: Book, tell: Callable[[ClockError | None], None], every_s: float = EVERY_S) -> Iterator[None]:
    """In a thread of its own from entering to leaving: ``tell`` gets what is wrong with the clock, or None."""
    ended = threading.Event()

    def watch() -> None:
        told = ""
        while True:
            trouble: ClockError | None = None
            try:
                book.look_at_clock()
            except ClockError as error:
                trouble = error
                if told != error.key:
                    _log.error("%s", error)
            except RecordsError as error:
                _log.warning("nobody can tell now whether the clock is right: %s", error)
            told = trouble.key if trouble else ""
            tell(trouble)
            if ended.wait(every_s):
                return

    watching = threading.Thread(target=watch, name="clock", daemon=True)
    watching.start()
    try:
        yield
    finally:
        ended.set()
        watching.join(_STOP_S)
