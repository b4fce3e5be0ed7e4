"""From movement to standstill, in the world's time: slides and bumps at all moments of a sweep, 20 of each (or 50).

Bumps end a sweep only where any movement does (``restart_only``).
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator

import pytest

from kiosk import wire
from stillscan.link.messages import Abort
from stillscan.simulator import truth
from stillscan.simulator.bus import Stop
from stillscan.simulator.hand import Motion
from tests.covering import some

from .rig import RESTART_ONLY, Rig, along, bump

SEEDS = some(range(50), 20)
SLIDE_UM = 200
SLIDE_LIMIT_MS = 15.0
LINE_MS = 2.95


@pytest.fixture(scope="module")
def rig() -> Iterator[Rig]:
    with Rig() as made:
        yield made


@pytest.fixture(scope="module")
def seed_page() -> Iterator[Rig]:
    with Rig(files=RESTART_ONLY) as made:
        yield made


def slide(seed: int) -> Motion:
    """0.3-2 mm within 80 ms as a raised cosine, at any moment of the sweep, in any direction."""
    rng = random.Random(seed)
    at_ms, way_mm, angle = rng.uniform(250, 950), rng.uniform(0.3, 2.0), rng.uniform(0, 2 * math.pi)
    parts = [(n * 2.0, 0.5 - 0.5 * math.cos(math.pi * n / 40)) for n in range(41)]
    x, y = way_mm * math.cos(angle), way_mm * math.sin(angle)
    return along(*((at_ms + t_ms, part * x, part * y, 0) for t_ms, part in parts))


def knock(seed: int) -> Motion:
    rng = random.Random(seed)
    return bump(rng.uniform(250, 1000), rng.uniform(0.5, 1.0))


def aborted(rig: Rig, motion: Motion) -> tuple[Abort, Stop]:
    """One document that moves so, up to its first abort; leaves the glass empty."""
    began_us = rig.bus.now_us
    rig.place(motion)
    rig.scene.replace(rig.scene.page, motion, rig.bus.now_us)
    abort = rig.next(Abort)
    stop = truth.stop_before(rig.bus, rig.bus.now_us, began_us)
    assert stop is not None
    assert rig.safe()
    rig.host.send(wire.C_FINISH, 0)
    rig.until(wire.DONE)
    rig.clear()
    rig.until(wire.EMPTY)
    return abort, stop


def all_latencies(rig: Rig, cause: int, motion: Callable[[int], Motion]) -> list[float]:
    """Of every seed, in ms, in order of size."""
    latencies = []
    for seed in SEEDS:
        abort, stop = aborted(rig, motion(seed))
        assert abort.cause == cause
        latency = truth.latency_ms(rig.bus, stop, wire.CAUSES[cause], SLIDE_UM)
        assert latency is not None, "an abort without reason"
        assert abort.latency_us < 1000 * LINE_MS, "the device's own figure, from its sensor to everything off"
        latencies.append(latency)
    return sorted(latencies)


def test_slide_to_standstill(rig: Rig) -> None:
    latencies = all_latencies(rig, wire.SLIP, slide)
    assert latencies[-1] <= SLIDE_LIMIT_MS
    assert latencies[len(SEEDS) // 2] > 0, "most of them are real measurements"


def test_any_displacement_to_standstill(seed_page: Rig) -> None:
    assert all_latencies(seed_page, wire.SLIP, slide)[-1] <= SLIDE_LIMIT_MS


def test_bump_to_standstill(seed_page: Rig) -> None:
    latencies = all_latencies(seed_page, wire.BUMP, knock)
    assert latencies[0] > 0
    assert latencies[-1] <= LINE_MS
