"""Runs the firmware on MicroPython's unix port and carries its bus records to the models."""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

from stillscan.boards.files import firmware_folder, simulated_folders
from stillscan.errors import DeviceError, expect_posix
from stillscan.simulator import forerunner, starter
from stillscan.simulator.bus import HEADER, USB_WRITE, Bus, WatchdogResetError
from stillscan.simulator.compiled import compiled_firmware
from stillscan.terminal import stop

_CONSOLE = "console.txt"
_TRACE = re.compile(r'File "([^"]+)", line (\d+)[^\n]*\n(?! *File)(\S[^\n]*)')
_LOOK_S = 1.0  # of real time, between looks whether virtual time passes
_STUCK_S = 5.0
"""Seconds of a processor's time that the firmware may spend without a word on its bus, by which all time passes: a
turn takes microseconds, and the slowest module of ours is compiled in a tenth of a second."""
STUCK = "blocks, and no time passes"
"""What is told of a loop in which nothing is asked for."""
WORDLESS = "without a word"
"""What is told of a program that ended and said nothing."""
HEAP = "256k"  # of 64-bit words, and modules are compiled there: about what a chip has with its own


def _share_a_cpu() -> set[int]:
    """Keep this thread, and the firmware that inherits it, on one CPU; returns those it had (empty: not possible here).

    The two only ever wait for each other: a pipe's round trip within one CPU takes a third of one between two. It is
    the one that the system has chosen for this thread, so that several programs that simulate do not share one.
    """
    if not hasattr(os, "sched_setaffinity"):
        return set()
    had = os.sched_getaffinity(0)
    here = ctypes.CDLL(None).sched_getcpu() if sys.platform == "linux" else -1
    os.sched_setaffinity(0, {here if here in had else sorted(had)[os.getpid() % len(had)]})
    return had


def where_it_failed(console: str) -> str | None:
    """File, line and error of the newest traceback that the firmware has printed; None when there is none."""
    found = list(_TRACE.finditer(console))
    return f"{found[-1][1]}: line {found[-1][2]}: {found[-1][3]}" if found else None


def _spent(process_id: int) -> float:
    """Seconds that a process has had of a processor; where the system does not tell, seconds that have passed."""
    try:
        return time.clock_gettime(~process_id << 3 | 2)  # as clock_getcpuclockid(3) makes it on Linux
    except (AttributeError, OSError):
        return time.monotonic()


class Firmware:
    """A MicroPython process with the firmware of this package, its file system a temporary folder."""

    def __init__(
        self,
        bus: Bus,
        board: str = "simulator",
        boot_id: int = 1,
        script: str = "main.py",
        files: Mapping[str, bytes] | None = None,
        path: Sequence[Path] | None = None,
        checkout: Path | None = None,
    ) -> None:
        """``files`` lie on the board before it starts. ``path``: where modules are looked for, as source, in place of
        those of ``board``. ``checkout``: the folder whose firmware runs instead, from its source."""
        expect_posix("a simulated scanner")
        self._path = path
        self.bus = bus
        self._checkout = checkout
        self._files = files or {}
        self._pending = b""  # of records; whole ones are there if the host has to be heard first
        self._held = False
        self._interrupted = False
        self._torn = False
        self._began_us = bus.now_us
        self._closes = threading.Event()
        self._cpus = _share_a_cpu()
        with stop.held():  # else a request to stop between making and knowing them leaves folder and process behind
            self._start(board, boot_id, script)

    def _start(self, board: str, boot_id: int, script: str) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="stillscan-")
        for name, content in self._files.items():
            place = Path(self._folder.name) / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        self._errors = open(Path(self._folder.name) / _CONSOLE, "w+")  # noqa: SIM115 - closed in close()
        source = self._checkout / "firmware" if self._checkout else firmware_folder()
        path = self._path
        if self._checkout:
            of_boards = self._checkout / "boards"
            path = [*(of_boards / name for name in (board, "wired") if (of_boards / name).is_dir()), source]
        compiled = compiled_firmware(board) if path is None else None
        path = path or ([compiled] if compiled else [*reversed(simulated_folders(board)), source])
        answers, self._to = os.pipe()
        self._from, requests = os.pipe()
        levels = str(self.bus.levels_at_start)
        main = (compiled or source) / script
        kind = os.pathsep.join(map(str, path)), "-X", f"heapsize={HEAP}", str(main), str(boot_id), levels
        self._kind = kind if compiled and os.listdir(self._folder.name) == [_CONSOLE] else None
        ends = answers, requests, self._errors.fileno()
        if self._kind:
            self._process, self._pending = forerunner.start(self._kind, self._folder.name, ends)
            self._held = bool(self._pending)
        else:
            self._process = starter.start(kind[1:], self._folder.name, kind[0], ends)
        os.close(answers)
        os.close(requests)
        self._watch = threading.Thread(target=self._interrupt_if_stuck, daemon=True)
        self._watch.start()

    def _interrupt_if_stuck(self) -> None:
        """A loop in which no time passes would never end: it is interrupted where it is, and ended if it goes on."""
        seen, since = -1, 0.0
        while not self._closes.wait(_LOOK_S):
            spent = _spent(self.process_id)
            if self.bus.now_us != seen:
                seen, since = self.bus.now_us, spent
            elif spent - since > _STUCK_S:
                self._interrupt()
                since = spent

    def _interrupt(self) -> None:
        """Ask the firmware to stop where it is; at the second time end it. Only the script that proves drivers tells
        where: main.py lets no byte of a host interrupt it."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process_id, signal.SIGKILL if self._interrupted else signal.SIGINT)
        self._interrupted = True

    @property
    def process_id(self) -> int:
        """Of the MicroPython process, for trials that stop and kill it."""
        return self._process.pid

    def run(self, until_us: int) -> None:
        """Let the firmware run until the virtual clock reaches ``until_us`` or it has sent bytes to the host."""
        if self._torn:
            raise DeviceError("the simulated scanner was stopped")
        bus = self.bus
        bus.until_us = until_us
        try:
            while bus.now_us < until_us and not bus.usb.to_host:
                self._records()
        except KeyboardInterrupt:  # a question may be without its answer, for which the board waits for ever
            self._torn = True
            raise

    def _records(self) -> None:
        """Carry out what the firmware has asked for, up to a message to the host."""
        data = self._pending
        if not self._held:
            chunk = os.read(self._from, 65536)
            if not chunk:
                raise self._ended()
            data += chunk
        self._held = False
        at, end, handle = 0, len(data), self.bus.handle
        while end - at >= HEADER.size and not self._held:
            operation, channel, size, argument, spent_us = HEADER.unpack_from(data, at)
            following = at + HEADER.size + size
            if following > end:
                break
            payload = data[following - size : following] if size else b""
            at = following
            try:
                answer = handle(operation, channel, argument, spent_us, payload)
            except WatchdogResetError:
                raise DeviceError(f"the watchdog reset the firmware: {self._last_words()}") from None
            if answer is not None:
                self._answer(answer)
            elif operation == USB_WRITE:
                self._held = True  # what comes behind it, comes after the host has heard it
        self._pending = data[at:]

    def _answer(self, answer: bytes) -> None:
        try:
            os.write(self._to, answer)
        except BrokenPipeError:
            raise self._ended() from None

    def _ended(self) -> DeviceError:
        return DeviceError(f"the firmware ended: {self._last_words()}")

    def _last_words(self) -> str:
        self._errors.flush()
        self._errors.seek(0)
        said = self._errors.read().strip()
        if self._interrupted:
            return f"it {STUCK}; 'stillscan boards check' names the line of a driver"
        return where_it_failed(said) or (said.splitlines() or [WORDLESS])[-1]

    def console(self) -> str:
        """What the firmware printed: tracebacks of defects."""
        self._errors.flush()
        return (Path(self._folder.name) / _CONSOLE).read_text()

    def stored(self) -> dict[str, bytes]:
        """What the firmware has on its file system, by path."""
        folder = Path(self._folder.name)
        return {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file() and path.name != _CONSOLE
        }

    def close(self) -> None:
        """End the process and remove its files."""
        self._closes.set()
        self._watch.join()
        os.close(self._to)
        os.close(self._from)
        if self._kind and self.bus.now_us > self._began_us:
            forerunner.asked(self._kind)
        with stop.held():
            self._process.kill()
            self._process.wait()
        self._errors.close()
        self._folder.cleanup()
        if self._cpus:
            os.sched_setaffinity(0, self._cpus)

    def __enter__(self) -> Firmware:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()
