"""The counter's machines as processes: the simulated scanner, the program, and the folder that they live in."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from bench.soak.observer import Observer
from stillscan.errors import DeviceError
from stillscan.simulator.control import tell

COMMAND = [sys.executable, "-m", "stillscan.cli"]
_START_S = 60.0
END_S = 20.0  # after SIGTERM; then it is killed, and that is counted
_DISK = "size=48m"
_TELL_S = 150.0  # a device that is stopped answers when it goes on


class Scanner:
    """``stillscan device``, whose port is ``link``."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.link = folder / "scanner"
        self._control = folder / "control"
        self._said = folder / "device.txt"
        self._errors = self._said.open("a")
        self.process = subprocess.Popen(
            [
                *COMMAND, "device", "--hands", "quick", "--seed", str(seed),
                "--link", str(self.link), "--control", str(self._control),
            ],
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=environment(folder),
            text=True,
        )  # fmt: skip
        assert self.process.stdout is not None
        if not self.process.stdout.readline():
            raise DeviceError(f"the simulated scanner did not start: {self.errors()}")

    def tell(self, line: str) -> str:
        """A command of ``stillscan.simulator.stand``; its answer. DeviceError for one that it refuses."""
        try:
            answer = tell(self._control, line, _TELL_S)
        except OSError as error:
            raise DeviceError(f"the simulated scanner does not answer to '{line}': {error}") from None
        if answer.startswith("error"):
            raise DeviceError(f"{line}: {answer}")
        return answer

    def status(self) -> dict[str, Any]:
        """See ``stillscan.simulator.stand``."""
        found: dict[str, Any] = json.loads(self.tell("status"))
        return found

    def errors(self) -> str:
        """All that it has said on standard error."""
        return self._said.read_text(encoding="utf-8", errors="replace")

    def close(self) -> None:
        """Switch it off."""
        stop(self.process)
        self._errors.close()


class Program:
    """``stillscan run`` with its page on ``port``; it may be started anew."""

    def __init__(self, folder: Path, link: Path, port: int, observer: Observer, more: list[str]) -> None:
        self.ends: list[tuple[str, int | None, str]] = []
        """Of each that ended: how it was asked to ("kill", "term" or ""), exit code, what it said on standard error."""
        self.ended_at: list[float] = []
        """When, in seconds since the epoch."""
        self.starts = 0
        self._folder = folder
        self._observer = observer
        self._arguments = [
            *COMMAND, "run", "--port", str(link), "--page", str(port), "--test-mode", "--language", "en",
            "--office", "1473 Oppsal", "--kiosk", "soak", *records_of(folder), *more,
        ]  # fmt: skip
        self._log = folder / "run.log" if "--log" in more else None
        self.start()

    def start(self) -> None:
        """A new process."""
        self.process = subprocess.Popen(
            self._arguments,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            env=environment(self._folder),
        )
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        self._said = len(self._observer.lines["stderr"])
        self._pumps = [
            self._observer.pump("stdout", self.process.stdout),
            self._observer.pump("stderr", self.process.stderr),
        ]
        self.starts += 1

    def end(self, how: str) -> None:
        """See that it has ended ("" by itself, "term" or "kill" by us), and note how."""
        if how == "term":
            self._said = len(self._observer.lines["stderr"])  # what it told of troubles before is no word of its end
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(END_S)
            except subprocess.TimeoutExpired:
                how = "term, not ended"
        if self.process.poll() is None:
            self.process.kill()
        code = self.process.wait()
        self.ended_at.append(time.time())
        for pump in self._pumps:
            pump.join(END_S)
        self.ends.append((how, code, "\n".join(self._observer.lines["stderr"][self._said :])))


class Disk:
    """A small disk for the records where this user may mount one, else a limit on the size of the program's files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", f"{_DISK},mode=700", "tmpfs", str(folder)]
        try:
            self.mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
        except OSError:
            self.mounted = False

    def full(self, pid: int, seconds: float) -> None:
        """For so long nothing can be written."""
        if not self.mounted:
            import resource

            soft, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, hard))
            time.sleep(seconds)
            with contextlib.suppress(ProcessLookupError):
                resource.prlimit(pid, resource.RLIMIT_FSIZE, (soft, hard))
            return
        filler = self.folder / "filler"
        try:
            with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
                while file.write(bytes(65536)):
                    pass
            with contextlib.suppress(OSError), filler.open("ab", buffering=0) as file:
                while file.write(b"\0" * 512):
                    pass
            time.sleep(seconds)
        finally:
            filler.unlink(missing_ok=True)

    def close(self) -> None:
        """Give it back."""
        if self.mounted:
            subprocess.run(["umount", str(self.folder)], capture_output=True, check=False)


def records_of(folder: Path) -> list[str]:
    """Where the records are, as options."""
    return ["--database", str(folder / "disk" / "records.db"), "--keys", str(folder / "keys")]


def environment(folder: Path) -> dict[str, str]:
    """Temporary files go into the folder, so that what is left behind is seen."""
    (folder / "tmp").mkdir(exist_ok=True)
    return {**os.environ, "TMPDIR": str(folder / "tmp"), "PYTHONUNBUFFERED": "1"}


def command(folder: Path, *words: str, typed: str | None = None) -> subprocess.CompletedProcess[str]:
    """A ``stillscan`` command on the day's records, to its end; ``typed`` is its standard input."""
    arguments = [*COMMAND, *words, *records_of(folder), "--kiosk", "soak"]
    return subprocess.run(arguments, input=typed, capture_output=True, text=True, check=False, env=environment(folder))


def options_of_run(folder: Path) -> list[str]:
    """What ``stillscan run`` has been taught since: a log."""
    known = subprocess.run([*COMMAND, "run", "--help"], capture_output=True, text=True, check=True).stdout
    return ["--log", str(folder / "run.log")] if "--log " in known else []


def stop(process: subprocess.Popen[str]) -> None:
    """End a process of ours, whatever state it is in."""
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGCONT)
    process.terminate()
    try:
        process.wait(END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            stream.close()


def free_port() -> int:
    """A TCP port that nobody uses now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port
