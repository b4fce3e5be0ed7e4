"""The log: what a technician wants to know afterwards, without anything about people.

Modules log by ``logging.getLogger(__name__)``. Without ``start`` nothing is written anywhere. Values that a program
holds can be about people, so a traceback is kept as places and types alone, and messages never hold names, numbers or
lines of a document.
"""

from __future__ import annotations

import contextlib
import copy
import logging
import os
import sys
import time
import traceback
from logging.handlers import RotatingFileHandler
from pathlib import Path

from stillscan.errors import InputError, StillscanError, one_line
from stillscan.files import refuse_kept, trouble

STDERR = "-"
FILE_BYTES = 2_000_000
"""Of one file of the log: some weeks of a counter with 200 checks a day, and opened by any editor."""
FILES_KEPT = 4
"""Older ones beside it: 10 MB in all, which no kiosk's disk notices."""
SAME_A_MINUTE = 30
"""Lines of the same words in one minute: more than a busy counter's own, and noise without end fills no log."""
_MOST_TEXTS = 500  # different lines that are counted; above that, noise that is never the same counts as one text
_MINUTE_S = 60.0  # a minute, of SAME_A_MINUTE


def hold_back() -> None:
    """Nothing that a library warns of goes to a terminal by itself; warnings of Python go to the log."""
    logging.raiseExceptions = False
    logging.captureWarnings(True)
    root = logging.getLogger()
    if not root.handlers:
        root.addHandler(logging.NullHandler())


def start(place: str | None, verbosity: int) -> None:
    """Write the log to a file, or to stderr for "-". ``verbosity`` 0: what happens, 1: details, 2: of libraries too.

    Without a place: details of defects go to stderr from verbosity 1 on. InputError, EnvironmentTroubleError: the file
    cannot be opened.
    """
    if place is None and not verbosity:
        return
    handler = _handler(place)
    handler.setFormatter(_Lines())
    handler.addFilter(_Seldom())
    if place is None:
        handler.setLevel(logging.ERROR)
        handler.addFilter(lambda record: bool(record.exc_info))
    logging.getLogger().addHandler(handler)
    logging.getLogger().setLevel(logging.DEBUG if verbosity > 1 else logging.WARNING)
    logging.getLogger("stillscan").setLevel(logging.DEBUG if verbosity else logging.INFO)


def stop() -> None:
    """Close what ``start`` opened."""
    root = logging.getLogger()
    for handler in [handler for handler in root.handlers if isinstance(handler.formatter, _Lines)]:
        root.removeHandler(handler)
        with contextlib.suppress(OSError):  # the last line did not fit on the disk
            handler.close()


def keeps_details() -> bool:
    """Is there a place for the details of a defect?"""
    return any(isinstance(handler.formatter, _Lines) for handler in logging.getLogger().handlers)


def _handler(place: str | None) -> logging.Handler:
    if place is None or place == STDERR:
        return logging.StreamHandler(sys.stderr)
    try:
        if Path(place).is_fifo():
            raise InputError(f"{place}: is a pipe; a log is a file, or {STDERR} for standard error")
        refuse_kept(place)
        return _File(place, maxBytes=FILE_BYTES, backupCount=FILES_KEPT, encoding="utf-8", errors="backslashreplace")
    except (OSError, ValueError) as error:
        raise trouble(place, error, "written") from None


class _File(RotatingFileHandler):
    """A file that may become full, go away and come back: lines are lost then, and nothing else."""

    def emit(self, record: logging.LogRecord) -> None:
        with contextlib.suppress(OSError):
            stream = self.stream
            if stream is not None and not self._still_there(stream.fileno()):
                self.stream = None  # opened again by the next line
                stream.close()
        super().emit(record)

    def _still_there(self, opened: int) -> bool:
        try:
            named = os.stat(self.baseFilename)
        except OSError:
            return False
        ours = os.fstat(opened)
        return (named.st_dev, named.st_ino) == (ours.st_dev, ours.st_ino)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's own name
        """A kiosk goes on without its log."""


class _Lines(logging.Formatter):
    """A line an event, in UTC; of an exception the places and the types, and the words only of our own errors."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s.%(msecs)03dZ %(levelname)-7s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S")
        self.converter = time.gmtime

    def format(self, record: logging.LogRecord) -> str:
        """One line, and the places of an exception; another handler may have put its words into the record."""
        ours = copy.copy(record)
        ours.exc_text = None
        ours.msg, ours.args = one_line(record.getMessage()), None
        return super().format(ours)

    def formatException(self, ei: object) -> str:  # noqa: N802 - logging's own name
        """Where it happened, without the values that were at hand."""
        error = ei[1] if isinstance(ei, tuple) else None
        lines = []
        while isinstance(error, BaseException):
            words = f": {error}" if isinstance(error, StillscanError) else ""
            if isinstance(error, OSError) and error.strerror:
                words = f": {error.strerror}"
            lines.append(f"  {type(error).__name__}{words}")
            places = traceback.extract_tb(error.__traceback__)
            lines += [f"    {place.filename}:{place.lineno} in {place.name}" for place in places]
            error = error.__cause__ or error.__context__
        return "\n".join(lines)


class _Seldom(logging.Filter):
    """Lets the same words through a few times a minute, and tells how many were left out."""

    def __init__(self) -> None:
        super().__init__()
        self._began_s = time.monotonic()
        self._times: dict[str, int] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        now_s = time.monotonic()
        if now_s - self._began_s >= _MINUTE_S:
            left_out = sum(max(0, times - SAME_A_MINUTE) for times in self._times.values())
            self._began_s, self._times = now_s, {}
            if left_out:
                record.msg, record.args = f"{record.getMessage()} (repeated lines that were left out: {left_out})", None
        text = f"{record.name} {record.getMessage()}"
        if text not in self._times and len(self._times) >= _MOST_TEXTS:
            text = str(record.msg)
        self._times[text] = self._times.get(text, 0) + 1
        return self._times[text] <= SAME_A_MINUTE
