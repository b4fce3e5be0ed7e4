"""Power fails after every write to the flash of settings, calibration, going back, counters and log, and within it.

On littlefs, as on the board; the board comes up with the state before or after, never with none.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from stillscan.boards.files import firmware_folder
from stillscan.simulator.micropython import micropython

pytestmark = [pytest.mark.process, pytest.mark.slow]


def test_every_cut_leaves_the_state_before_or_after() -> None:
    script = Path(__file__).with_name("board_power_cuts.py")
    done = subprocess.run(
        [micropython(), "-X", "heapsize=16m", str(script)],
        env={**os.environ, "MICROPYPATH": str(firmware_folder())},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-500:] + done.stderr[-2000:]
    lines = done.stdout.splitlines()
    assert [line for line in lines if line.startswith("WRONG")] == []
    tasks = {line.split()[0]: line.split()[1:3] for line in lines}
    assert set(tasks) >= {
        *("settings-first", "settings", "calibrate-first", "calibrate", "back", "forth", "lamp-aged"),
        *("calibrate-again", "life-0", "life-69"),
    }
    for name, (cuts, seen) in tasks.items():
        assert int(cuts) >= 2, name
        assert int(seen) >= 2, f"{name}: the states before and after were both seen"
    assert int(tasks["calibrate"][0]) > 40
