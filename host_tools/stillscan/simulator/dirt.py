"""Dirt in the optical path: on the sensor (dark columns in every line) and on the glass (at one place of the scan)."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from stillscan.errors import InputError
from stillscan.simulator.glass import LINE_PX, PX_PER_MM, ZONE_HEIGHT_MM

Line = NDArray[np.float32]
_CLEAR = np.float32(1.0)

PROFILES: dict[str, str] = {
    "clean": "nothing",
    "dust": "a few specks on the sensor: columns of 2-5 px that pass 40-80 %",
    "streak": "one or two columns of 3-6 px on the sensor that pass 5-20 %",
    "smear": "a translucent blot on the glass that passes 40-70 % at its middle",
    "dirty": "all of these",
}


@dataclass(frozen=True)
class Dirt:
    """``column_transmission``: (1476,) of the sensor's window, 0..1; ``blot_x``: (1476,) loss along x at the blot's
    middle, whose height is ``blot_y_mm`` and half-height ``blot_sigma_mm`` (1/e at sqrt 2 of it)."""

    column_transmission: Line
    blot_x: Line
    blot_y_mm: float = 0.0
    blot_sigma_mm: float = 1.0
    _blotted: bool = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_blotted", bool(self.blot_x.any()))

    @classmethod
    def profile(cls, name: str, seed: int) -> Dirt:
        """The named dirt; InputError if there is no such name."""
        if name not in PROFILES:
            raise InputError(f"no dirt '{name}'; there are: {', '.join(PROFILES)}")
        if seed < 0:
            raise InputError("a dirt profile needs a seed of at least 0")
        rng = np.random.default_rng([seed, 100 + list(PROFILES).index(name)])
        columns = np.ones(LINE_PX, dtype=np.float32)
        blot = np.zeros(LINE_PX, dtype=np.float32)
        y_mm, sigma_mm = 0.0, 1.0
        if name in ("dust", "dirty"):
            for _ in range(rng.integers(3, 7)):
                _darken(rng, columns, (2, 5), (0.4, 0.8))
        if name in ("streak", "dirty"):
            for _ in range(rng.integers(1, 3)):
                _darken(rng, columns, (3, 6), (0.05, 0.2))
        if name in ("smear", "dirty"):
            x_mm = (np.arange(LINE_PX) + 0.5) / PX_PER_MM
            across = (x_mm - rng.uniform(15.0, 110.0)) / rng.uniform(3.0, 8.0)
            blot = (rng.uniform(0.3, 0.6) * np.exp(-0.5 * across**2)).astype(np.float32)
            y_mm, sigma_mm = float(rng.uniform(4.0, ZONE_HEIGHT_MM - 4.0)), float(rng.uniform(2.0, 4.0))
        return cls(columns, blot, y_mm, sigma_mm)

    def glass_transmission(self, y_mm: float) -> Line | np.float32:
        """(1476,) or a plain 1, 0..1: what the glass passes at this height, however the document lies."""
        if not self._blotted:
            return _CLEAR
        return np.float32(1.0) - self.blot_x * np.float32(
            np.exp(-0.5 * ((y_mm - self.blot_y_mm) / self.blot_sigma_mm) ** 2)
        )


def _darken(
    rng: np.random.Generator, columns: Line, width_px: tuple[int, int], transmission: tuple[float, float]
) -> None:
    width = int(rng.integers(width_px[0], width_px[1] + 1))
    first = int(rng.integers(0, LINE_PX - width + 1))
    columns[first : first + width] *= np.float32(rng.uniform(*transmission))
