"""What movement does to a scan is decided in one place, for both settings of ``restart_only``."""

import json
import os
import subprocess

import pytest

from stillscan.boards.files import board_folders, chips, firmware_folder
from stillscan.simulator.micropython import micropython

SCRIPT = """
import json
from kiosk.policy import Policy
from kiosk.settings import Settings

settings = Settings("none.json", {"dwell": 150, "dwell_again": 40})
policy = Policy(settings)
for settings.restart_only in (0, 1):
    print(json.dumps({
        "bump aborts": [bool(policy.bump_aborts(followed)) for followed in (True, False)],
        "any displacement aborts": policy.any_displacement_aborts(),
        "scans what it cannot follow": policy.scans_unfollowed(),
        "goes on where it was": policy.goes_on_where_it_was(),
        "dwell": [policy.dwell(former, bands) for former, bands in ((150, 24), (40, 23), (120, 0))],
    }))
"""


@pytest.mark.process
def test_both_policies() -> None:
    done = subprocess.run(
        [micropython(), "-c", SCRIPT],
        env={**os.environ, "MICROPYPATH": str(firmware_folder())},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    tolerant, restart_only = map(json.loads, done.stdout.splitlines())
    assert tolerant == {
        "bump aborts": [False, True],
        "any displacement aborts": False,
        "scans what it cannot follow": True,
        "goes on where it was": True,
        "dwell": [40, 80, 150],
    }
    assert restart_only == {
        "bump aborts": [True, True],
        "any displacement aborts": True,
        "scans what it cannot follow": False,
        "goes on where it was": False,
        "dwell": [150, 150, 150],
    }


def test_nothing_else_asks_for_the_setting() -> None:
    folders = {firmware_folder(), *(folder for board in chips() for folder in board_folders(board))}
    asking = {p.name for folder in folders for p in folder.rglob("*.py") if "restart_only" in p.read_text()}
    assert asking == {"policy.py", "settings.py"}
