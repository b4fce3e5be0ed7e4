"""The command as a process: started with broken streams, or stopped at a chosen moment of its life."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from stillscan import samples
from stillscan.cli import main
from tests.hurried import HURRIED, HURRY

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


def ran(line: str, **more: Any) -> subprocess.CompletedProcess[str]:
    """The same without bash: no quotes, and sooner there (`tests/forked.py`)."""
    given = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **more}
    return subprocess.run([*COMMAND, *line.replace("$sample", CLEAN).split()], text=True, timeout=END_S, **given)


def make_records(folder: Path) -> Path:
    """A database with one letter of an office in test mode: a kiosk makes none by itself."""
    letters, database = folder / "letters.csv", folder / "records.db"
    letters.write_text("tracking,order,recipient,deadline\nRR000000014NO,B0,Somebody Else,2099-01-01\n")
    assert main(["consignment", "import", "--test", "--database", str(database), str(letters)]) == 0
    return database


def stopped(
    arguments: list[str],
    number: signal.Signals,
    when: Callable[[str], bool],
    environment: Mapping[str, str] | None = None,
    options: Sequence[str] = (),
) -> tuple[int, list[str], list[str]]:
    """Send a signal when the process has written a line (stderr and stdout in one) that ``when`` is true of.

    ``options`` are Python's own. Exit code, the lines before the signal, and those after it. Lines of ``-X importtime``
    are no output.
    """
    with interruptible():
        process = subprocess.Popen(
            [sys.executable, *options, "-m", "stillscan", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1", HURRIED: str(HURRY), **(environment or {})},
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
    with process:
        rest = process.stdout.read().splitlines()  # of the same buffer, in which a line may lie in halves
    return process.returncode, _words(before), _words(rest)


@contextmanager
def interruptible() -> Iterator[None]:
    """What is started meanwhile takes signals: a shell's background jobs ignore them, and what those start does too."""
    asked = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    ignored = [number for number in asked if signal.getsignal(number) is signal.SIG_IGN]
    for number in ignored:
        signal.signal(number, signal.SIG_DFL)
    try:
        yield
    finally:
        for number in ignored:
            signal.signal(number, signal.SIG_IGN)


def _words(lines: list[str]) -> list[str]:
    return [line for line in lines if line and not line.startswith("import time:")]
