"""The command as a process: started with broken streams, or stopped at a chosen moment of its life."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from stillscan import samples

COMMAND = [sys.executable, "-m", "stillscan"]
SAMPLES = Path(samples.__file__).parent
CLEAN = str(SAMPLES / "nor-clean.png")
_MOST_LINES = 5000  # of imports and output before the awaited line; a service never ends by itself
END_S = 900  # only a hang lasts so long, however busy the computer is


def shell(line: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A line for bash in which ``$stillscan`` is the command and ``$sample`` a picture that is read."""
    quoted = {"stillscan": " ".join(COMMAND), "sample": CLEAN}
    return subprocess.run(
        ["bash", "-c", line],
        env={**os.environ, **quoted, **environment},
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        timeout=END_S,
    )


def make_records(folder: Path) -> Path:
    """A database with one letter of an office in test mode: a kiosk makes none by itself."""
    letters, database = folder / "letters.csv", folder / "records.db"
    letters.write_text("tracking,order,recipient,deadline\nRR000000014NO,B0,Somebody Else,2099-01-01\n")
    done = shell(f"$stillscan consignment import --test --database {database} {letters}")
    assert done.returncode == 0, done.stderr
    return database


def stopped(
    arguments: list[str],
    number: signal.Signals,
    when: Callable[[str], bool],
    environment: Mapping[str, str] | None = None,
) -> tuple[int, list[str], list[str]]:
    """Send a signal when the process has written a line (stderr and stdout in one) that ``when`` is true of.

    Exit code, the lines before the signal, and those after it. Lines of ``-X importtime`` are no output.
    """
    process = subprocess.Popen(
        [sys.executable, "-X", "importtime", "-u", "-m", "stillscan", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, **(environment or {})},
        preexec_fn=_interruptible,
    )
    assert process.stdout is not None
    before: list[str] = []
    for line in process.stdout:
        before.append(line.rstrip("\n"))
        if when(line):
            break
        if len(before) > _MOST_LINES:
            process.kill()
    process.send_signal(number)
    rest, _ = process.communicate(timeout=END_S)
    return process.returncode, _words(before), _words(rest.splitlines())


def _words(lines: list[str]) -> list[str]:
    return [line for line in lines if line and not line.startswith("import time:")]


def _interruptible() -> None:
    """A shell's background jobs ignore interrupts, and what they start does so too."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
