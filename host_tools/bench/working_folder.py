"""Where a bench works: a folder that goes with it, however it is ended."""

from __future__ import annotations

import contextlib
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

_INTERRUPTED = 130  # what shells report for Ctrl-C


@contextlib.contextmanager
def working_folder(name: str = "bench") -> Iterator[Path]:
    """A folder for a while. SIGTERM raises KeyboardInterrupt inside, as Ctrl-C does; not caught there, it ends all.

    A second one that comes while servers and folder are put away is let be.
    """

    def ended(number: int, _: object) -> None:
        signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, ended)
    try:
        with tempfile.TemporaryDirectory(prefix=f"stillscan-{name}-") as folder:
            yield Path(folder)
    except KeyboardInterrupt:
        raise SystemExit(_INTERRUPTED) from None
