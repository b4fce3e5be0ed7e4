"""Scenes that several tests of the world need."""

from __future__ import annotations

import numpy as np

from stillscan.simulator.dirt import Dirt
from stillscan.simulator.glass import LINE_PX, ZONE_ROWS, Page
from stillscan.simulator.hand import Motion, profile
from stillscan.simulator.scene import Scene

WHITE = Page.from_array(np.full((ZONE_ROWS, LINE_PX), 255, dtype=np.uint8))


def along(*knots: tuple[float, ...]) -> Motion:
    """Motion through (t_us, dx_mm, dy_mm, lift_mm[, az_g])."""
    table = np.array([(*knot, 0.0)[:5] for knot in knots], dtype=np.float64)
    accel = np.zeros((len(table), 3))
    accel[:, 2] = table[:, 4]
    return Motion(table[:, 0].copy(), table[:, 1:4].copy(), accel)


AT_REST = along((0, 0, 0, 0))


def scene(motion: Motion | str = AT_REST, page: Page = WHITE, placed_us: int | None = 0, seed: int = 1) -> Scene:
    moved = profile(motion, seed, 20) if isinstance(motion, str) else motion
    return Scene(page, moved, Dirt.profile("clean", seed), seed, placed_us)
