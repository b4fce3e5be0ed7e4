"""A board that was brought to its first question once, and of which copies go on: no other has to start.

What a board without files does until it asks something is always the same: it loads the firmware, makes its parts and
says how their pins stand. That is 7 of the 21 ms that MicroPython spends in the shortest check; a copy takes 0.3. From
a program's second board of a kind on there is a forerunner, which nobody answers: it only waits, and is copied there.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import select
import socket
import tempfile
import threading
from pathlib import Path

from stillscan.errors import DeviceError
from stillscan.simulator import starter
from stillscan.simulator.starter import COPY, Forked, Started

_CONSOLE = "console.txt"
_MOST_KINDS = 4
"""Kinds of boards that are kept, the newest: as many as come with this package. A forerunner takes 5 MB."""
_PATIENCE_S = 10.0
"""For the first question of a board whose like has asked one: it takes 10 ms."""
_SENT_AT_ONCE = 2048
"""Bytes before a question that certainly come in one piece: half of the board's queue."""

Kind = tuple[str, ...]
"""Path of the modules, then the arguments: what a board without files depends on."""


class _Forerunner:
    """One board, in an empty folder. ``said``: what it has said up to its first question; empty if it is of no use."""

    def __init__(self, kind: Kind) -> None:
        self.said = b""
        path, *arguments = kind
        answers, self._to = os.pipe()
        self._from, requests = os.pipe()
        self._door, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with tempfile.TemporaryDirectory(prefix="stillscan-") as folder:
            with theirs, open(Path(folder) / _CONSOLE, "w") as console:
                ends = answers, requests, console.fileno(), theirs.fileno()
                self.process = starter.start(arguments, folder, path, ends)
            os.close(answers)
            os.close(requests)
            if isinstance(self.process, Forked) and select.select([self._from], [], [], _PATIENCE_S)[0]:
                said = os.read(self._from, _SENT_AT_ONCE)
                alone = os.listdir(folder) == [_CONSOLE] and not os.path.getsize(Path(folder) / _CONSOLE)
                if alone and len(said) < _SENT_AT_ONCE:  # what it leaves or prints, each copy would have to
                    self.said = said

    def copy(self, folder: str, ends: tuple[int, int, int]) -> Forked | None:
        """A board that goes on in ``folder`` with these ends; None when there is no process for it, or none to copy."""
        try:
            cpus = ",".join(map(str, os.sched_getaffinity(0)))
            socket.send_fds(self._door, ["\0".join((folder, cpus)).encode()], ends)
            os.kill(self.process.pid, COPY)
            number = self._door.recv(_SENT_AT_ONCE)
        except OSError:
            return None
        return starter.kept(int(number)) if number.isdigit() else None

    def close(self, ours: bool = True) -> None:
        """End it; only let go of it where it is not ``ours``: in a fork of the program that has it."""
        for end in (self._to, self._from):
            os.close(end)
        self._door.close()
        if ours:
            self.process.kill()
            self.process.wait()


class _Known:
    lock = threading.Lock()
    owner = os.getpid()
    kinds: dict[Kind, _Forerunner | None] = {}  # noqa: RUF012 - of the program


def start(kind: Kind, folder: str, ends: tuple[int, int, int]) -> tuple[Started, bytes]:
    """See ``starter.start``: a board without files, and what it has said before its first question.

    That is told already if it is a copy, and empty otherwise. DeviceError.
    """
    with _Known.lock:
        _forget_others()
        if kind in _Known.kinds:
            forerunner = _Known.kinds.pop(kind)
            with contextlib.suppress(DeviceError):
                forerunner = forerunner or _Forerunner(kind)
            copy = forerunner.copy(folder, ends) if forerunner and forerunner.said else None
            if forerunner and copy:
                _Known.kinds[kind] = forerunner  # the newest
                return copy, forerunner.said
            if forerunner:
                forerunner.close()
    path, *arguments = kind
    return starter.start(arguments, folder, path, ends), b""


def asked(kind: Kind) -> None:
    """A board of this kind has come to its first question: so will its forerunner."""
    with _Known.lock:
        _forget_others()
        _Known.kinds.setdefault(kind, None)
        while len(_Known.kinds) > _MOST_KINDS:
            oldest = _Known.kinds.pop(next(iter(_Known.kinds)))
            if oldest:
                oldest.close()


def close() -> None:
    """End all of them."""
    for forerunner in _Known.kinds.values():
        if forerunner:
            forerunner.close(ours=_Known.owner == os.getpid())
    _Known.kinds.clear()


def _forget_others() -> None:
    """Those of the program that this one was forked from are not this one's."""
    if _Known.owner != os.getpid():
        close()
        _Known.owner = os.getpid()


atexit.register(close)
