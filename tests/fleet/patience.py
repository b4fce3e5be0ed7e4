"""Waiting for what other processes do."""

import time
from collections.abc import Callable

_LONG_S = 600.0  # never waited for: what a killed server had is sent again after 150 s, and a hang lasts longer


def until(done: Callable[[], bool], what: str) -> None:
    """Wait until something is so."""
    end = time.monotonic() + _LONG_S
    while not done():
        assert time.monotonic() < end, what
        time.sleep(0.02)
