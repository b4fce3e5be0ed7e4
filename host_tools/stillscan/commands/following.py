"""The scanner followed in a thread of its own while the terminal asks its questions: the glass is seen all the time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType

from stillscan.counter.counter import Counter, Event
from stillscan.scanning.service import Service

_END_S = 10.0  # the service's thread looks once a second whether it is to end; a reading that goes on takes 2 s


class _Ended(Exception):  # noqa: N818 - nobody needs the scanner any more
    """Ends a service that never ends by itself."""


class Following:
    """Enter to serve. ``make`` makes the service with what it is to call once a second; ``patience_s`` as in Service.

    ``wait`` until something has happened at the counter; what the service ended with is raised there.
    """

    def __init__(self, counter: Counter, make: Callable[[Callable[[], None]], Service], patience_s: float) -> None:
        self._counter = counter
        self._patience_s = patience_s
        self._service = make(self._alive)
        self._over = False
        self._news = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._serve, name="scanner", daemon=True)

    def __enter__(self) -> Following:
        self._unwatch = self._counter.watch(self._on_event)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._over = True
        self._unwatch()
        self._thread.join(_END_S)

    def wait(self) -> None:
        """Until the question may have changed since the last call. DeviceError: the scanner stays away."""
        self._news.wait()
        self._news.clear()
        if self._failure is not None:
            raise self._failure

    def _on_event(self, event: Event) -> None:
        if event[0] != "rows":
            self._news.set()

    def _alive(self) -> None:
        if self._over:
            raise _Ended
        self._counter.tick()

    def _serve(self) -> None:
        try:
            self._service.run(self._patience_s)
        except _Ended:
            pass
        except BaseException as failure:
            self._failure = failure
            self._counter.glass_unseen()
        self._news.set()
