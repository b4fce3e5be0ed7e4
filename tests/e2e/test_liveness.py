"""Something happens to the scanner or its cable in the middle of a check: the kiosk goes on, and a passport is read.

Real processes: `stillscan run` and `stillscan device`, whose control socket brings the misfortune. No test waits for a
time; each waits for what the kiosk says.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from stillscan.commands.world import SAMPLE
from stillscan.simulator.control import tell

COMMAND = [sys.executable, "-m", "stillscan.cli"]
_TELL_S = 60.0
_TRIES = 5  # of a passport that is given up: more than that is a fault
_HANG_S = 900.0  # no test fails by it that would not wait for ever


class Kiosk:
    """Scanner and program; ``hear`` follows what the program says."""

    def __init__(self, folder: Path) -> None:
        self._control = folder / "control"
        link = folder / "scanner"
        options = ["--link", str(link), "--control", str(self._control), "--hands", "quick"]
        self._device = subprocess.Popen([*COMMAND, "device", *options], stdout=subprocess.PIPE, text=True)
        assert self._device.stdout is not None
        assert self._device.stdout.readline().strip() == str(link)
        self._program = subprocess.Popen(
            [*COMMAND, "run", "--port", str(link), "--no-page", "--test-mode", "--language", "en"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._patience = threading.Timer(_HANG_S, self._program.kill)
        self._patience.start()

    def hear(self, *words: str) -> str:
        """Read on until one of the words is said; it."""
        assert self._program.stdout is not None
        for line in self._program.stdout:
            kind = (line.split(maxsplit=3) + [""] * 3)[2]
            if kind in words:
                return kind
        raise AssertionError(f"the program has ended with {self._program.wait()}, and nobody said {words}")

    def tell(self, line: str) -> None:
        """See stillscan.simulator.stand."""
        assert tell(self._control, line, _TELL_S) == "ok"

    def laid_down_until_read(self) -> str:
        """Lay the sample down, and again where it is given up, as people do; what is said of the last."""
        for _ in range(_TRIES):
            self.tell(f"customer {SAMPLE}")
            if (said := self.hear("verified", "refused", "gave_up")) != "gave_up":
                break
        return said

    def close(self) -> None:
        self._patience.cancel()
        for process in (self._program, self._device):
            process.kill()
            process.wait()
            assert process.stdout is not None
            process.stdout.close()


@pytest.fixture
def kiosk(tmp_path: Path) -> Iterator[Kiosk]:
    made = Kiosk(tmp_path)
    yield made
    made.close()


@pytest.mark.parametrize(
    "misfortune",
    ["reboot", "power 0", "unplug 0", "busy 1", "mute 2", "noise 1", "garbage 1", "stranger 1", "fault flow-nak 1"],
)
def test_a_misfortune_in_mid_sweep_is_lived_through(kiosk: Kiosk, misfortune: str) -> None:
    kiosk.tell(f"customer {SAMPLE}")
    kiosk.hear("scanning")
    kiosk.tell(misfortune)
    # Who stood there may have gone, as a restarted scanner's light says.
    assert kiosk.laid_down_until_read() == "verified"


def test_paper_without_a_code_is_given_up_and_the_next_passport_read(kiosk: Kiosk, tmp_path: Path) -> None:
    stripes = np.full((274, 1476), 225, np.uint8)
    stripes[::24] = 40  # rules of a form
    Image.fromarray(stripes).save(tmp_path / "form.png", dpi=(300, 300))
    kiosk.tell(f"customer {tmp_path / 'form.png'}")
    said = kiosk.hear("gave_up", "verified", "refused")
    assert said == "gave_up"
    assert kiosk.laid_down_until_read() == "verified"
