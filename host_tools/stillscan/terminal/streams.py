"""Standard input, output and error that never surprise: closed, full, gone, or without the letters that are printed."""

from __future__ import annotations

import codecs
import errno
import io
import os
import select
import sys
from typing import TYPE_CHECKING, TextIO

from stillscan.errors import EnvironmentTroubleError, StillscanError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_ESCAPE = "stillscan.escape"


class OutputLostError(StillscanError):
    """Standard output cannot be written; ``seen_enough``: its reader has gone, as ``head`` does, and all is well."""

    exit_code = EnvironmentTroubleError.exit_code

    def __init__(self, error: OSError) -> None:
        why = "it is closed" if error.errno == errno.EBADF else (error.strerror or "it cannot be written").lower()
        super().__init__(f"standard output: {why}")
        self.seen_enough = error.errno == errno.EPIPE


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
        """All or part of the data, as any raw file; all of it once the output is lost."""
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
