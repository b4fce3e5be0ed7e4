"""A document that slid once and was read at once: what the flow sensor counted is told beside what the lines show."""

from __future__ import annotations

import logging

import pytest

from stillscan.commands.world import SAMPLE, scene
from stillscan.simulator.kiosk import SimulatedKiosk
from stillscan.simulator.scene import Scene
from stillscan.testing.simulate import Options, simulate

pytestmark = [pytest.mark.process, pytest.mark.slow]


@pytest.mark.parametrize("scale", [1.0, 1.17])
def test_a_slide_is_told_though_the_sweep_after_it_was_not_over(scale: float, caplog: pytest.LogCaptureFixture) -> None:
    def switched_on(lying: Scene) -> SimulatedKiosk:
        kiosk = SimulatedKiosk(lying)
        kiosk.bus.flow.scale = scale
        return kiosk

    with caplog.at_level(logging.INFO, "stillscan.scanning.check"):
        record = simulate(scene(SAMPLE, None, "one-slip", "clean", 1, 10.0), Options(), switch_on=switched_on)
    assert record["outcome"] == "verified"
    ((counted, shown),) = [told.args for told in caplog.records if isinstance(told.args, tuple) and "slid" in told.msg]
    assert counted / shown == pytest.approx(scale, abs=0.03)
