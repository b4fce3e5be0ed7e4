"""Processes of stillscan that a test starts are forked from one that has loaded it already.

Loading numpy, OpenCV, a database and a web server takes most of a second of a core, and the tests start more than a
thousand processes. What a test gets is a process of its own as ever: own number, pipes, folder, environment, signals,
session, exit code. Not forked, so started as a user's shell does it: what bash starts, what a test gives other options
of Python, another language or another ``PYTHON...`` than the tests have, and everything where STILLSCAN_FORKED=0 is set
or the system is not Linux. A test's own program is forked where it is a :class:`Program`.

This file run by itself is the process that others are forked from; :class:`Forks` starts it, once for all workers of a
run of tests.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import inspect
import io
import os
import pickle
import pkgutil
import runpy
import select
import signal
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Mapping
from typing import Any

_PLACE = "STILLSCAN_TESTS_FORK_AT"
"""In the environment: the socket of the process to fork from (in the abstract namespace of Linux)."""
_MODULES = ("stillscan", "stillscan.cli", "stillscan.scanning.reader_process", "pytest")
_LEFT_OUT = ("__main__", "cli", "plugin")  # what is run, and what pytest loads
_SAME = ("PYTHON", "LANG", "LC_", "TZ")
"""Variables that work while Python starts: with others than the loaded process has, a process is started anew."""
_AT_ONCE = "PYTHONUNBUFFERED"
"""The one of them that works later: on the streams, which the forked process opens anew."""
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_MOST_BYTES = 1 << 18  # of one request: its environment and command line, which are some kB
_MOST_FILES = 1024  # of the process that forks: `select` takes no more
_REAL = subprocess.Popen
_started: dict[str, str] = {}
"""The variables of _SAME that the tests were started with."""


class Program(str):
    """A program for ``python -c`` that minds no module which is loaded already: then it is forked, too."""

    __slots__ = ()


class Forks:
    """The process to fork from, while this is open."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def open(self) -> None:
        """Start it. Does nothing where it is not wanted, or there already: tests that run tests share it."""
        if os.environ.get("STILLSCAN_FORKED") == "0" or sys.platform != "linux" or _PLACE in os.environ:
            return
        place = f"stillscan-tests-{os.getpid()}"
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}  # as the command sets it before it loads numpy
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as door:
            door.bind("\0" + place)
            door.listen(64)  # who asks while it loads is answered when it has
            command = [sys.executable, __file__, str(door.fileno())]
            self._process = _REAL(command, stdin=subprocess.PIPE, env=environment, pass_fds=[door.fileno()])
        os.environ[_PLACE] = place

    def close(self) -> None:
        """End it: it ends when its input does, so with whoever started it, too."""
        if self._process is not None:
            os.environ.pop(_PLACE, None)
            self._process.communicate()


def install() -> None:
    """From now on ``subprocess`` forks what can be forked."""
    _started.update(_of_the_start(os.environ))
    subprocess.Popen = _Popen  # type: ignore[misc]


class _Popen(_REAL):  # type: ignore[type-arg]
    """A process that may be forked: then a socket tells its end, not ``waitpid``, for it is another's child."""

    _told: socket.socket | None = None

    def _execute_child(self, *given: Any) -> None:
        real = super()._execute_child  # type: ignore[misc]
        asked = inspect.signature(real).bind(*given).arguments
        told = _asked_for(asked) if _can_be_forked(asked) else None
        if told is None:
            real(*given)
            return
        sys.audit("subprocess.Popen", sys.executable, asked["args"], asked["cwd"], asked["env"])
        self._told, self.pid = told
        self._child_created = True
        ends = ("p2cread", "p2cwrite", "c2pread", "c2pwrite", "errread", "errwrite")
        self._close_pipe_fds(*(asked[end] for end in ends))  # type: ignore[attr-defined]

    def _try_wait(self, wait_flags: int) -> tuple[int, int]:
        if self._told is None:
            return super()._try_wait(wait_flags)  # type: ignore[misc, no-any-return]
        if wait_flags & os.WNOHANG and not select.select([self._told], [], [], 0)[0]:
            return 0, 0
        with self._told as told:
            return self.pid, pickle.loads(told.recv(_MOST_BYTES))

    def _internal_poll(self, *given: Any, **options: Any) -> int | None:
        if self._told is None:
            return super()._internal_poll(*given, **options)  # type: ignore[misc, no-any-return]
        if self._waitpid_lock.acquire(False):  # type: ignore[attr-defined]
            try:
                if self.returncode is None:
                    pid, status = self._try_wait(os.WNOHANG)
                    if pid == self.pid:
                        self._handle_exitstatus(status)  # type: ignore[attr-defined]
            finally:
                self._waitpid_lock.release()  # type: ignore[attr-defined]
        return self.returncode


def _of_the_start(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name.startswith(_SAME) and name != _AT_ONCE}


def _can_be_forked(asked: dict[str, Any]) -> bool:
    args = asked["args"]
    if _PLACE not in os.environ or isinstance(args, str | bytes | os.PathLike) or len(args) < 3:
        return False
    ordinary = not (asked["preexec_fn"] or asked["pass_fds"] or asked["shell"] or asked["executable"])
    known = (args[1] == "-m" and args[2] in _MODULES) or (args[1] == "-c" and isinstance(args[2], Program))
    if not ordinary or args[0] != sys.executable or not known:
        return False
    given = os.environ if asked["env"] is None else asked["env"]
    return _of_the_start(given) == _started and (asked["cwd"] is None or os.path.isdir(asked["cwd"]))


def _asked_for(asked: dict[str, Any]) -> tuple[socket.socket, int] | None:
    """Ask for the process; what will tell its end, and its number. None: nobody is there who could fork it."""
    ends = zip(("p2cread", "c2pwrite", "errwrite"), range(3), strict=True)
    mask = os.umask(0o077)
    os.umask(mask)
    request = {
        "arguments": [str(os.fspath(one)) for one in asked["args"]],
        "folder": os.path.join(os.getcwd(), os.fspath(asked["cwd"] or "")),
        "environment": dict(os.environ if asked["env"] is None else asked["env"]),
        "session": asked["start_new_session"],
        "ignored": [number for number in _SIGNALS if signal.getsignal(number) is signal.SIG_IGN],
        "mask": mask,
    }
    told = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        told.connect("\0" + os.environ[_PLACE])
        files = [asked[name] if asked[name] != -1 else own for name, own in ends]
        socket.send_fds(told, [pickle.dumps(request)], files)
        return told, pickle.loads(told.recv(_MOST_BYTES))
    except (OSError, EOFError):
        told.close()
        return None


# --- the process that others are forked from --------------------------------------------------------------------------


def _main(number: int) -> None:
    """Load everything, then fork whenever somebody asks at the socket of this number, until the input ends."""
    with socket.socket(fileno=number) as door:
        _load()
        install()
        running: dict[int, tuple[int, socket.socket]] = {}  # by what tells that it has ended: its number, and who waits
        while True:
            ready, _, _ = select.select([door, sys.stdin, *running], [], [])
            if sys.stdin in ready:
                return
            for ended in running.keys() & set(ready):
                process, told = running.pop(ended)
                os.close(ended)
                with told, contextlib.suppress(OSError):
                    told.send(pickle.dumps(os.waitpid(process, 0)[1]))
            if door in ready:
                told, _ = door.accept()
                with contextlib.suppress(OSError, EOFError):  # who asked may have ended
                    process = _forked(told)
                    running[os.pidfd_open(process)] = process, told


def _forked(told: socket.socket) -> int:
    """Fork the process that is asked for here, and tell its number."""
    said, files, _, _ = socket.recv_fds(told, _MOST_BYTES, 3)
    request = pickle.loads(said)
    process = os.fork()
    if process == 0:
        try:
            _become(request, files)
        finally:
            os._exit(1)
    for file in files:
        os.close(file)  # nobody shall wait for the end of a pipe that only this holds
    with contextlib.suppress(OSError):
        told.send(pickle.dumps(process))
    return process


def _load() -> None:
    import stillscan

    for module in pkgutil.walk_packages(stillscan.__path__, "stillscan."):
        if module.name.rpartition(".")[2] not in _LEFT_OUT:
            with contextlib.suppress(ImportError):  # of an extra that is not installed
                importlib.import_module(module.name)
    import hurried  # noqa: F401
    import uvicorn.protocols.http.h11_impl  # noqa: F401 - loaded when the page is first asked for
    from pins import CHEAP

    from stillscan.records import staff

    staff.HASHER = CHEAP
    gc.freeze()


def _become(request: dict[str, Any], files: list[int]) -> None:
    """Be what ``python -m`` would have made of the request."""
    if request["session"]:
        os.setsid()
    for file, number in zip(files, range(3), strict=True):
        os.dup2(file, number)
    os.closerange(3, _MOST_FILES)
    os.umask(request["mask"])
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    for number in _SIGNALS:
        own = signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL
        signal.signal(number, signal.SIG_IGN if number in request["ignored"] else own)
    _hurry()
    _, how, what, *rest = request["arguments"]
    sys.argv = [how, *rest]
    at_once = bool(os.environ.get(_AT_ONCE))
    sys.stdin, sys.stdout, sys.stderr = (
        io.TextIOWrapper(
            open(number, mode, buffering=0 if at_once and number else -1, closefd=False),  # noqa: SIM115
            old.encoding,
            old.errors,
            line_buffering=number == 2 or os.isatty(number),
            write_through=at_once and number > 0,
        )
        for number, mode, old in ((0, "rb", sys.stdin), (1, "wb", sys.stdout), (2, "wb", sys.stderr))
    )
    code = 1
    try:
        if how == "-c":
            exec(what, {"__name__": "__main__"})
        else:
            sys.modules.pop(what if what != "stillscan" else "stillscan.__main__", None)
            runpy.run_module(what, run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    except BaseException:
        traceback.print_exc()
    with contextlib.suppress(BaseException):
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
    os._exit(_flushed(code))


def _hurry() -> None:
    """Simulate scanners in a hurry, where a test wants that."""
    import hurried

    from stillscan.commands import device, run

    if times := os.environ.pop(hurried.HURRIED, ""):
        hurried.Hurried.hurry = float(times)
        run.SimulatedKiosk = device.SimulatedKiosk = hurried.Hurried  # type: ignore[misc]


def _flushed(code: int) -> int:
    """Write what is still to be written, and the exit code then: 120, and a word of Python itself, where that fails."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None and not stream.closed:
                stream.flush()
        except Exception as error:
            code = 120
            with contextlib.suppress(Exception):
                print(f"Exception ignored in: {stream!r}\n{type(error).__name__}: {error}", file=sys.stderr, flush=True)
    return code


if __name__ == "__main__":
    _main(int(sys.argv[1]))
