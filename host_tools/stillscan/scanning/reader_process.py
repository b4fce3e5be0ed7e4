"""The reader's stage as a process of its own: a reading takes no time from what drains the port, and can be ended.

Measured against a thread: while a thread reads, the one that drains the port gets the interpreter's lock up to 5 ms
late, several times for each 4 kB that a terminal gives at once, which is less than a scanner sends. And what hangs or
crashes in a library for neural networks takes the kiosk along.

``python -m stillscan.scanning.reader_process`` is the other end: requests come in by standard input, answers go out by
standard output, pickled; it ends when its input does.
"""

from __future__ import annotations

import contextlib
import logging
import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from stillscan.mrz.judge import Reading
from stillscan.scanning.document_reader import DocumentReader
from stillscan.scanning.stage import LIMIT_MS, Answer
from stillscan.terminal import stop

_LOG = logging.getLogger(__name__)

_START_MS = 30_000.0
"""For the process to be ready: it takes 0.4 s, on a busy computer with a cold disk ten times that."""
_LOOK_MS = 100.0
"""An answer that is waited for is looked for so often."""
_COUNTED_MS = 500.0
"""Between two looks no more time counts: a computer that slept, or a program that was stopped, has not been waiting. A
busy computer makes pauses of a tenth of a second now and then."""
_LET_GO_MS = 1000.0
"""A reading that was told to stop does so between two of its steps, of which none takes a tenth of that; a process that
does not answer by then is ended."""
_SLOW_STEP_S = 0.02  # a reading that is slow for trials sees so soon that it is not wanted any more
_MOST_WAITING = 600
"""Requests that may wait for a process that does not take them: two sweeps of rows. More rows are left out; the capture
that is read in the end has them."""


class ReaderProcess:
    """See ReaderStage. The process is started at once, and anew, when it has ended, with the next thing to do."""

    def __init__(self, slow_ms: float = 0.0) -> None:
        """``slow_ms``: a reading takes at least so long, for trials."""
        self._slow_ms = slow_ms
        self._news: deque[tuple[int, tuple[Any, ...]]] = deque()  # of which process, and what it said
        self._wake: Callable[[], None] = lambda: None
        self._generation = 0
        self._ticket = 0
        self._pending: int | None = None  # the request that an answer is waited for
        self._let_go: int | None = None  # the request that was told to stop
        self._waited_ms = 0.0
        self._looked_s = time.monotonic()
        self._ready = False
        self._sweep = 0
        self._complete_sweep = -1
        self._geometry = (0, 0)
        self._process: subprocess.Popen[bytes] | None = None
        self._outbox: queue.SimpleQueue[tuple[object, ...] | None] = queue.SimpleQueue()
        self._closed = False
        self._start()

    # --- see ReaderStage --------------------------------------------------------------------------------------------

    def notify(self, wake: Callable[[], None]) -> None:
        """See ReaderStage."""
        self._wake = wake

    def begin(self, rows: int, width_px: int) -> None:
        """See ReaderStage."""
        self._geometry = (rows, width_px)
        self._sweep += 1
        self.cancel()
        self._start()
        self._say("begin", rows, width_px)

    def begin_sweep(self) -> None:
        """See ReaderStage."""
        self._sweep += 1
        self._start()
        self._say("sweep", self._sweep)

    def feed(self, first_row: int, pixels: NDArray[np.uint8]) -> None:
        """See ReaderStage."""
        if self._complete_sweep != self._sweep and self._outbox.qsize() < _MOST_WAITING:
            self._say("rows", first_row, pixels)

    @property
    def text_complete(self) -> bool:
        """See ReaderStage."""
        self._hear()
        return self._complete_sweep == self._sweep

    def read(self, capture: NDArray[np.uint8], *, calm: bool = False) -> int:
        """See ReaderStage."""
        self._hear()
        self.cancel()
        self._start()
        self._ticket += 1
        self._pending = self._ticket
        if self._let_go is None:
            self._waited_ms, self._looked_s = 0.0, time.monotonic()
        if self._process is None:
            self._news.append((self._generation, ("ended",)))
        self._say("read", self._ticket, capture, calm)
        return self._ticket

    def keep(self) -> None:
        """See ReaderStage."""
        self._say("keep")

    def answer(self) -> Answer | None:
        """See ReaderStage."""
        answer = self._hear()
        if answer is not None or self.wait_ms() == float("inf"):
            return answer
        now_s = time.monotonic()
        self._waited_ms += min((now_s - self._looked_s) * 1000, _COUNTED_MS)
        self._looked_s = now_s
        if not self._ready:
            return self._give_up("failed") if self._waited_ms >= _START_MS else None
        if self._let_go is not None and self._waited_ms >= _LET_GO_MS:
            return self._give_up("late")
        if self._pending is not None and self._let_go is None and self._waited_ms >= LIMIT_MS:
            ticket = self._pending
            self.cancel()
            return Answer(ticket, None, "late")
        return None

    def wait_ms(self) -> float:
        """See ReaderStage."""
        return float("inf") if self._pending is None and self._let_go is None else _LOOK_MS

    def cancel(self) -> None:
        """See ReaderStage."""
        if self._pending is not None:
            self._let_go, self._pending, self._waited_ms = self._pending, None, 0.0
            self._say("cancel")

    def close(self) -> None:
        """See ReaderStage."""
        self._closed = True
        self._stop()

    # --- the process ------------------------------------------------------------------------------------------------

    def _start(self) -> None:
        """Start the process unless it runs; what cannot be started now is tried again with the next thing to do."""
        if self._process is not None or self._closed:
            return
        self._generation += 1
        self._ready = False
        self._outbox = queue.SimpleQueue()
        command = [sys.executable, "-m", "stillscan.scanning.reader_process", str(self._slow_ms)]
        try:
            with stop.held():
                # in a session of its own: an interrupt at the terminal is for the program, which ends this process
                self._process = subprocess.Popen(
                    command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
                    start_new_session=True,
                )
            source, target = self._process.stdout, self._process.stdin
            ends = (self._listen, (self._generation, source)), (self._send, (self._outbox, target))
            for work, what in ends:
                threading.Thread(target=work, args=what, name="reader", daemon=True).start()
        except (OSError, RuntimeError) as error:  # no more processes, memory, files or threads for this user
            _LOG.warning("the reader cannot be started: %s", type(error).__name__)
            self._stop()
            return
        self._say("begin", *self._geometry)
        self._say("sweep", self._sweep)

    def _stop(self) -> None:
        process, self._process = self._process, None
        self._generation += 1
        self._outbox.put(None)
        if process is not None:
            _end(process)

    def _listen(self, generation: int, source: IO[bytes]) -> None:
        with source, contextlib.suppress(Exception):  # whatever it says instead of an answer: it is of no use any more
            while True:
                self._news.append((generation, pickle.load(source)))
                self._wake()
        self._news.append((generation, ("ended",)))
        self._wake()

    @staticmethod
    def _send(outbox: queue.SimpleQueue[tuple[object, ...] | None], pipe: IO[bytes]) -> None:
        """Hand requests over; a process that does not take them holds up nobody but this thread."""
        with contextlib.suppress(OSError), pipe:  # closing it writes what is left
            while (request := outbox.get()) is not None:
                pickle.dump(request, pipe, protocol=pickle.HIGHEST_PROTOCOL)
                pipe.flush()

    def _say(self, *request: object) -> None:
        self._outbox.put(request)

    def _hear(self) -> Answer | None:
        """Take in what the process has said; the answer that was waited for, if it is there."""
        found = None
        while self._news:
            generation, (kind, *values) = self._news.popleft()
            if generation != self._generation:
                continue
            if kind == "ready":
                self._ready, self._waited_ms = True, 0.0
            elif kind == "complete":
                self._complete_sweep = values[0]
            elif kind == "read":
                ticket, reading = values
                if ticket == self._let_go:
                    self._let_go, self._waited_ms = None, 0.0
                if ticket == self._pending:
                    self._pending = None
                    found = Answer(ticket, reading, "" if reading is not None else "failed")
            elif kind == "ended":
                found = self._give_up("failed") or found
        return found

    def _give_up(self, why: Any) -> Answer | None:
        """Let a process go that ended or hangs, and its evidence; the answer to what was waited for."""
        ticket, self._pending, self._let_go = self._pending, None, None
        self._stop()
        _LOG.warning("the reader is started anew: %s", why)
        return None if ticket is None else Answer(ticket, None, why)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process; the threads at its pipes notice, and close them."""
    process.kill()
    process.wait()


class _Worker:
    """The other end: takes requests in as they come, carries them out in order, leaves out what is of no use now."""

    def __init__(self, source: IO[bytes], target: IO[bytes], slow_ms: float) -> None:
        self._source = source
        self._target = target
        self._slow_s = slow_ms / 1000
        self._requests: queue.SimpleQueue[tuple[Any, ...] | None] = queue.SimpleQueue()
        self._wanted = 0  # the newest ticket; 0 after a cancel

    def run(self) -> None:
        """Until the input ends."""
        from stillscan.mrz import net

        threading.Thread(target=self._take_in, daemon=True).start()
        reader = DocumentReader()
        net.session(net.QUICK)
        self._say("ready")
        sweep = 0
        while (request := self._requests.get()) is not None:
            match request:
                case ("begin", rows, width_px):
                    reader.begin(rows, width_px)
                case ("sweep", sweep):
                    reader.begin_sweep()
                case ("rows", first_row, pixels):
                    if reader.feed(first_row, pixels):
                        self._say("complete", sweep)
                case ("read", ticket, capture, calm):
                    self._say("read", ticket, self._read(reader, ticket, capture, calm))
                case ("keep",):
                    reader.keep()

    def _read(self, reader: DocumentReader, ticket: int, capture: NDArray[np.uint8], calm: bool) -> Reading | None:
        if ticket != self._wanted:
            return None
        end_s = time.monotonic() + self._slow_s
        while time.monotonic() < end_s and ticket == self._wanted:
            time.sleep(min(_SLOW_STEP_S, self._slow_s))
        try:
            return reader.read(capture, stop=lambda: ticket != self._wanted, calm=calm)
        except Exception:  # whatever a picture does to a library must not end the stage
            return None

    def _take_in(self) -> None:
        with contextlib.suppress(EOFError, OSError, pickle.UnpicklingError):
            while True:
                request = pickle.load(self._source)
                if request[0] == "read":
                    self._wanted = request[1]
                elif request[0] == "cancel":
                    self._wanted = 0
                self._requests.put(request)
        os._exit(0)  # nobody is left who could use an answer

    def _say(self, *answer: object) -> None:
        pickle.dump(answer, self._target, protocol=pickle.HIGHEST_PROTOCOL)
        self._target.flush()


def _main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGINT)):
        signal.signal(number, signal.SIG_IGN)  # the program ends this process by closing its input
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints is no answer
    with contextlib.suppress(BrokenPipeError):
        _Worker(sys.stdin.buffer, answers, float(sys.argv[1])).run()


if __name__ == "__main__":
    _main()
