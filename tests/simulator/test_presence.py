from __future__ import annotations

from stillscan.simulator.presence import Presence

from .world import along, scene


def test_presence_follows_the_document() -> None:
    sensor = Presence(scene(along((0, 0, 0, 0), (1000, 0, 0, 0), (2000, 0, 0, 16)), placed_us=5000))
    assert [sensor.present(t) for t in (0, 4999, 5000, 6400, 6600, 9000)] == [False, False, True, True, False, False]


def test_faults() -> None:
    sensor = Presence(scene(placed_us=5000))
    sensor.fault = "stuck-present"
    assert sensor.present(0)
    sensor.fault = "stuck-absent"
    assert not sensor.present(6000)
