"""Carries misfortunes out, on processes, cable, disk and database; each call returns when the misfortune is over."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import sqlite3
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator

from bench.soak.meter import children
from bench.soak.plan import KINDS, Misfortune
from bench.soak.rig import Disk, Program, Scanner

_LOCK_S = 10.0
_WINDOWS = 24
_HALF_OPEN = 12
_BUSY = "while True: pass"
_CABLE = {
    "unplugged": "unplug", "power cut": "power", "noise": "noise", "silence": "mute", "garbage": "garbage",
    "stranger": "stranger", "port busy": "busy",
}  # fmt: skip


class Misfortunes:
    """What can be done to this rig."""

    def __init__(self, scanner: Scanner, program: Program, disk: Disk, page: int) -> None:
        self._scanner = scanner
        self._program = program
        self._disk = disk
        self._page = page
        self._kinds: dict[str, Callable[[Misfortune], None]] = {
            "host stopped": lambda one: self._stopped([self._program.process.pid], one.seconds),
            "device stopped": lambda one: self._stopped([self._scanner.process.pid], one.seconds),
            "board frozen": lambda one: self._stopped([self._firmware()], one.seconds),
            "reader stopped": lambda one: self._stopped(children(self._program.process.pid), one.seconds),
            "reader killed": lambda one: self._killed(children(self._program.process.pid)),
            "computer asleep": self._asleep,
            "reboot": lambda one: self._tell("reboot"),
            "load": self._load,
            "part": self._part,
            "paper": lambda one: None,  # the document is the misfortune
            "database locked": self._locked,
            "disk full": lambda one: self._disk.full(self._program.process.pid, one.seconds),
            "windows": self._windows,
            "killed": lambda one: self._anew("kill"),
            "ended": lambda one: self._anew("term"),
            **dict.fromkeys(_CABLE, self._cable),
        }
        assert self._kinds.keys() == KINDS.keys()

    def strike(self, one: Misfortune) -> None:
        """Let it happen, to its end."""
        self._kinds[one.kind](one)

    def _tell(self, line: str) -> None:
        self._scanner.tell(line)

    def _firmware(self) -> int:
        return int(self._scanner.status()["firmware"])

    def _stopped(self, processes: Iterable[int], seconds: float) -> None:
        with contextlib.ExitStack() as going_on:
            for process in processes:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, signal.SIGSTOP)
                going_on.callback(_go_on, process)
            time.sleep(seconds)

    def _killed(self, processes: Iterable[int]) -> None:
        for process in processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)

    def _asleep(self, one: Misfortune) -> None:
        self._stopped([self._firmware(), self._scanner.process.pid, self._program.process.pid], one.seconds)

    def _cable(self, one: Misfortune) -> None:
        self._tell(f"{_CABLE[one.kind]} {one.seconds:g}")
        time.sleep(one.seconds)

    def _part(self, one: Misfortune) -> None:
        self._tell(f"fault {one.detail} {one.seconds:g}")
        time.sleep(one.seconds)

    def _load(self, one: Misfortune) -> None:
        with busy():
            time.sleep(one.seconds)

    def _locked(self, one: Misfortune) -> None:
        database = sqlite3.connect(self._disk.folder / "records.db", timeout=_LOCK_S, isolation_level=None)
        try:
            database.execute("BEGIN IMMEDIATE")
            time.sleep(one.seconds)
            database.execute("ROLLBACK")
        finally:
            database.close()

    def _windows(self, one: Misfortune) -> None:
        opened: list[socket.socket] = []
        try:
            for n in range(_WINDOWS + _HALF_OPEN):
                with contextlib.suppress(OSError, http.client.HTTPException):
                    line = socket.create_connection(("127.0.0.1", self._page), timeout=2.0)
                    opened.append(line)
                    whole = b"GET /customer/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
                    line.sendall(whole if n < _WINDOWS else whole[: len(whole) // 2])
            time.sleep(one.seconds)
        finally:
            for line in opened:
                with contextlib.suppress(OSError):  # a reset, as when a browser is killed
                    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                line.close()

    def _anew(self, how: str) -> None:
        self._program.end(how)
        self._program.start()


def _go_on(process: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, signal.SIGCONT)


@contextlib.contextmanager
def busy(count: int | None = None) -> Iterator[None]:
    """Keep all processors busy, or ``count`` of them, with other work."""
    ways = [subprocess.Popen([sys.executable, "-c", _BUSY]) for _ in range(count or os.cpu_count() or 1)]
    try:
        yield
    finally:
        for way in ways:
            way.kill()
            way.wait()
