"""A request to stop that comes between a question of the firmware and its answer."""

import numpy as np
import pytest

from stillscan.errors import DeviceError
from stillscan.simulator.dirt import Dirt
from stillscan.simulator.glass import LINE_PX, ZONE_ROWS, Page
from stillscan.simulator.hand import profile
from stillscan.simulator.kiosk import SimulatedKiosk
from stillscan.simulator.scene import Scene

pytestmark = pytest.mark.process


def test_who_tidies_up_afterwards_waits_for_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(
        Page.from_array(np.full((ZONE_ROWS, LINE_PX), 255, np.uint8)),
        profile("still", 1, 10.0),
        Dirt.profile("clean", 1),
        1,
    )
    with SimulatedKiosk(scene) as kiosk:

        def stopped(*_: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(kiosk.bus, "handle", stopped)
        with pytest.raises(KeyboardInterrupt):
            kiosk.firmware.run(1_000_000)
        monkeypatch.undo()
        with pytest.raises(DeviceError, match="the simulated scanner was stopped"):
            kiosk.firmware.run(1_000_000)
