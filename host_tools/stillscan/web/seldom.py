"""Log lines that somebody else can cause as often as he likes: three of a kind a minute, with a count of the others."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

_MINUTE_S = 60.0  # a minute
_FREELY = 3  # of a kind in a minute: so many tell whoever reads the log that it was no mishap of one
_MOST_KINDS = 100  # a program has some twenty; texts with values in them are counted together beyond it


class Seldom:
    """A logger in front of that of ``name``."""

    def __init__(self, name: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._log = logging.getLogger(name)
        self._clock = clock
        self._said: dict[str, tuple[float, int, int]] = {}  # since when, how many were said, how many left out

    def warning(self, text: str, *values: object) -> None:
        """One line, unless the same was said three times within a minute. Values are such that there are few of."""
        more = self.passes(text % values)
        if more is not None:
            self._log.warning(text + ("" if not more else f" ({more} more since the last such line)"), *values)

    def passes(self, text: str) -> int | None:
        """None when the same was said three times within a minute; else how many were left out since the last."""
        kind = text if text in self._said or len(self._said) < _MOST_KINDS else ""
        now_s = self._clock()
        since_s, said, left_out = self._said.get(kind, (now_s, 0, 0))
        if now_s - since_s >= _MINUTE_S:
            since_s, said = now_s, 0
        if said >= _FREELY:
            self._said[kind] = since_s, said, left_out + 1
            return None
        self._said[kind] = since_s, said + 1, 0
        return left_out


class SeldomLines(logging.Filter):
    """The same for what a library says itself."""

    def __init__(self) -> None:
        super().__init__()
        self._seldom = Seldom(__name__)

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line is written; with the count of those that were not."""
        more = self._seldom.passes(str(record.msg))
        if more:
            record.msg, record.args = f"{record.getMessage()} ({more} more since the last such line)", None
        return more is not None
