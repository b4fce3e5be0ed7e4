"""The board lets time pass by itself while nothing can happen: no microsecond is other than if it had asked."""

from __future__ import annotations

import random

import numpy as np
import pytest

from stillscan.commands.world import SAMPLE, scene
from stillscan.simulator.bus import ADVANCE, IDLE, STEPPER_BUSY, Bus
from stillscan.simulator.carriage import Carriage
from stillscan.simulator.hand import Motion
from stillscan.simulator.kiosk import SimulatedKiosk
from stillscan.simulator.presence import REACH_MM, Presence
from stillscan.simulator.scene import Scene
from stillscan.testing.simulate import Options, simulate

END_S = 10.0
WAITS = (IDLE, ADVANCE, STEPPER_BUSY)


class Watched(SimulatedKiosk):
    """Keeps when the host heard how much, and what the bands showed."""

    def __init__(self, world: Scene) -> None:
        super().__init__(world)
        self.heard: list[tuple[int, object]] = []
        self.waits = 0
        handle = self.bus.handle

        def counted(operation: int, channel: int, argument: int, spent_us: int, payload: bytes) -> bytes | None:
            self.waits += operation in WAITS
            return handle(operation, channel, argument, spent_us, payload)

        self.bus.handle = counted  # type: ignore[method-assign]

    def read(self, timeout_ms: float) -> bytes:
        data = super().read(timeout_ms)
        self.heard.append((self.bus.now_us, data if len(data) > 700 else len(data)))
        return data


def checked(motion: str, options: Options) -> tuple[dict[str, object], list[tuple[int, object]], int]:
    kiosks: list[Watched] = []

    def switch_on(world: Scene) -> SimulatedKiosk:
        kiosks.append(Watched(world))
        return kiosks[0]

    record = simulate(scene(SAMPLE, None, motion, "clean", 3, END_S), options, switch_on=switch_on)
    del record["wall_ms"], record["heap_free_min"]
    return record, kiosks[0].heard, kiosks[0].waits


@pytest.mark.process
@pytest.mark.parametrize(
    ("motion", "options"),
    [
        ("still", Options()),
        ("mixed", Options()),
        ("bump", Options()),
        ("removed", Options(most_s=4.0)),
        ("still", Options(fault="carriage-slip", fault_ms=301.0)),
        ("one-slip", Options(fault="accelerometer-stuck", fault_ms=250.0)),
    ],
    ids=["still", "mixed", "bump", "removed", "the carriage slips", "the accelerometer is stuck"],
)
def test_a_board_that_asks_each_time_has_the_same_check(
    motion: str, options: Options, monkeypatch: pytest.MonkeyPatch
) -> None:
    record, heard, waits = checked(motion, options)
    monkeypatch.setattr(Bus, "_calm_until", lambda *_: 0)
    asked_record, asked_heard, asked_waits = checked(motion, options)
    assert record == asked_record
    assert heard == asked_heard
    assert waits < asked_waits * 2 / 3


def test_the_home_switch_stays_as_long_as_is_promised() -> None:
    rng = random.Random(1)
    promises = 0
    for seed in range(60):
        carriage = Carriage(seed)
        carriage.start(1000, rng.choice((-1, 1)), rng.randrange(0, 1500), 300.0, rng.uniform(300.0, 4000.0), 20000.0)
        if rng.random() < 0.3:
            carriage.stop(rng.randrange(1000, carriage.finish_us() + 2))
        end = carriage.finish_us() + 1000
        now = 1000
        while now < end:
            until = min(carriage.home_holds_us(now), end)
            closed = carriage.home(now)
            assert all(carriage.home(moment) == closed for moment in np.linspace(now, max(now, until - 1e-6), 9))
            promises += until > now
            now = max(int(until), now + 50)
    assert promises > 60


def test_the_presence_sensor_stays_as_long_as_is_promised() -> None:
    times_us = np.arange(0, 400_000, 20_000, dtype=np.float64)
    lifts = np.random.default_rng(2).uniform(0.0, 2 * REACH_MM, len(times_us))
    lifts[:5], lifts[8:12] = 0.0, 15.0
    pose = np.zeros((len(times_us), 3))
    pose[:, 2] = lifts
    world = scene(SAMPLE, None, "still", "clean", 1, END_S)
    world.replace(world.page, Motion(times_us, pose, np.zeros_like(pose)), 5_000)
    presence = Presence(world)
    promised = 0
    for now in range(0, 420_000, 500):
        until = min(presence.holds_us(now), world.next_change_us(now), 420_000)
        seen = presence.present(now)
        assert all(presence.present(moment) == seen for moment in np.linspace(now, max(now, until - 1e-6), 9))
        promised += until > now + 10_000
    assert promised > 100
