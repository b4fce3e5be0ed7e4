"""How MicroPython is started: by the module of its package, and by its command where there is none; and how it ends."""

import os
import signal
import subprocess
from typing import Any

import pytest

from stillscan.errors import DeviceError
from stillscan.simulator import micropython
from stillscan.simulator.kiosk import SimulatedKiosk

from .world import scene

pytestmark = pytest.mark.process


def said(*arguments: str) -> str:
    command = [*micropython.micropython_command(), "-X", "heapsize=64k", "-c", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.parametrize("module", [micropython._MODULE, "no_such_module"])
def test_it_gets_its_arguments(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(micropython, "_MODULE", module)
    assert said("import sys; print(sys.implementation.name, sys.argv[1:])", "a", "b c") == "micropython ['a', 'b c']"


def test_a_firmware_that_is_killed_while_it_is_answered_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand starts it anew then, as a watchdog would; it ended with it."""
    with SimulatedKiosk(scene()) as kiosk:
        handle = kiosk.bus.handle

        def killing(*asked: Any) -> bytes | None:
            answer: bytes | None = handle(*asked)
            if answer is not None:
                os.kill(kiosk.firmware.process_id, signal.SIGKILL)
                os.waitid(os.P_PID, kiosk.firmware.process_id, os.WEXITED | os.WNOWAIT)
            return answer

        monkeypatch.setattr(kiosk.bus, "handle", killing)
        with pytest.raises(DeviceError, match="the firmware ended"):
            kiosk.pass_time(500)
