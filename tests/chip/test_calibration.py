"""A calibration that a technician asks for, with both lamps, is answered within the time that PROTOCOL.md promises."""

import re
from pathlib import Path

import pytest

from kiosk import wire
from stillscan.commands.world import SAMPLE, scene
from stillscan.link.messages import State
from stillscan.simulator.chip.kiosk import ChipKiosk

from .rig import Rig

pytestmark = [pytest.mark.process, pytest.mark.slow]

PROTOCOL = Path(__file__).parents[2] / "firmware" / "PROTOCOL.md"
DAY = 1_795_953_600  # a moment of the host's clock


def promised_ms() -> float:
    found = re.search(r"^\| answer to CALIBRATE.*\| (\d+) \| ms \|$", PROTOCOL.read_text(), re.M)
    assert found is not None
    return float(found[1])


def test_both_lamps_are_measured_in_time(uf2: Path) -> None:
    rig = Rig(ChipKiosk(scene(SAMPLE, None, "still", "clean", 1, 60.0), uf2))
    began_ms = rig.kiosk.now_ms()
    rig.session.send(wire.C_CALIBRATE, DAY, 0)
    state = rig.until(State, 2 * promised_ms())[-1]
    assert isinstance(state, State)
    assert state.state == wire.EMPTY
    assert rig.kiosk.now_ms() - began_ms <= promised_ms()
    assert rig.resets_ms == []
