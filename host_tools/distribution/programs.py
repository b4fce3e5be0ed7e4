"""Other programs, as a release calls them: dated by the release, and in one line when they fail."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from stillscan import RELEASED
from stillscan.errors import StillscanError

_TOLD = 3
"""Of the lines of a program that failed: its own last word, and what led to it."""


def epoch() -> int:
    """Seconds since 1970 that files of a release are dated with: midnight of its day in UTC (SOURCE_DATE_EPOCH)."""
    return int(datetime.fromisoformat(f"{RELEASED}T00:00Z").timestamp())


def call(command: Sequence[str | Path], what: str, cwd: Path | None = None, **environment: str) -> str:
    """What a program printed, run without a checkout on Python's path and with ``environment`` besides.

    StillscanError says that ``what`` failed, with the program's last lines, when it ends with anything but 0.
    """
    around = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "PYTHONHOME"}}
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env={**around, "SOURCE_DATE_EPOCH": str(epoch()), "PIP_DISABLE_PIP_VERSION_CHECK": "1", **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode:
        said = (done.stdout + done.stderr).strip().splitlines()
        raise StillscanError(f"{what} failed ({done.returncode}): {' | '.join(said[-_TOLD:]) or 'without a word'}")
    return done.stdout
