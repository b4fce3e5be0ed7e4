"""One passport that lies still, on a kiosk whose settings are what a test likes: does it come through?"""

from __future__ import annotations

import json
import runpy
from collections.abc import Mapping
from functools import partial
from typing import Any
from unittest.mock import patch

from kiosk import wire
from stillscan.boards.files import firmware_folder
from stillscan.commands.world import SAMPLE, scene
from stillscan.link.session import Session, describe
from stillscan.scanning.check import Check
from stillscan.simulator.kiosk import SimulatedKiosk
from stillscan.testing.modelled_reader import ModelledReader
from stillscan.testing.simulate import TODAY, boot, decider

from .rig import Filled

OF_FIRMWARE: dict[str, Any] = runpy.run_path(str(firmware_folder() / "kiosk" / "settings.py"))
TABLE: tuple[tuple[str, str, int, int, int], ...] = OF_FIRMWARE["TABLE"]
DEFAULTS = {name: default for name, _, default, _, _ in TABLE}
_MOST_MS = 150_000.0  # more than the longest time limit


def check(settings: Mapping[str, int], seed: int) -> tuple[str, str, dict[str, int]]:
    """Outcome and reason of the check, and the settings that were in force. ``settings`` are stored at power-on."""
    world = scene(SAMPLE, None, "still", "clean", seed, _MOST_MS / 1000)
    stored: dict[str, bytes | None] = {"settings.json": json.dumps(dict(settings)).encode()}
    with patch("stillscan.simulator.process.tempfile.TemporaryDirectory", partial(Filled, stored)):
        kiosk = SimulatedKiosk(world)
    with kiosk:
        session = Session(kiosk)
        session.open()
        state = boot(session)
        if state.state == wire.FAULT:
            return "fault", describe(state), {}
        in_force = {name: setting.value for name, setting in session.settings().items()}
        world.place(kiosk.bus.now_us)
        reader = ModelledReader(kiosk.now_ms)
        result = Check(session, reader, decider(None, TODAY, True)).run(_MOST_MS)
    return result.outcome, result.reason, in_force
