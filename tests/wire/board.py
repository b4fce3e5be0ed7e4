"""Runs a script on MicroPython with the firmware's modules, no simulated hardware."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from stillscan.boards.files import firmware_folder
from stillscan.simulator.micropython import micropython

HERE = Path(__file__).parent


def run_on_board(script: str, *arguments: str) -> list[str]:
    """Lines that ``script`` of this folder prints; AssertionError with its traceback when it fails."""
    done = subprocess.run(
        [micropython(), "-X", "heapsize=8m", str(HERE / script), *arguments],
        env={**os.environ, "MICROPYPATH": str(firmware_folder())},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout.splitlines()
