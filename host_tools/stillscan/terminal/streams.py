"""Standard input, output and error that never surprise: closed, full, gone, or without the letters that are printed."""

from __future__ import annotations

import codecs
import errno
import io
import os
import select
import sys
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TextIO

from stillscan.errors import EnvironmentTroubleError, StillscanError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_ESCAPE = "stillscan.escape"
_MOST_HELD = 500
"""Pieces that wait for the end of a question, the newest ones: some ten minutes of a scanner in constant use."""


class OutputLostError(StillscanError):
    """Standard output cannot be written; ``seen_enough``: its reader has gone, as ``head`` does, and all is well."""

    exit_code = EnvironmentTroubleError.exit_code

    def __init__(self, error: OSError) -> None:
        why = "it is closed" if error.errno == errno.EBADF else (error.strerror or "it cannot be written").lower()
        super().__init__(f"standard output: {why}")
        self.seen_enough = error.errno == errno.EPIPE


class _Question:
    """While one is open, what other threads write to a terminal waits: the question and what is typed stay whole."""

    def __init__(self) -> None:
        self._lock = threading.RLock()  # a request to stop may print in the middle of it
        self._asking: int | None = None  # the thread that asks
        self._held: deque[tuple[Output, bytes]] = deque(maxlen=_MOST_HELD)

    @contextmanager
    def open(self) -> Iterator[None]:
        """From the question to its answer. Questions within one of the same thread belong to it."""
        with self._lock:
            outer, self._asking = self._asking is not None, self._asking or threading.get_ident()
        try:
            yield
        finally:
            if not outer:
                self._over()

    def holds(self, output: Output, data: bytes) -> bool:
        """Whether this has to wait, and does."""
        with self._lock:
            if self._asking in (None, threading.get_ident()):
                return False
            self._held.append((output, data))
            return True

    def _over(self) -> None:
        with self._lock:
            self._asking = None
            while self._held:
                output, data = self._held.popleft()
                with suppress(OutputLostError):  # told by whoever prints next
                    output.put(data)


_QUESTION = _Question()
question = _QUESTION.open
"""``with question():`` around what asks somebody at a terminal, and waits for the answer."""


class Output(io.RawIOBase):
    """A file descriptor. Its first failure is raised once as OutputLostError; what comes later is dropped.

    ``quiet``: not even the first is raised. For stderr, and for a kiosk, which serves its customers without a terminal.
    """

    def __init__(self, descriptor: int, lost: OSError | None = None, quiet: bool = False) -> None:
        self._descriptor = descriptor
        self._before = lost  # it was closed from the start
        self.quiet = quiet
        self.lost: OutputLostError | None = None

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor

    def isatty(self) -> bool:
        return os.isatty(self._descriptor)

    def write(self, data: ReadableBuffer, /) -> int:
        """All or part of the data, as any raw file; all of it once the output is lost, or while a question is open."""
        if self.isatty() and _QUESTION.holds(self, bytes(data)):
            return memoryview(data).nbytes
        return self._taken(data)

    def put(self, data: bytes) -> None:
        """All of the data, whatever is open. OutputLostError."""
        while data:
            data = data[self._taken(data) :]

    def _taken(self, data: ReadableBuffer) -> int:
        size = memoryview(data).nbytes
        if self.lost is not None:
            return size
        try:
            if self._before is not None:
                raise self._before
            return self._written(data)
        except OSError as error:
            self.lost = OutputLostError(error)
            if self.quiet:
                return size
            raise self.lost from None

    def _written(self, data: ReadableBuffer) -> int:
        while True:
            try:
                return os.write(self._descriptor, data)
            except BlockingIOError:  # a terminal that another program has made non-blocking
                select.select([], [self._descriptor], [])


def install() -> None:
    """Put careful streams in the place of Python's. Before anything is written, and once a process."""
    codecs.register_error(_ESCAPE, _escaped)
    closed = _opened()
    if sys.stdin is None:
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - the process's own, never closed
    sys.stdout = _text(sys.stdout, 1, Output(1, closed if sys.stdout is None else None))
    sys.stderr = _text(sys.stderr, 2, Output(2, closed if sys.stderr is None else None, quiet=True))


def go_on_without() -> None:
    """From now on output that cannot be written is dropped: what a kiosk shows in a terminal is not what it is for."""
    raw = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    if isinstance(raw, Output):
        raw.quiet = True


def flush() -> None:
    """Everything that was printed, out. OutputLostError."""
    if sys.stdout is not None:
        sys.stdout.flush()


def _opened() -> OSError:
    """Closed descriptors 0 to 2 lead nowhere: a database file that got number 1 would take what is printed."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free: this one
    return OSError(errno.EBADF, os.strerror(errno.EBADF))


def _text(replaced: TextIO | None, descriptor: int, raw: Output) -> TextIO:
    """The stream with the encoding of the one it replaces; letters that it lacks are written as JSON writes them."""
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding=replaced.encoding if replaced is not None else "utf-8",
        errors=_ESCAPE,
        line_buffering=descriptor == 2 or raw.isatty(),
    )


def _escaped(error: UnicodeError) -> tuple[str, int]:
    """``\\u00e5`` for a letter that the encoding lacks: readable, and in JSON still the same letter."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass")
    pairs = (int.from_bytes(units[at : at + 2], "big") for at in range(0, len(units), 2))
    return "".join(f"\\u{unit:04x}" for unit in pairs), error.end
