"""Starts MicroPython, over and over in one program: a process that has loaded it forks.

Python's own start and that of its libraries take 12 ms of a processor, a fork takes one. The fork is a child of this
program, as a process that it had started: it is waited for, ended and counted in the same way. When the program is
gone, however it ended, its boards end too: one whose driver never returns would not notice by itself.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import platform
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from stillscan.simulator.micropython import micropython_command, micropython_module

_CLONE = 56  # number of the system call on x86-64 (Linux, arch/x86/entry/syscalls/syscall_64.tbl)
_CLONE_PARENT = 0x8000  # the new process is a child of the caller's parent (clone(2))
_MOST_BYTES = 65536  # of what is asked for: paths and a few numbers
COPY: int = getattr(signal, "SIGUSR1", 0)  # Windows has none, and no board to ask
"""Asks a board that was started with a door for a copy of itself (`forerunner`): one more process, that waits where it
waits, with the ends that came through the door."""
_SERVE = """
import ctypes, os, select, signal, socket, sys
sys.path.append({folder!r})
import {module}
libc = ctypes.CDLL(None)

def fork():
    return libc.syscall(*map(ctypes.c_long, ({clone}, {flags}, 0, 0, 0, 0)))

def settle(folder, cpus, console):
    os.setsid()
    os.chdir(folder)
    os.sched_setaffinity(0, set(map(int, cpus.split(","))))
    os.dup2(console, 1)
    os.dup2(console, 2)

def copied_from(door, answers, requests):
    def copy(_):
        said, ends, _, _ = socket.recv_fds(door, {most_bytes}, 3)
        number = fork()
        if number:
            door.send(str(number).encode())
        else:
            try:
                settle(*said.decode().split("\\0"), ends[2])
                os.dup2(ends[0], answers)
                os.dup2(ends[1], requests)
                door.close()
            except BaseException:
                os._exit(1)
        for end in ends:
            os.close(end)
    handler = ctypes.CFUNCTYPE(None, ctypes.c_int)(copy)
    libc.signal({copy}, handler)
    return handler

door = socket.socket(fileno=int(sys.argv[1]))
boards, ended = [], select.poll()
while True:
    said, ends, _, _ = socket.recv_fds(door, {most_bytes}, 4)
    for board, _ in ended.poll(0):
        ended.unregister(board)
        boards.remove(board)
        os.close(board)
    if not said:
        break
    number = fork() if ends else int(said)
    if not number:
        try:
            door.close()
            folder, cpus, path, *words = said.decode().split("\\0")
            answers, requests, console, *copies = ends
            settle(folder, cpus, console)
            os.environ["MICROPYPATH"] = path
            handlers = [copied_from(socket.socket(fileno=end), answers, requests) for end in copies]
            {module}.run_main(["micropython", *words[:3], str(answers), str(requests), *words[3:]])
        finally:
            os._exit(0)
    for end in ends:
        os.close(end)
    try:
        board = os.pidfd_open(number)
        boards.append(board)
        ended.register(board, select.POLLIN)
    except (OSError, AttributeError):  # none was made; or an older Linux
        pass
    if ends:
        door.send(str(number).encode())
for board in boards:
    try:
        signal.pidfd_send_signal(board, signal.SIGKILL)
    except OSError:  # it has ended
        pass
"""


class Forked:
    """A board that was forked; as subprocess.Popen."""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> None:
        os.waitpid(self.pid, 0)


Started = subprocess.Popen[bytes] | Forked


class _Starter:
    """The process that forks, and this program's end of the line to it."""

    def __init__(self, module: Path) -> None:
        self.owner = os.getpid()
        self._door, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        script = _SERVE.format(
            folder=str(module.parent),
            module=module.name.partition(".")[0],
            most_bytes=_MOST_BYTES,
            clone=_CLONE,
            flags=_CLONE_PARENT | signal.SIGCHLD,
            copy=int(COPY),
        )
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", script, str(theirs.fileno())],
                cwd="/",
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )

    def start(self, words: Sequence[str], ends: Sequence[int]) -> Forked | None:
        """None when the system gives no process to it now. OSError when it is there no more."""
        socket.send_fds(self._door, ["\0".join(words).encode()], ends)
        said = self._door.recv(_MOST_BYTES)
        if not said:
            raise ConnectionError
        return Forked(int(said)) if said.isdigit() else None

    def keep(self, number: int) -> None:
        """End this process, too, when this program is gone. OSError as in ``start``."""
        self._door.send(str(number).encode())

    def close(self) -> None:
        """It ends when nobody can ask any more, and ends its boards; in a fork of the program that has it, it stays."""
        self._door.close()
        if self.owner == os.getpid():
            self._process.wait()
        else:
            self._process.returncode = 0  # not ours to wait for


class _Known:
    lock = threading.Lock()
    starter: _Starter | None = None


def start(arguments: Sequence[str], folder: str, path: str, ends: tuple[int, ...]) -> Started:
    """MicroPython in ``folder``, its modules on ``path``. ``ends``: what it reads answers from, writes requests to, and
    its console, then perhaps the door through which a forked one is asked for copies (COPY); ``arguments``: option,
    value and script, then those of the script behind the numbers of the first two ends.

    DeviceError when there is no MicroPython here.
    """
    module = micropython_module()
    with _Known.lock:
        if module is not None and _possible():
            cpus = ",".join(map(str, os.sched_getaffinity(0)))
            try:
                if _Known.starter is None or _Known.starter.owner != os.getpid():  # a fork of this program has its own
                    close()
                    _Known.starter = _Starter(module)
                forked = _Known.starter.start([folder, cpus, path, *arguments], ends)
                if forked:
                    return forked
            except OSError:
                close()
    answers, requests, console, *_ = ends
    return subprocess.Popen(
        [*micropython_command(), *arguments[:3], str(answers), str(requests), *arguments[3:]],
        cwd=folder,
        env={**os.environ, "MICROPYPATH": path},
        pass_fds=(answers, requests),
        stdin=subprocess.DEVNULL,
        stdout=console,
        stderr=console,
        start_new_session=True,  # Ctrl-C in a terminal is for this program, which ends the process
    )


def kept(number: int) -> Forked:
    """The copy of a forked board that is this process: it ends with this program as all of them."""
    with _Known.lock, contextlib.suppress(OSError):
        if _Known.starter is not None:
            _Known.starter.keep(number)
    return Forked(number)


def close() -> None:
    """End the process that forks, if there is one."""
    if _Known.starter is not None:
        _Known.starter.close()
    _Known.starter = None


atexit.register(close)


def _possible() -> bool:
    return sys.platform == "linux" and platform.machine() == "x86_64"
