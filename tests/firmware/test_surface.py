"""A sweep at 8 bits on a board that sends them more slowly than its converter delivers: longer lines, as much light."""

import json
import os
import subprocess

from stillscan.boards.files import firmware_folder
from stillscan.simulator.micropython import micropython

SCRIPT = """
import json
from kiosk.settings import Settings
from kiosk.surface import Surface

class Part:
    stepper = wait = None
    def __init__(self): self.calls = []
    def on(self, *arguments): self.calls.append(arguments)
    sweep = on
    def follow(self, *arguments): pass

lamp, carriage = Part(), Part()
settings = Settings("none.json", {"line_8": 3800})
surface = Surface(lamp, Part(), carriage, None, settings, None)
for settings.depth in (4, 8):
    for settings.line in (2950, 5000):
        surface.begin(0, 273)
print(json.dumps([lamp.calls, carriage.calls]))
"""


def test_lines_at_8_bits_are_longer_and_the_lamp_is_dimmed() -> None:
    done = subprocess.run(
        [micropython(), "-c", SCRIPT],
        env={**os.environ, "MICROPYPATH": str(firmware_folder())},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    lamp, carriage = json.loads(done.stdout)
    assert carriage == [[274, 2950], [274, 5000], [274, 3800], [274, 5000]]
    assert lamp == [[100, 1], [100, 1], [77, 1], [100, 1]]
