"""A board without a board: MicroPython's unix port on a pseudo-terminal, started again whenever it ends.

It runs main.py, like a board, and has the same raw prompt when that ends. Its file system is a folder, or littlefs in
an image whose writes are noted.
"""

from __future__ import annotations

import contextlib
import os
import pty
import select
import shutil
import subprocess
import threading
import tty
from pathlib import Path
from types import TracebackType

import pytest

from stillscan.boards import files as board_files
from stillscan.simulator.micropython import micropython

HERE = Path(__file__).parent
BARE = HERE.parent / "firmware" / "bare"
FIRMWARE = board_files.firmware_folder()
MACHINE = "linux [GCC 14.2.1] version"
# What fake/start.py needs of the firmware, and one module that it does not.
KIOSK = (
    "__init__", "wire", "link", "framing", "kernels", "pixels", "commands", "health", "seldom", "settings", "trial",
    "errors", "version", "requests", "upload", "surface", "drivers/__init__", "drivers/cis", "drivers/carriage", "plan",
)  # fmt: skip
BOARD = 'machine = "{machine}"\narch = "{arch}"\nflash_kib = 2048\nfiles_kib = 1408\n'


class FakeBoard:
    """``port`` is what the host opens. ``hold_service`` keeps the service button pressed at the next start."""

    def __init__(self, folder: Path, image: Path | None = None) -> None:
        self.folder = folder
        self.log = folder / "log"
        self._image = image
        self._service = folder.parent / f"{folder.name}.service"
        self._ends = [pty.openpty() for _ in range(2)]  # the host's cable, the board's console
        for _, slave in self._ends:
            tty.setraw(slave)
        self.port = os.ttyname(self._ends[0][1])
        self._wake, self._waker = os.pipe()
        self._process: subprocess.Popen[bytes] | None = None
        self._started, self._spoke = threading.Event(), threading.Event()
        self._closing = False
        self._threads = [threading.Thread(target=self._relay), threading.Thread(target=self._live)]
        for thread in self._threads:
            thread.start()
        self._started.wait()
        if not self._script():  # else who asks a busy computer's board for its prompt is given up before it has one
            self._spoke.wait()

    def _script(self) -> list[str]:
        if self._image is not None:
            return ["-i", str(HERE / "disk.py"), str(self._image), str(self.log)]
        return ["-i", "main.py"] if (self.folder / "main.py").exists() else []

    def _live(self) -> None:
        slave = self._ends[1][1]
        while not self._closing:
            self._process = subprocess.Popen(
                [micropython(), *self._script()],
                cwd=self.folder,
                env={**os.environ, "MICROPYPATH": str(BARE), "SERVICE": str(self._service)},
                stdin=slave,
                stdout=slave,
                stderr=slave,
            )
            self._started.set()
            if self._closing:  # while this one was being started, where `close` does not see it yet
                self._process.kill()
            self._process.wait()

    def _relay(self) -> None:
        (host, _), (board, _) = self._ends
        while True:
            for end in select.select([host, board, self._wake], [], [])[0]:
                if end == self._wake:
                    return
                with contextlib.suppress(OSError):
                    os.write(board if end == host else host, os.read(end, 4096))
                if end == board:
                    self._spoke.set()

    def hold_service(self) -> None:
        """Restart with the service button pressed; it is let go when the board has seen it."""
        self._service.touch()
        self.restart()

    def restart(self) -> None:
        """Its power goes off and on."""
        assert self._process is not None
        self._started.clear()
        self._process.kill()
        if not self._closing:
            self._started.wait()

    def close(self) -> None:
        self._closing = True
        self.restart()
        self._threads[1].join()
        os.write(self._waker, b"x")
        self._threads[0].join()
        for fd in (*self._ends[0], *self._ends[1], self._wake, self._waker):
            os.close(fd)

    def __enter__(self) -> FakeBoard:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()


def checkout(root: Path, mode: str = "works", machine: str = MACHINE, arch: str = "x64") -> Path:
    """A checkout with one board, ``fake``: the real loader and protocol, and fake/start.py in this mode."""
    (root / "firmware" / "kiosk" / "drivers").mkdir(parents=True, exist_ok=True)
    for name in ("loader.py", "main.py", *(f"kiosk/{module}.py" for module in KIOSK)):
        shutil.copy(FIRMWARE / name, root / "firmware" / name)
    shutil.copy(HERE / "fake" / "service.py", root / "firmware" / "kiosk" / "service.py")
    start = (HERE / "fake" / "start.py").read_text().replace('MODE = "works"', f'MODE = "{mode}"')
    (root / "firmware" / "start.py").write_text(start)
    board = root / "boards" / "fake"
    board.mkdir(parents=True, exist_ok=True)
    (board / "board.py").write_text("")
    (board / "board.toml").write_text(BOARD.format(machine=machine, arch=arch))
    return root


def use(monkeypatch: pytest.MonkeyPatch, root: Path) -> None:
    """This checkout in place of the real one."""
    monkeypatch.setattr(board_files, "_PACKAGED", root)
