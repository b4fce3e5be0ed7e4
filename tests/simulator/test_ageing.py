"""Parts that age, and dirt piece by piece: what the models make of them."""

from __future__ import annotations

import numpy as np
import pytest

from stillscan.errors import InputError
from stillscan.simulator import kiosk
from stillscan.simulator.bus import Bus
from stillscan.simulator.dirt import Dirt, Spot
from stillscan.simulator.glass import LINE_PX, PX_PER_MM
from stillscan.simulator.kiosk import AGEING, FAULTS, break_part

from .world import scene


def test_every_kind_sets_what_a_model_has() -> None:
    for name, (part, what, value) in AGEING.items():
        bus = Bus(scene())
        before = getattr(getattr(bus, part), what)
        break_part(bus, name)
        assert getattr(getattr(bus, part), what) == value != before
    assert not set(AGEING) & set(FAULTS)


def test_dirt_lies_where_it_was_put() -> None:
    dirt = Dirt.profile("glass:spot:40,12:2 strip:spot:70,1.5:0.4 sensor:streak:90:0.3", 1)
    glass, strip = dirt.glass_transmission(12.0), dirt.strip_transmission(1.5)
    assert dirt.glass_transmission(20.0).min() == 1.0
    assert dirt.strip_transmission(0.5).min() == 1.0
    for passed, x_mm, size_mm, left in (
        (glass, 40, 2, 0.15),
        (strip, 70, 0.4, 0.15),
        (dirt.column_transmission, 90, 0.3, 0.35),
    ):
        dark = np.flatnonzero(passed < 0.9)
        assert (dark.mean() + 0.5) / PX_PER_MM == pytest.approx(x_mm, abs=0.1)
        assert len(dark) / PX_PER_MM == pytest.approx(size_mm, abs=0.2)
        assert passed.min() == pytest.approx(left, abs=0.01)


def test_streaks_run_along_the_glass_and_kinds_differ() -> None:
    streak = Dirt.of([Spot("glass", "streak", 50.0, 0.0, 1.0)])
    assert (streak.glass_transmission(3.0) == streak.glass_transmission(20.0)).all()
    depths = {
        kind: Dirt.of([Spot("glass", kind, 50.0, 10.0, 3.0)]).glass_transmission(10.0).min()
        for kind in ("spot", "haze", "scratch")
    }
    assert len(set(depths.values())) == 3
    assert Dirt.of([]).column_transmission.sum() == LINE_PX


@pytest.mark.parametrize(
    "text",
    [
        "glass:spot:1",
        "lid:spot:1,1:1",
        "glass:hole:1,1:1",
        "glass:spot:x,1:1",
        "glass:spot:1,1:0",
        "glass:spot:-1,1:1",
        "sensor:spot:nan:1",
    ],
)
def test_dirt_that_cannot_be(text: str) -> None:
    with pytest.raises(InputError, match="--dirt"):
        Dirt.profile(text, 1)


@pytest.mark.process
def test_a_clock_that_is_wrong_is_wrong_by_the_clock_on_the_wall_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """A scanner that others open like a port has no virtual clock that they could read."""
    held: list[float] = []
    monkeypatch.setattr(kiosk, "hold_back", lambda began_s, virtual_s: held.append(virtual_s) or began_s)
    with kiosk.SimulatedKiosk(scene(), paced=True) as simulated:
        simulated.fail("chip-clock")
        simulated.pass_time(50)
        fast = 1 + AGEING["chip-clock"][2] / 1e6
        assert held[-1] * fast == pytest.approx(simulated.now_us / 1e6)
