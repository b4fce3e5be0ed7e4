"""Whoever waits for a command is told what for: a line on standard error, then ever more seldom."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Callable, Iterator

_AFTER_S = 8.0  # nobody waits for ten seconds without knowing what for
_LONGEST_S = 60.0  # between two lines: whoever looks now and then sees that it lives


def _tell(text: str) -> None:
    print(f"stillscan: {text}", file=sys.stderr, flush=True)


@contextlib.contextmanager
def waited_for(
    what: str | Callable[[], str],
    tell: Callable[[str], None] = _tell,
    wait: Callable[[threading.Event, float], bool] = threading.Event.wait,
) -> Iterator[None]:
    """Told is what goes on from entering to leaving, when that takes long; a function says how far it is by then."""
    over = threading.Event()

    def work() -> None:
        after_s = _AFTER_S
        while not wait(over, after_s):
            tell(what if isinstance(what, str) else what())
            after_s = min(2 * after_s, _LONGEST_S)

    thread = threading.Thread(target=work, name="waited for", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
